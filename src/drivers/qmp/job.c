/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-driver.h"

#include <string.h>

#define JOB_CLEAN_UP_MS 5000 /* to read and dismiss a finished job, though the caller's time is over */

static gboolean
is_concluded(const struct pv_qmp_event *event, void *id)
{
    return g_strcmp0(json_string_value(json_object_get(event->data, "id")), id) == 0 &&
           g_strcmp0(json_string_value(json_object_get(event->data, "status")), "concluded") == 0;
}

/* The job's own words, made part of one sentence. */
static int
job_error(const char *fault, const char *command, pv_error **error)
{
    g_autofree char *clause = g_strdelimit(g_strstrip(g_strdup(fault)), "\r\n\t", ' ');

    if (g_str_has_suffix(clause, "."))
        clause[strlen(clause) - 1] = '\0';
    pv_error_set(error, PV_ERR_FAILED, "'%s' failed: %s", command, clause);
    pv_error_native(error, "qmp", "job", fault);
    return PV_ERR_FAILED;
}

/* The error of the job in the list, or 0. */
static int
job_result(const json_t *jobs, const char *id, const char *command, pv_error **error)
{
    for (size_t i = 0; i < json_array_size(jobs); i++) {
        const json_t *job = json_array_get(jobs, i);
        const char *fault = json_string_value(json_object_get(job, "error"));

        if (g_strcmp0(json_string_value(json_object_get(job, "id")), id) != 0)
            continue;
        if (!fault)
            return 0;
        return job_error(fault, command, error);
    }
    return pv_error_set(error, PV_ERR_UNKNOWN, "the job of '%s' was dismissed by somebody else", command);
}

static int
finish_job(pv_qmp *qmp, const char *id, const char *command, pv_error **error)
{
    g_autoptr(pv_task) task = pv_task_new("job.finish", id);
    json_t *jobs = NULL, *arguments = json_pack("{s:s}", "id", id);
    int code;

    pv_task_set_timeout(task, JOB_CLEAN_UP_MS);
    code = pv_qmp_execute(qmp, task, "query-jobs", NULL, &jobs, NULL);
    if (code < 0)
        code = pv_error_set(error, PV_ERR_UNKNOWN, "'%s' ended and its result could not be read", command);
    else
        code = job_result(jobs, id, command, error);
    pv_qmp_execute(qmp, task, "job-dismiss", arguments, NULL, NULL);
    json_decref(jobs);
    json_decref(arguments);
    return code;
}

int
qmp_job_run(pv_qmp *qmp, const char *command, json_t *arguments, pv_task *task, pv_error **error)
{
    g_autofree char *id = g_strdup_printf("polyvirt-%08x", g_random_int());
    g_autoptr(pv_qmp_watch) watch = pv_qmp_watch_new(qmp, "JOB_STATUS_CHANGE", is_concluded, id);
    g_autoptr(pv_error) why = NULL;
    int code;

    json_object_set_new(arguments, "job-id", json_string(id));
    code = pv_qmp_execute(qmp, task, command, arguments, NULL, error);
    json_decref(arguments);
    if (code < 0)
        return code;
    code = pv_qmp_watch_wait(watch, task, NULL, &why);
    if (code == PV_ERR_CANCELLED)
        return pv_error_set(error, code, "interrupted; the job '%s' goes on in QEMU", id);
    if (code < 0)
        return pv_error_set(error, PV_ERR_UNKNOWN, "the job '%s' of '%s' has not ended: %s", id, command, why->message);
    return finish_job(qmp, id, command, error);
}
