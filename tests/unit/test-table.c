/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sample.h"

static GPtrArray *
two_samples(void)
{
    GPtrArray *list = pv_list_new(&sample_desc);
    sample *bare = pv_desc_new(&sample_desc);

    bare->name = g_strdup("db");
    g_ptr_array_add(list, sample_make());
    g_ptr_array_add(list, bare);
    return list;
}

static char *
write_table(const GPtrArray *list, const char *const *columns, unsigned flags, unsigned max_width)
{
    GString *out = g_string_new(NULL);

    pv_table_write(out, &sample_desc, list, columns, flags, max_width);
    return g_string_free(out, FALSE);
}

static GPtrArray *
named(const char *name)
{
    GPtrArray *list = pv_list_new(&sample_desc);
    sample *object = pv_desc_new(&sample_desc);

    object->name = g_strdup(name);
    object->count = 1;
    g_ptr_array_add(list, object);
    return list;
}

static void
test_columns_are_aligned_and_numbers_to_the_right(void)
{
    g_autoptr(GPtrArray) list = two_samples();
    g_autofree char *text = write_table(list, NULL, 0, 0);

    g_assert_cmpstr(text, ==,
                    "NAME   FLAG  COUNT   MEMORY  STATE      LABELS           DISKS\n"
                    "web-1  yes      42  2.0 GiB  half_open  red, blue, dark      2\n"
                    "db     -         -        -  -          -                    -\n");
}

static void
test_wide_adds_columns(void)
{
    g_autoptr(GPtrArray) list = two_samples();
    g_autofree char *text = write_table(list, NULL, PV_WRITE_WIDE, 0);

    g_assert_true(g_str_has_prefix(text, "NAME   FLAG  COUNT   MEMORY  CREATED                 LOAD  STATE"));
}

static void
test_columns_by_name_in_their_order(void)
{
    static const char *const columns[] = { "state", "nonsense", "name", NULL };
    g_autoptr(GPtrArray) list = two_samples();
    g_autofree char *text = write_table(list, columns, 0, 0);

    g_assert_cmpstr(text, ==, "STATE      NAME\nhalf_open  web-1\n-          db\n");
}

static void
test_no_header_when_not_wanted(void)
{
    static const char *const columns[] = { "name", "count", NULL };
    g_autoptr(GPtrArray) list = two_samples();
    g_autofree char *text = write_table(list, columns, PV_WRITE_NO_HEADER, 0);

    g_assert_cmpstr(text, ==, "web-1  42\ndb      -\n");
}

static void
test_an_empty_list_has_its_header(void)
{
    static const char *const columns[] = { "name", "count", NULL };
    g_autofree char *text = write_table(NULL, columns, 0, 0);

    g_assert_cmpstr(text, ==, "NAME  COUNT\n");
}

static void
test_wide_characters_count_two_cells(void)
{
    static const char *const columns[] = { "name", "count", NULL };
    g_autoptr(GPtrArray) list = named("中文");
    g_autofree char *text = NULL;

    g_ptr_array_add(list, pv_desc_new(&sample_desc));
    text = write_table(list, columns, 0, 0);
    g_assert_cmpstr(text, ==, "NAME  COUNT\n中文      1\n-         -\n");
}

static void
test_a_name_sends_no_escapes(void)
{
    static const char *const columns[] = { "name", NULL };
    g_autoptr(GPtrArray) list = named("\x1b]0;owned\x07\n\xc2\x9b" "2J\xff");
    g_autofree char *text = write_table(list, columns, PV_WRITE_NO_HEADER, 0);

    g_assert_cmpstr(text, ==, "\\x1b]0;owned\\x07\\x0a\\xc2\\x9b2J\\xff\n");
}

static void
test_the_widest_text_is_cut_to_fit(void)
{
    static const char *const columns[] = { "name", "count", NULL };
    g_autoptr(GPtrArray) list = named("a-rather-long-name-of-a-machine");
    g_autofree char *cut = write_table(list, columns, 0, 20);
    g_autofree char *ascii = write_table(list, columns, PV_WRITE_ASCII, 20);
    g_autofree char *whole = write_table(list, columns, 0, 38);

    g_assert_cmpstr(cut, ==, "NAME           COUNT\na-rather-lon…      1\n");
    g_assert_cmpstr(ascii, ==, "NAME           COUNT\na-rather-l...      1\n");
    g_assert_cmpstr(whole, ==,
                    "NAME                             COUNT\n"
                    "a-rather-long-name-of-a-machine      1\n");
}

