/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with a deadline into a library whose calls have none. */
#include "libvirt.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SHORT_MS 60
#define HANG_MS  600 /* longer than deadline and grace; what hangs ends some time */

static lv_conn *conn;
static int ended; /* atomic: jobs that came to their end */

static void
no_emit(void *sink, pv_event *event)
{
    (void)sink;
    pv_event_free(event);
}

static lv_conn *
open_test(void)
{
    static const struct pv_open_options options;
    g_autoptr(pv_task) task = pv_task_new("endpoint.open", NULL);
    g_autoptr(pv_error) error = NULL;
    struct pv_uri *uri = NULL;
    struct pv_open_args args = { .options = &options, .task = task, .emit = no_emit };
    void *opened = NULL;

    g_assert_cmpint(pv_uri_parse("test:///default", &uri, &error), ==, 0);
    args.uri = uri;
    g_assert_cmpint(pv_driver_libvirt.open(&args, &opened, &error), ==, PV_OPEN_OK);
    pv_uri_free(uri);
    return opened;
}

static pv_task *
task_of(int64_t ms)
{
    pv_task *task = pv_task_new("test", NULL);

    pv_task_set_timeout(task, ms);
    return task;
}

static void
wait_for_end(int count)
{
    int64_t end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (g_atomic_int_get(&ended) < count) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
    }
}

static int
hang(lv_job *job, virConnectPtr handle, pv_error **error)
{
    (void)handle;
    if (job->flag)
        g_assert_cmpint(lv_job_sends(job, error), ==, 0);
    g_usleep(HANG_MS * 1000);
    g_atomic_int_inc(&ended);
    return 0;
}

static void
test_a_read_that_hangs_is_out_of_time(void)
{
    g_autoptr(pv_task) task = task_of(SHORT_MS);
    g_autoptr(lv_job) job = lv_job_new(conn, task, hang);
    g_autoptr(pv_error) error = NULL;
    int64_t begun = g_get_monotonic_time();
    int before = g_atomic_int_get(&ended);

    g_assert_cmpint(lv_job_run(job, &error), ==, PV_ERR_TIMEOUT);
    g_assert_cmpint(g_get_monotonic_time() - begun, <, HANG_MS * 1000);
    g_assert_nonnull(error->hint);
    wait_for_end(before + 1);
}

static void
test_a_change_that_hangs_is_unknown(void)
{
    g_autoptr(pv_task) task = task_of(SHORT_MS);
    g_autoptr(lv_job) job = lv_job_new(conn, task, hang);
    g_autoptr(pv_error) error = NULL;
    int before = g_atomic_int_get(&ended);

    job->flag = TRUE;
    g_assert_cmpint(lv_job_run(job, &error), ==, PV_ERR_UNKNOWN);
    g_assert_nonnull(strstr(error->message, "not known"));
    g_assert_nonnull(error->hint);
    wait_for_end(before + 1);
}

static gpointer
cancel_soon(gpointer task)
{
    g_usleep(SHORT_MS * 1000);
    pv_task_cancel(task);
    return NULL;
}

static void
test_a_cancelled_call_ends_at_once(void)
{
    g_autoptr(pv_task) task = task_of(30000);
    g_autoptr(lv_job) job = lv_job_new(conn, task, hang);
    GThread *other = g_thread_new("cancel", cancel_soon, task);
    int64_t begun = g_get_monotonic_time();
    int before = g_atomic_int_get(&ended);

    g_assert_cmpint(lv_job_run(job, NULL), ==, PV_ERR_CANCELLED);
    g_assert_cmpint(g_get_monotonic_time() - begun, <, HANG_MS * 1000);
    g_thread_join(other);
    wait_for_end(before + 1);
}

/* Takes steps until it is told to stop, and undoes them. */
static int
many_steps(lv_job *job, virConnectPtr handle, pv_error **error)
{
    int r;

    (void)handle;
    while ((r = lv_job_sends(job, error)) == 0)
        g_usleep(5000);
    lv_job_undone(job);
    g_atomic_int_inc(&ended);
    return r;
}

