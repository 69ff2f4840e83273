# SPDX-License-Identifier: Apache-2.0
"""The contract's cases, one by one, on real endpoints.

The program tests/contract/contract holds every driver to what the neutral API promises. Here each of
its cases is run on its own on each target, so that a case that takes the program down hides no other.
"""

import contextlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import BUILD, POLYVIRT
from libvirt_fixture import Libvirt
from test_guest import free_port

CONTRACT = BUILD / "tests" / "contract" / "contract"
CASE_LIMIT = 120  # seconds; the longest walks through four states and nine operations with real QEMUs
PASSWORD = "correct horse"

# What a target lacks: the cases that therefore stop, and what they must name as the reason.
NO_CREATE = dict.fromkeys(
    ("a-taken-name-is-refused", "a-spec-out-of-range-names-its-field", "a-running-vm-cannot-be-deleted",
     "a-deleted-vm-is-gone", "every-power-operation-in-every-state"), "vm.create") | {
         "a-clone-is-a-vm-of-its-own": "vm.clone"}
# vSphere has no word for a VM whose CPUs stand still.
NO_PAUSE = dict.fromkeys(
    ("pause-and-unpause", "a-change-arrives-as-an-event", "a-revert-brings-the-power-state-back"), "vm.pause")

# target: (driver, what it lacks)
TARGETS = {
    "qmp-socket": ("qmp", NO_CREATE),
    "qmp-tcp": ("qmp", NO_CREATE),
    # A monitor serves one client: holding all of a folder's open for events would shut others out.
    "qmp-directory": ("qmp", NO_CREATE | {"a-change-arrives-as-an-event": "events"}),
    "libvirt-qemu": ("libvirt", {}),
    "server-sim": ("vsphere", NO_PAUSE),
    "server-guide": ("vsphere", NO_PAUSE),
    "server-libvirt": ("vsphere", NO_PAUSE),
}


def list_cases():
    """The names of all cases, as the program lists them."""
    if not os.access(CONTRACT, os.X_OK):
        return []
    done = subprocess.run([CONTRACT, "-l", "sim:///?vms=1"], stdout=subprocess.PIPE, text=True, check=True)
    return re.findall(r"^/contract/sim/(\S+)$", done.stdout, re.M)


CASES = list_cases()


# ---- targets: each answers the program's arguments ----


@pytest.fixture
def qemu(tmp_path, wait_until):
    """qemu(MONITOR, listens): a machine with a disk and nothing on it."""
    started = []

    def start(name, monitor, listens):
        disk = tmp_path / f"{name}.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"], check=True)
        process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-m", "64", "-nodefaults",
             "-no-user-config", "-display", "none", "-name", name,
             "-drive", f"if=none,id=drive,node-name=disk,format=qcow2,file={disk}",
             "-device", "virtio-blk-pci,drive=drive", "-qmp", f"{monitor},server=on,wait=off"],
            stdin=subprocess.DEVNULL)
        started.append(process)
        wait_until(lambda: process.poll() is not None or listens(), what="QEMU's monitor")
        assert process.poll() is None, "QEMU ended at once"

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def folder():
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="pv-c-") as path:
        yield Path(path)


@pytest.fixture
def qmp_socket(qemu, folder):
    path = folder / "one.qmp"
    qemu("one", f"unix:{path}", path.is_socket)
    return [f"qmp://{path}", "--vm", "one", "--no-guest"]


@pytest.fixture
def qmp_tcp(qemu):
    port = free_port()
    listening = f"0100007F:{port:04X} 00000000:0000 0A"
    # Not by connecting: a monitor serves one client at a time.
    qemu("one", f"tcp:127.0.0.1:{port}", lambda: listening in Path("/proc/net/tcp").read_text())
    return [f"qmp://127.0.0.1:{port}", "--vm", "one", "--no-guest"]


@pytest.fixture
def qmp_directory(qemu, folder):
    for number in (100, 101):
        path = folder / f"{number}.qmp"
        qemu(f"vm{number}", f"unix:{path}", path.is_socket)
    return [f"qmp://{folder}/", "--vm", "100", "--no-guest"]


