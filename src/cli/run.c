/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one row of the operation table on all endpoints side by side, each on a thread of its own, so
 * that one that is dead costs no more than its deadline. Each connection is closed by its thread:
 * sessions end on every way out.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct part {
    struct cli_target *target;
    const struct cli_call *call;
    pv_task *task;
    GThread *thread;
    gboolean opened;
    const struct pv_desc *desc; /* of the result: the row's, or the plan's */
    unsigned flags;             /* enum pv_op_flags */
    void *result;               /* a struct (PV_OP_ONE) or a GPtrArray */
    pv_error *error;
};

struct run {
    const struct cli_call *call;
    GPtrArray *targets;
    struct part *parts;
    guint count;
    int status;
};

static gboolean
is_dry_run(const struct cli_call *call)
{
    return call->globals->dry_run == 1 && call->verb->effect != PV_EFFECT_READ;
}

/* ---- one endpoint ---- */

static int
open_part(struct part *part, pv_conn **ret_conn, pv_error **error)
{
    g_autoptr(pv_task) task = pv_task_child(part->task, "open", part->target->uri);
    int64_t timeout = part->target->options.timeout_ms;

    pv_task_set_timeout(task, timeout > 0 ? timeout : PV_TIMEOUT_DEFAULT_MS);
    return cli_target_open(part->target, task, ret_conn, error);
}

static int
work(pv_task *task, void *data, pv_error **error)
{
    struct part *part = data;
    const struct cli_call *call = part->call;
    g_autoptr(pv_conn) conn = NULL;
    int64_t timeout = part->target->options.timeout_ms;
    int rc = open_part(part, &conn, error);

    if (rc != 0)
        return rc;
    part->opened = TRUE;
    /* the deadline is the operation's, whatever the person took to type the password */
    if (timeout <= 0 && !(call->verb->flags & PV_OP_SLOW))
        timeout = PV_TIMEOUT_DEFAULT_MS;
    pv_task_set_timeout(task, MAX(timeout, 0));
    if (is_dry_run(call))
        return cli_plan_make(call->verb->op, call->args, conn, task, (GPtrArray **)&part->result, error);
    return pv_op_run(call->verb->op, conn, task, call->args, &part->result, error);
}

static gpointer
run_part(gpointer data)
{
    struct part *part = data;

    pv_task_run(part->task, work, part, &part->error);
    return NULL;
}

/* ---- before anything is sent ---- */

static int
check_readonly(const struct run *run, pv_error **error)
{
    g_autofree char *typed = cli_verb_typed(run->call->verb);

    if (run->call->verb->effect == PV_EFFECT_READ)
        return 0;
    for (guint i = 0; i < run->targets->len; i++) {
        const struct cli_target *target = run->targets->pdata[i];

        if (target->options.readonly)
            return pv_error_set(error, PV_ERR_DENIED, "%s: refused, %s is read-only", typed, target->label);
    }
    return 0;
}

static int
confirm(const struct run *run, pv_error **error)
{
    const struct cli_call *call = run->call;
    g_autofree char *typed = cli_verb_typed(call->verb);
    g_autofree char *names = NULL;
    g_autofree char *question = NULL;
    g_autoptr(GString) labels = g_string_new(NULL);

    if (call->verb->effect != PV_EFFECT_DISRUPTIVE || is_dry_run(call) || call->globals->yes == 1)
        return 0;
    names = cli_args_targets(call->verb->args_desc, call->args);
    for (guint i = 0; i < run->targets->len; i++)
        g_string_append_printf(labels, "%s%s", i ? ", " : "",
                               ((struct cli_target *)run->targets->pdata[i])->label);
    question = g_strdup_printf("%s %s on %s?", typed, names ? names : "", labels->str);
    return cli_confirm(question, error);
}

static int
prepare(struct run *run, pv_error **error)
{
    const struct cli_call *call = run->call;
    int rc;

    if (call->verb->result_desc) {
        rc = cli_output_check(call->globals, is_dry_run(call) ? &cli_plan_desc : call->verb->result_desc,
                              error);
        if (rc != 0)
            return rc;
    }
    rc = cli_targets_new(call->globals, &run->targets, error);
    if (rc == 0)
        rc = check_readonly(run, error);
    if (rc == 0)
        rc = confirm(run, error);
    return rc;
}

