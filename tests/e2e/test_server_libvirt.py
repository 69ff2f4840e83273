# SPDX-License-Identifier: Apache-2.0
"""The server over a real libvirt daemon: real machines stay the truth, also when the daemon dies."""
import os
import subprocess
import tempfile

import libvirt
import pytest

from libvirt_fixture import Libvirt
from libvirt_guest import processes
from server_fixture import Server

POWER, LIVE = f"sl-power-{os.getpid()}", f"sl-live-{os.getpid()}"  # the process table is everybody's
SECONDS = 15  # for news of what happened behind the server's back, on a busy machine
SPEC = {"guest_OS": "OTHER_LINUX_64", "memory": {"size_MiB": 64}, "disks": [{"new_vmdk": {"capacity": 1 << 20}}]}
BARE = ("<domain type='qemu'><name>{}</name><memory unit='MiB'>64</memory>"
        "<os><type arch='x86_64'>hvm</type></os></domain>")


@pytest.fixture(scope="module")
def daemon():
    with tempfile.TemporaryDirectory(prefix="pv-sl-") as folder, Libvirt(os.path.join(folder, "l")) as running:
        yield running


@pytest.fixture
def api(daemon, tmp_path):
    with Server(tmp_path, backends=[daemon.uri]) as server:
        client = server.client()
        yield client
    conn = libvirt.open(daemon.uri)
    for domain in conn.listAllDomains():
        if domain.isActive():
            domain.destroy()
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
    conn.close()


def virsh(daemon, *words, **options):
    return subprocess.run(["virsh", "-q", "-c", daemon.uri, *words], check=True, stdout=subprocess.PIPE, text=True,
                          **options).stdout


def states(api):
    return {vm["name"]: vm["power_state"] for vm in api.get("/api/vcenter/vm").json()}


