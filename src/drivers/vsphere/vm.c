/* SPDX-License-Identifier: Apache-2.0 */
/* One VM: finding it, its power, its end. */
#include "vsphere.h"

#include <string.h>

/* ---- names ---- */

static int
find_by(struct vs_conn *conn, const char *filter, const char *value, GPtrArray *found, pv_task *task,
        pv_error **error)
{
    const char *values[] = { value, NULL };
    struct vs_filter filters[] = { { filter, values, 0 }, { NULL, NULL, 0 } };

    return vs_vm_summaries(conn, filters, found, task, error);
}

/* REST has no filter by uuid: the details of all VMs are read, some at once. */
static int
find_by_uuid(struct vs_conn *conn, const char *uuid, char **ret_id, pv_task *task, pv_error **error)
{
    g_autoptr(GPtrArray) vms = pv_list_new(&pv_vm_desc);
    struct pv_vm_query query = { NULL, PV_VM_BASIC | PV_VM_DEVICES };
    int code = vs_vm_list(conn, &query, task, vms, error);

    for (guint i = 0; code == 0 && i < vms->len; i++) {
        const pv_vm *vm = vms->pdata[i];

        if (vm->uuid && g_ascii_strcasecmp(vm->uuid, uuid) == 0) {
            *ret_id = g_strdup(vm->id);
            return 0;
        }
    }
    return code;
}

static int
not_found(struct vs_conn *conn, const char *ref, pv_task *task, pv_error **error)
{
    g_autoptr(GPtrArray) all = pv_list_new(&pv_vapi_vm_summary_desc);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *near;

    pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id, uuid or name '%s'", ref);
    if (vs_vm_summaries(conn, NULL, all, task, NULL) < 0)
        return PV_ERR_NOT_FOUND;
    for (guint i = 0; i < all->len; i++)
        g_ptr_array_add(names, ((pv_vapi_vm_summary *)all->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    near = pv_text_nearest(ref, (const char *const *)names->pdata);
    if (near)
        pv_error_hint(error, "did you mean '%s'?", near);
    return PV_ERR_NOT_FOUND;
}

static int
pick_one(const GPtrArray *found, const char *ref, char **ret_id, pv_error **error)
{
    if (found->len > 1) {
        pv_error_set(error, PV_ERR_INVALID, "more than one VM is named '%s'", ref);
        pv_error_hint(error, "name it by id: see `vm list -o wide`");
        return PV_ERR_INVALID;
    }
    *ret_id = g_strdup(((pv_vapi_vm_summary *)found->pdata[0])->vm);
    return 0;
}

/* Ids look like "vm-42"; asking for one costs a call, so others are first taken for names. */
int
vs_vm_resolve(void *handle, const char *ref, pv_task *task, char **ret_id, pv_error **error)
{
    static const char *const id_first[] = { "vms", "names", NULL },
        *const name_first[] = { "names", "vms", NULL };
    const char *const *filter = g_str_has_prefix(ref, "vm-") ? id_first : name_first;
    char *id = NULL;
    int code;

    for (; *filter; filter++) {
        g_autoptr(GPtrArray) found = pv_list_new(&pv_vapi_vm_summary_desc);

        code = find_by(handle, *filter, ref, found, task, error);
        if (code < 0)
            return code;
        if (found->len > 0)
            return pick_one(found, ref, ret_id, error);
    }
    if (g_uuid_string_is_valid(ref)) {
        code = find_by_uuid(handle, ref, &id, task, error);
        if (code < 0)
            return code;
    }
    if (!id)
        return not_found(handle, ref, task, error);
    *ret_id = id;
    return 0;
}

/* ---- power ---- */

static const enum pv_vapi_call_id power_calls[] = {
    [PV_POWER_OP_START] = PV_VAPI_POWER_START,     [PV_POWER_OP_STOP] = PV_VAPI_POWER_STOP,
    [PV_POWER_OP_SHUTDOWN] = PV_VAPI_GUEST_SHUTDOWN, [PV_POWER_OP_RESET] = PV_VAPI_POWER_RESET,
    [PV_POWER_OP_REBOOT] = PV_VAPI_GUEST_REBOOT,   [PV_POWER_OP_SUSPEND] = PV_VAPI_POWER_SUSPEND,
    [PV_POWER_OP_RESUME] = PV_VAPI_POWER_START,
};

/* vSphere's start also boots a machine that is off; resume must not. */
static int
check_suspended(struct vs_conn *conn, const char *vm, pv_task *task, pv_error **error)
{
    g_autoptr(pv_vapi_power) power = NULL;
    int code = vs_get(conn, PV_VAPI_POWER_GET, vm, &pv_vapi_power_desc, (void **)&power, task, error);

    if (code < 0)
        return code;
    switch (pv_vapi_power_state(power->state)) {
    case PV_POWER_SUSPENDED:
        return 0;
    case PV_POWER_ON:
        return pv_error_set(error, PV_ERR_SAME_STATE, "the VM runs already");
    default:
        return pv_error_set(error, PV_ERR_STATE, "the VM is %s, not SUSPENDED", power->state);
    }
}

static gboolean
is_off(struct vs_conn *conn, const char *vm, pv_task *task)
{
    g_autoptr(pv_vapi_power) power = NULL;

    return vs_get(conn, PV_VAPI_POWER_GET, vm, &pv_vapi_power_desc, (void **)&power, task, NULL) == 0 &&
           pv_vapi_power_state(power->state) == PV_POWER_OFF;
}

int
vs_vm_power(void *handle, const char *vm, enum pv_power_op op, pv_task *task, pv_error **error)
{
    const char *ids[] = { vm, NULL };
    struct vs_request request = { .call = power_calls[op], .ids = ids };
    int code;

    if (op == PV_POWER_OP_RESUME) {
        code = check_suspended(handle, vm, task, error);

        if (code < 0)
            return code;
    }
    code = vs_rest(handle, &request, task, NULL, error);
    if (code == PV_ERR_STATE && op == PV_POWER_OP_SHUTDOWN && is_off(handle, vm, task)) {
        /* vSphere refuses here, where its stop says ALREADY_IN_DESIRED_STATE. */
        pv_error_clear(error);
        return pv_error_set(error, PV_ERR_SAME_STATE, "the VM is off already");
    }
    return code;
}

int
vs_vm_remove(void *handle, const char *vm, pv_task *task, pv_error **error)
{
    const char *ids[] = { vm, NULL };
    struct vs_request request = { .call = PV_VAPI_VM_DELETE, .ids = ids };

    return vs_rest(handle, &request, task, NULL, error);
}
