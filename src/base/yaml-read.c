/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML in: libyaml's events become a JSON tree by the core schema. Anchors, aliases, tags and several
 * documents are refused: they buy a person little, and aliases let a short text grow without end.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <yaml.h>

#include "decode.h"
#include "desc-private.h"
#include "yaml-core.h"

struct reader {
    yaml_parser_t parser;
    unsigned depth, values;
};

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_event_t, yaml_event_delete)

static int
refuse(yaml_mark_t mark, const char *what, pv_error **error)
{
    return pv_error_set(error, PV_ERR_INVALID, "line %zu, column %zu: %s", mark.line + 1, mark.column + 1,
                        what);
}

static int
next_event(struct reader *reader, yaml_event_t *ret_event, pv_error **error)
{
    const yaml_parser_t *parser = &reader->parser;

    if (yaml_parser_parse(&reader->parser, ret_event))
        return 0;
    if (parser->error == YAML_MEMORY_ERROR)
        return pv_error_set(error, PV_ERR_INTERNAL, "no memory for the document");
    if (parser->error == YAML_READER_ERROR) /* bad UTF-8 or a control character has its byte only */
        return pv_error_set(error, PV_ERR_INVALID, "byte %zu: not valid YAML: %s", parser->problem_offset,
                            parser->problem);
    return pv_error_set(error, PV_ERR_INVALID, "line %zu, column %zu: not valid YAML: %s",
                        parser->problem_mark.line + 1, parser->problem_mark.column + 1, parser->problem);
}

static int
check_scalar(const yaml_event_t *event, pv_error **error)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;

    if (len > PV_TEXT_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "line %zu, column %zu: longer than %d bytes",
                            event->start_mark.line + 1, event->start_mark.column + 1, PV_TEXT_MAX);
    if (memchr(text, '\0', len))
        return refuse(event->start_mark, "a NUL in a string", error);
    return 0;
}

static int
read_scalar(const yaml_event_t *event, json_t **ret_value, pv_error **error)
{
    const char *text = (const char *)event->data.scalar.value;
    int code = check_scalar(event, error);

    if (code < 0)
        return code;
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        *ret_value = pv_yaml_core_value(text);
    else
        *ret_value = json_string(text);
    if (!*ret_value)
        return refuse(event->start_mark, "a number out of range", error);
    return 0;
}

static int read_value(struct reader *reader, const yaml_event_t *event, json_t **ret_value, pv_error **error);

static int
read_sequence(struct reader *reader, json_t **ret_value, pv_error **error)
{
    g_autoptr(json_t) list = json_array();

    for (;;) {
        g_auto(yaml_event_t) event = { 0 };
        json_t *item;
        int code = next_event(reader, &event, error);

        if (code < 0)
            return code;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            break;
        code = read_value(reader, &event, &item, error);
        if (code < 0)
            return code;
        json_array_append_new(list, item);
    }
    *ret_value = g_steal_pointer(&list);
    return 0;
}

static int
check_key(const yaml_event_t *event, json_t *map, pv_error **error)
{
    g_autofree char *quoted = NULL, *what = NULL;
    const char *key = (const char *)event->data.scalar.value;

    if (event->type == YAML_ALIAS_EVENT)
        return refuse(event->start_mark, "aliases are not taken", error);
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(event->start_mark, "a key must be a plain word", error);
    if (event->data.scalar.anchor || event->data.scalar.tag)
        return refuse(event->start_mark, "anchors and tags are not taken", error);
    if (!json_object_get(map, key))
        return check_scalar(event, error);
    quoted = pv_text_quote(key);
    what = g_strconcat("duplicate key ", quoted, NULL);
    return refuse(event->start_mark, what, error);
}

static int
read_mapping(struct reader *reader, json_t **ret_value, pv_error **error)
{
    g_autoptr(json_t) map = json_object();

    for (;;) {
        g_auto(yaml_event_t) key = { 0 }, event = { 0 };
        json_t *value;
        int code = next_event(reader, &key, error);

        if (code < 0)
            return code;
        if (key.type == YAML_MAPPING_END_EVENT)
            break;
        code = check_key(&key, map, error);
        if (code == 0)
            code = next_event(reader, &event, error);
        if (code == 0)
            code = read_value(reader, &event, &value, error);
        if (code < 0)
            return code;
        json_object_set_new(map, (const char *)key.data.scalar.value, value);
    }
    *ret_value = g_steal_pointer(&map);
    return 0;
}

static int
read_container(struct reader *reader, const yaml_event_t *event, json_t **ret_value, pv_error **error)
{
    int code;

    if (++reader->depth > PV_DEPTH_MAX)
        return refuse(event->start_mark, "nested too deep", error);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        code = read_sequence(reader, ret_value, error);
    else
        code = read_mapping(reader, ret_value, error);
    reader->depth--;
    return code;
}

static gboolean
has_anchor_or_tag(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor || event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor || event->data.mapping_start.tag;
    default:
        return FALSE;
    }
}

static int
read_value(struct reader *reader, const yaml_event_t *event, json_t **ret_value, pv_error **error)
{
    if (++reader->values > PV_VALUES_MAX)
        return refuse(event->start_mark, "too many values", error);
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(event->start_mark, "aliases are not taken", error);
    if (has_anchor_or_tag(event))
        return refuse(event->start_mark, "anchors and tags are not taken", error);
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(event, ret_value, error);
    return read_container(reader, event, ret_value, error);
}

/* Stream and document begin; the event behind them is the document's value. */
static int
read_root(struct reader *reader, json_t **ret_tree, pv_error **error)
{
    for (;;) {
        g_auto(yaml_event_t) event = { 0 };
        int code = next_event(reader, &event, error);

        if (code < 0)
            return code;
        if (event.type == YAML_STREAM_END_EVENT)
            return pv_error_set(error, PV_ERR_INVALID, "the document is empty");
        if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT)
            return read_value(reader, &event, ret_tree, error);
    }
}

static int
check_end(struct reader *reader, pv_error **error)
{
    for (;;) {
        g_auto(yaml_event_t) event = { 0 };
        int code = next_event(reader, &event, error);

        if (code < 0)
            return code;
        if (event.type == YAML_STREAM_END_EVENT)
            return 0;
        if (event.type != YAML_DOCUMENT_END_EVENT)
            return refuse(event.start_mark, "only one document is taken", error);
    }
}

static int
read_tree(const char *text, size_t len, json_t **ret_tree, pv_error **error)
{
    struct reader reader = { .depth = 0 };
    g_autoptr(json_t) tree = NULL;
    int code;

    if (!yaml_parser_initialize(&reader.parser))
        return pv_error_set(error, PV_ERR_INTERNAL, "no memory for a YAML parser");
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
    code = read_root(&reader, &tree, error);
    if (code == 0)
        code = check_end(&reader, error);
    yaml_parser_delete(&reader.parser);
    if (code == 0)
        *ret_tree = g_steal_pointer(&tree);
    return code;
}

int
pv_yaml_read(const char *text, size_t len, const struct pv_desc *desc, void **ret_object, pv_error **error)
{
    g_autoptr(json_t) tree = NULL;
    int code;

    if (len > PV_DOC_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "the document is larger than %u bytes", PV_DOC_MAX);
    code = read_tree(text, len, &tree, error);
    if (code < 0)
        return code;
    return pv_decode_document(desc, tree, ret_object, error);
}
