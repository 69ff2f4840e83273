/* SPDX-License-Identifier: Apache-2.0 */
/* What can be typed: the operation table and the local commands, as one table of verbs. */
#include "cli.h"

#include <string.h>

static const struct {
    const char *noun;
    const char *help;
} noun_helps[] = {
    { "endpoint", "what is on the other side, and what it can do" },
    { "session", "the login at the endpoint" },
    { "host", "machines that run VMs" },
    { "vm", "virtual machines: libvirt's domains" },
    { "snapshot", "saved states of a VM" },
    { "datastore", "where disks live: libvirt's storage pools" },
    { "volume", "disk images on a datastore" },
    { "network", "what VMs' network cards are plugged into" },
    { "event", "what happens at the endpoint" },
    { "task", "work under way at the endpoint" },
    { "test", "what an endpoint really does: the API test-suite" },
    { "context", "named endpoints of the config file" },
};

static const struct cli_verb *const local_tables[] = {
    cli_cmd_context,
    cli_cmd_complete,
    cli_cmd_doctor,
    cli_cmd_help,
    cli_cmd_man,
    cli_cmd_raw,
    cli_cmd_serve,
    cli_cmd_test,
    cli_cmd_test_run,
    cli_cmd_test_report,
    cli_cmd_test_matrix,
    cli_cmd_version,
};

static void
append_op(GArray *verbs, const struct pv_op *op)
{
    struct cli_verb verb = {
        .name = op->name,
        .args_desc = op->args_desc,
        .result_desc = op->result_desc,
        .flags = op->flags,
        .effect = op->effect,
        .help = op->help,
        .details = op->details,
        .example = op->example,
        .op = op,
    };

    g_array_append_val(verbs, verb);
}

static gpointer
make_verbs(gpointer unused)
{
    GArray *verbs = g_array_new(TRUE, TRUE, sizeof(struct cli_verb));

    (void)unused;
    for (const struct pv_op *op = pv_op_table(); op->name; op++)
        append_op(verbs, op);
    for (size_t i = 0; i < G_N_ELEMENTS(local_tables); i++)
        for (const struct cli_verb *verb = local_tables[i]; verb->name; verb++)
            g_array_append_val(verbs, *verb);
    return g_array_free(verbs, FALSE);
}

const struct cli_verb *
cli_verbs(void)
{
    static GOnce once = G_ONCE_INIT;

    return g_once(&once, make_verbs, NULL);
}

size_t
cli_noun_length(const char *name)
{
    return strcspn(name, ".");
}

gboolean
cli_verb_has_noun(const struct cli_verb *verb, const char *noun)
{
    size_t length = cli_noun_length(verb->name);

    return strlen(noun) == length && strncmp(verb->name, noun, length) == 0;
}

const char *
cli_verb_word(const struct cli_verb *verb)
{
    size_t length = cli_noun_length(verb->name);

    return verb->name[length] ? verb->name + length + 1 : NULL;
}

char **
cli_nouns(const struct cli_verb *verbs, gboolean hidden)
{
    g_autoptr(GPtrArray) nouns = g_ptr_array_new_with_free_func(g_free);

    for (const struct cli_verb *verb = verbs; verb->name; verb++) {
        g_autofree char *noun = g_strndup(verb->name, cli_noun_length(verb->name));

        if (verb->hidden && !hidden)
            continue;
        if (!g_ptr_array_find_with_equal_func(nouns, noun, g_str_equal, NULL))
            g_ptr_array_add(nouns, g_steal_pointer(&noun));
    }
    g_ptr_array_add(nouns, NULL);
    g_ptr_array_set_free_func(nouns, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&nouns), FALSE);
}

const char *
cli_noun_help(const char *noun)
{
    for (size_t i = 0; i < G_N_ELEMENTS(noun_helps); i++)
        if (strcmp(noun_helps[i].noun, noun) == 0)
            return noun_helps[i].help;
    return NULL;
}

char *
cli_verb_typed(const struct cli_verb *verb)
{
    return g_strdelimit(g_strdup(verb->name), ".", ' ');
}
