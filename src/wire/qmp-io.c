/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <polyvirt/log.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

void
qmp_wake(int event_fd)
{
    eventfd_write(event_fd, 1);
}

void
qmp_drain(int event_fd)
{
    eventfd_t count;

    eventfd_read(event_fd, &count);
}

/* ---- out ---- */

static void
chunk_free(struct qmp_chunk *chunk)
{
    for (unsigned i = 0; i < chunk->n_fds; i++)
        close(chunk->fds[i]);
    g_free(chunk->data);
    g_free(chunk);
}

/* sendmsg with file descriptors; bytes sent, 0 when the socket is full, -1 with errno. */
static ssize_t
send_some(int fd, const char *data, size_t len, const int *fds, unsigned n_fds)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * PV_QMP_FDS_MAX)];
        struct cmsghdr align;
    } control = { 0 };
    struct iovec part = { .iov_base = (void *)data, .iov_len = len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t sent;

    if (n_fds > 0) {
        struct cmsghdr *header;

        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * n_fds);
    }
    do
        sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : sent;
}

static int
queue_rest(pv_qmp *qmp, pv_qmp_call *call, const GString *text, size_t sent, const struct pv_qmp_command *command,
           pv_error **error)
{
    struct qmp_chunk *chunk = g_new0(struct qmp_chunk, 1);

    for (unsigned i = 0; sent == 0 && i < command->n_fds; i++) {
        int copy = fcntl(command->fds[i], F_DUPFD_CLOEXEC, 0);

        if (copy < 0) {
            chunk_free(chunk);
            return pv_error_set(error, PV_ERR_INVALID, "cannot pass file descriptor %d: %s", command->fds[i],
                                g_strerror(errno));
        }
        chunk->fds[chunk->n_fds++] = copy;
    }
    chunk->data = g_strndup(text->str + sent, text->len - sent);
    chunk->len = text->len - sent;
    chunk->call = call;
    g_queue_push_tail(&qmp->out, chunk);
    if (qmp->reading)
        qmp_wake(qmp->wake); /* so that the reader waits for room too */
    return 0;
}

int
qmp_put(pv_qmp *qmp, pv_qmp_call *call, const GString *text, const struct pv_qmp_command *command, pv_error **error)
{
    ssize_t sent = 0;

    if (qmp->out.length == 0)
        sent = send_some(qmp->fd, text->str, text->len, command->fds, command->n_fds);
    if (sent < 0)
        return pv_error_set(error, PV_ERR_CONNECT, "cannot send '%s': %s", command->name, g_strerror(errno));
    call->sent = sent > 0;
    if ((size_t)sent == text->len)
        return 0;
    return queue_rest(qmp, call, text, (size_t)sent, command, error);
}

gboolean
qmp_withdraw(pv_qmp *qmp, pv_qmp_call *call)
{
    for (GList *at = qmp->out.head; at; at = at->next) {
        struct qmp_chunk *chunk = at->data;

        if (chunk->call != call)
            continue;
        chunk->call = NULL;
        if (call->sent)
            return FALSE;
        g_queue_delete_link(&qmp->out, at);
        chunk_free(chunk);
        return TRUE;
    }
    return !call->sent;
}

static void
drop_output(pv_qmp *qmp)
{
    g_queue_clear_full(&qmp->out, (GDestroyNotify)chunk_free);
}

/* A failed send is left to the reader: what the other side said before it went is still to be read. */
static void
flush_output(pv_qmp *qmp)
{
    struct qmp_chunk *chunk;

    while ((chunk = g_queue_peek_head(&qmp->out))) {
        ssize_t sent = send_some(qmp->fd, chunk->data + chunk->sent, chunk->len - chunk->sent, chunk->fds,
                                 chunk->sent ? 0 : chunk->n_fds);

        if (sent < 0)
            drop_output(qmp);
        if (sent <= 0)
            return;
        if (chunk->call)
            chunk->call->sent = TRUE;
        chunk->sent += (size_t)sent;
        if (chunk->sent < chunk->len)
            return;
        chunk_free(g_queue_pop_head(&qmp->out));
    }
}

/* ---- in ---- */

void
qmp_break(pv_qmp *qmp, enum pv_code code, const char *message)
{
    pv_qmp_call *call;

    if (qmp->broken)
        return;
    pv_error_set(&qmp->broken, code, "%s", message);
    while ((call = g_queue_peek_head(&qmp->calls)))
        qmp_call_lose(call, code, message);
    drop_output(qmp);
    g_cond_broadcast(&qmp->changed);
}

static void
trace_message(const char *mark, const char *text, size_t len)
{
    g_autofree char *copy = NULL, *safe = NULL;

    if (!pv_log_wants(PV_LOG_TRACE, "qmp"))
        return;
    copy = g_strndup(text, len);
    safe = pv_redact(copy);
    pv_log(PV_LOG_TRACE, "qmp", "%s %s", mark, safe);
}

