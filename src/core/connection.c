/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an endpoint, and what is done once around every call into a driver. */
#include "conn-private.h"

static const struct pv_open_options default_options;

static gboolean
driver_takes(const struct pv_driver *driver, const char *scheme)
{
    for (const char *const *known = driver->schemes; *known; known++)
        if (g_str_equal(*known, scheme) || g_str_equal(*known, "*"))
            return TRUE;
    return FALSE;
}

static int
no_driver(const char *scheme, pv_error **error)
{
    g_autoptr(GPtrArray) schemes = g_ptr_array_new();
    const char *near;

    for (const struct pv_driver *const *driver = pv_drivers; *driver; driver++)
        for (const char *const *known = (*driver)->schemes; *known; known++)
            g_ptr_array_add(schemes, (gpointer)*known);
    g_ptr_array_add(schemes, NULL);
    pv_error_set(error, PV_ERR_USAGE, "no driver takes a URI that begins with '%s:'", scheme);
    near = pv_text_nearest(scheme, (const char *const *)schemes->pdata);
    if (near)
        pv_error_hint(error, "did you mean '%s:'?", near);
    return PV_ERR_USAGE;
}

static int
offer(pv_conn *conn, const struct pv_open_args *args, pv_error **error)
{
    for (const struct pv_driver *const *driver = pv_drivers; *driver; driver++) {
        int result;

        if (!driver_takes(*driver, args->uri->scheme))
            continue;
        result = (*driver)->open(args, &conn->handle, error);
        if (result == PV_OPEN_DECLINED)
            continue;
        if (result == PV_OPEN_OK)
            conn->driver = *driver;
        return result;
    }
    return no_driver(args->uri->scheme, error);
}

/* Who never answers cannot be reached. */
static int
no_answer(const char *uri, pv_error *why, pv_error **error)
{
    pv_error_set(error, PV_ERR_CONNECT, "cannot open %s: no answer in time", uri);
    pv_error_hint(error, "%s", why && why->hint ? why->hint : "is it the right port? --timeout gives more time");
    pv_error_free(why);
    return PV_ERR_CONNECT;
}

static void
conn_free(pv_conn *conn)
{
    pv_bus_unref(conn->bus);
    g_free(conn->uri);
    g_free(conn);
}

static int
open_parsed(const struct pv_uri *uri, const struct pv_open_options *options, pv_task *task, pv_conn **ret_conn,
            pv_error **error)
{
    pv_conn *conn = g_new0(pv_conn, 1);
    g_autoptr(pv_error) why = NULL;
    struct pv_open_args args = { uri, options, task, pv_bus_emit, NULL };
    int code;

    conn->uri = g_strdup(uri->text);
    conn->readonly = options->readonly;
    conn->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : PV_TIMEOUT_DEFAULT_MS;
    conn->bus = pv_bus_new(conn);
    args.sink = conn->bus;
    code = offer(conn, &args, &why);
    if (code < 0) {
        conn_free(conn);
        if (code == PV_ERR_TIMEOUT)
            return no_answer(uri->text, g_steal_pointer(&why), error);
        pv_error_propagate(error, g_steal_pointer(&why));
        return code;
    }
    pv_log(PV_LOG_INFO, "core", "opened %s with driver %s", conn->uri, conn->driver->name);
    *ret_conn = conn;
    return 0;
}

int
pv_open(const char *text, const struct pv_open_options *options, pv_task *task, pv_conn **ret_conn, pv_error **error)
{
    g_autoptr(pv_task) own = NULL;
    struct pv_uri *uri = NULL;
    int code;

    if (!options)
        options = &default_options;
    code = pv_uri_parse(text, &uri, error);
    if (code < 0)
        return code;
    if (!task) {
        task = own = pv_task_new("endpoint.open", text);
        pv_task_set_timeout(own, options->timeout_ms > 0 ? options->timeout_ms : PV_TIMEOUT_DEFAULT_MS);
    }
    code = open_parsed(uri, options, task, ret_conn, error);
    pv_uri_free(uri);
    return code;
}

void
pv_close(pv_conn *conn)
{
    if (!conn)
        return;
    pv_bus_stop(conn->bus); /* first: a callback may use the connection */
    conn->driver->close(conn->handle);
    conn_free(conn);
}

const char *
pv_conn_uri(const pv_conn *conn)
{
    return conn->uri;
}

const char *
pv_conn_driver(const pv_conn *conn)
{
    return conn->driver->name;
}

/* ---- around every call ---- */

int
pv_call_begin(struct pv_call *call, pv_conn *conn, const char *operation, pv_task *task, pv_error **error)
{
    int code = pv_conn_check(conn, operation, error);

    if (code < 0)
        return code;
    call->conn = conn;
    call->operation = operation;
    call->begun = g_get_monotonic_time();
    if (task) {
        call->task = pv_task_ref(task);
    } else {
        call->task = pv_task_new(operation, NULL);
        pv_task_set_timeout(call->task, conn->timeout_ms);
    }
    return 0;
}

int
pv_call_end(struct pv_call *call, const char *target, int code, pv_error **error)
{
    if (code < 0 && target)
        pv_error_prefix(error, "%s: ", target);
    if (pv_log_wants(PV_LOG_TRACE, "core"))
        pv_log(PV_LOG_TRACE, "core", "%s %s: %s, %.1f ms", call->operation, target ? target : "", pv_code_name(code),
               (double)(g_get_monotonic_time() - call->begun) / 1000.0);
    g_clear_pointer(&call->task, pv_task_unref);
    return code;
}

int
pv_call_after_made(int code, const char *what_not, pv_error **error)
{
    if (code < 0)
        pv_error_prefix(error, "made, but not %s: ", what_not);
    if (code != PV_ERR_TIMEOUT)
        return code;
    if (error && *error)
        (*error)->code = PV_ERR_UNKNOWN;
    return PV_ERR_UNKNOWN;
}
