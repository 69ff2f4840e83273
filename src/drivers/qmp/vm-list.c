/* SPDX-License-Identifier: Apache-2.0 */
/* Many VMs at once: each on its own monitor, side by side, none waits for another. */
#include "qmp-driver.h"

#include <string.h>

/* One VM of a list: who is asked, and the row that comes of it. */
struct look {
    struct qmp_machine *machine; /* owned by the scan */
    pv_vm *row;
    pv_error *error;
    int code;
};

struct fan_out {
    struct qmp_conn *conn;
    unsigned parts;
    pv_task *task;
};

/* ---- one VM ---- */

static void
set_identity(const struct qmp_conn *conn, const struct qmp_machine *machine, pv_vm *row)
{
    row->id = g_strdup(machine->id);
    if (!conn->folder) {
        row->name = g_strdup(conn->name);
        row->uuid = g_strdup(conn->uuid);
    }
}

/* The one VM of this endpoint was there at open and its process has ended since: it is off. */
static void
set_ended(pv_vm *row)
{
    row->state = PV_POWER_OFF;
    row->native_state = g_strdup("ended");
}

static int
look_inside(const struct fan_out *fan, const struct qmp_machine *machine, pv_task *task, pv_vm *row, pv_error **error)
{
    g_auto(qmp_visit) visit = { 0 };
    int code = qmp_enter(fan->conn, machine, task, &visit, error);

    if (code == 0) {
        g_clear_pointer(&row->name, g_free);
        g_clear_pointer(&row->uuid, g_free);
        code = qmp_vm_read(visit.qmp, fan->parts, task, row, error);
    }
    return code;
}

static int
look_at(const struct fan_out *fan, const struct qmp_machine *machine, pv_task *task, pv_vm *row, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int code;

    set_identity(fan->conn, machine, row);
    code = look_inside(fan, machine, task, row, &why);
    if (code < 0 && !fan->conn->folder && qmp_is_gone(code)) {
        set_ended(row);
        code = 0;
    } else if (code == 0 && (fan->parts & PV_VM_GUEST)) {
        code = qmp_guest_read(machine, task, row, &why);
    }
    if (!row->name)
        row->name = g_strdup(machine->id);
    return code < 0 ? pv_error_propagate(error, g_steal_pointer(&why)) : 0;
}

/* ---- a folder ---- */

/* A part of what is left, so that a hung VM is told in its row before the whole list is out of time. */
static int64_t
deadline_of_one(pv_task *task)
{
    int64_t left = pv_task_remaining_ms(task);

    return left < 0 ? QMP_VM_DEADLINE_MS : CLAMP(left * 3 / 4, 1, QMP_VM_DEADLINE_MS);
}

static void
look_in_pool(gpointer data, gpointer pool_data)
{
    struct look *look = data;
    const struct fan_out *fan = pool_data;
    g_autoptr(pv_task) task = pv_task_child(fan->task, "vm.read", look->machine->id);

    pv_task_set_timeout(task, deadline_of_one(fan->task));
    look->code = look_at(fan, look->machine, task, look->row, &look->error);
}

