/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

static void
test_new_has_every_member_unset(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    for (const struct pv_field *field = sample_fields; field->name; field++)
        g_assert_false(pv_field_is_set(field, object));
    g_assert_cmpint(object->flag, ==, PV_UNSET_BOOL);
    g_assert_cmpint(object->count, ==, PV_UNSET_INT);
    g_assert_true(isnan(object->load));
}

static void
test_zero_and_empty_are_set(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    object->flag = FALSE;
    object->count = 0;
    object->load = 0;
    object->name = g_strdup("");
    g_assert_true(pv_field_is_set(pv_desc_field(&sample_desc, "flag"), object));
    g_assert_true(pv_field_is_set(pv_desc_field(&sample_desc, "count"), object));
    g_assert_true(pv_field_is_set(pv_desc_field(&sample_desc, "load"), object));
    g_assert_true(pv_field_is_set(pv_desc_field(&sample_desc, "name"), object));
}

static void
test_infinity_counts_as_unset(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    object->load = INFINITY;
    g_assert_false(pv_field_is_set(pv_desc_field(&sample_desc, "load"), object));
}

static void
test_clear_unsets_every_member(void)
{
    g_autoptr(sample) object = sample_make();

    pv_desc_clear(&sample_desc, object);
    for (const struct pv_field *field = sample_fields; field->name; field++)
        g_assert_false(pv_field_is_set(field, object));
}

static void
test_copy_is_deep(void)
{
    g_autoptr(sample) object = sample_make();
    g_autoptr(sample) copy = pv_desc_copy(&sample_desc, object);

    g_clear_pointer(&object, sample_free);
    g_assert_cmpstr(copy->name, ==, "web-1");
    g_assert_cmpint(copy->memory, ==, INT64_C(2) << 30);
    g_assert_cmpfloat(copy->load, ==, 12.5);
    g_assert_cmpint(copy->state, ==, SAMPLE_HALF_OPEN);
    g_assert_cmpstr(copy->tags[1], ==, "blue, dark");
    g_assert_cmpstr(copy->main->label, ==, "root");
    g_assert_cmpuint(copy->disks->len, ==, 2);
    g_assert_cmpstr(((part *)copy->disks->pdata[1])->label, ==, "vdb");
}

static void
test_copy_keeps_unset_unset(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autoptr(sample) copy = pv_desc_copy(&sample_desc, object);

    for (const struct pv_field *field = sample_fields; field->name; field++)
        g_assert_false(pv_field_is_set(field, copy));
    g_assert_null(pv_desc_copy(&sample_desc, NULL));
}

static void
test_free_takes_null(void)
{
    pv_desc_free(&sample_desc, NULL);
}

static void
test_field_is_found_by_its_name(void)
{
    g_assert_cmpuint(pv_desc_field(&sample_desc, "memory")->offset, ==, offsetof(struct sample, memory));
    g_assert_null(pv_desc_field(&sample_desc, "memor"));
    g_assert_null(pv_desc_field(&sample_desc, "memory_"));
}

static void
test_enum_names_ignore_case_and_dashes(void)
{
    g_assert_cmpint(pv_enum_value(sample_states, "half_open"), ==, SAMPLE_HALF_OPEN);
    g_assert_cmpint(pv_enum_value(sample_states, "Half-Open"), ==, SAMPLE_HALF_OPEN);
    g_assert_cmpint(pv_enum_value(sample_states, "half"), ==, 0);
    g_assert_cmpint(pv_enum_value(sample_states, "half_opens"), ==, 0);
    g_assert_cmpint(pv_enum_value(sample_states, ""), ==, 0);
}

static void
test_enum_value_outside_the_table_has_no_name(void)
{
    g_assert_cmpstr(pv_enum_name(sample_states, SAMPLE_OFF), ==, "off");
    g_assert_null(pv_enum_name(sample_states, 0));
    g_assert_null(pv_enum_name(sample_states, 99));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/desc/new-has-every-member-unset", test_new_has_every_member_unset);
    g_test_add_func("/desc/zero-and-empty-are-set", test_zero_and_empty_are_set);
    g_test_add_func("/desc/infinity-counts-as-unset", test_infinity_counts_as_unset);
    g_test_add_func("/desc/clear-unsets-every-member", test_clear_unsets_every_member);
    g_test_add_func("/desc/copy-is-deep", test_copy_is_deep);
    g_test_add_func("/desc/copy-keeps-unset-unset", test_copy_keeps_unset_unset);
    g_test_add_func("/desc/free-takes-null", test_free_takes_null);
    g_test_add_func("/desc/field-is-found-by-its-name", test_field_is_found_by_its_name);
    g_test_add_func("/desc/enum-names-ignore-case-and-dashes", test_enum_names_ignore_case_and_dashes);
    g_test_add_func("/desc/enum-value-outside-the-table-has-no-name",
                    test_enum_value_outside_the_table_has_no_name);
    return g_test_run();
}
