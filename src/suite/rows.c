/* SPDX-License-Identifier: Apache-2.0 */
/* A case with rows: one copy of its nodes a row, $(key) filled in. */
#include "case-priv.h"

#include <string.h>

static suite_node *
copy_head(const suite_node *node, const char *key)
{
    suite_node *copy = g_new0(suite_node, 1);

    copy->kind = node->kind;
    copy->key = g_strdup(key);
    copy->quoted = node->quoted;
    copy->line = node->line;
    copy->column = node->column;
    return copy;
}

static void
free_item(gpointer node)
{
    suite_node_free(node);
}

/* The whole of a text that is "$(key)" and nothing else takes the value as it is. */
static const suite_node *
whole_value(const suite_node *row, const suite_node *node)
{
    size_t len = strlen(node->text);
    g_autofree char *key = NULL;

    if (!g_str_has_prefix(node->text, "$(") || strchr(node->text, ')') != node->text + len - 1)
        return NULL;
    key = g_strndup(node->text + 2, len - 3);
    return suite_node_get(row, key);
}

/* Unknown keys stay as they are: the case is refused where they are not understood. */
static char *
fill_text(const suite_node *row, const char *text)
{
    g_autoptr(GString) out = g_string_new(text);

    for (unsigned i = 0; row && i < row->items->len; i++) {
        const suite_node *value = g_ptr_array_index(row->items, i);
        g_autofree char *mark = g_strdup_printf("$(%s)", value->key);

        if (value->kind == SUITE_NODE_SCALAR)
            g_string_replace(out, mark, value->text, 0);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

suite_node *
suite_row_fill(const suite_node *row, const suite_node *node, const char *key)
{
    const suite_node *whole = node->kind == SUITE_NODE_SCALAR ? whole_value(row, node) : NULL;
    suite_node *copy = copy_head(whole ? whole : node, key);

    if (whole && whole->kind != SUITE_NODE_SCALAR)
        node = whole;
    if (node->kind == SUITE_NODE_SCALAR) {
        copy->text = whole ? g_strdup(whole->text) : fill_text(row, node->text);
        return copy;
    }
    copy->items = g_ptr_array_new_with_free_func(free_item);
    for (unsigned i = 0; i < node->items->len; i++) {
        const suite_node *item = g_ptr_array_index(node->items, i);
        g_autofree char *name = item->key ? fill_text(row, item->key) : NULL;

        g_ptr_array_add(copy->items, suite_row_fill(row, item, name));
    }
    return copy;
}
