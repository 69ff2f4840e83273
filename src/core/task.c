/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <math.h>
#include <polyvirt/task.h>

#define WAIT_MAX_MS (INT64_C(100) * 366 * 86400 * 1000) /* a hundred years: longer waits are cut to this */

struct pv_task {
    gint refs;
    char *id, *operation, *target;
    GCancellable *cancellable;
    pv_task *whole;         /* cancelled with it; NULL for a task of its own */
    gulong whole_handler;
    gint64 deadline;        /* monotonic microseconds, 0 = none */

    GMutex lock;            /* guards all below */
    GCond ended;
    enum pv_task_state state;
    int64_t done, total;
    const char *unit;
    gint64 created_at, started_at, ended_at;
    int code;
    pv_error *error;
    pv_task_watch_fn watch;
    void *watch_data;
    pv_task_fn fn;
    void *data;
};

pv_task *
pv_task_new(const char *operation, const char *target)
{
    pv_task *task = g_new0(pv_task, 1);

    task->refs = 1;
    task->id = g_uuid_string_random();
    task->operation = g_strdup(operation);
    task->target = g_strdup(target);
    task->cancellable = g_cancellable_new();
    g_mutex_init(&task->lock);
    g_cond_init(&task->ended);
    task->state = PV_TASK_QUEUED;
    task->done = task->total = PV_UNSET_INT;
    task->created_at = g_get_real_time();
    return task;
}

pv_task *
pv_task_ref(pv_task *task)
{
    g_atomic_int_inc(&task->refs);
    return task;
}

void
pv_task_unref(pv_task *task)
{
    if (!task || !g_atomic_int_dec_and_test(&task->refs))
        return;
    if (task->whole) {
        g_cancellable_disconnect(task->whole->cancellable, task->whole_handler);
        pv_task_unref(task->whole);
    }
    g_object_unref(task->cancellable);
    pv_error_free(task->error);
    g_mutex_clear(&task->lock);
    g_cond_clear(&task->ended);
    g_free(task->id);
    g_free(task->operation);
    g_free(task->target);
    g_free(task);
}

const char *
pv_task_id(const pv_task *task)
{
    return task->id;
}

const char *
pv_task_operation(const pv_task *task)
{
    return task->operation;
}

/* ---- deadline and cancellation ---- */

void
pv_task_set_timeout(pv_task *task, int64_t ms)
{
    gint64 deadline = ms > 0 ? g_get_monotonic_time() + MIN(ms, WAIT_MAX_MS) * 1000 : 0;

    if (task->whole && task->whole->deadline && (!deadline || deadline > task->whole->deadline))
        deadline = task->whole->deadline;
    task->deadline = deadline;
}

int64_t
pv_task_remaining_ms(pv_task *task)
{
    gint64 left;

    if (!task)
        return PV_TIMEOUT_DEFAULT_MS;
    if (!task->deadline)
        return -1;
    left = task->deadline - g_get_monotonic_time();
    /* rounded up: a wait of the answer must not end just before the deadline and spin */
    return left > 0 ? (left + 999) / 1000 : 0;
}

static void
cancel_part(G_GNUC_UNUSED GCancellable *whole, gpointer part)
{
    g_cancellable_cancel(G_CANCELLABLE(part));
}

pv_task *
pv_task_child(pv_task *whole, const char *operation, const char *target)
{
    pv_task *task = pv_task_new(operation, target);

    if (!whole)
        return task;
    task->whole = pv_task_ref(whole);
    task->deadline = whole->deadline;
    task->whole_handler = g_cancellable_connect(whole->cancellable, G_CALLBACK(cancel_part),
                                                g_object_ref(task->cancellable), g_object_unref);
    return task;
}

void
pv_task_cancel(pv_task *task)
{
    g_cancellable_cancel(task->cancellable);
}

gboolean
pv_task_is_cancelled(pv_task *task)
{
    return task && g_cancellable_is_cancelled(task->cancellable);
}

GCancellable *
pv_task_cancellable(pv_task *task)
{
    return task ? task->cancellable : NULL;
}

int
pv_task_check(pv_task *task, pv_error **error)
{
    if (!task)
        return 0;
    if (g_cancellable_is_cancelled(task->cancellable))
        return pv_error_set(error, PV_ERR_CANCELLED, "interrupted");
    if (task->deadline && g_get_monotonic_time() >= task->deadline)
        return pv_error_set(error, PV_ERR_TIMEOUT, "out of time");
    return 0;
}

/* Until the moment or the cancellation, whichever is first; a signal to the thread ends no wait. */
static void
sleep_until(GCancellable *cancellable, gint64 until)
{
    GPollFD fd = { .fd = -1, .events = G_IO_IN }; /* poll() passes over -1 */
    gboolean wakes = g_cancellable_make_pollfd(cancellable, &fd);
    gint64 left;

    while (!g_cancellable_is_cancelled(cancellable) && (left = until - g_get_monotonic_time()) > 0)
        g_poll(&fd, 1, (int)MIN((left + 999) / 1000, G_MAXINT));
    if (wakes)
        g_cancellable_release_fd(cancellable);
}

int
pv_task_sleep(pv_task *task, int64_t ms, pv_error **error)
{
    int64_t left = pv_task_remaining_ms(task);

    ms = CLAMP(ms, 0, WAIT_MAX_MS);
    if (!task) {
        g_usleep((gulong)ms * 1000);
        return 0;
    }
    if (left >= 0)
        ms = MIN(ms, left);
    sleep_until(task->cancellable, g_get_monotonic_time() + ms * 1000);
    return pv_task_check(task, error);
}

