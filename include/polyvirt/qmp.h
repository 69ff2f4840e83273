/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client for QEMU's machine protocol (QMP) and for the guest agent's (QGA), usable by itself.
 *
 * One pv_qmp is one connection to one monitor. All its calls may be made from several threads at
 * once; replies find their command by id, events are delivered in the order QEMU sent them and are
 * never taken for a reply. There is no thread behind a connection unless events are subscribed: the
 * caller that waits reads the socket itself.
 *
 * A monitor serves ONE client. A second one can connect, but QEMU greets it only when the first has
 * gone; pv_qmp_open calls that PV_ERR_BUSY. Facts: QEMU's docs/interop/qmp-spec.txt and qapi/.
 */
#ifndef POLYVIRT_QMP_H
#define POLYVIRT_QMP_H

#include <jansson.h>
#include <polyvirt/task.h>

G_BEGIN_DECLS

#define PV_QMP_GREETING_MS 5000        /**< how long a monitor may take to greet */
#define PV_QMP_REPLY_MAX   (64u << 20) /**< longest message taken, bytes (query-qmp-schema: 207 KB) */
#define PV_QMP_DEPTH_MAX   1024        /**< deepest nesting taken; QEMU's own limit */
#define PV_QMP_NAME_MAX    256         /**< longest command name */
#define PV_QMP_FDS_MAX     16          /**< most file descriptors with one command */
#define PV_QMP_WATCH_MAX   65536       /**< most events a watch holds for its reader */

/* ---- connection ---- */

enum pv_qmp_transport {
    PV_QMP_UNIX = 1,
    PV_QMP_TCP,
    PV_QMP_FD,
};

struct pv_qmp_address {
    enum pv_qmp_transport transport;
    const char *path; /**< PV_QMP_UNIX: of the socket; may be longer than sun_path */
    const char *host; /**< PV_QMP_TCP: name or address */
    uint16_t port;
    int fd;           /**< PV_QMP_FD: a connected stream socket; the connection owns it from the call on,
                           also when it fails */
};
#define PV_QMP_UNIX_ADDRESS(path_)       { .transport = PV_QMP_UNIX, .path = (path_), .fd = -1 }
#define PV_QMP_TCP_ADDRESS(host_, port_) { .transport = PV_QMP_TCP, .host = (host_), .port = (port_), .fd = -1 }
#define PV_QMP_FD_ADDRESS(fd_)           { .transport = PV_QMP_FD, .fd = (fd_) }

/** An event. data is borrowed: json_incref to keep it. A NULL name is the connection's end, told
 * once; no event follows. */
struct pv_qmp_event {
    const char *name; /**< "STOP" */
    const json_t *data; /**< object or NULL */
    int64_t time;     /**< microseconds since 1970 by the host's clock, PV_UNSET_INT when not told */
};
/** Runs on the thread that happens to read, in the order of the stream: an event that came before a
 * reply has been delivered when the call returns. Must not block; calls on the same connection are
 * refused with PV_ERR_USAGE. */
typedef void (*pv_qmp_event_fn)(const struct pv_qmp_event *event, void *data);

struct pv_qmp_options {
    int64_t greeting_ms; /**< 0 = PV_QMP_GREETING_MS */
    size_t reply_max;    /**< 0 = PV_QMP_REPLY_MAX */
    unsigned depth_max;  /**< 0 = PV_QMP_DEPTH_MAX */
    gboolean oob;        /**< enable out-of-band execution where it is offered */
    pv_qmp_event_fn event; /**< from the first event on; else see pv_qmp_subscribe */
    void *event_data;
};

/** What the monitor said of itself. */
struct pv_qmp_greeting {
    int major, minor, micro; /**< of QEMU */
    char *package;           /**< distributor's version, or "" */
    gboolean oob;            /**< out-of-band execution was offered and enabled */
};

typedef struct pv_qmp pv_qmp;

/**
 * Connects, reads the greeting and negotiates. options may be NULL. Errors: PV_ERR_NOT_FOUND (no
 * such socket), PV_ERR_CONNECT (refused, or closed before the greeting), PV_ERR_DENIED (no
 * permission), PV_ERR_BUSY (no greeting in time: another client holds the monitor, or QEMU hangs),
 * PV_ERR_PROTOCOL (something else answers there), PV_ERR_CANCELLED.
 */
int pv_qmp_open(const struct pv_qmp_address *address, const struct pv_qmp_options *options, pv_task *task,
                pv_qmp **ret_qmp, pv_error **error);
pv_qmp *pv_qmp_ref(pv_qmp *qmp);
/** The last reference closes the connection. NULL-safe. Not from an event callback. */
void pv_qmp_unref(pv_qmp *qmp);
/** Owned by the connection. */
const struct pv_qmp_greeting *pv_qmp_get_greeting(const pv_qmp *qmp);
/** False once the other side has closed or broken the protocol: open a new one. Takes a look at the
 * socket, never blocks. */
gboolean pv_qmp_is_open(pv_qmp *qmp);

