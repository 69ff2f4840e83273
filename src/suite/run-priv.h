/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the runner share: the world of a run, and the scene of one case in it. */
#ifndef PV_SUITE_RUN_PRIV_H
#define PV_SUITE_RUN_PRIV_H

#include "suite.h"

#include <polyvirt/log.h>

#define SUITE_EVENTS_MAX   100000 /* events kept of a run; older ones go first */
#define SUITE_JOBS_MAX     64     /* cases side by side */
#define SUITE_LOOK_MS      50     /* how often a step with `until` looks again */
#define SUITE_TEARDOWN_MS  60000  /* for all a case made */
#define SUITE_NAME_MAX     200    /* bytes of a name that is made up */

/* What all cases of a run share. */
struct suite_world {
    pv_conn *conn;
    const struct suite_options *options;
    suite_run *run;
    suite_journal *journal;
    suite_record *record;
    pv_task *task;
    char *tag;            /* what own names begin with: "pvt-3f2a1b" */
    GMutex lock;          /* of all below */
    GCond room;           /* the budget has room again */
    int64_t vms, bytes;   /* of its own, now */
    GHashTable *own;      /* ids and uuids of what it made */
    GHashTable *any;      /* "any_vm" -> text, read once; "" = there is none */
    GPtrArray *events;    /* of pv_event */
    char *no_events;      /* why the endpoint tells none, or NULL */
    gboolean events_lost;
    GPtrArray *results;   /* of suite_result, in the order of the cases; NULL: not run */
    unsigned done;
};

/* What one case has while it runs. */
struct suite_scene {
    struct suite_world *world;
    const struct suite_case *test;
    suite_result *result;
    pv_task *task;        /* with the case's deadline */
    json_t *vars;         /* object */
    GPtrArray *made;      /* of suite_own, oldest first */
    char *error_code;     /* of the last answer, or NULL */
    int lent_state;       /* enum pv_power_state of a lent VM before the case, 0: none */
    unsigned first_event; /* index into the world's events when it began */
};

/* The part of value at a JSON pointer (match.c), borrowed; "/" is the whole; NULL: nothing is there. */
const json_t *suite_pointer(const json_t *value, const char *pointer);

/* ---- variables (vars.c) ---- */

/* The template with its ${…} filled in; a new reference. NULL with *error: no such variable, or the
 * endpoint lacks what it stands for (PV_ERR_UNSUPPORTED). */
json_t *suite_fill(struct suite_scene *scene, const json_t *value, pv_error **error);
char *suite_fill_text(struct suite_scene *scene, const char *text, pv_error **error);
/* The text of a variable, or NULL; borrowed. */
const char *suite_var(struct suite_scene *scene, const char *name);
void suite_var_set(struct suite_scene *scene, const char *name, const char *text);
/* Is ref something this run may change? */
gboolean suite_is_own(struct suite_world *world, const char *ref);
void suite_own_add(struct suite_world *world, const char *ref);
/* id of some object of the endpoint: what is "vm", "vm_name", "host", "datastore" or "network". */
int suite_any(struct suite_world *world, const char *what, pv_task *task, char **ret_text, pv_error **error);

/* ---- own things (own.c) ---- */

/* Journals what is about to be made, and remembers it for the teardown. */
int suite_own_intend(struct suite_scene *scene, const char *kind, const char *name, const char *parent,
                     pv_error **error);
/* A task for making something, with a deadline of its own: a run that is cancelled waits for the answer, as
 * what was asked for may come to be later and would not be removed. */
pv_task *suite_own_task(const char *what, int64_t ms);
/* It was made; ref: its id, or NULL. What was refused stays intended: whatever the error says, the teardown
 * looks. */
int suite_own_made(struct suite_scene *scene, const char *name, const char *ref, pv_error **error);
/* Removes all the case made, whatever came before; 0 or the first failure. */
int suite_own_remove_all(struct suite_scene *scene, pv_error **error);
/* Removes one thing, stopping it first; something that is not there is no failure. */
int suite_own_remove(pv_conn *conn, const struct suite_own *own, pv_task *task, pv_error **error);

/* ---- what a case is given (given.c) ---- */

int suite_give(struct suite_scene *scene, pv_error **error);
/* A lent VM goes back in the state it came in. */
int suite_give_back(struct suite_scene *scene, pv_error **error);

/* ---- steps (step.c, step-op.c, step-raw.c) ---- */

/* An answer, in the one form that match.c looks at: ok, error, message, status, headers, body. */
json_t *suite_answer_ok(json_t *body); /* takes body */
json_t *suite_answer_error(const char *code, const char *message);
/* Sends an operation; a negative code only when the step could not be sent at all. */
int suite_step_op(struct suite_scene *scene, const struct suite_step *step, json_t *args, pv_task *task,
                  json_t **ret_answer, pv_error **error);
int suite_step_raw(struct suite_scene *scene, const struct suite_step *step, const char *name, json_t *args,
                   pv_task *task, json_t **ret_answer, pv_error **error);
/* The raw request a step makes (raw.h); a new reference. */
json_t *suite_raw_request(const struct suite_step *step, const char *name, const json_t *args);
/* A line for a shell that does the same; free. */
char *suite_reproduce(const struct suite_scene *scene, const struct suite_step *step, const char *name,
                      const json_t *args);
/* Runs a step until its expectation holds, or for good. 0 also when it does not hold (see
 * scene->result->mismatches); a negative code when it could not be tried. */
int suite_step_run(struct suite_scene *scene, const struct suite_step *step, int64_t number, pv_error **error);

#endif
