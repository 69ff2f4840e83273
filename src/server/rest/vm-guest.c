/* SPDX-License-Identifier: Apache-2.0 */
/* What only the system inside the VM can tell or do. */
#include "rest.h"

static int
get_vm(struct pv_request *request, struct pv_inv_hold *hold, pv_vm **ret_vm, pv_error **error)
{
    int rc = pv_rest_hold(request, hold, error);

    return rc < 0 ? rc : pv_inv_hold_get(hold, PV_VM_LIST | PV_VM_GUEST, request->task, ret_vm, error);
}

static int
identity(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_autoptr(pv_vm) vm = NULL;
    g_autoptr(pv_vapi_guest_identity) guest = NULL;
    int rc = get_vm(request, &hold, &vm, error);

    if (rc < 0)
        return rc;
    guest = pv_vapi_guest_identity_of(vm);
    if (!guest)
        return pv_refuse(request, PV_VAPI_SERVICE_UNAVAILABLE, PV_VAPI_MSG_NO_GUEST, NULL,
                         "Guest information is not available: no guest agent answers.");
    pv_reply_struct(request, &pv_vapi_guest_identity_desc, guest);
    return 0;
}

static int
power(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_autoptr(pv_vm) vm = NULL;
    g_autoptr(pv_vapi_guest_power) guest = NULL;
    int rc = get_vm(request, &hold, &vm, error);

    if (rc < 0)
        return rc;
    guest = pv_vapi_guest_power_of(vm);
    pv_reply_struct(request, &pv_vapi_guest_power_desc, guest);
    return 0;
}

static int
ask(struct pv_request *request, pv_error **error)
{
    enum pv_power_op op =
        request->call->id == PV_VAPI_GUEST_REBOOT ? PV_POWER_OP_REBOOT : PV_POWER_OP_SHUTDOWN;
    g_auto(pv_inv_hold) hold = { 0 };
    int rc = pv_rest_power(request, op, &hold, error);

    if (rc != PV_ERR_SAME_STATE)
        return rc;
    pv_error_clear(error); /* asked of a VM that is off: no guest is there to be asked */
    return pv_refuse(request, PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE, PV_VAPI_MSG_IS_OFF, NULL,
                     "Virtual machine is powered off.");
}

static int
standby(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    int rc = pv_rest_hold(request, &hold, error);

    return rc < 0 ? rc : pv_error_set(error, PV_ERR_UNSUPPORTED,
                                      "standby: no back end puts a guest to sleep");
}

const struct pv_route pv_routes_vm_guest[] = {
    { PV_VAPI_GUEST_IDENTITY, identity, PV_ROUTE_SLOW },
    { PV_VAPI_GUEST_POWER_GET, power, PV_ROUTE_SLOW },
    { PV_VAPI_GUEST_SHUTDOWN, ask, PV_ROUTE_SLOW },
    { PV_VAPI_GUEST_REBOOT, ask, PV_ROUTE_SLOW },
    { PV_VAPI_GUEST_STANDBY, standby, PV_ROUTE_SLOW },
    { 0, NULL, 0 },
};
