/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, reopening and closing a connection. */
#include "libvirt.h"

#include <string.h>

/* Every driver libvirt has; whether this build has it, libvirt says. "*": their transports too
 * ("qemu+ssh"), since the core compares whole schemes. */
static const char *const families[] = {
    "qemu", "test", "xen", "lxc", "esx", "vpx", "gsx", "hyperv", "vbox", "ch", "bhyve", "openvz", "vz",
    "parallels", "vmwareplayer", "vmwarews", "vmwarefusion", NULL,
};
const char *const lv_schemes[] = { "qemu", "test", "xen", "lxc", "esx", "vpx", "hyperv", "vbox", "*", NULL };

static const struct {
    const char *type; /* as virConnectGetType says it, case ignored */
    enum lv_kind kind;
} kinds[] = {
    { "QEMU", LV_QEMU }, { "TEST", LV_TEST }, { "Xen", LV_XEN }, { "LXC", LV_LXC }, { "ESX", LV_ESX },
};

static void
wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

lv_conn *
lv_conn_ref(lv_conn *conn)
{
    return g_atomic_rc_box_acquire(conn);
}

static void
conn_clear(gpointer data)
{
    lv_conn *conn = data;

    if (conn->handle) {
        lv_close_unwatch(conn->handle);
        virConnectClose(conn->handle);
    }
    wipe(&conn->secret);
    g_array_unref(conn->watches);
    g_mutex_clear(&conn->open_lock);
    g_mutex_clear(&conn->lock);
    g_mutex_clear(&conn->event_lock);
    g_cond_clear(&conn->wake);
    g_free(conn->uri);
    g_free(conn->user);
    g_free(conn->type);
}

void
lv_conn_unref(lv_conn *conn)
{
    if (conn)
        g_atomic_rc_box_release_full(conn, conn_clear);
}

gboolean
lv_handle_is_dead(virConnectPtr handle)
{
    gboolean dead = virConnectIsAlive(handle) == 0; /* asks no peer; -1: a driver without a wire */

    virResetLastError();
    return dead;
}

/* ---- passwords ---- */

/* Asks the caller of the first open; a caller that has given up is not asked any more. */
static int
ask_password(lv_conn *conn, lv_job *job)
{
    g_autoptr(pv_error) error = NULL;
    const struct pv_open_options *options;

    g_mutex_lock(&job->lock);
    options = job->abandoned ? NULL : job->options;
    if (options && options->password)
        conn->secret = options->password(conn->user ? conn->user : g_get_user_name(), conn->uri,
                                         options->password_data, &error);
    g_mutex_unlock(&job->lock);
    if (error)
        pv_log(PV_LOG_INFO, "libvirt", "no password: %s", error->message);
    return conn->secret ? 0 : -1;
}

struct credentials {
    lv_conn *conn;
    lv_job *job;
};

static int
answer(virConnectCredentialPtr cred, unsigned n, void *data)
{
    struct credentials *who = data;

    for (unsigned i = 0; i < n; i++) {
        const char *text = cred[i].defresult;

        if (cred[i].type == VIR_CRED_PASSPHRASE || cred[i].type == VIR_CRED_NOECHOPROMPT) {
            if (!who->conn->secret && (!who->job || ask_password(who->conn, who->job) < 0))
                return -1;
            text = who->conn->secret;
        } else if (who->conn->user) {
            text = who->conn->user;
        } else if (!text) {
            text = g_get_user_name();
        }
        cred[i].result = strdup(text); /* libvirt frees it */
        if (!cred[i].result)
            return -1;
        cred[i].resultlen = strlen(text);
    }
    return 0;
}

/* ---- open ---- */

static void
learn_type(lv_conn *conn, virConnectPtr handle)
{
    const char *type = virConnectGetType(handle);

    conn->type = g_strdup(type ? type : "libvirt");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_ascii_strcasecmp(kinds[i].type, conn->type) == 0)
            conn->kind = kinds[i].kind;
    conn->local = conn->local && conn->kind != LV_TEST && conn->kind != LV_ESX;
}

