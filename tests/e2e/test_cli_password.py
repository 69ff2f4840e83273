# SPDX-License-Identifier: Apache-2.0
"""Where a password comes from, on what a server accepts afterwards: polyvirt's own."""

import json
import re
import signal
import subprocess
import time

import pytest
import requests
import urllib3

urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

SERVE = ["serve", "--backend", "sim:///?vms=1", "--user", "admin", "--listen", "127.0.0.1:0", "-o", "jsonl"]


def accepts(url, password):
    """Does the server let admin in with this password?"""
    return requests.post(f"{url}/api/session", auth=("admin", password), verify=False, timeout=10).ok


@pytest.fixture
def serving(start, tmp_path):
    """serving(*options, env=…) -> the URL of a server that answers."""

    def call(*options, **named):
        process = start(*SERVE, "--state", tmp_path / "state", *options, **named)
        line = process.stdout.readline()
        assert line, process.stderr.read()
        return json.loads(line)["url"]

    return call


def secret_file(tmp_path, text, mode=0o600):
    path = tmp_path / "password"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_line_of_a_file_is_the_password(serving, tmp_path):
    url = serving("--password-file", secret_file(tmp_path, "from file\nsecond line\n"))
    assert accepts(url, "from file") and not accepts(url, "from file\nsecond line")


def test_a_command_prints_the_password(serving):
    assert accepts(serving("--password-command", "echo from command; echo more"), "from command")


def test_the_environment_comes_after_file_and_command(serving, tmp_path):
    url = serving("--password-file", secret_file(tmp_path, "file"), env={"POLYVIRT_PASSWORD": "environment"})
    assert accepts(url, "file") and not accepts(url, "environment")


def test_the_environment_goes_before_asking(serving):
    assert accepts(serving(env={"POLYVIRT_PASSWORD": "environment"}), "environment")


def test_a_person_is_asked_without_echo(terminal, tmp_path):
    screen = terminal(*SERVE, "--state", tmp_path / "state")
    screen.read("Password of admin at .*: ")
    assert not screen.echoes()
    screen.send("typed in\n")
    url = re.search(r'"url":"([^"]+)"', screen.read(r'"url":"[^"]+"'))[1]
    assert screen.echoes()
    assert "typed in" not in screen.text()
    assert accepts(url, "typed in")
    screen.send("\x03")
    assert screen.wait() in (0, 130)


@pytest.mark.parametrize("how", ["control-c", "SIGTERM", "control-d"])
def test_echo_comes_back_when_the_question_is_not_answered(terminal, tmp_path, how):
    screen = terminal(*SERVE, "--state", tmp_path / "state")
    screen.read("Password of admin")
    assert not screen.echoes()
    if how == "SIGTERM":
        screen.signal(signal.SIGTERM)
    else:
        screen.send("\x03" if how == "control-c" else "\x04")
    assert screen.wait() == 130
    assert screen.echoes()


@pytest.mark.parametrize("options,status,part", [
    (["--password-file", "/nonexistent/password"], 2, "password file /nonexistent/password"),
    (["--password-file", "/dev/null"], 3, "holds no password"),
    (["--password-file", "/dev/zero"], 2, "longer than"),
    (["--password-file", "/"], 2, "password file /: Is a directory"),
    (["--password-command", "sleep 9", "--timeout", "300ms"], 3, "within 0.3 s"),
    (["--password-command", "exit 7"], 3, "status 7"),
    (["--password-command", "kill -9 $$"], 3, "signal 9"),
    (["--password-command", "true"], 3, "holds no password"),
    (["--password-command", "head -c 100000 /dev/zero"], 3, "more than"),
    ([], 3, "no terminal"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_a_password_that_cannot_be_had_is_told_in_a_sentence(polyvirt_path, environment, tmp_path, options, status, part):
    done = subprocess.run([polyvirt_path, *SERVE, "--state", str(tmp_path / "state"), *options], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False,
                          start_new_session=True)  # no controlling terminal
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert done.returncode == status and part in error["message"], done.stderr
    assert done.stdout == ""


def test_a_command_that_hangs_is_left_at_control_c(start, tmp_path):
    process = start(*SERVE, "--state", tmp_path / "state", "--password-command", "exec 2>/dev/null; sleep 9 & sleep 9")
    time.sleep(0.5)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    assert time.monotonic() - begun < 1


def test_a_readable_password_file_is_warned_about(serving, start, tmp_path):
    path = secret_file(tmp_path, "pw\n", mode=0o644)
    process = start(*SERVE, "--state", tmp_path / "state", "--password-file", path)
    assert process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    assert f"{path} can be read by others" in process.stderr.read()


def test_no_option_takes_a_secret(polyvirt):
    options = re.findall(r"--[a-z-]+", polyvirt("--help").out + polyvirt("serve", "--help").out)
    assert "--password" not in options and "--password-file" in options
    assert polyvirt("--password", "x", "vm", "list").status == 2


def test_the_password_is_nowhere_to_be_seen(start, tmp_path):
    """Not in the arguments, not in the trace."""
    process = start(*SERVE, "--state", tmp_path / "state", "--trace", "-v", "--password-command", "echo s3cr3t-w0rd")
    url = json.loads(process.stdout.readline())["url"]
    assert accepts(url, "s3cr3t-w0rd")
    with open(f"/proc/{process.pid}/cmdline", "rb") as line:
        assert line.read().count(b"s3cr3t-w0rd") == 1  # what the test itself put into the command
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    assert "s3cr3t-w0rd" not in process.stderr.read()
