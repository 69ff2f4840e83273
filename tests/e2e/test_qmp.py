# SPDX-License-Identifier: Apache-2.0
"""QEMU by its own protocol: the program against real QEMU processes, unix and tcp, one and many, and
against what pretends to be one."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POLYVIRT_BUILD", ROOT / "build"))
START_LIMIT = 20
BOOT_LIMIT = 60

# A boot sector that powers a q35 off: out 0x604 (PM1a control), SLP_EN | S5.
POWER_OFF_SECTOR = bytes.fromhex("ba0406" "b80020" "ef" "f4" "ebfd").ljust(510, b"\0") + b"\x55\xaa"


class Monitor:
    """A raw QMP client, to set a stage that the program then finds."""

    def __init__(self, path, timeout=START_LIMIT):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("r")
        self.greeting = json.loads(self.file.readline())
        self("qmp_capabilities")

    def __call__(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise AssertionError(f"{command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def close(self):
        self.file.close()
        self.socket.close()


class Rig:
    """Starts QEMUs in a short-named folder and ends them all."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pvq"))
        self.processes = []

    def qemu(self, name, *extra, machine="q35", memory=64, run=False):
        """A QEMU whose monitor is NAME.qmp; stopped (-S) unless run."""
        command = ["qemu-system-x86_64", "-machine", machine, "-accel", "tcg", "-m", str(memory), "-nodefaults",
                   "-no-user-config", "-display", "none", "-qmp", f"unix:{self.folder}/{name}.qmp,server=on,wait=off",
                   *([] if run else ["-S"]), *map(str, extra)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        end = time.monotonic() + START_LIMIT
        while not self.answers(name):
            assert process.poll() is None, "QEMU ended at once"
            assert time.monotonic() < end, "QEMU did not start"
            time.sleep(0.02)
        return process

    def answers(self, name, timeout=START_LIMIT):
        with contextlib.suppress(OSError), contextlib.closing(Monitor(self.folder / f"{name}.qmp", timeout)):
            return True
        return False

    @contextlib.contextmanager
    def monitor(self, name):
        one = Monitor(self.folder / f"{name}.qmp")
        try:
            yield one
        finally:
            one.close()

    def uri(self, name):
        return f"qmp://{self.folder}/{name}.qmp"

    def disk(self, name, size="16M"):
        path = self.folder / name
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, size], check=True)
        return path

    def boot(self, name, sector):
        path = self.folder / name
        # smaller, and the BIOS finds no cylinder in it
        path.write_bytes(sector.ljust(4 << 20, b"\0"))
        return "-drive", f"file={path},format=raw,readonly=on,if=none,id=boot", "-device", "virtio-blk,drive=boot"

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder)


@pytest.fixture
def rig():
    one = Rig()
    yield one
    one.close()


