/* SPDX-License-Identifier: Apache-2.0 */
/* Help for the program, a noun or a verb, read off the tables; never wider than 80 columns. */
#include "cli.h"

#include <string.h>

#define HELP_INDENT 26 /* column where the explanation of an option begins */

static const char *const exit_lines[] = {
    "0 done", "1 failed", "2 usage", "3 cannot reach or log in", "4 nothing matched",
    "6 outcome unknown", "130 interrupted",
};

/* Appends words, breaking lines before column 80 with joint ("" or " \\"); indent applies from the
 * second line on. */
static void
append_broken(GString *out, const char *text, unsigned column, unsigned indent, const char *joint)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    gboolean start = TRUE;

    for (char **word = words; *word; word++) {
        unsigned cells = pv_text_cells(*word);

        if (!start && column + 1 + cells + strlen(joint) > CLI_HELP_COLUMNS) {
            g_string_append_printf(out, "%s\n%*s", joint, (int)indent, "");
            column = indent;
            start = TRUE;
        }
        g_string_append_printf(out, "%s%s", start ? "" : " ", *word);
        column += cells + (start ? 0 : 1);
        start = FALSE;
    }
    g_string_append_c(out, '\n');
}

static void
append_wrapped(GString *out, const char *text, unsigned column, unsigned indent)
{
    append_broken(out, text, column, indent, "");
}

/* "  left            right, wrapped"; a long left side gets a line of its own. */
static void
append_row(GString *out, const char *left, const char *right)
{
    unsigned cells = pv_text_cells(left);

    if (2 + cells > CLI_HELP_COLUMNS) {
        g_string_append(out, "  ");
        append_wrapped(out, left, 2, 6);
        g_string_append_printf(out, "%*s", HELP_INDENT, "");
    } else if (2 + cells + 2 > HELP_INDENT) {
        g_string_append_printf(out, "  %s\n%*s", left, HELP_INDENT, "");
    } else {
        g_string_append_printf(out, "  %s%*s", left, (int)(HELP_INDENT - 2 - cells), "");
    }
    append_wrapped(out, right ? right : "", HELP_INDENT, HELP_INDENT);
}

/* ---- pieces that the manual uses too ---- */

char *
cli_option_usage(const struct cli_option *option)
{
    GString *out = g_string_new(NULL);

    if (option->letter)
        g_string_append_printf(out, "-%c, ", option->letter);
    if (option->negative)
        g_string_append_printf(out, "--no-%s", option->name);
    else if (option->field->kind == PV_BOOL && !option->global)
        g_string_append_printf(out, "--[no-]%s", option->name);
    else
        g_string_append_printf(out, "--%s", option->name);
    if (option->metavar)
        g_string_append_printf(out, option->optional_value ? "[=%s]" : " %s", option->metavar);
    return g_string_free(out, FALSE);
}

static void
append_keys(GString *out, const struct pv_desc *desc)
{
    gboolean first = TRUE;

    g_string_append(out, "; keys: ");
    for (const struct pv_field *field = desc->fields; field->name; field++) {
        g_string_append_printf(out, "%s%s", first ? "" : ", ", field->name);
        first = FALSE;
    }
}

char *
cli_option_help(const struct cli_option *option)
{
    GString *out = g_string_new(option->field->help);

    if (!option->global && (option->field->kind == PV_LIST || option->field->kind == PV_STRUCT))
        append_keys(out, option->field->desc);
    if (cli_option_repeats(option) && !option->positional && strcmp(option->name, "columns") != 0)
        g_string_append(out, "; may be repeated");
    if (!option->positional && (option->field->flags & PV_F_REQUIRED))
        g_string_append(out, " (required)");
    return g_string_free(out, FALSE);
}

static gboolean
has_options(const GArray *options)
{
    for (guint i = 0; i < options->len; i++) {
        const struct cli_option *option = &g_array_index(options, struct cli_option, i);

        if (!option->global && !option->positional)
            return TRUE;
    }
    return FALSE;
}

char *
cli_synopsis(const struct cli_verb *verb)
{
    g_autoptr(GArray) options = cli_options_new(verb);
    g_autofree char *typed = cli_verb_typed(verb);
    GString *out = g_string_new("polyvirt ");

    g_string_append(out, typed);
    for (guint i = 0; i < options->len; i++) {
        const struct cli_option *option = &g_array_index(options, struct cli_option, i);
        gboolean required = (option->field->flags & PV_F_REQUIRED) != 0;
        const char *dots = cli_option_repeats(option) ? "..." : "";

        if (option->positional)
            g_string_append_printf(out, required ? " %s%s" : " [%s%s]", option->metavar, dots);
        else if (!option->global && required)
            g_string_append_printf(out, " --%s %s", option->name, option->metavar);
    }
    if (has_options(options))
        g_string_append(out, " [OPTIONS]");
    return g_string_free(out, FALSE);
}

/* ---- a verb ---- */

enum section {
    SECTION_ARGUMENTS,
    SECTION_OPTIONS,
    SECTION_GLOBALS,
};

static gboolean
in_section(const struct cli_option *option, enum section section)
{
    if (option->global)
        return section == SECTION_GLOBALS;
    return section == (option->positional ? SECTION_ARGUMENTS : SECTION_OPTIONS);
}

