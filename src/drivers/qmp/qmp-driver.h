/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the qmp driver. An endpoint is one monitor, or a folder of monitor sockets (<vmid>.qmp). A
 * monitor is opened for a call and closed at once: it serves one client, and a client that stays
 * shuts everybody else out. Only events need a connection that stays.
 */
#ifndef PV_QMP_DRIVER_H
#define PV_QMP_DRIVER_H

#include "driver.h"

#include <polyvirt/qmp.h>

#define QMP_VM_DEADLINE_MS 5000  /* what one VM of a folder may take of a list */
#define QMP_GREETING_MS    3000  /* a monitor that has not greeted by then is busy */
#define QMP_AGENT_MS       2000  /* a guest agent that has not answered by then does not run */
#define QMP_AGENT_GRACE_MS 300   /* a refused guest-shutdown is told within this */
#define QMP_FANOUT_MAX     64    /* VMs of a folder asked at once */
#define QMP_FOLDER_MAX     10000 /* most sockets taken of a folder */
#define QMP_INFO_TRIES     3     /* VMs of a folder asked for QEMU's version until one answers */

/* One VM's way in. */
struct qmp_machine {
    char *id;
    struct pv_qmp_address address;
    char *path, *host; /* what address points to */
    char *agent;       /* path of the guest agent's socket, or NULL */
};

struct qmp_conn {
    gboolean folder;
    char *path;                 /* of the folder */
    struct qmp_machine *single;
    char *name, *uuid;          /* of the single VM, learnt at open; may be NULL */
    void (*emit)(void *sink, pv_event *event);
    void *sink;
    gint events;                /* atomic: somebody is subscribed */
    struct qmp_visit *listening; /* the stay that events come through; NULL when there is none */

    GMutex lock;                /* guards the table */
    GHashTable *monitors;       /* id -> struct qmp_monitor in use */
};

/* ---- machine.c ---- */

struct qmp_machine *qmp_machine_new(const char *id, const char *path, const char *host, int port);
void qmp_machine_free(struct qmp_machine *machine);
typedef struct qmp_machine qmp_machine;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(qmp_machine, qmp_machine_free)
/* The machine of this id (of a folder: freshly made); PV_ERR_NOT_FOUND. Free it. */
int qmp_machine_find(struct qmp_conn *conn, const char *id, struct qmp_machine **ret_machine, pv_error **error);
/* All machines of the endpoint, of struct qmp_machine, sorted by id. */
int qmp_machine_scan(struct qmp_conn *conn, GPtrArray **ret_machines, pv_error **error);

/* ---- visit.c ---- */

/* A call's stay at a machine's monitor. */
typedef struct qmp_visit {
    pv_qmp *qmp; /* NULL: not there */
    struct qmp_conn *conn;
    struct qmp_monitor *monitor;
    char *id;
} qmp_visit;

/* Connects, or shares the connection of a call under way. */
int qmp_enter(struct qmp_conn *conn, const struct qmp_machine *machine, pv_task *task, struct qmp_visit *visit,
              pv_error **error);
/* The same from an id. */
int qmp_enter_id(struct qmp_conn *conn, const char *id, pv_task *task, struct qmp_visit *visit, pv_error **error);
/* The last to leave closes the connection. */
void qmp_leave(struct qmp_visit *visit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(qmp_visit, qmp_leave)
/* Did opening fail because no process listens any more? */
gboolean qmp_is_gone(int code);

/* ---- state.c ---- */

/* What a run state of QEMU is for the model. */
enum pv_power_state qmp_power_state(const char *run_state);
/* query-status: QEMU's own word (allocated). */
int qmp_run_state(pv_qmp *qmp, pv_task *task, char **ret_run_state, pv_error **error);

/* ---- vm-read.c, vm-devices.c, guest.c ---- */

/* Fills in the wanted parts of one VM through an open monitor. */
int qmp_vm_read(pv_qmp *qmp, unsigned parts, pv_task *task, pv_vm *vm, pv_error **error);
void qmp_read_disks(const json_t *blocks, pv_vm *vm);
int qmp_read_nics(pv_qmp *qmp, pv_task *task, pv_vm *vm, pv_error **error);
/* What the guest agent says; a guest without one is no error. */
int qmp_guest_read(const struct qmp_machine *machine, pv_task *task, pv_vm *vm, pv_error **error);
int qmp_guest_reboot(const struct qmp_machine *machine, pv_task *task, pv_error **error);

/* ---- slots ---- */

extern const struct pv_endpoint_slots qmp_endpoint_slots;
extern const struct pv_host_slots qmp_host_slots;
extern const struct pv_snapshot_slots qmp_snapshot_slots;
extern const struct pv_event_slots qmp_event_slots;
extern const struct pv_raw_slots qmp_raw_slots;
int qmp_vm_list(void *conn, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error);
int qmp_vm_resolve(void *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error);
int qmp_vm_power(void *conn, const char *vm, enum pv_power_op op, pv_task *task, pv_error **error);
/* Where the held connection's events go while somebody is subscribed. */
void qmp_on_event(const struct pv_qmp_event *event, void *conn);

/* ---- job.c ---- */

/* Runs a command that is a job, waits until the job is over and dismisses it. arguments gets the
 * job-id and is taken over. QEMU answers such a command with success even when the job then fails:
 * the job's own error is what comes back. */
int qmp_job_run(pv_qmp *qmp, const char *command, json_t *arguments, pv_task *task, pv_error **error);

#endif
