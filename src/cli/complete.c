/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion: `polyvirt __complete -- WORD…` answers what may stand in place of the last word, one
 * "candidate<TAB>explanation" a line, or ":files" where a file's name is wanted. The shells' scripts
 * (cmd-complete.c) only pass words on.
 */
#include "complete.h"

#include <string.h>

struct complete_args {
    char **words;
};

void
cli_complete_add(struct complete *complete, const char *prefix, const char *candidate, const char *help)
{
    if (!g_str_has_prefix(candidate, prefix) || strpbrk(candidate, "\n\t"))
        return;
    g_string_append_printf(complete->out, "%s\t%s\n", candidate, help ? help : "");
}

/* ---- what was typed so far ---- */

/* Options that say where and how are kept; what does not parse is no matter here. */
static void
keep_value(struct complete *complete, const struct cli_option *option, const char *text)
{
    struct cli_globals *globals = complete->call->globals;

    if (option->letter == 'c') {
        guint length = globals->connect ? g_strv_length(globals->connect) : 0;

        globals->connect = g_renew(char *, globals->connect, length + 2);
        globals->connect[length] = g_strdup(text);
        globals->connect[length + 1] = NULL;
    } else if (option->global && option->field->kind != PV_STRINGS) {
        cli_field_parse(option->desc, option->field, globals, text, NULL);
    }
}

static const struct cli_option *
option_of(const struct complete *complete, const char *word)
{
    g_autofree char *name = NULL;
    gboolean no = FALSE;

    if (word[0] != '-' || !word[1])
        return NULL;
    if (word[1] != '-')
        return word[2] ? NULL : cli_option_letter(complete->options, word[1]);
    name = g_strndup(word + 2, strcspn(word + 2, "="));
    return cli_option_find(complete->options, name, &no);
}

/* Does the value of this option stand in the next word? */
static gboolean
wants_next(const struct cli_option *option, const char *word)
{
    return option && option->metavar && !option->optional_value && !strchr(word, '=');
}

static void
take_command_word(struct complete *complete, const struct cli_verb *verbs, const char *word)
{
    struct cli_call *call = complete->call;

    complete->lost = call->noun != NULL; /* unless the second word is a verb */
    if (!call->noun)
        call->noun = g_strdup(word);
    for (const struct cli_verb *verb = verbs; verb->name && !call->verb; verb++)
        if (cli_verb_has_noun(verb, call->noun)
            && (!cli_verb_word(verb) || strcmp(cli_verb_word(verb), word) == 0))
            call->verb = verb;
    if (!call->verb)
        return;
    complete->lost = FALSE;
    g_array_unref(complete->options);
    complete->options = cli_options_new(call->verb);
}

static const struct cli_option *
nth_positional(const struct complete *complete, guint n)
{
    const struct cli_option *last = NULL;

    for (guint i = 0; i < complete->options->len; i++) {
        const struct cli_option *option = &g_array_index(complete->options, struct cli_option, i);

        if (!option->positional)
            continue;
        last = option;
        if (n-- == 0)
            return option;
    }
    return last && cli_option_repeats(last) ? last : NULL;
}

static void
take_word(struct complete *complete, const struct cli_verb *verbs, const char *word)
{
    const struct cli_option *positional;

    if (!complete->call->verb) {
        take_command_word(complete, verbs, word);
        return;
    }
    positional = nth_positional(complete, complete->words++);
    if (positional && (positional->field->flags & PV_F_VM))
        complete->vm = word;
}

/* ---- candidates ---- */

static void
add_contexts(struct complete *complete, const char *prefix)
{
    static const char *const uris[] = {
        "qemu:///system", "qemu:///session", "qmp:///", "vsphere://", "sim:///",
    };
    g_autoptr(cli_config) config = NULL;

    if (cli_config_load(&config, NULL) == 0)
        for (guint i = 0; i < config->contexts->len; i++) {
            const struct cli_context *context = config->contexts->pdata[i];

            cli_complete_add(complete, prefix, context->name, context->uri);
        }
    for (size_t i = 0; i < G_N_ELEMENTS(uris); i++)
        cli_complete_add(complete, prefix, uris[i], NULL);
}

static void
add_columns(struct complete *complete, const char *prefix)
{
    const char *comma = strrchr(prefix, ',');
    g_autofree char *before = comma ? g_strndup(prefix, (gsize)(comma + 1 - prefix)) : g_strdup("");

    if (!complete->call->verb || !complete->call->verb->result_desc)
        return;
    for (const struct pv_field *field = complete->call->verb->result_desc->fields; field->name; field++) {
        g_autofree char *candidate = g_strconcat(before, field->name, NULL);

        cli_complete_add(complete, prefix, candidate, field->help);
    }
}

