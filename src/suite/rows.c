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

static int
spend(struct suite_fill *fill, const suite_node *at, size_t bytes, pv_error **error)
{
    fill->nodes++;
    fill->bytes += bytes;
    if (fill->nodes > SUITE_NODES_MAX || fill->bytes > SUITE_FILLED_MAX)
        return suite_node_error(fill->file, at, error, "the rows of this file make more than %u bytes of cases",
                                SUITE_FILLED_MAX);
    return 0;
}

/* The length of "$(key)" at text, or 0: "$(" in a regular expression is no variable. */
static size_t
mark_length(const char *text)
{
    size_t len = g_str_has_prefix(text, "$(") ? strspn(text + 2, "abcdefghijklmnopqrstuvwxyz0123456789_-") : 0;

    return len && text[len + 2] == ')' ? len + 3 : 0;
}

static int
append_value(const struct suite_fill *fill, const suite_node *at, const char *mark, size_t len, GString *out,
             pv_error **error)
{
    g_autofree char *key = g_strndup(mark + 2, len - 3);
    const suite_node *value = suite_node_get(fill->row, key);

    if (!value || value->kind != SUITE_NODE_SCALAR)
        return suite_node_error(fill->file, at, error, "the row has no %s for $(%s)", value ? "text" : "value", key);
    g_string_append(out, value->text);
    if (out->len > PV_TEXT_MAX)
        return suite_node_error(fill->file, at, error, "with the row's values it is longer than %d bytes", PV_TEXT_MAX);
    return 0;
}

static int
fill_text(const struct suite_fill *fill, const suite_node *at, const char *text, char **ret_text, pv_error **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    while (*text) {
        size_t len = fill->row ? mark_length(text) : 0;

        if (!len) {
            g_string_append_c(out, *text++);
            continue;
        }
        if (append_value(fill, at, text, len, out, error) < 0)
            return PV_ERR_INVALID;
        text += len;
    }
    *ret_text = g_string_free(g_steal_pointer(&out), FALSE);
    return 0;
}

static int
fill_items(struct suite_fill *fill, const suite_node *node, const char *leave_out, suite_node *copy, pv_error **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    copy->items = g_ptr_array_new_with_free_func(free_item);
    for (unsigned i = 0; i < node->items->len; i++) {
        const suite_node *item = g_ptr_array_index(node->items, i);
        g_autofree char *name = NULL;
        suite_node *filled = NULL;

        if (item->key && g_strcmp0(item->key, leave_out) == 0)
            continue;
        if (item->key && fill_text(fill, item, item->key, &name, error) < 0)
            return PV_ERR_INVALID;
        if (suite_row_fill(fill, item, name, NULL, &filled, error) < 0)
            return PV_ERR_INVALID;
        g_ptr_array_add(copy->items, filled);
        if (filled->key && !g_hash_table_add(seen, filled->key))
            return suite_node_error(fill->file, item, error, "with the row's values '%s' is there twice", filled->key);
    }
    return 0;
}

int
suite_row_fill(struct suite_fill *fill, const suite_node *node, const char *key, const char *leave_out,
               suite_node **ret_copy, pv_error **error)
{
    const suite_node *whole = node->kind == SUITE_NODE_SCALAR && fill->row ? whole_value(fill->row, node) : NULL;
    g_autoptr(suite_node) copy = copy_head(whole ? whole : node, key);
    int code = 0;

    if (whole && whole->kind != SUITE_NODE_SCALAR)
        node = whole;
    if (node->kind != SUITE_NODE_SCALAR)
        code = fill_items(fill, node, leave_out, copy, error);
    else if (whole)
        copy->text = g_strdup(whole->text);
    else
        code = fill_text(fill, node, node->text, &copy->text, error);
    if (code == 0)
        code = spend(fill, node, copy->text ? strlen(copy->text) : 0, error);
    if (code == 0)
        *ret_copy = g_steal_pointer(&copy);
    return code;
}
