/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <string.h>

static void
test_parts_are_taken_apart_and_decoded(void)
{
    struct pv_uri *uri = NULL;

    g_assert_cmpint(pv_uri_parse("VSphere://user%40dom@[::1]:8443/a%20b?sha256=AB&x=1%2C2", &uri, NULL), ==, 0);
    g_assert_cmpstr(uri->scheme, ==, "vsphere");
    g_assert_cmpstr(uri->user, ==, "user@dom");
    g_assert_cmpstr(uri->host, ==, "::1");
    g_assert_cmpint(uri->port, ==, 8443);
    g_assert_cmpstr(uri->path, ==, "/a b");
    g_assert_cmpstr(pv_uri_get(uri, "x"), ==, "1,2");
    g_assert_null(pv_uri_get(uri, "y"));
    pv_uri_free(uri);
}

static void
test_an_empty_host_is_no_host(void)
{
    struct pv_uri *uri = NULL;

    g_assert_cmpint(pv_uri_parse("qmp:///run/vm.sock", &uri, NULL), ==, 0);
    g_assert_null(uri->host);
    g_assert_cmpstr(uri->path, ==, "/run/vm.sock");
    g_assert_cmpint(uri->port, ==, 0);
    pv_uri_free(uri);
}

static void
test_a_password_in_a_uri_is_refused_and_not_repeated(void)
{
    g_autoptr(pv_error) error = NULL;
    struct pv_uri *uri = NULL;

    g_assert_cmpint(pv_uri_parse("vsphere://admin:hunter2@vc", &uri, &error), ==, PV_ERR_USAGE);
    g_assert_null(uri);
    g_assert_null(strstr(error->message, "hunter2"));
    g_assert_nonnull(error->hint);
}

static void
test_bad_uris_are_refused(void)
{
    static const char *const bad[] = { "", "no scheme", "qemu", "vsphere://host:99999/", "sim:///?a=%zz", "://x" };
    g_autofree char *longest = g_strnfill(5000, 'a');

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct pv_uri *uri = NULL;

        g_test_message("%s", bad[i]);
        g_assert_cmpint(pv_uri_parse(bad[i], &uri, NULL), ==, PV_ERR_USAGE);
    }
    memcpy(longest, "sim://", 6);
    g_assert_cmpint(pv_uri_parse(longest, NULL, NULL), ==, PV_ERR_USAGE);
}

static void
test_an_unknown_query_key_names_the_nearest(void)
{
    static const char *const known[] = { "seed", "vms", NULL };
    g_autoptr(pv_error) error = NULL;
    struct pv_uri *uri = NULL;

    g_assert_cmpint(pv_uri_parse("sim:///?sead=7", &uri, NULL), ==, 0);
    g_assert_cmpint(pv_uri_check_query(uri, known, &error), ==, PV_ERR_USAGE);
    g_assert_nonnull(strstr(error->message, "sead"));
    g_assert_nonnull(strstr(error->hint, "seed"));
    pv_uri_free(uri);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/uri/parts-are-taken-apart-and-decoded", test_parts_are_taken_apart_and_decoded);
    g_test_add_func("/uri/an-empty-host-is-no-host", test_an_empty_host_is_no_host);
    g_test_add_func("/uri/a-password-in-a-uri-is-refused-and-not-repeated",
                    test_a_password_in_a_uri_is_refused_and_not_repeated);
    g_test_add_func("/uri/bad-uris-are-refused", test_bad_uris_are_refused);
    g_test_add_func("/uri/an-unknown-query-key-names-the-nearest", test_an_unknown_query_key_names_the_nearest);
    return g_test_run();
}
