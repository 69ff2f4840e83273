# SPDX-License-Identifier: Apache-2.0
"""Each mistake and each failure: one sentence, the right status, nothing on stdout."""

import json
import signal
import socket
import subprocess
import threading
import time

import pytest

SIM = "sim:///?vms=3&seed=7"


def assert_one_sentence(result, status, *parts):
    assert result.status == status, result
    assert result.out == ""
    lines = result.err.splitlines()
    assert lines and lines[0].startswith("polyvirt: "), result
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: ")), result
    assert not lines[0].endswith("."), result
    for part in parts:
        assert part in result.err, result


USAGE = [
    ([], "no command was named"),
    (["vmm", "list"], "'vmm'", "did you mean 'vm'"),
    (["list"], "did you mean 'vm list'"),
    (["vm"], "vm needs a verb"),
    (["vm", "lisst"], "did you mean 'vm list'"),
    (["vm", "list", "--colums", "name"], "--colums", "did you mean --columns"),
    (["vm", "list", "-o", "xml"], "xml"),
    (["vm", "list", "-o"], "-o needs a value"),
    (["vm", "list", "--columns", "nmae"], "nmae", "did you mean name"),
    (["vm", "list", "--timeout", "soon"], "timeout"),
    (["vm", "list", "--timeout", "-1"], "timeout"),
    (["vm", "start"], "VM is missing"),
    (["vm", "get", "a", "b"], "unexpected argument 'b'"),
    (["vm", "create", "x", "--memory", "2QiB"], "memory"),
    (["vm", "create", "x", "--memory", "99999999999TiB"], "memory"),
    (["vm", "create", "x", "--cpus", "many"], "cpus"),
    (["vm", "create", "x", "--cpus", "-1"], "cpus"),
    (["vm", "create", "x", "--disk", "size"], "disk"),
    (["vm", "create", "x", "--disk", "sise=1GiB"], "sise"),
    (["vm", "create", "x" * 5000], "name"),
    (["vm", "create", "--memory", "1GiB"], "NAME is missing"),
    (["vm", "create", ""], "name: must not be empty"),
    (["snapshot", "create", "vm-0001", ""], "name: must not be empty"),
    (["vm", "wait", "vm-0001", "--state", "asleep"], "asleep"),
    (["vm", "create", "-f", "/nonexistent.yaml"], "/nonexistent.yaml"),
    (["volume", "create", "datastore1", "v"], "--size is missing"),
    (["completion", "tcsh"], "tcsh"),
    (["context", "use"], "NAME is missing"),
]


@pytest.mark.parametrize("words,parts", [(row[0], row[1:]) for row in USAGE], ids=lambda value: " ".join(value)[:40])
def test_a_wrong_command_line_is_status_2_and_names_the_word(polyvirt, words, parts):
    assert_one_sentence(polyvirt("-c", SIM, *words), 2, *parts)


@pytest.mark.parametrize("uri,part", [
    ("bogus:///", "bogus"), ("sim:///?vmz=1", "vmz"), ("sim:///?vms=many", "vms"), ("nocontext", "no context 'nocontext'"),
    ("", "connect"), ("qemu://user:secret@host/system", "password"), ("sim://host/", "sim"),
])
def test_a_wrong_endpoint_is_status_2(polyvirt, uri, part):
    result = polyvirt("-c", uri, "vm", "list")
    assert_one_sentence(result, 2, part)
    assert "secret" not in result.err


@pytest.mark.parametrize("text,part", [
    ("name: x\nmemmory: 1GiB\n", "memmory"),
    ("name: [1, 2]\n", "name"),
    ("- a\n- b\n", "expected an object"),
    ("name: x\nmemory: \xff\n", "spec.yaml"),
    ("{\"name\": \"x\", ", "spec.yaml"),
    ("name: &a x\nannotation: *a\n" + "a: " * 40, "spec.yaml"),
    ("", "spec.yaml"),
    ("name: x\ncpus: 1.5\n", "cpus"),
    ("name: x\ndisks:\n- {size: lots}\n", "disks[0].size"),
])
def test_a_wrong_spec_file_is_status_2_and_names_the_field(polyvirt, tmp_path, text, part):
    path = tmp_path / "spec.yaml"
    path.write_bytes(text.encode("latin-1"))
    assert_one_sentence(polyvirt("-c", SIM, "vm", "create", "--file", path), 2, part)


