/* SPDX-License-Identifier: Apache-2.0 */
/* The vsphere driver: opening and closing, and its table. */
#include "vsphere.h"

#include <string.h>

/* ---- open ---- */

static gboolean
is_true(const char *text)
{
    return text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0 || strcmp(text, "yes") == 0);
}

static int
check_uri(const struct pv_uri *uri, pv_error **error)
{
    static const char *const known[] = { "sha256", "insecure", "ca", "dialect", NULL };
    const char *dialect = pv_uri_get(uri, "dialect");
    int code = pv_uri_check_query(uri, known, error);

    if (code < 0)
        return code;
    if (!uri->host)
        return pv_error_set(error, PV_ERR_USAGE, "the URI names no host: vsphere://user@host[:port]");
    if (!uri->user || !*uri->user)
        return pv_error_set(error, PV_ERR_USAGE, "the URI names no user: vsphere://user@%s", uri->host);
    if (uri->path[0] && strcmp(uri->path, "/") != 0)
        return pv_error_set(error, PV_ERR_USAGE, "a vsphere URI has no path, not \"%s\"", uri->path);
    if (dialect && strcmp(dialect, "api") != 0 && strcmp(dialect, "rest") != 0)
        return pv_error_set(error, PV_ERR_USAGE, "dialect is \"api\" or \"rest\", not \"%s\"", dialect);
    return 0;
}

static char *
make_base(const struct pv_uri *uri)
{
    const char *open = strchr(uri->host, ':') ? "[" : "", *close = *open ? "]" : "";

    return g_strdup_printf("https://%s%s%s:%d", open, uri->host, close, uri->port ? uri->port : VS_PORT);
}

/* The URI's own word on certificates comes before the options. */
static int
make_http(struct vs_conn *conn, const struct pv_open_args *args, pv_error **error)
{
    const char *pin = pv_uri_get(args->uri, "sha256"), *ca = pv_uri_get(args->uri, "ca");
    struct pv_http_options options = {
        .base = conn->base,
        .sha256 = pin ? pin : args->options->tls_sha256,
        .ca_file = ca ? ca : args->options->ca_file,
        .insecure = args->options->insecure || is_true(pv_uri_get(args->uri, "insecure")),
        .body_max = PV_DOC_MAX,
    };

    return pv_http_new(&options, &conn->http, error);
}

static int
ask_password(struct vs_conn *conn, const struct pv_open_options *options, pv_error **error)
{
    if (!options->password) {
        pv_error_set(error, PV_ERR_AUTH, "no password for %s at %s", conn->user, conn->host);
        pv_error_hint(error, "set POLYVIRT_PASSWORD, or name a file or a command that holds it");
        return PV_ERR_AUTH;
    }
    conn->password = options->password(conn->user, conn->host, options->password_data, error);
    return conn->password ? 0 : pv_error_set(error, PV_ERR_AUTH, "no password for %s at %s", conn->user,
                                             conn->host);
}

static void
wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

static void
close_conn(void *handle)
{
    struct vs_conn *conn = handle;

    vs_logout(conn);
    pv_http_free(conn->http);
    g_mutex_clear(&conn->lock);
    wipe(conn->password);
    g_free(conn->base);
    g_free(conn->host);
    g_free(conn->user);
    g_free(conn);
}

static int
open_conn(const struct pv_open_args *args, void **ret_conn, pv_error **error)
{
    const char *dialect = pv_uri_get(args->uri, "dialect");
    struct vs_conn *conn;
    int code = check_uri(args->uri, error);

    if (code < 0)
        return code;
    conn = g_new0(struct vs_conn, 1);
    g_mutex_init(&conn->lock);
    conn->host = g_strdup(args->uri->host);
    conn->user = g_strdup(args->uri->user);
    conn->base = make_base(args->uri);
    conn->dialect = dialect ? pv_vapi_dialect_named(dialect) : NULL;
    code = make_http(conn, args, error);
    if (code == 0)
        code = ask_password(conn, args->options, error);
    if (code == 0)
        code = vs_login(conn, args->task, error);
    if (code == 0)
        code = pv_task_check(args->task, error);
    if (code < 0)
        close_conn(conn);
    else
        *ret_conn = conn;
    return code;
}

/* ---- the table ---- */

