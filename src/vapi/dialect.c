/* SPDX-License-Identifier: Apache-2.0 */
/* The three dialects: how results, specs, maps and filters look and which status says "done". */
#include "vapi.h"

#include <string.h>

#define HTTP_STATUSES                                                                                      \
    {                                                                                                      \
        [PV_VAPI_GET] = 200, [PV_VAPI_CREATE] = 201, [PV_VAPI_ACTION] = 204, [PV_VAPI_ACTION_RESULT] = 200, \
        [PV_VAPI_UPDATE] = 204, [PV_VAPI_DELETE] = 204, [PV_VAPI_TASK] = 202                               \
    }
/* Counted in the 7.0.3 specification: all 597 operations of /rest declare 200. */
#define ALWAYS_200                                                                                         \
    {                                                                                                      \
        [PV_VAPI_GET] = 200, [PV_VAPI_CREATE] = 200, [PV_VAPI_ACTION] = 200, [PV_VAPI_ACTION_RESULT] = 200, \
        [PV_VAPI_UPDATE] = 200, [PV_VAPI_DELETE] = 200, [PV_VAPI_TASK] = 200                               \
    }

static const struct pv_vapi_dialect dialects[] = {
    { PV_VAPI_API, "api", "/api", "", FALSE, FALSE, FALSE, HTTP_STATUSES },
    { PV_VAPI_REST, "rest", "/rest", "filter.", TRUE, TRUE, TRUE, ALWAYS_200 },
    { PV_VAPI_GUIDE, "guide", "/rest", "filter.", TRUE, TRUE, TRUE, HTTP_STATUSES },
};

const struct pv_vapi_dialect *
pv_vapi_dialect(enum pv_vapi_dialect_id id)
{
    g_return_val_if_fail(id >= PV_VAPI_API && id <= PV_VAPI_DIALECT_LAST_, NULL);
    return &dialects[id - 1];
}

const struct pv_vapi_dialect *
pv_vapi_dialect_named(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(dialects); i++)
        if (g_strcmp0(dialects[i].name, name) == 0)
            return &dialects[i];
    return NULL;
}

const struct pv_vapi_dialect *
pv_vapi_dialect_of_path(const char *path, gboolean guide, const char **ret_rest)
{
    static const enum pv_vapi_dialect_id order[2][2] = {
        { PV_VAPI_API, PV_VAPI_REST },
        { PV_VAPI_API, PV_VAPI_GUIDE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(order[0]); i++) {
        const struct pv_vapi_dialect *dialect = pv_vapi_dialect(order[guide ? 1 : 0][i]);
        size_t len = strlen(dialect->prefix);

        if (strncmp(path, dialect->prefix, len) == 0 && path[len] == '/') {
            *ret_rest = path + len;
            return dialect;
        }
    }
    return NULL;
}

char *
pv_vapi_filter_key(const struct pv_vapi_dialect *dialect, const char *name)
{
    return g_strconcat(dialect->filter_prefix, name, NULL);
}

char *
pv_vapi_filter_name(const struct pv_vapi_dialect *dialect, const char *key)
{
    size_t len = strlen(dialect->filter_prefix);
    const char *name, *dot;

    if (strncmp(key, dialect->filter_prefix, len) != 0)
        return NULL;
    name = key + len;
    dot = strrchr(name, '.');
    if (dot && len > 0 && dot[1] && strspn(dot + 1, "0123456789") == strlen(dot + 1))
        return g_strndup(name, (gsize)(dot - name));
    return *name && !dot ? g_strdup(name) : NULL;
}
