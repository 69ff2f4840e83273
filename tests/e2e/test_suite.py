# SPDX-License-Identifier: Apache-2.0
"""`polyvirt test`: the suite against real endpoints, what it leaves behind, and that it finds planted faults."""

import contextlib
import json
import os
import random
import re
import signal
import ssl
import subprocess
import tempfile
import threading
import xml.etree.ElementTree as xml
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from libvirt_fixture import Libvirt
from server_fixture import PASSWORD, USER, serving
from test_qmp import Rig

SIM = "sim:///?vms=5&seed=1"


def summary(result):
    """The counts of the closing line by name."""
    line = next(line for line in result.lines() if re.match(r"\d+ passed", line))
    return {name: int(number) for number, name in re.findall(r"(\d+) (\w+)", line)}


def connect(server, tmp_path):
    password = tmp_path / "pw"
    password.touch(mode=0o600)
    password.write_text(PASSWORD + "\n")
    port = server.port if hasattr(server, "port") else server
    return ("-c", f"vsphere://{USER.replace('@', '%40')}@127.0.0.1:{port}", "--insecure", "--password-file", password)


# ---- what there is ----

def test_the_list_needs_no_endpoint_and_can_be_narrowed(polyvirt):
    everything = polyvirt("test", "list", "-o", "json").json()
    assert len({case["uid"] for case in everything}) == len(everything) > 300
    power = polyvirt("test", "list", "neutral/power", "-o", "name").lines()
    assert power and all(name.startswith("neutral/power/") for name in power)
    assert polyvirt("test", "list", "n0001", "-o", "name").lines() == ["neutral/read/endpoint-info"]
    parts = [polyvirt("test", "list", "--shard", f"{i}/3", "-o", "name").lines() for i in (1, 2, 3)]
    assert sorted(sum(parts, [])) == sorted(case["id"] for case in everything)


def test_a_word_that_no_case_answers_to_is_told(polyvirt):
    result = polyvirt("test", "list", "neutral/pwer")
    assert result.status == 4
    assert "no case is called 'neutral/pwer'" in result.err


def test_a_mistake_in_a_file_of_ones_own_names_its_place(polyvirt, tmp_path):
    suite = tmp_path / "own.yaml"
    suite.write_text("suite: own\ncases:\n  - id: one\n    uid: o1\n    title: t\n    clause: c\n    steps:\n"
                     "      - { op: vm.lists }\n")
    result = polyvirt("test", "list", "--suite", suite)
    assert result.status == 2
    assert f"{suite}:8:" in result.err and "did you mean 'vm.list'?" in result.err


def test_cases_of_ones_own_run_with_the_programs(polyvirt, tmp_path):
    suite = tmp_path / "own.yaml"
    suite.write_text("suite: own\ncases:\n  - { id: one, uid: o1, title: five VMs, clause: c, "
                     "steps: [{ op: vm.list, expect: { /: { count: 5 } } }] }\n")
    result = polyvirt("-c", SIM, "test", "run", "own", "--suite", suite)
    assert (result.status, summary(result)["passed"]) == (0, 1)


# ---- endpoints ----

def test_the_simulator_passes_all(polyvirt):
    result = polyvirt("-c", SIM, "test", "run", "--level", "lifecycle")
    assert result.status == 0, result.out
    assert summary(result)["passed"] > 100 and summary(result)["failed"] == 0


def test_libvirts_test_driver_passes_all(polyvirt):
    result = polyvirt("-c", "test:///default", "test", "run", "--level", "lifecycle")
    assert result.status == 0, result.out
    assert summary(result)["passed"] > 100


# Where the profile for the guide's code answers otherwise than a vCenter: 201 and 204 in /rest.
GUIDE_DIFFERS = ("r0251", "r0271", "r0272", "r0273", "r0274")


@pytest.mark.parametrize("profile, differs", [("vcenter", ()), ("guide", GUIDE_DIFFERS)])
def test_the_server_passes_all(polyvirt, tmp_path, profile, differs):
    known = tmp_path / "known.json"
    known.write_text(json.dumps({uid: "fail" for uid in differs}))
    with serving(profile=profile) as server:
        result = polyvirt(*connect(server, tmp_path), "test", "run", "--level", "lifecycle", "--expectations", known,
                          timeout=120)
    assert result.status == 0, result.out
    assert summary(result)["passed"] > 200


