/* SPDX-License-Identifier: Apache-2.0 */
#include "vm.h"

struct naming {
    pv_inventory *inventory;
    const pv_backend *backend;
    char moref[PV_MOREF_SIZE];
};

static const char *
network_moref(const char *name, void *data)
{
    struct naming *naming = data;
    const struct pv_inv_object *object =
        pv_inventory_object_named(naming->inventory, PV_OBJECT_NETWORK, naming->backend, name);

    return object ? pv_moref_write(PV_OBJECT_NETWORK, object->number, naming->moref) : NULL;
}

static char *
file_name(const char *path, void *data)
{
    struct naming *naming = data;

    return pv_rest_file_name(naming->inventory, naming->backend, path);
}

static pv_vapi_vm_info *
info_of(const struct pv_inv_hold *hold, pv_vm *vm)
{
    struct naming naming = { hold->inventory, hold->backend, "" };
    const struct pv_vapi_names names = { network_moref, file_name, &naming };
    pv_vapi_vm_info *info;

    if (hold->guest_os) {
        g_free(vm->guest_os);
        vm->guest_os = g_strdup(hold->guest_os);
    }
    pv_inventory_lock(hold->inventory);
    info = pv_vapi_vm_info_of(vm, &names);
    pv_inventory_unlock(hold->inventory);
    return info;
}

static int
get(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_autoptr(pv_vm) vm = NULL;
    g_autoptr(pv_vapi_vm_info) info = NULL;
    int rc = pv_rest_hold(request, &hold, error);

    if (rc == 0)
        rc = pv_inv_hold_get(&hold, PV_VM_LIST | PV_VM_DEVICES, request->task, &vm, error);
    if (rc < 0)
        return rc;
    info = info_of(&hold, vm);
    pv_reply_struct(request, &pv_vapi_vm_info_desc, info);
    return 0;
}

/* vCenter wants a VM off; whether suspended counts is the back end's to say. */
static int
check_off(struct pv_request *request, struct pv_inv_hold *hold, pv_error **error)
{
    g_autoptr(pv_vm) vm = NULL;
    int rc = pv_inv_hold_get(hold, PV_VM_LIST, request->task, &vm, error);

    if (rc < 0)
        return rc;
    if (g_str_equal(pv_vapi_power_name(vm->state), "POWERED_ON"))
        return pv_refuse(request, PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE, "vmsg.InvalidPowerState.summary",
                         NULL,
                         "The attempted operation cannot be performed in the current state (Powered on).");
    return 0;
}

static int
delete(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    int rc = pv_rest_hold(request, &hold, error);

    if (rc < 0 || (rc = check_off(request, &hold, error)) < 0)
        return rc;
    rc = pv_vm_delete(hold.conn, hold.id, request->task, error);
    pv_inv_hold_refresh(&hold, request->task);
    if (rc == 0)
        pv_reply_void(request);
    return rc;
}

const struct pv_route pv_routes_vm[] = {
    { PV_VAPI_VM_LIST, pv_rest_vm_list, PV_ROUTE_SETTLED },
    { PV_VAPI_VM_GET, get, PV_ROUTE_SLOW },
    { PV_VAPI_VM_CREATE, pv_rest_vm_create, PV_ROUTE_LONG | PV_ROUTE_STORAGE },
    { PV_VAPI_VM_DELETE, delete, PV_ROUTE_LONG },
    { PV_VAPI_VM_CLONE, pv_rest_vm_clone, PV_ROUTE_LONG },
    { 0, NULL, 0 },
};
