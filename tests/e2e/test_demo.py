# SPDX-License-Identifier: Apache-2.0
"""The demo leaves nothing behind when it is interrupted."""

import os
import pathlib
import re
import signal
import subprocess

from conftest import BUILD, ROOT


def processes_below(folder):
    """Command lines of the processes that name the folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if folder in line:
            found.append(line)
    return found


def test_ctrl_c_in_the_demo_leaves_nothing(guest_image, tmp_path):
    # a build folder of its own: the demo's report must not replace that of a real run
    build = tmp_path / "build"
    build.mkdir()
    (build / "polyvirt").symlink_to(BUILD / "polyvirt")
    (build / "guest.qcow2").symlink_to(guest_image)
    demo = subprocess.Popen(["/usr/bin/python3", str(ROOT / "demo" / "demo.py"), "--build", str(build)],
                            stdout=subprocess.PIPE, text=True, start_new_session=True)
    folder = None
    for line in demo.stdout:
        folder = folder or (match := re.search(r"/var/tmp/pvdemo-\w+", line)) and match.group()
        if "vm start" in line:  # a guest runs: what a terminal does on Ctrl-C
            os.killpg(demo.pid, signal.SIGINT)
            break
    rest = demo.stdout.read()
    assert demo.wait(timeout=60) == 130, rest
    assert folder and not pathlib.Path(folder).exists()
    assert processes_below(folder) == []
