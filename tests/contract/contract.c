/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same cases on every driver: what the neutral API promises, held against one endpoint.
 *
 *   contract --tap URI [--vm NAME] [--no-guest] [--insecure]
 *
 * Where the endpoint can make VMs, the cases make their own and remove it; else --vm names one that
 * may be paused, reset and snapshotted. --no-guest: nothing in it obeys shutdown or reboot.
 * POLYVIRT_PASSWORD is the password. What the endpoint lacks is skipped with the capability's name.
 */
#include <polyvirt/polyvirt.h>
#include <string.h>

static struct {
    char *uri;
    char *vm;
    gboolean no_guest;
    gboolean insecure;
    pv_conn *conn;
    GPtrArray *capabilities;
} rig;

/* ---- helpers ---- */

static char *
password(G_GNUC_UNUSED const char *user, G_GNUC_UNUSED const char *endpoint, G_GNUC_UNUSED void *data, pv_error **error)
{
    const char *value = g_getenv("POLYVIRT_PASSWORD");

    if (!value)
        pv_error_set(error, PV_ERR_AUTH, "POLYVIRT_PASSWORD is not set");
    return g_strdup(value);
}

static pv_conn *
open_endpoint(gboolean readonly)
{
    struct pv_open_options options = { .password = password, .readonly = readonly, .insecure = rig.insecure };
    pv_error *error = NULL;
    pv_conn *conn = NULL;
    int code = pv_open(rig.uri, &options, NULL, &conn, &error);

    if (code < 0)
        g_error("cannot open %s: %s", rig.uri, error->message);
    return conn;
}

static gboolean
can(const char *operation)
{
    for (unsigned i = 0; i < rig.capabilities->len; i++) {
        const pv_capability *row = g_ptr_array_index(rig.capabilities, i);

        if (g_str_equal(row->operation, operation))
            return row->supported == TRUE;
    }
    return FALSE;
}

#define NEED(operation)                                                                                    \
    do {                                                                                                   \
        if (!can(operation)) {                                                                             \
            g_test_skip("this endpoint lacks " operation);                                                 \
            return;                                                                                        \
        }                                                                                                  \
    } while (0)

#define OK(call)                                                                                           \
    do {                                                                                                   \
        pv_error *ok_error = NULL;                                                                         \
        int ok_code = (call);                                                                              \
                                                                                                           \
        if (ok_code < 0)                                                                                   \
            g_error("%s:%d: %s: %s [%s]", __FILE__, __LINE__, #call,                                       \
                    ok_error ? ok_error->message : "(no message)", pv_code_name(ok_code));                 \
        (void)ok_error;                                                                                    \
    } while (0)
#define E (&ok_error)

/* The VM the cases work on: an own one where it can be made. */
static char *
take_vm(void)
{
    g_autoptr(pv_vm_spec) spec = NULL;
    g_autoptr(pv_vm) vm = NULL;

    if (!can("vm.create")) {
        g_assert_nonnull(rig.vm);
        return g_strdup(rig.vm);
    }
    spec = pv_vm_spec_new();
    spec->name = g_strdup_printf("pv-contract-%08x", g_random_int());
    spec->memory = INT64_C(64) << 20;
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    g_ptr_array_add(spec->disks, pv_disk_spec_new());
    ((pv_disk_spec *)spec->disks->pdata[0])->size = INT64_C(16) << 20;
    OK(pv_vm_create(rig.conn, spec, NULL, &vm, E));
    return g_strdup(spec->name);
}

static int
state_of(const char *vm)
{
    g_autoptr(pv_vm) row = NULL;

    OK(pv_vm_get(rig.conn, vm, PV_VM_BASIC, NULL, &row, E));
    return row->state;
}

static int
power(const char *vm, enum pv_power_op op)
{
    return pv_vm_power(rig.conn, vm, op, NULL, NULL);
}

static void
give_vm_back(char *vm)
{
    if (can("vm.create")) {
        if (state_of(vm) != PV_POWER_OFF)
            power(vm, PV_POWER_OP_STOP);
        OK(pv_vm_delete(rig.conn, vm, NULL, E));
    }
    g_free(vm);
}