/* ---- commands ---- */

/**
 * Runs one command and waits for its reply. arguments: an object, borrowed, or NULL. On success
 * *ret_return (may be NULL) is the value of "return", one reference. Errors that QEMU answers keep
 * its class and text as native detail ("qmp"): CommandNotFound and KVMMissingCap are
 * PV_ERR_UNSUPPORTED, DeviceNotFound PV_ERR_NOT_FOUND, DeviceNotActive PV_ERR_STATE, GenericError
 * PV_ERR_FAILED. A deadline or an end of the connection after the command went out is
 * PV_ERR_UNKNOWN, or PV_ERR_TIMEOUT and PV_ERR_CONNECT for a command that only looks (query-*,
 * qom-get, qom-list …). A reply that comes after its deadline is dropped.
 */
int pv_qmp_execute(pv_qmp *qmp, pv_task *task, const char *command, const json_t *arguments, json_t **ret_return,
                   pv_error **error);

/** A command with all that can go with it. */
struct pv_qmp_command {
    const char *name;
    const json_t *arguments; /**< object or NULL; borrowed during the call */
    gboolean oob;            /**< out of band ("exec-oob"): for the few commands that allow it */
    const int *fds;          /**< passed along (SCM_RIGHTS, unix sockets only); stay the caller's */
    unsigned n_fds;
};
typedef struct pv_qmp_call pv_qmp_call;
/** Sends a command without waiting: many may be in flight. Never blocks; what the socket does not
 * take at once goes out while somebody waits. Free the call before the connection. */
int pv_qmp_submit(pv_qmp *qmp, const struct pv_qmp_command *command, pv_qmp_call **ret_call, pv_error **error);
/** Waits for the reply, as pv_qmp_execute. To be called once. */
int pv_qmp_call_wait(pv_qmp_call *call, pv_task *task, json_t **ret_return, pv_error **error);
/** Forgets a call; its reply, if it comes, is dropped. NULL-safe. */
void pv_qmp_call_free(pv_qmp_call *call);

/** Ends QEMU ("quit") and waits until the connection is closed: the machine is gone. */
int pv_qmp_quit(pv_qmp *qmp, pv_task *task, pv_error **error);

/* ---- events ---- */

/** Delivers every event from now on to fn (NULL: no more). A thread reads while nobody waits for a
 * reply. After it returns the former fn is not called again. */
int pv_qmp_subscribe(pv_qmp *qmp, pv_qmp_event_fn fn, void *data, pv_error **error);

/** Does this event fit? Must only look; it runs with the connection locked. */
typedef gboolean (*pv_qmp_match_fn)(const struct pv_qmp_event *event, void *data);
typedef struct pv_qmp_watch pv_qmp_watch;
/**
 * Keeps the events of one name (NULL: all) for which match (NULL: any) says yes. To be made BEFORE
 * the command that causes the event: events overtake the reply. Free it before the connection.
 */
pv_qmp_watch *pv_qmp_watch_new(pv_qmp *qmp, const char *event, pv_qmp_match_fn match, void *data);
/** The next kept event as QEMU sent it ("event", "data", "timestamp"), one reference; ret_event may
 * be NULL. PV_ERR_TIMEOUT, PV_ERR_CANCELLED, or PV_ERR_CONNECT when the connection ended and none is
 * left. */
int pv_qmp_watch_wait(pv_qmp_watch *watch, pv_task *task, json_t **ret_event, pv_error **error);
void pv_qmp_watch_free(pv_qmp_watch *watch);

/* ---- guest agent ---- */

#define PV_QGA_REPLY_MAX (16u << 20) /**< longest reply taken of a guest, bytes */
#define PV_QGA_DEPTH_MAX 64
#define PV_QGA_NOISE_MAX (1u << 20)  /**< most bytes thrown away while the stream is brought in step */

/** A connection to a guest agent's socket. The guest decides what comes back: it may be silent, late
 * or hostile. One command at a time; thread-safe. */
typedef struct pv_qga pv_qga;

/** Connects and brings the stream in step (guest-sync-delimited). PV_ERR_TIMEOUT when the agent does
 * not answer until the task's deadline. */
int pv_qga_open(const struct pv_qmp_address *address, pv_task *task, pv_qga **ret_qga, pv_error **error);
void pv_qga_free(pv_qga *qga);
/** As pv_qmp_execute; after a deadline the next call brings the stream in step again. */
int pv_qga_execute(pv_qga *qga, pv_task *task, const char *command, const json_t *arguments, json_t **ret_return,
                   pv_error **error);
/** For guest-shutdown and guest-suspend-*, which do not answer on success: sends the command and
 * returns; an error that comes within grace_ms is told. */
int pv_qga_send(pv_qga *qga, pv_task *task, const char *command, const json_t *arguments, int64_t grace_ms,
                pv_error **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_qmp, pv_qmp_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_qmp_call, pv_qmp_call_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_qmp_watch, pv_qmp_watch_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_qga, pv_qga_free)

G_END_DECLS

#endif
