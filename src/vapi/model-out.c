/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says of the neutral model: VMs, snapshots, inventory. */
#include "vapi-model.h"

#include <string.h>

pv_vapi_session *
pv_vapi_session_of(const pv_session *session)
{
    pv_vapi_session *out = pv_vapi_session_new();

    out->user = g_strdup(session->user);
    out->created_time = session->created;
    out->last_accessed_time = session->last_used;
    return out;
}

static int64_t
mib(int64_t bytes)
{
    return bytes == PV_UNSET_INT ? PV_UNSET_INT : (bytes + PV_VAPI_MIB - 1) / PV_VAPI_MIB;
}

pv_vapi_vm_summary *
pv_vapi_vm_summary_of(const pv_vm *vm, const char *moref)
{
    pv_vapi_vm_summary *out = pv_vapi_vm_summary_new();

    out->vm = g_strdup(moref);
    out->name = g_strdup(vm->name ? vm->name : moref);
    out->power_state = g_strdup(pv_vapi_power_name(vm->state));
    out->cpu_count = vm->cpus;
    out->memory_size_MiB = mib(vm->memory);
    return out;
}

/* ---- devices ---- */

/* Where each bus counts its devices from, as vSphere numbers them, and what holds them. */
struct bus_kind {
    const char *bus;  /* of the model */
    const char *type;
    unsigned first_key;
    unsigned units;   /* per controller */
    unsigned reserved_unit; /* the controller's own address on a SCSI bus */
};
static const struct bus_kind bus_kinds[] = {
    { "scsi", "SCSI", 2000, 16, 7 },
    { "ide", "IDE", 3000, 2, G_MAXUINT },
    { "sata", "SATA", 16000, 30, G_MAXUINT },
    { "nvme", "NVME", 32000, 15, G_MAXUINT },
};
#define N_BUSES G_N_ELEMENTS(bus_kinds)

/* Paravirtual buses of other hypervisors read as SCSI, the paravirtual bus of this one. */
static unsigned
bus_index(const char *bus)
{
    for (unsigned i = 0; i < N_BUSES; i++)
        if (g_strcmp0(bus_kinds[i].bus, bus) == 0)
            return i;
    return 0;
}

/* The next free address on a bus. */
static void
next_address(unsigned *used, unsigned index, unsigned *ret_bus, unsigned *ret_unit)
{
    const struct bus_kind *kind = &bus_kinds[index];

    if (used[index] % kind->units == kind->reserved_unit)
        used[index]++;
    *ret_bus = used[index] / kind->units;
    *ret_unit = used[index] % kind->units;
    used[index]++;
}

static pv_vapi_bus *
bus_address(unsigned bus, unsigned unit)
{
    pv_vapi_bus *address = pv_vapi_bus_new();

    address->bus = bus;
    address->unit = unit;
    return address;
}

static pv_vapi_ide *
ide_address(unsigned bus, unsigned unit)
{
    pv_vapi_ide *address = pv_vapi_ide_new();

    address->primary = bus == 0;
    address->master = unit == 0;
    return address;
}

static pv_vapi_backing *
backing_new(const char *type)
{
    pv_vapi_backing *backing = pv_vapi_backing_new();

    backing->type = g_strdup(type);
    return backing;
}

static char *
file_name(const struct pv_vapi_names *names, const char *path)
{
    char *name = names && names->file && path ? names->file(path, names->data) : NULL;

    return name ? name : g_strdup(path);
}

static void
add_disk(pv_vapi_vm_info *info, const pv_disk *disk, unsigned *used, const struct pv_vapi_names *names)
{
    unsigned index = bus_index(disk->bus), bus, unit;
    pv_vapi_disk_entry *entry = pv_vapi_disk_entry_new();
    pv_vapi_disk *out = entry->value = pv_vapi_disk_new();

    next_address(used, index, &bus, &unit);
    entry->key = g_strdup_printf("%u", bus_kinds[index].first_key + bus * bus_kinds[index].units + unit);
    out->label = g_strdup_printf("Hard disk %u", info->disks->len + 1);
    out->type = g_strdup(bus_kinds[index].type);
    if (index == 1)
        out->ide = ide_address(bus, unit);
    else
        *(index == 0 ? &out->scsi : index == 2 ? &out->sata : &out->nvme) = bus_address(bus, unit);
    out->backing = backing_new("VMDK_FILE");
    out->backing->vmdk_file = file_name(names, disk->path);
    out->capacity = disk->capacity;
    g_ptr_array_add(info->disks, entry);
}

