/* SPDX-License-Identifier: Apache-2.0 */
/* What a driver makes of a server's words: the neutral model. A word it does not know stays as it is. */
#include "vapi-model.h"

#include <string.h>

static void
replace(char **to, const char *from)
{
    if (!from)
        return;
    g_free(*to);
    *to = g_strdup(from);
}

static void
replace_list(GPtrArray **to, const struct pv_desc *desc)
{
    g_clear_pointer(to, g_ptr_array_unref);
    *to = pv_list_new(desc);
}

static int64_t
bytes(int64_t mib)
{
    return mib == PV_UNSET_INT || mib < 0 || mib > INT64_MAX / PV_VAPI_MIB ? PV_UNSET_INT : mib * PV_VAPI_MIB;
}

void
pv_vapi_session_to(const pv_vapi_session *session, pv_session *ret_session)
{
    replace(&ret_session->user, session->user);
    ret_session->created = session->created_time;
    ret_session->last_used = session->last_accessed_time;
}

static void
take_power(pv_vm *vm, const char *power_state)
{
    vm->state = pv_vapi_power_state(power_state);
    replace(&vm->native_state, power_state);
}

void
pv_vapi_vm_summary_to(const pv_vapi_vm_summary *summary, pv_vm *vm)
{
    replace(&vm->id, summary->vm);
    replace(&vm->name, summary->name);
    take_power(vm, summary->power_state);
    vm->cpus = summary->cpu_count;
    vm->memory = bytes(summary->memory_size_MiB);
}

/* ---- devices ---- */

static void
take_disk(GPtrArray *disks, const struct pv_vapi_disk_entry *entry)
{
    const pv_vapi_disk *from = entry->value;
    pv_disk *disk = pv_disk_new();

    disk->id = g_strdup(entry->key);
    disk->label = g_strdup(from->label);
    disk->bus = from->type ? g_ascii_strdown(from->type, -1) : NULL;
    disk->device = g_strdup("disk");
    disk->format = g_strdup("vmdk");
    if (from->backing)
        disk->path = g_strdup(from->backing->vmdk_file);
    disk->capacity = from->capacity;
    g_ptr_array_add(disks, disk);
}

static void
take_cdrom(GPtrArray *disks, const struct pv_vapi_cdrom_entry *entry)
{
    const pv_vapi_cdrom *from = entry->value;
    pv_disk *disk = pv_disk_new();

    disk->id = g_strdup(entry->key);
    disk->label = g_strdup(from->label);
    disk->bus = from->type ? g_ascii_strdown(from->type, -1) : NULL;
    disk->device = g_strdup("cdrom");
    disk->readonly = TRUE;
    if (from->backing)
        disk->path = g_strdup(from->backing->iso_file ? from->backing->iso_file : from->backing->host_device);
    g_ptr_array_add(disks, disk);
}

static void
take_nic(GPtrArray *nics, const struct pv_vapi_nic_entry *entry)
{
    const pv_vapi_nic *from = entry->value;
    pv_nic *nic = pv_nic_new();

    nic->id = g_strdup(entry->key);
    nic->label = g_strdup(from->label);
    nic->mac = g_strdup(from->mac_address);
    nic->model = from->type ? g_ascii_strdown(from->type, -1) : NULL;
    if (from->backing) {
        nic->type = g_strdup(from->backing->type);
        nic->network = g_strdup(from->backing->network_name ? from->backing->network_name
                                : from->backing->network);
    }
    nic->connected = from->state ? strcmp(from->state, "CONNECTED") == 0 : PV_UNSET_BOOL;
    g_ptr_array_add(nics, nic);
}

static void
take_devices(const pv_vapi_vm_info *info, pv_vm *vm)
{
    replace_list(&vm->disks, &pv_disk_desc);
    replace_list(&vm->nics, &pv_nic_desc);
    for (guint i = 0; info->disks && i < info->disks->len; i++)
        take_disk(vm->disks, info->disks->pdata[i]);
    for (guint i = 0; info->cdroms && i < info->cdroms->len; i++)
        take_cdrom(vm->disks, info->cdroms->pdata[i]);
    for (guint i = 0; info->nics && i < info->nics->len; i++)
        take_nic(vm->nics, info->nics->pdata[i]);
}

/* ---- vm ---- */

void
pv_vapi_vm_info_to(const pv_vapi_vm_info *info, pv_vm *vm)
{
    replace(&vm->name, info->name);
    replace(&vm->guest_os, info->guest_OS);
    take_power(vm, info->power_state);
    if (info->identity)
        replace(&vm->uuid, info->identity->instance_uuid ? info->identity->instance_uuid
                : info->identity->bios_uuid);
    if (info->hardware)
        replace(&vm->machine, info->hardware->version);
    if (info->boot && info->boot->type)
        replace(&vm->firmware, strcmp(info->boot->type, "EFI") == 0 ? "uefi" : "bios");
    if (info->cpu)
        vm->cpus = info->cpu->count;
    if (info->memory)
        vm->memory = bytes(info->memory->size_MiB);
    take_devices(info, vm);
}

void
pv_vapi_guest_identity_to(const pv_vapi_guest_identity *identity, pv_vm *vm)
{
    replace(&vm->guest_hostname, identity->host_name);
    if (identity->full_name)
        replace(&vm->guest_full_name, identity->full_name->default_message);
    if (identity->ip_address) {
        g_strfreev(vm->addresses);
        vm->addresses = g_new0(char *, 2);
        vm->addresses[0] = g_strdup(identity->ip_address);
    }
}

/* ---- snapshot and inventory ---- */

void
pv_vapi_snapshot_to(const pv_vapi_snapshot *from, pv_snapshot *snapshot)
{
    replace(&snapshot->id, from->snapshot);
    replace(&snapshot->name, from->name);
    replace(&snapshot->description, from->description);
    replace(&snapshot->parent, from->parent);
    snapshot->created = from->create_time;
    snapshot->state = pv_vapi_power_state(from->power_state);
    snapshot->memory = from->memory;
    snapshot->quiesced = from->quiesced;
    snapshot->current = from->current;
}

void
pv_vapi_datastore_summary_to(const pv_vapi_datastore_summary *from, pv_datastore *datastore)
{
    replace(&datastore->id, from->datastore);
    replace(&datastore->name, from->name);
    replace(&datastore->type, from->type);
    datastore->capacity = from->capacity;
    datastore->free = from->free_space;
    if (from->capacity != PV_UNSET_INT && from->free_space != PV_UNSET_INT
        && from->capacity >= from->free_space
        && from->free_space >= 0)
        datastore->allocation = from->capacity - from->free_space;
    /* The specification leaves both sizes out when the datastore cannot be reached. */
    datastore->accessible = from->capacity != PV_UNSET_INT || from->free_space != PV_UNSET_INT;
    replace(&datastore->state, datastore->accessible ? "active" : "inaccessible");
}

void
pv_vapi_network_summary_to(const pv_vapi_network_summary *from, pv_network *network)
{
    replace(&network->id, from->network);
    replace(&network->name, from->name);
    replace(&network->type, from->type);
}

void
pv_vapi_host_summary_to(const pv_vapi_host_summary *from, pv_host *host)
{
    replace(&host->id, from->host);
    replace(&host->name, from->name);
    if (from->connection_state) {
        g_free(host->state);
        host->state = g_ascii_strdown(from->connection_state, -1);
    }
}
