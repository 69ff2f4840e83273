/* SPDX-License-Identifier: Apache-2.0 */
/* One member from text as a person types it on a command line. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "decode.h"
#include "desc-private.h"

static const struct {
    const char *name;
    int value;
} truths[] = {
    { "true", TRUE },   { "yes", TRUE }, { "on", TRUE },   { "1", TRUE },
    { "false", FALSE }, { "no", FALSE }, { "off", FALSE }, { "0", FALSE },
};

static int
refuse_value(const char *text, const char *expected, pv_error **error)
{
    g_autofree char *quoted = pv_text_quote(text);

    return pv_error_set(error, PV_ERR_INVALID, "%s is not %s", quoted, expected);
}

static int
integer_parse(const char *text, int64_t *ret_value, pv_error **error)
{
    gint64 value;

    if (!g_ascii_string_to_signed(text, 10, INT64_MIN + 1, INT64_MAX, &value, NULL))
        return refuse_value(text, "a whole number", error);
    *ret_value = value;
    return 0;
}

int
pv_unit_parse(enum pv_unit unit, const char *text, int64_t *ret_value, pv_error **error)
{
    int64_t ms;
    int code;

    if (unit == PV_UNIT_BYTES)
        return pv_size_parse(text, ret_value, error);
    if (unit != PV_UNIT_MILLISECONDS && unit != PV_UNIT_SECONDS)
        return integer_parse(text, ret_value, error);
    if (!text[strspn(text, "0123456789")]) /* without a unit: in the unit of the field */
        return integer_parse(text, ret_value, error);
    code = pv_duration_parse(text, &ms, error);
    if (code < 0)
        return code;
    if (unit == PV_UNIT_SECONDS && ms % 1000)
        return refuse_value(text, "a whole number of seconds", error);
    *ret_value = unit == PV_UNIT_SECONDS ? ms / 1000 : ms;
    return 0;
}

static int
parse_bool(const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(truths); i++)
        if (!g_ascii_strcasecmp(truths[i].name, text)) {
            PV_MEMBER(int, field, object) = truths[i].value;
            return 0;
        }
    return refuse_value(text, "yes or no", error);
}

static int
parse_int(const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    return pv_unit_parse(field->unit, text, &PV_MEMBER(int64_t, field, object), error);
}

static int
parse_double(const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    char *end;
    double value = g_ascii_strtod(text, &end);

    /* strtod would take "inf", "nan" and hexadecimal too */
    if (!g_ascii_isdigit(text[*text == '-']) || strpbrk(text, "xX") || *end || !isfinite(value))
        return refuse_value(text, "a number", error);
    PV_MEMBER(double, field, object) = value;
    return 0;
}

static int
parse_string(const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    (void)error;
    PV_MEMBER(char *, field, object) = g_strdup(text);
    return 0;
}

static int
parse_enum(const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    int value = pv_enum_value(field->values, text);

    if (!value)
        return pv_enum_refuse(field, text, error);
    PV_MEMBER(int, field, object) = value;
    return 0;
}

static int
parse_time(const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    return pv_time_parse(text, &PV_MEMBER(int64_t, field, object), error);
}

/* "a,b,,c" -> "a" and "b,c". */
static char **
split_commas(const char *text)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autoptr(GString) word = g_string_new(NULL);

    for (; *text; text++) {
        if (*text == ',' && text[1] != ',') {
            g_strv_builder_add(words, word->str);
            g_string_truncate(word, 0);
            continue;
        }
        text += *text == ',';
        g_string_append_c(word, *text);
    }
    g_strv_builder_add(words, word->str);
    return g_strv_builder_end(words);
}

static int
parse_strings(const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    g_auto(GStrv) words = split_commas(text);
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    char **before = PV_MEMBER(char **, field, object);

    for (char **word = words; *word; word++)
        if (!**word)
            return refuse_value(text, "a list of words with commas between them", error);
    if (before)
        g_strv_builder_addv(all, (const char **)before);
    g_strv_builder_addv(all, (const char **)words);
    g_strfreev(before);
    PV_MEMBER(char **, field, object) = g_strv_builder_end(all);
    return 0;
}

