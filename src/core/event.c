/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event bus: drivers emit from any thread, one thread delivers in order. The queue of each
 * connection is bounded; what does not fit is dropped, and a PV_EVENT_LOST stands in its place.
 */
#include "conn-private.h"

struct subscriber {
    unsigned id;
    pv_event_fn fn;
    void *data;
};

struct pv_bus {
    gint refs; /* the connection's, and one for each queued event */
    pv_conn *conn;
    char *endpoint;
    gint queued;
    gint lost;         /* a PV_EVENT_LOST waits in the queue: it speaks for all that is dropped until then */
    GRecMutex lock;    /* held while delivering: unsubscribe waits for it; guards what follows */
    GArray *subscribers;
    gboolean stopped;
    unsigned last_id;
    unsigned delivering; /* depth: entries are not removed meanwhile */
};

struct item {
    struct pv_bus *bus;
    pv_event *event;
};

void
pv_bus_unref(struct pv_bus *bus)
{
    if (!g_atomic_int_dec_and_test(&bus->refs))
        return;
    g_array_unref(bus->subscribers);
    g_rec_mutex_clear(&bus->lock);
    g_free(bus->endpoint);
    g_free(bus);
}

/* ---- delivery ---- */

static void
sweep(struct pv_bus *bus)
{
    for (unsigned i = bus->subscribers->len; i-- > 0;)
        if (!g_array_index(bus->subscribers, struct subscriber, i).fn)
            g_array_remove_index(bus->subscribers, i);
}

static void
hand_out(struct pv_bus *bus, const pv_event *event)
{
    bus->delivering++;
    for (unsigned i = 0; i < bus->subscribers->len && !bus->stopped; i++) {
        /* a copy: the call may subscribe, which moves the array */
        struct subscriber subscriber = g_array_index(bus->subscribers, struct subscriber, i);

        if (subscriber.fn)
            subscriber.fn(event, subscriber.data);
    }
    if (--bus->delivering == 0)
        sweep(bus);
}

static void
deliver(struct pv_bus *bus, const pv_event *event)
{
    g_rec_mutex_lock(&bus->lock);
    if (event->kind == PV_EVENT_LOST) /* before it is told: who looks again now sees all that was dropped */
        g_atomic_int_set(&bus->lost, 0);
    hand_out(bus, event);
    g_rec_mutex_unlock(&bus->lock);
}

static gpointer
delivery_thread(gpointer data)
{
    GAsyncQueue *queue = data;

    for (;;) {
        struct item *item = g_async_queue_pop(queue);

        g_atomic_int_add(&item->bus->queued, -1);
        deliver(item->bus, item->event);
        pv_event_free(item->event);
        pv_bus_unref(item->bus);
        g_free(item);
    }
    return NULL;
}

static GAsyncQueue *
delivery_queue(void)
{
    static gsize once;
    static GAsyncQueue *queue;

    if (g_once_init_enter(&once)) {
        queue = g_async_queue_new();
        g_thread_unref(g_thread_new("pv-events", delivery_thread, queue));
        g_once_init_leave(&once, 1);
    }
    return queue;
}

static void
enqueue(struct pv_bus *bus, pv_event *event)
{
    struct item *item;

    g_atomic_int_inc(&bus->queued);
    g_atomic_int_inc(&bus->refs);
    if (!event->endpoint)
        event->endpoint = g_strdup(bus->endpoint);
    if (event->time == PV_UNSET_INT)
        event->time = g_get_real_time();
    item = g_new(struct item, 1);
    item->bus = bus;
    item->event = event;
    g_async_queue_push(delivery_queue(), item);
}

/* ---- what drivers see ---- */

void
pv_bus_emit(void *sink, pv_event *event)
{
    struct pv_bus *bus = sink;

    if (g_atomic_int_get(&bus->queued) < PV_EVENT_QUEUE_MAX) {
        enqueue(bus, event);
        return;
    }
    pv_event_free(event);
    if (g_atomic_int_compare_and_exchange(&bus->lost, 0, 1)) {
        pv_event *lost = pv_event_new();

        lost->kind = PV_EVENT_LOST;
        enqueue(bus, lost);
    }
}

/* ---- what the connection sees ---- */

struct pv_bus *
pv_bus_new(pv_conn *conn)
{
    struct pv_bus *bus = g_new0(struct pv_bus, 1);

    bus->refs = 1;
    bus->conn = conn;
    bus->endpoint = g_strdup(conn->uri);
    bus->subscribers = g_array_new(FALSE, FALSE, sizeof(struct subscriber));
    g_rec_mutex_init(&bus->lock);
    return bus;
}

static gboolean
has_subscribers(const struct pv_bus *bus)
{
    for (unsigned i = 0; i < bus->subscribers->len; i++)
        if (g_array_index(bus->subscribers, struct subscriber, i).fn)
            return TRUE;
    return FALSE;
}

void
pv_bus_stop(struct pv_bus *bus)
{
    g_rec_mutex_lock(&bus->lock);
    if (has_subscribers(bus))
        bus->conn->driver->event->enable(bus->conn->handle, FALSE, NULL);
    bus->stopped = TRUE;
    g_rec_mutex_unlock(&bus->lock);
}

int
pv_event_subscribe(pv_conn *conn, pv_event_fn fn, void *data, unsigned *ret_id, pv_error **error)
{
    struct pv_bus *bus = conn->bus;
    struct subscriber subscriber = { 0, fn, data };
    const char *lacks = pv_conn_lacks(conn, "event.watch");
    int code = 0;

    if (lacks)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s endpoints send no events%s%s", conn->driver->name,
                            *lacks ? ": " : "", lacks);
    g_rec_mutex_lock(&bus->lock);
    if (!has_subscribers(bus))
        code = conn->driver->event->enable(conn->handle, TRUE, error);
    if (code == 0) {
        subscriber.id = *ret_id = ++bus->last_id;
        g_array_append_val(bus->subscribers, subscriber);
    }
    g_rec_mutex_unlock(&bus->lock);
    return code;
}

void
pv_event_unsubscribe(pv_conn *conn, unsigned id)
{
    struct pv_bus *bus = conn->bus;
    gboolean removed = FALSE;

    g_rec_mutex_lock(&bus->lock);
    for (unsigned i = 0; i < bus->subscribers->len; i++) {
        struct subscriber *subscriber = &g_array_index(bus->subscribers, struct subscriber, i);

        if (subscriber->id != id || !subscriber->fn)
            continue;
        subscriber->fn = NULL;
        removed = TRUE;
    }
    if (bus->delivering == 0)
        sweep(bus);
    if (removed && !has_subscribers(bus))
        conn->driver->event->enable(conn->handle, FALSE, NULL);
    g_rec_mutex_unlock(&bus->lock);
}