def test_a_spec_file_without_end_is_refused(polyvirt):
    result = polyvirt("-c", SIM, "vm", "create", "--file", "/dev/zero")
    assert_one_sentence(result, 2, "longer than")


def test_an_unknown_vm_is_status_4(polyvirt):
    for words in (["vm", "get", "ghost"], ["vm", "start", "ghost"], ["snapshot", "list", "ghost"],
                  ["-y", "vm", "delete", "vm-0002", "ghost"], ["datastore", "get", "ghost"], ["network", "get", "ghost"],
                  ["host", "get", "ghost"], ["-y", "snapshot", "revert", "vm-0001", "ghost"]):
        assert_one_sentence(polyvirt("-c", SIM, *words), 4, "ghost")


def test_a_failure_at_the_endpoint_is_status_1(polyvirt):
    assert_one_sentence(polyvirt("-c", SIM + "&fail=vm.list", "vm", "list"), 1, "vm.list")


def test_a_refused_connection_is_status_3(polyvirt):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = polyvirt("-c", f"qemu+tcp://127.0.0.1:{port}/system", "vm", "list")
    assert_one_sentence(result, 3, "127.0.0.1")
    assert_one_sentence(polyvirt("-c", "qemu+unix:///system?socket=/nonexistent", "vm", "list"), 3, "/nonexistent")


def test_an_endpoint_that_never_answers_ends_at_the_deadline(polyvirt):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        result = polyvirt("-c", f"qemu+tcp://127.0.0.1:{silent.getsockname()[1]}/system", "vm", "list", "--timeout", "1s")
    assert result.status == 3 and "no answer in time" in result.err
    assert time.monotonic() - begun < 2.5


def test_a_slow_endpoint_ends_at_the_deadline(polyvirt):
    begun = time.monotonic()
    assert_one_sentence(polyvirt("-c", SIM + "&delay=20000", "vm", "list", "--timeout", "300ms"), 1, "time", "--timeout")
    assert time.monotonic() - begun < 3


def test_the_worst_of_several_endpoints_decides(polyvirt):
    result = polyvirt("-c", SIM, "-c", "qemu+unix:///system?socket=/nonexistent", "vm", "list", "-o", "name")
    assert result.status == 3 and len(result.lines()) == 3
    assert "polyvirt: qemu+unix:///system?socket=/nonexistent: " in result.err


def test_errors_are_json_lines_where_json_is_asked_for(polyvirt):
    for form in ("json", "jsonl"):
        result = polyvirt("-c", SIM, "-o", form, "vm", "get", "ghost")
        error = json.loads(result.err)["error"]
        assert error["code"] == "not-found" and "ghost" in error["message"] and result.out == ""
    error = json.loads(polyvirt("vm", "lisst", "-o", "json").err)["error"]
    assert error["code"] == "usage" and error["hint"] == "did you mean 'vm list'?"


def test_verbose_shows_the_other_sides_words(polyvirt):
    result = polyvirt("-c", "test:///default", "-v", "vm", "list", "--timeout", "5s", "ghost")
    assert result.status == 4
    error = json.loads(polyvirt("-c", SIM + "&fail=vm.list", "-o", "json", "vm", "list").err)["error"]
    assert error["native_code"] == "SimulatedFault"


# ---- an outcome that cannot be learnt ----

