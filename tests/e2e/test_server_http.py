# SPDX-License-Identifier: Apache-2.0
"""The listener: methods, limits, slow and hostile clients, TLS, and an orderly end."""
import hashlib
import os
import signal
import socket
import ssl
import stat
import threading
import time

import pytest

from server_fixture import HEADER, Server, read_all, serving


@pytest.fixture(scope="module")
def server():
    with serving(options=["--client-idle", "2s"]) as one:
        yield one


@pytest.fixture(scope="module")
def api(server):
    client = server.client()
    client.http.headers["Connection"] = "close"  # this server cuts idle connections off
    return client


# ---- methods ----

@pytest.mark.parametrize("method,path,allow", [
    ("PUT", "/api/vcenter/vm", "GET, HEAD, POST, OPTIONS"), ("DELETE", "/api/vcenter/vm", "GET, HEAD, POST, OPTIONS"),
    ("POST", "/api/vcenter/datastore", "GET, HEAD, OPTIONS"),
    ("PATCH", "/api/session", "GET, HEAD, POST, DELETE, OPTIONS"),
    ("GET", "/api/vcenter/system", "POST, OPTIONS"), ("PUT", "/rest/vcenter/vm/vm-10", "GET, HEAD, DELETE, OPTIONS"),
    ("BREW", "/api/vcenter/vm", "GET, HEAD, POST, OPTIONS")])
def test_a_wrong_method_is_405_with_those_allowed(api, method, path, allow):
    answer = api.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allow
    assert method in answer.text


def test_options_tells_the_methods_without_a_session(api, server):
    answer = api.request("OPTIONS", "/api/vcenter/vm", headers={HEADER: None})
    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert api.request("OPTIONS", "/api/nothing").status_code == 404


def test_head_is_get_without_the_body(api):
    head, get = api.request("HEAD", "/api/vcenter/vm"), api.get("/api/vcenter/vm")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_the_callers_request_id_comes_back_and_cannot_smuggle_a_header(api):
    assert api.get("/api/vcenter/vm", headers={"X-Request-ID": "op-42"}).headers["X-Request-ID"] == "op-42"
    assert "X-Request-ID" not in api.get("/api/vcenter/vm", headers={"X-Request-ID": "x" * 1000}).headers


# ---- limits ----

def test_a_body_that_is_too_large_is_413(api):
    answer = api.post("/api/vcenter/vm", data=b'{"name":"' + b"x" * (1 << 20) + b'"}')
    assert answer.status_code == 413
    assert "too large" in answer.json()["messages"][0]["default_message"]
    assert api.get("/api/vcenter/vm").status_code == 200


def test_a_body_in_chunks_that_grows_too_large_is_413_or_cut_off(server, api):
    def chunks():
        for _ in range(200):
            yield b"x" * 65536
    try:
        assert api.post("/api/vcenter/vm", data=chunks()).status_code == 413
    except OSError:
        pass  # cut off while it was still sending
    assert api.get("/api/vcenter/vm").status_code == 200


def test_an_announced_body_is_refused_before_it_is_sent(server, api):
    with server.connect() as s:
        s.sendall(f"POST /api/vcenter/vm HTTP/1.1\r\nHost: x\r\n{HEADER}: {api.id}\r\n"
                  "Content-Length: 99999999999\r\nConnection: close\r\n\r\n".encode())
        assert s.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_long_address_is_414_and_long_headers_431(api):
    assert api.get("/api/vcenter/vm?names=" + "x" * 9000).status_code == 414
    assert api.get("/api/vcenter/vm", headers={"X-Long": "x" * 120000}).status_code == 431


def test_a_query_of_too_many_items_is_400(api):
    assert api.get("/api/vcenter/vm?" + "&".join(["names=a"] * 513)).status_code == 400
    assert api.get("/api/vcenter/vm?" + "&".join(["names=a"] * 512)).status_code == 200


# ---- slow and hostile clients ----

def closed_within(s, seconds):
    s.settimeout(seconds)
    try:
        read_all(s)  # a TLS farewell may come first
    except TimeoutError:
        return False
    return True


def test_a_client_that_says_nothing_is_cut_off(server):
    with server.connect() as s:
        assert closed_within(s, 10)


def test_a_client_that_never_shakes_hands_is_cut_off(server):
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        assert closed_within(s, 10)


@pytest.mark.parametrize("start", ["GET /api/vcenter/vm HTTP/1.1\r\nHost: x\r\nX-Slow: ",
                                   "POST /api/vcenter/vm HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"],
                         ids=["headers", "body"])
def test_a_client_that_drips_is_cut_off_all_the_same(server, api, start):
    begun = time.monotonic()
    with server.connect() as s:
        s.sendall(start.encode())
        with pytest.raises((ConnectionError, ssl.SSLError)):
            while time.monotonic() - begun < 15:
                s.sendall(b"x")
                time.sleep(0.2)
    assert 1.5 < time.monotonic() - begun < 10
    assert api.get("/api/vcenter/vm").status_code == 200


