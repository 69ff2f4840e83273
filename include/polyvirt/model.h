/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The neutral model: what a VM, a snapshot, a host … is on every API. Plain structs, each with one
 * descriptor (pv_NOUN_desc) through which it is made, freed, copied, written and read (desc.h).
 * Strings are UTF-8 and owned by the struct. Sizes are bytes, times microseconds since 1970 UTC.
 */
#ifndef POLYVIRT_MODEL_H
#define POLYVIRT_MODEL_H

#include <polyvirt/desc.h>

G_BEGIN_DECLS

/* ---- endpoint, session, host ---- */

struct pv_endpoint {
    char *uri;     /**< as opened, without password */
    char *driver;  /**< "libvirt", "qmp", "vsphere", "sim" */
    char *product; /**< "QEMU", "VMware vCenter Server" … */
    char *version; /**< of the product */
    char *build;
    char *api_version;     /**< of the API spoken: libvirt library, REST release, QMP = QEMU's */
    char *dialect;         /**< vSphere: "/api" or "/rest"; else NULL */
    char *hostname;
    char *instance_uuid;
    int encrypted;   /**< bool */
    int readonly;    /**< bool */
    int64_t vm_count;
    char *accelerator; /**< what new guests run on, where this side decides it */
};
extern const struct pv_desc pv_endpoint_desc;

/** One row per operation: can this endpoint do it, and by what. */
struct pv_capability {
    char *operation; /**< "snapshot.revert" */
    int supported;   /**< bool */
    char *via;       /**< "virDomainRevertToSnapshot", "POST /api/…" or NULL */
    char *note;      /**< limits, in words */
};
extern const struct pv_desc pv_capability_desc;

struct pv_session {
    char *id;   /**< shortened: a session id is a secret */
    char *user;
    char *endpoint;
    int64_t created, last_used;
};
extern const struct pv_desc pv_session_desc;

struct pv_host {
    char *id, *name, *uuid;
    char *state;  /**< "connected" … */
    char *hypervisor; /**< "QEMU", "VMware ESXi" … */
    char *version;    /**< of the hypervisor, "7.2.22" */
    char *library_version; /**< of the API library on that side */
    char *arch, *cpu_model, *vendor, *model;
    int64_t cpus, mhz, numa_nodes, sockets, cores_per_socket, threads_per_core;
    int64_t memory, memory_free;
};
extern const struct pv_desc pv_host_desc;

/* ---- vm ---- */

enum pv_power_state {
    PV_POWER_ON = 1,
    PV_POWER_OFF,
    PV_POWER_PAUSED,    /**< CPUs stopped, memory kept in RAM */
    PV_POWER_SUSPENDED, /**< memory saved to disk, machine gone */
    PV_POWER_STOPPING,  /**< the guest was asked and has not finished */
    PV_POWER_CRASHED,
    PV_POWER_OTHER,     /**< see native_state */
};
extern const struct pv_enum_value pv_power_state_values[];

struct pv_disk {
    char *id;     /**< device key: "vda", "2000" */
    char *label;
    char *bus;    /**< "virtio", "scsi", "sata", "ide", "nvme" */
    char *device; /**< "disk", "cdrom", "floppy" */
    char *path;   /**< file, block device or "[datastore] dir/file" */
    char *format; /**< "qcow2", "raw", "vmdk" */
    char *backing; /**< overlay: the file below */
    int64_t capacity, allocation;
    int readonly; /**< bool */
};
extern const struct pv_desc pv_disk_desc;

struct pv_nic {
    char *id, *label, *mac;
    char *model;   /**< "virtio", "e1000", "vmxnet3" */
    char *type;    /**< "network", "bridge", "user" … */
    char *network; /**< name of the network */
    int connected; /**< bool */
};
extern const struct pv_desc pv_nic_desc;

struct pv_vm {
    char *id;   /**< what this API calls it: libvirt UUID, moref "vm-42", "<vmid>" */
    char *name;
    char *uuid;
    int state;  /**< enum pv_power_state */
    char *native_state; /**< the API's own word: "running (booted)", "prelaunch" */
    int64_t cpus;
    int64_t memory;     /**< bytes */
    char *guest_os;     /**< as configured: "UBUNTU_64", osinfo id */
    char *arch, *machine, *firmware; /**< firmware "bios" or "uefi" */
    char *accelerator;  /**< "kvm" or "tcg": what it runs on, or will */
    char *host;
    char *annotation;
    int autostart, persistent; /**< bool */
    int is_template;    /**< bool; "template" in JSON, a word that C++ keeps for itself */
    GPtrArray *disks;   /**< of struct pv_disk */
    GPtrArray *nics;    /**< of struct pv_nic */
    char *guest_hostname;
    char *guest_full_name;
    char **addresses;   /**< guest's IP addresses */
    char *agent;        /**< "running", "not-running", "absent" */
    int64_t snapshots;  /**< how many */
    int64_t created, started;
    char *endpoint;     /**< URI, when several are asked at once */
    char *error;        /**< why this row could not be read; the rest may be unset */
};
extern const struct pv_desc pv_vm_desc;

