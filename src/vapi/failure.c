/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: the one table of types, and bodies both ways. No type has two statuses inside one dialect,
 * but several share 400 and 500 and a 500 of /api is not transient as such: so a client decides by
 * type, never by status alone.
 */
#include "vapi.h"

#include <string.h>

#define TYPE_PREFIX "com.vmware.vapi.std.errors."
#define NATIVE      "vsphere-rest"

/* Statuses: counted over all error answers of the 7.0.3 and 8.0.2 specifications; those declared by
 * no operation (CANCELED, UNEXPECTED_INPUT, OPERATION_NOT_FOUND …) as the vendor's SDKs map them. */
static const struct pv_vapi_error errors[] = {
    { PV_VAPI_ALREADY_EXISTS, "ALREADY_EXISTS", "already_exists", 400, 400, PV_ERR_EXISTS, FALSE },
    { PV_VAPI_ALREADY_IN_DESIRED_STATE, "ALREADY_IN_DESIRED_STATE", "already_in_desired_state", 400, 400,
      PV_ERR_SAME_STATE, FALSE },
    { PV_VAPI_CANCELED, "CANCELED", "canceled", 400, 400, PV_ERR_CANCELLED, FALSE },
    { PV_VAPI_CONCURRENT_CHANGE, "CONCURRENT_CHANGE", "concurrent_change", 409, 400, PV_ERR_BUSY, FALSE },
    { PV_VAPI_ERROR, "ERROR", "error", 500, 400, PV_ERR_FAILED, FALSE },
    { PV_VAPI_FEATURE_IN_USE, "FEATURE_IN_USE", "feature_in_use", 400, 400, PV_ERR_BUSY, FALSE },
    { PV_VAPI_INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", "internal_server_error", 500, 500,
      PV_ERR_FAILED,
      FALSE },
    { PV_VAPI_INVALID_ARGUMENT, "INVALID_ARGUMENT", "invalid_argument", 400, 400, PV_ERR_INVALID, FALSE },
    { PV_VAPI_INVALID_ELEMENT_CONFIGURATION, "INVALID_ELEMENT_CONFIGURATION", "invalid_element_configuration",
      400, 400, PV_ERR_INVALID, FALSE },
    { PV_VAPI_INVALID_ELEMENT_TYPE, "INVALID_ELEMENT_TYPE", "invalid_element_type", 400, 400, PV_ERR_INVALID,
      FALSE },
    { PV_VAPI_INVALID_REQUEST, "INVALID_REQUEST", "invalid_request", 400, 400, PV_ERR_INVALID, FALSE },
    { PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE, "NOT_ALLOWED_IN_CURRENT_STATE", "not_allowed_in_current_state",
      400,
      400, PV_ERR_STATE, FALSE },
    { PV_VAPI_NOT_FOUND, "NOT_FOUND", "not_found", 404, 404, PV_ERR_NOT_FOUND, FALSE },
    { PV_VAPI_OPERATION_NOT_FOUND, "OPERATION_NOT_FOUND", "operation_not_found", 404, 404, PV_ERR_UNSUPPORTED,
      FALSE },
    { PV_VAPI_RESOURCE_BUSY, "RESOURCE_BUSY", "resource_busy", 500, 400, PV_ERR_BUSY, TRUE },
    { PV_VAPI_RESOURCE_IN_USE, "RESOURCE_IN_USE", "resource_in_use", 400, 400, PV_ERR_BUSY, FALSE },
    { PV_VAPI_RESOURCE_INACCESSIBLE, "RESOURCE_INACCESSIBLE", "resource_inaccessible", 500, 400,
      PV_ERR_FAILED,
      FALSE },
    { PV_VAPI_SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", "service_unavailable", 503, 503, PV_ERR_BUSY,
      TRUE },
    { PV_VAPI_TIMED_OUT, "TIMED_OUT", "timed_out", 500, 504, PV_ERR_TIMEOUT, TRUE },
    { PV_VAPI_UNABLE_TO_ALLOCATE_RESOURCE, "UNABLE_TO_ALLOCATE_RESOURCE", "unable_to_allocate_resource", 500,
      400, PV_ERR_NO_SPACE, FALSE },
    { PV_VAPI_UNAUTHENTICATED, "UNAUTHENTICATED", "unauthenticated", 401, 401, PV_ERR_AUTH, FALSE },
    { PV_VAPI_UNAUTHORIZED, "UNAUTHORIZED", "unauthorized", 403, 403, PV_ERR_DENIED, FALSE },
    { PV_VAPI_UNEXPECTED_INPUT, "UNEXPECTED_INPUT", "unexpected_input", 400, 400, PV_ERR_INVALID, FALSE },
    { PV_VAPI_UNSUPPORTED, "UNSUPPORTED", "unsupported", 400, 400, PV_ERR_UNSUPPORTED, FALSE },
    { PV_VAPI_UNVERIFIED_PEER, "UNVERIFIED_PEER", "unverified_peer", 400, 400, PV_ERR_FAILED, FALSE },
};