class DyingQemu(threading.Thread):
    """Speaks QMP until it is told to stop the CPUs, then is gone without a word."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.seen = []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(4)

    def run(self):
        while True:
            try:
                client = self.server.accept()[0]
            except OSError:
                return
            with client, client.makefile("r") as requests:
                self.serve(client, requests)

    def serve(self, client, requests):
        answers = {"query-status": {"running": True, "status": "running", "singlestep": False},
                   "query-name": {"name": "doomed"}, "query-version": {"qemu": {"major": 7, "minor": 2, "micro": 0},
                                                                       "package": ""}}
        client.sendall(b'{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}, "package": ""}, '
                       b'"capabilities": []}}\r\n')
        for line in requests:
            request = json.loads(line)
            self.seen.append(request["execute"])
            if request["execute"] == "stop":
                return
            reply = {"return": answers.get(request["execute"], {})}
            if "id" in request:
                reply["id"] = request["id"]
            client.sendall(json.dumps(reply).encode() + b"\r\n")


@pytest.fixture
def dying_qemu(tmp_path):
    qemu = DyingQemu(tmp_path / "vm.sock")
    qemu.start()
    yield qemu
    qemu.server.close()


def test_dry_run_sends_nothing_that_changes(polyvirt, dying_qemu, tmp_path):
    result = polyvirt("-c", f"qmp://{tmp_path}/vm.sock", "--dry-run", "vm", "pause", "doomed", "-o", "json")
    assert result.status == 0, result.err
    assert result.json()[0]["state"] == "on"
    assert "query-status" in dying_qemu.seen and "stop" not in dying_qemu.seen


def test_readonly_refuses_before_the_endpoint_is_asked(polyvirt):
    result = polyvirt("-c", "qemu+unix:///system?socket=/nonexistent", "--readonly", "vm", "start", "x")
    assert_one_sentence(result, 1, "read-only")


def test_an_outcome_that_cannot_be_learnt_is_status_6(polyvirt, dying_qemu, tmp_path):
    result = polyvirt("-c", f"qmp://{tmp_path}/vm.sock", "vm", "pause", "doomed", "-o", "json", timeout=60)
    assert "stop" in dying_qemu.seen
    assert result.status == 6, result
    assert result.json()[0]["result"] == "unknown"
    assert json.loads(result.err.splitlines()[-1])["error"]["code"] == "unknown"


# ---- ending early ----

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_ends_work_within_a_second_with_status_130(start, wait_until, number):
    process = start("-c", SIM + "&delay=20000", "vm", "list")
    wait_until(lambda: threads(process.pid) > 2, what="the work")
    begun = time.monotonic()
    process.send_signal(number)
    assert process.wait(5) == 130
    assert time.monotonic() - begun < 1
    assert process.stdout.read() == ""
    assert process.stderr.read().startswith("polyvirt: ")


def test_a_signal_ends_the_wait_for_a_silent_daemon_too(start, wait_until):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        process = start("-c", f"qemu+tcp://127.0.0.1:{silent.getsockname()[1]}/system", "vm", "list")
        wait_until(lambda: threads(process.pid) > 2, what="the work")
        process.send_signal(signal.SIGINT)
        assert process.wait(1.5) == 130


def test_a_second_signal_ends_at_once(start, wait_until):
    """A peer that is connected and silent cannot hold the program either."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        process = start("-c", f"qemu+tcp://127.0.0.1:{silent.getsockname()[1]}/system", "vm", "list")
        wait_until(lambda: threads(process.pid) > 2, what="the work")
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)  # two signals of one kind that meet are one
        process.send_signal(signal.SIGINT)
        assert process.wait(1) == 130


def threads(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))
    except (FileNotFoundError, StopIteration):
        return 0


def test_a_host_without_an_address_makes_no_noise(polyvirt_path, environment):
    # libvirt's library warns on stderr of its own accord where the host's name has no address
    alone = ["unshare", "--map-root-user", "--uts", "sh", "-c", 'hostname no-such-address && exec "$@"', "sh"]
    if subprocess.run(alone + ["true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody unshare the host name")
    done = subprocess.run(alone + [polyvirt_path, "-c", "test:///default", "host", "list"], env=environment,
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
