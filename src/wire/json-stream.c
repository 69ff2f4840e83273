/* SPDX-License-Identifier: Apache-2.0 */
#include "json-stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void
pv_json_stream_init(struct pv_json_stream *stream, size_t max_bytes, unsigned max_depth)
{
    *stream = (struct pv_json_stream){ .max_bytes = max_bytes, .max_depth = max_depth };
}

void
pv_json_stream_clear(struct pv_json_stream *stream)
{
    g_clear_pointer(&stream->data, g_free);
    stream->size = stream->len = stream->begin = stream->scan = 0;
}

/* Moves the present object to the front; an empty buffer that had to grow is given back. */
static void
stream_compact(struct pv_json_stream *stream)
{
    if (stream->begin == stream->len && stream->size > PV_JSON_STREAM_KEEP) {
        pv_json_stream_clear(stream);
        return;
    }
    if (stream->begin == 0)
        return;
    memmove(stream->data, stream->data + stream->begin, stream->len - stream->begin);
    stream->len -= stream->begin;
    stream->scan -= stream->begin;
    stream->begin = 0;
}

char *
pv_json_stream_room(struct pv_json_stream *stream, size_t *ret_room)
{
    stream_compact(stream);
    if (stream->size - stream->len < PV_JSON_STREAM_READ) {
        stream->size = MAX(stream->size * 2, stream->len + PV_JSON_STREAM_READ);
        stream->data = g_realloc(stream->data, stream->size);
    }
    *ret_room = stream->size - stream->len;
    return stream->data + stream->len;
}

void
pv_json_stream_added(struct pv_json_stream *stream, size_t bytes)
{
    stream->len += bytes;
}

gboolean
pv_json_stream_is_inside(const struct pv_json_stream *stream)
{
    return stream->depth > 0;
}

static gboolean
is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Skips white space between objects; 1 at an object's brace, 0 when the bytes ran out. */
static int
find_begin(struct pv_json_stream *stream, pv_error **error)
{
    while (stream->scan < stream->len && is_space(stream->data[stream->scan]))
        stream->scan++;
    stream->begin = stream->scan;
    if (stream->scan == stream->len)
        return 0;
    if (stream->data[stream->scan] != '{')
        return pv_error_set(error, PV_ERR_PROTOCOL, "expected a JSON object and got byte 0x%02x",
                            (unsigned char)stream->data[stream->scan]);
    return 1;
}

/* Looks at the bytes that came since; 1 behind the object's last brace, 0 when it goes on. */
static int
find_end(struct pv_json_stream *stream, pv_error **error)
{
    while (stream->scan < stream->len) {
        char byte = stream->data[stream->scan++];

        if (stream->in_string) {
            if (stream->escaped)
                stream->escaped = FALSE;
            else if (byte == '\\')
                stream->escaped = TRUE;
            else if (byte == '"')
                stream->in_string = FALSE;
        } else if (byte == '"') {
            stream->in_string = TRUE;
        } else if (byte == '{' || byte == '[') {
            if (++stream->depth > stream->max_depth)
                return pv_error_set(error, PV_ERR_PROTOCOL, "a message is nested deeper than %u",
                                    stream->max_depth);
        } else if ((byte == '}' || byte == ']') && --stream->depth == 0) {
            return 1;
        }
    }
    return 0;
}

int
pv_json_stream_next(struct pv_json_stream *stream, const char **ret_text, size_t *ret_len, pv_error **error)
{
    int found;

    if (stream->depth == 0) {
        found = find_begin(stream, error);
        if (found <= 0)
            return found;
    }
    found = find_end(stream, error);
    if (found < 0)
        return found;
    if (stream->scan - stream->begin > stream->max_bytes)
        return pv_error_set(error, PV_ERR_PROTOCOL, "a message is longer than %zu bytes", stream->max_bytes);
    if (found == 0)
        return 0;
    *ret_text = stream->data + stream->begin;
    *ret_len = stream->scan - stream->begin;
    stream->begin = stream->scan;
    return 1;
}

gboolean
pv_json_stream_skip_past(struct pv_json_stream *stream, char delimiter)
{
    size_t held = stream->len - stream->begin;
    const char *at = held ? memchr(stream->data + stream->begin, delimiter, held) : NULL;

    stream->depth = 0;
    stream->in_string = stream->escaped = FALSE;
    stream->begin = stream->scan = at ? (size_t)(at - stream->data) + 1 : stream->len;
    return at != NULL;
}

/* ---- parsing ---- */

/* Appends the number at text, which jansson refused or would refuse, in a form it takes; returns its
 * length. Fractions and exponents pass unchanged. */
static size_t
append_number(GString *out, const char *text, const char *end)
{
    size_t len = 1;
    gboolean integer;
    char *number_end;
    unsigned long long value;

    while (text + len < end && strchr("0123456789+-.eE", text[len]) && text[len])
        len++;
    integer = !memchr(text, '.', len) && !memchr(text, 'e', len) && !memchr(text, 'E', len);
    g_string_append_len(out, text, len);
    if (!integer)
        return len;
    errno = 0;
    value = strtoull(text + (*text == '-'), &number_end, 10);
    if (errno == ERANGE || (*text == '-' && value > (unsigned long long)INT64_MAX + 1)) {
        g_string_append(out, ".0");
    } else if (*text != '-' && value > INT64_MAX) {
        g_string_truncate(out, out->len - len);
        g_string_append_printf(out, "%" PRId64, (int64_t)value);
    }
    return len;
}

/* The same text with every integer beyond int64 rewritten. The object ends with a brace, so a number
 * never runs past the end. */
static GString *
rewrite_integers(const char *text, size_t len)
{
    GString *out = g_string_sized_new(len + 16);
    const char *end = text + len;
    gboolean in_string = FALSE;

    while (text < end) {
        if (!in_string && (g_ascii_isdigit(*text) || *text == '-')) {
            text += append_number(out, text, end);
            continue;
        }
        if (in_string && *text == '\\' && text + 1 < end)
            g_string_append_c(out, *text++);
        else if (*text == '"')
            in_string = !in_string;
        g_string_append_c(out, *text++);
    }
    return out;
}

int
pv_json_stream_parse(const char *text, size_t len, json_t **ret_object, pv_error **error)
{
    json_error_t fault;
    json_t *object = json_loadb(text, len, JSON_ALLOW_NUL, &fault);

    if (!object && json_error_code(&fault) == json_error_numeric_overflow) {
        GString *again = rewrite_integers(text, len);

        object = json_loadb(again->str, again->len, JSON_ALLOW_NUL, &fault);
        g_string_free(again, TRUE);
    }
    if (!object)
        return pv_error_set(error, PV_ERR_PROTOCOL, "a message is not valid JSON: %s", fault.text);
    *ret_object = object;
    return 0;
}
