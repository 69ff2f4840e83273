/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml-core.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#define DIGITS "0123456789"

static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
static const char *const trues[] = { "true", "True", "TRUE", NULL };
static const char *const falses[] = { "false", "False", "FALSE", NULL };
static const char *const no_numbers[] = {
    ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
    ".nan", ".NaN", ".NAN", NULL,
};

/* All of text, and at least one, is of the set. */
static gboolean
consists_of(const char *text, const char *set)
{
    return *text && !text[strspn(text, set)];
}

static gboolean
is_float(const char *text)
{
    size_t whole, fraction = 0;

    text += *text == '-' || *text == '+';
    whole = strspn(text, DIGITS);
    text += whole;
    if (*text == '.') {
        fraction = strspn(++text, DIGITS);
        text += fraction;
    }
    if (!whole && !fraction)
        return FALSE;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        return consists_of(text, DIGITS);
    }
    return !*text;
}

static json_t *
integer_value(const char *digits, int base)
{
    long long value;

    errno = 0;
    value = strtoll(digits, NULL, base);
    return errno ? NULL : json_integer(value);
}

json_t *
pv_yaml_core_value(const char *text)
{
    if (g_strv_contains(nulls, text))
        return json_null();
    if (g_strv_contains(trues, text))
        return json_true();
    if (g_strv_contains(falses, text))
        return json_false();
    if (g_strv_contains(no_numbers, text))
        return NULL;
    if (consists_of(text + (*text == '-' || *text == '+'), DIGITS))
        return integer_value(text, 10);
    if (g_str_has_prefix(text, "0o") && consists_of(text + 2, "01234567"))
        return integer_value(text + 2, 8);
    if (g_str_has_prefix(text, "0x") && consists_of(text + 2, DIGITS "abcdefABCDEF"))
        return integer_value(text + 2, 16);
    if (is_float(text))
        return json_real(g_ascii_strtod(text, NULL)); /* NULL for infinity */
    return json_string(text);
}
