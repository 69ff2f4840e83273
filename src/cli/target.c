/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoints are meant: -c, then POLYVIRT_URI, then the current context, then libvirt's own. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
free_target(gpointer data)
{
    struct cli_target *target = data;

    g_free(target->label);
    g_free(target->uri);
    g_free(target->password.file);
    g_free(target->password.command);
    cli_secret_free(target->password.text);
    g_free(target->tls_sha256);
    g_free(target->ca_file);
    g_free(target);
}

/* "~/x" is the home folder's; a relative path is the config file's neighbour. */
static char *
expand_path(const char *path, const struct cli_config *config)
{
    g_autofree char *folder = NULL;

    if (!path)
        return NULL;
    if (g_str_has_prefix(path, "~/"))
        return g_build_filename(g_get_home_dir(), path + 2, NULL);
    if (g_path_is_absolute(path) || strcmp(path, "-") == 0)
        return g_strdup(path);
    folder = g_path_get_dirname(config->path);
    return g_build_filename(folder, path, NULL);
}

/* What the command line says goes before what the context says. */
static void
fill_target(struct cli_target *target, const struct cli_globals *globals, const struct cli_context *context,
            const struct cli_config *config)
{
    gboolean own = globals->password_file || globals->password_command;

    target->password.file = g_strdup(globals->password_file);
    target->password.command = g_strdup(globals->password_command);
    target->ca_file = g_strdup(globals->ca_file);
    target->options.insecure = globals->insecure == 1;
    target->options.readonly = globals->readonly == 1;
    target->options.timeout_ms = globals->timeout == PV_UNSET_INT ? 0 : globals->timeout;
    if (!context)
        return;
    if (!own) {
        target->password.file = expand_path(context->password_file, config);
        target->password.command = g_strdup(context->password_command);
        target->password.text = g_strdup(context->password);
    }
    if (!target->ca_file)
        target->ca_file = expand_path(context->ca_file, config);
    target->tls_sha256 = g_strdup(context->tls_sha256);
    if (globals->insecure == PV_UNSET_BOOL)
        target->options.insecure = context->insecure == 1;
    if (globals->readonly == PV_UNSET_BOOL)
        target->options.readonly = context->readonly == 1;
    if (target->options.timeout_ms == 0 && context->timeout != PV_UNSET_INT)
        target->options.timeout_ms = context->timeout;
}

static struct cli_target *
new_target(const char *label, const char *uri, const struct cli_globals *globals,
           const struct cli_context *context, const struct cli_config *config)
{
    struct cli_target *target = g_new0(struct cli_target, 1);

    target->label = g_strdup(label);
    target->uri = g_strdup(uri);
    fill_target(target, globals, context, config);
    target->options.tls_sha256 = target->tls_sha256;
    target->options.ca_file = target->ca_file;
    target->options.password = cli_password_get;
    target->options.password_data = &target->password;
    return target;
}

static int
no_context(const struct cli_config *config, const char *name, pv_error **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *safe = pv_text_safe(name);
    const char *nearest;

    for (guint i = 0; i < config->contexts->len; i++)
        g_ptr_array_add(names, ((struct cli_context *)config->contexts->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    nearest = pv_text_nearest(name, (const char *const *)names->pdata);
    pv_error_set(error, PV_ERR_USAGE, "there is no context '%s' in %s, and a URI has a ':'", safe,
                 config->path);
    if (nearest)
        pv_error_hint(error, "did you mean '%s'?", nearest);
    return PV_ERR_USAGE;
}

/* A word without ':' is a context's name, all else a URI. */
static int
add_named(GPtrArray *targets, const char *name, const struct cli_globals *globals,
          const struct cli_config *config, pv_error **error)
{
    const struct cli_context *context = strchr(name, ':') ? NULL : cli_config_find(config, name);

    if (!*name)
        return pv_error_set(error, PV_ERR_USAGE, "--connect: a URI or a context's name is wanted");
    if (!context && !strchr(name, ':'))
        return no_context(config, name, error);
    g_ptr_array_add(targets, new_target(name, context ? context->uri : name, globals, context, config));
    return 0;
}

static const char *
libvirt_default(void)
{
    const char *uri = getenv("LIBVIRT_DEFAULT_URI");

    if (uri && *uri)
        return uri;
    return geteuid() == 0 ? "qemu:///system" : "qemu:///session";
}

static int
add_default(GPtrArray *targets, const struct cli_globals *globals, const struct cli_config *config,
            pv_error **error)
{
    const char *uri = getenv("POLYVIRT_URI");

    if (uri && *uri)
        return add_named(targets, uri, globals, config, error);
    if (config->current && *config->current) {
        const struct cli_context *context = cli_config_find(config, config->current);

        if (!context)
            return pv_error_set(error, PV_ERR_USAGE, "%s: current: there is no context '%s'", config->path,
                                config->current);
        g_ptr_array_add(targets, new_target(context->name, context->uri, globals, context, config));
        return 0;
    }
    g_ptr_array_add(targets, new_target(libvirt_default(), libvirt_default(), globals, NULL, config));
    return 0;
}

int
cli_targets_new(const struct cli_globals *globals, GPtrArray **ret_targets, pv_error **error)
{
    g_autoptr(cli_config) config = NULL;
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(free_target);
    int rc = cli_config_load(&config, error);

    if (rc != 0)
        return rc;
    if (globals->connect && g_strv_length(globals->connect) > CLI_ENDPOINTS_MAX)
        return pv_error_set(error, PV_ERR_USAGE, "--connect: more than %d endpoints", CLI_ENDPOINTS_MAX);
    for (char **name = globals->connect; name && *name; name++) {
        rc = add_named(targets, *name, globals, config, error);
        if (rc != 0)
            return rc;
    }
    if (targets->len == 0)
        rc = add_default(targets, globals, config, error);
    if (rc != 0)
        return rc;
    *ret_targets = g_steal_pointer(&targets);
    return 0;
}

int
cli_target_open(struct cli_target *target, pv_task *task, pv_conn **ret_conn, pv_error **error)
{
    int rc;

    target->password.task = task;
    target->password.timeout_ms =
        target->options.timeout_ms > 0 ? target->options.timeout_ms : PV_TIMEOUT_DEFAULT_MS;
    rc = pv_open(target->uri, &target->options, task, ret_conn, error);
    target->password.task = NULL;
    return rc;
}

int
cli_open_one(const struct cli_globals *globals, pv_task *task, GPtrArray **ret_targets, pv_conn **ret_conn,
             pv_error **error)
{
    g_autoptr(GPtrArray) targets = NULL;
    g_autoptr(pv_task) opening = pv_task_child(task, "open", NULL);
    struct cli_target *target;
    int code = cli_targets_new(globals, &targets, error);

    if (code < 0)
        return code;
    if (targets->len > 1)
        return pv_error_set(error, PV_ERR_USAGE, "--connect: this works on one endpoint at a time");
    target = g_ptr_array_index(targets, 0);
    pv_task_set_timeout(opening, target->options.timeout_ms > 0 ? target->options.timeout_ms : PV_TIMEOUT_DEFAULT_MS);
    code = cli_target_open(target, opening, ret_conn, error);
    if (code == 0)
        *ret_targets = g_steal_pointer(&targets);
    return code;
}
