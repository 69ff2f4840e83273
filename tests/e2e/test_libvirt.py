# SPDX-License-Identifier: Apache-2.0
"""polyvirt on a real libvirt daemon and real QEMU guests under TCG.

POLYVIRT_GUEST_IMAGE names a finished guest image; without it one is built (see test_guest.py).
"""

import base64
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import libvirt
import libvirt_qemu
import pytest
from libvirt_fixture import Libvirt
from test_guest import GUEST, TOP

BOOT_LIMIT = 60
WATCH = Path(os.environ.get("POLYVIRT_BUILD", TOP / "build")).resolve() / "tests" / "unit" / "libvirt-watch"


@pytest.fixture(scope="module")
def image():
    given = os.environ.get("POLYVIRT_GUEST_IMAGE")
    path = Path(given or Path(os.environ.get("POLYVIRT_BUILD", TOP / "build")) / "guest.qcow2").resolve()
    if not (given and path.exists()):
        subprocess.run([GUEST / "build.sh", path], check=True)
    return path


@pytest.fixture(scope="module")
def daemon():
    with tempfile.TemporaryDirectory(prefix="pvl", dir="/var/tmp") as folder, Libvirt(folder + "/d") as started:
        yield started


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What the choice of the accelerator is kept in, so that it is measured once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(polyvirt, daemon, cache):
    """run("vm", "list") -> Result, on the daemon, asking nothing."""

    def call(*arguments, **options):
        return polyvirt("-c", daemon.uri, "--yes", *arguments, env={"XDG_CACHE_HOME": str(cache)}, **options)

    return call


@pytest.fixture
def done(run):
    """Like run, for what must succeed; answers the output's JSON."""

    def call(*arguments, **options):
        result = run("-o", "json", *arguments, **options)
        assert result.status == 0, result
        return json.loads(result.out) if result.out.strip() else None

    return call


@pytest.fixture
def conn(daemon):
    """libvirt's own view of the daemon, to hold polyvirt's against."""
    opened = libvirt.open(daemon.uri)
    yield opened
    try:
        opened.close()
    except libvirt.libvirtError:
        pass  # closed by the test
    opened = libvirt.open(daemon.uri)  # the daemon may be another one by now
    for domain in opened.listAllDomains():
        try:
            domain.destroy()
        except libvirt.libvirtError as error:  # it may end by itself meanwhile
            assert error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID, error
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
    opened.close()
    for file in Path(daemon.images).iterdir():
        file.unlink()


def agent(conn, name, command, **arguments):
    reply = libvirt_qemu.qemuAgentCommand(conn.lookupByName(name),
                                          json.dumps({"execute": command, "arguments": arguments}), 10, 0)
    return json.loads(reply)["return"]


def write_in_guest(conn, name, path, text):
    handle = agent(conn, name, "guest-file-open", path=path, mode="w")
    agent(conn, name, "guest-file-write", handle=handle, **{"buf-b64": base64.b64encode(text.encode()).decode()})
    agent(conn, name, "guest-file-flush", handle=handle)
    agent(conn, name, "guest-file-close", handle=handle)


def read_in_guest(conn, name, path):
    handle = agent(conn, name, "guest-file-open", path=path, mode="r")
    text = agent(conn, name, "guest-file-read", handle=handle)["buf-b64"]
    agent(conn, name, "guest-file-close", handle=handle)
    return base64.b64decode(text).decode()


@pytest.fixture
def guest(done, conn, image, wait_until):
    """guest("web") -> made on an overlay of the small image, started, its agent answering."""

    def make(name, *more):
        done("vm", "create", name, "--memory", "192MiB", "--disk", f"backing={image}", "--nic", "type=user", *more)
        done("vm", "start", name)
        ready(name)

    def ready(name):
        wait_until(lambda: done("vm", "get", name)["agent"] == "running", BOOT_LIMIT, "the guest's agent")

    make.ready = ready
    return make


def state(done, name):
    return done("vm", "get", name)["state"]


def pid_of(daemon, name):
    """QEMU's process, by the pid file libvirt wrote."""
    found = list(Path(daemon.state, "run").rglob(f"{name}.pid"))
    assert found, f"no pid file of {name}"
    return int(found[0].read_text(encoding="ascii"))


# ---- a machine's life ----


