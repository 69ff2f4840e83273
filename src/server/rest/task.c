/* SPDX-License-Identifier: Apache-2.0 */
/* /cis/tasks: what work asked for as a task has come to. A task that failed is still a 200. */
#include "rest.h"

#include <string.h>

static pv_vapi_text *
text_of(const char *words)
{
    pv_vapi_text *text = pv_vapi_text_new();

    text->id = g_strdup("polyvirt.task");
    text->default_message = g_strdup(words ? words : "");
    text->args = g_new0(char *, 1);
    return text;
}

static pv_vapi_task *
shape(const pv_stored_task *task, double progress)
{
    pv_vapi_task *out = pv_vapi_task_new();

    out->status = g_strdup(task->status);
    out->description = text_of(task->description);
    out->service = g_strdup(task->service);
    out->operation = g_strdup(task->operation);
    out->cancelable = task->ended == 0;
    out->target = pv_vapi_object_new();
    out->target->type = g_strdup(task->target_type);
    out->target->id = g_strdup(task->target);
    if (progress >= 0) {
        out->progress = pv_vapi_progress_new();
        out->progress->total = 100;
        out->progress->completed = (int64_t)progress;
        out->progress->message = text_of(task->description);
    }
    out->start_time = task->started;
    if (task->ended)
        out->end_time = task->ended;
    out->user = g_strdup(task->user);
    return out;
}

/* result and error are of any type, so they stand beside what the descriptor knows. */
static void
append(struct pv_request *request, const pv_stored_task *task, double progress)
{
    g_autoptr(pv_vapi_task) out = shape(task, progress);

    pv_vapi_write(request->out, request->dialect, &pv_vapi_task_desc, out);
    g_string_truncate(request->out, request->out->len - 1);
    if (task->result && !pv_request_flag(request, "exclude_result")) {
        g_string_append(request->out, ",\"result\":");
        pv_json_write_string(request->out, task->result);
    }
    if (task->error)
        g_string_append_printf(request->out, ",\"error\":%s", task->error);
    g_string_append_c(request->out, '}');
}

static int64_t
number_of(struct pv_request *request)
{
    return pv_moref_number(PV_OBJECT_TASK, request->ids[0]);
}

static int
get(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    double progress = -1;
    g_autoptr(pv_stored_task) task = NULL;

    if (number_of(request))
        task = pv_tasks_get(request->service->tasks, number_of(request), &progress);
    if (!task)
        return pv_rest_no_such(request, "polyvirt.task.not_found", "Task", request->ids[0]);
    pv_reply_begin(request);
    append(request, task, progress);
    pv_reply_end(request);
    return 0;
}

static int
cancel(struct pv_request *request, pv_error **error)
{
    int rc = number_of(request) ? pv_tasks_cancel(request->service->tasks, number_of(request), error)
                                : PV_ERR_NOT_FOUND;

    if (rc == PV_ERR_NOT_FOUND) {
        pv_error_clear(error);
        return pv_rest_no_such(request, "polyvirt.task.not_found", "Task", request->ids[0]);
    }
    if (rc == 0)
        pv_reply_void(request);
    return rc;
}

/* ---- list: a map by id ---- */

struct listing {
    struct pv_request *request;
    unsigned count;
};

static gboolean
is_wanted(const struct pv_request *request, const char *moref)
{
    static const char *const keys[] = { "tasks", "filter_spec.tasks", "filter.tasks", NULL };
    gboolean asked = FALSE;

    for (unsigned i = 0; i + 1 < request->query->len; i += 2)
        if (g_strv_contains(keys, request->query->pdata[i])) {
            asked = TRUE;
            if (strcmp(request->query->pdata[i + 1], moref) == 0)
                return TRUE;
        }
    return !asked;
}

static void
list_one(const struct pv_stored_task *task, void *data)
{
    struct listing *listing = data;
    struct pv_request *request = listing->request;
    gboolean as_list = request->dialect->map_as_list;
    char moref[PV_MOREF_SIZE];

    if (!is_wanted(request, pv_moref_write(PV_OBJECT_TASK, task->number, moref)))
        return;
    if (listing->count++)
        g_string_append_c(request->out, ',');
    g_string_append_printf(request->out, as_list ? "{\"key\":\"%s\",\"value\":" : "\"%s\":", moref);
    append(request, task, -1);
    if (as_list)
        g_string_append_c(request->out, '}');
}

static int
list(struct pv_request *request, pv_error **error)
{
    struct listing listing = { request, 0 };
    gboolean as_list = request->dialect->map_as_list;
    int rc;

    pv_reply_begin(request);
    g_string_append_c(request->out, as_list ? '[' : '{');
    rc = pv_tasks_each(request->service->tasks, list_one, &listing, error);
    g_string_append_c(request->out, as_list ? ']' : '}');
    pv_reply_end(request);
    return rc;
}

const struct pv_route pv_routes_task[] = {
    { PV_VAPI_TASK_LIST, list, PV_ROUTE_SLOW },
    { PV_VAPI_TASK_GET, get, 0 },
    { PV_VAPI_TASK_CANCEL, cancel, 0 },
    { 0, NULL, 0 },
};
