/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <string.h>

static struct sim_snapshot *
find(const struct sim_vm *vm, const char *id, pv_error **error)
{
    guint64 number = 0;

    if (g_str_has_prefix(id, "snapshot-"))
        g_ascii_string_to_unsigned(id + strlen("snapshot-"), 10, 1, G_MAXUINT, &number, NULL);
    for (unsigned i = 0; number && vm->snapshots && i < vm->snapshots->len; i++) {
        struct sim_snapshot *snapshot = g_ptr_array_index(vm->snapshots, i);

        if (snapshot->number == number)
            return snapshot;
    }
    pv_error_set(error, PV_ERR_NOT_FOUND, "no snapshot has the id '%s'", id);
    return NULL;
}

static pv_snapshot *
describe(const struct sim_vm *vm, const struct sim_snapshot *from)
{
    pv_snapshot *snapshot = pv_snapshot_new();

    snapshot->id = g_strdup_printf("snapshot-%u", from->number);
    snapshot->name = g_strdup(from->name);
    snapshot->description = g_strdup(from->description);
    snapshot->vm = g_strdup_printf("vm-%u", vm->number);
    if (from->parent)
        snapshot->parent = g_strdup_printf("snapshot-%u", from->parent);
    snapshot->created = from->created;
    snapshot->state = from->state;
    snapshot->memory = from->memory;
    snapshot->quiesced = from->quiesced;
    snapshot->current = vm->current == from->number;
    return snapshot;
}

static int
list(void *conn, const char *id, pv_task *task, GPtrArray *snapshots, pv_error **error)
{
    struct sim *sim = conn;
    const struct sim_vm *vm;
    int code = sim_enter(sim, "snapshot.list", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    vm = sim_find(sim, id, error);
    for (unsigned i = 0; vm && vm->snapshots && i < vm->snapshots->len; i++)
        g_ptr_array_add(snapshots, describe(vm, g_ptr_array_index(vm->snapshots, i)));
    g_mutex_unlock(&sim->lock);
    return vm ? 0 : PV_ERR_NOT_FOUND;
}

static gboolean
name_taken(const struct sim_vm *vm, const char *name)
{
    for (unsigned i = 0; vm->snapshots && i < vm->snapshots->len; i++)
        if (g_str_equal(((struct sim_snapshot *)g_ptr_array_index(vm->snapshots, i))->name, name))
            return TRUE;
    return FALSE;
}

static int
create_locked(struct sim *sim, const char *id, const pv_snapshot_spec *spec, char **ret_id, pv_error **error)
{
    struct sim_vm *vm = sim_find(sim, id, error);
    struct sim_snapshot *snapshot;
    gboolean runs;

    if (!vm)
        return PV_ERR_NOT_FOUND;
    if (name_taken(vm, spec->name))
        return pv_error_set(error, PV_ERR_EXISTS, "a snapshot named '%s' exists already", spec->name);
    if (!vm->snapshots)
        vm->snapshots = g_ptr_array_new_with_free_func((GDestroyNotify)sim_snapshot_free);
    if (vm->snapshots->len >= SIM_SNAPSHOTS_MAX)
        return pv_error_set(error, PV_ERR_NO_SPACE, "it has %d snapshots already", SIM_SNAPSHOTS_MAX);
    runs = vm->state == PV_POWER_ON || vm->state == PV_POWER_PAUSED;
    snapshot = g_new0(struct sim_snapshot, 1);
    snapshot->number = ++sim->last_snapshot;
    snapshot->parent = vm->current;
    snapshot->name = g_strdup(spec->name);
    snapshot->description = g_strdup(spec->description);
    snapshot->created = g_get_real_time();
    snapshot->memory = runs && spec->memory != FALSE;
    snapshot->state = snapshot->memory ? vm->state : PV_POWER_OFF;
    snapshot->quiesced = spec->quiesce == TRUE;
    snapshot->cpus = vm->cpus;
    snapshot->memory_bytes = vm->memory;
    g_ptr_array_add(vm->snapshots, snapshot);
    vm->current = snapshot->number;
    *ret_id = g_strdup_printf("snapshot-%u", snapshot->number);
    sim_emit(sim, PV_EVENT_SNAPSHOT, vm, "snapshot created");
    return 0;
}

static int
create(void *conn, const char *id, const pv_snapshot_spec *spec, pv_task *task, char **ret_id, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "snapshot.create", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    code = create_locked(sim, id, spec, ret_id, error);
    g_mutex_unlock(&sim->lock);
    return code;
}

static int
revert_locked(struct sim *sim, const char *id, const char *ref, pv_error **error)
{
    struct sim_vm *vm = sim_find(sim, id, error);
    const struct sim_snapshot *snapshot = vm ? find(vm, ref, error) : NULL;

    if (!snapshot)
        return PV_ERR_NOT_FOUND;
    vm->state = snapshot->state;
    vm->cpus = snapshot->cpus;
    vm->memory = snapshot->memory_bytes;
    vm->current = snapshot->number;
    sim_emit(sim, PV_EVENT_VM_CHANGED, vm, "reverted");
    return 0;
}

static int
revert(void *conn, const char *id, const char *snapshot, pv_task *task, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "snapshot.revert", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    code = revert_locked(sim, id, snapshot, error);
    g_mutex_unlock(&sim->lock);
    return code;
}

/* Removes one; those below move up to its parent, or go too. */
static void
remove_one(struct sim_vm *vm, struct sim_snapshot *snapshot, gboolean children)
{
    unsigned number = snapshot->number, parent = snapshot->parent;

    g_ptr_array_remove(vm->snapshots, snapshot);
    if (vm->current == number)
        vm->current = parent;
    for (unsigned i = 0; i < vm->snapshots->len;) {
        struct sim_snapshot *other = g_ptr_array_index(vm->snapshots, i++);

        if (other->parent != number)
            continue;
        if (!children) {
            other->parent = parent;
            continue;
        }
        other->parent = parent; /* so that a current one below ends on our parent */
        remove_one(vm, other, TRUE);
        i = 0;
    }
}

static int
remove_snapshot(void *conn, const char *id, const char *ref, gboolean children, pv_task *task, pv_error **error)
{
    struct sim *sim = conn;
    struct sim_vm *vm;
    struct sim_snapshot *snapshot = NULL;
    int code = sim_enter(sim, "snapshot.delete", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    vm = sim_find(sim, id, error);
    if (vm)
        snapshot = find(vm, ref, error);
    if (snapshot) {
        remove_one(vm, snapshot, children);
        sim_emit(sim, PV_EVENT_SNAPSHOT, vm, "snapshot deleted");
    }
    g_mutex_unlock(&sim->lock);
    return snapshot ? 0 : PV_ERR_NOT_FOUND;
}

const struct pv_snapshot_slots sim_snapshot_slots = {
    .list = list,
    .create = create,
    .revert = revert,
    .remove = remove_snapshot,
};