/* What a server of ours says for our codes; UNKNOWN is said as a time-out, which tells a client to
 * look before it tries again. */
static const struct {
    enum pv_code code;
    enum pv_vapi_error_type type;
} for_code[] = {
    { PV_ERR_FAILED, PV_VAPI_ERROR },
    { PV_ERR_USAGE, PV_VAPI_INVALID_ARGUMENT },
    { PV_ERR_INVALID, PV_VAPI_INVALID_ARGUMENT },
    { PV_ERR_NOT_FOUND, PV_VAPI_NOT_FOUND },
    { PV_ERR_EXISTS, PV_VAPI_ALREADY_EXISTS },
    { PV_ERR_STATE, PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE },
    { PV_ERR_SAME_STATE, PV_VAPI_ALREADY_IN_DESIRED_STATE },
    { PV_ERR_BUSY, PV_VAPI_RESOURCE_BUSY },
    { PV_ERR_UNSUPPORTED, PV_VAPI_UNSUPPORTED },
    { PV_ERR_DENIED, PV_VAPI_UNAUTHORIZED },
    { PV_ERR_AUTH, PV_VAPI_UNAUTHENTICATED },
    { PV_ERR_CONNECT, PV_VAPI_SERVICE_UNAVAILABLE },
    { PV_ERR_TLS, PV_VAPI_SERVICE_UNAVAILABLE },
    { PV_ERR_TIMEOUT, PV_VAPI_TIMED_OUT },
    { PV_ERR_CANCELLED, PV_VAPI_CANCELED },
    { PV_ERR_PROTOCOL, PV_VAPI_INTERNAL_SERVER_ERROR },
    { PV_ERR_UNKNOWN, PV_VAPI_TIMED_OUT },
    { PV_ERR_NO_SPACE, PV_VAPI_UNABLE_TO_ALLOCATE_RESOURCE },
    { PV_ERR_INTERNAL, PV_VAPI_INTERNAL_SERVER_ERROR },
};

/* For answers without a body that names a type: proxies, other servers. */
static const struct {
    unsigned status;
    enum pv_code code;
} for_status[] = {
    { 400, PV_ERR_INVALID }, { 401, PV_ERR_AUTH },   { 403, PV_ERR_DENIED },      { 404, PV_ERR_NOT_FOUND },
    { 405, PV_ERR_UNSUPPORTED }, { 409, PV_ERR_BUSY }, { 429, PV_ERR_BUSY },      { 501, PV_ERR_UNSUPPORTED },
    { 502, PV_ERR_CONNECT }, { 503, PV_ERR_BUSY },   { 504, PV_ERR_TIMEOUT },     { 507, PV_ERR_NO_SPACE },
};

const struct pv_vapi_error *
pv_vapi_error(enum pv_vapi_error_type type)
{
    G_STATIC_ASSERT(G_N_ELEMENTS(errors) == PV_VAPI_ERROR_LAST_);
    g_return_val_if_fail(type >= 1 && type <= PV_VAPI_ERROR_LAST_, NULL);
    return &errors[type - 1];
}

const struct pv_vapi_error *
pv_vapi_error_named(const char *name)
{
    if (!name)
        return NULL;
    if (g_str_has_prefix(name, TYPE_PREFIX))
        name += strlen(TYPE_PREFIX);
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++)
        if (strcmp(errors[i].name, name) == 0 || strcmp(errors[i].snake, name) == 0)
            return &errors[i];
    return NULL;
}

const struct pv_vapi_error *
pv_vapi_error_for_code(enum pv_code code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(for_code); i++)
        if (for_code[i].code == code)
            return pv_vapi_error(for_code[i].type);
    return pv_vapi_error(PV_VAPI_ERROR);
}

unsigned
pv_vapi_error_status(const struct pv_vapi_error *error, const struct pv_vapi_dialect *dialect)
{
    return dialect->id == PV_VAPI_REST ? error->rest_status : error->api_status;
}

/* ---- out ---- */

static void
write_message(GString *out, const struct pv_vapi_message *message)
{
    g_string_append(out, "{\"args\":[");
    for (const char *const *arg = message->args; arg && *arg; arg++) {
        if (arg != message->args)
            g_string_append_c(out, ',');
        pv_json_write_string(out, *arg);
    }
    g_string_append(out, "],\"default_message\":");
    pv_json_write_string(out, message->text);
    g_string_append(out, ",\"id\":");
    pv_json_write_string(out, message->id);
    g_string_append_c(out, '}');
}

static void
write_messages(GString *out, const struct pv_vapi_message *messages, unsigned n)
{
    g_string_append(out, "\"messages\":[");
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        write_message(out, &messages[i]);
    }
    g_string_append_c(out, ']');
}

void
pv_vapi_error_write(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_vapi_error *type,
                    const struct pv_vapi_message *messages, unsigned n)
{
    if (dialect->wraps_result) {
        g_string_append_printf(out, "{\"type\":\"" TYPE_PREFIX "%s\",\"value\":{", type->snake);
        write_messages(out, messages, n);
        g_string_append(out, "}}");
    } else {
        g_string_append_printf(out, "{\"error_type\":\"%s\",", type->name);
        write_messages(out, messages, n);
        g_string_append_c(out, '}');
    }
}

