# SPDX-License-Identifier: Apache-2.0
"""VMs over REST on simulated machines: list, detail, create, clone, delete, and what is refused."""
import time

import pytest

from server_fixture import Server, serving

GIB = 1 << 30


@pytest.fixture(scope="module")
def server():
    with serving() as one:
        yield one


@pytest.fixture(scope="module")
def api(server):
    return server.client()


@pytest.fixture
def fresh():
    """A server that the test may change."""
    with serving() as one:
        yield one.client()


def spec(**members):
    return {"name": "new", "guest_OS": "UBUNTU_64", **members}


def error_of(answer):
    body = answer.json()
    return body["error_type"], body["messages"][0]


# ---- list ----

def test_the_list_has_the_summary_of_each_vm(api):
    vms = api.get("/api/vcenter/vm").json()
    assert [vm["name"] for vm in vms] == ["vm-0001", "vm-0002", "vm-0003", "vm-0004", "vm-0005"]
    for vm in vms:
        assert set(vm) == {"vm", "name", "power_state", "cpu_count", "memory_size_MiB"}
        assert vm["vm"].startswith("vm-")
    assert [vm["power_state"] for vm in vms[:2]] == ["POWERED_ON", "POWERED_OFF"]


def test_rest_wraps_the_same_list(api):
    assert api.get("/rest/vcenter/vm").json() == {"value": api.get("/api/vcenter/vm").json()}


@pytest.mark.parametrize("query,names", [
    ("names=vm-0001&names=vm-0003", {"vm-0001", "vm-0003"}),
    ("names=vm-0001&power_states=POWERED_OFF", set()),
    ("names=nobody", set()),
    ("names=", {"vm-0001", "vm-0002", "vm-0003", "vm-0004", "vm-0005"}),
    ("folders=group-v3&names=vm-0002", {"vm-0002"}),
    ("folders=group-v99", set()),
    ("datacenters=datacenter-2&clusters=domain-c8&resource_pools=resgroup-8&names=vm-0002", {"vm-0002"}),
    ("clusters=domain-c1", set()),
    ("vms=vm-1", set()),
    ("hosts=host-1", set()),
    ("names=vm%2D0001", {"vm-0001"}),
])
def test_filters_are_and_between_members_and_or_within_one(api, query, names):
    assert {vm["name"] for vm in api.get("/api/vcenter/vm?" + query).json()} == names


def test_filters_take_states_ids_and_hosts(api):
    vms = api.get("/api/vcenter/vm").json()
    on = api.get("/api/vcenter/vm?power_states=POWERED_ON&power_states=SUSPENDED").json()
    assert on == [vm for vm in vms if vm["power_state"] == "POWERED_ON"]
    assert api.get(f"/api/vcenter/vm?vms={vms[2]['vm']}").json() == [vms[2]]
    hosts = [host["host"] for host in api.get("/api/vcenter/host").json()]
    per_host = [api.get(f"/api/vcenter/vm?hosts={host}").json() for host in hosts]
    assert sorted(vm["vm"] for part in per_host for vm in part) == sorted(vm["vm"] for vm in vms)


def test_rest_filters_have_their_prefix_and_may_be_numbered(api):
    for query in ("filter.names=vm-0001", "filter.names.1=vm-0001"):
        assert [vm["name"] for vm in api.get("/rest/vcenter/vm?" + query).json()["value"]] == ["vm-0001"]


@pytest.mark.parametrize("path", ["/api/vcenter/vm?name=vm-0001", "/rest/vcenter/vm?names=vm-0001",
                                  "/api/vcenter/vm?power_states=ON", "/api/vcenter/vm?names=a&x"])
def test_a_filter_that_is_none_is_refused_rather_than_ignored(api, path):
    answer = api.get(path)
    assert answer.status_code == 400
    assert "INVALID_ARGUMENT" in answer.text or "invalid_argument" in answer.text


def test_more_than_4000_matches_are_an_error_and_filters_help():
    with serving(backends=["sim:///?vms=4001&seed=7"]) as server:
        api = server.client()
        answer = api.get("/api/vcenter/vm")
        assert answer.status_code == 500
        assert error_of(answer) == ("UNABLE_TO_ALLOCATE_RESOURCE", {
            "args": [], "id": "com.vmware.api.vcenter.vm.too_many_matches",
            "default_message": "Too many virtual machines. Add more filter criteria to reduce the number."})
        legacy = api.get("/rest/vcenter/vm")
        assert legacy.status_code == 400
        assert legacy.json()["type"] == "com.vmware.vapi.std.errors.unable_to_allocate_resource"
        on = api.get("/api/vcenter/vm?power_states=POWERED_ON")
        off = api.get("/api/vcenter/vm?power_states=POWERED_OFF")
        assert len(on.json()) + len(off.json()) == 4001


