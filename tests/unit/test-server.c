/* SPDX-License-Identifier: Apache-2.0 */
/* The server's parts that need no network: state, sessions, logins, certificate, addresses. */
#include "inventory.h"
#include "listen.h"
#include "login.h"
#include "request.h"
#include "server-limits.h"
#include "sessions.h"
#include "tasks.h"
#include "tls.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A state folder of the test's own, with its store open. */
struct fixture {
    char *dir;
    pv_store *store;
};

static void
set_up(struct fixture *f, gconstpointer data)
{
    g_autoptr(pv_error) error = NULL;

    (void)data;
    f->dir = g_dir_make_tmp("pv-server-XXXXXX", NULL);
    g_assert_cmpint(pv_store_open(f->dir, &f->store, &error), ==, 0);
}

static void
reopen(struct fixture *f)
{
    g_autoptr(pv_error) error = NULL;

    g_clear_pointer(&f->store, pv_store_close);
    g_assert_cmpint(pv_store_open(f->dir, &f->store, &error), ==, 0);
}

static void
tear_down(struct fixture *f, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);
    const char *name;

    (void)data;
    pv_store_close(f->store);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);

        g_unlink(path);
    }
    g_rmdir(f->dir);
    g_free(f->dir);
}

static int64_t
number(pv_store *store, enum pv_object_kind kind, const char *native, const char *identity)
{
    int64_t n = 0;

    g_assert_cmpint(pv_store_number(store, kind, 1, native, identity, &n, NULL), ==, 0);
    return n;
}

/* ---- numbers ---- */

static void
test_a_number_stays_with_its_object(struct fixture *f, gconstpointer data)
{
    int64_t a = number(f->store, PV_OBJECT_VM, "a", NULL);
    int64_t b = number(f->store, PV_OBJECT_VM, "b", NULL);

    (void)data;
    g_assert_cmpint(a, !=, b);
    g_assert_cmpint(a, >=, 10);
    g_assert_cmpint(number(f->store, PV_OBJECT_HOST, "a", NULL), !=, a);
    reopen(f);
    g_assert_cmpint(number(f->store, PV_OBJECT_VM, "a", NULL), ==, a);
    g_assert_cmpint(number(f->store, PV_OBJECT_VM, "b", NULL), ==, b);
}

static void
test_a_number_is_never_used_again(struct fixture *f, gconstpointer data)
{
    int64_t a = number(f->store, PV_OBJECT_VM, "a", NULL);

    (void)data;
    g_assert_cmpint(pv_store_forget(f->store, a, NULL), ==, 0);
    reopen(f);
    g_assert_cmpint(number(f->store, PV_OBJECT_VM, "a", NULL), >, a);
}

static void
test_another_object_under_an_old_name_gets_another_number(struct fixture *f, gconstpointer data)
{
    int64_t unknown = number(f->store, PV_OBJECT_VM, "a", NULL);
    int64_t one = number(f->store, PV_OBJECT_VM, "a", "uuid-1");
    int64_t two = number(f->store, PV_OBJECT_VM, "a", "uuid-2");

    (void)data;
    g_assert_cmpint(unknown, ==, one); /* it was only not known yet */
    g_assert_cmpint(two, !=, one);
    g_assert_cmpint(number(f->store, PV_OBJECT_VM, "a", NULL), ==, two);
}

static void
test_back_ends_have_numbers_of_their_own(struct fixture *f, gconstpointer data)
{
    int64_t a = 0, b = 0, again = 0;

    (void)data;
    g_assert_cmpint(pv_store_backend(f->store, "sim:///", &a, NULL), ==, 0);
    g_assert_cmpint(pv_store_backend(f->store, "test:///default", &b, NULL), ==, 0);
    g_assert_cmpint(pv_store_backend(f->store, "sim:///", &again, NULL), ==, 0);
    g_assert_cmpint(a, ==, again);
    g_assert_cmpint(a, !=, b);
}

static void
test_a_folder_has_one_server(struct fixture *f, gconstpointer data)
{
    g_autoptr(pv_error) error = NULL;
    pv_store *second = NULL;

    (void)data;
    g_assert_cmpint(pv_store_open(f->dir, &second, &error), ==, PV_ERR_BUSY);
    g_assert_null(second);
    g_assert_nonnull(strstr(error->message, f->dir));
}

