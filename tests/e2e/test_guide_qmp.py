# SPDX-License-Identifier: Apache-2.0
"""The guide's third part, unchanged, against a real QEMU.

The script knows one socket only, that of VM 100 on a Proxmox host, and talks to it as soon as it is
loaded. So a QEMU is put there, and polyvirt must see the same VM in the same state before and after.
"""

import ast
import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

FOLDER = Path("/var/run/qemu-server")
SOCKET = FOLDER / "100.qmp"
SCRIPT = ROOT / "tests" / "e2e" / "guide" / "part3.py"


@pytest.fixture
def folder():
    if os.geteuid() != 0:
        pytest.skip(f"only root can make {FOLDER}, where the guide's script looks")
    try:
        FOLDER.mkdir(mode=0o700)
    except FileExistsError:
        pytest.skip(f"{FOLDER} exists already: its VMs are not the test's to touch")
    try:
        yield FOLDER
    finally:
        SOCKET.unlink(missing_ok=True)
        FOLDER.rmdir()


@pytest.fixture
def qemu(folder, tmp_path, wait_until):
    """qemu(*more): VM 100 of a Proxmox host, its monitor where the guide expects it."""
    started = []

    def start(*more):
        disk = tmp_path / "disk.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"], check=True)
        process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-m", "64", "-nodefaults",
             "-no-user-config", "-display", "none", "-name", "guide", "-drive", f"if=virtio,format=qcow2,file={disk}",
             "-qmp", f"unix:{SOCKET},server=on,wait=off", *more],
            stdin=subprocess.DEVNULL)
        started.append(process)
        wait_until(SOCKET.is_socket, what="the monitor's socket")
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


def run_guide():
    """What the script printed: the greeting and the answer to query-status."""
    done = subprocess.run(["/usr/bin/python3", SCRIPT], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          encoding="utf-8", env=dict(os.environ, PYTHONUTF8="1"), timeout=30, check=False)
    assert done.returncode == 0, done
    greeting, status = done.stdout.splitlines()
    assert status.startswith("VM状态: ")
    return ast.literal_eval(greeting), ast.literal_eval(status.removeprefix("VM状态: "))


def view(polyvirt):
    """The one VM of the folder, as polyvirt lists it."""
    answer = polyvirt("-c", f"qmp://{FOLDER}/", "-o", "json", "vm", "list")
    assert answer.status == 0, answer
    [vm] = answer.json()
    return vm


@pytest.mark.parametrize(("options", "native", "state"), [((), "running", "on"), (("-S",), "prelaunch", "off")])
def test_the_script_and_polyvirt_see_the_same_vm(qemu, polyvirt, options, native, state):
    process = qemu(*options)
    before = view(polyvirt)
    greeting, status = run_guide()
    after = view(polyvirt)
    assert greeting["QMP"]["version"]["qemu"]["major"] >= 7
    assert status["return"]["status"] == native
    assert (before["id"], before["state"], before["native_state"]) == ("100", state, native)
    assert before == after
    assert process.poll() is None


def test_the_script_sees_what_polyvirt_did(qemu, polyvirt):
    qemu()
    for verb, native, state in (("pause", "paused", "paused"), ("unpause", "running", "on")):
        answer = polyvirt("-c", f"qmp://{FOLDER}/", "vm", verb, "100")
        assert answer.status == 0, answer
        assert run_guide()[1]["return"]["status"] == native
        assert view(polyvirt)["state"] == state


def test_the_script_ends_with_an_error_where_no_vm_is(folder, polyvirt):
    done = subprocess.run(["/usr/bin/python3", SCRIPT], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "FileNotFoundError" in done.stderr
    answer = polyvirt("-c", f"qmp://{FOLDER}/", "-o", "json", "vm", "list")
    assert (answer.status, answer.json()) == (0, [])
