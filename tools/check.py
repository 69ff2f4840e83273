#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs all tests of one build folder and closes with one line: N passed, N failed, N skipped."""

import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent


def count(report):
    """Passed, failed and skipped cases of a JUnit report; the skipped with their reasons."""
    passed = failed = 0
    skipped = []
    for case in xml.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif (skip := case.find("skipped")) is not None:
            reason = skip.get("message") or (skip.text or "").strip() or "no reason given"
            skipped.append(f"{case.get('classname', '')}.{case.get('name')}: {reason}")
        else:
            passed += 1
    return passed, failed, skipped


def tap_reasons(log):
    """Why TAP cases were skipped: Meson's report leaves that out, its log has it."""
    found = re.findall(r"^ok \d+ (\S+) # SKIP(?: (.*))?$", log.read_text(errors="replace"), re.MULTILINE)
    return [f"{name}: {reason or 'no reason given'}" for name, reason in found]


def run(title, command, report, environment):
    """One runner; a runner that leaves no report counts as one failure."""
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(f"{title}: {time.monotonic() - begun:.0f} s", flush=True)
    if not report.exists():
        print(f"{title}: no report, exit {status}", file=sys.stderr)
        return 0, 1, []
    passed, failed, skipped = count(report)
    if status and not failed:
        failed = 1
    return passed, failed, skipped


def main():
    build = (ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build")).resolve()
    environment = dict(
        os.environ,
        POLYVIRT=str(build / "polyvirt"),
        POLYVIRT_BUILD=str(build),
        POLYVIRT_GUEST_IMAGE=str(build / "guest.qcow2"),
        LSAN_OPTIONS=f"suppressions={ROOT}/tools/lsan.supp:print_suppressions=0",
        ASAN_OPTIONS="detect_stack_use_after_return=1",
        UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
    )
    unit = ["meson", "test", "-C", str(build), "--no-rebuild", "--print-errorlogs"]
    e2e_report = build / "e2e.xml"
    e2e = ["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--durations=10",
           f"--junitxml={e2e_report}", "tests/e2e"]
    logs = build / "meson-logs"
    passed, failed, unexplained = run("unit tests", unit, logs / "testlog.junit.xml", environment)
    reasons = tap_reasons(logs / "testlog.txt")
    results = [
        (passed, failed, reasons if len(reasons) == len(unexplained) else unexplained),
        run("end-to-end tests", e2e, e2e_report, environment),
    ]
    skipped = [line for result in results for line in result[2]]
    for line in skipped:
        print(f"skipped: {line}")
    failed = sum(result[1] for result in results)
    print(f"{sum(result[0] for result in results)} passed, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