static void
test_the_guest_os_is_kept(struct fixture *f, gconstpointer data)
{
    int64_t a = number(f->store, PV_OBJECT_VM, "a", NULL);
    g_autofree char *none = pv_store_guest_os(f->store, a), *kept = NULL;

    (void)data;
    g_assert_null(none);
    g_assert_cmpint(pv_store_set_guest_os(f->store, a, "UBUNTU_64", NULL), ==, 0);
    reopen(f);
    kept = pv_store_guest_os(f->store, a);
    g_assert_cmpstr(kept, ==, "UBUNTU_64");
}

static void
test_morefs_have_one_spelling(void)
{
    static const char *const wrong[] = {
        "",      "vm",    "vm-",  "vm-0",   "vm-01", "vm- 1", "vm-1 ",
        "vm--1", "vm-+1", "VM-1", "host-1", "vm-1x", "vm-9223372036854775808",
    };
    char text[PV_MOREF_SIZE];

    g_assert_cmpstr(pv_moref_write(PV_OBJECT_VM, 12, text), ==, "vm-12");
    g_assert_cmpint(pv_moref_number(PV_OBJECT_VM, "vm-12"), ==, 12);
    g_assert_cmpint(pv_moref_number(PV_OBJECT_SNAPSHOT, "snapshot-7"), ==, 7);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_cmpint(pv_moref_number(PV_OBJECT_VM, wrong[i]), ==, 0);
}

/* ---- sessions ---- */

static pv_sessions *
sessions_of(struct fixture *f, int64_t idle_ms)
{
    pv_sessions *sessions = NULL;

    g_assert_cmpint(pv_sessions_new(f->store, idle_ms, &sessions, NULL), ==, 0);
    return sessions;
}

static void
test_a_session_survives_a_restart(struct fixture *f, gconstpointer data)
{
    g_autoptr(pv_sessions) sessions = sessions_of(f, 60000);
    struct pv_login_session known = { 0 };
    g_autofree char *id = NULL;

    (void)data;
    g_assert_cmpint(pv_sessions_create(sessions, "me", &id, NULL), ==, 0);
    g_assert_cmpuint(strlen(id), ==, 32);
    g_clear_pointer(&sessions, pv_sessions_free);
    reopen(f);
    sessions = sessions_of(f, 60000);
    g_assert_true(pv_sessions_use(sessions, id, &known));
    g_assert_cmpstr(known.user, ==, "me");
    pv_sessions_remove(sessions, known.hash);
    pv_login_session_clear(&known);
    g_assert_false(pv_sessions_use(sessions, id, NULL));
    g_clear_pointer(&sessions, pv_sessions_free);
    reopen(f);
    sessions = sessions_of(f, 60000);
    g_assert_false(pv_sessions_use(sessions, id, NULL));
}

static void
test_an_idle_session_is_gone(struct fixture *f, gconstpointer data)
{
    g_autoptr(pv_sessions) sessions = sessions_of(f, 20);
    g_autofree char *id = NULL;

    (void)data;
    g_assert_cmpint(pv_sessions_create(sessions, "me", &id, NULL), ==, 0);
    g_assert_true(pv_sessions_use(sessions, id, NULL));
    g_usleep(30000);
    g_assert_false(pv_sessions_use(sessions, id, NULL));
    pv_sessions_expire(sessions);
    g_clear_pointer(&sessions, pv_sessions_free);
    sessions = sessions_of(f, 3600000); /* it is not on disk either */
    g_assert_false(pv_sessions_use(sessions, id, NULL));
}

static void
test_a_user_has_so_many_sessions(struct fixture *f, gconstpointer data)
{
    g_autoptr(pv_sessions) sessions = sessions_of(f, 60000);
    g_autoptr(pv_error) error = NULL;
    g_autofree char *other = NULL;
    char *id = NULL;

    (void)data;
    for (int i = 0; i < PV_SERVER_SESSIONS_MAX; i++) {
        g_assert_cmpint(pv_sessions_create(sessions, "me", &id, NULL), ==, 0);
        g_clear_pointer(&id, g_free);
    }
    g_assert_cmpint(pv_sessions_create(sessions, "me", &id, &error), ==, PV_ERR_BUSY);
    g_assert_null(id);
    g_assert_cmpint(pv_sessions_create(sessions, "you", &other, NULL), ==, 0);
}

