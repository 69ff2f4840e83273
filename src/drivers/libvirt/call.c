/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls with a deadline. A job runs on a pool thread while its caller waits; see libvirt.h. The
 * pool's idle threads are kept for a while, so that a call costs two wake-ups and no thread start.
 */
#include "libvirt.h"

#include <string.h>

lv_job *
lv_job_new(void *conn, pv_task *task, lv_fn fn)
{
    lv_job *job = g_new0(lv_job, 1);

    g_atomic_ref_count_init(&job->refs);
    job->conn = lv_conn_ref(conn);
    job->task = pv_task_ref(task);
    job->fn = fn;
    g_mutex_init(&job->lock);
    g_cond_init(&job->done);
    return job;
}

void
lv_job_unref(lv_job *job)
{
    if (!job || !g_atomic_ref_count_dec(&job->refs))
        return;
    if (job->spec)
        pv_desc_free(job->spec_desc, job->spec);
    if (job->object)
        pv_desc_free(job->spec_desc, job->object);
    if (job->domain)
        virDomainFree(job->domain);
    g_clear_pointer(&job->list, g_ptr_array_unref);
    g_strfreev(job->ids);
    g_free(job->vm);
    g_free(job->name);
    g_free(job->text);
    pv_error_free(job->error);
    g_mutex_clear(&job->lock);
    g_cond_clear(&job->done);
    pv_task_unref(job->task);
    lv_conn_unref(job->conn);
    g_free(job);
}

void
lv_job_wants_list(lv_job *job, const struct pv_desc *desc)
{
    job->list = pv_list_new(desc);
}

void
lv_job_wants_object(lv_job *job, const struct pv_desc *desc, const void *object)
{
    lv_job_set_spec(job, desc, object);
    job->object = pv_desc_copy(desc, object);
}

void
lv_job_set_spec(lv_job *job, const struct pv_desc *desc, const void *spec)
{
    job->spec_desc = desc;
    job->spec = pv_desc_copy(desc, spec);
}

int
lv_job_sends(lv_job *job, pv_error **error)
{
    int r = pv_task_check(job->task, error);

    if (r < 0)
        return r;
    g_atomic_int_set(&job->sent, 1);
    return 0;
}

void
lv_job_undone(lv_job *job)
{
    g_atomic_int_set(&job->sent, 0);
}

/* ---- the worker's side ---- */

static int
run_once(lv_job *job, gboolean *ret_broken, pv_error **error)
{
    g_autoptr(virConnect) handle = NULL;
    int r;

    *ret_broken = FALSE;
    if (job->bare)
        return job->fn(job, NULL, error);
    r = lv_conn_acquire(job->conn, job, &handle, error);
    if (r < 0)
        return r;
    virResetLastError();
    r = job->fn(job, handle, error);
    if (r < 0 && lv_handle_is_dead(handle)) {
        *ret_broken = TRUE;
        lv_conn_drop(job->conn, handle);
    }
    return r;
}

/* Half an answer of a broken connection must not mix with the second try's. */
static void
forget_answer(lv_job *job)
{
    if (job->list)
        g_ptr_array_set_size(job->list, 0);
    if (job->object) {
        pv_desc_free(job->spec_desc, job->object);
        job->object = pv_desc_copy(job->spec_desc, job->spec);
    }
    g_clear_pointer(&job->text, g_free);
}

static int
unknown(pv_error **error, const char *why)
{
    pv_error_set(error, PV_ERR_UNKNOWN, "%s, so whether it was done is not known", why);
    pv_error_hint(error, "look at it before trying again");
    return PV_ERR_UNKNOWN;
}

/* A connection that broke is opened again once, unless something may have been changed by then. */
static int
run_with_reopen(lv_job *job, pv_error **error)
{
    g_autoptr(pv_error) first = NULL;
    gboolean broken;
    int r = run_once(job, &broken, &first);

    if (r >= 0)
        return r;
    if (!broken)
        return pv_error_propagate(error, g_steal_pointer(&first));
    pv_log(PV_LOG_INFO, "libvirt", "connection to %s broke: %s", job->conn->uri, first->message);
    if (g_atomic_int_get(&job->sent)) {
        unknown(error, "the connection to libvirt broke during the call");
        pv_error_native(error, "libvirt", first->native_code, first->native_message);
        return PV_ERR_UNKNOWN;
    }
    forget_answer(job);
    return run_once(job, &broken, error);
}

static void
work(gpointer data, gpointer unused)
{
    lv_job *job = data;
    pv_error *error = NULL;
    int code = run_with_reopen(job, &error);

    (void)unused;
    g_mutex_lock(&job->lock);
    job->finished = TRUE;
    job->code = code;
    job->error = error;
    if (job->abandoned)
        g_atomic_int_add(&job->conn->stuck, -1);
    g_cond_signal(&job->done);
    g_mutex_unlock(&job->lock);
    lv_job_unref(job);
}

