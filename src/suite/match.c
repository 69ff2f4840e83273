/* SPDX-License-Identifier: Apache-2.0 */
/* An answer held against what was expected of it. Every part that does not fit is told by its path. */
#include "run-priv.h"

#include <math.h>
#include <string.h>

#define TEXT_MAX 400 /* bytes of a value shown in a mismatch */

struct look {
    GPtrArray *mismatches; /* NULL: only whether it fits */
    int64_t step;
    unsigned count;
};

static char *
whole(const json_t *value)
{
    char *dump = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
    char *text = g_strdup(dump ? dump : "nothing");

    free(dump);
    return text;
}

static char *
show(const json_t *value)
{
    g_autofree char *text = whole(value);

    if (strlen(text) <= TEXT_MAX)
        return g_steal_pointer(&text);
    text[TEXT_MAX] = '\0';
    return g_utf8_make_valid(text, -1);
}

static gboolean G_GNUC_PRINTF(4, 5)
miss(struct look *look, const char *path, const json_t *actual, const char *format, ...)
{
    suite_mismatch *mismatch;
    va_list list;

    look->count++;
    if (!look->mismatches)
        return FALSE;
    mismatch = suite_mismatch_new();
    mismatch->step = look->step;
    mismatch->path = g_strdup(path);
    va_start(list, format);
    mismatch->expected = g_strdup_vprintf(format, list);
    va_end(list);
    mismatch->actual = show(actual);
    g_ptr_array_add(look->mismatches, mismatch);
    return FALSE;
}

/* numbers are equal by value, 5 and 5.0 too; all else as JSON says */
static gboolean
equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return json_is_integer(a) && json_is_integer(b) ? json_integer_value(a) == json_integer_value(b)
                                                        : json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

/* RFC 6901; "/" alone is the whole document, as no key of these APIs is empty. */
static const json_t *
at_pointer(const json_t *value, const char *pointer)
{
    g_auto(GStrv) parts = g_strsplit(*pointer == '/' ? pointer + 1 : pointer, "/", -1);

    if (!*pointer || g_str_equal(pointer, "/"))
        return value;
    for (char **part = parts; value && *part; part++) {
        g_autoptr(GString) key = g_string_new(*part);

        g_string_replace(key, "~1", "/", 0);
        g_string_replace(key, "~0", "~", 0);
        if (json_is_array(value)) {
            guint64 index;

            if (!g_ascii_string_to_unsigned(key->str, 10, 0, G_MAXINT32, &index, NULL))
                return NULL;
            value = json_array_get(value, (size_t)index);
        } else {
            value = json_object_get(value, key->str);
        }
    }
    return value;
}

const json_t *
suite_pointer(const json_t *value, const char *pointer)
{
    return at_pointer(value, pointer);
}

static const char *
type_of(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",  [JSON_INTEGER] = "integer",
        [JSON_REAL] = "number",     [JSON_TRUE] = "boolean", [JSON_FALSE] = "boolean", [JSON_NULL] = "null",
    };

    return value ? names[json_typeof(value)] : "nothing";
}

static gboolean match(struct look *look, const char *path, const json_t *want, const json_t *value);

/* Does it fit, without a word about it? */
static gboolean
fits(const json_t *want, const json_t *value)
{
    struct look look = { 0 };

    return match(&look, "", want, value);
}

/* ---- one function a matcher: TRUE when it holds ---- */

typedef gboolean (*matcher_fn)(struct look *look, const char *path, const json_t *want, const json_t *value);

#define MATCHER(name) static gboolean name(struct look *look, const char *path, const json_t *want, const json_t *value)

MATCHER(match_equals)
{
    g_autofree char *text = NULL;

    if (value && equal(want, value))
        return TRUE;
    text = show(want);
    return miss(look, path, value, "%s", text);
}

MATCHER(match_not)
{
    g_autofree char *text = NULL;

    if (!fits(want, value))
        return TRUE;
    text = show(want);
    return miss(look, path, value, "not %s", text);
}

MATCHER(match_type)
{
    const char *type = json_string_value(want);

    if (g_strcmp0(type, type_of(value)) == 0 || (g_strcmp0(type, "number") == 0 && json_is_number(value)))
        return TRUE;
    return miss(look, path, value, "a value of type %s", type);
}

MATCHER(match_min)
{
    if (json_is_number(value) && json_number_value(value) >= json_number_value(want))
        return TRUE;
    return miss(look, path, value, "at least %g", json_number_value(want));
}

MATCHER(match_max)
{
    if (json_is_number(value) && json_number_value(value) <= json_number_value(want))
        return TRUE;
    return miss(look, path, value, "at most %g", json_number_value(want));
}

MATCHER(match_matches)
{
    if (json_is_string(value) && g_regex_match_simple(json_string_value(want), json_string_value(value), 0, 0))
        return TRUE;
    return miss(look, path, value, "text that matches %s", json_string_value(want));
}

MATCHER(match_one_of)
{
    g_autofree char *text = NULL;
    const json_t *item;
    size_t i;

    json_array_foreach(want, i, item)
        if (value && equal(item, value))
            return TRUE;
    text = show(want);
    return miss(look, path, value, "one of %s", text);
}