/* ---- login ---- */

static int
try(pv_login *login, const char *peer, const char *user, const char *password)
{
    int64_t wait = 0;
    int rc = pv_login_check(login, peer, user, password, &wait, NULL);

    g_assert_cmpint(rc == PV_ERR_BUSY, ==, wait > 0);
    return rc;
}

static void
test_only_the_right_user_with_the_right_password_may_in(void)
{
    g_autoptr(pv_login) login = NULL;

    g_assert_cmpint(pv_login_new("me", "secret", &login, NULL), ==, 0);
    g_assert_cmpint(try(login, "a", "me", "secret"), ==, 0);
    g_assert_cmpint(try(login, "a", "me", "Secret"), ==, PV_ERR_AUTH);
    g_assert_cmpint(try(login, "a", "me", ""), ==, PV_ERR_AUTH);
    g_assert_cmpint(try(login, "a", "you", "secret"), ==, PV_ERR_AUTH);
    g_assert_cmpint(try(login, "a", "me ", "secret"), ==, PV_ERR_AUTH);
}

static void
test_who_guesses_has_to_wait_and_others_do_not(void)
{
    g_autoptr(pv_login) login = NULL;

    g_assert_cmpint(pv_login_new("me", "secret", &login, NULL), ==, 0);
    for (int i = 0; i < PV_SERVER_LOGIN_FREE; i++)
        g_assert_cmpint(try(login, "a", "me", "no"), ==, PV_ERR_AUTH);
    g_assert_cmpint(try(login, "a", "me", "secret"), ==, PV_ERR_BUSY);
    g_assert_cmpint(try(login, "b", "me", "secret"), ==, 0);
}

static void
test_the_addresses_of_one_ipv6_network_are_one_guesser(void)
{
    g_autoptr(pv_login) login = NULL;

    g_assert_cmpint(pv_login_new("me", "secret", &login, NULL), ==, 0);
    for (int i = 0; i < PV_SERVER_LOGIN_FREE; i++) {
        g_autofree char *address = g_strdup_printf("2001:db8::%x", i + 1);

        g_assert_cmpint(try(login, address, "me", "no"), ==, PV_ERR_AUTH);
    }
    g_assert_cmpint(try(login, "2001:db8::1234:5678", "me", "secret"), ==, PV_ERR_BUSY);
    g_assert_cmpint(try(login, "2001:db8:0:1::1", "me", "secret"), ==, 0);
    /* IPv4 clients of an IPv6 socket are no network */
    for (int i = 0; i < PV_SERVER_LOGIN_FREE; i++)
        g_assert_cmpint(try(login, "::ffff:10.0.0.1", "me", "no"), ==, PV_ERR_AUTH);
    g_assert_cmpint(try(login, "::ffff:10.0.0.2", "me", "secret"), ==, 0);
}

static void
test_an_account_needs_a_name_and_a_password(void)
{
    static const char *const bad[][2] = { { NULL, "x" }, { "", "x" }, { "a:b", "x" }, { "a", NULL },
                                          { "a", "" } };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(pv_login) login = NULL;

        g_assert_cmpint(pv_login_new(bad[i][0], bad[i][1], &login, NULL), ==, PV_ERR_USAGE);
        g_assert_null(login);
    }
}

static void
test_a_basic_header_is_taken_apart(void)
{
    g_autofree char *user = NULL;
    char *password = NULL;

    /* me:a:b — a password may hold a colon */
    g_assert_cmpint(pv_login_basic("basic bWU6YTpi", &user, &password, NULL), ==, 0);
    g_assert_cmpstr(user, ==, "me");
    g_assert_cmpstr(password, ==, "a:b");
    pv_login_wipe(password);
    g_assert_cmpint(pv_login_basic("Basic bWU=", &user, &password, NULL), ==, PV_ERR_AUTH);
    g_assert_cmpint(pv_login_basic("Bearer bWU6YTpi", &user, &password, NULL), ==, PV_ERR_AUTH);
    g_assert_cmpint(pv_login_basic(NULL, &user, &password, NULL), ==, PV_ERR_AUTH);
}

