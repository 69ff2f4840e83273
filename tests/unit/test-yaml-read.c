/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sample.h"

static sample *
read_yaml(const char *text)
{
    g_autoptr(pv_error) error = NULL;
    void *object = NULL;

    if (pv_yaml_read(text, strlen(text), &sample_desc, &object, &error) < 0)
        g_error("%s", error->message);
    return object;
}

static void
assert_refused_len(const char *text, size_t len, const char *message)
{
    g_autoptr(pv_error) error = NULL;
    void *object = &error;

    say(text);
    g_assert_cmpint(pv_yaml_read(text, len, &sample_desc, &object, &error), ==, PV_ERR_INVALID);
    g_assert_true(object == &error);
    say(error->message);
    g_assert_true(g_str_has_prefix(error->message, message));
    g_assert_null(strchr(error->message, '\n'));
}

static void
assert_refused(const char *text, const char *message)
{
    assert_refused_len(text, strlen(text), message);
}

static void
test_a_document_of_every_kind(void)
{
    g_autoptr(sample) expected = sample_make(), object = NULL;

    object = read_yaml("---\n"
                       "name: web-1   # a comment\n"
                       "flag: true\n"
                       "count: 0x2a\n"
                       "memory: 2GiB\n"
                       "timeout: 1500ms\n"
                       "created: 2026-11-22T20:35:00.123Z\n"
                       "load: 12.5\n"
                       "state: Half-Open\n"
                       "tags: [red, \"blue, dark\"]\n"
                       "main: {label: root, size: 512}\n"
                       "disks:\n"
                       "- label: vda\n"
                       "  size: 1KiB\n"
                       "- label: 'vdb'\n"
                       "  readonly: false\n"
                       "uptime: 90\n"
                       "...\n");
    g_assert_cmpuint(pv_desc_diff(&sample_desc, expected, object, 0, NULL, NULL), ==, 0);
}

static void
test_json_is_yaml(void)
{
    g_autoptr(sample) expected = sample_make(), object = NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    pv_json_write(text, &sample_desc, expected, PV_WRITE_PRETTY);
    object = read_yaml(text->str);
    g_assert_cmpuint(pv_desc_diff(&sample_desc, expected, object, 0, NULL, NULL), ==, 0);
}

static void
test_quotes_make_a_string(void)
{
    static const char *const cases[] = { "true", "null", "~", "5", "1.5", "0x1f", "0o17", ".5", "1e3", "" };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("name: \"%s\"\n", cases[i]);
        g_autoptr(sample) object = read_yaml(text);

        g_assert_cmpstr(object->name, ==, cases[i]);
    }
}

static void
test_words_of_other_schemas_are_strings(void)
{
    static const char *const cases[] = {
        "yes", "on", "off", "n", "1:30", "0b1", "1_000", "+", ".", "e5", "0o8", "0xg",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("name: %s\n", cases[i]);
        g_autoptr(sample) object = read_yaml(text);

        g_assert_cmpstr(object->name, ==, cases[i]);
    }
}

static void
test_numbers_and_truths_without_quotes_are_no_strings(void)
{
    g_autoptr(pv_error) error = NULL;
    void *object;

    assert_refused("name: 5\n", "name: expected a string, got a whole number");
    assert_refused("name: 007\n", "name: expected a string, got a whole number");
    assert_refused("name: 1e3\n", "name: expected a string, got a number");
    assert_refused("name: True\n", "name: expected a string, got true or false");
    assert_refused("flag: yes\n", "flag: expected true or false, got a string");
    pv_yaml_read("name: 5", 7, &sample_desc, &object, &error);
    g_assert_cmpstr(error->hint, ==, "put the value in quotes");
}

static void
test_numbers_out_of_range_are_refused(void)
{
    assert_refused("name: a\ncount: 9223372036854775808\n", "line 2, column 8: a number out of range");
    assert_refused("count: -9223372036854775809\n", "line 1, column 8: a number out of range");
    assert_refused("count: 0xffffffffffffffffff\n", "line 1, column 8: a number out of range");
    assert_refused("load: 1e999\n", "line 1, column 7: a number out of range");
    assert_refused("load: .inf\n", "line 1, column 7: a number out of range");
    assert_refused("load: .NaN\n", "line 1, column 7: a number out of range");
}

