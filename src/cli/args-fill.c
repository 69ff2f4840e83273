/* SPDX-License-Identifier: Apache-2.0 */
/* Lays what a command line says into the structs that its verb takes. */
#include "args.h"
#include "file.h"

/* The struct that holds the option's member. */
static void *
option_object(const struct cli_parser *parser, const struct cli_option *option)
{
    if (option->global)
        return parser->call->globals;
    if (option->within)
        return *(void **)G_STRUCT_MEMBER_P(parser->call->args, option->within->offset);
    return parser->call->args;
}

static void
append_string(char ***strings, const char *text)
{
    guint length = *strings ? g_strv_length(*strings) : 0;

    *strings = g_renew(char *, *strings, length + 2);
    (*strings)[length] = g_strdup(text);
    (*strings)[length + 1] = NULL;
}

/* A list that came from --file gives way to what options say. */
static void
empty_list(const struct cli_option *option, void *object)
{
    void *member = G_STRUCT_MEMBER_P(object, option->field->offset);

    if (option->field->kind == PV_STRINGS)
        g_clear_pointer((char ***)member, g_strfreev);
    else if (option->field->kind == PV_LIST && *(GPtrArray **)member)
        g_ptr_array_set_size(*(GPtrArray **)member, 0);
}

static int
set_member(const struct cli_option *option, void *object, const char *text, pv_error **error)
{
    void *member = G_STRUCT_MEMBER_P(object, option->field->offset);

    /* names and URIs may hold commas: pv_field_parse would split there */
    if (option->field->kind == PV_STRINGS && (option->positional || option->letter == 'c')) {
        append_string(member, text);
        return 0;
    }
    return cli_field_parse(option->desc, option->field, object, text, error);
}

static int
apply_given(struct cli_parser *parser, const struct cli_given *given, GHashTable *seen, pv_error **error)
{
    void *object = option_object(parser, &given->option);
    void *member = G_STRUCT_MEMBER_P(object, given->option.field->offset);

    if (cli_option_is_switch(&given->option) && !given->text) {
        *(int *)member = !given->no;
        return 0;
    }
    if (given->option.within && cli_option_repeats(&given->option)
        && g_hash_table_add(seen, (gpointer)given->option.field))
        empty_list(&given->option, object);
    return set_member(&given->option, object, given->text ? given->text : "", error);
}

static gboolean
is_file(const struct cli_option *option)
{
    return !option->desc;
}

/* A copy of the descriptor that asks for nothing: what the file leaves out, options may give. */
static struct pv_field *
relaxed_fields(const struct pv_desc *desc)
{
    guint length = 0;
    struct pv_field *fields;

    while (desc->fields[length].name)
        length++;
    fields = g_memdup2(desc->fields, (length + 1) * sizeof *fields);
    for (guint i = 0; i < length; i++)
        fields[i].flags &= ~(unsigned)PV_F_REQUIRED;
    return fields;
}

static int
load_file(struct cli_parser *parser, const struct cli_given *given, pv_error **error)
{
    const struct pv_field *spec = given->option.within;
    g_autofree struct pv_field *fields = relaxed_fields(spec->desc);
    struct pv_desc relaxed = *spec->desc;
    void **slot = (void **)G_STRUCT_MEMBER_P(parser->call->args, spec->offset);
    g_autofree char *text = NULL;
    void *object = NULL;
    size_t len = 0;
    int rc;

    relaxed.fields = fields;
    rc = cli_file_read(given->text, CLI_SPEC_MAX, &text, &len, error);
    if (rc != 0)
        return rc;
    rc = pv_yaml_read(text, len, &relaxed, &object, error); /* JSON is YAML too */
    if (rc != 0) {
        pv_error_prefix(error, "%s: ", given->text);
        return rc;
    }
    pv_desc_free(spec->desc, *slot);
    *slot = object;
    return 0;
}

