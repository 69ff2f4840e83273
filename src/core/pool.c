/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

struct job {
    void (*fn)(void *data);
    void *data;
};

static void
run_job(gpointer item, G_GNUC_UNUSED gpointer unused)
{
    struct job *job = item;

    job->fn(job->data);
    g_free(job);
}

void
pv_pool_push(void (*fn)(void *data), void *data)
{
    static gsize once;
    static GThreadPool *pool;
    struct job *job = g_new(struct job, 1);

    if (g_once_init_enter(&once)) {
        pool = g_thread_pool_new(run_job, NULL, PV_POOL_THREADS, FALSE, NULL);
        g_once_init_leave(&once, 1);
    }
    job->fn = fn;
    job->data = data;
    g_thread_pool_push(pool, job, NULL);
}

struct batch {
    gint refs; /* the caller's and each helper's; the last frees */
    gint next; /* the next index to take */
    gint left; /* indexes not yet finished */
    unsigned count;
    void (*fn)(unsigned i, void *data);
    void *data;
    GMutex lock;
    GCond all_done;
};

static void
batch_unref(struct batch *batch)
{
    if (!g_atomic_int_dec_and_test(&batch->refs))
        return;
    g_mutex_clear(&batch->lock);
    g_cond_clear(&batch->all_done);
    g_free(batch);
}

static void
batch_work(struct batch *batch)
{
    for (;;) {
        unsigned i = (unsigned)g_atomic_int_add(&batch->next, 1);

        if (i >= batch->count)
            return;
        batch->fn(i, batch->data);
        if (g_atomic_int_dec_and_test(&batch->left)) {
            g_mutex_lock(&batch->lock);
            g_cond_signal(&batch->all_done);
            g_mutex_unlock(&batch->lock);
        }
    }
}

static void
batch_helper(void *data)
{
    batch_work(data);
    batch_unref(data);
}

void
pv_pool_for_each(unsigned count, unsigned width, void (*fn)(unsigned i, void *data), void *data)
{
    struct batch *batch;

    if (count == 0)
        return;
    batch = g_new0(struct batch, 1);
    batch->refs = 1;
    batch->left = (gint)count;
    batch->count = count;
    batch->fn = fn;
    batch->data = data;
    g_mutex_init(&batch->lock);
    g_cond_init(&batch->all_done);
    for (unsigned i = 1; i < MIN(count, width); i++) {
        g_atomic_int_inc(&batch->refs);
        pv_pool_push(batch_helper, batch);
    }
    batch_work(batch);
    g_mutex_lock(&batch->lock);
    while (g_atomic_int_get(&batch->left) > 0)
        g_cond_wait(&batch->all_done, &batch->lock);
    g_mutex_unlock(&batch->lock);
    batch_unref(batch);
}
