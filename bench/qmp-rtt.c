/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QMP round trips per second: pv_qmp_execute against a bare loop of send and recv on the same QEMU
 * (two monitors), turn by turn, so that whatever else runs on the machine weighs on both.
 */
#include <errno.h>
#include <polyvirt/qmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS    9
#define TURNS     50 /* of a round, each BATCH round trips of both */
#define BATCH     16
#define START_MS  10000
#define REPLY_MAX 65536

static char folder[] = "/tmp/pv-bench-XXXXXX";
static pid_t qemu;

static void
clean_up(void)
{
    g_autofree char *ours = g_strdup_printf("%s/ours", folder), *bare = g_strdup_printf("%s/bare", folder);

    if (qemu > 0) {
        kill(qemu, SIGKILL);
        waitpid(qemu, NULL, 0);
    }
    unlink(ours);
    unlink(bare);
    rmdir(folder);
}

static void G_GNUC_NORETURN
fail(const char *what)
{
    fprintf(stderr, "qmp-rtt: %s\n", what);
    exit(1);
}

static void
start_qemu(void)
{
    g_autofree char *ours = g_strdup_printf("unix:%s/ours,server=on,wait=off", folder);
    g_autofree char *bare = g_strdup_printf("unix:%s/bare,server=on,wait=off", folder);

    qemu = fork();
    if (qemu < 0)
        fail("cannot fork");
    if (qemu == 0) {
        execlp("qemu-system-x86_64", "qemu-system-x86_64", "-machine", "none", "-accel", "tcg", "-nodefaults", "-S",
               "-display", "none", "-qmp", ours, "-qmp", bare, NULL);
        _exit(127);
    }
}

static int
connect_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    gint64 deadline = g_get_monotonic_time() + START_MS * 1000;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if (g_get_monotonic_time() > deadline)
            fail("QEMU did not start");
        g_usleep(10000);
    }
    return fd;
}

/* ---- the bare loop ---- */

/* One line; enough of a parse to know that it is the reply. */
static void
bare_reply(int fd)
{
    static char buffer[REPLY_MAX];
    size_t len = 0;

    do {
        ssize_t got = recv(fd, buffer + len, sizeof buffer - len, 0);

        if (got <= 0)
            fail("the bare connection ended");
        len += (size_t)got;
    } while (!memchr(buffer, '\n', len));
    if (!memmem(buffer, len, "\"return\"", 8) && !memmem(buffer, len, "\"QMP\"", 5))
        fail("the bare loop got no reply");
}

static void
bare_command(int fd, const char *name)
{
    static unsigned id;
    char text[128];
    int len = snprintf(text, sizeof text, "{\"execute\":\"%s\",\"id\":%u}\n", name, ++id);

    if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        fail("cannot send");
    bare_reply(fd);
}

/* Microseconds of one batch. */
static gint64
bare_batch(int fd)
{
    gint64 begin = g_get_monotonic_time();

    for (unsigned i = 0; i < BATCH; i++)
        bare_command(fd, "query-status");
    return g_get_monotonic_time() - begin;
}

/* ---- ours ---- */

static gint64
our_batch(pv_qmp *qmp, pv_task *task)
{
    gint64 begin = g_get_monotonic_time();

    for (unsigned i = 0; i < BATCH; i++) {
        json_t *value = NULL;

        if (pv_qmp_execute(qmp, task, "query-status", NULL, &value, NULL) < 0)
            fail("query-status failed");
        json_decref(value);
    }
    return g_get_monotonic_time() - begin;
}

/* Short turns: what else the machine does weighs on both alike. */
static void
run_round(int fd, pv_qmp *qmp, pv_task *task, double *ret_bare, double *ret_ours)
{
    gint64 bare = 0, ours = 0;

    for (unsigned i = 0; i < TURNS; i++) {
        bare += bare_batch(fd);
        ours += our_batch(qmp, task);
    }
    *ret_bare = TURNS * BATCH * 1e6 / (double)bare;
    *ret_ours = TURNS * BATCH * 1e6 / (double)ours;
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

int
main(void)
{
    double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = pv_task_new("bench", NULL);
    g_autofree char *our_path = NULL, *bare_path = NULL;
    pv_qmp *qmp = NULL;
    int fd;

    if (!mkdtemp(folder))
        fail("cannot make a folder");
    atexit(clean_up);
    start_qemu();
    our_path = g_build_filename(folder, "ours", NULL);
    bare_path = g_build_filename(folder, "bare", NULL);
    fd = connect_unix(bare_path);
    bare_reply(fd);
    bare_command(fd, "qmp_capabilities");
    if (pv_qmp_open(&(struct pv_qmp_address)PV_QMP_UNIX_ADDRESS(our_path), NULL, NULL, &qmp, &error) < 0)
        fail(error->message);
    for (unsigned i = 0; i < ROUNDS; i++) {
        run_round(fd, qmp, task, &bare[i], &ours[i]);
        ratio[i] = 100 * ours[i] / bare[i];
    }
    printf("qmp round trips: %.0f/s, bare loop: %.0f/s, ratio %.1f %%\n", median(ours), median(bare), median(ratio));
    pv_qmp_unref(qmp);
    close(fd);
    return 0;
}
