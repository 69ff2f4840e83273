#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Walks libvirt, QMP and vSphere on real QEMU guests with the polyvirt program.

Every step is a command a person could type; it is printed with its time. A second pass runs one
neutral life cycle through every driver and prints one table, operation x API. All that was started
is gone afterwards, also after Ctrl-C. The report lies in the build folder.
"""

import argparse
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import libvirt_fixture  # noqa: E402  (needs the path above)

STEP_SECONDS = 120  # no step of the demo may take longer
BOOT_SECONDS = 90   # from power on to an answering guest agent
MEMORY = "192MiB"


class StepFailed(Exception):
    """A step did not do what it should; the message is for the person who watches."""


class Demo:
    """What the parts share: the program, the folder, what must be gone at the end, the report."""

    def __init__(self, build):
        self.polyvirt = build / "polyvirt"
        self.image = build / "guest.qcow2"
        self.report_path = build / "demo-report.md"
        # QEMU may run as another user: every folder on the way must let it pass
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pvdemo-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.names = f"pvdemo-{os.getpid()}"
        self.cleanups = []
        self.lines = []
        self.begun = time.monotonic()
        self.environment = dict(os.environ, POLYVIRT_PASSWORD="demo-password", POLYVIRT_CONFIG="/nonexistent")

    # ---- talking ----

    def say(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def part(self, title):
        self.say()
        self.say(f"== {title}")

    # ---- running the program ----

    def command(self, uri, *words):
        return [str(self.polyvirt), "-c", uri, *words]

    def run(self, uri, *words, check=True):
        """Runs one command; returns (exit status, stdout, stderr, seconds)."""
        begun = time.monotonic()
        done = subprocess.run(self.command(uri, *words), env=self.environment, capture_output=True, text=True,
                              timeout=STEP_SECONDS, check=False, stdin=subprocess.DEVNULL)
        seconds = time.monotonic() - begun
        if check and done.returncode:
            raise StepFailed(f"{shlex.join(words)}: exit {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return done.returncode, done.stdout, done.stderr, seconds

    def step(self, uri, *words, show=None, after=None):
        """A step to look at: the command, its time, and a line or two of what it said. The URI is
        that of the part's title where it is too long to repeat."""
        _, out, _, seconds = self.run(uri, *words)
        endpoint = f"-c {uri} " if len(uri) < 30 else ""
        self.note(f"polyvirt {endpoint}{shlex.join(words)}", seconds)
        if show is not None:
            for line in show(out).splitlines():
                self.say(f"                        {line}")
        if after is not None:
            after()
        return out

    def note(self, text, seconds):
        self.say(f"[{time.monotonic() - self.begun:6.1f} s] {seconds * 1000:7.0f} ms  {text}")

    def json(self, uri, *words):
        return json.loads(self.run(uri, "-o", "json", *words)[1])

    def state(self, uri, vm):
        return self.json(uri, "vm", "get", vm)["state"]

    def expect_state(self, uri, vm, state):
        seen = self.state(uri, vm)
        if seen != state:
            raise StepFailed(f"{vm} is {seen}, not {state}")

    def wait_for(self, what, condition, seconds=BOOT_SECONDS):
        begun = time.monotonic()
        while not condition():
            if time.monotonic() - begun > seconds:
                raise StepFailed(f"{what}: not within {seconds} s")
            time.sleep(0.2)
        self.note(what, time.monotonic() - begun)

    # ---- things that must go ----

    def defer(self, function, *arguments):
        self.cleanups.append((function, arguments))

    def clean_up(self):
        while self.cleanups:
            function, arguments = self.cleanups.pop()
            try:
                function(*arguments)
            except Exception as why:  # the rest must go too
                print(f"demo: while cleaning up: {why}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def overlay(self, name):
        """A disk of its own on top of the guest image, where every QEMU user can read it."""
        base = self.folder / "guest.qcow2"
        if not base.exists():
            shutil.copy(self.image, base)
            base.chmod(0o644)
        disk = self.folder / f"{name}.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "qcow2", str(disk)], check=True)
        disk.chmod(0o666)
        return disk

    def drop_vm(self, uri, name):
        status, _, _, _ = self.run(uri, "vm", "get", name, check=False)
        if status == 0:
            self.run(uri, "--yes", "vm", "stop", name, check=False)
            self.run(uri, "--yes", "vm", "delete", name, check=False)


def first_lines(count):
    return lambda out: "\n".join(out.splitlines()[:count])


# ---- libvirt ----


def libvirt_part(demo, uri):
    demo.part(f"libvirt: {uri}")
    vm = f"{demo.names}-lv"
    disk = demo.overlay("libvirt")
    demo.defer(demo.drop_vm, uri, vm)
    demo.step(uri, "endpoint", "info", show=first_lines(8))
    demo.step(uri, "host", "list", show=first_lines(3))
    demo.step(uri, "vm", "list")
    demo.step(uri, "vm", "create", vm, "--memory", MEMORY, "--cpus", "1", "--disk", f"path={disk}",
              "--nic", "type=user", show=first_lines(4))
    demo.step(uri, "vm", "start", vm)
    demo.wait_for("the guest agent answers", lambda: demo.json(uri, "vm", "get", vm).get("agent") == "running")
    demo.step(uri, "vm", "get", vm, show=lambda out: "\n".join(
        line for line in out.splitlines() if any(word in line.lower() for word in ("hostname", "address", "system"))))
    demo.step(uri, "vm", "pause", vm, after=lambda: demo.expect_state(uri, vm, "paused"))
    demo.step(uri, "vm", "unpause", vm, after=lambda: demo.expect_state(uri, vm, "on"))
    demo.step(uri, "snapshot", "create", vm, "before", "--description", "taken while it runs")
    demo.step(uri, "snapshot", "create", vm, "after")
    demo.step(uri, "snapshot", "list", vm, show=lambda out: out)
    demo.step(uri, "--yes", "snapshot", "revert", vm, "before", after=lambda: demo.expect_state(uri, vm, "on"))
    demo.step(uri, "--yes", "snapshot", "delete", vm, "after")
    demo.step(uri, "--yes", "snapshot", "delete", vm, "before")
    demo.step(uri, "--yes", "vm", "shutdown", vm)
    demo.step(uri, "vm", "wait", vm, "--state", "off", "--timeout", "60s")
    demo.step(uri, "vm", "start", vm)
    demo.step(uri, "vm", "suspend", vm, after=lambda: demo.expect_state(uri, vm, "suspended"))
    demo.step(uri, "vm", "resume", vm, after=lambda: demo.expect_state(uri, vm, "on"))
    demo.step(uri, "--yes", "vm", "stop", vm, after=lambda: demo.expect_state(uri, vm, "off"))
    demo.step(uri, "datastore", "list", show=first_lines(4))
    demo.step(uri, "network", "list", show=first_lines(4))
    demo.step(uri, "--yes", "vm", "delete", vm)


# ---- QMP ----


def start_qemu(demo, name, accelerator):
    """A bare QEMU with a monitor on a unix socket and one on tcp; returns (process, socket, port)."""
    disk = demo.overlay(name)
    monitor = demo.folder / f"{name}.sock"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", accelerator, "-machine", "q35", "-m", "192", "-display", "none",
         "-name", name, "-drive", f"file={disk},if=virtio,format=qcow2,node-name=disk0",
         "-qmp", f"unix:{monitor},server=on,wait=off", "-qmp", f"tcp:127.0.0.1:{port},server=on,wait=off"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end():
        if qemu.poll() is None:
            qemu.kill()
        qemu.wait()

    demo.defer(end)
    demo.wait_for(f"QEMU {name} listens", monitor.exists, 10)
    return qemu, f"qmp://{monitor}", f"qmp://127.0.0.1:{port}"


def qmp_part(demo, accelerator):
    name = f"{demo.names}-qmp"
    demo.part("QEMU QMP: a bare QEMU, unix socket and tcp")
    qemu, by_unix, by_tcp = start_qemu(demo, name, accelerator)
    demo.step(by_unix, "endpoint", "info", show=first_lines(6))
    demo.step(by_tcp, "endpoint", "info")
    demo.step(by_unix, "vm", "list", show=lambda out: out)
    # a wait that is under way when the change comes ends by QEMU's own event
    begun = time.monotonic()
    waiter = subprocess.Popen(demo.command(by_tcp, "vm", "wait", name, "--state", "paused", "--timeout", "30s"),
                              env=demo.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    demo.defer(waiter.kill)
    demo.step(by_unix, "vm", "pause", name)
    if waiter.wait(timeout=30):
        raise StepFailed("the wait for the STOP event failed")
    demo.note("the wait on the tcp monitor saw the event STOP", time.monotonic() - begun)
    demo.step(by_unix, "vm", "unpause", name, after=lambda: demo.expect_state(by_unix, name, "on"))
    demo.step(by_unix, "snapshot", "create", name, "one")
    demo.step(by_unix, "snapshot", "list", name, show=lambda out: out)
    demo.step(by_unix, "--yes", "snapshot", "revert", name, "one")
    demo.step(by_unix, "--yes", "snapshot", "delete", name, "one")
    demo.step(by_tcp, "--yes", "vm", "reset", name)
    demo.step(by_unix, "--yes", "vm", "stop", name)
    if qemu.wait(timeout=10):
        raise StepFailed("QEMU did not end well after quit")
    demo.note("the QEMU process has ended", 0)


# ---- vSphere ----


def start_server(demo, backends, name="main"):
    """polyvirt serve on a free loopback port; returns the vsphere: URI with the pinned certificate."""
    password_file = demo.folder / "password"
    password_file.write_text("demo-password\n")
    password_file.chmod(0o600)
    state = demo.folder / f"server-{name}"
    words = [str(demo.polyvirt), "-o", "json", "serve", "--listen", "127.0.0.1:0", "--user", "demo", "--password-file",
             str(password_file), "--state", str(state)]
    for backend in backends:
        words += ["--backend", backend]
    log = demo.folder / f"server-{name}.log"
    with open(log, "w") as out:
        server = subprocess.Popen(words, env=demo.environment, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT)

    def end():
        if server.poll() is None:
            server.terminate()
        server.wait(timeout=20)

    demo.defer(end)

    def listening():
        if server.poll() is not None:
            raise StepFailed(f"the server ended: {log.read_text().strip()}")
        return log.read_text().endswith("}\n")

    demo.wait_for("polyvirt serve listens (TLS, loopback)", listening, 30)
    where = json.loads(log.read_text())
    return f"vsphere://demo@127.0.0.1:{where['port']}?sha256={where['sha256']}"


def vsphere_part(demo, backend):
    demo.part("vSphere: polyvirt's own server, with libvirt behind it")
    guest, blank = f"{demo.names}-vs", f"{demo.names}-new"
    disk = demo.overlay("vsphere")
    for vm in guest, blank:
        demo.defer(demo.drop_vm, backend, vm)
    demo.run(backend, "vm", "create", guest, "--memory", MEMORY, "--disk", f"path={disk}", "--nic", "type=user")
    uri = start_server(demo, [backend])
    demo.step(uri, "session", "info", show=first_lines(4))
    demo.step(uri, "endpoint", "info", show=first_lines(6))
    demo.step(uri, "vm", "list", show=first_lines(6))
    demo.step(uri, "vm", "get", guest, show=first_lines(5))
    demo.step(uri, "vm", "start", guest, after=lambda: demo.expect_state(backend, guest, "on"))
    demo.wait_for("the real guest behind it has booted: its agent answers",
                  lambda: demo.json(backend, "vm", "get", guest).get("agent") == "running")
    demo.step(uri, "snapshot", "create", guest, "s1", "--description", "through the vSphere API")
    demo.step(uri, "snapshot", "list", guest, show=lambda out: out)
    demo.step(uri, "--yes", "snapshot", "revert", guest, "s1")
    demo.step(uri, "--yes", "snapshot", "delete", guest, "s1")
    demo.step(uri, "--yes", "vm", "reset", guest)
    demo.step(uri, "vm", "suspend", guest, after=lambda: demo.expect_state(backend, guest, "suspended"))
    demo.step(uri, "vm", "start", guest, after=lambda: demo.expect_state(backend, guest, "on"))
    demo.step(uri, "--yes", "vm", "stop", guest, after=lambda: demo.expect_state(backend, guest, "off"))
    demo.step(uri, "vm", "create", blank, "--memory", "256MiB", "--disk", "size=64MiB", show=first_lines(4))
    demo.step(uri, "--yes", "vm", "delete", blank)
    demo.step(uri, "datastore", "list", show=first_lines(4))
    demo.step(uri, "network", "list", show=first_lines(4))
    demo.step(uri, "--yes", "vm", "delete", guest)
    return uri


# ---- the API test-suite ----

def suite_part(demo, libvirt_uri, vsphere_uri):
    demo.part("the API test-suite: what each endpoint really does")
    runs = ["--runs", str(demo.folder / "runs")]

    def counts(out):
        return next(line for line in out.splitlines() if " passed, " in line)

    for title, uri in (("libvirt", libvirt_uri), ("vSphere", vsphere_uri)):
        demo.say(f"             {title}")
        demo.step(uri, "test", "run", "--level", "lifecycle", *runs, show=counts)
    page = demo.report_path.with_name("demo-suite.html")
    demo.step(libvirt_uri, "test", "report", str(demo.folder / "runs" / "latest"), "--format", "html", "--out", str(page))


# ---- one life cycle, every driver ----

LIFE = [
    # what a row shows, words of the command (VM stands for the name), state afterwards
    ("endpoint.info", ["endpoint", "info"], None),
    ("host.list", ["host", "list"], None),
    ("vm.create", ["vm", "create", "VM", "--memory", "64MiB", "--disk", "size=64MiB"], "off"),
    ("vm.list", ["vm", "list"], None),
    ("vm.start", ["vm", "start", "VM"], "on"),
    ("vm.get", ["vm", "get", "VM"], None),
    ("vm.pause", ["vm", "pause", "VM"], "paused"),
    ("vm.unpause", ["vm", "unpause", "VM"], "on"),
    ("snapshot.create", ["snapshot", "create", "VM", "life"], None),
    ("snapshot.list", ["snapshot", "list", "VM"], None),
    ("vm.reset", ["--yes", "vm", "reset", "VM"], "on"),
    ("snapshot.revert", ["--yes", "snapshot", "revert", "VM", "life"], "on"),
    ("snapshot.delete", ["--yes", "snapshot", "delete", "VM", "life"], None),
    ("vm.suspend", ["vm", "suspend", "VM"], "suspended"),
    ("vm.resume", ["vm", "resume", "VM"], "on"),
    ("vm.stop", ["--yes", "vm", "stop", "VM"], "off"),
    ("vm.delete", ["--yes", "vm", "delete", "VM"], None),
    ("datastore.list", ["datastore", "list"], None),
    ("network.list", ["network", "list"], None),
]


def life_of(demo, uri, vm):
    """Runs the life cycle on one endpoint; returns operation -> (mark, milliseconds or None)."""
    can = {row["operation"]: row["supported"] for row in demo.json(uri, "endpoint", "capabilities")}
    results = {}
    for operation, words, state in LIFE:
        # a bare QEMU runs from the first moment and ends with its machine
        born_running = not can["vm.create"]
        if not can.get(operation) or (born_running and operation == "vm.start"):
            results[operation] = ("-", None)
            continue
        words = [vm if word == "VM" else word for word in words]
        status, out, err, seconds = demo.run(uri, *words, check=False)
        mark = "ok" if status == 0 else "FAILED"
        gone = born_running and state == "off"
        if status == 0 and state and not gone and demo.state(uri, vm) != state:
            mark = "FAILED"
        if mark == "FAILED":
            demo.say(f"{uri}: {operation}: {(err or out).strip() or 'wrong state afterwards'}")
        results[operation] = (mark, seconds * 1000)
    return results


def table(demo, columns):
    demo.say()
    width = max(len(operation) for operation, _, _ in LIFE)
    demo.say(f"{'operation':{width}}  " + "  ".join(f"{name:>14}" for name in columns))
    for operation, _, _ in LIFE:
        cells = []
        for results in columns.values():
            mark, ms = results[operation]
            cells.append(f"{mark if ms is None else f'{mark} {ms:6.0f} ms':>14}")
        demo.say(f"{operation:{width}}  " + "  ".join(cells))
    return sum(mark == "FAILED" for results in columns.values() for mark, _ in results.values())


def life_part(demo, libvirt_uri, vsphere_uri, accelerator):
    demo.part("one life cycle, every driver")
    columns = {}
    vm = f"{demo.names}-life"
    demo.defer(demo.drop_vm, libvirt_uri, vm)
    columns["libvirt"] = life_of(demo, libvirt_uri, vm)
    columns["vsphere"] = life_of(demo, vsphere_uri, vm)
    columns["vsphere, sim"] = life_of(demo, start_server(demo, ["sim:///?vms=3&seed=7"], "sim"), vm)
    _, qmp_uri, _ = start_qemu(demo, f"{demo.names}-q2", accelerator)
    columns["qmp"] = life_of(demo, qmp_uri, f"{demo.names}-q2")
    return table(demo, columns)


# ---- main ----


def walk(demo):
    checks = json.loads(subprocess.run(
        [str(demo.polyvirt), "-o", "json", "doctor"], env=demo.environment, capture_output=True, text=True,
        timeout=STEP_SECONDS, check=False).stdout)
    accelerator = next(row["detail"] for row in checks if row["check"] == "accelerator").split(":")[0]
    demo.say(f"polyvirt demo: guests run on {accelerator}; everything lies in {demo.folder}")
    daemon = libvirt_fixture.Libvirt(demo.folder / "lv")
    demo.defer(daemon.stop)
    begun = time.monotonic()
    daemon.start()
    libvirt_uri = daemon.uri
    demo.note("a libvirt daemon of our own answers", time.monotonic() - begun)
    subprocess.run(["virsh", "-q", "-c", libvirt_uri, "net-define", "/dev/stdin"], text=True, check=True,
                   stdout=subprocess.DEVNULL, input="<network><name>test-network</name></network>")
    libvirt_part(demo, libvirt_uri)
    qmp_part(demo, accelerator)
    vsphere_uri = vsphere_part(demo, libvirt_uri)
    suite_part(demo, libvirt_uri, vsphere_uri)
    return life_part(demo, libvirt_uri, vsphere_uri, accelerator)


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    demo = Demo(parser.parse_args().build.resolve())
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, interrupt)
    status = 1
    try:
        failed = walk(demo)
        status = 1 if failed else 0
        demo.say()
        demo.say(f"demo: {'all steps done' if not failed else f'{failed} operations FAILED'} in "
                 f"{time.monotonic() - demo.begun:.0f} s")
    except StepFailed as why:
        demo.say(f"demo: FAILED: {why}")
    except KeyboardInterrupt:
        demo.say("demo: interrupted")
        status = 130
    finally:
        # a second Ctrl-C must not leave half of it behind
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        demo.clean_up()
    demo.report_path.write_text("# polyvirt demo\n\n```\n" + "\n".join(demo.lines) + "\n```\n")
    print(f"report: {demo.report_path}")
    return status


if __name__ == "__main__":
    sys.exit(main())
