/* SPDX-License-Identifier: Apache-2.0 */
/* The operation table, and what its rows take. Running a row calls the public API, nothing else. */
#include "conn-private.h"
#include "pool.h"

#define TARGETS_AT_ONCE 8 /* VMs of one endpoint changed side by side */
#define LOOK_MS 5000      /* for each look at the states afterwards */

#define R PV_F_REQUIRED
#define P PV_F_POSITIONAL
#define END { 0 }

/* ---- what the rows take ---- */

#define ARGS(name, verb)                                                                                   \
    static const struct pv_desc name##_desc = { verb, sizeof(struct name##_args), name##_fields, "" }
#define VM_FIELD(type) PV_FIELD(type, vm, PV_STRING, .flags = R | P | PV_F_VM, .help = "VM by name, uuid or id")
#define VMS_FIELD(type) PV_FIELD(type, vms, PV_STRINGS, .flags = R | P | PV_F_VM, .help = "VMs by name, uuid or id")
#define STORE_FIELD(type)                                                                                  \
    PV_FIELD(type, datastore, PV_STRING, .flags = R | P | PV_F_DATASTORE, .help = "datastore by name or id")

struct list_args {
    char **vms;
    int state;
    char *match;
};
static const struct pv_field list_fields[] = {
    PV_FIELD(list_args, vms, PV_STRINGS, .flags = P | PV_F_VM, .help = "VMs by name, uuid or id; default all"),
    PV_FIELD(list_args, state, PV_ENUM, .values = pv_power_state_values, .help = "only those in this state"),
    PV_FIELD(list_args, match, PV_STRING, .max = 1024, .help = "only names that match, with * and ?"),
    END,
};
ARGS(list, "vm list");

struct vm_args {
    char *vm;
};
static const struct pv_field vm_fields[] = { VM_FIELD(vm_args), END };
ARGS(vm, "vm");

struct vms_args {
    char **vms;
};
static const struct pv_field vms_fields[] = { VMS_FIELD(vms_args), END };
ARGS(vms, "vms");

struct create_args {
    pv_vm_spec *spec;
    int start;
};
static const struct pv_field create_fields[] = {
    PV_FIELD(create_args, spec, PV_STRUCT, .desc = &pv_vm_spec_desc, .flags = R, .help = "what to make"),
    PV_FIELD(create_args, start, PV_BOOL, .help = "power it on"),
    END,
};
ARGS(create, "vm create");

struct clone_args {
    char *vm;
    pv_clone_spec *spec;
};
static const struct pv_field clone_fields[] = {
    VM_FIELD(clone_args),
    PV_FIELD(clone_args, spec, PV_STRUCT, .desc = &pv_clone_spec_desc, .flags = R, .help = "the copy"),
    END,
};
ARGS(clone, "vm clone");

struct wait_args {
    char **vms;
    int state;
};
static const struct pv_field wait_fields[] = {
    VMS_FIELD(wait_args),
    PV_FIELD(wait_args, state, PV_ENUM, .values = pv_power_state_values, .help = "state to wait for; default on"),
    END,
};
ARGS(wait, "vm wait");

struct take_args {
    char *vm;
    pv_snapshot_spec *spec;
};
static const struct pv_field take_fields[] = {
    VM_FIELD(take_args),
    PV_FIELD(take_args, spec, PV_STRUCT, .desc = &pv_snapshot_spec_desc, .flags = R, .help = "the snapshot"),
    END,
};
ARGS(take, "snapshot create");

struct snapshot_args {
    char *vm, *snapshot;
};
#define SNAPSHOT_FIELD(type)                                                                               \
    PV_FIELD(type, snapshot, PV_STRING, .flags = R | P | PV_F_SNAPSHOT, .help = "snapshot by name or id")
static const struct pv_field snapshot_fields[] = { VM_FIELD(snapshot_args), SNAPSHOT_FIELD(snapshot_args), END };
ARGS(snapshot, "snapshot");

struct drop_args {
    char *vm, *snapshot;
    int children;
};
static const struct pv_field drop_fields[] = {
    VM_FIELD(drop_args),
    SNAPSHOT_FIELD(drop_args),
    PV_FIELD(drop_args, children, PV_BOOL, .help = "delete those below it too"),
    END,
};
ARGS(drop, "snapshot delete");

struct host_args {
    char *host;
};
static const struct pv_field host_fields[] = {
    PV_FIELD(host_args, host, PV_STRING, .flags = R | P, .help = "host by name or id"),
    END,
};
ARGS(host, "host get");

