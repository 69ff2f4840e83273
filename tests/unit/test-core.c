/* SPDX-License-Identifier: Apache-2.0 */
/* What the core promises around every driver, on a driver of a few lines that counts its calls. */
#include "conn-private.h"

#include <polyvirt/op.h>
#include <string.h>

/* ---- the driver ---- */

static struct fake {
    /* what it is told to do */
    const char *names[4];  /* of vm-0, vm-1 …; NULL: no more */
    int list_fails, power_fails, enable_fails; /* a pv_code, or 0 */
    gboolean emits_at_close;

    /* what it saw */
    unsigned lists, full_lists, powers, creates, clones, enabled, disabled, closed;
    int64_t remaining; /* of the last task */
    void (*emit)(void *sink, pv_event *event);
    void *sink;
} fake;

static int
fake_open(const struct pv_open_args *args, void **ret_conn, pv_error **error)
{
    if (g_strcmp0(args->uri->host, "declined") == 0)
        return PV_OPEN_DECLINED;
    if (g_strcmp0(args->uri->host, "refused") == 0)
        return pv_error_set(error, PV_ERR_CONNECT, "nobody there");
    fake.emit = args->emit;
    fake.sink = args->sink;
    *ret_conn = &fake;
    return PV_OPEN_OK;
}

static pv_event *
event_new(const char *detail)
{
    pv_event *event = pv_event_new();

    event->kind = PV_EVENT_VM_CHANGED;
    event->detail = g_strdup(detail);
    return event;
}

static void
fake_close(G_GNUC_UNUSED void *conn)
{
    fake.closed++;
    if (fake.emits_at_close)
        fake.emit(fake.sink, event_new("closing"));
}

static void
add_vm(GPtrArray *vms, unsigned number)
{
    pv_vm *vm = pv_vm_new();

    vm->id = g_strdup_printf("vm-%u", number);
    vm->name = g_strdup(fake.names[number]);
    vm->state = PV_POWER_ON;
    g_ptr_array_add(vms, vm);
}

static int
fake_list(G_GNUC_UNUSED void *conn, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error)
{
    fake.remaining = pv_task_remaining_ms(task);
    fake.lists++;
    if (fake.list_fails)
        return pv_error_set(error, (enum pv_code)fake.list_fails, "it fails");
    if (!query->ids)
        fake.full_lists++;
    for (unsigned i = 0; !query->ids && fake.names[i]; i++)
        add_vm(vms, i);
    for (const char *const *id = query->ids; id && *id; id++) {
        unsigned number = (unsigned)g_ascii_strtoull(*id + strlen("vm-"), NULL, 10);

        if (number >= G_N_ELEMENTS(fake.names) || !fake.names[number])
            return pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id '%s'", *id);
        add_vm(vms, number);
    }
    return 0;
}

static int
fake_power(G_GNUC_UNUSED void *conn, const char *vm, enum pv_power_op op, G_GNUC_UNUSED pv_task *task,
           pv_error **error)
{
    g_atomic_int_inc((gint *)&fake.powers);
    if (op == PV_POWER_OP_STOP && g_str_equal(vm, "vm-1"))
        fake.names[1] = NULL; /* like a QEMU that ends */
    return fake.power_fails ? pv_error_set(error, (enum pv_code)fake.power_fails, "it fails") : 0;
}

static int
fake_create(G_GNUC_UNUSED void *conn, G_GNUC_UNUSED const pv_vm_spec *spec, G_GNUC_UNUSED pv_task *task, char **ret_id,
            G_GNUC_UNUSED pv_error **error)
{
    fake.creates++;
    *ret_id = g_strdup("vm-0");
    return 0;
}

static int
fake_clone(G_GNUC_UNUSED void *conn, G_GNUC_UNUSED const char *vm, G_GNUC_UNUSED const pv_clone_spec *spec,
           G_GNUC_UNUSED pv_task *task, char **ret_id, G_GNUC_UNUSED pv_error **error)
{
    fake.clones++;
    *ret_id = g_strdup("vm-0");
    return 0;
}

static int
fake_enable(G_GNUC_UNUSED void *conn, gboolean on, pv_error **error)
{
    if (on && fake.enable_fails)
        return pv_error_set(error, (enum pv_code)fake.enable_fails, "it fails");
    *(on ? &fake.enabled : &fake.disabled) += 1;
    return 0;
}