def make(api, name, **more):
    answer = api.post("/api/vcenter/vm", json={"name": name, **SPEC, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_what_the_server_makes_is_a_domain_with_its_disk(daemon, api):
    vm = make(api, "sl-made", cpu={"count": 2})
    assert "sl-made" in virsh(daemon, "list", "--all", "--name")
    datastore = api.get("/api/vcenter/datastore").json()[0]["name"]
    [disk] = api.get("/api/vcenter/vm/" + vm).json()["disks"].values()
    assert disk["backing"]["vmdk_file"].startswith(f"[{datastore}] ")
    path = os.path.join(daemon.images, disk["backing"]["vmdk_file"].split("] ")[1])
    assert os.path.exists(path)
    assert api.delete("/api/vcenter/vm/" + vm).status_code == 204
    assert "sl-made" not in virsh(daemon, "list", "--all", "--name")
    assert not os.path.exists(path)


def test_the_power_cycle_moves_a_real_machine(daemon, api):
    vm = make(api, POWER)

    def act(action):
        answer = api.post(f"/api/vcenter/vm/{vm}/power?action={action}")
        assert answer.status_code == 204, answer.text
        return len(processes(POWER)), states(api)[POWER]
    assert act("start") == (1, "POWERED_ON")
    assert act("reset") == (1, "POWERED_ON")
    assert act("suspend") == (0, "SUSPENDED")
    refused = api.post(f"/api/vcenter/vm/{vm}/power?action=suspend")
    assert (refused.status_code, refused.json()["error_type"]) == (400, "ALREADY_IN_DESIRED_STATE")
    refused = api.post(f"/api/vcenter/vm/{vm}/power?action=reset")
    assert (refused.status_code, refused.json()["error_type"]) == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert act("start") == (1, "POWERED_ON")
    refused = api.post(f"/api/vcenter/vm/{vm}/power?action=start")
    assert (refused.status_code, refused.json()["error_type"]) == (400, "ALREADY_IN_DESIRED_STATE")
    assert api.delete("/api/vcenter/vm/" + vm).json()["error_type"] == "NOT_ALLOWED_IN_CURRENT_STATE"
    assert act("stop") == (0, "POWERED_OFF")


def test_what_virsh_changes_is_seen_without_being_asked_for(daemon, api, wait_until):
    virsh(daemon, "define", "/dev/stdin", input=BARE.format("sl-virsh"))
    wait_until(lambda: states(api).get("sl-virsh") == "POWERED_OFF", SECONDS, "the new domain")
    virsh(daemon, "start", "sl-virsh")
    wait_until(lambda: states(api)["sl-virsh"] == "POWERED_ON", SECONDS, "the start")
    virsh(daemon, "suspend", "sl-virsh")  # libvirt's word for paused: still on the host
    assert states(api)["sl-virsh"] == "POWERED_ON"
    virsh(daemon, "destroy", "sl-virsh")
    wait_until(lambda: states(api)["sl-virsh"] == "POWERED_OFF", SECONDS, "the stop")
    id = api.vm("sl-virsh")
    virsh(daemon, "undefine", "sl-virsh")
    wait_until(lambda: "sl-virsh" not in states(api), SECONDS, "the removal")
    assert api.get("/api/vcenter/vm/" + id).status_code == 404


def test_a_guest_os_and_ids_survive_a_kill_of_the_server(daemon, api):
    vm = make(api, "sl-kept", guest_OS="RHEL_8_64")
    snapshot = api.post(f"/api/vcenter/vm/{vm}/snapshot", json={"name": "s"}).json()
    api.server.kill()
    api.server.start()
    assert api.vm("sl-kept") == vm
    assert api.get("/api/vcenter/vm/" + vm).json()["guest_OS"] == "RHEL_8_64"
    assert [s["snapshot"] for s in api.get(f"/api/vcenter/vm/{vm}/snapshot").json()] == [snapshot]


def test_a_clone_has_a_disk_of_its_own(daemon, api):
    vm = make(api, "sl-source")
    answer = api.post("/api/vcenter/vm?action=clone", json={"source": vm, "name": "sl-copy"})
    assert answer.status_code == 200, answer.text
    files = [next(iter(api.get("/api/vcenter/vm/" + id).json()["disks"].values()))["backing"]["vmdk_file"]
             for id in (vm, answer.json())]
    assert files[0] != files[1]


def test_a_file_outside_the_datastores_cannot_be_attached(daemon, api):
    for name in ("/etc/shadow", "[default] ../../../../etc/shadow", "[default] a/../../x", "[default] "):
        body = {"name": "sl-evil", **SPEC, "disks": [{"backing": {"type": "VMDK_FILE", "vmdk_file": name}}]}
        assert api.post("/api/vcenter/vm", json=body).status_code == 400
    assert "sl-evil" not in states(api)


def test_a_daemon_that_dies_and_comes_back(daemon, api, wait_until):
    vm = make(api, LIVE)
    assert api.post(f"/api/vcenter/vm/{vm}/power?action=start").status_code == 204
    [pid] = processes(LIVE)

    def connection():
        return [host["connection_state"] for host in api.get("/api/vcenter/host").json()]
    assert connection() == ["CONNECTED"]
    said = len(api.server.stderr())
    daemon.kill()
    wait_until(lambda: connection() == ["NOT_RESPONDING"], SECONDS, "the news of the daemon's end")
    wait_until(lambda: "is away" in api.server.stderr()[said:], SECONDS, "word of it")
    for _ in range(20):
        states(api)
    assert states(api)[LIVE] == "POWERED_ON", "what was known last"
    refused = api.post(f"/api/vcenter/vm/{vm}/power?action=stop")
    assert refused.status_code == 503
    assert refused.json()["error_type"] == "SERVICE_UNAVAILABLE"
    assert api.get("/api/appliance/health/system").json() == "orange"
    daemon.launch()
    wait_until(lambda: connection() == ["CONNECTED"], SECONDS, "the new connection")
    told = api.server.stderr()[said:]
    assert told.count("is away") == 1 and told.count("is back") == 1, told
    assert processes(LIVE) == [pid]
    assert api.post(f"/api/vcenter/vm/{vm}/power?action=stop").status_code == 204
    assert processes(LIVE) == []
    virsh(daemon, "start", LIVE)
    wait_until(lambda: states(api)[LIVE] == "POWERED_ON", SECONDS, "events of the new connection")
