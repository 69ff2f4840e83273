/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a command line takes two steps: words and options are told apart first (args.c), as shared
 * options may stand anywhere; then the spec file is loaded and the options are laid over it in the
 * order given (args-fill.c).
 */
#ifndef PV_CLI_ARGS_H
#define PV_CLI_ARGS_H

#include "cli.h"

/* An option as given; text is NULL for a switch. */
struct cli_given {
    struct cli_option option; /* shallow: strings belong to the parser's options */
    const char *text;
    gboolean no;
};

struct cli_parser {
    const struct cli_verb *verbs;
    struct cli_call *call;
    GPtrArray *option_sets; /* of GArray *: later sets do not free what earlier ones gave out */
    GArray *options;        /* the newest set */
    GArray *given;          /* of struct cli_given */
    GPtrArray *words;       /* after the verb; not owned */
};

/* A usage error with a pointer to the help of what was named so far. */
int cli_usage(pv_error **error, const struct cli_parser *parser, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Makes the verb's arguments and fills them in; checks that all is there. */
int cli_args_fill(struct cli_parser *parser, pv_error **error);

#endif