static gboolean
fake_lacks(G_GNUC_UNUSED void *conn, const char *operation, const char **ret_why)
{
    if (!g_str_equal(operation, "vm.pause"))
        return FALSE;
    *ret_why = "not on a Sunday";
    return TRUE;
}

static const struct pv_vm_slots vm_slots = {
    .list = fake_list,
    .create = fake_create,
    .clone = fake_clone,
    .power = fake_power,
    .power_ops = 1u << PV_POWER_OP_STOP | 1u << PV_POWER_OP_PAUSE, /* no start */
};
static const struct pv_event_slots event_slots = { .enable = fake_enable };
static const struct pv_via via[] = { { "vm.stop", "pull_plug", "at once" }, { NULL, NULL, NULL } };
static const char *const fake_schemes[] = { "fake", NULL }, *const other_schemes[] = { "*", NULL };

static int
other_open(const struct pv_open_args *args, void **ret_conn, G_GNUC_UNUSED pv_error **error)
{
    if (!g_str_equal(args->uri->scheme, "fake"))
        return PV_OPEN_DECLINED;
    *ret_conn = &fake;
    return PV_OPEN_OK;
}

static const struct pv_driver fake_driver = {
    .name = "fake",
    .schemes = fake_schemes,
    .open = fake_open,
    .close = fake_close,
    .vm = &vm_slots,
    .event = &event_slots,
    .via = via,
    .lacks = fake_lacks,
};
/* takes what the first declines, and can do nothing */
static const struct pv_driver other_driver = { .name = "other", .schemes = other_schemes, .open = other_open,
                                               .close = fake_close };
const struct pv_driver *const pv_drivers[] = { &fake_driver, &other_driver, NULL };

static pv_conn *
open_fake(const struct pv_open_options *options)
{
    pv_conn *conn = NULL;

    fake = (struct fake){ .names = { "a", "b", "b" } };
    g_assert_cmpint(pv_open("fake:///", options, NULL, &conn, NULL), ==, 0);
    return conn;
}

/* ---- opening ---- */

static void
test_a_uri_is_offered_to_the_next_driver(void)
{
    g_autoptr(pv_conn) conn = NULL;
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(pv_open("fake://declined/", NULL, NULL, &conn, NULL), ==, 0);
    g_assert_cmpstr(pv_conn_driver(conn), ==, "other");
}

static void
test_a_driver_that_failed_has_the_last_word(void)
{
    pv_conn *conn = NULL;
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(pv_open("fake://refused/", NULL, NULL, &conn, &error), ==, PV_ERR_CONNECT);
    g_assert_cmpstr(error->message, ==, "nobody there");
    g_assert_null(conn);
}

static void
test_a_uri_that_nobody_takes_names_the_nearest(void)
{
    pv_conn *conn = NULL;
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(pv_open("fakes:///", NULL, NULL, &conn, &error), ==, PV_ERR_USAGE);
    g_assert_cmpstr(error->hint, ==, "did you mean 'fake:'?");
}

/* ---- names ---- */

static void
test_an_ambiguous_name_changes_nothing(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(pv_vm_power(conn, "b", PV_POWER_OP_STOP, NULL, &error), ==, PV_ERR_INVALID);
    g_assert_cmpint(error->code, ==, PV_ERR_INVALID);
    g_assert_cmpuint(fake.powers, ==, 0);
    g_assert_cmpint(pv_vm_power(conn, "vm-2", PV_POWER_OP_STOP, NULL, NULL), ==, 0);
    g_assert_cmpuint(fake.powers, ==, 1);
}

/* ---- what is refused before the driver is asked ---- */

static void
test_a_read_only_connection_refuses_every_change(void)
{
    const struct pv_open_options options = { .readonly = TRUE };
    g_autoptr(pv_conn) conn = open_fake(&options);
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    g_autoptr(GPtrArray) vms = NULL;

    for (const struct pv_op *op = pv_op_table(); op->name; op++) {
        int code = pv_conn_check(conn, op->name, NULL);

        g_test_message("%s", op->name);
        g_assert_true(code == 0 || code == PV_ERR_UNSUPPORTED || code == PV_ERR_DENIED);
        g_assert_false(code == 0 && op->effect != PV_EFFECT_READ);
        g_assert_false(code == PV_ERR_DENIED && op->effect == PV_EFFECT_READ);
    }
    spec->name = g_strdup("new");
    g_assert_cmpint(pv_vm_power(conn, "a", PV_POWER_OP_STOP, NULL, NULL), ==, PV_ERR_DENIED);
    g_assert_cmpint(pv_vm_create(conn, spec, NULL, NULL, NULL), ==, PV_ERR_DENIED);
    g_assert_cmpuint(fake.powers + fake.creates + fake.lists, ==, 0);
    g_assert_cmpint(pv_vm_list(conn, NULL, PV_VM_LIST, NULL, &vms, NULL), ==, 0);
}

