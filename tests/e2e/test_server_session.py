# SPDX-License-Identifier: Apache-2.0
"""Sessions: one store for both dialects, each answering as its vCenter does."""
import base64
import re
import time

import pytest
import requests

from server_fixture import HEADER, PASSWORD, USER, Client, Server, serving

REST = "/rest/com/vmware/cis/session"
API = "/api/session"


@pytest.fixture(scope="module", params=["vcenter", "guide"])
def server(request):
    with serving(profile=request.param) as one:
        yield one


def login(server, path, **options):
    return requests.post(server.url + path, auth=(USER, PASSWORD), verify=server.info["certificate"], timeout=30,
                         **options)


def test_api_login_answers_201_with_a_bare_id(server):
    answer = login(server, API)
    assert answer.status_code == 201
    assert re.fullmatch("[0-9a-f]{32}", answer.json())
    assert answer.headers["Content-Type"] == "application/json"
    assert "Set-Cookie" not in answer.headers


def test_rest_login_answers_200_or_as_the_guide_says_201(server):
    answer = login(server, REST)
    assert answer.status_code == (201 if server.profile == "guide" else 200)
    assert set(answer.json()) == {"value"}
    assert re.fullmatch("[0-9a-f]{32}", answer.json()["value"])


def test_rest_login_sets_a_cookie_unless_the_client_does_without(server):
    cookie = login(server, REST).headers["Set-Cookie"]
    assert cookie.startswith(HEADER + "=") and "Path=/rest" in cookie and "HttpOnly" in cookie and "Secure" in cookie
    assert "Set-Cookie" not in login(server, REST, headers={"vmware-use-header-authn": "test"}).headers


def test_a_session_of_one_dialect_works_in_the_other(server):
    client = Client(server, login=False)
    rest = login(server, REST, headers={"vmware-use-header-authn": "x"}).json()["value"]
    assert client.get("/api/vcenter/vm", headers={HEADER: rest}).status_code == 200
    api = login(server, API).json()
    assert client.get("/rest/vcenter/vm", headers={HEADER: api}).status_code == 200


def test_the_cookie_is_as_good_as_the_header(server):
    id = login(server, API).json()
    answer = requests.get(server.url + "/rest/vcenter/vm", cookies={HEADER: id}, verify=server.info["certificate"],
                          timeout=30)
    assert answer.status_code == 200


def test_session_info_tells_user_and_times(server):
    client = server.client()
    bare = client.get(API)
    assert bare.status_code == 200
    assert set(bare.json()) == {"user", "created_time", "last_accessed_time"}
    assert bare.json()["user"] == USER
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", bare.json()["created_time"])
    for answer in (client.post(REST + "?~action=get"), client.get(REST)):
        assert answer.status_code == 200
        assert answer.json()["value"]["user"] == USER


def test_logout_ends_the_session_in_both_dialects(server):
    for path, status in ((API, 204), (REST, 204 if server.profile == "guide" else 200)):
        client = server.client()
        answer = client.delete(path)
        assert (answer.status_code, answer.content) == (status, b"")
        assert client.get(API).status_code == 401


def test_without_a_session_a_known_route_is_401_and_an_unknown_one_404(server):
    client = Client(server, login=False)
    refused = client.get("/api/vcenter/vm")
    assert refused.status_code == 401
    body = refused.json()
    assert body["error_type"] == "UNAUTHENTICATED"
    assert body["messages"][0]["id"] == "com.vmware.vapi.endpoint.method.authentication.required"
    assert body["messages"][0]["default_message"] == "Authentication required."
    assert "Basic" in refused.headers["WWW-Authenticate"]
    legacy = client.get("/rest/vcenter/vm")
    assert legacy.status_code == 401
    assert legacy.json()["type"] == "com.vmware.vapi.std.errors.unauthenticated"
    unknown = client.get("/api/vcenter/nothing")
    assert unknown.status_code == 404
    assert unknown.json()["messages"][0]["id"] == "com.vmware.vapi.rest.httpNotFound"


@pytest.mark.parametrize("header", [
    None, "Basic", "Basic ", "Basic !!!", "Bearer abc", "Basic " + base64.b64encode(b"nocolon").decode(),
    "Basic " + base64.b64encode(b"a:\xff\xfe").decode(), "Basic " + base64.b64encode(b"a\0b:c").decode(),
    "SIGN token=x"])
def test_a_login_without_usable_credentials_is_401(server, header):
    headers = {"Authorization": header} if header else {}
    for path in (API, REST):
        answer = requests.post(server.url + path, headers=headers, verify=server.info["certificate"], timeout=30)
        assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("id", ["", "0" * 32, "x" * 5000, "%00", "' or 1=1 --"])
def test_a_wrong_session_id_is_401(server, id):
    assert Client(server, login=False).get("/api/vcenter/vm", headers={HEADER: id}).status_code == 401


def test_sessions_are_separate(server):
    one, two = server.client(), server.client()
    assert one.id != two.id
    one.delete(API)
    assert two.get(API).status_code == 200


def test_guessing_is_slowed_down_and_a_good_login_resets_it():
    with serving() as server:
        def guess(password="wrong"):
            return requests.post(server.url + API, auth=(USER, password), verify=server.info["certificate"], timeout=30)
        assert [guess().status_code for _ in range(5)] == [401] * 5
        blocked = guess(PASSWORD)
        assert blocked.status_code == 503
        assert blocked.json()["error_type"] == "SERVICE_UNAVAILABLE"
        assert 1 <= int(blocked.headers["Retry-After"]) <= 2
        end = time.monotonic() + 10
        while guess(PASSWORD).status_code == 503:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert [guess().status_code for _ in range(4)] == [401] * 4
        assert guess(PASSWORD).status_code == 201


def test_an_idle_session_ends_and_a_used_one_does_not():
    with serving(options=["--session-idle", "1s"]) as server:
        idle, used = server.client(), server.client()
        begun = time.monotonic()
        while time.monotonic() - begun < 1.6:
            assert used.get(API).status_code == 200
            time.sleep(0.1)
        assert idle.get(API).status_code == 401
        assert used.get(API).status_code == 200


def test_sessions_survive_a_kill(tmp_path):
    server = Server(tmp_path)
    with server:
        client = server.client()
        created = client.get(API).json()["created_time"]
        ended = server.client()
        ended.delete(API)
        server.kill()
        server.start()
        assert client.get(API).json()["created_time"] == created
        assert ended.get(API).status_code == 401


def test_no_secret_is_on_disk_or_in_the_trace(tmp_path):
    with Server(tmp_path, options=["--trace"]) as server:
        client = server.client()
        client.get("/api/vcenter/vm")
        secrets = [client.id, PASSWORD]
        assert "/api/vcenter/vm" in server.stderr()
        for path in [tmp_path / "stderr", *(tmp_path / "state").iterdir()]:
            content = path.read_bytes()
            for secret in secrets:
                assert secret.encode() not in content, path
