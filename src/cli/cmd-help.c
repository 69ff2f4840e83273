/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt help [NOUN [VERB]]`: the same text as --help. */
#include "cli.h"

struct help_args {
    char **words;
};

static int
run_help(const struct cli_call *call, G_GNUC_UNUSED pv_task *task, pv_error **error)
{
    const struct help_args *args = call->args;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(cli_call) about = NULL;
    int rc;

    for (char **word = args->words; word && *word; word++)
        g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, (gpointer) "--help"); /* a mistake is told as it would be there */
    rc = cli_args_parse(cli_verbs(), (int)argv->len, (const char *const *)argv->pdata, &about, error);
    if (rc != 0)
        return rc;
    cli_help_write(out, cli_verbs(), about->noun, about->verb);
    return cli_output_text(out->str, out->len, error);
}

static const struct pv_field help_fields[] = {
    PV_FIELD(help_args, words, PV_STRINGS, .flags = PV_F_POSITIONAL, .title = "WORD",
             .help = "a noun, and perhaps its verb; else the program"),
    { 0 },
};
static const struct pv_desc help_desc = { "help", sizeof(struct help_args), help_fields, "what to explain" };

const struct cli_verb cli_cmd_help[] = {
    {
        .name = "help",
        .args_desc = &help_desc,
        .help = "explain a noun or a verb, as --help does",
        .example = "help vm create",
        .run = run_help,
    },
    { 0 },
};
