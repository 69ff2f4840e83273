/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PV_CLI_FILE_H
#define PV_CLI_FILE_H

#include <polyvirt/error.h>

/* Reads a file, or stdin for "-", up to max bytes; the text ends with a NUL that len leaves out. */
int cli_file_read(const char *path, size_t max, char **ret_text, size_t *ret_len, pv_error **error);

#endif