static void
add_cdrom(pv_vapi_vm_info *info, const pv_disk *disk, unsigned *used, const struct pv_vapi_names *names)
{
    unsigned index = g_strcmp0(disk->bus, "ide") == 0 ? 1 : 2, bus, unit;
    pv_vapi_cdrom_entry *entry = pv_vapi_cdrom_entry_new();
    pv_vapi_cdrom *out = entry->value = pv_vapi_cdrom_new();

    next_address(used, index, &bus, &unit);
    entry->key = g_strdup_printf("%u", bus_kinds[index].first_key + bus * bus_kinds[index].units + unit);
    out->label = g_strdup_printf("CD/DVD drive %u", info->cdroms->len + 1);
    out->type = g_strdup(bus_kinds[index].type);
    if (index == 1)
        out->ide = ide_address(bus, unit);
    else
        out->sata = bus_address(bus, unit);
    out->backing = backing_new(disk->path ? "ISO_FILE" : "CLIENT_DEVICE");
    out->backing->iso_file = file_name(names, disk->path);
    out->state = g_strdup(disk->path ? "CONNECTED" : "NOT_CONNECTED");
    out->start_connected = disk->path != NULL;
    out->allow_guest_control = TRUE;
    g_ptr_array_add(info->cdroms, entry);
}

/* Adapter models of other hypervisors read as the nearest of this one. */
static const struct {
    const char *model, *type;
} nic_types[] = {
    { "e1000", "E1000" },     { "e1000e", "E1000E" },   { "vmxnet3", "VMXNET3" }, { "vmxnet2", "VMXNET2" },
    { "vmxnet", "VMXNET" },   { "pcnet", "PCNET32" },   { "virtio", "VMXNET3" },  { "rtl8139", "PCNET32" },
    { "pcnet32", "PCNET32" },
};

static const char *
nic_type(const char *model)
{
    for (size_t i = 0; i < G_N_ELEMENTS(nic_types); i++)
        if (g_strcmp0(nic_types[i].model, model) == 0)
            return nic_types[i].type;
    return "VMXNET3";
}

#define NIC_FIRST_KEY  4000
#define NIC_FIRST_SLOT 160

static void
add_nic(pv_vapi_vm_info *info, const pv_nic *nic, gboolean on, const struct pv_vapi_names *names)
{
    unsigned n = info->nics->len;
    pv_vapi_nic_entry *entry = pv_vapi_nic_entry_new();
    pv_vapi_nic *out = entry->value = pv_vapi_nic_new();
    gboolean connected = nic->connected != FALSE;

    entry->key = g_strdup_printf("%u", NIC_FIRST_KEY + n);
    out->label = g_strdup_printf("Network adapter %u", n + 1);
    out->type = g_strdup(nic_type(nic->model));
    if (strcmp(out->type, "VMXNET3") == 0)
        out->upt_compatibility_enabled = FALSE;
    out->mac_type = g_strdup(nic->mac ? "MANUAL" : "GENERATED");
    out->mac_address = g_strdup(nic->mac);
    out->pci_slot_number = NIC_FIRST_SLOT + 32 * (int64_t)n;
    out->wake_on_lan_enabled = FALSE;
    out->backing = backing_new("STANDARD_PORTGROUP");
    out->backing->network_name = g_strdup(nic->network);
    if (names && names->network && nic->network)
        out->backing->network = g_strdup(names->network(nic->network, names->data));
    out->state = g_strdup(on && connected ? "CONNECTED" : "NOT_CONNECTED");
    out->start_connected = connected;
    out->allow_guest_control = TRUE;
    g_ptr_array_add(info->nics, entry);
}

