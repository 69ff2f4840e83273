/* SPDX-License-Identifier: Apache-2.0 */
/* Runs QEMU with the payload, or for its version, with a deadline; waits for the child in any case. */
#include "accel-private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROM_SIZE  65536
#define ROM_RESET 0xfff0 /* where the CPU begins */

#if defined(__x86_64__) || defined(__i386__)
extern const unsigned char pv_accel_payload[], pv_accel_payload_end[];
#define PAYLOAD_SIZE ((size_t)(pv_accel_payload_end - pv_accel_payload))
#else
static const unsigned char pv_accel_payload[1];
#define PAYLOAD_SIZE 0
#endif

struct child {
    GPid pid;
    int out; /* read end of what it says */
    char text[PV_ACCEL_OUTPUT_MAX + 1];
    size_t length;
    int status;
};

/* ---- a child with a deadline ---- */

static void
prepare_child(gpointer unused)
{
    sigset_t none;

    (void)unused;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a trial must not outlive us, whatever ends us */
}

static int
start_child(struct child *child, const char *const *argv, gboolean want_stdout, pv_error **error)
{
    g_autoptr(GError) failure = NULL;
    GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH
                        | (want_stdout ? G_SPAWN_STDERR_TO_DEV_NULL : G_SPAWN_STDOUT_TO_DEV_NULL);

    if (g_spawn_async_with_pipes(NULL, (char **)argv, NULL, flags, prepare_child, NULL, &child->pid, NULL,
                                 want_stdout ? &child->out : NULL, want_stdout ? NULL : &child->out,
                                 &failure))
        return 0;
    return pv_error_set(error, PV_ERR_NOT_FOUND, "%s cannot be started: %s", argv[0], failure->message);
}

/* Takes what there is to read; FALSE at the end. What is beyond the limit is thrown away. */
static gboolean
read_some(struct child *child)
{
    char chunk[1024];
    ssize_t got = read(child->out, chunk, sizeof chunk);

    if (got <= 0)
        return got < 0 && errno == EINTR;
    got = MIN(got, (ssize_t)(PV_ACCEL_OUTPUT_MAX - child->length));
    memcpy(child->text + child->length, chunk, (size_t)got);
    child->length += (size_t)got;
    return TRUE;
}

/* Until the child ended: 0, or the code of what came first. */
static int
watch_child(struct child *child, int process, gint64 deadline, pv_task *task, pv_error **error)
{
    GPollFD cancel = { .fd = -1 };
    GCancellable *cancellable = pv_task_cancellable(task);
    gboolean open = TRUE;
    int rc = 0;

    if (cancellable && !g_cancellable_make_pollfd(cancellable, &cancel))
        cancel.fd = -1;
    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        struct pollfd fds[] = { { process, POLLIN, 0 }, { open ? child->out : -1, POLLIN, 0 },
                                { cancel.fd, POLLIN, 0 } };

        rc = pv_task_check(task, error);
        if (rc == 0 && left <= 0)
            rc = pv_error_set(error, PV_ERR_TIMEOUT, "deadline passed");
        if (rc != 0 || (poll(fds, G_N_ELEMENTS(fds), (int)left) < 0 && errno != EINTR))
            break;
        if (fds[1].revents)
            open = read_some(child);
        else if (fds[0].revents)
            break;
    }
    if (cancel.fd >= 0)
        g_cancellable_release_fd(cancellable);
    return rc;
}

/* Runs argv to its end or kills it; child's status and text are valid when it returns 0. */
static int
run_child(struct child *child, const char *const *argv, gboolean want_stdout, int64_t deadline_ms,
          pv_task *task, pv_error **error)
{
    gint64 deadline = g_get_monotonic_time() + deadline_ms * 1000;
    int process, rc = start_child(child, argv, want_stdout, error);

    if (rc != 0)
        return rc;
    process = pidfd_open(child->pid, 0);
    rc = process < 0 ? pv_error_set(error, PV_ERR_INTERNAL, "pidfd_open: %s", g_strerror(errno))
                     : watch_child(child, process, deadline, task, error);
    if (rc != 0)
        kill(child->pid, SIGKILL);
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        ;
    g_spawn_close_pid(child->pid);
    if (process >= 0)
        close(process);
    close(child->out);
    child->text[child->length] = '\0';
    return rc;
}

/* ---- the trial ---- */

/* The image lies in memory, so that no file stays behind whatever ends us; *ret_fd is the caller's. */
static int
make_rom(int *ret_fd, pv_error **error)
{
    /* jmp to offset 0: 16-bit, so the target wraps around the end of the image */
    static const unsigned char reset[] = { 0xe9, 0x0d, 0x00 };
    int fd = memfd_create("polyvirt-rom", MFD_CLOEXEC);

    if (fd >= 0 && ftruncate(fd, ROM_SIZE) == 0
        && pwrite(fd, pv_accel_payload, PAYLOAD_SIZE, 0) == (ssize_t)PAYLOAD_SIZE
        && pwrite(fd, reset, sizeof reset, ROM_RESET) == (ssize_t)sizeof reset) {
        *ret_fd = fd;
        return 0;
    }
    pv_error_set(error, PV_ERR_NO_SPACE, "cannot make a firmware image: %s", g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return PV_ERR_NO_SPACE;
}

/* The line that says most: the last one QEMU wrote. */
static char *
last_line(char *text)
{
    char *newline;

    g_strchomp(text);
    newline = strrchr(text, '\n');
    return newline ? newline + 1 : text;
}

static int
judge(struct child *child, pv_error **error)
{
    const char *line = last_line(child->text);
    const char *colon = *line ? ": " : "";

    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == PV_ACCEL_EXIT_STATUS)
        return 0;
    if (WIFSIGNALED(child->status))
        return pv_error_set(error, PV_ERR_FAILED, "aborted by signal %d (%s)%s%s", WTERMSIG(child->status),
                            strsignal(WTERMSIG(child->status)), colon, line);
    return pv_error_set(error, PV_ERR_FAILED, "ended with status %d%s%s", WEXITSTATUS(child->status), colon,
                        line);
}

int
pv_accel_run(const char *qemu, const char *accelerator, const char *cpu, int64_t deadline_ms, pv_task *task,
             int64_t *ret_ms, pv_error **error)
{
    g_autofree char *rom = NULL;
    struct child child = { 0 };
    gint64 begun;
    int rom_fd, rc;

    if (PAYLOAD_SIZE == 0)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "there is no payload for this host's architecture");
    rc = make_rom(&rom_fd, error);
    if (rc != 0)
        return rc;
    rom = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), rom_fd);
    {
        const char *argv[] = {
            qemu, "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot", "-machine", "pc",
            "-m", "16", "-accel", accelerator, "-bios", rom,
            "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
            cpu ? "-cpu" : NULL, cpu, NULL,
        };

        begun = g_get_monotonic_time();
        rc = run_child(&child, argv, FALSE, deadline_ms, task, error);
    }
    close(rom_fd);
    if (rc == 0)
        rc = judge(&child, error);
    if (rc == 0)
        *ret_ms = (g_get_monotonic_time() - begun) / 1000;
    return rc;
}

char *
pv_accel_qemu_version(const char *qemu, pv_task *task)
{
    const char *argv[] = { qemu, "--version", NULL };
    struct child child = { 0 };
    const char *version;

    if (run_child(&child, argv, TRUE, PV_ACCEL_VERSION_MS, task, NULL) != 0)
        return NULL;
    version = strstr(child.text, "version ");
    return version ? g_strndup(version + 8, strcspn(version + 8, " \n")) : NULL;
}
