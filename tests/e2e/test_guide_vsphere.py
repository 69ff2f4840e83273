# SPDX-License-Identifier: Apache-2.0
"""The guide's first part, unchanged, against `polyvirt serve --profile guide`: over simulated machines
for every answer, over real QEMU guests for what the answers stand for."""
import os
import subprocess
import tempfile
import types

import libvirt
import pytest

from guide import part1
from libvirt_fixture import Libvirt
from libvirt_guest import BOOT_LIMIT, DOMAIN, Agent, processes
from server_fixture import PASSWORD, USER, Server, serving

# The guide's own samples, as a vCenter would answer them; each is a member of a part-one function.
FUNCTIONS = {"create_session", "get_session_info", "delete_session", "list_vms", "get_vm_details", "create_vm",
             "power_on_vm", "power_off_vm", "reset_vm", "create_snapshot", "list_snapshots", "revert_snapshot",
             "delete_snapshot", "list_datastores", "list_networks"}


# of this run: the process table is everybody's
GUEST, MADE = f"g1-guest-{os.getpid()}", f"g1-made-{os.getpid()}"

# the guide turns these warnings off when it is loaded; pytest turns them on again
pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")


def connect(server, password=PASSWORD):
    client = part1.vSphereClient(server.host, USER, password)
    # delete_snapshot reads client.verify_sql, a slip of the pen for verify_ssl: the code stays as it is,
    # so the attribute is put there from outside
    client.verify_sql = client.verify_ssl
    return client


@pytest.fixture
def server():
    with serving(profile="guide") as one:
        yield one


@pytest.fixture
def client(server):
    one = connect(server)
    assert one.create_session()
    yield one
    if one.session_id:
        assert one.delete_session()


def named(client, name):
    return next(vm["vm"] for vm in part1.list_vms(client) if vm["name"] == name)


def test_every_function_of_the_part_is_called_here():
    functions = {name for name, value in vars(part1).items() if isinstance(value, types.FunctionType)}
    methods = {name for name in vars(part1.vSphereClient) if not name.startswith("_")}
    with open(__file__, encoding="utf-8") as f:
        text = f.read()
    assert functions | methods == FUNCTIONS
    assert not [name for name in FUNCTIONS if f".{name}(" not in text]


# ---- sessions ----

def test_create_session_logs_in(server, capsys):
    client = connect(server)
    assert client.create_session() is True
    assert len(client.session_id) == 32
    assert "✅ 会话创建成功" in capsys.readouterr().out


def test_create_session_says_no_to_a_wrong_password(server, capsys):
    client = connect(server, "wrong")
    assert client.create_session() is False
    assert client.session_id is None
    assert "❌ 会话创建失败: 401" in capsys.readouterr().out


def test_create_session_says_no_where_nobody_listens(capsys):
    client = part1.vSphereClient("127.0.0.1:1", USER, PASSWORD)
    assert client.create_session() is False
    assert "❌ 连接错误" in capsys.readouterr().out


def test_get_session_info_tells_user_and_times(client):
    info = client.get_session_info()
    assert info["user"] == USER
    assert info["created_time"].endswith("Z") and info["last_accessed_time"] >= info["created_time"]


def test_delete_session_ends_it(server):
    client = connect(server)
    client.create_session()
    headers = dict(client.headers)
    assert client.delete_session() is True
    assert (client.session_id, client.headers) == (None, {})
    client.headers = headers
    assert client.get_session_info() == {}
    assert part1.list_vms(client) == []
    assert client.delete_session() is False


# ---- virtual machines ----

def test_list_vms_lists_them(client, capsys):
    vms = part1.list_vms(client)
    assert [vm["name"] for vm in vms] == ["vm-0001", "vm-0002", "vm-0003", "vm-0004", "vm-0005"]
    said = capsys.readouterr().out
    assert "✅ 找到 5 个虚拟机" in said and "N/A" not in said


def test_get_vm_details_shows_all_the_guide_prints(client, capsys):
    details = part1.get_vm_details(client, named(client, "vm-0001"))
    assert (details["name"], details["power_state"]) == ("vm-0001", "POWERED_ON")
    said = capsys.readouterr().out
    assert "None" not in said
    assert "网卡数" in said and "磁盘数" in said and "VMX_19" in said


def test_get_vm_details_of_nobody_is_empty(client):
    assert part1.get_vm_details(client, "vm-999") == {}


def test_create_vm_makes_what_the_guide_asks_for(client):
    id = part1.create_vm(client, "web-1")
    assert id.startswith("vm-")
    details = part1.get_vm_details(client, id)
    assert (details["name"], details["guest_OS"], details["power_state"]) == ("web-1", "UBUNTU_64", "POWERED_OFF")
    assert (details["cpu"]["count"], details["memory"]["size_MiB"]) == (2, 2048)
    assert [disk["capacity"] for disk in details["disks"].values()] == [20 << 30]
    assert len(details["nics"]) == 1


