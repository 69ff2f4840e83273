/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the QMP client. Who reads: the thread that waits for something takes the reader's role
 * (qmp->reading) and reads until it has it, handing out what belongs to others on the way; others
 * sleep on qmp->changed. So a single caller never pays for a thread switch.
 */
#ifndef PV_WIRE_QMP_PRIVATE_H
#define PV_WIRE_QMP_PRIVATE_H

#include "json-stream.h"

#include <polyvirt/qmp.h>

#define QMP_CONNECT_RETRY_MS 100 /* a listener whose queue is full is asked again after this */
#define QMP_EVENT_LINGER_MS  5   /* the event thread stays away this long after a caller has read */
#define QMP_DESC_MAX         1024 /* most bytes of QEMU's words quoted in a sentence */

/* Bytes the socket did not take at once. */
struct qmp_chunk {
    char *data;
    size_t len, sent;
    int fds[PV_QMP_FDS_MAX]; /* own copies, sent with the first byte */
    unsigned n_fds;
    struct pv_qmp_call *call; /* whose it is; NULL when it was given up half sent */
};

struct pv_qmp_call {
    struct pv_qmp *qmp;
    GList link;          /* in qmp->calls */
    uint64_t id;
    char *command;
    gboolean sent;       /* some of it went out */
    gboolean done;       /* reply or error set, no longer in qmp->calls */
    json_t *reply;       /* value of "return" */
    pv_error *error;
};

struct pv_qmp_watch {
    struct pv_qmp *qmp;
    char *event;
    pv_qmp_match_fn match;
    void *data;
    GQueue kept; /* of json_t, oldest first */
    gboolean overflowed;
};

struct pv_qmp {
    gint refs;
    int fd, wake; /* the socket; an eventfd that ends the reader's poll */
    struct pv_qmp_greeting greeting;
    uint64_t last_id; /* atomic */

    GMutex lock;     /* guards all below */
    GCond changed;   /* a call ended, the reader's role is free, a callback ended */
    gboolean reading, greeted;
    unsigned waiters;  /* threads in qmp_wait */
    unsigned sleepers; /* those of them, and others, that sleep on `changed` */
    GQueue calls;    /* in flight, in the order sent; of struct pv_qmp_call */
    GQueue out;      /* of struct qmp_chunk */
    GPtrArray *watches;
    pv_error *broken; /* why the connection is of no use any more */
    gboolean ended_told, shutdown_seen;

    pv_qmp_event_fn event;
    void *event_data;
    GThread *dispatcher; /* the thread inside an event callback */
    GThread *listener;   /* reads while nobody waits */
    GCond idle;          /* the last waiter left */
    gboolean stop_listener;
    int listener_wake;   /* eventfd */

    struct pv_json_stream in; /* the reader's alone */
};

/* The moment a call has to be over, on the monotonic clock in microseconds; 0 = never. */
typedef gint64 qmp_deadline;
qmp_deadline qmp_deadline_of(pv_task *task);
/* Milliseconds for poll(): -1 = none. */
int qmp_poll_ms(qmp_deadline deadline);

/* qmp-connect.c: a connected stream socket that does not block and is closed on exec. */
int qmp_connect(const struct pv_qmp_address *address, qmp_deadline deadline, pv_task *task, int *ret_fd,
                pv_error **error);

/* qmp-io.c; those marked L are called with the lock held. */
void qmp_wake(int event_fd);
void qmp_drain(int event_fd);
/* L: Sends text, or queues what the socket does not take; PV_ERR_CONNECT when the other side is gone. */
int qmp_put(pv_qmp *qmp, pv_qmp_call *call, const GString *text, const struct pv_qmp_command *command,
            pv_error **error);
/* L: Takes what was queued for a call out again; FALSE when some of it went out already. */
gboolean qmp_withdraw(pv_qmp *qmp, pv_qmp_call *call);
/* L: One turn in the reader's role, which must be free: waits for input (and room for output), reads and
 * hands out. Lets go of the lock meanwhile. */
void qmp_turn(pv_qmp *qmp, qmp_deadline deadline);
/* L: Makes the connection broken: every call in flight fails, waiters wake. */
void qmp_break(pv_qmp *qmp, enum pv_code code, const char *message);
/* Reads or sleeps until ready(data) or the connection broke (both 0), or PV_ERR_TIMEOUT, PV_ERR_CANCELLED
 * or PV_ERR_USAGE (from an event callback). ready runs with the lock held. */
typedef gboolean (*qmp_ready_fn)(void *data);
int qmp_wait(pv_qmp *qmp, qmp_ready_fn ready, void *data, qmp_deadline deadline, pv_task *task, pv_error **error);

/* qmp-message.c: routes one message; PV_ERR_PROTOCOL when it is none of the protocol's. */
int qmp_message(pv_qmp *qmp, json_t *message, pv_error **error);
/* Tells the subscriber, once, that the connection is over. */
void qmp_tell_end(pv_qmp *qmp);
/* Sets error to what the other side's "error" object says. */
int qmp_error_from_json(const json_t *fault, const char *source, const char *command, pv_error **error);

/* qmp-call.c. One command as it goes over the wire, with id unless 0; PV_ERR_INVALID for a bad name. */
int qmp_encode(const struct pv_qmp_command *command, uint64_t id, GString *out, pv_error **error);
/* L: Ends a call that is in flight. */
void qmp_call_end(pv_qmp_call *call);
/* L: Its end when nothing can be learnt any more; code and message say why. */
void qmp_call_lose(pv_qmp_call *call, enum pv_code code, const char *message);

/* qmp-event.c */
void qmp_listener_stop(pv_qmp *qmp);

#endif
