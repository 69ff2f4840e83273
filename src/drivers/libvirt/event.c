/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvirt's event loop and what it brings: one thread per process runs the loop, for events as well
 * as for keepalive. Callbacks come on that thread and must not call back into libvirt's RPC; they
 * make a pv_event of what is at hand and pass it on.
 */
#include "libvirt.h"

#include <libxml/parser.h>

/* ---- the loop ---- */

static gpointer
loop(gpointer data)
{
    for (;;)
        if (virEventRunDefaultImpl() < 0)
            g_usleep(G_USEC_PER_SEC / 10); /* out of file descriptors or memory: do not spin */
    return data;
}

static void
ignore_error(void *data, virErrorPtr error)
{
    (void)data, (void)error; /* libvirt prints to stderr unless told what to do instead */
}

static void
ignore_xml_error(void *data, const char *format, ...)
{
    (void)data, (void)format; /* libxml2 the same, when libvirt lets it read a file */
}

int
lv_event_loop_start(pv_error **error)
{
    static gsize started; /* 1: runs, 2: failed */

    if (g_once_init_enter(&started)) {
        gsize result = 2;

        virSetErrorFunc(NULL, ignore_error);
        xmlInitParser();
        xmlThrDefSetGenericErrorFunc(NULL, ignore_xml_error);
        if (virInitialize() == 0 && virEventRegisterDefaultImpl() == 0) {
            g_thread_unref(g_thread_new("pv-libvirt-loop", loop, NULL));
            result = 1;
        }
        g_once_init_leave(&started, result);
    }
    if (started == 2)
        return pv_error_set(error, PV_ERR_INTERNAL, "libvirt's event loop cannot be set up");
    return 0;
}

/* ---- events out ---- */

pv_event *
lv_event_new(enum pv_event_kind kind, const char *detail)
{
    pv_event *event = pv_event_new();

    event->time = g_get_real_time();
    event->kind = kind;
    event->detail = g_strdup(detail);
    return event;
}

void
lv_emit(lv_conn *conn, pv_event *event)
{
    g_mutex_lock(&conn->event_lock);
    if (conn->emit)
        conn->emit(conn->sink, g_steal_pointer(&event));
    g_mutex_unlock(&conn->event_lock);
    pv_event_free(event);
}

static pv_event *
domain_event(virDomainPtr domain, enum pv_event_kind kind)
{
    pv_event *event = lv_event_new(kind, NULL);
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) == 0)
        event->vm = g_strdup(uuid);
    event->vm_name = g_strdup(virDomainGetName(domain));
    return event;
}

#define DETAILS_MAX 11

/* libvirt's words for each lifecycle event, and what they mean to the model. */
static const struct {
    const char *name;
    int state; /* of the VM from now on, where the event tells */
    const char *details[DETAILS_MAX];
} lifecycle[] = {
    [VIR_DOMAIN_EVENT_DEFINED] = { "defined", 0, { "added", "updated", "renamed", "from-snapshot" } },
    [VIR_DOMAIN_EVENT_UNDEFINED] = { "undefined", 0, { "removed", "renamed" } },
    [VIR_DOMAIN_EVENT_STARTED] = { "started", PV_POWER_ON,
        { "booted", "migrated", "restored", "from-snapshot", "wakeup" } },
    [VIR_DOMAIN_EVENT_SUSPENDED] = { "suspended", PV_POWER_PAUSED,
        { "paused", "migrated", "io-error", "watchdog", "restored", "from-snapshot", "api-error", "post-copy",
          "post-copy-failed" } },
    [VIR_DOMAIN_EVENT_RESUMED] = { "resumed", PV_POWER_ON,
        { "unpaused", "migrated", "from-snapshot", "post-copy", "post-copy-failed" } },
    [VIR_DOMAIN_EVENT_STOPPED] = { "stopped", PV_POWER_OFF,
        { "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from-snapshot" } },
    [VIR_DOMAIN_EVENT_SHUTDOWN] = { "shutdown", PV_POWER_STOPPING, { "finished", "guest", "host" } },
    [VIR_DOMAIN_EVENT_PMSUSPENDED] = { "pmsuspended", PV_POWER_OTHER, { "memory", "disk" } },
    [VIR_DOMAIN_EVENT_CRASHED] = { "crashed", PV_POWER_CRASHED, { "panicked", "crashloaded" } },
};

