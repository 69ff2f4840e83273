/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-qmp.h"

#define LONG_MS  20000 /* never reached unless something broke */
#define SHORT_MS 150   /* deadlines that are meant to pass */

static pv_qmp *
open_with(struct fake *fake, void (*script)(struct fake *fake), const struct pv_qmp_options *options)
{
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = task_of(LONG_MS);
    pv_qmp *qmp = NULL;

    fake_start(fake, script);
    pv_qmp_open(&(struct pv_qmp_address)PV_QMP_FD_ADDRESS(fake->client), options, task, &qmp, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
    g_assert_nonnull(qmp);
    return qmp;
}

static pv_qmp *
open_fake(struct fake *fake, void (*script)(struct fake *fake))
{
    return open_with(fake, script, NULL);
}

static void
close_fake(struct fake *fake, pv_qmp *qmp)
{
    pv_qmp_unref(qmp);
    fake_stop(fake);
}

/* Opens and expects a refusal. */
static void
assert_open_fails(void (*script)(struct fake *fake), int64_t greeting_ms, int want, const char *word)
{
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = task_of(LONG_MS);
    const struct pv_qmp_options options = { .greeting_ms = greeting_ms };
    struct fake fake;
    pv_qmp *qmp = NULL;

    fake_start(&fake, script);
    g_assert_cmpint(pv_qmp_open(&(struct pv_qmp_address)PV_QMP_FD_ADDRESS(fake.client), &options, task, &qmp, &error),
                    ==, want);
    g_assert_null(qmp);
    g_assert_cmpint(error->code, ==, want);
    if (!strstr(error->message, word))
        g_error("no '%s' in '%s'", word, error->message);
    fake_stop(&fake);
}

static void
assert_ok(pv_qmp *qmp, const char *command)
{
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = task_of(LONG_MS);

    pv_qmp_execute(qmp, task, command, NULL, NULL, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
}

static void
assert_fails(pv_qmp *qmp, const char *command, int64_t ms, int want, const char *word)
{
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = task_of(ms);
    json_t *value = NULL;

    g_assert_cmpint(pv_qmp_execute(qmp, task, command, NULL, &value, &error), ==, want);
    g_assert_null(value);
    g_assert_cmpint(error->code, ==, want);
    if (!strstr(error->message, word))
        g_error("no '%s' in '%s'", word, error->message);
}

/* ---- greeting ---- */

static void
script_greet(struct fake *fake)
{
    fake_greet(fake);
    fake_linger(fake);
}

static void
test_greeting_tells_the_version(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_greet);
    const struct pv_qmp_greeting *greeting = pv_qmp_get_greeting(qmp);

    g_assert_cmpint(greeting->major, ==, 7);
    g_assert_cmpint(greeting->minor, ==, 2);
    g_assert_cmpint(greeting->micro, ==, 22);
    g_assert_cmpstr(greeting->package, ==, "fake");
    g_assert_true(pv_qmp_is_open(qmp));
    close_fake(&fake, qmp);
}

static void
script_event_before_greeting(struct fake *fake)
{
    fake_say(fake, "{\"event\": \"RESUME\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n");
    fake_greet(fake);
    fake_linger(fake);
}

static void
test_an_event_before_the_greeting_is_no_greeting(void)
{
    struct fake fake;

    close_fake(&fake, open_fake(&fake, script_event_before_greeting));
}

static void
script_event_among_negotiation(struct fake *fake)
{
    json_int_t id;

    fake_say(fake, FAKE_GREETING);
    id = fake_expect(fake, "qmp_capabilities");
    fake_say(fake, "{\"event\": \"STOP\"}\r\n");
    FAKE_OK(id);
    FAKE_OK(fake_expect(fake, "query-name"));
    fake_linger(fake);
}

static void
test_an_event_is_not_taken_for_the_negotiations_reply(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_event_among_negotiation);

    assert_ok(qmp, "query-name");
    close_fake(&fake, qmp);
}

static void
test_a_busy_monitor_is_told_in_time(void)
{
    gint64 begin = g_get_monotonic_time();

    assert_open_fails(fake_linger, SHORT_MS, PV_ERR_BUSY, "another client holds it");
    g_assert_cmpint(g_get_monotonic_time() - begin, <, LONG_MS * 500);
}

