/* SPDX-License-Identifier: Apache-2.0 */
/* One struct on screen: a line for each member, structs and lists indented below. */
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"
#include "screen.h"

#define INDENT 2

/* Words of titles that are not written like ordinary words. */
static const char *const spellings[] = {
    "API", "CIDR", "CPU", "CPUs", "ID", "IP", "MAC", "MHz", "ms", "NIC", "NICs", "NUMA", "OS", "PID", "QEMU",
    "SHA-256", "TLS", "URI", "URL", "UUID", "VM", "VMs",
};

static void
append_word(GString *out, const char *word)
{
    g_autofree char *lower = g_ascii_strdown(word, -1);

    for (size_t i = 0; i < G_N_ELEMENTS(spellings); i++)
        if (!g_ascii_strcasecmp(spellings[i], word)) {
            g_string_append(out, spellings[i]);
            return;
        }
    if (!out->len)
        *lower = g_ascii_toupper(*lower);
    g_string_append(out, lower);
}

/* "guest_os", "GUEST OS" -> "Guest OS". */
static char *
label_of(const struct pv_field *field)
{
    g_auto(GStrv) words = g_strsplit_set(field->title ? field->title : field->name, "_ ", -1);
    GString *label = g_string_new(NULL);

    for (char **word = words; *word; word++) {
        if (word > words)
            g_string_append_c(label, ' ');
        append_word(label, *word);
    }
    return g_string_free(label, FALSE);
}

static gboolean
is_block(const struct pv_field *field, const void *object)
{
    if (!pv_field_is_set(field, object) || field->flags & PV_F_SECRET)
        return FALSE;
    if (field->kind == PV_LIST)
        return PV_MEMBER_CONST(GPtrArray *, field, object)->len > 0;
    return field->kind == PV_STRUCT;
}

static unsigned
widest_label(const struct pv_desc *desc, const void *object)
{
    unsigned widest = 0;

    for (const struct pv_field *field = desc->fields; field->name; field++) {
        g_autofree char *label = label_of(field);

        if (!is_block(field, object))
            widest = MAX(widest, pv_text_cells(label));
    }
    return widest;
}

static void
write_line(GString *out, const struct pv_field *field, const void *object, unsigned indent, unsigned width)
{
    g_autofree char *label = label_of(field), *text = pv_field_text(field, object, FALSE);
    g_autofree char *safe = pv_text_safe(text);

    g_string_append_printf(out, "%*s%s:", (int)indent, "", label);
    if (*safe)
        g_string_append_printf(out, "%*s %s", (int)(width - pv_text_cells(label)), "", safe);
    g_string_append_c(out, '\n');
}

static void
write_card(GString *out, const struct pv_desc *desc, const void *object, unsigned flags, unsigned max_width,
           unsigned indent)
{
    unsigned width = widest_label(desc, object);

    for (const struct pv_field *field = desc->fields; field->name; field++) {
        g_autofree char *label = label_of(field);

        if (!is_block(field, object)) {
            write_line(out, field, object, indent, width);
            continue;
        }
        g_string_append_printf(out, "%*s%s:\n", (int)indent, "", label);
        if (field->kind == PV_STRUCT)
            write_card(out, field->desc, PV_MEMBER_CONST(void *, field, object), flags, max_width,
                       indent + INDENT);
        else
            pv_table_write_indented(out, field->desc, PV_MEMBER_CONST(GPtrArray *, field, object), NULL,
                                    flags, max_width, indent + INDENT);
    }
}

void
pv_card_write(GString *out, const struct pv_desc *desc, const void *object, unsigned flags,
              unsigned max_width)
{
    write_card(out, desc, object, flags, max_width, 0);
}
