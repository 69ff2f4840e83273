/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a command line in two steps: first words and options are told apart (shared options may stand
 * anywhere), then the spec file is loaded and the options are laid over it in the order given.
 */
#include "cli.h"
#include "file.h"

#include <string.h>

/* An option as given; text is NULL for a switch. */
struct given {
    struct cli_option option; /* shallow: strings belong to the parser's options */
    const char *text;
    gboolean no;
};

struct parser {
    const struct cli_verb *verbs;
    struct cli_call *call;
    GPtrArray *option_sets; /* of GArray *: later sets do not free what earlier ones gave out */
    GArray *options;        /* the newest set */
    GArray *given;          /* of struct given */
    GPtrArray *words;       /* after the verb; not owned */
};

static int
usage(pv_error **error, const struct parser *parser, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A usage error with a pointer to the help of what was named so far. */
static int
usage(pv_error **error, const struct parser *parser, const char *format, ...)
{
    const struct cli_call *call = parser->call;
    g_autofree char *text = NULL;
    g_autofree char *typed = call->verb ? cli_verb_typed(call->verb) : NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    pv_error_set(error, PV_ERR_USAGE, "%s%s%s", typed ? typed : "", typed ? ": " : "", text);
    if (!(*error)->hint)
        pv_error_hint(error, "see polyvirt %s%s--help", typed ? typed : call->noun ? call->noun : "",
                      typed || call->noun ? " " : "");
    return PV_ERR_USAGE;
}

static void
use_options(struct parser *parser, const struct cli_verb *verb)
{
    parser->options = cli_options_new(verb);
    g_ptr_array_add(parser->option_sets, parser->options);
}

/* ---- nouns and verbs ---- */

/* "polyvirt list": someone thinks in virsh. */
static void
hint_verb_without_noun(const struct parser *parser, const char *word, pv_error **error)
{
    for (const struct cli_verb *verb = parser->verbs; verb->name; verb++) {
        if (!verb->hidden && g_strcmp0(cli_verb_word(verb), word) == 0) {
            g_autofree char *noun = g_strndup(verb->name, cli_noun_length(verb->name));

            if (strcmp(noun, "vm") == 0) {
                pv_error_hint(error, "did you mean 'vm %s'?", word);
                return;
            }
        }
    }
}

static int
unknown_noun(struct parser *parser, const char *word, pv_error **error)
{
    g_auto(GStrv) nouns = cli_nouns(parser->verbs, FALSE);
    g_autofree char *safe = pv_text_safe(word);
    const char *nearest = pv_text_nearest(word, (const char *const *)nouns);

    usage(error, parser, "there is no command '%s'", safe);
    if (nearest)
        pv_error_hint(error, "did you mean '%s'?", nearest);
    hint_verb_without_noun(parser, word, error);
    return PV_ERR_USAGE;
}

static int
take_noun(struct parser *parser, const char *word, pv_error **error)
{
    for (const struct cli_verb *verb = parser->verbs; verb->name; verb++) {
        if (!cli_verb_has_noun(verb, word))
            continue;
        parser->call->noun = g_strdup(word);
        if (!cli_verb_word(verb)) {
            parser->call->verb = verb;
            use_options(parser, verb);
        }
        return 0;
    }
    return unknown_noun(parser, word, error);
}

static int
unknown_verb(struct parser *parser, const char *word, pv_error **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    g_autofree char *safe = pv_text_safe(word);
    const char *nearest;

    for (const struct cli_verb *verb = parser->verbs; verb->name; verb++)
        if (cli_verb_has_noun(verb, parser->call->noun) && !verb->hidden)
            g_ptr_array_add(known, (gpointer)cli_verb_word(verb));
    g_ptr_array_add(known, NULL);
    nearest = pv_text_nearest(word, (const char *const *)known->pdata);
    usage(error, parser, "%s has no verb '%s'", parser->call->noun, safe);
    if (nearest)
        pv_error_hint(error, "did you mean '%s %s'?", parser->call->noun, nearest);
    return PV_ERR_USAGE;
}

static int
take_verb(struct parser *parser, const char *word, pv_error **error)
{
    for (const struct cli_verb *verb = parser->verbs; verb->name; verb++) {
        if (cli_verb_has_noun(verb, parser->call->noun) && g_strcmp0(cli_verb_word(verb), word) == 0) {
            parser->call->verb = verb;
            use_options(parser, verb);
            return 0;
        }
    }
    return unknown_verb(parser, word, error);
}

static int
take_word(struct parser *parser, const char *word, pv_error **error)
{
    if (parser->call->verb) {
        g_ptr_array_add(parser->words, (gpointer)word);
        return 0;
    }
    return parser->call->noun ? take_verb(parser, word, error) : take_noun(parser, word, error);
}

/* ---- options ---- */

static void
add_given(struct parser *parser, const struct cli_option *option, const char *text, gboolean no)
{
    struct given given = { .option = *option, .text = text, .no = no };

    g_array_append_val(parser->given, given);
}

static int
unknown_option(struct parser *parser, const char *name, pv_error **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    g_autofree char *safe = pv_text_safe(name);
    const char *nearest;

    for (guint i = 0; i < parser->options->len; i++) {
        const struct cli_option *option = &g_array_index(parser->options, struct cli_option, i);

        if (!option->positional)
            g_ptr_array_add(known, option->name);
    }
    g_ptr_array_add(known, NULL);
    nearest = pv_text_nearest(name, (const char *const *)known->pdata);
    usage(error, parser, "there is no option --%s%s", safe,
          parser->call->verb ? "" : " before the verb is named");
    if (nearest)
        pv_error_hint(error, "did you mean --%s?", nearest);
    return PV_ERR_USAGE;
}

static gboolean
is_switch(const struct cli_option *option)
{
    return option->field->kind == PV_BOOL;
}

/* One "--name", "--name=value" or "--name value"; *i moves past a value that stands apart. */
static int
take_long(struct parser *parser, const char *const *argv, int argc, int *i, pv_error **error)
{
    const char *word = argv[*i] + 2;
    const char *equals = strchr(word, '=');
    g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
    const char *text = equals ? equals + 1 : NULL;
    gboolean no = FALSE;
    const struct cli_option *option = cli_option_find(parser->options, name, &no);

    if (!option)
        return unknown_option(parser, name, error);
    if (no && text)
        return usage(error, parser, "option --%s takes no value", name);
    if (!text && !is_switch(option) && !option->optional_value) {
        if (*i + 1 >= argc)
            return usage(error, parser, "option --%s needs a value", name);
        text = argv[++*i];
    }
    add_given(parser, option, text, no);
    return 0;
}

/* "-yv", "-o json", "-ojson". */
static int
take_short(struct parser *parser, const char *const *argv, int argc, int *i, pv_error **error)
{
    for (const char *letter = argv[*i] + 1; *letter; letter++) {
        const struct cli_option *option = cli_option_letter(parser->options, *letter);
        g_autofree char *safe = pv_text_safe(argv[*i]);

        if (!option)
            return usage(error, parser, "there is no option %s", safe);
        if (is_switch(option)) {
            add_given(parser, option, NULL, FALSE);
            continue;
        }
        if (letter[1]) {
            add_given(parser, option, letter + 1, FALSE);
        } else if (*i + 1 < argc) {
            add_given(parser, option, argv[++*i], FALSE);
        } else {
            return usage(error, parser, "option -%c needs a value", *letter);
        }
        break;
    }
    return 0;
}

static int
take_all(struct parser *parser, const char *const *argv, int argc, pv_error **error)
{
    gboolean words_only = FALSE;
    int rc = 0;

    if (argc > CLI_WORDS_MAX)
        return usage(error, parser, "more than %d words on the command line", CLI_WORDS_MAX);
    for (int i = 0; i < argc && rc == 0; i++) {
        const char *word = argv[i];

        if (words_only || word[0] != '-' || !word[1])
            rc = take_word(parser, word, error);
        else if (strcmp(word, "--") == 0)
            words_only = TRUE;
        else if (word[1] == '-')
            rc = take_long(parser, argv, argc, &i, error);
        else
            rc = take_short(parser, argv, argc, &i, error);
    }
    return rc;
}

/* ---- values into structs ---- */

/* The struct that holds the option's member. */
static void *
option_object(const struct parser *parser, const struct cli_option *option)
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
    return pv_field_parse(option->desc, option->field, object, text, error);
}

