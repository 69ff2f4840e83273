/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VMs of an endpoint, whatever API it speaks:
 *
 *   cc list-vms.c -o list-vms $(pkg-config --cflags --libs polyvirt)
 *   ./list-vms qemu:///session
 */
#include <polyvirt/polyvirt.h>
#include <stdio.h>

static int
list_vms(const char *uri, pv_error **error)
{
    g_autoptr(pv_conn) conn = NULL;
    g_autoptr(GPtrArray) vms = NULL;
    int code = pv_open(uri, NULL, NULL, &conn, error);

    if (code == 0)
        code = pv_vm_list(conn, NULL, PV_VM_LIST, NULL, &vms, error);
    for (unsigned i = 0; code == 0 && i < vms->len; i++) {
        const pv_vm *vm = g_ptr_array_index(vms, i);
        const char *state = pv_enum_name(pv_power_state_values, vm->state);

        printf("%-20s %s\n", vm->name, vm->error ? vm->error : state);
    }
    return code;
}

int
main(int argc, char **argv)
{
    g_autoptr(pv_error) error = NULL;
    int code = list_vms(argc > 1 ? argv[1] : "sim:///", &error);

    if (code < 0)
        fprintf(stderr, "list-vms: %s\n", error->message);
    return pv_code_exit_status(code);
}