static void
assert_state(const char *vm, int expected, const char *when)
{
    int state = state_of(vm);

    if (state != expected)
        g_error("%s: the VM is %s, not %s", when, pv_enum_name(pv_power_state_values, state),
                pv_enum_name(pv_power_state_values, expected));
}

/* ---- reading ---- */

static void
test_info_names_the_driver(void)
{
    g_autoptr(pv_endpoint) endpoint = NULL;

    OK(pv_endpoint_info(rig.conn, NULL, &endpoint, E));
    g_assert_cmpstr(endpoint->driver, ==, pv_conn_driver(rig.conn));
    g_assert_nonnull(endpoint->product);
    g_assert_nonnull(endpoint->version);
}

static void
test_capabilities_cover_the_operation_table(void)
{
    unsigned count = 0;

    for (const struct pv_op *op = pv_op_table(); op->name; op++)
        count++;
    g_assert_cmpuint(rig.capabilities->len, ==, count);
}

static void
test_ids_are_unique_and_complete(void)
{
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    OK(pv_vm_list(rig.conn, NULL, PV_VM_LIST, NULL, &vms, E));
    for (unsigned i = 0; i < vms->len; i++) {
        const pv_vm *vm = g_ptr_array_index(vms, i);

        g_assert_nonnull(vm->id);
        g_assert_true(g_hash_table_add(seen, vm->id));
        if (vm->error)
            continue;
        g_assert_nonnull(vm->name);
        g_assert_cmpint(vm->state, !=, 0);
        g_assert_cmpint(vm->cpus, >=, 1);
        g_assert_cmpint(vm->memory, >=, 1 << 20);
    }
}

static void
test_a_vm_answers_to_name_uuid_and_id(void)
{
    g_autofree char *name = take_vm();
    g_autoptr(pv_vm) by_name = NULL, by_id = NULL, by_uuid = NULL;

    OK(pv_vm_get(rig.conn, name, PV_VM_BASIC, NULL, &by_name, E));
    OK(pv_vm_get(rig.conn, by_name->id, PV_VM_BASIC, NULL, &by_id, E));
    g_assert_cmpstr(by_id->name, ==, by_name->name);
    if (by_name->uuid) {
        OK(pv_vm_get(rig.conn, by_name->uuid, PV_VM_BASIC, NULL, &by_uuid, E));
        g_assert_cmpstr(by_uuid->id, ==, by_name->id);
    }
    give_vm_back(g_steal_pointer(&name));
}

static void
test_an_unknown_vm_is_not_found_by_name(void)
{
    g_autoptr(pv_error) error = NULL;
    pv_vm *vm = NULL;

    g_assert_cmpint(pv_vm_get(rig.conn, "no-such-vm", PV_VM_BASIC, NULL, &vm, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_null(vm);
    g_assert_nonnull(strstr(error->message, "no-such-vm"));
}

static void
test_devices_are_listed_on_request(void)
{
    g_autofree char *name = take_vm();
    g_autoptr(pv_vm) vm = NULL;

    OK(pv_vm_get(rig.conn, name, PV_VM_DEVICES, NULL, &vm, E));
    g_assert_nonnull(vm->disks);
    g_assert_cmpuint(vm->disks->len, >=, 1);
    give_vm_back(g_steal_pointer(&name));
}

static void
test_a_readonly_connection_refuses_changes(void)
{
    g_autofree char *vm = take_vm();
    g_autoptr(pv_conn) conn = open_endpoint(TRUE);
    g_autoptr(pv_error) error = NULL;
    int before = state_of(vm);
    enum pv_power_op op = can("vm.reset") ? PV_POWER_OP_RESET : PV_POWER_OP_START;

    g_assert_cmpint(pv_vm_power(conn, vm, op, NULL, &error), ==, PV_ERR_DENIED);
    g_assert_cmpint(state_of(vm), ==, before);
    give_vm_back(g_steal_pointer(&vm));
}

static void
test_a_cancelled_task_stops_at_once(void)
{
    g_autoptr(pv_task) task = pv_task_new("vm.list", NULL);
    g_autoptr(GPtrArray) vms = NULL;

    pv_task_cancel(task);
    g_assert_cmpint(pv_vm_list(rig.conn, NULL, PV_VM_LIST, task, &vms, NULL), ==, PV_ERR_CANCELLED);
    g_assert_null(vms);
}

static void
test_inventory_lists_answer(void)
{
    static int (*const lists[])(pv_conn *, pv_task *, GPtrArray **, pv_error **) = {
        pv_host_list,
        pv_datastore_list,
        pv_network_list,
    };
    static const char *const operations[] = { "host.list", "datastore.list", "network.list" };

    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GPtrArray) list = NULL;

        if (!can(operations[i]))
            continue;
        OK(lists[i](rig.conn, NULL, &list, E));
        g_assert_nonnull(list);
    }
}

