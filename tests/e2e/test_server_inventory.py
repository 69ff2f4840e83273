# SPDX-License-Identifier: Apache-2.0
"""The rest of the inventory, what survives a kill, and that each route answers by its dialect."""
import concurrent.futures

import pytest

from server_fixture import Client, Server, serving

SIM = "sim:///?vms=5&seed=7"


@pytest.fixture(scope="module")
def api():
    with serving() as server:
        yield server.client()


# ---- lists: (path, key, members of an item, filters that match all, filters that match none) ----

LISTS = [
    ("datastore", "datastore", {"datastore", "name", "type", "free_space", "capacity"},
     ["types=VMFS", "folders=group-s5", "datacenters=datacenter-2"], ["types=NFS", "names=x", "folders=group-v3"]),
    ("network", "network", {"network", "name", "type"},
     ["types=STANDARD_PORTGROUP", "folders=group-n6"], ["types=OPAQUE_NETWORK", "networks=network-1"]),
    ("folder", "folder", {"folder", "name", "type"}, [], ["parent_folders=group-d1", "type=DOOR"]),
    ("host", "host", {"host", "name", "connection_state", "power_state"},
     ["standalone=false", "clusters=domain-c8", "connection_states=CONNECTED", "folders=group-h4"],
     ["standalone=true", "connection_states=DISCONNECTED", "clusters=domain-c9"]),
    ("cluster", "cluster", {"cluster", "name", "ha_enabled", "drs_enabled"},
     ["clusters=domain-c8", "datacenters=datacenter-2", "folders=group-h4"], ["names=x", "clusters=domain-c9"]),
    ("datacenter", "datacenter", {"datacenter", "name"}, ["datacenters=datacenter-2", "folders=group-d1"],
     ["names=x", "folders=group-v3"]),
    ("resource-pool", "resource_pool", {"resource_pool", "name"},
     ["resource_pools=resgroup-8", "clusters=domain-c8"], ["parent_resource_pools=resgroup-8", "hosts=host-1"]),
]


@pytest.mark.parametrize("path,key,members,all_of,none_of", LISTS, ids=[row[0] for row in LISTS])
def test_each_list_has_its_members_and_filters(api, path, key, members, all_of, none_of):
    items = api.get("/api/vcenter/" + path).json()
    assert items
    for item in items:
        assert set(item) == members
    assert api.get("/rest/vcenter/" + path).json() == {"value": items}
    for query in all_of:
        assert api.get(f"/api/vcenter/{path}?{query}").json() == items, query
        assert api.get(f"/rest/vcenter/{path}?filter.{query}").json()["value"] == items, query
    for query in none_of:
        assert api.get(f"/api/vcenter/{path}?{query}").json() == [], query
    one = items[-1]
    plural = {"resource_pool": "resource_pools"}.get(key, key + "s")
    assert api.get(f"/api/vcenter/{path}?{plural}={one[key]}").json() == [one]
    assert one in api.get(f"/api/vcenter/{path}", params={"names": one["name"]}).json()
    assert api.get(f"/api/vcenter/{path}?colour=red").status_code == 400


def test_the_folders_are_those_of_one_datacenter(api):
    folders = {f["type"]: f["folder"] for f in api.get("/api/vcenter/folder").json()}
    assert folders == {"DATACENTER": "group-d1", "VIRTUAL_MACHINE": "group-v3", "HOST": "group-h4",
                       "DATASTORE": "group-s5", "NETWORK": "group-n6"}
    info = api.get("/api/vcenter/datacenter/datacenter-2").json()
    assert info["vm_folder"] == "group-v3"
    assert api.get("/api/vcenter/cluster/domain-c8").json()["resource_pool"] == "resgroup-8"
    assert api.get("/api/vcenter/resource-pool/resgroup-8").json()["resource_pools"] == []


def test_a_datastore_shows_its_detail(api):
    first = api.get("/api/vcenter/datastore").json()[0]
    info = api.get("/api/vcenter/datastore/" + first["datastore"]).json()
    assert info["name"] == first["name"]
    assert {"accessible", "free_space", "multiple_host_access", "thin_provisioning_supported", "type"} <= set(info)


@pytest.mark.parametrize("path", ["datastore/datastore-999", "cluster/domain-c9", "datacenter/datacenter-3",
                                  "resource-pool/resgroup-9"])