static int
apply_given(struct parser *parser, const struct given *given, GHashTable *seen, pv_error **error)
{
    void *object = option_object(parser, &given->option);
    void *member = G_STRUCT_MEMBER_P(object, given->option.field->offset);

    if (is_switch(&given->option) && !given->text) {
        *(int *)member = !given->no;
        return 0;
    }
    if (given->option.within && cli_option_repeats(&given->option)
        && g_hash_table_add(seen, (gpointer)given->option.field))
        empty_list(&given->option, object);
    return set_member(&given->option, object, given->text ? given->text : "", error);
}

static gboolean
is_file(const struct given *given)
{
    return !given->option.desc;
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
load_file(struct parser *parser, const struct given *given, pv_error **error)
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
apply_all(struct parser *parser, pv_error **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    int rc = 0;

    for (guint i = 0; i < parser->given->len && rc == 0; i++) {
        const struct given *given = &g_array_index(parser->given, struct given, i);

        if (is_file(given))
            rc = load_file(parser, given, error);
    }
    for (guint i = 0; i < parser->given->len && rc == 0; i++) {
        const struct given *given = &g_array_index(parser->given, struct given, i);

        if (!is_file(given))
            rc = apply_given(parser, given, seen, error);
    }
    return rc;
}

/* ---- positionals ---- */

static GPtrArray *
positionals(const struct parser *parser)
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
place_words(struct parser *parser, const GPtrArray *list, pv_error **error)
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

        return usage(error, parser, "unexpected argument '%s'", safe);
    }
    return 0;
}

