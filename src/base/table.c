/* SPDX-License-Identifier: Apache-2.0 */
/* Lists on screen: columns aligned by cells, cut where the terminal ends. */
#include <polyvirt/desc.h>
#include <string.h>

#include "desc-private.h"
#include "screen.h"

#define GAP 2
/* No column is cut below this: less than that tells nothing. */
#define CUT_MIN 8

struct column {
    const struct pv_field *field;
    char *title;
    unsigned width;
};

struct grid {
    GArray *columns;
    GPtrArray *cells; /* safe texts, row by row */
};

typedef struct grid pv_grid;

static void
column_clear(void *data)
{
    struct column *column = data;

    g_free(column->title);
}

static void
grid_clear(struct grid *grid)
{
    g_clear_pointer(&grid->columns, g_array_unref);
    g_clear_pointer(&grid->cells, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pv_grid, grid_clear)

static struct column *
column_at(const struct grid *grid, guint i)
{
    return &g_array_index(grid->columns, struct column, i);
}

static char *
column_title(const struct pv_field *field)
{
    char *title = g_ascii_strup(field->title ? field->title : field->name, -1);

    return g_strdelimit(title, "_", ' ');
}

static void
add_column(struct grid *grid, const struct pv_field *field, unsigned flags)
{
    struct column column = { .field = field, .title = column_title(field) };

    if (!(flags & PV_WRITE_NO_HEADER))
        column.width = pv_text_cells(column.title);
    g_array_append_val(grid->columns, column);
}

/* Columns by name, or those flagged; of a struct without a flagged one, all that are no lists. */
static void
add_columns(struct grid *grid, const struct pv_desc *desc, const char *const *names, unsigned flags)
{
    unsigned wanted = PV_F_TABLE | (flags & PV_WRITE_WIDE ? PV_F_WIDE : 0);

    for (; names && *names; names++) {
        const struct pv_field *field = pv_desc_field(desc, *names);

        if (field)
            add_column(grid, field, flags);
    }
    if (grid->columns->len)
        return;
    for (const struct pv_field *field = desc->fields; field->name; field++)
        if (field->flags & wanted)
            add_column(grid, field, flags);
    if (grid->columns->len)
        return;
    for (const struct pv_field *field = desc->fields; field->name; field++)
        if (field->kind != PV_LIST && field->kind != PV_STRUCT)
            add_column(grid, field, flags);
}

static void
add_row(struct grid *grid, const void *object)
{
    for (guint i = 0; i < grid->columns->len; i++) {
        struct column *column = column_at(grid, i);
        g_autofree char *text = pv_field_text(column->field, object, FALSE);
        char *safe = pv_text_safe(text);

        column->width = MAX(column->width, pv_text_cells(safe));
        g_ptr_array_add(grid->cells, safe);
    }
}

static gboolean
is_text(const struct column *column)
{
    return column->field->kind == PV_STRING || column->field->kind == PV_STRINGS ||
           column->field->kind == PV_STRUCT;
}

static gboolean
is_right(const struct column *column)
{
    return pv_kind_is_number(column->field->kind) || column->field->kind == PV_LIST;
}

static struct column *
widest_text(const struct grid *grid)
{
    struct column *widest = NULL;

    for (guint i = 0; i < grid->columns->len; i++) {
        struct column *column = column_at(grid, i);

        if (is_text(column) && column->width > CUT_MIN && (!widest || column->width > widest->width))
            widest = column;
    }
    return widest;
}

/* Takes cells from the widest text column until the row fits, or none has any to give. */
static void
fit(struct grid *grid, unsigned max_width)
{
    size_t width = 0;
    struct column *column;

    for (guint i = 0; i < grid->columns->len; i++)
        width += column_at(grid, i)->width + (i ? GAP : 0);
    for (; max_width && width > max_width && (column = widest_text(grid)); width--)
        column->width--;
}

static void
append_blanks(GString *out, unsigned count)
{
    while (count--)
        g_string_append_c(out, ' ');
}

/* Safe text, cut to the width with a mark; returns the cells that it took. */
static unsigned
append_cut(GString *out, const char *text, unsigned width, unsigned flags)
{
    const char *mark = flags & PV_WRITE_ASCII ? "..." : "…";
    unsigned cells = pv_text_cells(text), mark_cells = pv_text_cells(mark);
    gsize start = out->len;

    if (cells <= width) {
        g_string_append(out, text);
        return cells;
    }
    g_string_append_len(out, text, (gssize)pv_text_fit(text, width - mark_cells));
    g_string_append(out, mark);
    return pv_text_cells(out->str + start);
}

static void
write_cells(GString *out, const struct grid *grid, char *const *cells, unsigned flags, unsigned indent)
{
    append_blanks(out, indent);
    for (guint i = 0; i < grid->columns->len; i++) {
        const struct column *column = column_at(grid, i);
        gboolean last = i + 1 == grid->columns->len;
        unsigned cells_used = pv_text_cells(cells[i]);

        if (is_right(column)) {
            append_blanks(out, column->width - cells_used);
            g_string_append(out, cells[i]);
        } else {
            cells_used = append_cut(out, cells[i], column->width, flags);
            if (!last)
                append_blanks(out, column->width - cells_used);
        }
        if (!last)
            append_blanks(out, GAP);
    }
    g_string_append_c(out, '\n');
}

static void
write_header(GString *out, const struct grid *grid, unsigned flags, unsigned indent)
{
    g_autofree char **titles = g_new(char *, grid->columns->len);

    for (guint i = 0; i < grid->columns->len; i++)
        titles[i] = column_at(grid, i)->title;
    write_cells(out, grid, titles, flags, indent);
}

void
pv_table_write_indented(GString *out, const struct pv_desc *desc, const GPtrArray *list,
                        const char *const *names, unsigned flags, unsigned max_width, unsigned indent)
{
    g_auto(pv_grid) grid = {
        .columns = g_array_new(FALSE, FALSE, sizeof(struct column)),
        .cells = g_ptr_array_new_with_free_func(g_free),
    };

    g_array_set_clear_func(grid.columns, column_clear);
    add_columns(&grid, desc, names, flags);
    for (guint i = 0; list && i < list->len; i++)
        add_row(&grid, list->pdata[i]);
    fit(&grid, max_width > indent ? max_width - indent : max_width);
    if (!(flags & PV_WRITE_NO_HEADER))
        write_header(out, &grid, flags, indent);
    for (guint i = 0; i < grid.cells->len; i += grid.columns->len)
        write_cells(out, &grid, (char *const *)grid.cells->pdata + i, flags, indent);
}

void
pv_table_write(GString *out, const struct pv_desc *desc, const GPtrArray *list, const char *const *columns,
               unsigned flags, unsigned max_width)
{
    pv_table_write_indented(out, desc, list, columns, flags, max_width, 0);
}
