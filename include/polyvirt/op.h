/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operation table: everything a person can ask of an endpoint is one row. The command line, its
 * completion and manual pages, the test-suite's steps and the server's task names are read off it.
 */
#ifndef POLYVIRT_OP_H
#define POLYVIRT_OP_H

#include <polyvirt/connection.h>

G_BEGIN_DECLS

enum pv_effect {
    PV_EFFECT_READ = 1,   /**< changes nothing */
    PV_EFFECT_CREATE,     /**< makes something new */
    PV_EFFECT_MODIFY,     /**< changes something, nothing is lost */
    PV_EFFECT_DISRUPTIVE, /**< stops a guest or destroys data: asks first */
};

enum pv_op_flags {
    PV_OP_ONE = 1 << 0,      /**< the result is one struct (else a list) */
    PV_OP_TREE = 1 << 1,     /**< the result list is a tree by id and parent */
    PV_OP_SLOW = 1 << 2,     /**< may take minutes: no default deadline, a progress bar */
};

/**
 * One operation. args is a struct of args_desc (NULL: takes none). On success the function sets
 * *ret_result to a struct of result_desc (PV_OP_ONE) or a GPtrArray of them, to be freed with
 * pv_op_result_free; NULL result_desc: nothing.
 */
struct pv_op {
    const char *name; /**< "noun.verb" */
    const struct pv_desc *args_desc;
    const struct pv_desc *result_desc;
    enum pv_effect effect;
    unsigned flags;
    const char *help;    /**< one phrase */
    const char *details; /**< a paragraph for the manual, or NULL */
    const char *example; /**< what follows "polyvirt " in an example, or NULL */
    int (*run)(pv_conn *conn, pv_task *task, const void *args, void **ret_result, pv_error **error);
};

/** The whole table, ends with .name == NULL. */
const struct pv_op *pv_op_table(void);
/** By "noun.verb"; NULL when there is none. */
const struct pv_op *pv_op_find(const char *name);
/** Checks args (pv_desc_validate), read-only and support, then runs the row. task may be NULL. */
int pv_op_run(const struct pv_op *op, pv_conn *conn, pv_task *task, const void *args, void **ret_result,
              pv_error **error);
/** 0, or the worst code among the rows when the result is a list of struct pv_outcome. */
int pv_op_result_code(const struct pv_op *op, const void *result);
void pv_op_result_free(const struct pv_op *op, void *result);

G_END_DECLS

#endif