static int
open_handle(lv_conn *conn, lv_job *job, virConnectPtr *ret_handle, pv_error **error)
{
    static int types[] = { VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE, VIR_CRED_NOECHOPROMPT };
    struct credentials who = { conn, job };
    virConnectAuth auth = { types, G_N_ELEMENTS(types), answer, &who };
    g_autofree char *uri = g_strdup(conn->uri);
    virConnectPtr handle;

    if (conn->no_verify)
        uri = g_strconcat(g_steal_pointer(&uri), strchr(conn->uri, '?') ? "&" : "?", "no_verify=1", NULL);
    virResetLastError();
    handle = virConnectOpenAuth(uri, &auth, conn->readonly ? VIR_CONNECT_RO : 0);
    if (!handle)
        return lv_fail_open(error, conn->uri);
    /* not every driver has a wire to keep alive */
    if (virConnectSetKeepAlive(handle, LV_KEEPALIVE_SECONDS, LV_KEEPALIVE_COUNT) != 0)
        virResetLastError();
    *ret_handle = handle;
    return 0;
}

/* A new reference to the handle in use, NULL when there is none or its peer is gone. */
static virConnectPtr
current(lv_conn *conn)
{
    virConnectPtr handle = NULL;

    g_mutex_lock(&conn->lock);
    if (conn->handle && !lv_handle_is_dead(conn->handle) && virConnectRef(conn->handle) == 0)
        handle = conn->handle;
    g_mutex_unlock(&conn->lock);
    return handle;
}

/* Puts a new handle to use, unless the connection is being closed; open_lock held. */
static int
install(lv_conn *conn, virConnectPtr handle, pv_error **error)
{
    gboolean first = !conn->type, events_on;

    if (first)
        learn_type(conn, handle);
    lv_close_watch(conn, handle);
    g_mutex_lock(&conn->lock);
    if (conn->closing) {
        g_mutex_unlock(&conn->lock);
        lv_close_unwatch(handle);
        return pv_error_set(error, PV_ERR_CANCELLED, "the connection was closed");
    }
    virConnectRef(handle);
    conn->handle = handle;
    events_on = conn->events_on;
    g_mutex_unlock(&conn->lock);
    if (!first)
        pv_log(PV_LOG_INFO, "libvirt", "opened %s again", conn->uri);
    if (events_on) {
        lv_events_register(conn, handle, NULL);
        lv_emit(conn, lv_event_new(PV_EVENT_LOST, "reopened"));
    }
    return 0;
}

void
lv_conn_drop(lv_conn *conn, virConnectPtr handle)
{
    gboolean mine;

    g_mutex_lock(&conn->open_lock);
    g_mutex_lock(&conn->lock);
    mine = handle && conn->handle == handle;
    if (mine)
        conn->handle = NULL;
    g_mutex_unlock(&conn->lock);
    if (mine) {
        lv_events_unregister(conn, handle);
        lv_close_unwatch(handle);
        virConnectClose(handle);
    }
    g_mutex_unlock(&conn->open_lock);
}

int
lv_conn_acquire(lv_conn *conn, lv_job *job, virConnectPtr *ret_handle, pv_error **error)
{
    g_autoptr(virConnect) handle = current(conn);
    virConnectPtr dead;
    int r;

    if (handle) {
        *ret_handle = g_steal_pointer(&handle);
        return 0;
    }
    g_mutex_lock(&conn->lock);
    dead = conn->handle;
    g_mutex_unlock(&conn->lock);
    lv_conn_drop(conn, dead);

    g_mutex_lock(&conn->open_lock);
    handle = current(conn); /* another thread was faster */
    r = 0;
    if (!handle) {
        r = open_handle(conn, job, &handle, error);
        if (r == 0)
            r = install(conn, handle, error);
    }
    g_mutex_unlock(&conn->open_lock);
    if (r == 0)
        *ret_handle = g_steal_pointer(&handle);
    return r;
}