static int (*const parse_member[PV_KINDS])(const struct pv_field *, void *, const char *, pv_error **) = {
    [PV_BOOL] = parse_bool, [PV_INT] = parse_int,   [PV_DOUBLE] = parse_double,   [PV_STRING] = parse_string,
    [PV_ENUM] = parse_enum, [PV_TIME] = parse_time, [PV_STRINGS] = parse_strings,
};

static int set_member(GString *path, const struct pv_field *field, void *object, const char *text,
                      pv_error **error);

/* "key=value", or "key" alone where that is a yes. */
static int
set_pair(GString *path, const struct pv_desc *desc, void *object, const char *pair, pv_error **error)
{
    const char *equals = strchr(pair, '=');
    g_autofree char *key = equals ? g_strndup(pair, (gsize)(equals - pair)) : g_strdup(pair);
    const struct pv_field *field;
    size_t len = path->len;
    int code;

    field = pv_desc_field(desc, g_strdelimit(key, "-", '_'));
    if (!field)
        return pv_member_refuse(path->str, desc, key, error);
    pv_path_add_name(path, field->name);
    if (!equals && field->kind != PV_BOOL)
        code = pv_error_set(error, PV_ERR_INVALID, "%s: needs a value: %s=…", path->str, field->name);
    else if (pv_field_is_set(field, object) && field->kind != PV_STRINGS && field->kind != PV_LIST)
        code = pv_error_set(error, PV_ERR_INVALID, "%s: given twice", path->str);
    else
        code = set_member(path, field, object, equals ? equals + 1 : "on", error);
    g_string_truncate(path, len);
    return code;
}

static int
set_pairs(GString *path, const struct pv_desc *desc, void *object, const char *text, pv_error **error)
{
    g_auto(GStrv) pairs = split_commas(text);
    int code = 0;

    for (char **pair = pairs; code == 0 && *pair; pair++)
        code = set_pair(path, desc, object, *pair, error);
    return code;
}

static int
set_item(GString *path, const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    GPtrArray *list = PV_MEMBER(GPtrArray *, field, object);
    void *item = pv_desc_new(field->desc);
    size_t len = path->len;
    int code;

    if (!list)
        list = PV_MEMBER(GPtrArray *, field, object) = pv_list_new(field->desc);
    g_ptr_array_add(list, item);
    pv_path_add_index(path, list->len - 1);
    code = set_pairs(path, field->desc, item, text, error);
    g_string_truncate(path, len);
    return code;
}

static int
set_member(GString *path, const struct pv_field *field, void *object, const char *text, pv_error **error)
{
    int code;

    if (field->kind == PV_LIST)
        return set_item(path, field, object, text, error);
    if (field->kind == PV_STRUCT) {
        PV_MEMBER(void *, field, object) = pv_desc_new(field->desc);
        return set_pairs(path, field->desc, PV_MEMBER(void *, field, object), text, error);
    }
    code = parse_member[field->kind](field, object, text, error);
    if (code < 0)
        pv_error_prefix(error, "%s: ", path->str);
    return code;
}

/* Works on a draft, so that a refused text leaves the object as it was. */
int
pv_field_parse(const struct pv_desc *desc, const struct pv_field *field, void *object, const char *text,
               pv_error **error)
{
    g_autoptr(GString) path = g_string_new(field->name);
    void *draft = pv_desc_new(desc);
    int code;

    if (field->kind == PV_STRINGS || field->kind == PV_LIST) /* these grow */
        pv_field_copy(field, draft, object);
    code = set_member(path, field, draft, text, error);
    if (code == 0)
        code = pv_validate_field(path, field, draft, error);
    if (code == 0)
        pv_field_copy(field, object, draft);
    pv_desc_free(desc, draft);
    return code;
}
