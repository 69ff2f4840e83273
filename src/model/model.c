/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptor tables of the neutral model: one row per member, the only place that knows it. */
#include <polyvirt/model.h>
#include <polyvirt/task.h>

#define T PV_F_TABLE
#define W PV_F_WIDE
#define N PV_F_NAME
#define END { 0 }

static const struct pv_enum_value task_state_values[] = {
    { PV_TASK_QUEUED, "queued", "not begun" },
    { PV_TASK_RUNNING, "running", NULL },
    { PV_TASK_OK, "ok", "done" },
    { PV_TASK_FAILED, "failed", "tried and failed" },
    { PV_TASK_CANCELLED, "cancelled", "given up on request" },
    { PV_TASK_UNKNOWN, "unknown", "the request went out, its outcome could not be learnt" },
    END,
};

static const struct pv_field task_info_fields[] = {
    PV_FIELD(pv_task_info, id, PV_STRING, .flags = T | N, .help = "task id"),
    PV_FIELD(pv_task_info, operation, PV_STRING, .flags = T, .help = "what is done"),
    PV_FIELD(pv_task_info, target, PV_STRING, .flags = T, .help = "to what"),
    PV_FIELD(pv_task_info, state, PV_ENUM, .flags = T, .values = task_state_values, .help = "how it stands"),
    PV_FIELD(pv_task_info, progress, PV_DOUBLE, .unit = PV_UNIT_PERCENT, .flags = T | PV_F_VOLATILE,
             .help = "share done"),
    PV_FIELD(pv_task_info, done, PV_INT, .flags = PV_F_VOLATILE, .help = "units done"),
    PV_FIELD(pv_task_info, total, PV_INT, .flags = PV_F_VOLATILE, .help = "units in all"),
    PV_FIELD(pv_task_info, unit, PV_STRING, .help = "what is counted"),
    PV_FIELD(pv_task_info, created, PV_TIME, .flags = W | PV_F_VOLATILE, .help = "when it was asked for"),
    PV_FIELD(pv_task_info, started, PV_TIME, .flags = PV_F_VOLATILE, .help = "when it began"),
    PV_FIELD(pv_task_info, ended, PV_TIME, .flags = W | PV_F_VOLATILE, .help = "when it ended"),
    PV_FIELD(pv_task_info, error, PV_STRING, .flags = W, .help = "why it failed"),
    PV_FIELD(pv_task_info, error_code, PV_STRING, .help = "code of the failure"),
    END,
};
const struct pv_desc pv_task_info_desc = {
    "task", sizeof(struct pv_task_info), task_info_fields, "a piece of work and how it stands",
};

/* ---- endpoint, session, host ---- */

static const struct pv_field endpoint_fields[] = {
    PV_FIELD(pv_endpoint, uri, PV_STRING, .title = "URI", .flags = T | N, .help = "as opened, without password"),
    PV_FIELD(pv_endpoint, driver, PV_STRING, .flags = T, .help = "the driver that speaks to it"),
    PV_FIELD(pv_endpoint, product, PV_STRING, .flags = T, .help = "what answers"),
    PV_FIELD(pv_endpoint, version, PV_STRING, .flags = T, .help = "version of the product"),
    PV_FIELD(pv_endpoint, build, PV_STRING, .flags = W, .help = "build of the product"),
    PV_FIELD(pv_endpoint, api_version, PV_STRING, .title = "API", .flags = T, .help = "version of the API spoken"),
    PV_FIELD(pv_endpoint, dialect, PV_STRING, .flags = W, .help = "dialect of the API"),
    PV_FIELD(pv_endpoint, hostname, PV_STRING, .flags = T, .help = "its own name for itself"),
    PV_FIELD(pv_endpoint, instance_uuid, PV_STRING, .flags = W, .help = "identity of the instance"),
    PV_FIELD(pv_endpoint, encrypted, PV_BOOL, .flags = W, .help = "the connection is encrypted"),
    PV_FIELD(pv_endpoint, readonly, PV_BOOL, .flags = W, .help = "changes are refused"),
    PV_FIELD(pv_endpoint, vm_count, PV_INT, .title = "VMS", .flags = T | PV_F_VOLATILE, .help = "machines it knows"),
    PV_FIELD(pv_endpoint, accelerator, PV_STRING, .flags = W, .help = "what new guests run on"),
    END,
};
const struct pv_desc pv_endpoint_desc = {
    "endpoint", sizeof(struct pv_endpoint), endpoint_fields, "one API endpoint",
};

