/* SPDX-License-Identifier: Apache-2.0 */
/* Structs to JSON by a dialect's rules, straight from the members. */
#include "vapi-priv.h"

#include <math.h>
#include <string.h>

gboolean
pv_vapi_is_map(const struct pv_desc *item)
{
    return item->fields[0].name && strcmp(item->fields[0].name, "key") == 0 && item->fields[1].name
        && strcmp(item->fields[1].name, "value") == 0 && !item->fields[2].name;
}

/* vSphere writes the milliseconds always: 2026-11-22T20:35:00.000Z. */
static void
write_time(GString *out, int64_t usec)
{
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(usec / G_USEC_PER_SEC);
    g_autofree char *text = seconds ? g_date_time_format(seconds, "%Y-%m-%dT%H:%M:%S") : NULL;

    g_string_append_printf(out, "\"%s.%03dZ\"", text ? text : "1970-01-01T00:00:00",
                           (int)(usec / 1000 % 1000));
}

static void
write_strings(GString *out, char **strings)
{
    g_string_append_c(out, '[');
    for (char **s = strings; *s; s++) {
        if (s != strings)
            g_string_append_c(out, ',');
        pv_json_write_string(out, *s);
    }
    g_string_append_c(out, ']');
}

/* A map of {key, value} entries as an object. */
static void
write_map(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
          const GPtrArray *list)
{
    const struct pv_field *key = &desc->fields[0], *value = &desc->fields[1];

    g_string_append_c(out, '{');
    for (guint i = 0; i < list->len; i++) {
        const char *entry = list->pdata[i];

        if (i > 0)
            g_string_append_c(out, ',');
        pv_json_write_string(out, *(char *const *)(entry + key->offset));
        g_string_append_c(out, ':');
        pv_vapi_write(out, dialect, value->desc, *(void *const *)(entry + value->offset));
    }
    g_string_append_c(out, '}');
}

void
pv_vapi_write_list(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                   const GPtrArray *list)
{
    if (!dialect->map_as_list && pv_vapi_is_map(desc)) {
        write_map(out, dialect, desc, list);
        return;
    }
    g_string_append_c(out, '[');
    for (guint i = 0; i < list->len; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        pv_vapi_write(out, dialect, desc, list->pdata[i]);
    }
    g_string_append_c(out, ']');
}

static void
write_member(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_field *field,
             const void *at)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    switch (field->kind) {
    case PV_BOOL:
        g_string_append(out, *(const int *)at ? "true" : "false");
        break;
    case PV_INT:
        g_string_append_printf(out, "%" G_GINT64_FORMAT, *(const int64_t *)at);
        break;
    case PV_DOUBLE:
        g_string_append(out, g_ascii_dtostr(number, sizeof(number), *(const double *)at));
        break;
    case PV_TIME:
        write_time(out, *(const int64_t *)at);
        break;
    case PV_STRING:
        pv_json_write_string(out, *(char *const *)at);
        break;
    case PV_ENUM:
        pv_json_write_string(out, pv_enum_name(field->values, *(const int *)at));
        break;
    case PV_STRINGS:
        write_strings(out, *(char **const *)at);
        break;
    case PV_STRUCT:
        pv_vapi_write(out, dialect, field->desc, *(void *const *)at);
        break;
    case PV_LIST:
        pv_vapi_write_list(out, dialect, field->desc, *(GPtrArray *const *)at);
        break;
    }
}

void
pv_vapi_write(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
              const void *object)
{
    gboolean first = TRUE;

    g_string_append_c(out, '{');
    for (const struct pv_field *field = desc->fields; field->name; field++) {
        const void *at = (const char *)object + field->offset;

        if (!pv_field_is_set(field, object) || (field->kind == PV_DOUBLE && !isfinite(*(const double *)at)))
            continue;
        g_string_append_printf(out, "%s\"%s\":", first ? "" : ",", field->name);
        write_member(out, dialect, field, at);
        first = FALSE;
    }
    g_string_append_c(out, '}');
}

/* ---- whole bodies ---- */

static void
open_wrap(GString *out, gboolean wraps, const char *key)
{
    if (wraps)
        g_string_append_printf(out, "{\"%s\":", key);
}

static void
close_wrap(GString *out, gboolean wraps)
{
    if (wraps)
        g_string_append_c(out, '}');
}

void
pv_vapi_write_result(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                     const void *object)
{
    open_wrap(out, dialect->wraps_result, "value");
    pv_vapi_write(out, dialect, desc, object);
    close_wrap(out, dialect->wraps_result);
}

void
pv_vapi_write_list_result(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                          const GPtrArray *list)
{
    open_wrap(out, dialect->wraps_result, "value");
    pv_vapi_write_list(out, dialect, desc, list);
    close_wrap(out, dialect->wraps_result);
}

void
pv_vapi_write_id_result(GString *out, const struct pv_vapi_dialect *dialect, const char *id)
{
    open_wrap(out, dialect->wraps_result, "value");
    pv_json_write_string(out, id);
    close_wrap(out, dialect->wraps_result);
}

void
pv_vapi_write_spec(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                   const void *spec)
{
    open_wrap(out, dialect->wraps_spec, "spec");
    pv_vapi_write(out, dialect, desc, spec);
    close_wrap(out, dialect->wraps_spec);
}