static int
check_required(const struct parser *parser, pv_error **error)
{
    for (guint i = 0; i < parser->options->len; i++) {
        const struct cli_option *option = &g_array_index(parser->options, struct cli_option, i);

        if (option->global || is_file(&(struct given){ .option = *option }))
            continue;
        if (!(option->field->flags & PV_F_REQUIRED)
            || pv_field_is_set(option->field, option_object(parser, option)))
            continue;
        return option->positional ? usage(error, parser, "%s is missing", option->metavar)
                                  : usage(error, parser, "option --%s is missing", option->name);
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

static int
finish(struct parser *parser, pv_error **error)
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
        return call->noun ? usage(error, parser, "%s needs a verb", call->noun)
                          : usage(error, parser, "nothing to do: no command was named");
    rc = place_words(parser, list, error);
    if (rc != 0)
        return rc;
    rc = check_required(parser, error);
    if (rc == 0 && call->args)
        rc = pv_desc_validate(call->verb->args_desc, call->args, error);
    return rc;
}

int
cli_args_parse(const struct cli_verb *verbs, int argc, const char *const *argv, struct cli_call **ret_call,
               pv_error **error)
{
    g_autoptr(cli_call) call = g_new0(struct cli_call, 1);
    g_autoptr(GPtrArray) option_sets = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_autoptr(GArray) given = g_array_new(FALSE, FALSE, sizeof(struct given));
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    struct parser parser = {
        .verbs = verbs, .call = call, .option_sets = option_sets, .given = given, .words = words,
    };
    int rc;

    call->globals = pv_desc_new(&cli_globals_desc);
    use_options(&parser, NULL);
    rc = take_all(&parser, argv, argc, error);
    if (rc == 0)
        rc = finish(&parser, error);
    if (rc != 0)
        return rc;
    *ret_call = g_steal_pointer(&call);
    return 0;
}

void
cli_call_free(struct cli_call *call)
{
    if (!call)
        return;
    pv_desc_free(&cli_globals_desc, call->globals);
    if (call->verb && call->verb->args_desc)
        pv_desc_free(call->verb->args_desc, call->args);
    g_free(call->noun);
    g_free(call);
}
