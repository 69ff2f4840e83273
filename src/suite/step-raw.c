/* SPDX-License-Identifier: Apache-2.0 */
/* A step in the endpoint's own words: an HTTP exchange, a QMP command. */
#include "run-priv.h"

#include <polyvirt/raw.h>
#include <string.h>

/* ---- the request (raw.h says its form) ---- */

static json_t *
rest_request(const char *name, const json_t *args)
{
    const char *space = strchr(name, ' ');
    json_t *request = args ? json_deep_copy(args) : json_object();

    json_object_set_new(request, "method", json_stringn(name, space ? (size_t)(space - name) : strlen(name)));
    json_object_set_new(request, "path", json_string(space ? space + 1 : "/"));
    return request;
}

json_t *
suite_raw_request(const struct suite_step *step, const char *name, const json_t *args)
{
    json_t *request;

    if (step->kind == SUITE_STEP_REST)
        return rest_request(name, args);
    request = json_pack("{s:s}", "execute", name);
    if (args)
        json_object_set_new(request, "arguments", json_deep_copy(args));
    return request;
}

/* ---- the answer ---- */

static json_t *
rest_answer(const json_t *reply)
{
    const json_t *body = json_object_get(reply, "body");
    json_int_t status = json_integer_value(json_object_get(reply, "status"));
    const char *type = json_string_value(json_object_get(body, "error_type"));
    json_t *answer;

    if (!type) /* the /rest dialect: its own name for the error stands in "type" */
        type = json_string_value(json_object_get(body, "type"));
    answer = status < 400 ? suite_answer_ok(NULL) : suite_answer_error(type ? type : "failed", NULL);
    json_object_set(answer, "status", json_object_get(reply, "status"));
    json_object_set(answer, "headers", json_object_get(reply, "headers"));
    if (body)
        json_object_set(answer, "body", (json_t *)body);
    return answer;
}

/* {"return": …} or {"error": {"class": …, "desc": …}} */
static json_t *
qmp_answer(const json_t *reply)
{
    const json_t *failed = json_object_get(reply, "error");

    if (!failed)
        return suite_answer_ok(json_incref(json_object_get(reply, "return")));
    return suite_answer_error(json_string_value(json_object_get(failed, "class")),
                              json_string_value(json_object_get(failed, "desc")));
}

/* ---- sending it ---- */

/* A request that changes something says what: a VM that it makes, or one of the run's own. Sessions
 * and the like, which end with the connection, say "session". */
static int
check_target(struct suite_scene *scene, const struct suite_step *step, const json_t *request, char **ret_owns,
             pv_error **error)
{
    g_autofree char *target = step->target ? suite_fill_text(scene, step->target, error) : NULL;

    if (pv_raw_reads(scene->world->conn, request))
        return 0;
    if (step->owns)
        *ret_owns = suite_fill_text(scene, step->owns, error);
    if ((step->owns && !*ret_owns) || (step->target && !target))
        return PV_ERR_INVALID;
    if (*ret_owns && !suite_is_own(scene->world, *ret_owns))
        return pv_error_set(error, PV_ERR_DENIED, "it would make '%s', a name that is not this run's", *ret_owns);
    if (*ret_owns)
        return suite_own_intend(scene, "vm", *ret_owns, NULL, error);
    if (target && (g_str_equal(target, "session") || suite_is_own(scene->world, target)))
        return 0;
    return pv_error_set(error, PV_ERR_DENIED, "it changes something and %s is not this run's own",
                        target ? target : "what it changes");
}

int
suite_step_raw(struct suite_scene *scene, const struct suite_step *step, const char *name, json_t *args,
               pv_task *task, json_t **ret_answer, pv_error **error)
{
    g_autoptr(json_t) request = suite_raw_request(step, name, args), reply = NULL;
    g_autoptr(pv_error) why = NULL;
    g_autofree char *owns = NULL;
    int code = check_target(scene, step, request, &owns, error);

    if (code < 0)
        return code;
    code = pv_raw_call(scene->world->conn, request, task, &reply, &why);
    if (code < 0)
        *ret_answer = suite_answer_error(pv_code_name(code), why ? why->message : NULL);
    else
        *ret_answer = step->kind == SUITE_STEP_REST ? rest_answer(reply) : qmp_answer(reply);
    if (owns && json_is_true(json_object_get(*ret_answer, "ok")))
        return suite_own_made(scene, owns, NULL, error);
    return 0;
}
