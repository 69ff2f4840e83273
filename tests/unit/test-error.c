/* SPDX-License-Identifier: Apache-2.0 */
#include <polyvirt/error.h>

static void
test_first_cause_wins(void)
{
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(pv_error_set(&error, PV_ERR_STATE, "vm %s is off", "a"), ==, PV_ERR_STATE);
    g_assert_cmpint(pv_error_set(&error, PV_ERR_FAILED, "later"), ==, PV_ERR_FAILED);
    g_assert_cmpstr(error->message, ==, "vm a is off");
    g_assert_cmpint(error->code, ==, PV_ERR_STATE);
}

static void
test_prefix_keeps_the_cause(void)
{
    g_autoptr(pv_error) error = NULL;

    pv_error_set(&error, PV_ERR_FAILED, "no such file");
    pv_error_prefix(&error, "vm %s: ", "web");
    g_assert_cmpstr(error->message, ==, "vm web: no such file");
}

static void
test_native_detail_survives_a_copy(void)
{
    g_autoptr(pv_error) error = NULL, copy = NULL;

    pv_error_set(&error, PV_ERR_NOT_FOUND, "x");
    pv_error_native(&error, "qmp", "DeviceNotFound", "Device 'x' not found");
    pv_error_hint(&error, "list them");
    copy = pv_error_copy(error);
    g_assert_cmpstr(copy->native_code, ==, "DeviceNotFound");
    g_assert_cmpstr(copy->native_message, ==, "Device 'x' not found");
    g_assert_cmpstr(copy->hint, ==, "list them");
}

static void
test_null_error_is_allowed(void)
{
    g_assert_cmpint(pv_error_set(NULL, PV_ERR_BUSY, "x"), ==, PV_ERR_BUSY);
    pv_error_prefix(NULL, "x");
    pv_error_clear(NULL);
    pv_error_free(NULL);
}

static void
test_every_code_has_its_name_and_exit_status(void)
{
    for (int code = PV_ERR_FAILED - 1; code >= PV_ERR_INTERNAL; code--)
        g_assert_cmpstr(pv_code_name(code), !=, "failed");
    g_assert_cmpint(pv_code_exit_status(PV_ERR_TLS), ==, 3);
    g_assert_cmpint(pv_code_exit_status(PV_ERR_UNKNOWN), ==, 6);
    g_assert_cmpint(pv_code_exit_status(PV_ERR_CANCELLED), ==, 130);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/first-cause-wins", test_first_cause_wins);
    g_test_add_func("/error/prefix-keeps-the-cause", test_prefix_keeps_the_cause);
    g_test_add_func("/error/native-detail-survives-a-copy", test_native_detail_survives_a_copy);
    g_test_add_func("/error/null-error-is-allowed", test_null_error_is_allowed);
    g_test_add_func("/error/every-code-has-its-name-and-exit-status", test_every_code_has_its_name_and_exit_status);
    return g_test_run();
}