static void
script_http(struct fake *fake)
{
    fake_say(fake, "SSH-2.0-OpenSSH_9.2\r\n");
    fake_linger(fake);
}

static void
script_other_json(struct fake *fake)
{
    fake_say(fake, "{\"jsonrpc\": \"2.0\"}\n");
    fake_linger(fake);
}

static void
script_leave(G_GNUC_UNUSED struct fake *fake)
{
}

static void
test_what_is_no_monitor_is_told(void)
{
    assert_open_fails(script_http, LONG_MS, PV_ERR_PROTOCOL, "expected a JSON object");
    assert_open_fails(script_other_json, LONG_MS, PV_ERR_PROTOCOL, "does not speak QMP");
    assert_open_fails(script_leave, LONG_MS, PV_ERR_CONNECT, "no greeting");
}

static void
test_a_missing_socket_is_told(void)
{
    g_autoptr(pv_error) error = NULL;
    pv_qmp *qmp = NULL;

    g_assert_cmpint(pv_qmp_open(&(struct pv_qmp_address)PV_QMP_UNIX_ADDRESS("/nonexistent/x.qmp"), NULL, NULL, &qmp,
                                &error), ==, PV_ERR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "/nonexistent/x.qmp"));
}

/* ---- replies ---- */

static void
script_events_first(struct fake *fake)
{
    json_int_t id;

    fake_greet(fake);
    id = fake_expect(fake, "cont");
    fake_say(fake, "{\"event\": \"RESUME\"}\r\n{\"event\": \"JOB_STATUS_CHANGE\", \"data\": {\"status\": \"null\"}}\r\n");
    FAKE_OK(id);
    id = fake_expect(fake, "query-status");
    fake_say_id(fake, "{\"id\": %lld, \"return\": {\"status\": \"running\"}}", id);
    fake_linger(fake);
}

static void
test_events_before_the_reply_are_not_the_reply(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_events_first);
    json_t *value = NULL;

    assert_ok(qmp, "cont");
    g_assert_cmpint(pv_qmp_execute(qmp, NULL, "query-status", NULL, &value, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(json_object_get(value, "status")), ==, "running");
    json_decref(value);
    close_fake(&fake, qmp);
}

static void
script_foreign_ids(struct fake *fake)
{
    json_int_t id;

    fake_greet(fake);
    id = fake_expect(fake, "query-name");
    fake_say_id(fake, "{\"return\": \"text\", \"id\": \"%lld\"}\r\n", id);
    fake_say(fake, "{\"return\": \"old\", \"id\": 999}{\"return\": \"object\", \"id\": {\"a\": \"\\ud83d\\ude00\"}}");
    fake_say(fake, "{\"return\": \"none\"}{\"return\": \"null\", \"id\": null}");
    fake_say_id(fake, "{\"return\": \"right\", \"id\": %lld}\r\n", id);
    fake_linger(fake);
}

static void
test_only_the_reply_with_our_id_is_ours(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_foreign_ids);
    json_t *value = NULL;

    g_assert_cmpint(pv_qmp_execute(qmp, NULL, "query-name", NULL, &value, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(value), ==, "right");
    json_decref(value);
    close_fake(&fake, qmp);
}

static void
script_late(struct fake *fake)
{
    json_int_t late, id;

    fake_greet(fake);
    late = fake_expect(fake, "query-block");
    id = fake_expect(fake, "query-name");
    fake_say_id(fake, "{\"return\": \"late\", \"id\": %lld}\r\n", late);
    fake_say_id(fake, "{\"return\": \"mine\", \"id\": %lld}\r\n", id);
    fake_linger(fake);
}

static void
test_a_late_reply_is_dropped(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_late);
    json_t *value = NULL;

    assert_fails(qmp, "query-block", SHORT_MS, PV_ERR_TIMEOUT, "query-block");
    g_assert_cmpint(pv_qmp_execute(qmp, NULL, "query-name", NULL, &value, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(value), ==, "mine");
    json_decref(value);
    close_fake(&fake, qmp);
}

static void
script_bytewise(struct fake *fake)
{
    json_int_t id;
    g_autofree char *text = NULL;

    fake_greet(fake);
    id = fake_expect(fake, "query-name");
    text = g_strdup_printf("{\"event\": \"STOP\"}\r\n{\"return\": {\"name\": \"a\\\"}{\"}, \"id\": %lld}\r\n", (long long)id);
    for (const char *at = text; *at; at++)
        fake_raw(fake, at, 1);
    fake_linger(fake);
}