def test_a_detail_of_nothing_is_404(api, path):
    for prefix in ("/api", "/rest"):
        assert api.get(f"{prefix}/vcenter/{path}").status_code == 404
    # neither of these has a detail in any vCenter
    assert api.get("/api/vcenter/network/network-1").status_code == 404
    assert api.get("/api/vcenter/folder/group-v3").status_code == 404


def test_hello_picks_the_first_release_that_both_speak(api):
    def hello(releases):
        return api.post("/api/vcenter/system?action=hello", json={"api_releases": releases})
    assert hello(["9.9.9.9", "8.0.2.0", "8.0.1.0"]).json() == {"api_release": "8.0.2.0"}
    assert hello(["1.0"]).json() == {"api_release": ""}
    assert hello(["x"] * 129).status_code == 400
    assert hello(["x" * 65]).status_code == 400
    assert api.post("/rest/vcenter/system?action=hello", json={}).status_code == 404


def test_version_and_health_are_told(api):
    assert api.get("/api/appliance/system/version").json()["version"].startswith("8.")
    assert api.get("/api/appliance/health/system").json() == "green"
    assert api.get("/rest/appliance/health/load").json() == {"value": "green"}
    assert api.get("/api/appliance/health/mood").status_code == 404


# ---- every route in every dialect and profile ----

# method, path after the prefix, body, status in /api and in the guide's /rest (/rest itself: 200)
ROUTES = [
    ("GET", "/vcenter/vm", None, 200), ("GET", "/vcenter/vm/{on}", None, 200),
    ("POST", "/vcenter/vm", {"guest_OS": "DOS"}, 201), ("DELETE", "/vcenter/vm/{made}", None, 204),
    ("POST", "/vcenter/vm?action=clone", {"source": "{off}", "name": "{fresh}"}, 200),
    ("POST", "/vcenter/vm?action=clone&vmw-task=true", {"source": "{off}", "name": "{fresh}"}, 202),
    ("GET", "/vcenter/vm/{on}/power", None, 200), ("POST", "/vcenter/vm/{made}/power?action=start", None, 204),
    ("POST", "/vcenter/vm/{made}/power/start", None, 204), ("POST", "/vcenter/vm/{on}/power?action=reset", None, 204),
    ("POST", "/vcenter/vm/{started}/power?action=suspend", None, 204),
    ("POST", "/vcenter/vm/{started}/power?action=stop", None, 204),
    ("GET", "/vcenter/vm/{on}/guest/power", None, 200), ("GET", "/vcenter/vm/{on}/guest/identity", None, 200),
    ("POST", "/vcenter/vm/{started}/guest/power?action=shutdown", None, 204),
    ("POST", "/vcenter/vm/{on}/guest/power?action=reboot", None, 204),
    ("GET", "/vcenter/vm/{on}/snapshot", None, 200), ("POST", "/vcenter/vm/{made}/snapshot", {"name": "s"}, 201),
    ("GET", "/vcenter/vm/{on}/snapshot/{snapshot}", None, 200),
    ("POST", "/vcenter/vm/{on}/snapshot/{snapshot}?action=revert", None, 204),
    ("DELETE", "/vcenter/vm/{on}/snapshot/{snapshot}", None, 204),
    ("GET", "/vcenter/datastore", None, 200), ("GET", "/vcenter/network", None, 200),
    ("GET", "/vcenter/folder", None, 200), ("GET", "/vcenter/host", None, 200), ("GET", "/vcenter/cluster", None, 200),
    ("GET", "/vcenter/cluster/domain-c8", None, 200), ("GET", "/vcenter/datacenter", None, 200),
    ("GET", "/vcenter/datacenter/datacenter-2", None, 200), ("GET", "/vcenter/resource-pool", None, 200),
    ("GET", "/vcenter/resource-pool/resgroup-8", None, 200), ("GET", "/cis/tasks", None, 200),
    ("GET", "/appliance/system/version", None, 200), ("GET", "/appliance/health/system", None, 200),
]


class Fill:
    """Objects for the placeholders, made when asked for."""

    def __init__(self, api):
        self.api, self.count = api, 0

    def __getitem__(self, what):
        self.count += 1
        name = f"route-{self.count}"
        if what in ("on", "off"):
            return self.api.vm("vm-0001" if what == "on" else "vm-0002")
        if what in ("made", "started"):
            id = self.api.post("/api/vcenter/vm", json={"guest_OS": "DOS", "name": name}).json()
            if what == "started":
                self.api.post(f"/api/vcenter/vm/{id}/power?action=start")
            return id
        if what == "snapshot":
            return self.api.post(f"/api/vcenter/vm/{self.api.vm('vm-0001')}/snapshot", json={"name": name}).json()
        assert what == "fresh"
        return name


