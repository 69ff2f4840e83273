/* SPDX-License-Identifier: Apache-2.0 */
/* The cases that are part of the program: suites/ as made into C by tools/embed.py. */
#include "suite.h"

#include "suite-files.h"

int
suite_cases_builtin(GPtrArray *cases, pv_error **error)
{
    int code = 0;

    for (const struct suite_file *file = suite_files; code == 0 && file->name; file++)
        code = suite_cases_parse(file->name, file->text, file->len, cases, error);
    return code;
}