static void
test_one_byte_at_a_time(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_bytewise);
    json_t *value = NULL;

    g_assert_cmpint(pv_qmp_execute(qmp, NULL, "query-name", NULL, &value, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(json_object_get(value, "name")), ==, "a\"}{");
    json_decref(value);
    close_fake(&fake, qmp);
}

static void
script_long(struct fake *fake)
{
    json_int_t id;
    g_autofree char *text = g_strnfill(207000, 's');

    fake_greet(fake);
    id = fake_expect(fake, "query-qmp-schema");
    fake_say(fake, "{\"return\": \"");
    fake_say(fake, text);
    fake_say_id(fake, "\", \"id\": %lld}\r\n", id);
    fake_linger(fake);
}

static void
test_a_long_line_passes(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_long);
    json_t *value = NULL;

    g_assert_cmpint(pv_qmp_execute(qmp, NULL, "query-qmp-schema", NULL, &value, NULL), ==, 0);
    g_assert_cmpuint(json_string_length(value), ==, 207000);
    json_decref(value);
    close_fake(&fake, qmp);
}

static void
test_a_reply_above_the_cap_is_refused(void)
{
    const struct pv_qmp_options options = { .reply_max = 100000 };
    struct fake fake;
    pv_qmp *qmp = open_with(&fake, script_long, &options);

    assert_fails(qmp, "query-qmp-schema", LONG_MS, PV_ERR_PROTOCOL, "longer than 100000");
    g_assert_false(pv_qmp_is_open(qmp));
    assert_fails(qmp, "query-name", LONG_MS, PV_ERR_PROTOCOL, "was not sent");
    close_fake(&fake, qmp);
}

static void
script_errors(struct fake *fake)
{
    fake_greet(fake);
    fake_say_id(fake, "{\"id\": %lld, \"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"Device 'x'\\nnot found.\"}}",
                fake_expect(fake, "device_del"));
    fake_say_id(fake, "{\"id\": %lld, \"error\": {\"class\": 5}}", fake_expect(fake, "balloon"));
    fake_expect(fake, "human");
    fake_say(fake, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\r\n");
    fake_linger(fake);
}

static void
test_qemus_words_are_kept(void)
{
    g_autoptr(pv_error) error = NULL;
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_errors);

    g_assert_cmpint(pv_qmp_execute(qmp, NULL, "device_del", NULL, NULL, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==, "'device_del' failed: Device 'x' not found");
    g_assert_cmpstr(error->native_source, ==, "qmp");
    g_assert_cmpstr(error->native_code, ==, "DeviceNotFound");
    g_assert_cmpstr(error->native_message, ==, "Device 'x'\nnot found.");
    assert_fails(qmp, "balloon", LONG_MS, PV_ERR_FAILED, "no reason given");
    assert_fails(qmp, "human", LONG_MS, PV_ERR_FAILED, "JSON parse error");
    close_fake(&fake, qmp);
}

static void
test_a_bad_command_is_not_sent(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_greet);
    json_t *list = json_array();

    assert_fails(qmp, "stop\",\"x\":\"", LONG_MS, PV_ERR_INVALID, "command name");
    assert_fails(qmp, "", LONG_MS, PV_ERR_INVALID, "command name");
    g_assert_cmpint(pv_qmp_execute(qmp, NULL, "stop", list, NULL, NULL), ==, PV_ERR_INVALID);
    json_decref(list);
    close_fake(&fake, qmp);
}

/* ---- broken connections ---- */

static void
script_cut(struct fake *fake)
{
    fake_greet(fake);
    fake_expect(fake, "stop");
    fake_expect(fake, "query-status");
    fake_say(fake, "{\"return\": {\"stat");
}

static gpointer
query_in_thread(gpointer qmp)
{
    assert_fails(qmp, "query-status", LONG_MS, PV_ERR_CONNECT, "in the middle of a message");
    return NULL;
}

