/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two structs, member by member, with the path of each. */
#include <polyvirt/desc.h>
#include <string.h>

#include "decode.h"
#include "desc-private.h"

struct diff {
    GString *path;
    unsigned skip, count;
    pv_diff_cb cb;
    void *data;
};

/* A member as text; "-" where there is none. */
static char *
text_of(const struct pv_field *field, const void *object)
{
    if (!object || !pv_field_is_set(field, object))
        return g_strdup("-");
    return pv_field_text(field, object, TRUE);
}

static void
report(struct diff *diff, const char *before, const char *after)
{
    diff->count++;
    if (diff->cb)
        diff->cb(diff->path->str, before, after, diff->data);
}

static gboolean
same_scalar(const struct pv_field *field, const void *a, const void *b)
{
    switch (field->kind) {
    case PV_BOOL:
    case PV_ENUM:
        return PV_MEMBER_CONST(int, field, a) == PV_MEMBER_CONST(int, field, b);
    case PV_INT:
    case PV_TIME:
        return PV_MEMBER_CONST(int64_t, field, a) == PV_MEMBER_CONST(int64_t, field, b);
    case PV_DOUBLE:
        return PV_MEMBER_CONST(double, field, a) == PV_MEMBER_CONST(double, field, b);
    case PV_STRING:
        return g_str_equal(PV_MEMBER_CONST(char *, field, a), PV_MEMBER_CONST(char *, field, b));
    case PV_STRINGS:
        return g_strv_equal((const char *const *)PV_MEMBER_CONST(char **, field, a),
                            (const char *const *)PV_MEMBER_CONST(char **, field, b));
    case PV_STRUCT:
    case PV_LIST:
        break;
    }
    return FALSE;
}

static void diff_object(struct diff *diff, const struct pv_desc *desc, const void *a, const void *b);

static char *
item_text(const struct pv_desc *desc, const GPtrArray *list, guint i)
{
    GString *text;

    if (i >= list->len)
        return g_strdup("-");
    text = g_string_new(NULL);
    pv_json_write(text, desc, list->pdata[i], 0);
    return g_string_free(text, FALSE);
}

static void
diff_list(struct diff *diff, const struct pv_desc *desc, const GPtrArray *a, const GPtrArray *b)
{
    size_t len = diff->path->len;

    for (guint i = 0; i < MAX(a->len, b->len); i++) {
        pv_path_add_index(diff->path, i);
        if (i < a->len && i < b->len) {
            diff_object(diff, desc, a->pdata[i], b->pdata[i]);
        } else {
            g_autofree char *before = item_text(desc, a, i), *after = item_text(desc, b, i);

            report(diff, before, after);
        }
        g_string_truncate(diff->path, len);
    }
}

static void
diff_member(struct diff *diff, const struct pv_field *field, const void *a, const void *b)
{
    gboolean in_a = pv_field_is_set(field, a), in_b = pv_field_is_set(field, b);
    g_autofree char *before = NULL, *after = NULL;

    if (!in_a && !in_b)
        return;
    if (in_a && in_b) {
        if (field->kind == PV_STRUCT) {
            diff_object(diff, field->desc, PV_MEMBER_CONST(void *, field, a),
                        PV_MEMBER_CONST(void *, field, b));
            return;
        }
        if (field->kind == PV_LIST) {
            diff_list(diff, field->desc, PV_MEMBER_CONST(GPtrArray *, field, a),
                      PV_MEMBER_CONST(GPtrArray *, field, b));
            return;
        }
        if (same_scalar(field, a, b))
            return;
    }
    before = text_of(field, a);
    after = text_of(field, b);
    report(diff, before, after);
}

static void
diff_object(struct diff *diff, const struct pv_desc *desc, const void *a, const void *b)
{
    size_t len = diff->path->len;

    for (const struct pv_field *field = desc->fields; field->name; field++) {
        if (field->flags & diff->skip)
            continue;
        pv_path_add_name(diff->path, field->name);
        diff_member(diff, field, a, b);
        g_string_truncate(diff->path, len);
    }
}

unsigned
pv_desc_diff(const struct pv_desc *desc, const void *a, const void *b, unsigned skip, pv_diff_cb cb,
             void *data)
{
    g_autoptr(GString) path = g_string_new(NULL);
    struct diff diff = { .path = path, .skip = skip, .cb = cb, .data = data };

    diff_object(&diff, desc, a, b);
    return diff.count;
}
