/* SPDX-License-Identifier: Apache-2.0 */
/* One step: filled in, sent, held against what is expected, and sent again while it may still come true. */
#include "run-priv.h"

#include <string.h>

/* One try of a step: what went out, what came back. */
typedef struct step_try {
    char *name;
    json_t *args, *expect, *answer;
    int64_t elapsed_us;
} step_try;

static void
step_try_clear(step_try *once)
{
    g_free(once->name);
    json_decref(once->args);
    json_decref(once->expect);
    json_decref(once->answer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(step_try, step_try_clear)

/* ---- the event stream ---- */

static json_t *
event_json(const pv_event *event)
{
    g_autoptr(GString) text = g_string_new(NULL);

    pv_json_write(text, &pv_event_desc, event, 0);
    return json_loadb(text->str, text->len, 0, NULL);
}

/* Those about the case's VM since it began. */
static json_t *
events_answer(struct suite_scene *scene)
{
    struct suite_world *world = scene->world;
    const char *vm = suite_var(scene, "vm"), *name = suite_var(scene, "vm_name");
    json_t *list = json_array();

    g_mutex_lock(&world->lock);
    for (unsigned i = scene->first_event; i < world->events->len; i++) {
        const pv_event *event = g_ptr_array_index(world->events, i);

        if ((vm && g_strcmp0(event->vm, vm) == 0) || (name && g_strcmp0(event->vm_name, name) == 0))
            json_array_append_new(list, event_json(event));
    }
    g_mutex_unlock(&world->lock);
    return suite_answer_ok(list);
}

/* ---- one try ---- */

static int
fill(struct suite_scene *scene, const struct suite_step *step, step_try *once, pv_error **error)
{
    once->name = suite_fill_text(scene, step->name, error);
    if (!once->name)
        return PV_ERR_INVALID;
    if (step->args && !(once->args = suite_fill(scene, step->args, error)))
        return PV_ERR_INVALID;
    if (step->expect && !(once->expect = suite_fill(scene, step->expect, error)))
        return PV_ERR_INVALID;
    return 0;
}

static gboolean
makes_something(const struct suite_step *step)
{
    return step->owns || (step->op && step->op->effect == PV_EFFECT_CREATE);
}

static int
try_once(struct suite_scene *scene, const struct suite_step *step, step_try *once, pv_error **error)
{
    g_autoptr(pv_task) task = makes_something(step) ? suite_own_task(step->name, step->timeout_ms)
                                                     : pv_task_child(scene->task, step->name, NULL);
    int64_t begun;
    int code = pv_task_check(scene->task, error);

    if (code == 0)
        code = fill(scene, step, once, error);
    if (code < 0)
        return code;
    pv_task_set_timeout(task, step->timeout_ms ? step->timeout_ms : SUITE_STEP_MS);
    begun = g_get_monotonic_time();
    if (step->kind == SUITE_STEP_OP)
        code = suite_step_op(scene, step, once->args, task, &once->answer, error);
    else if (step->kind == SUITE_STEP_EVENTS)
        once->answer = events_answer(scene);
    else
        code = suite_step_raw(scene, step, once->name, once->args, task, &once->answer, error);
    once->elapsed_us = g_get_monotonic_time() - begun;
    return code;
}

/* ---- what is kept of it ---- */

static char *
shown(const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    g_autofree char *redacted = text ? pv_redact(text) : NULL;

    free(text);
    if (!redacted || strlen(redacted) <= SUITE_REPLY_MAX)
        return g_steal_pointer(&redacted);
    redacted[SUITE_REPLY_MAX] = '\0';
    return g_utf8_make_valid(redacted, -1);
}

/* The body of a login's answer is a secret without a name. */
static json_t *
without_secret(const struct suite_step *step, const char *name, json_t *answer)
{
    json_t *copy;

    if (!answer || step->kind != SUITE_STEP_REST || !strstr(name, "session"))
        return json_incref(answer);
    copy = json_copy(answer);
    if (json_object_get(copy, "body"))
        json_object_set_new(copy, "body", json_string("***"));
    return copy;
}

static void
keep(struct suite_scene *scene, const struct suite_step *step, const step_try *once, int64_t number)
{
    g_autoptr(json_t) answer = without_secret(step, once->name ? once->name : step->name, once->answer);
    suite_call *call = suite_call_new();

    g_free(scene->error_code);
    scene->error_code = g_strdup(json_string_value(json_object_get(once->answer, "error")));
    call->step = number;
    call->kind = g_strdup(pv_enum_name(suite_step_kind_values, step->kind));
    call->name = g_strdup(once->name ? once->name : step->name);
    call->request = shown(once->args);
    call->reply = shown(answer);
    call->elapsed_us = once->elapsed_us;
    call->reproduce = suite_reproduce(scene, step, call->name, once->args);
    g_ptr_array_add(scene->result->calls, call);
}

static int
capture(struct suite_scene *scene, const struct suite_step *step, const json_t *answer, pv_error **error)
{
    const json_t *pointer, *value;
    const char *name;

    json_object_foreach(step->capture, name, pointer) {
        value = suite_pointer(json_object_get(answer, "body"), json_string_value(pointer));
        if (!value)
            return pv_error_set(error, PV_ERR_NOT_FOUND, "there is nothing at %s of the reply to capture",
                                json_string_value(pointer));
        json_object_set(scene->vars, name, (json_t *)value);
    }
    return 0;
}

static gboolean
out_of_time(const struct suite_step *step, int64_t begun)
{
    return (g_get_monotonic_time() - begun) / 1000 >= step->until_ms;
}

int
suite_step_run(struct suite_scene *scene, const struct suite_step *step, int64_t number, pv_error **error)
{
    int64_t begun = g_get_monotonic_time();

    for (;;) {
        g_auto(step_try) once = { 0 };
        int code = try_once(scene, step, &once, error);
        gboolean held = code == 0 && suite_match(once.expect, once.answer, number, NULL) == 0;

        if (!held && code == 0 && !out_of_time(step, begun)) {
            code = pv_task_sleep(scene->task, SUITE_LOOK_MS, error);
            if (code < 0)
                return code;
            continue;
        }
        keep(scene, step, &once, number);
        if (code < 0)
            return code;
        if (!held) {
            suite_match(once.expect, once.answer, number, scene->result->mismatches);
            return 0;
        }
        return step->capture ? capture(scene, step, once.answer, error) : 0;
    }
}
