/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PV_CLI_COMPLETE_H
#define PV_CLI_COMPLETE_H

#include "cli.h"

/* Where a half-typed command line stands. */
struct complete {
    struct cli_call *call;  /* noun, verb and what options said, as far as typed */
    GArray *options;        /* of the verb, or those of all */
    const char *vm;         /* the VM named so far, or NULL */
    guint words;            /* positionals typed before the current word */
    gboolean lost;          /* a word is no verb: nothing fits behind it */
    GString *out;           /* lines of "candidate\texplanation" */
};

/* Names the endpoint knows, for a field flagged PV_F_VM and kin; gives up soon. */
void cli_complete_names(struct complete *complete, const struct pv_field *field, const char *prefix);
/* A line, when candidate begins with prefix. */
void cli_complete_add(struct complete *complete, const char *prefix, const char *candidate, const char *help);

#endif
