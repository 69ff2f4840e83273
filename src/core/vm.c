/* SPDX-License-Identifier: Apache-2.0 */
/* VMs: naming them, reading many at once, changing one, waiting for a state. */
#include "conn-private.h"

#define WAIT_POLL_MS    500  /* a look at the state where no event can tell */
#define WAIT_RECHECK_MS 5000 /* a look in spite of events, should one be lost */

/* ---- names ---- */

int
pv_vm_list_ids(pv_conn *conn, const char *const *ids, unsigned parts, pv_task *task, GPtrArray **ret_vms,
               pv_error **error)
{
    g_autoptr(GPtrArray) vms = pv_list_new(&pv_vm_desc);
    const struct pv_vm_query query = { ids, parts | PV_VM_BASIC };
    int code = conn->driver->vm->list(conn->handle, &query, task, vms, error);

    if (code == 0)
        *ret_vms = g_steal_pointer(&vms);
    return code;
}

static int
resolve_in(const GPtrArray *vms, const char *ref, char **ret_id, pv_error **error)
{
    unsigned index;
    int code = pv_list_find(vms, &pv_vm_desc, ref, &index, error);

    if (code == 0)
        *ret_id = g_strdup(((const pv_vm *)g_ptr_array_index(vms, index))->id);
    return code;
}

int
pv_resolve_vms(pv_conn *conn, const char *const *refs, pv_task *task, char ***ret_ids, pv_error **error)
{
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    int code = 0;

    if (!conn->driver->vm || !conn->driver->vm->list)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s endpoints have no VMs", conn->driver->name);
    for (; *refs && code == 0; refs++) {
        char *id = NULL;

        if (conn->driver->vm->resolve) {
            code = conn->driver->vm->resolve(conn->handle, *refs, task, &id, error);
        } else {
            if (!vms)
                code = pv_vm_list_ids(conn, NULL, PV_VM_BASIC, task, &vms, error);
            if (code == 0)
                code = resolve_in(vms, *refs, &id, error);
        }
        if (code == 0)
            g_ptr_array_add(ids, id);
    }
    if (code < 0)
        return code;
    g_ptr_array_add(ids, NULL);
    *ret_ids = (char **)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
    return 0;
}

int
pv_resolve_vm(pv_conn *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error)
{
    const char *refs[] = { ref, NULL };
    g_auto(GStrv) ids = NULL;
    int code;

    code = pv_resolve_vms(conn, refs, task, &ids, error);
    if (code == 0)
        *ret_id = g_strdup(ids[0]);
    return code;
}

/* ---- read ---- */

int
pv_vm_list(pv_conn *conn, const char *const *refs, unsigned parts, pv_task *task, GPtrArray **ret_list,
           pv_error **error)
{
    g_auto(GStrv) ids = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "vm.list", task, error);

    if (code < 0)
        return code;
    if (refs)
        code = pv_resolve_vms(conn, refs, call.task, &ids, error);
    if (code == 0)
        code = pv_vm_list_ids(conn, (const char *const *)ids, parts, call.task, ret_list, error);
    return pv_call_end(&call, NULL, code, error);
}

/* label: how the caller named it. */
static int
get_by_id(pv_conn *conn, const char *id, const char *label, unsigned parts, pv_task *task, pv_vm **ret_vm,
          pv_error **error)
{
    const char *ids[] = { id, NULL };
    g_autoptr(GPtrArray) vms = NULL;
    const pv_vm *vm;
    int code = pv_vm_list_ids(conn, ids, parts, task, &vms, error);

    if (code < 0)
        return code;
    if (vms->len != 1)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id, uuid or name '%s'", label);
    vm = g_ptr_array_index(vms, 0);
    if (vm->error)
        return pv_error_set(error, PV_ERR_FAILED, "%s: %s", label, vm->error);
    *ret_vm = g_ptr_array_steal_index(vms, 0);
    return 0;
}

int
pv_vm_get(pv_conn *conn, const char *ref, unsigned parts, pv_task *task, pv_vm **ret_vm, pv_error **error)
{
    g_autofree char *id = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "vm.get", task, error);

    if (code < 0)
        return code;
    code = pv_resolve_vm(conn, ref, call.task, &id, error);
    if (code == 0)
        code = get_by_id(conn, id, ref, parts, call.task, ret_vm, error);
    return pv_call_end(&call, NULL, code, error);
}