static enum pv_event_kind
lifecycle_kind(virDomainPtr domain, int type, int detail)
{
    if (type == VIR_DOMAIN_EVENT_DEFINED && detail == VIR_DOMAIN_EVENT_DEFINED_ADDED)
        return PV_EVENT_VM_ADDED;
    /* a running domain that is undefined lives on until it stops */
    if (type == VIR_DOMAIN_EVENT_UNDEFINED && detail == VIR_DOMAIN_EVENT_UNDEFINED_REMOVED &&
        virDomainGetID(domain) == (unsigned)-1)
        return PV_EVENT_VM_REMOVED;
    return PV_EVENT_VM_CHANGED;
}

static int
on_lifecycle(virConnectPtr handle, virDomainPtr domain, int type, int detail, void *conn)
{
    pv_event *event = domain_event(domain, lifecycle_kind(domain, type, detail));
    const char *what = "other", *why = NULL;

    (void)handle;
    if (type >= 0 && type < (int)G_N_ELEMENTS(lifecycle)) {
        what = lifecycle[type].name;
        event->state = lifecycle[type].state;
        if (detail >= 0 && detail < DETAILS_MAX)
            why = lifecycle[type].details[detail];
        if (type == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_SAVED)
            event->state = 0; /* to the managed image or to a file of somebody's: look */
    }
    event->detail = g_strjoin(" ", "lifecycle", what, why, NULL);
    lv_emit(conn, event);
    return 0;
}

static void
emit_plain(void *conn, virDomainPtr domain, const char *what, const char *of)
{
    pv_event *event = domain_event(domain, PV_EVENT_VM_CHANGED);

    event->detail = g_strjoin(" ", what, of, NULL);
    lv_emit(conn, event);
}

static void
on_reboot(virConnectPtr handle, virDomainPtr domain, void *conn)
{
    (void)handle;
    emit_plain(conn, domain, "reboot", NULL);
}

static void
on_watchdog(virConnectPtr handle, virDomainPtr domain, int action, void *conn)
{
    (void)handle, (void)action;
    emit_plain(conn, domain, "watchdog", NULL);
}

static void
on_io_error(virConnectPtr handle, virDomainPtr domain, const char *path, const char *alias, int action,
            const char *reason, void *conn)
{
    (void)handle, (void)path, (void)action, (void)reason;
    emit_plain(conn, domain, "io-error", alias);
}

static void
on_device_added(virConnectPtr handle, virDomainPtr domain, const char *alias, void *conn)
{
    (void)handle;
    emit_plain(conn, domain, "device-added", alias);
}

static void
on_device_removed(virConnectPtr handle, virDomainPtr domain, const char *alias, void *conn)
{
    (void)handle;
    emit_plain(conn, domain, "device-removed", alias);
}

static void
on_agent(virConnectPtr handle, virDomainPtr domain, int state, int reason, void *conn)
{
    gboolean connected = state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED;

    (void)handle, (void)reason;
    emit_plain(conn, domain, "agent", connected ? "connected" : "disconnected");
}

static void
on_block_job(virConnectPtr handle, virDomainPtr domain, const char *disk, int type, int status, void *conn)
{
    (void)handle, (void)type, (void)status;
    emit_plain(conn, domain, "block-job", disk);
}

static void
on_network(virConnectPtr handle, virNetworkPtr network, int type, int detail, void *conn)
{
    g_autofree char *text = g_strconcat("network ", virNetworkGetName(network), NULL);

    (void)handle, (void)type, (void)detail;
    lv_emit(conn, lv_event_new(PV_EVENT_INVENTORY, text));
}

