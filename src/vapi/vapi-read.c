/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to structs. One reader for both sides: strict for a request (the sender made a mistake and is
 * told where), lenient for an answer (the peer may be newer than we are).
 */
#include "vapi-priv.h"

#include <math.h>
#include <string.h>

struct reader {
    unsigned flags;
    GString *path;   /**< of the member being read: "disks[1].scsi.bus" */
    pv_error **error;
};

static int read_struct(struct reader *reader, const json_t *json, const struct pv_desc *desc, void *object);

static gboolean
is_strict(const struct reader *reader)
{
    return (reader->flags & PV_VAPI_STRICT) != 0;
}

static int G_GNUC_PRINTF(2, 3)
fail(struct reader *reader, const char *format, ...)
{
    g_autofree char *text = NULL;
    enum pv_code code = is_strict(reader) ? PV_ERR_INVALID : PV_ERR_PROTOCOL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return pv_error_set(reader->error, code, "%s%s%s", reader->path->str, reader->path->len ? ": " : "",
                        text);
}

static const char *
type_name(const json_t *json)
{
    if (!json)
        return "nothing";
    switch (json_typeof(json)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: case JSON_REAL: return "a number";
    case JSON_TRUE: case JSON_FALSE: return "a boolean";
    default: return "null";
    }
}

static int
fail_type(struct reader *reader, const json_t *json, const char *wanted)
{
    return fail(reader, "must be %s, not %s", wanted, type_name(json));
}

/* ---- scalars ---- */

static int
read_int(struct reader *reader, const json_t *json, const struct pv_field *field, int64_t *ret_value)
{
    int64_t value = json_integer_value(json);

    if (!json_is_integer(json))
        return fail_type(reader, json, "a whole number");
    if (value == PV_UNSET_INT)
        return fail(reader, "is out of range");
    if (is_strict(reader) && (field->min || field->max) && (value < field->min || value > field->max))
        return fail(reader,
                    "must be from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT,
                    field->min, field->max, value);
    *ret_value = value;
    return 0;
}

static int
read_string(struct reader *reader, const json_t *json, const struct pv_field *field, char **ret_value)
{
    size_t most = field->max > 0 ? (size_t)field->max : PV_TEXT_MAX;

    if (!json_is_string(json))
        return fail_type(reader, json, "a string");
    if (json_string_length(json) > most)
        return fail(reader, "is longer than %zu bytes", most);
    g_free(*ret_value);
    *ret_value = g_strdup(json_string_value(json));
    return 0;
}

static int
read_strings(struct reader *reader, const json_t *json, const struct pv_field *field, char ***ret_value)
{
    size_t n = json_array_size(json), most = field->max > 0 ? (size_t)field->max : PV_ITEMS_MAX;
    g_auto(GStrv) strings = NULL;

    if (!json_is_array(json))
        return fail_type(reader, json, "a list of strings");
    if (n > most)
        return fail(reader, "has more than %zu items", most);
    strings = g_new0(char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_string(json_array_get(json, i)))
            return fail_type(reader, json_array_get(json, i), "a list of strings");
        strings[i] = g_strdup(json_string_value(json_array_get(json, i)));
    }
    g_strfreev(*ret_value);
    *ret_value = g_steal_pointer(&strings);
    return 0;
}

static int
read_enum(struct reader *reader, const json_t *json, const struct pv_field *field, int *ret_value)
{
    int value;

    if (!json_is_string(json))
        return fail_type(reader, json, "a string");
    value = pv_enum_value(field->values, json_string_value(json));
    if (!value && is_strict(reader))
        return fail(reader, "has no value \"%s\"", json_string_value(json));
    *ret_value = value;
    return 0;
}

static int
read_time(struct reader *reader, const json_t *json, int64_t *ret_value)
{
    if (!json_is_string(json))
        return fail_type(reader, json, "a time");
    if (pv_time_parse(json_string_value(json), ret_value, NULL) < 0 && is_strict(reader))
        return fail(reader, "is not a time such as 2026-01-31T12:00:00.000Z");
    return 0;
}

/* ---- lists and maps ---- */

static int
append_item(struct reader *reader, const json_t *json, const struct pv_desc *desc, GPtrArray *list)
{
    void *item = pv_desc_new(desc);
    int code = read_struct(reader, json, desc, item);

    if (code < 0)
        pv_desc_free(desc, item);
    else
        g_ptr_array_add(list, item);
    return code;
}

