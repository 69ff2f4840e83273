/* SPDX-License-Identifier: Apache-2.0 */
/* A step from its node: what it does, what is expected, what is captured. */
#include "case-priv.h"

#include <string.h>

void
suite_step_free(struct suite_step *step)
{
    if (!step)
        return;
    g_free(step->name);
    json_decref(step->args);
    json_decref(step->expect);
    json_decref(step->capture);
    g_free(step->owns);
    g_free(step->target);
    g_free(step);
}
typedef struct suite_step suite_step;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(suite_step, suite_step_free)

const struct pv_enum_value suite_step_kind_values[] = {
    { SUITE_STEP_OP, "op", "a row of the operation table" },
    { SUITE_STEP_REST, "rest", "a raw HTTP exchange" },
    { SUITE_STEP_QMP, "qmp", "a raw QMP command" },
    { SUITE_STEP_EVENTS, "events", "what the event stream told" },
    { 0 },
};

/* ---- what is expected ---- */

static const char *const matcher_keys[] = {
    "equals", "not", "type", "min", "max", "matches", "one_of", "present",
    "count", "contains", "each", "unique", "has", "time", NULL,
};

static int check_matcher(const struct suite_source *source, const suite_node *node, pv_error **error);

static int
check_each_member(const struct suite_source *source, const suite_node *map, pv_error **error)
{
    int code = 0;

    if (map->kind != SUITE_NODE_MAP)
        return suite_node_error(source->file, map, error, "%s: expected a map of matchers", map->key);
    for (unsigned i = 0; code == 0 && i < map->items->len; i++)
        code = check_matcher(source, map->items->pdata[i], error);
    return code;
}

static int
check_regex(const struct suite_source *source, const suite_node *node, pv_error **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GRegex) regex = node->text ? g_regex_new(node->text, 0, 0, &why) : NULL;

    if (!regex)
        return suite_node_error(source->file, node, error, "%s: not a regular expression%s%s", node->key,
                                why ? ": " : "", why ? why->message : "");
    return 0;
}

static int
check_type(const struct suite_source *source, const suite_node *node, pv_error **error)
{
    static const char *const types[] = { "string", "integer", "number", "boolean", "object", "array", "null", NULL };

    if (node->kind != SUITE_NODE_SCALAR)
        return suite_node_error(source->file, node, error, "type: expected a word");
    return suite_check_words(source, node, (char *[]){ node->text, NULL }, types, error);
}

static int
check_part(const struct suite_source *source, const suite_node *part, pv_error **error)
{
    static const char *const nested[] = { "not", "count", "contains", "each", NULL };

    if (g_strv_contains(nested, part->key))
        return check_matcher(source, part, error);
    if (g_str_equal(part->key, "has"))
        return check_each_member(source, part, error);
    if (g_str_equal(part->key, "matches"))
        return check_regex(source, part, error);
    if (g_str_equal(part->key, "type"))
        return check_type(source, part, error);
    if (g_str_equal(part->key, "one_of") && part->kind != SUITE_NODE_LIST)
        return suite_node_error(source->file, part, error, "one_of: expected a list");
    return 0;
}

static int
check_matcher(const struct suite_source *source, const suite_node *node, pv_error **error)
{
    int code;

    if (node->kind != SUITE_NODE_MAP)
        return 0;
    code = suite_check_keys(source, node, matcher_keys, error);
    for (unsigned i = 0; code == 0 && i < node->items->len; i++)
        code = check_part(source, node->items->pdata[i], error);
    return code;
}

/* Words of an `op` step are known: a typing error would never match. */
static int
check_error_word(const struct suite_source *source, const struct suite_step *step, const suite_node *node,
                 pv_error **error)
{
    if (step->kind != SUITE_STEP_OP || node->kind != SUITE_NODE_SCALAR || strstr(node->text, "${"))
        return 0;
    for (int code = PV_ERR_FAILED; code >= PV_ERR_INTERNAL; code--)
        if (g_str_equal(node->text, pv_code_name((enum pv_code)code)))
            return 0;
    return suite_node_error(source->file, node, error, "'%s' is no error of an operation", node->text);
}

static int
check_error(const struct suite_source *source, const struct suite_step *step, const suite_node *node, pv_error **error)
{
    int code = 0;

    if (node->kind == SUITE_NODE_MAP)
        return check_matcher(source, node, error);
    if (node->kind == SUITE_NODE_SCALAR)
        return check_error_word(source, step, node, error);
    for (unsigned i = 0; code == 0 && i < node->items->len; i++)
        code = check_error_word(source, step, node->items->pdata[i], error);
    return code;
}

static int
check_expectation(const struct suite_source *source, const struct suite_step *step, const suite_node *node,
                  pv_error **error)
{
    if (*node->key == '/')
        return check_matcher(source, node, error);
    if (g_str_equal(node->key, "error"))
        return check_error(source, step, node, error);
    if (g_str_equal(node->key, "message"))
        return check_regex(source, node, error);
    if (step->kind == SUITE_STEP_REST && g_str_equal(node->key, "status"))
        return 0;
    if (step->kind == SUITE_STEP_REST && g_str_equal(node->key, "header"))
        return check_each_member(source, node, error);
    return suite_node_error(source->file, node, error, "'%s': a pointer begins with '/'; else error, message%s",
                            node->key, step->kind == SUITE_STEP_REST ? ", status or header" : "");
}

