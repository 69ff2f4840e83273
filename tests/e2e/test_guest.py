# SPDX-License-Identifier: Apache-2.0
"""The small guest machine does what every other test takes for granted.

POLYVIRT_GUEST_IMAGE names a finished image; without it one is built into POLYVIRT_BUILD (or
./build), which needs Debian's package archive the first time only.
"""

import base64
import json
import os
import select
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
GUEST = TOP / "guest"
BOOT_LIMIT = 60


def wait_for(condition, what, limit=BOOT_LIMIT):
    """The first true value of condition(), asked again until limit seconds have passed."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Channel:
    """A JSON line protocol on a UNIX socket: QMP and the agent's are alike in that."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(path))
        self.data = b""

    def send(self, command, **arguments):
        message = {"execute": command}
        if arguments:
            message["arguments"] = arguments
        self.sock.sendall(json.dumps(message).encode() + b"\n")

    def line(self, limit):
        """The next whole line, or None when there is none in time or the other side is gone."""
        deadline = time.monotonic() + limit
        while b"\n" not in self.data:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                return None
            piece = self.sock.recv(65536)
            if not piece:
                return None
            self.data += piece
        line, _, self.data = self.data.partition(b"\n")
        return line

    def close(self):
        self.sock.close()


class Qmp(Channel):
    def __init__(self, path):
        super().__init__(path)
        assert b"QMP" in self.line(10)
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        self.send(command, **arguments)
        while True:
            line = self.line(30)
            assert line is not None, f"no answer to {command}"
            answer = json.loads(line)
            assert "error" not in answer, f"{command}: {answer}"
            if "return" in answer:
                return answer["return"]

    def job(self, command, **arguments):
        """Run a command that starts a job, and see the job through to its end."""
        job_id = f"{command}-{time.monotonic_ns()}"
        self.call(command, **{"job-id": job_id}, **arguments)

        def concluded():
            jobs = [job for job in self.call("query-jobs") if job["id"] == job_id]
            return jobs[0] if jobs and jobs[0]["status"] == "concluded" else None

        result = wait_for(concluded, command)
        self.call("job-dismiss", id=job_id)
        assert "error" not in result, result


class Agent(Channel):
    _sync_id = int(time.time())

    def sync(self, limit=BOOT_LIMIT):
        """Ask until the agent answers; sets aside whatever an earlier boot left in the channel."""
        Agent._sync_id += 1
        expected = json.dumps({"return": Agent._sync_id}).encode()
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            self.sock.sendall(b"\xff")
            self.send("guest-sync-delimited", id=Agent._sync_id)
            answer = self.line(0.5)
            while answer is not None:
                if answer.rpartition(b"\xff")[2] == expected:
                    return self._drain()
                answer = self.line(0.5)
        raise AssertionError("the agent did not answer in time")

    def _drain(self):
        """Every question asked while the guest still booted gets its answer: read them all. The
        agent answers in order, so the answer to one last question is the end of them."""
        Agent._sync_id += 1
        self.send("guest-sync", id=Agent._sync_id)
        expected = json.dumps({"return": Agent._sync_id}).encode()
        while True:
            line = self.line(10)
            assert line is not None, "the agent stopped answering"
            if line == expected:
                return

    def call(self, command, **arguments):
        self.send(command, **arguments)
        line = self.line(20)
        assert line is not None, f"no answer to {command}"
        answer = json.loads(line)
        assert "error" not in answer, f"{command}: {answer}"
        return answer["return"]

    def run(self, *command):
        pid = self.call(
            "guest-exec", path=command[0], arg=list(command[1:]), **{"capture-output": True}
        )["pid"]

        def finished():
            status = self.call("guest-exec-status", pid=pid)
            return status if status["exited"] else None

        status = wait_for(finished, " ".join(command))
        assert status["exitcode"] == 0, status
        return base64.b64decode(status.get("out-data", "")).decode()

    def write(self, path, text):
        handle = self.call("guest-file-open", path=path, mode="w")
        data = base64.b64encode(text.encode()).decode()
        self.call("guest-file-write", handle=handle, **{"buf-b64": data})
        self.call("guest-file-close", handle=handle)
        # What a reset must not lose has to be on the disk and not only in the guest's memory.
        self.run("/bin/sync")

    def read(self, path):
        handle = self.call("guest-file-open", path=path, mode="r")
        data = self.call("guest-file-read", handle=handle)["buf-b64"]
        self.call("guest-file-close", handle=handle)
        return base64.b64decode(data).decode()