def test_a_real_qemu_passes_all_with_a_vm_that_is_lent(polyvirt):
    rig = Rig()
    try:
        rig.qemu("lent", "-name", "lent", run=True)
        result = polyvirt("-c", rig.uri("lent"), "test", "run", "--level", "lifecycle", "--use-vm", "lent")
        assert result.status == 0, result.out
        assert summary(result)["passed"] > 100
        assert polyvirt("-c", rig.uri("lent"), "vm", "get", "lent", "-o", "json").json()["state"] == "on"
    finally:
        rig.close()


def test_real_guests_of_libvirt_pass_all(polyvirt):
    with tempfile.TemporaryDirectory(prefix="pv-su-") as folder, Libvirt(os.path.join(folder, "l")) as daemon:
        result = polyvirt("-c", daemon.uri, "test", "run", "--level", "lifecycle", timeout=300)
        assert result.status == 0, result.out
        assert summary(result)["passed"] > 100
        assert polyvirt("-c", daemon.uri, "vm", "list", "-o", "json").json() == []


def test_the_server_passes_all_with_real_guests_behind_it(polyvirt, tmp_path):
    with tempfile.TemporaryDirectory(prefix="pv-su-") as folder, Libvirt(os.path.join(folder, "l")) as daemon:
        with serving(backends=[daemon.uri]) as server:
            result = polyvirt(*connect(server, tmp_path), "test", "run", "--level", "lifecycle", timeout=300)
    assert result.status == 0, result.out
    assert summary(result)["passed"] > 200


def test_reads_change_nothing(polyvirt, tmp_path):
    with serving() as server:
        before = server.client().get("/api/vcenter/vm").json()
        result = polyvirt(*connect(server, tmp_path), "test", "run")
        assert (result.status, server.client().get("/api/vcenter/vm").json()) == (0, before), result.out


def test_a_dry_run_names_the_cases_and_sends_nothing(polyvirt, tmp_path, honest):
    endpoint = connect(honest, tmp_path)
    before = names(honest)
    planned = polyvirt(*endpoint, "--dry-run", "test", "run", "neutral/vm", "--level", "lifecycle", "-o", "name").lines()
    assert "neutral/vm/create/minimal" in planned
    shown = polyvirt(*endpoint, "--dry-run", "raw", "DELETE", "/api/vcenter/vm/vm-0").json()
    assert (shown["method"], names(honest)) == ("DELETE", before)


def test_an_endpoint_that_is_not_there_is_status_3(polyvirt):
    result = polyvirt("-c", "qmp:///nonexistent.sock", "test", "run")
    assert result.status == 3 and "nonexistent.sock" in result.err


def test_cases_for_other_apis_alone_are_no_run(polyvirt):
    result = polyvirt("-c", SIM, "test", "run", "qmp")
    assert result.status == 4 and "is for sim endpoints" in result.err


# ---- reports ----

def test_a_run_folder_makes_every_report(polyvirt, tmp_path):
    polyvirt("-c", SIM, "test", "run", "neutral/read")
    assert polyvirt("test", "report", "--format", "tap").out.startswith("TAP version 14\n1..")
    suite = xml.fromstring(polyvirt("test", "report", "latest", "--format", "junit").out.encode()).find("testsuite")
    assert int(suite.get("tests")) == len(suite.findall("testcase")) > 20
    document = json.loads(polyvirt("test", "report", "--format", "json").out)
    assert document["run"]["passed"] == len(document["results"])
    page = tmp_path / "report.html"
    assert polyvirt("test", "report", "--format", "html", "--out", page).status == 0
    assert "<script" not in page.read_text() and "What works here" in page.read_text()
    assert polyvirt("test", "report", "--format", "markdown").out.startswith("## API suite")


def test_a_failure_is_a_card_and_can_be_run_again_alone(polyvirt, tmp_path):
    suite = tmp_path / "own.yaml"
    suite.write_text("suite: own\ncases:\n  - { id: one, uid: o1, title: six VMs, clause: There are six., "
                     "steps: [{ op: vm.list, expect: { /: { count: 6 } } }] }\n"
                     "  - { id: two, uid: o2, title: t, clause: c, steps: [{ op: vm.list }] }\n")
    result = polyvirt("-c", SIM, "test", "run", "own", "--suite", suite)
    assert result.status == 1
    for part in ("fail o1  own/one", "There are six.", "expected 6", "got      5", "vm list"):
        assert part in result.out
    again = polyvirt("-c", SIM, "test", "run", "--suite", suite, "--failed-from", "latest", "-o", "json").json()
    assert [case["uid"] for case in again["results"]] == ["o1"]
    known = tmp_path / "known.json"
    known.write_text('{"o1": "fail"}')
    assert polyvirt("-c", SIM, "test", "run", "own", "--suite", suite, "--expectations", known).status == 0


