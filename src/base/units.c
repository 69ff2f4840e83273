/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes, durations and times as people and machines write them. */
#include <inttypes.h>
#include <math.h>
#include <polyvirt/desc.h>
#include <string.h>
#include <time.h>

#include "desc-private.h"

#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)
#define TIB (INT64_C(1) << 40)
#define PIB (INT64_C(1) << 50)
#define EIB (INT64_C(1) << 60)

#define USEC_PER_MS  INT64_C(1000)
#define USEC_PER_SEC INT64_C(1000000)

/* Digits that are looked at behind a decimal point; more of them cannot change the outcome. */
#define FRACTION_DIGITS 18

struct scale {
    const char *name;
    int64_t factor;
};

static const struct scale sizes[] = {
    { "", 1 },
    { "b", 1 },
    { "k", KIB }, { "kib", KIB }, { "kb", INT64_C(1000) },
    { "m", MIB }, { "mib", MIB }, { "mb", INT64_C(1000000) },
    { "g", GIB }, { "gib", GIB }, { "gb", INT64_C(1000000000) },
    { "t", TIB }, { "tib", TIB }, { "tb", INT64_C(1000000000000) },
    { "p", PIB }, { "pib", PIB }, { "pb", INT64_C(1000000000000000) },
    { "e", EIB }, { "eib", EIB }, { "eb", INT64_C(1000000000000000000) },
    { NULL, 0 },
};

static const struct scale durations[] = {
    { "", 1000 },
    { "ms", 1 },
    { "s", 1000 },
    { "m", 60 * 1000 },
    { "h", 60 * 60 * 1000 },
    { "d", 24 * 60 * 60 * 1000 },
    { NULL, 0 },
};

static const struct scale *
find_scale(const struct scale *scales, const char *name)
{
    for (; scales->name; scales++)
        if (!g_ascii_strcasecmp(scales->name, name))
            return scales;
    return NULL;
}

/* Reads the digits at *text into *value, at most so many that it cannot overflow; returns how many
 * there were, or -1 when the number is beyond int64. */
static int
read_digits(const char **text, int64_t *ret_value)
{
    int64_t value = 0;
    int count = 0;

    for (; g_ascii_isdigit(**text); (*text)++, count++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, **text - '0', &value))
            return -1;
    *ret_value = value;
    return count;
}

/* The part behind the point times factor, rounded down. */
static int64_t
read_fraction(const char **text, int64_t factor, gboolean *ret_any)
{
    __int128 value = 0, scale = 1;
    int count = 0;

    for (; g_ascii_isdigit(**text); (*text)++, count++)
        if (count < FRACTION_DIGITS) {
            value = value * 10 + (**text - '0');
            scale *= 10;
        }
    *ret_any = count > 0;
    return (int64_t)(value * factor / scale);
}

/* "1.5 g" with a table of units; FALSE when it is no such number or beyond int64. */
static gboolean
read_quantity(const char *text, const struct scale *scales, int64_t *ret_value)
{
    const char *point = NULL;
    const struct scale *scale;
    int64_t whole, value, fraction;
    gboolean any;

    if (read_digits(&text, &whole) <= 0)
        return FALSE;
    if (*text == '.') {
        point = ++text;
        while (g_ascii_isdigit(*text))
            text++;
    }
    if (text[0] == ' ' && text[1])
        text++;
    scale = find_scale(scales, text);
    if (!scale || __builtin_mul_overflow(whole, scale->factor, &value))
        return FALSE;
    if (point) {
        fraction = read_fraction(&point, scale->factor, &any);
        if (!any || scale->factor == 1 || __builtin_add_overflow(value, fraction, &value))
            return FALSE;
    }
    *ret_value = value;
    return TRUE;
}

int
pv_size_parse(const char *text, int64_t *ret_bytes, pv_error **error)
{
    g_autofree char *quoted = NULL;

    if (read_quantity(text, sizes, ret_bytes))
        return 0;
    quoted = pv_text_quote(text);
    pv_error_set(error, PV_ERR_INVALID, "%s is not a size in bytes up to 8 EiB", quoted);
    pv_error_hint(error, "write a size as 512M, 20GiB or 1.5T (1024) or 20GB (1000)");
    return PV_ERR_INVALID;
}

int
pv_duration_parse(const char *text, int64_t *ret_ms, pv_error **error)
{
    g_autofree char *quoted = NULL;

    if (read_quantity(text, durations, ret_ms))
        return 0;
    quoted = pv_text_quote(text);
    pv_error_set(error, PV_ERR_INVALID, "%s is not a duration", quoted);
    pv_error_hint(error, "write a duration as 90, 90s, 5m, 2h or 1d");
    return PV_ERR_INVALID;
}

