/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <locale.h>
#include <string.h>

#include "sample.h"

static char *
write_json(const void *object, unsigned flags)
{
    GString *out = g_string_new(NULL);

    pv_json_write(out, &sample_desc, object, flags);
    return g_string_free(out, FALSE);
}

static char *
write_string(const char *text)
{
    GString *out = g_string_new(NULL);

    pv_json_write_string(out, text);
    return g_string_free(out, FALSE);
}

static void
test_every_kind_is_written(void)
{
    g_autoptr(sample) object = sample_make();
    g_autofree char *text = write_json(object, 0);

    g_assert_cmpstr(text, ==,
                    "{\"name\":\"web-1\",\"flag\":true,\"count\":42,\"memory\":2147483648,\"timeout\":1500,"
                    "\"created\":\"2026-11-22T20:35:00.123Z\",\"load\":12.5,\"state\":\"half_open\","
                    "\"tags\":[\"red\",\"blue, dark\"],\"main\":{\"label\":\"root\",\"size\":512},"
                    "\"disks\":[{\"label\":\"vda\",\"size\":1024},{\"label\":\"vdb\",\"readonly\":false}],"
                    "\"uptime\":90}");
}

static void
test_unset_members_are_left_out(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = write_json(object, 0);

    g_assert_cmpstr(text, ==, "{}");
}

static void
test_enum_value_without_a_name_is_left_out(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->state = 99;
    text = write_json(object, 0);
    g_assert_cmpstr(text, ==, "{}");
}

static void
test_secret_is_never_written(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->password = g_strdup("hunter2");
    text = write_json(object, 0);
    g_assert_cmpstr(text, ==, "{\"password\":\"***\"}");
}

static void
test_pretty_is_indented(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->name = g_strdup("a");
    object->tags = g_new0(char *, 1);
    object->disks = pv_list_new(&part_desc);
    g_ptr_array_add(object->disks, part_make("vda", 1));
    text = write_json(object, PV_WRITE_PRETTY);
    g_assert_cmpstr(text, ==,
                    "{\n  \"name\": \"a\",\n  \"tags\": [],\n  \"disks\": [\n    {\n"
                    "      \"label\": \"vda\",\n"
                    "      \"size\": 1\n    }\n  ]\n}");
}

static void
test_lists_of_none_and_many(void)
{
    g_autoptr(GPtrArray) list = pv_list_new(&part_desc);
    g_autoptr(GString) out = g_string_new(NULL);

    pv_json_write_list(out, &part_desc, NULL, 0);
    pv_json_write_list(out, &part_desc, list, PV_WRITE_PRETTY);
    g_ptr_array_add(list, part_make("a", 1));
    g_ptr_array_add(list, part_make("b", 2));
    pv_json_write_list(out, &part_desc, list, 0);
    g_assert_cmpstr(out->str, ==, "[][][{\"label\":\"a\",\"size\":1},{\"label\":\"b\",\"size\":2}]");
}

static void
test_strings_are_escaped(void)
{
    g_autofree char *text = write_string("\"\\/\b\f\n\r\t\x01\x1b[31m\x7f");

    g_assert_cmpstr(text, ==, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001b[31m\\u007f\"");
}

static void
test_c1_controls_are_escaped(void)
{
    g_autofree char *text = write_string("\xc2\x9b" "31m");

    g_assert_cmpstr(text, ==, "\"\\u009b31m\"");
}

static void
test_bad_utf8_becomes_the_replacement_character(void)
{
    static const char *const cases[][2] = {
        { "a\xff" "b", "\"a\xef\xbf\xbd" "b\"" },
        { "\xc3", "\"\xef\xbf\xbd\"" },
        { "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },                 /* overlong */
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* surrogate */
        { "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
        { "中文", "\"中文\"" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = write_string(cases[i][0]);

        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void
test_every_byte_pair_makes_valid_json(void)
{
    for (int i = 1; i < 65536; i++) {
        char bytes[4] = { (char)(i >> 8), (char)i, '\0' };
        g_autofree char *text = write_string(bytes[0] ? bytes : bytes + 1);
        json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

        g_assert_true(json_is_string(value));
        json_decref(value);
    }
}

static void
test_integers_at_their_ends(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->count = INT64_MAX;
    object->memory = INT64_MIN + 1;
    object->timeout = 0;
    object->uptime = -7;
    text = write_json(object, 0);
    g_assert_cmpstr(text, ==,
                    "{\"count\":9223372036854775807,\"memory\":-9223372036854775807,"
                    "\"timeout\":0,\"uptime\":-7}");
}

static void
test_doubles_read_back_as_written(void)
{
    static const double values[] = { 0.1, 1.0 / 3, 1e300, 5e-324, -2.5, 123456789.123456789, 1e15, 100 };

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(sample) object = pv_desc_new(&sample_desc);
        g_autofree char *text = NULL;

        object->load = values[i];
        text = write_json(object, 0);
        g_assert_true(g_str_has_prefix(text, "{\"load\":"));
        g_assert_true(g_ascii_strtod(text + strlen("{\"load\":"), NULL) == values[i]);
    }
}

static void
test_doubles_ignore_the_locale(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
        g_test_skip("no locale with a decimal comma here");
        return;
    }
    object->load = 0.1;
    text = write_json(object, 0);
    setlocale(LC_ALL, "C");
    g_assert_cmpstr(text, ==, "{\"load\":0.1}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-write/every-kind", test_every_kind_is_written);
    g_test_add_func("/json-write/unset-left-out", test_unset_members_are_left_out);
    g_test_add_func("/json-write/enum-without-a-name", test_enum_value_without_a_name_is_left_out);
    g_test_add_func("/json-write/secret-never", test_secret_is_never_written);
    g_test_add_func("/json-write/pretty", test_pretty_is_indented);
    g_test_add_func("/json-write/lists", test_lists_of_none_and_many);
    g_test_add_func("/json-write/escapes", test_strings_are_escaped);
    g_test_add_func("/json-write/c1-controls", test_c1_controls_are_escaped);
    g_test_add_func("/json-write/bad-utf8", test_bad_utf8_becomes_the_replacement_character);
    g_test_add_func("/json-write/every-byte-pair", test_every_byte_pair_makes_valid_json);
    g_test_add_func("/json-write/integers-at-their-ends", test_integers_at_their_ends);
    g_test_add_func("/json-write/doubles-read-back", test_doubles_read_back_as_written);
    g_test_add_func("/json-write/doubles-ignore-the-locale", test_doubles_ignore_the_locale);
    return g_test_run();
}