static void
add_values(struct complete *complete, const struct cli_option *option, const char *prefix)
{
    const struct pv_field *field = option->field;

    if (field->kind == PV_ENUM)
        for (const struct pv_enum_value *value = field->values; value->name; value++)
            cli_complete_add(complete, prefix, value->name, value->help);
    else if (option->letter == 'c')
        add_contexts(complete, prefix);
    else if (option->global && strcmp(option->name, "columns") == 0)
        add_columns(complete, prefix);
    else if (field->flags & PV_F_FILE)
        g_string_append(complete->out, ":files\n");
    else
        cli_complete_names(complete, field, prefix);
}

static void
add_options(struct complete *complete, const char *prefix)
{
    for (guint i = 0; i < complete->options->len; i++) {
        const struct cli_option *option = &g_array_index(complete->options, struct cli_option, i);
        g_autofree char *text = g_strconcat(option->negative ? "--no-" : "--", option->name, NULL);
        g_autofree char *no = g_strconcat("--no-", option->name, NULL);

        if (option->positional)
            continue;
        cli_complete_add(complete, prefix, text, option->field->help);
        if (!option->global && option->field->kind == PV_BOOL)
            cli_complete_add(complete, prefix, no, option->field->help);
    }
}

static void
add_words(struct complete *complete, const struct cli_verb *verbs, const char *prefix)
{
    const struct cli_call *call = complete->call;
    const struct cli_option *positional;

    if (!call->noun) {
        g_auto(GStrv) nouns = cli_nouns(verbs, FALSE);

        for (char **noun = nouns; *noun; noun++)
            cli_complete_add(complete, prefix, *noun, cli_noun_help(*noun));
    } else if (!call->verb) {
        for (const struct cli_verb *verb = verbs; verb->name; verb++)
            if (cli_verb_has_noun(verb, call->noun) && !verb->hidden)
                cli_complete_add(complete, prefix, cli_verb_word(verb), verb->help);
    } else {
        positional = nth_positional(complete, complete->words);
        if (positional)
            add_values(complete, positional, prefix);
    }
}

/* "--output=js": the candidates carry the option too. */
static void
add_inline(struct complete *complete, const char *word)
{
    const char *equals = strchr(word, '=');
    const struct cli_option *option = option_of(complete, word);
    g_autoptr(GString) whole = g_steal_pointer(&complete->out);
    g_auto(GStrv) lines = NULL;

    complete->out = g_string_new(NULL);
    if (option && option->metavar)
        add_values(complete, option, equals + 1);
    lines = g_strsplit(complete->out->str, "\n", -1);
    for (char **line = lines; *line && **line; line++)
        g_string_append_printf(whole, "%.*s%s\n", **line == ':' ? 0 : (int)(equals + 1 - word), word, *line);
    g_string_free(complete->out, TRUE);
    complete->out = g_steal_pointer(&whole);
}

static void
answer(struct complete *complete, const struct cli_verb *verbs, char *const *words)
{
    const struct cli_option *pending = NULL;
    gboolean words_only = FALSE;

    for (; words[0] && words[1]; words++) {
        const struct cli_option *option = words_only ? NULL : option_of(complete, words[0]);

        if (pending) {
            keep_value(complete, pending, words[0]);
            pending = NULL;
        } else if (!words_only && strcmp(words[0], "--") == 0) {
            words_only = TRUE;
        } else if (option && strchr(words[0], '=')) {
            keep_value(complete, option, strchr(words[0], '=') + 1);
        } else if (option) {
            pending = wants_next(option, words[0]) ? option : NULL;
        } else if (words_only || words[0][0] != '-') {
            take_word(complete, verbs, words[0]);
        }
    }
    if (!words[0] || complete->lost)
        return;
    if (pending)
        add_values(complete, pending, words[0]);
    else if (!words_only && words[0][0] == '-' && strchr(words[0], '='))
        add_inline(complete, words[0]);
    else if (!words_only && words[0][0] == '-')
        add_options(complete, words[0]);
    else
        add_words(complete, verbs, words[0]);
}

static int
run_complete(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct complete_args *args = call->args;
    static char *nothing[] = { NULL };
    struct complete complete = { .call = g_new0(struct cli_call, 1), .options = cli_options_new(NULL) };
    int rc;

    (void)task;
    complete.call->globals = pv_desc_new(&cli_globals_desc);
    complete.out = g_string_new(NULL);
    answer(&complete, cli_verbs(), args->words ? args->words : nothing);
    rc = cli_output_text(complete.out->str, complete.out->len, error);
    g_string_free(complete.out, TRUE);
    g_array_unref(complete.options);
    complete.call->verb = NULL; /* it has no arguments of its own */
    cli_call_free(complete.call);
    return rc;
}