static GThreadPool *
pool(void)
{
    static GThreadPool *only;

    if (g_once_init_enter(&only))
        g_once_init_leave(&only, g_thread_pool_new(work, NULL, -1, FALSE, NULL));
    return only;
}

struct detached {
    GFunc fn;
    void *data;
};

static gpointer
run_detached(gpointer data)
{
    g_autofree struct detached *detached = data;

    detached->fn(detached->data, NULL);
    return NULL;
}

void
lv_detach(GFunc fn, void *data)
{
    struct detached *detached = g_new(struct detached, 1);

    *detached = (struct detached){ fn, data };
    g_thread_unref(g_thread_new("pv-libvirt", run_detached, detached));
}

/* ---- the caller's side ---- */

static void
on_cancelled(GCancellable *cancellable, gpointer data)
{
    lv_job *job = data;

    (void)cancellable;
    g_mutex_lock(&job->lock);
    g_cond_signal(&job->done);
    g_mutex_unlock(&job->lock);
}

/* Waits until the job ended, was cancelled or is out of time; lock held. */
static void
wait_for_end(lv_job *job)
{
    int64_t left = pv_task_remaining_ms(job->task);
    int64_t end = left < 0 ? INT64_MAX : g_get_monotonic_time() + left * 1000;

    while (!job->finished && !pv_task_is_cancelled(job->task)) {
        if (end == INT64_MAX)
            g_cond_wait(&job->done, &job->lock);
        else if (!g_cond_wait_until(&job->done, &job->lock, end))
            break;
    }
    /* what runs in several steps notices between two of them and tidies up */
    end = g_get_monotonic_time() + LV_GRACE_MS * 1000;
    while (!job->finished && g_cond_wait_until(&job->done, &job->lock, end))
        ;
}

static int
give_up(lv_job *job, pv_error **error)
{
    job->abandoned = TRUE;
    g_atomic_int_inc(&job->conn->stuck);
    if (g_atomic_int_get(&job->sent))
        return unknown(error, pv_task_is_cancelled(job->task)
                                  ? "cancelled while libvirt still worked on it"
                                  : "libvirt had not answered when the time was up");
    if (pv_task_is_cancelled(job->task))
        return pv_error_set(error, PV_ERR_CANCELLED, "cancelled while waiting for libvirt");
    pv_error_set(error, PV_ERR_TIMEOUT, "libvirt did not answer in time");
    pv_error_hint(error, "the daemon or a hypervisor behind it may hang; --timeout gives it longer");
    return PV_ERR_TIMEOUT;
}

int
lv_job_run(lv_job *job, pv_error **error)
{
    GCancellable *cancellable = pv_task_cancellable(job->task);
    gulong watch = 0;
    int r = pv_task_check(job->task, error);

    if (r < 0)
        return r;
    if (g_atomic_int_get(&job->conn->stuck) >= LV_STUCK_MAX)
        return pv_error_set(error, PV_ERR_BUSY, "%d earlier calls still wait for libvirt", LV_STUCK_MAX);
    g_atomic_ref_count_inc(&job->refs);
    g_thread_pool_push(pool(), job, NULL);
    if (cancellable)
        watch = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), job, NULL);
    g_mutex_lock(&job->lock);
    wait_for_end(job);
    if (job->finished) {
        r = job->code;
        pv_error_propagate(error, g_steal_pointer(&job->error));
    } else {
        r = give_up(job, error);
    }
    g_mutex_unlock(&job->lock);
    if (watch)
        g_cancellable_disconnect(cancellable, watch);
    return r;
}

int
lv_job_run_list(lv_job *job, GPtrArray *ret_list, pv_error **error)
{
    int r = lv_job_run(job, error);

    if (r < 0)
        return r;
    g_ptr_array_extend_and_steal(ret_list, g_steal_pointer(&job->list));
    return 0;
}

int
lv_job_run_object(lv_job *job, void *ret_object, pv_error **error)
{
    size_t size = job->spec_desc->size;
    g_autofree void *kept = NULL;
    int r = lv_job_run(job, error);

    if (r < 0)
        return r;
    /* the members change places, so that the job frees what the caller's struct held */
    kept = g_memdup2(ret_object, size);
    memcpy(ret_object, job->object, size);
    memcpy(job->object, kept, size);
    return 0;
}

int
lv_job_run_text(lv_job *job, char **ret_text, pv_error **error)
{
    int r = lv_job_run(job, error);

    if (r < 0)
        return r;
    *ret_text = g_steal_pointer(&job->text);
    return 0;
}