static void
append_section(GString *out, const GArray *options, enum section section, const char *title)
{
    gboolean any = FALSE;

    for (guint i = 0; i < options->len; i++) {
        const struct cli_option *option = &g_array_index(options, struct cli_option, i);
        g_autofree char *usage = NULL;
        g_autofree char *help = NULL;

        if (!in_section(option, section))
            continue;
        if (!any)
            g_string_append_printf(out, "\n%s:\n", title);
        any = TRUE;
        usage = option->positional ? g_strdup(option->metavar) : cli_option_usage(option);
        help = cli_option_help(option);
        append_row(out, usage, help);
    }
}

static const char *
effect_words(const struct cli_verb *verb)
{
    switch (verb->effect) {
    case PV_EFFECT_DISRUPTIVE:
        return "Stops a guest or destroys data: asks first, unless --yes is given.";
    case PV_EFFECT_CREATE:
        return "Makes something new.";
    case PV_EFFECT_MODIFY:
        return "Changes something; nothing is lost.";
    default:
        return verb->op ? "Changes nothing." : NULL;
    }
}

static void
write_verb(GString *out, const struct cli_verb *verb)
{
    g_autoptr(GArray) options = cli_options_new(verb);
    g_autofree char *synopsis = cli_synopsis(verb);

    g_string_append(out, "Usage: ");
    append_wrapped(out, synopsis, 7, 10);
    g_string_append_c(out, '\n');
    append_wrapped(out, verb->help, 0, 0);
    if (verb->details)
        append_wrapped(out, verb->details, 0, 0);
    if (effect_words(verb))
        append_wrapped(out, effect_words(verb), 0, 0);
    append_section(out, options, SECTION_ARGUMENTS, "Arguments");
    append_section(out, options, SECTION_OPTIONS, "Options");
    if (verb->example) {
        g_string_append(out, "\nExample:\n  polyvirt ");
        append_broken(out, verb->example, 2 + 9, 6, " \\");
    }
    g_string_append(out, "\nOptions of all commands: polyvirt --help\n");
}

/* ---- a noun, the program ---- */

static void
write_noun(GString *out, const struct cli_verb *verbs, const char *noun)
{
    g_string_append_printf(out, "Usage: polyvirt %s VERB [ARGUMENTS] [OPTIONS]\n\n", noun);
    if (cli_noun_help(noun))
        g_string_append_printf(out, "%s: %s\n\n", noun, cli_noun_help(noun));
    g_string_append(out, "Verbs:\n");
    for (const struct cli_verb *verb = verbs; verb->name; verb++)
        if (cli_verb_has_noun(verb, noun) && !verb->hidden)
            append_row(out, cli_verb_word(verb), verb->help);
    g_string_append_printf(out, "\nMore: polyvirt %s VERB --help\n", noun);
}

static const struct cli_verb *
command_named(const struct cli_verb *verbs, const char *noun)
{
    for (const struct cli_verb *verb = verbs; verb->name; verb++)
        if (strcmp(verb->name, noun) == 0)
            return verb;
    return NULL;
}

static void
append_nouns(GString *out, const struct cli_verb *verbs, gboolean commands)
{
    g_auto(GStrv) nouns = cli_nouns(verbs, FALSE);

    g_string_append_printf(out, "\n%s:\n", commands ? "Commands" : "Nouns");
    for (char **noun = nouns; *noun; noun++) {
        const struct cli_verb *command = command_named(verbs, *noun);

        if ((command != NULL) == commands)
            append_row(out, *noun, command ? command->help : cli_noun_help(*noun));
    }
}

static void
write_program(GString *out, const struct cli_verb *verbs)
{
    g_autoptr(GArray) options = cli_options_new(NULL);

    g_string_append(out, "Usage: polyvirt [-c URI|CONTEXT]... [-o FORMAT] NOUN VERB [ARGUMENTS] [OPTIONS]\n"
                         "       polyvirt COMMAND [OPTIONS]\n\n");
    append_wrapped(out, "Drives VMware vSphere, libvirt and QEMU QMP with the same commands. URIs: "
                        "vsphere://user@host, qemu:///system and all that libvirt takes, "
                        "qmp:///path/to/socket, sim:///?vms=20.", 0, 0);
    append_nouns(out, verbs, FALSE);
    append_nouns(out, verbs, TRUE);
    append_section(out, options, SECTION_GLOBALS, "Options, anywhere on the line");
    g_string_append(out, "\nEndpoint: -c, else POLYVIRT_URI, else the current context, else libvirt's own.\n"
                         "Exit status:");
    for (guint i = 0; i < G_N_ELEMENTS(exit_lines); i++)
        g_string_append_printf(out, "%s%s", i == 0 ? " " : i == 4 ? ",\n  " : ", ", exit_lines[i]);
    g_string_append(out, "\nMore: polyvirt NOUN --help, polyvirt NOUN VERB --help\n");
}

void
cli_help_write(GString *out, const struct cli_verb *verbs, const char *noun, const struct cli_verb *verb)
{
    if (verb)
        write_verb(out, verb);
    else if (noun)
        write_noun(out, verbs, noun);
    else
        write_program(out, verbs);
}