static const struct pv_field complete_fields[] = {
    PV_FIELD(complete_args, words, PV_STRINGS, .flags = PV_F_POSITIONAL, .help = "the line so far"),
    { 0 },
};
static const struct pv_desc complete_desc = {
    "complete", sizeof(struct complete_args), complete_fields, "a half-typed command line",
};

/* ---- the scripts ---- */

enum shell {
    SHELL_BASH = 1,
    SHELL_ZSH,
    SHELL_FISH,
};

static const struct pv_enum_value shell_values[] = {
    { SHELL_BASH, "bash", "source it, or put it into /etc/bash_completion.d" },
    { SHELL_ZSH, "zsh", "save it as _polyvirt in a folder of $fpath" },
    { SHELL_FISH, "fish", "save it as ~/.config/fish/completions/polyvirt.fish" },
    { 0, NULL, NULL },
};

struct completion_args {
    int shell;
};

static const char *const scripts[] = {
    /* COMP_WORDS is broken at ':' and '=', so the line is split anew and candidates are cut likewise */
    [SHELL_BASH] = "_polyvirt() {\n"
                   "    local line=${COMP_LINE:0:COMP_POINT} cut='' item\n"
                   "    local -a words\n"
                   "    IFS=$' \\t' read -ra words <<< \"$line\"\n"
                   "    [[ $line == *[[:space:]] ]] && words+=('')\n"
                   "    local current=${words[-1]}\n"
                   "    [[ $current == *[:=]* ]] && cut=${current%\"${current##*[:=]}\"}\n"
                   "    COMPREPLY=()\n"
                   "    while IFS= read -r item; do\n"
                   "        if [[ $item == :files ]]; then\n"
                   "            compopt -o filenames 2>/dev/null\n"
                   "            while IFS= read -r item; do COMPREPLY+=(\"$item\"); done \\\n"
                   "                < <(compgen -f -- \"${current##*[:=]}\")\n"
                   "            return\n"
                   "        fi\n"
                   "        item=${item%%$'\\t'*}\n"
                   "        COMPREPLY+=(\"$(printf '%q' \"${item#\"$cut\"}\")\")\n"
                   "    done < <(\"${words[0]}\" __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
                   "}\n"
                   "complete -F _polyvirt polyvirt\n",
    [SHELL_ZSH] = "#compdef polyvirt\n"
                  "_polyvirt() {\n"
                  "    local item\n"
                  "    local -a items\n"
                  "    while IFS= read -r item; do\n"
                  "        if [[ $item == :files ]]; then _files; return; fi\n"
                  "        items+=(\"${${item%%$'\\t'*}//:/\\\\:}:${item#*$'\\t'}\")\n"
                  "    done < <(${words[1]} __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
                  "    _describe polyvirt items\n"
                  "}\n"
                  "if [[ $funcstack[1] == _polyvirt ]]; then _polyvirt \"$@\"\n"
                  "else compdef _polyvirt polyvirt; fi\n",
    [SHELL_FISH] = "function __polyvirt_complete\n"
                   "    set -l words (commandline -opc)\n"
                   "    set -l current (commandline -ct)\n"
                   "    for item in ($words[1] __complete -- $words[2..-1] \"$current\" 2>/dev/null)\n"
                   "        if test \"$item\" = ':files'\n"
                   "            __fish_complete_path \"$current\"\n"
                   "        else\n"
                   "            printf '%s\\n' $item\n"
                   "        end\n"
                   "    end\n"
                   "end\n"
                   "complete -c polyvirt -f -a '(__polyvirt_complete)'\n",
};

static int
run_completion(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct completion_args *args = call->args;
    const char *script = scripts[args->shell];

    (void)task;
    return cli_output_text(script, strlen(script), error);
}

static const struct pv_field completion_fields[] = {
    PV_FIELD(completion_args, shell, PV_ENUM, .values = shell_values,
             .flags = PV_F_REQUIRED | PV_F_POSITIONAL,
             .help = "which shell"),
    { 0 },
};
static const struct pv_desc completion_desc = {
    "completion", sizeof(struct completion_args), completion_fields, "a shell",
};

const struct cli_verb cli_cmd_complete[] = {
    {
        .name = "completion",
        .args_desc = &completion_desc,
        .help = "print the shell's completion script",
        .details = "Completes nouns, verbs, options and their values, and asks the endpoint for the names "
                   "of VMs, snapshots, datastores and networks, for less than a second.",
        .example = "completion bash > /etc/bash_completion.d/polyvirt",
        .run = run_completion,
    },
    {
        .name = "__complete",
        .args_desc = &complete_desc,
        .help = "what may stand in place of the last word",
        .run = run_complete,
        .hidden = TRUE,
    },
    { 0 },
};