@pytest.mark.parametrize("data", [
    b"\x00" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 500, b"A" * 70000,
    b"GET /api/vcenter/vm HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/vcenter/vm HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /api/vcenter/vm HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20000 + b"\r\n"], ids=range(8))
def test_garbage_ends_its_own_connection_only(server, api, data):
    with server.connect() as s:
        s.settimeout(10)
        try:
            s.sendall(data)
        except OSError:
            pass
        read_all(s)
    assert api.get("/api/vcenter/vm").status_code == 200


def test_plain_http_gets_no_answer(server, api):
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.settimeout(10)
        s.sendall(b"GET /api/vcenter/vm HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP/" not in read_all(s)
    assert api.get("/api/vcenter/vm").status_code == 200


def test_a_slow_back_end_holds_nobody_else_up():
    with serving(backends=["sim:///?vms=2&seed=7&delay=400", "sim:///?vms=2&seed=8"]) as server:
        api, other = server.client(), server.client()
        vms = api.get("/api/vcenter/vm").json()
        slow = [threading.Thread(target=api.post, args=(f"/api/vcenter/vm/{vms[0]['vm']}/power?action=reset",))
                for _ in range(8)]
        for thread in slow:
            thread.start()
        begun = time.monotonic()
        for _ in range(5):
            assert other.get("/api/vcenter/folder").status_code == 200
        fast = time.monotonic() - begun
        for thread in slow:
            thread.join()
        assert fast < 0.4, fast


# ---- TLS ----

def test_the_certificate_is_the_one_whose_fingerprint_was_printed(server):
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", server.port)))
    assert hashlib.sha256(der).hexdigest() == server.info["sha256"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "::1", socket.gethostname()])
def test_the_certificate_is_good_for_the_names_of_this_host(server, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(server.info["certificate"])
    with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)), server_hostname=name) as s:
        assert s.version() in ("TLSv1.2", "TLSv1.3")


def test_old_tls_is_refused(server):
    context = ssl._create_unverified_context()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.port)) as s, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(s)


def test_key_and_state_are_for_their_owner_only(server):
    state = os.path.join(server.folder, "state")
    assert stat.S_IMODE(os.stat(state).st_mode) == 0o700
    for name in os.listdir(state):
        if name != "server.crt":
            assert stat.S_IMODE(os.stat(os.path.join(state, name)).st_mode) == 0o600, name


def test_the_certificate_stays_the_same(tmp_path):
    with Server(tmp_path) as server:
        first = server.info["sha256"]
    with server:
        assert server.info["sha256"] == first


# ---- life ----

def test_requests_under_way_end_before_the_server_does():
    with serving(backends=["sim:///?vms=2&seed=7&delay=300"]) as server:
        api = server.client()
        vm = api.get("/api/vcenter/vm").json()[1]["vm"]
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(api.post(f"/api/vcenter/vm/{vm}/power?action=start").status_code))
        thread.start()
        time.sleep(0.1)
        server.process.send_signal(signal.SIGTERM)
        thread.join()
        assert answers == [204]
        assert server._ended() == 0


def test_both_signals_end_it_in_order(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        server = Server(tmp_path).start()
        server.process.send_signal(number)
        assert server._ended() == 0


def test_a_state_folder_serves_one_server_at_a_time(tmp_path):
    with Server(tmp_path):
        second = Server(tmp_path)
        with pytest.raises(AssertionError, match="running"):
            second.start()
        assert second._ended() == 1


def test_a_port_that_is_taken_is_said_so(tmp_path, server):
    second = Server(tmp_path)
    second.port = server.port
    with pytest.raises(AssertionError, match="cannot listen on 127.0.0.1"):
        second.start()
    assert second._ended() == 1


@pytest.mark.parametrize("options,words", [
    (["--listen", "nonsense"], "listen address"), (["--listen", "::1:80"], "listen address"),
    (["--listen", "127.0.0.1:99999"], "listen address"), (["--backend", "nosuch://x"], "nosuch"),
    (["--profile", "aws"], "profile"), (["--user", "a:b"], "user")])
def test_a_wrong_option_is_a_usage_error(polyvirt, tmp_path, options, words):
    (tmp_path / "pw").write_text("x")
    arguments = {"--listen": "127.0.0.1:0", "--backend": "sim:///", "--profile": "vcenter", "--user": "u",
                 "--state": str(tmp_path / "s"), "--password-file": str(tmp_path / "pw")}
    arguments.update(zip(options[::2], options[1::2]))
    result = polyvirt("serve", *[word for pair in arguments.items() for word in pair])
    assert (result.status, result.out) == (2, "")
    assert words in result.err


def test_a_back_end_that_cannot_be_reached_is_named(polyvirt, tmp_path):
    (tmp_path / "pw").write_text("x")
    result = polyvirt("serve", "--backend", f"qmp://{tmp_path}/no.sock",
                      "--user", "u", "--state", tmp_path / "s", "--password-file", tmp_path / "pw", "--listen",
                      "127.0.0.1:0")
    assert result.status in (2, 3)
    assert "back end" in result.err
