/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structures of vSphere's REST resources, each with a descriptor (pv_vapi_NOUN_desc). A member's
 * name IS the JSON key, so the mixed case (`size_MiB`, `guest_OS`) is the specification's. Source: the
 * vSphere Automation API 7.0.3 specification; snapshots are polyvirt's extension in the guide's shape.
 *
 * Open sets of names (enums that grow with each release) are strings, so that a newer peer's word
 * survives; vapi-model.h maps and checks them. A member that ends a list of {key, value} structs is a
 * map (see pv_vapi_write).
 */
#ifndef PV_VAPI_SHAPES_H
#define PV_VAPI_SHAPES_H

#include "vapi.h"

G_BEGIN_DECLS

/* ---- session, system ---- */

struct pv_vapi_session {
    char *user;
    int64_t created_time, last_accessed_time;
};
struct pv_vapi_system_version {
    char *version, *product, *build, *type, *summary, *releasedate, *install_time;
};
struct pv_vapi_hello_spec {
    char **api_releases;
};
struct pv_vapi_hello {
    char *api_release;
};

/* ---- vm ---- */

struct pv_vapi_vm_summary {
    char *vm, *name, *power_state;
    int64_t cpu_count, memory_size_MiB;
};
struct pv_vapi_identity {
    char *name, *bios_uuid, *instance_uuid;
};
struct pv_vapi_hardware {
    char *version, *upgrade_policy, *upgrade_version, *upgrade_status;
};
struct pv_vapi_boot {
    char *type; /**< BIOS, EFI */
    int efi_legacy_boot;
    char *network_protocol; /**< IPV4, IPV6 */
    int64_t delay;          /**< milliseconds */
    int retry;
    int64_t retry_delay;    /**< milliseconds */
    int enter_setup_mode;
};
struct pv_vapi_boot_device {
    char *type; /**< CDROM, DISK, ETHERNET, FLOPPY */
    char *nic;
    char **disks;
};
struct pv_vapi_cpu {
    int64_t count, cores_per_socket;
    int hot_add_enabled, hot_remove_enabled;
};
struct pv_vapi_memory {
    int64_t size_MiB;
    int hot_add_enabled;
    int64_t hot_add_increment_size_MiB, hot_add_limit_MiB;
};
struct pv_vapi_ide {
    int primary, master;
};
/** Address on a SCSI, SATA or NVMe bus. */
struct pv_vapi_bus {
    int64_t bus, unit;
};
struct pv_vapi_backing {
    char *type; /**< VMDK_FILE; ISO_FILE, HOST_DEVICE, CLIENT_DEVICE; STANDARD_PORTGROUP … */
    char *vmdk_file, *iso_file, *file, *image_file, *host_device, *device_access_type;
    int auto_detect;
    char *network, *network_name, *distributed_switch_uuid, *distributed_port;
    int64_t connection_cookie;
    char *opaque_network_type, *opaque_network_id, *network_location, *proxy, *pipe;
    int no_rx_loss;
};
struct pv_vapi_disk {
    char *label;
    char *type; /**< IDE, SCSI, SATA, NVME */
    struct pv_vapi_ide *ide;
    struct pv_vapi_bus *scsi, *sata, *nvme;
    struct pv_vapi_backing *backing;
    int64_t capacity; /**< bytes */
};
struct pv_vapi_nic {
    char *label;
    char *type; /**< E1000, E1000E, PCNET32, VMXNET, VMXNET2, VMXNET3 */
    int upt_compatibility_enabled;
    char *mac_type; /**< MANUAL, GENERATED, ASSIGNED */
    char *mac_address;
    int64_t pci_slot_number;
    int wake_on_lan_enabled;
    struct pv_vapi_backing *backing;
    char *state; /**< CONNECTED, NOT_CONNECTED, … */
    int start_connected, allow_guest_control;
};
struct pv_vapi_cdrom {
    char *type; /**< IDE, SATA */
    char *label;
    struct pv_vapi_ide *ide;
    struct pv_vapi_bus *sata;
    struct pv_vapi_backing *backing;
    char *state;
    int start_connected, allow_guest_control;
};
/** A floppy, serial or parallel port. */
struct pv_vapi_port {
    char *label;
    int yield_on_poll;
    struct pv_vapi_backing *backing;
    char *state;
    int start_connected, allow_guest_control;
};
struct pv_vapi_adapter {
    char *label;
    char *type; /**< AHCI; BUSLOGIC, LSILOGIC, LSILOGICSAS, PVSCSI */
    int64_t bus;
    struct pv_vapi_bus *scsi;
    int64_t pci_slot_number;
    char *sharing; /**< NONE, VIRTUAL, PHYSICAL */
};

