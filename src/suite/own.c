/* SPDX-License-Identifier: Apache-2.0 */
/* What a case makes: written down before, taken away after. */
#include "run-priv.h"

#define REMOVE_TRIES    5
#define REMOVE_PAUSE_MS 200

int
suite_own_intend(struct suite_scene *scene, const char *kind, const char *name, const char *parent, pv_error **error)
{
    struct suite_own *own;
    int code;

    if (suite_journal_owns(scene->world->journal, kind, name))
        return 0; /* asked for twice: the first one is what is there */
    code = suite_journal_note(scene->world->journal, kind, name, parent, "intended", error);
    if (code < 0)
        return code;
    own = pv_desc_new(&suite_own_desc);
    own->kind = g_strdup(kind);
    own->name = g_strdup(name);
    own->parent = g_strdup(parent);
    own->state = g_strdup("intended");
    g_ptr_array_add(scene->made, own);
    return 0;
}

pv_task *
suite_own_task(const char *what, int64_t ms)
{
    pv_task *task = pv_task_new(what, NULL);

    pv_task_set_timeout(task, ms > 0 ? ms : SUITE_STEP_MS);
    return task;
}

static struct suite_own *
find_made(struct suite_scene *scene, const char *name)
{
    for (unsigned i = scene->made->len; i-- > 0;) {
        struct suite_own *own = g_ptr_array_index(scene->made, i);

        if (g_str_equal(own->name, name))
            return own;
    }
    return NULL;
}

static int
set_state(struct suite_world *world, struct suite_own *own, const char *state, pv_error **error)
{
    g_free(own->state);
    own->state = g_strdup(state);
    return suite_journal_note(world->journal, own->kind, own->name, own->parent, state, error);
}

int
suite_own_made(struct suite_scene *scene, const char *name, const char *ref, pv_error **error)
{
    struct suite_own *own = find_made(scene, name);

    if (ref)
        suite_own_add(scene->world, ref);
    if (!own || !g_str_equal(own->state, "intended"))
        return 0;
    return set_state(scene->world, own, "made", error);
}

/* ---- removal ---- */

static int
remove_vm(pv_conn *conn, const char *name, pv_task *task, pv_error **error)
{
    g_autoptr(pv_vm) vm = NULL;
    int code = pv_vm_get(conn, name, PV_VM_BASIC, task, &vm, error);

    if (code < 0)
        return code;
    if (vm->state != PV_POWER_OFF && vm->state != PV_POWER_SUSPENDED) {
        code = pv_vm_power(conn, vm->id, PV_POWER_OP_STOP, task, error);
        if (code == PV_ERR_SAME_STATE || code == PV_ERR_STATE)
            pv_error_clear(error); /* it went off by itself; the removal will tell */
        else if (code < 0)
            return code;
    }
    return pv_vm_delete(conn, vm->id, task, error);
}

/* A start that was cancelled on its way may still take place: then it is looked at again. */
static int
remove_vm_patiently(pv_conn *conn, const char *name, pv_task *task, pv_error **error)
{
    for (unsigned tries = 1;; tries++) {
        g_autoptr(pv_error) why = NULL;
        int code = remove_vm(conn, name, task, &why);

        if (code != PV_ERR_STATE || tries == REMOVE_TRIES)
            return code < 0 ? pv_error_propagate(error, g_steal_pointer(&why)) : 0;
        code = pv_task_sleep(task, REMOVE_PAUSE_MS, error);
        if (code < 0)
            return code;
    }
}

int
suite_own_remove(pv_conn *conn, const struct suite_own *own, pv_task *task, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int code;

    if (g_str_equal(own->kind, "vm"))
        code = remove_vm_patiently(conn, own->name, task, &why);
    else if (g_str_equal(own->kind, "volume"))
        code = pv_volume_delete(conn, own->parent, own->name, task, &why);
    else if (g_str_equal(own->kind, "snapshot"))
        code = pv_snapshot_delete(conn, own->parent, own->name, FALSE, task, &why);
    else
        code = pv_error_set(&why, PV_ERR_UNSUPPORTED, "nothing is known of how to remove a %s", own->kind);
    if (code == 0 || code == PV_ERR_NOT_FOUND)
        return 0;
    return pv_error_propagate(error, g_steal_pointer(&why));
}

int
suite_own_remove_all(struct suite_scene *scene, pv_error **error)
{
    int first = 0;

    for (unsigned i = scene->made->len; i-- > 0;) {
        struct suite_own *own = g_ptr_array_index(scene->made, i);
        g_autoptr(pv_task) task = NULL; /* of its own: the run's may have been cancelled */
        g_autoptr(pv_error) why = NULL;
        int code = 0;

        if (g_str_equal(own->state, "gone"))
            continue;
        task = pv_task_new("test.teardown", own->name);
        pv_task_set_timeout(task, SUITE_TEARDOWN_MS);
        code = suite_own_remove(scene->world->conn, own, task, &why);
        if (code == 0)
            code = set_state(scene->world, own, "gone", &why);
        if (code < 0) {
            pv_error_prefix(&why, "%s %s: ", own->kind, own->name);
            pv_error_propagate(error, g_steal_pointer(&why));
        }
        first = first ? first : code;
    }
    return first;
}