def test_a_diff_of_two_runs_tells_what_became_worse(polyvirt, tmp_path):
    suite = tmp_path / "own.yaml"
    suite.write_text("suite: own\ncases:\n  - { id: one, uid: o1, title: t, clause: c, "
                     "steps: [{ op: vm.list, expect: { /: { count: 5 } } }] }\n")
    runs = [tmp_path / "a", tmp_path / "b"]
    for folder, vms in zip(runs, (5, 6)):
        polyvirt("-c", f"sim:///?vms={vms}", "test", "run", "own", "--suite", suite, "--runs", folder)
    result = polyvirt("test", "diff", runs[0] / "latest", runs[1] / "latest", "-o", "json")
    assert result.status == 7
    assert [(change["what"], change["before"], change["after"]) for change in result.json()] == [("verdict", "pass", "fail")]
    assert polyvirt("test", "diff", runs[0] / "latest", runs[0] / "latest").status == 0


def test_a_matrix_shows_runs_side_by_side(polyvirt, tmp_path):
    suite = tmp_path / "own.yaml"
    suite.write_text("suite: own\ncases:\n  - { id: one, uid: o1, title: t, clause: c, "
                     "steps: [{ op: vm.list, expect: { /: { count: 5 } } }] }\n")
    for folder, uri in ((tmp_path / "a", "sim:///?vms=5"), (tmp_path / "b", "sim:///?vms=6")):
        polyvirt("-c", uri, "test", "run", "own", "--suite", suite, "--runs", folder)
    row, = polyvirt("test", "matrix", tmp_path / "a/latest", tmp_path / "b/latest", "-o", "json").json()
    assert [row[name] for name in sorted(row)] == ["pass", "fail", "own/one", "o1"]
    assert polyvirt("test", "matrix", tmp_path / "nothing").status == 4


# ---- nothing is left ----

def names(server):
    return {vm["name"] for vm in server.client().get("/api/vcenter/vm").json()}


def test_what_a_killed_run_left_is_removed_by_its_journal(polyvirt, start, tmp_path, wait_until):
    with serving(backends=("sim:///?vms=5&seed=7&delay=20",)) as server:
        before = names(server)
        endpoint = connect(server, tmp_path)
        process = start(*endpoint, "test", "run", "neutral/power", "--level", "lifecycle")
        wait_until(lambda: len(names(server)) > len(before), what="a VM of the run")
        process.kill()
        process.wait()
        left = names(server) - before  # the server may still be at work on what it had been sent
        assert left and all(name.startswith("pvt-") for name in left)
        shown = {row["name"] for row in polyvirt(*endpoint, "test", "cleanup", "--dry-run", "-o", "json").json()}
        assert left <= names(server) - before <= shown
        assert polyvirt(*endpoint, "test", "cleanup").status == 2  # nobody is there to say yes
        assert names(server) - before
        assert polyvirt(*endpoint, "--yes", "test", "cleanup").status == 0
        assert names(server) == before
        assert polyvirt(*endpoint, "test", "cleanup", "--dry-run", "-o", "json").json() == []


def test_a_run_killed_at_any_moment_leaves_nothing_that_its_journal_does_not_name(polyvirt, start, tmp_path):
    moments = random.Random(7)
    with serving(backends=("sim:///?vms=5&seed=7&delay=5",)) as server:
        before = names(server)
        endpoint = connect(server, tmp_path)
        for _ in range(20):
            process = start(*endpoint, "test", "run", "neutral/power", "neutral/vm", "--level", "lifecycle")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moments.uniform(0.02, 0.6))
            process.kill()
            process.wait()
        assert polyvirt(*endpoint, "--yes", "test", "cleanup", timeout=120).status == 0
        assert names(server) == before


def test_an_interrupted_run_cleans_up_and_says_so(start, tmp_path, wait_until):
    with serving(backends=("sim:///?vms=5&seed=7&delay=20",)) as server:
        before = names(server)
        process = start(*connect(server, tmp_path), "test", "run", "neutral/power", "--level", "lifecycle")
        wait_until(lambda: len(names(server)) > len(before), what="a VM of the run")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "the run was ended before" in out
        assert names(server) == before


# ---- planted faults: each is caught by a case of its name ----