MATCHER(match_present)
{
    if (json_is_true(want) == (value != NULL))
        return TRUE;
    return miss(look, path, value, json_is_true(want) ? "something" : "nothing");
}

MATCHER(match_count)
{
    g_autoptr(GString) where = g_string_new(path);
    gboolean holds;
    json_t *count;

    if (!json_is_array(value) && !json_is_object(value))
        return miss(look, path, value, "a list or an object");
    count = json_integer((json_int_t)(json_is_array(value) ? json_array_size(value) : json_object_size(value)));
    g_string_append(where, " count");
    holds = match(look, where->str, want, count);
    json_decref(count);
    return holds;
}

MATCHER(match_contains)
{
    g_autofree char *text = NULL;
    const json_t *item;
    size_t i;

    json_array_foreach(value, i, item)
        if (fits(want, item))
            return TRUE;
    text = show(want);
    return miss(look, path, value, "a list with an item that meets %s", text);
}

MATCHER(match_each)
{
    gboolean holds = TRUE;
    const json_t *item;
    size_t i;

    if (!json_is_array(value))
        return miss(look, path, value, "a list");
    json_array_foreach(value, i, item) {
        g_autofree char *where = g_strdup_printf("%s/%zu", path, i);

        holds = match(look, where, want, item) && holds;
    }
    return holds;
}

MATCHER(match_unique)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const json_t *item;
    size_t i;

    if (!json_is_array(value))
        return miss(look, path, value, "a list");
    json_array_foreach(value, i, item) {
        g_autofree char *where = g_strdup_printf("%s/%zu", path, i);
        const json_t *part = at_pointer(item, json_string_value(want));

        if (!g_hash_table_add(seen, whole(part)))
            return miss(look, where, part, "no two alike at %s", json_string_value(want));
    }
    return TRUE;
}

MATCHER(match_has)
{
    gboolean holds = TRUE;
    const json_t *part;
    const char *key;

    if (!json_is_object(value))
        return miss(look, path, value, "an object");
    json_object_foreach((json_t *)want, key, part) {
        g_autofree char *where = g_strdup_printf("%s/%s", path, key);

        holds = match(look, where, part, json_object_get(value, key)) && holds;
    }
    return holds;
}

MATCHER(match_time)
{
    int64_t usec;

    (void)want;
    if (json_is_string(value) && pv_time_parse(json_string_value(value), &usec, NULL) == 0)
        return TRUE;
    return miss(look, path, value, "a time (RFC 3339)");
}

static const struct {
    const char *key;
    matcher_fn match;
} matchers[] = {
    { "equals", match_equals },     { "not", match_not },     { "type", match_type },
    { "min", match_min },           { "max", match_max },     { "matches", match_matches },
    { "one_of", match_one_of },     { "present", match_present }, { "count", match_count },
    { "contains", match_contains }, { "each", match_each },   { "unique", match_unique },
    { "has", match_has },           { "time", match_time },
};

static gboolean
match(struct look *look, const char *path, const json_t *want, const json_t *value)
{
    gboolean holds = TRUE;
    const json_t *part;
    const char *key;

    if (!json_is_object(want))
        return match_equals(look, path, want, value);
    json_object_foreach((json_t *)want, key, part)
        for (size_t i = 0; i < G_N_ELEMENTS(matchers); i++)
            if (g_str_equal(key, matchers[i].key))
                holds = matchers[i].match(look, path, part, value) && holds;
    return holds;
}

/* ---- the whole ---- */

/* A word, or a list of them. */
static void
match_word(struct look *look, const char *path, const json_t *want, const json_t *value)
{
    if (json_is_array(want))
        match_one_of(look, path, want, value);
    else
        match(look, path, want, value);
}

/* Without a word about errors or the status, success is what is expected. */
static void
match_success(struct look *look, const json_t *expect, const json_t *reply)
{
    const json_t *code = json_object_get(reply, "error");
    g_autofree char *text = NULL;

    if (json_object_get(expect, "error") || json_object_get(expect, "status") ||
        json_is_true(json_object_get(reply, "ok")))
        return;
    text = g_strdup_printf("%s: %s", code ? json_string_value(code) : "failed",
                           json_string_value(json_object_get(reply, "message")));
    miss(look, "error", NULL, "success");
    if (look->mismatches) {
        suite_mismatch *last = g_ptr_array_index(look->mismatches, look->mismatches->len - 1);

        g_free(last->actual);
        last->actual = g_steal_pointer(&text);
    }
}

unsigned
suite_match(const json_t *expect, const json_t *reply, int64_t step, GPtrArray *mismatches)
{
    struct look look = { mismatches, step, 0 };
    const json_t *want, *headers = json_object_get(reply, "headers");
    const char *key;

    match_success(&look, expect, reply);
    if (look.count)
        return look.count;
    json_object_foreach((json_t *)expect, key, want) {
        if (*key == '/')
            match(&look, key, want, at_pointer(json_object_get(reply, "body"), key));
        else if (g_str_equal(key, "header"))
            match_has(&look, "header", want, headers ? headers : json_null());
        else if (g_str_equal(key, "message"))
            match_matches(&look, "message", want, json_object_get(reply, "message"));
        else
            match_word(&look, key, want, json_object_get(reply, key));
    }
    return look.count;
}
