# SPDX-License-Identifier: Apache-2.0
"""The guide's second part, unchanged, against a real libvirt daemon and real QEMU guests.

Every test calls the guide's functions and then asks polyvirt what became of it, so that the guide's
code, libvirt and polyvirt's libvirt driver have to agree.
"""

import datetime
import os
import re
import subprocess
import tempfile
from pathlib import Path

import libvirt
import pytest
from guide import part2
from libvirt_fixture import Libvirt
from libvirt_guest import BOOT_LIMIT, DOMAIN, END_LIMIT, Agent, processes

# Plugged into a bridge that nobody made: starting it changes nothing on this machine.
NETWORK = "<network><name>{name}</name><forward mode='bridge'/><bridge name='pv-none'/></network>"


@pytest.fixture(scope="module")
def daemon():
    with tempfile.TemporaryDirectory(prefix="pv-g2-") as folder, Libvirt(os.path.join(folder, "l")) as running:
        yield running


@pytest.fixture
def client(daemon):
    """The guide's client, connected; afterwards nothing that a test made is left in the daemon."""
    one = part2.LibvirtClient(daemon.uri)
    assert one.connect()
    conn = one.conn
    yield one
    one.conn = conn
    for domain in conn.listAllDomains():
        if domain.isActive():
            domain.destroy()
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
    for network in conn.listAllNetworks():
        if network.isActive():
            network.destroy()
        network.undefine()
    one.close()


@pytest.fixture
def view(polyvirt, daemon):
    """view("vm", "get", NAME) -> what polyvirt says, read from its JSON."""

    def ask(*arguments):
        answer = polyvirt("-c", daemon.uri, "-o", "json", *arguments)
        assert answer.status == 0, answer
        return answer.json()

    return ask


@pytest.fixture
def make_domain(client, guest_image, tmp_path):
    """make_domain(NAME): a domain that is off, on an overlay of the small guest's image."""

    def make(name):
        disk = tmp_path / f"{name}.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", guest_image, disk], check=True)
        client.conn.defineXML(DOMAIN.format(name=name, disk=disk))
        return name

    return make


