/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages, man(7), from the same tables as --help: polyvirt(1) and one page a noun. */
#include "cli.h"

#include <string.h>

struct man_args {
    char *noun;
};

/* Text that troff shall take literally. */
static void
append_text(GString *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        g_string_append(out, "\\&");
    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);

        if (c == '\\')
            g_string_append(out, "\\e");
        else if (c == '-')
            g_string_append(out, "\\-");
        else if (c >= 0x80)
            g_string_append_printf(out, "\\[u%04X]", c);
        else
            g_string_append_c(out, (char)c);
    }
}

static void
append_line(GString *out, const char *macro, const char *text)
{
    g_string_append(out, macro);
    append_text(out, text);
    g_string_append_c(out, '\n');
}

static void
append_item(GString *out, const char *term, const char *text)
{
    g_string_append(out, ".TP\n");
    append_line(out, ".B ", term);
    append_line(out, "", text && *text ? text : "-");
}

static void
append_options(GString *out, const struct cli_verb *verb, gboolean global)
{
    g_autoptr(GArray) options = cli_options_new(verb);

    for (guint i = 0; i < options->len; i++) {
        const struct cli_option *option = &g_array_index(options, struct cli_option, i);
        g_autofree char *usage = NULL;
        g_autofree char *help = NULL;

        if (option->global != global)
            continue;
        usage = option->positional ? g_strdup(option->metavar) : cli_option_usage(option);
        help = cli_option_help(option);
        append_item(out, usage, help);
    }
}

static void
append_fields(GString *out, const struct pv_desc *desc)
{
    gboolean first = TRUE;

    g_string_append(out, ".PP\nFields: ");
    for (const struct pv_field *field = desc->fields; field->name; field++) {
        g_string_append(out, first ? "" : ", ");
        append_text(out, field->name);
        first = FALSE;
    }
    g_string_append(out, ".\n");
}

static void
append_verb(GString *out, const struct cli_verb *verb)
{
    g_autofree char *typed = cli_verb_typed(verb);
    g_autofree char *synopsis = cli_synopsis(verb);

    append_line(out, ".SS ", typed);
    append_line(out, ".B ", synopsis);
    g_string_append(out, ".PP\n");
    append_line(out, "", verb->help);
    if (verb->details) {
        g_string_append(out, ".PP\n");
        append_line(out, "", verb->details);
    }
    append_options(out, verb, FALSE);
    if (verb->result_desc)
        append_fields(out, verb->result_desc);
    if (verb->example) {
        g_string_append(out, ".PP\nExample:\n.PP\n.nf\n");
        append_line(out, "    polyvirt ", verb->example);
        g_string_append(out, ".fi\n");
    }
}

static void
append_title(GString *out, const char *page, const char *help)
{
    g_autofree char *upper = g_ascii_strup(page, -1);

    g_string_append_printf(out, ".TH %s 1 \"\" \"polyvirt " PV_VERSION_STRING "\" \"polyvirt\"\n.SH NAME\n",
                           upper);
    append_text(out, page);
    g_string_append(out, " \\- ");
    append_text(out, help);
    g_string_append_c(out, '\n');
}

static const char *const exit_statuses[][2] = {
    { "0", "done" },
    { "1", "failed" },
    { "2", "the command line or a value in it is wrong; nothing was changed" },
    { "3", "the endpoint cannot be reached, is not trusted or refused the login" },
    { "4", "what was named does not exist" },
    { "6", "the request went out and its outcome is not known; look before trying again" },
    { "130", "interrupted" },
};

static const char *const variables[][2] = {
    { "POLYVIRT_URI", "endpoint (a URI or a context's name) when there is no -c" },
    { "POLYVIRT_PASSWORD", "password, when no file and no command gives one" },
    { "POLYVIRT_CONFIG", "config file instead of ~/.config/polyvirt/config.yaml" },
    { "POLYVIRT_ACCEL", "kvm or tcg: overrides the measured accelerator" },
    { "LIBVIRT_DEFAULT_URI", "endpoint when neither -c, POLYVIRT_URI nor a context names one" },
    { "NO_COLOR, CLICOLOR, CLICOLOR_FORCE", "colours off or on" },
};

