/* SPDX-License-Identifier: Apache-2.0 */
/* One member as text: for people, or raw as CSV holds it and pv_field_parse reads it. */
#include <inttypes.h>
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"

#define SECOND_MS 1000

static char *
bool_text(const struct pv_field *field, const void *object, gboolean raw)
{
    gboolean value = PV_MEMBER_CONST(int, field, object) != FALSE;

    if (raw)
        return g_strdup(value ? "true" : "false");
    return g_strdup(value ? "yes" : "no");
}

/* 90061 -> "1d1h": the two largest units are what a person reads. */
static char *
span_text(int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char name;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    size_t i = 0;
    int64_t rest;

    while (i + 1 < G_N_ELEMENTS(units) && seconds / units[i].seconds == 0)
        i++;
    rest = i + 1 < G_N_ELEMENTS(units) ? seconds % units[i].seconds / units[i + 1].seconds : 0;
    if (seconds < 0 || !rest)
        return g_strdup_printf("%" PRId64 "%c", seconds / units[i].seconds, units[i].name);
    return g_strdup_printf("%" PRId64 "%c%" PRId64 "%c", seconds / units[i].seconds, units[i].name, rest,
                           units[i + 1].name);
}

static char *
milliseconds_text(int64_t ms)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    if (ms < SECOND_MS)
        return g_strdup_printf("%" PRId64 "ms", ms);
    if (ms >= 60 * SECOND_MS)
        return span_text(ms / SECOND_MS);
    g_ascii_formatd(number, sizeof(number), "%.2f", (double)ms / SECOND_MS);
    return g_strconcat(number, "s", NULL);
}

static char *
int_text(const struct pv_field *field, const void *object, gboolean raw)
{
    int64_t value = PV_MEMBER_CONST(int64_t, field, object);

    switch (raw ? PV_UNIT_NONE : field->unit) {
    case PV_UNIT_BYTES:
        return pv_size_text(value);
    case PV_UNIT_MILLISECONDS:
        return milliseconds_text(value);
    case PV_UNIT_SECONDS:
        return span_text(value);
    case PV_UNIT_MHZ:
        return g_strdup_printf("%" PRId64 " MHz", value);
    case PV_UNIT_PERCENT:
        return g_strdup_printf("%" PRId64 "%%", value);
    case PV_UNIT_NONE:
        break;
    }
    return g_strdup_printf("%" PRId64, value);
}

static char *
double_text(const struct pv_field *field, const void *object, gboolean raw)
{
    static const char *const suffixes[] = {
        [PV_UNIT_BYTES] = " B", [PV_UNIT_MILLISECONDS] = "ms", [PV_UNIT_SECONDS] = "s",
        [PV_UNIT_MHZ] = " MHz", [PV_UNIT_PERCENT] = "%",       [PV_UNIT_NONE] = "",
    };
    double value = PV_MEMBER_CONST(double, field, object);
    char number[MAX(G_ASCII_DTOSTR_BUF_SIZE, PV_NUMBER_TEXT)];

    if (raw) {
        pv_double_format(number, value);
        return g_strdup(number);
    }
    /* 1e300 would be 300 digits: beyond what is shown as it is, the exponent form */
    g_ascii_formatd(number, sizeof(number), value > -1e15 && value < 1e15 ? "%.2f" : "%.6g", value);
    return g_strconcat(number, suffixes[field->unit], NULL);
}

static char *
string_text(const struct pv_field *field, const void *object, gboolean raw)
{
    (void)raw;
    return g_strdup(PV_MEMBER_CONST(char *, field, object));
}

static char *
enum_text(const struct pv_field *field, const void *object, gboolean raw)
{
    const char *name = pv_enum_name(field->values, PV_MEMBER_CONST(int, field, object));

    return g_strdup(name ? name : raw ? "" : "-");
}

static char *
time_text(const struct pv_field *field, const void *object, gboolean raw)
{
    char *text = pv_time_text(PV_MEMBER_CONST(int64_t, field, object));
    char *date_end, *fraction;

    if (raw)
        return text;
    date_end = strchr(text, 'T');
    if (date_end)
        *date_end = ' ';
    fraction = strchr(text, '.');
    if (fraction)
        memcpy(fraction, "Z", 2);
    return text;
}

/* With the commas in a word doubled, as pv_field_parse reads them. */
static char *
strings_text(const struct pv_field *field, const void *object, gboolean raw)
{
    char **words = PV_MEMBER_CONST(char **, field, object);
    GString *text;

    if (!raw)
        return g_strjoinv(", ", words);
    text = g_string_new(NULL);
    for (char **word = words; *word; word++) {
        if (word > words)
            g_string_append_c(text, ',');
        for (const char *at = *word; *at; at++)
            g_string_append(text, *at == ',' ? ",," : (char[]){ *at, '\0' });
    }
    return g_string_free(text, FALSE);
}

static char *
struct_text(const struct pv_field *field, const void *object, gboolean raw)
{
    const void *member = PV_MEMBER_CONST(void *, field, object);
    GString *text;

    if (!raw) /* its name says more than its members in a row */
        for (const struct pv_field *inner = field->desc->fields; inner->name; inner++)
            if (inner->flags & PV_F_NAME && pv_field_is_set(inner, member))
                return pv_field_text(inner, member, FALSE);
    text = g_string_new(NULL);
    pv_json_write(text, field->desc, member, 0);
    return g_string_free(text, FALSE);
}

static char *
list_text(const struct pv_field *field, const void *object, gboolean raw)
{
    const GPtrArray *list = PV_MEMBER_CONST(GPtrArray *, field, object);
    GString *text;

    if (!raw)
        return g_strdup_printf("%u", list->len);
    text = g_string_new(NULL);
    pv_json_write_list(text, field->desc, list, 0);
    return g_string_free(text, FALSE);
}

static char *(*const member_text[PV_KINDS])(const struct pv_field *, const void *, gboolean) = {
    [PV_BOOL] = bool_text,       [PV_INT] = int_text,       [PV_DOUBLE] = double_text,
    [PV_STRING] = string_text,   [PV_ENUM] = enum_text,     [PV_TIME] = time_text,
    [PV_STRINGS] = strings_text, [PV_STRUCT] = struct_text, [PV_LIST] = list_text,
};

char *
pv_field_text(const struct pv_field *field, const void *object, gboolean raw)
{
    if (!pv_field_is_set(field, object))
        return g_strdup(raw ? "" : "-");
    if (field->flags & PV_F_SECRET)
        return g_strdup("***");
    return member_text[field->kind](field, object, raw);
}
