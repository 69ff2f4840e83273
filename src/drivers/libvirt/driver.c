/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's table: which slot does what, by which call of libvirt, and what some hypervisors lack. */
#include "libvirt.h"

#include <string.h>

const struct pv_vm_slots lv_vm_slots = {
    .list = lv_vm_list,
    .resolve = lv_vm_resolve,
    .create = lv_vm_create,
    .clone = lv_vm_clone,
    .remove = lv_vm_remove,
    .power = lv_vm_power,
    .power_ops = ((1u << (PV_POWER_OP_LAST_ + 1)) - 1) & ~1u,
};

static const struct pv_via via[] = {
    { "endpoint.info", "virConnectGetType, virConnectGetVersion, virConnectListAllDomains", NULL },
    { "session.info", "virConnectGetURI", NULL },
    { "host.list", "virNodeGetInfo, virNodeGetFreeMemory", "the one host libvirt runs on" },
    { "host.get", "virNodeGetInfo, virNodeGetFreeMemory", "the one host libvirt runs on" },
    { "vm.list", "virConnectGetAllDomainStats, virConnectListAllDomains", NULL },
    { "vm.get", "virDomainGetXMLDesc, virDomainListGetStats, virDomainInterfaceAddresses", NULL },
    { "vm.create", "virDomainDefineXML, virStorageVolCreateXML", NULL },
    { "vm.clone", "virDomainDefineXML, virStorageVolCreateXMLFrom", "of a machine that is off" },
    { "vm.delete", "virDomainUndefineFlags, virStorageVolDelete", "removes the images polyvirt made for it" },
    { "vm.start", "virDomainCreate", NULL },
    { "vm.stop", "virDomainDestroy", "of a suspended machine: virDomainManagedSaveRemove" },
    { "vm.shutdown", "virDomainShutdown", "by the guest's agent, else the ACPI button" },
    { "vm.reset", "virDomainReset", NULL },
    { "vm.reboot", "virDomainReboot", "by the guest's agent, else the ACPI button" },
    { "vm.pause", "virDomainSuspend", NULL },
    { "vm.unpause", "virDomainResume", NULL },
    { "vm.suspend", "virDomainManagedSave", NULL },
    { "vm.resume", "virDomainCreate", "from the managed save image" },
    { "vm.wait", "virConnectDomainEventRegisterAny", NULL },
    { "snapshot.list", "virDomainListAllSnapshots, virDomainSnapshotGetXMLDesc", NULL },
    { "snapshot.create", "virDomainSnapshotCreateXML",
      "internal (qcow2) with memory; a running machine without memory: external" },
    { "snapshot.revert", "virDomainRevertToSnapshot", "external ones from libvirt 9.9 on" },
    { "snapshot.delete", "virDomainSnapshotDelete", NULL },
    { "datastore.list", "virConnectListAllStoragePools, virStoragePoolGetInfo", NULL },
    { "datastore.get", "virConnectListAllStoragePools, virStoragePoolGetInfo", NULL },
    { "volume.list", "virStoragePoolListAllVolumes, virStorageVolGetXMLDesc", NULL },
    { "volume.create", "virStorageVolCreateXML", NULL },
    { "volume.delete", "virStorageVolDelete", NULL },
    { "network.list", "virConnectListAllNetworks, virNetworkGetXMLDesc", NULL },
    { "network.get", "virConnectListAllNetworks, virNetworkGetXMLDesc", NULL },
    { "event.watch", "virConnectDomainEventRegisterAny", NULL },
    { NULL, NULL, NULL },
};

/* What libvirt's drivers for some hypervisors leave out, whatever our table offers. */
static const struct {
    const char *type; /* virConnectGetType */
    const char *operation;
    const char *why;
} lacking[] = {
    { "ESX", "vm.create", "polyvirt's own driver does it: vsphere://" },
    { "ESX", "vm.clone", "polyvirt's own driver does it: vsphere://" },
    { "ESX", "vm.resume", "libvirt's ESX driver has no managed save" },
    { "ESX", "vm.suspend", "libvirt's ESX driver has no managed save" },
    { "LXC", "vm.create", "containers are not made by polyvirt" },
    { "LXC", "vm.clone", "containers are not made by polyvirt" },
    { "LXC", "vm.reset", "containers have no reset button" },
    { "LXC", "vm.suspend", "libvirt's LXC driver has no managed save" },
    { "LXC", "vm.resume", "libvirt's LXC driver has no managed save" },
    { "LXC", "snapshot.list", "libvirt's LXC driver has no snapshots" },
    { "LXC", "snapshot.create", "libvirt's LXC driver has no snapshots" },
    { "LXC", "snapshot.revert", "libvirt's LXC driver has no snapshots" },
    { "LXC", "snapshot.delete", "libvirt's LXC driver has no snapshots" },
    { "Xen", "vm.reset", "libvirt's Xen driver has no reset" },
    { "Xen", "snapshot.list", "libvirt's Xen driver has no snapshots" },
    { "Xen", "snapshot.create", "libvirt's Xen driver has no snapshots" },
    { "Xen", "snapshot.revert", "libvirt's Xen driver has no snapshots" },
    { "Xen", "snapshot.delete", "libvirt's Xen driver has no snapshots" },
};

static gboolean
lacks(void *data, const char *operation, const char **ret_why)
{
    const lv_conn *conn = data;

    for (size_t i = 0; i < G_N_ELEMENTS(lacking); i++) {
        if (g_ascii_strcasecmp(lacking[i].type, conn->type) != 0 ||
            strcmp(lacking[i].operation, operation) != 0)
            continue;
        *ret_why = lacking[i].why;
        return TRUE;
    }
    return FALSE;
}

const struct pv_driver pv_driver_libvirt = {
    .name = "libvirt",
    .help = "QEMU, Xen, LXC … through libvirt, by any URI libvirt takes",
    .schemes = lv_schemes,
    .open = lv_open,
    .close = lv_close,
    .endpoint = &lv_endpoint_slots,
    .host = &lv_host_slots,
    .vm = &lv_vm_slots,
    .snapshot = &lv_snapshot_slots,
    .datastore = &lv_datastore_slots,
    .volume = &lv_volume_slots,
    .network = &lv_network_slots,
    .event = &lv_event_slots,
    .via = via,
    .lacks = lacks,
};