/* ---- certificate, address ---- */

static void
test_a_certificate_is_made_once(struct fixture *f, gconstpointer data)
{
    g_autoptr(pv_tls) one = NULL, two = NULL;
    g_autofree char *key = g_build_filename(f->dir, "server.key", NULL);
    GStatBuf st;

    (void)data;
    g_assert_cmpint(pv_tls_load(f->dir, &one, NULL), ==, 0);
    g_assert_cmpint(pv_tls_load(f->dir, &two, NULL), ==, 0);
    g_assert_cmpuint(strlen(one->fingerprint), ==, 64);
    g_assert_cmpstr(one->fingerprint, ==, two->fingerprint);
    g_assert_cmpint(g_stat(key, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
}

static void
test_a_key_is_never_written_over(struct fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->dir, "server.crt", NULL);
    g_autoptr(pv_tls) one = NULL, two = NULL, none = NULL;
    g_autofree char *key = g_build_filename(f->dir, "server.key", NULL);

    (void)data;
    g_assert_cmpint(pv_tls_load(f->dir, &one, NULL), ==, 0);
    g_unlink(path);
    g_assert_cmpint(pv_tls_load(f->dir, &two, NULL), ==, 0);
    g_assert_cmpstr(one->key, ==, two->key);
    g_assert_cmpstr(one->fingerprint, !=, two->fingerprint);
    g_unlink(key);
    g_assert_cmpint(pv_tls_load(f->dir, &none, NULL), ==, PV_ERR_FAILED);
    g_assert_false(g_file_test(key, G_FILE_TEST_EXISTS));
}

static void
test_a_damaged_certificate_is_named(struct fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->dir, "server.crt", NULL);
    g_autofree char *key = g_build_filename(f->dir, "server.key", NULL);
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_tls) tls = NULL;

    (void)data;
    g_file_set_contents(path, "nonsense", -1, NULL);
    g_file_set_contents(key, "nonsense", -1, NULL);
    g_assert_cmpint(pv_tls_load(f->dir, &tls, &error), ==, PV_ERR_TLS);
    g_assert_nonnull(strstr(error->message, path));
}

static void
test_addresses_are_read_as_people_write_them(void)
{
    static const char *const bad[] = { "", "x", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                                       "127.0.0.1:65536", "::1:80", "[::1]80", "[::1:80", "127.0.0.1:-1" };
    g_autofree char *address = NULL;
    unsigned port = 0;
    int fd = -1;

    g_assert_cmpint(pv_listen("127.0.0.1:0", &fd, &port, &address, NULL), ==, 0);
    g_assert_cmpuint(port, >, 0);
    g_assert_true(g_str_has_prefix(address, "127.0.0.1:"));
    close(fd);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpint(pv_listen(bad[i], &fd, &port, &address, NULL), ==, PV_ERR_USAGE);
}

/* ---- requests ---- */

static void
test_queries_are_decoded_strictly(void)
{
    static const char *const bad[] = { "/a?x=%", "/a?x=%4", "/a?x=%zz", "/a?x=%00", "/a?x=%ff", "/a?%zz=1" };
    struct pv_request *request = pv_request_new(NULL, "/a?names=a%20b+c&names=d&&empty=&bare");

    g_assert_cmpint(pv_request_parse_query(request, NULL), ==, 0);
    g_assert_cmpuint(request->query->len, ==, 8);
    g_assert_cmpstr(pv_request_query(request, "names"), ==, "a b c");
    g_assert_cmpstr(pv_request_query(request, "empty"), ==, "");
    g_assert_cmpstr(pv_request_query(request, "bare"), ==, "");
    g_assert_null(pv_request_query(request, "none"));
    pv_request_free(request);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        request = pv_request_new(NULL, bad[i]);
        g_assert_cmpint(pv_request_parse_query(request, NULL), ==, PV_ERR_INVALID);
        pv_request_free(request);
    }
}

/* ---- tasks ---- */

