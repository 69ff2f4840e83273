/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the machine itself knows: how large its disks are (its QEMU is asked) and what runs in
 * it (the guest's agent is asked). Both may hang, so they are asked aside, with a short deadline, and
 * what does not come stays unset.
 */
#include "libvirt.h"

#include <stdio.h>
#include <string.h>

#define ADDRESSES_MAX 256

/* Runs fn on a worker of its own with job->object as a copy of vm, and takes the copy over if it ends. */
static void
aside(lv_job *whole, virDomainPtr domain, pv_vm *vm, lv_fn fn)
{
    g_autoptr(pv_task) task = pv_task_child(whole->task, "vm.get", vm->name);
    g_autoptr(lv_job) job = lv_job_new(whole->conn, task, fn);
    g_autoptr(pv_error) error = NULL;

    pv_task_set_timeout(task, LV_ASIDE_MS);
    virDomainRef(domain);
    job->domain = domain;
    lv_job_wants_object(job, &pv_vm_desc, vm);
    if (lv_job_run_object(job, vm, &error) < 0)
        pv_log(PV_LOG_INFO, "libvirt", "%s: %s", vm->name, error->message);
}

/* ---- disks ---- */

static pv_disk *
disk_named(const pv_vm *vm, const char *name)
{
    for (unsigned i = 0; i < vm->disks->len; i++) {
        pv_disk *disk = g_ptr_array_index(vm->disks, i);

        if (g_strcmp0(disk->id, name) == 0)
            return disk;
    }
    return NULL;
}

static int64_t
block_number(virDomainStatsRecordPtr record, unsigned i, const char *what)
{
    char key[VIR_TYPED_PARAM_FIELD_LENGTH];
    unsigned long long value;

    snprintf(key, sizeof(key), "block.%u.%s", i, what);
    if (virTypedParamsGetULLong(record->params, record->nparams, key, &value) != 1 || value > INT64_MAX)
        return PV_UNSET_INT;
    return (int64_t)value;
}

static void
take_blocks(virDomainStatsRecordPtr record, pv_vm *vm)
{
    unsigned count = 0;

    virTypedParamsGetUInt(record->params, record->nparams, "block.count", &count);
    for (unsigned i = 0; i < MIN(count, LV_XML_DEVICES_MAX); i++) {
        char key[VIR_TYPED_PARAM_FIELD_LENGTH];
        const char *name = NULL;
        pv_disk *disk;

        snprintf(key, sizeof(key), "block.%u.name", i);
        virTypedParamsGetString(record->params, record->nparams, key, &name);
        disk = name ? disk_named(vm, name) : NULL;
        if (!disk)
            continue;
        disk->capacity = block_number(record, i, "capacity");
        disk->allocation = block_number(record, i, "physical");
    }
}

static int
measure_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    virDomainPtr domains[] = { job->domain, NULL };
    virDomainStatsRecordPtr *records = NULL;
    int n = virDomainListGetStats(domains, VIR_DOMAIN_STATS_BLOCK, &records,
                                  VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

    (void)handle;
    if (n < 0)
        return lv_fail(error, "cannot measure the disks");
    if (n > 0)
        take_blocks(records[0], job->object);
    virDomainStatsRecordListFree(records);
    return 0;
}

void
lv_disks_measure(lv_job *job, virDomainPtr domain, pv_vm *vm)
{
    if (job->conn->kind == LV_QEMU && vm->disks && vm->disks->len > 0)
        aside(job, domain, vm, measure_run);
}

/* ---- guest ---- */

static gboolean
tells_nothing(const char *address)
{
    return g_str_has_prefix(address, "127.") || g_str_equal(address, "::1") ||
           g_ascii_strncasecmp(address, "fe80:", strlen("fe80:")) == 0;
}

static void
add_addresses(virDomainInterfacePtr *interfaces, int n, int family, GPtrArray *addresses)
{
    for (int i = 0; i < n; i++) {
        for (unsigned j = 0; j < interfaces[i]->naddrs; j++) {
            const virDomainIPAddress *address = &interfaces[i]->addrs[j];

            if (address->type != family || !address->addr || tells_nothing(address->addr) ||
                addresses->len >= ADDRESSES_MAX)
                continue;
            g_ptr_array_add(addresses, g_strdup(address->addr));
        }
    }
}

static gboolean
read_addresses(virDomainPtr domain, unsigned source, pv_vm *vm)
{
    GPtrArray *addresses = g_ptr_array_new();
    virDomainInterfacePtr *interfaces = NULL;
    int n = virDomainInterfaceAddresses(domain, &interfaces, source, 0);

    add_addresses(interfaces, n, VIR_IP_ADDR_TYPE_IPV4, addresses);
    add_addresses(interfaces, n, VIR_IP_ADDR_TYPE_IPV6, addresses);
    for (int i = 0; i < n; i++)
        virDomainInterfaceFree(interfaces[i]);
    free(interfaces);
    virResetLastError();
    if (addresses->len == 0) {
        g_ptr_array_free(addresses, TRUE);
        return FALSE;
    }
    g_ptr_array_add(addresses, NULL);
    g_strfreev(vm->addresses);
    vm->addresses = (char **)g_ptr_array_free(addresses, FALSE);
    return TRUE;
}

static void
read_system(virDomainPtr domain, pv_vm *vm)
{
    unsigned types = VIR_DOMAIN_GUEST_INFO_OS | VIR_DOMAIN_GUEST_INFO_HOSTNAME;
    virTypedParameterPtr params = NULL;
    int n = 0;
    const char *text = NULL;

    if (virDomainGetGuestInfo(domain, types, &params, &n, 0) == 0) {
        if (virTypedParamsGetString(params, n, "os.pretty-name", &text) == 1)
            vm->guest_full_name = g_utf8_make_valid(text, -1);
        if (virTypedParamsGetString(params, n, "hostname", &text) == 1)
            vm->guest_hostname = g_utf8_make_valid(text, -1);
        virTypedParamsFree(params, n);
    }
    virResetLastError();
}

/* The agent knows best; without it the host's DHCP server, then its ARP table. */
static int
guest_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    pv_vm *vm = job->object;

    (void)handle, (void)error;
    if (g_strcmp0(vm->agent, "running") == 0) {
        read_system(job->domain, vm);
        if (read_addresses(job->domain, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, vm))
            return 0;
    }
    if (!read_addresses(job->domain, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, vm))
        read_addresses(job->domain, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP, vm);
    return 0;
}

void
lv_guest_read(lv_job *job, virDomainPtr domain, pv_vm *vm)
{
    aside(job, domain, vm, guest_run);
}
