/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a tree whose nodes know where they stand. Anchors, aliases and tags are refused, as the
 * library's own reader does: aliases let a short text grow without end.
 */
#include "suite.h"

#include <string.h>
#include <yaml.h>

#include "yaml-core.h"

struct reader {
    yaml_parser_t parser;
    const char *file, *text;
    unsigned depth, nodes;
};

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_event_t, yaml_event_delete)

void
suite_node_free(suite_node *node)
{
    if (!node)
        return;
    g_free(node->key);
    g_free(node->text);
    if (node->items)
        g_ptr_array_unref(node->items);
    g_free(node);
}

static void
free_node(gpointer node)
{
    suite_node_free(node);
}

const suite_node *
suite_node_get(const suite_node *map, const char *key)
{
    for (unsigned i = 0; map && map->kind == SUITE_NODE_MAP && i < map->items->len; i++) {
        const suite_node *item = g_ptr_array_index(map->items, i);

        if (g_str_equal(item->key, key))
            return item;
    }
    return NULL;
}

int
suite_node_error(const char *file, const suite_node *node, pv_error **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list list;

    va_start(list, format);
    text = g_strdup_vprintf(format, list);
    va_end(list);
    return pv_error_set(error, PV_ERR_INVALID, "%s:%u:%u: %s", file, node->line, node->column, text);
}

json_t *
suite_node_json(const suite_node *node)
{
    json_t *value;

    if (node->kind == SUITE_NODE_SCALAR) {
        value = node->quoted ? NULL : pv_yaml_core_value(node->text);
        return value ? value : json_string(node->text);
    }
    value = node->kind == SUITE_NODE_LIST ? json_array() : json_object();
    for (unsigned i = 0; i < node->items->len; i++) {
        const suite_node *item = g_ptr_array_index(node->items, i);

        if (node->kind == SUITE_NODE_LIST)
            json_array_append_new(value, suite_node_json(item));
        else
            json_object_set_new(value, item->key, suite_node_json(item));
    }
    return value;
}

/* ---- reading ---- */

static int
refuse(const struct reader *reader, yaml_mark_t mark, pv_error **error, const char *what)
{
    return pv_error_set(error, PV_ERR_INVALID, "%s:%zu:%zu: %s", reader->file, mark.line + 1, mark.column + 1, what);
}

/* Of bad UTF-8 and control characters libyaml tells the byte only. */
static yaml_mark_t
place_of_byte(const char *text, size_t offset)
{
    yaml_mark_t mark = { 0 };

    for (size_t i = 0; i < offset; i++) {
        mark.column = text[i] == '\n' ? 0 : mark.column + 1;
        mark.line += text[i] == '\n';
    }
    return mark;
}

static int
next_event(struct reader *reader, yaml_event_t *ret_event, pv_error **error)
{
    const yaml_parser_t *parser = &reader->parser;
    g_autofree char *what = NULL;
    yaml_mark_t mark;

    if (yaml_parser_parse(&reader->parser, ret_event))
        return 0;
    what = g_strdup_printf("not valid YAML: %s", parser->problem ? parser->problem : "it cannot be read");
    mark = parser->error == YAML_READER_ERROR ? place_of_byte(reader->text, parser->problem_offset)
                                              : parser->problem_mark;
    return refuse(reader, mark, error, what);
}

static suite_node *
new_node(struct reader *reader, enum suite_node_kind kind, yaml_mark_t mark)
{
    suite_node *node = g_new0(suite_node, 1);

    node->kind = kind;
    node->line = (unsigned)mark.line + 1;
    node->column = (unsigned)mark.column + 1;
    if (kind != SUITE_NODE_SCALAR)
        node->items = g_ptr_array_new_with_free_func(free_node);
    reader->nodes++;
    return node;
}

static int read_node(struct reader *reader, const yaml_event_t *event, suite_node **ret_node, pv_error **error);

/* Of a value and of a key alike. */
static int
check_scalar(const struct reader *reader, const yaml_event_t *event, pv_error **error)
{
    size_t len = event->data.scalar.length;

    if (event->data.scalar.anchor || event->data.scalar.tag)
        return refuse(reader, event->start_mark, error, "anchors and tags are not taken");
    if (len > PV_TEXT_MAX || memchr(event->data.scalar.value, '\0', len))
        return refuse(reader, event->start_mark, error, "a text too long, or with a NUL");
    return 0;
}

static int
read_scalar(struct reader *reader, const yaml_event_t *event, suite_node **ret_node, pv_error **error)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    int code = check_scalar(reader, event, error);

    if (code < 0)
        return code;
    *ret_node = new_node(reader, SUITE_NODE_SCALAR, event->start_mark);
    (*ret_node)->text = g_strndup(text, len);
    (*ret_node)->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return 0;
}

