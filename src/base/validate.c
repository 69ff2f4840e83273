/* SPDX-License-Identifier: Apache-2.0 */
/* What a descriptor demands of the values: required members, ranges, lengths; and how it says no. */
#include <inttypes.h>
#include <string.h>

#include "decode.h"
#include "desc-private.h"

size_t
pv_field_max_items(const struct pv_field *field)
{
    return field->max > 0 ? (size_t)field->max : PV_ITEMS_MAX;
}

static char *
number_text(const struct pv_field *field, int64_t number)
{
    if (field->unit == PV_UNIT_BYTES)
        return pv_size_text(number);
    return g_strdup_printf("%" PRId64, number);
}

static int
refuse_number(GString *path, const struct pv_field *field, int64_t number, pv_error **error)
{
    g_autofree char *value = number_text(field, number), *min = number_text(field, field->min),
                    *max = number_text(field, field->max);

    if (field->max < field->min)
        return pv_error_set(error, PV_ERR_INVALID, "%s: %s is less than %s", path->str, value, min);
    return pv_error_set(error, PV_ERR_INVALID, "%s: %s is not between %s and %s", path->str, value, min, max);
}

/* A minimum alone (.min = 1, .max = 0) bounds one side. */
static int
check_int(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    int64_t number = PV_MEMBER_CONST(int64_t, field, object);
    gboolean bounded = field->min || field->max;

    if (bounded && (number < field->min || (field->max >= field->min && number > field->max)))
        return refuse_number(path, field, number, error);
    return 0;
}

static int
check_bool(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    int value = PV_MEMBER_CONST(int, field, object);

    if (value != FALSE && value != TRUE)
        return pv_error_set(error, PV_ERR_INVALID, "%s: %d is neither true nor false", path->str, value);
    return 0;
}

static int
check_enum(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    int value = PV_MEMBER_CONST(int, field, object);

    if (!pv_enum_name(field->values, value))
        return pv_error_set(error, PV_ERR_INVALID, "%s: %d has no name", path->str, value);
    return 0;
}

static int
check_text(GString *path, const char *text, size_t max, pv_error **error)
{
    if (strlen(text) > max)
        return pv_error_set(error, PV_ERR_INVALID, "%s: longer than %zu bytes", path->str, max);
    if (!g_utf8_validate(text, -1, NULL))
        return pv_error_set(error, PV_ERR_INVALID, "%s: not valid UTF-8", path->str);
    return 0;
}

static int
check_string(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    const char *text = PV_MEMBER_CONST(char *, field, object);

    if (field->min > 0 && !*text)
        return pv_error_set(error, PV_ERR_INVALID, "%s: must not be empty", path->str);
    return check_text(path, text, field->max > 0 ? (size_t)field->max : PV_TEXT_MAX, error);
}

static int
check_count(GString *path, const struct pv_field *field, size_t count, pv_error **error)
{
    if (count > pv_field_max_items(field))
        return pv_error_set(error, PV_ERR_INVALID, "%s: more than %zu items", path->str,
                            pv_field_max_items(field));
    return 0;
}

static int
check_strings(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    char **items = PV_MEMBER_CONST(char **, field, object);
    int code = check_count(path, field, g_strv_length(items), error);
    size_t len = path->len;

    for (size_t i = 0; code == 0 && items[i]; i++) {
        pv_path_add_index(path, i);
        code = check_text(path, items[i], PV_TEXT_MAX, error);
        g_string_truncate(path, len);
    }
    return code;
}

static int
check_object(GString *path, const struct pv_desc *desc, const void *object, pv_error **error)
{
    size_t len = path->len;
    int code = 0;

    for (const struct pv_field *field = desc->fields; code == 0 && field->name; field++) {
        pv_path_add_name(path, field->name);
        code = pv_validate_field(path, field, object, error);
        g_string_truncate(path, len);
    }
    return code;
}

static int
check_struct(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    return check_object(path, field->desc, PV_MEMBER_CONST(void *, field, object), error);
}

static int
check_list(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    const GPtrArray *list = PV_MEMBER_CONST(GPtrArray *, field, object);
    int code = check_count(path, field, list->len, error);
    size_t len = path->len;

    for (guint i = 0; code == 0 && i < list->len; i++) {
        pv_path_add_index(path, i);
        code = check_object(path, field->desc, list->pdata[i], error);
        g_string_truncate(path, len);
    }
    return code;
}

/* PV_DOUBLE and PV_TIME have no range. */
static int (*const check_member[PV_KINDS])(GString *, const struct pv_field *, const void *, pv_error **) = {
    [PV_BOOL] = check_bool, [PV_INT] = check_int,         [PV_STRING] = check_string, [PV_ENUM] = check_enum,
    [PV_LIST] = check_list, [PV_STRINGS] = check_strings, [PV_STRUCT] = check_struct,
};

int
pv_validate_field(GString *path, const struct pv_field *field, const void *object, pv_error **error)
{
    if (!pv_field_is_set(field, object)) {
        if (field->flags & PV_F_REQUIRED)
            return pv_error_set(error, PV_ERR_INVALID, "%s: required, but missing", path->str);
        return 0;
    }
    return check_member[field->kind] ? check_member[field->kind](path, field, object, error) : 0;
}

int
pv_desc_validate(const struct pv_desc *desc, const void *object, pv_error **error)
{
    g_autoptr(GString) path = g_string_new(NULL);

    return check_object(path, desc, object, error);
}

int
pv_enum_refuse(const struct pv_field *field, const char *text, pv_error **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *quoted = pv_text_quote(text), *all = NULL;
    const char *nearest;

    for (const struct pv_enum_value *value = field->values; value->name; value++)
        g_ptr_array_add(names, (char *)value->name);
    g_ptr_array_add(names, NULL);
    all = g_strjoinv(", ", (char **)names->pdata);
    nearest = pv_text_nearest(text, (const char *const *)names->pdata);
    pv_error_set(error, PV_ERR_INVALID, "%s is not one of %s", quoted, all);
    if (nearest)
        pv_error_hint(error, "did you mean %s?", nearest);
    return PV_ERR_INVALID;
}

int
pv_member_refuse(const char *path, const struct pv_desc *desc, const char *name, pv_error **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *quoted = pv_text_quote(name);
    const char *nearest;

    for (const struct pv_field *field = desc->fields; field->name; field++)
        g_ptr_array_add(names, (char *)field->name);
    g_ptr_array_add(names, NULL);
    nearest = pv_text_nearest(name, (const char *const *)names->pdata);
    return pv_error_set(error, PV_ERR_INVALID, "%s%s%s is no member of %s%s%s", path, *path ? ": " : "",
                        quoted, desc->name, nearest ? ", the nearest is " : "", nearest ? nearest : "");
}