static void
append_pairs(GString *out, const char *title, const char *const pairs[][2], size_t count)
{
    append_line(out, ".SH ", title);
    for (size_t i = 0; i < count; i++)
        append_item(out, pairs[i][0], pairs[i][1]);
}

static void
write_noun(GString *out, const struct cli_verb *verbs, const char *noun)
{
    g_autofree char *page = g_strconcat("polyvirt-", noun, NULL);
    const char *help = cli_noun_help(noun);

    for (const struct cli_verb *verb = verbs; !help && verb->name; verb++)
        if (cli_verb_has_noun(verb, noun))
            help = verb->help;
    append_title(out, page, help);
    g_string_append(out, ".SH VERBS\n");
    for (const struct cli_verb *verb = verbs; verb->name; verb++)
        if (cli_verb_has_noun(verb, noun) && !verb->hidden)
            append_verb(out, verb);
    g_string_append(out, ".SH SEE ALSO\n.BR polyvirt (1)\n");
}

static void
append_commands(GString *out, const struct cli_verb *verbs)
{
    g_auto(GStrv) nouns = cli_nouns(verbs, FALSE);

    g_string_append(out, ".SH COMMANDS\n");
    for (const struct cli_verb *verb = verbs; verb->name; verb++) {
        g_autofree char *synopsis = verb->hidden ? NULL : cli_synopsis(verb);

        if (synopsis)
            append_item(out, synopsis, verb->help);
    }
    g_string_append(out, ".SH SEE ALSO\n");
    for (char **noun = nouns; *noun; noun++)
        g_string_append_printf(out, ".BR polyvirt\\-%s (1)%s\n", *noun, noun[1] ? "," : "");
}

static void
write_program(GString *out, const struct cli_verb *verbs)
{
    append_title(out, "polyvirt", "drive vSphere, libvirt and QEMU QMP with the same commands");
    g_string_append(out, ".SH SYNOPSIS\n.B polyvirt\n[\\-c URI|CONTEXT]... [\\-o FORMAT] NOUN VERB "
                         "[ARGUMENTS] [OPTIONS]\n.SH DESCRIPTION\n"
                         "Data goes to stdout, talk to stderr. Endpoints are named by URI "
                         "(vsphere://user@host, qmp:///path, sim:///, and all that libvirt takes) or by context, "
                         "a name in "
                         "~/.config/polyvirt/config.yaml.\n.SH OPTIONS\n");
    append_options(out, NULL, TRUE);
    append_pairs(out, "EXIT STATUS", exit_statuses, G_N_ELEMENTS(exit_statuses));
    append_pairs(out, "ENVIRONMENT", variables, G_N_ELEMENTS(variables));
    append_commands(out, verbs);
}

static int
run_man(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct man_args *args = call->args;
    const struct cli_verb *verbs = cli_verbs();
    g_auto(GStrv) nouns = cli_nouns(verbs, FALSE);
    g_autoptr(GString) out = g_string_new(NULL);

    (void)task;
    if (strcmp(args->noun, "polyvirt") == 0)
        write_program(out, verbs);
    else if (g_strv_contains((const char *const *)nouns, args->noun))
        write_noun(out, verbs, args->noun);
    else
        return pv_error_set(error, PV_ERR_USAGE, "there is no manual page for '%s'", args->noun);
    return cli_output_text(out->str, out->len, error);
}

static const struct pv_field man_fields[] = {
    PV_FIELD(man_args, noun, PV_STRING, .flags = PV_F_REQUIRED | PV_F_POSITIONAL,
             .help = "a noun, or polyvirt for the program's own page"),
    { 0 },
};
static const struct pv_desc man_desc = { "man", sizeof(struct man_args), man_fields, "a manual page" };

const struct cli_verb cli_cmd_man[] = {
    { .name = "__man", .args_desc = &man_desc, .help = "print a manual page", .run = run_man,
      .hidden = TRUE },
    { 0 },
};