static void
add_adapter(GPtrArray *list, unsigned key, unsigned bus, const char *label, const char *type)
{
    pv_vapi_adapter_entry *entry = pv_vapi_adapter_entry_new();
    pv_vapi_adapter *out = entry->value = pv_vapi_adapter_new();

    entry->key = g_strdup_printf("%u", key);
    out->label = g_strdup_printf("%s %u", label, bus);
    out->type = g_strdup(type);
    if (g_strcmp0(type, "PVSCSI") == 0) {
        out->scsi = bus_address(bus, 7);
        out->sharing = g_strdup("NONE");
    } else
        out->bus = bus;
    g_ptr_array_add(list, entry);
}

/* One adapter per started run of units; IDE's are part of the board. */
static void
add_adapters(pv_vapi_vm_info *info, const unsigned *used)
{
    for (unsigned bus = 0; bus * bus_kinds[0].units < used[0]; bus++)
        add_adapter(info->scsi_adapters, 1000 + bus, bus, "SCSI controller", "PVSCSI");
    for (unsigned bus = 0; bus * bus_kinds[2].units < used[2]; bus++)
        add_adapter(info->sata_adapters, 15000 + bus, bus, "SATA controller", "AHCI");
    for (unsigned bus = 0; bus * bus_kinds[3].units < used[3]; bus++)
        add_adapter(info->nvme_adapters, 31000 + bus, bus, "NVME controller", NULL);
}

static void
add_devices(pv_vapi_vm_info *info, const pv_vm *vm, const struct pv_vapi_names *names)
{
    unsigned used[N_BUSES] = { 0 };

    for (guint i = 0; vm->disks && i < vm->disks->len; i++) {
        const pv_disk *disk = vm->disks->pdata[i];

        if (g_strcmp0(disk->device, "cdrom") == 0)
            add_cdrom(info, disk, used, names);
        else if (g_strcmp0(disk->device, "floppy") != 0)
            add_disk(info, disk, used, names);
    }
    for (guint i = 0; vm->nics && i < vm->nics->len; i++)
        add_nic(info, vm->nics->pdata[i], vm->state == PV_POWER_ON, names);
    add_adapters(info, used);
}

/* ---- vm ---- */

static pv_vapi_identity *
identity_of(const pv_vm *vm)
{
    pv_vapi_identity *out = pv_vapi_identity_new();

    out->name = g_strdup(vm->name);
    out->bios_uuid = g_strdup(vm->uuid);
    out->instance_uuid = g_strdup(vm->uuid);
    return out;
}

static pv_vapi_hardware *
hardware_new(void)
{
    pv_vapi_hardware *out = pv_vapi_hardware_new();

    out->version = g_strdup(PV_VAPI_HARDWARE_VERSION);
    out->upgrade_policy = g_strdup("NEVER");
    out->upgrade_status = g_strdup("NONE");
    return out;
}

/* Delay and retry are the specification's defaults. */
static pv_vapi_boot *
boot_of(const pv_vm *vm)
{
    pv_vapi_boot *out = pv_vapi_boot_new();
    gboolean efi = g_strcmp0(vm->firmware, "uefi") == 0;

    out->type = g_strdup(efi ? "EFI" : "BIOS");
    if (efi) {
        out->efi_legacy_boot = FALSE;
        out->network_protocol = g_strdup("IPV4");
    }
    out->delay = 0;
    out->retry = FALSE;
    out->retry_delay = 10000;
    out->enter_setup_mode = FALSE;
    return out;
}

static pv_vapi_cpu *
cpu_of(const pv_vm *vm)
{
    pv_vapi_cpu *out = pv_vapi_cpu_new();

    out->count = vm->cpus == PV_UNSET_INT ? 1 : vm->cpus;
    out->cores_per_socket = 1;
    out->hot_add_enabled = out->hot_remove_enabled = FALSE;
    return out;
}

static pv_vapi_memory *
memory_of(const pv_vm *vm)
{
    pv_vapi_memory *out = pv_vapi_memory_new();

    out->size_MiB = vm->memory == PV_UNSET_INT ? 0 : mib(vm->memory);
    out->hot_add_enabled = FALSE;
    return out;
}

