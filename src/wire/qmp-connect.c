/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

qmp_deadline
qmp_deadline_of(pv_task *task)
{
    int64_t left = pv_task_remaining_ms(task);

    return left < 0 ? 0 : g_get_monotonic_time() + left * 1000;
}

int
qmp_poll_ms(qmp_deadline deadline)
{
    gint64 left;

    if (!deadline)
        return -1;
    left = deadline - g_get_monotonic_time();
    return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

static int
connect_error(int fault, const char *where, pv_error **error)
{
    static const struct {
        int fault;
        enum pv_code code;
    } codes[] = {
        { ENOENT, PV_ERR_NOT_FOUND },
        { ENOTDIR, PV_ERR_NOT_FOUND },
        { EACCES, PV_ERR_DENIED },
        { EPERM, PV_ERR_DENIED },
        { EAGAIN, PV_ERR_BUSY },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].fault == fault)
            return pv_error_set(error, codes[i].code, "cannot connect to %s: %s", where, g_strerror(fault));
    return pv_error_set(error, PV_ERR_CONNECT, "cannot connect to %s: %s", where, g_strerror(fault));
}

/* Fills in the address; a path longer than sun_path goes by way of its open folder (*ret_folder, or
 * -1), whose name in /proc is short. */
static int
unix_address(const char *path, struct sockaddr_un *ret_address, int *ret_folder, pv_error **error)
{
    g_autofree char *folder_path = NULL, *base = NULL, *short_path = NULL;

    memset(ret_address, 0, sizeof *ret_address);
    ret_address->sun_family = AF_UNIX;
    *ret_folder = -1;
    if (strlen(path) < sizeof ret_address->sun_path) {
        strcpy(ret_address->sun_path, path);
        return 0;
    }
    folder_path = g_path_get_dirname(path);
    base = g_path_get_basename(path);
    *ret_folder = open(folder_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*ret_folder < 0)
        return connect_error(errno, path, error);
    short_path = g_strdup_printf("/proc/self/fd/%d/%s", *ret_folder, base);
    if (strlen(short_path) >= sizeof ret_address->sun_path) {
        close(*ret_folder);
        return pv_error_set(error, PV_ERR_INVALID, "the socket's file name is too long: %s", base);
    }
    strcpy(ret_address->sun_path, short_path);
    return 0;
}

/* A full queue of the listener (a monitor with a client and one more waiting) is EAGAIN at once:
 * asked again until the deadline. */
static int
connect_patiently(int fd, const struct sockaddr_un *address, const char *path, qmp_deadline deadline, pv_task *task,
                  pv_error **error)
{
    int code;

    while (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) {
        int fault = errno;

        if (fault == EINTR)
            continue;
        if (fault != EAGAIN || qmp_poll_ms(deadline) == 0) {
            code = connect_error(fault, path, error);
            if (fault == EAGAIN)
                pv_error_hint(error, "other clients hold this monitor; close them or use a second monitor");
            return code;
        }
        code = pv_task_sleep(task, QMP_CONNECT_RETRY_MS, error);
        if (code < 0)
            return code;
    }
    return 0;
}

static int
connect_unix(const char *path, qmp_deadline deadline, pv_task *task, int *ret_fd, pv_error **error)
{
    struct sockaddr_un address;
    int fd, folder, code;

    code = unix_address(path, &address, &folder, error);
    if (code < 0)
        return code;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    code = fd < 0 ? connect_error(errno, path, error) : connect_patiently(fd, &address, path, deadline, task, error);
    if (folder >= 0)
        close(folder);
    if (code < 0 && fd >= 0)
        close(fd);
    if (code == 0)
        *ret_fd = fd;
    return code;
}

static int
tcp_error(const GError *fault, const char *host, unsigned port, pv_error **error)
{
    if (g_error_matches(fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return pv_error_set(error, PV_ERR_CANCELLED, "interrupted");
    return pv_error_set(error, PV_ERR_CONNECT, "cannot connect to %s:%u: %s", host, port, fault->message);
}

static int
connect_tcp(const char *host, unsigned port, qmp_deadline deadline, pv_task *task, int *ret_fd, pv_error **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) connection = NULL;
    g_autoptr(GError) fault = NULL;
    int fd, one = 1;

    g_socket_client_set_enable_proxy(client, FALSE);
    if (deadline)
        g_socket_client_set_timeout(client, (guint)MAX(1, qmp_poll_ms(deadline) / 1000)); /* 0 is for ever */
    connection = g_socket_client_connect_to_host(client, host, (guint16)port, pv_task_cancellable(task), &fault);
    if (!connection)
        return tcp_error(fault, host, port, error);
    fd = fcntl(g_socket_get_fd(g_socket_connection_get_socket(connection)), F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return pv_error_set(error, PV_ERR_FAILED, "cannot keep the socket: %s", g_strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *ret_fd = fd;
    return 0;
}

int
qmp_connect(const struct pv_qmp_address *address, qmp_deadline deadline, pv_task *task, int *ret_fd, pv_error **error)
{
    switch (address->transport) {
    case PV_QMP_UNIX:
        return connect_unix(address->path, deadline, task, ret_fd, error);
    case PV_QMP_TCP:
        return connect_tcp(address->host, address->port, deadline, task, ret_fd, error);
    case PV_QMP_FD:
        *ret_fd = address->fd;
        return 0;
    }
    return pv_error_set(error, PV_ERR_USAGE, "unknown transport %d", address->transport);
}
