/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Specs both ways. The paravirtual kinds of the two worlds stand for each other: a SCSI disk (PVSCSI)
 * is a virtio disk, a VMXNET3 adapter a virtio one, because those are the devices whose drivers the
 * guests of that world bring along.
 */
#include "vapi-model.h"

#include <string.h>

struct name_pair {
    const char *vapi, *model;
};
/* First match counts in either direction. */
static const struct name_pair disk_types[] = {
    { "SCSI", "virtio" }, { "SCSI", "scsi" }, { "SATA", "sata" }, { "IDE", "ide" }, { "NVME", "nvme" },
        { NULL, NULL },
};
static const struct name_pair nic_types[] = {
    { "VMXNET3", "virtio" }, { "VMXNET3", "vmxnet3" }, { "E1000", "e1000" }, { "E1000E", "e1000e" },
    { "PCNET32", "pcnet" },  { "VMXNET2", "virtio" },  { "VMXNET", "virtio" }, { NULL, NULL },
};
static const struct name_pair firmwares[] = {
    { "BIOS", "bios" }, { "EFI", "uefi" }, { NULL, NULL },
};

static int
to_model(const struct name_pair *pairs, const char *vapi, const char *path, char **ret_model,
         pv_error **error)
{
    if (!vapi)
        return 0;
    for (; pairs->vapi; pairs++)
        if (strcmp(pairs->vapi, vapi) == 0) {
            *ret_model = g_strdup(pairs->model);
            return 0;
        }
    return pv_error_set(error, PV_ERR_INVALID, "%s: has no value \"%s\"", path, vapi);
}

static int
to_vapi(const struct name_pair *pairs, const char *model, const char *path, char **ret_vapi, pv_error **error)
{
    if (!model)
        return 0;
    for (; pairs->vapi; pairs++)
        if (g_ascii_strcasecmp(pairs->model, model) == 0) {
            *ret_vapi = g_strdup(pairs->vapi);
            return 0;
        }
    return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s: vSphere has no \"%s\"", path, model);
}

/* ---- create: body -> spec (server) ---- */

static int
disk_to(const pv_vapi_disk_create *disk, guint i, pv_disk_spec *out, pv_error **error)
{
    g_autofree char *type_path = g_strdup_printf("disks[%u].type", i);
    const pv_vapi_new_vmdk *vmdk = disk->new_vmdk;
    int code = to_model(disk_types, disk->type, type_path, &out->bus, error);

    if (code < 0)
        return code;
    if (!vmdk == !disk->backing)
        return pv_error_set(error, PV_ERR_INVALID, "disks[%u]: needs either backing or new_vmdk", i);
    if (vmdk && vmdk->storage_policy)
        return pv_error_set(error, PV_ERR_UNSUPPORTED,
                            "disks[%u].new_vmdk.storage_policy: there are no storage policies", i);
    if (vmdk && vmdk->capacity != PV_UNSET_INT && vmdk->capacity <= 0)
        return pv_error_set(error, PV_ERR_INVALID, "disks[%u].new_vmdk.capacity: must be above 0", i);
    if (disk->backing && g_strcmp0(disk->backing->type, "VMDK_FILE") != 0)
        return pv_error_set(error, PV_ERR_INVALID, "disks[%u].backing.type: must be VMDK_FILE", i);
    if (disk->backing && !disk->backing->vmdk_file)
        return pv_error_set(error, PV_ERR_INVALID, "disks[%u].backing.vmdk_file: is missing", i);
    if (disk->backing)
        out->path = g_strdup(disk->backing->vmdk_file);
    else
        out->size = vmdk->capacity == PV_UNSET_INT ? PV_VAPI_DISK_DEFAULT : vmdk->capacity;
    return 0;
}

static int
disks_to(const pv_vapi_vm_create *create, pv_vm_spec *spec, pv_error **error)
{
    int code = 0;

    spec->disks = pv_list_new(&pv_disk_spec_desc);
    if (!create->disks) {
        pv_disk_spec *blank = pv_disk_spec_new();

        blank->size = PV_VAPI_DISK_DEFAULT;
        g_ptr_array_add(spec->disks, blank);
    }
    for (guint i = 0; create->disks && i < create->disks->len && code == 0; i++) {
        pv_disk_spec *disk = pv_disk_spec_new();

        g_ptr_array_add(spec->disks, disk);
        code = disk_to(create->disks->pdata[i], i, disk, error);
    }
    return code;
}

