# SPDX-License-Identifier: Apache-2.0
"""Power and guest operations: every form of the request, and the refusals state by state."""
import pytest

from server_fixture import serving

STATUS = {("vcenter", "/api"): 204, ("vcenter", "/rest"): 200, ("guide", "/api"): 204, ("guide", "/rest"): 204}


@pytest.fixture(params=["vcenter", "guide"])
def api(request):
    with serving(profile=request.param) as server:
        yield server.client()


@pytest.fixture
def plain():
    with serving() as server:
        yield server.client()


@pytest.mark.parametrize("prefix", ["/api", "/rest"])
@pytest.mark.parametrize("form", ["{0}/vcenter/vm/{1}/power?action={2}", "{0}/vcenter/vm/{1}/power/{2}"])
def test_the_power_cycle_in_every_form(api, prefix, form):
    vm, status = api.vm("vm-0002"), STATUS[api.server.profile, prefix]
    for action, state in (("start", "POWERED_ON"), ("reset", "POWERED_ON"), ("suspend", "SUSPENDED"),
                          ("start", "POWERED_ON"), ("stop", "POWERED_OFF")):
        answer = api.post(form.format(prefix, vm, action))
        assert (answer.status_code, answer.content) == (status, b""), (action, answer.text)
        # the very next read is true, in list and detail
        assert api.state(vm) == state
        assert api.get("/api/vcenter/vm", params={"vms": vm}).json()[0]["power_state"] == state
        assert api.get("/api/vcenter/vm/" + vm).json()["power_state"] == state


def test_power_get_tells_of_a_clean_end_only_when_off(plain):
    assert plain.get(f"/api/vcenter/vm/{plain.vm('vm-0001')}/power").json() == {"state": "POWERED_ON"}
    assert plain.get(f"/api/vcenter/vm/{plain.vm('vm-0002')}/power").json() == {
        "state": "POWERED_OFF", "clean_power_off": True}
    assert plain.get(f"/rest/vcenter/vm/{plain.vm('vm-0001')}/power").json() == {"value": {"state": "POWERED_ON"}}


SAME, STATE = "ALREADY_IN_DESIRED_STATE", "NOT_ALLOWED_IN_CURRENT_STATE"


@pytest.mark.parametrize("before,action,kind,id", [
    ("on", "start", SAME, "already_powered_on"), ("off", "stop", SAME, "already_powered_off"),
    ("suspended", "suspend", SAME, "already_suspended"), ("off", "suspend", STATE, "already_powered_off"),
    ("off", "reset", STATE, "already_powered_off"), ("suspended", "reset", STATE, "already_suspended")])
def test_what_the_state_forbids_is_refused_as_vcenter_does(plain, before, action, kind, id):
    vm = plain.vm("vm-0002" if before == "off" else "vm-0001")
    if before == "suspended":
        assert plain.post(f"/api/vcenter/vm/{vm}/power?action=suspend").status_code == 204
    state = plain.state(vm)
    answer = plain.post(f"/api/vcenter/vm/{vm}/power?action={action}")
    assert answer.status_code == 400
    assert answer.json()["error_type"] == kind
    messages = answer.json()["messages"]
    assert messages[0]["id"] == "com.vmware.api.vcenter.vm.power." + id
    assert messages[1]["id"] == "vmsg.InvalidPowerState.summary"
    legacy = plain.post(f"/rest/vcenter/vm/{vm}/power/{action}")
    assert legacy.status_code == 400
    assert legacy.json()["type"] == "com.vmware.vapi.std.errors." + kind.lower()
    assert plain.state(vm) == state


def test_the_text_of_an_idle_stop_is_vcenters(plain):
    answer = plain.post(f"/api/vcenter/vm/{plain.vm('vm-0002')}/power?action=stop")
    assert answer.json()["messages"][0]["default_message"] == "Virtual machine is already powered off."


@pytest.mark.parametrize("path", ["power?action=explode", "power", "power/explode", "power?~action="])
def test_an_unknown_action_is_404(plain, path):
    assert plain.post(f"/api/vcenter/vm/{plain.vm('vm-0001')}/{path}").status_code == 404


def test_power_of_an_unknown_vm_is_404(plain):
    for method, path in (("GET", ""), ("POST", "?action=start"), ("POST", "/start")):
        answer = plain.request(method, "/api/vcenter/vm/vm-999/power" + path)
        assert answer.status_code == 404
        assert answer.json()["messages"][0]["id"] == "com.vmware.api.vcenter.vm.not_found"


def test_a_failure_of_the_back_end_is_an_error_with_its_words():
    with serving(backends=["sim:///?vms=2&seed=7&fail=vm.start"]) as server:
        api = server.client()
        vm = api.vm("vm-0002")
        answer = api.post(f"/api/vcenter/vm/{vm}/power?action=start")
        assert answer.status_code == 500
        assert answer.json()["error_type"] == "ERROR"
        assert "simulated failure" in answer.json()["messages"][0]["default_message"]
        assert api.post(f"/rest/vcenter/vm/{vm}/power/start").status_code == 400
        assert api.state(vm) == "POWERED_OFF"


# ---- guest ----

def test_the_guest_is_asked_to_shut_down(plain):
    vm = plain.vm("vm-0001")
    assert plain.post(f"/api/vcenter/vm/{vm}/guest/power?action=shutdown").status_code == 204
    assert plain.state(vm) == "POWERED_OFF"
    for action in ("shutdown", "reboot"):
        answer = plain.post(f"/api/vcenter/vm/{vm}/guest/power?action={action}")
        assert (answer.status_code, answer.json()["error_type"]) == (400, STATE)
    assert plain.post(f"/api/vcenter/vm/{vm}/guest/power?action=standby").json()["error_type"] == "UNSUPPORTED"


def test_guest_information_is_there_or_said_not_to_be(plain):
    on, off = plain.vm("vm-0001"), plain.vm("vm-0002")
    identity = plain.get(f"/api/vcenter/vm/{on}/guest/identity")
    assert identity.status_code == 200, identity.text
    assert {"name", "family", "full_name", "host_name"} <= set(identity.json())
    missing = plain.get(f"/api/vcenter/vm/{off}/guest/identity")
    assert missing.status_code == 503
    assert missing.json()["error_type"] == "SERVICE_UNAVAILABLE"
    assert missing.json()["messages"][0]["id"] == "com.vmware.api.vcenter.vm.guest.information_not_available"
    assert plain.get(f"/api/vcenter/vm/{off}/guest/power").json() == {"state": "NOT_RUNNING", "operations_ready": False}
