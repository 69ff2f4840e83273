/* SPDX-License-Identifier: Apache-2.0 */
/* Results on stdout, in the format asked for. A document is built whole and written at once. */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- writing ---- */

/* The reader went away, as `head` does: end the way every filter ends, unless that is switched off. */
static int
reader_gone(pv_error **error)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
    return pv_error_set(error, PV_ERR_FAILED, "nobody reads stdout any more");
}

int
cli_output_text(const char *text, size_t len, pv_error **error)
{
    cli_talk_status(NULL);
    while (len > 0) {
        ssize_t done = write(STDOUT_FILENO, text, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EPIPE)
            return reader_gone(error);
        if (done < 0)
            return pv_error_set(error, PV_ERR_FAILED, "cannot write to stdout: %s", g_strerror(errno));
        text += done;
        len -= (size_t)done;
    }
    return 0;
}

static unsigned
screen_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");

    if (!isatty(STDOUT_FILENO))
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return columns ? (unsigned)strtoul(columns, NULL, 10) : CLI_HELP_COLUMNS;
}

/* ---- which fields ---- */

static guint
field_count(const struct pv_desc *desc)
{
    guint count = 0;

    while (desc->fields[count].name)
        count++;
    return count;
}

static int
unknown_column(const struct pv_desc *desc, const char *column, pv_error **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *known = NULL;
    g_autofree char *safe = pv_text_safe(column);
    const char *nearest;

    for (const struct pv_field *field = desc->fields; field->name; field++)
        g_ptr_array_add(names, (gpointer)field->name);
    g_ptr_array_add(names, NULL);
    known = g_strjoinv(", ", (char **)names->pdata);
    nearest = pv_text_nearest(column, (const char *const *)names->pdata);
    pv_error_set(error, PV_ERR_USAGE, "--columns: there is no field '%s'", safe);
    if (nearest)
        pv_error_hint(error, "did you mean %s? fields: %s", nearest, known);
    else
        pv_error_hint(error, "fields: %s", known);
    return PV_ERR_USAGE;
}

int
cli_output_check(const struct cli_globals *globals, const struct pv_desc *desc, pv_error **error)
{
    for (char **column = globals->columns; column && *column; column++)
        if (strcmp(*column, "endpoint") != 0 && !pv_desc_field(desc, *column))
            return unknown_column(desc, *column, error);
    return 0;
}

/* The descriptor with only the columns asked for, all shown; fields is freed by the caller. */
static struct pv_desc
narrow(const struct pv_desc *desc, char **columns, struct pv_field **ret_fields)
{
    struct pv_desc narrowed = *desc;
    struct pv_field *fields = g_new0(struct pv_field, g_strv_length(columns) + 1);
    guint count = 0;

    for (char **column = columns; *column; column++) {
        const struct pv_field *field = pv_desc_field(desc, *column);

        if (!field)
            continue; /* "endpoint" where only one is asked */
        fields[count] = *field;
        fields[count++].flags |= PV_F_TABLE;
    }
    narrowed.fields = fields;
    *ret_fields = fields;
    return narrowed;
}

/* ---- several endpoints: one more member ---- */

struct pv_desc *
cli_widened_new(const struct pv_desc *desc)
{
    struct pv_desc *widened = g_memdup2(desc, sizeof *desc);
    const struct pv_field *own = pv_desc_field(desc, "endpoint");
    guint count = field_count(desc), next = 1;
    struct pv_field *fields = g_new0(struct pv_field, count + 2);

    if (own)
        fields[0] = *own;
    else
        fields[0] = (struct pv_field){ .name = "endpoint", .kind = PV_STRING, .offset = desc->size,
                                       .help = "which endpoint said so" };
    fields[0].flags |= PV_F_TABLE;
    for (guint i = 0; i < count; i++)
        if (&desc->fields[i] != own)
            fields[next++] = desc->fields[i];
    widened->fields = fields;
    widened->size = desc->size + (own ? 0 : sizeof(char *));
    return widened;
}

void *
cli_widened_take(const struct pv_desc *widened, const struct pv_desc *desc, void *object,
                 const char *endpoint)
{
    char *wide = pv_desc_new(widened);
    void *blank = pv_desc_new(desc);
    char **member = (char **)(void *)(wide + widened->fields[0].offset);

    memcpy(wide, object, desc->size);
    memcpy(object, blank, desc->size); /* what it owned has moved */
    pv_desc_free(desc, object);
    pv_desc_free(desc, blank);
    g_free(*member);
    *member = g_strdup(endpoint);
    return wide;
}

void
cli_widened_free(struct pv_desc *widened)
{
    if (!widened)
        return;
    g_free((void *)widened->fields);
    g_free(widened);
}

