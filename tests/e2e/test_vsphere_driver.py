# SPDX-License-Identifier: Apache-2.0
"""The vsphere driver through the program, against polyvirt's own server over simulated machines."""

import base64
import json
import pathlib
import re
import signal
import socket
import sqlite3
import threading

import pytest
from server_fixture import PASSWORD, USER, serving

SLOW_MS = 1000


def uri_of(server, query=None):
    user = USER.replace("@", "%40")
    return f"vsphere://{user}@{server.host}?" + (query or f"sha256={server.info['sha256']}")


def sessions(server):
    """How many sessions the server holds, as its state folder has them."""
    databases = [p for p in pathlib.Path(server.folder, "state").iterdir()
                 if p.is_file() and p.read_bytes()[:15] == b"SQLite format 3"]
    assert len(databases) == 1, databases
    with sqlite3.connect(f"file:{databases[0]}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM sessions").fetchone()[0]


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def guide_server():
    with serving(profile="guide") as running:
        yield running


@pytest.fixture
def call(polyvirt):
    """call(server, dialect)("vm", "list")"""

    def bind(server, dialect):
        def run(*arguments, **options):
            options["env"] = {"POLYVIRT_PASSWORD": PASSWORD, **options.get("env", {})}
            return polyvirt("-c", uri_of(server) + f"&dialect={dialect}", *arguments, **options)

        return run

    return bind


@pytest.fixture
def vsphere(server, call):
    return call(server, "api")


@pytest.fixture(params=["server-api", "server-rest", "guide_server-rest"])
def each(request, call):
    """In every dialect, on every profile."""
    server, dialect = request.param.split("-")
    return call(request.getfixturevalue(server), dialect)


@pytest.fixture
def slow():
    with serving(backends=[f"sim:///?vms=3&seed=7&delay={SLOW_MS}"]) as running:
        yield running


class Relay:
    """A way to a server that can be cut; .last tells who spoke last."""

    def __init__(self, port):
        self.target, self.last, self.ends = port, None, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self.ends += [client, server]
            for source, sink, who in ((client, server, "client"), (server, client, "server")):
                threading.Thread(target=self._pump, args=(source, sink, who), daemon=True).start()

    def _pump(self, source, sink, who):
        try:
            while data := source.recv(65536):
                self.last = who
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        self.listener.close()
        for end in self.ends:
            end.shutdown(socket.SHUT_RDWR)


def names(result, **wanted):
    assert result.status == 0, result
    return [row["name"] for row in result.json() if all(row.get(k) == v for k, v in wanted.items())]


# ---- what a person does ----


def test_a_vm_lives_from_create_to_delete(each):
    made = each("vm", "create", "e2e", "--cpus", "2", "--memory", "64MiB", "--disk", "size=16MiB", "-o", "json")
    assert made.status == 0, made
    vm = made.json()
    assert (vm["name"], vm["cpus"], vm["memory"], vm["state"]) == ("e2e", 2, 64 << 20, "off")
    assert vm["disks"][0]["capacity"] == 16 << 20
    for verb, state in (("start", "on"), ("suspend", "suspended"), ("resume", "on"), ("reset", "on"), ("stop", "off")):
        done = each("vm", verb, "e2e", "--yes")
        assert done.status == 0, (verb, done)
        assert each("vm", "get", vm["id"], "-o", "json").json()["state"] == state, verb
    assert each("vm", "delete", "--yes", "e2e").status == 0
    assert each("vm", "get", "e2e").status == 4


def test_snapshots_are_a_tree_and_a_subtree_goes_at_once(each):
    vm = names(each("vm", "list", "-o", "json"))[0]
    for name in ("one", "two", "three"):
        assert each("snapshot", "create", vm, name).status == 0
    rows = {row["name"]: row for row in each("snapshot", "list", vm, "-o", "json").json()}
    assert rows["two"]["parent"] == rows["one"]["id"] and rows["three"]["parent"] == rows["two"]["id"]
    assert each("snapshot", "revert", vm, "two", "--yes").status == 0
    rows = {row["name"]: row for row in each("snapshot", "list", vm, "-o", "json").json()}
    assert rows["two"]["current"] and not rows["three"].get("current")
    assert each("snapshot", "delete", vm, "one", "--children", "--yes").status == 0
    assert each("snapshot", "list", vm, "-o", "json").json() == []


def test_several_vms_are_named_by_name_and_id_in_one_call(vsphere):
    rows = vsphere("vm", "list", "-o", "json").json()
    one, other = rows[0], rows[1]
    done = vsphere("vm", "start", one["name"], other["id"], "-o", "json")
    assert {row["code"] for row in done.json() if row.get("code")} <= {"same-state"}
    assert names(vsphere("vm", "list", "-o", "json"), state="on")[:2] == [one["name"], other["name"]]


def test_a_wrong_name_gets_the_nearest_one(vsphere):
    name = names(vsphere("vm", "list", "-o", "json"))[0]
    done = vsphere("vm", "get", name + "x")
    assert done.status == 4 and "did you mean" in done.err