def test_create_vm_says_no_to_a_taken_name(client, capsys):
    assert part1.create_vm(client, "vm-0001") == ""
    assert "ALREADY_EXISTS" in capsys.readouterr().out


def test_the_power_functions_change_the_state(client):
    def state():
        return part1.get_vm_details(client, id)["power_state"]
    id = named(client, "vm-0002")
    assert part1.power_on_vm(client, id) is True
    assert state() == "POWERED_ON"
    assert part1.power_on_vm(client, id) is False
    assert part1.reset_vm(client, id) is True
    assert state() == "POWERED_ON"
    assert part1.power_off_vm(client, id) is True
    assert state() == "POWERED_OFF"
    assert part1.power_off_vm(client, id) is False
    assert part1.reset_vm(client, id) is False


# ---- snapshots ----

def test_the_snapshot_functions_walk_through_a_life(client, capsys):
    vm = named(client, "vm-0001")
    first = part1.create_snapshot(client, vm, "first", "before the update")
    second = part1.create_snapshot(client, vm, "second", memory=False)
    assert first and second and first != second
    listed = part1.list_snapshots(client, vm)
    assert {s["name"]: s["snapshot"] for s in listed} == {"first": first, "second": second}
    assert listed[0]["description"] == "before the update"
    assert f"- first (ID: {first})" in capsys.readouterr().out
    part1.power_off_vm(client, vm)
    assert part1.revert_snapshot(client, vm, first) is True
    assert part1.get_vm_details(client, vm)["power_state"] == "POWERED_ON"
    assert part1.delete_snapshot(client, vm, first) is True
    assert [s["name"] for s in part1.list_snapshots(client, vm)] == ["second"]
    assert part1.delete_snapshot(client, vm, first) is False
    assert part1.revert_snapshot(client, vm, first) is False
    assert part1.create_snapshot(client, "vm-999", "x") == ""
    assert part1.list_snapshots(client, "vm-999") == []


# ---- datastores and networks ----

def test_list_datastores_tells_their_sizes(client, capsys):
    datastores = part1.list_datastores(client)
    assert {"datastore", "name", "type", "capacity", "free_space"} <= set(datastores[0])
    assert "4096.00 GB" in capsys.readouterr().out


def test_list_networks_lists_them(client):
    networks = part1.list_networks(client)
    assert "VM Network" in [network["name"] for network in networks]
    assert all(network["type"] == "STANDARD_PORTGROUP" for network in networks)


# ---- real guests ----

@pytest.fixture(scope="module")
def daemon():
    with tempfile.TemporaryDirectory(prefix="pv-g1-") as folder, Libvirt(os.path.join(folder, "l")) as running:
        yield running


@pytest.fixture(scope="module")
def real(daemon):
    """The guide's server with a real libvirt daemon behind it; a connection past the server beside."""
    with tempfile.TemporaryDirectory(prefix="pv-g1s-") as folder, \
            Server(folder, backends=[daemon.uri], profile="guide") as server:
        conn = libvirt.open(daemon.uri)
        yield types.SimpleNamespace(server=server, conn=conn, uri=daemon.uri, images=daemon.images)
        conn.close()


@pytest.fixture
def guide(real):
    """The guide's client on the real server; machines that a test made are gone afterwards."""
    client = connect(real.server)
    assert client.create_session()
    yield client
    client.delete_session()
    for domain in real.conn.listAllDomains():
        if domain.name() == GUEST:
            continue
        if domain.isActive():
            domain.destroy()
        domain.undefine()


@pytest.fixture
def booted(real, guide, guest_image, wait_until):
    """A machine of the small guest, started by the guide's code unless it runs; its id and its agent.
    Tests share it, since it boots for seconds."""
    if GUEST not in [domain.name() for domain in real.conn.listAllDomains()]:
        disk = os.path.join(real.images, GUEST + ".qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", guest_image, disk], check=True)
        real.conn.defineXML(DOMAIN.format(name=GUEST, disk=disk))
    vm = wait_until(lambda: next((vm for vm in part1.list_vms(guide) if vm["name"] == GUEST), None))
    if vm["power_state"] == "POWERED_OFF":
        assert processes(GUEST) == []
        assert part1.power_on_vm(guide, vm["vm"]) is True
    agent = Agent(real, GUEST)
    wait_until(agent.answers, BOOT_LIMIT, "an answer of the agent")
    return types.SimpleNamespace(id=vm["vm"], agent=agent, name=GUEST)