/* ---- change ---- */

/* ret_vm: NULL when the caller does not want to see what was made. */
static int
read_back(pv_conn *conn, const char *id, pv_task *task, pv_vm **ret_vm, pv_error **error)
{
    int code = ret_vm ? pv_vm_get(conn, id, PV_VM_ALL & ~PV_VM_GUEST, task, ret_vm, error) : 0;

    return pv_call_after_made(code, "read back", error);
}

int
pv_vm_create(pv_conn *conn, const pv_vm_spec *spec, pv_task *task, pv_vm **ret_vm, pv_error **error)
{
    g_autofree char *id = NULL;
    struct pv_call call;
    int code = pv_desc_validate(&pv_vm_spec_desc, spec, error);

    if (code == 0)
        code = pv_call_begin(&call, conn, "vm.create", task, error);
    if (code < 0)
        return code;
    code = conn->driver->vm->create(conn->handle, spec, call.task, &id, error);
    code = pv_call_end(&call, spec->name, code, error);
    return code == 0 ? read_back(conn, id, task, ret_vm, error) : code;
}

static int
clone_vm(struct pv_call *call, const char *ref, const pv_clone_spec *spec, char **ret_id, pv_error **error)
{
    pv_conn *conn = call->conn;
    g_autofree char *source = NULL;
    g_autofree char *id = NULL;
    int code = pv_resolve_vm(conn, ref, call->task, &source, error);

    if (code == 0)
        code = conn->driver->vm->clone(conn->handle, source, spec, call->task, &id, error);
    if (code == 0 && spec->start == TRUE)
        code = pv_call_after_made(conn->driver->vm->power(conn->handle, id, PV_POWER_OP_START, call->task, error),
                                  "started", error);
    if (code == 0)
        *ret_id = g_steal_pointer(&id);
    return code;
}

int
pv_vm_clone(pv_conn *conn, const char *ref, const pv_clone_spec *spec, pv_task *task, pv_vm **ret_vm, pv_error **error)
{
    g_autofree char *id = NULL;
    struct pv_call call;
    int code = pv_desc_validate(&pv_clone_spec_desc, spec, error);

    if (code == 0 && spec->start == TRUE)
        code = pv_conn_check(conn, "vm.start", error);
    if (code == 0)
        code = pv_call_begin(&call, conn, "vm.clone", task, error);
    if (code < 0)
        return code;
    code = clone_vm(&call, ref, spec, &id, error);
    code = pv_call_end(&call, ref, code, error);
    return code == 0 ? read_back(conn, id, task, ret_vm, error) : code;
}

/* What has no label was resolved by the caller. */
static int
id_of(struct pv_call *call, const char *ref, const char *label, char **ret_id, pv_error **error)
{
    if (label)
        return pv_resolve_vm(call->conn, ref, call->task, ret_id, error);
    *ret_id = g_strdup(ref);
    return 0;
}

int
pv_vm_delete_as(pv_conn *conn, const char *ref, const char *label, pv_task *task, pv_error **error)
{
    g_autofree char *id = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "vm.delete", task, error);

    if (code < 0)
        return code;
    code = id_of(&call, ref, label, &id, error);
    if (code == 0)
        code = conn->driver->vm->remove(conn->handle, id, call.task, error);
    return pv_call_end(&call, label, code, error);
}

int
pv_vm_delete(pv_conn *conn, const char *ref, pv_task *task, pv_error **error)
{
    return pv_vm_delete_as(conn, ref, ref, task, error);
}

int
pv_vm_power_as(pv_conn *conn, const char *ref, const char *label, enum pv_power_op op, pv_task *task, pv_error **error)
{
    g_autofree char *operation = NULL;
    g_autofree char *id = NULL;
    struct pv_call call;
    const struct pv_vm_slots *vm = conn->driver->vm;
    const char *verb = pv_enum_name(pv_power_op_values, (int)op);
    int code;

    if (!verb)
        return pv_error_set(error, PV_ERR_INVALID, "%d is not a power operation", (int)op);
    operation = g_strconcat("vm.", verb, NULL);
    code = pv_call_begin(&call, conn, operation, task, error);
    if (code < 0)
        return code;
    code = id_of(&call, ref, label, &id, error);
    if (code == 0)
        code = vm->power(conn->handle, id, op, call.task, error);
    return pv_call_end(&call, label, code, error);
}