static int
apply_all(struct cli_parser *parser, pv_error **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    int rc = 0;

    for (guint i = 0; i < parser->given->len && rc == 0; i++) {
        const struct cli_given *given = &g_array_index(parser->given, struct cli_given, i);

        if (is_file(&given->option))
            rc = load_file(parser, given, error);
    }
    for (guint i = 0; i < parser->given->len && rc == 0; i++) {
        const struct cli_given *given = &g_array_index(parser->given, struct cli_given, i);

        if (!is_file(&given->option))
            rc = apply_given(parser, given, seen, error);
    }
    return rc;
}

/* ---- positionals ---- */

static GPtrArray *
positionals(const struct cli_parser *parser)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < parser->options->len; i++) {
        struct cli_option *option = &g_array_index(parser->options, struct cli_option, i);

        if (option->positional)
            g_ptr_array_add(list, option);
    }
    return list;
}

/* How many of the words left go to this positional: one, or for a list all but those that follow. */
static guint
share_of(const struct cli_option *option, guint words_left, guint positionals_after)
{
    if (words_left == 0)
        return 0;
    if (!cli_option_repeats(option))
        return 1;
    return words_left > positionals_after ? words_left - positionals_after : 0;
}

static int
place_words(struct cli_parser *parser, const GPtrArray *list, pv_error **error)
{
    guint next = 0;

    for (guint p = 0; p < list->len; p++) {
        const struct cli_option *option = list->pdata[p];
        guint share = share_of(option, parser->words->len - next, list->len - p - 1);

        if (share > 0 && cli_option_repeats(option))
            empty_list(option, option_object(parser, option));
        for (guint end = next + share; next < end; next++) {
            int rc = set_member(option, option_object(parser, option), parser->words->pdata[next], error);

            if (rc != 0)
                return rc;
        }
    }
    if (next < parser->words->len) {
        g_autofree char *safe = pv_text_safe(parser->words->pdata[next]);

        return cli_usage(error, parser, "unexpected argument '%s'", safe);
    }
    return 0;
}

static int
check_required(const struct cli_parser *parser, pv_error **error)
{
    for (guint i = 0; i < parser->options->len; i++) {
        const struct cli_option *option = &g_array_index(parser->options, struct cli_option, i);

        if (option->global || is_file(option))
            continue;
        if (!(option->field->flags & PV_F_REQUIRED)
            || pv_field_is_set(option->field, option_object(parser, option)))
            continue;
        return option->positional ? cli_usage(error, parser, "%s is missing", option->metavar)
                                  : cli_usage(error, parser, "option --%s is missing", option->name);
    }
    return 0;
}

/* Nested specs always exist, so that options have a place to go. */
static void
make_args(struct cli_call *call)
{
    if (!call->verb->args_desc)
        return;
    call->args = pv_desc_new(call->verb->args_desc);
    for (const struct pv_field *field = call->verb->args_desc->fields; field->name; field++)
        if (field->kind == PV_STRUCT)
            *(void **)G_STRUCT_MEMBER_P(call->args, field->offset) = pv_desc_new(field->desc);
}

int
cli_args_fill(struct cli_parser *parser, pv_error **error)
{
    struct cli_call *call = parser->call;
    g_autoptr(GPtrArray) list = positionals(parser);
    int rc;

    if (call->verb)
        make_args(call);
    rc = apply_all(parser, error);
    if (rc != 0 || call->globals->help == 1 || call->globals->version == 1)
        return rc;
    if (!call->verb)
        return call->noun ? cli_usage(error, parser, "%s needs a verb", call->noun)
                          : cli_usage(error, parser, "nothing to do: no command was named");
    rc = place_words(parser, list, error);
    if (rc != 0)
        return rc;
    rc = check_required(parser, error);
    if (rc == 0 && call->args)
        rc = pv_desc_validate(call->verb->args_desc, call->args, error);
    return rc;
}
