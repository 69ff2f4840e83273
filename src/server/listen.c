/* SPDX-License-Identifier: Apache-2.0 */
#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

static int
bad_address(const char *address, pv_error **error)
{
    return pv_error_set(error, PV_ERR_USAGE,
                        "listen address '%s': must be HOST:PORT, as 127.0.0.1:8443 or [::1]:8443", address);
}

/* "[::1]:8443" -> "::1", "8443" */
static int
split(const char *address, char **ret_host, char **ret_port, pv_error **error)
{
    const char *colon = strrchr(address, ':');
    const char *end = colon;
    guint64 port;

    if (!colon || colon == address || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL))
        return bad_address(address, error);
    if (address[0] == '[') {
        if (colon[-1] != ']')
            return bad_address(address, error);
        address++;
        end--;
    } else if (memchr(address, ':', (size_t)(colon - address)))
        return bad_address(address, error); /* IPv6 without brackets: where would the port begin */
    *ret_host = g_strndup(address, (gsize)(end - address));
    *ret_port = g_strdup(colon + 1);
    return 0;
}

static int
bind_one(const struct addrinfo *info)
{
    int one = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    one = errno;
    close(fd);
    errno = one;
    return -1;
}

static int
tell_address(int fd, const char *host, unsigned *ret_port, char **ret_address, pv_error **error)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0 ||
        getnameinfo((struct sockaddr *)&bound, size, NULL, 0, port, sizeof port, NI_NUMERICSERV) != 0)
        return pv_error_set(error, PV_ERR_INTERNAL, "cannot tell the port: %s", g_strerror(errno));
    *ret_port = (unsigned)g_ascii_strtoull(port, NULL, 10);
    *ret_address = g_strdup_printf(strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

int
pv_listen(const char *address, int *ret_fd, unsigned *ret_port, char **ret_address, pv_error **error)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    g_autofree char *host = NULL, *port = NULL;
    struct addrinfo *info = NULL;
    int fd, rc = split(address, &host, &port, error);

    if (rc < 0)
        return rc;
    rc = getaddrinfo(host, port, &hints, &info);
    if (rc != 0)
        return pv_error_set(error, PV_ERR_USAGE, "listen address '%s': %s", address, gai_strerror(rc));
    fd = bind_one(info);
    freeaddrinfo(info);
    if (fd < 0)
        return pv_error_set(error, errno == EADDRINUSE ? PV_ERR_EXISTS : PV_ERR_FAILED,
                            "cannot listen on %s: %s", address, g_strerror(errno));
    rc = tell_address(fd, host, ret_port, ret_address, error);
    if (rc < 0)
        close(fd);
    else
        *ret_fd = fd;
    return rc;
}