def test_create_vm_makes_a_machine_that_really_starts(real, guide):
    id = part1.create_vm(guide, MADE)
    assert id.startswith("vm-")
    domain = real.conn.lookupByName(MADE)
    assert not domain.isActive() and domain.isPersistent()
    assert domain.info()[1] >> 10 == 2048 and domain.info()[3] == 2
    [disk] = part1.get_vm_details(guide, id)["disks"].values()
    assert disk["capacity"] == 20 << 30
    path = [os.path.join(folder, name) for folder, _, names in os.walk(real.images) for name in names
            if MADE in name]
    assert len(path) == 1 and os.stat(path[0]).st_blocks * 512 < 4 << 20, "20 GB must cost next to nothing"
    assert processes(MADE) == []
    assert part1.power_on_vm(guide, id) is True
    [pid] = processes(MADE)
    assert domain.isActive()
    assert part1.reset_vm(guide, id) is True
    assert processes(MADE) == [pid], "a reset does not end the machine"
    assert part1.power_off_vm(guide, id) is True
    assert processes(MADE) == []
    assert not domain.isActive()


def test_power_on_makes_a_qemu_process_that_boots_a_guest(real, booted):
    assert len(processes(booted.name)) == 1
    assert "Linux" in booted.agent.shell("uname")


def test_reset_boots_the_guest_again(guide, booted, wait_until):
    booted.agent.shell("echo here >/run/mark")
    assert part1.reset_vm(guide, booted.id) is True
    wait_until(booted.agent.answers, BOOT_LIMIT, "an answer of the agent")
    assert booted.agent.shell("ls /run/mark 2>/dev/null || echo gone") == "gone\n"


def test_a_revert_brings_back_what_was_on_the_disk(guide, booted, wait_until, capsys):
    booted.agent.shell("echo before >/root/state; sync")
    id = part1.create_snapshot(guide, booted.id, "s1", "with memory")
    assert id.startswith("snapshot-")
    booted.agent.shell("echo after >/root/state; sync")
    assert booted.agent.shell("cat /root/state") == "after\n"
    capsys.readouterr()
    [snapshot] = part1.list_snapshots(guide, booted.id)
    assert (snapshot["name"], snapshot["snapshot"], snapshot["memory"]) == ("s1", id, True)
    assert part1.revert_snapshot(guide, booted.id, id) is True
    wait_until(booted.agent.answers, BOOT_LIMIT, "an answer of the agent")
    assert booted.agent.shell("cat /root/state") == "before\n"
    assert part1.delete_snapshot(guide, booted.id, id) is True
    assert part1.list_snapshots(guide, booted.id) == []


def test_a_snapshot_of_a_machine_that_is_off_brings_its_disk_back_too(guide, booted, wait_until):
    booted.agent.shell("echo before >/root/state; sync")
    assert part1.power_off_vm(guide, booted.id) is True
    id = part1.create_snapshot(guide, booted.id, "cold")
    assert id.startswith("snapshot-")
    assert part1.power_on_vm(guide, booted.id) is True
    wait_until(booted.agent.answers, BOOT_LIMIT, "an answer of the agent")
    booted.agent.shell("echo after >/root/state; sync")
    assert part1.revert_snapshot(guide, booted.id, id) is True
    assert part1.get_vm_details(guide, booted.id)["power_state"] == "POWERED_OFF"
    assert part1.power_on_vm(guide, booted.id) is True
    wait_until(booted.agent.answers, BOOT_LIMIT, "an answer of the agent")
    assert booted.agent.shell("cat /root/state") == "before\n"
    assert part1.delete_snapshot(guide, booted.id, id) is True


def test_what_virsh_does_is_seen_by_the_next_client(real, guide, booted, wait_until):
    def state():
        return {vm["name"]: vm["power_state"] for vm in part1.list_vms(guide)}.get(booted.name)
    virsh = ["virsh", "-q", "-c", real.uri]
    subprocess.run([*virsh, "destroy", booted.name], check=True, stdout=subprocess.DEVNULL)
    # the event is on its way when virsh returns
    wait_until(lambda: state() == "POWERED_OFF", 2, "the news of virsh's destroy")
    subprocess.run([*virsh, "undefine", booted.name], check=True, stdout=subprocess.DEVNULL)
    wait_until(lambda: state() is None, 2, "the news of virsh's undefine")
    assert part1.get_vm_details(guide, booted.id) == {}


def test_lists_of_datastores_and_networks_are_the_daemons(real, guide):
    pools = {pool.name(): pool.info() for pool in real.conn.listAllStoragePools()}
    assert {d["name"]: d["capacity"] for d in part1.list_datastores(guide)} == {
        name: info[1] for name, info in pools.items()}
    assert {n["name"] for n in part1.list_networks(guide)} == {n.name() for n in real.conn.listAllNetworks()}