/* A drive without a medium is left out; there is no client device to wait for. */
static int
cdroms_to(const pv_vapi_vm_create *create, pv_vm_spec *spec, pv_error **error)
{
    for (guint i = 0; create->cdroms && i < create->cdroms->len; i++) {
        const pv_vapi_cdrom *cdrom = create->cdroms->pdata[i];
        const char *type = cdrom->backing ? cdrom->backing->type : NULL;
        pv_disk_spec *disk;

        if (!type || strcmp(type, "CLIENT_DEVICE") == 0)
            continue;
        if (strcmp(type, "ISO_FILE") != 0)
            return pv_error_set(error, PV_ERR_UNSUPPORTED,
                                "cdroms[%u].backing.type: only ISO_FILE and CLIENT_DEVICE", i);
        if (!cdrom->backing->iso_file)
            return pv_error_set(error, PV_ERR_INVALID, "cdroms[%u].backing.iso_file: is missing", i);
        disk = pv_disk_spec_new();
        disk->device = g_strdup("cdrom");
        disk->path = g_strdup(cdrom->backing->iso_file);
        disk->bus = cdrom->type ? g_ascii_strdown(cdrom->type, -1) : NULL;
        disk->readonly = TRUE;
        g_ptr_array_add(spec->disks, disk);
    }
    return 0;
}

static int
nics_to(const pv_vapi_vm_create *create, pv_vm_spec *spec, pv_error **error)
{
    int code = 0;

    spec->nics = pv_list_new(&pv_nic_spec_desc);
    for (guint i = 0; create->nics && i < create->nics->len && code == 0; i++) {
        const pv_vapi_nic *from = create->nics->pdata[i];
        g_autofree char *path = g_strdup_printf("nics[%u].type", i);
        pv_nic_spec *nic = pv_nic_spec_new();

        g_ptr_array_add(spec->nics, nic);
        nic->mac = g_strdup(from->mac_address);
        if (from->backing)
            nic->network = g_strdup(from->backing->network);
        code = to_model(nic_types, from->type, path, &nic->model, error);
    }
    return code;
}

