/* SPDX-License-Identifier: Apache-2.0 */
#include "json-stream.h"

#include <inttypes.h>
#include <string.h>

#define MAX_BYTES 4096
#define MAX_DEPTH 8

static void
feed(struct pv_json_stream *stream, const char *text, size_t len)
{
    size_t room;
    char *into = pv_json_stream_room(stream, &room);

    g_assert_cmpuint(room, >=, len);
    memcpy(into, text, len);
    pv_json_stream_added(stream, len);
}

/* The next object as a string, or NULL when more is needed. */
static char *
next(struct pv_json_stream *stream)
{
    g_autoptr(pv_error) error = NULL;
    const char *text;
    size_t len;
    int got = pv_json_stream_next(stream, &text, &len, &error);

    g_assert_cmpint(got, >=, 0);
    return got ? g_strndup(text, len) : NULL;
}

static void
assert_next(struct pv_json_stream *stream, const char *want)
{
    g_autofree char *got = next(stream);

    g_assert_cmpstr(got, ==, want);
}

static void
assert_refused(const char *text, const char *word)
{
    g_autoptr(pv_error) error = NULL;
    struct pv_json_stream stream;
    const char *object;
    size_t len;

    pv_json_stream_init(&stream, MAX_BYTES, MAX_DEPTH);
    feed(&stream, text, strlen(text));
    g_assert_cmpint(pv_json_stream_next(&stream, &object, &len, &error), ==, PV_ERR_PROTOCOL);
    g_assert_nonnull(strstr(error->message, word));
    pv_json_stream_clear(&stream);
}

static void
test_objects_come_out_whatever_the_cuts(void)
{
    static const char text[] = "{\"a\":\"}\\\"{\"}\r\n {\"b\":[{},[1]]}{\"c\":\"\\\\\"}";
    static const char *const want[] = { "{\"a\":\"}\\\"{\"}", "{\"b\":[{},[1]]}", "{\"c\":\"\\\\\"}", NULL };

    for (size_t cut = 1; cut < sizeof text; cut++) {
        struct pv_json_stream stream;
        size_t found = 0;

        pv_json_stream_init(&stream, MAX_BYTES, MAX_DEPTH);
        for (size_t at = 0; at < sizeof text - 1; at += cut) {
            char *got;

            feed(&stream, text + at, MIN(cut, sizeof text - 1 - at));
            while ((got = next(&stream))) {
                g_assert_cmpstr(got, ==, want[found++]);
                g_free(got);
            }
        }
        g_assert_cmpuint(found, ==, 3);
        g_assert_false(pv_json_stream_is_inside(&stream));
        pv_json_stream_clear(&stream);
    }
}

static void
test_no_newline_is_needed(void)
{
    struct pv_json_stream stream;

    pv_json_stream_init(&stream, MAX_BYTES, MAX_DEPTH);
    feed(&stream, "{}{}", 4);
    assert_next(&stream, "{}");
    assert_next(&stream, "{}");
    assert_next(&stream, NULL);
    pv_json_stream_clear(&stream);
}

static void
test_a_cut_object_is_seen(void)
{
    struct pv_json_stream stream;

    pv_json_stream_init(&stream, MAX_BYTES, MAX_DEPTH);
    feed(&stream, "{\"a\": {\"b\": 1}", 14);
    assert_next(&stream, NULL);
    g_assert_true(pv_json_stream_is_inside(&stream));
    pv_json_stream_clear(&stream);
}

static void
test_what_is_no_object_is_refused(void)
{
    assert_refused("HTTP/1.1 400 Bad Request\r\n", "byte 0x48");
    assert_refused("[1]", "byte 0x5b");
    assert_refused("}", "byte 0x7d");
}

static void
test_limits_hold(void)
{
    g_autofree char *long_text = g_strdup_printf("{\"a\":\"%0*d\"}", MAX_BYTES, 0);
    g_autofree char *unended = g_strdup_printf("{\"a\":\"%0*d", MAX_BYTES, 0);

    assert_refused(long_text, "longer than 4096");
    assert_refused(unended, "longer than 4096");
    assert_refused("{\"a\":[[[[[[[[", "deeper than 8");
}

static void
test_the_longest_object_passes(void)
{
    static const char head[] = "{\"a\":\"", tail[] = "\"}";
    int fill = MAX_BYTES - (int)strlen(head) - (int)strlen(tail);
    g_autofree char *text = g_strdup_printf("%s%0*d%s", head, fill, 0, tail);
    struct pv_json_stream stream;

    pv_json_stream_init(&stream, MAX_BYTES, MAX_DEPTH);
    feed(&stream, text, strlen(text));
    assert_next(&stream, text);
    pv_json_stream_clear(&stream);
}

