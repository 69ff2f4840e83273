/* SPDX-License-Identifier: Apache-2.0 */
/* One call: path, session, tries, and what the answer means. */
#include "vsphere.h"

#include <string.h>

/* ---- the request ---- */

static void
append_filters(GString *path, const struct pv_vapi_dialect *dialect, const struct vs_filter *filters)
{
    for (; filters && filters->name; filters++) {
        g_autofree char *key = pv_vapi_filter_key(dialect, filters->name);

        for (unsigned i = 0; filters->values[i] && (filters->n == 0 || i < filters->n); i++) {
            g_string_append_printf(path, "%c%s=", strchr(path->str, '?') ? '&' : '?', key);
            g_string_append_uri_escaped(path, filters->values[i], NULL, FALSE);
        }
    }
}

/* ---- the answer ---- */

static gboolean
is_passing(const struct pv_vapi_failure *failure)
{
    if (failure->type)
        return failure->type->transient;
    return failure->status == 502 || failure->status == 503; /* a proxy's: no vSphere type in it */
}

static gboolean
is_logged_out(const struct pv_vapi_failure *failure)
{
    return failure->status == 401;
}

/* What a refusal means for something that changes: a time-out on the far side, or a gateway that lost
 * its server, says nothing about what was done. */
static int
set_failure(const struct pv_vapi_failure *failure, const struct pv_vapi_call *call, pv_error **error)
{
    gboolean lost = failure->type ? failure->type->type == PV_VAPI_TIMED_OUT
                                  : failure->status == 502 || failure->status == 504;
    pv_error *reason = NULL;
    int code = pv_vapi_failure_set(failure, &reason);

    if (lost && call->effect != PV_VAPI_GET) {
        code = PV_ERR_UNKNOWN;
        reason->code = PV_ERR_UNKNOWN;
        pv_error_hint(&reason, "look at the object before trying again");
    }
    pv_error_propagate(error, reason);
    return code;
}

static int
read_result(const struct vs_conn *conn, const struct pv_vapi_call *call, const pv_http_response *response,
            json_t **ret_result, pv_error **error)
{
    json_t *answer = NULL;
    const json_t *result;

    if (!ret_result)
        return 0;
    *ret_result = NULL;
    if (response->body->len == 0)
        return 0;
    if (pv_vapi_parse((const char *)response->body->data, response->body->len, &answer, NULL) < 0)
        return pv_error_set(error, call->effect == PV_VAPI_GET ? PV_ERR_PROTOCOL : PV_ERR_UNKNOWN,
                            "the answer to %s %s is not JSON", call->method, call->path);
    result = pv_vapi_result(conn->dialect, answer);
    *ret_result = json_incref((json_t *)result);
    json_decref(answer);
    return 0;
}

/* ---- tries ---- */

struct attempt {
    pv_http_response response;
    struct pv_vapi_failure failure;
    unsigned generation; /* of the session it was made with */
    pv_error *error;     /* of the transport */
};

static void
attempt_clear(struct attempt *attempt)
{
    pv_http_response_clear(&attempt->response);
    pv_vapi_failure_clear(&attempt->failure);
    pv_error_clear(&attempt->error);
    memset(attempt, 0, sizeof(*attempt));
}

/* 0: an answer with 2xx; else the code that attempt->error or attempt->failure will be reported as. */
static int
try_once(struct vs_conn *conn, const struct pv_http_request *plain, pv_task *task, struct attempt *attempt)
{
    struct pv_http_request signed_request = *plain;
    g_autofree char *session = vs_session_header(conn, &attempt->generation);
    const char *headers[] = { session, NULL };
    int code;

    signed_request.headers = headers;
    code = pv_http_call(conn->http, &signed_request, task, &attempt->response, &attempt->error);
    if (code < 0)
        return code;
    if (attempt->response.status >= 200 && attempt->response.status < 300)
        return 0;
    pv_vapi_failure_read(attempt->response.status, (const char *)attempt->response.body->data,
                         attempt->response.body->len, &attempt->failure);
    return PV_ERR_FAILED;
}

/* A refusal that names UNAUTHENTICATED was made before anything was done, so even a change may be sent
 * again; a bare 401 may come from anything on the way. */
static gboolean
may_log_in_again(const struct attempt *attempt, gboolean read)
{
    if (attempt->error || !is_logged_out(&attempt->failure))
        return FALSE;
    return read || (attempt->failure.type && attempt->failure.type->type == PV_VAPI_UNAUTHENTICATED);
}

static gboolean
may_try_again(const struct attempt *attempt, gboolean read)
{
    if (!read)
        return FALSE;
    if (attempt->error)
        return attempt->error->code == PV_ERR_CONNECT && g_strcmp0(attempt->error->native_code,
                                                                   PV_HTTP_CUT) == 0;
    return is_passing(&attempt->failure);
}