static void
on_pool(virConnectPtr handle, virStoragePoolPtr pool, int type, int detail, void *conn)
{
    g_autofree char *text = g_strconcat("pool ", virStoragePoolGetName(pool), NULL);

    (void)handle, (void)type, (void)detail;
    lv_emit(conn, lv_event_new(PV_EVENT_INVENTORY, text));
}

static void
on_pool_refresh(virConnectPtr handle, virStoragePoolPtr pool, void *conn)
{
    on_pool(handle, pool, 0, 0, conn);
}

/* ---- registration ---- */

enum source {
    FROM_DOMAIN,
    FROM_NETWORK,
    FROM_POOL,
};

struct watch {
    int source;
    int id;
};

static const struct {
    enum source source;
    int event;
    void (*fn)(void);
} callbacks[] = {
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_LIFECYCLE, (void (*)(void))on_lifecycle }, /* first: required */
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_REBOOT, (void (*)(void))on_reboot },
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_WATCHDOG, (void (*)(void))on_watchdog },
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, (void (*)(void))on_io_error },
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, (void (*)(void))on_device_added },
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, (void (*)(void))on_device_removed },
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, (void (*)(void))on_agent },
    { FROM_DOMAIN, VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, (void (*)(void))on_block_job },
    { FROM_NETWORK, VIR_NETWORK_EVENT_ID_LIFECYCLE, (void (*)(void))on_network },
    { FROM_POOL, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, (void (*)(void))on_pool },
    { FROM_POOL, VIR_STORAGE_POOL_EVENT_ID_REFRESH, (void (*)(void))on_pool_refresh },
};

static void
drop_ref(void *conn)
{
    lv_conn_unref(conn);
}

static int
register_one(virConnectPtr handle, size_t i, lv_conn *conn)
{
    virConnectStoragePoolEventGenericCallback pool_fn =
        (virConnectStoragePoolEventGenericCallback)callbacks[i].fn;

    switch (callbacks[i].source) {
    case FROM_DOMAIN:
        return virConnectDomainEventRegisterAny(handle, NULL, callbacks[i].event,
                                                (virConnectDomainEventGenericCallback)callbacks[i].fn,
                                                conn, drop_ref);
    case FROM_NETWORK:
        return virConnectNetworkEventRegisterAny(handle, NULL, callbacks[i].event,
                                                 (virConnectNetworkEventGenericCallback)callbacks[i].fn, conn,
                                                 drop_ref);
    case FROM_POOL:
        return virConnectStoragePoolEventRegisterAny(handle, NULL, callbacks[i].event, pool_fn, conn, drop_ref);
    }
    return -1;
}

int
lv_events_register(lv_conn *conn, virConnectPtr handle, pv_error **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(callbacks); i++) {
        struct watch watch = { callbacks[i].source, register_one(handle, i, lv_conn_ref(conn)) };

        if (watch.id >= 0) {
            g_array_append_val(conn->watches, watch);
            continue;
        }
        lv_conn_unref(conn);
        if (i == 0)
            return lv_fail(error, "cannot watch events");
    }
    virResetLastError();
    return 0;
}

void
lv_events_unregister(lv_conn *conn, virConnectPtr handle)
{
    for (unsigned i = 0; i < conn->watches->len; i++) {
        const struct watch *watch = &g_array_index(conn->watches, struct watch, i);

        if (watch->source == FROM_DOMAIN)
            virConnectDomainEventDeregisterAny(handle, watch->id);
        else if (watch->source == FROM_NETWORK)
            virConnectNetworkEventDeregisterAny(handle, watch->id);
        else
            virConnectStoragePoolEventDeregisterAny(handle, watch->id);
    }
    g_array_set_size(conn->watches, 0);
    virResetLastError();
}

static int
watch_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    lv_conn *conn = job->conn;
    int r = 0;

    g_mutex_lock(&conn->open_lock);
    if (conn->watches->len == 0)
        r = lv_events_register(conn, handle, error);
    g_mutex_unlock(&conn->open_lock);
    if (r < 0)
        return r;
    g_mutex_lock(&conn->lock);
    conn->events_on = !conn->closing;
    g_mutex_unlock(&conn->lock);
    return 0;
}

