/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the core share about a connection; nobody else sees it. */
#ifndef PV_CORE_CONN_PRIVATE_H
#define PV_CORE_CONN_PRIVATE_H

#include "driver.h"

#include <polyvirt/op.h>

struct pv_bus;

struct pv_conn {
    const struct pv_driver *driver;
    void *handle; /* the driver's */
    char *uri;
    gboolean readonly;
    int64_t timeout_ms;
    struct pv_bus *bus;
};

/** One call into a driver: what the core does around every slot. */
struct pv_call {
    pv_conn *conn;
    const char *operation;
    pv_task *task; /* never NULL between begin and end */
    gint64 begun;
};

/**
 * Checks support and read-only, and readies a task with the connection's default deadline when the
 * caller's is NULL. operation: a row of the operation table. After success call pv_call_end once.
 */
int pv_call_begin(struct pv_call *call, pv_conn *conn, const char *operation, pv_task *task, pv_error **error);
/** Prefixes the error with target (may be NULL), traces, and returns code. */
int pv_call_end(struct pv_call *call, const char *target, int code, pv_error **error);
/**
 * The end of what follows a creation. A failure says that the thing was made, and what was not ("read
 * back"); a deadline is PV_ERR_UNKNOWN, for PV_ERR_TIMEOUT would promise that nothing was changed.
 */
int pv_call_after_made(int code, const char *what_not, pv_error **error);

/* ---- what a connection can do (capability.c): the operation table held against the driver's slots ---- */

/** Why this connection cannot do an operation ("": no reason but the driver's), or NULL when it can. */
const char *pv_conn_lacks(pv_conn *conn, const char *operation);
/** PV_ERR_UNSUPPORTED, or PV_ERR_DENIED for a change on a read-only connection. */
int pv_conn_check(pv_conn *conn, const char *operation, pv_error **error);

/** The VM's id from an id, uuid or name. */
int pv_resolve_vm(pv_conn *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error);
/** All of them at once, in order; nothing is returned when one is missing. PV_ERR_UNSUPPORTED where
 * there are no VMs. */
int pv_resolve_vms(pv_conn *conn, const char *const *refs, pv_task *task, char ***ret_ids, pv_error **error);

/* VMs by the driver's own ids (NULL: all). Nothing is checked, task is never NULL. */
int pv_vm_list_ids(pv_conn *conn, const char *const *ids, unsigned parts, pv_task *task, GPtrArray **ret_vms,
                   pv_error **error);

/* As the public calls. label goes before the error's message; NULL: nothing does (the caller has the
 * target in a column of its own), and ref is an id already. */
int pv_vm_power_as(pv_conn *conn, const char *ref, const char *label, enum pv_power_op op, pv_task *task,
                   pv_error **error);
int pv_vm_delete_as(pv_conn *conn, const char *ref, const char *label, pv_task *task, pv_error **error);
int pv_vm_wait_as(pv_conn *conn, const char *ref, const char *label, unsigned states, pv_task *task, pv_error **error);

/* ---- events (event.c) ---- */

#define PV_EVENT_QUEUE_MAX 4096 /* events of one connection that wait to be delivered */

struct pv_bus *pv_bus_new(pv_conn *conn);
/** The driver's emit: any thread; takes the event. sink is the bus. */
void pv_bus_emit(void *sink, pv_event *event);
/** Stops the driver's flow if it is on. When it returns no callback runs, and none will. */
void pv_bus_stop(struct pv_bus *bus);
/** The bus goes when the last queued event has gone. */
void pv_bus_unref(struct pv_bus *bus);

#endif