/* ---- create and delete ---- */

static void
test_a_taken_name_is_refused(void)
{
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    g_autofree char *vm = NULL;

    NEED("vm.create");
    vm = take_vm();
    spec->name = g_strdup(vm);
    g_assert_cmpint(pv_vm_create(rig.conn, spec, NULL, NULL, NULL), ==, PV_ERR_EXISTS);
    give_vm_back(g_steal_pointer(&vm));
}

static void
test_a_spec_out_of_range_names_its_field(void)
{
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    g_autoptr(pv_error) error = NULL;

    NEED("vm.create");
    spec->name = g_strdup("pv-contract-bad");
    spec->cpus = 0;
    g_assert_cmpint(pv_vm_create(rig.conn, spec, NULL, NULL, &error), ==, PV_ERR_INVALID);
    g_assert_nonnull(strstr(error->message, "cpus"));
    g_assert_cmpint(pv_vm_get(rig.conn, spec->name, PV_VM_BASIC, NULL, NULL, NULL), ==, PV_ERR_NOT_FOUND);
}

static void
test_a_running_vm_cannot_be_deleted(void)
{
    g_autofree char *vm = NULL;

    NEED("vm.create");
    NEED("vm.start");
    vm = take_vm();
    OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_START, NULL, E));
    g_assert_cmpint(pv_vm_delete(rig.conn, vm, NULL, NULL), ==, PV_ERR_STATE);
    assert_state(vm, PV_POWER_ON, "after the refused delete");
    give_vm_back(g_steal_pointer(&vm));
}

static void
test_a_deleted_vm_is_gone(void)
{
    g_autofree char *vm = NULL;

    NEED("vm.create");
    NEED("vm.delete");
    vm = take_vm();
    OK(pv_vm_delete(rig.conn, vm, NULL, E));
    g_assert_cmpint(pv_vm_get(rig.conn, vm, PV_VM_BASIC, NULL, NULL, NULL), ==, PV_ERR_NOT_FOUND);
}

static void
test_a_clone_is_a_vm_of_its_own(void)
{
    g_autoptr(pv_clone_spec) spec = pv_clone_spec_new();
    g_autoptr(pv_vm) original = NULL, copy = NULL;
    g_autofree char *vm = NULL;

    NEED("vm.clone");
    NEED("vm.create");
    vm = take_vm();
    spec->name = g_strconcat(vm, "-copy", NULL);
    OK(pv_vm_clone(rig.conn, vm, spec, NULL, &copy, E));
    OK(pv_vm_get(rig.conn, vm, PV_VM_LIST, NULL, &original, E));
    g_assert_cmpstr(copy->name, ==, spec->name);
    g_assert_cmpstr(copy->uuid, !=, original->uuid);
    g_assert_cmpint(copy->memory, ==, original->memory);
    OK(pv_vm_delete(rig.conn, spec->name, NULL, E));
    give_vm_back(g_steal_pointer(&vm));
}

/* ---- the power state machine: every operation in every state ---- */

#define IN(state) (1u << PV_POWER_##state)

