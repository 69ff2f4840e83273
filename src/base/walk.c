/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a struct's set members that every structured output shares. */
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"

static void
walk_bool(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    if (PV_MEMBER_CONST(int, field, object))
        sink->literal(to, "true", 4);
    else
        sink->literal(to, "false", 5);
}

static void
walk_int(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    char buffer[PV_NUMBER_TEXT];

    sink->literal(to, buffer, pv_int_format(buffer, PV_MEMBER_CONST(int64_t, field, object)));
}

static void
walk_double(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    char buffer[PV_NUMBER_TEXT];

    sink->literal(to, buffer, pv_double_format(buffer, PV_MEMBER_CONST(double, field, object)));
}

static void
walk_string(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    sink->text(to, PV_MEMBER_CONST(char *, field, object));
}

static void
walk_enum(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    sink->text(to, pv_enum_name(field->values, PV_MEMBER_CONST(int, field, object)));
}

static void
walk_time(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    char buffer[PV_NUMBER_TEXT];

    pv_time_format(buffer, PV_MEMBER_CONST(int64_t, field, object));
    sink->text(to, buffer);
}

static void
walk_strings(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    sink->list_begin(to);
    for (char **item = PV_MEMBER_CONST(char **, field, object); *item; item++)
        sink->text(to, *item);
    sink->list_end(to);
}

static void
walk_struct(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    pv_walk_object(sink, to, field->desc, PV_MEMBER_CONST(void *, field, object));
}

static void
walk_list(const struct pv_sink *sink, void *to, const struct pv_field *field, const void *object)
{
    pv_walk_list(sink, to, field->desc, PV_MEMBER_CONST(GPtrArray *, field, object));
}

static void (*const walk_member[PV_KINDS])(const struct pv_sink *, void *, const struct pv_field *,
                                           const void *) = {
    [PV_BOOL] = walk_bool,       [PV_INT] = walk_int,       [PV_DOUBLE] = walk_double,
    [PV_STRING] = walk_string,   [PV_ENUM] = walk_enum,     [PV_TIME] = walk_time,
    [PV_STRINGS] = walk_strings, [PV_STRUCT] = walk_struct, [PV_LIST] = walk_list,
};

/* An enum value outside its table has no name and is as good as unset. */
static gboolean
has_text(const struct pv_field *field, const void *object)
{
    if (field->kind == PV_ENUM)
        return pv_enum_name(field->values, PV_MEMBER_CONST(int, field, object)) != NULL;
    return pv_field_is_set(field, object);
}

void
pv_walk_object(const struct pv_sink *sink, void *to, const struct pv_desc *desc, const void *object)
{
    sink->map_begin(to);
    for (const struct pv_field *field = desc->fields; field->name; field++) {
        if (!has_text(field, object))
            continue;
        sink->key(to, field->name);
        if (field->flags & PV_F_SECRET)
            sink->text(to, "***");
        else
            walk_member[field->kind](sink, to, field, object);
    }
    sink->map_end(to);
}

void
pv_walk_list(const struct pv_sink *sink, void *to, const struct pv_desc *desc, const GPtrArray *list)
{
    sink->list_begin(to);
    for (guint i = 0; list && i < list->len; i++)
        pv_walk_object(sink, to, desc, list->pdata[i]);
    sink->list_end(to);
}