static int
fail_work(pv_task *task, void *data, char **ret_result, pv_error **error)
{
    (void)task;
    (void)data;
    (void)ret_result;
    return pv_error_set(error, PV_ERR_EXISTS, "taken");
}

static gboolean
has_ended(pv_tasks *tasks, int64_t n)
{
    double progress;
    g_autoptr(pv_stored_task) task = pv_tasks_get(tasks, n, &progress);

    return task->ended != 0;
}

static void
test_a_task_keeps_its_end(struct fixture *f, gconstpointer data)
{
    const struct pv_task_about about = { "s", "o", "d", "me", "VirtualMachine", "vm-1" };
    g_autoptr(pv_tasks) tasks = NULL;
    g_autoptr(pv_stored_task) task = NULL;
    double progress;
    int64_t n = 0;

    (void)data;
    g_assert_cmpint(pv_tasks_new(f->store, &tasks, NULL), ==, 0);
    g_assert_cmpint(pv_tasks_start(tasks, &about, 1000, fail_work, NULL, NULL, &n, NULL), ==, 0);
    while (!has_ended(tasks, n))
        g_usleep(1000); /* the harness's own time-out ends this */
    g_clear_pointer(&tasks, pv_tasks_free);
    g_assert_cmpint(pv_tasks_new(f->store, &tasks, NULL), ==, 0);
    task = pv_tasks_get(tasks, n, &progress);
    g_assert_cmpstr(task->status, ==, "FAILED");
    g_assert_nonnull(strstr(task->error, "ALREADY_EXISTS"));
    g_assert_cmpint(pv_tasks_cancel(tasks, n, NULL), ==, PV_ERR_STATE);
    g_assert_cmpint(pv_tasks_cancel(tasks, n + 1, NULL), ==, PV_ERR_NOT_FOUND);
}

static void
run_one(pv_tasks *tasks)
{
    const struct pv_task_about about = { "s", "o", "d", "me", "VirtualMachine", "vm-1" };
    int64_t n = 0;

    g_assert_cmpint(pv_tasks_start(tasks, &about, 1000, fail_work, NULL, NULL, &n, NULL), ==, 0);
    while (!has_ended(tasks, n))
        g_usleep(100);
}

static void
count_one(const struct pv_stored_task *task, void *data)
{
    (void)task;
    ++*(unsigned *)data;
}

static void
test_old_tasks_are_dropped_while_it_runs(struct fixture *f, gconstpointer data)
{
    pv_stored_task old = { .status = (char *)"SUCCEEDED", .started = 1, .ended = 1 };
    g_autoptr(pv_tasks) tasks = NULL;
    unsigned count = 0;

    (void)data;
    g_assert_cmpint(pv_tasks_new(f->store, &tasks, NULL), ==, 0);
    pv_store_begin(f->store);
    for (int i = 0; i < PV_SERVER_TASKS_MAX; i++) {
        g_autofree char *native = g_strdup_printf("%d", i);

        old.number = number(f->store, PV_OBJECT_TASK, native, NULL);
        g_assert_cmpint(pv_store_task_put(f->store, &old, NULL), ==, 0);
    }
    g_assert_cmpint(pv_store_commit(f->store, NULL), ==, 0);
    for (int i = 0; i < PV_SERVER_TASKS_TRIM; i++)
        run_one(tasks);
    g_assert_cmpint(pv_tasks_each(tasks, count_one, &count, NULL), ==, 0);
    g_assert_cmpuint(count, <=, PV_SERVER_TASKS_MAX);
}

static void
test_a_task_of_a_dead_process_has_failed(struct fixture *f, gconstpointer data)
{
    pv_stored_task cut = { .number = 5, .status = (char *)"RUNNING", .started = 1 };
    g_autoptr(pv_tasks) tasks = NULL;
    g_autoptr(pv_stored_task) task = NULL;
    double progress;

    (void)data;
    cut.number = number(f->store, PV_OBJECT_TASK, "x", NULL);
    g_assert_cmpint(pv_store_task_put(f->store, &cut, NULL), ==, 0);
    g_assert_cmpint(pv_tasks_new(f->store, &tasks, NULL), ==, 0);
    task = pv_tasks_get(tasks, cut.number, &progress);
    g_assert_cmpstr(task->status, ==, "FAILED");
    g_assert_cmpint(task->ended, >, 0);
}

