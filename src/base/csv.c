/* SPDX-License-Identifier: Apache-2.0 */
/* CSV by RFC 4180: every member a column, lines end with CR LF. */
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"

static void
write_value(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    if (!strpbrk(valid, "\",\r\n")) {
        g_string_append(out, valid);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *at = valid; *at; at++) {
        if (*at == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

static void
write_row(GString *out, const struct pv_desc *desc, const void *object)
{
    for (const struct pv_field *field = desc->fields; field->name; field++) {
        g_autofree char *text = pv_field_text(field, object, TRUE);

        if (field > desc->fields)
            g_string_append_c(out, ',');
        write_value(out, text);
    }
    g_string_append(out, "\r\n");
}

static void
write_header(GString *out, const struct pv_desc *desc)
{
    for (const struct pv_field *field = desc->fields; field->name; field++) {
        if (field > desc->fields)
            g_string_append_c(out, ',');
        g_string_append(out, field->name);
    }
    g_string_append(out, "\r\n");
}

void
pv_csv_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list, unsigned flags)
{
    if (!(flags & PV_WRITE_NO_HEADER))
        write_header(out, desc);
    for (guint i = 0; list && i < list->len; i++)
        write_row(out, desc, list->pdata[i]);
}
