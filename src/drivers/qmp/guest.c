/* SPDX-License-Identifier: Apache-2.0 */
/* What only the guest knows, asked of its agent. The guest may be silent or lie. */
#include "qmp-driver.h"

#include <string.h>

#define ADDRESSES_MAX 64

static int
open_agent(const struct qmp_machine *machine, pv_task *task, pv_qga **ret_qga, pv_error **error)
{
    const struct pv_qmp_address address = PV_QMP_UNIX_ADDRESS(machine->agent);

    return pv_qga_open(&address, task, ret_qga, error);
}

static void
read_hostname(const json_t *answer, pv_vm *vm)
{
    vm->guest_hostname = g_strdup(json_string_value(json_object_get(answer, "host-name")));
}

static void
read_system(const json_t *answer, pv_vm *vm)
{
    vm->guest_full_name = g_strdup(json_string_value(json_object_get(answer, "pretty-name")));
}

static void
add_addresses(const json_t *card, GPtrArray *addresses)
{
    const json_t *list = json_object_get(card, "ip-addresses");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_object_get(json_array_get(list, i), "ip-address"));
        g_autoptr(GInetAddress) address = text ? g_inet_address_new_from_string(text) : NULL;

        if (address && !g_inet_address_get_is_loopback(address) && addresses->len < ADDRESSES_MAX)
            g_ptr_array_add(addresses, g_inet_address_to_string(address));
    }
}

static void
read_addresses(const json_t *answer, pv_vm *vm)
{
    GPtrArray *addresses = g_ptr_array_new();

    for (size_t i = 0; i < json_array_size(answer); i++)
        add_addresses(json_array_get(answer, i), addresses);
    g_ptr_array_add(addresses, NULL);
    vm->addresses = (char **)g_ptr_array_free(addresses, FALSE);
}

static const struct {
    const char *command;
    void (*read)(const json_t *answer, pv_vm *vm);
} questions[] = {
    { "guest-get-host-name", read_hostname },
    { "guest-get-osinfo", read_system },
    { "guest-network-get-interfaces", read_addresses },
};

int
qmp_guest_read(const struct qmp_machine *machine, pv_task *task, pv_vm *vm, pv_error **error)
{
    g_autoptr(pv_task) part = pv_task_child(task, "vm.guest", machine->id);
    g_autoptr(pv_qga) qga = NULL;
    int code;

    if (!machine->agent) {
        vm->agent = g_strdup("absent");
        return 0;
    }
    pv_task_set_timeout(part, QMP_AGENT_MS);
    code = vm->state == PV_POWER_ON ? open_agent(machine, part, &qga, NULL) : PV_ERR_STATE;
    vm->agent = g_strdup(code == 0 ? "running" : "not-running");
    for (size_t i = 0; code == 0 && i < G_N_ELEMENTS(questions); i++) {
        json_t *answer = NULL;

        if (pv_qga_execute(qga, part, questions[i].command, NULL, &answer, NULL) == 0)
            questions[i].read(answer, vm);
        json_decref(answer);
    }
    return pv_task_is_cancelled(task) ? pv_task_check(task, error) : 0;
}

int
qmp_guest_reboot(const struct qmp_machine *machine, pv_task *task, pv_error **error)
{
    g_autoptr(pv_qga) qga = NULL;
    json_t *arguments;
    int code;

    if (!machine->agent) {
        pv_error_set(error, PV_ERR_UNSUPPORTED, "QEMU cannot ask a guest to restart, and there is no guest agent's socket");
        pv_error_hint(error, "give QEMU an agent socket beside the monitor (NAME.qga), or use reset");
        return PV_ERR_UNSUPPORTED;
    }
    code = open_agent(machine, task, &qga, error);
    if (code < 0)
        return code;
    arguments = json_pack("{s:s}", "mode", "reboot");
    code = pv_qga_send(qga, task, "guest-shutdown", arguments, QMP_AGENT_GRACE_MS, error);
    json_decref(arguments);
    return code;
}
