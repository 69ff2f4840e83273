/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sample.h"

static int
parse(sample *object, const char *name, const char *text, pv_error **error)
{
    return pv_field_parse(&sample_desc, pv_desc_field(&sample_desc, name), object, text, error);
}

static void
assert_refused(const char *name, const char *text, const char *message)
{
    g_autoptr(sample) object = sample_make(), before = sample_make();
    g_autoptr(pv_error) error = NULL;

    say(name);
    say(text);
    g_assert_cmpint(parse(object, name, text, &error), ==, PV_ERR_INVALID);
    say(error->message);
    g_assert_true(g_str_has_prefix(error->message, message));
    g_assert_cmpuint(pv_desc_diff(&sample_desc, before, object, 0, NULL, NULL), ==, 0);
}

static void
test_every_scalar_kind_is_typed(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    g_assert_cmpint(parse(object, "name", "a=b,c", NULL), ==, 0);
    g_assert_cmpint(parse(object, "flag", "on", NULL), ==, 0);
    g_assert_cmpint(parse(object, "count", "7", NULL), ==, 0);
    g_assert_cmpint(parse(object, "memory", "2GiB", NULL), ==, 0);
    g_assert_cmpint(parse(object, "created", "2026-11-22T20:35:00Z", NULL), ==, 0);
    g_assert_cmpint(parse(object, "load", "-1.5e1", NULL), ==, 0);
    g_assert_cmpint(parse(object, "state", "half-open", NULL), ==, 0);
    g_assert_cmpstr(object->name, ==, "a=b,c");
    g_assert_cmpint(object->flag, ==, TRUE);
    g_assert_cmpint(object->count, ==, 7);
    g_assert_cmpint(object->memory, ==, INT64_C(2) << 30);
    g_assert_cmpint(object->created, ==, INT64_C(1795379700000000));
    g_assert_cmpfloat(object->load, ==, -15);
    g_assert_cmpint(object->state, ==, SAMPLE_HALF_OPEN);
}

static void
test_typing_again_replaces(void)
{
    g_autoptr(sample) object = sample_make();

    g_assert_cmpint(parse(object, "name", "b", NULL), ==, 0);
    g_assert_cmpint(parse(object, "flag", "No", NULL), ==, 0);
    g_assert_cmpint(parse(object, "main", "label=new", NULL), ==, 0);
    g_assert_cmpstr(object->name, ==, "b");
    g_assert_cmpint(object->flag, ==, FALSE);
    g_assert_cmpstr(object->main->label, ==, "new");
    g_assert_cmpint(object->main->size, ==, PV_UNSET_INT);
}

static void
test_spans_without_a_unit_are_in_that_of_the_field(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    parse(object, "timeout", "1500", NULL);
    parse(object, "uptime", "90", NULL);
    g_assert_cmpint(object->timeout, ==, 1500);
    g_assert_cmpint(object->uptime, ==, 90);
    parse(object, "timeout", "2m", NULL);
    parse(object, "uptime", "2m", NULL);
    g_assert_cmpint(object->timeout, ==, 120000);
    g_assert_cmpint(object->uptime, ==, 120);
}

static void
test_words_are_split_and_appended(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);

    g_assert_cmpint(parse(object, "tags", "a,b", NULL), ==, 0);
    g_assert_cmpint(parse(object, "tags", "c,,d", NULL), ==, 0);
    g_assert_cmpuint(g_strv_length(object->tags), ==, 3);
    g_assert_cmpstr(object->tags[1], ==, "b");
    g_assert_cmpstr(object->tags[2], ==, "c,d");
}

static void
test_items_are_appended_from_pairs(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    part *item;

    g_assert_cmpint(parse(object, "disks", "label=a,,b,size=20GiB,readonly", NULL), ==, 0);
    g_assert_cmpint(parse(object, "disks", "label=c=d,readonly=off", NULL), ==, 0);
    g_assert_cmpuint(object->disks->len, ==, 2);
    item = object->disks->pdata[0];
    g_assert_cmpstr(item->label, ==, "a,b");
    g_assert_cmpint(item->size, ==, INT64_C(20) << 30);
    g_assert_cmpint(item->readonly, ==, TRUE);
    item = object->disks->pdata[1];
    g_assert_cmpstr(item->label, ==, "c=d");
    g_assert_cmpint(item->readonly, ==, FALSE);
}