static const struct {
    enum pv_power_op op;
    unsigned legal, same;
    unsigned differs; /* APIs differ in these states: not asked */
    int to;
    gboolean guest;   /* something in the VM must obey */
} rules[] = {
    { PV_POWER_OP_START, IN(OFF) | IN(SUSPENDED), IN(ON), 0, PV_POWER_ON, FALSE },
    { PV_POWER_OP_STOP, IN(ON) | IN(PAUSED) | IN(SUSPENDED), IN(OFF), 0, PV_POWER_OFF, FALSE },
    { PV_POWER_OP_SHUTDOWN, IN(ON), IN(OFF), 0, PV_POWER_OFF, TRUE },
    { PV_POWER_OP_RESET, IN(ON), 0, IN(PAUSED), PV_POWER_ON, FALSE },
    { PV_POWER_OP_REBOOT, IN(ON), 0, 0, PV_POWER_ON, TRUE },
    { PV_POWER_OP_PAUSE, IN(ON), IN(PAUSED), 0, PV_POWER_PAUSED, FALSE },
    { PV_POWER_OP_UNPAUSE, IN(PAUSED), IN(ON), 0, PV_POWER_ON, FALSE },
    { PV_POWER_OP_SUSPEND, IN(ON), IN(SUSPENDED), IN(PAUSED), PV_POWER_SUSPENDED, FALSE },
    { PV_POWER_OP_RESUME, IN(SUSPENDED), IN(ON), 0, PV_POWER_ON, FALSE },
};

static const struct {
    int state;
    const char *needs;
    enum pv_power_op way[2]; /* from off */
} states[] = {
    { PV_POWER_OFF, "vm.stop", { 0 } },
    { PV_POWER_ON, "vm.start", { PV_POWER_OP_START } },
    { PV_POWER_PAUSED, "vm.pause", { PV_POWER_OP_START, PV_POWER_OP_PAUSE } },
    { PV_POWER_SUSPENDED, "vm.suspend", { PV_POWER_OP_START, PV_POWER_OP_SUSPEND } },
};

static gboolean
can_power(enum pv_power_op op)
{
    g_autofree char *operation = g_strconcat("vm.", pv_enum_name(pv_power_op_values, (int)op), NULL);

    return can(operation);
}

static void
bring_to(const char *vm, unsigned s)
{
    int state = state_of(vm);

    if (state == states[s].state)
        return;
    if (state != PV_POWER_OFF)
        OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_STOP, NULL, E));
    for (unsigned i = 0; i < G_N_ELEMENTS(states[s].way) && states[s].way[i]; i++)
        OK(pv_vm_power(rig.conn, vm, states[s].way[i], NULL, E));
    assert_state(vm, states[s].state, "while getting ready");
}

static void
try_rule(const char *vm, unsigned s, unsigned r)
{
    const char *verb = pv_enum_name(pv_power_op_values, (int)rules[r].op);
    unsigned bit = 1u << states[s].state;
    int code;

    bring_to(vm, s);
    code = power(vm, rules[r].op);
    g_test_message("%s when %s: %s", verb, pv_enum_name(pv_power_state_values, states[s].state), pv_code_name(code));
    if (rules[r].legal & bit) {
        g_assert_cmpint(code, ==, 0);
        assert_state(vm, rules[r].to, verb);
        return;
    }
    if (rules[r].same & bit)
        g_assert_cmpint(code, ==, PV_ERR_SAME_STATE);
    else
        g_assert_true(code == PV_ERR_STATE || code == PV_ERR_SAME_STATE);
    assert_state(vm, states[s].state, "after a refused operation");
}

static void
test_every_power_operation_in_every_state(void)
{
    g_autofree char *vm = NULL;

    NEED("vm.create");
    NEED("vm.start");
    NEED("vm.stop");
    vm = take_vm();
    for (unsigned s = 0; s < G_N_ELEMENTS(states); s++)
        for (unsigned r = 0; can(states[s].needs) && r < G_N_ELEMENTS(rules); r++)
            if (can_power(rules[r].op) && !(rules[r].guest && rig.no_guest) &&
                !(rules[r].differs & (1u << states[s].state)))
                try_rule(vm, s, r);
    give_vm_back(g_steal_pointer(&vm));
}

static void
test_pause_and_unpause(void)
{
    g_autofree char *vm = NULL;

    NEED("vm.pause");
    NEED("vm.unpause");
    vm = take_vm();
    if (state_of(vm) == PV_POWER_OFF)
        OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_START, NULL, E));
    if (state_of(vm) == PV_POWER_PAUSED)
        OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_UNPAUSE, NULL, E));
    OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_PAUSE, NULL, E));
    assert_state(vm, PV_POWER_PAUSED, "after pause");
    g_assert_cmpint(power(vm, PV_POWER_OP_PAUSE), ==, PV_ERR_SAME_STATE);
    OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_UNPAUSE, NULL, E));
    assert_state(vm, PV_POWER_ON, "after unpause");
    give_vm_back(g_steal_pointer(&vm));
}

