/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections last as long as somebody needs them: calls on the same VM at the same time share one
 * (the monitor would not serve a second), and the last to leave closes it.
 */
#include "qmp-driver.h"

struct qmp_monitor {
    GMutex lock;    /* held while connecting, so that those who come meanwhile share the outcome */
    pv_qmp *qmp;
    unsigned users; /* guarded by the connection's lock */
};

static void
monitor_free(struct qmp_monitor *monitor)
{
    pv_qmp_unref(monitor->qmp);
    g_mutex_clear(&monitor->lock);
    g_free(monitor);
}

static struct qmp_monitor *
monitor_take(struct qmp_conn *conn, const char *id)
{
    struct qmp_monitor *monitor;

    g_mutex_lock(&conn->lock);
    monitor = g_hash_table_lookup(conn->monitors, id);
    if (!monitor) {
        monitor = g_new0(struct qmp_monitor, 1);
        g_mutex_init(&monitor->lock);
        g_hash_table_insert(conn->monitors, g_strdup(id), monitor);
    }
    monitor->users++;
    g_mutex_unlock(&conn->lock);
    return monitor;
}

static void
monitor_leave(struct qmp_conn *conn, const char *id, struct qmp_monitor *monitor)
{
    gboolean last;

    g_mutex_lock(&conn->lock);
    last = --monitor->users == 0;
    if (last)
        g_hash_table_remove(conn->monitors, id);
    g_mutex_unlock(&conn->lock);
    if (last)
        monitor_free(monitor);
}

/* Connects, unless others have and the other side has not closed since (QEMU was restarted). */
static int
monitor_open(struct qmp_monitor *monitor, struct qmp_conn *conn, const struct qmp_machine *machine, pv_task *task,
             pv_qmp **ret_qmp, pv_error **error)
{
    const struct pv_qmp_options options = {
        .greeting_ms = QMP_GREETING_MS,
        .event = g_atomic_int_get(&conn->events) ? qmp_on_event : NULL,
        .event_data = conn,
    };
    pv_qmp *fresh = NULL;
    int code = 0;

    g_mutex_lock(&monitor->lock);
    if (!monitor->qmp || !pv_qmp_is_open(monitor->qmp)) {
        code = pv_qmp_open(&machine->address, &options, task, &fresh, error);
        if (code == 0) {
            pv_qmp_unref(monitor->qmp);
            monitor->qmp = fresh;
        }
    }
    if (code == 0)
        *ret_qmp = pv_qmp_ref(monitor->qmp);
    g_mutex_unlock(&monitor->lock);
    return code;
}

int
qmp_enter(struct qmp_conn *conn, const struct qmp_machine *machine, pv_task *task, struct qmp_visit *visit,
          pv_error **error)
{
    struct qmp_monitor *monitor = monitor_take(conn, machine->id);
    int code = monitor_open(monitor, conn, machine, task, &visit->qmp, error);

    if (code < 0) {
        monitor_leave(conn, machine->id, monitor);
        return code;
    }
    visit->conn = conn;
    visit->monitor = monitor;
    visit->id = g_strdup(machine->id);
    return 0;
}

int
qmp_enter_id(struct qmp_conn *conn, const char *id, pv_task *task, struct qmp_visit *visit, pv_error **error)
{
    g_autoptr(qmp_machine) machine = NULL;
    int code = qmp_machine_find(conn, id, &machine, error);

    return code < 0 ? code : qmp_enter(conn, machine, task, visit, error);
}

void
qmp_leave(struct qmp_visit *visit)
{
    if (!visit->qmp)
        return;
    pv_qmp_unref(visit->qmp);
    monitor_leave(visit->conn, visit->id, visit->monitor);
    g_free(visit->id);
    *visit = (struct qmp_visit){ 0 };
}

gboolean
qmp_is_gone(int code)
{
    return code == PV_ERR_NOT_FOUND || code == PV_ERR_CONNECT;
}