def test_a_created_guest_boots_and_tells_about_itself(guest, done, daemon):
    guest("web")
    vm = done("vm", "get", "web")
    assert vm["state"] == "on"
    assert vm["native_state"] == "running (booted)"
    assert vm["guest_hostname"] == "polyvirt-guest"
    assert vm["addresses"] == ["10.0.2.15"]
    assert vm["disks"][0]["path"] == f"{daemon.images}/web.qcow2"
    assert vm["disks"][0]["capacity"] > 0
    row = done("vm", "list")[0]
    assert (row["cpus"], row["memory"]) == (1, 192 << 20)


def test_who_starts_a_guest_is_told_what_it_runs_on(done, daemon, conn, polyvirt):
    def ask(*words):
        return polyvirt("-c", daemon.uri, "--yes", *words, env={"POLYVIRT_ACCEL": "tcg"})

    assert ask("vm", "create", "web").err == "note: web will run on tcg: POLYVIRT_ACCEL says so\n"
    assert ask("vm", "start", "web").err == "note: web runs on tcg\n"
    assert done("vm", "get", "web")["accelerator"] == "tcg"
    assert ask("vm", "stop", "web").err == ""
    assert ask("-q", "vm", "start", "web").err == ""


def test_a_wrong_word_for_the_accelerator_makes_nothing(polyvirt, daemon, conn):
    made = polyvirt("-c", daemon.uri, "vm", "create", "web", env={"POLYVIRT_ACCEL": "hvf"})
    assert (made.status, made.err) == (2, "polyvirt: web: POLYVIRT_ACCEL: 'kvm' or 'tcg' is wanted, not 'hvf'\n")
    assert conn.listAllDomains() == []


def test_shutdown_asks_the_guest_and_the_guest_goes(guest, done, conn):
    guest("web")
    done("vm", "shutdown", "web")
    done("vm", "wait", "web", "--state", "off", "--timeout", "60s", timeout=70)
    assert conn.lookupByName("web").state()[0] == libvirt.VIR_DOMAIN_SHUTOFF


def test_the_power_button_alone_ends_the_guest(guest, done, conn):
    guest("web")
    conn.lookupByName("web").shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    done("vm", "wait", "web", "--state", "off", "--timeout", "60s", timeout=70)


def test_a_paused_guest_goes_on_and_a_reset_one_boots_again(guest, done, conn):
    guest("web")
    write_in_guest(conn, "web", "/run/mark", "before")
    done("vm", "pause", "web")
    assert conn.lookupByName("web").state()[0] == libvirt.VIR_DOMAIN_PAUSED
    done("vm", "unpause", "web")
    assert read_in_guest(conn, "web", "/run/mark") == "before"
    done("vm", "reset", "web")
    guest.ready("web")
    with pytest.raises(libvirt.libvirtError):
        read_in_guest(conn, "web", "/run/mark")


def test_a_suspended_guest_wakes_with_its_memory(guest, done, conn):
    guest("web")
    write_in_guest(conn, "web", "/run/mark", "in memory only")
    done("vm", "suspend", "web")
    assert state(done, "web") == "suspended"
    assert conn.lookupByName("web").isActive() == 0
    done("vm", "resume", "web")
    guest.ready("web")
    assert read_in_guest(conn, "web", "/run/mark") == "in memory only"


def test_a_revert_brings_the_disk_back(guest, done, conn):
    guest("web")
    write_in_guest(conn, "web", "/root/mark", "old")
    done("snapshot", "create", "web", "before", "--description", "a <safe> & sound state")
    write_in_guest(conn, "web", "/root/mark", "new")
    assert read_in_guest(conn, "web", "/root/mark") == "new"
    done("snapshot", "revert", "web", "before")
    guest.ready("web")
    assert read_in_guest(conn, "web", "/root/mark") == "old"
    row = done("snapshot", "list", "web")[0]
    assert row["description"] == "a <safe> & sound state"
    assert (row["kind"], row["memory"], row["current"], row["state"]) == ("internal", True, True, "on")
    done("snapshot", "delete", "web", "before")
    assert done("snapshot", "list", "web") == []


def test_the_two_kinds_of_snapshot_are_kept_apart(guest, done, run):
    guest("web")
    done("snapshot", "create", "web", "with-memory")
    refused = run("snapshot", "create", "web", "without", "--memory=false")
    assert refused.status == 1
    assert "internal" in refused.err and "external" in refused.err
    assert len(done("snapshot", "list", "web")) == 1


