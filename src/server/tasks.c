/* SPDX-License-Identifier: Apache-2.0 */
#include "tasks.h"

#include "server-limits.h"
#include "vapi.h"

#include <math.h>
#include <polyvirt/log.h>

struct pv_tasks {
    GMutex lock;
    GCond ended;
    pv_store *store;
    GHashTable *running; /* number -> struct job */
    unsigned untrimmed;  /* tasks that ended since old ones were dropped */
};

struct job {
    pv_tasks *tasks;
    pv_stored_task *stored;
    pv_task *task;
    pv_work_fn work;
    void *data;
    GDestroyNotify free_data;
    char *result;
};

/* Frees what the work was on. It may hold a connection, whose end can take a while: no lock is held. */
static void
job_let_go(struct job *job)
{
    if (job->free_data)
        job->free_data(job->data);
    job->free_data = NULL;
}

static void
job_free(gpointer data)
{
    struct job *job = data;

    job_let_go(job);
    pv_stored_task_free(job->stored);
    pv_task_unref(job->task);
    g_free(job->result);
    g_free(job);
}

/* The error as the task's `error` member shows it, in /api's shape. */
static char *
error_json(const pv_error *error)
{
    GString *out = g_string_new(NULL);

    pv_vapi_error_write_pv(out, pv_vapi_dialect(PV_VAPI_API), error, NULL);
    return g_string_free(out, FALSE);
}

int
pv_tasks_new(pv_store *store, pv_tasks **ret_tasks, pv_error **error)
{
    g_autoptr(pv_tasks) tasks = g_new0(struct pv_tasks, 1);
    g_autoptr(pv_error) cause = NULL;
    g_autofree char *json = NULL;
    int rc;

    g_mutex_init(&tasks->lock);
    g_cond_init(&tasks->ended);
    tasks->store = store;
    tasks->running = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, job_free);
    pv_error_set(&cause, PV_ERR_UNKNOWN, "the server ended while this ran: look at what became of it");
    json = error_json(cause);
    if ((rc = pv_store_tasks_abandon(store, json, error)) < 0 ||
        (rc = pv_store_tasks_trim(store, PV_SERVER_TASKS_MAX, error)) < 0)
        return rc;
    *ret_tasks = g_steal_pointer(&tasks);
    return 0;
}

void
pv_tasks_free(pv_tasks *tasks)
{
    GHashTableIter iter;
    gpointer value;

    if (!tasks)
        return;
    g_mutex_lock(&tasks->lock);
    g_hash_table_iter_init(&iter, tasks->running);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        pv_task_cancel(((struct job *)value)->task);
    while (g_hash_table_size(tasks->running))
        g_cond_wait(&tasks->ended, &tasks->lock);
    g_mutex_unlock(&tasks->lock);
    g_hash_table_unref(tasks->running);
    g_mutex_clear(&tasks->lock);
    g_cond_clear(&tasks->ended);
    g_free(tasks);
}

static void
save(struct job *job)
{
    g_autoptr(pv_error) error = NULL;

    if (pv_store_task_put(job->tasks->store, job->stored, &error) < 0)
        pv_log(PV_LOG_WARNING, "server", "%s", error->message);
}

/* Drops old ones once in a while; lock held. */
static void
trim(pv_tasks *tasks)
{
    g_autoptr(pv_error) error = NULL;

    if (++tasks->untrimmed < PV_SERVER_TASKS_TRIM)
        return;
    tasks->untrimmed = 0;
    if (pv_store_tasks_trim(tasks->store, PV_SERVER_TASKS_MAX, &error) < 0)
        pv_log(PV_LOG_WARNING, "server", "%s", error->message);
}

static int
job_work(pv_task *task, void *data, pv_error **error)
{
    struct job *job = data;

    return job->work(task, job->data, &job->result, error);
}

