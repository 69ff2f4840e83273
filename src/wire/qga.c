/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest agent: the same JSON as QMP, but no greeting, no events, and the server is the guest. What
 * a client before us left in the pipe is thrown away: 0xFF and guest-sync-delimited make the agent
 * send 0xFF and our number, and only what follows is meant for us.
 */
#include "qmp-private.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QGA_DELIMITER '\xff'

struct pv_qga {
    GMutex lock; /* one command at a time */
    int fd;
    gboolean in_step;
    uint64_t last_id;
    struct pv_json_stream in;
};

/* Waits until the socket can do what events ask; 0, PV_ERR_TIMEOUT or PV_ERR_CANCELLED. */
static int
qga_poll(pv_qga *qga, short events, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    GCancellable *cancellable = pv_task_cancellable(task);
    GPollFD cancelled = { 0 };
    struct pollfd fds[2] = { { .fd = qga->fd, .events = events }, { .fd = -1, .events = POLLIN } };
    int ready;

    if (pv_task_is_cancelled(task))
        return pv_error_set(error, PV_ERR_CANCELLED, "interrupted");
    if (cancellable && g_cancellable_make_pollfd(cancellable, &cancelled))
        fds[1].fd = cancelled.fd;
    ready = poll(fds, 2, qmp_poll_ms(deadline));
    if (fds[1].fd >= 0)
        g_cancellable_release_fd(cancellable);
    if (pv_task_is_cancelled(task))
        return pv_error_set(error, PV_ERR_CANCELLED, "interrupted");
    if (ready == 0)
        return pv_error_set(error, PV_ERR_TIMEOUT, "the guest agent does not answer");
    return 0;
}