/* ---- events ---- */

struct seen {
    GMutex lock;
    GCond cond;
    char *id;
    gboolean got;
};

static void
note_event(const pv_event *event, void *data)
{
    struct seen *seen = data;

    g_mutex_lock(&seen->lock);
    if (event->kind == PV_EVENT_VM_CHANGED && g_strcmp0(event->vm, seen->id) == 0) {
        seen->got = TRUE;
        g_cond_signal(&seen->cond);
    }
    g_mutex_unlock(&seen->lock);
}

static void
test_a_change_arrives_as_an_event(void)
{
    struct seen seen = { 0 };
    g_autoptr(pv_vm) row = NULL;
    g_autoptr(pv_error) error = NULL;
    g_autofree char *vm = NULL;
    unsigned id = 0;
    gint64 until = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    gboolean in_time = TRUE;

    NEED("vm.pause");
    NEED("vm.unpause");
    if (pv_event_subscribe(rig.conn, note_event, &seen, &id, &error) == PV_ERR_UNSUPPORTED) {
        g_test_skip(error->message);
        return;
    }
    g_mutex_init(&seen.lock);
    g_cond_init(&seen.cond);
    vm = take_vm();
    OK(pv_vm_get(rig.conn, vm, PV_VM_BASIC, NULL, &row, E));
    seen.id = row->id;
    if (row->state == PV_POWER_OFF)
        OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_START, NULL, E));
    OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_PAUSE, NULL, E));
    OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_UNPAUSE, NULL, E));
    g_mutex_lock(&seen.lock);
    while (!seen.got && in_time)
        in_time = g_cond_wait_until(&seen.cond, &seen.lock, until);
    g_mutex_unlock(&seen.lock);
    pv_event_unsubscribe(rig.conn, id);
    g_assert_true(seen.got);
    give_vm_back(g_steal_pointer(&vm));
}

/* ---- snapshots ---- */

static char *
take_snapshot(const char *vm, const char *name)
{
    g_autoptr(pv_snapshot_spec) spec = pv_snapshot_spec_new();
    g_autoptr(pv_snapshot) snapshot = NULL;

    spec->name = g_strdup(name);
    spec->description = g_strdup("made by the contract cases");
    OK(pv_snapshot_create(rig.conn, vm, spec, NULL, &snapshot, E));
    g_assert_cmpstr(snapshot->name, ==, name);
    return g_strdup(snapshot->id);
}

static const pv_snapshot *
snapshot_named(const GPtrArray *list, const char *name)
{
    for (unsigned i = 0; i < list->len; i++) {
        const pv_snapshot *snapshot = g_ptr_array_index(list, i);

        if (g_strcmp0(snapshot->name, name) == 0)
            return snapshot;
    }
    return NULL;
}

static void
test_snapshots_are_created_listed_reverted_deleted(void)
{
    g_autoptr(GPtrArray) before = NULL, after = NULL;
    g_autofree char *vm = NULL;
    const pv_snapshot *first, *second;

    NEED("snapshot.create");
    NEED("snapshot.revert");
    vm = take_vm();
    g_free(take_snapshot(vm, "pv-first"));
    g_free(take_snapshot(vm, "pv-second"));
    OK(pv_snapshot_list(rig.conn, vm, NULL, &before, E));
    first = snapshot_named(before, "pv-first");
    second = snapshot_named(before, "pv-second");
    g_assert_nonnull(first);
    g_assert_nonnull(second);
    g_assert_cmpint(first->created, >, INT64_C(1600000000) * G_USEC_PER_SEC);
    if (second->parent) /* QMP cannot tell */
        g_assert_cmpstr(second->parent, ==, first->id);
    g_assert_cmpint(pv_snapshot_create(rig.conn, vm, &(pv_snapshot_spec){ .name = (char *)"pv-first", .memory = -1, .quiesce = -1 },
                                       NULL, NULL, NULL), ==, PV_ERR_EXISTS);
    OK(pv_snapshot_revert(rig.conn, vm, "pv-first", NULL, E));
    g_assert_cmpint(pv_snapshot_revert(rig.conn, vm, "pv-none", NULL, NULL), ==, PV_ERR_NOT_FOUND);
    OK(pv_snapshot_delete(rig.conn, vm, "pv-second", FALSE, NULL, E));
    OK(pv_snapshot_delete(rig.conn, vm, "pv-first", FALSE, NULL, E));
    OK(pv_snapshot_list(rig.conn, vm, NULL, &after, E));
    g_assert_null(snapshot_named(after, "pv-first"));
    g_assert_null(snapshot_named(after, "pv-second"));
    give_vm_back(g_steal_pointer(&vm));
}

