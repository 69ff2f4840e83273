/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP exchange as the caller wrote it: nothing is repeated, nobody is logged in again. */
#include "vsphere.h"

#include <polyvirt/raw.h>
#include <string.h>

#define METHOD_MAX 16 /* letters of a method */

static const char *const members[] = {
    "method", "path", "body", "headers", "auth", "text", "content_type", NULL,
};

/* What goes into a head of HTTP: no way out of its line. */
static gboolean
is_line(const char *text)
{
    return text && *text && strlen(text) <= PV_HTTP_HEAD_MAX && strcspn(text, "\r\n") == strlen(text);
}

static int
check_members(const json_t *request, pv_error **error)
{
    const char *key;
    const json_t *value;

    json_object_foreach((json_t *)request, key, value)
        if (!g_strv_contains(members, key)) {
            const char *nearest = pv_text_nearest(key, members);

            pv_error_set(error, PV_ERR_INVALID, "%s: a raw HTTP request has no such member", key);
            if (nearest)
                pv_error_hint(error, "did you mean '%s'?", nearest);
            return PV_ERR_INVALID;
        }
    return 0;
}

static const char *
text_of(const json_t *request, const char *name, const char *standard)
{
    const json_t *value = json_object_get(request, name);

    return value ? json_string_value(value) : standard;
}

/* One word of letters. HEAD promises a body that never comes, which the client would wait for. */
static gboolean
is_method(const char *text)
{
    return text && *text && strlen(text) <= METHOD_MAX && !g_str_equal(text, "HEAD") &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

static int
add_headers(const json_t *given, GPtrArray *headers, pv_error **error)
{
    const char *name;
    const json_t *value;

    if (given && (!json_is_object(given) || json_object_size(given) > PV_RAW_HEADERS_MAX))
        return pv_error_set(error, PV_ERR_INVALID, "headers: an object of at most %d headers", PV_RAW_HEADERS_MAX);
    json_object_foreach((json_t *)given, name, value) {
        if (!is_line(name) || strchr(name, ':') || !json_is_string(value) || !is_line(json_string_value(value)))
            return pv_error_set(error, PV_ERR_INVALID, "headers: a name and a text of one line each");
        g_ptr_array_add(headers, g_strdup_printf("%s: %s", name, json_string_value(value)));
    }
    return 0;
}

static int
add_login(struct vs_conn *conn, const char *auth, struct pv_http_request *plain, GPtrArray *headers, pv_error **error)
{
    unsigned generation;

    if (g_strcmp0(auth, "session") == 0) {
        g_ptr_array_add(headers, vs_session_header(conn, &generation));
    } else if (g_strcmp0(auth, "basic") == 0) {
        plain->user = conn->user;
        plain->password = conn->password;
    } else if (g_strcmp0(auth, "none") != 0) {
        return pv_error_set(error, PV_ERR_INVALID, "auth: one of session, basic and none");
    }
    return 0;
}

/* The body as it goes out: JSON, or the text as given. free() it. */
static int
make_body(const json_t *request, struct pv_http_request *plain, char **ret_body, pv_error **error)
{
    const json_t *body = json_object_get(request, "body"), *text = json_object_get(request, "text");

    if (body && text)
        return pv_error_set(error, PV_ERR_INVALID, "body and text: one of them");
    if (text && !json_is_string(text))
        return pv_error_set(error, PV_ERR_INVALID, "text: expected a string");
    *ret_body = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    plain->body = body ? *ret_body : json_string_value(text);
    plain->body_len = body ? strlen(*ret_body) : text ? json_string_length(text) : 0;
    plain->content_type = text_of(request, "content_type", NULL);
    if (plain->content_type && !is_line(plain->content_type))
        return pv_error_set(error, PV_ERR_INVALID, "content_type: a text of one line");
    return 0;
}

static json_t *
reply_of(const pv_http_response *response)
{
    json_t *reply = json_pack("{s:i, s:{}}", "status", (int)response->status, "headers");
    json_t *headers = json_object_get(reply, "headers"), *body = NULL;
    const char *bytes = (const char *)response->body->data;
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, response->headers);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_autofree char *valid = g_utf8_make_valid(value, -1);

        json_object_set_new(headers, name, json_string(valid));
    }
    if (response->body->len == 0)
        return reply;
    if (pv_vapi_parse(bytes, response->body->len, &body, NULL) < 0) {
        g_autofree char *valid = g_utf8_make_valid(bytes, response->body->len);

        body = json_string(valid);
    }
    json_object_set_new(reply, "body", body);
    return reply;
}

gboolean
vs_raw_reads(const json_t *request)
{
    const char *method = text_of(request, "method", "GET");

    return g_strcmp0(method, "GET") == 0 || g_strcmp0(method, "OPTIONS") == 0;
}

int
vs_raw_call(void *handle, const json_t *request, pv_task *task, json_t **ret_reply, pv_error **error)
{
    struct vs_conn *conn = handle;
    struct pv_http_request plain = {
        .method = text_of(request, "method", "GET"),
        .path = text_of(request, "path", NULL),
        .changes = !vs_raw_reads(request),
    };
    g_autoptr(GPtrArray) headers = g_ptr_array_new_with_free_func(g_free);
    g_auto(pv_http_response) response = { 0 };
    char *body = NULL;
    int code = check_members(request, error);

    if (code == 0 && (!is_method(plain.method) || !is_line(plain.path) || *plain.path != '/'))
        code = pv_error_set(error, PV_ERR_INVALID, "method and path: a word like GET, and a path that begins with '/'");
    if (code == 0)
        code = add_headers(json_object_get(request, "headers"), headers, error);
    if (code == 0)
        code = add_login(conn, text_of(request, "auth", "session"), &plain, headers, error);
    if (code == 0)
        code = make_body(request, &plain, &body, error);
    if (code == 0) {
        g_ptr_array_add(headers, NULL);
        plain.secret = strstr(plain.path, "session") != NULL; /* the id stands alone in the body */
        plain.headers = (const char *const *)headers->pdata;
        code = pv_http_call(conn->http, &plain, task, &response, error);
    }
    if (code == 0)
        *ret_reply = reply_of(&response);
    free(body);
    return code;
}
