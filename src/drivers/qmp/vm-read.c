/* SPDX-License-Identifier: Apache-2.0 */
/* One VM as QEMU tells it: all questions go out at once, then the answers are read. */
#include "qmp-driver.h"

#include <string.h>

static char *
string_of(const json_t *object, const char *key)
{
    return g_strdup(json_string_value(json_object_get(object, key)));
}

static void
read_name(const json_t *answer, pv_vm *vm)
{
    vm->name = string_of(answer, "name");
}

static void
read_uuid(const json_t *answer, pv_vm *vm)
{
    static const char none[] = "00000000-0000-0000-0000-000000000000"; /* QEMU's word for no -uuid */
    const char *uuid = json_string_value(json_object_get(answer, "UUID"));

    if (uuid && !g_str_equal(uuid, none))
        vm->uuid = g_strdup(uuid);
}

static void
read_status(const json_t *answer, pv_vm *vm)
{
    vm->native_state = string_of(answer, "status");
    vm->state = (int)qmp_power_state(vm->native_state);
}

static void
read_cpus(const json_t *answer, pv_vm *vm)
{
    if (json_is_array(answer))
        vm->cpus = (int64_t)json_array_size(answer);
}

static void
read_memory(const json_t *answer, pv_vm *vm)
{
    const json_t *base = json_object_get(answer, "base-memory");
    int64_t plugged = json_integer_value(json_object_get(answer, "plugged-memory"));

    if (json_is_integer(base) && json_integer_value(base) >= 0 && plugged >= 0 &&
        json_integer_value(base) <= INT64_MAX - plugged)
        vm->memory = json_integer_value(base) + plugged;
}

static void
read_target(const json_t *answer, pv_vm *vm)
{
    vm->arch = string_of(answer, "arch");
}

static void
read_machine(const json_t *answer, pv_vm *vm)
{
    const char *type = json_string_value(answer); /* "pc-q35-7.2-machine" */

    if (type)
        vm->machine = g_strndup(type, strlen(type) - (g_str_has_suffix(type, "-machine") ? strlen("-machine") : 0));
}

static void
read_accelerator(const json_t *answer, pv_vm *vm)
{
    const json_t *enabled = json_object_get(answer, "enabled");

    if (json_is_boolean(enabled))
        vm->accelerator = g_strdup(json_is_true(enabled) ? "kvm" : "tcg");
}

/* Snapshots of the whole VM, by name, wherever they lie. */
static void
read_snapshot_count(const json_t *blocks, pv_vm *vm)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < json_array_size(blocks); i++) {
        const json_t *image = json_object_get(json_object_get(json_array_get(blocks, i), "inserted"), "image");
        const json_t *list = json_object_get(image, "snapshots");

        for (size_t k = 0; k < json_array_size(list); k++) {
            const char *name = json_string_value(json_object_get(json_array_get(list, k), "name"));

            if (name)
                g_hash_table_add(names, (gpointer)name);
        }
    }
    vm->snapshots = g_hash_table_size(names);
}

static const struct query {
    unsigned part;
    const char *command, *path, *property; /* path and property: of qom-get */
    void (*read)(const json_t *answer, pv_vm *vm);
} queries[] = {
    { PV_VM_BASIC, "query-status", NULL, NULL, read_status },
    { PV_VM_BASIC, "query-name", NULL, NULL, read_name },
    { PV_VM_BASIC, "query-uuid", NULL, NULL, read_uuid },
    { PV_VM_CONFIG, "query-cpus-fast", NULL, NULL, read_cpus },
    { PV_VM_CONFIG, "query-memory-size-summary", NULL, NULL, read_memory },
    { PV_VM_CONFIG, "query-target", NULL, NULL, read_target },
    { PV_VM_CONFIG, "qom-get", "/machine", "type", read_machine },
    { PV_VM_DEVICES, "query-kvm", NULL, NULL, read_accelerator },
    { PV_VM_DEVICES, "query-block", NULL, NULL, qmp_read_disks },
    { PV_VM_SNAPSHOTS, "query-block", NULL, NULL, read_snapshot_count },
};

static int
ask(pv_qmp *qmp, const struct query *query, pv_qmp_call **ret_call, pv_error **error)
{
    struct pv_qmp_command command = { .name = query->command };
    json_t *arguments = NULL;
    int code;

    if (query->path)
        command.arguments = arguments = json_pack("{s:s,s:s}", "path", query->path, "property", query->property);
    code = pv_qmp_submit(qmp, &command, ret_call, error);
    json_decref(arguments);
    return code;
}

/* What this QEMU does not know stays unset; only a broken connection is an error. */
static int
take_answer(pv_qmp_call *call, const struct query *query, pv_task *task, pv_vm *vm, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    json_t *answer = NULL;
    int code = pv_qmp_call_wait(call, task, &answer, &why);

    if (code < 0)
        return why->native_source ? 0 : pv_error_propagate(error, g_steal_pointer(&why));
    query->read(answer, vm);
    json_decref(answer);
    return 0;
}

int
qmp_vm_read(pv_qmp *qmp, unsigned parts, pv_task *task, pv_vm *vm, pv_error **error)
{
    pv_qmp_call *calls[G_N_ELEMENTS(queries)] = { NULL };
    int code = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(queries) && code == 0; i++)
        if (parts & queries[i].part)
            code = ask(qmp, &queries[i], &calls[i], error);
    for (size_t i = 0; i < G_N_ELEMENTS(queries) && code == 0; i++)
        if (calls[i])
            code = take_answer(calls[i], &queries[i], task, vm, error);
    for (size_t i = 0; i < G_N_ELEMENTS(queries); i++)
        pv_qmp_call_free(calls[i]);
    if (code == 0 && (parts & PV_VM_DEVICES))
        code = qmp_read_nics(qmp, task, vm, error);
    return code;
}
