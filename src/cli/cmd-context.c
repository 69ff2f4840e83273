/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt context`: the named endpoints of the config file. */
#include "cli.h"

#include <string.h>

struct context_args {
    char *name;
};

static int
no_such_context(const struct cli_config *config, const char *name, pv_error **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *nearest;

    for (guint i = 0; i < config->contexts->len; i++)
        g_ptr_array_add(names, ((struct cli_context *)config->contexts->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    nearest = pv_text_nearest(name, (const char *const *)names->pdata);
    pv_error_set(error, PV_ERR_NOT_FOUND, "there is no context '%s' in %s", name, config->path);
    if (nearest)
        pv_error_hint(error, "did you mean '%s'?", nearest);
    return PV_ERR_NOT_FOUND;
}

static int
run_list(const struct cli_call *call, pv_task *task, pv_error **error)
{
    g_autoptr(cli_config) config = NULL;
    int rc = cli_output_check(call->globals, &cli_context_desc, error);

    (void)task;
    if (rc == 0)
        rc = cli_config_load(&config, error);
    return rc != 0 ? rc : cli_output_list(call->globals, &cli_context_desc, config->contexts, 0, error);
}

static int
run_show(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct context_args *args = call->args;
    g_autoptr(cli_config) config = NULL;
    const struct cli_context *context;
    const char *name;
    int rc = cli_config_load(&config, error);

    (void)task;
    if (rc != 0)
        return rc;
    name = args->name ? args->name : config->current;
    if (!name)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "%s names no current context", config->path);
    context = cli_config_find(config, name);
    if (!context)
        return no_such_context(config, name, error);
    return cli_output_one(call->globals, &cli_context_desc, context, error);
}

static int
run_use(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct context_args *args = call->args;
    g_autoptr(cli_config) config = NULL;
    int rc = cli_config_load(&config, error);

    (void)task;
    if (rc != 0)
        return rc;
    if (!cli_config_find(config, args->name))
        return no_such_context(config, args->name, error);
    if (call->globals->dry_run == 1) {
        cli_say("would make '%s' the current context in %s", args->name, config->path);
        return 0;
    }
    rc = cli_config_use(config, args->name, error);
    if (rc == 0)
        cli_say("current context: %s", args->name);
    return rc;
}

static const struct pv_field use_fields[] = {
    PV_FIELD(context_args, name, PV_STRING, .flags = PV_F_REQUIRED | PV_F_POSITIONAL, .help = "context"),
    { 0 },
};
static const struct pv_field show_fields[] = {
    PV_FIELD(context_args, name, PV_STRING, .flags = PV_F_POSITIONAL, .help = "context; the current one"),
    { 0 },
};
static const struct pv_desc use_desc = { "context", sizeof(struct context_args), use_fields, "a context" };
static const struct pv_desc show_desc = { "context", sizeof(struct context_args), show_fields, "a context" };

const struct cli_verb cli_cmd_context[] = {
    {
        .name = "context.list",
        .result_desc = &cli_context_desc,
        .help = "list the named endpoints",
        .details = "They stand in ~/.config/polyvirt/config.yaml: 'current: NAME' and 'contexts:', a "
                   "mapping of names to uri, password_file, password_command, tls_sha256, ca_file, "
                   "insecure, readonly, timeout.",
        .example = "context list",
        .run = run_list,
    },
    {
        .name = "context.use",
        .args_desc = &use_desc,
        .help = "make one the current: what is asked when there is no -c",
        .example = "context use lab",
        .run = run_use,
    },
    {
        .name = "context.show",
        .args_desc = &show_desc,
        .result_desc = &cli_context_desc,
        .flags = PV_OP_ONE,
        .help = "show one, or the current one",
        .example = "context show lab",
        .run = run_show,
    },
    { 0 },
};
