#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""List 5,000 domains through a libvirt daemon: polyvirt against virsh, and the start-up of both.

Both programs are run in turn on the same daemon and the fastest round of each is taken, the one
that other work on the machine disturbed least. The domains live
in libvirt's test driver, so that what is measured is the way to them, not a hypervisor. Two cases:

  shared   test:///default of the daemon, filled once; opening it costs nothing
  file     test:///…/node.xml (--file): the daemon reads the file at every open, which both pay, and
           which takes so long that the list itself can hardly be told

"beyond start" leaves out what the program needs to start and to open the connection (virsh uri,
polyvirt session info). Prints the ratios; --check fails below the goals.

    bench/libvirt-list.py [--polyvirt build/polyvirt] [--domains 5000] [--rounds 5] [--check]
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import libvirt  # noqa: E402
from libvirt_fixture import Libvirt  # noqa: E402

GOAL_LIST = 5.0     # times faster than virsh, beyond start
GOAL_START = 1.0    # start-up no slower


def domain_xml(i):
    return (f"<domain type='test'><name>vm{i:05d}</name><uuid>{i:08x}-0000-4000-8000-000000000000</uuid>"
            "<memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>")


def run(argv, env):
    begun = time.perf_counter()
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    elapsed = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"{' '.join(argv)}: {done.stderr.decode(errors='replace')}")
    return elapsed * 1000, done.stdout


def alternate(commands, rounds, env):
    """The fastest run of each command in milliseconds; they take turns."""
    times = [[] for _ in commands]
    for _ in range(rounds):
        for taken, argv in zip(times, commands):
            taken.append(run(argv, env)[0])
    return [min(taken) for taken in times]


def report(what, ours, theirs):
    ratio = theirs / ours if ours > 0 else float("inf")
    print(f"{what:34} polyvirt {ours:9.1f} ms   virsh {theirs:9.1f} ms   ratio {ratio:6.1f}")
    return ratio


def case(name, uri, args, env):
    ours, theirs, our_open, their_open = alternate([
        [args.polyvirt, "-c", uri, "vm", "list"], ["virsh", "-c", uri, "list", "--all"],
        [args.polyvirt, "-c", uri, "session", "info"], ["virsh", "-c", uri, "uri"]], args.rounds, env)
    for argv in ([args.polyvirt, "-c", uri, "-o", "name", "vm", "list"], ["virsh", "-c", uri, "list", "--all", "--name"]):
        count = len(run(argv, env)[1].split())
        if count < args.domains:
            sys.exit(f"{argv[0]} listed {count} of {args.domains} domains")
    report(f"{name}: list, whole", ours, theirs)
    return report(f"{name}: list, beyond start", max(ours - our_open, 1.0), max(theirs - their_open, 1.0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--polyvirt", default=os.environ.get("POLYVIRT", str(ROOT / "build" / "polyvirt")))
    parser.add_argument("--domains", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--file", action="store_true", help="the case file, too")
    parser.add_argument("--check", action="store_true", help="exit 1 below the goals")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="pvb", dir="/var/tmp") as folder, Libvirt(folder + "/lv") as daemon:
        env = dict(os.environ, LC_ALL="C.UTF-8", XDG_CONFIG_HOME=folder)
        node = os.path.join(folder, "node.xml")
        with open(node, "w", encoding="utf-8") as f:
            f.write("<node>" + "".join(domain_xml(i) for i in range(1, args.domains + 1)) + "</node>")
        shared = f"test+unix:///default?socket={daemon.socket}"
        keep = libvirt.open(shared)  # the daemon drops what nobody holds
        for i in range(1, args.domains + 1):
            keep.defineXML(domain_xml(i))
        worst = case("shared", shared, args, env)
        if args.file:
            case("file", f"test+unix://{node}?socket={daemon.socket}", args, env)
        keep.close()
        start = alternate([[args.polyvirt, "--version"], ["virsh", "--version"]], 4 * args.rounds, env)
    start_ratio = report("start-up: --version", *start)
    print(f"goals: list beyond start {GOAL_LIST:.0f} times faster (here {worst:.1f}), start-up no slower "
          f"(here {start_ratio:.2f})")
    return 1 if args.check and (worst < GOAL_LIST or start_ratio < GOAL_START) else 0


if __name__ == "__main__":
    sys.exit(main())
