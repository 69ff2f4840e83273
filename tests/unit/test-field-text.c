/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sample.h"

static void
assert_text(const sample *object, const char *name, const char *people, const char *raw)
{
    const struct pv_field *field = pv_desc_field(&sample_desc, name);
    g_autofree char *for_people = pv_field_text(field, object, FALSE);
    g_autofree char *as_raw = pv_field_text(field, object, TRUE);

    g_assert_cmpstr(for_people, ==, people);
    g_assert_cmpstr(as_raw, ==, raw);
}

static void
test_every_kind_for_people_and_raw(void)
{
    g_autoptr(sample) object = sample_make();

    assert_text(object, "name", "web-1", "web-1");
    assert_text(object, "flag", "yes", "true");
    assert_text(object, "count", "42", "42");
    assert_text(object, "memory", "2.0 GiB", "2147483648");
    assert_text(object, "timeout", "1.50s", "1500");
    assert_text(object, "created", "2026-11-22 20:35:00Z", "2026-11-22T20:35:00.123Z");
    assert_text(object, "load", "12.50%", "12.5");
    assert_text(object, "state", "half_open", "half_open");
    assert_text(object, "tags", "red, blue, dark", "red,blue,, dark");
    assert_text(object, "main", "root", "{\"label\":\"root\",\"size\":512}");
    assert_text(object, "disks", "2",
                "[{\"label\":\"vda\",\"size\":1024},{\"label\":\"vdb\",\"readonly\":false}]");
    assert_text(object, "uptime", "1m30s", "90");
}

static void
test_unset_is_a_dash_or_nothing(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    for (const struct pv_field *field = sample_fields; field->name; field++)
        assert_text(object, field->name, "-", "");
}

static void
test_a_secret_has_no_text(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    object->password = g_strdup("hunter2");
    assert_text(object, "password", "***", "***");
}

static void
test_spans_show_their_two_largest_units(void)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        { 0, "0s" }, { 59, "59s" }, { 60, "1m" }, { 3600, "1h" }, { 3661, "1h1m" }, { 90061, "1d1h" },
        { 86400, "1d" }, { -5, "-5s" },
    };
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = NULL;

        object->uptime = cases[i].seconds;
        text = pv_field_text(pv_desc_field(&sample_desc, "uptime"), object, FALSE);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_numbers_at_their_ends_have_a_text(void)
{
    static const int64_t ends[] = { INT64_MIN + 1, -1, 0, INT64_MAX };
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        object->count = object->memory = object->timeout = object->created = object->uptime = ends[i];
        object->load = (double)ends[i] * 1e280;
        for (const struct pv_field *field = sample_fields; field->name; field++) {
            g_autofree char *text = pv_field_text(field, object, FALSE);

            g_assert_cmpuint(strlen(text), <, 64);
        }
    }
}

static void
test_raw_text_of_scalars_parses_back(void)
{
    g_autoptr(sample) object = sample_make(), back = pv_desc_new(&sample_desc);

    for (const struct pv_field *field = sample_fields; field->name; field++) {
        g_autofree char *text = pv_field_text(field, object, TRUE);

        if (field->kind != PV_STRUCT && field->kind != PV_LIST && *text)
            g_assert_cmpint(pv_field_parse(&sample_desc, field, back, text, NULL), ==, 0);
    }
    back->main = pv_desc_copy(&part_desc, object->main);
    back->disks = g_ptr_array_ref(object->disks);
    g_assert_cmpuint(pv_desc_diff(&sample_desc, object, back, 0, NULL, NULL), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/field-text/every-kind", test_every_kind_for_people_and_raw);
    g_test_add_func("/field-text/unset", test_unset_is_a_dash_or_nothing);
    g_test_add_func("/field-text/secret", test_a_secret_has_no_text);
    g_test_add_func("/field-text/spans", test_spans_show_their_two_largest_units);
    g_test_add_func("/field-text/numbers-at-their-ends", test_numbers_at_their_ends_have_a_text);
    g_test_add_func("/field-text/raw-parses-back", test_raw_text_of_scalars_parses_back);
    return g_test_run();
}
