/* SPDX-License-Identifier: Apache-2.0 */
/* What tools/embed.py writes: the files of suites/ as text; ends with .name == NULL. */
#ifndef PV_SUITE_FILES_H
#define PV_SUITE_FILES_H

#include <stddef.h>

struct suite_file {
    const char *name;
    const char *text;
    size_t len;
};
extern const struct suite_file suite_files[];

#endif
