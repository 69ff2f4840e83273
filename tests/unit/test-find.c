/* SPDX-License-Identifier: Apache-2.0 */
/* Naming one item of a list. */
#include <polyvirt/model.h>

static void
add(GPtrArray *vms, const char *id, const char *uuid, const char *name)
{
    pv_vm *vm = pv_vm_new();

    vm->id = g_strdup(id);
    vm->uuid = g_strdup(uuid);
    vm->name = g_strdup(name);
    g_ptr_array_add(vms, vm);
}

static GPtrArray *
some_vms(void)
{
    GPtrArray *vms = pv_list_new(&pv_vm_desc);

    add(vms, "vm-1", "0b1e5c10-0000-4000-8000-00000000000a", "web");
    add(vms, "vm-2", "0b1e5c10-0000-4000-8000-00000000000b", "web");
    add(vms, "vm-3", NULL, "vm-1");
    add(vms, "vm-4", NULL, NULL);
    return vms;
}

static void
expect(const char *ref, int code, unsigned index)
{
    g_autoptr(GPtrArray) vms = some_vms();
    g_autoptr(pv_error) error = NULL;
    unsigned found = 99;

    g_assert_cmpint(pv_list_find(vms, &pv_vm_desc, ref, &found, &error), ==, code);
    g_assert_cmpuint(found, ==, code == 0 ? index : 99);
    g_assert_true((error != NULL) == (code < 0));
}

static void
test_an_id_goes_before_a_name(void)
{
    expect("vm-1", 0, 0);
    expect("vm-3", 0, 2);
}

static void
test_a_uuid_is_taken_in_any_case(void)
{
    expect("0B1E5C10-0000-4000-8000-00000000000B", 0, 1);
}

static void
test_a_name_of_two_is_refused(void)
{
    expect("web", PV_ERR_INVALID, 0);
}

static void
test_what_is_not_there_is_told_with_the_nearest(void)
{
    g_autoptr(GPtrArray) list = pv_list_new(&pv_volume_desc);
    g_autoptr(pv_error) error = NULL;
    pv_volume *volume = pv_volume_new();
    unsigned index;

    volume->id = g_strdup("key");
    volume->name = g_strdup("data.qcow2");
    volume->path = g_strdup("/images/data.qcow2");
    g_ptr_array_add(list, volume);
    g_assert_cmpint(pv_list_find(list, &pv_volume_desc, "/images/data.qcow2", &index, NULL), ==, 0);
    g_assert_cmpint(pv_list_find(list, &pv_volume_desc, "date.qcow2", &index, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_cmpstr(error->message, ==, "no volume has the id, name or path 'date.qcow2'");
    g_assert_cmpstr(error->hint, ==, "did you mean 'data.qcow2'?");
    expect("nobody", PV_ERR_NOT_FOUND, 0);
    expect("", PV_ERR_NOT_FOUND, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/find/an-id-goes-before-a-name", test_an_id_goes_before_a_name);
    g_test_add_func("/find/a-uuid-is-taken-in-any-case", test_a_uuid_is_taken_in_any_case);
    g_test_add_func("/find/a-name-of-two-is-refused", test_a_name_of_two_is_refused);
    g_test_add_func("/find/what-is-not-there-is-told-with-the-nearest", test_what_is_not_there_is_told_with_the_nearest);
    return g_test_run();
}
