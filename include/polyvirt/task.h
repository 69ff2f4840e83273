/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task is one piece of work: its deadline, its cancellation, its progress and its end. Every call
 * that may block takes one; NULL means "default deadline, cannot be cancelled". Thread-safe.
 */
#ifndef POLYVIRT_TASK_H
#define POLYVIRT_TASK_H

#include <gio/gio.h>
#include <polyvirt/desc.h>

G_BEGIN_DECLS

#define PV_TIMEOUT_DEFAULT_MS 30000 /**< deadline of a call that names none */

/** How a task stands. A task that ended is ok, failed, cancelled or unknown: unknown means the
 * request went out and its outcome could not be learnt; only looking can tell. */
enum pv_task_state {
    PV_TASK_QUEUED = 1,
    PV_TASK_RUNNING,
    PV_TASK_OK,
    PV_TASK_FAILED,
    PV_TASK_CANCELLED,
    PV_TASK_UNKNOWN,
};

struct pv_task_info {
    char *id;
    char *operation; /**< "vm.start" */
    char *target;
    int state;       /**< enum pv_task_state */
    double progress; /**< percent, NAN when it cannot be told */
    int64_t done, total; /**< in `unit`, unset when unknown */
    char *unit;      /**< "bytes", "steps" … */
    int64_t created, started, ended; /**< microseconds since 1970 */
    char *error;     /**< the sentence of the failure */
    char *error_code; /**< pv_code_name */
};
extern const struct pv_desc pv_task_info_desc;

typedef struct pv_task pv_task;
typedef int (*pv_task_fn)(pv_task *task, void *data, pv_error **error);
/** Called from the working thread on each progress report and state change; must not block. */
typedef void (*pv_task_watch_fn)(pv_task *task, void *data);

/** A queued task; operation as in the operation table, target may be NULL. One reference. */
pv_task *pv_task_new(const char *operation, const char *target);
pv_task *pv_task_ref(pv_task *task);
void pv_task_unref(pv_task *task);
const char *pv_task_id(const pv_task *task);
const char *pv_task_operation(const pv_task *task);

/** Deadline from now; 0 = none. A part of a larger task gets no later deadline than its whole. */
void pv_task_set_timeout(pv_task *task, int64_t ms);
/** Milliseconds left: 0 when over, -1 when there is no deadline; NULL task: the default deadline. */
int64_t pv_task_remaining_ms(pv_task *task);
/** A task for one part of the work: cancelled with its whole, same deadline, own target. */
pv_task *pv_task_child(pv_task *whole, const char *operation, const char *target);
void pv_task_cancel(pv_task *task);
gboolean pv_task_is_cancelled(pv_task *task);
/** For GIO calls and polling; owned by the task; NULL for a NULL task. */
GCancellable *pv_task_cancellable(pv_task *task);
/** PV_ERR_CANCELLED or PV_ERR_TIMEOUT when the work should stop here, else 0. Call it in loops. */
int pv_task_check(pv_task *task, pv_error **error);
/** Waits ms, less when cancelled or out of time; as pv_task_check. */
int pv_task_sleep(pv_task *task, int64_t ms, pv_error **error);

/** Reports progress: total <= 0 = unknown. unit is a literal. NULL-safe, cheap. */
void pv_task_progress(pv_task *task, int64_t done, int64_t total, const char *unit);
void pv_task_watch(pv_task *task, pv_task_watch_fn fn, void *data);

/** Runs fn on the library's pool; the task's end follows from what fn returns. data is not freed. */
void pv_task_start(pv_task *task, pv_task_fn fn, void *data);
/** Runs fn here and now, with the same book-keeping; returns its code. */
int pv_task_run(pv_task *task, pv_task_fn fn, void *data, pv_error **error);
/** Waits for the end of a started task (ms < 0: as long as it takes); returns the code the work
 * returned and a copy of its error, or PV_ERR_TIMEOUT while it still runs. */
int pv_task_wait(pv_task *task, int64_t ms, pv_error **error);
enum pv_task_state pv_task_state(pv_task *task);
/** A snapshot of the book-keeping; free with pv_desc_free(&pv_task_info_desc, …). */
struct pv_task_info *pv_task_get_info(pv_task *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_task, pv_task_unref)

G_END_DECLS

#endif
