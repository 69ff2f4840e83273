/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

static char *
write_csv(const struct pv_desc *desc, void *object, unsigned flags)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    GString *out = g_string_new(NULL);

    if (object)
        g_ptr_array_add(list, object);
    pv_csv_write_list(out, desc, list, flags);
    return g_string_free(out, FALSE);
}

static void
test_every_member_is_a_column(void)
{
    g_autoptr(sample) object = sample_make();
    g_autofree char *text = write_csv(&sample_desc, object, 0);

    g_assert_cmpstr(text, ==,
                    "name,flag,count,memory,timeout,created,load,state,tags,main,disks,password,uptime\r\n"
                    "web-1,true,42,2147483648,1500,2026-11-22T20:35:00.123Z,12.5,half_open,"
                    "\"red,blue,, dark\","
                    "\"{\"\"label\"\":\"\"root\"\",\"\"size\"\":512}\","
                    "\"[{\"\"label\"\":\"\"vda\"\",\"\"size\"\":1024},"
                    "{\"\"label\"\":\"\"vdb\"\",\"\"readonly\"\":false}]\","
                    ",90\r\n");
}

static void
test_unset_members_are_empty(void)
{
    g_autoptr(part) object = pv_desc_new(&part_desc);
    g_autofree char *text = write_csv(&part_desc, object, PV_WRITE_NO_HEADER);

    g_assert_cmpstr(text, ==, ",,,\r\n");
}

static void
test_quotes_commas_and_line_ends_are_quoted(void)
{
    g_autoptr(part) object = part_make("a\"b,c\r\nd", 1);
    g_autofree char *text = write_csv(&part_desc, object, PV_WRITE_NO_HEADER);

    g_assert_cmpstr(text, ==, "\"a\"\"b,c\r\nd\",1,,\r\n");
}

static void
test_bad_utf8_is_replaced(void)
{
    g_autoptr(part) object = part_make("a\xff", 1);
    g_autofree char *text = write_csv(&part_desc, object, PV_WRITE_NO_HEADER);

    g_assert_true(g_utf8_validate(text, -1, NULL));
}

static void
test_an_empty_list_has_its_header(void)
{
    g_autofree char *text = write_csv(&part_desc, NULL, 0);

    g_assert_cmpstr(text, ==, "label,size,readonly,parts\r\n");
}

static void
test_a_secret_is_hidden(void)
{
    g_autoptr(sample) object = pv_desc_new(&sample_desc);
    g_autofree char *text = NULL;

    object->password = g_strdup("hunter2");
    text = write_csv(&sample_desc, object, PV_WRITE_NO_HEADER);
    g_assert_cmpstr(text, ==, ",,,,,,,,,,,***,\r\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/every-member", test_every_member_is_a_column);
    g_test_add_func("/csv/unset-is-empty", test_unset_members_are_empty);
    g_test_add_func("/csv/quoting", test_quotes_commas_and_line_ends_are_quoted);
    g_test_add_func("/csv/bad-utf8", test_bad_utf8_is_replaced);
    g_test_add_func("/csv/empty-list", test_an_empty_list_has_its_header);
    g_test_add_func("/csv/secret", test_a_secret_is_hidden);
    return g_test_run();
}