@contextlib.contextmanager
def fake_server(path, speak):
    """A listener that is not QEMU: speak(connection) runs for each client on a thread."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(8)
    connections = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                with contextlib.suppress(OSError):
                    speak(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in connections:
            connection.close()


def say_nothing(connection):
    """Accepts and stays silent, as a monitor that another client holds."""


def vms(polyvirt, uri, *arguments):
    done = polyvirt("-c", uri, "-o", "json", "vm", "list", *arguments)
    assert done.status == 0, done
    return {row["id"]: row for row in done.json()}


def get(polyvirt, uri, name):
    done = polyvirt("-c", uri, "-o", "json", "vm", "get", name)
    assert done.status == 0, done
    return done.json()


def ok(done):
    assert done.status == 0, done
    return done


# ---- one VM, unix and tcp ----


def tcp_uri(rig, name):
    """QEMU chose the port itself; it tells on the other monitor."""
    with rig.monitor(name) as monitor:
        for row in monitor("query-chardev"):
            if row["filename"].startswith("disconnected:tcp:"):
                return "qmp://" + row["filename"].split("tcp:")[1].split(",")[0]
    raise AssertionError("no tcp monitor")


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_one_vm_is_paused_and_goes_on_and_ends(rig, polyvirt, transport):
    process = rig.qemu("one", "-name", "web-1", "-uuid", "11111111-2222-3333-4444-555555555555",
                       "-qmp", "tcp:127.0.0.1:0,server=on,wait=off", run=True)
    uri = rig.uri("one") if transport == "unix" else tcp_uri(rig, "one")
    info = ok(polyvirt("-c", uri, "-o", "json", "endpoint", "info")).json()
    assert (info["product"], info["driver"], info["accelerator"]) == ("QEMU", "qmp", "tcg")
    assert info["version"].count(".") == 2
    row = vms(polyvirt, uri)["web-1"]
    assert (row["state"], row["cpus"], row["memory"]) == ("on", 1, 64 << 20)
    assert row["uuid"] == "11111111-2222-3333-4444-555555555555"
    ok(polyvirt("-c", uri, "vm", "pause", "web-1"))
    assert get(polyvirt, uri, row["uuid"])["native_state"] == "paused"
    assert polyvirt("-c", uri, "vm", "pause", "web-1").status == 1
    ok(polyvirt("-c", uri, "vm", "unpause", "web-1"))
    ok(polyvirt("-c", uri, "vm", "reset", "web-1", "--yes"))
    assert vms(polyvirt, uri)["web-1"]["state"] == "on"
    ok(polyvirt("-c", uri, "vm", "stop", "web-1", "--yes"))
    assert process.wait(START_LIMIT) == 0
    gone = polyvirt("-c", uri, "vm", "list")
    assert gone.status == 3 and "cannot connect" in gone.err


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_the_contract_holds(rig, transport):
    disk = rig.disk("disk.qcow2")
    rig.qemu("vm", "-name", "contract", "-qmp", "tcp:127.0.0.1:0,server=on,wait=off",
             "-drive", f"if=virtio,file={disk}", run=True)
    uri = rig.uri("vm") if transport == "unix" else tcp_uri(rig, "vm")
    done = subprocess.run([BUILD / "tests/contract/contract", "--tap", "--vm", "contract", "--no-guest", uri],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "\nok 18 " in done.stdout and "not ok" not in done.stdout


def test_a_waiting_vm_is_started(rig, polyvirt):
    rig.qemu("one")
    assert vms(polyvirt, rig.uri("one"))["one.qmp"]["native_state"] == "prelaunch"
    ok(polyvirt("-c", rig.uri("one"), "vm", "start", "one.qmp"))
    assert vms(polyvirt, rig.uri("one"))["one.qmp"]["state"] == "on"
    again = polyvirt("-c", rig.uri("one"), "vm", "start", "one.qmp")
    assert again.status == 1 and "already running" in again.out + again.err


def test_a_vm_that_stayed_after_its_shutdown_is_started_again(rig, polyvirt):
    rig.qemu("one", "-no-shutdown", *rig.boot("off.img", POWER_OFF_SECTOR), run=True)
    ok(polyvirt("-c", rig.uri("one"), "vm", "wait", "one.qmp", "--state", "off", "--timeout", "20s"))
    assert vms(polyvirt, rig.uri("one"))["one.qmp"]["native_state"] == "shutdown"
    ok(polyvirt("-c", rig.uri("one"), "vm", "start", "one.qmp"))
    ok(polyvirt("-c", rig.uri("one"), "vm", "wait", "one.qmp", "--state", "off", "--timeout", "20s"))


def test_waiting_sees_the_vm_end(rig, wait_until, start):
    process = rig.qemu("one", "-qmp", f"unix:{rig.folder}/stage.qmp,server=on,wait=off", run=True)
    waiter = start("-c", rig.uri("one"), "vm", "wait", "one.qmp", "--state", "off", "--timeout", "25s")
    wait_until(lambda: not rig.answers("one", timeout=0.3), what="the waiter's hold on the monitor for events")
    with rig.monitor("stage") as monitor:
        monitor("quit")
    assert waiter.wait(START_LIMIT) == 0
    assert process.wait(START_LIMIT) == 0


def test_a_reset_that_ends_qemu_is_no_success(rig, polyvirt):
    process = rig.qemu("one", "-no-reboot", run=True)
    done = polyvirt("-c", rig.uri("one"), "vm", "reset", "one.qmp", "--yes")
    assert done.status == 1 and "-no-reboot" in done.out + done.err
    assert process.wait(START_LIMIT) == 0


def test_disks_and_network_cards_are_told(rig, polyvirt):
    disk = rig.disk("disk.qcow2", "20M")
    rig.qemu("one", "-drive", f"if=virtio,file={disk}", "-netdev", "user,id=n0",
             "-device", "virtio-net-pci,netdev=n0,id=nic0,mac=52:54:00:aa:bb:cc")
    vm = get(polyvirt, rig.uri("one"), "one.qmp")
    assert [(d["path"], d["format"], d["bus"], d["capacity"]) for d in vm["disks"]] == [
        (str(disk), "qcow2", "virtio", 20 << 20)]
    assert [(n["id"], n["mac"], n["model"]) for n in vm["nics"]] == [("nic0", "52:54:00:aa:bb:cc", "virtio")]
    assert vm["machine"].startswith("pc-q35") and vm["arch"] == "x86_64" and vm["accelerator"] == "tcg"


def test_a_long_socket_path_is_reached(rig, polyvirt):
    rig.qemu("one")
    deep = rig.folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    (deep / "one.qmp").hardlink_to(rig.folder / "one.qmp")
    assert "one.qmp" in vms(polyvirt, f"qmp://{deep}/one.qmp")


# ---- what is no free monitor ----


def test_a_busy_monitor_is_told_within_its_deadline(rig, polyvirt):
    rig.qemu("one")
    with rig.monitor("one"):
        begun = time.monotonic()
        done = polyvirt("-c", rig.uri("one"), "vm", "list")
        assert done.status == 3 and "another client holds it" in done.err
        assert time.monotonic() - begun < 8
    assert "one.qmp" in vms(polyvirt, rig.uri("one"))


def test_a_monitor_is_free_between_calls(rig, polyvirt, start):
    rig.qemu("one")
    vms(polyvirt, rig.uri("one"))
    with rig.monitor("one") as monitor:
        assert monitor("query-status")["status"] == "prelaunch"


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b'{"jsonrpc": "2.0"}\n', b"\xff\xfe\x00"])
def test_what_is_no_monitor_is_told(rig, polyvirt, words):
    with fake_server(rig.folder / "x.qmp", lambda connection: connection.sendall(words)):
        done = polyvirt("-c", rig.uri("x"), "vm", "list")
        assert done.status == 3 and len(done.err.splitlines()) == 1, done


def test_a_cut_greeting_is_told(rig, polyvirt):
    def cut(connection):
        connection.sendall(b'{"QMP": {"version"')
        connection.close()

    with fake_server(rig.folder / "x.qmp", cut):
        done = polyvirt("-c", rig.uri("x"), "vm", "list")
        assert done.status == 3 and "in the middle of a message" in done.err


def test_a_stop_without_an_answer_is_unknown(rig, polyvirt):
    """QEMU that dies while it does what it was told: exit 6, not a guess."""
    def die_on_stop(connection):
        connection.sendall(b'{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}, "capabilities": []}}')
        for line in connection.makefile("r"):
            message = json.loads(line)
            if message["execute"] == "stop":
                connection.shutdown(socket.SHUT_RDWR)
                return
            answer = {"query-status": {"status": "running"}, "query-name": {"name": "doomed"}}
            connection.sendall(json.dumps({"return": answer.get(message["execute"], {}), "id": message["id"]}).encode())

    with fake_server(rig.folder / "x.qmp", die_on_stop):
        done = polyvirt("-c", rig.uri("x"), "vm", "pause", "doomed")
        assert done.status == 6 and "outcome is not known" in done.out + done.err, done


@pytest.mark.parametrize("uri, word", [
    ("qmp://127.0.0.1", "host and port"), ("qmp:///", "host and port"), ("qmp:///x?agnt=y", "agent"),
    ("qmp://root@127.0.0.1:4444", "no users"), ("qmp://127.0.0.1:4444/x", "host and port")])
def test_a_bad_uri_is_refused(polyvirt, uri, word):
    done = polyvirt("-c", uri, "vm", "list")
    assert done.status == 2 and word in done.err, done


@pytest.mark.parametrize("uri", ["qmp:///nonexistent.sock", "qmp:///nonexistent/", "qmp://127.0.0.1:1"])
def test_what_cannot_be_reached_is_exit_3(polyvirt, uri):
    done = polyvirt("-c", uri, "vm", "list")
    assert done.status == 3 and len(done.err.splitlines()) == 1, done


# ---- a folder ----


def test_a_folder_lists_all_and_a_hung_one_only_fails_its_own_row(rig, polyvirt):
    for vmid in ("100", "101", "9"):
        rig.qemu(vmid, "-name", f"vm-{vmid}")
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(rig.folder / "102.qmp"))
    stale.close()  # the file stays, nobody listens
    (rig.folder / "notes.txt").write_text("not a socket")
    (rig.folder / "103.qmp").symlink_to(rig.folder / "vanished")
    uri = f"qmp://{rig.folder}/"
    with fake_server(rig.folder / "104.qmp", say_nothing):
        begun = time.monotonic()
        done = polyvirt("-c", uri, "-o", "json", "vm", "list")
        assert time.monotonic() - begun < 10
        rows = {row["id"]: row for row in done.json()}
        assert list(rows) == ["9", "100", "101", "102", "104"]
        for vmid in ("100", "101", "9"):
            assert rows[vmid]["name"] == f"vm-{vmid}" and "error" not in rows[vmid]
        assert "another client holds it" in rows["104"]["error"]
        assert "refused" in rows["102"]["error"]
        begun = time.monotonic()
        assert get(polyvirt, uri, "100")["name"] == "vm-100"  # by id: the hung one is not asked
        assert time.monotonic() - begun < 2.5
        begun = time.monotonic()
        ok(polyvirt("-c", uri, "vm", "start", "100"))
        assert time.monotonic() - begun < 2.5
        assert get(polyvirt, uri, "vm-101")["id"] == "101"
    assert get(polyvirt, uri, "100")["state"] == "on"
    with rig.monitor("100") as monitor:  # and nobody holds it
        monitor("query-status")


def test_a_folder_has_no_events_and_says_why(rig, polyvirt):
    rows = {row["operation"]: row for row in
            ok(polyvirt("-c", f"qmp://{rig.folder}/", "-o", "json", "endpoint", "capabilities")).json()}
    assert rows["vm.pause"]["supported"] and not rows["vm.create"]["supported"]
    assert vms(polyvirt, f"qmp://{rig.folder}/") == {}


def test_an_unknown_id_of_a_folder_is_not_found(rig, polyvirt):
    rig.qemu("100")
    for name in ("999", "../100", ""):
        done = polyvirt("-c", f"qmp://{rig.folder}/", "vm", "pause", name)
        assert done.status in (2, 4), done


# ---- snapshots ----


def snapshots(polyvirt, uri, vm):
    return [row["name"] for row in ok(polyvirt("-c", uri, "-o", "json", "snapshot", "list", vm)).json()]


def snapshot(polyvirt, uri, verb, *arguments):
    return polyvirt("-c", uri, "snapshot", verb, *arguments, *(["--yes"] if verb != "create" else []))


def test_a_snapshot_brings_disk_and_list_back(rig, polyvirt):
    disk, other = rig.disk("disk.qcow2"), rig.disk("other.qcow2")
    process = rig.qemu("one", "-drive", f"if=virtio,file={disk}", "-blockdev", f"driver=file,filename={other},node-name=f",
                       "-blockdev", "driver=qcow2,file=f,node-name=o", "-device", "virtio-blk-pci,drive=o")
    uri = rig.uri("one")
    ok(snapshot(polyvirt, uri, "create", "one.qmp", "before"))
    row = ok(polyvirt("-c", uri, "-o", "json", "snapshot", "list", "one.qmp")).json()[0]
    assert (row["name"], row["memory"], row["kind"]) == ("before", True, "internal")
    assert row["created"].startswith("20")
    with rig.monitor("one") as monitor:
        monitor("human-monitor-command", **{"command-line": 'qemu-io virtio0 "write -P 0x5a 0 64k"'})
    ok(snapshot(polyvirt, uri, "create", "one.qmp", "after"))
    assert snapshots(polyvirt, uri, "one.qmp") == ["before", "after"]
    taken = snapshot(polyvirt, uri, "create", "one.qmp", "after")
    assert taken.status == 1 and "exists" in taken.err
    ok(snapshot(polyvirt, uri, "revert", "one.qmp", "before"))
    with rig.monitor("one") as monitor:
        told = monitor("human-monitor-command", **{"command-line": 'qemu-io virtio0 "read -P 0 0 64k"'})
        assert "verification failed" not in told
    ok(snapshot(polyvirt, uri, "delete", "one.qmp", "before"))
    ok(snapshot(polyvirt, uri, "delete", "one.qmp", "after"))
    assert snapshots(polyvirt, uri, "one.qmp") == []
    with rig.monitor("one") as monitor:
        assert monitor("query-jobs") == []
    ok(polyvirt("-c", uri, "vm", "stop", "one.qmp", "--yes"))
    process.wait(START_LIMIT)
    for image in (disk, other):
        told = subprocess.run(["qemu-img", "check", "--output=json", image], stdout=subprocess.PIPE, check=True).stdout
        assert json.loads(told)["check-errors"] == 0


def test_a_revert_that_qemu_hides_the_failure_of_is_told_and_the_vm_goes_on(rig, polyvirt):
    disk = rig.disk("disk.qcow2")
    rig.qemu("one", "-drive", f"if=virtio,file={disk}", run=True)
    uri = rig.uri("one")
    ok(snapshot(polyvirt, uri, "create", "one.qmp", "s"))
    with rig.monitor("one") as monitor:
        monitor("block-dirty-bitmap-add", node="virtio0", name="b")
    done = snapshot(polyvirt, uri, "revert", "one.qmp", "s")
    assert done.status == 1 and "bitmap" in done.err and "runs as before" in done.err, done
    assert get(polyvirt, uri, "one.qmp")["native_state"] == "running"
    with rig.monitor("one") as monitor:
        assert monitor("query-jobs") == []
        monitor("block-dirty-bitmap-remove", node="virtio0", name="b")
    ok(snapshot(polyvirt, uri, "revert", "one.qmp", "s"))


def test_a_revert_of_several_disks_over_a_bitmap_is_refused_before_the_first(rig, polyvirt):
    first, second = rig.disk("a.qcow2"), rig.disk("b.qcow2")
    rig.qemu("one", "-drive", f"if=virtio,file={first}", "-drive", f"if=virtio,file={second}", run=True)
    uri = rig.uri("one")
    ok(snapshot(polyvirt, uri, "create", "one.qmp", "s"))
    with rig.monitor("one") as monitor:
        monitor("human-monitor-command", **{"command-line": 'qemu-io virtio0 "write -P 0x5a 0 64k"'})
        monitor("block-dirty-bitmap-add", node="virtio1", name="b")
    done = snapshot(polyvirt, uri, "revert", "one.qmp", "s")
    assert done.status == 1 and "bitmap" in done.err and "b.qcow2" in done.err
    with rig.monitor("one") as monitor:
        told = monitor("human-monitor-command", **{"command-line": 'qemu-io virtio0 "read -P 0x5a 0 64k"'})
        assert "verification failed" not in told
        assert monitor("query-status")["status"] == "running"


def test_a_half_loaded_machine_does_not_run_on(rig, polyvirt):
    """The snapshot is of a machine with other memory: QEMU finds out in the middle of loading."""
    disk = rig.disk("disk.qcow2")
    process = rig.qemu("one", "-drive", f"if=virtio,file={disk}", run=True)
    uri = rig.uri("one")
    ok(snapshot(polyvirt, uri, "create", "one.qmp", "small"))
    ok(polyvirt("-c", uri, "vm", "stop", "one.qmp", "--yes"))
    process.wait(START_LIMIT)
    rig.qemu("one", "-drive", f"if=virtio,file={disk}", run=True, memory=96)
    done = snapshot(polyvirt, uri, "revert", "one.qmp", "small")
    assert done.status == 1 and "half loaded" in done.err, done
    assert get(polyvirt, uri, "one.qmp")["state"] == "paused"


def test_a_snapshot_needs_qcow2_on_every_writable_disk(rig, polyvirt):
    raw = rig.folder / "raw.img"
    raw.write_bytes(bytes(1 << 20))
    rig.qemu("raw", "-drive", f"if=virtio,format=raw,file={raw}")
    done = snapshot(polyvirt, rig.uri("raw"), "create", "raw.qmp", "s")
    assert done.status == 1 and "raw.img" in done.err and "qcow2" in done.err
    rig.qemu("none")
    done = snapshot(polyvirt, rig.uri("none"), "create", "none.qmp", "s")
    assert done.status == 1 and "no writable qcow2" in done.err


@pytest.mark.parametrize("name", ["", "a\tb", "n" * 300])
def test_a_bad_snapshot_name_is_refused(rig, polyvirt, name):
    rig.qemu("one", "-drive", f"if=virtio,file={rig.disk('disk.qcow2')}")
    done = snapshot(polyvirt, rig.uri("one"), "create", "one.qmp", name)
    assert done.status == 2 and "name" in done.err, done
    assert snapshots(polyvirt, rig.uri("one"), "one.qmp") == []


# ---- the guest's agent ----


def test_a_silent_agent_costs_two_seconds_and_nothing_else(rig, polyvirt):
    rig.qemu("one", run=True)
    with fake_server(rig.folder / "one.qga", say_nothing):
        begun = time.monotonic()
        vm = get(polyvirt, rig.uri("one"), "one.qmp")
        assert time.monotonic() - begun < 6
        assert vm["agent"] == "not-running" and vm["state"] == "on" and vm["memory"] == 64 << 20


def test_a_vm_without_agent_cannot_be_asked_to_restart(rig, polyvirt):
    rig.qemu("one", run=True)
    done = polyvirt("-c", rig.uri("one"), "vm", "reboot", "one.qmp", "--yes")
    assert done.status == 1 and ".qga" in done.out + done.err


@pytest.fixture(scope="module")
def guest_image():
    path = pathlib.Path(os.environ.get("POLYVIRT_GUEST_IMAGE", BUILD / "guest.qcow2")).resolve()
    if not path.exists():
        subprocess.run([ROOT / "guest" / "build.sh", path], check=True)
    return path


def test_a_guest_tells_its_name_and_obeys(rig, polyvirt, wait_until, guest_image):
    overlay = rig.folder / "guest.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", guest_image, overlay], check=True)
    process = rig.qemu("g", "-drive", f"if=virtio,file={overlay}", "-netdev", "user,id=n,restrict=on",
                       "-device", "virtio-net-pci,netdev=n", "-device", "virtio-serial-pci",
                       "-chardev", f"socket,id=a,path={rig.folder}/g.qga,server=on,wait=off",
                       "-device", "virtserialport,chardev=a,name=org.qemu.guest_agent.0",
                       "-serial", f"file:{rig.folder}/serial", memory=192, run=True)
    serial = rig.folder / "serial"
    wait_until(lambda: b"polyvirt-guest ready" in serial.read_bytes(), BOOT_LIMIT, "the first boot")
    vm = wait_until(lambda: (row := get(polyvirt, rig.uri("g"), "g.qmp"))["agent"] == "running" and row, BOOT_LIMIT)
    assert vm["guest_hostname"] and "10.0.2.15" in vm["addresses"]
    ok(polyvirt("-c", rig.uri("g"), "vm", "reboot", "g.qmp", "--yes"))
    wait_until(lambda: serial.read_bytes().count(b"polyvirt-guest ready") == 2, BOOT_LIMIT, "the second boot")
    ok(polyvirt("-c", rig.uri("g"), "vm", "shutdown", "g.qmp", "--yes"))
    assert process.wait(BOOT_LIMIT) == 0