static const struct pv_field capability_fields[] = {
    PV_FIELD(pv_capability, operation, PV_STRING, .flags = T | N, .help = "operation"),
    PV_FIELD(pv_capability, supported, PV_BOOL, .flags = T, .help = "can this endpoint do it"),
    PV_FIELD(pv_capability, via, PV_STRING, .flags = T, .help = "by what call of the API"),
    PV_FIELD(pv_capability, note, PV_STRING, .flags = T, .help = "limits, in words"),
    END,
};
const struct pv_desc pv_capability_desc = {
    "capability", sizeof(struct pv_capability), capability_fields, "one operation and how it is done",
};

static const struct pv_field session_fields[] = {
    PV_FIELD(pv_session, id, PV_STRING, .title = "ID", .flags = T | N | PV_F_VOLATILE, .help = "shortened id"),
    PV_FIELD(pv_session, user, PV_STRING, .flags = T, .help = "logged in as"),
    PV_FIELD(pv_session, endpoint, PV_STRING, .flags = T, .help = "where"),
    PV_FIELD(pv_session, created, PV_TIME, .flags = T | PV_F_VOLATILE, .help = "when it began"),
    PV_FIELD(pv_session, last_used, PV_TIME, .title = "LAST USED", .flags = T | PV_F_VOLATILE,
             .help = "last request in it"),
    END,
};
const struct pv_desc pv_session_desc = {
    "session", sizeof(struct pv_session), session_fields, "the session with an endpoint",
};

static const struct pv_field host_fields[] = {
    PV_FIELD(pv_host, id, PV_STRING, .title = "ID", .flags = T | N, .help = "what the API calls it"),
    PV_FIELD(pv_host, name, PV_STRING, .flags = T, .help = "name"),
    PV_FIELD(pv_host, uuid, PV_STRING, .title = "UUID", .flags = W, .help = "uuid"),
    PV_FIELD(pv_host, state, PV_STRING, .flags = T, .help = "connection state"),
    PV_FIELD(pv_host, hypervisor, PV_STRING, .flags = T, .help = "hypervisor type"),
    PV_FIELD(pv_host, version, PV_STRING, .flags = T, .help = "hypervisor version"),
    PV_FIELD(pv_host, library_version, PV_STRING, .title = "LIBRARY", .flags = W, .help = "version of the API library"),
    PV_FIELD(pv_host, arch, PV_STRING, .flags = W, .help = "processor architecture"),
    PV_FIELD(pv_host, cpu_model, PV_STRING, .title = "CPU MODEL", .flags = W, .help = "processor model"),
    PV_FIELD(pv_host, vendor, PV_STRING, .help = "maker of the machine"),
    PV_FIELD(pv_host, model, PV_STRING, .help = "model of the machine"),
    PV_FIELD(pv_host, cpus, PV_INT, .title = "CPUS", .flags = T, .help = "active processors"),
    PV_FIELD(pv_host, mhz, PV_INT, .title = "MHZ", .unit = PV_UNIT_MHZ, .flags = W | PV_F_VOLATILE, .help = "clock"),
    PV_FIELD(pv_host, numa_nodes, PV_INT, .title = "NUMA", .flags = W, .help = "NUMA nodes"),
    PV_FIELD(pv_host, sockets, PV_INT, .flags = W, .help = "sockets per node"),
    PV_FIELD(pv_host, cores_per_socket, PV_INT, .title = "CORES", .flags = W, .help = "cores per socket"),
    PV_FIELD(pv_host, threads_per_core, PV_INT, .title = "THREADS", .flags = W, .help = "threads per core"),
    PV_FIELD(pv_host, memory, PV_INT, .unit = PV_UNIT_BYTES, .flags = T, .help = "memory"),
    PV_FIELD(pv_host, memory_free, PV_INT, .title = "FREE", .unit = PV_UNIT_BYTES, .flags = W | PV_F_VOLATILE,
             .help = "memory not in use"),
    END,
};
const struct pv_desc pv_host_desc = { "host", sizeof(struct pv_host), host_fields, "a hypervisor host" };