static gboolean
lacks(void *handle, const char *operation, const char **ret_why)
{
    if (!g_str_has_prefix(operation, "snapshot.") || !vs_lacks_snapshots(handle))
        return FALSE;
    *ret_why = "no vCenter has snapshots in its REST API, they are in SOAP only";
    return TRUE;
}

static const struct pv_via via[] = {
    { "endpoint.info", "GET /api/appliance/system/version", NULL },
    { "session.info", "GET /api/session", NULL },
    { "host.list", "GET /api/vcenter/host", NULL },
    { "host.get", "GET /api/vcenter/host", NULL },
    { "vm.list", "GET /api/vcenter/vm", "beyond the server's cap by power state, host and folder" },
    { "vm.get", "GET /api/vcenter/vm/{vm}", NULL },
    { "vm.create", "POST /api/vcenter/vm", "placement is picked where none is given" },
    { "vm.clone", "POST /api/vcenter/vm?action=clone", "full clones only" },
    { "vm.delete", "DELETE /api/vcenter/vm/{vm}", NULL },
    { "vm.start", "POST /api/vcenter/vm/{vm}/power?action=start", NULL },
    { "vm.stop", "POST /api/vcenter/vm/{vm}/power?action=stop", NULL },
    { "vm.reset", "POST /api/vcenter/vm/{vm}/power?action=reset", NULL },
    { "vm.suspend", "POST /api/vcenter/vm/{vm}/power?action=suspend", NULL },
    { "vm.resume", "POST /api/vcenter/vm/{vm}/power?action=start", NULL },
    { "vm.shutdown", "POST /api/vcenter/vm/{vm}/guest/power?action=shutdown", "needs running VMware Tools" },
    { "vm.reboot", "POST /api/vcenter/vm/{vm}/guest/power?action=reboot", "needs running VMware Tools" },
    { "vm.wait", "GET /api/vcenter/vm", "by looking: REST has no events" },
    { "snapshot.list", "GET /api/vcenter/vm/{vm}/snapshot", "an extension of polyvirt's server" },
    { "snapshot.create", "POST /api/vcenter/vm/{vm}/snapshot", "an extension of polyvirt's server" },
    { "snapshot.revert", "POST /api/vcenter/vm/{vm}/snapshot/{snapshot}?action=revert",
      "an extension of polyvirt's server" },
    { "snapshot.delete", "DELETE /api/vcenter/vm/{vm}/snapshot/{snapshot}",
      "an extension of polyvirt's server" },
    { "datastore.list", "GET /api/vcenter/datastore", NULL },
    { "datastore.get", "GET /api/vcenter/datastore", NULL },
    { "network.list", "GET /api/vcenter/network", NULL },
    { "network.get", "GET /api/vcenter/network", NULL },
    { NULL, NULL, NULL },
};

static const struct pv_endpoint_slots endpoint_slots = { vs_endpoint_info, vs_session_info };
static const struct pv_host_slots host_slots = { vs_host_list };
static const struct pv_vm_slots vm_slots = {
    .list = vs_vm_list,
    .resolve = vs_vm_resolve,
    .create = vs_vm_create,
    .clone = vs_vm_clone,
    .remove = vs_vm_remove,
    .power = vs_vm_power,
    .power_ops = VS_POWER_OPS,
};
static const struct pv_snapshot_slots snapshot_slots = {
    .list = vs_snapshot_list,
    .create = vs_snapshot_create,
    .revert = vs_snapshot_revert,
    .remove = vs_snapshot_remove,
};
static const struct pv_raw_slots raw_slots = { vs_raw_call, vs_raw_reads };
static const struct pv_datastore_slots datastore_slots = { vs_datastore_list };
static const struct pv_network_slots network_slots = { vs_network_list };

const struct pv_driver pv_driver_vsphere = {
    .name = "vsphere",
    .help = "VMware vCenter over its REST API: vsphere://user@host[:port]",
    .schemes = (const char *const[]){ "vsphere", NULL },
    .open = open_conn,
    .close = close_conn,
    .endpoint = &endpoint_slots,
    .host = &host_slots,
    .vm = &vm_slots,
    .snapshot = &snapshot_slots,
    .datastore = &datastore_slots,
    .network = &network_slots,
    .raw = &raw_slots,
    .via = via,
    .lacks = lacks,
};