/* ---- progress and book-keeping ---- */

void
pv_task_progress(pv_task *task, int64_t done, int64_t total, const char *unit)
{
    pv_task_watch_fn watch;
    void *data;

    if (!task)
        return;
    g_mutex_lock(&task->lock);
    task->done = done;
    task->total = total > 0 ? total : PV_UNSET_INT;
    task->unit = unit;
    watch = task->watch;
    data = task->watch_data;
    g_mutex_unlock(&task->lock);
    if (watch)
        watch(task, data);
    else if (task->whole)
        pv_task_progress(task->whole, done, total, unit);
}

void
pv_task_watch(pv_task *task, pv_task_watch_fn fn, void *data)
{
    g_mutex_lock(&task->lock);
    task->watch = fn;
    task->watch_data = data;
    g_mutex_unlock(&task->lock);
}

static void
task_set_state(pv_task *task, enum pv_task_state state)
{
    pv_task_watch_fn watch;
    void *data;

    g_mutex_lock(&task->lock);
    task->state = state;
    if (state == PV_TASK_RUNNING)
        task->started_at = g_get_real_time();
    watch = task->watch;
    data = task->watch_data;
    g_mutex_unlock(&task->lock);
    if (watch)
        watch(task, data);
}

enum pv_task_state
pv_task_state_of(int code)
{
    switch (code) {
    case PV_OK:
        return PV_TASK_OK;
    case PV_ERR_CANCELLED:
        return PV_TASK_CANCELLED;
    case PV_ERR_UNKNOWN:
        return PV_TASK_UNKNOWN;
    default:
        return PV_TASK_FAILED;
    }
}

static void
task_end(pv_task *task, int code, pv_error *error)
{
    g_mutex_lock(&task->lock);
    task->code = code;
    task->error = error;
    task->ended_at = g_get_real_time();
    g_mutex_unlock(&task->lock);
    task_set_state(task, pv_task_state_of(code));
    g_mutex_lock(&task->lock);
    g_cond_broadcast(&task->ended);
    g_mutex_unlock(&task->lock);
}

static gboolean
task_has_ended(const pv_task *task)
{
    return task->state != PV_TASK_QUEUED && task->state != PV_TASK_RUNNING;
}

int
pv_task_run(pv_task *task, pv_task_fn fn, void *data, pv_error **error)
{
    pv_error *cause = NULL;
    int code;

    task_set_state(task, PV_TASK_RUNNING);
    code = pv_task_check(task, &cause);
    if (code == 0)
        code = fn(task, data, &cause);
    task_end(task, code, pv_error_copy(cause));
    pv_error_propagate(error, cause);
    return code;
}

static void
run_in_pool(void *data)
{
    pv_task *task = data;

    pv_task_run(task, task->fn, task->data, NULL);
    pv_task_unref(task);
}

void
pv_task_start(pv_task *task, pv_task_fn fn, void *data)
{
    task->fn = fn;
    task->data = data;
    pv_pool_push(run_in_pool, pv_task_ref(task));
}

int
pv_task_wait(pv_task *task, int64_t ms, pv_error **error)
{
    gint64 until = g_get_monotonic_time() + MIN(ms, WAIT_MAX_MS) * 1000;
    pv_error *cause = NULL;
    gboolean ended;
    int code = 0;

    g_mutex_lock(&task->lock);
    while (!task_has_ended(task)) {
        if (ms < 0)
            g_cond_wait(&task->ended, &task->lock);
        else if (!g_cond_wait_until(&task->ended, &task->lock, until))
            break;
    }
    ended = task_has_ended(task);
    if (ended) {
        code = task->code;
        cause = pv_error_copy(task->error);
    }
    g_mutex_unlock(&task->lock);
    if (!ended)
        return pv_error_set(error, PV_ERR_TIMEOUT, "task %s still runs", task->id);
    pv_error_propagate(error, cause);
    return code;
}

enum pv_task_state
pv_task_state(pv_task *task)
{
    enum pv_task_state state;

    g_mutex_lock(&task->lock);
    state = task->state;
    g_mutex_unlock(&task->lock);
    return state;
}

struct pv_task_info *
pv_task_get_info(pv_task *task)
{
    struct pv_task_info *info = pv_desc_new(&pv_task_info_desc);

    info->id = g_strdup(task->id);
    info->operation = g_strdup(task->operation);
    info->target = g_strdup(task->target);
    g_mutex_lock(&task->lock);
    info->state = (int)task->state;
    info->done = task->done;
    info->total = task->total;
    info->unit = g_strdup(task->unit);
    info->created = task->created_at;
    if (task->started_at)
        info->started = task->started_at;
    if (task->ended_at)
        info->ended = task->ended_at;
    if (task->state == PV_TASK_OK)
        info->progress = 100;
    else if (task->total != PV_UNSET_INT && task->done != PV_UNSET_INT)
        info->progress = CLAMP(100.0 * (double)task->done / (double)task->total, 0, 100);
    if (task->error) {
        info->error = g_strdup(task->error->message);
        info->error_code = g_strdup(pv_code_name(task->error->code));
    }
    g_mutex_unlock(&task->lock);
    return info;
}