static void
test_work_in_steps_tidies_up_and_is_not_unknown(void)
{
    g_autoptr(pv_task) task = task_of(SHORT_MS);
    g_autoptr(lv_job) job = lv_job_new(conn, task, many_steps);
    int before = g_atomic_int_get(&ended);

    g_assert_cmpint(lv_job_run(job, NULL), ==, PV_ERR_TIMEOUT);
    g_assert_cmpint(g_atomic_int_get(&ended), ==, before + 1);
}

static int
make_image(lv_job *job, virConnectPtr handle, pv_error **error)
{
    const struct lv_place place = { .path = job->name };
    g_autoptr(lv_image) image = NULL;

    return lv_image_create(job, handle, &place, "raw", 1 << 20, NULL, &image, error);
}

/* A qemu-img that begins a file and then finds the disk full. */
static void
test_an_image_that_does_not_fit_leaves_no_part_of_it(void)
{
    g_autofree char *folder = g_dir_make_tmp("pv-lv-XXXXXX", NULL);
    g_autofree char *tool = g_build_filename(folder, "qemu-img", NULL);
    g_autofree char *path = g_strconcat(folder, ":", g_getenv("PATH"), NULL);
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    g_autoptr(pv_task) task = task_of(10000);
    g_autoptr(lv_job) job = lv_job_new(conn, task, make_image);
    g_autoptr(pv_error) error = NULL;
    gboolean local = conn->local;

    job->name = g_build_filename(folder, "half.img", NULL);
    g_file_set_contents_full(tool, "#!/bin/sh\nfor last; do file=$path; path=$last; done\necho half >\"$file\"\n"
                                   "echo \"qemu-img: $file: No space left on device\"\nexit 1\n", -1,
                             G_FILE_SET_CONTENTS_NONE, 0700, NULL);
    g_setenv("PATH", path, TRUE);
    conn->local = TRUE;
    g_assert_cmpint(lv_job_run(job, &error), ==, PV_ERR_NO_SPACE);
    g_assert_cmpint((int)error->code, ==, PV_ERR_NO_SPACE);
    g_assert_false(g_file_test(job->name, G_FILE_TEST_EXISTS));
    conn->local = local;
    g_setenv("PATH", before, TRUE);
    g_unlink(tool);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void
test_too_many_hanging_calls_are_refused(void)
{
    int before = g_atomic_int_get(&ended);
    g_autoptr(pv_error) error = NULL;

    for (int i = 0; i < LV_STUCK_MAX; i++) {
        g_autoptr(pv_task) task = task_of(30000);
        g_autoptr(lv_job) job = lv_job_new(conn, task, hang);
        GThread *other = g_thread_new("cancel", cancel_soon, task);

        (void)other;
        g_atomic_int_inc(&conn->stuck); /* as if it had been abandoned */
        g_thread_join(other);
    }
    {
        g_autoptr(pv_task) task = task_of(SHORT_MS);
        g_autoptr(lv_job) job = lv_job_new(conn, task, hang);

        g_assert_cmpint(lv_job_run(job, &error), ==, PV_ERR_BUSY);
    }
    g_atomic_int_set(&conn->stuck, 0);
    g_assert_cmpint(g_atomic_int_get(&ended), ==, before);
}

static int
nothing(lv_job *job, virConnectPtr handle, pv_error **error)
{
    (void)job, (void)handle, (void)error;
    return 0;
}

static void
test_a_call_costs_little(void)
{
    enum { ROUNDS = 2000 };
    g_autoptr(pv_task) task = task_of(60000);
    int64_t begun = g_get_monotonic_time();

    for (int i = 0; i < ROUNDS; i++) {
        g_autoptr(lv_job) job = lv_job_new(conn, task, nothing);

        g_assert_cmpint(lv_job_run(job, NULL), ==, 0);
    }
    g_test_message("%.1f us for a call and back", (double)(g_get_monotonic_time() - begun) / ROUNDS);
}

/* ---- broken peers ---- */

struct peer {
    char *folder, *path;
    int fd;
    const char *says; /* NULL: silence */
    GThread *thread;
};

static gpointer
serve(gpointer data)
{
    struct peer *peer = data;
    int fd = accept(peer->fd, NULL, NULL);

    if (peer->says && send(fd, peer->says, strlen(peer->says), MSG_NOSIGNAL) > 0)
        shutdown(fd, SHUT_WR);
    while (recv(fd, &(char[64]){ 0 }, 64, 0) > 0)
        ;
    close(fd);
    return NULL;
}

static void
peer_start(struct peer *peer, const char *says)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    peer->folder = g_dir_make_tmp("pv-lv-XXXXXX", NULL);
    peer->path = g_build_filename(peer->folder, "s", NULL);
    peer->says = says;
    peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, peer->path, sizeof(address.sun_path));
    g_assert_cmpint(bind(peer->fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(peer->fd, 1), ==, 0);
    peer->thread = g_thread_new("peer", serve, peer);
}

