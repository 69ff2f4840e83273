/* SPDX-License-Identifier: Apache-2.0 */
/* Options and arguments of a verb, read off its descriptor; and those that all verbs share. */
#include "cli.h"

#include <string.h>

static const struct pv_enum_value format_values[] = {
    { CLI_TABLE, "table", "aligned columns" },
    { CLI_WIDE, "wide", "more columns" },
    { CLI_JSON, "json", "one document" },
    { CLI_JSONL, "jsonl", "one object a line" },
    { CLI_YAML, "yaml", "one document" },
    { CLI_CSV, "csv", "RFC 4180" },
    { CLI_NAME, "name", "names only" },
    { 0, NULL, NULL },
};

static const struct pv_field globals_fields[] = {
    PV_FIELD(cli_globals, connect, PV_STRINGS, .help = "endpoint to talk to; several are asked side by side"),
    PV_FIELD(cli_globals, output, PV_ENUM, .values = format_values, .help = "how results are written"),
    PV_FIELD(cli_globals, columns, PV_STRINGS, .help = "only these fields, in this order"),
    PV_FIELD(cli_globals, header, PV_BOOL, .help = "leave the header line out (table, wide, csv)"),
    PV_FIELD(cli_globals, timeout, PV_INT, .unit = PV_UNIT_MILLISECONDS,
             .help = "give up after this long: 90s, 5m (default 30s; none for long jobs)"),
    PV_FIELD(cli_globals, readonly, PV_BOOL, .help = "refuse everything that changes something"),
    PV_FIELD(cli_globals, dry_run, PV_BOOL,
             .help = "say what would be done to which objects; change nothing"),
    PV_FIELD(cli_globals, yes, PV_BOOL, .help = "do not ask before a guest is stopped or data destroyed"),
    PV_FIELD(cli_globals, trace, PV_STRING,
             .help = "what goes over the wire, on stderr, secrets hidden: http, qmp, libvirt …"),
    PV_FIELD(cli_globals, verbose, PV_BOOL, .help = "say more on stderr"),
    PV_FIELD(cli_globals, quiet, PV_BOOL, .help = "nothing but errors on stderr"),
    PV_FIELD(cli_globals, color, PV_BOOL, .help = "no colours (also NO_COLOR, CLICOLOR=0)"),
    PV_FIELD(cli_globals, insecure, PV_BOOL, .help = "accept any TLS certificate"),
    PV_FIELD(cli_globals, ca_file, PV_STRING, .flags = PV_F_FILE, .help = "PEM file of trusted CAs"),
    PV_FIELD(cli_globals, password_file, PV_STRING, .flags = PV_F_FILE,
             .help = "read the password from the first line of this file"),
    PV_FIELD(cli_globals, password_command, PV_STRING,
             .help = "run this in a shell and read the password from its first line"),
    PV_FIELD(cli_globals, help, PV_BOOL, .help = "this text, for a noun or a verb too"),
    PV_FIELD(cli_globals, version, PV_BOOL, .help = "the program's version"),
    { 0 },
};

const struct pv_desc cli_globals_desc = {
    "options", sizeof(struct cli_globals), globals_fields, "options that all verbs share",
};

/* What the descriptors of the shared options cannot say. */
static const struct {
    const char *field;
    char letter;
    gboolean optional_value, negative;
    const char *metavar;
} global_extras[] = {
    { "connect", 'c', FALSE, FALSE, "URI|CONTEXT" },
    { "output", 'o', FALSE, FALSE, NULL },
    { "columns", 0, FALSE, FALSE, "A,B" },
    { "header", 0, FALSE, TRUE, NULL },
    { "yes", 'y', FALSE, FALSE, NULL },
    { "trace", 0, TRUE, FALSE, "A,B" },
    { "verbose", 'v', FALSE, FALSE, NULL },
    { "quiet", 'q', FALSE, FALSE, NULL },
    { "color", 0, FALSE, TRUE, NULL },
    { "password_command", 0, FALSE, FALSE, "COMMAND" },
    { "help", 'h', FALSE, FALSE, NULL },
};

static char *
enum_metavar(const struct pv_enum_value *values)
{
    GString *names = g_string_new(NULL);

    for (const struct pv_enum_value *value = values; value->name; value++)
        g_string_append_printf(names, "%s%s", names->len ? "|" : "", value->name);
    return g_string_free(names, FALSE);
}

static char *
upper_dashed(const char *name)
{
    g_autofree char *upper = g_ascii_strup(name, -1);

    return g_strdelimit(g_steal_pointer(&upper), "_", '-');
}

int
cli_field_parse(const struct pv_desc *desc, const struct pv_field *field, void *object, const char *text,
                pv_error **error)
{
    gboolean bare = *text && !text[strspn(text, "0123456789")];
    g_autofree char *seconds =
        bare && field->unit == PV_UNIT_MILLISECONDS ? g_strconcat(text, "s", NULL) : NULL;

    return pv_field_parse(desc, field, object, seconds ? seconds : text, error);
}

/* What stands for the value in help: by unit and kind, else the name in capitals. */
static char *
make_metavar(const struct pv_field *field, const char *name)
{
    if (field->unit == PV_UNIT_BYTES)
        return g_strdup("SIZE");
    if (field->unit == PV_UNIT_MILLISECONDS || field->unit == PV_UNIT_SECONDS)
        return g_strdup("DURATION");
    if (field->kind == PV_ENUM)
        return enum_metavar(field->values);
    if (field->kind == PV_INT)
        return g_strdup("N");
    if (field->kind == PV_LIST || field->kind == PV_STRUCT)
        return g_strdup("KEY=VALUE,…");
    if (field->flags & PV_F_FILE)
        return g_strdup("FILE");
    if (field->flags & PV_F_VM)
        return g_strdup("VM");
    return upper_dashed(name);
}

