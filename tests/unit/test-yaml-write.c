/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sample.h"

static char *
write_yaml(const sample *object)
{
    GString *out = g_string_new(NULL);

    pv_yaml_write(out, &sample_desc, object);
    return g_string_free(out, FALSE);
}

static void
test_every_kind_is_written(void)
{
    g_autoptr(sample) object = sample_make();
    g_autofree char *text = write_yaml(object);

    g_assert_cmpstr(text, ==,
                    "name: web-1\nflag: true\ncount: 42\nmemory: 2147483648\ntimeout: 1500\n"
                    "created: \"2026-11-22T20:35:00.123Z\"\nload: 12.5\nstate: half_open\n"
                    "tags:\n- red\n- \"blue, dark\"\nmain:\n  label: root\n  size: 512\n"
                    "disks:\n- label: vda\n  size: 1024\n- label: vdb\n  readonly: false\nuptime: 90\n");
}

static void
test_every_kind_reads_back_as_written(void)
{
    g_autoptr(sample) object = sample_make(), back = NULL;
    g_autofree char *text = write_yaml(object);
    void *read = NULL;

    g_assert_cmpint(pv_yaml_read(text, strlen(text), &sample_desc, &read, NULL), ==, 0);
    back = read;
    g_assert_cmpuint(pv_desc_diff(&sample_desc, object, back, 0, NULL, NULL), ==, 0);
}

static void
assert_string_survives(const char *string)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc), back = NULL;
    g_autoptr(pv_error) error = NULL;
    g_autofree char *text = NULL;
    void *read = NULL;

    object->name = g_strdup(string);
    text = write_yaml(object);
    if (pv_yaml_read(text, strlen(text), &sample_desc, &read, &error) < 0)
        g_error("%s of %s", error->message, text);
    back = read;
    g_assert_cmpstr(back->name, ==, string);
}

static void
test_awkward_strings_read_back_as_written(void)
{
    static const char *const strings[] = {
        "", " ", "a ", " a", "~", "null", "No", "true", "5", "1e3", "0x1", "12:34:56", "- a", "a: b", "a:",
        "a #b", "#a", "&a", "*a", "!a", "%a", "@a", "`a", "'a'", "\"a\"", "[a]", "{a}", "a\nb", "a\nb\n",
        "a\n\n", "\na", "a \nb", " a\nb", "a\n  b\n", "a\tb", "a\r\nb", "a\x1b[2J", "\xc2\x85",
        "\xe2\x80\xa8", "\xef\xbb\xbf" "a", "---", "---\na", "...", "a\n---\nb\n", "中文", "中文\n한국\n", "😀",
        "\x7f", "\xc2\x9b", "qemu:///system", "/a b/c", "<<", "=", "\\", "a\\nb", "?", "? a", "|", ">",
        "a,b", "-", "2026-11-22", "a\n\tb", "\t",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
        assert_string_survives(strings[i]);
}

static void
test_every_pair_of_ascii_reads_back(void)
{
    for (int i = 1; i < 128; i++)
        for (int j = 0; j < 128; j++) {
            char string[] = { (char)i, (char)j, '\0' };

            assert_string_survives(string);
        }
}

static void
test_lines_stand_in_a_block(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->name = g_strdup("first\nsecond\n");
    text = write_yaml(object);
    g_assert_cmpstr(text, ==, "name: |\n  first\n  second\n");
}

static void
test_no_control_goes_out_raw(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->name = g_strdup("\x1b[2J\xc2\x9b");
    text = write_yaml(object);
    g_assert_cmpstr(text, ==, "name: \"\\e[2J\\x9B\"\n");
}

static void
test_bad_utf8_is_replaced(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->name = g_strdup("a\xff");
    text = write_yaml(object);
    g_assert_cmpstr(text, ==, "name: \"a\xef\xbf\xbd\"\n");
}

static void
test_a_secret_is_hidden(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->password = g_strdup("hunter2");
    text = write_yaml(object);
    g_assert_cmpstr(text, ==, "password: \"***\"\n");
}

static void
test_lists_of_none_and_many(void)
{
    g_autoptr(GPtrArray) list = pv_list_new(&part_desc);
    g_autoptr(GString) out = g_string_new(NULL);

    pv_yaml_write_list(out, &part_desc, list);
    g_assert_cmpstr(out->str, ==, "[]\n");
    g_string_truncate(out, 0);
    g_ptr_array_add(list, part_make("a", 1));
    g_ptr_array_add(list, pv_desc_new(&part_desc));
    pv_yaml_write_list(out, &part_desc, list);
    g_assert_cmpstr(out->str, ==, "- label: a\n  size: 1\n- {}\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/yaml-write/every-kind", test_every_kind_is_written);
    g_test_add_func("/yaml-write/every-kind-reads-back", test_every_kind_reads_back_as_written);
    g_test_add_func("/yaml-write/awkward-strings", test_awkward_strings_read_back_as_written);
    g_test_add_func("/yaml-write/every-pair-of-ascii", test_every_pair_of_ascii_reads_back);
    g_test_add_func("/yaml-write/block", test_lines_stand_in_a_block);
    g_test_add_func("/yaml-write/no-control", test_no_control_goes_out_raw);
    g_test_add_func("/yaml-write/bad-utf8", test_bad_utf8_is_replaced);
    g_test_add_func("/yaml-write/secret", test_a_secret_is_hidden);
    g_test_add_func("/yaml-write/lists", test_lists_of_none_and_many);
    return g_test_run();
}
