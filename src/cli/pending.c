/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the screen writers of desc.h until they exist: JSON lines, whatever was asked. */
#include <polyvirt/desc.h>

#define PENDING __attribute__((weak))

PENDING void
pv_table_write(GString *out, const struct pv_desc *desc, const GPtrArray *list, G_GNUC_UNUSED const char *const *columns,
               unsigned flags, G_GNUC_UNUSED unsigned max_width)
{
    for (guint i = 0; i < list->len; i++) {
        pv_json_write(out, desc, list->pdata[i], flags & 0);
        g_string_append_c(out, '\n');
    }
}

PENDING void
pv_card_write(GString *out, const struct pv_desc *desc, const void *object, G_GNUC_UNUSED unsigned flags,
              G_GNUC_UNUSED unsigned max_width)
{
    pv_json_write(out, desc, object, PV_WRITE_PRETTY);
    g_string_append_c(out, '\n');
}

PENDING void
pv_yaml_write(GString *out, const struct pv_desc *desc, const void *object)
{
    pv_card_write(out, desc, object, 0, 0);
}

PENDING void
pv_yaml_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list)
{
    pv_json_write_list(out, desc, list, PV_WRITE_PRETTY);
    g_string_append_c(out, '\n');
}

PENDING void
pv_csv_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list, unsigned flags)
{
    pv_table_write(out, desc, list, NULL, flags, 0);
}
