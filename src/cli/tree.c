/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a list of things that name their parent in tree order, with lines before the names. */
#include "cli.h"

#include <string.h>

struct tree {
    const struct pv_desc *desc;
    const struct pv_field *name;
    const GPtrArray *items;
    GHashTable *by_key;   /* key -> item, of the items */
    GHashTable *children; /* item (NULL: the roots) -> GPtrArray of items */
    GHashTable *placed;
    GPtrArray *out;
    gboolean ascii;
};

static const char *
text_member(const struct pv_desc *desc, const void *item, const char *name)
{
    const struct pv_field *field = pv_desc_field(desc, name);

    return field && field->kind == PV_STRING ? G_STRUCT_MEMBER(char *, item, field->offset) : NULL;
}

/* Ids are unique within a VM of an endpoint only. */
static char *
item_key(const struct pv_desc *desc, const void *item, const char *id)
{
    const char *endpoint = text_member(desc, item, "endpoint");
    const char *vm = text_member(desc, item, "vm");

    return g_strdup_printf("%s\n%s\n%s", endpoint ? endpoint : "", vm ? vm : "", id);
}

static void *
parent_of(const struct tree *tree, void *item)
{
    const char *parent = text_member(tree->desc, item, "parent");
    g_autofree char *key = parent ? item_key(tree->desc, item, parent) : NULL;

    return key ? g_hash_table_lookup(tree->by_key, key) : NULL;
}

static void
index_items(struct tree *tree)
{
    for (guint i = 0; i < tree->items->len; i++) {
        void *item = tree->items->pdata[i];
        const char *id = text_member(tree->desc, item, "id");

        if (id)
            g_hash_table_insert(tree->by_key, item_key(tree->desc, item, id), item);
    }
    for (guint i = 0; i < tree->items->len; i++) {
        void *item = tree->items->pdata[i];
        void *parent = parent_of(tree, item);
        GPtrArray *siblings = g_hash_table_lookup(tree->children, parent);

        if (!siblings) {
            siblings = g_ptr_array_new();
            g_hash_table_insert(tree->children, parent, siblings);
        }
        g_ptr_array_add(siblings, item);
    }
}

/* A copy of the item whose name carries the lines. */
static void
place(struct tree *tree, void *item, const char *lines)
{
    void *copy = pv_desc_copy(tree->desc, item);
    char **name = (char **)G_STRUCT_MEMBER_P(copy, tree->name->offset);
    char *old = *name;

    *name = g_strconcat(lines, old ? old : "-", NULL);
    g_free(old);
    g_ptr_array_add(tree->out, copy);
    g_hash_table_add(tree->placed, item);
}

static void
place_children(struct tree *tree, void *parent, const char *indent, unsigned depth)
{
    const GPtrArray *items = g_hash_table_lookup(tree->children, parent);

    for (guint i = 0; items && i < items->len; i++) {
        void *item = items->pdata[i];
        gboolean last = i + 1 == items->len;
        const char *joint = !parent ? "" : tree->ascii ? (last ? "`- " : "|- ") : (last ? "└─ " : "├─ ");
        const char *trunk = !parent ? "" : last ? "   " : tree->ascii ? "|  " : "│  ";
        g_autofree char *lines = g_strconcat(indent, joint, NULL);
        g_autofree char *below = g_strconcat(indent, trunk, NULL);

        if (g_hash_table_contains(tree->placed, item))
            continue;
        place(tree, item, lines);
        /* what lies deeper is shown flat at the end: neither screen nor stack has room without end */
        if (depth < CLI_TREE_DEPTH)
            place_children(tree, item, below, depth + 1);
    }
}

GPtrArray *
cli_tree_new(const struct pv_desc *desc, const GPtrArray *items, gboolean ascii)
{
    struct tree tree = { .desc = desc, .items = items, .ascii = ascii, .name = pv_desc_field(desc, "name") };

    tree.out = pv_list_new(desc);
    tree.by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    tree.children = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
    tree.placed = g_hash_table_new(NULL, NULL);
    index_items(&tree);
    place_children(&tree, NULL, "", 0);
    for (guint i = 0; i < items->len; i++) /* too deep, or a ring of parents */
        if (!g_hash_table_contains(tree.placed, items->pdata[i]))
            place(&tree, items->pdata[i], "");
    g_hash_table_unref(tree.by_key);
    g_hash_table_unref(tree.children);
    g_hash_table_unref(tree.placed);
    return tree.out;
}
