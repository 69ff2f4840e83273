/* SPDX-License-Identifier: Apache-2.0 */
#include "request.h"

#include "server-limits.h"
#include "login.h"

#include <string.h>

struct pv_request *
pv_request_new(struct pv_service *service, const char *uri)
{
    struct pv_request *request = g_new0(struct pv_request, 1);

    request->service = service;
    request->uri = g_strdup(uri);
    request->dialect = pv_vapi_dialect(PV_VAPI_API);
    request->body = g_byte_array_new();
    request->query = g_ptr_array_new_with_free_func(g_free);
    request->out = g_string_new(NULL);
    request->reply_headers = g_ptr_array_new_with_free_func(g_free);
    return request;
}

void
pv_request_free(struct pv_request *request)
{
    if (!request)
        return;
    pv_vapi_ids_clear(request->ids);
    pv_login_session_clear(&request->session);
    g_clear_pointer(&request->task, pv_task_unref);
    g_ptr_array_unref(request->query);
    g_byte_array_unref(request->body);
    if (request->out)
        g_string_free(request->out, TRUE);
    g_ptr_array_unref(request->reply_headers);
    pv_login_wipe(request->headers.authorization);
    pv_login_wipe(request->headers.session_id);
    g_free(request->headers.operation_id);
    g_free(request->method);
    g_free(request->uri);
    g_free(request->peer);
    g_free(request);
}

/* ---- reading ---- */

/* '+' is a space in a query, and nothing decodes to NUL or to what is not UTF-8. */
static char *
decode(const char *text, size_t len)
{
    g_autofree char *plain = g_strndup(text, len);
    g_autofree char *decoded = NULL;

    g_strdelimit(plain, "+", ' ');
    decoded = g_uri_unescape_string(plain, NULL);
    return decoded && g_utf8_validate(decoded, -1, NULL) ? g_steal_pointer(&decoded) : NULL;
}

static int
parse_item(struct pv_request *request, const char *item, pv_error **error)
{
    const char *equals = strchr(item, '=');
    size_t key_len = equals ? (size_t)(equals - item) : strlen(item);
    const char *text = equals ? equals + 1 : item + key_len;
    g_autofree char *key = decode(item, key_len);
    g_autofree char *value = decode(text, strlen(text));

    if (!key || !value)
        return pv_error_set(error, PV_ERR_INVALID, "the query holds a bad percent escape");
    g_ptr_array_add(request->query, g_steal_pointer(&key));
    g_ptr_array_add(request->query, g_steal_pointer(&value));
    return 0;
}

int
pv_request_parse_query(struct pv_request *request, pv_error **error)
{
    const char *query = strchr(request->uri, '?');
    g_auto(GStrv) items = NULL;
    int rc;

    if (!query || !query[1])
        return 0;
    items = g_strsplit(query + 1, "&", PV_SERVER_QUERY_MAX + 1);
    if (g_strv_length(items) > PV_SERVER_QUERY_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "the query holds more than %d items", PV_SERVER_QUERY_MAX);
    for (char **item = items; *item; item++)
        if (**item && (rc = parse_item(request, *item, error)) < 0)
            return rc;
    return 0;
}

const char *
pv_request_query(const struct pv_request *request, const char *key)
{
    for (unsigned i = 0; i + 1 < request->query->len; i += 2)
        if (strcmp(request->query->pdata[i], key) == 0)
            return request->query->pdata[i + 1];
    return NULL;
}

gboolean
pv_request_flag(const struct pv_request *request, const char *key)
{
    return g_strcmp0(pv_request_query(request, key), "true") == 0;
}

int
pv_request_spec(struct pv_request *request, const struct pv_desc *desc, void **ret_spec, pv_error **error)
{
    json_t *body = NULL;
    const json_t *spec;
    int rc;

    if (request->body->len == 0)
        return pv_error_set(error, PV_ERR_INVALID, "the request needs a body: a JSON object");
    rc = pv_vapi_parse((const char *)request->body->data, request->body->len, &body, error);
    if (rc == 0)
        rc = pv_vapi_spec(request->dialect, body, &spec, error);
    if (rc == 0)
        rc = pv_vapi_read(spec, desc, PV_VAPI_STRICT, ret_spec, error);
    json_decref(body);
    return rc;
}

/* ---- answering ---- */

static void
set_status(struct pv_request *request, enum pv_vapi_effect effect)
{
    request->status = request->dialect->status[effect];
}

void
pv_reply_struct(struct pv_request *request, const struct pv_desc *desc, const void *object)
{
    set_status(request, request->call->effect);
    pv_vapi_write_result(request->out, request->dialect, desc, object);
}

void
pv_reply_list(struct pv_request *request, const struct pv_desc *desc, const GPtrArray *list)
{
    set_status(request, request->call->effect);
    pv_vapi_write_list_result(request->out, request->dialect, desc, list);
}

void
pv_reply_id(struct pv_request *request, const char *id)
{
    set_status(request, request->call->effect);
    pv_vapi_write_id_result(request->out, request->dialect, id);
}

void
pv_reply_task(struct pv_request *request, const char *id)
{
    set_status(request, PV_VAPI_TASK);
    pv_vapi_write_id_result(request->out, request->dialect, id);
}

void
pv_reply_void(struct pv_request *request)
{
    set_status(request, request->call->effect);
}

void
pv_reply_begin(struct pv_request *request)
{
    set_status(request, request->call->effect);
    if (request->dialect->wraps_result)
        g_string_append(request->out, "{\"value\":");
}

void
pv_reply_end(struct pv_request *request)
{
    if (request->dialect->wraps_result)
        g_string_append_c(request->out, '}');
}

void
pv_reply_header(struct pv_request *request, const char *name, const char *value)
{
    g_ptr_array_add(request->reply_headers, g_strdup(name));
    g_ptr_array_add(request->reply_headers, g_strdup(value));
}

static void
write_error(struct pv_request *request, const struct pv_vapi_error *type, const char *id,
            const char *const *args, const char *text)
{
    const struct pv_vapi_message message = { id, text, args };

    g_string_truncate(request->out, 0);
    pv_vapi_error_write(request->out, request->dialect, type, &message, 1);
}

int
pv_refuse(struct pv_request *request, enum pv_vapi_error_type type, const char *id, const char *const *args,
          const char *format, ...)
{
    const struct pv_vapi_error *row = pv_vapi_error(type);
    g_autofree char *text = NULL;
    va_list list;

    va_start(list, format);
    text = g_strdup_vprintf(format, list);
    va_end(list);
    write_error(request, row, id, args, text);
    request->status = pv_vapi_error_status(row, request->dialect);
    return row->code;
}

void
pv_reply_error(struct pv_request *request, const pv_error *error)
{
    g_string_truncate(request->out, 0);
    request->status = pv_vapi_error_write_pv(request->out, request->dialect, error, NULL);
}

void
pv_reply_http(struct pv_request *request, unsigned status, enum pv_vapi_error_type type, const char *id,
              const char *text)
{
    write_error(request, pv_vapi_error(type), id, NULL, text);
    request->status = status;
}
