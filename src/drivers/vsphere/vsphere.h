/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vsphere driver, REST side. One connection is one session of one dialect. All calls go through
 * vs_rest: it signs them with the session, logs in again when the session has ended, repeats reads
 * that met a passing fault, and turns error bodies into errors.
 */
#ifndef PV_DRIVER_VSPHERE_H
#define PV_DRIVER_VSPHERE_H

#include "driver.h"
#include "http.h"
#include "vapi-model.h"

#define VS_PORT         443
#define VS_TRIES        3    /* of a read that meets a passing fault */
#define VS_PAUSE_MS     200  /* before the second try, doubled each time */
#define VS_LINGER_MS    2000 /* a cancelled login waits so long for its answer, to close what it opened */
#define VS_LOGOUT_MS    5000 /* longest wait for the end of a session at close */
#define VS_PROBE_MS     5000 /* longest wait when asking whether a resource exists */
#define VS_SESSION_MAX  1024 /* longest session id taken */
#define VS_PARALLEL     8    /* detail calls of one list under way at once */
#define VS_IDS_PER_CALL 100  /* ids in one filter, for the sake of the URL's length */

enum vs_answer {
    VS_NOT_ASKED = 0,
    VS_YES,
    VS_NO,
};

struct vs_conn {
    pv_http *http;
    const struct pv_vapi_dialect *dialect;
    char *base, *host, *user;
    char *password;      /* kept for the next login, wiped at close */
    GMutex lock;
    char *session;       /* under lock */
    unsigned generation; /* under lock: counts logins */
    gint snapshots;      /* enum vs_answer: does this server have the snapshot resource; atomic */
};

/** One filter of a list: AND between filters, OR within the values. */
struct vs_filter {
    const char *name;
    const char *const *values; /* NULL-terminated */
    unsigned n;                /* of values to send; 0: all */
};
#define VS_FILTERS_MAX 4

struct vs_request {
    enum pv_vapi_call_id call;
    const char *const *ids;          /* in path order, NULL-terminated */
    const struct vs_filter *filters; /* ends with .name == NULL */
    const GString *body;             /* or NULL */
    struct pv_vapi_failure *failure; /* out, may be NULL: what a refusal said; to be cleared */
};

/* ---- rest.c ---- */

/** The result without its wrapping (NULL when the answer was empty); ret_result may be NULL. */
int vs_rest(struct vs_conn *conn, const struct vs_request *request, pv_task *task, json_t **ret_result,
            pv_error **error);
/** A read of one struct or of a list (appended), leniently decoded. */
int vs_get(struct vs_conn *conn, enum pv_vapi_call_id call, const char *id, const struct pv_desc *desc,
           void **ret_object, pv_task *task, pv_error **error);
int vs_list(struct vs_conn *conn, enum pv_vapi_call_id call, const struct vs_filter *filters,
            const struct pv_desc *desc, GPtrArray *list, pv_task *task, pv_error **error);
/** A create or an action whose result is an id. */
int vs_make(struct vs_conn *conn, const struct vs_request *request, pv_task *task, char **ret_id,
            pv_error **error);

/* ---- session.c ---- */

int vs_login(struct vs_conn *conn, pv_task *task, pv_error **error);
/** After a 401: logs in again unless another thread has done so since that generation. */
int vs_login_again(struct vs_conn *conn, unsigned generation, pv_task *task, pv_error **error);
/** "vmware-api-session-id: …", allocated, with the generation it belongs to. */
char *vs_session_header(struct vs_conn *conn, unsigned *ret_generation);
/** Ends the session, with a deadline of its own; NULL-safe when there is none. */
void vs_logout(struct vs_conn *conn);

/* ---- slots ---- */

int vs_endpoint_info(void *handle, pv_task *task, pv_endpoint *endpoint, pv_error **error);
int vs_session_info(void *handle, pv_task *task, pv_session *session, pv_error **error);
int vs_host_list(void *handle, pv_task *task, GPtrArray *hosts, pv_error **error);
int vs_datastore_list(void *handle, pv_task *task, GPtrArray *datastores, pv_error **error);
int vs_network_list(void *handle, pv_task *task, GPtrArray *networks, pv_error **error);

int vs_vm_list(void *handle, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms,
               pv_error **error);
int vs_vm_resolve(void *handle, const char *ref, pv_task *task, char **ret_id, pv_error **error);
int vs_vm_create(void *handle, const pv_vm_spec *spec, pv_task *task, char **ret_id, pv_error **error);
int vs_vm_clone(void *handle, const char *vm, const pv_clone_spec *spec, pv_task *task, char **ret_id,
                pv_error **error);
int vs_vm_remove(void *handle, const char *vm, pv_task *task, pv_error **error);
int vs_vm_power(void *handle, const char *vm, enum pv_power_op op, pv_task *task, pv_error **error);
#define VS_POWER_OPS                                                                                       \
    (1u << PV_POWER_OP_START | 1u << PV_POWER_OP_STOP | 1u << PV_POWER_OP_SHUTDOWN | 1u << PV_POWER_OP_RESET \
     | 1u << PV_POWER_OP_REBOOT | 1u << PV_POWER_OP_SUSPEND | 1u << PV_POWER_OP_RESUME)

int vs_snapshot_list(void *handle, const char *vm, pv_task *task, GPtrArray *snapshots, pv_error **error);
int vs_snapshot_create(void *handle, const char *vm, const pv_snapshot_spec *spec, pv_task *task,
                       char **ret_id,
                       pv_error **error);
int vs_snapshot_revert(void *handle, const char *vm, const char *snapshot, pv_task *task, pv_error **error);
int vs_snapshot_remove(void *handle, const char *vm, const char *snapshot, gboolean children, pv_task *task,
                       pv_error **error);
/** Whether this server has the snapshot resource, which no vCenter has; asked once. */
gboolean vs_lacks_snapshots(struct vs_conn *conn);

int vs_raw_call(void *handle, const json_t *request, pv_task *task, json_t **ret_reply, pv_error **error);
gboolean vs_raw_reads(const json_t *request);

/* ---- between the files of VMs ---- */

/** Summaries of all VMs that pass the filters, split into several calls where the server's cap asks
 * for it. */
int vs_vm_summaries(struct vs_conn *conn, const struct vs_filter *filters, GPtrArray *summaries,
                    pv_task *task,
                    pv_error **error);
/** Ids for what a placement left unset, and for what it names. */
int vs_place(struct vs_conn *conn, pv_vapi_placement **placement, pv_task *task, pv_error **error);
/** Ids and kinds for the networks that nics name. */
int vs_place_nics(struct vs_conn *conn, GPtrArray *nics, pv_task *task, pv_error **error);

#endif