/** What of a VM is wanted: drivers pay for nothing else. */
enum pv_vm_part {
    PV_VM_BASIC = 1 << 0,    /**< id, name, uuid, state */
    PV_VM_CONFIG = 1 << 1,   /**< cpus, memory, guest_os, machine, firmware, autostart … */
    PV_VM_DEVICES = 1 << 2,  /**< disks, nics */
    PV_VM_GUEST = 1 << 3,    /**< addresses, hostname, agent */
    PV_VM_SNAPSHOTS = 1 << 4,
    PV_VM_ALL = 0x1f,
    PV_VM_LIST = PV_VM_BASIC | PV_VM_CONFIG, /**< what a list shows */
};

/** Power operations, each its own driver capability. */
enum pv_power_op {
    PV_POWER_OP_START = 1, /**< from off or suspended */
    PV_POWER_OP_STOP,      /**< power off: pull the plug */
    PV_POWER_OP_SHUTDOWN,  /**< ask the guest; returns when it was asked */
    PV_POWER_OP_RESET,     /**< push the reset button */
    PV_POWER_OP_REBOOT,    /**< ask the guest to restart */
    PV_POWER_OP_PAUSE,     /**< stop the CPUs */
    PV_POWER_OP_UNPAUSE,
    PV_POWER_OP_SUSPEND,   /**< save memory to disk and end the machine */
    PV_POWER_OP_RESUME,    /**< start again from the saved memory */
    PV_POWER_OP_LAST_ = PV_POWER_OP_RESUME,
};
extern const struct pv_enum_value pv_power_op_values[];

struct pv_disk_spec {
    int64_t size;     /**< bytes; for a new disk, or to grow a copy */
    char *path;       /**< an existing image, or where to make the new one */
    char *format;     /**< "qcow2" (default) or "raw" */
    char *bus;        /**< "virtio" (default) … */
    char *datastore;  /**< where to make it; unset = the driver's default */
    char *backing;    /**< make an overlay of this image */
    char *device;     /**< "disk" (default) or "cdrom" */
    int readonly;     /**< bool */
};
extern const struct pv_desc pv_disk_spec_desc;

struct pv_nic_spec {
    char *network; /**< name; unset = the driver's default */
    char *type;    /**< "network" (default), "bridge", "user" */
    char *model;   /**< "virtio" (default) … */
    char *mac;
};
extern const struct pv_desc pv_nic_spec_desc;

struct pv_vm_spec {
    char *name;
    char *uuid;
    int64_t cpus;     /**< default 1 */
    int64_t memory;   /**< bytes, default 512 MiB */
    char *guest_os;
    char *machine;    /**< "q35" (default), "pc" */
    char *firmware;   /**< "bios" (default) or "uefi" */
    char *annotation;
    char *host, *folder, *resource_pool, *datastore; /**< placement, where the API has it */
    int autostart;    /**< bool */
    GPtrArray *disks; /**< of struct pv_disk_spec */
    GPtrArray *nics;  /**< of struct pv_nic_spec */
};
extern const struct pv_desc pv_vm_spec_desc;

struct pv_clone_spec {
    char *name;      /**< of the new VM */
    int linked;      /**< bool: overlay on the source's disks instead of a copy */
    char *datastore;
    int start;       /**< bool: power it on */
};
extern const struct pv_desc pv_clone_spec_desc;

/* ---- snapshot ---- */

struct pv_snapshot {
    char *id;     /**< what this API calls it; libvirt and QMP: the name */
    char *name, *description;
    char *vm;     /**< id of the VM */
    char *parent; /**< id of the parent, NULL for a root */
    int64_t created;
    int state;    /**< enum pv_power_state of the VM when it was taken */
    int memory;   /**< bool: memory is in it */
    int quiesced; /**< bool */
    int current;  /**< bool: the VM stands on it */
    char *kind;   /**< "internal", "external" or NULL */
};
extern const struct pv_desc pv_snapshot_desc;

struct pv_snapshot_spec {
    char *name;
    char *description;
    int memory;  /**< bool; unset = yes when the VM runs */
    int quiesce; /**< bool */
};
extern const struct pv_desc pv_snapshot_spec_desc;

/* ---- storage and network ---- */

