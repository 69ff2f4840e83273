/* SPDX-License-Identifier: Apache-2.0 */
/* Text that may hold anything, made fit for a terminal and for messages. */
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"

/* How much of a bad value is repeated in a message, in bytes. */
#define QUOTE_MAX 40
/* Longest name that is compared when looking for the one that was meant. */
#define NEAREST_MAX 64

size_t
pv_text_char(const char *text, gunichar *ret_char)
{
    *ret_char = g_utf8_get_char_validated(text, -1);
    if (*ret_char == (gunichar)-1 || *ret_char == (gunichar)-2) {
        *ret_char = (gunichar)-1;
        return 1;
    }
    return (size_t)(g_utf8_next_char(text) - text);
}

/* Overrides of the writing direction make a name read as another one; they are shown as bytes too. */
static gboolean
is_direction(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean
is_safe(gunichar c)
{
    if (c < 0x80)
        return c >= 0x20 && c < 0x7f;
    if (c == (gunichar)-1 || is_direction(c))
        return FALSE;
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    default:
        return TRUE;
    }
}

static unsigned
char_cells(gunichar c)
{
    if (c < 0x80)
        return 1;
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

/* Bytes of printable ASCII at the start, which most names are all through. */
static size_t
plain_run(const char *text)
{
    const char *at = text;

    while (*at >= 0x20 && *at < 0x7f)
        at++;
    return (size_t)(at - text);
}

char *
pv_text_safe(const char *text)
{
    size_t plain = plain_run(text);
    GString *out = g_string_new_len(text, (gssize)plain);
    gunichar c;

    text += plain;
    for (size_t len; *text; text += len) {
        len = pv_text_char(text, &c);
        if (is_safe(c))
            g_string_append_len(out, text, (gssize)len);
        else
            for (size_t i = 0; i < len; i++)
                g_string_append_printf(out, "\\x%02x", (unsigned char)text[i]);
    }
    return g_string_free(out, FALSE);
}

unsigned
pv_text_cells(const char *text)
{
    size_t plain = plain_run(text);
    unsigned cells = (unsigned)plain;
    gunichar c;

    text += plain;
    for (size_t len; *text; text += len) {
        len = pv_text_char(text, &c);
        cells += is_safe(c) ? char_cells(c) : (unsigned)len * (unsigned)strlen("\\x00");
    }
    return cells;
}

size_t
pv_text_fit(const char *text, unsigned cells)
{
    const char *at = text;
    gunichar c;

    while (*at) {
        size_t len = pv_text_char(at, &c);
        unsigned width = char_cells(c);

        if (width > cells)
            break;
        cells -= width;
        at += len;
    }
    return (size_t)(at - text);
}

char *
pv_text_quote(const char *text)
{
    g_autofree char *safe = pv_text_safe(text);
    size_t len = strlen(safe);

    if (len <= QUOTE_MAX)
        return g_strconcat("\"", safe, "\"", NULL);
    for (len = QUOTE_MAX; (safe[len] & 0xc0) == 0x80;) /* not in the middle of a character */
        len--;
    safe[len] = '\0';
    return g_strconcat("\"", safe, "…\"", NULL);
}

static char
fold(char c)
{
    return c == '-' ? '_' : g_ascii_tolower(c);
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from a to b. */
static unsigned
edit_distance(const char *a, const char *b)
{
    unsigned rows[3][NEAREST_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    size_t a_len = strlen(a), b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *oldest = before;

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = last[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));

            now[j] = MIN(replaced, MIN(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
                now[j] = MIN(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = oldest;
    }
    return last[b_len];
}

const char *
pv_text_nearest(const char *text, const char *const *names)
{
    const char *nearest = NULL;
    size_t len = strlen(text);
    unsigned best = (unsigned)(len + 2) / 3; /* one slip in a short word, more in a long one */

    if (!len || len > NEAREST_MAX)
        return NULL;
    for (; *names; names++) {
        unsigned distance;

        if (strlen(*names) > NEAREST_MAX)
            continue;
        distance = edit_distance(text, *names);
        if (distance < len && (distance < best || (distance == best && !nearest))) {
            nearest = *names;
            best = distance;
        }
    }
    return nearest;
}