# ---- detail ----

def test_the_detail_has_what_the_specification_requires(api):
    vm = api.get("/api/vcenter/vm/" + api.vm("vm-0001")).json()
    required = {"guest_OS", "name", "power_state", "hardware", "boot", "boot_devices", "cpu", "memory", "disks", "nics",
                "cdroms", "floppies", "parallel_ports", "serial_ports", "sata_adapters", "scsi_adapters"}
    assert required <= set(vm)
    assert vm["hardware"]["version"] == "VMX_19"
    assert isinstance(vm["disks"], dict)
    assert not any(value is None for value in vm.values())


def test_rest_shows_maps_as_lists(api):
    id = api.vm("vm-0001")
    bare, wrapped = api.get(f"/api/vcenter/vm/{id}").json(), api.get(f"/rest/vcenter/vm/{id}").json()["value"]
    assert {disk["key"]: disk["value"] for disk in wrapped["disks"]} == bare["disks"]


@pytest.mark.parametrize("id", ["vm-999", "vm-0010", "vm-", "host-15", "%2e%2e", "vm-1%2fpower", "vm-10%20", "vm--1",
                                "vm-99999999999999999999", "%F0%9F%A6%84", "x" * 200])
def test_an_unknown_vm_is_404_with_its_id(api, id):
    answer = api.get("/api/vcenter/vm/" + id)
    assert answer.status_code == 404
    kind, message = error_of(answer)
    assert kind == "NOT_FOUND"
    assert message["id"] == "com.vmware.api.vcenter.vm.not_found"
    assert message["default_message"] == f"Virtual machine with identifier '{message['args'][0]}' does not exist."


@pytest.mark.parametrize("path", ["/api/vcenter/vm/vm-1%00", "/api/vcenter/vm/%zz", "/api/vcenter/vm/%ff%fe",
                                  "/api/../etc/passwd", "/api//vcenter/vm", "/api/vcenter/vm/", "/", "/apix/vcenter/vm",
                                  "/api/vcenter/vm/" + "x" * 300, "/api", "/rest"])
def test_garbage_in_the_path_is_404(server, api, path):
    # raw: clients tidy paths up before they send them
    assert server.raw_get(path, api.id).startswith(b"HTTP/1.1 404 ")


def test_a_bad_escape_in_the_query_is_400(server, api):
    for query in ("names=%zz", "names=%", "names=%ff", "names=a%00b", "%zz=1"):
        answer = server.raw_get("/api/vcenter/vm?" + query, api.id)
        assert answer.startswith(b"HTTP/1.1 400 ") and b"percent" in answer


# ---- create ----

GUIDE_SPEC = {
    "name": "guide", "guest_OS": "UBUNTU_64", "placement": {}, "cpu": {"count": 2, "cores_per_socket": 1},
    "memory": {"size_MiB": 2048},
    "disks": [{"type": "SCSI", "scsi": {"bus": 0, "unit": 0}, "new_vmdk": {"capacity": 20 * GIB}}],
    "nics": [{"type": "VMXNET3", "start_connected": True}]}


@pytest.mark.parametrize("path,body,status", [
    ("/api/vcenter/vm", GUIDE_SPEC, 201),
    ("/api/vcenter/vm", {"spec": GUIDE_SPEC}, 201),
    ("/rest/vcenter/vm", {"spec": GUIDE_SPEC}, 200)])
def test_create_takes_a_bare_and_a_wrapped_spec(fresh, path, body, status):
    answer = fresh.post(path, json=body)
    assert answer.status_code == status, answer.text
    id = answer.json()["value"] if path.startswith("/rest") else answer.json()
    vm = fresh.get("/api/vcenter/vm/" + id).json()
    assert (vm["name"], vm["guest_OS"], vm["power_state"]) == ("guide", "UBUNTU_64", "POWERED_OFF")
    assert (vm["cpu"]["count"], vm["memory"]["size_MiB"]) == (2, 2048)
    assert [disk["capacity"] for disk in vm["disks"].values()] == [20 * GIB]
    assert set(vm["disks"]) == {"2000"} and set(vm["nics"]) == {"4000"}
    nic = vm["nics"]["4000"]
    assert nic["backing"]["network"].startswith("network-")


def test_rest_wants_its_wrapping(fresh):
    assert fresh.post("/rest/vcenter/vm", json=GUIDE_SPEC).status_code == 400