/* Devices that no back end of ours makes: refused, not forgotten. Adapters come by themselves. */
static int
check_others(const pv_vapi_vm_create *create, pv_error **error)
{
    const struct {
        const GPtrArray *list;
        const char *name;
    } others[] = {
        { create->floppies, "floppies" },
        { create->parallel_ports, "parallel_ports" },
        { create->serial_ports, "serial_ports" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (others[i].list && others[i].list->len > 0)
            return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s: cannot be made here", others[i].name);
    if (create->storage_policy)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "storage_policy: there are no storage policies");
    return 0;
}

static int
check_names(const pv_vapi_vm_create *create, pv_error **error)
{
    if (create->name && !*create->name)
        return pv_error_set(error, PV_ERR_INVALID, "name: is empty");
    if (create->name && g_utf8_strlen(create->name, -1) > PV_VAPI_NAME_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "name: is longer than %d characters", PV_VAPI_NAME_MAX);
    if (!pv_vapi_guest_os_known(create->guest_OS))
        return pv_error_set(error, PV_ERR_INVALID, "guest_OS: has no value \"%s\"", create->guest_OS);
    if (create->hardware_version && !g_str_has_prefix(create->hardware_version, "VMX_"))
        return pv_error_set(error, PV_ERR_INVALID, "hardware_version: has no value \"%s\"",
                            create->hardware_version);
    return 0;
}

static void
placement_to(const pv_vapi_placement *placement, pv_vm_spec *spec)
{
    if (!placement)
        return;
    spec->folder = g_strdup(placement->folder);
    spec->resource_pool = g_strdup(placement->resource_pool);
    spec->host = g_strdup(placement->host);
    spec->datastore = g_strdup(placement->datastore);
}

int
pv_vapi_vm_create_to(const pv_vapi_vm_create *create, pv_vm_spec **ret_spec, pv_error **error)
{
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    int code;

    if ((code = check_names(create, error)) < 0 || (code = check_others(create, error)) < 0
        || (code = to_model(firmwares, create->boot ? create->boot->type : NULL, "boot.type", &spec->firmware,
                            error)) < 0
        || (code = disks_to(create, spec, error)) < 0 || (code = cdroms_to(create, spec, error)) < 0
        || (code = nics_to(create, spec, error)) < 0)
        return code;
    spec->name = g_strdup(create->name);
    spec->guest_os = g_strdup(create->guest_OS);
    if (create->cpu)
        spec->cpus = create->cpu->count;
    if (create->memory && create->memory->size_MiB != PV_UNSET_INT)
        spec->memory = create->memory->size_MiB * PV_VAPI_MIB;
    placement_to(create->placement, spec);
    *ret_spec = g_steal_pointer(&spec);
    return 0;
}

int
pv_vapi_vm_clone_to(const pv_vapi_vm_clone *clone, pv_clone_spec **ret_spec, pv_error **error)
{
    g_autoptr(pv_clone_spec) spec = pv_clone_spec_new();

    if (!*clone->name || g_utf8_strlen(clone->name, -1) > PV_VAPI_NAME_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "name: must have 1 to %d characters", PV_VAPI_NAME_MAX);
    if ((clone->disks_to_remove && clone->disks_to_remove[0])
        || (clone->disks_to_update && clone->disks_to_update->len > 0))
        return pv_error_set(error, PV_ERR_UNSUPPORTED,
                            "disks_to_remove, disks_to_update: a clone has all disks of its source here");
    spec->name = g_strdup(clone->name);
    if (clone->placement)
        spec->datastore = g_strdup(clone->placement->datastore);
    spec->start = clone->power_on == TRUE;
    *ret_spec = g_steal_pointer(&spec);
    return 0;
}

int
pv_vapi_snapshot_create_to(const pv_vapi_snapshot_create *create, pv_snapshot_spec **ret_spec,
                           pv_error **error)
{
    pv_snapshot_spec *spec;

    if (!*create->name || g_utf8_strlen(create->name, -1) > PV_VAPI_NAME_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "name: must have 1 to %d characters", PV_VAPI_NAME_MAX);
    spec = pv_snapshot_spec_new();
    spec->name = g_strdup(create->name);
    if (create->description && *create->description)
        spec->description = g_strdup(create->description);
    spec->memory = create->memory;
    spec->quiesce = create->quiesce;
    *ret_spec = spec;
    return 0;
}

/* ---- create: spec -> body (driver) ---- */

static int
refuse(pv_error **error, const char *member, const char *why)
{
    return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s: %s", member, why);
}

static pv_vapi_backing *
backing_of(const char *type, char **member, pv_vapi_backing *backing, const char *path)
{
    backing->type = g_strdup(type);
    *member = g_strdup(path);
    return backing;
}

static void
cdrom_of(const pv_disk_spec *disk, pv_vapi_vm_create *create)
{
    pv_vapi_cdrom *cdrom = pv_vapi_cdrom_new();

    cdrom->backing = pv_vapi_backing_new();
    if (disk->path)
        backing_of("ISO_FILE", &cdrom->backing->iso_file, cdrom->backing, disk->path);
    else
        cdrom->backing->type = g_strdup("CLIENT_DEVICE");
    cdrom->start_connected = disk->path != NULL;
    cdrom->allow_guest_control = TRUE;
    g_ptr_array_add(create->cdroms, cdrom);
}

static int
disk_of(const pv_disk_spec *disk, guint i, pv_vapi_vm_create *create, pv_error **error)
{
    g_autofree char *bus_path = g_strdup_printf("disks[%u].bus", i);
    g_autoptr(pv_vapi_disk_create) out = pv_vapi_disk_create_new();
    int code = to_vapi(disk_types, disk->bus, bus_path, &out->type, error);

    if (code < 0)
        return code;
    if (disk->backing)
        return pv_error_set(error, PV_ERR_UNSUPPORTED,
                            "disks[%u].backing: vSphere makes no overlays over REST", i);
    if (disk->size == PV_UNSET_INT && !disk->path)
        return pv_error_set(error, PV_ERR_INVALID, "disks[%u]: needs a size or a path", i);
    if (disk->size == PV_UNSET_INT) {
        out->backing = pv_vapi_backing_new();
        backing_of("VMDK_FILE", &out->backing->vmdk_file, out->backing, disk->path);
    } else {
        out->new_vmdk = pv_vapi_new_vmdk_new();
        out->new_vmdk->capacity = disk->size;
        out->new_vmdk->name = g_strdup(disk->path);
    }
    g_ptr_array_add(create->disks, g_steal_pointer(&out));
    return 0;
}

static int
nic_of(const pv_nic_spec *nic, guint i, pv_vapi_vm_create *create, pv_error **error)
{
    g_autofree char *model_path = g_strdup_printf("nics[%u].model", i);
    g_autoptr(pv_vapi_nic) out = pv_vapi_nic_new();
    int code = to_vapi(nic_types, nic->model, model_path, &out->type, error);

    if (code < 0)
        return code;
    if (nic->type && strcmp(nic->type, "network") != 0)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "nics[%u].type: vSphere has networks only, not \"%s\"",
                            i, nic->type);
    if (nic->network) {
        out->backing = pv_vapi_backing_new();
        backing_of("STANDARD_PORTGROUP", &out->backing->network, out->backing, nic->network);
    }
    out->mac_type = g_strdup(nic->mac ? "MANUAL" : "GENERATED");
    out->mac_address = g_strdup(nic->mac);
    out->start_connected = out->allow_guest_control = TRUE;
    g_ptr_array_add(create->nics, g_steal_pointer(&out));
    return 0;
}

