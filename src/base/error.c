/* SPDX-License-Identifier: Apache-2.0 */
#include <polyvirt/error.h>

static const struct {
    enum pv_code code;
    const char *name;
    int exit_status;
} codes[] = {
    { PV_OK, "ok", 0 },
    { PV_ERR_FAILED, "failed", 1 },
    { PV_ERR_USAGE, "usage", 2 },
    { PV_ERR_INVALID, "invalid", 2 },
    { PV_ERR_NOT_FOUND, "not-found", 4 },
    { PV_ERR_EXISTS, "exists", 1 },
    { PV_ERR_STATE, "state", 1 },
    { PV_ERR_SAME_STATE, "same-state", 1 },
    { PV_ERR_BUSY, "busy", 1 },
    { PV_ERR_UNSUPPORTED, "unsupported", 1 },
    { PV_ERR_DENIED, "denied", 1 },
    { PV_ERR_AUTH, "auth", 3 },
    { PV_ERR_CONNECT, "connect", 3 },
    { PV_ERR_TLS, "tls", 3 },
    { PV_ERR_TIMEOUT, "timeout", 1 },
    { PV_ERR_CANCELLED, "cancelled", 130 },
    { PV_ERR_PROTOCOL, "protocol", 1 },
    { PV_ERR_UNKNOWN, "unknown", 6 },
    { PV_ERR_NO_SPACE, "no-space", 1 },
    { PV_ERR_INTERNAL, "internal", 1 },
};

const char *
pv_code_name(enum pv_code code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "failed";
}

int
pv_code_exit_status(enum pv_code code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].code == code)
            return codes[i].exit_status;
    return 1;
}

int
pv_error_set(pv_error **error, enum pv_code code, const char *format, ...)
{
    va_list args;

    if (!error || *error)
        return code;
    *error = g_new0(pv_error, 1);
    (*error)->code = code;
    va_start(args, format);
    (*error)->message = g_strdup_vprintf(format, args);
    va_end(args);
    return code;
}

void
pv_error_hint(pv_error **error, const char *format, ...)
{
    va_list args;

    if (!error || !*error)
        return;
    g_free((*error)->hint);
    va_start(args, format);
    (*error)->hint = g_strdup_vprintf(format, args);
    va_end(args);
}

void
pv_error_native(pv_error **error, const char *source, const char *code, const char *message)
{
    if (!error || !*error)
        return;
    g_free((*error)->native_source);
    g_free((*error)->native_code);
    g_free((*error)->native_message);
    (*error)->native_source = g_strdup(source);
    (*error)->native_code = g_strdup(code);
    (*error)->native_message = g_strdup(message);
}

void
pv_error_prefix(pv_error **error, const char *format, ...)
{
    g_autofree char *prefix = NULL;
    g_autofree char *old = NULL;
    va_list args;

    if (!error || !*error)
        return;
    va_start(args, format);
    prefix = g_strdup_vprintf(format, args);
    va_end(args);
    old = (*error)->message;
    (*error)->message = g_strconcat(prefix, old, NULL);
}

int
pv_error_propagate(pv_error **dest, pv_error *src)
{
    int code;

    if (!src)
        return 0;
    code = src->code;
    if (dest && !*dest)
        *dest = src;
    else
        pv_error_free(src);
    return code;
}

pv_error *
pv_error_copy(const pv_error *error)
{
    pv_error *copy;

    if (!error)
        return NULL;
    copy = g_new0(pv_error, 1);
    copy->code = error->code;
    copy->message = g_strdup(error->message);
    copy->hint = g_strdup(error->hint);
    copy->native_source = g_strdup(error->native_source);
    copy->native_code = g_strdup(error->native_code);
    copy->native_message = g_strdup(error->native_message);
    return copy;
}

void
pv_error_free(pv_error *error)
{
    if (!error)
        return;
    g_free(error->message);
    g_free(error->hint);
    g_free(error->native_source);
    g_free(error->native_code);
    g_free(error->native_message);
    g_free(error);
}

void
pv_error_clear(pv_error **error)
{
    if (!error)
        return;
    pv_error_free(*error);
    *error = NULL;
}