/* Entries of the device maps; keys are device keys as strings: "2000" a disk, "4000" a nic. */
struct pv_vapi_disk_entry { char *key; struct pv_vapi_disk *value; };
struct pv_vapi_nic_entry { char *key; struct pv_vapi_nic *value; };
struct pv_vapi_cdrom_entry { char *key; struct pv_vapi_cdrom *value; };
struct pv_vapi_port_entry { char *key; struct pv_vapi_port *value; };
struct pv_vapi_adapter_entry { char *key; struct pv_vapi_adapter *value; };

struct pv_vapi_vm_info {
    char *guest_OS, *name, *power_state;
    int instant_clone_frozen;
    struct pv_vapi_identity *identity;
    struct pv_vapi_hardware *hardware;
    struct pv_vapi_boot *boot;
    GPtrArray *boot_devices; /**< of pv_vapi_boot_device */
    struct pv_vapi_cpu *cpu;
    struct pv_vapi_memory *memory;
    GPtrArray *disks, *nics, *cdroms;                       /**< maps */
    GPtrArray *floppies, *parallel_ports, *serial_ports;    /**< maps of pv_vapi_port */
    GPtrArray *sata_adapters, *scsi_adapters, *nvme_adapters; /**< maps of pv_vapi_adapter */
};

/* ---- create and clone ---- */

struct pv_vapi_placement {
    char *folder, *resource_pool, *host, *cluster, *datastore;
};
struct pv_vapi_policy {
    char *policy;
};
struct pv_vapi_new_vmdk {
    char *name;
    int64_t capacity; /**< bytes */
    struct pv_vapi_policy *storage_policy;
};
struct pv_vapi_disk_create {
    char *type;
    struct pv_vapi_ide *ide;
    struct pv_vapi_bus *scsi, *sata, *nvme;
    struct pv_vapi_backing *backing;
    struct pv_vapi_new_vmdk *new_vmdk;
};
struct pv_vapi_vm_create {
    char *name, *guest_OS;
    struct pv_vapi_placement *placement;
    char *hardware_version;
    struct pv_vapi_boot *boot;
    GPtrArray *boot_devices; /**< of pv_vapi_boot_device */
    struct pv_vapi_cpu *cpu;
    struct pv_vapi_memory *memory;
    GPtrArray *disks;        /**< of pv_vapi_disk_create; unset: one blank disk */
    GPtrArray *nics;         /**< of pv_vapi_nic */
    GPtrArray *cdroms;       /**< of pv_vapi_cdrom */
    GPtrArray *floppies, *parallel_ports, *serial_ports;      /**< of pv_vapi_port */
    GPtrArray *sata_adapters, *scsi_adapters, *nvme_adapters; /**< of pv_vapi_adapter */
    struct pv_vapi_policy *storage_policy;
};

struct pv_vapi_disk_move { char *datastore; };
struct pv_vapi_disk_move_entry { char *key; struct pv_vapi_disk_move *value; };
struct pv_vapi_vm_clone {
    char *source, *name;
    struct pv_vapi_placement *placement;
    char **disks_to_remove;
    GPtrArray *disks_to_update; /**< map */
    int power_on;
};

/* ---- power, guest ---- */

struct pv_vapi_power {
    char *state;
    int clean_power_off; /**< only when POWERED_OFF */
};
struct pv_vapi_guest_power {
    char *state; /**< RUNNING, SHUTTING_DOWN, RESETTING, STANDBY, NOT_RUNNING, UNAVAILABLE */
    int operations_ready;
};
struct pv_vapi_text {
    char *id, *default_message;
    char **args;
};
struct pv_vapi_guest_identity {
    char *name;
    char *family; /**< WINDOWS, LINUX, NETWARE, SOLARIS, DARWIN, OTHER */
    struct pv_vapi_text *full_name;
    char *host_name, *ip_address;
};

/* ---- snapshot (extension) ---- */

struct pv_vapi_snapshot {
    char *snapshot, *name, *description;
    int64_t create_time;
    char *parent;      /**< unset for a root */
    char *power_state; /**< of the VM when it was taken */
    int memory, quiesced, current;
};
struct pv_vapi_snapshot_create {
    char *name, *description;
    int memory, quiesce;
};

/* ---- inventory ---- */

struct pv_vapi_datastore_summary {
    char *datastore, *name, *type;
    int64_t free_space, capacity;
};
struct pv_vapi_datastore_info {
    char *name, *type;
    int accessible;
    int64_t free_space;
    int multiple_host_access, thin_provisioning_supported;
};
struct pv_vapi_network_summary {
    char *network, *name, *type;
};
struct pv_vapi_folder_summary {
    char *folder, *name, *type;
};
struct pv_vapi_host_summary {
    char *host, *name, *connection_state, *power_state;
};
struct pv_vapi_cluster_summary {
    char *cluster, *name;
    int ha_enabled, drs_enabled;
};
struct pv_vapi_cluster_info {
    char *name, *resource_pool;
};
struct pv_vapi_datacenter_summary {
    char *datacenter, *name;
};
struct pv_vapi_datacenter_info {
    char *name, *datastore_folder, *host_folder, *network_folder, *vm_folder;
};
struct pv_vapi_resource_pool_summary {
    char *resource_pool, *name;
};
struct pv_vapi_shares {
    char *level; /**< LOW, NORMAL, HIGH, CUSTOM */
    int64_t shares;
};
struct pv_vapi_allocation {
    int64_t reservation;
    int expandable_reservation;
    int64_t limit; /**< -1: none */
    struct pv_vapi_shares *shares;
};
struct pv_vapi_resource_pool_info {
    char *name;
    char **resource_pools;
    struct pv_vapi_allocation *cpu_allocation, *memory_allocation;
};