char *
pv_size_text(int64_t bytes)
{
    static const char *const names[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    double value = (double)bytes;
    size_t i = 0;

    if (bytes == PV_UNSET_INT)
        return g_strdup("-");
    if (bytes > -KIB && bytes < KIB)
        return g_strdup_printf("%" PRId64 " B", bytes);
    /* 1023.95 would be shown as 1024.0: the next unit takes it */
    for (value /= 1024; fabs(value) >= 1023.95 && i + 1 < G_N_ELEMENTS(names); i++)
        value /= 1024;
    g_ascii_formatd(number, sizeof(number), "%.1f", value);
    return g_strconcat(number, " ", names[i], NULL);
}

size_t
pv_int_format(char *buffer, int64_t value)
{
    char digits[20], *at = digits + sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t len;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--at = '-';
    len = (size_t)(digits + sizeof(digits) - at);
    memcpy(buffer, at, len);
    buffer[len] = '\0';
    return len;
}

/* The shortest text that reads back as the same number. */
size_t
pv_double_format(char *buffer, double value)
{
    static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(buffer, PV_NUMBER_TEXT, formats[i], value);
        if (g_ascii_strtod(buffer, NULL) == value)
            break;
    }
    return strlen(buffer);
}

/* So many digits, zeros first, and what stands behind them. */
static char *
put_digits(char *at, int value, int count, char behind)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = behind;
    return at + count + 1;
}

/* By hand, because a list has thousands of times and snprintf would take most of its writing. */
size_t
pv_time_format(char *buffer, int64_t usec)
{
    int64_t second = usec / USEC_PER_SEC, rest = usec % USEC_PER_SEC;
    char *at = buffer;
    time_t when;
    struct tm tm;

    if (rest < 0) {
        rest += USEC_PER_SEC;
        second--;
    }
    when = (time_t)second;
    gmtime_r(&when, &tm); /* cannot fail: int64 microseconds are 292,000 years */
    if (tm.tm_year + 1900 >= 0 && tm.tm_year + 1900 <= 9999) {
        at = put_digits(at, tm.tm_year + 1900, 4, '-');
    } else {
        at += pv_int_format(at, tm.tm_year + 1900);
        *at++ = '-';
    }
    at = put_digits(at, tm.tm_mon + 1, 2, '-');
    at = put_digits(at, tm.tm_mday, 2, 'T');
    at = put_digits(at, tm.tm_hour, 2, ':');
    at = put_digits(at, tm.tm_min, 2, ':');
    at = put_digits(at, tm.tm_sec, 2, rest >= USEC_PER_MS ? '.' : 'Z');
    if (rest >= USEC_PER_MS)
        at = put_digits(at, (int)(rest / USEC_PER_MS), 3, 'Z');
    *at = '\0';
    return (size_t)(at - buffer);
}

char *
pv_time_text(int64_t usec)
{
    char buffer[PV_NUMBER_TEXT];

    if (usec == PV_UNSET_INT)
        return g_strdup("-");
    pv_time_format(buffer, usec);
    return g_strdup(buffer);
}

/* ISO 8601, which GLib reads, has more forms (weeks, ordinal days, no separators) than RFC 3339. */
static gboolean
has_rfc3339_shape(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00";

    for (size_t i = 0; shape[i]; i++)
        if (!(shape[i] == '0' ? g_ascii_isdigit(text[i]) : text[i] == shape[i]) &&
            !(shape[i] == 'T' && (text[i] == 't' || text[i] == ' ')))
            return FALSE;
    return TRUE;
}

int
pv_time_parse(const char *text, int64_t *ret_usec, pv_error **error)
{
    g_autoptr(GDateTime) time = has_rfc3339_shape(text) ? g_date_time_new_from_iso8601(text, NULL) : NULL;
    g_autofree char *quoted = NULL;

    if (time) {
        *ret_usec = g_date_time_to_unix(time) * USEC_PER_SEC + g_date_time_get_microsecond(time);
        return 0;
    }
    quoted = pv_text_quote(text);
    pv_error_set(error, PV_ERR_INVALID, "%s is not a time", quoted);
    pv_error_hint(error, "write a time as 2026-11-22T20:35:00Z or with an offset, 2026-11-22T21:35:00+01:00");
    return PV_ERR_INVALID;
}