/* ---- vm ---- */

const struct pv_enum_value pv_power_state_values[] = {
    { PV_POWER_ON, "on", "running" },
    { PV_POWER_OFF, "off", "powered off" },
    { PV_POWER_PAUSED, "paused", "CPUs stopped, memory kept in RAM" },
    { PV_POWER_SUSPENDED, "suspended", "memory saved to disk" },
    { PV_POWER_STOPPING, "stopping", "the guest was asked to power off" },
    { PV_POWER_CRASHED, "crashed", NULL },
    { PV_POWER_OTHER, "other", "see native_state" },
    END,
};

const struct pv_enum_value pv_power_op_values[] = {
    { PV_POWER_OP_START, "start", "power on" },
    { PV_POWER_OP_STOP, "stop", "power off at once" },
    { PV_POWER_OP_SHUTDOWN, "shutdown", "ask the guest to power off" },
    { PV_POWER_OP_RESET, "reset", "push the reset button" },
    { PV_POWER_OP_REBOOT, "reboot", "ask the guest to restart" },
    { PV_POWER_OP_PAUSE, "pause", "stop the CPUs" },
    { PV_POWER_OP_UNPAUSE, "unpause", "let the CPUs run again" },
    { PV_POWER_OP_SUSPEND, "suspend", "save memory to disk and end the machine" },
    { PV_POWER_OP_RESUME, "resume", "start again from saved memory" },
    END,
};

static const struct pv_field disk_fields[] = {
    PV_FIELD(pv_disk, id, PV_STRING, .title = "ID", .flags = T | N, .help = "device key"),
    PV_FIELD(pv_disk, label, PV_STRING, .flags = W, .help = "label"),
    PV_FIELD(pv_disk, bus, PV_STRING, .flags = T, .help = "bus it hangs on"),
    PV_FIELD(pv_disk, device, PV_STRING, .flags = T, .help = "disk, cdrom or floppy"),
    PV_FIELD(pv_disk, path, PV_STRING, .flags = T, .help = "where its bytes are"),
    PV_FIELD(pv_disk, format, PV_STRING, .flags = T, .help = "image format"),
    PV_FIELD(pv_disk, backing, PV_STRING, .flags = W, .help = "image below an overlay"),
    PV_FIELD(pv_disk, capacity, PV_INT, .unit = PV_UNIT_BYTES, .flags = T, .help = "size the guest sees"),
    PV_FIELD(pv_disk, allocation, PV_INT, .unit = PV_UNIT_BYTES, .flags = W | PV_F_VOLATILE, .help = "room it takes"),
    PV_FIELD(pv_disk, readonly, PV_BOOL, .flags = W, .help = "the guest cannot write"),
    END,
};
const struct pv_desc pv_disk_desc = { "disk", sizeof(struct pv_disk), disk_fields, "a disk of a VM" };

static const struct pv_field nic_fields[] = {
    PV_FIELD(pv_nic, id, PV_STRING, .title = "ID", .flags = T | N, .help = "device key"),
    PV_FIELD(pv_nic, label, PV_STRING, .flags = W, .help = "label"),
    PV_FIELD(pv_nic, mac, PV_STRING, .title = "MAC", .flags = T, .help = "hardware address"),
    PV_FIELD(pv_nic, model, PV_STRING, .flags = T, .help = "device model"),
    PV_FIELD(pv_nic, type, PV_STRING, .flags = T, .help = "how it is attached"),
    PV_FIELD(pv_nic, network, PV_STRING, .flags = T, .help = "network it is attached to"),
    PV_FIELD(pv_nic, connected, PV_BOOL, .flags = W, .help = "link is up"),
    END,
};
const struct pv_desc pv_nic_desc = { "nic", sizeof(struct pv_nic), nic_fields, "a network adapter of a VM" };

