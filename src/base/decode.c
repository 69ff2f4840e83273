/* SPDX-License-Identifier: Apache-2.0 */
/* From a JSON tree to a struct, strictly: what is not understood is refused with its path. */
#include "decode.h"

#include <inttypes.h>
#include <string.h>

#include "desc-private.h"

void
pv_path_add_name(GString *path, const char *name)
{
    if (path->len)
        g_string_append_c(path, '.');
    g_string_append(path, name);
}

void
pv_path_add_index(GString *path, size_t index)
{
    g_string_append_printf(path, "[%zu]", index);
}

static const char *
type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "a whole number";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

static int
wrong_type(const char *path, const char *expected, const json_t *value, pv_error **error)
{
    pv_error_set(error, PV_ERR_INVALID, "%s: expected %s, got %s", path, expected, type_name(value));
    if (g_str_equal(expected, "a string") && (json_is_number(value) || json_is_boolean(value)))
        pv_error_hint(error, "put the value in quotes");
    return PV_ERR_INVALID;
}

static int
decode_bool(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    if (!json_is_boolean(value))
        return wrong_type(path->str, "true or false", value, error);
    PV_MEMBER(int, field, object) = json_is_true(value);
    return 0;
}

static int
decode_unit(GString *path, const struct pv_field *field, const char *text, int64_t *ret_number,
            pv_error **error)
{
    int code = pv_unit_parse(field->unit, text, ret_number, error);

    if (code < 0)
        pv_error_prefix(error, "%s: ", path->str);
    return code;
}

static gboolean
takes_text(enum pv_unit unit)
{
    return unit == PV_UNIT_BYTES || unit == PV_UNIT_MILLISECONDS || unit == PV_UNIT_SECONDS;
}

static int
decode_int(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    int64_t number = PV_UNSET_INT;

    if (json_is_string(value) && takes_text(field->unit)) {
        int code = decode_unit(path, field, json_string_value(value), &number, error);

        if (code < 0)
            return code;
    } else if (json_is_integer(value)) {
        number = json_integer_value(value);
    } else {
        return wrong_type(path->str, "a whole number", value, error);
    }
    if (number == PV_UNSET_INT)
        return pv_error_set(error, PV_ERR_INVALID, "%s: %" PRId64 " is out of range", path->str, number);
    PV_MEMBER(int64_t, field, object) = number;
    return 0;
}

static int
decode_double(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    if (!json_is_number(value))
        return wrong_type(path->str, "a number", value, error);
    PV_MEMBER(double, field, object) = json_number_value(value);
    return 0;
}

static int
decode_string(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    if (!json_is_string(value))
        return wrong_type(path->str, "a string", value, error);
    PV_MEMBER(char *, field, object) = g_strdup(json_string_value(value));
    return 0;
}

static int
decode_enum(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    int number;

    if (!json_is_string(value))
        return wrong_type(path->str, "a string", value, error);
    number = pv_enum_value(field->values, json_string_value(value));
    if (!number) {
        pv_enum_refuse(field, json_string_value(value), error);
        pv_error_prefix(error, "%s: ", path->str);
        return PV_ERR_INVALID;
    }
    PV_MEMBER(int, field, object) = number;
    return 0;
}

static int
decode_time(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    int code;

    if (!json_is_string(value))
        return wrong_type(path->str, "a time as string", value, error);
    code = pv_time_parse(json_string_value(value), &PV_MEMBER(int64_t, field, object), error);
    if (code < 0)
        pv_error_prefix(error, "%s: ", path->str);
    return code;
}

static int
check_items(GString *path, const struct pv_field *field, json_t *value, pv_error **error)
{
    if (!json_is_array(value))
        return wrong_type(path->str, "a list", value, error);
    if (json_array_size(value) > pv_field_max_items(field))
        return pv_error_set(error, PV_ERR_INVALID, "%s: more than %zu items", path->str,
                            pv_field_max_items(field));
    return 0;
}

static int
decode_strings(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    int code = check_items(path, field, value, error);
    size_t len = path->len, i;
    char **items;
    json_t *item;

    if (code < 0)
        return code;
    PV_MEMBER(char **, field, object) = items = g_new0(char *, json_array_size(value) + 1);
    json_array_foreach (value, i, item) {
        if (!json_is_string(item)) {
            pv_path_add_index(path, i);
            code = wrong_type(path->str, "a string", item, error);
            g_string_truncate(path, len);
            return code;
        }
        items[i] = g_strdup(json_string_value(item));
    }
    return 0;
}

static int decode_object(GString *path, const struct pv_desc *desc, json_t *tree, void *object,
                         pv_error **error);

static int
decode_struct(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    PV_MEMBER(void *, field, object) = pv_desc_new(field->desc);
    return decode_object(path, field->desc, value, PV_MEMBER(void *, field, object), error);
}

static int
decode_list(GString *path, const struct pv_field *field, json_t *value, void *object, pv_error **error)
{
    int code = check_items(path, field, value, error);
    size_t len = path->len, i;
    GPtrArray *list;
    json_t *item;

    if (code < 0)
        return code;
    PV_MEMBER(GPtrArray *, field, object) = list = pv_list_new(field->desc);
    json_array_foreach (value, i, item) {
        g_ptr_array_add(list, pv_desc_new(field->desc));
        pv_path_add_index(path, i);
        code = decode_object(path, field->desc, item, list->pdata[i], error);
        g_string_truncate(path, len);
        if (code < 0)
            return code;
    }
    return 0;
}

static int (*const decode_member[PV_KINDS])(GString *, const struct pv_field *, json_t *, void *,
                                            pv_error **) = {
    [PV_BOOL] = decode_bool,       [PV_INT] = decode_int,       [PV_DOUBLE] = decode_double,
    [PV_STRING] = decode_string,   [PV_ENUM] = decode_enum,     [PV_TIME] = decode_time,
    [PV_STRINGS] = decode_strings, [PV_STRUCT] = decode_struct, [PV_LIST] = decode_list,
};

static int
decode_key(GString *path, const struct pv_desc *desc, const char *key, json_t *value, void *object,
           pv_error **error)
{
    const struct pv_field *field = pv_desc_field(desc, key);
    size_t len = path->len;
    int code;

    if (!field)
        return pv_member_refuse(path->str, desc, key, error);
    if (json_is_null(value))
        return 0; /* as good as not there */
    pv_path_add_name(path, field->name);
    code = decode_member[field->kind](path, field, value, object, error);
    g_string_truncate(path, len);
    return code;
}

static int
decode_object(GString *path, const struct pv_desc *desc, json_t *tree, void *object, pv_error **error)
{
    const char *key;
    json_t *value;

    if (!json_is_object(tree))
        return wrong_type(path->len ? path->str : desc->name, "an object", tree, error);
    json_object_foreach (tree, key, value) {
        int code = decode_key(path, desc, key, value, object, error);

        if (code < 0)
            return code;
    }
    return 0;
}

int
pv_decode_document(const struct pv_desc *desc, json_t *tree, void **ret_object, pv_error **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    void *object = pv_desc_new(desc);
    int code = decode_object(path, desc, tree, object, error);

    if (code == 0)
        code = pv_desc_validate(desc, object, error);
    if (code < 0)
        pv_desc_free(desc, object);
    else
        *ret_object = object;
    return code;
}
