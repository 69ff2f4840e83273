/* SPDX-License-Identifier: Apache-2.0 */
/* The list of VMs, the most asked question: straight from the inventory's structs into the answer. */
#include "vm.h"

enum { F_VMS, F_NAMES, F_FOLDERS, F_DATACENTERS, F_HOSTS, F_CLUSTERS, F_POOLS, F_STATES };
static const char *const filter_names[] = { "vms",   "names",    "folders",        "datacenters",
                                            "hosts", "clusters", "resource_pools", "power_states", NULL };

static int
check_states(const struct pv_filters *filters, pv_error **error)
{
    static const char *const states[] = { "POWERED_OFF", "POWERED_ON", "SUSPENDED", NULL };
    const GPtrArray *wanted = filters->values[F_STATES];

    for (unsigned i = 0; wanted && i < wanted->len; i++)
        if (!g_strv_contains(states, wanted->pdata[i]))
            return pv_error_set(error, PV_ERR_INVALID, "power_states: has no value \"%s\"",
                                (const char *)wanted->pdata[i]);
    return 0;
}

/* All VMs are in the one folder, datacenter, cluster and pool: said once, not per VM. */
static gboolean
place_passes(const struct pv_filters *filters)
{
    return pv_filters_pass(filters, F_FOLDERS, PV_MOREF_VMS) &&
           pv_filters_pass(filters, F_DATACENTERS, PV_MOREF_DATACENTER) &&
           pv_filters_pass(filters, F_CLUSTERS, PV_MOREF_CLUSTER) &&
           pv_filters_pass(filters, F_POOLS, PV_MOREF_POOL);
}

static gboolean
passes(pv_inventory *inventory, const struct pv_filters *filters, const struct pv_inv_vm *vm)
{
    char moref[PV_MOREF_SIZE];
    const struct pv_inv_object *host;

    if (filters->values[F_VMS] &&
        !pv_filters_pass(filters, F_VMS, pv_moref_write(PV_OBJECT_VM, vm->number, moref)))
        return FALSE;
    if (!pv_filters_pass(filters, F_NAMES, vm->vm->name) ||
        !pv_filters_pass(filters, F_STATES, pv_vapi_power_name(vm->vm->state)))
        return FALSE;
    if (!filters->values[F_HOSTS])
        return TRUE;
    host = pv_inventory_host_of(inventory, vm);
    return host && pv_filters_pass(filters, F_HOSTS, pv_moref_write(PV_OBJECT_HOST, host->number, moref));
}

/* By hand: with thousands of VMs printf was a third of the answer's time. */
static void
append_number(GString *out, const char *key, int64_t value)
{
    char text[24], *at = text + sizeof text;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--at = '-';
    g_string_append(out, key);
    g_string_append_len(out, at, text + sizeof text - at);
}

static void
append(GString *out, const struct pv_inv_vm *entry)
{
    const pv_vm *vm = entry->vm;

    append_number(out, "{\"vm\":\"vm-", entry->number);
    g_string_append(out, "\",\"name\":");
    pv_json_write_string(out, vm->name ? vm->name : "");
    g_string_append(out, ",\"power_state\":\"");
    g_string_append(out, pv_vapi_power_name(vm->state));
    g_string_append_c(out, '"');
    if (vm->cpus != PV_UNSET_INT)
        append_number(out, ",\"cpu_count\":", vm->cpus);
    if (vm->memory != PV_UNSET_INT)
        append_number(out, ",\"memory_size_MiB\":", (vm->memory + PV_VAPI_MIB - 1) / PV_VAPI_MIB);
    g_string_append_c(out, '}');
}

/* Returns how many passed; no more than the cap and one are written. */
static unsigned
append_all(struct pv_request *request, const struct pv_filters *filters)
{
    pv_inventory *inventory = request->service->inventory;
    const GPtrArray *vms;
    unsigned count = 0;

    pv_inventory_lock(inventory);
    vms = pv_inventory_vms(inventory);
    for (unsigned i = 0; i < vms->len && count <= PV_VAPI_VM_CAP; i++) {
        if (!passes(inventory, filters, vms->pdata[i]))
            continue;
        if (count++)
            g_string_append_c(request->out, ',');
        append(request->out, vms->pdata[i]);
    }
    pv_inventory_unlock(inventory);
    return count;
}

int
pv_rest_vm_list(struct pv_request *request, pv_error **error)
{
    g_auto(pv_filters) filters = { 0 };
    unsigned count = 0;
    int rc = pv_filters_read(request, filter_names, &filters, error);

    if (rc < 0 || (rc = check_states(&filters, error)) < 0)
        return rc;
    pv_reply_begin(request);
    g_string_append_c(request->out, '[');
    if (place_passes(&filters))
        count = append_all(request, &filters);
    g_string_append_c(request->out, ']');
    pv_reply_end(request);
    return pv_rest_check_cap(request, count, PV_VAPI_VM_CAP, PV_VAPI_MSG_TOO_MANY, "virtual machines");
}