static const struct pv_field vm_fields[] = {
    PV_FIELD(pv_vm, id, PV_STRING, .title = "ID", .flags = W, .help = "what this API calls it"),
    PV_FIELD(pv_vm, name, PV_STRING, .flags = T | N, .help = "name"),
    PV_FIELD(pv_vm, uuid, PV_STRING, .title = "UUID", .flags = W, .help = "uuid"),
    PV_FIELD(pv_vm, state, PV_ENUM, .flags = T, .values = pv_power_state_values, .help = "power state"),
    PV_FIELD(pv_vm, native_state, PV_STRING, .title = "NATIVE STATE", .flags = W, .help = "the API's own word for it"),
    PV_FIELD(pv_vm, cpus, PV_INT, .title = "CPUS", .flags = T, .help = "virtual processors"),
    PV_FIELD(pv_vm, memory, PV_INT, .unit = PV_UNIT_BYTES, .flags = T, .help = "memory"),
    PV_FIELD(pv_vm, guest_os, PV_STRING, .title = "GUEST OS", .flags = W, .help = "guest system as configured"),
    PV_FIELD(pv_vm, arch, PV_STRING, .help = "processor architecture"),
    PV_FIELD(pv_vm, machine, PV_STRING, .help = "machine type"),
    PV_FIELD(pv_vm, firmware, PV_STRING, .help = "bios or uefi"),
    PV_FIELD(pv_vm, accelerator, PV_STRING, .help = "kvm or tcg: what it runs on"),
    PV_FIELD(pv_vm, host, PV_STRING, .flags = W, .help = "host it is on"),
    PV_FIELD(pv_vm, annotation, PV_STRING, .help = "notes"),
    PV_FIELD(pv_vm, autostart, PV_BOOL, .help = "starts with its host"),
    PV_FIELD(pv_vm, persistent, PV_BOOL, .help = "stays defined when it is off"),
    { .name = "template", .kind = PV_BOOL, .offset = offsetof(struct pv_vm, is_template),
      .help = "marked as a template" },
    PV_FIELD(pv_vm, disks, PV_LIST, .desc = &pv_disk_desc, .help = "disks"),
    PV_FIELD(pv_vm, nics, PV_LIST, .title = "NICS", .desc = &pv_nic_desc, .help = "network adapters"),
    PV_FIELD(pv_vm, guest_hostname, PV_STRING, .title = "GUEST HOSTNAME", .help = "the guest's own name"),
    PV_FIELD(pv_vm, guest_full_name, PV_STRING, .title = "GUEST SYSTEM", .help = "the guest's own system name"),
    PV_FIELD(pv_vm, addresses, PV_STRINGS, .help = "the guest's IP addresses"),
    PV_FIELD(pv_vm, agent, PV_STRING, .help = "state of the guest agent"),
    PV_FIELD(pv_vm, snapshots, PV_INT, .help = "number of snapshots"),
    PV_FIELD(pv_vm, created, PV_TIME, .help = "when it was made"),
    PV_FIELD(pv_vm, started, PV_TIME, .help = "when it was last started"),
    PV_FIELD(pv_vm, endpoint, PV_STRING, .help = "endpoint it belongs to"),
    PV_FIELD(pv_vm, error, PV_STRING, .flags = W, .help = "why this row could not be read"),
    END,
};
const struct pv_desc pv_vm_desc = { "vm", sizeof(struct pv_vm), vm_fields, "a virtual machine" };

#define NAME_MAX_BYTES 255 /* the longest name every API takes */