static void
test_a_wide_character_is_not_cut_in_half(void)
{
    static const char *const columns[] = { "name", "count", NULL };
    g_autoptr(GPtrArray) list = named("中文中文中文中文");
    g_autofree char *text = write_table(list, columns, PV_WRITE_NO_HEADER, 13);

    g_assert_cmpstr(text, ==, "中文中文…   1\n");
}

static void
test_no_line_is_longer_than_the_terminal(void)
{
    g_autoptr(GPtrArray) list = two_samples();

    for (unsigned width = 60; width < 80; width++) {
        g_autofree char *text = write_table(list, NULL, 0, width);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **line = lines; *line; line++)
            g_assert_cmpuint(pv_text_cells(*line), <=, width);
    }
}

static void
test_a_terminal_too_narrow_still_gets_the_table(void)
{
    g_autoptr(GPtrArray) list = two_samples();
    g_autofree char *text = write_table(list, NULL, 0, 1);

    g_assert_nonnull(strstr(text, "web-1"));
}

static void
test_a_card_shows_every_member(void)
{
    g_autoptr(sample) object = sample_make();
    g_autoptr(GString) out = g_string_new(NULL);

    pv_card_write(out, &sample_desc, object, 0, 0);
    g_assert_cmpstr(out->str, ==,
                    "Name:     web-1\n"
                    "Flag:     yes\n"
                    "Count:    42\n"
                    "Memory:   2.0 GiB\n"
                    "Timeout:  1.50s\n"
                    "Created:  2026-11-22 20:35:00Z\n"
                    "Load:     12.50%\n"
                    "State:    half_open\n"
                    "Labels:   red, blue, dark\n"
                    "Main:\n"
                    "  Label:    root\n"
                    "  Size:     512 B\n"
                    "  Readonly: -\n"
                    "  Parts:    -\n"
                    "Disks:\n"
                    "  LABEL     SIZE  READONLY\n"
                    "  vda    1.0 KiB  -\n"
                    "  vdb          -  no\n"
                    "Password: -\n"
                    "Uptime:   1m30s\n");
}

static void
test_a_card_sends_no_escapes_and_no_secret(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autoptr(GString) out = g_string_new(NULL);

    object->name = g_strdup("\x1b[2J");
    object->password = g_strdup("hunter2");
    pv_card_write(out, &sample_desc, object, 0, 0);
    g_assert_true(g_str_has_prefix(out->str, "Name:     \\x1b[2J\n"));
    g_assert_nonnull(strstr(out->str, "Password: ***\n"));
}

static void
test_titles_are_spelt_as_their_words(void)
{
    static const struct pv_field fields[] = {
        { .name = "guest_os", .kind = PV_STRING, .offset = 0, .help = "x" },
        { .name = "id", .kind = PV_STRING, .offset = 0, .title = "VM ID", .help = "x" },
        { .name = "cpus", .kind = PV_STRING, .offset = 0, .help = "x" },
        { .name = NULL },
    };
    static const struct pv_desc desc = { "titles", sizeof(char *), fields, "x" };
    char *object = g_strdup("x");
    g_autoptr(GString) out = g_string_new(NULL);

    pv_card_write(out, &desc, &object, 0, 0);
    g_assert_cmpstr(out->str, ==, "Guest OS: x\nVM ID:    x\nCPUs:     x\n");
    g_free(object);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/aligned", test_columns_are_aligned_and_numbers_to_the_right);
    g_test_add_func("/table/wide", test_wide_adds_columns);
    g_test_add_func("/table/columns-by-name", test_columns_by_name_in_their_order);
    g_test_add_func("/table/no-header", test_no_header_when_not_wanted);
    g_test_add_func("/table/empty-list", test_an_empty_list_has_its_header);
    g_test_add_func("/table/wide-characters", test_wide_characters_count_two_cells);
    g_test_add_func("/table/no-escapes", test_a_name_sends_no_escapes);
    g_test_add_func("/table/cut-to-fit", test_the_widest_text_is_cut_to_fit);
    g_test_add_func("/table/not-cut-in-half", test_a_wide_character_is_not_cut_in_half);
    g_test_add_func("/table/no-line-is-longer", test_no_line_is_longer_than_the_terminal);
    g_test_add_func("/table/too-narrow", test_a_terminal_too_narrow_still_gets_the_table);
    g_test_add_func("/card/every-member", test_a_card_shows_every_member);
    g_test_add_func("/card/no-escapes", test_a_card_sends_no_escapes_and_no_secret);
    g_test_add_func("/card/titles", test_titles_are_spelt_as_their_words);
    return g_test_run();
}