static int
read_array(struct reader *reader, const json_t *json, const struct pv_desc *desc, GPtrArray *list)
{
    size_t before = reader->path->len;
    int code = 0;

    for (size_t i = 0; i < json_array_size(json) && code == 0; i++) {
        g_string_append_printf(reader->path, "[%zu]", i);
        code = append_item(reader, json_array_get(json, i), desc, list);
        g_string_truncate(reader->path, before);
    }
    return code;
}

/* A map in its object form: the members become {key, value} entries. */
static int
read_map(struct reader *reader, const json_t *json, const struct pv_desc *desc, GPtrArray *list)
{
    const struct pv_field *key_field = &desc->fields[0], *value_field = &desc->fields[1];
    size_t before = reader->path->len;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)json, key, value) {
        char *entry = pv_desc_new(desc);
        void **slot = (void **)(entry + value_field->offset);

        *(char **)(entry + key_field->offset) = g_strdup(key);
        *slot = pv_desc_new(value_field->desc);
        g_ptr_array_add(list, entry);
        g_string_append_printf(reader->path, ".%s", key);
        if (read_struct(reader, value, value_field->desc, *slot) < 0)
            return is_strict(reader) ? PV_ERR_INVALID : PV_ERR_PROTOCOL;
        g_string_truncate(reader->path, before);
    }
    return 0;
}

static int
read_list(struct reader *reader, const json_t *json, const struct pv_field *field, const struct pv_desc *desc,
          GPtrArray *list)
{
    gboolean map = json_is_object(json) && pv_vapi_is_map(desc);
    size_t most = field && field->max > 0 ? (size_t)field->max : PV_ITEMS_MAX;

    if (!json_is_array(json) && !map)
        return fail_type(reader, json, pv_vapi_is_map(desc) ? "a map" : "a list");
    if ((map ? json_object_size(json) : json_array_size(json)) > most)
        return fail(reader, "has more than %zu items", most);
    return map ? read_map(reader, json, desc, list) : read_array(reader, json, desc, list);
}

static int
read_list_member(struct reader *reader, const json_t *json, const struct pv_field *field,
                 GPtrArray **ret_list)
{
    g_autoptr(GPtrArray) list = pv_list_new(field->desc);
    int code = read_list(reader, json, field, field->desc, list);

    if (code == 0) {
        g_clear_pointer(ret_list, g_ptr_array_unref);
        *ret_list = g_steal_pointer(&list);
    }
    return code;
}

static int
read_struct_member(struct reader *reader, const json_t *json, const struct pv_field *field, void **ret_object)
{
    void *object = pv_desc_new(field->desc);
    int code = read_struct(reader, json, field->desc, object);

    if (code < 0) {
        pv_desc_free(field->desc, object);
        return code;
    }
    pv_desc_free(field->desc, *ret_object);
    *ret_object = object;
    return 0;
}

/* ---- structs ---- */

static int
read_member(struct reader *reader, const json_t *json, const struct pv_field *field, void *at)
{
    switch (field->kind) {
    case PV_BOOL:
        if (!json_is_boolean(json))
            return fail_type(reader, json, "true or false");
        *(int *)at = json_is_true(json);
        return 0;
    case PV_INT:
        return read_int(reader, json, field, at);
    case PV_DOUBLE:
        if (!json_is_number(json))
            return fail_type(reader, json, "a number");
        *(double *)at = json_number_value(json);
        return 0;
    case PV_TIME:
        return read_time(reader, json, at);
    case PV_STRING:
        return read_string(reader, json, field, at);
    case PV_ENUM:
        return read_enum(reader, json, field, at);
    case PV_STRINGS:
        return read_strings(reader, json, field, at);
    case PV_STRUCT:
        return read_struct_member(reader, json, field, at);
    case PV_LIST:
        return read_list_member(reader, json, field, at);
    }
    return fail(reader, "has a kind that cannot be read");
}

static int
fail_unknown(struct reader *reader, const struct pv_desc *desc)
{
    const char *last = strrchr(reader->path->str, '.');
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *nearest;

    for (const struct pv_field *field = desc->fields; field->name; field++)
        g_ptr_array_add(names, (void *)field->name);
    g_ptr_array_add(names, NULL);
    nearest = pv_text_nearest(last ? last + 1 : reader->path->str, (const char *const *)names->pdata);
    if (nearest)
        return fail(reader, "unknown member, did you mean \"%s\"", nearest);
    return fail(reader, "unknown member");
}