def test_a_vm_just_created_is_in_the_next_list(fresh):
    id = fresh.post("/api/vcenter/vm", json=spec()).json()
    assert id in [vm["vm"] for vm in fresh.get("/api/vcenter/vm").json()]


def test_the_guest_os_is_kept_as_the_client_spelt_it(fresh):
    for name in ("WINDOWS_9_64", "RHEL_8_64", "OTHER_3X_LINUX_64"):
        id = fresh.post("/api/vcenter/vm", json={"name": name, "guest_OS": name}).json()
        assert fresh.get("/api/vcenter/vm/" + id).json()["guest_OS"] == name


def test_without_disks_there_is_one_and_with_none_there_is_none(fresh):
    default = fresh.post("/api/vcenter/vm", json=spec(name="a")).json()
    empty = fresh.post("/api/vcenter/vm", json=spec(name="b", disks=[])).json()
    assert len(fresh.get("/api/vcenter/vm/" + default).json()["disks"]) == 1
    assert fresh.get("/api/vcenter/vm/" + empty).json()["disks"] == {}


def test_a_name_is_made_up_when_none_is_given(fresh):
    one, two = (fresh.post("/api/vcenter/vm", json={"guest_OS": "UBUNTU_64"}).json() for _ in range(2))
    names = {fresh.get("/api/vcenter/vm/" + id).json()["name"] for id in (one, two)}
    assert len(names) == 2


def test_placement_by_ids_is_honoured(fresh):
    host = fresh.get("/api/vcenter/host").json()[0]["host"]
    datastore = fresh.get("/api/vcenter/datastore").json()[1]
    network = fresh.get("/api/vcenter/network").json()[1]
    body = spec(placement={"folder": "group-v3", "host": host, "resource_pool": "resgroup-8", "cluster": "domain-c8",
                           "datastore": datastore["datastore"]},
                nics=[{"backing": {"type": "STANDARD_PORTGROUP", "network": network["network"]}}],
                disks=[{"new_vmdk": {"capacity": GIB}}])
    vm = fresh.get("/api/vcenter/vm/" + fresh.post("/api/vcenter/vm", json=body).json()).json()
    assert vm["nics"]["4000"]["backing"]["network"] == network["network"]
    assert datastore["name"] in vm["disks"]["2000"]["backing"]["vmdk_file"]


@pytest.mark.parametrize("body,kind,words", [
    (spec(placement={"folder": "group-v9"}), "NOT_FOUND", "placement.folder"),
    (spec(placement={"host": "host-999"}), "NOT_FOUND", "host-999"),
    (spec(placement={"datastore": "datastore-999"}), "NOT_FOUND", "datastore-999"),
    (spec(placement={"resource_pool": "resgroup-1"}), "NOT_FOUND", "placement.resource_pool"),
    (spec(nics=[{"backing": {"type": "STANDARD_PORTGROUP", "network": "network-999"}}]), "NOT_FOUND", "network-999"),
    (spec(name="vm-0001"), "ALREADY_EXISTS", "vm-0001"),
    ({"name": "x"}, "INVALID_ARGUMENT", "guest_OS"),
    (spec(guest_OS="UBUNTU_65"), "INVALID_ARGUMENT", "guest_OS"),
    (spec(name=""), "INVALID_ARGUMENT", "name"),
    (spec(name="x" * 81), "INVALID_ARGUMENT", "name"),
    (spec(name=7), "INVALID_ARGUMENT", "name"),
    (spec(nmae="x"), "INVALID_ARGUMENT", "nmae"),
    (spec(cpu={"count": "two"}), "INVALID_ARGUMENT", "cpu.count"),
    (spec(cpu={"coutn": 2}), "INVALID_ARGUMENT", "cpu.coutn"),
    (spec(memory={"size_MiB": -1}), "INVALID_ARGUMENT", "memory"),
    (spec(memory={"size_MiB": 1 << 62}), "INVALID_ARGUMENT", "memory"),
    (spec(disks={}), "INVALID_ARGUMENT", "disks"),
    (spec(disks=[{"type": "FLOPPY", "new_vmdk": {}}]), "INVALID_ARGUMENT", "disks[0].type"),
    (spec(disks=[{}]), "INVALID_ARGUMENT", "disks[0]"),
    (spec(disks=[{"new_vmdk": {"capacity": 0}}]), "INVALID_ARGUMENT", "capacity"),
    (spec(disks=[{"backing": {"type": "VMDK_FILE", "vmdk_file": "/etc/shadow"}}]), "INVALID_ARGUMENT", "/etc/shadow"),
    (spec(disks=[{"backing": {"type": "VMDK_FILE", "vmdk_file": "[datastore1] ../../etc/shadow"}}]), "INVALID_ARGUMENT",
     "disks[0]"),
    (spec(disks=[{"backing": {"type": "VMDK_FILE", "vmdk_file": "[datastore1] /etc/shadow"}}]), "INVALID_ARGUMENT",
     "disks[0]"),
    (spec(disks=[{"backing": {"type": "VMDK_FILE", "vmdk_file": "[nowhere] a/b"}}]), "NOT_FOUND", "nowhere"),
    (spec(cdroms=[{"backing": {"type": "ISO_FILE", "iso_file": "/etc/shadow"}}]), "INVALID_ARGUMENT", "/etc/shadow"),
    (spec(nics=[{"type": "NE2000"}]), "INVALID_ARGUMENT", "nics[0].type"),
    (spec(floppies=[{}]), "UNSUPPORTED", "floppies"),
    (spec(storage_policy={"policy": "gold"}), "UNSUPPORTED", "storage_policy"),
])
def test_a_wrong_spec_is_refused_by_its_field_and_changes_nothing(api, body, kind, words):
    before = api.get("/api/vcenter/vm").json()
    answer = api.post("/api/vcenter/vm", json=body)
    assert answer.status_code == {"NOT_FOUND": 404}.get(kind, 400), answer.text
    said, message = error_of(answer)
    assert said == kind
    assert words in message["default_message"]
    assert api.get("/api/vcenter/vm").json() == before


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b'"x"', b"{} {}", b'{"guest_OS":"UBUNTU_64","guest_OS":"DOS"}',
    b'{"name":"\xff\xfe","guest_OS":"UBUNTU_64"}', b'{"spec":[]}', b"[" * 2000 + b"]" * 2000,
    b'{"guest_OS":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", b'{"guest_OS":"UBUNTU_64","name":"a\\u0000b"}',
    b"\0" * 100, b"<xml/>"])
