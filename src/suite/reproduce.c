/* SPDX-License-Identifier: Apache-2.0 */
/* A line for a shell that does what a step did. */
#include "run-priv.h"

#include <string.h>

static void
append_quoted(GString *out, const char *text)
{
    g_autofree char *quoted = g_shell_quote(text);

    g_string_append_c(out, ' ');
    g_string_append(out, strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+") ==
                                     strlen(text) && *text ? text : quoted);
}

static char *
dump(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *copy = g_strdup(text ? text : "{}");

    free(text);
    return copy;
}

static void
append_program(GString *out, const struct suite_scene *scene)
{
    g_autofree char *uri = pv_redact(pv_conn_uri(scene->world->conn));

    g_string_append(out, "polyvirt -c");
    append_quoted(out, uri);
}

/* Arguments of an operation: positionals as words, switches as options. */
static void
append_args(GString *out, const struct pv_op *op, const json_t *args)
{
    for (const struct pv_field *field = op->args_desc ? op->args_desc->fields : NULL; field && field->name; field++) {
        const json_t *value = json_object_get(args, field->name), *item;
        g_autofree char *option = g_strdelimit(g_strdup(field->name), "_", '-');
        size_t i;

        json_array_foreach(value, i, item)
            append_quoted(out, json_is_string(item) ? json_string_value(item) : "?");
        if (json_is_string(value) && !(field->flags & PV_F_POSITIONAL))
            g_string_append_printf(out, " --%s", option);
        if (json_is_string(value))
            append_quoted(out, json_string_value(value));
        else if (json_is_true(value))
            g_string_append_printf(out, " --%s", option);
    }
}

static char *
reproduce_op(const struct suite_scene *scene, const struct pv_op *op, const json_t *args)
{
    g_autofree char *typed = g_strdelimit(g_strdup(op->name), ".", ' ');
    const json_t *spec = json_object_get(args, "spec");
    g_autoptr(GString) out = g_string_new(NULL);

    if (spec) {
        g_autofree char *text = dump(spec);

        g_string_append(out, "echo");
        append_quoted(out, text);
        g_string_append(out, " | ");
    }
    append_program(out, scene);
    g_string_append_printf(out, "%s %s", op->effect == PV_EFFECT_DISRUPTIVE ? " --yes" : "", typed);
    append_args(out, op, args);
    if (spec)
        g_string_append(out, " --file -");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *
suite_reproduce(const struct suite_scene *scene, const struct suite_step *step, const char *name, const json_t *args)
{
    g_autoptr(json_t) request = NULL;
    g_autoptr(GString) out = NULL;
    g_autofree char *dumped = NULL, *text = NULL;

    if (step->kind == SUITE_STEP_EVENTS)
        return NULL;
    if (step->kind == SUITE_STEP_OP)
        return reproduce_op(scene, step->op, args);
    request = suite_raw_request(step, name, args);
    dumped = dump(request);
    text = pv_redact(dumped); /* a session id is a secret, in a line for a shell too */
    out = g_string_new(NULL);
    append_program(out, scene);
    g_string_append(out, " --yes raw");
    append_quoted(out, text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}