static int
opened(lv_job *job, virConnectPtr handle, pv_error **error)
{
    (void)job, (void)handle, (void)error; /* a job comes with an open handle: nothing is left to do */
    return 0;
}

static gboolean
is_known(const char *scheme)
{
    g_autofree char *family = g_strndup(scheme, strcspn(scheme, "+"));

    return g_strv_contains(families, family);
}

static int
check_options(const struct pv_open_options *options, pv_error **error)
{
    if (!options->tls_sha256 && !options->ca_file)
        return 0;
    pv_error_set(error, PV_ERR_UNSUPPORTED, "libvirt cannot take a certificate's fingerprint or a CA file");
    pv_error_hint(error, "name a folder of certificates in the URI: ?pkipath=/folder");
    return PV_ERR_UNSUPPORTED;
}

static lv_conn *
conn_new(const struct pv_open_args *args)
{
    const struct pv_uri *uri = args->uri;
    lv_conn *conn = g_atomic_rc_box_new0(lv_conn);

    conn->uri = g_strdup(uri->text);
    conn->user = g_strdup(uri->user);
    conn->readonly = args->options->readonly;
    conn->no_verify = args->options->insecure && uri->host && !pv_uri_get(uri, "no_verify");
    conn->local = !uri->host || !*uri->host;
    conn->session = g_strcmp0(uri->path, "/session") == 0;
    conn->opened = g_get_real_time();
    conn->emit = args->emit;
    conn->sink = args->sink;
    conn->watches = g_array_new(FALSE, FALSE, sizeof(int) * 2);
    g_mutex_init(&conn->open_lock);
    g_mutex_init(&conn->lock);
    g_mutex_init(&conn->event_lock);
    g_cond_init(&conn->wake);
    return conn;
}

int
lv_open(const struct pv_open_args *args, void **ret_conn, pv_error **error)
{
    g_autoptr(lv_conn) conn = NULL;
    g_autoptr(lv_job) job = NULL;
    g_autoptr(pv_error) why = NULL;
    int r;

    if (!is_known(args->uri->scheme))
        return PV_OPEN_DECLINED;
    r = check_options(args->options, error);
    if (r < 0)
        return r;
    r = lv_event_loop_start(error);
    if (r < 0)
        return r;
    conn = conn_new(args);
    job = lv_job_new(conn, args->task, opened);
    job->options = args->options;
    r = lv_job_run(job, &why);
    if (r < 0) {
        lv_close(g_steal_pointer(&conn));
        return pv_error_propagate(error, g_steal_pointer(&why));
    }
    *ret_conn = g_steal_pointer(&conn);
    return PV_OPEN_OK;
}

/* ---- close ---- */

static int
close_run(lv_job *job, virConnectPtr none, pv_error **error)
{
    virConnectPtr handle;

    (void)none, (void)error;
    g_mutex_lock(&job->conn->lock);
    handle = job->conn->handle;
    g_mutex_unlock(&job->conn->lock);
    lv_conn_drop(job->conn, handle);
    return 0;
}

void
lv_close(void *data)
{
    g_autoptr(lv_conn) conn = data;
    g_autoptr(pv_task) task = pv_task_new("endpoint.close", conn->uri);
    g_autoptr(lv_job) job = lv_job_new(conn, task, close_run);
    gboolean open;

    g_mutex_lock(&conn->event_lock);
    conn->emit = NULL;
    g_mutex_unlock(&conn->event_lock);
    g_mutex_lock(&conn->lock);
    conn->closing = TRUE;
    conn->events_on = FALSE;
    open = conn->handle != NULL;
    g_cond_broadcast(&conn->wake);
    g_mutex_unlock(&conn->lock);
    if (!open)
        return; /* an open that was given up finds out by itself */
    /* closing asks the daemon, which may hang: the worker then ends it some time later */
    job->bare = TRUE;
    pv_task_set_timeout(task, g_atomic_int_get(&conn->stuck) ? LV_GRACE_MS : LV_CLOSE_WAIT_MS);
    lv_job_run(job, NULL);
}