struct datastore_args {
    char *datastore;
};
static const struct pv_field datastore_fields[] = { STORE_FIELD(datastore_args), END };
ARGS(datastore, "datastore get");
static const struct pv_field volume_list_fields[] = {
    PV_FIELD(datastore_args, datastore, PV_STRING, .flags = P | PV_F_DATASTORE, .help = "datastore; default all"),
    END,
};
static const struct pv_desc volume_list_desc = {
    "volume list", sizeof(struct datastore_args), volume_list_fields, "",
};

struct network_args {
    char *network;
};
static const struct pv_field network_fields[] = {
    PV_FIELD(network_args, network, PV_STRING, .flags = R | P | PV_F_NETWORK, .help = "network by name or id"),
    END,
};
ARGS(network, "network get");

struct volume_args {
    char *datastore, *volume;
};
static const struct pv_field volume_fields[] = {
    STORE_FIELD(volume_args),
    PV_FIELD(volume_args, volume, PV_STRING, .flags = R | P | PV_F_VOLUME, .help = "volume by name, path or key"),
    END,
};
ARGS(volume, "volume");

struct volume_create_args {
    pv_volume_spec *spec;
};
static const struct pv_field volume_create_fields[] = {
    PV_FIELD(volume_create_args, spec, PV_STRUCT, .desc = &pv_volume_spec_desc, .flags = R, .help = "the volume"),
    END,
};
ARGS(volume_create, "volume create");

/* ---- reading ---- */

#define RUN(name) static int name(pv_conn *conn, pv_task *task, const void *args, void **ret, pv_error **error)
/* a row that takes nothing and answers what a public call answers */
#define READ(name, call, type)                                                                             \
    RUN(name)                                                                                              \
    {                                                                                                      \
        (void)args;                                                                                        \
        return call(conn, task, (type **)ret, error);                                                      \
    }

READ(run_endpoint_info, pv_endpoint_info, pv_endpoint)
READ(run_endpoint_capabilities, pv_endpoint_capabilities, GPtrArray)
READ(run_session_info, pv_session_info, pv_session)
READ(run_host_list, pv_host_list, GPtrArray)
READ(run_datastore_list, pv_datastore_list, GPtrArray)
READ(run_network_list, pv_network_list, GPtrArray)

static int
get_one(int (*list)(pv_conn *, pv_task *, GPtrArray **, pv_error **), const struct pv_desc *desc, const char *ref,
        pv_conn *conn, pv_task *task, void **ret, pv_error **error)
{
    g_autoptr(GPtrArray) all = NULL;
    unsigned index;
    int code = list(conn, task, &all, error);

    if (code == 0)
        code = pv_list_find(all, desc, ref, &index, error);
    if (code == 0)
        *ret = g_ptr_array_steal_index(all, index);
    return code;
}

RUN(run_host_get)
{
    const struct host_args *get = args;

    return get_one(pv_host_list, &pv_host_desc, get->host, conn, task, ret, error);
}

RUN(run_datastore_get)
{
    const struct datastore_args *get = args;

    return get_one(pv_datastore_list, &pv_datastore_desc, get->datastore, conn, task, ret, error);
}

RUN(run_network_get)
{
    const struct network_args *get = args;

    return get_one(pv_network_list, &pv_network_desc, get->network, conn, task, ret, error);
}

RUN(run_vm_list)
{
    const struct list_args *list = args;
    g_autoptr(GPtrArray) vms = NULL;
    const char *const *refs = list->vms && *list->vms ? (const char *const *)list->vms : NULL;
    int code = pv_vm_list(conn, refs, PV_VM_LIST, task, &vms, error);

    if (code < 0)
        return code;
    for (unsigned i = vms->len; i-- > 0;) {
        const pv_vm *vm = g_ptr_array_index(vms, i);

        if ((list->state && vm->state != list->state) ||
            (list->match && !g_pattern_match_simple(list->match, vm->name ? vm->name : "")))
            g_ptr_array_remove_index(vms, i);
    }
    *ret = g_steal_pointer(&vms);
    return 0;
}

RUN(run_vm_get)
{
    const struct vm_args *get = args;

    return pv_vm_get(conn, get->vm, PV_VM_ALL, task, (pv_vm **)ret, error);
}