unsigned
pv_vapi_error_write_pv(GString *out, const struct pv_vapi_dialect *dialect, const pv_error *error,
                       const char *id)
{
    const struct pv_vapi_error *type = NULL;
    g_autofree char *own_id = g_strdup_printf("polyvirt.%s", pv_code_name(error->code));
    struct pv_vapi_message messages[2] = {
        { id ? id : own_id, error->message, NULL },
        { "polyvirt.hint", error->hint, NULL },
    };

    if (g_strcmp0(error->native_source, NATIVE) == 0)
        type = pv_vapi_error_named(error->native_code);
    if (!type)
        type = pv_vapi_error_for_code(error->code);
    pv_vapi_error_write(out, dialect, type, messages, error->hint ? 2 : 1);
    return pv_vapi_error_status(type, dialect);
}

/* ---- in ---- */

static const char *
text_member(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Texts of {id, default_message} messages, or of the 6.x {id, defaultMessage}. */
static void
read_messages(const json_t *messages, const char *text_key, struct pv_vapi_failure *failure)
{
    size_t n = MIN(json_array_size(messages), (size_t)PV_VAPI_MESSAGES_MAX);
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        const json_t *message = json_array_get(messages, i);
        const char *words = text_member(message, text_key);

        if (i == 0)
            failure->message_id = g_strdup(text_member(message, "id"));
        if (words && *words)
            g_string_append_printf(text, "%s%s", text->len ? " " : "", words);
    }
    if (text->len)
        failure->message = g_string_free(g_steal_pointer(&text), FALSE);
}

/* The three bodies: /api {error_type, messages}, /rest {type, value: {messages}}, and what 6.x says of
 * an unknown route {name, localizableMessages, majorErrorCode}. */
static void
read_body(const json_t *body, struct pv_vapi_failure *failure)
{
    const json_t *value = json_object_get(body, "value");
    const char *type = text_member(body, "error_type");

    if (!type)
        type = text_member(body, "type");
    if (!type)
        type = text_member(value, "error_type");
    failure->type_name = g_strdup(type);
    failure->type = pv_vapi_error_named(type);
    if (json_object_get(body, "localizableMessages"))
        read_messages(json_object_get(body, "localizableMessages"), "defaultMessage", failure);
    else
        read_messages(json_object_get(json_is_object(value) ? value : body, "messages"), "default_message",
                      failure);
}

void
pv_vapi_failure_read(unsigned status, const char *body, size_t len, struct pv_vapi_failure *ret_failure)
{
    struct pv_vapi_failure failure = { .status = status };
    json_t *json = NULL;

    if (len > 0 && pv_vapi_parse(body, len, &json, NULL) == 0)
        read_body(json, &failure);
    json_decref(json);
    failure.no_route = g_strcmp0(failure.message_id, PV_VAPI_MSG_ROUTE) == 0
        || (status == 404 && !failure.type_name)
        || (failure.type && failure.type->type == PV_VAPI_OPERATION_NOT_FOUND);
    *ret_failure = failure;
}

void
pv_vapi_failure_clear(struct pv_vapi_failure *failure)
{
    g_clear_pointer(&failure->type_name, g_free);
    g_clear_pointer(&failure->message_id, g_free);
    g_clear_pointer(&failure->message, g_free);
}

static enum pv_code
failure_code(const struct pv_vapi_failure *failure)
{
    if (failure->no_route)
        return PV_ERR_UNSUPPORTED;
    if (failure->type)
        return failure->type->code;
    for (size_t i = 0; i < G_N_ELEMENTS(for_status); i++)
        if (for_status[i].status == failure->status)
            return for_status[i].code;
    return PV_ERR_FAILED;
}

/* The other side's words as one sentence of ours: no newline, no final full stop. */
static char *
sentence(const char *text)
{
    char *copy = g_strdup(text);
    size_t len;

    g_strdelimit(copy, "\r\n\t", ' ');
    g_strstrip(copy);
    len = strlen(copy);
    if (len > 0 && copy[len - 1] == '.')
        copy[len - 1] = '\0';
    return copy;
}

int
pv_vapi_failure_set(const struct pv_vapi_failure *failure, pv_error **error)
{
    enum pv_code code = failure_code(failure);
    g_autofree char *words = failure->message ? sentence(failure->message) : NULL;
    g_autofree char *status = g_strdup_printf("HTTP %u", failure->status);

    if (words && *words)
        pv_error_set(error, code, "%s", words);
    else if (failure->type_name)
        pv_error_set(error, code, "the server answered %s (%s)", failure->type_name, status);
    else
        pv_error_set(error, code, "the server answered %s", status);
    pv_error_native(error, NATIVE, failure->type ? failure->type->name
                    : failure->type_name ? failure->type_name : status,
                    failure->message);
    return code;
}
