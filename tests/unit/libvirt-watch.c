/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the end-to-end tests: prints an endpoint's events, one JSON object a line, and after each line
 * of stdin what a list of its VMs answers. Ends with stdin.
 */
#include <polyvirt/polyvirt.h>
#include <stdio.h>

static void
print_event(const pv_event *event, G_GNUC_UNUSED void *data)
{
    g_autoptr(GString) line = g_string_new(NULL);

    pv_json_write(line, &pv_event_desc, event, 0);
    puts(line->str);
    fflush(stdout);
}

static void
print_list(pv_conn *conn)
{
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(pv_error) error = NULL;

    if (pv_vm_list(conn, NULL, PV_VM_BASIC, NULL, &vms, &error) == 0)
        printf("{\"list\": %u}\n", vms->len);
    else
        printf("{\"failed\": \"%s\"}\n", pv_code_name(error->code));
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_conn) conn = NULL;
    unsigned id;
    int c;

    if (argc != 2 || pv_open(argv[1], NULL, NULL, &conn, &error) < 0 ||
        pv_event_subscribe(conn, print_event, NULL, &id, &error) < 0) {
        fprintf(stderr, "%s\n", error ? error->message : "usage: libvirt-watch URI");
        return 1;
    }
    print_list(conn);
    while ((c = getchar()) != EOF)
        if (c == '\n')
            print_list(conn);
    pv_event_unsubscribe(conn, id);
    return 0;
}
