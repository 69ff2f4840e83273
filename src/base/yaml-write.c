/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML out: the walk into libyaml's emitter. A string stands without quotes only where every reader,
 * also of YAML 1.1 (where 12:34 is a number and "no" a boolean), takes it for a string.
 */
#include <polyvirt/desc.h>
#include <string.h>
#include <yaml.h>

#include "desc-private.h"

/* The emitter fails for want of memory only, and GLib ends the program before that. */
#define emit(emitter, event) ((void)yaml_emitter_emit((emitter), (event)))

static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };

static gboolean
is_word(const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (!g_ascii_strcasecmp(words[i], text))
            return TRUE;
    return FALSE;
}

/* A colon may start a mapping; the emitter sees where it would and takes quotes itself. */
static gboolean
is_plain(const char *text)
{
    size_t len = strlen(text);

    if (!g_ascii_isalpha(*text) && *text != '/' && *text != '_')
        return FALSE;
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(text[i]) && !strchr("_./-@+: ", text[i]))
            return FALSE;
    return text[len - 1] != ' ' && !is_word(text);
}

/* Lines that a block can hold; where one ends in a blank the emitter takes quotes itself. */
static gboolean
is_block(const char *text)
{
    g_autofree char *line = NULL, *safe = NULL;

    if (!strchr(text, '\n') || *text == '\n' || *text == ' ')
        return FALSE;
    line = g_strdelimit(g_strdup(text), "\n", ' ');
    safe = pv_text_safe(line);
    return g_str_equal(line, safe);
}

static yaml_scalar_style_t
style_of(const char *text)
{
    if (is_plain(text))
        return YAML_PLAIN_SCALAR_STYLE;
    return is_block(text) ? YAML_LITERAL_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static void
emit_scalar(yaml_emitter_t *emitter, const char *text, size_t len, yaml_scalar_style_t style)
{
    yaml_event_t event;

    if (yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)len, 1, 1, style))
        emit(emitter, &event);
}

static void
yaml_map_begin(void *to)
{
    yaml_event_t event;

    yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    emit(to, &event);
}

static void
yaml_map_end(void *to)
{
    yaml_event_t event;

    yaml_mapping_end_event_initialize(&event);
    emit(to, &event);
}

static void
yaml_list_begin(void *to)
{
    yaml_event_t event;

    yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    emit(to, &event);
}

static void
yaml_list_end(void *to)
{
    yaml_event_t event;

    yaml_sequence_end_event_initialize(&event);
    emit(to, &event);
}

static void
yaml_literal(void *to, const char *text, size_t len)
{
    emit_scalar(to, text, len, YAML_PLAIN_SCALAR_STYLE);
}

static void
yaml_key(void *to, const char *name)
{
    yaml_literal(to, name, strlen(name));
}

static void
yaml_text(void *to, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    emit_scalar(to, valid, strlen(valid), style_of(valid));
}

static const struct pv_sink yaml_sink = {
    .map_begin = yaml_map_begin,
    .map_end = yaml_map_end,
    .list_begin = yaml_list_begin,
    .list_end = yaml_list_end,
    .key = yaml_key,
    .text = yaml_text,
    .literal = yaml_literal,
};

static int
append(void *data, unsigned char *bytes, size_t len)
{
    g_string_append_len(data, (const char *)bytes, (gssize)len);
    return 1;
}

static void
begin(yaml_emitter_t *emitter, GString *out)
{
    yaml_event_t event;

    yaml_emitter_initialize(emitter);
    yaml_emitter_set_output(emitter, append, out);
    yaml_emitter_set_unicode(emitter, 1);
    yaml_emitter_set_width(emitter, -1);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(emitter, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    emit(emitter, &event);
}

static void
end(yaml_emitter_t *emitter)
{
    yaml_event_t event;

    yaml_document_end_event_initialize(&event, 1);
    emit(emitter, &event);
    yaml_stream_end_event_initialize(&event);
    emit(emitter, &event);
    yaml_emitter_delete(emitter);
}

void
pv_yaml_write(GString *out, const struct pv_desc *desc, const void *object)
{
    yaml_emitter_t emitter;

    begin(&emitter, out);
    pv_walk_object(&yaml_sink, &emitter, desc, object);
    end(&emitter);
}

void
pv_yaml_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list)
{
    yaml_emitter_t emitter;

    begin(&emitter, out);
    pv_walk_list(&yaml_sink, &emitter, desc, list);
    end(&emitter);
}
