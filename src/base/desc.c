/* SPDX-License-Identifier: Apache-2.0 */
/* Life of a described struct: making, clearing, copying, freeing, and looking a member up. */
#include <math.h>
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"

/*
 * GPtrArray frees an item without saying of what kind it is, so every struct is preceded by its
 * descriptor. The magic tells a struct that did not come from pv_desc_new.
 */
struct header {
    const struct pv_desc *desc;
    uintptr_t magic;
};

#define HEADER_MAGIC ((uintptr_t)0x70766465u)

G_STATIC_ASSERT(sizeof(struct header) % (2 * sizeof(void *)) == 0);

static struct header *
object_header(void *object)
{
    struct header *header = (struct header *)object - 1;

    g_assert(header->magic == HEADER_MAGIC);
    return header;
}

static void
unset_bool(const struct pv_field *field, void *object)
{
    PV_MEMBER(int, field, object) = PV_UNSET_BOOL;
}

static void
unset_int(const struct pv_field *field, void *object)
{
    PV_MEMBER(int64_t, field, object) = PV_UNSET_INT;
}

static void
unset_double(const struct pv_field *field, void *object)
{
    PV_MEMBER(double, field, object) = NAN;
}

static void
unset_enum(const struct pv_field *field, void *object)
{
    PV_MEMBER(int, field, object) = 0;
}

static void
unset_string(const struct pv_field *field, void *object)
{
    g_clear_pointer(&PV_MEMBER(char *, field, object), g_free);
}

static void
unset_strings(const struct pv_field *field, void *object)
{
    g_clear_pointer(&PV_MEMBER(char **, field, object), g_strfreev);
}

static void
unset_struct(const struct pv_field *field, void *object)
{
    void *member = PV_MEMBER(void *, field, object);

    PV_MEMBER(void *, field, object) = NULL;
    pv_desc_free(field->desc, member);
}

static void
unset_list(const struct pv_field *field, void *object)
{
    g_clear_pointer(&PV_MEMBER(GPtrArray *, field, object), g_ptr_array_unref);
}

static void
copy_int32(const struct pv_field *field, void *to, const void *from)
{
    PV_MEMBER(int, field, to) = PV_MEMBER_CONST(int, field, from);
}

static void
copy_int64(const struct pv_field *field, void *to, const void *from)
{
    PV_MEMBER(int64_t, field, to) = PV_MEMBER_CONST(int64_t, field, from);
}

static void
copy_double(const struct pv_field *field, void *to, const void *from)
{
    PV_MEMBER(double, field, to) = PV_MEMBER_CONST(double, field, from);
}

static void
copy_string(const struct pv_field *field, void *to, const void *from)
{
    PV_MEMBER(char *, field, to) = g_strdup(PV_MEMBER_CONST(char *, field, from));
}

static void
copy_strings(const struct pv_field *field, void *to, const void *from)
{
    PV_MEMBER(char **, field, to) = g_strdupv(PV_MEMBER_CONST(char **, field, from));
}

static void
copy_struct(const struct pv_field *field, void *to, const void *from)
{
    PV_MEMBER(void *, field, to) = pv_desc_copy(field->desc, PV_MEMBER_CONST(void *, field, from));
}

static void
copy_list(const struct pv_field *field, void *to, const void *from)
{
    const GPtrArray *list = PV_MEMBER_CONST(GPtrArray *, field, from);
    GPtrArray *copy;

    if (!list)
        return;
    copy = pv_list_new(field->desc);
    for (guint i = 0; i < list->len; i++)
        g_ptr_array_add(copy, pv_desc_copy(field->desc, list->pdata[i]));
    PV_MEMBER(GPtrArray *, field, to) = copy;
}

static const struct {
    void (*unset)(const struct pv_field *field, void *object); /* frees what the member owns */
    void (*copy)(const struct pv_field *field, void *to, const void *from);
} kinds[PV_KINDS] = {
    [PV_BOOL] = { unset_bool, copy_int32 },
    [PV_INT] = { unset_int, copy_int64 },
    [PV_DOUBLE] = { unset_double, copy_double },
    [PV_STRING] = { unset_string, copy_string },
    [PV_ENUM] = { unset_enum, copy_int32 },
    [PV_TIME] = { unset_int, copy_int64 },
    [PV_STRINGS] = { unset_strings, copy_strings },
    [PV_STRUCT] = { unset_struct, copy_struct },
    [PV_LIST] = { unset_list, copy_list },
};

void
pv_field_copy(const struct pv_field *field, void *to, const void *from)
{
    kinds[field->kind].unset(field, to);
    kinds[field->kind].copy(field, to, from);
}

void *
pv_desc_new(const struct pv_desc *desc)
{
    struct header *header = g_malloc0(sizeof(*header) + desc->size);

    header->desc = desc;
    header->magic = HEADER_MAGIC;
    pv_desc_clear(desc, header + 1);
    return header + 1;
}

void
pv_desc_free(const struct pv_desc *desc, void *object)
{
    struct header *header;

    if (!object)
        return;
    header = object_header(object);
    pv_desc_clear(desc, object);
    header->magic = 0;
    g_free(header);
}

void
pv_desc_clear(const struct pv_desc *desc, void *object)
{
    for (const struct pv_field *field = desc->fields; field->name; field++)
        kinds[field->kind].unset(field, object);
}

void *
pv_desc_copy(const struct pv_desc *desc, const void *object)
{
    void *copy;

    if (!object)
        return NULL;
    copy = pv_desc_new(desc);
    for (const struct pv_field *field = desc->fields; field->name; field++)
        kinds[field->kind].copy(field, copy, object);
    return copy;
}

static void
free_item(void *item)
{
    if (item)
        pv_desc_free(object_header(item)->desc, item);
}

GPtrArray *
pv_list_new(const struct pv_desc *desc)
{
    (void)desc; /* items carry theirs */
    return g_ptr_array_new_with_free_func(free_item);
}

const struct pv_field *
pv_desc_field(const struct pv_desc *desc, const char *name)
{
    for (const struct pv_field *field = desc->fields; field->name; field++)
        if (g_str_equal(field->name, name))
            return field;
    return NULL;
}

gboolean
pv_field_is_set(const struct pv_field *field, const void *object)
{
    switch (field->kind) {
    case PV_BOOL:
        return PV_MEMBER_CONST(int, field, object) != PV_UNSET_BOOL;
    case PV_ENUM:
        return PV_MEMBER_CONST(int, field, object) != 0;
    case PV_INT:
    case PV_TIME:
        return PV_MEMBER_CONST(int64_t, field, object) != PV_UNSET_INT;
    case PV_DOUBLE:
        return isfinite(PV_MEMBER_CONST(double, field, object)); /* infinity has no text in JSON either */
    case PV_STRING:
    case PV_STRINGS:
    case PV_STRUCT:
    case PV_LIST:
        return PV_MEMBER_CONST(void *, field, object) != NULL;
    }
    return FALSE;
}

const char *
pv_enum_name(const struct pv_enum_value *values, int value)
{
    for (; values->name; values++)
        if (values->value == value)
            return values->name;
    return NULL;
}

static char
fold(char c)
{
    return c == '-' ? '_' : g_ascii_tolower(c);
}

static gboolean
name_matches(const char *name, const char *text)
{
    while (*name && fold(*name) == fold(*text)) {
        name++;
        text++;
    }
    return !*name && !*text;
}

int
pv_enum_value(const struct pv_enum_value *values, const char *name)
{
    for (; values->name; values++)
        if (name_matches(values->name, name))
            return values->value;
    return 0;
}
