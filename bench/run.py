#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the measurements and prints their ratios: run.py BUILD [NAME ...].

Every figure is a ratio against the named other, taken in the same run on the same machine. Nothing
here passes or fails: a goal that is missed is printed as missed.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# name, what it measures, command relative to the build folder ("{build}") or the root
BENCHES = [
    ("qmp", "QMP round trips on one connection against a bare socket loop (goal: 95 %)", ["{build}/bench/qmp-rtt"]),
    ("libvirt-list", "list of 5,000 domains through libvirtd and start-up against virsh (goals: 5 times, no slower)",
     ["/usr/bin/python3", "{root}/bench/libvirt-list.py"]),
]


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    chosen = sys.argv[2:]
    unknown = set(chosen) - {name for name, _, _ in BENCHES}
    if unknown:
        print(f"bench: no measurement is named {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    environment = dict(os.environ, POLYVIRT=str(build / "polyvirt"), POLYVIRT_BUILD=str(build))
    status = 0
    for name, what, command in BENCHES:
        if chosen and name not in chosen:
            continue
        print(f"== {name}: {what}", flush=True)
        words = [word.format(build=build, root=ROOT) for word in command]
        status |= subprocess.run(words, env=environment, check=False).returncode != 0
    return status


if __name__ == "__main__":
    sys.exit(main())