/* Repeats as allowed; *attempt holds the last one. */
static int
try_often(struct vs_conn *conn, const struct pv_http_request *plain, pv_task *task, struct attempt *attempt,
          pv_error **error)
{
    gboolean read = !plain->changes, logged_in = FALSE;
    int64_t pause = VS_PAUSE_MS;
    int code;

    for (unsigned tries = 1;; tries++) {
        code = try_once(conn, plain, task, attempt);
        if (code == 0)
            return 0;
        if (!logged_in && may_log_in_again(attempt, read)) {
            logged_in = TRUE;
            code = vs_login_again(conn, attempt->generation, task, error);
            if (code < 0)
                return code;
        } else if (tries < VS_TRIES && may_try_again(attempt, read)) {
            code = pv_task_sleep(task, pause, error);
            if (code < 0)
                return code;
            pause *= 2;
        } else
            return code;
        attempt_clear(attempt);
    }
}

/* Why the last attempt failed, unless *error says already why no further one was made. */
static int
fail(const struct vs_request *request, const struct pv_vapi_call *call, struct attempt *attempt, int code,
     pv_error **error, pv_error *sooner)
{
    if (sooner)
        code = pv_error_propagate(error, sooner);
    else if (attempt->error)
        code = pv_error_propagate(error, g_steal_pointer(&attempt->error));
    else
        code = set_failure(&attempt->failure, call, error);
    if (request->failure) {
        *request->failure = attempt->failure;
        memset(&attempt->failure, 0, sizeof(attempt->failure));
    }
    return code;
}

int
vs_rest(struct vs_conn *conn, const struct vs_request *request, pv_task *task, json_t **ret_result,
        pv_error **error)
{
    const struct pv_vapi_call *call = pv_vapi_call(request->call);
    struct pv_http_request plain = { .changes = call->effect != PV_VAPI_GET };
    g_autofree char *base = pv_vapi_call_path(call, conn->dialect, request->ids, &plain.method);
    struct attempt attempt = { 0 };
    g_autoptr(GString) path = NULL;
    pv_error *sooner = NULL;
    int code;

    if (!base)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s has no %s", conn->dialect->prefix, call->path);
    path = g_string_new(base);
    append_filters(path, conn->dialect, request->filters);
    plain.path = path->str;
    if (request->body) {
        plain.body = request->body->str;
        plain.body_len = request->body->len;
    }
    code = try_often(conn, &plain, task, &attempt, &sooner);
    if (code == 0)
        code = read_result(conn, call, &attempt.response, ret_result, error);
    else
        code = fail(request, call, &attempt, code, error, sooner);
    attempt_clear(&attempt);
    return code;
}

/* ---- common forms ---- */

/* A read, whose answer is never empty. */
static int
fetch(struct vs_conn *conn, const struct vs_request *request, pv_task *task, json_t **ret_result, pv_error **error)
{
    int code = vs_rest(conn, request, task, ret_result, error);

    if (code == 0 && !*ret_result)
        code = pv_error_set(error, PV_ERR_PROTOCOL, "the answer to GET %s is empty",
                            pv_vapi_call(request->call)->path);
    return code;
}

int
vs_get(struct vs_conn *conn, enum pv_vapi_call_id call, const char *id, const struct pv_desc *desc,
       void **ret_object, pv_task *task, pv_error **error)
{
    const char *ids[] = { id, NULL };
    struct vs_request request = { .call = call, .ids = ids };
    json_t *result = NULL;
    int code = fetch(conn, &request, task, &result, error);

    if (code == 0)
        code = pv_vapi_read(result, desc, 0, ret_object, error);
    json_decref(result);
    return code;
}

int
vs_list(struct vs_conn *conn, enum pv_vapi_call_id call, const struct vs_filter *filters,
        const struct pv_desc *desc, GPtrArray *list, pv_task *task, pv_error **error)
{
    struct vs_request request = { .call = call, .filters = filters };
    json_t *result = NULL;
    int code = fetch(conn, &request, task, &result, error);

    if (code == 0)
        code = pv_vapi_read_list(result, desc, 0, list, error);
    json_decref(result);
    return code;
}

int
vs_make(struct vs_conn *conn, const struct vs_request *request, pv_task *task, char **ret_id,
        pv_error **error)
{
    json_t *result = NULL;
    int code = vs_rest(conn, request, task, &result, error);

    if (code == 0 && !json_is_string(result))
        code = pv_error_set(error, PV_ERR_UNKNOWN, "the server did it but its answer holds no id");
    if (code == 0)
        *ret_id = g_strdup(json_string_value(result));
    json_decref(result);
    return code;
}
