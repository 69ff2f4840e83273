/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that make cases of nodes. */
#ifndef PV_SUITE_CASE_PRIV_H
#define PV_SUITE_CASE_PRIV_H

#include "suite.h"

/* What is read: for messages. */
struct suite_source {
    const char *file;
    const suite_node *suite; /* the file's root: its defaults */
    struct suite_fill *fill;
};

/* The filling of one file's rows, and what it has made so far: a short file must not become a large one. */
struct suite_fill {
    const char *file;
    const suite_node *row; /* NULL: a plain copy */
    size_t bytes;
    unsigned nodes;
};
#define SUITE_FILLED_MAX (64u << 20) /* bytes of text that the rows of one file may make */

/* A copy of node, without its member leave_out (may be NULL), with the row's values in it; free with
 * suite_node_free. Refused: a value that the row lacks, two keys that become one, a limit. */
int suite_row_fill(struct suite_fill *fill, const suite_node *node, const char *key, const char *leave_out,
                   suite_node **ret_copy, pv_error **error);
/* Refuses a key that is not in the NULL-terminated list, naming the nearest. */
int suite_check_keys(const struct suite_source *source, const suite_node *map, const char *const *known,
                     pv_error **error);
/* Refuses a word that is not in the NULL-terminated list, naming the nearest. */
int suite_check_words(const struct suite_source *source, const suite_node *node, char *const *words,
                      const char *const *known, pv_error **error);
/* Names of the operation table, NULL-terminated; g_free the array. */
const char **suite_operation_names(void);
/* The text of a member, or NULL when it is not there; anything but a text is refused. */
int suite_get_text(const struct suite_source *source, const suite_node *map, const char *key, char **ret_text,
                   pv_error **error);
/* A span ("10s") in milliseconds; untouched when it is not there. */
int suite_get_span(const struct suite_source *source, const suite_node *map, const char *key, int64_t *ret_ms,
                   pv_error **error);
/* One step (step-read.c); free with suite_step_free. */
int suite_step_read(const struct suite_source *source, const suite_node *node, struct suite_step **ret_step,
                    pv_error **error);
void suite_step_free(struct suite_step *step);

#endif
