/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

static void
collect(const char *path, const char *before, const char *after, void *data)
{
    g_string_append_printf(data, "%s: %s -> %s\n", path, before, after);
}

static char *
diff(const sample *a, const sample *b, unsigned skip, unsigned *ret_count)
{
    GString *lines = g_string_new(NULL);

    *ret_count = pv_desc_diff(&sample_desc, a, b, skip, collect, lines);
    return g_string_free(lines, FALSE);
}

static void
test_a_copy_does_not_differ(void)
{
    g_autoptr(sample) a = sample_make(), b = pv_desc_copy(&sample_desc, a);
    unsigned count;
    g_autofree char *lines = diff(a, b, 0, &count);

    g_assert_cmpuint(count, ==, 0);
    g_assert_cmpstr(lines, ==, "");
}

static void
test_each_difference_has_its_path(void)
{
    g_autoptr(sample) a = sample_make(), b = sample_make();
    g_autofree char *lines = NULL;
    unsigned count;

    b->flag = FALSE;
    b->memory += 1;
    b->load = 0.5;
    b->state = SAMPLE_ON;
    g_free(b->tags[1]);
    b->tags[1] = g_strdup("x");
    b->main->size = 1;
    ((part *)b->disks->pdata[1])->size = 7;
    lines = diff(a, b, 0, &count);
    g_assert_cmpuint(count, ==, 7);
    g_assert_cmpstr(lines, ==,
                    "flag: true -> false\nmemory: 2147483648 -> 2147483649\nload: 12.5 -> 0.5\n"
                    "state: half_open -> on\ntags: red,blue,, dark -> red,x\nmain.size: 512 -> 1\n"
                    "disks[1].size: - -> 7\n");
}

static void
test_set_against_unset_is_a_difference(void)
{
    g_autoptr(sample) a = pv_desc_new(&sample_desc), b = pv_desc_new(&sample_desc);
    g_autofree char *lines = NULL;
    unsigned count;

    a->name = g_strdup("x");
    b->count = 0;
    b->main = part_make("y", 1);
    lines = diff(a, b, 0, &count);
    g_assert_cmpstr(lines, ==, "name: x -> -\ncount: - -> 0\nmain: - -> {\"label\":\"y\",\"size\":1}\n");
}

static void
test_items_more_or_less_are_differences(void)
{
    g_autoptr(sample) a = sample_make(), b = sample_make();
    g_autofree char *less = NULL, *more = NULL;
    unsigned count;

    g_ptr_array_set_size(b->disks, 1);
    less = diff(a, b, 0, &count);
    g_assert_cmpstr(less, ==, "disks[1]: {\"label\":\"vdb\",\"readonly\":false} -> -\n");
    more = diff(b, a, 0, &count);
    g_assert_cmpstr(more, ==, "disks[1]: - -> {\"label\":\"vdb\",\"readonly\":false}\n");
}

static void
test_flagged_members_are_passed_over(void)
{
    g_autoptr(sample) a = sample_make(), b = sample_make();

    b->load = 99;
    g_assert_cmpuint(pv_desc_diff(&sample_desc, a, b, PV_F_VOLATILE, NULL, NULL), ==, 0);
    g_assert_cmpuint(pv_desc_diff(&sample_desc, a, b, 0, NULL, NULL), ==, 1);
}

static void
test_a_changed_secret_is_seen_and_not_shown(void)
{
    g_autoptr(sample) a = sample_make(), b = sample_make();
    g_autofree char *lines = NULL;
    unsigned count;

    a->password = g_strdup("hunter2");
    b->password = g_strdup("hunter3");
    lines = diff(a, b, 0, &count);
    g_assert_cmpstr(lines, ==, "password: *** -> ***\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diff/a-copy", test_a_copy_does_not_differ);
    g_test_add_func("/diff/paths", test_each_difference_has_its_path);
    g_test_add_func("/diff/set-against-unset", test_set_against_unset_is_a_difference);
    g_test_add_func("/diff/items", test_items_more_or_less_are_differences);
    g_test_add_func("/diff/flagged", test_flagged_members_are_passed_over);
    g_test_add_func("/diff/secret", test_a_changed_secret_is_seen_and_not_shown);
    return g_test_run();
}