def test_a_readonly_connection_sends_no_change(vsphere):
    name = names(vsphere("vm", "list", "-o", "json"))[0]
    done = vsphere("--readonly", "--trace=http", "vm", "reset", name, "--yes")
    assert done.status == 1 and "read-only" in done.err
    assert "/power" not in done.err


# ---- sessions and secrets ----


@pytest.mark.parametrize("arguments", [("vm", "list"), ("vm", "get", "nobody"), ("vm", "pause", "vm-0001"),
                                       ("endpoint", "info"), ("snapshot", "list", "nobody")])
def test_no_command_leaves_a_session_behind(vsphere, server, arguments):
    vsphere(*arguments)
    assert sessions(server) == 0


def test_an_interrupted_command_leaves_no_session_behind(server, start, wait_until):
    process = start("-c", uri_of(server), "vm", "wait", "vm-0001", "--state", "crashed",
                    env={"POLYVIRT_PASSWORD": PASSWORD})
    wait_until(lambda: sessions(server) == 1, what="the session")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    assert sessions(server) == 0


def test_a_trace_shows_the_calls_and_no_secret(vsphere):
    done = vsphere("--trace=http", "vm", "list")
    assert done.status == 0
    assert re.search(r"> GET https://\S+/vcenter/vm", done.err) and "X-Request-ID" in done.err
    headers = re.findall(r"(?i)vmware-api-session-id: *(\S+)", done.err)
    assert headers and set(headers) == {"***"}
    assert PASSWORD not in done.err
    assert base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode() not in done.err
    assert re.search(r"< 20[01].*\n(?:.*\n)*?.*not shown", done.err)


def test_a_wrong_password_is_said_and_ends_with_3(vsphere):
    done = vsphere("vm", "list", env={"POLYVIRT_PASSWORD": "wrong"})
    assert done.status == 3 and "refused" in done.err and "wrong" not in done.err


# ---- certificates ----


def list_with(polyvirt, server, query, *options):
    return polyvirt("-c", uri_of(server, query), *options, "vm", "list", env={"POLYVIRT_PASSWORD": PASSWORD})


def test_an_unknown_certificate_is_refused_with_its_fingerprint(polyvirt, server):
    done = list_with(polyvirt, server, "dialect=api")
    assert done.status == 3 and server.info["sha256"] in done.err
    assert sessions(server) == 0


def test_another_certificate_than_the_pinned_is_refused(polyvirt, server):
    done = list_with(polyvirt, server, "sha256=" + "0" * 64, "--insecure")
    assert done.status == 3 and "pinned" in done.err


def test_a_pin_a_ca_file_and_insecure_each_open_the_door(polyvirt, server):
    pinned = ":".join(re.findall("..", server.info["sha256"].upper()))
    for query, options in ((f"sha256={pinned}", ()), (f"ca={server.info['certificate']}", ()), ("insecure=1", ()),
                           ("dialect=api", ("--insecure",))):
        done = list_with(polyvirt, server, query, *options)
        assert done.status == 0, (query, options, done)


# ---- the wire breaks ----


def test_a_change_cut_off_by_the_deadline_is_unknown(polyvirt, slow):
    vm = next(row for row in slow.client().get("/api/vcenter/vm").json() if row["power_state"] == "POWERED_OFF")
    done = polyvirt("-c", uri_of(slow), "--timeout", "500ms", "vm", "start", vm["name"],
                    env={"POLYVIRT_PASSWORD": PASSWORD})
    assert done.status == 6, done


def test_a_change_whose_connection_is_cut_is_unknown(slow, start, wait_until):
    vm = next(row for row in slow.client().get("/api/vcenter/vm").json() if row["power_state"] == "POWERED_OFF")
    relay = Relay(slow.port)
    process = start("-c", uri_of(slow).replace(slow.host, f"127.0.0.1:{relay.port}"), "--trace=http", "vm", "start",
                    vm["name"], env={"POLYVIRT_PASSWORD": PASSWORD})
    seen = ""
    while "/power?action=start" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    wait_until(lambda: relay.last == "client", timeout=SLOW_MS / 1000, what="the request going out")
    relay.cut()
    assert process.wait(10) == 6, seen


def test_a_silent_server_ends_at_the_deadline(polyvirt):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = polyvirt("-c", f"vsphere://u@127.0.0.1:{silent.getsockname()[1]}", "--timeout", "1s", "vm", "list",
                        env={"POLYVIRT_PASSWORD": "x"}, timeout=10)
    assert done.status == 3 and "127.0.0.1" in done.err and "no answer in time" in done.err, done


def test_a_refused_connection_ends_with_3(polyvirt):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = polyvirt("-c", f"vsphere://u@127.0.0.1:{port}", "vm", "list", env={"POLYVIRT_PASSWORD": "x"})
    assert done.status == 3, done


def test_what_rest_lacks_is_named_in_the_capabilities(vsphere):
    rows = {row["operation"]: row for row in json.loads(vsphere("endpoint", "capabilities", "-o", "json").out)}
    assert not rows["vm.pause"]["supported"] and not rows["volume.list"]["supported"]
    assert rows["snapshot.create"]["supported"] and rows["vm.start"]["via"].startswith("POST ")