/* Hands out every whole message that was read. */
static int
hand_out(pv_qmp *qmp, pv_error **error)
{
    const char *text;
    size_t len;
    int code;

    while ((code = pv_json_stream_next(&qmp->in, &text, &len, error)) > 0) {
        json_t *message = NULL;

        trace_message("<", text, len);
        code = pv_json_stream_parse(text, len, &message, error);
        if (code == 0)
            code = qmp_message(qmp, message, error);
        json_decref(message);
        if (code < 0)
            break;
    }
    return code;
}

static int
receive(pv_qmp *qmp, pv_error **error)
{
    size_t room;
    char *into = pv_json_stream_room(&qmp->in, &room);
    ssize_t got = recv(qmp->fd, into, room, MSG_DONTWAIT);

    if (got > 0) {
        pv_json_stream_added(&qmp->in, (size_t)got);
        return hand_out(qmp, error);
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    if (got < 0 && errno != ECONNRESET)
        return pv_error_set(error, PV_ERR_CONNECT, "the connection failed: %s", g_strerror(errno));
    if (pv_json_stream_is_inside(&qmp->in))
        return pv_error_set(error, PV_ERR_CONNECT, "the connection was closed in the middle of a message");
    return pv_error_set(error, PV_ERR_CONNECT, "the connection was closed by the other side");
}

void
qmp_turn(pv_qmp *qmp, qmp_deadline deadline)
{
    g_autoptr(pv_error) fault = NULL;
    struct pollfd fds[2] = { { .fd = qmp->fd, .events = POLLIN }, { .fd = qmp->wake, .events = POLLIN } };
    int code = 0;

    if (qmp->out.length > 0)
        fds[0].events |= POLLOUT;
    qmp->reading = TRUE;
    g_mutex_unlock(&qmp->lock);
    if (poll(fds, 2, qmp_poll_ms(deadline)) > 0) {
        if (fds[1].revents)
            qmp_drain(qmp->wake);
        if (fds[0].revents & ~POLLOUT)
            code = receive(qmp, &fault);
    }
    g_mutex_lock(&qmp->lock);
    if (code < 0) {
        qmp_break(qmp, fault->code, fault->message);
        g_mutex_unlock(&qmp->lock);
        qmp_tell_end(qmp);
        g_mutex_lock(&qmp->lock);
    } else if (fds[0].revents & POLLOUT) {
        flush_output(qmp);
    }
    qmp->reading = FALSE;
    if (qmp->sleepers > 0)
        g_cond_broadcast(&qmp->changed);
}

/* ---- waiting ---- */

static void
on_cancel(G_GNUC_UNUSED GCancellable *cancellable, gpointer data)
{
    pv_qmp *qmp = data;

    g_mutex_lock(&qmp->lock);
    g_cond_broadcast(&qmp->changed);
    g_mutex_unlock(&qmp->lock);
    qmp_wake(qmp->wake);
}

static void
sleep_until_changed(pv_qmp *qmp, qmp_deadline deadline)
{
    qmp->sleepers++;
    if (deadline)
        g_cond_wait_until(&qmp->changed, &qmp->lock, deadline);
    else
        g_cond_wait(&qmp->changed, &qmp->lock);
    qmp->sleepers--;
}

static int
wait_locked(pv_qmp *qmp, qmp_ready_fn ready, void *data, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    if (qmp->dispatcher == g_thread_self())
        return pv_error_set(error, PV_ERR_USAGE, "an event callback must not wait on its own connection");
    while (!ready(data) && !qmp->broken) {
        if (pv_task_is_cancelled(task))
            return pv_error_set(error, PV_ERR_CANCELLED, "interrupted");
        if (qmp_poll_ms(deadline) == 0)
            return pv_error_set(error, PV_ERR_TIMEOUT, "out of time");
        if (qmp->reading)
            sleep_until_changed(qmp, deadline);
        else
            qmp_turn(qmp, deadline);
    }
    return 0;
}

int
qmp_wait(pv_qmp *qmp, qmp_ready_fn ready, void *data, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    GCancellable *cancellable = pv_task_cancellable(task);
    gulong handler = 0;
    int code;

    if (cancellable)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancel), qmp, NULL);
    g_mutex_lock(&qmp->lock);
    qmp->waiters++;
    code = wait_locked(qmp, ready, data, deadline, task, error);
    if (--qmp->waiters == 0 && qmp->listener)
        g_cond_signal(&qmp->idle);
    g_mutex_unlock(&qmp->lock);
    if (cancellable)
        g_cancellable_disconnect(cancellable, handler);
    return code;
}