/* ---- task ---- */

struct pv_vapi_object {
    char *type, *id;
};
struct pv_vapi_progress {
    int64_t total, completed;
    struct pv_vapi_text *message;
};
/** Of /cis/tasks; `result` and `error` are of any type: the server writes them beside it. */
struct pv_vapi_task {
    char *status; /**< PENDING, RUNNING, BLOCKED, SUCCEEDED, FAILED */
    struct pv_vapi_text *description;
    char *service, *operation;
    int cancelable;
    char *parent;
    struct pv_vapi_object *target;
    struct pv_vapi_progress *progress;
    int64_t start_time, end_time;
    char *user;
};

#define PV_VAPI_AUTOPTR(noun)                                                                              \
    extern const struct pv_desc pv_vapi_##noun##_desc;                                                     \
    typedef struct pv_vapi_##noun pv_vapi_##noun;                                                          \
    static inline pv_vapi_##noun *pv_vapi_##noun##_new(void)                                               \
    { return (pv_vapi_##noun *)pv_desc_new(&pv_vapi_##noun##_desc); }                                      \
    static inline void pv_vapi_##noun##_free(pv_vapi_##noun *object)                                       \
    { pv_desc_free(&pv_vapi_##noun##_desc, object); }                                                      \
    G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_vapi_##noun, pv_vapi_##noun##_free)

PV_VAPI_AUTOPTR(session)
PV_VAPI_AUTOPTR(system_version)
PV_VAPI_AUTOPTR(hello_spec)
PV_VAPI_AUTOPTR(hello)
PV_VAPI_AUTOPTR(vm_summary)
PV_VAPI_AUTOPTR(identity)
PV_VAPI_AUTOPTR(hardware)
PV_VAPI_AUTOPTR(boot)
PV_VAPI_AUTOPTR(boot_device)
PV_VAPI_AUTOPTR(cpu)
PV_VAPI_AUTOPTR(memory)
PV_VAPI_AUTOPTR(ide)
PV_VAPI_AUTOPTR(bus)
PV_VAPI_AUTOPTR(backing)
PV_VAPI_AUTOPTR(disk)
PV_VAPI_AUTOPTR(nic)
PV_VAPI_AUTOPTR(cdrom)
PV_VAPI_AUTOPTR(port)
PV_VAPI_AUTOPTR(adapter)
PV_VAPI_AUTOPTR(disk_entry)
PV_VAPI_AUTOPTR(nic_entry)
PV_VAPI_AUTOPTR(cdrom_entry)
PV_VAPI_AUTOPTR(port_entry)
PV_VAPI_AUTOPTR(adapter_entry)
PV_VAPI_AUTOPTR(vm_info)
PV_VAPI_AUTOPTR(placement)
PV_VAPI_AUTOPTR(policy)
PV_VAPI_AUTOPTR(new_vmdk)
PV_VAPI_AUTOPTR(disk_create)
PV_VAPI_AUTOPTR(vm_create)
PV_VAPI_AUTOPTR(disk_move)
PV_VAPI_AUTOPTR(disk_move_entry)
PV_VAPI_AUTOPTR(vm_clone)
PV_VAPI_AUTOPTR(power)
PV_VAPI_AUTOPTR(guest_power)
PV_VAPI_AUTOPTR(text)
PV_VAPI_AUTOPTR(guest_identity)
PV_VAPI_AUTOPTR(snapshot)
PV_VAPI_AUTOPTR(snapshot_create)
PV_VAPI_AUTOPTR(datastore_summary)
PV_VAPI_AUTOPTR(datastore_info)
PV_VAPI_AUTOPTR(network_summary)
PV_VAPI_AUTOPTR(folder_summary)
PV_VAPI_AUTOPTR(host_summary)
PV_VAPI_AUTOPTR(cluster_summary)
PV_VAPI_AUTOPTR(cluster_info)
PV_VAPI_AUTOPTR(datacenter_summary)
PV_VAPI_AUTOPTR(datacenter_info)
PV_VAPI_AUTOPTR(resource_pool_summary)
PV_VAPI_AUTOPTR(shares)
PV_VAPI_AUTOPTR(allocation)
PV_VAPI_AUTOPTR(resource_pool_info)
PV_VAPI_AUTOPTR(object)
PV_VAPI_AUTOPTR(progress)
PV_VAPI_AUTOPTR(task)

G_END_DECLS

#endif
