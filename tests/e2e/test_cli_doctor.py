# SPDX-License-Identifier: Apache-2.0
"""doctor, and the accelerator that it measures: with the real QEMU, and with ones that misbehave."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

PAYLOAD_DONE = 33  # status of a QEMU whose guest ran the payload to its end


def findings(result):
    return {row["check"]: row for row in result.json()}


def test_doctor_says_which_accelerator_runs_guests_and_keeps_the_answer(polyvirt, environment):
    first = polyvirt("doctor", "-o", "json", timeout=60)
    assert first.status == 0, first.err
    rows = findings(first)
    assert {"qemu", "kvm", "tcg", "accelerator", "libvirt", "qemu-img", "disk", "memory", "locale", "config"} <= set(rows)
    assert rows["tcg"]["result"] == "ok"
    accelerator = rows["accelerator"]["detail"].split(":")[0]
    assert accelerator == ("kvm" if rows["kvm"]["detail"].startswith("ran") and accelerator == "kvm" else "tcg")
    if not os.path.exists("/dev/kvm"):
        assert accelerator == "tcg" and rows["kvm"]["detail"].endswith("no /dev/kvm")
    again = findings(polyvirt("doctor", "-o", "json"))
    assert "kept" in again["accelerator"]["detail"]
    assert again["tcg"]["detail"] == rows["tcg"]["detail"]
    cache = pathlib.Path(environment["XDG_CACHE_HOME"], "polyvirt", "accel.json")
    assert len(json.loads(cache.read_text())["entries"]) == 1


def test_doctor_is_readable_on_screen(polyvirt):
    result = polyvirt("doctor", env={"POLYVIRT_ACCEL": "tcg"})
    assert result.lines()[0].split() == ["CHECK", "RESULT", "DETAIL", "HINT"]


def test_advice_is_not_cut_on_a_narrow_screen(terminal):
    screen = terminal("doctor", env={"PATH": "/nonexistent"}, columns=40)
    assert screen.wait() == 1
    assert "there is no qemu-system-x86_64 in PATH" in screen.text()
    assert "hint: install qemu-system-x86" in screen.text()


def test_the_environment_overrides_and_is_named(polyvirt):
    for accelerator in ("kvm", "tcg"):
        rows = findings(polyvirt("doctor", "-o", "json", env={"POLYVIRT_ACCEL": accelerator}))
        assert rows["accelerator"]["detail"] == f"{accelerator}: POLYVIRT_ACCEL says so"
    result = polyvirt("doctor", "-o", "json", env={"POLYVIRT_ACCEL": "xen"})
    assert result.status == 1 and "POLYVIRT_ACCEL" in findings(result)["accelerator"]["detail"]


@pytest.fixture
def fake_qemu(tmp_path, environment):
    """Puts a qemu-system-x86_64 of one's own first in PATH: shell lines that see $accel and $cpu."""

    def make(lines):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "qemu-system-x86_64"
        program.write_text(f"""#!/bin/sh
if [ "$1" = --version ]; then echo "QEMU emulator version 99.1.2 (fake)"; exit 0; fi
cpu=
while [ $# -gt 0 ]; do
    case $1 in -accel) accel=$2;; -cpu) cpu=$2;; -bios) rom=$2;; esac
    shift
done
{lines}
""")
        program.chmod(0o755)
        return {"PATH": f"{folder}:{environment['PATH']}"}

    return make


needs_kvm = pytest.mark.skipif(not os.access("/dev/kvm", os.R_OK | os.W_OK), reason="/dev/kvm cannot be opened here")


@needs_kvm
def test_the_faster_one_that_finishes_wins(polyvirt, fake_qemu):
    fast_kvm = fake_qemu(f"[ $accel = tcg ] && sleep 0.4; exit {PAYLOAD_DONE}")
    assert findings(polyvirt("doctor", "-o", "json", env=fast_kvm))["accelerator"]["detail"].startswith("kvm: ")
    slow_kvm = fake_qemu(f"[ $accel = kvm ] && sleep 0.4; exit {PAYLOAD_DONE}")
    rows = findings(polyvirt("doctor", "--refresh", "-o", "json", env=slow_kvm))
    assert rows["accelerator"]["detail"].startswith("tcg: KVM is slower")


@needs_kvm
def test_a_kvm_that_hangs_is_killed_at_its_deadline(polyvirt, fake_qemu, tmp_path):
    pid = tmp_path / "pid"
    env = fake_qemu(f"[ $accel = kvm ] && {{ echo $$ > {pid}; exec sleep 600; }}; exit {PAYLOAD_DONE}")
    begun = time.monotonic()
    rows = findings(polyvirt("doctor", "-o", "json", env=env))
    assert time.monotonic() - begun < 8
    assert "deadline passed" in rows["kvm"]["detail"]
    assert rows["accelerator"]["detail"].startswith("tcg: ")
    assert not os.path.exists(f"/proc/{pid.read_text().strip()}")


