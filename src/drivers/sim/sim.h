/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator: a data centre in memory, the same for the same URI. It has the whole state machine
 * of power and snapshots, and delays and failures on request, so that everything above the driver
 * contract can be tested without a hypervisor.
 */
#ifndef PV_DRIVER_SIM_H
#define PV_DRIVER_SIM_H

#include "driver.h"

#define SIM_VMS_MAX       100000
#define SIM_HOSTS_MAX     1000
#define SIM_SNAPSHOTS_MAX 128 /* of one VM */
#define SIM_DELAY_MAX_MS  60000

struct sim_snapshot {
    unsigned number; /* id "snapshot-N", never used again */
    unsigned parent; /* 0: a root */
    char *name, *description;
    int64_t created;
    int state;       /* of the VM when it was taken */
    gboolean memory, quiesced;
    int64_t cpus, memory_bytes; /* what a revert brings back */
};

struct sim_vm {
    unsigned number;  /* id "vm-N", never used again */
    unsigned host;
    int state;
    int64_t cpus, memory;
    int64_t created, started;
    char *name;
    char *guest_os, *annotation;    /* NULL: as generated */
    guint8 uuid[16];
    GPtrArray *disks, *nics;        /* of specs; NULL: one generated disk and NIC */
    GPtrArray *snapshots;           /* of struct sim_snapshot; NULL: none */
    unsigned current;               /* number of the snapshot it stands on, 0 none */
};

struct sim {
    GMutex lock; /* guards everything below but the options */
    GPtrArray *vms;
    GHashTable *by_number; /* number -> struct sim_vm, owned by vms */
    GHashTable *by_name;
    GPtrArray *volumes;    /* of pv_volume, made by volume.create */
    unsigned last_vm, last_snapshot;
    uint64_t random;
    gboolean events;

    int64_t seed, vm_count, host_count, delay_ms, rate;
    char **fail; /* operations that fail, NULL none */
    char *user;
    gint64 opened;
    void (*emit)(void *sink, pv_event *event);
    void *sink;
};

extern const struct pv_vm_slots sim_vm_slots;
extern const struct pv_snapshot_slots sim_snapshot_slots;
extern const struct pv_host_slots sim_host_slots;
extern const struct pv_datastore_slots sim_datastore_slots;
extern const struct pv_volume_slots sim_volume_slots;
extern const struct pv_network_slots sim_network_slots;

/* world.c */
void sim_populate(struct sim *sim);
uint64_t sim_random(struct sim *sim);
struct sim_vm *sim_add_vm(struct sim *sim, const char *name);
void sim_drop_vm(struct sim *sim, struct sim_vm *vm);
void sim_vm_free(struct sim_vm *vm);
void sim_snapshot_free(struct sim_snapshot *snapshot);
int64_t sim_epoch(void);

/* driver.c: before an operation: the delay and the failure that the URI asks for */
int sim_enter(struct sim *sim, const char *operation, pv_task *task, pv_error **error);
void sim_emit(struct sim *sim, enum pv_event_kind kind, const struct sim_vm *vm, const char *detail);
/* with the lock held */
struct sim_vm *sim_find(struct sim *sim, const char *id, pv_error **error);

#endif
