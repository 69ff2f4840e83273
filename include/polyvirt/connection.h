/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to one endpoint, whatever API it speaks. Calls block until done, cancelled or out of
 * time (task.h) and may be made from several threads at once. On failure they return a negative
 * pv_code, set *error and leave every ret_ argument untouched. Lists are GPtrArrays that free their
 * items (pv_list_new). VMs, snapshots … are named by id, uuid or name, in this order of preference.
 */
#ifndef POLYVIRT_CONNECTION_H
#define POLYVIRT_CONNECTION_H

#include <polyvirt/model.h>
#include <polyvirt/task.h>

G_BEGIN_DECLS

typedef struct pv_conn pv_conn;

/** Asks a person (or a file, or a command) for the password of user at endpoint. Returns an
 * allocated string that the library wipes and frees, or NULL with *error. */
typedef char *(*pv_password_fn)(const char *user, const char *endpoint, void *data, pv_error **error);

struct pv_open_options {
    pv_password_fn password; /**< NULL: no password can be had */
    void *password_data;
    gboolean readonly;       /**< refuse everything that changes something */
    gboolean insecure;       /**< accept any certificate */
    const char *tls_sha256;  /**< accept exactly this certificate: 64 hex digits, colons allowed */
    const char *ca_file;     /**< PEM, instead of the system's */
    int64_t timeout_ms;      /**< default deadline of calls on this connection; 0 = PV_TIMEOUT_DEFAULT_MS */
};

/**
 * Opens uri: a libvirt URI, qmp:///socket, qmp://host:port, qmp:///dir/, vsphere://user@host[:port],
 * sim:///. options may be NULL. Errors: PV_ERR_USAGE (no driver takes the URI), PV_ERR_CONNECT,
 * PV_ERR_TLS, PV_ERR_AUTH, PV_ERR_UNSUPPORTED (the library behind it lacks the driver).
 */
int pv_open(const char *uri, const struct pv_open_options *options, pv_task *task, pv_conn **ret_conn,
            pv_error **error);
/** Logs out and frees; NULL-safe. Calls under way on other threads must have ended. */
void pv_close(pv_conn *conn);
/** As opened, without password; owned by the connection. */
const char *pv_conn_uri(const pv_conn *conn);
const char *pv_conn_driver(const pv_conn *conn);

/* ---- endpoint ---- */

int pv_endpoint_info(pv_conn *conn, pv_task *task, pv_endpoint **ret_endpoint, pv_error **error);
/** One row per operation (op.h), of struct pv_capability. */
int pv_endpoint_capabilities(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error);
int pv_session_info(pv_conn *conn, pv_task *task, pv_session **ret_session, pv_error **error);
int pv_host_list(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error);

/* ---- vm ---- */

/**
 * VMs with the wanted parts (enum pv_vm_part) in one go. refs: NULL = all, else the named ones, in
 * their order; one that does not exist fails the call with PV_ERR_NOT_FOUND. A VM that exists but
 * cannot be read has .error set in its row.
 */
int pv_vm_list(pv_conn *conn, const char *const *refs, unsigned parts, pv_task *task, GPtrArray **ret_list,
               pv_error **error);
int pv_vm_get(pv_conn *conn, const char *ref, unsigned parts, pv_task *task, pv_vm **ret_vm, pv_error **error);
/** Defines a VM, with its disks; does not start it. PV_ERR_EXISTS when the name is taken. */
int pv_vm_create(pv_conn *conn, const pv_vm_spec *spec, pv_task *task, pv_vm **ret_vm, pv_error **error);
int pv_vm_clone(pv_conn *conn, const char *ref, const pv_clone_spec *spec, pv_task *task, pv_vm **ret_vm,
                pv_error **error);
/** Removes a VM that is off, its snapshots and the disks polyvirt made for it. */
int pv_vm_delete(pv_conn *conn, const char *ref, pv_task *task, pv_error **error);
/** PV_ERR_SAME_STATE when there is nothing to do, PV_ERR_STATE when the state forbids it. */
int pv_vm_power(pv_conn *conn, const char *ref, enum pv_power_op op, pv_task *task, pv_error **error);
/** Waits (by events where the API has them) until the VM is in one of the states of the mask
 * (1 << enum pv_power_state); PV_ERR_TIMEOUT at the task's deadline. */
int pv_vm_wait(pv_conn *conn, const char *ref, unsigned states, pv_task *task, pv_error **error);

/* ---- snapshot ---- */

/** Parents before children. */
int pv_snapshot_list(pv_conn *conn, const char *vm, pv_task *task, GPtrArray **ret_list, pv_error **error);
int pv_snapshot_create(pv_conn *conn, const char *vm, const pv_snapshot_spec *spec, pv_task *task,
                       pv_snapshot **ret_snapshot, pv_error **error);
int pv_snapshot_revert(pv_conn *conn, const char *vm, const char *snapshot, pv_task *task, pv_error **error);
/** children: remove the whole subtree, else its children move up to its parent. */
int pv_snapshot_delete(pv_conn *conn, const char *vm, const char *snapshot, gboolean children, pv_task *task,
                       pv_error **error);

/* ---- storage and network ---- */

int pv_datastore_list(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error);
/** datastore: id or name, NULL = of all. */
int pv_volume_list(pv_conn *conn, const char *datastore, pv_task *task, GPtrArray **ret_list, pv_error **error);
int pv_volume_create(pv_conn *conn, const pv_volume_spec *spec, pv_task *task, pv_volume **ret_volume,
                     pv_error **error);
int pv_volume_delete(pv_conn *conn, const char *datastore, const char *volume, pv_task *task, pv_error **error);
int pv_network_list(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error);

/* ---- events ---- */

/** Called on the library's event thread, in the endpoint's order; must not block. */
typedef void (*pv_event_fn)(const pv_event *event, void *data);
/** Delivers events until pv_event_unsubscribe; *ret_id > 0. PV_ERR_UNSUPPORTED where the API has none. */
int pv_event_subscribe(pv_conn *conn, pv_event_fn fn, void *data, unsigned *ret_id, pv_error **error);
/** After it returns fn is not called again (unless called from fn itself). */
void pv_event_unsubscribe(pv_conn *conn, unsigned id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_conn, pv_close)

G_END_DECLS

#endif
