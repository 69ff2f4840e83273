/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must outlive the process, in one SQLite file (WAL): the numbers in managed object ids,
 * sessions, tasks and what a back end cannot keep about a VM. Calls are thread-safe and short.
 */
#ifndef PV_SERVER_STORE_H
#define PV_SERVER_STORE_H

#include <polyvirt/error.h>

/* Kinds of objects that have a number; stored, so values never change. */
enum pv_object_kind {
    PV_OBJECT_HOST = 1,
    PV_OBJECT_DATASTORE,
    PV_OBJECT_NETWORK,
    PV_OBJECT_VM,
    PV_OBJECT_SNAPSHOT,
    PV_OBJECT_TASK,
};

typedef struct pv_store pv_store;

/* Opens or makes DIR/polyvirt.db and takes DIR for this process: PV_ERR_BUSY when another has it. */
int pv_store_open(const char *dir, pv_store **ret_store, pv_error **error);
void pv_store_close(pv_store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_store, pv_store_close)

/* UUID of this server as a vCenter, made on first start. */
const char *pv_store_instance_uuid(const pv_store *store);

/* Several numbers in one transaction; other threads wait meanwhile. */
void pv_store_begin(pv_store *store);
int pv_store_commit(pv_store *store, pv_error **error);

/* A small number that stands for a back end's URI in the calls below. */
int pv_store_backend(pv_store *store, const char *uri, int64_t *ret_backend, pv_error **error);
/*
 * The number of an object, the same for ever; made when the object is new. A number is never reused.
 * identity (NULL: unknown) tells two objects that bore the same native id one after the other apart: a
 * VM's uuid, the time a snapshot was taken.
 */
int pv_store_number(pv_store *store, enum pv_object_kind kind, int64_t backend, const char *native,
                    const char *identity, int64_t *ret_number, pv_error **error);
/* Forgets an object that is gone, so that another of the same name gets a new number. */
int pv_store_forget(pv_store *store, int64_t number, pv_error **error);

/* guest_OS of a VM as the client spelt it; NULL when none was kept. */
char *pv_store_guest_os(pv_store *store, int64_t number);
int pv_store_set_guest_os(pv_store *store, int64_t number, const char *guest_os, pv_error **error);

/* ---- sessions: only hashes of ids are kept ---- */

#define PV_STORE_HASH_SIZE 32
struct pv_stored_session {
    unsigned char hash[PV_STORE_HASH_SIZE];
    char *user;
    int64_t created, used; /* microseconds since 1970 */
};
typedef void (*pv_store_session_fn)(const struct pv_stored_session *session, void *data);
int pv_store_sessions(pv_store *store, pv_store_session_fn fn, void *data, pv_error **error);
int pv_store_session_put(pv_store *store, const struct pv_stored_session *session, pv_error **error);
int pv_store_session_remove(pv_store *store, const unsigned char hash[PV_STORE_HASH_SIZE], pv_error **error);

/* ---- tasks ---- */

struct pv_stored_task {
    int64_t number;
    char *service, *operation, *user, *description;
    char *status;      /* PENDING, RUNNING, SUCCEEDED, FAILED */
    char *target_type, *target; /* "VirtualMachine", "vm-12" */
    char *result;      /* id, or NULL */
    char *error;       /* JSON of the error in /api's shape, or NULL */
    int64_t started, ended; /* microseconds since 1970; ended 0 = not yet */
};
void pv_stored_task_free(struct pv_stored_task *task);
typedef struct pv_stored_task pv_stored_task;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_stored_task, pv_stored_task_free)

int pv_store_task_put(pv_store *store, const struct pv_stored_task *task, pv_error **error);
/* NULL when there is none of this number. */
struct pv_stored_task *pv_store_task_get(pv_store *store, int64_t number);
typedef void (*pv_store_task_fn)(const struct pv_stored_task *task, void *data);
int pv_store_tasks(pv_store *store, pv_store_task_fn fn, void *data, pv_error **error);
/* Ends every task that has not ended as FAILED with this error JSON: their process died. */
int pv_store_tasks_abandon(pv_store *store, const char *error_json, pv_error **error);
/* Keeps only the newest `keep` tasks that have ended. */
int pv_store_tasks_trim(pv_store *store, int keep, pv_error **error);

#endif
