/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <polyvirt/task.h>

static int
succeed(G_GNUC_UNUSED pv_task *task, void *data, G_GNUC_UNUSED pv_error **error)
{
    *(int *)data += 1;
    return 0;
}

static int
lose_the_answer(G_GNUC_UNUSED pv_task *task, G_GNUC_UNUSED void *data, pv_error **error)
{
    return pv_error_set(error, PV_ERR_UNKNOWN, "the connection broke");
}

static int
sleep_long(pv_task *task, G_GNUC_UNUSED void *data, pv_error **error)
{
    return pv_task_sleep(task, 60000, error);
}

static void
test_work_that_succeeds_ends_ok(void)
{
    g_autoptr(pv_task) task = pv_task_new("vm.start", "a");
    int runs = 0;

    pv_task_start(task, succeed, &runs);
    g_assert_cmpint(pv_task_wait(task, 10000, NULL), ==, 0);
    g_assert_cmpint(pv_task_state(task), ==, PV_TASK_OK);
    g_assert_cmpint(runs, ==, 1);
}

static void
test_a_lost_answer_ends_unknown(void)
{
    g_autoptr(pv_task) task = pv_task_new("vm.start", "a");
    g_autoptr(pv_error) error = NULL;
    struct pv_task_info *info;

    g_assert_cmpint(pv_task_run(task, lose_the_answer, NULL, &error), ==, PV_ERR_UNKNOWN);
    g_assert_cmpint(pv_task_state(task), ==, PV_TASK_UNKNOWN);
    info = pv_task_get_info(task);
    g_assert_cmpstr(info->error, ==, "the connection broke");
    g_assert_cmpstr(info->error_code, ==, "unknown");
    pv_desc_free(&pv_task_info_desc, info);
}

static void
test_cancel_wakes_a_sleeper_at_once(void)
{
    g_autoptr(pv_task) task = pv_task_new("vm.wait", "a");
    gint64 begun = g_get_monotonic_time();

    pv_task_start(task, sleep_long, NULL);
    pv_task_cancel(task);
    g_assert_cmpint(pv_task_wait(task, 10000, NULL), ==, PV_ERR_CANCELLED);
    g_assert_cmpint(pv_task_state(task), ==, PV_TASK_CANCELLED);
    g_assert_cmpint(g_get_monotonic_time() - begun, <, 10 * G_USEC_PER_SEC);
}

static void
test_a_deadline_ends_a_sleep(void)
{
    g_autoptr(pv_task) task = pv_task_new("vm.wait", "a");

    pv_task_set_timeout(task, 20);
    g_assert_cmpint(pv_task_run(task, sleep_long, NULL, NULL), ==, PV_ERR_TIMEOUT);
    g_assert_cmpint(pv_task_remaining_ms(task), ==, 0);
}

static void
test_a_part_is_cancelled_with_its_whole(void)
{
    g_autoptr(pv_task) whole = pv_task_new("vm.start", NULL);
    g_autoptr(pv_task) part = pv_task_child(whole, "vm.start", "a");
    g_autoptr(pv_task) late = NULL;

    g_assert_false(pv_task_is_cancelled(part));
    pv_task_cancel(whole);
    g_assert_true(pv_task_is_cancelled(part));
    late = pv_task_child(whole, "vm.start", "b");
    g_assert_true(pv_task_is_cancelled(late));
}

static void
test_a_part_gets_no_later_deadline_than_its_whole(void)
{
    g_autoptr(pv_task) whole = pv_task_new("vm.start", NULL);
    g_autoptr(pv_task) part = NULL;

    pv_task_set_timeout(whole, 1000);
    part = pv_task_child(whole, "vm.start", "a");
    pv_task_set_timeout(part, 60000);
    g_assert_cmpint(pv_task_remaining_ms(part), <=, 1000);
    pv_task_set_timeout(part, 0);
    g_assert_cmpint(pv_task_remaining_ms(part), <=, 1000);
}

static void
note_progress(pv_task *task, void *data)
{
    struct pv_task_info *info = pv_task_get_info(task);

    *(double *)data = info->progress;
    pv_desc_free(&pv_task_info_desc, info);
}

static void
test_progress_of_a_part_reaches_the_whole(void)
{
    g_autoptr(pv_task) whole = pv_task_new("vm.clone", NULL);
    g_autoptr(pv_task) part = pv_task_child(whole, "vm.clone", "a");
    double progress = 0;

    pv_task_watch(whole, note_progress, &progress);
    pv_task_progress(part, 25, 100, "bytes");
    g_assert_cmpfloat(progress, ==, 25.0);
}

struct tally {
    gint calls[100];
    gint running, most;
};

static void
count_call(unsigned i, void *data)
{
    struct tally *tally = data;
    gint running = g_atomic_int_add(&tally->running, 1) + 1;

    if (running > g_atomic_int_get(&tally->most))
        g_atomic_int_set(&tally->most, running);
    g_atomic_int_inc(&tally->calls[i]);
    g_usleep(1000);
    g_atomic_int_add(&tally->running, -1);
}

static void
test_for_each_calls_every_index_once_within_its_width(void)
{
    struct tally tally = { 0 };

    pv_pool_for_each(100, 4, count_call, &tally);
    for (unsigned i = 0; i < 100; i++)
        g_assert_cmpint(tally.calls[i], ==, 1);
    g_assert_cmpint(tally.most, <=, 4);
}

static void
nest(G_GNUC_UNUSED unsigned i, void *data)
{
    struct tally tally = { 0 };

    pv_pool_for_each(20, 20, count_call, &tally);
    g_atomic_int_inc((gint *)data);
}

static void
test_nested_use_does_not_starve(void)
{
    gint done = 0;

    pv_pool_for_each(2 * PV_POOL_THREADS, 2 * PV_POOL_THREADS, nest, &done);
    g_assert_cmpint(done, ==, 2 * PV_POOL_THREADS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/task/work-that-succeeds-ends-ok", test_work_that_succeeds_ends_ok);
    g_test_add_func("/task/a-lost-answer-ends-unknown", test_a_lost_answer_ends_unknown);
    g_test_add_func("/task/cancel-wakes-a-sleeper-at-once", test_cancel_wakes_a_sleeper_at_once);
    g_test_add_func("/task/a-deadline-ends-a-sleep", test_a_deadline_ends_a_sleep);
    g_test_add_func("/task/a-part-is-cancelled-with-its-whole", test_a_part_is_cancelled_with_its_whole);
    g_test_add_func("/task/a-part-gets-no-later-deadline-than-its-whole",
                    test_a_part_gets_no_later_deadline_than_its_whole);
    g_test_add_func("/task/progress-of-a-part-reaches-the-whole", test_progress_of_a_part_reaches_the_whole);
    g_test_add_func("/task/for-each-calls-every-index-once-within-its-width",
                    test_for_each_calls_every_index_once_within_its_width);
    g_test_add_func("/task/nested-use-does-not-starve", test_nested_use_does_not_starve);
    return g_test_run();
}