/* ---- side by side ---- */

static void
start_part(struct run *run, guint i, pv_task *whole, const char *names)
{
    const struct cli_verb *verb = run->call->verb;
    struct part *part = &run->parts[i];

    part->target = run->targets->pdata[i];
    part->call = run->call;
    part->desc = is_dry_run(run->call) ? &cli_plan_desc : verb->result_desc;
    part->flags = is_dry_run(run->call) ? 0 : verb->flags;
    part->task = pv_task_child(whole, verb->name, names);
    part->thread = g_thread_new("endpoint", run_part, part);
}

static void
run_parts(struct run *run, pv_task *whole)
{
    g_autofree char *names = cli_args_targets(run->call->verb->args_desc, run->call->args);
    g_autofree pv_task **tasks = g_new0(pv_task *, run->targets->len + 1);
    cli_progress *progress;

    run->count = run->targets->len;
    run->parts = g_new0(struct part, run->count);
    for (guint i = 0; i < run->count; i++) {
        start_part(run, i, whole, names);
        tasks[i] = run->parts[i].task;
    }
    progress = cli_progress_start(tasks);
    for (guint i = 0; i < run->count; i++)
        g_thread_join(run->parts[i].thread);
    cli_progress_stop(progress);
}

/* ---- results ---- */

static enum pv_code
code_of_name(const char *name)
{
    for (int code = PV_ERR_FAILED; name && code >= PV_ERR_INTERNAL; code--)
        if (strcmp(pv_code_name(code), name) == 0)
            return code;
    return PV_ERR_FAILED;
}

/* The library names VMs by id; the person named them otherwise. */
static const char *
without_id(const pv_outcome *outcome)
{
    const char *message = outcome->message ? outcome->message : "failed without a word";
    size_t length = outcome->id ? strlen(outcome->id) : 0;

    if (length == 0 || strncmp(message, outcome->id, length) != 0)
        return message;
    if (!g_str_has_prefix(message + length, ": "))
        return message;
    return message + length + 2;
}

/* Each target that did not go well is told of, and counts. */
static int
judge_outcomes(const GPtrArray *outcomes, const char *where)
{
    int status = 0;

    for (guint i = 0; i < outcomes->len; i++) {
        const struct pv_outcome *outcome = outcomes->pdata[i];
        g_autoptr(pv_error) error = NULL;

        if (outcome->result == PV_TASK_OK)
            continue;
        pv_error_set(&error, code_of_name(outcome->code), "%s", without_id(outcome));
        if (outcome->target && !strstr(error->message, outcome->target))
            pv_error_prefix(&error, "%s: ", outcome->target);
        if (outcome->hint)
            pv_error_hint(&error, "%s", outcome->hint);
        cli_error_print(error, where);
        status = cli_exit_worst(status, pv_code_exit_status(error->code));
    }
    return status;
}

/* VMs that exist but could not be read say why in their rows. */
static int
judge_vms(const GPtrArray *vms)
{
    int status = 0;

    for (guint i = 0; i < vms->len; i++) {
        const struct pv_vm *vm = vms->pdata[i];

        if (!vm->error)
            continue;
        cli_warn("vm %s: %s", vm->name ? vm->name : vm->id, vm->error);
        status = CLI_EXIT_FAILED;
    }
    return status;
}

/* "4 nothing matched": names or filters were given, and nothing is left. */
static int
judge_match(const struct part *part)
{
    const struct pv_desc *args = part->call->verb->args_desc;
    const GPtrArray *list = part->result;

    if (list->len > 0 || part->call->verb->effect != PV_EFFECT_READ)
        return 0;
    for (const struct pv_field *field = args ? args->fields : NULL; field && field->name; field++) {
        if ((field->flags & PV_F_REQUIRED) || !pv_field_is_set(field, part->call->args))
            continue;
        if (!(field->flags & PV_F_POSITIONAL)) {
            cli_say("nothing matched");
            return CLI_EXIT_NOT_FOUND;
        }
    }
    return 0;
}

/* "3 cannot reach or log in": also where the other side is busy, or something else than it should be. */
static int
status_of(const struct part *part)
{
    enum pv_code code = part->error->code;

    if (!part->opened && (code == PV_ERR_BUSY || code == PV_ERR_PROTOCOL))
        return CLI_EXIT_CONNECT;
    return pv_code_exit_status(code);
}