static int
qga_write(pv_qga *qga, const GString *text, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    size_t done = 0;

    while (done < text->len) {
        ssize_t sent = send(qga->fd, text->str + done, text->len - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        int code;

        if (sent > 0) {
            done += (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return pv_error_set(error, PV_ERR_CONNECT, "cannot send to the guest agent: %s", g_strerror(errno));
        code = qga_poll(qga, POLLOUT, deadline, task, error);
        if (code < 0)
            return code;
    }
    return 0;
}

/* Reads once into the stream. */
static int
qga_read(pv_qga *qga, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    size_t room;
    char *into;
    ssize_t got;
    int code = qga_poll(qga, POLLIN, deadline, task, error);

    if (code < 0)
        return code;
    into = pv_json_stream_room(&qga->in, &room);
    got = recv(qga->fd, into, room, MSG_DONTWAIT);
    if (got > 0)
        pv_json_stream_added(&qga->in, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        return pv_error_set(error, PV_ERR_CONNECT, "the guest agent's socket was closed");
    return 0;
}

static int
qga_message(pv_qga *qga, qmp_deadline deadline, pv_task *task, json_t **ret_message, pv_error **error)
{
    const char *text;
    size_t len;
    int code;

    while ((code = pv_json_stream_next(&qga->in, &text, &len, error)) == 0) {
        code = qga_read(qga, deadline, task, error);
        if (code < 0)
            return code;
    }
    return code < 0 ? code : pv_json_stream_parse(text, len, ret_message, error);
}

/* ---- in step ---- */

static int
skip_noise(pv_qga *qga, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    size_t skipped = 0;

    while (!pv_json_stream_skip_past(&qga->in, QGA_DELIMITER)) {
        int code = qga_read(qga, deadline, task, error);

        if (code < 0)
            return code;
        skipped += qga->in.len - qga->in.begin;
        if (skipped > PV_QGA_NOISE_MAX)
            return pv_error_set(error, PV_ERR_PROTOCOL, "the guest agent sends noise and no answer");
    }
    return 0;
}

/* Past one delimiter: is what follows the answer with our number? An old answer is not. */
static int
is_our_answer(pv_qga *qga, int64_t number, qmp_deadline deadline, pv_task *task, gboolean *ret_ours, pv_error **error)
{
    json_t *message = NULL;
    g_autoptr(pv_error) noise = NULL;
    int code = qga_message(qga, deadline, task, &message, &noise);

    if (code < 0 && code != PV_ERR_PROTOCOL)
        return pv_error_propagate(error, g_steal_pointer(&noise));
    *ret_ours = code == 0 && json_integer_value(json_object_get(message, "return")) == number;
    json_decref(message);
    return 0;
}

static int
qga_sync(pv_qga *qga, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    int64_t number = (int64_t)g_random_int() << 20 | g_random_int_range(1, 1 << 20);
    GString *text = g_string_new(NULL);
    gboolean ours = FALSE;
    int code;

    g_string_append_printf(text, "%c{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":%" PRId64 "}}\n",
                           QGA_DELIMITER, number);
    code = qga_write(qga, text, deadline, task, error);
    g_string_free(text, TRUE);
    while (code == 0 && !ours) {
        code = skip_noise(qga, deadline, task, error);
        if (code == 0)
            code = is_our_answer(qga, number, deadline, task, &ours, error);
    }
    qga->in_step = code == 0;
    return code;
}

/* ---- life ---- */

int
pv_qga_open(const struct pv_qmp_address *address, pv_task *task, pv_qga **ret_qga, pv_error **error)
{
    g_autoptr(pv_qga) qga = g_new0(pv_qga, 1);
    qmp_deadline deadline = qmp_deadline_of(task);
    int code;

    g_mutex_init(&qga->lock);
    qga->fd = -1;
    pv_json_stream_init(&qga->in, PV_QGA_REPLY_MAX, PV_QGA_DEPTH_MAX);
    code = qmp_connect(address, deadline, task, &qga->fd, error);
    if (code == 0)
        code = qga_sync(qga, deadline, task, error);
    if (code == 0)
        *ret_qga = g_steal_pointer(&qga);
    return code;
}

void
pv_qga_free(pv_qga *qga)
{
    if (!qga)
        return;
    if (qga->fd >= 0)
        close(qga->fd);
    pv_json_stream_clear(&qga->in);
    g_mutex_clear(&qga->lock);
    g_free(qga);
}

/* ---- commands ---- */

static int
take_answer(const json_t *message, const char *command, json_t **ret_return, pv_error **error)
{
    const json_t *fault = json_object_get(message, "error");
    json_t *value = json_object_get(message, "return");

    if (json_is_object(fault))
        return qmp_error_from_json(fault, "qga", command, error);
    if (!value)
        return pv_error_set(error, PV_ERR_PROTOCOL, "what answers here does not speak the agent's protocol");
    if (ret_return)
        *ret_return = json_incref(value);
    return 0;
}

/* Waits for the answer, passing over those to older commands. Agents before QEMU 4 give no id back. */
static int
qga_reply(pv_qga *qga, const char *command, qmp_deadline deadline, pv_task *task, json_t **ret_return,
          pv_error **error)
{
    for (;;) {
        json_t *message = NULL;
        const json_t *id;
        gboolean ours;
        int code = qga_message(qga, deadline, task, &message, error);

        if (code < 0)
            return code;
        id = json_object_get(message, "id");
        ours = !id || (uint64_t)json_integer_value(id) == qga->last_id;
        if (ours)
            code = take_answer(message, command, ret_return, error);
        json_decref(message);
        if (ours)
            return code;
    }
}

static int
qga_send_locked(pv_qga *qga, pv_task *task, const char *command, const json_t *arguments, pv_error **error)
{
    const struct pv_qmp_command what = { .name = command, .arguments = arguments };
    qmp_deadline deadline = qmp_deadline_of(task);
    GString *text;
    int code = qga->in_step ? 0 : qga_sync(qga, deadline, task, error);

    if (code < 0)
        return code;
    text = g_string_new(NULL);
    code = qmp_encode(&what, ++qga->last_id, text, error);
    if (code == 0)
        code = qga_write(qga, text, deadline, task, error);
    g_string_free(text, TRUE);
    return code;
}

int
pv_qga_execute(pv_qga *qga, pv_task *task, const char *command, const json_t *arguments, json_t **ret_return,
               pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int code;

    g_mutex_lock(&qga->lock);
    code = qga_send_locked(qga, task, command, arguments, &why);
    if (code == 0) {
        code = qga_reply(qga, command, qmp_deadline_of(task), task, ret_return, &why);
        /* an answer of the agent has native words; without one the command may have run */
        if (code < 0 && !why->native_source && code != PV_ERR_CANCELLED && !g_str_has_prefix(command, "guest-get-"))
            why->code = PV_ERR_UNKNOWN;
    }
    if (code < 0 && !why->native_source)
        qga->in_step = FALSE;
    g_mutex_unlock(&qga->lock);
    return pv_error_propagate(error, g_steal_pointer(&why));
}

int
pv_qga_send(pv_qga *qga, pv_task *task, const char *command, const json_t *arguments, int64_t grace_ms,
            pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int code;

    g_mutex_lock(&qga->lock);
    code = qga_send_locked(qga, task, command, arguments, error);
    if (code == 0) {
        code = qga_reply(qga, command, g_get_monotonic_time() + grace_ms * 1000, task, NULL, &why);
        qga->in_step = code == 0;
    }
    g_mutex_unlock(&qga->lock);
    if (!why || !why->native_source) /* silence, or the guest is gone: as it should be */
        return code < 0 && !why ? code : 0;
    return pv_error_propagate(error, g_steal_pointer(&why));
}