static void
test_a_cut_reply_leaves_changes_unknown_and_fails_queries(void)
{
    g_autoptr(pv_error) error = NULL;
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_cut);
    pv_qmp_call *stop = NULL;
    GThread *other;

    g_assert_cmpint(pv_qmp_submit(qmp, &(struct pv_qmp_command){ .name = "stop" }, &stop, NULL), ==, 0);
    other = g_thread_new("query", query_in_thread, qmp);
    g_assert_cmpint(pv_qmp_call_wait(stop, NULL, NULL, &error), ==, PV_ERR_UNKNOWN);
    g_assert_nonnull(strstr(error->message, "'stop' was sent"));
    g_thread_join(other);
    pv_qmp_call_free(stop);
    g_assert_false(pv_qmp_is_open(qmp));
    close_fake(&fake, qmp);
}

static void
script_garbage(struct fake *fake)
{
    fake_greet(fake);
    fake_expect(fake, "system_reset");
    fake_say(fake, "\x01\x02\x03");
    fake_linger(fake);
}

static void
test_garbage_ends_the_connection(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_garbage);

    assert_fails(qmp, "system_reset", LONG_MS, PV_ERR_UNKNOWN, "byte 0x01");
    assert_fails(qmp, "query-status", LONG_MS, PV_ERR_PROTOCOL, "not sent");
    close_fake(&fake, qmp);
}

static void
test_silence_is_unknown_for_changes_and_timeout_for_queries(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_greet);

    assert_fails(qmp, "stop", SHORT_MS, PV_ERR_UNKNOWN, "out of time");
    assert_fails(qmp, "query-status", SHORT_MS, PV_ERR_TIMEOUT, "out of time");
    close_fake(&fake, qmp);
}

static gpointer
cancel_soon(gpointer task)
{
    g_usleep(SHORT_MS * 1000);
    pv_task_cancel(task);
    return NULL;
}

static void
test_a_wait_can_be_cancelled(void)
{
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = task_of(LONG_MS);
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_greet);
    GThread *other = g_thread_new("cancel", cancel_soon, task);
    gint64 begin = g_get_monotonic_time();

    g_assert_cmpint(pv_qmp_execute(qmp, task, "stop", NULL, NULL, &error), ==, PV_ERR_CANCELLED);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, LONG_MS * 500);
    g_thread_join(other);
    close_fake(&fake, qmp);
}

/* A peer that reads nothing until the client has filled the socket: what was queued goes out later,
 * what was given up unsent never does. */
static gint may_read;

static void
script_slow_reader(struct fake *fake)
{
    char *name;
    json_int_t id;
    unsigned heard = 0;

    fake_greet(fake);
    while (!g_atomic_int_get(&may_read))
        g_usleep(1000);
    while ((name = fake_hear(fake, &id))) {
        g_assert_cmpstr(name, !=, "given-up");
        heard++;
        if (g_str_equal(name, "last"))
            fake_say_id(fake, "{\"return\": {}, \"id\": %lld}", id);
        g_free(name);
    }
    g_assert_cmpuint(heard, >, 2);
}

static void
test_a_full_socket_does_not_block_and_loses_nothing(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_slow_reader);
    g_autofree char *fill = g_strnfill(100000, 'x');
    json_t *arguments = json_pack("{s:s}", "fill", fill);
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func((GDestroyNotify)pv_qmp_call_free);
    const struct pv_qmp_command filler = { .name = "filler", .arguments = arguments };

    for (unsigned i = 0; i < 20; i++) {
        pv_qmp_call *call = NULL;

        g_assert_cmpint(pv_qmp_submit(qmp, &filler, &call, NULL), ==, 0);
        g_ptr_array_add(calls, call);
    }
    assert_fails(qmp, "given-up", SHORT_MS, PV_ERR_TIMEOUT, "was not sent");
    g_atomic_int_set(&may_read, 1);
    assert_ok(qmp, "last");
    g_ptr_array_set_size(calls, 0);
    json_decref(arguments);
    close_fake(&fake, qmp);
}

/* ---- several at once ---- */

static void
script_echo(struct fake *fake)
{
    char *name;
    json_int_t id;

    fake_greet(fake);
    while ((name = fake_hear(fake, &id))) {
        g_autofree char *text = g_strdup_printf("{\"event\": \"TICK\"}{\"return\": \"%s\", \"id\": %lld}", name, (long long)id);

        fake_say(fake, text);
        g_free(name);
    }
}