class Liar(BaseHTTPRequestHandler):
    """Between the suite and the server: passes everything on but what the plant changes."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "content-length")}
        method, path, body = self.server.ask(self.command, self.path, body)
        reply = self.server.http.request(method, self.server.upstream + path, headers=kept, data=body, timeout=30)
        status, content = self.server.lie(self.command, self.path, reply.status_code, reply.content)
        self.send_response(status)
        if reply.headers.get("content-type"):
            self.send_header("content-type", reply.headers["content-type"])
        if status != 204:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = answer

    def log_message(self, *_):
        pass


class Lying:
    """A liar on TLS with the server's own certificate."""

    def __init__(self, server, lie=None, ask=None):
        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        state = os.path.join(server.folder, "state")
        context.load_cert_chain(os.path.join(state, "server.crt"), os.path.join(state, "server.key"))
        self.httpd.socket = context.wrap_socket(self.httpd.socket, server_side=True)
        self.httpd.http = requests.Session()
        self.httpd.http.verify = False
        self.httpd.http.trust_env = False
        self.httpd.upstream = server.url
        self.httpd.lie = lie or (lambda method, path, status, body: (status, body))
        self.httpd.ask = ask or (lambda method, path, body: (method, path, body))
        self.port = self.httpd.server_address[1]
        self.thread = threading.Thread(target=self.httpd.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.httpd.shutdown()
        self.httpd.server_close()
        self.thread.join()


def changed(pattern, change, method="GET"):
    """A lie about answers to requests whose path matches."""

    def lie(asked, path, status, body):
        if asked != method or not re.search(pattern, path):
            return status, body
        return change(status, body)

    return lie


def on_json(change):
    def mend(status, body):
        try:
            value = json.loads(body)
        except ValueError:
            return status, body
        return status, json.dumps(change(value)).encode()

    return mend


def status(number):
    return lambda _, body: (number, body)


def doubled(rows):
    return rows + rows if isinstance(rows, list) else rows


def swallowed(pattern, method="POST"):
    """The request is answered, but never done: asked as a look at something harmless instead."""

    def ask(asked, path, body):
        if asked == method and re.search(pattern, path):
            return "GET", "/api/session", b""
        return asked, path, body

    return ask


def nothing(_status, _body):
    return 204, b""


LIST = r"^/api/vcenter/vm(\?|$)"
PLANTS = {
    "a list with every VM twice": (changed(LIST, on_json(doubled)), None, "r0101"),
    "a power state that disagrees": (changed(r"/power$", on_json(lambda v: {"state": "SUSPENDED"})), None, "r0222"),
    "a list of another state": (changed(LIST, on_json(lambda rows: [dict(row, power_state="POWERED_ON") for row in rows])), None, "r0203"),
    "an unknown power word": (changed(LIST, on_json(lambda rows: [dict(row, power_state="ASLEEP") for row in rows])), None, "r0201"),
    "a filter that is ignored": (None, lambda m, p, b: (m, re.sub(r"\?names=.*", "", p), b), "r0121"),
    "a filter by id that is ignored": (None, lambda m, p, b: (m, re.sub(r"\?vms=.*", "", p), b), "r0205"),
    "two filters of which one counts": (None, lambda m, p, b: (m, re.sub(r"&names=.*", "", p), b), "r0208"),
    "a bad filter that is taken": (None, lambda m, p, b: (m, re.sub(r"power_states=ASLEEP", "power_states=POWERED_ON", p), b), "r0210"),
    "404 for a VM that is there": (changed(r"^/api/vcenter/vm/vm-\d+$", status(404)), None, "r0220"),
    "200 for a VM that is not there": (changed(r"absent$", status(200)), None, "r0151"),
    "an error without messages": (changed(r"absent$", on_json(lambda e: {"error_type": e["error_type"]})), None, "r0151"),
    "another word for not found": (changed(r"absent$", on_json(lambda e: dict(e, error_type="ERROR"))), None, "r0151"),
    "a 500 for an unknown path": (changed("nonsense", status(500)), None, "r0161"),
    "a /rest list that is bare": (changed(r"^/rest/vcenter/vm$", on_json(lambda v: v["value"])), None, "r0111"),
    "an /api list that is wrapped": (changed(r"^/api/vcenter/host$", on_json(lambda v: {"value": v})), None, "r0104"),
    "200 for a create": (changed(LIST, status(200), "POST"), None, "r0250"),
    "a create that makes nothing": (changed(LIST, lambda s, b: (201, b'"vm-99999"'), "POST"), swallowed(LIST), "r0250"),
    "a wrong spec that is taken": (changed(LIST, lambda s, b: (201, b'"vm-99999"') if s == 400 else (s, b), "POST"), None, "r0230"),
    "a server error for broken JSON": (changed(LIST, lambda s, b: (500, b) if s == 400 else (s, b), "POST"), None, "r0245"),
    "a start that does nothing": (changed(r"action=start", nothing, "POST"), swallowed("action=start"), "r0260"),
    "a stop that does nothing": (changed(r"action=stop", nothing, "POST"), swallowed("action=stop"), "r0262"),
    "a suspend that does nothing": (changed(r"action=suspend", nothing, "POST"), swallowed("action=suspend"), "r0264"),
    "a second start that is fine": (changed(r"action=start", nothing, "POST"), None, "r0261"),
    "a second stop that is fine": (changed(r"action=stop", nothing, "POST"), None, "r0263"),
    "200 for a power action": (changed(r"action=stop", status(200), "POST"), None, "r0262"),
    "a delete that does nothing": (changed(r"/vm-\d+$", nothing, "DELETE"), swallowed(r"/vm-\d+$", "DELETE"), "r0280"),
    "a delete of one that runs": (changed(r"/vm-\d+$", nothing, "DELETE"), None, "r0281"),
    "no login needed": (changed(r"^/api/vcenter/host$", lambda s, b: (200, b"[]") if s == 401 else (s, b)), None, "r0004"),
    "a wrong password that is taken": (changed(r"^/api/session$", lambda s, b: (201, b'"x"') if s == 401 else (s, b), "POST"), None, "r0021"),
    "a logout that does nothing": (changed(r"^/api/session$", nothing, "DELETE"), swallowed(r"^/api/session$", "DELETE"), "r0024"),
    "memory off by one": (changed(r"^/api/vcenter/vm/vm-\d+$", on_json(lambda v: dict(v, memory=dict(v["memory"], size_MiB=v["memory"]["size_MiB"] + 1)) if "memory" in v else v)), None, "r0250"),
    "a snapshot list that is empty": (changed(r"/snapshot$", on_json(lambda v: [] if isinstance(v, list) else v)), None, "n0300"),
    "a revert that does nothing": (changed(r"action=revert", nothing, "POST"), swallowed("action=revert"), "n0305"),
    "a snapshot delete that does nothing": (changed(r"/snapshot/", nothing, "DELETE"), swallowed(r"/snapshot/", "DELETE"), "n0308"),
}


@pytest.fixture(scope="module")
def honest():
    with serving(backends=("sim:///?vms=5&seed=7",)) as server:
        yield server


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_caught(polyvirt, tmp_path, honest, plant):
    lie, ask, uid = PLANTS[plant]
    with Lying(honest) as mirror:
        clean = polyvirt(*connect(mirror.port, tmp_path), "test", "run", uid, "--level", "lifecycle", "-o", "json")
    assert clean.status == 0, clean
    with Lying(honest, lie, ask) as liar:
        result = polyvirt(*connect(liar.port, tmp_path), "test", "run", uid, "--level", "lifecycle", "-o", "json")
    case, = result.json()["results"]
    assert (result.status, case["uid"], case["verdict"]) == (1, uid, "fail"), result


# ---- raw ----

def test_raw_speaks_the_endpoints_own_words(polyvirt, tmp_path, honest):
    endpoint = connect(honest, tmp_path)
    reply = polyvirt(*endpoint, "-o", "json", "raw", "GET", "/api/vcenter/cluster").json()
    assert reply["status"] == 200 and reply["body"][0]["name"]
    refused = polyvirt(*endpoint, "-o", "json", "raw", "GET", "/api/vcenter/vm/vm-0")
    assert (refused.status, refused.json()["body"]["error_type"]) == (1, "NOT_FOUND")
    asked = polyvirt(*endpoint, "raw", "DELETE", "/api/vcenter/vm/vm-0")
    assert asked.status == 2, asked  # nobody is there to say yes
    readonly = polyvirt(*endpoint, "--readonly", "--yes", "raw", "DELETE", "/api/vcenter/vm/vm-0")
    assert readonly.status == 1 and "read-only" in readonly.err


@pytest.mark.parametrize("request_, says", [
    ('{"method": "GET"}', "method and path"),
    ('{"method": "GET", "path": "/a\\r\\nX: y"}', "method and path"),
    ('{"method": "GET", "path": "/a", "headers": {"X": "y\\r\\nZ: w"}}', "headers"),
    ('{"method": "GET", "path": "/a", "pat": 1}', "pat"),
    ('{"method": "GET", "path": "/a", "auth": "kerberos"}', "auth"),
    ('{"method": "HEAD", "path": "/a"}', "method and path"),
])
def test_a_raw_request_of_the_wrong_form_is_refused(polyvirt, tmp_path, honest, request_, says):
    result = polyvirt(*connect(honest, tmp_path), "--yes", "raw", request_)
    assert result.status == 2 and says in result.err, result
