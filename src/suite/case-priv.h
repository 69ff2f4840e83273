/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that make cases of nodes. */
#ifndef PV_SUITE_CASE_PRIV_H
#define PV_SUITE_CASE_PRIV_H

#include "suite.h"

/* What is read: for messages. */
struct suite_source {
    const char *file;
    const suite_node *suite; /* the file's root: its defaults */
};

/* A copy of node with the row's values in it (row NULL: a plain copy); free with suite_node_free. */
suite_node *suite_row_fill(const suite_node *row, const suite_node *node, const char *key);
/* Refuses a key that is not in the NULL-terminated list, naming the nearest. */
int suite_check_keys(const struct suite_source *source, const suite_node *map, const char *const *known,
                     pv_error **error);
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
