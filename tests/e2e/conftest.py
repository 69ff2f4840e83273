# SPDX-License-Identifier: Apache-2.0
"""What all end-to-end tests share: the program, a home of one's own, a runner with a deadline, a terminal."""

import errno
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("POLYVIRT_BUILD", ROOT / "build"))
POLYVIRT = os.environ.get("POLYVIRT", str(BUILD / "polyvirt"))
DEADLINE = 30  # seconds that any one call of the program gets


class Result:
    """What a finished program left: .status, .out, .err."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"Result(status={self.status}, out={self.out!r}, err={self.err!r})"


class Terminal:
    """A program on a terminal of its own; read() waits for a pattern, send() types."""

    def __init__(self, command, env, rows=24, columns=80):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, env)
        self.resize(rows, columns)
        self.status = None

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def send(self, text):
        os.write(self.fd, text.encode())

    def signal(self, number):
        os.kill(self.pid, number)

    def _pump(self, timeout):
        """Takes what is there; False at the end of the program."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.seen += data
        return bool(data)

    def read(self, pattern, timeout=DEADLINE):
        """Waits until the regular expression shows up; answers everything seen."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text()):
            if time.monotonic() > end or not self._pump(0.05):
                raise AssertionError(f"{pattern!r} never came; seen: {self.text()!r}")
        return self.text()

    def text(self):
        return self.seen.decode("utf-8", "backslashreplace")

    def wait(self, timeout=DEADLINE):
        """Waits for the end; answers the exit status (negative: signal)."""
        end = time.monotonic() + timeout
        while self.status is None:
            if time.monotonic() > end:
                raise AssertionError(f"still running; seen: {self.text()!r}")
            alive = self._pump(0.02)
            pid, status = os.waitpid(self.pid, 0 if not alive else os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        while select.select([self.fd], [], [], 0)[0] and self._pump(0):
            pass
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture(scope="session")
def polyvirt_path():
    assert os.access(POLYVIRT, os.X_OK), f"no program at {POLYVIRT}: build it, or set POLYVIRT"
    return POLYVIRT


@pytest.fixture
def environment(tmp_path):
    """The environment of a user without any configuration, in a home that is thrown away."""
    home = tmp_path / "home"
    runtime = tmp_path / "run"
    home.mkdir()
    runtime.mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("POLYVIRT_", "LIBVIRT_", "XDG_", "CLICOLOR")) and name not in ("NO_COLOR", "COLUMNS")}
    return dict(kept, HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"), XDG_CACHE_HOME=str(home / ".cache"),
                XDG_RUNTIME_DIR=str(runtime), LC_ALL="C.UTF-8", TERM="xterm", LIBVIRT_AUTOSTART="0")


@pytest.fixture
def polyvirt(polyvirt_path, environment):
    """polyvirt("vm", "list", env={...}, input="...") -> Result; stdin is empty unless given."""

    def call(*arguments, env=None, input=None, timeout=DEADLINE, cwd=None):
        done = subprocess.run([polyvirt_path, *map(str, arguments)], env=dict(environment, **(env or {})), cwd=cwd,
                              input=input, stdin=None if input is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, check=False,
                              text=True, errors="backslashreplace")
        return Result(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def guest_image():
    """The small guest; built where it is not there yet."""
    image = pathlib.Path(os.environ.get("POLYVIRT_GUEST_IMAGE", BUILD / "guest.qcow2")).resolve()
    if not image.exists():
        subprocess.run([ROOT / "guest" / "build.sh", image], check=True)
    return image


@pytest.fixture
def start(polyvirt_path, environment):
    """start("vm", "wait", …) -> Popen with pipes, killed at the test's end."""
    running = []

    def call(*arguments, env=None, **options):
        process = subprocess.Popen([polyvirt_path, *map(str, arguments)], env=dict(environment, **(env or {})),
                                   **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                      "stderr": subprocess.PIPE, "text": True, **options})
        running.append(process)
        return process

    yield call
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def terminal(polyvirt_path, environment):
    """terminal("vm", "list", columns=40) -> Terminal."""
    opened = []

    def call(*arguments, env=None, rows=24, columns=80):
        opened.append(Terminal([polyvirt_path, *map(str, arguments)], dict(environment, **(env or {})), rows, columns))
        return opened[-1]

    yield call
    for one in opened:
        one.close()


@pytest.fixture
def wait_until():
    """wait_until(lambda: …) -> the first true answer, within a deadline."""

    def wait(condition, timeout=DEADLINE, what="the condition"):
        end = time.monotonic() + timeout
        while True:
            answer = condition()
            if answer:
                return answer
            assert time.monotonic() < end, f"{what} did not come true within {timeout} s"
            time.sleep(0.02)

    return wait