def test_going_back_to_an_external_snapshot_is_refused_in_words(guest, done, run, conn):
    guest("web")
    if conn.getLibVersion() >= 9009000:
        pytest.skip("this libvirt can go back to external snapshots")
    assert done("snapshot", "create", "web", "out", "--memory=false")["kind"] == "external"
    refused = run("snapshot", "revert", "web", "out")
    assert refused.status == 1
    assert "external" in refused.err
    assert state(done, "web") == "on"


# ---- disks ----


def test_delete_removes_what_was_made_and_nothing_else(done, conn, daemon, image, tmp_path_factory):
    folder = Path(daemon.images)
    brought = folder / "brought.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", brought, "8M"], check=True)
    done("vm", "create", "web", "--disk", "size=16M", "--disk", f"path={brought}", "--disk",
         f"path={folder}/placed.raw,,x,size=1M,format=raw", "--disk", f"backing={image}")
    made = {disk["path"] for disk in done("vm", "get", "web")["disks"]}
    assert made == {str(folder / name) for name in
                    ("web.qcow2", "brought.qcow2", "placed.raw,x", "web-3.qcow2")}
    assert all(os.path.exists(path) for path in made)
    done("vm", "delete", "web")
    assert [file.name for file in folder.iterdir()] == ["brought.qcow2"]
    assert image.exists()


def test_a_note_cannot_name_foreign_files(done, conn, daemon):
    victim = Path(daemon.images) / "victim"
    victim.write_text("precious", encoding="ascii")
    done("vm", "create", "web", "--disk", "size=1M")
    conn.lookupByName("web").setMetadata(
        libvirt.VIR_DOMAIN_METADATA_ELEMENT, f"<domain><disk path='{victim}'/></domain>", "polyvirt",
        "urn:polyvirt:domain:1", 0)
    done("vm", "delete", "web")
    assert victim.read_text(encoding="ascii") == "precious"


def test_an_overlay_of_a_snapshot_goes_with_the_machine(guest, done, daemon):
    guest("web")
    done("snapshot", "create", "web", "out", "--memory=false")
    assert len(list(Path(daemon.images).iterdir())) == 2
    done("vm", "stop", "web")
    done("vm", "delete", "web")
    assert not list(Path(daemon.images).iterdir())


def test_a_failed_creation_leaves_nothing(run, conn, daemon):
    for wrong in (["--disk", "size=1M,datastore=nowhere"], ["--nic", "network=nowhere"],
                  ["--machine", "no-such-machine"], ["--disk", "path=/no/such/file"],
                  ["--disk", "size=1M,backing=/no/such/file"]):
        result = run("vm", "create", "web", "--disk", "size=1M", *wrong)
        assert result.status not in (0, 6), result
        assert not list(Path(daemon.images).iterdir()), wrong
        assert not conn.listAllDomains(), wrong


def test_an_existing_file_is_never_overwritten(run, daemon, conn):
    precious = Path(daemon.images) / "precious.qcow2"
    precious.write_text("precious", encoding="ascii")
    for disk in (f"path={precious},size=1M", f"path={precious},size=1M,format=raw"):
        result = run("vm", "create", "web", "--disk", disk)
        assert result.status == 1 and "exists" in result.err, result
    assert precious.read_text(encoding="ascii") == "precious"
    assert not conn.listAllDomains()


def test_a_full_clone_stands_alone(done, conn, daemon):
    done("vm", "create", "web", "--disk", "size=16M", "--nic", "type=user", "--guest-os", "debian")
    copy = done("vm", "clone", "web", "copy")
    source = done("vm", "get", "web")
    assert copy["uuid"] != source["uuid"]
    assert copy["nics"][0]["mac"] != source["nics"][0]["mac"]
    assert copy["guest_os"] == "debian"
    assert copy["disks"][0]["path"] == f"{daemon.images}/copy.qcow2"
    done("vm", "delete", "web")
    done("vm", "start", "copy")
    assert state(done, "copy") == "on"


def test_a_linked_clone_holds_its_source(done, run, daemon, conn):
    done("vm", "create", "web", "--disk", "size=16M")
    done("vm", "clone", "web", "leaf", "--linked")
    info = json.loads(subprocess.run(["qemu-img", "info", "--output=json", f"{daemon.images}/leaf.qcow2"],
                                     stdout=subprocess.PIPE, check=True).stdout)
    assert info["backing-filename"] == f"{daemon.images}/web.qcow2"
    refused = run("vm", "delete", "web")
    assert refused.status == 1 and "leaf" in refused.err, refused
    done("vm", "delete", "leaf")
    done("vm", "delete", "web")
    assert not list(Path(daemon.images).iterdir())