/* Works on the handle there is, dead or alive: a connection is not opened to say goodbye. */
static int
unwatch_run(lv_job *job, virConnectPtr none, pv_error **error)
{
    lv_conn *conn = job->conn;
    virConnectPtr handle;

    (void)none, (void)error;
    g_mutex_lock(&conn->open_lock);
    g_mutex_lock(&conn->lock);
    handle = conn->handle;
    conn->events_on = FALSE;
    g_mutex_unlock(&conn->lock);
    if (handle)
        lv_events_unregister(conn, handle);
    g_mutex_unlock(&conn->open_lock);
    return 0;
}

static int
enable(void *data, gboolean on, pv_error **error)
{
    lv_conn *conn = data;
    g_autoptr(pv_task) task = pv_task_new("event.watch", NULL);
    g_autoptr(lv_job) job = NULL;
    gboolean was_on;

    g_mutex_lock(&conn->lock);
    was_on = conn->events_on;
    g_mutex_unlock(&conn->lock);
    if (was_on == on)
        return 0;
    job = lv_job_new(conn, task, on ? watch_run : unwatch_run);
    job->bare = !on;
    pv_task_set_timeout(task, on ? PV_TIMEOUT_DEFAULT_MS : LV_CLOSE_WAIT_MS);
    return lv_job_run(job, error);
}

const struct pv_event_slots lv_event_slots = { .enable = enable };

/* ---- the end of a connection ---- */

/* Somebody listens: open again, less and less often, until it works or nobody listens any more. */
static void
reopen(gpointer data, gpointer unused)
{
    g_autoptr(lv_conn) conn = data;
    int64_t pause = LV_REOPEN_FIRST_MS;

    (void)unused;
    g_mutex_lock(&conn->lock);
    for (;;) {
        g_autoptr(virConnect) handle = NULL;
        int64_t end = g_get_monotonic_time() + pause * 1000;

        while (!conn->closing && g_cond_wait_until(&conn->wake, &conn->lock, end))
            ;
        if (conn->closing || !conn->events_on)
            break;
        g_mutex_unlock(&conn->lock);
        lv_conn_acquire(conn, NULL, &handle, NULL);
        g_mutex_lock(&conn->lock);
        if (handle)
            break;
        pause = MIN(pause * 2, LV_REOPEN_LAST_MS);
    }
    conn->reopening = FALSE;
    g_mutex_unlock(&conn->lock);
}

static const char *
close_reason(int reason)
{
    static const char *const words[] = { "closed: error", "closed: end of file", "closed: keepalive",
                                         "closed: by this client" };

    return reason >= 0 && reason < (int)G_N_ELEMENTS(words) ? words[reason] : "closed";
}

static void
on_close(virConnectPtr handle, int reason, void *data)
{
    lv_conn *conn = data;
    gboolean start;

    (void)handle;
    if (reason == VIR_CONNECT_CLOSE_REASON_CLIENT)
        return;
    pv_log(PV_LOG_INFO, "libvirt", "%s: %s", conn->uri, close_reason(reason));
    lv_emit(conn, lv_event_new(PV_EVENT_CLOSED, close_reason(reason)));
    g_mutex_lock(&conn->lock);
    start = conn->events_on && !conn->closing && !conn->reopening;
    conn->reopening |= start;
    g_mutex_unlock(&conn->lock);
    if (start)
        lv_detach(reopen, lv_conn_ref(conn));
}

/* No reference is held: libvirt says yes and forgets the callback where a driver has no wire, so that
 * nobody would ever give it back. Unwatching waits for a callback that runs. */
void
lv_close_watch(lv_conn *conn, virConnectPtr handle)
{
    virConnectRegisterCloseCallback(handle, on_close, conn, NULL);
    virResetLastError();
}

void
lv_close_unwatch(virConnectPtr handle)
{
    virConnectUnregisterCloseCallback(handle, on_close);
    virResetLastError();
}
