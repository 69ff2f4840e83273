/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK 16384

/* What cannot be opened was named wrong, or is not for this user. */
static int
read_failed(const char *path, pv_error **error)
{
    int saved = errno;

    return pv_error_set(error, saved == EIO ? PV_ERR_FAILED : PV_ERR_USAGE, "%s: %s", path,
                        g_strerror(saved));
}

static int
read_fd(int fd, const char *path, size_t max, char **ret_text, size_t *ret_len, pv_error **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char chunk[READ_CHUNK];
    ssize_t got;

    for (;;) {
        got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        g_string_append_len(text, chunk, got);
        if (text->len > max)
            return pv_error_set(error, PV_ERR_INVALID, "%s: longer than %zu bytes", path, max);
    }
    if (got < 0)
        return read_failed(path, error);
    *ret_len = text->len;
    *ret_text = g_string_free(g_steal_pointer(&text), FALSE);
    return 0;
}

int
cli_file_read(const char *path, size_t max, char **ret_text, size_t *ret_len, pv_error **error)
{
    int fd, rc;

    if (strcmp(path, "-") == 0)
        return read_fd(STDIN_FILENO, "stdin", max, ret_text, ret_len, error);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return read_failed(path, error);
    rc = read_fd(fd, path, max, ret_text, ret_len, error);
    close(fd);
    return rc;
}