/* The members the specification calls required are there even when empty. */
static void
make_maps(pv_vapi_vm_info *info)
{
    info->boot_devices = pv_list_new(&pv_vapi_boot_device_desc);
    info->disks = pv_list_new(&pv_vapi_disk_entry_desc);
    info->nics = pv_list_new(&pv_vapi_nic_entry_desc);
    info->cdroms = pv_list_new(&pv_vapi_cdrom_entry_desc);
    info->floppies = pv_list_new(&pv_vapi_port_entry_desc);
    info->parallel_ports = pv_list_new(&pv_vapi_port_entry_desc);
    info->serial_ports = pv_list_new(&pv_vapi_port_entry_desc);
    info->sata_adapters = pv_list_new(&pv_vapi_adapter_entry_desc);
    info->scsi_adapters = pv_list_new(&pv_vapi_adapter_entry_desc);
    info->nvme_adapters = pv_list_new(&pv_vapi_adapter_entry_desc);
}

pv_vapi_vm_info *
pv_vapi_vm_info_of(const pv_vm *vm, const struct pv_vapi_names *names)
{
    pv_vapi_vm_info *out = pv_vapi_vm_info_new();

    out->guest_OS = g_strdup(pv_vapi_guest_os(vm->guest_os, vm->arch));
    out->name = g_strdup(vm->name);
    out->power_state = g_strdup(pv_vapi_power_name(vm->state));
    out->instant_clone_frozen = FALSE;
    out->identity = identity_of(vm);
    out->hardware = hardware_new();
    out->boot = boot_of(vm);
    out->cpu = cpu_of(vm);
    out->memory = memory_of(vm);
    make_maps(out);
    add_devices(out, vm, names);
    return out;
}

pv_vapi_power *
pv_vapi_power_of(const pv_vm *vm)
{
    pv_vapi_power *out = pv_vapi_power_new();

    out->state = g_strdup(pv_vapi_power_name(vm->state));
    if (strcmp(out->state, "POWERED_OFF") == 0)
        out->clean_power_off = vm->state != PV_POWER_CRASHED;
    return out;
}

/* ---- guest ---- */

static const char *
guest_family(const char *guest_os)
{
    if (g_str_has_prefix(guest_os, "WIN"))
        return "WINDOWS";
    if (g_str_has_prefix(guest_os, "DARWIN"))
        return "DARWIN";
    if (g_str_has_prefix(guest_os, "SOLARIS"))
        return "SOLARIS";
    if (g_str_has_prefix(guest_os, "NETWARE"))
        return "NETWARE";
    if (strcmp(guest_os, "OTHER") == 0 || strcmp(guest_os, "OTHER_64") == 0
        || g_str_has_prefix(guest_os, "FREEBSD") || g_str_has_prefix(guest_os, "VMKERNEL"))
        return "OTHER";
    return "LINUX";
}

pv_vapi_guest_identity *
pv_vapi_guest_identity_of(const pv_vm *vm)
{
    const char *guest_os = pv_vapi_guest_os(vm->guest_os ? vm->guest_os : vm->guest_full_name, vm->arch);
    pv_vapi_guest_identity *out;

    if (!vm->guest_hostname && !(vm->addresses && vm->addresses[0]))
        return NULL;
    out = pv_vapi_guest_identity_new();
    out->name = g_strdup(guest_os);
    out->family = g_strdup(guest_family(guest_os));
    out->full_name = pv_vapi_text_new();
    out->full_name->id = g_strdup("polyvirt.guest.full_name");
    out->full_name->default_message = g_strdup(vm->guest_full_name ? vm->guest_full_name : guest_os);
    out->full_name->args = g_new0(char *, 1);
    out->host_name = g_strdup(vm->guest_hostname ? vm->guest_hostname : "");
    out->ip_address = g_strdup(vm->addresses ? vm->addresses[0] : NULL);
    return out;
}

pv_vapi_guest_power *
pv_vapi_guest_power_of(const pv_vm *vm)
{
    pv_vapi_guest_power *out = pv_vapi_guest_power_new();
    gboolean agent = g_strcmp0(vm->agent, "running") == 0;
    gboolean on = vm->state == PV_POWER_ON || vm->state == PV_POWER_PAUSED;

    out->state = g_strdup(vm->state == PV_POWER_STOPPING ? "SHUTTING_DOWN"
                            : !on ? "NOT_RUNNING" : agent ? "RUNNING" : "UNAVAILABLE");
    out->operations_ready = on && agent;
    return out;
}

