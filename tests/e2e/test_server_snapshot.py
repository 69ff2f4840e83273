# SPDX-License-Identifier: Apache-2.0
"""The snapshot resource: polyvirt's extension, in the guide's shape, in both dialects."""
import pytest

from server_fixture import serving


@pytest.fixture
def api():
    with serving() as server:
        yield server.client()


@pytest.fixture
def vm(api):
    return api.vm("vm-0001")


def take(api, vm, name, **more):
    answer = api.post(f"/api/vcenter/vm/{vm}/snapshot", json={"spec": {"name": name, **more}})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_snapshot_is_taken_and_listed(api, vm):
    id = take(api, vm, "one", description="the first", memory=True, quiesce=False)
    listed = api.get(f"/api/vcenter/vm/{vm}/snapshot").json()
    assert len(listed) == 1
    assert listed[0]["snapshot"] == id and id.startswith("snapshot-")
    assert (listed[0]["name"], listed[0]["description"], listed[0]["current"]) == ("one", "the first", True)
    assert listed[0]["create_time"].endswith("Z")
    assert "parent" not in listed[0]
    assert api.get(f"/api/vcenter/vm/{vm}/snapshot/{id}").json() == listed[0]


@pytest.mark.parametrize("profile,create,action", [("vcenter", 200, 200), ("guide", 201, 204)])
def test_rest_answers_by_its_profile(profile, create, action):
    with serving(profile=profile) as server:
        api = server.client()
        vm = api.vm("vm-0001")
        made = api.post(f"/rest/vcenter/vm/{vm}/snapshot", json={"spec": {"name": "s"}})
        assert made.status_code == create
        id = made.json()["value"]
        assert api.get(f"/rest/vcenter/vm/{vm}/snapshot").json()["value"][0]["snapshot"] == id
        assert api.post(f"/rest/vcenter/vm/{vm}/snapshot/{id}?action=revert").status_code == action
        assert api.delete(f"/rest/vcenter/vm/{vm}/snapshot/{id}").status_code == action


def test_children_name_their_parent_and_move_up_when_it_goes(api, vm):
    a, b, c = (take(api, vm, name) for name in "abc")
    parents = {s["snapshot"]: s.get("parent") for s in api.get(f"/api/vcenter/vm/{vm}/snapshot").json()}
    assert parents == {a: None, b: a, c: b}
    assert api.delete(f"/api/vcenter/vm/{vm}/snapshot/{b}").status_code == 204
    parents = {s["snapshot"]: s.get("parent") for s in api.get(f"/api/vcenter/vm/{vm}/snapshot").json()}
    assert parents == {a: None, c: a}


def test_revert_brings_the_state_back(api, vm):
    id = take(api, vm, "on", memory=True)
    api.post(f"/api/vcenter/vm/{vm}/power?action=stop")
    assert api.state(vm) == "POWERED_OFF"
    assert api.post(f"/api/vcenter/vm/{vm}/snapshot/{id}?action=revert").status_code == 204
    assert api.state(vm) == "POWERED_ON"


def test_memory_asked_of_a_vm_that_is_off_is_not_an_error(api):
    take(api, api.vm("vm-0002"), "off", memory=True)


def test_an_id_of_a_deleted_snapshot_is_not_given_again(api, vm):
    one = take(api, vm, "same")
    api.delete(f"/api/vcenter/vm/{vm}/snapshot/{one}")
    assert take(api, vm, "same") != one


@pytest.mark.parametrize("method,path", [
    ("GET", "/snapshot-999"), ("DELETE", "/snapshot-999"), ("POST", "/snapshot-999?action=revert"),
    ("GET", "/one"), ("DELETE", "/%2e%2e")])
def test_an_unknown_snapshot_is_404(api, vm, method, path):
    answer = api.request(method, f"/api/vcenter/vm/{vm}/snapshot{path}")
    assert answer.status_code == 404
    assert answer.json()["error_type"] == "NOT_FOUND"


def test_a_snapshot_of_another_vm_is_not_reached(api, vm):
    id = take(api, vm, "mine")
    other = api.vm("vm-0002")
    assert api.delete(f"/api/vcenter/vm/{other}/snapshot/{id}").status_code == 404
    assert len(api.get(f"/api/vcenter/vm/{vm}/snapshot").json()) == 1


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 81}, {"name": "a", "memroy": True},
                                  {"name": "a", "memory": "yes"}, {"name": 1}])
def test_a_wrong_spec_is_400_and_takes_nothing(api, vm, body):
    answer = api.post(f"/api/vcenter/vm/{vm}/snapshot", json={"spec": body})
    assert answer.status_code == 400
    assert answer.json()["error_type"] == "INVALID_ARGUMENT"
    assert api.get(f"/api/vcenter/vm/{vm}/snapshot").json() == []


def test_a_name_that_is_taken_is_refused(api, vm):
    take(api, vm, "twice")
    answer = api.post(f"/api/vcenter/vm/{vm}/snapshot", json={"name": "twice"})
    assert (answer.status_code, answer.json()["error_type"]) == (400, "ALREADY_EXISTS")
