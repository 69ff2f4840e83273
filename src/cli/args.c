/* SPDX-License-Identifier: Apache-2.0 */
/* Tells words and options of a command line apart; what they say is filled in afterwards (args-fill.c). */
#include "args.h"

#include <string.h>

int
cli_usage(pv_error **error, const struct cli_parser *parser, const char *format, ...)
{
    const struct cli_call *call = parser->call;
    g_autofree char *text = NULL;
    g_autofree char *typed = call->verb ? cli_verb_typed(call->verb) : NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    pv_error_set(error, PV_ERR_USAGE, "%s%s%s", typed ? typed : "", typed ? ": " : "", text);
    if (error && !(*error)->hint)
        pv_error_hint(error, "see polyvirt %s%s--help", typed ? typed : call->noun ? call->noun : "",
                      typed || call->noun ? " " : "");
    return PV_ERR_USAGE;
}

static void
use_options(struct cli_parser *parser, const struct cli_verb *verb)
{
    parser->options = cli_options_new(verb);
    g_ptr_array_add(parser->option_sets, parser->options);
}

/* ---- nouns and verbs ---- */

/* "polyvirt list": someone thinks in virsh. */
static void
hint_verb_without_noun(const struct cli_parser *parser, const char *word, pv_error **error)
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
unknown_noun(struct cli_parser *parser, const char *word, pv_error **error)
{
    g_auto(GStrv) nouns = cli_nouns(parser->verbs, FALSE);
    g_autofree char *safe = pv_text_safe(word);
    const char *nearest = pv_text_nearest(word, (const char *const *)nouns);

    cli_usage(error, parser, "there is no command '%s'", safe);
    if (nearest)
        pv_error_hint(error, "did you mean '%s'?", nearest);
    hint_verb_without_noun(parser, word, error);
    return PV_ERR_USAGE;
}

static int
take_noun(struct cli_parser *parser, const char *word, pv_error **error)
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
unknown_verb(struct cli_parser *parser, const char *word, pv_error **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    g_autofree char *safe = pv_text_safe(word);
    const char *nearest;

    for (const struct cli_verb *verb = parser->verbs; verb->name; verb++)
        if (cli_verb_has_noun(verb, parser->call->noun) && !verb->hidden)
            g_ptr_array_add(known, (gpointer)cli_verb_word(verb));
    g_ptr_array_add(known, NULL);
    nearest = pv_text_nearest(word, (const char *const *)known->pdata);
    cli_usage(error, parser, "%s has no verb '%s'", parser->call->noun, safe);
    if (nearest)
        pv_error_hint(error, "did you mean '%s %s'?", parser->call->noun, nearest);
    return PV_ERR_USAGE;
}

static int
take_verb(struct cli_parser *parser, const char *word, pv_error **error)
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
take_word(struct cli_parser *parser, const char *word, pv_error **error)
{
    if (parser->call->verb) {
        g_ptr_array_add(parser->words, (gpointer)word);
        return 0;
    }
    return parser->call->noun ? take_verb(parser, word, error) : take_noun(parser, word, error);
}

/* ---- options ---- */

static void
add_given(struct cli_parser *parser, const struct cli_option *option, const char *text, gboolean no)
{
    struct cli_given given = { .option = *option, .text = text, .no = no };

    g_array_append_val(parser->given, given);
}

static int
unknown_option(struct cli_parser *parser, const char *name, pv_error **error)
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
    cli_usage(error, parser, "there is no option --%s%s", safe,
          parser->call->verb ? "" : " before the verb is named");
    if (nearest)
        pv_error_hint(error, "did you mean --%s?", nearest);
    return PV_ERR_USAGE;
}

/* One "--name", "--name=value" or "--name value"; *i moves past a value that stands apart. */
static int
take_long(struct cli_parser *parser, const char *const *argv, int argc, int *i, pv_error **error)
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
        return cli_usage(error, parser, "option --%s takes no value", name);
    if (!text && !cli_option_is_switch(option) && !option->optional_value) {
        if (*i + 1 >= argc)
            return cli_usage(error, parser, "option --%s needs a value", name);
        text = argv[++*i];
    }
    add_given(parser, option, text, no);
    return 0;
}

/* "-yv", "-o json", "-ojson". */
static int
take_short(struct cli_parser *parser, const char *const *argv, int argc, int *i, pv_error **error)
{
    for (const char *letter = argv[*i] + 1; *letter; letter++) {
        const struct cli_option *option = cli_option_letter(parser->options, *letter);
        g_autofree char *safe = pv_text_safe(argv[*i]);

        if (!option)
            return cli_usage(error, parser, "there is no option %s", safe);
        if (cli_option_is_switch(option)) {
            add_given(parser, option, NULL, FALSE);
            continue;
        }
        if (letter[1]) {
            add_given(parser, option, letter + 1, FALSE);
        } else if (*i + 1 < argc) {
            add_given(parser, option, argv[++*i], FALSE);
        } else {
            return cli_usage(error, parser, "option -%c needs a value", *letter);
        }
        break;
    }
    return 0;
}

static int
take_all(struct cli_parser *parser, const char *const *argv, int argc, pv_error **error)
{
    gboolean words_only = FALSE;
    int rc = 0;

    if (argc > CLI_WORDS_MAX)
        return cli_usage(error, parser, "more than %d words on the command line", CLI_WORDS_MAX);
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

int
cli_args_parse(const struct cli_verb *verbs, int argc, const char *const *argv, struct cli_call **ret_call,
               pv_error **error)
{
    g_autoptr(cli_call) call = g_new0(struct cli_call, 1);
    g_autoptr(GPtrArray) option_sets = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_autoptr(GArray) given = g_array_new(FALSE, FALSE, sizeof(struct cli_given));
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    struct cli_parser parser = {
        .verbs = verbs, .call = call, .option_sets = option_sets, .given = given, .words = words,
    };
    int rc;

    call->globals = pv_desc_new(&cli_globals_desc);
    use_options(&parser, NULL);
    rc = take_all(&parser, argv, argc, error);
    if (rc == 0)
        rc = cli_args_fill(&parser, error);
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