RUN(run_snapshot_list)
{
    const struct vm_args *list = args;

    return pv_snapshot_list(conn, list->vm, task, (GPtrArray **)ret, error);
}

RUN(run_volume_list)
{
    const struct datastore_args *list = args;

    return pv_volume_list(conn, list->datastore, task, (GPtrArray **)ret, error);
}

/* ---- one thing made, or one thing changed ---- */

RUN(run_vm_create)
{
    const struct create_args *create = args;
    gboolean start = create->start == TRUE;
    g_autoptr(pv_vm) vm = NULL, started = NULL;
    int code = start ? pv_conn_check(conn, "vm.start", error) : 0;

    if (code == 0)
        code = pv_vm_create(conn, create->spec, task, &vm, error);
    if (code == 0 && start)
        code = pv_call_after_made(pv_vm_power(conn, vm->id, PV_POWER_OP_START, task, error), "started", error);
    if (code == 0 && start)
        code = pv_call_after_made(pv_vm_get(conn, vm->id, PV_VM_ALL & ~PV_VM_GUEST, task, &started, error),
                                  "read back", error);
    if (code == 0)
        *ret = start ? g_steal_pointer(&started) : g_steal_pointer(&vm);
    return code;
}

RUN(run_vm_clone)
{
    const struct clone_args *clone = args;

    return pv_vm_clone(conn, clone->vm, clone->spec, task, (pv_vm **)ret, error);
}

RUN(run_snapshot_create)
{
    const struct take_args *take = args;

    return pv_snapshot_create(conn, take->vm, take->spec, task, (pv_snapshot **)ret, error);
}

RUN(run_volume_create)
{
    const struct volume_create_args *create = args;

    return pv_volume_create(conn, create->spec, task, (pv_volume **)ret, error);
}

RUN(run_snapshot_revert)
{
    const struct snapshot_args *revert = args;

    (void)ret;
    return pv_snapshot_revert(conn, revert->vm, revert->snapshot, task, error);
}

RUN(run_snapshot_delete)
{
    const struct drop_args *drop = args;

    (void)ret;
    return pv_snapshot_delete(conn, drop->vm, drop->snapshot, drop->children == TRUE, task, error);
}

RUN(run_volume_delete)
{
    const struct volume_args *volume = args;

    (void)ret;
    return pv_volume_delete(conn, volume->datastore, volume->volume, task, error);
}

/* ---- several VMs side by side ---- */

typedef int (*target_fn)(pv_conn *conn, const char *id, int detail, pv_task *task, pv_error **error);

struct batch {
    pv_conn *conn;
    pv_task *whole;
    const char *operation;
    char *const *refs;
    char **ids;
    target_fn fn;
    int detail;
    GPtrArray *rows; /* of pv_outcome, one per target, made before */
    gint finished;
};

static void
note_failure(pv_outcome *row, int code, const pv_error *why)
{
    row->result = (int)pv_task_state_of(code);
    row->code = g_strdup(pv_code_name(code));
    row->message = g_strdup(why ? why->message : NULL);
    row->hint = g_strdup(why ? why->hint : NULL);
}

static void
run_target(unsigned i, void *data)
{
    struct batch *batch = data;
    pv_outcome *row = g_ptr_array_index(batch->rows, i);
    g_autoptr(pv_task) task = pv_task_child(batch->whole, batch->operation, batch->refs[i]);
    g_autoptr(pv_error) why = NULL;
    gint64 begun = g_get_monotonic_time();
    int code = pv_task_check(task, &why);

    if (code == 0)
        code = batch->fn(batch->conn, batch->ids[i], batch->detail, task, &why);
    row->elapsed_ms = (g_get_monotonic_time() - begun) / 1000;
    if (code < 0)
        note_failure(row, code, why);
    else
        row->result = PV_TASK_OK;
    if (batch->rows->len > 1)
        pv_task_progress(batch->whole, g_atomic_int_add(&batch->finished, 1) + 1, batch->rows->len, "VMs");
}

static int
look(struct batch *batch, const char *const *ids, GPtrArray **ret_vms)
{
    g_autoptr(pv_task) task = pv_task_new("vm.list", NULL);

    pv_task_set_timeout(task, LOOK_MS);
    return pv_vm_list_ids(batch->conn, ids, PV_VM_BASIC, task, ret_vms, NULL);
}

/* One look for all at what state each is in now, also when the work itself was cancelled. Only when
 * one of them is gone are all VMs listed: others that hang are none of this batch's business. A VM
 * that is gone stays without a state. */