static int
judge_part(struct part *part, const char *where)
{
    if (part->error) {
        if (part->error->code == PV_ERR_TIMEOUT && !part->error->hint)
            pv_error_hint(&part->error, "--timeout gives more time");
        cli_error_print(part->error, where);
        return status_of(part);
    }
    if (!part->result || (part->flags & PV_OP_ONE))
        return 0;
    if (part->desc == &pv_outcome_desc)
        return judge_outcomes(part->result, where);
    if (part->desc == &pv_vm_desc)
        return cli_exit_worst(judge_vms(part->result), judge_match(part));
    return judge_match(part);
}

static void
judge(struct run *run)
{
    for (guint i = 0; i < run->count; i++) {
        struct part *part = &run->parts[i];
        const char *where = run->count > 1 ? part->target->label : NULL;

        run->status = cli_exit_worst(run->status, judge_part(part, where));
    }
}

/* All rows of all endpoints in one list, each saying where it comes from. */
static GPtrArray *
merge(struct run *run, const struct pv_desc *widened)
{
    GPtrArray *all = pv_list_new(widened);

    for (guint i = 0; i < run->count; i++) {
        struct part *part = &run->parts[i];
        GPtrArray *list = part->result;

        if (!part->result)
            continue;
        if (part->flags & PV_OP_ONE) {
            g_ptr_array_add(all, cli_widened_take(widened, part->desc, g_steal_pointer(&part->result),
                                                  part->target->label));
            continue;
        }
        g_ptr_array_set_free_func(list, NULL); /* the items move over */
        for (guint j = 0; j < list->len; j++)
            g_ptr_array_add(all, cli_widened_take(widened, part->desc, list->pdata[j], part->target->label));
        g_ptr_array_unref(g_steal_pointer(&part->result));
    }
    return all;
}

static gboolean
any_result(const struct run *run)
{
    for (guint i = 0; i < run->count; i++)
        if (run->parts[i].result)
            return TRUE;
    return FALSE;
}

static int
write_results(struct run *run, pv_error **error)
{
    const struct cli_globals *globals = run->call->globals;
    const struct part *first = &run->parts[0];
    struct pv_desc *widened;
    GPtrArray *all;
    int rc;

    if (!first->desc || !any_result(run))
        return 0;
    if (run->count == 1 && (first->flags & PV_OP_ONE))
        return cli_output_one(globals, first->desc, first->result, error);
    if (run->count == 1)
        return cli_output_list(globals, first->desc, first->result, first->flags, error);
    widened = cli_widened_new(first->desc);
    all = merge(run, widened);
    rc = cli_output_list(globals, widened, all, first->flags, error);
    g_ptr_array_unref(all);
    cli_widened_free(widened);
    return rc;
}

/* Where nothing is written as data, a person still likes to hear of success. */
static void
say_done(const struct run *run)
{
    g_autofree char *typed = cli_verb_typed(run->call->verb);
    g_autofree char *names = cli_args_targets(run->call->verb->args_desc, run->call->args);

    if (!run->parts[0].desc && run->status == 0 && isatty(STDERR_FILENO))
        cli_say("%s%s%s: done", typed, names ? " " : "", names ? names : "");
}

static void
free_parts(struct run *run)
{
    for (guint i = 0; i < run->count; i++) {
        struct part *part = &run->parts[i];

        if (part->result && (part->flags & PV_OP_ONE))
            pv_desc_free(part->desc, part->result);
        else if (part->result)
            g_ptr_array_unref(part->result);
        pv_error_free(part->error);
        pv_task_unref(part->task);
    }
    g_free(run->parts);
    g_clear_pointer(&run->targets, g_ptr_array_unref);
}

int
cli_run_op(const struct cli_call *call, pv_task *task)
{
    struct run run = { .call = call };
    g_autoptr(pv_error) error = NULL;

    if (prepare(&run, &error) == 0) {
        run_parts(&run, task);
        judge(&run);
        write_results(&run, &error);
        say_done(&run);
    }
    if (error) {
        cli_error_print(error, NULL);
        run.status = cli_exit_worst(run.status, pv_code_exit_status(error->code));
    }
    free_parts(&run);
    return run.status;
}