static gpointer
job_thread(gpointer data)
{
    struct job *job = data;
    pv_tasks *tasks = job->tasks;
    g_autoptr(pv_error) error = NULL;
    int rc = pv_task_run(job->task, job_work, job, &error);

    job_let_go(job);
    g_mutex_lock(&tasks->lock);
    g_free(job->stored->status);
    job->stored->status = g_strdup(rc < 0 ? "FAILED" : "SUCCEEDED");
    job->stored->error = rc < 0 && error ? error_json(error) : NULL;
    job->stored->result = g_strdup(job->result);
    job->stored->ended = g_get_real_time();
    save(job);
    trim(tasks);
    g_hash_table_remove(tasks->running, &job->stored->number);
    g_cond_broadcast(&tasks->ended);
    g_mutex_unlock(&tasks->lock);
    return NULL;
}

static pv_stored_task *
describe(const struct pv_task_about *about)
{
    pv_stored_task *stored = g_new0(pv_stored_task, 1);

    stored->service = g_strdup(about->service);
    stored->operation = g_strdup(about->operation);
    stored->description = g_strdup(about->description);
    stored->user = g_strdup(about->user);
    stored->status = g_strdup("RUNNING");
    stored->target_type = g_strdup(about->target_type);
    stored->target = g_strdup(about->target);
    stored->started = g_get_real_time();
    return stored;
}

int
pv_tasks_start(pv_tasks *tasks, const struct pv_task_about *about, int64_t timeout_ms, pv_work_fn work,
               void *data, GDestroyNotify free_data, int64_t *ret_number, pv_error **error)
{
    struct job *job = g_new0(struct job, 1);
    g_autofree char *native = g_uuid_string_random();
    g_autoptr(GMutexLocker) locker = NULL;
    int rc;

    job->tasks = tasks;
    job->stored = describe(about);
    job->task = pv_task_new(about->operation, about->target);
    job->work = work;
    job->data = data;
    job->free_data = free_data;
    pv_task_set_timeout(job->task, timeout_ms);
    locker = g_mutex_locker_new(&tasks->lock);
    if (g_hash_table_size(tasks->running) >= PV_SERVER_TASKS_RUNNING_MAX)
        rc = pv_error_set(error, PV_ERR_BUSY, "%d tasks run already", PV_SERVER_TASKS_RUNNING_MAX);
    else
        rc = pv_store_number(tasks->store, PV_OBJECT_TASK, 0, native, NULL, &job->stored->number, error);
    if (rc == 0)
        rc = pv_store_task_put(tasks->store, job->stored, error);
    if (rc < 0) {
        job_free(job);
        return rc;
    }
    *ret_number = job->stored->number;
    g_hash_table_insert(tasks->running, &job->stored->number, job);
    g_thread_unref(g_thread_new("pv-task", job_thread, job));
    return 0;
}

struct pv_stored_task *
pv_tasks_get(pv_tasks *tasks, int64_t number, double *ret_progress)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&tasks->lock);
    struct job *job = g_hash_table_lookup(tasks->running, &number);

    *ret_progress = -1;
    if (job) {
        struct pv_task_info *info = pv_task_get_info(job->task);

        if (!isnan(info->progress))
            *ret_progress = info->progress;
        pv_desc_free(&pv_task_info_desc, info);
    }
    return pv_store_task_get(tasks->store, number);
}

int
pv_tasks_cancel(pv_tasks *tasks, int64_t number, pv_error **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&tasks->lock);
    struct job *job = g_hash_table_lookup(tasks->running, &number);
    g_autoptr(pv_stored_task) stored = NULL;

    if (job) {
        pv_task_cancel(job->task);
        return 0;
    }
    stored = pv_store_task_get(tasks->store, number);
    return stored ? pv_error_set(error, PV_ERR_STATE, "task-%" G_GINT64_FORMAT " has ended", number)
                  : pv_error_set(error, PV_ERR_NOT_FOUND, "no task has the id 'task-%" G_GINT64_FORMAT "'",
                                 number);
}

int
pv_tasks_each(pv_tasks *tasks, pv_store_task_fn fn, void *data, pv_error **error)
{
    return pv_store_tasks(tasks->store, fn, data, error);
}