static gpointer
many_queries(gpointer data)
{
    pv_qmp *qmp = data;
    g_autofree char *name = g_strdup_printf("query-%p", (void *)g_thread_self());

    for (unsigned i = 0; i < 500; i++) {
        json_t *value = NULL;

        g_assert_cmpint(pv_qmp_execute(qmp, NULL, name, NULL, &value, NULL), ==, 0);
        g_assert_cmpstr(json_string_value(value), ==, name);
        json_decref(value);
    }
    return NULL;
}

static void
count_event(const struct pv_qmp_event *event, void *data)
{
    if (event->name)
        g_atomic_int_inc((gint *)data);
}

static void
test_threads_share_one_connection(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_echo);
    GThread *threads[4];
    gint ticks = 0;

    pv_qmp_subscribe(qmp, count_event, &ticks, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("many", many_queries, qmp);
    for (unsigned i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    pv_qmp_subscribe(qmp, NULL, NULL, NULL);
    g_assert_cmpint(ticks, ==, 2000);
    close_fake(&fake, qmp);
}

static void
script_backwards(struct fake *fake)
{
    json_int_t ids[5];

    fake_greet(fake);
    for (unsigned i = 0; i < 5; i++)
        ids[i] = fake_expect(fake, "query-x");
    for (unsigned i = 5; i-- > 0;) {
        g_autofree char *text = g_strdup_printf("{\"return\": %u, \"id\": %lld}", i, (long long)ids[i]);

        fake_say(fake, text);
    }
    fake_linger(fake);
}

static void
test_many_commands_in_flight_find_their_replies(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_backwards);
    pv_qmp_call *calls[5] = { NULL };

    for (unsigned i = 0; i < 5; i++)
        pv_qmp_submit(qmp, &(struct pv_qmp_command){ .name = "query-x" }, &calls[i], NULL);
    for (unsigned i = 0; i < 5; i++) {
        json_t *value = NULL;

        g_assert_cmpint(pv_qmp_call_wait(calls[i], NULL, &value, NULL), ==, 0);
        g_assert_cmpint(json_integer_value(value), ==, i);
        json_decref(value);
        pv_qmp_call_free(calls[i]);
    }
    close_fake(&fake, qmp);
}

/* ---- events ---- */

struct seen {
    GMutex lock;
    GCond more;
    GString *names;
    pv_qmp *qmp;
    int code_inside;
};

static void
see_event(const struct pv_qmp_event *event, void *data)
{
    struct seen *seen = data;

    g_mutex_lock(&seen->lock);
    g_string_append_printf(seen->names, "%s ", event->name ? event->name : "end");
    if (seen->qmp)
        seen->code_inside = pv_qmp_execute(seen->qmp, NULL, "query-status", NULL, NULL, NULL);
    g_cond_signal(&seen->more);
    g_mutex_unlock(&seen->lock);
}

static void
wait_seen(struct seen *seen, const char *want)
{
    gint64 deadline = g_get_monotonic_time() + LONG_MS * 1000;

    g_mutex_lock(&seen->lock);
    while (!g_str_equal(seen->names->str, want) && g_cond_wait_until(&seen->more, &seen->lock, deadline))
        ;
    g_assert_cmpstr(seen->names->str, ==, want);
    g_mutex_unlock(&seen->lock);
}

static void
script_events(struct fake *fake)
{
    json_int_t id;

    fake_greet(fake);
    id = fake_expect(fake, "stop");
    fake_say(fake, "{\"event\": \"STOP\"}{\"event\": \"A\"}");
    FAKE_OK(id);
    fake_say(fake, "{\"event\": \"B\"}");
}

static void
test_events_come_in_order_and_the_end_is_told(void)
{
    struct seen seen = { .names = g_string_new(NULL) };
    const struct pv_qmp_options options = { .event = see_event, .event_data = &seen };
    struct fake fake;
    pv_qmp *qmp = open_with(&fake, script_events, &options);

    assert_ok(qmp, "stop");
    g_assert_true(g_str_has_prefix(seen.names->str, "STOP A ")); /* before the reply, so already told */
    wait_seen(&seen, "STOP A B end ");
    close_fake(&fake, qmp);
    g_string_free(seen.names, TRUE);
}

