/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-private.h"

#include <poll.h>

/* ---- watches ---- */

pv_qmp_watch *
pv_qmp_watch_new(pv_qmp *qmp, const char *event, pv_qmp_match_fn match, void *data)
{
    pv_qmp_watch *watch = g_new0(pv_qmp_watch, 1);

    watch->qmp = qmp;
    watch->event = g_strdup(event);
    watch->match = match;
    watch->data = data;
    g_mutex_lock(&qmp->lock);
    g_ptr_array_add(qmp->watches, watch);
    g_mutex_unlock(&qmp->lock);
    return watch;
}

static gboolean
watch_has_one(void *data)
{
    const pv_qmp_watch *watch = data;

    return watch->kept.length > 0 || watch->overflowed;
}

static int
watch_take(pv_qmp_watch *watch, json_t **ret_event, pv_error **error)
{
    json_t *event = g_queue_pop_head(&watch->kept);

    if (!event && watch->overflowed)
        return pv_error_set(error, PV_ERR_PROTOCOL, "more than %d events came before they were fetched",
                            PV_QMP_WATCH_MAX);
    if (!event)
        return pv_error_set(error, watch->qmp->broken->code, "%s", watch->qmp->broken->message);
    if (ret_event)
        *ret_event = event;
    else
        json_decref(event);
    return 0;
}

int
pv_qmp_watch_wait(pv_qmp_watch *watch, pv_task *task, json_t **ret_event, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int code = qmp_wait(watch->qmp, watch_has_one, watch, qmp_deadline_of(task), task, &why);

    if (code == PV_ERR_TIMEOUT)
        return pv_error_set(error, code, "the event %s did not come in time", watch->event ? watch->event : "");
    if (code < 0)
        return pv_error_propagate(error, g_steal_pointer(&why));
    g_mutex_lock(&watch->qmp->lock);
    code = watch_take(watch, ret_event, error);
    g_mutex_unlock(&watch->qmp->lock);
    return code;
}

static void
drop_event(gpointer event)
{
    json_decref(event);
}

void
pv_qmp_watch_free(pv_qmp_watch *watch)
{
    if (!watch)
        return;
    g_mutex_lock(&watch->qmp->lock);
    g_ptr_array_remove(watch->qmp->watches, watch);
    g_mutex_unlock(&watch->qmp->lock);
    g_queue_clear_full(&watch->kept, drop_event);
    g_free(watch->event);
    g_free(watch);
}

/* ---- the subscriber ---- */

/* Stays away while callers read, and a little longer: in a loop of commands it would only get in the
 * way. With the lock held. */
static void
stand_back(pv_qmp *qmp)
{
    while (qmp->waiters > 0 && !qmp->stop_listener) {
        gint64 linger;

        g_cond_wait(&qmp->idle, &qmp->lock);
        linger = g_get_monotonic_time() + QMP_EVENT_LINGER_MS * G_TIME_SPAN_MILLISECOND;
        while (!qmp->stop_listener && g_cond_wait_until(&qmp->idle, &qmp->lock, linger))
            ;
    }
}

static gpointer
listen(gpointer data)
{
    pv_qmp *qmp = data;
    struct pollfd fds[2] = { { .fd = qmp->fd, .events = POLLIN }, { .fd = qmp->listener_wake, .events = POLLIN } };

    g_mutex_lock(&qmp->lock);
    for (;;) {
        stand_back(qmp);
        if (qmp->stop_listener || qmp->broken)
            break;
        g_mutex_unlock(&qmp->lock);
        poll(fds, 2, -1); /* without the reader's role: a caller need not wait for it */
        g_mutex_lock(&qmp->lock);
        if (fds[0].revents && !qmp->reading && !qmp->broken)
            qmp_turn(qmp, g_get_monotonic_time());
    }
    g_mutex_unlock(&qmp->lock);
    return NULL;
}

void
qmp_listener_stop(pv_qmp *qmp)
{
    GThread *listener;

    g_mutex_lock(&qmp->lock);
    listener = g_steal_pointer(&qmp->listener);
    qmp->stop_listener = TRUE;
    g_cond_signal(&qmp->idle);
    g_mutex_unlock(&qmp->lock);
    if (!listener)
        return;
    qmp_wake(qmp->listener_wake);
    g_thread_join(listener);
    qmp_drain(qmp->listener_wake);
}

/* Waits until no callback runs, then swaps. */
static void
swap_subscriber(pv_qmp *qmp, pv_qmp_event_fn fn, void *data)
{
    g_mutex_lock(&qmp->lock);
    qmp->event = NULL;
    while (qmp->dispatcher) {
        qmp->sleepers++;
        g_cond_wait(&qmp->changed, &qmp->lock);
        qmp->sleepers--;
    }
    qmp->event = fn;
    qmp->event_data = data;
    g_mutex_unlock(&qmp->lock);
}

int
pv_qmp_subscribe(pv_qmp *qmp, pv_qmp_event_fn fn, void *data, pv_error **error)
{
    if (qmp->dispatcher == g_thread_self())
        return pv_error_set(error, PV_ERR_USAGE, "an event callback must not change its own subscription");
    qmp_listener_stop(qmp);
    swap_subscriber(qmp, fn, data);
    if (!fn)
        return 0;
    g_mutex_lock(&qmp->lock);
    qmp->stop_listener = FALSE;
    qmp->listener = g_thread_new("qmp-events", listen, qmp);
    g_mutex_unlock(&qmp->lock);
    return 0;
}