static void
test_anchors_aliases_and_tags_are_refused(void)
{
    assert_refused("name: &a x\n", "line 1, column 7: anchors and tags are not taken");
    assert_refused("name: x\ntags: &a [x]\n", "line 2, column 7: anchors and tags are not taken");
    assert_refused("name: *a\n", "line 1, column 7: aliases are not taken");
    assert_refused("*a : x\n", "line 1, column 1: aliases are not taken");
    assert_refused("name: !!str 5\n", "line 1, column 7: anchors and tags are not taken");
    assert_refused("name: !x 5\n", "line 1, column 7: anchors and tags are not taken");
    assert_refused("!!map\nname: x\n", "line 1, column 1: anchors and tags are not taken");
    assert_refused("&k name: x\n", "line 1, column 1: anchors and tags are not taken");
}

static void
test_a_bomb_of_aliases_stays_small(void)
{
    assert_refused("a: &a [x,x,x,x,x,x,x,x,x]\n"
                   "b: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
                   "c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n",
                   "line 1, column 4: anchors and tags are not taken");
}

static void
test_duplicate_keys_are_refused(void)
{
    assert_refused("name: a\nname: b\n", "line 2, column 1: duplicate key \"name\"");
    assert_refused("main: {label: a, \"label\": b}\n", "line 1, column 18: duplicate key \"label\"");
}

static void
test_other_than_one_document_is_refused(void)
{
    assert_refused("name: a\n---\nname: b\n", "line 2, column 1: only one document is taken");
    assert_refused("name: a\n...\n---\n", "line 3, column 1: only one document is taken");
    assert_refused("", "the document is empty");
    assert_refused("# nothing\n\n", "the document is empty");
    assert_refused("---\n...\n", "sample: expected an object, got null");
}

static void
test_keys_must_be_words(void)
{
    assert_refused("? [a]\n: b\n", "line 1, column 3: a key must be a plain word");
    assert_refused("{a: b}: c\n", "line 1, column 1: a key must be a plain word");
    assert_refused("<<: {name: a}\n", "\"<<\" is no member of sample");
}

static void
test_syntax_errors_have_their_place(void)
{
    assert_refused("name: [a\n", "line 2, column 1: not valid YAML");
    assert_refused("name: a\n bad: b\n", "line 2, column 5: not valid YAML");
    assert_refused("\tname: a\n", "line 1, column 1: not valid YAML");
    assert_refused("name: \"a\n", "line 2, column 1: not valid YAML");
    assert_refused("name: @a\n", "line 1, column 7: not valid YAML");
}

static void
test_bad_characters_are_refused(void)
{
    assert_refused("name: \xff\n", "byte 6: not valid YAML");
    assert_refused("name: \x1b[2J\n", "byte 6: not valid YAML: control characters are not allowed");
    assert_refused("name: \"\\0\"\n", "line 1, column 7: a NUL in a string");
    assert_refused("\"na\\0me\": a\n", "line 1, column 1: a NUL in a string");
    assert_refused("name: \"\\ud800\"\n", "line 1, column ");
    assert_refused("\xff\xfen\0a\0", "byte 0: not valid YAML");
    assert_refused_len("name: a\0b\n", 10, "byte 7: not valid YAML");
}

static void
test_deep_nesting_is_refused(void)
{
    static const char *const openings[] = { "[", "- ", "{a: ", "? " };

    for (size_t i = 0; i < G_N_ELEMENTS(openings); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        gint64 start = g_get_monotonic_time();

        while (text->len < (1 << 20))
            g_string_append(text, openings[i]);
        assert_refused(text->str, "line 1, column ");
        g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    }
}