static void
script_one_event(struct fake *fake)
{
    fake_greet(fake);
    FAKE_OK(fake_expect(fake, "query-name"));
    fake_say(fake, "{\"event\": \"A\"}");
    fake_linger(fake);
}

static void
test_a_callback_cannot_wait_on_its_own_connection(void)
{
    struct seen seen = { .names = g_string_new(NULL) };
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_one_event);

    seen.qmp = qmp;
    pv_qmp_subscribe(qmp, see_event, &seen, NULL);
    assert_ok(qmp, "query-name");
    wait_seen(&seen, "A ");
    pv_qmp_subscribe(qmp, NULL, NULL, NULL);
    g_assert_cmpint(seen.code_inside, ==, PV_ERR_USAGE);
    close_fake(&fake, qmp);
    g_string_free(seen.names, TRUE);
}

static gboolean
job_is_concluded(const struct pv_qmp_event *event, G_GNUC_UNUSED void *data)
{
    return g_strcmp0(json_string_value(json_object_get(event->data, "status")), "concluded") == 0;
}

static void
script_job(struct fake *fake)
{
    json_int_t id;

    fake_greet(fake);
    id = fake_expect(fake, "snapshot-save");
    fake_say(fake, "{\"event\": \"JOB_STATUS_CHANGE\", \"data\": {\"status\": \"running\", \"id\": \"j\"}}");
    fake_say(fake, "{\"event\": \"JOB_STATUS_CHANGE\", \"data\": {\"status\": \"concluded\", \"id\": \"j\"}}");
    FAKE_OK(id);
    fake_linger(fake);
}

static void
test_a_watch_has_the_event_that_overtook_the_reply(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_job);
    pv_qmp_watch *watch = pv_qmp_watch_new(qmp, "JOB_STATUS_CHANGE", job_is_concluded, NULL);
    g_autoptr(pv_task) patient = task_of(LONG_MS), hasty = task_of(SHORT_MS);
    json_t *event = NULL;

    assert_ok(qmp, "snapshot-save");
    g_assert_cmpint(pv_qmp_watch_wait(watch, patient, &event, NULL), ==, 0);
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(event, "data"), "status")), ==, "concluded");
    json_decref(event);
    g_assert_cmpint(pv_qmp_watch_wait(watch, hasty, &event, NULL), ==, PV_ERR_TIMEOUT);
    pv_qmp_watch_free(watch);
    close_fake(&fake, qmp);
}

static void
test_a_watch_ends_with_the_connection(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, fake_greet);
    pv_qmp_watch *watch = pv_qmp_watch_new(qmp, NULL, NULL, NULL);
    g_autoptr(pv_task) task = task_of(LONG_MS);

    g_assert_cmpint(pv_qmp_watch_wait(watch, task, NULL, NULL), ==, PV_ERR_CONNECT);
    pv_qmp_watch_free(watch);
    close_fake(&fake, qmp);
}

/* ---- quit ---- */

static void
script_quit(struct fake *fake)
{
    json_int_t id;

    fake_greet(fake);
    id = fake_expect(fake, "quit");
    fake_say(fake, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": false, \"reason\": \"host-qmp-quit\"}}");
    FAKE_OK(id);
}

static void
script_quit_without_reply(struct fake *fake)
{
    fake_greet(fake);
    fake_expect(fake, "quit");
    fake_say(fake, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": false, \"reason\": \"host-qmp-quit\"}}");
}

static void
script_quit_crash(struct fake *fake)
{
    fake_greet(fake);
    fake_expect(fake, "quit");
}

static void
test_quit_succeeds_when_qemu_went(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_quit);

    g_assert_cmpint(pv_qmp_quit(qmp, NULL, NULL), ==, 0);
    close_fake(&fake, qmp);
    qmp = open_fake(&fake, script_quit_without_reply);
    g_assert_cmpint(pv_qmp_quit(qmp, NULL, NULL), ==, 0);
    close_fake(&fake, qmp);
}

static void
test_quit_without_a_word_is_unknown(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_quit_crash);

    g_assert_cmpint(pv_qmp_quit(qmp, NULL, NULL), ==, PV_ERR_UNKNOWN);
    close_fake(&fake, qmp);
}

/* ---- file descriptors ---- */

