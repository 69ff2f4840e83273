/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that a client asked to be a task (vmw-task=true): runs on, its book-keeping is in the store and
 * outlives the process. A task whose process died ends as FAILED at the next start.
 */
#ifndef PV_SERVER_TASKS_H
#define PV_SERVER_TASKS_H

#include "store.h"

#include <polyvirt/task.h>

typedef struct pv_tasks pv_tasks;

int pv_tasks_new(pv_store *store, pv_tasks **ret_tasks, pv_error **error);
/* Cancels what still runs and waits for it. */
void pv_tasks_free(pv_tasks *tasks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_tasks, pv_tasks_free)

/* What a task is about; copied. */
struct pv_task_about {
    const char *service;     /* "com.vmware.vcenter.VM" */
    const char *operation;   /* "clone$task" */
    const char *description;
    const char *user;
    const char *target_type; /* "VirtualMachine" */
    const char *target;      /* "vm-12" */
};
/* Does the work; *ret_result is the id it made, or NULL. */
typedef int (*pv_work_fn)(pv_task *task, void *data, char **ret_result, pv_error **error);

/* Starts work on a thread of its own. data is freed with free_data when the work is done,
 * or now when it cannot start (PV_ERR_BUSY: too many run). */
int pv_tasks_start(pv_tasks *tasks, const struct pv_task_about *about, int64_t timeout_ms, pv_work_fn work,
                   void *data, GDestroyNotify free_data, int64_t *ret_number, pv_error **error);
/* How it stands, with progress in percent (-1: cannot be told); NULL when there is none. */
struct pv_stored_task *pv_tasks_get(pv_tasks *tasks, int64_t number, double *ret_progress);
/* PV_ERR_NOT_FOUND; PV_ERR_STATE when it has ended. */
int pv_tasks_cancel(pv_tasks *tasks, int64_t number, pv_error **error);
int pv_tasks_each(pv_tasks *tasks, pv_store_task_fn fn, void *data, pv_error **error);

#endif
