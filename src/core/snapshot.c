/* SPDX-License-Identifier: Apache-2.0 */
#include "conn-private.h"

/* ---- order: parents before children, siblings by age ---- */

static int
by_age(gconstpointer a, gconstpointer b)
{
    const pv_snapshot *one = *(pv_snapshot *const *)a, *two = *(pv_snapshot *const *)b;

    return one->created < two->created ? -1 : one->created > two->created;
}

static void
add_with_children(GPtrArray *from, GPtrArray *to, const char *parent)
{
    for (unsigned i = 0; i < from->len; i++) {
        pv_snapshot *snapshot = g_ptr_array_index(from, i);

        if (!snapshot || g_strcmp0(snapshot->parent, parent) != 0)
            continue;
        from->pdata[i] = NULL; /* taken: a cycle in a hostile answer ends here */
        g_ptr_array_add(to, snapshot);
        add_with_children(from, to, snapshot->id);
    }
}

static GPtrArray *
in_tree_order(GPtrArray *list)
{
    GPtrArray *ordered = pv_list_new(&pv_snapshot_desc);

    g_ptr_array_sort(list, by_age);
    add_with_children(list, ordered, NULL);
    for (unsigned i = 0; i < list->len; i++) { /* their parent is not in the list */
        pv_snapshot *snapshot = g_ptr_array_index(list, i);

        if (!snapshot)
            continue;
        list->pdata[i] = NULL;
        g_ptr_array_add(ordered, snapshot);
        add_with_children(list, ordered, snapshot->id);
    }
    g_ptr_array_set_free_func(list, NULL);
    g_ptr_array_unref(list);
    return ordered;
}

/* ---- calls ---- */

static int
list_snapshots(pv_conn *conn, const char *vm_id, pv_task *task, GPtrArray **ret_list, pv_error **error)
{
    GPtrArray *list = pv_list_new(&pv_snapshot_desc);
    int code = conn->driver->snapshot->list(conn->handle, vm_id, task, list, error);

    if (code < 0)
        g_ptr_array_unref(list);
    else
        *ret_list = in_tree_order(list);
    return code;
}

int
pv_snapshot_list(pv_conn *conn, const char *vm, pv_task *task, GPtrArray **ret_list, pv_error **error)
{
    g_autofree char *id = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "snapshot.list", task, error);

    if (code < 0)
        return code;
    code = pv_resolve_vm(conn, vm, call.task, &id, error);
    if (code == 0)
        code = list_snapshots(conn, id, call.task, ret_list, error);
    return pv_call_end(&call, vm, code, error);
}

/* The snapshot's id from its id or name. Takes it out of the list into *ret_snapshot. */
static int
find_snapshot(pv_conn *conn, const char *vm_id, const char *ref, pv_task *task, pv_snapshot **ret_snapshot,
              pv_error **error)
{
    g_autoptr(GPtrArray) list = NULL;
    unsigned index;
    int code = list_snapshots(conn, vm_id, task, &list, error);

    if (code == 0)
        code = pv_list_find(list, &pv_snapshot_desc, ref, &index, error);
    if (code == 0)
        *ret_snapshot = g_ptr_array_steal_index(list, index);
    return code;
}

static int
create_snapshot(struct pv_call *call, const char *vm, const pv_snapshot_spec *spec, pv_snapshot **ret_snapshot,
                pv_error **error)
{
    pv_conn *conn = call->conn;
    g_autofree char *vm_id = NULL;
    g_autofree char *id = NULL;
    int code = pv_resolve_vm(conn, vm, call->task, &vm_id, error);

    if (code == 0)
        code = conn->driver->snapshot->create(conn->handle, vm_id, spec, call->task, &id, error);
    if (code == 0 && ret_snapshot)
        code = pv_call_after_made(find_snapshot(conn, vm_id, id, call->task, ret_snapshot, error), "read back", error);
    return code;
}

int
pv_snapshot_create(pv_conn *conn, const char *vm, const pv_snapshot_spec *spec, pv_task *task,
                   pv_snapshot **ret_snapshot, pv_error **error)
{
    struct pv_call call;
    int code = pv_desc_validate(&pv_snapshot_spec_desc, spec, error);

    if (code == 0)
        code = pv_call_begin(&call, conn, "snapshot.create", task, error);
    if (code < 0)
        return code;
    code = create_snapshot(&call, vm, spec, ret_snapshot, error);
    return pv_call_end(&call, vm, code, error);
}

static int
resolve_both(struct pv_call *call, const char *vm, const char *ref, char **ret_vm_id, pv_snapshot **ret_snapshot,
             pv_error **error)
{
    int code = pv_resolve_vm(call->conn, vm, call->task, ret_vm_id, error);

    return code < 0 ? code : find_snapshot(call->conn, *ret_vm_id, ref, call->task, ret_snapshot, error);
}

int
pv_snapshot_revert(pv_conn *conn, const char *vm, const char *ref, pv_task *task, pv_error **error)
{
    g_autofree char *vm_id = NULL;
    g_autoptr(pv_snapshot) snapshot = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "snapshot.revert", task, error);

    if (code < 0)
        return code;
    code = resolve_both(&call, vm, ref, &vm_id, &snapshot, error);
    if (code == 0)
        code = conn->driver->snapshot->revert(conn->handle, vm_id, snapshot->id, call.task, error);
    return pv_call_end(&call, vm, code, error);
}

int
pv_snapshot_delete(pv_conn *conn, const char *vm, const char *ref, gboolean children, pv_task *task, pv_error **error)
{
    g_autofree char *vm_id = NULL;
    g_autoptr(pv_snapshot) snapshot = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "snapshot.delete", task, error);

    if (code < 0)
        return code;
    code = resolve_both(&call, vm, ref, &vm_id, &snapshot, error);
    if (code == 0)
        code = conn->driver->snapshot->remove(conn->handle, vm_id, snapshot->id, children, call.task, error);
    return pv_call_end(&call, vm, code, error);
}
