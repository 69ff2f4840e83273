/* SPDX-License-Identifier: Apache-2.0 */
/* A step that is a row of the operation table. */
#include "run-priv.h"

#include <string.h>

json_t *
suite_answer_ok(json_t *body)
{
    return json_pack("{s:b, s:o*}", "ok", TRUE, "body", body);
}

json_t *
suite_answer_error(const char *code, const char *message)
{
    return json_pack("{s:b, s:s, s:s}", "ok", FALSE, "error", code, "message", message ? message : "");
}

/* ---- may this run change it? ---- */

/* What an operation other than a look names must be this run's own. A datastore may be anybody's: a
 * volume of one's own lies in it. */
static gboolean
guarded(const struct pv_op *op, const struct pv_field *field)
{
    if (field->flags & PV_F_DATASTORE)
        return !g_str_has_prefix(op->name, "volume.");
    return field->flags & (PV_F_VM | PV_F_VOLUME | PV_F_NETWORK);
}

static int
check_ref(struct suite_world *world, const struct pv_op *op, const json_t *ref, pv_error **error)
{
    const char *text = json_string_value(ref);

    if (!text || !*text || suite_is_own(world, text))
        return 0;
    return pv_error_set(error, PV_ERR_DENIED, "%s would change '%s', which is not this run's own", op->name, text);
}

static int
check_refs(struct suite_world *world, const struct pv_op *op, const json_t *args, pv_error **error)
{
    for (const struct pv_field *field = op->args_desc ? op->args_desc->fields : NULL; field && field->name; field++) {
        const json_t *value = json_object_get(args, field->name), *item;
        size_t i;
        int code = 0;

        if (!guarded(op, field))
            continue;
        if (json_is_string(value))
            code = check_ref(world, op, value, error);
        json_array_foreach(value, i, item)
            if (code == 0)
                code = check_ref(world, op, item, error);
        if (code < 0)
            return code;
    }
    return 0;
}

/* ---- what it makes ---- */

static char *
noun_of(const struct pv_op *op)
{
    return g_strndup(op->name, strcspn(op->name, "."));
}

/* A name that is not of this run's kind could be taken for somebody else's by the clean-up. */
static int
intend(struct suite_scene *scene, const struct pv_op *op, const json_t *args, const char **ret_name, pv_error **error)
{
    const json_t *spec = json_object_get(args, "spec");
    const char *name = json_string_value(json_object_get(spec, "name"));
    g_autofree char *noun = noun_of(op);
    gboolean snapshot = g_str_equal(noun, "snapshot");

    if (!name || !*name || (snapshot && !scene->world->options->use_vm))
        return 0; /* it is refused, or it goes with its VM */
    if (!suite_is_own(scene->world, name))
        return pv_error_set(error, PV_ERR_DENIED, "%s would make '%s', a name that is not this run's", op->name, name);
    *ret_name = name;
    return suite_own_intend(scene, noun, name, snapshot ? json_string_value(json_object_get(args, "vm"))
                                                        : json_string_value(json_object_get(spec, "datastore")), error);
}

/* Ids of what came to be: later steps may change it. */
static void
adopt(struct suite_scene *scene, const json_t *body)
{
    suite_own_add(scene->world, json_string_value(json_object_get(body, "id")));
    suite_own_add(scene->world, json_string_value(json_object_get(body, "uuid")));
    suite_own_add(scene->world, json_string_value(json_object_get(body, "path")));
}

/* ---- sending it ---- */

static json_t *
result_json(const struct pv_op *op, const void *result)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!result)
        return NULL;
    if (op->flags & PV_OP_ONE)
        pv_json_write(text, op->result_desc, result, 0);
    else
        pv_json_write_list(text, op->result_desc, result, 0);
    return json_loadb(text->str, text->len, JSON_DECODE_ANY, NULL);
}

/* Operations on several VMs answer a list of outcomes: the first failure is the answer's. */
static json_t *
outcome_answer(const struct pv_op *op, const void *result, json_t *body)
{
    const json_t *row;
    json_t *answer;
    size_t i;

    if (pv_op_result_code(op, result) == 0)
        return suite_answer_ok(body);
    json_array_foreach(body, i, row) {
        const char *code = json_string_value(json_object_get(row, "code"));

        if (code) {
            answer = suite_answer_error(code, json_string_value(json_object_get(row, "message")));
            json_object_set_new(answer, "body", body);
            return answer;
        }
    }
    return suite_answer_ok(body);
}

static int
read_args(const struct pv_op *op, const json_t *args, void **ret_args, pv_error **error)
{
    char *text;
    int code;

    if (!op->args_desc)
        return 0;
    text = args ? json_dumps(args, JSON_COMPACT) : NULL;
    code = pv_json_read(text ? text : "{}", text ? strlen(text) : 2, op->args_desc, ret_args, error);
    free(text);
    return code;
}

static int
run_op(struct suite_scene *scene, const struct pv_op *op, const json_t *args, pv_task *task, json_t **ret_answer)
{
    g_autoptr(pv_error) why = NULL;
    void *object = NULL, *result = NULL;
    int code = read_args(op, args, &object, &why);

    if (code == 0)
        code = pv_op_run(op, scene->world->conn, task, object, &result, &why);
    *ret_answer = code < 0 ? suite_answer_error(pv_code_name(code), why ? why->message : NULL)
                           : outcome_answer(op, result, result_json(op, result));
    if (object)
        pv_desc_free(op->args_desc, object);
    pv_op_result_free(op, result);
    return code;
}

int
suite_step_op(struct suite_scene *scene, const struct suite_step *step, json_t *args, pv_task *task,
              json_t **ret_answer, pv_error **error)
{
    const struct pv_op *op = step->op;
    const char *name = NULL;
    int code = 0;

    if (op->effect == PV_EFFECT_CREATE)
        code = intend(scene, op, args, &name, error);
    if (code == 0 && op->effect != PV_EFFECT_READ && !g_str_equal(op->name, "vm.clone"))
        code = check_refs(scene->world, op, args, error);
    if (code < 0)
        return code;
    code = run_op(scene, op, args, task, ret_answer);
    if (op->effect == PV_EFFECT_CREATE && code == 0)
        adopt(scene, json_object_get(*ret_answer, "body"));
    return name && code == 0 ? suite_own_made(scene, name, NULL, error) : 0;
}