@pytest.fixture(scope="module")
def daemon():
    with tempfile.TemporaryDirectory(prefix="pv-c-") as path, Libvirt(os.path.join(path, "l")) as running:
        yield running


@pytest.fixture
def libvirt_qemu(daemon):
    return [daemon.uri, "--no-guest"]


@contextlib.contextmanager
def serving(backend, profile="vcenter"):
    """polyvirt serve over this back end; the program's arguments to reach it."""
    with tempfile.TemporaryDirectory(prefix="pv-c-") as folder:
        secret = Path(folder) / "password"
        secret.touch(0o600)
        secret.write_text(PASSWORD + "\n")
        command = [POLYVIRT, "-o", "jsonl", "--password-file", secret, "serve", "--listen", "127.0.0.1:0",
                   "--user", "tester", "--state", Path(folder) / "state", "--profile", profile, "--backend", backend]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            about = server.stdout.readline()
            assert about, f"polyvirt serve ended at once with {server.wait()}"
            about = json.loads(about)
            yield [f"vsphere://tester@127.0.0.1:{about['port']}?sha256={about['sha256']}"]
        finally:
            server.terminate()
            assert server.wait(30) in (0, 130), "the server did not end in order"


@pytest.fixture(scope="module")
def server_sim():
    with serving("sim:///?vms=5&seed=7") as arguments:
        yield arguments


@pytest.fixture(scope="module")
def server_guide():
    with serving("sim:///?vms=5&seed=7", "guide") as arguments:
        yield arguments


@pytest.fixture(scope="module")
def server_libvirt(daemon):
    with serving(daemon.uri) as arguments:
        yield [*arguments, "--no-guest"]


# ---- the cases ----


def run(driver, case, arguments):
    """(ok or not ok, why skipped or None, all that was said) of one case."""
    done = subprocess.run([CONTRACT, "--tap", "-p", f"/contract/{driver}/{case}", *arguments],
                          env=dict(os.environ, POLYVIRT_PASSWORD=PASSWORD, LC_ALL="C.UTF-8"), timeout=CASE_LIMIT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="backslashreplace", check=False)
    rows = re.findall(rf"^(ok|not ok) \d+ /contract/{driver}/{case}(?: # SKIP ?(.*))?$", done.stdout, re.M)
    said = f"{' '.join(map(str, done.args))}\n{done.stdout}"
    if len(rows) != 1 or (done.returncode == 0) != (rows[0][0] == "ok"):
        pytest.fail(f"exit status {done.returncode}: {said}", pytrace=False)
    skipped = rows[0][1] if "# SKIP" in done.stdout else None
    return rows[0][0], skipped, said


def rows():
    return [pytest.param(target, case, id=f"{target}-{case}") for target, (_, lacks) in TARGETS.items()
            for case in CASES if case not in lacks]


def test_the_program_lists_its_cases():
    assert os.access(CONTRACT, os.X_OK), f"no program at {CONTRACT}: build it, or set POLYVIRT_BUILD"
    assert len(CASES) > 15
    assert {case for _, lacks in TARGETS.values() for case in lacks} <= set(CASES)


@pytest.mark.parametrize(("target", "case"), rows())
def test_contract(target, case, request):
    arguments = request.getfixturevalue(target.replace("-", "_"))
    answer, skipped, said = run(TARGETS[target][0], case, arguments)
    if answer != "ok":
        pytest.fail(said, pytrace=False)
    assert skipped is None, f"{target} has lost something: {skipped}"


@pytest.mark.parametrize("target", [name for name, (_, lacks) in TARGETS.items() if lacks])
def test_what_a_target_lacks_is_named(target, request):
    arguments = request.getfixturevalue(target.replace("-", "_"))
    driver, lacks = TARGETS[target]
    for case, named in lacks.items():
        answer, skipped, said = run(driver, case, arguments)
        assert answer == "ok" and skipped and named in skipped.split(":")[0].split(), said
