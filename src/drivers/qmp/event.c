/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-driver.h"

#include <string.h>

/* QEMU's events that say something about the VM; others (clock, watchdog rates …) are passed over. A
 * name that ends with '_' stands for all that begin with it. */
static const struct {
    const char *name;
    enum pv_event_kind kind;
    enum pv_power_state state; /* 0: it does not say */
} known[] = {
    { "STOP", PV_EVENT_VM_CHANGED, PV_POWER_PAUSED },
    { "RESUME", PV_EVENT_VM_CHANGED, PV_POWER_ON },
    { "SHUTDOWN", PV_EVENT_VM_CHANGED, PV_POWER_OFF },
    { "POWERDOWN", PV_EVENT_VM_CHANGED, PV_POWER_STOPPING },
    { "RESET", PV_EVENT_VM_CHANGED, 0 },
    { "SUSPEND", PV_EVENT_VM_CHANGED, PV_POWER_OTHER },
    { "WAKEUP", PV_EVENT_VM_CHANGED, PV_POWER_ON },
    { "GUEST_PANICKED", PV_EVENT_VM_CHANGED, PV_POWER_CRASHED },
    { "WATCHDOG", PV_EVENT_VM_CHANGED, 0 },
    { "DEVICE_", PV_EVENT_VM_CHANGED, 0 },
    { "BLOCK_", PV_EVENT_VM_CHANGED, 0 },
    { "NIC_RX_FILTER_CHANGED", PV_EVENT_VM_CHANGED, 0 },
    { "BALLOON_CHANGE", PV_EVENT_VM_CHANGED, 0 },
    { "MEMORY_", PV_EVENT_VM_CHANGED, 0 },
    { "MEM_UNPLUG_ERROR", PV_EVENT_VM_CHANGED, 0 },
    { "MIGRATION", PV_EVENT_VM_CHANGED, 0 },
};

/* Members that tell the reason or the thing concerned, in the order they are told. */
static const char *const telling[] = { "reason", "action", "status", "operation", "device", "id", "path" };

static char *
detail_of(const struct pv_qmp_event *event)
{
    GString *text = g_string_new(event->name);

    for (size_t i = 0; i < G_N_ELEMENTS(telling); i++) {
        const char *word = json_string_value(json_object_get(event->data, telling[i]));

        if (word)
            g_string_append_printf(text, " %s", word);
    }
    return g_string_free(text, FALSE);
}

static gboolean
fits(const char *pattern, const char *name)
{
    return g_str_has_suffix(pattern, "_") ? g_str_has_prefix(name, pattern) : g_str_equal(name, pattern);
}

static pv_event *
event_new(const struct qmp_conn *conn, enum pv_event_kind kind, const struct pv_qmp_event *event)
{
    pv_event *row = pv_event_new();

    row->kind = (int)kind;
    row->time = event->time;
    row->vm = g_strdup(conn->single->id);
    row->vm_name = g_strdup(conn->name ? conn->name : conn->single->id);
    return row;
}

/* A snapshot job that is over changed the snapshots; other jobs are QEMU's own business. */
static gboolean
is_our_job(const struct pv_qmp_event *event)
{
    const char *id = json_string_value(json_object_get(event->data, "id"));
    const char *status = json_string_value(json_object_get(event->data, "status"));

    return g_str_equal(event->name, "JOB_STATUS_CHANGE") && id && g_str_has_prefix(id, "polyvirt-") &&
           g_strcmp0(status, "concluded") == 0;
}

void
qmp_on_event(const struct pv_qmp_event *event, void *data)
{
    struct qmp_conn *conn = data;
    pv_event *row = NULL;

    if (!event->name)
        row = event_new(conn, PV_EVENT_CLOSED, event);
    else if (is_our_job(event))
        row = event_new(conn, PV_EVENT_SNAPSHOT, event);
    for (size_t i = 0; !row && i < G_N_ELEMENTS(known); i++) {
        if (!fits(known[i].name, event->name))
            continue;
        row = event_new(conn, known[i].kind, event);
        row->state = (int)known[i].state;
    }
    if (!row)
        return;
    row->detail = event->name ? detail_of(event) : g_strdup("the monitor was closed");
    conn->emit(conn->sink, row);
}

static void
stop_listening(struct qmp_conn *conn)
{
    g_atomic_int_set(&conn->events, FALSE);
    if (!conn->listening)
        return;
    pv_qmp_subscribe(conn->listening->qmp, NULL, NULL, NULL);
    qmp_leave(conn->listening);
    g_clear_pointer(&conn->listening, g_free);
}

static int
start_listening(struct qmp_conn *conn, pv_error **error)
{
    struct qmp_visit *visit = g_new0(struct qmp_visit, 1);
    int code = qmp_enter_id(conn, conn->single->id, NULL, visit, error);

    if (code == 0)
        code = pv_qmp_subscribe(visit->qmp, qmp_on_event, conn, error);
    if (code < 0) {
        qmp_leave(visit);
        g_free(visit);
        return code;
    }
    conn->listening = visit;
    g_atomic_int_set(&conn->events, TRUE); /* from now on a connection made anew listens too */
    return 0;
}

static int
enable(void *data, gboolean on, pv_error **error)
{
    struct qmp_conn *conn = data;

    if (conn->folder)
        return 0; /* see lacks */
    stop_listening(conn);
    return on ? start_listening(conn, error) : 0;
}

const struct pv_event_slots qmp_event_slots = { .enable = enable };
