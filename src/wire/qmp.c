/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-private.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static pv_qmp *
qmp_new(const struct pv_qmp_options *options)
{
    pv_qmp *qmp = g_new0(pv_qmp, 1);

    qmp->refs = 1;
    qmp->fd = -1;
    qmp->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    qmp->listener_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_mutex_init(&qmp->lock);
    g_cond_init(&qmp->changed);
    g_cond_init(&qmp->idle);
    g_queue_init(&qmp->calls);
    g_queue_init(&qmp->out);
    qmp->watches = g_ptr_array_new();
    pv_json_stream_init(&qmp->in, options->reply_max ? options->reply_max : PV_QMP_REPLY_MAX,
                        options->depth_max ? options->depth_max : PV_QMP_DEPTH_MAX);
    return qmp;
}

pv_qmp *
pv_qmp_ref(pv_qmp *qmp)
{
    g_atomic_int_inc(&qmp->refs);
    return qmp;
}

static void
close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void
pv_qmp_unref(pv_qmp *qmp)
{
    if (!qmp || !g_atomic_int_dec_and_test(&qmp->refs))
        return;
    qmp_listener_stop(qmp);
    g_mutex_lock(&qmp->lock);
    qmp_break(qmp, PV_ERR_CONNECT, "the connection was closed on this side");
    g_mutex_unlock(&qmp->lock);
    close_fd(qmp->fd);
    close_fd(qmp->wake);
    close_fd(qmp->listener_wake);
    g_ptr_array_free(qmp->watches, TRUE);
    pv_json_stream_clear(&qmp->in);
    pv_error_free(qmp->broken);
    g_free(qmp->greeting.package);
    g_mutex_clear(&qmp->lock);
    g_cond_clear(&qmp->changed);
    g_cond_clear(&qmp->idle);
    g_free(qmp);
}

const struct pv_qmp_greeting *
pv_qmp_get_greeting(const pv_qmp *qmp)
{
    return &qmp->greeting;
}

gboolean
pv_qmp_is_open(pv_qmp *qmp)
{
    gboolean open;
    char byte;
    ssize_t got;

    g_mutex_lock(&qmp->lock);
    open = !qmp->broken;
    g_mutex_unlock(&qmp->lock);
    if (!open)
        return FALSE;
    got = recv(qmp->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

/* ---- opening ---- */

static gboolean
is_greeted(void *data)
{
    return ((pv_qmp *)data)->greeted;
}

static int
await_greeting(pv_qmp *qmp, int64_t greeting_ms, qmp_deadline deadline, pv_task *task, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int code = qmp_wait(qmp, is_greeted, qmp, deadline, task, &why);

    if (code == PV_ERR_TIMEOUT) {
        pv_error_set(error, PV_ERR_BUSY,
                     "the monitor accepted the connection and sent no greeting within %.1f s: "
                     "another client holds it, or QEMU hangs", (double)greeting_ms / 1000);
        pv_error_hint(error, "a monitor serves one client at a time; give QEMU a second -qmp socket");
        return PV_ERR_BUSY;
    }
    if (code < 0)
        return pv_error_propagate(error, g_steal_pointer(&why));
    if (!qmp->greeted)
        return pv_error_set(error, qmp->broken->code, "no greeting: %s", qmp->broken->message);
    return 0;
}

static int
negotiate(pv_qmp *qmp, gboolean want_oob, pv_task *task, pv_error **error)
{
    json_t *arguments = NULL;
    int code;

    qmp->greeting.oob = qmp->greeting.oob && want_oob;
    if (qmp->greeting.oob)
        arguments = json_pack("{s:[s]}", "enable", "oob");
    code = pv_qmp_execute(qmp, task, "qmp_capabilities", arguments, NULL, error);
    json_decref(arguments);
    return code;
}

int
pv_qmp_open(const struct pv_qmp_address *address, const struct pv_qmp_options *options, pv_task *task,
            pv_qmp **ret_qmp, pv_error **error)
{
    static const struct pv_qmp_options defaults;
    const struct pv_qmp_options *chosen = options ? options : &defaults;
    g_autoptr(pv_qmp) qmp = qmp_new(chosen);
    int64_t greeting_ms = chosen->greeting_ms > 0 ? chosen->greeting_ms : PV_QMP_GREETING_MS;
    int64_t left = pv_task_remaining_ms(task);
    qmp_deadline deadline;
    int code;

    if (left >= 0)
        greeting_ms = MIN(greeting_ms, left);
    deadline = g_get_monotonic_time() + greeting_ms * 1000;
    code = qmp_connect(address, deadline, task, &qmp->fd, error);
    if (code == 0)
        code = await_greeting(qmp, greeting_ms, deadline, task, error);
    if (code == 0)
        code = negotiate(qmp, chosen->oob, task, error);
    if (code == 0 && chosen->event)
        code = pv_qmp_subscribe(qmp, chosen->event, chosen->event_data, error);
    if (code == 0)
        *ret_qmp = g_steal_pointer(&qmp);
    return code;
}