static void
peer_stop(struct peer *peer)
{
    shutdown(peer->fd, SHUT_RDWR);
    close(peer->fd);
    remove(peer->path);
    remove(peer->folder);
    g_free(peer->path);
    g_free(peer->folder);
}

static int
open_peer(struct peer *peer, int64_t ms, pv_error **error)
{
    g_autofree char *uri = g_strconcat("qemu+unix:///system?socket=", peer->path, NULL);
    g_autoptr(pv_task) task = task_of(ms);
    pv_conn *opened = NULL;

    return pv_open(uri, NULL, task, &opened, error);
}

static void
test_a_daemon_that_never_answers_is_named_in_time(void)
{
    struct peer peer;
    g_autoptr(pv_error) error = NULL;
    int64_t begun = g_get_monotonic_time();

    peer_start(&peer, NULL);
    g_assert_cmpint(open_peer(&peer, 200, &error), ==, PV_ERR_CONNECT);
    g_assert_nonnull(strstr(error->message, "no answer in time"));
    g_assert_cmpint(g_get_monotonic_time() - begun, <, 5 * G_USEC_PER_SEC);
    peer_stop(&peer); /* its thread ends with the connection of the abandoned call: never, here */
}

static void
test_a_peer_that_talks_nonsense_is_refused(void)
{
    static const char *const nonsense[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "\x7f\xff\xff\xff....",
                                            "{\"QMP\": {}}\r\n" };

    for (size_t i = 0; i < G_N_ELEMENTS(nonsense); i++) {
        struct peer peer;
        g_autoptr(pv_error) error = NULL;

        peer_start(&peer, nonsense[i]);
        g_assert_cmpint(open_peer(&peer, 5000, &error), ==, PV_ERR_CONNECT);
        g_thread_join(peer.thread);
        peer_stop(&peer);
    }
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    conn = open_test();
    g_test_add_func("/libvirt-call/a-read-that-hangs-is-out-of-time", test_a_read_that_hangs_is_out_of_time);
    g_test_add_func("/libvirt-call/a-change-that-hangs-is-unknown", test_a_change_that_hangs_is_unknown);
    g_test_add_func("/libvirt-call/a-cancelled-call-ends-at-once", test_a_cancelled_call_ends_at_once);
    g_test_add_func("/libvirt-call/work-in-steps-tidies-up", test_work_in_steps_tidies_up_and_is_not_unknown);
    g_test_add_func("/libvirt-call/an-image-that-does-not-fit-leaves-no-part-of-it",
                    test_an_image_that_does_not_fit_leaves_no_part_of_it);
    g_test_add_func("/libvirt-call/too-many-hanging-calls-are-refused",
                    test_too_many_hanging_calls_are_refused);
    g_test_add_func("/libvirt-call/a-call-costs-little", test_a_call_costs_little);
    g_test_add_func("/libvirt-call/a-peer-that-talks-nonsense-is-refused",
                    test_a_peer_that_talks_nonsense_is_refused);
    g_test_add_func("/libvirt-call/a-daemon-that-never-answers-is-named-in-time",
                    test_a_daemon_that_never_answers_is_named_in_time);
    status = g_test_run();
    pv_driver_libvirt.close(conn);
    return status;
}