static int
devices_of(const pv_vm_spec *spec, pv_vapi_vm_create *create, pv_error **error)
{
    int code = 0;

    create->disks = pv_list_new(&pv_vapi_disk_create_desc);
    create->cdroms = pv_list_new(&pv_vapi_cdrom_desc);
    create->nics = pv_list_new(&pv_vapi_nic_desc);
    for (guint i = 0; spec->disks && i < spec->disks->len && code == 0; i++) {
        const pv_disk_spec *disk = spec->disks->pdata[i];

        if (g_strcmp0(disk->device, "cdrom") == 0)
            cdrom_of(disk, create);
        else
            code = disk_of(disk, i, create, error);
    }
    for (guint i = 0; spec->nics && i < spec->nics->len && code == 0; i++)
        code = nic_of(spec->nics->pdata[i], i, create, error);
    return code;
}

/* One datastore for the VM and its disks: REST's create has no other place to say it. */
static int
placement_of(const pv_vm_spec *spec, pv_vapi_placement *placement, pv_error **error)
{
    const char *datastore = spec->datastore;

    for (guint i = 0; spec->disks && i < spec->disks->len; i++) {
        const pv_disk_spec *disk = spec->disks->pdata[i];

        if (!datastore)
            datastore = disk->datastore;
        else if (disk->datastore && strcmp(disk->datastore, datastore) != 0)
            return pv_error_set(error, PV_ERR_UNSUPPORTED,
                                "disks[%u].datastore: must be the VM's own over REST", i);
    }
    placement->folder = g_strdup(spec->folder);
    placement->resource_pool = g_strdup(spec->resource_pool);
    placement->host = g_strdup(spec->host);
    placement->datastore = g_strdup(datastore);
    return 0;
}

int
pv_vapi_vm_create_of(const pv_vm_spec *spec, pv_vapi_vm_create **ret_create, pv_error **error)
{
    g_autoptr(pv_vapi_vm_create) create = pv_vapi_vm_create_new();
    int code;

    if (spec->uuid)
        return refuse(error, "uuid", "vCenter chooses it");
    if (spec->machine)
        return refuse(error, "machine", "vSphere has hardware versions instead");
    if (spec->annotation)
        return refuse(error, "annotation", "vSphere's REST API has none");
    if (spec->autostart == TRUE)
        return refuse(error, "autostart", "vSphere's REST API has none");
    create->name = g_strdup(spec->name);
    create->guest_OS = g_strdup(pv_vapi_guest_os(spec->guest_os, NULL));
    create->placement = pv_vapi_placement_new();
    create->cpu = pv_vapi_cpu_new();
    create->cpu->count = spec->cpus == PV_UNSET_INT ? 1 : spec->cpus;
    create->memory = pv_vapi_memory_new();
    create->memory->size_MiB = spec->memory == PV_UNSET_INT ? 512
        : (spec->memory + PV_VAPI_MIB - 1) / PV_VAPI_MIB;
    if (spec->firmware) {
        create->boot = pv_vapi_boot_new();
        if ((code = to_vapi(firmwares, spec->firmware, "firmware", &create->boot->type, error)) < 0)
            return code;
    }
    if ((code = placement_of(spec, create->placement, error)) < 0
        || (code = devices_of(spec, create, error)) < 0)
        return code;
    *ret_create = g_steal_pointer(&create);
    return 0;
}

int
pv_vapi_vm_clone_of(const char *source, const pv_clone_spec *spec, pv_vapi_vm_clone **ret_clone,
                    pv_error **error)
{
    pv_vapi_vm_clone *clone;

    if (spec->linked == TRUE)
        return refuse(error, "linked", "vSphere's REST API makes full clones only");
    clone = pv_vapi_vm_clone_new();
    clone->source = g_strdup(source);
    clone->name = g_strdup(spec->name);
    clone->power_on = spec->start == TRUE;
    if (spec->datastore) {
        clone->placement = pv_vapi_placement_new();
        clone->placement->datastore = g_strdup(spec->datastore);
    }
    *ret_clone = clone;
    return 0;
}

pv_vapi_snapshot_create *
pv_vapi_snapshot_create_of(const pv_snapshot_spec *spec)
{
    pv_vapi_snapshot_create *out = pv_vapi_snapshot_create_new();

    out->name = g_strdup(spec->name);
    out->description = g_strdup(spec->description ? spec->description : "");
    out->memory = spec->memory;
    out->quiesce = spec->quiesce == PV_UNSET_BOOL ? FALSE : spec->quiesce;
    return out;
}