def seconds(text):
    """Seconds since 1970 of a time as polyvirt writes it."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


# ---- connection and hypervisor ----


def test_connect_opens_the_daemon(daemon, capsys):
    client = part2.LibvirtClient(daemon.uri)
    assert client.connect() is True
    assert client.conn.getURI().startswith("qemu")
    assert "✅ 连接成功" in capsys.readouterr().out
    client.close()


def test_connect_says_no_where_nobody_listens(tmp_path, capsys):
    client = part2.LibvirtClient(f"qemu+unix:///system?socket={tmp_path}/nobody")
    assert client.connect() is False
    assert client.conn is None
    assert "❌ 连接错误" in capsys.readouterr().out


def test_hypervisor_info_is_what_polyvirt_says(client, view):
    info = client.get_hypervisor_info()
    endpoint = view("endpoint", "info")
    [host] = view("host", "list")
    major, minor, micro = map(int, endpoint["version"].split("."))
    assert info["type"] == endpoint["product"] == "QEMU"
    assert info["version"] == major * 1000000 + minor * 1000 + micro
    assert info["hostname"] == endpoint["hostname"]
    arch, mib, cpus, _, nodes, sockets, cores, threads = info["nodeinfo"]
    assert (arch, cpus, nodes) == (host["arch"], host["cpus"], host["numa_nodes"])
    assert (sockets, cores, threads) == (host["sockets"], host["cores_per_socket"], host["threads_per_core"])
    assert mib == host["memory"] >> 20


def test_close_ends_the_connection(daemon, capsys):
    client = part2.LibvirtClient(daemon.uri)
    client.connect()
    client.close()
    assert "✅ 连接已关闭" in capsys.readouterr().out
    with pytest.raises(libvirt.libvirtError):
        client.conn.getVersion()


# ---- domains ----


def test_list_domains_has_the_names_that_polyvirt_lists(client, view, make_domain, capsys):
    for name in ("g2-run", "g2-off", "g2-关机"):
        make_domain(name)
    client.conn.lookupByName("g2-run").create()
    capsys.readouterr()
    answer = part2.list_domains(client)
    said = capsys.readouterr().out
    rows = view("vm", "list")
    on = {row["name"] for row in rows if row["state"] == "on"}
    off = {row["name"] for row in rows if row["state"] == "off"}
    assert on == {"g2-run"}
    assert off == {"g2-off", "g2-关机"}
    # The guide's list has the number of what runs and the name of what does not.
    assert {client.conn.lookupByID(row).name() for row in answer if isinstance(row, int)} == on
    assert {row for row in answer if isinstance(row, str)} == off
    assert set(re.findall(r"虚拟机: (.+)", said)) == on
    assert set(re.findall(r"- (.+) \(已定义\)", said)) == off
    assert "状态: 运行中" in said


def test_state_names_cover_what_libvirt_has():
    names = {part2.get_state_name(state) for state in range(libvirt.VIR_DOMAIN_PMSUSPENDED + 1)}
    assert len(names) == 8
    assert not any(name.startswith("未知") for name in names)
    assert part2.get_state_name(99) == "未知(99)"


def test_create_domain_defines_what_polyvirt_sees(client, view):
    try:
        client.conn.getDomainCapabilities(None, "x86_64", "pc", "kvm")
    except libvirt.libvirtError as refusal:
        pytest.skip(f"the guide's domain is of type kvm, which libvirt refuses on this host: {refusal}")
    assert part2.create_domain(client, "g2-made", memory_mb=256, vcpus=2) is True
    vm = view("vm", "get", "g2-made")
    assert vm["state"] == "off"
    assert vm["persistent"] is True
    assert (vm["cpus"], vm["memory"]) == (2, 256 << 20)
    assert vm["uuid"] == client.conn.lookupByName("g2-made").UUIDString()
    [disk], [nic] = vm["disks"], vm["nics"]
    assert (disk["path"], disk["format"], disk["bus"]) == ("/var/lib/libvirt/images/g2-made.qcow2", "qcow2", "virtio")
    assert (nic["type"], nic["network"], nic["model"]) == ("network", "default", "virtio")
    assert processes("g2-made") == []


def test_create_domain_says_no_to_a_name_with_a_slash(client, view, capsys):
    assert part2.create_domain(client, "g2/bad") is False
    assert "❌ 创建域失败" in capsys.readouterr().out
    assert view("vm", "list") == []


def test_start_domain_makes_a_qemu_process(client, view, make_domain, capsys):
    make_domain("g2-start")
    assert view("vm", "get", "g2-start")["state"] == "off"
    assert processes("g2-start") == []
    assert part2.start_domain(client, "g2-start") is True
    assert view("vm", "get", "g2-start")["state"] == "on"
    [pid] = processes("g2-start")
    capsys.readouterr()
    assert part2.start_domain(client, "g2-start") is True
    assert "域已经在运行" in capsys.readouterr().out
    assert processes("g2-start") == [pid]


def test_start_domain_says_no_to_an_unknown_name(client, capsys):
    assert part2.start_domain(client, "g2-nobody") is False
    assert "❌ 启动失败" in capsys.readouterr().out


def test_shutdown_domain_is_obeyed_by_the_guest(client, view, make_domain, wait_until, capsys):
    make_domain("g2-shut")
    part2.start_domain(client, "g2-shut")
    agent = Agent(client, "g2-shut")
    wait_until(agent.answers, BOOT_LIMIT, "an answer of the agent")
    assert part2.shutdown_domain(client, "g2-shut") is True
    assert "✅ 关机信号已发送" in capsys.readouterr().out
    wait_until(lambda: view("vm", "get", "g2-shut")["state"] == "off", END_LIMIT, "the guest's power-off")
    assert processes("g2-shut") == []
    assert part2.shutdown_domain(client, "g2-shut") is True
    assert "域已经关闭" in capsys.readouterr().out


def test_destroy_domain_ends_the_qemu_process(client, view, make_domain, capsys):
    make_domain("g2-destroy")
    part2.start_domain(client, "g2-destroy")
    assert len(processes("g2-destroy")) == 1
    assert part2.destroy_domain(client, "g2-destroy") is True
    assert view("vm", "get", "g2-destroy")["state"] == "off"
    assert processes("g2-destroy") == []
    capsys.readouterr()
    assert part2.destroy_domain(client, "g2-destroy") is True
    assert "域未运行" in capsys.readouterr().out


def test_suspend_and_resume_domain_pause_and_unpause(client, view, make_domain):
    make_domain("g2-pause")
    domain = client.conn.lookupByName("g2-pause")
    part2.start_domain(client, "g2-pause")
    assert part2.suspend_domain(client, "g2-pause") is True
    assert view("vm", "get", "g2-pause")["state"] == "paused"
    assert part2.get_state_name(domain.state()[0]) == "暂停"
    assert len(processes("g2-pause")) == 1
    assert part2.resume_domain(client, "g2-pause") is True
    assert view("vm", "get", "g2-pause")["state"] == "on"
    assert part2.get_state_name(domain.state()[0]) == "运行中"


def test_suspend_and_resume_say_no_to_a_domain_that_is_off(client, view, make_domain, capsys):
    make_domain("g2-cold")
    assert part2.suspend_domain(client, "g2-cold") is False
    assert "❌ 挂起失败" in capsys.readouterr().out
    assert part2.resume_domain(client, "g2-cold") is False
    assert "❌ 恢复失败" in capsys.readouterr().out
    assert view("vm", "get", "g2-cold")["state"] == "off"


# ---- snapshots ----


def test_a_reverted_snapshot_brings_the_old_file_back(client, view, make_domain, wait_until, capsys):
    make_domain("g2-snap")
    part2.start_domain(client, "g2-snap")
    agent = Agent(client, "g2-snap")
    wait_until(agent.answers, BOOT_LIMIT, "an answer of the agent")
    agent.shell("echo before >/root/state; sync")
    assert part2.create_domain_snapshot(client, "g2-snap", "s1") is True
    agent.shell("echo after >/root/state; sync")
    assert agent.shell("cat /root/state") == "after\n"
    capsys.readouterr()
    assert part2.list_domain_snapshots(client, "g2-snap") == ["s1"]
    created = int(re.search(r"创建时间: (\d+)", capsys.readouterr().out).group(1))
    assert part2.revert_domain_snapshot(client, "g2-snap", "s1") is True
    assert view("vm", "get", "g2-snap")["state"] == "on"
    wait_until(agent.answers, END_LIMIT, "an answer of the agent after the revert")
    assert agent.shell("cat /root/state") == "before\n"
    [snapshot] = view("snapshot", "list", "g2-snap")
    assert snapshot["name"] == "s1"
    assert snapshot["description"] == "Snapshot created by API test"
    assert seconds(snapshot["created"]) == created


def test_snapshots_of_a_domain_that_is_off_are_listed(client, view, make_domain):
    make_domain("g2-cold")
    assert part2.list_domain_snapshots(client, "g2-cold") == []
    assert part2.create_domain_snapshot(client, "g2-cold", "first") is True
    assert part2.create_domain_snapshot(client, "g2-cold", "second") is True
    rows = {row["name"]: row for row in view("snapshot", "list", "g2-cold")}
    assert sorted(part2.list_domain_snapshots(client, "g2-cold")) == sorted(rows) == ["first", "second"]
    assert rows["second"]["parent"] == rows["first"]["id"]
    assert rows["second"]["current"] is True
    assert part2.revert_domain_snapshot(client, "g2-cold", "first") is True
    rows = {row["name"]: row for row in view("snapshot", "list", "g2-cold")}
    assert rows["first"]["current"] is True
    assert view("vm", "get", "g2-cold")["state"] == "off"


def test_a_taken_or_unknown_snapshot_name_is_refused(client, view, make_domain, capsys):
    make_domain("g2-cold")
    assert part2.create_domain_snapshot(client, "g2-cold", "one") is True
    assert part2.create_domain_snapshot(client, "g2-cold", "one") is False
    assert "❌ 创建快照失败" in capsys.readouterr().out
    assert part2.revert_domain_snapshot(client, "g2-cold", "none") is False
    assert "❌ 恢复快照失败" in capsys.readouterr().out
    assert [row["name"] for row in view("snapshot", "list", "g2-cold")] == ["one"]


# ---- storage pools and networks ----


def test_list_storage_pools_is_what_polyvirt_lists(client, view, tmp_path, capsys):
    (tmp_path / "pool").mkdir()
    spare = client.conn.storagePoolDefineXML(
        f"<pool type='dir'><name>g2-spare</name><target><path>{tmp_path}/pool</path></target></pool>")
    try:
        capsys.readouterr()
        names = part2.list_storage_pools(client)
        said = capsys.readouterr().out
        rows = {row["name"]: row for row in view("datastore", "list")}
    finally:
        spare.undefine()
    assert sorted(names) == sorted(rows) == ["default", "g2-spare"]
    gib = float(re.search(r"容量: ([\d.]+) GB", said).group(1))
    assert abs(rows["default"]["capacity"] / 2**30 - gib) < 0.01
    assert "- g2-spare" in said


def test_list_networks_is_what_polyvirt_lists(client, view, capsys):
    for name in ("g2-up", "g2-down"):
        client.conn.networkDefineXML(NETWORK.format(name=name))
    client.conn.networkLookupByName("g2-up").create()
    capsys.readouterr()
    assert part2.list_networks(client) == ["g2-up", "g2-down"]
    said = capsys.readouterr().out
    rows = {row["name"]: row for row in view("network", "list")}
    assert sorted(rows) == ["g2-down", "g2-up"]
    assert client.conn.networkLookupByName("g2-up").UUIDString() in said
    assert (rows["g2-up"]["state"], rows["g2-down"]["state"]) == ("active", "inactive")
