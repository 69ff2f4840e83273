/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in and out. /api/session is asked first; a server that does not know that path is asked at
 * /rest. Any 2xx counts: real servers answer 201 and 200, others of the guide's kind 201 and 204.
 */
#include "vsphere.h"

#include <string.h>

/* The id goes into a header: nothing but visible ASCII. */
static gboolean
is_session_id(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isgraph(text[i]))
            return FALSE;
    return len > 0 && len <= VS_SESSION_MAX;
}

static int
read_session(const struct pv_vapi_dialect *dialect, const pv_http_response *response, char **ret_session,
             pv_error **error)
{
    json_t *answer = NULL;
    const char *id = NULL;
    int code = 0;

    if (pv_vapi_parse((const char *)response->body->data, response->body->len, &answer, NULL) == 0)
        id = json_string_value(pv_vapi_result(dialect, answer));
    if (is_session_id(id))
        *ret_session = g_strdup(id);
    else
        code = pv_error_set(error, PV_ERR_PROTOCOL, "the login was answered without a session id");
    json_decref(answer);
    return code;
}

static int
refuse(const struct vs_conn *conn, const struct pv_vapi_failure *failure, pv_error **error)
{
    int code = pv_vapi_failure_set(failure, error);

    if (code == PV_ERR_AUTH)
        pv_error_prefix(error, "login of %s refused: ", conn->user);
    else
        pv_error_prefix(error, "login: ");
    return code;
}

/* ret_no_route: the server does not know this dialect's session path. */
static int
login_at(struct vs_conn *conn, const struct pv_vapi_dialect *dialect, pv_task *task, char **ret_session,
         gboolean *ret_no_route, pv_error **error)
{
    static const char *const headers[] = { PV_VAPI_NO_COOKIE_HEADER ": polyvirt", NULL };
    const char *method = NULL;
    g_autofree char *path = pv_vapi_call_path(pv_vapi_call(PV_VAPI_SESSION_CREATE), dialect, NULL, &method);
    struct pv_http_request request = { .method = method, .path = path, .user = conn->user,
                                       .password = conn->password, .secret = TRUE, .linger_ms = VS_LINGER_MS,
                                       .headers = dialect->id == PV_VAPI_API ? NULL : headers };
    g_auto(pv_http_response) response = { 0 };
    struct pv_vapi_failure failure;
    int code = pv_http_call(conn->http, &request, task, &response, error);

    *ret_no_route = FALSE;
    if (code < 0)
        return code;
    if (response.status >= 200 && response.status < 300)
        return read_session(dialect, &response, ret_session, error);
    pv_vapi_failure_read(response.status, (const char *)response.body->data, response.body->len, &failure);
    *ret_no_route = failure.status == 404 || failure.status == 405;
    code = refuse(conn, &failure, error);
    pv_vapi_failure_clear(&failure);
    return code;
}

/* Which dialect it is, when the URI does not say. */
static int
login_anywhere(struct vs_conn *conn, pv_task *task, char **ret_session, pv_error **error)
{
    static const enum pv_vapi_dialect_id order[] = { PV_VAPI_API, PV_VAPI_REST };
    int code = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        const struct pv_vapi_dialect *dialect = pv_vapi_dialect(order[i]);
        pv_error *reason = NULL;
        gboolean no_route;

        code = login_at(conn, dialect, task, ret_session, &no_route, &reason);
        if (code == 0) {
            conn->dialect = dialect;
            return 0;
        }
        if (!no_route)
            return pv_error_propagate(error, reason);
        pv_error_free(reason);
    }
    code = pv_error_set(error, PV_ERR_PROTOCOL, "%s is no vCenter: it has neither /api/session nor /rest",
                        conn->base);
    pv_error_hint(error, "name vCenter's own port in the URI; an ESXi host has no REST API of its own");
    return code;
}

static int
login_locked(struct vs_conn *conn, pv_task *task, pv_error **error)
{
    char *session = NULL;
    gboolean no_route;
    int code = conn->dialect ? login_at(conn, conn->dialect, task, &session, &no_route, error)
                             : login_anywhere(conn, task, &session, error);

    if (code < 0)
        return code;
    g_free(conn->session);
    conn->session = session;
    conn->generation++;
    return 0;
}

int
vs_login(struct vs_conn *conn, pv_task *task, pv_error **error)
{
    return vs_login_again(conn, 0, task, error);
}

int
vs_login_again(struct vs_conn *conn, unsigned generation, pv_task *task, pv_error **error)
{
    int code = 0;

    g_mutex_lock(&conn->lock);
    if (conn->generation == generation)
        code = login_locked(conn, task, error);
    g_mutex_unlock(&conn->lock);
    return code;
}

char *
vs_session_header(struct vs_conn *conn, unsigned *ret_generation)
{
    char *header;

    g_mutex_lock(&conn->lock);
    header = g_strdup_printf(PV_VAPI_SESSION_HEADER ": %s", conn->session);
    *ret_generation = conn->generation;
    g_mutex_unlock(&conn->lock);
    return header;
}

/* Not through vs_rest: a session that has ended must not be opened again to be closed. */
void
vs_logout(struct vs_conn *conn)
{
    g_autoptr(pv_task) task = NULL;
    g_autofree char *header = NULL, *path = NULL;
    g_auto(pv_http_response) response = { 0 };
    const char *headers[2] = { NULL };
    struct pv_http_request request = { .headers = headers };
    unsigned generation;

    if (!conn->session)
        return;
    task = pv_task_new("session.delete", NULL);
    pv_task_set_timeout(task, VS_LOGOUT_MS);
    headers[0] = header = vs_session_header(conn, &generation);
    path = pv_vapi_call_path(pv_vapi_call(PV_VAPI_SESSION_DELETE), conn->dialect, NULL, &request.method);
    request.path = path;
    pv_http_call(conn->http, &request, task, &response, NULL);
    g_clear_pointer(&conn->session, g_free);
}

#define ID_SHOWN 4 /* characters of a session id that may be shown */

int
vs_session_info(void *handle, pv_task *task, pv_session *session, pv_error **error)
{
    struct vs_conn *conn = handle;
    g_autoptr(pv_vapi_session) info = NULL;
    int code = vs_get(conn, PV_VAPI_SESSION_GET, NULL, &pv_vapi_session_desc, (void **)&info, task, error);

    if (code < 0)
        return code;
    pv_vapi_session_to(info, session);
    g_mutex_lock(&conn->lock);
    session->id = g_strdup_printf("%.*s…", ID_SHOWN, conn->session);
    g_mutex_unlock(&conn->lock);
    return 0;
}
