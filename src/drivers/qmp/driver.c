/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's own protocol: one machine by its monitor, or a folder of monitors. */
#include "qmp-driver.h"

#include <string.h>

static const char *const known_keys[] = { "agent", NULL };

static void
conn_free(struct qmp_conn *conn)
{
    qmp_machine_free(conn->single);
    g_free(conn->path);
    g_free(conn->name);
    g_free(conn->uuid);
    g_clear_pointer(&conn->monitors, g_hash_table_unref);
    g_mutex_clear(&conn->lock);
    g_free(conn);
}
typedef struct qmp_conn qmp_conn;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(qmp_conn, conn_free)

/* What the VM calls itself: its name, else the place of its monitor. */
static char *
id_of(const struct qmp_conn *conn)
{
    const struct qmp_machine *machine = conn->single;

    if (conn->name)
        return g_strdup(conn->name);
    if (machine->path)
        return g_path_get_basename(machine->path);
    return g_strdup_printf("%s:%u", machine->host, machine->address.port);
}

/* Connects at once, so that a wrong address is told at open, and learns who is there. */
static int
open_single(struct qmp_conn *conn, pv_task *task, pv_error **error)
{
    g_auto(qmp_visit) visit = { 0 };
    g_autoptr(pv_vm) row = pv_vm_new();
    g_autoptr(pv_error) why = NULL;
    int code = qmp_enter(conn, conn->single, task, &visit, &why);

    if (code == 0)
        code = qmp_vm_read(visit.qmp, PV_VM_BASIC, task, row, &why);
    if (code == PV_ERR_NOT_FOUND)
        why->code = PV_ERR_CONNECT;
    if (code < 0)
        return pv_error_propagate(error, g_steal_pointer(&why));
    conn->name = row->name && *row->name ? g_strdup(row->name) : NULL;
    conn->uuid = g_strdup(row->uuid);
    g_free(conn->single->id);
    conn->single->id = id_of(conn);
    return 0;
}

static int
open_folder(struct qmp_conn *conn, const struct pv_uri *uri, pv_error **error)
{
    g_autoptr(GPtrArray) machines = NULL;

    if (pv_uri_get(uri, "agent"))
        return pv_error_set(error, PV_ERR_USAGE, "agent= names one VM's agent; in a folder it is NAME.qga beside NAME.qmp");
    conn->folder = TRUE;
    conn->path = g_strdup(uri->path);
    return qmp_machine_scan(conn, &machines, error);
}

static int
open_at(struct qmp_conn *conn, const struct pv_open_args *args, pv_error **error)
{
    const struct pv_uri *uri = args->uri;
    gboolean has_path = *uri->path && !g_str_equal(uri->path, "/");
    const char *agent = pv_uri_get(uri, "agent");

    if (uri->host ? !uri->port || has_path : !has_path) {
        pv_error_set(error, PV_ERR_USAGE, "a qmp URI names a socket, a folder of sockets, or a host and port");
        pv_error_hint(error, "qmp:///run/vm.sock, qmp:///var/run/qemu-server/ or qmp://127.0.0.1:4444");
        return PV_ERR_USAGE;
    }
    if (uri->user)
        return pv_error_set(error, PV_ERR_USAGE, "QMP has no users: leave '%s@' out", uri->user);
    if (!uri->host && (g_str_has_suffix(uri->path, "/") || g_file_test(uri->path, G_FILE_TEST_IS_DIR)))
        return open_folder(conn, uri, error);
    conn->single = qmp_machine_new(uri->text, uri->host ? NULL : uri->path, uri->host, uri->port);
    if (agent) {
        g_free(conn->single->agent);
        conn->single->agent = g_strdup(agent);
    }
    return open_single(conn, args->task, error);
}

static int
driver_open(const struct pv_open_args *args, void **ret_conn, pv_error **error)
{
    g_autoptr(qmp_conn) conn = g_new0(struct qmp_conn, 1);
    int code;

    g_mutex_init(&conn->lock);
    conn->monitors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    conn->emit = args->emit;
    conn->sink = args->sink;
    code = pv_uri_check_query(args->uri, known_keys, error);
    if (code == 0)
        code = open_at(conn, args, error);
    if (code == 0)
        *ret_conn = g_steal_pointer(&conn);
    return code;
}

static void
driver_close(void *conn)
{
    conn_free(conn);
}

static gboolean
lacks(void *data, const char *operation, const char **ret_why)
{
    const struct qmp_conn *conn = data;

    if (conn->folder && g_str_equal(operation, "event.watch")) {
        *ret_why = "a monitor held open for events shuts other tools out; open one VM's socket for its events";
        return TRUE;
    }
    if (!conn->folder && !conn->single->agent && g_str_equal(operation, "vm.reboot")) {
        *ret_why = "needs the guest agent's socket beside the monitor (NAME.qga), or ?agent=PATH";
        return TRUE;
    }
    return FALSE;
}

static const struct pv_via via[] = {
    { "endpoint.info", "greeting, query-kvm", NULL },
    { "host.list", "greeting, query-target", "QMP tells nothing of the host's CPUs and memory" },
    { "host.get", "greeting, query-target", "QMP tells nothing of the host's CPUs and memory" },
    { "vm.list", "query-status, query-name, query-uuid, query-cpus-fast, query-memory-size-summary, query-target, qom-get",
      "a VM whose QEMU has ended is not listed" },
    { "vm.get", "also query-block, qom-list, guest-get-host-name, guest-get-osinfo, guest-network-get-interfaces",
      "network cards from the object tree: model, MAC and netdev only" },
    { "vm.start", "cont, system_reset", "only a machine that waits (-S) or stayed after shutdown (-no-shutdown): there is "
      "no machine definition" },
    { "vm.stop", "quit", "QEMU ends" },
    { "vm.shutdown", "system_powerdown", NULL },
    { "vm.reset", "system_reset", NULL },
    { "vm.reboot", "guest-shutdown mode=reboot", "needs the guest agent" },
    { "vm.pause", "stop", NULL },
    { "vm.unpause", "cont", NULL },
    { "vm.wait", "query-status", NULL },
    { "event.watch", "QMP events", NULL },
    { "snapshot.list", "query-block", "no parents, no descriptions" },
    { "snapshot.create", "snapshot-save", "internal, with memory; every writable disk must be qcow2" },
    { "snapshot.revert", "snapshot-load", "the VM runs afterwards, unless it never had" },
    { "snapshot.delete", "snapshot-delete", NULL },
    { NULL, NULL, NULL },
};

static const struct pv_vm_slots vm_slots = {
    .list = qmp_vm_list,
    .resolve = qmp_vm_resolve,
    .power = qmp_vm_power,
    .power_ops = 1u << PV_POWER_OP_START | 1u << PV_POWER_OP_STOP | 1u << PV_POWER_OP_SHUTDOWN |
                 1u << PV_POWER_OP_RESET | 1u << PV_POWER_OP_REBOOT | 1u << PV_POWER_OP_PAUSE |
                 1u << PV_POWER_OP_UNPAUSE,
};

static const char *const schemes[] = { "qmp", NULL };

const struct pv_driver pv_driver_qmp = {
    .name = "qmp",
    .help = "QEMU's machine protocol: one monitor socket, or a folder of them",
    .schemes = schemes,
    .open = driver_open,
    .close = driver_close,
    .endpoint = &qmp_endpoint_slots,
    .host = &qmp_host_slots,
    .vm = &vm_slots,
    .snapshot = &qmp_snapshot_slots,
    .event = &qmp_event_slots,
    .raw = &qmp_raw_slots,
    .via = via,
    .lacks = lacks,
};