static int
look_at_all(struct fan_out *fan, struct look *looks, unsigned count, pv_error **error)
{
    g_autoptr(GError) why = NULL;
    GThreadPool *pool = g_thread_pool_new(look_in_pool, fan, (int)MIN(count, QMP_FANOUT_MAX), FALSE, &why);

    if (!pool)
        return pv_error_set(error, PV_ERR_INTERNAL, "cannot start threads: %s", why->message);
    for (unsigned i = 0; i < count; i++)
        g_thread_pool_push(pool, &looks[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    return pv_task_is_cancelled(fan->task) ? pv_task_check(fan->task, error) : 0;
}

/* Moves the rows into the list. A socket that went between the scan and the look is no VM any more;
 * one that was asked for by name is missed. */
static int
collect(struct look *looks, unsigned count, gboolean named, GPtrArray *vms, pv_error **error)
{
    for (unsigned i = 0; i < count; i++) {
        struct look *look = &looks[i];

        if (look->code == PV_ERR_NOT_FOUND && named)
            return pv_error_propagate(error, g_steal_pointer(&look->error));
        if (look->code == PV_ERR_NOT_FOUND)
            continue;
        if (look->code < 0)
            look->row->error = g_strdup(look->error->message);
        g_ptr_array_add(vms, g_steal_pointer(&look->row));
    }
    return 0;
}

static int
list_machines(struct fan_out *fan, GPtrArray *machines, gboolean named, GPtrArray *vms, pv_error **error)
{
    g_autofree struct look *looks = g_new0(struct look, machines->len);
    int code;

    for (unsigned i = 0; i < machines->len; i++) {
        looks[i].machine = machines->pdata[i];
        looks[i].row = pv_vm_new();
    }
    code = machines->len ? look_at_all(fan, looks, machines->len, error) : 0;
    if (code == 0)
        code = collect(looks, machines->len, named, vms, error);
    for (unsigned i = 0; i < machines->len; i++) {
        pv_vm_free(looks[i].row);
        pv_error_free(looks[i].error);
    }
    return code;
}

static int
machines_of(struct qmp_conn *conn, const char *const *ids, GPtrArray **ret_machines, pv_error **error)
{
    g_autoptr(GPtrArray) machines = NULL;

    if (!ids)
        return qmp_machine_scan(conn, ret_machines, error);
    machines = g_ptr_array_new_with_free_func((GDestroyNotify)qmp_machine_free);
    for (; *ids; ids++) {
        struct qmp_machine *machine = NULL;
        int code = qmp_machine_find(conn, *ids, &machine, error);

        if (code < 0)
            return code;
        g_ptr_array_add(machines, machine);
    }
    *ret_machines = g_steal_pointer(&machines);
    return 0;
}

static int
list_single(struct fan_out *fan, const struct qmp_machine *machine, GPtrArray *vms, pv_error **error)
{
    g_autoptr(pv_vm) row = pv_vm_new();
    int code = look_at(fan, machine, fan->task, row, error);

    if (code == 0)
        g_ptr_array_add(vms, g_steal_pointer(&row));
    return code;
}

int
qmp_vm_list(void *data, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error)
{
    struct qmp_conn *conn = data;
    struct fan_out fan = { conn, query->parts | PV_VM_BASIC, task };
    g_autoptr(GPtrArray) machines = NULL;
    int code = pv_task_check(task, error);

    if (code == 0)
        code = machines_of(conn, query->ids, &machines, error);
    if (code < 0)
        return code;
    if (conn->folder)
        return list_machines(&fan, machines, query->ids != NULL, vms, error);
    for (unsigned i = 0; i < machines->len && code == 0; i++)
        code = list_single(&fan, machines->pdata[i], vms, error);
    return code;
}

/* ---- names ---- */

static int
resolve_by_look(struct qmp_conn *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error)
{
    const struct pv_vm_query query = { .parts = PV_VM_BASIC };
    g_autoptr(GPtrArray) vms = pv_list_new(&pv_vm_desc);
    unsigned index;
    int code = qmp_vm_list(conn, &query, task, vms, error);

    if (code == 0)
        code = pv_list_find(vms, &pv_vm_desc, ref, &index, error);
    if (code == 0)
        *ret_id = g_strdup(((const pv_vm *)vms->pdata[index])->id);
    return code;
}

/* An id costs a look at the folder only: the other VMs are not asked. */
int
qmp_vm_resolve(void *data, const char *ref, pv_task *task, char **ret_id, pv_error **error)
{
    struct qmp_conn *conn = data;
    g_autoptr(qmp_machine) machine = NULL;

    if (qmp_machine_find(conn, ref, &machine, NULL) < 0)
        return resolve_by_look(conn, ref, task, ret_id, error);
    *ret_id = g_strdup(machine->id);
    return 0;
}