static int
read_expect(const struct suite_source *source, const suite_node *node, struct suite_step *step, pv_error **error)
{
    int code = 0;

    if (!node)
        return 0;
    if (node->kind != SUITE_NODE_MAP)
        return suite_node_error(source->file, node, error, "expect: expected a map");
    for (unsigned i = 0; code == 0 && i < node->items->len; i++)
        code = check_expectation(source, step, node->items->pdata[i], error);
    if (code == 0)
        step->expect = suite_node_json(node);
    return code;
}

static int
read_capture(const struct suite_source *source, const suite_node *node, struct suite_step *step, pv_error **error)
{
    if (!node)
        return 0;
    if (node->kind != SUITE_NODE_MAP)
        return suite_node_error(source->file, node, error, "capture: expected a map");
    for (unsigned i = 0; i < node->items->len; i++) {
        const suite_node *item = g_ptr_array_index(node->items, i);

        if (item->kind != SUITE_NODE_SCALAR || *item->text != '/')
            return suite_node_error(source->file, item, error, "%s: a JSON pointer begins with '/'", item->key);
    }
    step->capture = suite_node_json(node);
    return 0;
}

/* ---- what is sent ---- */

static int
check_args(const struct suite_source *source, const struct pv_op *op, const suite_node *args, pv_error **error)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();

    for (const struct pv_field *field = op->args_desc ? op->args_desc->fields : NULL; field && field->name; field++)
        g_ptr_array_add(known, (gpointer)field->name);
    g_ptr_array_add(known, NULL);
    return suite_check_keys(source, args, (const char *const *)known->pdata, error);
}

static int
read_args(const struct suite_source *source, const suite_node *node, struct suite_step *step, pv_error **error)
{
    static const char *const rest_keys[] = { "body", "headers", "auth", "text", "content_type", NULL };
    int code = 0;

    if (!node)
        return 0;
    if (node->kind != SUITE_NODE_MAP)
        return suite_node_error(source->file, node, error, "args: expected a map");
    if (step->kind == SUITE_STEP_OP)
        code = check_args(source, step->op, node, error);
    else if (step->kind == SUITE_STEP_REST)
        code = suite_check_keys(source, node, rest_keys, error);
    if (code == 0)
        step->args = suite_node_json(node);
    return code;
}

static int
unknown_op(const struct suite_source *source, const suite_node *node, pv_error **error)
{
    g_autofree const char **names = suite_operation_names();
    const char *nearest = pv_text_nearest(node->text, names);

    suite_node_error(source->file, node, error, "there is no operation '%s'", node->text);
    if (nearest)
        pv_error_hint(error, "did you mean '%s'?", nearest);
    return PV_ERR_INVALID;
}

/* The one key that says what kind of step it is. */
static int
read_kind(const struct suite_source *source, const suite_node *node, struct suite_step *step, pv_error **error)
{
    for (const struct pv_enum_value *kind = suite_step_kind_values; kind->name; kind++) {
        const suite_node *what = suite_node_get(node, kind->name);

        if (!what)
            continue;
        if (step->kind)
            return suite_node_error(source->file, what, error, "a step does one thing");
        if (what->kind != SUITE_NODE_SCALAR)
            return suite_node_error(source->file, what, error, "%s: expected a text", kind->name);
        step->kind = (enum suite_step_kind)kind->value;
        step->name = g_strdup(step->kind == SUITE_STEP_EVENTS ? "events" : what->text);
        if (step->kind == SUITE_STEP_OP && !(step->op = pv_op_find(what->text)))
            return unknown_op(source, what, error);
        if (step->kind == SUITE_STEP_REST && (!strchr(what->text, ' ') || !strstr(what->text, " /")))
            return suite_node_error(source->file, what, error, "rest: a method and a path, as in GET /api/vcenter/vm");
    }
    if (!step->kind)
        return suite_node_error(source->file, node, error, "a step is one of op, rest, qmp and events");
    return 0;
}

int
suite_step_read(const struct suite_source *source, const suite_node *node, struct suite_step **ret_step,
                pv_error **error)
{
    static const char *const keys[] = { "op", "rest", "qmp", "events", "args", "expect", "capture", "until",
                                        "timeout", "owns", "target", NULL };
    g_autoptr(suite_step) step = g_new0(struct suite_step, 1);
    int code = suite_check_keys(source, node, keys, error);

    step->line = node->line;
    if (code == 0)
        code = read_kind(source, node, step, error);
    if (code == 0)
        code = read_args(source, suite_node_get(node, "args"), step, error);
    if (code == 0)
        code = read_expect(source, suite_node_get(node, "expect"), step, error);
    if (code == 0)
        code = read_capture(source, suite_node_get(node, "capture"), step, error);
    if (code == 0)
        code = suite_get_span(source, node, "until", &step->until_ms, error);
    if (code == 0)
        code = suite_get_span(source, node, "timeout", &step->timeout_ms, error);
    if (code == 0)
        code = suite_get_text(source, node, "owns", &step->owns, error);
    if (code == 0)
        code = suite_get_text(source, node, "target", &step->target, error);
    if (code == 0)
        *ret_step = g_steal_pointer(&step);
    return code;
}
