/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-private.h"

#include <inttypes.h>
#include <polyvirt/log.h>
#include <string.h>

/* Commands that change nothing: when their reply is lost, nothing is unknown but the answer. */
static const char *const reading[] = { "query-", "qom-get", "qom-list", "qmp_capabilities", "device-list-properties",
                                       NULL };

static gboolean
only_reads(const char *command)
{
    for (size_t i = 0; reading[i]; i++)
        if (g_str_has_prefix(command, reading[i]))
            return TRUE;
    return FALSE;
}

static int
check_name(const char *name, pv_error **error)
{
    size_t len = strlen(name);

    if (len == 0 || len > PV_QMP_NAME_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "a command name has 1 to %d characters", PV_QMP_NAME_MAX);
    for (size_t i = 0; i < len; i++)
        if (!g_ascii_isalnum(name[i]) && !strchr("_-.", name[i]))
            return pv_error_set(error, PV_ERR_INVALID, "a command name has letters, digits, '_', '-' and '.' only");
    return 0;
}

static int
append_json(const char *text, size_t len, void *out)
{
    g_string_append_len(out, text, (gssize)len);
    return 0;
}

int
qmp_encode(const struct pv_qmp_command *command, uint64_t id, GString *out, pv_error **error)
{
    int code = check_name(command->name, error);

    if (code < 0)
        return code;
    g_string_append(out, command->oob ? "{\"exec-oob\":\"" : "{\"execute\":\"");
    g_string_append(out, command->name);
    g_string_append_c(out, '"');
    if (command->arguments) {
        g_string_append(out, ",\"arguments\":");
        if (!json_is_object(command->arguments) ||
            json_dump_callback(command->arguments, append_json, out, JSON_COMPACT) < 0)
            return pv_error_set(error, PV_ERR_INVALID, "the arguments of '%s' are not a JSON object", command->name);
    }
    if (id) {
        char number[24];

        g_snprintf(number, sizeof number, ",\"id\":%" PRIu64, id);
        g_string_append(out, number);
    }
    g_string_append(out, "}\n");
    return 0;
}

static void
trace_command(const GString *text)
{
    g_autofree char *safe = NULL;

    if (!pv_log_wants(PV_LOG_TRACE, "qmp"))
        return;
    safe = pv_redact(text->str);
    pv_log(PV_LOG_TRACE, "qmp", "> %s", g_strchomp(safe));
}

/* ---- the end of a call ---- */

void
qmp_call_end(pv_qmp_call *call)
{
    if (call->done)
        return;
    g_queue_unlink(&call->qmp->calls, &call->link);
    call->done = TRUE;
}

void
qmp_call_lose(pv_qmp_call *call, enum pv_code code, const char *message)
{
    if (qmp_withdraw(call->qmp, call))
        pv_error_set(&call->error, code, "'%s' was not sent: %s", call->command, message);
    else if (only_reads(call->command) || code == PV_ERR_CANCELLED)
        pv_error_set(&call->error, code, "no reply to '%s': %s", call->command, message);
    else
        pv_error_set(&call->error, PV_ERR_UNKNOWN, "'%s' was sent and its outcome is not known: %s", call->command,
                     message);
    qmp_call_end(call);
}

/* ---- sending ---- */

static pv_qmp_call *
call_new(pv_qmp *qmp, const char *command, uint64_t id)
{
    pv_qmp_call *call = g_new0(pv_qmp_call, 1);

    call->qmp = qmp;
    call->link.data = call;
    call->id = id;
    call->command = g_strdup(command);
    return call;
}

/* Takes the call into the list and sends it; with the lock held. */
static int
call_send(pv_qmp_call *call, const GString *text, const struct pv_qmp_command *command, pv_error **error)
{
    pv_qmp *qmp = call->qmp;
    int code;

    if (qmp->broken)
        return pv_error_set(error, qmp->broken->code, "'%s' was not sent: %s", command->name, qmp->broken->message);
    g_queue_push_tail_link(&qmp->calls, &call->link);
    code = qmp_put(qmp, call, text, command, error);
    if (code < 0)
        qmp_call_end(call);
    return code;
}

