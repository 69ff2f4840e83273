/* SPDX-License-Identifier: Apache-2.0 */
/* What a case is given before its first step: a VM of its own in the state it asks for. */
#include "run-priv.h"

#define GIVEN_MEMORY (INT64_C(64) << 20)
#define GIVEN_DISK   (INT64_C(16) << 20)

static int
make_vm(struct suite_scene *scene, const char *name, pv_error **error)
{
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    g_autoptr(pv_task) task = suite_own_task("vm.create", 0);
    g_autoptr(pv_vm) vm = NULL;
    int code = suite_own_intend(scene, "vm", name, NULL, error);

    if (code < 0)
        return code;
    spec->name = g_strdup(name);
    spec->memory = GIVEN_MEMORY;
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    g_ptr_array_add(spec->disks, pv_disk_spec_new());
    ((pv_disk_spec *)spec->disks->pdata[0])->size = GIVEN_DISK;
    code = pv_vm_create(scene->world->conn, spec, task, &vm, error);
    if (code < 0)
        return code;
    suite_own_add(scene->world, vm->uuid);
    suite_var_set(scene, "vm", vm->id);
    return suite_own_made(scene, name, vm->id, error);
}

/* The one that the person lent: put into the state asked for. */
static int
borrow_vm(struct suite_scene *scene, const char *name, pv_error **error)
{
    g_autoptr(pv_vm) vm = NULL;
    int code = pv_vm_get(scene->world->conn, name, PV_VM_BASIC, scene->task, &vm, error);

    if (code < 0)
        return code;
    suite_own_add(scene->world, vm->id);
    suite_own_add(scene->world, vm->name);
    scene->lent_state = vm->state;
    suite_var_set(scene, "vm", vm->id);
    return 0;
}

static int
power(struct suite_scene *scene, enum pv_power_op op, pv_error **error)
{
    int code = pv_vm_power(scene->world->conn, suite_var(scene, "vm"), op, scene->task, error);

    if (code == PV_ERR_SAME_STATE) {
        pv_error_clear(error);
        code = 0;
    }
    return code;
}

/* From whatever state a lent VM is in; one just made is off. */
static int
bring_on(struct suite_scene *scene, pv_error **error)
{
    g_autoptr(pv_vm) vm = NULL;
    int code = pv_vm_get(scene->world->conn, suite_var(scene, "vm"), PV_VM_BASIC, scene->task, &vm, error);

    if (code < 0 || vm->state == PV_POWER_ON)
        return code;
    return power(scene, vm->state == PV_POWER_PAUSED ? PV_POWER_OP_UNPAUSE : PV_POWER_OP_START, error);
}

static int
bring_off(struct suite_scene *scene, pv_error **error)
{
    return scene->world->options->use_vm ? power(scene, PV_POWER_OP_STOP, error) : 0;
}

static int
take_snapshot(struct suite_scene *scene, pv_error **error)
{
    g_autofree char *name = g_strdup_printf("%s-snap", suite_var(scene, "vm_name"));
    pv_snapshot_spec spec = { .name = name, .memory = PV_UNSET_BOOL, .quiesce = PV_UNSET_BOOL };
    g_autoptr(pv_task) task = suite_own_task("snapshot.create", 0);
    g_autoptr(pv_snapshot) snapshot = NULL;
    int code = 0;

    if (scene->world->options->use_vm) /* else it goes with the VM */
        code = suite_own_intend(scene, "snapshot", name, suite_var(scene, "vm"), error);
    if (code == 0)
        code = pv_snapshot_create(scene->world->conn, suite_var(scene, "vm"), &spec, task, &snapshot, error);
    if (code < 0)
        return code;
    suite_var_set(scene, "snapshot", snapshot->id);
    suite_var_set(scene, "snapshot_name", name);
    return suite_own_made(scene, name, NULL, error);
}

static int
reach(struct suite_scene *scene, pv_error **error)
{
    int code = 0;

    switch ((enum suite_given)scene->test->given) {
    case SUITE_GIVEN_VM_OFF:
        return bring_off(scene, error);
    case SUITE_GIVEN_VM_ON:
        return bring_on(scene, error);
    case SUITE_GIVEN_VM_PAUSED:
        code = bring_on(scene, error);
        return code < 0 ? code : power(scene, PV_POWER_OP_PAUSE, error);
    case SUITE_GIVEN_VM_SUSPENDED:
        code = bring_on(scene, error);
        return code < 0 ? code : power(scene, PV_POWER_OP_SUSPEND, error);
    case SUITE_GIVEN_VM_SNAPSHOT:
        code = bring_off(scene, error);
        return code < 0 ? code : take_snapshot(scene, error);
    }
    return code;
}

int
suite_give(struct suite_scene *scene, pv_error **error)
{
    const char *lent = scene->world->options->use_vm;
    g_autofree char *name = NULL;
    int code;

    if (!scene->test->given)
        return 0;
    name = lent ? g_strdup(lent) : g_strdup_printf("%s-%s-vm", scene->world->tag, scene->test->uid);
    suite_var_set(scene, "vm_name", name);
    code = lent ? borrow_vm(scene, name, error) : make_vm(scene, name, error);
    if (code == 0)
        code = reach(scene, error);
    if (code < 0)
        pv_error_prefix(error, "the VM this case is given: ");
    return code;
}

static enum pv_power_op
way_back(int from, int to)
{
    if (to == PV_POWER_OFF)
        return PV_POWER_OP_STOP;
    if (to == PV_POWER_PAUSED)
        return PV_POWER_OP_PAUSE;
    return from == PV_POWER_PAUSED ? PV_POWER_OP_UNPAUSE : PV_POWER_OP_START;
}

int
suite_give_back(struct suite_scene *scene, pv_error **error)
{
    pv_conn *conn = scene->world->conn;
    g_autoptr(pv_task) task = NULL;
    g_autoptr(pv_vm) vm = NULL;
    int code;

    if (!scene->lent_state)
        return 0;
    task = pv_task_new("test.teardown", suite_var(scene, "vm_name"));
    pv_task_set_timeout(task, SUITE_TEARDOWN_MS);
    code = pv_vm_get(conn, suite_var(scene, "vm"), PV_VM_BASIC, task, &vm, error);
    if (code < 0 || vm->state == scene->lent_state)
        return code;
    return pv_vm_power(conn, vm->id, way_back(vm->state, scene->lent_state), task, error);
}