static void
test_one_level_more_than_the_limit_is_refused(void)
{
    g_autofree char *open = g_strnfill(PV_DEPTH_MAX + 1, '['), *close = g_strnfill(PV_DEPTH_MAX + 1, ']');
    g_autofree char *deeper = g_strconcat(open, close, NULL), *deep = g_strconcat(open + 1, close + 1, NULL);

    assert_refused(deep, "sample: expected an object, got a list");
    assert_refused(deeper, "line 1, column 33: nested too deep");
}

static void
test_documents_too_large_are_refused(void)
{
    g_autofree char *spaces = g_strnfill(PV_DOC_MAX + 1, ' ');
    g_autoptr(GString) text = g_string_new("name: ");

    assert_refused(spaces, "the document is larger than 16777216 bytes");
    while (text->len < 6 + PV_TEXT_MAX + 1)
        g_string_append_c(text, 'x');
    assert_refused(text->str, "line 1, column 7: longer than 65536 bytes");
}

static void
test_too_many_values_are_refused(void)
{
    g_autoptr(GString) text = g_string_new("tags:\n");

    while (text->len < 4500000)
        g_string_append(text, "- a\n");
    assert_refused(text->str, "line 1048576, column 3: too many values");
}

static void
test_paths_are_those_of_json(void)
{
    assert_refused("name: a\ndisks:\n- {label: b}\n- {label: c, siez: 1}\n",
                   "disks[1]: \"siez\" is no member of part, the nearest is size");
    assert_refused("name: a\ndisks:\n- {size: 1QiB, label: a}\n", "disks[0].size: \"1QiB\" is not a size");
    assert_refused("- name: a\n", "sample: expected an object, got a list");
}

static void
test_damaged_documents_do_no_harm(void)
{
    static const char text[] = "name: web\ntags: [a, 'b', \"c\\n\"]\n"
                               "disks:\n- label: |\n    x\n  size: 1KiB\nload: 1.5\n";

    for (size_t i = 0; i < strlen(text); i++)
        for (int c = -1; c < 256; c++) {
            g_autofree char *damaged = g_strdup(text);
            void *read = NULL;

            if (c >= 0)
                damaged[i] = (char)c;
            if (pv_yaml_read(damaged, c < 0 ? i : strlen(text), &sample_desc, &read, NULL) == 0)
                sample_free(read);
        }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/yaml-read/every-kind", test_a_document_of_every_kind);
    g_test_add_func("/yaml-read/json-is-yaml", test_json_is_yaml);
    g_test_add_func("/yaml-read/quotes-make-a-string", test_quotes_make_a_string);
    g_test_add_func("/yaml-read/words-of-other-schemas", test_words_of_other_schemas_are_strings);
    g_test_add_func("/yaml-read/no-strings", test_numbers_and_truths_without_quotes_are_no_strings);
    g_test_add_func("/yaml-read/numbers-out-of-range", test_numbers_out_of_range_are_refused);
    g_test_add_func("/yaml-read/anchors-aliases-tags", test_anchors_aliases_and_tags_are_refused);
    g_test_add_func("/yaml-read/bomb", test_a_bomb_of_aliases_stays_small);
    g_test_add_func("/yaml-read/duplicate-keys", test_duplicate_keys_are_refused);
    g_test_add_func("/yaml-read/one-document", test_other_than_one_document_is_refused);
    g_test_add_func("/yaml-read/keys", test_keys_must_be_words);
    g_test_add_func("/yaml-read/syntax", test_syntax_errors_have_their_place);
    g_test_add_func("/yaml-read/bad-characters", test_bad_characters_are_refused);
    g_test_add_func("/yaml-read/deep-nesting", test_deep_nesting_is_refused);
    g_test_add_func("/yaml-read/one-level-more", test_one_level_more_than_the_limit_is_refused);
    g_test_add_func("/yaml-read/too-large", test_documents_too_large_are_refused);
    g_test_add_func("/yaml-read/too-many-values", test_too_many_values_are_refused);
    g_test_add_func("/yaml-read/paths", test_paths_are_those_of_json);
    g_test_add_func("/yaml-read/damaged-documents", test_damaged_documents_do_no_harm);
    return g_test_run();
}
