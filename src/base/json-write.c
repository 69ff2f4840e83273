/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out: the walk straight into a buffer, without a tree and without an allocation per member. */
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"

#define INDENT 2

struct writer {
    GString *out;
    gboolean pretty;
    gboolean first; /* nothing stands yet in the innermost container */
    gboolean keyed; /* a key stands before the value that comes */
    unsigned depth;
};

static void
new_line(struct writer *writer)
{
    if (!writer->pretty)
        return;
    g_string_append_c(writer->out, '\n');
    for (unsigned i = 0; i < writer->depth * INDENT; i++)
        g_string_append_c(writer->out, ' ');
}

/* Comes before every key, and before every value that has no key. */
static void
separate(struct writer *writer)
{
    if (writer->keyed) {
        writer->keyed = FALSE;
        return;
    }
    if (!writer->first)
        g_string_append_c(writer->out, ',');
    if (writer->depth)
        new_line(writer);
    writer->first = FALSE;
}

static void
begin(struct writer *writer, char bracket)
{
    separate(writer);
    g_string_append_c(writer->out, bracket);
    writer->depth++;
    writer->first = TRUE;
}

static void
end(struct writer *writer, char bracket)
{
    writer->depth--;
    if (!writer->first)
        new_line(writer);
    g_string_append_c(writer->out, bracket);
    writer->first = FALSE;
}

static void
json_map_begin(void *to)
{
    begin(to, '{');
}

static void
json_map_end(void *to)
{
    end(to, '}');
}

static void
json_list_begin(void *to)
{
    begin(to, '[');
}

static void
json_list_end(void *to)
{
    end(to, ']');
}

static void
json_key(void *to, const char *name)
{
    struct writer *writer = to;

    separate(writer);
    g_string_append_c(writer->out, '"');
    g_string_append(writer->out, name); /* snake_case: nothing to escape */
    g_string_append(writer->out, writer->pretty ? "\": " : "\":");
    writer->keyed = TRUE;
}

static void
json_text(void *to, const char *text)
{
    struct writer *writer = to;

    separate(writer);
    pv_json_write_string(writer->out, text);
}

static void
json_literal(void *to, const char *text, size_t len)
{
    struct writer *writer = to;

    separate(writer);
    g_string_append_len(writer->out, text, len);
}

static const struct pv_sink json_sink = {
    .map_begin = json_map_begin,
    .map_end = json_map_end,
    .list_begin = json_list_begin,
    .list_end = json_list_end,
    .key = json_key,
    .text = json_text,
    .literal = json_literal,
};

void
pv_json_write(GString *out, const struct pv_desc *desc, const void *object, unsigned flags)
{
    struct writer writer = { .out = out, .pretty = !!(flags & PV_WRITE_PRETTY), .first = TRUE };

    pv_walk_object(&json_sink, &writer, desc, object);
}

void
pv_json_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list, unsigned flags)
{
    struct writer writer = { .out = out, .pretty = !!(flags & PV_WRITE_PRETTY), .first = TRUE };

    pv_walk_list(&json_sink, &writer, desc, list);
}

static gboolean
is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

static void
write_ascii(GString *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = strchr(from, c);

    if (at)
        g_string_append_printf(out, "\\%c", to[at - from]);
    else
        g_string_append_printf(out, "\\u%04x", (unsigned char)c);
}

/*
 * C1 controls are escaped though JSON would allow them: U+009B starts a terminal escape as well as
 * ESC [ does, and JSON often ends on a terminal.
 */
static size_t
write_multibyte(GString *out, const char *text)
{
    gunichar c;
    size_t len = pv_text_char(text, &c);

    if (c == (gunichar)-1)
        g_string_append(out, "\357\277\275"); /* U+FFFD */
    else if (c < 0xa0)
        g_string_append_printf(out, "\\u%04x", c);
    else
        g_string_append_len(out, text, len);
    return len;
}

void
pv_json_write_string(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    while (*text) {
        const char *run = text;

        while (is_plain(*text))
            text++;
        g_string_append_len(out, run, text - run);
        if (*text & 0x80)
            text += write_multibyte(out, text);
        else if (*text)
            write_ascii(out, *text++);
    }
    g_string_append_c(out, '"');
}
