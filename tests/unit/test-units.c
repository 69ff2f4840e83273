/* SPDX-License-Identifier: Apache-2.0 */
#include <polyvirt/desc.h>
#include <string.h>

struct reading {
    const char *text;
    int64_t value;
};

static void
test_sizes_are_read_with_their_units(void)
{
    static const struct reading cases[] = {
        { "0", 0 },
        { "1000", 1000 },
        { "7B", 7 },
        { "20GiB", INT64_C(20) << 30 },
        { "512M", INT64_C(512) << 20 },
        { "1.5g", INT64_C(3) << 29 },
        { "2.0 GiB", INT64_C(2) << 30 },
        { "10KB", 10000 },
        { "1tb", INT64_C(1000000000000) },
        { "7EiB", INT64_C(7) << 60 },
        { "9223372036854775807", INT64_MAX },
        { "0.5000000000000000000000000001k", 512 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t bytes = -1;

        g_assert_cmpint(pv_size_parse(cases[i].text, &bytes, NULL), ==, 0);
        g_assert_cmpint(bytes, ==, cases[i].value);
    }
}

static void
test_what_is_no_size_is_refused(void)
{
    static const char *const cases[] = {
        "", " ", "G", "-1", "+1", "1.5", "1.5B", "1.", "1.G", ".5G", "1 2", "1GiBs", "1  G", "1G ", "0x10",
        "1e3", "nan", "8EiB", "9223372036854775808", "99999999999999999999999999", "1,5G", "1QiB", "１G",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(pv_error) error = NULL;
        int64_t bytes = -1;

        g_assert_cmpint(pv_size_parse(cases[i], &bytes, &error), ==, PV_ERR_INVALID);
        g_assert_cmpint(bytes, ==, -1);
        g_assert_nonnull(error->hint);
    }
}

static void
test_a_bad_value_is_quoted_short_and_safe(void)
{
    g_autofree char *longest = g_strnfill(1 << 20, 'x');
    g_autoptr(pv_error) error = NULL, escape = NULL;
    int64_t bytes;

    pv_size_parse(longest, &bytes, &error);
    g_assert_cmpuint(strlen(error->message), <, 100);
    pv_size_parse("\x1b[2J", &bytes, &escape);
    g_assert_nonnull(strstr(escape->message, "\\x1b[2J"));
}

static void
test_sizes_are_shown_for_people(void)
{
    static const struct reading cases[] = {
        { "0 B", 0 },
        { "1023 B", 1023 },
        { "1.0 KiB", 1024 },
        { "2.0 GiB", INT64_C(2) << 30 },
        { "1.5 TiB", INT64_C(3) << 39 },
        { "1.0 MiB", (1 << 20) - 1 },
        { "8.0 EiB", INT64_MAX },
        { "-1.0 KiB", -1024 },
        { "-", PV_UNSET_INT },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = pv_size_text(cases[i].value);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_durations_are_read_with_their_units(void)
{
    static const struct reading cases[] = {
        { "90", 90000 },
        { "90s", 90000 },
        { "250ms", 250 },
        { "1.5s", 1500 },
        { "5m", 300000 },
        { "2h", 7200000 },
        { "1d", 86400000 },
        { "0", 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t ms = -1;

        g_assert_cmpint(pv_duration_parse(cases[i].text, &ms, NULL), ==, 0);
        g_assert_cmpint(ms, ==, cases[i].value);
    }
}

static void
test_what_is_no_duration_is_refused(void)
{
    static const char *const cases[] = { "", "s", "-5", "5w", "5 m 3", "9223372036854775807d", "1.5ms", "x" };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t ms = -1;

        g_assert_cmpint(pv_duration_parse(cases[i], &ms, NULL), ==, PV_ERR_INVALID);
        g_assert_cmpint(ms, ==, -1);
    }
}

static void
test_times_are_written_in_utc(void)
{
    static const struct reading cases[] = {
        { "2026-11-22T20:35:00.123Z", INT64_C(1795379700123000) },
        { "2026-11-22T20:35:00Z", INT64_C(1795379700000999) },
        { "1970-01-01T00:00:00Z", 0 },
        { "1969-12-31T23:59:59.999Z", -1 },
        { "-", PV_UNSET_INT },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = pv_time_text(cases[i].value);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_times_at_the_ends_of_the_range_have_a_text(void)
{
    g_autofree char *first = pv_time_text(INT64_MIN + 1), *last = pv_time_text(INT64_MAX);

    g_assert_cmpstr(first, ==, "-290308-12-21T19:59:05.224Z");
    g_assert_cmpstr(last, ==, "294247-01-10T04:00:54.775Z");
}

static void
test_times_are_read_with_offset_and_fraction(void)
{
    static const struct reading cases[] = {
        { "2026-11-22T20:35:00Z", INT64_C(1795379700000000) },
        { "2026-11-22t20:35:00.123Z", INT64_C(1795379700123000) },
        { "2026-11-22 21:35:00+01:00", INT64_C(1795379700000000) },
        { "1969-12-31T23:59:59.999Z", -1000 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t usec = 1;

        g_test_message("%s", cases[i].text);
        g_assert_cmpint(pv_time_parse(cases[i].text, &usec, NULL), ==, 0);
        g_assert_cmpint(usec, ==, cases[i].value);
    }
}

static void
test_every_millisecond_reads_back(void)
{
    for (int64_t ms = 0; ms < 1000; ms++) {
        int64_t usec = INT64_C(1795379700000000) + ms * 1000, back = 0;
        g_autofree char *text = pv_time_text(usec);

        g_assert_cmpint(pv_time_parse(text, &back, NULL), ==, 0);
        g_assert_cmpint(back, ==, usec);
    }
}

static void
test_what_is_no_time_is_refused(void)
{
    static const char *const cases[] = {
        "", "now", "2026-11-22", "2026-11-22T20:35:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-11-22T25:00:00Z", "1795379700", "2026-11-22T20:35:00Zx", "2026-W47-7T20:35:00Z",
        "20261122T203500Z",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t usec = 1;

        g_test_message("%s", cases[i]);
        g_assert_cmpint(pv_time_parse(cases[i], &usec, NULL), ==, PV_ERR_INVALID);
        g_assert_cmpint(usec, ==, 1);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/units/sizes-read", test_sizes_are_read_with_their_units);
    g_test_add_func("/units/sizes-refused", test_what_is_no_size_is_refused);
    g_test_add_func("/units/bad-value-quoted", test_a_bad_value_is_quoted_short_and_safe);
    g_test_add_func("/units/sizes-shown", test_sizes_are_shown_for_people);
    g_test_add_func("/units/durations-read", test_durations_are_read_with_their_units);
    g_test_add_func("/units/durations-refused", test_what_is_no_duration_is_refused);
    g_test_add_func("/units/times-written", test_times_are_written_in_utc);
    g_test_add_func("/units/times-at-the-ends", test_times_at_the_ends_of_the_range_have_a_text);
    g_test_add_func("/units/times-read", test_times_are_read_with_offset_and_fraction);
    g_test_add_func("/units/every-millisecond", test_every_millisecond_reads_back);
    g_test_add_func("/units/times-refused", test_what_is_no_time_is_refused);
    return g_test_run();
}
