/* SPDX-License-Identifier: Apache-2.0 */
/* Which item of a list a person means. */
#include <polyvirt/model.h>

/* In order of preference; what a descriptor lacks is passed over. */
static const char *const keys[] = { "id", "uuid", "name", "path" };

static const char *
member_text(const struct pv_field *field, const void *item)
{
    return G_STRUCT_MEMBER(const char *, item, field->offset);
}

static gboolean
is_called(const struct pv_field *field, const void *item, const char *ref)
{
    const char *text = member_text(field, item);

    if (!text)
        return FALSE;
    return g_str_equal(field->name, "uuid") ? g_ascii_strcasecmp(text, ref) == 0 : g_str_equal(text, ref);
}

static const char *
noun_of(const struct pv_desc *desc)
{
    return desc == &pv_vm_desc ? "VM" : desc->name;
}

static int
ambiguous(const struct pv_desc *desc, const struct pv_field *field, const char *ref, pv_error **error)
{
    pv_error_set(error, PV_ERR_INVALID, "more than one %s has the %s '%s'", noun_of(desc), field->name, ref);
    pv_error_hint(error, "name it by its id: `%s list -o wide` shows it", desc->name);
    return PV_ERR_INVALID;
}

/* "id, uuid or name": the keys that the descriptor has. */
static char *
keys_text(const struct pv_desc *desc)
{
    const char *known[G_N_ELEMENTS(keys)];
    GString *text = g_string_new(NULL);
    size_t n = 0;

    for (size_t k = 0; k < G_N_ELEMENTS(keys); k++)
        if (pv_desc_field(desc, keys[k]))
            known[n++] = keys[k];
    for (size_t k = 0; k < n; k++)
        g_string_append_printf(text, "%s%s", k == 0 ? "" : k + 1 < n ? ", " : " or ", known[k]);
    return g_string_free(text, FALSE);
}

static int
not_found(const GPtrArray *list, const struct pv_desc *desc, const char *ref, pv_error **error)
{
    const struct pv_field *name = pv_desc_field(desc, "name");
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *known = keys_text(desc);
    const char *near;

    for (unsigned i = 0; name && i < list->len; i++)
        if (member_text(name, list->pdata[i]))
            g_ptr_array_add(names, (gpointer)member_text(name, list->pdata[i]));
    g_ptr_array_add(names, NULL);
    pv_error_set(error, PV_ERR_NOT_FOUND, "no %s has the %s '%s'", noun_of(desc), known, ref);
    near = pv_text_nearest(ref, (const char *const *)names->pdata);
    if (near)
        pv_error_hint(error, "did you mean '%s'?", near);
    return PV_ERR_NOT_FOUND;
}

int
pv_list_find(const GPtrArray *list, const struct pv_desc *desc, const char *ref, unsigned *ret_index,
             pv_error **error)
{
    for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
        const struct pv_field *field = pv_desc_field(desc, keys[k]);
        unsigned found = 0, index = 0;

        for (unsigned i = 0; field && i < list->len; i++) {
            if (!is_called(field, list->pdata[i], ref))
                continue;
            index = i;
            found++;
        }
        if (found > 1)
            return ambiguous(desc, field, ref, error);
        if (found == 1) {
            *ret_index = index;
            return 0;
        }
    }
    return not_found(list, desc, ref, error);
}