static const struct pv_field disk_spec_fields[] = {
    PV_FIELD(pv_disk_spec, size, PV_INT, .unit = PV_UNIT_BYTES, .min = 512, .max = INT64_C(1) << 60,
             .help = "size of a new disk"),
    PV_FIELD(pv_disk_spec, path, PV_STRING, .max = 4095, .flags = PV_F_FILE,
             .help = "an existing image, or where to make the new one"),
    PV_FIELD(pv_disk_spec, format, PV_STRING, .max = 32, .help = "qcow2 (default) or raw"),
    PV_FIELD(pv_disk_spec, bus, PV_STRING, .max = 32, .help = "virtio (default), scsi, sata, ide, nvme"),
    PV_FIELD(pv_disk_spec, datastore, PV_STRING, .max = NAME_MAX_BYTES, .flags = PV_F_DATASTORE,
             .help = "datastore to make it in"),
    PV_FIELD(pv_disk_spec, backing, PV_STRING, .max = 4095, .flags = PV_F_FILE, .help = "make an overlay of this image"),
    PV_FIELD(pv_disk_spec, device, PV_STRING, .max = 32, .help = "disk (default) or cdrom"),
    PV_FIELD(pv_disk_spec, readonly, PV_BOOL, .help = "the guest cannot write"),
    END,
};
const struct pv_desc pv_disk_spec_desc = {
    "disk", sizeof(struct pv_disk_spec), disk_spec_fields, "a disk to give to a VM",
};

static const struct pv_field nic_spec_fields[] = {
    PV_FIELD(pv_nic_spec, network, PV_STRING, .max = NAME_MAX_BYTES, .flags = PV_F_NETWORK, .help = "network"),
    PV_FIELD(pv_nic_spec, type, PV_STRING, .max = 32, .help = "network (default), bridge or user"),
    PV_FIELD(pv_nic_spec, model, PV_STRING, .max = 32, .help = "virtio (default), e1000e …"),
    PV_FIELD(pv_nic_spec, mac, PV_STRING, .max = 17, .help = "hardware address"),
    END,
};
const struct pv_desc pv_nic_spec_desc = {
    "nic", sizeof(struct pv_nic_spec), nic_spec_fields, "a network adapter to give to a VM",
};

static const struct pv_field vm_spec_fields[] = {
    PV_FIELD(pv_vm_spec, name, PV_STRING, .min = 1, .max = NAME_MAX_BYTES, .flags = PV_F_REQUIRED | PV_F_POSITIONAL,
             .help = "name of the new VM"),
    PV_FIELD(pv_vm_spec, uuid, PV_STRING, .max = 36, .help = "uuid; made when unset"),
    PV_FIELD(pv_vm_spec, cpus, PV_INT, .min = 1, .max = 4096, .help = "virtual processors; default 1"),
    PV_FIELD(pv_vm_spec, memory, PV_INT, .unit = PV_UNIT_BYTES, .min = 1 << 20, .max = INT64_C(1) << 50,
             .help = "memory; default 512 MiB"),
    PV_FIELD(pv_vm_spec, guest_os, PV_STRING, .max = 64, .help = "guest system"),
    PV_FIELD(pv_vm_spec, machine, PV_STRING, .max = 64, .help = "machine type; default q35"),
    PV_FIELD(pv_vm_spec, firmware, PV_STRING, .max = 16, .help = "bios (default) or uefi"),
    PV_FIELD(pv_vm_spec, annotation, PV_STRING, .max = 65535, .help = "notes"),
    PV_FIELD(pv_vm_spec, host, PV_STRING, .max = NAME_MAX_BYTES, .help = "host to place it on"),
    PV_FIELD(pv_vm_spec, folder, PV_STRING, .max = NAME_MAX_BYTES, .help = "folder to place it in"),
    PV_FIELD(pv_vm_spec, resource_pool, PV_STRING, .max = NAME_MAX_BYTES, .help = "resource pool to place it in"),
    PV_FIELD(pv_vm_spec, datastore, PV_STRING, .max = NAME_MAX_BYTES, .flags = PV_F_DATASTORE,
             .help = "datastore for its disks"),
    PV_FIELD(pv_vm_spec, autostart, PV_BOOL, .help = "start with its host"),
    PV_FIELD(pv_vm_spec, disks, PV_LIST, .desc = &pv_disk_spec_desc, .max = 64, .help = "disks"),
    PV_FIELD(pv_vm_spec, nics, PV_LIST, .desc = &pv_nic_spec_desc, .max = 32, .help = "network adapters"),
    END,
};
const struct pv_desc pv_vm_spec_desc = { "vm", sizeof(struct pv_vm_spec), vm_spec_fields, "a VM to be made" };