int
pv_vm_power(pv_conn *conn, const char *ref, enum pv_power_op op, pv_task *task, pv_error **error)
{
    return pv_vm_power_as(conn, ref, ref, op, task, error);
}

/* ---- wait ---- */

#define ALL_STATES (((1u << (PV_POWER_OTHER + 1)) - 1) & ~1u)

struct waiter {
    GMutex lock;
    GCond cond;
    gboolean stirred; /* something happened since the last look */
};

static void
stir(G_GNUC_UNUSED const pv_event *event, void *data)
{
    struct waiter *waiter = data;

    g_mutex_lock(&waiter->lock);
    waiter->stirred = TRUE;
    g_cond_signal(&waiter->cond);
    g_mutex_unlock(&waiter->lock);
}

static void
stir_on_cancel(G_GNUC_UNUSED GCancellable *cancellable, gpointer data)
{
    stir(NULL, data);
}

static void
wait_for_stir(struct waiter *waiter, int64_t ms)
{
    gint64 until = g_get_monotonic_time() + ms * 1000;

    g_mutex_lock(&waiter->lock);
    while (!waiter->stirred && g_cond_wait_until(&waiter->cond, &waiter->lock, until))
        ;
    waiter->stirred = FALSE;
    g_mutex_unlock(&waiter->lock);
}

static int
look_at_state(pv_conn *conn, const char *id, pv_task *task, int *ret_state, pv_error **error)
{
    g_autoptr(pv_vm) vm = NULL;
    int code = get_by_id(conn, id, id, PV_VM_BASIC, task, &vm, error);

    if (code == 0)
        *ret_state = vm->state;
    return code;
}

static int
wait_loop(pv_conn *conn, const char *id, unsigned states, pv_task *task, struct waiter *waiter, int64_t pause_ms,
          pv_error **error)
{
    for (;;) {
        int state = 0, code = pv_task_check(task, error);
        int64_t left;

        if (code == 0)
            code = look_at_state(conn, id, task, &state, error);
        if (code < 0)
            return code;
        if (states & (1u << state))
            return 0;
        left = pv_task_remaining_ms(task);
        wait_for_stir(waiter, left >= 0 ? MIN(left, pause_ms) : pause_ms);
    }
}

int
pv_vm_wait_as(pv_conn *conn, const char *ref, const char *label, unsigned states, pv_task *task, pv_error **error)
{
    g_autofree char *id = NULL;
    struct waiter waiter = { 0 };
    struct pv_call call;
    unsigned subscription = 0;
    gulong handler;
    int code = pv_call_begin(&call, conn, "vm.wait", task, error);

    if (code < 0)
        return code;
    if (!(states & ALL_STATES)) {
        code = pv_error_set(error, PV_ERR_INVALID, "no state to wait for");
        return pv_call_end(&call, label, code, error);
    }
    g_mutex_init(&waiter.lock);
    g_cond_init(&waiter.cond);
    handler = g_cancellable_connect(pv_task_cancellable(call.task), G_CALLBACK(stir_on_cancel), &waiter, NULL);
    /* before the first look: a change between look and wait must not be missed */
    if (pv_event_subscribe(conn, stir, &waiter, &subscription, NULL) < 0)
        subscription = 0;
    code = id_of(&call, ref, label, &id, error);
    if (code == 0)
        code = wait_loop(conn, id, states, call.task, &waiter, subscription ? WAIT_RECHECK_MS : WAIT_POLL_MS, error);
    if (subscription)
        pv_event_unsubscribe(conn, subscription);
    g_cancellable_disconnect(pv_task_cancellable(call.task), handler);
    g_mutex_clear(&waiter.lock);
    g_cond_clear(&waiter.cond);
    return pv_call_end(&call, label, code, error);
}

int
pv_vm_wait(pv_conn *conn, const char *ref, unsigned states, pv_task *task, pv_error **error)
{
    return pv_vm_wait_as(conn, ref, ref, states, task, error);
}