def test_a_body_that_is_no_spec_is_400(api, body):
    answer = api.post("/api/vcenter/vm", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert error_of(answer)[0] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "nonsense"])
def test_the_content_type_of_a_body_does_not_matter(api, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    answer = api.post("/api/vcenter/vm", data=b'{"name":7,"guest_OS":"DOS"}', headers=headers)
    assert answer.status_code == 400
    assert "name" in error_of(answer)[1]["default_message"]


# ---- delete ----

def test_delete_removes_a_vm_that_is_off(fresh):
    for path, status in (("/api", 204), ("/rest", 200)):
        id = fresh.post("/api/vcenter/vm", json=spec()).json()
        answer = fresh.delete(f"{path}/vcenter/vm/{id}")
        assert (answer.status_code, answer.content) == (status, b"")
        assert fresh.get("/api/vcenter/vm/" + id).status_code == 404
        assert id not in fresh.get("/api/vcenter/vm").text


def test_delete_of_a_vm_that_is_on_is_refused(fresh):
    id = fresh.vm("vm-0001")
    answer = fresh.delete("/api/vcenter/vm/" + id)
    assert answer.status_code == 400
    assert error_of(answer)[0] == "NOT_ALLOWED_IN_CURRENT_STATE"
    assert fresh.state(id) == "POWERED_ON"


def test_an_id_is_never_used_again(fresh):
    seen = set()
    for _ in range(3):
        id = fresh.post("/api/vcenter/vm", json=spec()).json()
        assert id not in seen
        seen.add(id)
        fresh.delete("/api/vcenter/vm/" + id)


# ---- clone ----

def test_a_clone_is_a_new_vm_like_its_source(fresh):
    source = fresh.post("/api/vcenter/vm", json=GUIDE_SPEC).json()
    answer = fresh.post("/api/vcenter/vm?action=clone", json={"source": source, "name": "copy"})
    assert answer.status_code == 200, answer.text
    copy = fresh.get("/api/vcenter/vm/" + answer.json()).json()
    assert (copy["name"], copy["guest_OS"], copy["cpu"]["count"]) == ("copy", "UBUNTU_64", 2)
    assert copy["power_state"] == "POWERED_OFF"


def test_a_clone_may_be_powered_on(fresh):
    source = fresh.vm("vm-0002")
    id = fresh.post("/api/vcenter/vm?action=clone", json={"source": source, "name": "on", "power_on": True}).json()
    assert fresh.state(id) == "POWERED_ON"


def test_a_clone_as_a_task_ends_with_the_new_id(fresh, wait_until):
    source = fresh.vm("vm-0002")
    answer = fresh.post("/api/vcenter/vm?action=clone&vmw-task=true", json={"source": source, "name": "copy"})
    assert answer.status_code == 202
    task = answer.json()

    def ended():
        info = fresh.get("/api/cis/tasks/" + task).json()
        return info if info["status"] != "RUNNING" else None
    info = wait_until(ended)
    assert info["status"] == "SUCCEEDED", info
    assert info["result"] == fresh.vm("copy")
    assert info["target"] == {"type": "VirtualMachine", "id": source}
    assert info["user"] == "administrator@vsphere.local"
    assert list(fresh.get("/api/cis/tasks", params={"tasks": task}).json()) == [task]
    assert fresh.get(f"/rest/cis/tasks/{task}").json()["value"]["status"] == "SUCCEEDED"


def test_rest_answers_a_task_with_200(fresh):
    answer = fresh.post("/rest/vcenter/vm?action=clone&vmw-task=true",
                        json={"spec": {"source": fresh.vm("vm-0002"), "name": "copy"}})
    assert answer.status_code == 200
    assert answer.json()["value"].startswith("task-")


def test_a_task_that_fails_is_a_200_that_says_so(fresh, wait_until):
    body = {"source": fresh.vm("vm-0002"), "name": "vm-0001"}
    task = fresh.post("/api/vcenter/vm?action=clone&vmw-task=true", json=body).json()
    info = wait_until(lambda: (i := fresh.get("/api/cis/tasks/" + task).json())["status"] == "FAILED" and i)
    assert info["error"]["error_type"] == "ALREADY_EXISTS"
    assert fresh.post(f"/api/cis/tasks/{task}?action=cancel").status_code == 400


def test_a_running_task_can_be_cancelled(wait_until):
    with serving(backends=["sim:///?vms=2&seed=7&delay=500"]) as server:
        api = server.client()
        source = api.get("/api/vcenter/vm").json()[1]["vm"]
        begun = time.monotonic()
        task = api.post("/api/vcenter/vm?action=clone&vmw-task=true", json={"source": source, "name": "c"}).json()
        assert time.monotonic() - begun < 0.9
        assert api.post(f"/api/cis/tasks/{task}?action=cancel").status_code == 204
        info = wait_until(lambda: (i := api.get("/api/cis/tasks/" + task).json())["status"] != "RUNNING" and i)
        assert (info["status"], info["error"]["error_type"]) == ("FAILED", "CANCELED")


@pytest.mark.parametrize("body,kind", [
    ({"source": "vm-999", "name": "x"}, "NOT_FOUND"), ({"name": "x"}, "INVALID_ARGUMENT"),
    ({"source": "vm-10"}, "INVALID_ARGUMENT"), ({"source": "../x", "name": "x"}, "NOT_FOUND"),
    ({"source": "vm-10", "name": "x", "placement": {"host": "host-999"}}, "NOT_FOUND"),
    ({"source": "vm-10", "name": "vm-0001"}, "ALREADY_EXISTS")])
def test_a_wrong_clone_is_refused(api, body, kind):
    answer = api.post("/api/vcenter/vm?action=clone", json=body)
    assert error_of(answer)[0] == kind


def test_an_unknown_task_is_404(api):
    for id in ("task-999", "nothing", "task-0"):
        assert api.get("/api/cis/tasks/" + id).status_code == 404
        assert api.post(f"/api/cis/tasks/{id}?action=cancel").status_code == 404


# ---- several back ends ----

def test_each_back_end_is_a_host_and_their_vms_are_one_list():
    with serving(backends=["sim:///?vms=2&seed=1&hosts=1", "sim:///?vms=3&seed=2&hosts=1"]) as server:
        api = server.client()
        hosts = api.get("/api/vcenter/host").json()
        assert len(hosts) == 2
        assert len(api.get("/api/vcenter/vm").json()) == 5
        second = api.get(f"/api/vcenter/vm?hosts={hosts[1]['host']}").json()
        assert len(second) == 3
        id = api.post("/api/vcenter/vm", json=spec(placement={"host": hosts[1]["host"]})).json()
        assert id in [vm["vm"] for vm in api.get(f"/api/vcenter/vm?hosts={hosts[1]['host']}").json()]
        other = api.get("/api/vcenter/datastore").json()[0]["datastore"]
        mixed = api.post("/api/vcenter/vm", json=spec(
            name="m", placement={"host": hosts[1]["host"], "datastore": other}))
        assert mixed.status_code == 400


def test_the_same_back_end_twice_is_refused(tmp_path):
    server = Server(tmp_path, backends=["sim:///?vms=1", "sim:///?vms=1"])
    with pytest.raises(AssertionError, match="twice"):
        server.start()
    assert server._ended() == 2