/* ---- inventory ---- */

/* Far below what one call of the back end below takes, far above what anything else does. */
#define SOON_MS 300

static void
test_a_look_under_way_does_not_hold_up_the_end(struct fixture *f, gconstpointer data)
{
    static const char *const uris[] = { "sim:///?vms=1&seed=7&delay=600", NULL };
    g_autoptr(pv_task) task = pv_task_new("test", NULL);
    g_autoptr(pv_inventory) inventory = NULL;
    pv_inv_hold hold = { 0 };
    char moref[PV_MOREF_SIZE];
    int64_t begun;

    (void)data;
    g_assert_cmpint(pv_inventory_new(f->store, uris, NULL, task, &inventory, NULL), ==, 0);
    pv_inventory_lock(inventory);
    pv_moref_write(PV_OBJECT_VM, *(const int64_t *)pv_inventory_vms(inventory)->pdata[0], moref);
    pv_inventory_unlock(inventory);
    g_assert_cmpint(pv_inventory_hold(inventory, moref, &hold, NULL), ==, 0);
    if (pv_vm_power(hold.conn, hold.id, PV_POWER_OP_START, task, NULL) < 0)
        g_assert_cmpint(pv_vm_power(hold.conn, hold.id, PV_POWER_OP_STOP, task, NULL), ==, 0);
    pv_inv_hold_clear(&hold);
    g_usleep((PV_SERVER_DEBOUNCE_MS + 80) * 1000); /* the keeper looks by now */
    begun = g_get_monotonic_time();
    g_clear_pointer(&inventory, pv_inventory_free);
    g_assert_cmpint(g_get_monotonic_time() - begun, <, SOON_MS * 1000);
}

#define FOLDER(path, fn) g_test_add(path, struct fixture, NULL, set_up, fn, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    FOLDER("/server/store/a-number-stays-with-its-object", test_a_number_stays_with_its_object);
    FOLDER("/server/store/a-number-is-never-used-again", test_a_number_is_never_used_again);
    FOLDER("/server/store/another-object-gets-another-number",
           test_another_object_under_an_old_name_gets_another_number);
    FOLDER("/server/store/back-ends-have-numbers", test_back_ends_have_numbers_of_their_own);
    FOLDER("/server/store/a-folder-has-one-server", test_a_folder_has_one_server);
    FOLDER("/server/store/the-guest-os-is-kept", test_the_guest_os_is_kept);
    g_test_add_func("/server/moref/one-spelling", test_morefs_have_one_spelling);
    FOLDER("/server/sessions/survive-a-restart", test_a_session_survives_a_restart);
    FOLDER("/server/sessions/idle", test_an_idle_session_is_gone);
    FOLDER("/server/sessions/so-many", test_a_user_has_so_many_sessions);
    g_test_add_func("/server/login/right-and-wrong", test_only_the_right_user_with_the_right_password_may_in);
    g_test_add_func("/server/login/guessing", test_who_guesses_has_to_wait_and_others_do_not);
    g_test_add_func("/server/login/ipv6", test_the_addresses_of_one_ipv6_network_are_one_guesser);
    g_test_add_func("/server/login/account", test_an_account_needs_a_name_and_a_password);
    g_test_add_func("/server/login/basic", test_a_basic_header_is_taken_apart);
    FOLDER("/server/tls/made-once", test_a_certificate_is_made_once);
    FOLDER("/server/tls/key-kept", test_a_key_is_never_written_over);
    FOLDER("/server/tls/damaged", test_a_damaged_certificate_is_named);
    g_test_add_func("/server/listen/addresses", test_addresses_are_read_as_people_write_them);
    g_test_add_func("/server/request/query", test_queries_are_decoded_strictly);
    FOLDER("/server/tasks/end", test_a_task_keeps_its_end);
    FOLDER("/server/tasks/trim", test_old_tasks_are_dropped_while_it_runs);
    FOLDER("/server/tasks/dead-process", test_a_task_of_a_dead_process_has_failed);
    FOLDER("/server/inventory/end", test_a_look_under_way_does_not_hold_up_the_end);
    return g_test_run();
}