@needs_kvm
def test_a_host_cpu_that_aborts_is_told_of(polyvirt, fake_qemu):
    env = fake_qemu(f"[ \"$cpu\" = host ] && kill -ABRT $$; exit {PAYLOAD_DONE}")
    rows = findings(polyvirt("doctor", "-o", "json", env=env))
    assert rows["kvm"]["result"] == "warn" and "with -cpu host: aborted by signal 6" in rows["kvm"]["detail"]


def test_a_qemu_that_runs_nothing_is_a_failure(polyvirt, fake_qemu):
    result = polyvirt("doctor", "-o", "json", env=fake_qemu("echo 'no such machine' >&2; exit 1"))
    assert result.status == 1
    assert "ended with status 1: no such machine" in findings(result)["accelerator"]["detail"]


def test_a_qemu_that_floods_and_lies_is_bounded(polyvirt, fake_qemu):
    result = polyvirt("doctor", "-o", "json", env=fake_qemu("head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; exit 33"))
    assert result.status == 0


def test_a_missing_qemu_is_a_failure_with_a_hint(polyvirt, tmp_path):
    (tmp_path / "empty").mkdir()
    result = polyvirt("doctor", "-o", "json", env={"PATH": str(tmp_path / "empty")})
    assert result.status == 1
    assert findings(result)["qemu"] == {"check": "qemu", "result": "fail",
                                        "detail": "there is no qemu-system-x86_64 in PATH",
                                        "hint": "install qemu-system-x86"}


def test_a_broken_cache_is_measured_over(polyvirt, environment, fake_qemu):
    cache = pathlib.Path(environment["XDG_CACHE_HOME"], "polyvirt", "accel.json")
    cache.parent.mkdir(parents=True)
    env = fake_qemu(f"[ $accel = kvm ] && exit 1; exit {PAYLOAD_DONE}")
    for text in ("", "{", '{"entries": [{"key": "x"}]}', "[]", '{"entries": 7}', "\0" * 100):
        cache.write_text(text)
        rows = findings(polyvirt("doctor", "-o", "json", env=env))
        assert rows["accelerator"]["detail"].startswith("tcg: ") and "kept" not in rows["accelerator"]["detail"]


def test_another_qemu_is_measured_anew(polyvirt, fake_qemu):
    env = fake_qemu(f"exit {PAYLOAD_DONE}")
    polyvirt("doctor", "-o", "json", env=env)
    assert "kept" in findings(polyvirt("doctor", "-o", "json", env=env))["accelerator"]["detail"]
    env = fake_qemu(f"# another\nexit {PAYLOAD_DONE}")
    assert "kept" not in findings(polyvirt("doctor", "-o", "json", env=env))["accelerator"]["detail"]


def test_interrupted_doctor_leaves_no_trial_behind(start, fake_qemu, tmp_path, wait_until):
    pid = tmp_path / "pid"
    process = start("doctor", env=fake_qemu(f"echo $$ > {pid}; exec sleep 600"))
    wait_until(lambda: pid.exists() and pid.read_text().strip(), what="the trial")
    process.send_signal(signal.SIGINT)
    assert process.wait(3) == 130
    assert not os.path.exists(f"/proc/{pid.read_text().strip()}")


def test_killed_doctor_takes_its_trial_with_it(start, fake_qemu, tmp_path, wait_until):
    pid = tmp_path / "pid"
    process = start("doctor", env=fake_qemu(f"echo $$ > {pid}; exec sleep 600"))
    wait_until(lambda: pid.exists() and pid.read_text().strip(), what="the trial")
    process.send_signal(signal.SIGKILL)
    process.wait(3)
    wait_until(lambda: not os.path.exists(f"/proc/{pid.read_text().strip()}"), timeout=5, what="the trial's end")


def test_no_rom_file_stays_behind(polyvirt, fake_qemu, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    polyvirt("doctor", env=dict(fake_qemu(f"exit {PAYLOAD_DONE}"), TMPDIR=str(temporary)))
    assert list(temporary.iterdir()) == []


def test_a_broken_config_is_a_failure_that_names_the_line(polyvirt, environment):
    path = pathlib.Path(environment["XDG_CONFIG_HOME"], "polyvirt", "config.yaml")
    path.parent.mkdir(parents=True)
    path.write_text("contexts: 7\n")
    result = polyvirt("doctor", "-o", "json", env={"POLYVIRT_ACCEL": "tcg"})
    assert result.status == 1 and f"{path}:1" in findings(result)["config"]["detail"]


def test_a_locale_without_utf8_is_a_warning(polyvirt):
    rows = findings(polyvirt("doctor", "-o", "json", env={"POLYVIRT_ACCEL": "tcg", "LC_ALL": "C"}))
    assert rows["locale"]["result"] == "warn"