static void
test_bad_text_is_refused_and_changes_nothing(void)
{
    assert_refused("flag", "maybe", "flag: \"maybe\" is not yes or no");
    assert_refused("count", "", "count: \"\" is not a whole number");
    assert_refused("count", "7x", "count: \"7x\" is not a whole number");
    assert_refused("count", "99999999999999999999", "count: \"99999999999999999999\" is not a whole number");
    assert_refused("count", "1001", "count: 1001 is not between 1 and 1000");
    assert_refused("memory", "2QiB", "memory: \"2QiB\" is not a size");
    assert_refused("uptime", "500ms", "uptime: \"500ms\" is not a whole number of seconds");
    assert_refused("created", "now", "created: \"now\" is not a time");
    assert_refused("load", "0x10", "load: \"0x10\" is not a number");
    assert_refused("load", "inf", "load: \"inf\" is not a number");
    assert_refused("load", "1e999", "load: \"1e999\" is not a number");
    assert_refused("load", "1 ", "load: \"1 \" is not a number");
    assert_refused("state", "of", "state: \"of\" is not one of on, off, half_open");
    assert_refused("name", "\xff", "name: not valid UTF-8");
    assert_refused("tags", "", "tags: \"\" is not a list");
    assert_refused("tags", "a,", "tags: \"a,\" is not a list");
    assert_refused("tags", "1,2,3,4,5,6,7", "tags: more than 8 items");
}

static void
test_bad_pairs_are_refused_and_change_nothing(void)
{
    assert_refused("disks", "", "disks[2]: \"\" is no member of part");
    assert_refused("disks", "label", "disks[2].label: needs a value: label=");
    assert_refused("disks", "label=a,label=b", "disks[2].label: given twice");
    assert_refused("disks", "size=1", "disks[2].label: required");
    assert_refused("disks", "label=a,siez=1", "disks[2]: \"siez\" is no member of part, the nearest is size");
    assert_refused("disks", "label=a,size=x", "disks[2].size: \"x\" is not a size");
    assert_refused("disks", "label=a,parts=label=b,,size=x", "disks[2].parts[0].size: \"x\" is not a size");
    assert_refused("main", "readonly=x", "main.readonly: \"x\" is not yes or no");
    assert_refused("main", "=x", "main: \"\" is no member of part");
}

static void
test_validate_finds_what_was_set_by_hand(void)
{
    g_autoptr(sample) object = sample_make();
    g_autoptr(pv_error) flag = NULL, state = NULL, inner = NULL;

    g_assert_cmpint(pv_desc_validate(&sample_desc, object, NULL), ==, 0);
    object->flag = 2;
    g_assert_cmpint(pv_desc_validate(&sample_desc, object, &flag), ==, PV_ERR_INVALID);
    g_assert_cmpstr(flag->message, ==, "flag: 2 is neither true nor false");
    object->flag = TRUE;
    object->state = 99;
    pv_desc_validate(&sample_desc, object, &state);
    g_assert_cmpstr(state->message, ==, "state: 99 has no name");
    object->state = SAMPLE_ON;
    g_clear_pointer(&((part *)object->disks->pdata[1])->label, g_free);
    pv_desc_validate(&sample_desc, object, &inner);
    g_assert_cmpstr(inner->message, ==, "disks[1].label: required, but missing");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parse/every-scalar-kind", test_every_scalar_kind_is_typed);
    g_test_add_func("/parse/typing-again-replaces", test_typing_again_replaces);
    g_test_add_func("/parse/spans-without-a-unit", test_spans_without_a_unit_are_in_that_of_the_field);
    g_test_add_func("/parse/words", test_words_are_split_and_appended);
    g_test_add_func("/parse/items", test_items_are_appended_from_pairs);
    g_test_add_func("/parse/bad-text", test_bad_text_is_refused_and_changes_nothing);
    g_test_add_func("/parse/bad-pairs", test_bad_pairs_are_refused_and_change_nothing);
    g_test_add_func("/parse/validate", test_validate_finds_what_was_set_by_hand);
    return g_test_run();
}
