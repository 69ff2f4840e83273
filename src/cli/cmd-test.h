/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of `polyvirt test`. */
#ifndef PV_CMD_TEST_H
#define PV_CMD_TEST_H

#include "cli.h"
#include "suite.h"

/* Which cases: the first member of the arguments of every verb that chooses some. */
struct test_choice {
    char **cases;
    char **tag;
    char **suite;
    int level;     /* enum suite_level */
    char *shard;   /* "1/4" */
    int64_t seed;
    int shuffle;
    char *failed_from;
};
#define CMD_TEST_CHOICE_FIELDS                                                                             \
    PV_FIELD(test_choice, cases, PV_STRINGS, .flags = PV_F_POSITIONAL,                                     \
             .help = "ids, beginnings of ids, uids, or patterns with *; default all"),                     \
    PV_FIELD(test_choice, level, PV_ENUM, .values = suite_level_values, .help = "cases up to this level"), \
    PV_FIELD(test_choice, tag, PV_STRINGS, .help = "only cases with one of these tags"),                   \
    PV_FIELD(test_choice, suite, PV_STRINGS, .flags = PV_F_FILE, .help = "take the cases of this file too"), \
    PV_FIELD(test_choice, failed_from, PV_STRING, .flags = PV_F_FILE,                                      \
             .help = "only what did not pass in this run folder"),                                         \
    PV_FIELD(test_choice, shard, PV_STRING, .help = "one part of the cases, as in 1/4"),                   \
    PV_FIELD(test_choice, shuffle, PV_BOOL, .help = "in random order"),                                    \
    PV_FIELD(test_choice, seed, PV_INT, .min = 0, .max = INT64_MAX, .help = "of the random order")

/* All cases (*ret_cases owns them) and those chosen; level: what stands when --level does not. */
int cmd_test_choose(const struct test_choice *choice, int level, GPtrArray **ret_cases, GPtrArray **ret_chosen,
                    pv_error **error);
/* Where run folders lie: given, or in the state folder; free. */
char *cmd_test_runs_folder(const char *given);
/* A run folder by its path, or "latest" and ids of the runs' folder; free. */
char *cmd_test_run_path(const char *name);

#endif
