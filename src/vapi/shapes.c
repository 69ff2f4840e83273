/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptors of the REST shapes. They are wire formats, never shown to a person, so their fields
 * carry no help; ranges are those a request is held to.
 */
#include "vapi-shapes.h"

#define F(noun, member_, kind_, ...)                                                                       \
    { .name = #member_, .kind = PV_##kind_, .offset = offsetof(struct pv_vapi_##noun, member_), .help = "", \
      ##__VA_ARGS__ }
#define DESC(noun)                                                                                         \
    const struct pv_desc pv_vapi_##noun##_desc = { #noun, sizeof(struct pv_vapi_##noun), noun##_fields, "" }

static const struct pv_field session_fields[] = {
    F(session, user, STRING),
    F(session, created_time, TIME),
    F(session, last_accessed_time, TIME),
    { NULL },
};
DESC(session);

static const struct pv_field system_version_fields[] = {
    F(system_version, version, STRING),
    F(system_version, product, STRING),
    F(system_version, build, STRING),
    F(system_version, type, STRING),
    F(system_version, summary, STRING),
    F(system_version, releasedate, STRING),
    F(system_version, install_time, STRING),
    { NULL },
};
DESC(system_version);

static const struct pv_field hello_spec_fields[] = {
    F(hello_spec, api_releases, STRINGS, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(hello_spec);

static const struct pv_field hello_fields[] = {
    F(hello, api_release, STRING),
    { NULL },
};
DESC(hello);

static const struct pv_field vm_summary_fields[] = {
    F(vm_summary, vm, STRING, .flags = PV_F_REQUIRED),
    F(vm_summary, name, STRING, .flags = PV_F_REQUIRED),
    F(vm_summary, power_state, STRING, .flags = PV_F_REQUIRED),
    F(vm_summary, cpu_count, INT),
    F(vm_summary, memory_size_MiB, INT),
    { NULL },
};
DESC(vm_summary);

static const struct pv_field identity_fields[] = {
    F(identity, name, STRING),
    F(identity, bios_uuid, STRING),
    F(identity, instance_uuid, STRING),
    { NULL },
};
DESC(identity);

static const struct pv_field hardware_fields[] = {
    F(hardware, version, STRING),
    F(hardware, upgrade_policy, STRING),
    F(hardware, upgrade_version, STRING),
    F(hardware, upgrade_status, STRING),
    { NULL },
};
DESC(hardware);

static const struct pv_field boot_fields[] = {
    F(boot, type, STRING),
    F(boot, efi_legacy_boot, BOOL),
    F(boot, network_protocol, STRING),
    F(boot, delay, INT),
    F(boot, retry, BOOL),
    F(boot, retry_delay, INT),
    F(boot, enter_setup_mode, BOOL),
    { NULL },
};
DESC(boot);

static const struct pv_field boot_device_fields[] = {
    F(boot_device, type, STRING),
    F(boot_device, nic, STRING),
    F(boot_device, disks, STRINGS),
    { NULL },
};
DESC(boot_device);

static const struct pv_field cpu_fields[] = {
    F(cpu, count, INT, .min = 1, .max = 1024),
    F(cpu, cores_per_socket, INT, .min = 1, .max = 1024),
    F(cpu, hot_add_enabled, BOOL),
    F(cpu, hot_remove_enabled, BOOL),
    { NULL },
};
DESC(cpu);

static const struct pv_field memory_fields[] = {
    F(memory, size_MiB, INT, .min = 4, .max = 25165824),
    F(memory, hot_add_enabled, BOOL),
    F(memory, hot_add_increment_size_MiB, INT),
    F(memory, hot_add_limit_MiB, INT),
    { NULL },
};
DESC(memory);

static const struct pv_field ide_fields[] = {
    F(ide, primary, BOOL),
    F(ide, master, BOOL),
    { NULL },
};
DESC(ide);

static const struct pv_field bus_fields[] = {
    F(bus, bus, INT, .min = 0, .max = 255),
    F(bus, unit, INT, .min = 0, .max = 255),
    { NULL },
};
DESC(bus);

static const struct pv_field backing_fields[] = {
    F(backing, type, STRING),
    F(backing, vmdk_file, STRING),
    F(backing, iso_file, STRING),
    F(backing, file, STRING),
    F(backing, image_file, STRING),
    F(backing, host_device, STRING),
    F(backing, device_access_type, STRING),
    F(backing, auto_detect, BOOL),
    F(backing, network, STRING),
    F(backing, network_name, STRING),
    F(backing, distributed_switch_uuid, STRING),
    F(backing, distributed_port, STRING),
    F(backing, connection_cookie, INT),
    F(backing, opaque_network_type, STRING),
    F(backing, opaque_network_id, STRING),
    F(backing, network_location, STRING),
    F(backing, proxy, STRING),
    F(backing, pipe, STRING),
    F(backing, no_rx_loss, BOOL),
    { NULL },
};
DESC(backing);

static const struct pv_field disk_fields[] = {
    F(disk, label, STRING),
    F(disk, type, STRING),
    F(disk, ide, STRUCT, .desc = &pv_vapi_ide_desc),
    F(disk, scsi, STRUCT, .desc = &pv_vapi_bus_desc),
    F(disk, sata, STRUCT, .desc = &pv_vapi_bus_desc),
    F(disk, nvme, STRUCT, .desc = &pv_vapi_bus_desc),
    F(disk, backing, STRUCT, .desc = &pv_vapi_backing_desc),
    F(disk, capacity, INT),
    { NULL },
};
DESC(disk);

static const struct pv_field nic_fields[] = {
    F(nic, label, STRING),
    F(nic, type, STRING),
    F(nic, upt_compatibility_enabled, BOOL),
    F(nic, mac_type, STRING),
    F(nic, mac_address, STRING),
    F(nic, pci_slot_number, INT),
    F(nic, wake_on_lan_enabled, BOOL),
    F(nic, backing, STRUCT, .desc = &pv_vapi_backing_desc),
    F(nic, state, STRING),
    F(nic, start_connected, BOOL),
    F(nic, allow_guest_control, BOOL),
    { NULL },
};
DESC(nic);

static const struct pv_field cdrom_fields[] = {
    F(cdrom, type, STRING),
    F(cdrom, label, STRING),
    F(cdrom, ide, STRUCT, .desc = &pv_vapi_ide_desc),
    F(cdrom, sata, STRUCT, .desc = &pv_vapi_bus_desc),
    F(cdrom, backing, STRUCT, .desc = &pv_vapi_backing_desc),
    F(cdrom, state, STRING),
    F(cdrom, start_connected, BOOL),
    F(cdrom, allow_guest_control, BOOL),
    { NULL },
};
DESC(cdrom);

static const struct pv_field port_fields[] = {
    F(port, label, STRING),
    F(port, yield_on_poll, BOOL),
    F(port, backing, STRUCT, .desc = &pv_vapi_backing_desc),
    F(port, state, STRING),
    F(port, start_connected, BOOL),
    F(port, allow_guest_control, BOOL),
    { NULL },
};
DESC(port);

static const struct pv_field adapter_fields[] = {
    F(adapter, label, STRING),
    F(adapter, type, STRING),
    F(adapter, bus, INT),
    F(adapter, scsi, STRUCT, .desc = &pv_vapi_bus_desc),
    F(adapter, pci_slot_number, INT),
    F(adapter, sharing, STRING),
    { NULL },
};
DESC(adapter);

static const struct pv_field disk_entry_fields[] = {
    F(disk_entry, key, STRING, .flags = PV_F_REQUIRED),
    F(disk_entry, value, STRUCT, .desc = &pv_vapi_disk_desc, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(disk_entry);

static const struct pv_field nic_entry_fields[] = {
    F(nic_entry, key, STRING, .flags = PV_F_REQUIRED),
    F(nic_entry, value, STRUCT, .desc = &pv_vapi_nic_desc, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(nic_entry);

static const struct pv_field cdrom_entry_fields[] = {
    F(cdrom_entry, key, STRING, .flags = PV_F_REQUIRED),
    F(cdrom_entry, value, STRUCT, .desc = &pv_vapi_cdrom_desc, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(cdrom_entry);

static const struct pv_field port_entry_fields[] = {
    F(port_entry, key, STRING, .flags = PV_F_REQUIRED),
    F(port_entry, value, STRUCT, .desc = &pv_vapi_port_desc, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(port_entry);

static const struct pv_field adapter_entry_fields[] = {
    F(adapter_entry, key, STRING, .flags = PV_F_REQUIRED),
    F(adapter_entry, value, STRUCT, .desc = &pv_vapi_adapter_desc, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(adapter_entry);

static const struct pv_field vm_info_fields[] = {
    F(vm_info, guest_OS, STRING),
    F(vm_info, name, STRING, .flags = PV_F_REQUIRED),
    F(vm_info, power_state, STRING, .flags = PV_F_REQUIRED),
    F(vm_info, instant_clone_frozen, BOOL),
    F(vm_info, identity, STRUCT, .desc = &pv_vapi_identity_desc),
    F(vm_info, hardware, STRUCT, .desc = &pv_vapi_hardware_desc),
    F(vm_info, boot, STRUCT, .desc = &pv_vapi_boot_desc),
    F(vm_info, boot_devices, LIST, .desc = &pv_vapi_boot_device_desc),
    F(vm_info, cpu, STRUCT, .desc = &pv_vapi_cpu_desc),
    F(vm_info, memory, STRUCT, .desc = &pv_vapi_memory_desc),
    F(vm_info, disks, LIST, .desc = &pv_vapi_disk_entry_desc),
    F(vm_info, nics, LIST, .desc = &pv_vapi_nic_entry_desc),
    F(vm_info, cdroms, LIST, .desc = &pv_vapi_cdrom_entry_desc),
    F(vm_info, floppies, LIST, .desc = &pv_vapi_port_entry_desc),
    F(vm_info, parallel_ports, LIST, .desc = &pv_vapi_port_entry_desc),
    F(vm_info, serial_ports, LIST, .desc = &pv_vapi_port_entry_desc),
    F(vm_info, sata_adapters, LIST, .desc = &pv_vapi_adapter_entry_desc),
    F(vm_info, scsi_adapters, LIST, .desc = &pv_vapi_adapter_entry_desc),
    F(vm_info, nvme_adapters, LIST, .desc = &pv_vapi_adapter_entry_desc),
    { NULL },
};
DESC(vm_info);

static const struct pv_field placement_fields[] = {
    F(placement, folder, STRING),
    F(placement, resource_pool, STRING),
    F(placement, host, STRING),
    F(placement, cluster, STRING),
    F(placement, datastore, STRING),
    { NULL },
};
DESC(placement);

static const struct pv_field policy_fields[] = {
    F(policy, policy, STRING),
    { NULL },
};
DESC(policy);

static const struct pv_field new_vmdk_fields[] = {
    F(new_vmdk, name, STRING),
    F(new_vmdk, capacity, INT),
    F(new_vmdk, storage_policy, STRUCT, .desc = &pv_vapi_policy_desc),
    { NULL },
};
DESC(new_vmdk);

static const struct pv_field disk_create_fields[] = {
    F(disk_create, type, STRING),
    F(disk_create, ide, STRUCT, .desc = &pv_vapi_ide_desc),
    F(disk_create, scsi, STRUCT, .desc = &pv_vapi_bus_desc),
    F(disk_create, sata, STRUCT, .desc = &pv_vapi_bus_desc),
    F(disk_create, nvme, STRUCT, .desc = &pv_vapi_bus_desc),
    F(disk_create, backing, STRUCT, .desc = &pv_vapi_backing_desc),
    F(disk_create, new_vmdk, STRUCT, .desc = &pv_vapi_new_vmdk_desc),
    { NULL },
};
DESC(disk_create);

static const struct pv_field vm_create_fields[] = {
    F(vm_create, name, STRING),
    F(vm_create, guest_OS, STRING, .flags = PV_F_REQUIRED),
    F(vm_create, placement, STRUCT, .desc = &pv_vapi_placement_desc),
    F(vm_create, hardware_version, STRING),
    F(vm_create, boot, STRUCT, .desc = &pv_vapi_boot_desc),
    F(vm_create, boot_devices, LIST, .desc = &pv_vapi_boot_device_desc),
    F(vm_create, cpu, STRUCT, .desc = &pv_vapi_cpu_desc),
    F(vm_create, memory, STRUCT, .desc = &pv_vapi_memory_desc),
    F(vm_create, disks, LIST, .desc = &pv_vapi_disk_create_desc),
    F(vm_create, nics, LIST, .desc = &pv_vapi_nic_desc),
    F(vm_create, cdroms, LIST, .desc = &pv_vapi_cdrom_desc),
    F(vm_create, floppies, LIST, .desc = &pv_vapi_port_desc),
    F(vm_create, parallel_ports, LIST, .desc = &pv_vapi_port_desc),
    F(vm_create, serial_ports, LIST, .desc = &pv_vapi_port_desc),
    F(vm_create, sata_adapters, LIST, .desc = &pv_vapi_adapter_desc),
    F(vm_create, scsi_adapters, LIST, .desc = &pv_vapi_adapter_desc),
    F(vm_create, nvme_adapters, LIST, .desc = &pv_vapi_adapter_desc),
    F(vm_create, storage_policy, STRUCT, .desc = &pv_vapi_policy_desc),
    { NULL },
};
DESC(vm_create);

static const struct pv_field disk_move_fields[] = {
    F(disk_move, datastore, STRING),
    { NULL },
};
DESC(disk_move);

static const struct pv_field disk_move_entry_fields[] = {
    F(disk_move_entry, key, STRING, .flags = PV_F_REQUIRED),
    F(disk_move_entry, value, STRUCT, .desc = &pv_vapi_disk_move_desc, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(disk_move_entry);

static const struct pv_field vm_clone_fields[] = {
    F(vm_clone, source, STRING, .flags = PV_F_REQUIRED),
    F(vm_clone, name, STRING, .flags = PV_F_REQUIRED),
    F(vm_clone, placement, STRUCT, .desc = &pv_vapi_placement_desc),
    F(vm_clone, disks_to_remove, STRINGS),
    F(vm_clone, disks_to_update, LIST, .desc = &pv_vapi_disk_move_entry_desc),
    F(vm_clone, power_on, BOOL),
    { NULL },
};
DESC(vm_clone);

static const struct pv_field power_fields[] = {
    F(power, state, STRING, .flags = PV_F_REQUIRED),
    F(power, clean_power_off, BOOL),
    { NULL },
};
DESC(power);

static const struct pv_field guest_power_fields[] = {
    F(guest_power, state, STRING),
    F(guest_power, operations_ready, BOOL),
    { NULL },
};
DESC(guest_power);

static const struct pv_field text_fields[] = {
    F(text, id, STRING),
    F(text, default_message, STRING),
    F(text, args, STRINGS),
    { NULL },
};
DESC(text);

static const struct pv_field guest_identity_fields[] = {
    F(guest_identity, name, STRING),
    F(guest_identity, family, STRING),
    F(guest_identity, full_name, STRUCT, .desc = &pv_vapi_text_desc),
    F(guest_identity, host_name, STRING),
    F(guest_identity, ip_address, STRING),
    { NULL },
};
DESC(guest_identity);

static const struct pv_field snapshot_fields[] = {
    F(snapshot, snapshot, STRING, .flags = PV_F_REQUIRED),
    F(snapshot, name, STRING, .flags = PV_F_REQUIRED),
    F(snapshot, description, STRING),
    F(snapshot, create_time, TIME),
    F(snapshot, parent, STRING),
    F(snapshot, power_state, STRING),
    F(snapshot, memory, BOOL),
    F(snapshot, quiesced, BOOL),
    F(snapshot, current, BOOL),
    { NULL },
};
DESC(snapshot);

static const struct pv_field snapshot_create_fields[] = {
    F(snapshot_create, name, STRING, .flags = PV_F_REQUIRED),
    F(snapshot_create, description, STRING),
    F(snapshot_create, memory, BOOL),
    F(snapshot_create, quiesce, BOOL),
    { NULL },
};
DESC(snapshot_create);

static const struct pv_field datastore_summary_fields[] = {
    F(datastore_summary, datastore, STRING, .flags = PV_F_REQUIRED),
    F(datastore_summary, name, STRING, .flags = PV_F_REQUIRED),
    F(datastore_summary, type, STRING),
    F(datastore_summary, free_space, INT),
    F(datastore_summary, capacity, INT),
    { NULL },
};
DESC(datastore_summary);

static const struct pv_field datastore_info_fields[] = {
    F(datastore_info, name, STRING),
    F(datastore_info, type, STRING),
    F(datastore_info, accessible, BOOL),
    F(datastore_info, free_space, INT),
    F(datastore_info, multiple_host_access, BOOL),
    F(datastore_info, thin_provisioning_supported, BOOL),
    { NULL },
};
DESC(datastore_info);

static const struct pv_field network_summary_fields[] = {
    F(network_summary, network, STRING, .flags = PV_F_REQUIRED),
    F(network_summary, name, STRING, .flags = PV_F_REQUIRED),
    F(network_summary, type, STRING),
    { NULL },
};
DESC(network_summary);

static const struct pv_field folder_summary_fields[] = {
    F(folder_summary, folder, STRING, .flags = PV_F_REQUIRED),
    F(folder_summary, name, STRING, .flags = PV_F_REQUIRED),
    F(folder_summary, type, STRING),
    { NULL },
};
DESC(folder_summary);

static const struct pv_field host_summary_fields[] = {
    F(host_summary, host, STRING, .flags = PV_F_REQUIRED),
    F(host_summary, name, STRING, .flags = PV_F_REQUIRED),
    F(host_summary, connection_state, STRING),
    F(host_summary, power_state, STRING),
    { NULL },
};
DESC(host_summary);

static const struct pv_field cluster_summary_fields[] = {
    F(cluster_summary, cluster, STRING, .flags = PV_F_REQUIRED),
    F(cluster_summary, name, STRING, .flags = PV_F_REQUIRED),
    F(cluster_summary, ha_enabled, BOOL),
    F(cluster_summary, drs_enabled, BOOL),
    { NULL },
};
DESC(cluster_summary);

static const struct pv_field cluster_info_fields[] = {
    F(cluster_info, name, STRING),
    F(cluster_info, resource_pool, STRING),
    { NULL },
};
DESC(cluster_info);

static const struct pv_field datacenter_summary_fields[] = {
    F(datacenter_summary, datacenter, STRING, .flags = PV_F_REQUIRED),
    F(datacenter_summary, name, STRING, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(datacenter_summary);

static const struct pv_field datacenter_info_fields[] = {
    F(datacenter_info, name, STRING),
    F(datacenter_info, datastore_folder, STRING),
    F(datacenter_info, host_folder, STRING),
    F(datacenter_info, network_folder, STRING),
    F(datacenter_info, vm_folder, STRING),
    { NULL },
};
DESC(datacenter_info);

static const struct pv_field resource_pool_summary_fields[] = {
    F(resource_pool_summary, resource_pool, STRING, .flags = PV_F_REQUIRED),
    F(resource_pool_summary, name, STRING, .flags = PV_F_REQUIRED),
    { NULL },
};
DESC(resource_pool_summary);

static const struct pv_field shares_fields[] = {
    F(shares, level, STRING),
    F(shares, shares, INT),
    { NULL },
};
DESC(shares);

static const struct pv_field allocation_fields[] = {
    F(allocation, reservation, INT),
    F(allocation, expandable_reservation, BOOL),
    F(allocation, limit, INT),
    F(allocation, shares, STRUCT, .desc = &pv_vapi_shares_desc),
    { NULL },
};
DESC(allocation);

static const struct pv_field resource_pool_info_fields[] = {
    F(resource_pool_info, name, STRING),
    F(resource_pool_info, resource_pools, STRINGS),
    F(resource_pool_info, cpu_allocation, STRUCT, .desc = &pv_vapi_allocation_desc),
    F(resource_pool_info, memory_allocation, STRUCT, .desc = &pv_vapi_allocation_desc),
    { NULL },
};
DESC(resource_pool_info);

static const struct pv_field object_fields[] = {
    F(object, type, STRING),
    F(object, id, STRING),
    { NULL },
};
DESC(object);

static const struct pv_field progress_fields[] = {
    F(progress, total, INT),
    F(progress, completed, INT),
    F(progress, message, STRUCT, .desc = &pv_vapi_text_desc),
    { NULL },
};
DESC(progress);

static const struct pv_field task_fields[] = {
    F(task, status, STRING),
    F(task, description, STRUCT, .desc = &pv_vapi_text_desc),
    F(task, service, STRING),
    F(task, operation, STRING),
    F(task, cancelable, BOOL),
    F(task, parent, STRING),
    F(task, target, STRUCT, .desc = &pv_vapi_object_desc),
    F(task, progress, STRUCT, .desc = &pv_vapi_progress_desc),
    F(task, start_time, TIME),
    F(task, end_time, TIME),
    F(task, user, STRING),
    { NULL },
};
DESC(task);