/* ---- snapshot and inventory ---- */

pv_vapi_snapshot *
pv_vapi_snapshot_of(const pv_snapshot *snapshot, const char *id, const char *parent)
{
    pv_vapi_snapshot *out = pv_vapi_snapshot_new();

    out->snapshot = g_strdup(id);
    out->name = g_strdup(snapshot->name);
    out->description = g_strdup(snapshot->description ? snapshot->description : "");
    out->create_time = snapshot->created;
    out->parent = g_strdup(parent);
    if (snapshot->state)
        out->power_state = g_strdup(pv_vapi_power_name(snapshot->state));
    out->memory = snapshot->memory;
    out->quiesced = snapshot->quiesced;
    out->current = snapshot->current;
    return out;
}

/* A datastore of another hypervisor reads as the nearest type of this one. */
static const struct {
    const char *from, *type;
} datastore_types[] = {
    { "netfs", "NFS" }, { "nfs", "NFS" }, { "nfs41", "NFS41" }, { "cifs", "CIFS" },
    { "vsan", "VSAN" }, { "vffs", "VFFS" }, { "vvol", "VVOL" },
};

static const char *
datastore_type(const char *type)
{
    for (size_t i = 0; type && i < G_N_ELEMENTS(datastore_types); i++)
        if (g_ascii_strcasecmp(datastore_types[i].from, type) == 0)
            return datastore_types[i].type;
    return "VMFS";
}

static gboolean
is_accessible(const pv_datastore *datastore)
{
    if (datastore->accessible != PV_UNSET_BOOL)
        return datastore->accessible;
    return !datastore->state || g_str_equal(datastore->state, "active")
        || g_str_equal(datastore->state, "degraded");
}

pv_vapi_datastore_summary *
pv_vapi_datastore_summary_of(const pv_datastore *datastore, const char *moref)
{
    pv_vapi_datastore_summary *out = pv_vapi_datastore_summary_new();

    out->datastore = g_strdup(moref);
    out->name = g_strdup(datastore->name);
    out->type = g_strdup(datastore_type(datastore->type));
    if (is_accessible(datastore)) {
        out->free_space = datastore->free;
        out->capacity = datastore->capacity;
    }
    return out;
}

pv_vapi_datastore_info *
pv_vapi_datastore_info_of(const pv_datastore *datastore)
{
    pv_vapi_datastore_info *out = pv_vapi_datastore_info_new();

    out->name = g_strdup(datastore->name);
    out->type = g_strdup(datastore_type(datastore->type));
    out->accessible = is_accessible(datastore);
    if (out->accessible)
        out->free_space = datastore->free;
    out->multiple_host_access = strncmp(out->type, "NFS", 3) == 0;
    out->thin_provisioning_supported = TRUE;
    return out;
}

pv_vapi_network_summary *
pv_vapi_network_summary_of(const pv_network *network, const char *moref)
{
    static const char *const own[] = { "STANDARD_PORTGROUP", "DISTRIBUTED_PORTGROUP", "OPAQUE_NETWORK",
                                       NULL };
    pv_vapi_network_summary *out = pv_vapi_network_summary_new();

    out->network = g_strdup(moref);
    out->name = g_strdup(network->name);
    out->type = g_strdup(network->type && g_strv_contains(own, network->type) ? network->type : own[0]);
    return out;
}

pv_vapi_host_summary *
pv_vapi_host_summary_of(const pv_host *host, const char *moref)
{
    pv_vapi_host_summary *out = pv_vapi_host_summary_new();
    gboolean connected = !host->state || g_ascii_strcasecmp(host->state, "connected") == 0
        || g_ascii_strcasecmp(host->state, "active") == 0;

    out->host = g_strdup(moref);
    out->name = g_strdup(host->name);
    out->connection_state = g_strdup(connected ? "CONNECTED" : "DISCONNECTED");
    if (connected)
        out->power_state = g_strdup("POWERED_ON");
    return out;
}