class Machine:
    """One QEMU on an overlay of the image, gone with close() whatever happened before."""

    def __init__(self, image, directory, seed=None, machine="q35"):
        overlay = directory / "disk.qcow2"
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, overlay],
            check=True,
        )
        self.port = free_port()
        self.serial = directory / "serial.log"
        command = [
            "qemu-system-x86_64", "-accel", "tcg", "-machine", machine, "-m", "192",
            "-nodefaults", "-no-user-config", "-display", "none",
            "-drive", f"if=none,id=drive,node-name=disk,format=qcow2,file={overlay}",
            "-device", "virtio-blk-pci,drive=drive",
            "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:80",
            "-device", "virtio-net-pci,netdev=net",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={directory}/agent,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            "-qmp", f"unix:{directory}/qmp,server=on,wait=off",
            "-serial", f"file:{self.serial}",
        ]  # fmt: skip
        if seed:
            # A snapshot of the whole machine takes every writable disk; the seed is none.
            command += ["-drive", f"if=virtio,format=raw,readonly=on,file={seed}"]
        self.qmp = self.agent = None
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            wait_for(lambda: self._listens(directory / "qmp"), "the sockets of QEMU", 20)
            self.qmp = Qmp(directory / "qmp")
            self.agent = Agent(directory / "agent")
        except BaseException:
            self.close()
            raise

    def _listens(self, path):
        assert self.process.poll() is None, "QEMU ended at once"
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(path)) == 0

    def ready(self):
        """Wait for the line that the guest writes when agent and network are up."""
        wait_for(lambda: b"polyvirt-guest ready" in self.serial.read_bytes(), "the ready line")

    def close(self):
        for channel in (self.qmp, self.agent):
            if channel:
                channel.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def image():
    given = os.environ.get("POLYVIRT_GUEST_IMAGE")
    if given:
        return Path(given).resolve()
    path = Path(os.environ.get("POLYVIRT_BUILD", TOP / "build")).resolve() / "guest.qcow2"
    subprocess.run([GUEST / "build.sh", path], check=True)
    return path


@pytest.fixture(scope="module")
def seed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("seed")
    script = directory / "user-data"
    script.write_text("#!/bin/sh\necho once >>/root/first-boot\n")
    path = directory / "seed.iso"
    subprocess.run([GUEST / "seed.sh", path, "seeded", "i-0001", script], check=True)
    return path


@pytest.fixture(scope="module")
def machine(image, seed, tmp_path_factory):
    started = Machine(image, tmp_path_factory.mktemp("machine"), seed)
    try:
        started.agent.sync()
        yield started
    finally:
        started.close()


def test_agent_answers(machine):
    machine.agent.call("guest-ping")
    assert machine.agent.call("guest-get-osinfo")["id"] == "polyvirt-guest"


def test_hostname_comes_from_the_seed(machine):
    assert machine.agent.call("guest-get-host-name")["host-name"] == "seeded"


def test_root_is_a_disk(machine):
    root = [fs for fs in machine.agent.call("guest-get-fsinfo") if fs["mountpoint"] == "/"]
    assert [fs["type"] for fs in root] == ["ext4"]
    assert machine.agent.call("guest-fsfreeze-freeze") >= 1
    assert machine.agent.call("guest-fsfreeze-status") == "frozen"
    assert machine.agent.call("guest-fsfreeze-thaw") >= 1


def test_password_can_be_set(machine):
    secret = base64.b64encode(b"correct horse").decode()
    machine.agent.call("guest-set-user-password", username="user", password=secret, crypted=False)
    assert "user:$6$" in machine.agent.run("/bin/cat", "/etc/shadow")


def test_http_answers(machine):
    machine.ready()

    def get(path):
        try:
            url = f"http://127.0.0.1:{machine.port}{path}"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    assert wait_for(lambda: get("/"), "the web server", 20) == "seeded\n"
    info = json.loads(wait_for(lambda: get("/cgi-bin/info"), "the web server", 20))
    assert info["hostname"] == "seeded"
    assert info["instance_id"] == "i-0001"
    assert info["uptime"] > 0
    assert "10.0.2.15" in info["ip"]


def test_snapshot_brings_the_old_content_back(machine):
    disks = {"vmstate": "disk", "devices": ["disk"]}
    machine.agent.write("/root/state", "before")
    machine.qmp.job("snapshot-save", tag="before", **disks)
    machine.agent.write("/root/state", "after")
    assert machine.agent.read("/root/state") == "after"
    machine.qmp.call("stop")
    machine.qmp.job("snapshot-load", tag="before", **disks)
    machine.qmp.call("cont")
    machine.agent.sync()
    assert machine.agent.read("/root/state") == "before"


def test_written_file_survives_a_reset(machine):
    machine.agent.write("/root/kept", "kept")
    machine.agent.run("/bin/touch", "/run/this-boot")
    machine.qmp.call("system_reset")
    machine.agent.sync()
    assert machine.agent.run("/bin/ls", "/run").find("this-boot") < 0
    assert machine.agent.read("/root/kept") == "kept"
    # The same instance-id as before: the first-boot script must not have run again.
    wait_for(lambda: "ready" in machine.agent.run("/bin/ls", "/run/polyvirt"), "the second boot")
    assert machine.agent.read("/root/first-boot") == "once\n"


def test_power_button_ends_the_machine(machine):
    machine.qmp.call("system_powerdown")
    assert machine.process.wait(timeout=20) == 0


def test_boots_without_a_seed_on_the_older_chipset(image, tmp_path):
    started = Machine(image, tmp_path, machine="pc")
    try:
        started.agent.sync()
        assert started.agent.call("guest-get-host-name")["host-name"] == "polyvirt-guest"
    finally:
        started.close()