static const struct pv_field clone_spec_fields[] = {
    PV_FIELD(pv_clone_spec, name, PV_STRING, .min = 1, .max = NAME_MAX_BYTES, .flags = PV_F_REQUIRED | PV_F_POSITIONAL,
             .help = "name of the new VM"),
    PV_FIELD(pv_clone_spec, linked, PV_BOOL, .help = "overlay on the source's disks instead of a copy"),
    PV_FIELD(pv_clone_spec, datastore, PV_STRING, .max = NAME_MAX_BYTES, .flags = PV_F_DATASTORE,
             .help = "datastore for its disks"),
    PV_FIELD(pv_clone_spec, start, PV_BOOL, .help = "power it on"),
    END,
};
const struct pv_desc pv_clone_spec_desc = {
    "clone", sizeof(struct pv_clone_spec), clone_spec_fields, "a copy to be made of a VM",
};

/* ---- snapshot ---- */

static const struct pv_field snapshot_fields[] = {
    PV_FIELD(pv_snapshot, id, PV_STRING, .title = "ID", .flags = W, .help = "what this API calls it"),
    PV_FIELD(pv_snapshot, name, PV_STRING, .flags = T | N, .help = "name"),
    PV_FIELD(pv_snapshot, description, PV_STRING, .flags = T, .help = "description"),
    PV_FIELD(pv_snapshot, vm, PV_STRING, .title = "VM", .flags = W, .help = "id of its VM"),
    PV_FIELD(pv_snapshot, parent, PV_STRING, .flags = W, .help = "id of its parent"),
    PV_FIELD(pv_snapshot, created, PV_TIME, .flags = T, .help = "when it was taken"),
    PV_FIELD(pv_snapshot, state, PV_ENUM, .flags = T, .values = pv_power_state_values, .help = "the VM's state in it"),
    PV_FIELD(pv_snapshot, memory, PV_BOOL, .flags = T, .help = "memory is in it"),
    PV_FIELD(pv_snapshot, quiesced, PV_BOOL, .flags = W, .help = "the guest was quiesced"),
    PV_FIELD(pv_snapshot, current, PV_BOOL, .flags = T, .help = "the VM stands on it"),
    PV_FIELD(pv_snapshot, kind, PV_STRING, .flags = W, .help = "internal or external"),
    END,
};
const struct pv_desc pv_snapshot_desc = {
    "snapshot", sizeof(struct pv_snapshot), snapshot_fields, "a snapshot of a VM",
};

static const struct pv_field snapshot_spec_fields[] = {
    PV_FIELD(pv_snapshot_spec, name, PV_STRING, .min = 1, .max = NAME_MAX_BYTES, .flags = PV_F_REQUIRED | PV_F_POSITIONAL,
             .help = "name of the snapshot"),
    PV_FIELD(pv_snapshot_spec, description, PV_STRING, .max = 4095, .help = "description"),
    PV_FIELD(pv_snapshot_spec, memory, PV_BOOL, .help = "keep the memory; default: when the VM runs"),
    PV_FIELD(pv_snapshot_spec, quiesce, PV_BOOL, .help = "let the guest agent flush its file systems"),
    END,
};
const struct pv_desc pv_snapshot_spec_desc = {
    "snapshot", sizeof(struct pv_snapshot_spec), snapshot_spec_fields, "a snapshot to be taken",
};

/* ---- storage and network ---- */