/* Several of a thing are given one by one: --disk …, though the member is called disks. */
static char *
singular(const char *name)
{
    size_t length = strlen(name);

    if (length < 3 || name[length - 1] != 's' || name[length - 2] == 's')
        return NULL;
    return g_strndup(name, length - 1);
}

static struct cli_option
make_option(const struct pv_desc *desc, const struct pv_field *field, const struct pv_field *within)
{
    struct cli_option option = { .desc = desc, .field = field, .within = within };
    g_autofree char *one = field->kind == PV_LIST || field->kind == PV_STRINGS ? singular(field->name) : NULL;

    option.positional = (field->flags & PV_F_POSITIONAL) != 0;
    option.name = g_strdelimit(g_strdup(one ? one : field->name), "_", '-');
    option.alias = one ? g_strdelimit(g_strdup(field->name), "_", '-') : NULL;
    if (field->kind != PV_BOOL || option.positional)
        option.metavar = make_metavar(field, option.name);
    return option;
}

static void
apply_extras(struct cli_option *option)
{
    for (size_t i = 0; i < G_N_ELEMENTS(global_extras); i++) {
        if (strcmp(global_extras[i].field, option->field->name) != 0)
            continue;
        option->letter = global_extras[i].letter;
        option->optional_value = global_extras[i].optional_value;
        option->negative = global_extras[i].negative;
        if (global_extras[i].metavar) {
            g_free(option->metavar);
            option->metavar = g_strdup(global_extras[i].metavar);
        }
    }
}

static void
append_globals(GArray *options)
{
    for (const struct pv_field *field = globals_fields; field->name; field++) {
        struct cli_option option = make_option(&cli_globals_desc, field, NULL);

        option.global = TRUE;
        /* "--columns" is a list in one word, "--connect" is no plural */
        if (option.alias) {
            g_free(option.name);
            option.name = g_steal_pointer(&option.alias);
        }
        apply_extras(&option);
        g_array_append_val(options, option);
    }
}

/* The members of a nested spec become options of the verb itself. */
static void
append_fields(GArray *options, const struct pv_desc *desc, const struct pv_field *within)
{
    for (const struct pv_field *field = desc->fields; field->name; field++) {
        if (field->kind == PV_STRUCT && !within) {
            append_fields(options, field->desc, field);
        } else {
            struct cli_option option = make_option(desc, field, within);

            g_array_append_val(options, option);
        }
    }
}

static void
append_file(GArray *options, const struct pv_field *spec)
{
    static const struct pv_field file = {
        .name = "file", .kind = PV_STRING, .flags = PV_F_FILE,
        .help = "read the spec from this YAML or JSON file, - for stdin; options override it",
    };
    struct cli_option option = {
        .name = g_strdup("file"), .letter = 'f', .metavar = g_strdup("FILE"), .field = &file, .within = spec,
    };

    g_array_append_val(options, option);
}

static void
clear_option(gpointer data)
{
    struct cli_option *option = data;

    g_free(option->name);
    g_free(option->alias);
    g_free(option->metavar);
}

GArray *
cli_options_new(const struct cli_verb *verb)
{
    GArray *options = g_array_new(FALSE, TRUE, sizeof(struct cli_option));
    const struct pv_field *spec = verb ? cli_verb_spec(verb) : NULL;

    g_array_set_clear_func(options, clear_option);
    append_globals(options);
    if (verb && verb->args_desc)
        append_fields(options, verb->args_desc, NULL);
    if (spec)
        append_file(options, spec);
    return options;
}

const struct pv_field *
cli_verb_spec(const struct cli_verb *verb)
{
    if (!verb->args_desc)
        return NULL;
    for (const struct pv_field *field = verb->args_desc->fields; field->name; field++)
        if (field->kind == PV_STRUCT)
            return field;
    return NULL;
}

const struct cli_option *
cli_option_find(const GArray *options, const char *name, gboolean *ret_no)
{
    gboolean no = g_str_has_prefix(name, "no-");

    /* from the end: what a verb calls its own comes before what all share */
    for (guint i = options->len; i-- > 0;) {
        const struct cli_option *option = &g_array_index(options, struct cli_option, i);

        if (option->positional)
            continue;
        if (strcmp(option->name, name) == 0 || g_strcmp0(option->alias, name) == 0) {
            *ret_no = FALSE;
            return option;
        }
        if (no && option->field->kind == PV_BOOL && strcmp(option->name, name + 3) == 0) {
            *ret_no = TRUE;
            return option;
        }
    }
    return NULL;
}

const struct cli_option *
cli_option_letter(const GArray *options, char letter)
{
    for (guint i = 0; i < options->len; i++) {
        const struct cli_option *option = &g_array_index(options, struct cli_option, i);

        if (option->letter == letter)
            return option;
    }
    return NULL;
}

gboolean
cli_option_repeats(const struct cli_option *option)
{
    return option->field->kind == PV_LIST || option->field->kind == PV_STRINGS;
}

gboolean
cli_option_is_switch(const struct cli_option *option)
{
    return option->field->kind == PV_BOOL;
}
