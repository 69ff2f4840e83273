/* SPDX-License-Identifier: Apache-2.0 */
#include <polyvirt/desc.h>
#include <string.h>

static void
test_safe_shows_controls_as_bytes(void)
{
    static const char *const cases[][2] = {
        { "web-1", "web-1" },
        { "\x1b[31mred\x07", "\\x1b[31mred\\x07" },
        { "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f" },
        { "\xc2\x9b" "31m", "\\xc2\\x9b31m" },         /* C1 control: also begins an escape */
        { "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb" },  /* writing direction turned */
        { "a\xe2\x80\xa8" "b", "a\\xe2\\x80\\xa8b" },  /* line separator */
        { "\xff\xc3", "\\xff\\xc3" },
        { "中文 é 😀", "中文 é 😀" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *safe = pv_text_safe(cases[i][0]);

        g_assert_cmpstr(safe, ==, cases[i][1]);
    }
}

static void
test_cells_count_what_a_screen_shows(void)
{
    g_assert_cmpuint(pv_text_cells(""), ==, 0);
    g_assert_cmpuint(pv_text_cells("web-1"), ==, 5);
    g_assert_cmpuint(pv_text_cells("中文"), ==, 4);
    g_assert_cmpuint(pv_text_cells("e\xcc\x81"), ==, 1); /* combining accent */
    g_assert_cmpuint(pv_text_cells("한국"), ==, 4);
}

static void
test_cells_of_unsafe_text_are_those_of_its_safe_form(void)
{
    static const char *const cases[] = { "\x1b[0m", "\xff", "\xc2\x9b", "a\xe2\x80\xae" };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *safe = pv_text_safe(cases[i]);

        g_assert_cmpuint(pv_text_cells(cases[i]), ==, pv_text_cells(safe));
    }
}

static void
test_nearest_finds_the_slip_of_a_finger(void)
{
    static const char *const names[] = { "memory", "cpus", "name", "guest_os", NULL };

    g_assert_cmpstr(pv_text_nearest("memroy", names), ==, "memory");
    g_assert_cmpstr(pv_text_nearest("cpu", names), ==, "cpus");
    g_assert_cmpstr(pv_text_nearest("Guest-OS", names), ==, "guest_os");
    g_assert_cmpstr(pv_text_nearest("mane", names), ==, "name");
}

static void
test_nearest_is_null_when_none_is_near(void)
{
    static const char *const names[] = { "memory", "cpus", NULL };
    g_autofree char *longest = g_strnfill(100000, 'm');

    g_assert_null(pv_text_nearest("network", names));
    g_assert_null(pv_text_nearest("", names));
    g_assert_null(pv_text_nearest("x", names));
    g_assert_null(pv_text_nearest(longest, names));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/safe-shows-controls-as-bytes", test_safe_shows_controls_as_bytes);
    g_test_add_func("/text/cells", test_cells_count_what_a_screen_shows);
    g_test_add_func("/text/cells-of-unsafe-text", test_cells_of_unsafe_text_are_those_of_its_safe_form);
    g_test_add_func("/text/nearest", test_nearest_finds_the_slip_of_a_finger);
    g_test_add_func("/text/nearest-is-null", test_nearest_is_null_when_none_is_near);
    return g_test_run();
}