int
pv_qmp_submit(pv_qmp *qmp, const struct pv_qmp_command *command, pv_qmp_call **ret_call, pv_error **error)
{
    uint64_t id = __atomic_add_fetch(&qmp->last_id, 1, __ATOMIC_RELAXED);
    GString *text = g_string_sized_new(128);
    pv_qmp_call *call = NULL;
    int code;

    code = command->n_fds > PV_QMP_FDS_MAX
               ? pv_error_set(error, PV_ERR_INVALID, "at most %d file descriptors go with a command", PV_QMP_FDS_MAX)
               : qmp_encode(command, id, text, error);
    if (code == 0) {
        trace_command(text);
        call = call_new(qmp, command->name, id);
        g_mutex_lock(&qmp->lock);
        code = call_send(call, text, command, error);
        g_mutex_unlock(&qmp->lock);
        if (code < 0) {
            call->done = TRUE;
            pv_qmp_call_free(call);
        } else {
            *ret_call = call;
        }
    }
    g_string_free(text, TRUE);
    return code;
}

void
pv_qmp_call_free(pv_qmp_call *call)
{
    if (!call)
        return;
    g_mutex_lock(&call->qmp->lock);
    if (!call->done)
        qmp_withdraw(call->qmp, call);
    qmp_call_end(call);
    g_mutex_unlock(&call->qmp->lock);
    json_decref(call->reply);
    pv_error_free(call->error);
    g_free(call->command);
    g_free(call);
}

/* ---- waiting ---- */

static gboolean
call_is_done(void *data)
{
    return ((pv_qmp_call *)data)->done;
}

static int
call_wait_until(pv_qmp_call *call, qmp_deadline deadline, pv_task *task, json_t **ret_return, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int code = qmp_wait(call->qmp, call_is_done, call, deadline, task, &why);

    if (code == PV_ERR_USAGE)
        return pv_error_propagate(error, g_steal_pointer(&why));
    if (code < 0) {
        g_mutex_lock(&call->qmp->lock);
        if (!call->done) /* its reply may just have come */
            qmp_call_lose(call, why->code, why->message);
        g_mutex_unlock(&call->qmp->lock);
    }
    if (call->error)
        return pv_error_propagate(error, g_steal_pointer(&call->error));
    if (ret_return)
        *ret_return = g_steal_pointer(&call->reply);
    return 0;
}

int
pv_qmp_call_wait(pv_qmp_call *call, pv_task *task, json_t **ret_return, pv_error **error)
{
    return call_wait_until(call, qmp_deadline_of(task), task, ret_return, error);
}

int
pv_qmp_execute(pv_qmp *qmp, pv_task *task, const char *command, const json_t *arguments, json_t **ret_return,
               pv_error **error)
{
    const struct pv_qmp_command what = { .name = command, .arguments = arguments };
    g_autoptr(pv_qmp_call) call = NULL;
    int code = pv_task_check(task, error);

    if (code == 0)
        code = pv_qmp_submit(qmp, &what, &call, error);
    return code < 0 ? code : pv_qmp_call_wait(call, task, ret_return, error);
}

static gboolean
never(G_GNUC_UNUSED void *data)
{
    return FALSE;
}

/* QEMU answers, says SHUTDOWN and closes, in any order, and a reset may swallow the last of it. */
int
pv_qmp_quit(pv_qmp *qmp, pv_task *task, pv_error **error)
{
    const struct pv_qmp_command quit = { .name = "quit" };
    g_autoptr(pv_qmp_call) call = NULL;
    g_autoptr(pv_error) why = NULL;
    int code = pv_qmp_submit(qmp, &quit, &call, error);

    if (code < 0)
        return code;
    code = pv_qmp_call_wait(call, task, NULL, &why);
    if (code < 0 && !(code == PV_ERR_UNKNOWN && qmp->shutdown_seen))
        return pv_error_propagate(error, g_steal_pointer(&why));
    code = qmp_wait(qmp, never, NULL, qmp_deadline_of(task), task, NULL);
    if (code < 0)
        return pv_error_set(error, PV_ERR_UNKNOWN, "QEMU was told to quit and has not closed the connection yet");
    return 0;
}