static void
test_a_grown_buffer_is_given_back(void)
{
    struct pv_json_stream stream;
    size_t room, size = 4u << 20;

    pv_json_stream_init(&stream, 8u << 20, MAX_DEPTH);
    feed(&stream, "{\"a\":\"", 6);
    assert_next(&stream, NULL);
    for (size_t done = 0; done < size; done += PV_JSON_STREAM_READ) {
        memset(pv_json_stream_room(&stream, &room), 'x', PV_JSON_STREAM_READ);
        pv_json_stream_added(&stream, PV_JSON_STREAM_READ);
        assert_next(&stream, NULL);
    }
    feed(&stream, "\"}", 2);
    g_free(next(&stream));
    g_assert_cmpuint(stream.size, >, PV_JSON_STREAM_KEEP);
    pv_json_stream_room(&stream, &room);
    g_assert_cmpuint(stream.size, <=, PV_JSON_STREAM_KEEP);
    pv_json_stream_clear(&stream);
}

static void
test_noise_before_a_delimiter_is_thrown_away(void)
{
    struct pv_json_stream stream;

    pv_json_stream_init(&stream, MAX_BYTES, MAX_DEPTH);
    feed(&stream, "{\"cut\": \"re", 11);
    assert_next(&stream, NULL);
    g_assert_false(pv_json_stream_skip_past(&stream, '\xff'));
    feed(&stream, "ply\"}\xff{\"return\":1}", 18);
    g_assert_true(pv_json_stream_skip_past(&stream, '\xff'));
    assert_next(&stream, "{\"return\":1}");
    pv_json_stream_clear(&stream);
}

/* ---- parsing ---- */

static json_t *
parse(const char *text)
{
    g_autoptr(pv_error) error = NULL;
    json_t *object = NULL;

    g_assert_cmpint(pv_json_stream_parse(text, strlen(text), &object, &error), ==, 0);
    return object;
}

static void
test_extreme_integers_survive(void)
{
    json_t *object = parse("{\"s\":\"18446744073709551615 \\\" 9999999999999999999\",\"u\":18446744073709551615,"
                           "\"h\":9223372036854775808,\"l\":-9223372036854775808,\"m\":9223372036854775807,"
                           "\"f\":1.5e3,\"over\":18446744073709551616,\"under\":-9223372036854775809}");

    g_assert_cmpuint((uint64_t)json_integer_value(json_object_get(object, "u")), ==, UINT64_MAX);
    g_assert_cmpuint((uint64_t)json_integer_value(json_object_get(object, "h")), ==, (uint64_t)INT64_MAX + 1);
    g_assert_cmpint(json_integer_value(json_object_get(object, "l")), ==, INT64_MIN);
    g_assert_cmpint(json_integer_value(json_object_get(object, "m")), ==, INT64_MAX);
    g_assert_cmpfloat(json_real_value(json_object_get(object, "f")), ==, 1500.0);
    g_assert_true(json_is_real(json_object_get(object, "over")));
    g_assert_true(json_is_real(json_object_get(object, "under")));
    g_assert_cmpstr(json_string_value(json_object_get(object, "s")), ==,
                    "18446744073709551615 \" 9999999999999999999");
    json_decref(object);
}

static void
test_broken_json_is_refused(void)
{
    static const char *const bad[] = { "{\"a\":]}", "{\"a\" 1}", "{\"a\":1e999}", "{\"\xff\":1}", "{\"a\":01}",
                                       "{\"a\":99999999999999999999,}", NULL };

    for (size_t i = 0; bad[i]; i++) {
        g_autoptr(pv_error) error = NULL;
        json_t *object = NULL;

        g_assert_cmpint(pv_json_stream_parse(bad[i], strlen(bad[i]), &object, &error), ==, PV_ERR_PROTOCOL);
        g_assert_null(object);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-stream/objects-come-out-whatever-the-cuts", test_objects_come_out_whatever_the_cuts);
    g_test_add_func("/json-stream/no-newline-is-needed", test_no_newline_is_needed);
    g_test_add_func("/json-stream/a-cut-object-is-seen", test_a_cut_object_is_seen);
    g_test_add_func("/json-stream/what-is-no-object-is-refused", test_what_is_no_object_is_refused);
    g_test_add_func("/json-stream/limits-hold", test_limits_hold);
    g_test_add_func("/json-stream/the-longest-object-passes", test_the_longest_object_passes);
    g_test_add_func("/json-stream/a-grown-buffer-is-given-back", test_a_grown_buffer_is_given_back);
    g_test_add_func("/json-stream/noise-before-a-delimiter-is-thrown-away",
                    test_noise_before_a_delimiter_is_thrown_away);
    g_test_add_func("/json-stream/extreme-integers-survive", test_extreme_integers_survive);
    g_test_add_func("/json-stream/broken-json-is-refused", test_broken_json_is_refused);
    return g_test_run();
}