static int
read_list(struct reader *reader, suite_node *list, pv_error **error)
{
    for (;;) {
        g_auto(yaml_event_t) event = { 0 };
        suite_node *item = NULL;
        int code = next_event(reader, &event, error);

        if (code == 0 && event.type == YAML_SEQUENCE_END_EVENT)
            return 0;
        if (code == 0)
            code = read_node(reader, &event, &item, error);
        if (code < 0)
            return code;
        g_ptr_array_add(list->items, item);
    }
}

/* seen: the map's keys so far; looking through its items would make a wide map slow. */
static int
read_pair(struct reader *reader, suite_node *map, GHashTable *seen, const yaml_event_t *key, pv_error **error)
{
    g_auto(yaml_event_t) event = { 0 };
    g_autofree char *name = NULL;
    suite_node *item = NULL;
    int code;

    if (key->type != YAML_SCALAR_EVENT || !key->data.scalar.length)
        return refuse(reader, key->start_mark, error, "a key is a text");
    code = check_scalar(reader, key, error);
    if (code < 0)
        return code;
    name = g_strndup((const char *)key->data.scalar.value, key->data.scalar.length);
    if (!g_hash_table_add(seen, g_strdup(name)))
        return refuse(reader, key->start_mark, error, "this key was given before");
    code = next_event(reader, &event, error);
    if (code == 0)
        code = read_node(reader, &event, &item, error);
    if (code < 0)
        return code;
    item->key = g_steal_pointer(&name);
    g_ptr_array_add(map->items, item);
    return 0;
}

static int
read_map(struct reader *reader, suite_node *map, pv_error **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (;;) {
        g_auto(yaml_event_t) event = { 0 };
        int code = next_event(reader, &event, error);

        if (code == 0 && event.type == YAML_MAPPING_END_EVENT)
            return 0;
        if (code == 0)
            code = read_pair(reader, map, seen, &event, error);
        if (code < 0)
            return code;
    }
}

static int
read_node(struct reader *reader, const yaml_event_t *event, suite_node **ret_node, pv_error **error)
{
    gboolean list = event->type == YAML_SEQUENCE_START_EVENT, map = event->type == YAML_MAPPING_START_EVENT;
    g_autoptr(suite_node) node = NULL;
    int code;

    if (event->type == YAML_ALIAS_EVENT)
        return refuse(reader, event->start_mark, error, "aliases are not taken");
    if (reader->depth >= SUITE_DEPTH_MAX || reader->nodes >= SUITE_NODES_MAX)
        return refuse(reader, event->start_mark, error, "nested too deep, or too large");
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event, ret_node, error);
    if (!list && !map)
        return refuse(reader, event->start_mark, error, "a value is missing");
    if ((list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor) ||
        (list ? event->data.sequence_start.tag : event->data.mapping_start.tag))
        return refuse(reader, event->start_mark, error, "anchors and tags are not taken");
    node = new_node(reader, list ? SUITE_NODE_LIST : SUITE_NODE_MAP, event->start_mark);
    reader->depth++;
    code = list ? read_list(reader, node, error) : read_map(reader, node, error);
    reader->depth--;
    if (code == 0)
        *ret_node = g_steal_pointer(&node);
    return code;
}

/* The stream's and the document's beginning come before the first node. */
static int
read_document(struct reader *reader, suite_node **ret_root, pv_error **error)
{
    for (;;) {
        g_auto(yaml_event_t) event = { 0 };
        int code = next_event(reader, &event, error);

        if (code < 0)
            return code;
        if (event.type == YAML_STREAM_END_EVENT)
            return refuse(reader, event.start_mark, error, "the document is empty");
        if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT)
            return read_node(reader, &event, ret_root, error);
    }
}

static int
read_end(struct reader *reader, pv_error **error)
{
    for (;;) {
        g_auto(yaml_event_t) event = { 0 };
        int code = next_event(reader, &event, error);

        if (code < 0 || event.type == YAML_STREAM_END_EVENT)
            return code;
        if (event.type == YAML_DOCUMENT_START_EVENT)
            return refuse(reader, event.start_mark, error, "one document a file");
    }
}

int
suite_node_parse(const char *name, const char *text, size_t len, suite_node **ret_root, pv_error **error)
{
    struct reader reader = { .file = name, .text = text };
    g_autoptr(suite_node) root = NULL;
    int code;

    if (len > SUITE_FILE_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "%s: larger than %u bytes", name, SUITE_FILE_MAX);
    if (!yaml_parser_initialize(&reader.parser))
        return pv_error_set(error, PV_ERR_INTERNAL, "no memory for %s", name);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
    code = read_document(&reader, &root, error);
    if (code == 0)
        code = read_end(&reader, error);
    yaml_parser_delete(&reader.parser);
    if (code == 0)
        *ret_root = g_steal_pointer(&root);
    return code;
}
