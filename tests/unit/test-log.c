/* SPDX-License-Identifier: Apache-2.0 */
#include <polyvirt/log.h>

static void
collect(enum pv_log_level level, const char *component, const char *text, void *data)
{
    g_string_append_printf(data, "%d %s %s\n", level, component, text);
}

static void
test_nothing_is_wanted_without_a_sink(void)
{
    pv_log_set(PV_LOG_TRACE, NULL, NULL, NULL);
    g_assert_false(pv_log_wants(PV_LOG_WARNING, "http"));
    pv_log(PV_LOG_WARNING, "http", "unheard");
}

static void
test_lines_up_to_the_level_reach_the_sink(void)
{
    g_autoptr(GString) lines = g_string_new(NULL);

    pv_log_set(PV_LOG_INFO, NULL, collect, lines);
    pv_log(PV_LOG_WARNING, "http", "a %d", 1);
    pv_log(PV_LOG_INFO, "qmp", "b");
    pv_log(PV_LOG_TRACE, "qmp", "c");
    pv_log_set(0, NULL, NULL, NULL);
    g_assert_cmpstr(lines->str, ==, "1 http a 1\n3 qmp b\n");
}

static void
test_only_the_components_named(void)
{
    g_autoptr(GString) lines = g_string_new(NULL);

    pv_log_set(PV_LOG_TRACE, "http, qmp", collect, lines);
    g_assert_true(pv_log_wants(PV_LOG_TRACE, "http"));
    g_assert_true(pv_log_wants(PV_LOG_TRACE, "qmp"));
    g_assert_false(pv_log_wants(PV_LOG_TRACE, "core"));
    g_assert_false(pv_log_wants(PV_LOG_TRACE, "qm"));
    pv_log_set(0, NULL, NULL, NULL);
}

static void
test_all_components_but_those_with_a_dash(void)
{
    g_autoptr(GString) lines = g_string_new(NULL);

    pv_log_set(PV_LOG_TRACE, "-http", collect, lines);
    g_assert_false(pv_log_wants(PV_LOG_TRACE, "http"));
    g_assert_true(pv_log_wants(PV_LOG_TRACE, "core"));
    pv_log_set(PV_LOG_TRACE, "http,core,-core", collect, lines);
    g_assert_true(pv_log_wants(PV_LOG_TRACE, "http"));
    g_assert_false(pv_log_wants(PV_LOG_TRACE, "core"));
    pv_log_set(0, NULL, NULL, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/nothing-without-a-sink", test_nothing_is_wanted_without_a_sink);
    g_test_add_func("/log/lines-up-to-the-level", test_lines_up_to_the_level_reach_the_sink);
    g_test_add_func("/log/only-the-components-named", test_only_the_components_named);
    g_test_add_func("/log/all-but-those-with-a-dash", test_all_components_but_those_with_a_dash);
    return g_test_run();
}
