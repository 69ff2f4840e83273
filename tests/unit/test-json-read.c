/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sample.h"

static sample *
read_json(const char *text)
{
    g_autoptr(pv_error) error = NULL;
    void *object = NULL;

    if (pv_json_read(text, strlen(text), &sample_desc, &object, &error) < 0)
        g_error("%s", error->message);
    return object;
}

/* Refused, with a message that begins so; nothing is returned. */
static void
assert_refused_len(const char *text, size_t len, const char *message)
{
    g_autoptr(pv_error) error = NULL;
    void *object = &error;

    say(text);
    g_assert_cmpint(pv_json_read(text, len, &sample_desc, &object, &error), ==, PV_ERR_INVALID);
    g_assert_true(object == &error);
    say(error->message);
    g_assert_true(g_str_has_prefix(error->message, message));
    g_assert_null(strchr(error->message, '\n'));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void
assert_refused(const char *text, const char *message)
{
    assert_refused_len(text, strlen(text), message);
}

static void
test_every_kind_reads_back_as_written(void)
{
    g_autoptr(sample) object = sample_make(), back = NULL;
    g_autoptr(GString) text = g_string_new(NULL), again = g_string_new(NULL);

    pv_json_write(text, &sample_desc, object, PV_WRITE_PRETTY);
    back = read_json(text->str);
    pv_json_write(again, &sample_desc, back, PV_WRITE_PRETTY);
    g_assert_cmpstr(text->str, ==, again->str);
    g_assert_cmpint(back->created, ==, object->created);
}

static void
test_members_not_there_stay_unset(void)
{
    g_autoptr(sample) object = read_json("{\"name\":\"a\",\"count\":null}");

    g_assert_cmpint(object->count, ==, PV_UNSET_INT);
    g_assert_cmpint(object->flag, ==, PV_UNSET_BOOL);
    g_assert_null(object->disks);
}

static void
test_sizes_and_spans_may_be_text(void)
{
    g_autoptr(sample) object = read_json("{\"name\":\"a\",\"memory\":\"2GiB\","
                                         "\"timeout\":\"5m\",\"uptime\":\"2h\"}");

    g_assert_cmpint(object->memory, ==, INT64_C(2) << 30);
    g_assert_cmpint(object->timeout, ==, 300000);
    g_assert_cmpint(object->uptime, ==, 7200);
}

static void
test_text_without_a_nul_behind_it(void)
{
    g_autofree char *text = g_memdup2("{\"name\":\"a\"}", 12);
    void *object = NULL;

    g_assert_cmpint(pv_json_read(text, 12, &sample_desc, &object, NULL), ==, 0);
    sample_free(object);
}

static void
test_an_integer_is_a_number_with_fraction_too(void)
{
    g_autoptr(sample) object = read_json("{\"name\":\"a\",\"load\":5}");

    g_assert_cmpfloat(object->load, ==, 5.0);
}

static void
test_wrong_types_are_refused_with_their_path(void)
{
    assert_refused("[]", "sample: expected an object, got a list");
    assert_refused("5", "sample: expected an object, got a whole number");
    assert_refused("{\"name\":5}", "name: expected a string, got a whole number");
    assert_refused("{\"name\":[\"a\"]}", "name: expected a string, got a list");
    assert_refused("{\"flag\":\"true\"}", "flag: expected true or false, got a string");
    assert_refused("{\"flag\":1}", "flag: expected true or false");
    assert_refused("{\"count\":1.5}", "count: expected a whole number, got a number with a fraction");
    assert_refused("{\"count\":1.0}", "count: expected a whole number, got a number with a fraction");
    assert_refused("{\"count\":\"1\"}", "count: expected a whole number, got a string");
    assert_refused("{\"load\":\"1\"}", "load: expected a number, got a string");
    assert_refused("{\"state\":1}", "state: expected a string");
    assert_refused("{\"created\":1}", "created: expected a time as string");
    assert_refused("{\"tags\":\"a\"}", "tags: expected a list, got a string");
    assert_refused("{\"tags\":[\"a\",null]}", "tags[1]: expected a string, got null");
    assert_refused("{\"main\":[]}", "main: expected an object, got a list");
    assert_refused("{\"disks\":{}}", "disks: expected a list, got an object");
    assert_refused("{\"disks\":[{\"label\":\"a\"},null]}", "disks[1]: expected an object, got null");
    assert_refused("{\"disks\":[{\"label\":\"a\",\"parts\":[{\"size\":[]}]}]}",
                   "disks[0].parts[0].size: expected");
}

static void
test_unknown_members_are_refused_with_the_nearest(void)
{
    assert_refused("{\"nmae\":\"a\"}", "\"nmae\" is no member of sample, the nearest is name");
    assert_refused("{\"main\":{\"siez\":1}}", "main: \"siez\" is no member of part, the nearest is size");
    assert_refused("{\"disks\":[{\"x\":1}]}", "disks[0]: \"x\" is no member of part");
    assert_refused("{\"\":1}", "\"\" is no member of sample");
    assert_refused("{\"\\u001b[2J\":1}", "\"\\x1b[2J\" is no member of sample");
}

static void
test_required_members_are_missed(void)
{
    assert_refused("{}", "name: required");
    assert_refused("{\"name\":null}", "name: required");
    assert_refused("{\"name\":\"a\",\"disks\":[{\"label\":\"b\"},{}]}", "disks[1].label: required");
}

static void
test_values_out_of_range_are_refused(void)
{
    assert_refused("{\"name\":\"a\",\"count\":0}", "count: 0 is not between 1 and 1000");
    assert_refused("{\"name\":\"a\",\"count\":1001}", "count: 1001 is not between 1 and 1000");
    assert_refused("{\"name\":\"a\",\"memory\":-9223372036854775808}",
                   "memory: -9223372036854775808 is out of range");
    assert_refused("{\"name\":\"a\",\"memory\":\"9EiB\"}", "memory: \"9EiB\" is not a size");
    assert_refused("{\"name\":\"a\",\"memory\":\"\"}", "memory: \"\" is not a size");
    assert_refused("{\"name\":\"a\",\"state\":\"offf\"}", "state: \"offf\" is not one of on, off, half_open");
    assert_refused("{\"name\":\"a\",\"created\":\"today\"}", "created: \"today\" is not a time");
    assert_refused("{\"name\":\"a\",\"main\":{\"label\":\"12345678901234567\"}}",
                   "main.label: longer than 16 bytes");
    assert_refused("{\"name\":\"a\",\"tags\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
                   "tags: more than 8 items");
    assert_refused("{\"disks\":[{},{},{},{},{}]}", "disks: more than 4 items");
}

static void
test_numbers_too_big_are_refused(void)
{
    assert_refused("{\"name\":\"a\",\"count\":9223372036854775808}", "line 1, column ");
    assert_refused("{\"name\":\"a\",\"load\":1e999}", "line 1, column ");
}

static void
test_what_is_no_json_is_refused_with_its_place(void)
{
    assert_refused("", "line 1, column 0: not valid JSON");
    assert_refused("{\"name\":\n\"a\",}", "line 2, column 5: not valid JSON");
    assert_refused("{\"name\":\"a\"} x", "line 1, column ");
    assert_refused("{\"name\":'a'}", "line 1, column ");
    assert_refused("{\"name\":\"a", "line 1, column ");
    assert_refused("{\"a\":1,\"a\":2}", "line 1, column ");
    assert_refused("{\"name\":NaN}", "line 1, column ");
    assert_refused("]]]]", "line 1, column ");
}

static void
test_bad_characters_are_refused(void)
{
    assert_refused("{\"name\":\"\xff\"}", "line 1, column ");
    assert_refused("{\"name\":\"\xed\xa0\x80\"}", "line 1, column ");
    assert_refused("{\"name\":\"\\ud800\"}", "line 1, column ");
    assert_refused("{\"name\":\"\\udc00\\ud800\"}", "line 1, column ");
    assert_refused("{\"name\":\"\\u0000\"}", "line 1, column ");
    assert_refused("{\"na\\u0000me\":\"a\"}", "line 1, column ");
    assert_refused("{\"name\":\"a\nb\"}", "line 1, column ");
    assert_refused_len("{\"name\":\"a\0b\"}", 14, "line 1, column ");
}

static void
test_a_syntax_message_repeats_no_secret(void)
{
    static const char text[] = "{\"password\":\"hunter2";
    g_autoptr(pv_error) error = NULL;
    void *object;

    pv_json_read(text, strlen(text), &sample_desc, &object, &error);
    g_assert_null(strstr(error->message, "hunter2"));
}

static void
test_deep_nesting_is_refused(void)
{
    g_autoptr(GString) text = g_string_new("{\"name\":\"a\"");

    for (unsigned i = 0; i < 100000; i++)
        g_string_append(text, ",\"disks\":[{\"parts\":[{\"label\":\"b\"");
    assert_refused(text->str, "the document is nested deeper than 32");
}

static void
test_nesting_up_to_the_limit_is_taken(void)
{
    g_autoptr(GString) text = g_string_new("{\"name\":\"a\",\"disks\":[{\"label\":\"x\"");
    g_autoptr(sample) object = NULL;
    unsigned depth = 3;

    for (; depth + 2 <= PV_DEPTH_MAX; depth += 2)
        g_string_append(text, ",\"parts\":[{\"label\":\"y\"");
    for (; depth > 3; depth -= 2)
        g_string_append(text, "}]");
    g_string_append(text, "}]}");
    object = read_json(text->str);
    g_assert_cmpuint(object->disks->len, ==, 1);
}

static void
test_one_level_more_than_the_limit_is_refused(void)
{
    g_autofree char *open = g_strnfill(PV_DEPTH_MAX + 1, '['), *close = g_strnfill(PV_DEPTH_MAX + 1, ']');
    g_autofree char *deeper = g_strconcat(open, close, NULL), *deep = g_strconcat(open + 1, close + 1, NULL);

    assert_refused(deep, "sample: expected an object, got a list");
    assert_refused(deeper, "the document is nested deeper than 32");
}

static void
test_documents_too_large_are_refused(void)
{
    g_autofree char *spaces = g_strnfill(PV_DOC_MAX + 1, ' ');
    g_autoptr(GString) values = g_string_new("{\"tags\":[");
    g_autoptr(GString) words = g_string_new("{\"name\":\"");

    assert_refused(spaces, "the document is larger than 16777216 bytes");
    while (values->len < PV_DOC_MAX - 3)
        g_string_append(values, "[],");
    assert_refused(values->str, "the document has more than 1048576 values");
    while (words->len <= PV_TEXT_MAX + 16)
        g_string_append_c(words, 'x');
    g_string_append(words, "\"}");
    assert_refused(words->str, "name: longer than 65536 bytes");
}

static void
test_brackets_in_strings_are_no_nesting(void)
{
    g_autofree char *brackets = g_strnfill(1000, '[');
    g_autofree char *text = g_strdup_printf("{\"name\":\"\\\"%s\"}", brackets);
    g_autoptr(sample) object = read_json(text);

    g_assert_cmpuint(strlen(object->name), ==, 1001);
}

/* Any prefix and any single changed byte is either taken or refused; the sanitizers watch. */
static void
test_damaged_documents_do_no_harm(void)
{
    g_autoptr(sample) object = sample_make();
    g_autoptr(GString) text = g_string_new(NULL);

    pv_json_write(text, &sample_desc, object, 0);
    for (size_t i = 0; i < text->len; i++)
        for (int c = -1; c < 256; c += c < 0 ? 1 : 3) {
            g_autofree char *damaged = g_memdup2(text->str, text->len);
            void *read = NULL;

            if (c >= 0)
                damaged[i] = (char)c;
            if (pv_json_read(damaged, c < 0 ? i : text->len, &sample_desc, &read, NULL) == 0)
                sample_free(read);
        }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-read/every-kind-reads-back", test_every_kind_reads_back_as_written);
    g_test_add_func("/json-read/members-not-there", test_members_not_there_stay_unset);
    g_test_add_func("/json-read/sizes-as-text", test_sizes_and_spans_may_be_text);
    g_test_add_func("/json-read/no-nul-behind", test_text_without_a_nul_behind_it);
    g_test_add_func("/json-read/integer-as-real", test_an_integer_is_a_number_with_fraction_too);
    g_test_add_func("/json-read/wrong-types", test_wrong_types_are_refused_with_their_path);
    g_test_add_func("/json-read/unknown-members", test_unknown_members_are_refused_with_the_nearest);
    g_test_add_func("/json-read/required-members", test_required_members_are_missed);
    g_test_add_func("/json-read/out-of-range", test_values_out_of_range_are_refused);
    g_test_add_func("/json-read/numbers-too-big", test_numbers_too_big_are_refused);
    g_test_add_func("/json-read/no-json", test_what_is_no_json_is_refused_with_its_place);
    g_test_add_func("/json-read/bad-characters", test_bad_characters_are_refused);
    g_test_add_func("/json-read/no-secret-in-the-message", test_a_syntax_message_repeats_no_secret);
    g_test_add_func("/json-read/deep-nesting", test_deep_nesting_is_refused);
    g_test_add_func("/json-read/nesting-up-to-the-limit", test_nesting_up_to_the_limit_is_taken);
    g_test_add_func("/json-read/one-level-more", test_one_level_more_than_the_limit_is_refused);
    g_test_add_func("/json-read/too-large", test_documents_too_large_are_refused);
    g_test_add_func("/json-read/brackets-in-strings", test_brackets_in_strings_are_no_nesting);
    g_test_add_func("/json-read/damaged-documents", test_damaged_documents_do_no_harm);
    return g_test_run();
}
