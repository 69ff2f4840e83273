/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are taken by one thread that waits for them, so that cancelling a task needs no
 * async-signal-safe code. The main thread then unwinds and closes what is open on the usual way out.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct {
    GMutex lock;
    pv_task *task; /* referenced */
    gboolean interrupted;
    int fd;
    sigset_t before; /* the mask we were started with */
} signals = { .fd = -1 };

static void
first_signal(void)
{
    uint64_t one = 1;

    g_mutex_lock(&signals.lock);
    signals.interrupted = TRUE;
    if (signals.task)
        pv_task_cancel(signals.task);
    g_mutex_unlock(&signals.lock);
    if (write(signals.fd, &one, sizeof one) < 0)
        return; /* nobody polls a full counter */
}

static void *
wait_for_signals(void *data)
{
    const sigset_t *set = data;
    int signo;

    while (sigwait(set, &signo) == 0) {
        if (cli_interrupted()) {
            cli_prompt_restore();
            _exit(CLI_EXIT_INTERRUPTED);
        }
        first_signal();
    }
    return NULL;
}

void
cli_signals_start(void)
{
    static sigset_t set;
    pthread_t thread;

    signals.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, &signals.before);
    if (pthread_create(&thread, NULL, wait_for_signals, &set) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_SETMASK, &signals.before, NULL);
}

void
cli_signals_watch(pv_task *task)
{
    g_mutex_lock(&signals.lock);
    g_clear_pointer(&signals.task, pv_task_unref);
    signals.task = task ? pv_task_ref(task) : NULL;
    if (task && signals.interrupted)
        pv_task_cancel(task);
    g_mutex_unlock(&signals.lock);
}

gboolean
cli_interrupted(void)
{
    gboolean interrupted;

    g_mutex_lock(&signals.lock);
    interrupted = signals.interrupted;
    g_mutex_unlock(&signals.lock);
    return interrupted;
}

int
cli_signals_fd(void)
{
    return signals.fd;
}

void
cli_signals_reset_child(void *unused)
{
    (void)unused;
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &signals.before, NULL);
}