def test_a_running_machine_is_not_cloned(done, run, conn):
    done("vm", "create", "web", "--disk", "size=16M")
    done("vm", "start", "web")
    refused = run("vm", "clone", "web", "copy")
    assert refused.status == 1 and "off" in refused.err, refused
    assert len(conn.listAllDomains()) == 1


# ---- what hangs and what dies ----


def test_one_hanging_machine_does_not_hold_up_the_list(done, run, daemon, conn):
    for name in ("well", "stuck"):
        done("vm", "create", name, "--disk", "size=1M")
        done("vm", "start", name)
    pid = pid_of(daemon, "stuck")
    os.kill(pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        rows = {row["name"]: row for row in done("vm", "list")}
        assert time.monotonic() - begun < 5
        assert rows["well"]["state"] == "on" and rows["well"]["memory"] == 512 << 20
        assert "stuck" in rows
        changed = run("--timeout", "2s", "vm", "pause", "stuck")
        assert changed.status == 6, changed
        assert "not known" in changed.out + changed.err
        busy = run("vm", "get", "well")
        assert busy.status == 0, busy
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_hanging_daemon_is_given_up_in_time(run, daemon, conn):
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        result = run("--timeout", "1s", "vm", "list")
        assert time.monotonic() - begun < 2.5
        assert result.status == 3 and "no answer in time" in result.err, result
    finally:
        os.kill(daemon.pid, signal.SIGCONT)


def test_after_kill_9_the_next_command_tells_the_truth(done, run, daemon, conn):
    done("vm", "create", "web", "--disk", "size=1M")
    done("vm", "start", "web")
    daemon.kill()
    gone = run("vm", "list")
    assert gone.status == 3, gone
    daemon.launch()
    assert state(done, "web") == "on"
    done("vm", "stop", "web")
    assert state(done, "web") == "off"


def test_a_change_cut_off_by_kill_9_is_unknown(guest, done, start, daemon, cache, wait_until, conn):
    guest("web")
    saving = start("-c", daemon.uri, "--yes", "vm", "suspend", "web", env={"XDG_CACHE_HOME": str(cache)})
    folder = Path(daemon.saves)
    wait_until(lambda: folder.exists() and any(folder.iterdir()), what="the start of saving")
    daemon.kill()
    out, err = saving.communicate(timeout=30)
    daemon.launch()
    assert saving.returncode == 6, (out, err)
    truth = libvirt.open(daemon.uri)
    names = {libvirt.VIR_DOMAIN_RUNNING: ["on"], libvirt.VIR_DOMAIN_PAUSED: ["paused"],
             libvirt.VIR_DOMAIN_SHUTOFF: ["suspended", "off"]}
    # the daemon may still be letting the guest go on: both looks must come to the same
    wait_until(lambda: state(done, "web") in names[truth.lookupByName("web").state()[0]], what="the same state")
    truth.close()


class Watch:
    """The events of an endpoint, as they come; list() asks for its VMs on the same connection."""

    def __init__(self, uri):
        self.process = subprocess.Popen([WATCH, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        self.until(lambda line: "list" in line)

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def until(self, wanted, limit=30):
        end = time.monotonic() + limit
        while True:
            line = self.lines.get(timeout=max(end - time.monotonic(), 0.01))
            if wanted(line):
                return line

    def list(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.until(lambda line: "list" in line or "failed" in line)

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.thread.join()
        return status


@pytest.mark.parametrize("how", ["kill", "restart"])
def test_events_flow_again_after_the_daemon_came_back(daemon, conn, how):
    machine = "<domain type='qemu'><name>{}</name><memory>65536</memory><os><type>hvm</type></os></domain>"
    watch = Watch(daemon.uri)
    conn.defineXML(machine.format("first"))
    watch.until(lambda line: line.get("kind") == "vm-added" and line["vm_name"] == "first")
    conn.close()  # so that nothing of ours keeps the old daemon
    if how == "kill":
        daemon.kill()
        watch.until(lambda line: line.get("kind") == "closed")
        assert watch.list() == {"failed": "connect"}
    else:
        daemon.terminate()
        watch.until(lambda line: line.get("kind") == "closed")
    daemon.launch()
    watch.until(lambda line: line.get("kind") == "lost")
    assert watch.list() == {"list": 1}
    again = libvirt.open(daemon.uri)
    again.defineXML(machine.format("second"))
    again.close()
    watch.until(lambda line: line.get("kind") == "vm-added" and line["vm_name"] == "second")
    assert watch.close() == 0