@pytest.mark.parametrize("profile,prefix", [("vcenter", "/api"), ("vcenter", "/rest"), ("guide", "/api"),
                                            ("guide", "/rest")])
def test_every_route_answers_with_its_dialects_status_and_shape(profile, prefix):
    with serving(profile=profile) as server:
        api = server.client()
        fill = Fill(api)
        for method, path, body, status in ROUTES:
            if body:
                body = {key: value.format_map(fill) for key, value in body.items()}
                body = {"spec": body} if prefix == "/rest" else body
            answer = api.request(method, prefix + path.format_map(fill), json=body)
            expected = 200 if (profile, prefix) == ("vcenter", "/rest") else status
            assert answer.status_code == expected, (method, path, answer.text)
            if status == 204:
                assert answer.content == b"", path
                continue
            assert answer.headers["Content-Type"] == "application/json", path
            wrapped = isinstance(answer.json(), dict) and set(answer.json()) == {"value"}
            assert wrapped == (prefix == "/rest"), (path, answer.text)


@pytest.mark.parametrize("method,path,body,status", ROUTES)
def test_every_route_wants_a_session(api, method, path, body, status):
    stranger = Client(api.server, login=False)
    ids = dict.fromkeys(("on", "off", "made", "started", "snapshot", "fresh"), "vm-1")
    for prefix in ("/api", "/rest"):
        assert stranger.request(method, prefix + path.format_map(ids), json=body).status_code == 401


# ---- what survives ----

def test_ids_survive_a_kill_and_are_not_used_again(tmp_path):
    with Server(tmp_path, backends=[SIM]) as server:
        api = server.client()
        before = {path: api.get("/api/vcenter/" + path).json() for path in ("vm", "host", "datastore", "network")}
        made = api.post("/api/vcenter/vm", json={"guest_OS": "DOS", "name": "lost"}).json()
        server.kill()
        server.start()
        # the simulator has forgotten what was made; all else is what it was, under the same ids
        assert {path: api.get("/api/vcenter/" + path).json() for path in before} == before
        others = [api.post("/api/vcenter/vm", json={"guest_OS": "DOS", "name": f"n{i}"}).json() for i in range(2)]
        ids = [vm["vm"] for vm in before["vm"]]
        assert len(set(ids + others)) == len(ids) + 2
        assert others[1] != made


def test_a_task_cut_by_a_kill_is_failed_afterwards(tmp_path):
    server = Server(tmp_path, backends=["sim:///?vms=2&seed=7&delay=300"])
    with server:
        api = server.client()
        source = api.get("/api/vcenter/vm").json()[1]["vm"]
        task = api.post("/api/vcenter/vm?action=clone&vmw-task=true", json={"source": source, "name": "c"}).json()
        server.kill()
        server.backends = [SIM]
        server.start()
        info = api.get("/api/cis/tasks/" + task).json()
        assert info["status"] == "FAILED"
        assert "server ended" in info["error"]["messages"][0]["default_message"]
        assert info["end_time"] >= info["start_time"]


def test_a_damaged_state_file_is_said_so(tmp_path):
    server = Server(tmp_path, backends=[SIM])
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "polyvirt.db").write_bytes(b"not a database" * 100)
    with pytest.raises(AssertionError, match="state file"):
        server.start()
    assert server._ended() == 1


# ---- many at once ----

def test_clients_that_change_things_at_once_all_see_the_truth():
    with serving(backends=["sim:///?vms=2&seed=7&delay=5"]) as server:
        def life(number):
            api = server.client()
            id = api.post("/api/vcenter/vm", json={"guest_OS": "DOS", "name": f"v{number}"}).json()
            for action, state in (("start", "POWERED_ON"), ("suspend", "SUSPENDED"), ("start", "POWERED_ON"),
                                  ("stop", "POWERED_OFF")) * 3:
                assert api.post(f"/api/vcenter/vm/{id}/power?action={action}").status_code == 204
                assert api.get(f"/api/vcenter/vm?vms={id}").json()[0]["power_state"] == state
            assert api.delete("/api/vcenter/vm/" + id).status_code == 204
            assert api.get(f"/api/vcenter/vm?vms={id}").json() == []
            return id
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(life, range(16)))
        assert len(set(ids)) == 16
        assert len(server.client().get("/api/vcenter/vm").json()) == 2
