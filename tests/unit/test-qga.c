/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-qmp.h"

#define LONG_MS  20000
#define SHORT_MS 150

/* Hears 0xFF and guest-sync-delimited; the number asked for. */
static json_int_t
hear_sync(struct fake *fake)
{
    char byte = 0;
    const char *text;
    size_t len, room;
    json_t *message = NULL;
    json_int_t number;

    g_assert_cmpint(recv(fake->fd, &byte, 1, 0), ==, 1);
    g_assert_cmpint((unsigned char)byte, ==, 0xff);
    while (pv_json_stream_next(&fake->in, &text, &len, NULL) == 0) {
        char *into = pv_json_stream_room(&fake->in, &room);
        ssize_t got = recv(fake->fd, into, room, 0);

        g_assert_cmpint(got, >, 0);
        pv_json_stream_added(&fake->in, (size_t)got);
    }
    g_assert_cmpint(pv_json_stream_parse(text, len, &message, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(json_object_get(message, "execute")), ==, "guest-sync-delimited");
    number = json_integer_value(json_object_get(json_object_get(message, "arguments"), "id"));
    json_decref(message);
    return number;
}

static void
answer_sync(struct fake *fake)
{
    fake_say_id(fake, "\xff{\"return\": %lld}\n", hear_sync(fake));
}

static int
try_open(struct fake *fake, void (*script)(struct fake *fake), int64_t ms, pv_qga **ret_qga)
{
    g_autoptr(pv_task) task = task_of(ms);

    fake_start(fake, script);
    return pv_qga_open(&(struct pv_qmp_address)PV_QMP_FD_ADDRESS(fake->client), task, ret_qga, NULL);
}

static pv_qga *
open_agent(struct fake *fake, void (*script)(struct fake *fake))
{
    pv_qga *qga = NULL;

    g_assert_cmpint(try_open(fake, script, LONG_MS, &qga), ==, 0);
    return qga;
}

static void
close_agent(struct fake *fake, pv_qga *qga)
{
    pv_qga_free(qga);
    fake_stop(fake);
}

static void
script_stale(struct fake *fake)
{
    json_int_t number = hear_sync(fake), id;

    /* what is left of a client before us: half a reply, an old sync with its delimiter */
    fake_say(fake, "eturn\": {}}\n{\"error\": {}}\xff{\"return\": 12345}\n\xff\xff");
    fake_say_id(fake, "{\"return\": %lld}\n", number);
    id = fake_expect(fake, "guest-get-host-name");
    fake_say(fake, "{\"return\": {\"host-name\": \"old\"}, \"id\": 9999}\n");
    fake_say_id(fake, "{\"return\": {\"host-name\": \"new\"}, \"id\": %lld}\n", id);
    fake_linger(fake);
}

static void
test_old_answers_are_passed_over(void)
{
    struct fake fake;
    pv_qga *qga = open_agent(&fake, script_stale);
    json_t *value = NULL;

    g_assert_cmpint(pv_qga_execute(qga, NULL, "guest-get-host-name", NULL, &value, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(json_object_get(value, "host-name")), ==, "new");
    json_decref(value);
    close_agent(&fake, qga);
}

static void
test_a_silent_agent_is_told_in_time(void)
{
    struct fake fake;
    pv_qga *qga = NULL;

    g_assert_cmpint(try_open(&fake, fake_linger, SHORT_MS, &qga), ==, PV_ERR_TIMEOUT);
    g_assert_null(qga);
    fake_stop(&fake);
}

static void
script_noise(struct fake *fake)
{
    static const char noise[] = "{\"noise\":\xff\xff[[[[[[[[[[\"";

    hear_sync(fake);
    for (unsigned i = 0; i < 200000; i++)
        fake_raw(fake, noise, sizeof noise - 1);
}

static void
test_a_noisy_agent_is_given_up(void)
{
    struct fake fake;
    pv_qga *qga = NULL;

    g_assert_cmpint(try_open(&fake, script_noise, LONG_MS, &qga), <, 0);
    fake_stop(&fake);
}

static void
script_resync(struct fake *fake)
{
    json_int_t late;

    answer_sync(fake);
    late = fake_expect(fake, "guest-get-osinfo");
    /* answers only when it is asked to get in step again */
    json_int_t number = hear_sync(fake);
    fake_say_id(fake, "{\"return\": {\"id\": \"late\"}, \"id\": %lld}\n", late);
    fake_say_id(fake, "\xff{\"return\": %lld}\n", number);
    fake_say_id(fake, "{\"return\": {\"id\": \"right\"}, \"id\": %lld}\n", fake_expect(fake, "guest-get-osinfo"));
    fake_linger(fake);
}

static void
test_after_a_deadline_the_stream_gets_in_step(void)
{
    struct fake fake;
    pv_qga *qga = open_agent(&fake, script_resync);
    g_autoptr(pv_task) hasty = task_of(SHORT_MS);
    json_t *value = NULL;

    g_assert_cmpint(pv_qga_execute(qga, hasty, "guest-get-osinfo", NULL, &value, NULL), ==, PV_ERR_TIMEOUT);
    g_assert_cmpint(pv_qga_execute(qga, NULL, "guest-get-osinfo", NULL, &value, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(json_object_get(value, "id")), ==, "right");
    json_decref(value);
    close_agent(&fake, qga);
}

static void
script_shutdown(struct fake *fake)
{
    answer_sync(fake);
    fake_expect(fake, "guest-shutdown");
    fake_linger(fake);
}

static void
script_shutdown_refused(struct fake *fake)
{
    answer_sync(fake);
    fake_say_id(fake, "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"disabled\"}, \"id\": %lld}\n",
                fake_expect(fake, "guest-shutdown"));
    fake_linger(fake);
}

static void
test_a_command_without_answer_is_sent(void)
{
    struct fake fake;
    pv_qga *qga = open_agent(&fake, script_shutdown);

    g_assert_cmpint(pv_qga_send(qga, NULL, "guest-shutdown", NULL, SHORT_MS, NULL), ==, 0);
    close_agent(&fake, qga);
    qga = open_agent(&fake, script_shutdown_refused);
    g_assert_cmpint(pv_qga_send(qga, NULL, "guest-shutdown", NULL, LONG_MS, NULL), ==, PV_ERR_UNSUPPORTED);
    close_agent(&fake, qga);
}

static void
script_die(struct fake *fake)
{
    answer_sync(fake);
    fake_expect(fake, "guest-exec");
}

static void
test_an_agent_that_dies_leaves_changes_unknown(void)
{
    struct fake fake;
    pv_qga *qga = open_agent(&fake, script_die);

    g_assert_cmpint(pv_qga_execute(qga, NULL, "guest-exec", NULL, NULL, NULL), ==, PV_ERR_UNKNOWN);
    close_agent(&fake, qga);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qga/old-answers-are-passed-over", test_old_answers_are_passed_over);
    g_test_add_func("/qga/a-silent-agent-is-told-in-time", test_a_silent_agent_is_told_in_time);
    g_test_add_func("/qga/a-noisy-agent-is-given-up", test_a_noisy_agent_is_given_up);
    g_test_add_func("/qga/after-a-deadline-the-stream-gets-in-step", test_after_a_deadline_the_stream_gets_in_step);
    g_test_add_func("/qga/a-command-without-answer-is-sent", test_a_command_without_answer_is_sent);
    g_test_add_func("/qga/an-agent-that-dies-leaves-changes-unknown", test_an_agent_that_dies_leaves_changes_unknown);
    return g_test_run();
}