static void
note_states(struct batch *batch)
{
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(GHashTable) states = g_hash_table_new(g_str_hash, g_str_equal);
    int code = look(batch, (const char *const *)batch->ids, &vms);

    if (code == PV_ERR_NOT_FOUND)
        code = look(batch, NULL, &vms);
    if (code < 0)
        return;
    for (unsigned i = 0; i < vms->len; i++) {
        const pv_vm *vm = g_ptr_array_index(vms, i);

        g_hash_table_insert(states, vm->id, GINT_TO_POINTER(vm->state));
    }
    for (unsigned i = 0; i < batch->rows->len; i++)
        ((pv_outcome *)g_ptr_array_index(batch->rows, i))->state =
            GPOINTER_TO_INT(g_hash_table_lookup(states, batch->ids[i]));
}

static GPtrArray *
make_rows(const struct batch *batch)
{
    GPtrArray *rows = pv_list_new(&pv_outcome_desc);

    for (unsigned i = 0; batch->ids[i]; i++) {
        pv_outcome *row = pv_outcome_new();

        row->target = g_strdup(batch->refs[i]);
        row->id = g_strdup(batch->ids[i]);
        row->operation = g_strdup(batch->operation);
        g_ptr_array_add(rows, row);
    }
    return rows;
}

/* All names are resolved before anything is changed: one that is wrong changes nothing. */
static int
for_each_vm(pv_conn *conn, const char *operation, char *const *vms, target_fn fn, int detail, pv_task *task, void **ret,
            pv_error **error)
{
    g_auto(GStrv) ids = NULL;
    struct batch batch = { conn, task, operation, vms, NULL, fn, detail, NULL, 0 };
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "vm.list", task, error);

    if (code < 0)
        return code;
    code = pv_resolve_vms(conn, (const char *const *)vms, call.task, &ids, error);
    if (pv_call_end(&call, NULL, code, error) < 0)
        return code;
    batch.ids = ids;
    batch.rows = make_rows(&batch);
    pv_pool_for_each(batch.rows->len, TARGETS_AT_ONCE, run_target, &batch);
    note_states(&batch);
    *ret = batch.rows;
    return 0;
}

static int
power_target(pv_conn *conn, const char *id, int op, pv_task *task, pv_error **error)
{
    return pv_vm_power_as(conn, id, NULL, (enum pv_power_op)op, task, error);
}

static int
delete_target(pv_conn *conn, const char *id, G_GNUC_UNUSED int detail, pv_task *task, pv_error **error)
{
    return pv_vm_delete_as(conn, id, NULL, task, error);
}

static int
wait_target(pv_conn *conn, const char *id, int state, pv_task *task, pv_error **error)
{
    return pv_vm_wait_as(conn, id, NULL, 1u << state, task, error);
}