static const struct pv_field datastore_fields[] = {
    PV_FIELD(pv_datastore, id, PV_STRING, .title = "ID", .flags = W, .help = "what this API calls it"),
    PV_FIELD(pv_datastore, name, PV_STRING, .flags = T | N, .help = "name"),
    PV_FIELD(pv_datastore, uuid, PV_STRING, .title = "UUID", .flags = W, .help = "uuid"),
    PV_FIELD(pv_datastore, type, PV_STRING, .flags = T, .help = "kind of storage"),
    PV_FIELD(pv_datastore, path, PV_STRING, .flags = W, .help = "where it is mounted"),
    PV_FIELD(pv_datastore, state, PV_STRING, .flags = T, .help = "active, inactive …"),
    PV_FIELD(pv_datastore, capacity, PV_INT, .unit = PV_UNIT_BYTES, .flags = T, .help = "size"),
    PV_FIELD(pv_datastore, allocation, PV_INT, .unit = PV_UNIT_BYTES, .flags = W | PV_F_VOLATILE, .help = "in use"),
    PV_FIELD(pv_datastore, free, PV_INT, .unit = PV_UNIT_BYTES, .flags = T | PV_F_VOLATILE, .help = "free"),
    PV_FIELD(pv_datastore, autostart, PV_BOOL, .flags = W, .help = "starts with its host"),
    PV_FIELD(pv_datastore, persistent, PV_BOOL, .flags = W, .help = "stays defined when inactive"),
    PV_FIELD(pv_datastore, accessible, PV_BOOL, .flags = W, .help = "can be reached"),
    END,
};
const struct pv_desc pv_datastore_desc = {
    "datastore", sizeof(struct pv_datastore), datastore_fields, "a datastore (libvirt: storage pool)",
};

static const struct pv_field volume_fields[] = {
    PV_FIELD(pv_volume, id, PV_STRING, .title = "ID", .flags = W, .help = "key"),
    PV_FIELD(pv_volume, name, PV_STRING, .flags = T | N, .help = "name"),
    PV_FIELD(pv_volume, datastore, PV_STRING, .flags = T, .help = "datastore it lies in"),
    PV_FIELD(pv_volume, path, PV_STRING, .flags = W, .help = "path"),
    PV_FIELD(pv_volume, type, PV_STRING, .flags = T, .help = "file, block …"),
    PV_FIELD(pv_volume, format, PV_STRING, .flags = T, .help = "image format"),
    PV_FIELD(pv_volume, backing, PV_STRING, .flags = W, .help = "image below an overlay"),
    PV_FIELD(pv_volume, capacity, PV_INT, .unit = PV_UNIT_BYTES, .flags = T, .help = "size a guest sees"),
    PV_FIELD(pv_volume, allocation, PV_INT, .unit = PV_UNIT_BYTES, .flags = T | PV_F_VOLATILE, .help = "room it takes"),
    END,
};
const struct pv_desc pv_volume_desc = { "volume", sizeof(struct pv_volume), volume_fields, "a disk image" };

static const struct pv_field volume_spec_fields[] = {
    PV_FIELD(pv_volume_spec, datastore, PV_STRING, .max = NAME_MAX_BYTES,
             .flags = PV_F_REQUIRED | PV_F_POSITIONAL | PV_F_DATASTORE, .help = "datastore to make it in"),
    PV_FIELD(pv_volume_spec, name, PV_STRING, .min = 1, .max = NAME_MAX_BYTES, .flags = PV_F_REQUIRED | PV_F_POSITIONAL,
             .help = "name of the new volume"),
    PV_FIELD(pv_volume_spec, size, PV_INT, .unit = PV_UNIT_BYTES, .min = 0, .max = INT64_C(1) << 60,
             .flags = PV_F_REQUIRED, .help = "size"),
    PV_FIELD(pv_volume_spec, format, PV_STRING, .max = 32, .help = "qcow2 (default) or raw"),
    PV_FIELD(pv_volume_spec, backing, PV_STRING, .max = 4095, .help = "make an overlay of this image"),
    END,
};
const struct pv_desc pv_volume_spec_desc = {
    "volume", sizeof(struct pv_volume_spec), volume_spec_fields, "a disk image to be made",
};