static int
check_required(struct reader *reader, const struct pv_desc *desc, const void *object)
{
    for (const struct pv_field *field = desc->fields; field->name; field++)
        if ((field->flags & PV_F_REQUIRED) && !pv_field_is_set(field, object)) {
            if (reader->path->len)
                g_string_append_c(reader->path, '.');
            g_string_append(reader->path, field->name);
            return fail(reader, "is missing");
        }
    return 0;
}

/* An unset member is left out by those who follow the specification; null is taken as the same. */
static int
read_struct(struct reader *reader, const json_t *json, const struct pv_desc *desc, void *object)
{
    size_t before = reader->path->len;
    const char *key;
    json_t *value;

    if (!json_is_object(json))
        return fail_type(reader, json, "an object");
    json_object_foreach((json_t *)json, key, value) {
        const struct pv_field *field = pv_desc_field(desc, key);
        int code = 0;

        g_string_append_printf(reader->path, "%s%s", before ? "." : "", key);
        if (!field && is_strict(reader))
            code = fail_unknown(reader, desc);
        else if (field && !json_is_null(value))
            code = read_member(reader, value, field, (char *)object + field->offset);
        if (code < 0)
            return code;
        g_string_truncate(reader->path, before);
    }
    return check_required(reader, desc, object);
}

int
pv_vapi_read(const json_t *json, const struct pv_desc *desc, unsigned flags, void **ret_object,
             pv_error **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    struct reader reader = { flags, path, error };
    void *object = pv_desc_new(desc);
    int code = read_struct(&reader, json, desc, object);

    if (code < 0)
        pv_desc_free(desc, object);
    else
        *ret_object = object;
    return code;
}

int
pv_vapi_read_list(const json_t *json, const struct pv_desc *desc, unsigned flags, GPtrArray *list,
                  pv_error **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    struct reader reader = { flags, path, error };

    return read_list(&reader, json, NULL, desc, list);
}

/* ---- bodies ---- */

/* jansson bounds its own recursion (2048); ours is smaller. */
static gboolean
too_deep(const char *text, size_t len)
{
    unsigned depth = 0;
    gboolean quoted = FALSE;

    for (size_t i = 0; i < len; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == '{' || text[i] == '[') && ++depth > PV_DEPTH_MAX)
            return TRUE;
        else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
            depth--;
    }
    return FALSE;
}

int
pv_vapi_parse(const char *text, size_t len, json_t **ret_json, pv_error **error)
{
    json_error_t why;
    json_t *json;

    if (len > PV_DOC_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "the JSON document is larger than %u bytes", PV_DOC_MAX);
    if (too_deep(text, len))
        return pv_error_set(error, PV_ERR_INVALID, "the JSON document nests deeper than %d", PV_DEPTH_MAX);
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!json)
        return pv_error_set(error, PV_ERR_INVALID, "not JSON at line %d, column %d: %s", why.line, why.column,
                            why.text);
    *ret_json = json;
    return 0;
}

static const json_t *
lone_member(const json_t *json, const char *key)
{
    return json_is_object(json) && json_object_size(json) == 1 ? json_object_get(json, key) : NULL;
}

const json_t *
pv_vapi_result(const struct pv_vapi_dialect *dialect G_GNUC_UNUSED, const json_t *answer)
{
    const json_t *value = lone_member(answer, "value");

    return value ? value : answer;
}

int
pv_vapi_spec(const struct pv_vapi_dialect *dialect, const json_t *body, const json_t **ret_spec,
             pv_error **error)
{
    const json_t *spec = lone_member(body, "spec");

    if (!json_is_object(body))
        return pv_error_set(error, PV_ERR_INVALID, "the body must be an object");
    if (!spec && dialect->wraps_spec)
        return pv_error_set(error, PV_ERR_INVALID, "spec: is missing");
    if (spec && !json_is_object(spec))
        return pv_error_set(error, PV_ERR_INVALID, "spec: must be an object, not %s", type_name(spec));
    *ret_spec = spec ? spec : body;
    return 0;
}