static void
script_take_fd(struct fake *fake)
{
    char bytes[512];
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = { .iov_base = bytes, .iov_len = sizeof bytes };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    int fd = -1;

    fake_greet(fake);
    g_assert_cmpint(recvmsg(fake->fd, &message, 0), >, 0);
    g_assert_nonnull(CMSG_FIRSTHDR(&message));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    g_assert_cmpint(write(fd, "here", 4), ==, 4);
    close(fd);
    fake_linger(fake);
}

static void
test_a_file_descriptor_goes_with_its_command(void)
{
    struct fake fake;
    pv_qmp *qmp = open_fake(&fake, script_take_fd);
    pv_qmp_call *call = NULL;
    int pipe_ends[2];
    char bytes[4];

    g_assert_cmpint(pipe(pipe_ends), ==, 0);
    g_assert_cmpint(pv_qmp_submit(qmp, &(struct pv_qmp_command){ .name = "getfd", .fds = &pipe_ends[1], .n_fds = 1 },
                                  &call, NULL), ==, 0);
    close(pipe_ends[1]);
    g_assert_cmpint(read(pipe_ends[0], bytes, sizeof bytes), ==, 4);
    g_assert_cmpint(memcmp(bytes, "here", 4), ==, 0);
    close(pipe_ends[0]);
    pv_qmp_call_free(call);
    close_fake(&fake, qmp);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ROW(name, fn) g_test_add_func("/qmp/" name, fn)
    ROW("greeting-tells-the-version", test_greeting_tells_the_version);
    ROW("an-event-before-the-greeting-is-no-greeting", test_an_event_before_the_greeting_is_no_greeting);
    ROW("an-event-is-not-taken-for-the-negotiations-reply", test_an_event_is_not_taken_for_the_negotiations_reply);
    ROW("a-busy-monitor-is-told-in-time", test_a_busy_monitor_is_told_in_time);
    ROW("what-is-no-monitor-is-told", test_what_is_no_monitor_is_told);
    ROW("a-missing-socket-is-told", test_a_missing_socket_is_told);
    ROW("events-before-the-reply-are-not-the-reply", test_events_before_the_reply_are_not_the_reply);
    ROW("only-the-reply-with-our-id-is-ours", test_only_the_reply_with_our_id_is_ours);
    ROW("a-late-reply-is-dropped", test_a_late_reply_is_dropped);
    ROW("one-byte-at-a-time", test_one_byte_at_a_time);
    ROW("a-long-line-passes", test_a_long_line_passes);
    ROW("a-reply-above-the-cap-is-refused", test_a_reply_above_the_cap_is_refused);
    ROW("qemus-words-are-kept", test_qemus_words_are_kept);
    ROW("a-bad-command-is-not-sent", test_a_bad_command_is_not_sent);
    ROW("a-cut-reply-leaves-changes-unknown-and-fails-queries",
        test_a_cut_reply_leaves_changes_unknown_and_fails_queries);
    ROW("garbage-ends-the-connection", test_garbage_ends_the_connection);
    ROW("silence-is-unknown-for-changes-and-timeout-for-queries",
        test_silence_is_unknown_for_changes_and_timeout_for_queries);
    ROW("a-wait-can-be-cancelled", test_a_wait_can_be_cancelled);
    ROW("a-full-socket-does-not-block-and-loses-nothing", test_a_full_socket_does_not_block_and_loses_nothing);
    ROW("threads-share-one-connection", test_threads_share_one_connection);
    ROW("many-commands-in-flight-find-their-replies", test_many_commands_in_flight_find_their_replies);
    ROW("events-come-in-order-and-the-end-is-told", test_events_come_in_order_and_the_end_is_told);
    ROW("a-callback-cannot-wait-on-its-own-connection", test_a_callback_cannot_wait_on_its_own_connection);
    ROW("a-watch-has-the-event-that-overtook-the-reply", test_a_watch_has_the_event_that_overtook_the_reply);
    ROW("a-watch-ends-with-the-connection", test_a_watch_ends_with_the_connection);
    ROW("quit-succeeds-when-qemu-went", test_quit_succeeds_when_qemu_went);
    ROW("quit-without-a-word-is-unknown", test_quit_without_a_word_is_unknown);
    ROW("a-file-descriptor-goes-with-its-command", test_a_file_descriptor_goes_with_its_command);
    return g_test_run();
}