/* ---- formats ---- */

struct writing {
    GString *out;
    const struct cli_globals *globals;
    const struct pv_desc *desc;
    unsigned flags; /* enum pv_write_flags */
    unsigned op_flags;
};

static void
write_jsonl(const struct writing *writing, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        pv_json_write(writing->out, writing->desc, list->pdata[i], 0);
        g_string_append_c(writing->out, '\n');
    }
}

/* A name goes to the screen or into a pipe: for a terminal it is made safe. */
static void
write_names(const struct writing *writing, const GPtrArray *list)
{
    gboolean screen = isatty(STDOUT_FILENO);

    for (guint i = 0; i < list->len; i++) {
        for (const struct pv_field *field = writing->desc->fields; field->name; field++) {
            g_autofree char *text = NULL;
            g_autofree char *safe = NULL;

            if (!(field->flags & PV_F_NAME) || !pv_field_is_set(field, list->pdata[i]))
                continue;
            text = pv_field_text(field, list->pdata[i], TRUE);
            safe = screen ? pv_text_safe(text) : NULL;
            g_string_append_printf(writing->out, "%s\n", safe ? safe : text);
            break;
        }
    }
}

static void
write_table(const struct writing *writing, const GPtrArray *list)
{
    if (writing->op_flags & PV_OP_TREE) {
        g_autoptr(GPtrArray) tree = cli_tree_new(writing->desc, list, (writing->flags & PV_WRITE_ASCII) != 0);

        pv_table_write(writing->out, writing->desc, tree, NULL, writing->flags, screen_width());
        return;
    }
    pv_table_write(writing->out, writing->desc, list, NULL, writing->flags, screen_width());
}

static void
end_line(GString *out)
{
    if (out->len > 0 && out->str[out->len - 1] != '\n')
        g_string_append_c(out, '\n');
}

static void
write_list(const struct writing *writing, const GPtrArray *list)
{
    switch (writing->globals->output) {
    case CLI_JSON:
        pv_json_write_list(writing->out, writing->desc, list, PV_WRITE_PRETTY);
        end_line(writing->out);
        break;
    case CLI_JSONL:
        write_jsonl(writing, list);
        break;
    case CLI_YAML:
        pv_yaml_write_list(writing->out, writing->desc, list);
        break;
    case CLI_CSV:
        pv_csv_write_list(writing->out, writing->desc, list, writing->flags);
        break;
    case CLI_NAME:
        write_names(writing, list);
        break;
    default:
        write_table(writing, list);
        break;
    }
}

static void
write_one(const struct writing *writing, const void *object)
{
    g_autoptr(GPtrArray) list = NULL;

    switch (writing->globals->output) {
    case CLI_JSON:
        pv_json_write(writing->out, writing->desc, object, PV_WRITE_PRETTY);
        end_line(writing->out);
        break;
    case CLI_YAML:
        pv_yaml_write(writing->out, writing->desc, object);
        break;
    case CLI_JSONL:
    case CLI_CSV:
    case CLI_NAME:
        list = g_ptr_array_new();
        g_ptr_array_add(list, (gpointer)object);
        write_list(writing, list);
        break;
    default:
        pv_card_write(writing->out, writing->desc, object, writing->flags, screen_width());
        break;
    }
}

/* Lays out the call for one document and writes it. one: a struct, else the list. */
static int
write_document(const struct cli_globals *globals, const struct pv_desc *desc, const GPtrArray *list,
               const void *one, unsigned op_flags, pv_error **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree struct pv_field *fields = NULL;
    struct pv_desc narrowed = *desc;
    struct writing writing = { .out = out, .globals = globals, .desc = &narrowed, .op_flags = op_flags };

    if (globals->columns)
        narrowed = narrow(desc, globals->columns, &fields);
    if (globals->columns)
        writing.op_flags &= ~(unsigned)PV_OP_TREE;
    writing.flags = (globals->header == 0 ? PV_WRITE_NO_HEADER : 0)
                    | (globals->output == CLI_WIDE ? PV_WRITE_WIDE : 0) | (cli_utf8() ? 0 : PV_WRITE_ASCII);
    if (one)
        write_one(&writing, one);
    else
        write_list(&writing, list);
    return cli_output_text(out->str, out->len, error);
}

int
cli_output_list(const struct cli_globals *globals, const struct pv_desc *desc, const GPtrArray *list,
                unsigned op_flags, pv_error **error)
{
    return write_document(globals, desc, list, NULL, op_flags, error);
}

int
cli_output_one(const struct cli_globals *globals, const struct pv_desc *desc, const void *object,
               pv_error **error)
{
    return write_document(globals, desc, NULL, object, 0, error);
}