static void
test_a_revert_brings_the_power_state_back(void)
{
    g_autofree char *vm = NULL;

    NEED("snapshot.revert");
    NEED("vm.pause");
    vm = take_vm();
    if (state_of(vm) == PV_POWER_OFF)
        OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_START, NULL, E));
    assert_state(vm, PV_POWER_ON, "before the snapshot");
    g_free(take_snapshot(vm, "pv-running"));
    OK(pv_vm_power(rig.conn, vm, PV_POWER_OP_PAUSE, NULL, E));
    OK(pv_snapshot_revert(rig.conn, vm, "pv-running", NULL, E));
    assert_state(vm, PV_POWER_ON, "after the revert");
    OK(pv_snapshot_delete(rig.conn, vm, "pv-running", FALSE, NULL, E));
    give_vm_back(g_steal_pointer(&vm));
}

/* ---- main ---- */

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "info-names-the-driver", test_info_names_the_driver },
    { "capabilities-cover-the-operation-table", test_capabilities_cover_the_operation_table },
    { "ids-are-unique-and-complete", test_ids_are_unique_and_complete },
    { "a-vm-answers-to-name-uuid-and-id", test_a_vm_answers_to_name_uuid_and_id },
    { "an-unknown-vm-is-not-found-by-name", test_an_unknown_vm_is_not_found_by_name },
    { "devices-are-listed-on-request", test_devices_are_listed_on_request },
    { "a-readonly-connection-refuses-changes", test_a_readonly_connection_refuses_changes },
    { "a-cancelled-task-stops-at-once", test_a_cancelled_task_stops_at_once },
    { "inventory-lists-answer", test_inventory_lists_answer },
    { "a-taken-name-is-refused", test_a_taken_name_is_refused },
    { "a-spec-out-of-range-names-its-field", test_a_spec_out_of_range_names_its_field },
    { "a-running-vm-cannot-be-deleted", test_a_running_vm_cannot_be_deleted },
    { "a-deleted-vm-is-gone", test_a_deleted_vm_is_gone },
    { "a-clone-is-a-vm-of-its-own", test_a_clone_is_a_vm_of_its_own },
    { "every-power-operation-in-every-state", test_every_power_operation_in_every_state },
    { "pause-and-unpause", test_pause_and_unpause },
    { "a-change-arrives-as-an-event", test_a_change_arrives_as_an_event },
    { "snapshots-are-created-listed-reverted-deleted", test_snapshots_are_created_listed_reverted_deleted },
    { "a-revert-brings-the-power-state-back", test_a_revert_brings_the_power_state_back },
};

int
main(int argc, char **argv)
{
    const GOptionEntry options[] = {
        { "vm", 0, 0, G_OPTION_ARG_STRING, &rig.vm, "VM to work on where none can be made", "NAME" },
        { "no-guest", 0, 0, G_OPTION_ARG_NONE, &rig.no_guest, "nothing in the VM obeys", NULL },
        { "insecure", 0, 0, G_OPTION_ARG_NONE, &rig.insecure, "accept any certificate", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("URI");
    g_autoptr(GError) why = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &why) || argc != 2) {
        g_printerr("contract: %s\n", why ? why->message : "one URI is needed");
        return 2;
    }
    rig.uri = argv[1];
    rig.conn = open_endpoint(FALSE);
    if (pv_endpoint_capabilities(rig.conn, NULL, &rig.capabilities, NULL) < 0)
        return 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/contract/", pv_conn_driver(rig.conn), "/", cases[i].name, NULL);

        g_test_add_func(path, cases[i].run);
    }
    status = g_test_run();
    g_ptr_array_unref(rig.capabilities);
    pv_close(rig.conn);
    return status;
}