#define POWER(verb, op)                                                                                    \
    RUN(run_vm_##verb)                                                                                     \
    {                                                                                                      \
        const struct vms_args *power = args;                                                               \
                                                                                                           \
        return for_each_vm(conn, "vm." #verb, power->vms, power_target, op, task, ret, error);             \
    }

POWER(start, PV_POWER_OP_START)
POWER(stop, PV_POWER_OP_STOP)
POWER(shutdown, PV_POWER_OP_SHUTDOWN)
POWER(reset, PV_POWER_OP_RESET)
POWER(reboot, PV_POWER_OP_REBOOT)
POWER(pause, PV_POWER_OP_PAUSE)
POWER(unpause, PV_POWER_OP_UNPAUSE)
POWER(suspend, PV_POWER_OP_SUSPEND)
POWER(resume, PV_POWER_OP_RESUME)

RUN(run_vm_delete)
{
    const struct vms_args *delete = args;

    return for_each_vm(conn, "vm.delete", delete->vms, delete_target, 0, task, ret, error);
}

RUN(run_vm_wait)
{
    const struct wait_args *wait = args;

    return for_each_vm(conn, "vm.wait", wait->vms, wait_target, wait->state ? wait->state : PV_POWER_ON, task, ret,
                       error);
}

/* ---- the table ---- */

#define ONE  PV_OP_ONE
#define SLOW PV_OP_SLOW

static const struct pv_op operations[] = {
    { "endpoint.info", NULL, &pv_endpoint_desc, PV_EFFECT_READ, ONE, "what answers at this endpoint", NULL,
      "-c qemu:///system endpoint info", run_endpoint_info },
    { "endpoint.capabilities", NULL, &pv_capability_desc, PV_EFFECT_READ, 0,
      "which operations it can do, and by what call", NULL, "-c qmp:///run/vm.sock endpoint capabilities",
      run_endpoint_capabilities },
    { "session.info", NULL, &pv_session_desc, PV_EFFECT_READ, ONE, "who is logged in, since when", NULL,
      "-c vsphere://admin@vc session info", run_session_info },
    { "host.list", NULL, &pv_host_desc, PV_EFFECT_READ, 0, "the hypervisor hosts", NULL, "host list", run_host_list },
    { "host.get", &host_desc, &pv_host_desc, PV_EFFECT_READ, ONE, "everything about one host", NULL,
      "host get host-1", run_host_get },
    { "vm.list", &list_desc, &pv_vm_desc, PV_EFFECT_READ, 0, "the VMs, running or not", NULL,
      "vm list --state on --match 'web-*'", run_vm_list },
    { "vm.get", &vm_desc, &pv_vm_desc, PV_EFFECT_READ, ONE, "everything about one VM", NULL, "-o yaml vm get web-1",
      run_vm_get },
    { "vm.create", &create_desc, &pv_vm_desc, PV_EFFECT_CREATE, ONE | SLOW, "define a VM with its disks", NULL,
      "vm create web-1 --cpus 2 --memory 2GiB --disk size=20GiB --nic network=default", run_vm_create },
    { "vm.clone", &clone_desc, &pv_vm_desc, PV_EFFECT_CREATE, ONE | SLOW, "copy a VM",
      "The copy gets a new uuid and new MAC addresses. A linked copy shares the source's disks below an overlay.",
      "vm clone template web-1 --linked", run_vm_clone },
    { "vm.delete", &vms_desc, &pv_outcome_desc, PV_EFFECT_DISRUPTIVE, SLOW, "remove VMs that are off",
      "Their snapshots go with them, and the disks that polyvirt made for them; no other file is touched.",
      "vm delete web-1 web-2", run_vm_delete },
    { "vm.start", &vms_desc, &pv_outcome_desc, PV_EFFECT_MODIFY, 0, "power on", NULL, "vm start web-1 web-2",
      run_vm_start },
    { "vm.stop", &vms_desc, &pv_outcome_desc, PV_EFFECT_DISRUPTIVE, 0, "power off at once, as pulling the plug", NULL,
      "vm stop web-1", run_vm_stop },
    { "vm.shutdown", &vms_desc, &pv_outcome_desc, PV_EFFECT_DISRUPTIVE, 0, "ask the guest to power off",
      "Returns when the guest was asked; `vm wait VM --state off` waits until it has.", "vm shutdown web-1",
      run_vm_shutdown },
    { "vm.reset", &vms_desc, &pv_outcome_desc, PV_EFFECT_DISRUPTIVE, 0, "push the reset button", NULL,
      "vm reset web-1", run_vm_reset },
    { "vm.reboot", &vms_desc, &pv_outcome_desc, PV_EFFECT_DISRUPTIVE, 0, "ask the guest to restart", NULL,
      "vm reboot web-1", run_vm_reboot },
    { "vm.pause", &vms_desc, &pv_outcome_desc, PV_EFFECT_MODIFY, 0, "stop the CPUs, keep the memory in RAM", NULL,
      "vm pause web-1", run_vm_pause },
    { "vm.unpause", &vms_desc, &pv_outcome_desc, PV_EFFECT_MODIFY, 0, "let the CPUs run again", NULL,
      "vm unpause web-1", run_vm_unpause },
    { "vm.suspend", &vms_desc, &pv_outcome_desc, PV_EFFECT_MODIFY, SLOW,
      "save the memory to disk and end the machine", NULL, "vm suspend web-1", run_vm_suspend },
    { "vm.resume", &vms_desc, &pv_outcome_desc, PV_EFFECT_MODIFY, SLOW, "start again from the saved memory", NULL,
      "vm resume web-1", run_vm_resume },
    { "vm.wait", &wait_desc, &pv_outcome_desc, PV_EFFECT_READ, SLOW, "wait until VMs are in a state", NULL,
      "vm wait web-1 --state off --timeout 2m", run_vm_wait },
    { "snapshot.list", &vm_desc, &pv_snapshot_desc, PV_EFFECT_READ, PV_OP_TREE, "the snapshots of a VM, as a tree",
      NULL, "snapshot list web-1", run_snapshot_list },
    { "snapshot.create", &take_desc, &pv_snapshot_desc, PV_EFFECT_CREATE, ONE | SLOW, "take a snapshot", NULL,
      "snapshot create web-1 before-upgrade --memory", run_snapshot_create },
    { "snapshot.revert", &snapshot_desc, NULL, PV_EFFECT_DISRUPTIVE, SLOW, "go back to a snapshot",
      "What was written since is lost.", "snapshot revert web-1 before-upgrade", run_snapshot_revert },
    { "snapshot.delete", &drop_desc, NULL, PV_EFFECT_DISRUPTIVE, SLOW, "delete a snapshot",
      "Those below it move up to its parent, or go too with --children.", "snapshot delete web-1 before-upgrade",
      run_snapshot_delete },
    { "datastore.list", NULL, &pv_datastore_desc, PV_EFFECT_READ, 0, "the datastores (libvirt: storage pools)", NULL,
      "datastore list", run_datastore_list },
    { "datastore.get", &datastore_desc, &pv_datastore_desc, PV_EFFECT_READ, ONE, "everything about one datastore",
      NULL, "datastore get default", run_datastore_get },
    { "volume.list", &volume_list_desc, &pv_volume_desc, PV_EFFECT_READ, 0, "the disk images in a datastore", NULL,
      "volume list default", run_volume_list },
    { "volume.create", &volume_create_desc, &pv_volume_desc, PV_EFFECT_CREATE, ONE | SLOW, "make a disk image", NULL,
      "volume create default data.qcow2 --size 20GiB", run_volume_create },
    { "volume.delete", &volume_desc, NULL, PV_EFFECT_DISRUPTIVE, SLOW, "delete a disk image", NULL,
      "volume delete default data.qcow2", run_volume_delete },
    { "network.list", NULL, &pv_network_desc, PV_EFFECT_READ, 0, "the virtual networks", NULL, "network list",
      run_network_list },
    { "network.get", &network_desc, &pv_network_desc, PV_EFFECT_READ, ONE, "everything about one network", NULL,
      "network get default", run_network_get },
    END,
};

const struct pv_op *
pv_op_table(void)
{
    return operations;
}

const struct pv_op *
pv_op_find(const char *name)
{
    for (const struct pv_op *op = operations; op->name; op++)
        if (g_str_equal(op->name, name))
            return op;
    return NULL;
}

int
pv_op_run(const struct pv_op *op, pv_conn *conn, pv_task *task, const void *args, void **ret_result, pv_error **error)
{
    g_autoptr(pv_task) own = NULL;
    void *result = NULL;
    int code = op->args_desc ? pv_desc_validate(op->args_desc, args, error) : 0;

    if (code == 0)
        code = pv_conn_check(conn, op->name, error);
    if (code < 0)
        return code;
    if (!task) {
        task = own = pv_task_new(op->name, NULL);
        if (!(op->flags & PV_OP_SLOW))
            pv_task_set_timeout(own, conn->timeout_ms);
    }
    code = op->run(conn, task, args, &result, error);
    if (code == 0)
        *ret_result = result;
    return code;
}

/* ---- results ---- */

static int
outcome_code(const pv_outcome *row)
{
    for (int code = PV_ERR_FAILED; code >= PV_ERR_INTERNAL; code--)
        if (g_strcmp0(row->code, pv_code_name(code)) == 0)
            return code;
    return row->result == PV_TASK_OK ? 0 : PV_ERR_FAILED;
}

/* unknown outranks failed: it is what a person must look after */
static int
severity(int code)
{
    return code == 0 ? 0 : code == PV_ERR_UNKNOWN ? 3 : code == PV_ERR_CANCELLED ? 2 : 1;
}

int
pv_op_result_code(const struct pv_op *op, const void *result)
{
    const GPtrArray *rows = result;
    int worst = 0;

    if (!result || op->result_desc != &pv_outcome_desc)
        return 0;
    for (unsigned i = 0; i < rows->len; i++) {
        int code = outcome_code(g_ptr_array_index(rows, i));

        if (severity(code) > severity(worst))
            worst = code;
    }
    return worst;
}

void
pv_op_result_free(const struct pv_op *op, void *result)
{
    if (!result || !op->result_desc)
        return;
    if (op->flags & PV_OP_ONE)
        pv_desc_free(op->result_desc, result);
    else
        g_ptr_array_unref(result);
}