static const struct pv_field network_fields[] = {
    PV_FIELD(pv_network, id, PV_STRING, .title = "ID", .flags = W, .help = "what this API calls it"),
    PV_FIELD(pv_network, name, PV_STRING, .flags = T | N, .help = "name"),
    PV_FIELD(pv_network, uuid, PV_STRING, .title = "UUID", .flags = W, .help = "uuid"),
    PV_FIELD(pv_network, type, PV_STRING, .flags = T, .help = "kind of network"),
    PV_FIELD(pv_network, bridge, PV_STRING, .flags = T, .help = "bridge device"),
    PV_FIELD(pv_network, cidr, PV_STRING, .title = "CIDR", .flags = T, .help = "address and prefix"),
    PV_FIELD(pv_network, state, PV_STRING, .flags = T, .help = "active or inactive"),
    PV_FIELD(pv_network, autostart, PV_BOOL, .flags = T, .help = "starts with its host"),
    PV_FIELD(pv_network, persistent, PV_BOOL, .flags = W, .help = "stays defined when inactive"),
    END,
};
const struct pv_desc pv_network_desc = { "network", sizeof(struct pv_network), network_fields, "a virtual network" };

/* ---- events and outcomes ---- */

const struct pv_enum_value pv_event_kind_values[] = {
    { PV_EVENT_VM_CHANGED, "vm-changed", "state or configuration of a VM" },
    { PV_EVENT_VM_ADDED, "vm-added", NULL },
    { PV_EVENT_VM_REMOVED, "vm-removed", NULL },
    { PV_EVENT_SNAPSHOT, "snapshot", "the snapshots of a VM" },
    { PV_EVENT_INVENTORY, "inventory", "datastores or networks" },
    { PV_EVENT_LOST, "lost", "events may be missing before this one" },
    { PV_EVENT_CLOSED, "closed", "the connection ended" },
    END,
};

static const struct pv_field event_fields[] = {
    PV_FIELD(pv_event, time, PV_TIME, .flags = T | PV_F_VOLATILE, .help = "when"),
    PV_FIELD(pv_event, kind, PV_ENUM, .flags = T, .values = pv_event_kind_values, .help = "what changed"),
    PV_FIELD(pv_event, vm, PV_STRING, .title = "VM ID", .flags = W, .help = "id of the VM"),
    PV_FIELD(pv_event, vm_name, PV_STRING, .title = "VM", .flags = T | N, .help = "name of the VM"),
    PV_FIELD(pv_event, state, PV_ENUM, .flags = T, .values = pv_power_state_values, .help = "its state afterwards"),
    PV_FIELD(pv_event, detail, PV_STRING, .flags = T, .help = "the API's own words"),
    PV_FIELD(pv_event, endpoint, PV_STRING, .flags = W, .help = "endpoint it came from"),
    END,
};
const struct pv_desc pv_event_desc = { "event", sizeof(struct pv_event), event_fields, "something that happened" };

static const struct pv_field outcome_fields[] = {
    PV_FIELD(pv_outcome, target, PV_STRING, .flags = T | N, .help = "as it was named"),
    PV_FIELD(pv_outcome, id, PV_STRING, .title = "ID", .flags = W, .help = "what the API calls it"),
    PV_FIELD(pv_outcome, operation, PV_STRING, .flags = T, .help = "what was asked"),
    PV_FIELD(pv_outcome, result, PV_ENUM, .flags = T, .values = task_state_values, .help = "how it ended"),
    PV_FIELD(pv_outcome, state, PV_ENUM, .flags = T, .values = pv_power_state_values, .help = "power state afterwards"),
    PV_FIELD(pv_outcome, message, PV_STRING, .flags = T, .help = "why not"),
    PV_FIELD(pv_outcome, code, PV_STRING, .flags = W, .help = "code of the failure"),
    PV_FIELD(pv_outcome, hint, PV_STRING, .help = "what to try"),
    PV_FIELD(pv_outcome, elapsed_ms, PV_INT, .title = "MS", .unit = PV_UNIT_MILLISECONDS, .flags = T | PV_F_VOLATILE,
             .help = "time it took"),
    END,
};
const struct pv_desc pv_outcome_desc = {
    "outcome", sizeof(struct pv_outcome), outcome_fields, "what became of one target",
};