struct pv_datastore {
    char *id, *name, *uuid;
    char *type;  /**< "dir", "VMFS", "NFS" … */
    char *path;
    char *state; /**< "active", "inactive", "building", "degraded", "inaccessible" */
    int64_t capacity, allocation, free;
    int autostart, persistent, accessible; /**< bool */
};
extern const struct pv_desc pv_datastore_desc;

struct pv_volume {
    char *id; /**< key */
    char *name, *datastore, *path, *type, *format, *backing;
    int64_t capacity, allocation;
};
extern const struct pv_desc pv_volume_desc;

struct pv_volume_spec {
    char *name, *datastore, *format, *backing;
    int64_t size;
};
extern const struct pv_desc pv_volume_spec_desc;

struct pv_network {
    char *id, *name, *uuid;
    char *type;  /**< "nat", "isolated", "bridge", "STANDARD_PORTGROUP" … */
    char *bridge;
    char *cidr;  /**< "192.168.122.1/24" */
    char *state; /**< "active", "inactive" */
    int autostart, persistent; /**< bool */
};
extern const struct pv_desc pv_network_desc;

/* ---- events and outcomes ---- */

enum pv_event_kind {
    PV_EVENT_VM_CHANGED = 1, /**< state or configuration */
    PV_EVENT_VM_ADDED,
    PV_EVENT_VM_REMOVED,
    PV_EVENT_SNAPSHOT,       /**< the VM's snapshots changed */
    PV_EVENT_INVENTORY,      /**< datastores or networks changed */
    PV_EVENT_LOST,           /**< events may be missing before this one: look again */
    PV_EVENT_CLOSED,         /**< the connection ended */
};
extern const struct pv_enum_value pv_event_kind_values[];

struct pv_event {
    int64_t time;
    int kind;      /**< enum pv_event_kind */
    char *vm;      /**< id, or NULL */
    char *vm_name;
    int state;     /**< enum pv_power_state, where the API says it */
    char *detail;  /**< the API's own name and reason: "lifecycle started booted", "STOP" */
    char *endpoint;
};
extern const struct pv_desc pv_event_desc;

/** What became of one target of an operation over several. */
struct pv_outcome {
    char *target;  /**< as the caller named it */
    char *id;      /**< as the API calls it */
    char *operation;
    int result;    /**< enum pv_task_state: OK, FAILED, CANCELLED or UNKNOWN */
    int state;     /**< enum pv_power_state afterwards, where known */
    char *message; /**< why not */
    char *code;    /**< pv_code_name of the failure */
    char *hint;
    int64_t elapsed_ms;
};
extern const struct pv_desc pv_outcome_desc;

/** Gives a struct its short type name, pv_NOUN_new, pv_NOUN_free and g_autoptr(pv_NOUN). */
#define PV_MODEL_AUTOPTR(type)                                                                             \
    typedef struct type type;                                                                              \
    static inline void type##_free(type *object) { pv_desc_free(&type##_desc, object); }                   \
    static inline type *type##_new(void) { return (type *)pv_desc_new(&type##_desc); }                     \
    G_DEFINE_AUTOPTR_CLEANUP_FUNC(type, type##_free)

PV_MODEL_AUTOPTR(pv_endpoint)
PV_MODEL_AUTOPTR(pv_capability)
PV_MODEL_AUTOPTR(pv_session)
PV_MODEL_AUTOPTR(pv_host)
PV_MODEL_AUTOPTR(pv_disk)
PV_MODEL_AUTOPTR(pv_nic)
PV_MODEL_AUTOPTR(pv_vm)
PV_MODEL_AUTOPTR(pv_disk_spec)
PV_MODEL_AUTOPTR(pv_nic_spec)
PV_MODEL_AUTOPTR(pv_vm_spec)
PV_MODEL_AUTOPTR(pv_clone_spec)
PV_MODEL_AUTOPTR(pv_snapshot)
PV_MODEL_AUTOPTR(pv_snapshot_spec)
PV_MODEL_AUTOPTR(pv_datastore)
PV_MODEL_AUTOPTR(pv_volume)
PV_MODEL_AUTOPTR(pv_volume_spec)
PV_MODEL_AUTOPTR(pv_network)
PV_MODEL_AUTOPTR(pv_event)
PV_MODEL_AUTOPTR(pv_outcome)

/**
 * The item of a list of desc's structs that ref names: by the first of the members "id", "uuid" (case
 * ignored), "name" and "path" that desc has and an item matches. PV_ERR_NOT_FOUND, with a hint at the
 * nearest name; PV_ERR_INVALID when several items match alike.
 */
int pv_list_find(const GPtrArray *list, const struct pv_desc *desc, const char *ref, unsigned *ret_index,
                 pv_error **error);

G_END_DECLS

#endif
