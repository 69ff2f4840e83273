/* SPDX-License-Identifier: Apache-2.0 */
/* How work is run: the bounded thread pool, one thing over many targets, and what its end is called. */
#ifndef PV_CORE_POOL_H
#define PV_CORE_POOL_H

#include <polyvirt/task.h>

#define PV_POOL_THREADS 32 /* most calls at once; they wait for peers, they do not compute */

/** Runs fn(data) on a thread of the pool, soon. */
void pv_pool_push(void (*fn)(void *data), void *data);

/**
 * Calls fn(i, data) for i in 0 … count-1, at most width at once, and returns when all have returned.
 * The calling thread takes part, so nested use cannot starve.
 */
void pv_pool_for_each(unsigned count, unsigned width, void (*fn)(unsigned i, void *data), void *data);

/** How a task ended whose work returned code. */
enum pv_task_state pv_task_state_of(int code);

#endif