static void
test_an_empty_slot_is_unsupported(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(pv_error) error = NULL;
    g_autoptr(GPtrArray) list = NULL;

    g_assert_cmpint(pv_vm_power(conn, "a", PV_POWER_OP_START, NULL, &error), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpstr(error->message, ==, "vm.start is not supported by fake endpoints");
    g_clear_pointer(&error, pv_error_free);
    g_assert_cmpint(pv_vm_power(conn, "a", PV_POWER_OP_PAUSE, NULL, &error), ==, PV_ERR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "not on a Sunday"));
    g_assert_cmpint(pv_snapshot_list(conn, "a", NULL, &list, NULL), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpint(pv_volume_list(conn, NULL, NULL, &list, NULL), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpuint(fake.powers + fake.lists, ==, 0);
}

static void
test_a_driver_without_slots_answers_everything(void)
{
    unsigned id;
    g_autoptr(pv_conn) conn = NULL;
    g_autoptr(GPtrArray) vms = NULL;

    g_assert_cmpint(pv_open("fake://declined/", NULL, NULL, &conn, NULL), ==, 0);
    g_assert_cmpint(pv_vm_list(conn, NULL, PV_VM_LIST, NULL, &vms, NULL), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpint(pv_vm_wait(conn, "a", 1u << PV_POWER_ON, NULL, NULL), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpint(pv_event_subscribe(conn, NULL, NULL, &id, NULL), ==, PV_ERR_UNSUPPORTED);
}

/* ---- deadlines ---- */

static void
test_a_call_without_a_task_has_the_default_deadline(void)
{
    const struct pv_open_options options = { .timeout_ms = 1234 };
    pv_conn *conn = open_fake(NULL);
    g_autoptr(pv_task) task = pv_task_new("test", NULL);
    g_autoptr(GPtrArray) first = NULL, second = NULL, third = NULL;

    g_assert_cmpint(pv_vm_list(conn, NULL, PV_VM_LIST, NULL, &first, NULL), ==, 0);
    g_assert_cmpint(fake.remaining, >, 1234);
    g_assert_cmpint(fake.remaining, <=, PV_TIMEOUT_DEFAULT_MS);
    pv_close(conn);
    conn = open_fake(&options);
    g_assert_cmpint(pv_vm_list(conn, NULL, PV_VM_LIST, NULL, &second, NULL), ==, 0);
    g_assert_cmpint(fake.remaining, >, 0);
    g_assert_cmpint(fake.remaining, <=, 1234);
    g_assert_cmpint(pv_vm_list(conn, NULL, PV_VM_LIST, task, &third, NULL), ==, 0);
    g_assert_cmpint(fake.remaining, ==, -1);
    pv_close(conn);
}

static void
test_the_longest_deadline_is_one(void)
{
    g_autoptr(pv_task) task = pv_task_new("test", NULL);

    pv_task_set_timeout(task, INT64_MAX);
    g_assert_cmpint(pv_task_remaining_ms(task), >, INT64_C(1000) * 86400 * 365);
}

/* ---- making ---- */

static void
test_what_was_made_and_not_read_back_is_no_timeout(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    g_autoptr(pv_error) error = NULL;
    pv_vm *vm = NULL;

    spec->name = g_strdup("new");
    fake.list_fails = PV_ERR_TIMEOUT;
    g_assert_cmpint(pv_vm_create(conn, spec, NULL, &vm, &error), ==, PV_ERR_UNKNOWN);
    g_assert_cmpint(error->code, ==, PV_ERR_UNKNOWN);
    g_assert_true(g_str_has_prefix(error->message, "made, but not read back: "));
    g_assert_null(vm);
    g_assert_cmpint(pv_vm_create(conn, spec, NULL, NULL, NULL), ==, 0);
}

static void
test_nothing_is_made_that_could_not_be_started(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(pv_clone_spec) spec = pv_clone_spec_new();

    spec->name = g_strdup("new");
    spec->start = TRUE;
    g_assert_cmpint(pv_vm_clone(conn, "a", spec, NULL, NULL, NULL), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpuint(fake.clones, ==, 0);
    spec->start = FALSE;
    g_assert_cmpint(pv_vm_clone(conn, "a", spec, NULL, NULL, NULL), ==, 0);
}

static void
test_a_spec_that_is_not_valid_reaches_no_driver(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();

    g_assert_cmpint(pv_vm_create(conn, spec, NULL, NULL, NULL), ==, PV_ERR_INVALID);
    g_assert_cmpuint(fake.creates, ==, 0);
}

/* ---- rows ---- */

/* Runs a row that takes VMs; refs are separated by blanks. */
static int
run_on(pv_conn *conn, const char *name, const char *refs, GPtrArray **ret_rows, pv_error **error)
{
    const struct pv_op *op = pv_op_find(name);
    void *args = pv_desc_new(op->args_desc), *rows = NULL;
    int code;

    if (refs)
        *(char ***)((char *)args + pv_desc_field(op->args_desc, "vms")->offset) = g_strsplit(refs, " ", -1);
    code = pv_op_run(op, conn, NULL, args, &rows, error);
    pv_desc_free(op->args_desc, args);
    *ret_rows = rows;
    return code;
}

static const pv_outcome *
row(const GPtrArray *rows, unsigned i)
{
    g_assert_cmpuint(i, <, rows->len);
    return g_ptr_array_index(rows, i);
}

static void
test_arguments_are_checked_before_anything_is_asked(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(pv_error) error = NULL;
    GPtrArray *rows = NULL;

    g_assert_cmpint(run_on(conn, "vm.stop", NULL, &rows, &error), ==, PV_ERR_INVALID);
    g_assert_nonnull(strstr(error->message, "vms"));
    g_assert_cmpint(run_on(conn, "vm.start", "a", &rows, NULL), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpint(run_on(conn, "vm.stop", "a nobody", &rows, NULL), ==, PV_ERR_NOT_FOUND);
    g_assert_null(rows);
    g_assert_cmpuint(fake.powers, ==, 0);
}

static void
test_a_read_only_row_asks_nothing(void)
{
    const struct pv_open_options options = { .readonly = TRUE };
    g_autoptr(pv_conn) conn = open_fake(&options);
    GPtrArray *rows = NULL;

    g_assert_cmpint(run_on(conn, "vm.stop", "a", &rows, NULL), ==, PV_ERR_DENIED);
    g_assert_cmpuint(fake.lists + fake.powers, ==, 0);
}

static void
test_the_states_afterwards_are_asked_of_the_targets_alone(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(GPtrArray) rows = NULL;

    g_assert_cmpint(run_on(conn, "vm.stop", "a vm-2", &rows, NULL), ==, 0);
    g_assert_cmpuint(fake.powers, ==, 2);
    g_assert_cmpint(row(rows, 0)->state, ==, PV_POWER_ON);
    g_assert_cmpint(row(rows, 1)->state, ==, PV_POWER_ON);
    g_assert_cmpuint(fake.full_lists, ==, 1); /* to resolve the names */
}

static void
test_one_that_is_gone_leaves_the_others_their_states(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(GPtrArray) rows = NULL;

    g_assert_cmpint(run_on(conn, "vm.stop", "vm-0 vm-1", &rows, NULL), ==, 0);
    g_assert_cmpint(row(rows, 0)->state, ==, PV_POWER_ON);
    g_assert_cmpint(row(rows, 1)->state, ==, 0);
    g_assert_cmpint(row(rows, 1)->result, ==, PV_TASK_OK);
}

static void
test_the_worst_row_is_the_one_whose_outcome_is_unknown(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(GPtrArray) rows = NULL;
    const struct pv_op *op = pv_op_find("vm.stop");

    fake.power_fails = PV_ERR_BUSY;
    g_assert_cmpint(run_on(conn, op->name, "a vm-2", &rows, NULL), ==, 0);
    g_assert_cmpint(row(rows, 0)->result, ==, PV_TASK_FAILED);
    g_assert_cmpstr(row(rows, 0)->code, ==, "busy");
    g_assert_cmpint(pv_op_result_code(op, rows), ==, PV_ERR_BUSY);
    g_free(((pv_outcome *)row(rows, 1))->code);
    ((pv_outcome *)row(rows, 1))->code = g_strdup("unknown");
    g_assert_cmpint(pv_op_result_code(op, rows), ==, PV_ERR_UNKNOWN);
}

/* ---- capabilities ---- */

static const pv_capability *
capability(const GPtrArray *list, const char *operation)
{
    for (unsigned i = 0; i < list->len; i++)
        if (g_str_equal(((pv_capability *)g_ptr_array_index(list, i))->operation, operation))
            return g_ptr_array_index(list, i);
    g_error("no row for %s", operation);
    return NULL;
}

static void
test_capabilities_are_read_off_the_tables(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(GPtrArray) list = NULL;
    unsigned rows = 0;

    g_assert_cmpint(pv_endpoint_capabilities(conn, NULL, &list, NULL), ==, 0);
    for (const struct pv_op *op = pv_op_table(); op->name; op++, rows++)
        g_assert_cmpint(capability(list, op->name)->supported, ==, pv_conn_check(conn, op->name, NULL) == 0);
    g_assert_cmpuint(list->len, ==, rows);
    g_assert_true(capability(list, "vm.list")->supported);
    g_assert_true(capability(list, "vm.stop")->supported);
    g_assert_cmpstr(capability(list, "vm.stop")->via, ==, "pull_plug");
    g_assert_cmpstr(capability(list, "vm.stop")->note, ==, "at once");
    g_assert_false(capability(list, "vm.pause")->supported);
    g_assert_cmpstr(capability(list, "vm.pause")->note, ==, "not on a Sunday");
    g_assert_false(capability(list, "vm.delete")->supported);
    g_assert_false(capability(list, "vm.start")->supported);
}

/* ---- events ---- */

/* A subscriber that counts, and that can be held up inside its callback. */
struct listener {
    GMutex lock;
    GCond changed;
    gboolean hold, held;
    unsigned events, lost;
    char *last;
    pv_conn *conn; /* unsubscribes id from inside the callback, when set */
    unsigned id;
};

static void
heard(const pv_event *event, void *data)
{
    struct listener *listener = data;

    g_mutex_lock(&listener->lock);
    listener->held = TRUE;
    g_cond_broadcast(&listener->changed);
    while (listener->hold)
        g_cond_wait(&listener->changed, &listener->lock);
    if (event->kind == PV_EVENT_LOST)
        listener->lost++;
    else
        listener->events++;
    g_free(listener->last);
    listener->last = g_strdup(event->kind == PV_EVENT_LOST ? "lost" : event->detail);
    g_cond_broadcast(&listener->changed);
    g_mutex_unlock(&listener->lock);
    if (listener->conn)
        pv_event_unsubscribe(listener->conn, listener->id);
}

static void
wait_for(struct listener *listener, const char *last)
{
    gint64 until = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    g_mutex_lock(&listener->lock);
    while (g_strcmp0(listener->last, last) != 0)
        g_assert_true(g_cond_wait_until(&listener->changed, &listener->lock, until));
    g_mutex_unlock(&listener->lock);
}

static void
wait_until_held(struct listener *listener)
{
    gint64 until = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    g_mutex_lock(&listener->lock);
    while (!listener->held)
        g_assert_true(g_cond_wait_until(&listener->changed, &listener->lock, until));
    g_mutex_unlock(&listener->lock);
}

static void
let_go(struct listener *listener)
{
    g_mutex_lock(&listener->lock);
    listener->hold = FALSE;
    g_cond_broadcast(&listener->changed);
    g_mutex_unlock(&listener->lock);
}

static void
emit(const char *detail)
{
    fake.emit(fake.sink, event_new(detail));
}

static void
test_what_does_not_fit_is_told_as_lost(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    struct listener listener = { .hold = TRUE };
    unsigned id = 0;

    g_assert_cmpint(pv_event_subscribe(conn, heard, &listener, &id, NULL), ==, 0);
    emit("first");
    wait_until_held(&listener);
    for (unsigned i = 0; i < 2 * PV_EVENT_QUEUE_MAX; i++)
        emit("many");
    let_go(&listener);
    wait_for(&listener, "lost"); /* it stands where the dropped ones would have: last */
    g_assert_cmpuint(listener.events, ==, 1 + PV_EVENT_QUEUE_MAX);
    g_assert_cmpuint(listener.lost, ==, 1);
    emit("after");
    wait_for(&listener, "after");
    g_assert_cmpuint(listener.lost, ==, 1);
    pv_event_unsubscribe(conn, id);
    g_free(listener.last);
}

struct unsubscriber {
    pv_conn *conn;
    unsigned id;
    gint done;
};

static void *
unsubscribe(void *data)
{
    struct unsubscriber *self = data;

    pv_event_unsubscribe(self->conn, self->id);
    g_atomic_int_set(&self->done, TRUE);
    return NULL;
}

static void
test_after_unsubscribe_nothing_is_delivered(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    struct listener leaving = { .hold = TRUE }, staying = { 0 };
    struct unsubscriber other = { .conn = conn };
    unsigned stays = 0;
    GThread *thread;

    g_assert_cmpint(pv_event_subscribe(conn, heard, &leaving, &other.id, NULL), ==, 0);
    g_assert_cmpint(pv_event_subscribe(conn, heard, &staying, &stays, NULL), ==, 0);
    emit("first");
    emit("queued");
    wait_until_held(&leaving);
    thread = g_thread_new("unsubscribe", unsubscribe, &other);
    g_assert_false(g_atomic_int_get(&other.done)); /* it waits for the callback that runs */
    let_go(&leaving);
    g_thread_join(thread);
    leaving.events = 0;
    g_clear_pointer(&leaving.last, g_free);
    emit("after");
    wait_for(&staying, "after");
    g_assert_cmpuint(staying.events, ==, 3);
    g_assert_cmpuint(leaving.events, ==, 0);
    pv_event_unsubscribe(conn, stays);
    g_free(staying.last);
}

static void
test_a_callback_may_unsubscribe_itself(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    struct listener once = { .conn = conn }, staying = { 0 };
    unsigned stays = 0;

    g_assert_cmpint(pv_event_subscribe(conn, heard, &once, &once.id, NULL), ==, 0);
    g_assert_cmpint(pv_event_subscribe(conn, heard, &staying, &stays, NULL), ==, 0);
    emit("one");
    emit("two");
    wait_for(&staying, "two");
    g_assert_cmpuint(once.events, ==, 1);
    pv_event_unsubscribe(conn, stays);
    g_free(once.last);
    g_free(staying.last);
}

static void
test_the_flow_is_switched_once_per_change(void)
{
    pv_conn *conn = open_fake(NULL);
    struct listener listener = { 0 };
    unsigned first = 0, second = 0;

    g_assert_cmpint(pv_event_subscribe(conn, heard, &listener, &first, NULL), ==, 0);
    g_assert_cmpint(pv_event_subscribe(conn, heard, &listener, &second, NULL), ==, 0);
    g_assert_cmpuint(fake.enabled, ==, 1);
    pv_event_unsubscribe(conn, first);
    g_assert_cmpuint(fake.disabled, ==, 0);
    pv_event_unsubscribe(conn, second);
    pv_event_unsubscribe(conn, second); /* no longer there: nothing happens */
    g_assert_cmpuint(fake.disabled, ==, 1);
    pv_close(conn);
    g_assert_cmpuint(fake.disabled, ==, 1);
    conn = open_fake(NULL);
    g_assert_cmpint(pv_event_subscribe(conn, heard, &listener, &first, NULL), ==, 0);
    pv_close(conn);
    g_assert_cmpuint(fake.disabled, ==, 1);
}

static void
test_a_flow_that_cannot_begin_leaves_no_subscriber(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    struct listener listener = { 0 };
    unsigned id = 77;

    fake.enable_fails = PV_ERR_CONNECT;
    g_assert_cmpint(pv_event_subscribe(conn, heard, &listener, &id, NULL), ==, PV_ERR_CONNECT);
    g_assert_cmpuint(id, ==, 77);
    fake.enable_fails = 0;
    g_assert_cmpint(pv_event_subscribe(conn, heard, &listener, &id, NULL), ==, 0);
    g_assert_cmpuint(fake.enabled, ==, 1);
    pv_event_unsubscribe(conn, id);
}

static void *
close_conn(void *conn)
{
    pv_close(conn);
    return NULL;
}

/* The driver may emit until the last, but nobody is told any more. */
static void
test_a_closed_connection_delivers_nothing(void)
{
    pv_conn *conn = open_fake(NULL), *probe;
    struct listener listener = { .hold = TRUE }, later = { 0 };
    unsigned id = 0;
    GThread *thread;

    g_assert_cmpint(pv_event_subscribe(conn, heard, &listener, &id, NULL), ==, 0);
    emit("first");
    wait_until_held(&listener);
    fake.emits_at_close = TRUE;
    thread = g_thread_new("close", close_conn, conn);
    let_go(&listener);
    g_thread_join(thread);
    g_assert_cmpuint(fake.closed, ==, 1);
    probe = open_fake(NULL); /* the same thread delivers: what was emitted before has passed once this has */
    g_assert_cmpint(pv_event_subscribe(probe, heard, &later, &id, NULL), ==, 0);
    emit("after");
    wait_for(&later, "after");
    g_assert_cmpstr(listener.last, ==, "first");
    pv_close(probe);
    g_free(listener.last);
    g_free(later.last);
}

/* ---- waiting ---- */

static void
test_waiting_for_no_state_is_refused(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);

    g_assert_cmpint(pv_vm_wait(conn, "a", 0, NULL, NULL), ==, PV_ERR_INVALID);
    g_assert_cmpint(pv_vm_wait(conn, "a", 1u << PV_POWER_ON, NULL, NULL), ==, 0);
    g_assert_cmpuint(fake.enabled, ==, fake.disabled);
}

static void
test_a_wait_ends_at_its_deadline(void)
{
    g_autoptr(pv_conn) conn = open_fake(NULL);
    g_autoptr(pv_task) task = pv_task_new("test", NULL);

    pv_task_set_timeout(task, 50);
    g_assert_cmpint(pv_vm_wait(conn, "a", 1u << PV_POWER_OFF, task, NULL), ==, PV_ERR_TIMEOUT);
    g_assert_cmpuint(fake.enabled, ==, 1);
    g_assert_cmpuint(fake.disabled, ==, 1);
}

#define CASE(path, name) { path, test_##name }

static const struct {
    const char *path;
    void (*run)(void);
} cases[] = {
    CASE("/core/open/next-driver", a_uri_is_offered_to_the_next_driver),
    CASE("/core/open/failed", a_driver_that_failed_has_the_last_word),
    CASE("/core/open/nobody", a_uri_that_nobody_takes_names_the_nearest),
    CASE("/core/names/ambiguous", an_ambiguous_name_changes_nothing),
    CASE("/core/refuse/read-only", a_read_only_connection_refuses_every_change),
    CASE("/core/refuse/empty-slot", an_empty_slot_is_unsupported),
    CASE("/core/refuse/no-slots", a_driver_without_slots_answers_everything),
    CASE("/core/deadline/default", a_call_without_a_task_has_the_default_deadline),
    CASE("/core/deadline/longest", the_longest_deadline_is_one),
    CASE("/core/make/not-read-back", what_was_made_and_not_read_back_is_no_timeout),
    CASE("/core/make/start", nothing_is_made_that_could_not_be_started),
    CASE("/core/make/invalid", a_spec_that_is_not_valid_reaches_no_driver),
    CASE("/core/op/arguments", arguments_are_checked_before_anything_is_asked),
    CASE("/core/op/read-only", a_read_only_row_asks_nothing),
    CASE("/core/op/states", the_states_afterwards_are_asked_of_the_targets_alone),
    CASE("/core/op/gone", one_that_is_gone_leaves_the_others_their_states),
    CASE("/core/op/worst", the_worst_row_is_the_one_whose_outcome_is_unknown),
    CASE("/core/capabilities", capabilities_are_read_off_the_tables),
    CASE("/core/event/lost", what_does_not_fit_is_told_as_lost),
    CASE("/core/event/unsubscribe", after_unsubscribe_nothing_is_delivered),
    CASE("/core/event/unsubscribe-inside", a_callback_may_unsubscribe_itself),
    CASE("/core/event/flow", the_flow_is_switched_once_per_change),
    CASE("/core/event/no-flow", a_flow_that_cannot_begin_leaves_no_subscriber),
    CASE("/core/event/closed", a_closed_connection_delivers_nothing),
    CASE("/core/wait/no-state", waiting_for_no_state_is_refused),
    CASE("/core/wait/deadline", a_wait_ends_at_its_deadline),
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_func(cases[i].path, cases[i].run);
    return g_test_run();
}
