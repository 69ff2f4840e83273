# SPDX-License-Identifier: Apache-2.0
"""What a person at a terminal sees: questions, passwords, progress, widths, colours."""

import os
import re
import signal
import subprocess
import time

SIM = "sim:///?vms=3&seed=7"
SLOW = "sim:///?vms=3&seed=7&delay=1600"


def visible(text):
    """The screen's last state of one line that is overwritten, and what else was written."""
    return re.sub(r"\r\x1b\[K", "\n", text)


# ---- questions ----

def test_a_disruptive_verb_asks_and_yes_goes_on(terminal):
    screen = terminal("-c", SIM, "vm", "stop", "vm-0001")
    screen.read(r"vm stop vm-0001 on sim:///\S+\? \[y/N\] ")
    screen.send("y\n")
    assert screen.wait() == 0
    assert re.search(r"vm-0001 +vm.stop +ok +off", screen.text())


def test_anything_but_yes_changes_nothing(terminal):
    for answer in ("\n", "n\n", "what\n", "\x04"):
        screen = terminal("-c", SIM, "vm", "stop", "vm-0001")
        screen.read(r"\[y/N\] ")
        screen.send(answer)
        assert screen.wait() in (1, 130)
        assert "vm.stop" not in screen.text()


def test_control_c_at_the_question_is_130(terminal):
    screen = terminal("-c", SIM, "vm", "stop", "vm-0001")
    screen.read(r"\[y/N\] ")
    screen.send("\x03")
    assert screen.wait() == 130


def test_without_a_terminal_it_refuses_with_status_2(polyvirt):
    result = polyvirt("-c", SIM, "vm", "stop", "vm-0001", input="y\n")
    assert result.status == 2 and "--yes" in result.err and result.out == ""


def test_yes_and_dry_run_do_not_ask(polyvirt):
    assert polyvirt("-c", SIM, "--yes", "vm", "stop", "vm-0001").status == 0
    assert polyvirt("-c", SIM, "--dry-run", "vm", "stop", "vm-0001").status == 0


def test_a_hostile_name_in_the_question_is_made_safe(terminal):
    screen = terminal("-c", SIM, "vm", "stop", "a\x1b]0;owned\x07b")
    text = screen.read(r"\[y/N\] ")
    assert "\x1b]0;" not in text and "\\x1b]0;owned" in text
    screen.send("n\n")
    screen.wait()


# ---- progress ----

def test_work_over_a_second_shows_progress_and_leaves_no_trace(terminal):
    screen = terminal("-c", SLOW, "vm", "list")
    screen.read(r"vm\.list.* 0:01")
    assert screen.wait() == 0
    last = screen.text().rsplit("\r\x1b[K", 1)[1]
    assert last.startswith("NAME") and "\x1b" not in last


def test_quick_work_shows_none(terminal):
    screen = terminal("-c", SIM, "vm", "list")
    assert screen.wait() == 0
    assert "\x1b[K" not in screen.text()


def test_several_targets_show_how_many_are_done(terminal):
    screen = terminal("-c", "sim:///?vms=24&delay=500", "-y", "vm", "reset", *[f"vm-{n:04}" for n in range(1, 24, 1)])
    screen.read(r"\d% .* of 23 VMs")
    assert screen.wait() in (0, 1)


def test_quiet_shows_no_progress(terminal):
    screen = terminal("-c", SLOW, "--quiet", "vm", "list")
    assert screen.wait() == 0
    assert "\x1b[K" not in screen.text()


def test_progress_stays_within_a_narrow_and_a_resized_terminal(terminal):
    screen = terminal("-c", "sim:///?vms=3&delay=2500", "vm", "list", columns=30)
    screen.read(r"vm\.list")
    screen.resize(24, 14)
    screen.signal(signal.SIGWINCH)
    mark = len(screen.text())
    assert screen.wait() == 0
    lines = [line for line in visible(screen.text()[:mark]).split("\n") if "vm.list" in line]
    assert lines and all(len(line) < 30 for line in lines)
    later = [line for line in visible(screen.text()[mark:]).split("\n")[2:] if "vm.li" in line]
    assert later and all(len(line) < 14 for line in later)


def test_control_c_during_progress_leaves_a_clean_line(terminal):
    screen = terminal("-c", "sim:///?delay=20000", "vm", "list")
    screen.read(r"vm\.list.* 0:01")
    begun = time.monotonic()
    screen.send("\x03")
    assert screen.wait() == 130
    assert time.monotonic() - begun < 1
    assert "polyvirt: " in screen.text().rsplit("\x1b[K", 1)[1]


# ---- widths and colours ----

def test_a_narrow_terminal_cuts_cells_not_lines(terminal):
    screen = terminal("-c", SIM, "-o", "wide", "vm", "list", columns=60)
    assert screen.wait() == 0
    lines = [line for line in screen.text().split("\r\n") if line]
    assert len(lines) == 4


def test_colour_follows_the_terminal_and_the_environment(terminal, polyvirt):
    def colours(*words, env=None):
        screen = terminal("-c", SIM, *words, "vm", "get", "ghost", env=env)
        assert screen.wait() == 4
        return "\x1b[31m" in screen.text()

    assert colours()
    assert not colours("--no-color")
    assert not colours(env={"NO_COLOR": "1"})
    assert not colours(env={"CLICOLOR": "0"})
    assert not colours(env={"TERM": "dumb"})
    assert "\x1b" not in polyvirt("-c", SIM, "vm", "get", "ghost").err
    assert "\x1b[31m" in polyvirt("-c", SIM, "vm", "get", "ghost", env={"CLICOLOR_FORCE": "1"}).err


# ---- job control ----

def test_it_stops_and_goes_on_like_any_program(terminal, wait_until):
    screen = terminal("-c", "sim:///?vms=3&delay=1500", "vm", "list")
    screen.signal(signal.SIGSTOP)
    assert os.WIFSTOPPED(os.waitpid(screen.pid, os.WUNTRACED)[1])
    screen.signal(signal.SIGCONT)
    assert screen.wait() == 0


def test_closing_the_terminal_ends_it(polyvirt_path, environment):
    """The shell's window goes away: SIGHUP, status 130, no process left."""
    process = subprocess.Popen([polyvirt_path, "-c", "sim:///?delay=20000", "vm", "list"], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.3)
        process.send_signal(signal.SIGHUP)
        assert process.wait(5) == 130
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
