/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server knows of its back ends: hosts, VMs, datastores and networks, each with a managed
 * object id that never changes. Lists are answered from here without asking a back end, as long as
 * its events keep this true; a back end without events is listed again when its list is a second old.
 *
 * Locks, in this order: a back end's sync (one look at it at a time), the inventory's own lock. No
 * call to a back end is made with the inventory's lock held.
 *
 * version counts changes and each object says at which it changed last: what waits for changes
 * compares the two and need not poll anything.
 */
#ifndef PV_SERVER_INVENTORY_H
#define PV_SERVER_INVENTORY_H

#include "store.h"

#include <polyvirt/connection.h>

typedef struct pv_inventory pv_inventory;
typedef struct pv_backend pv_backend;

/* The fixed part of the tree: one datacenter with one cluster. Numbers below the store's first. */
#define PV_MOREF_ROOT       "group-d1"
#define PV_MOREF_DATACENTER "datacenter-2"
#define PV_MOREF_VMS        "group-v3"
#define PV_MOREF_HOSTS      "group-h4"
#define PV_MOREF_DATASTORES "group-s5"
#define PV_MOREF_NETWORKS   "group-n6"
#define PV_MOREF_CLUSTER    "domain-c8"
#define PV_MOREF_POOL       "resgroup-8"

struct pv_inv_vm {
    int64_t number;       /* "vm-NUMBER" */
    pv_backend *backend;
    pv_vm *vm;            /* as the back end tells it; never changed in place */
    unsigned parts;       /* enum pv_vm_part: what of .vm is filled */
    char *guest_os;       /* as the client that created it spelt it, or NULL */
    uint64_t changed;     /* version of the last change */
    uint64_t ticket;      /* of the look that saw it last */
};

/* A host, datastore or network. */
struct pv_inv_object {
    int64_t number;
    pv_backend *backend;
    void *object; /* pv_host, pv_datastore or pv_network … */
    const struct pv_desc *desc; /* … as this says */
    uint64_t changed;
    uint64_t ticket;
};

/*
 * Opens the back ends and fills itself. options: how to open (NULL: defaults). A back end that cannot
 * be opened or listed now fails the call; one that goes away later is tried again.
 */
int pv_inventory_new(pv_store *store, const char *const *uris, const struct pv_open_options *options,
                     pv_task *task, pv_inventory **ret_inventory, pv_error **error);
/* No call may be under way. */
void pv_inventory_free(pv_inventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_inventory, pv_inventory_free)

/* True when reading needs no back end first. Cheap. */
gboolean pv_inventory_is_settled(pv_inventory *inventory);
/* Asks the back ends about whatever may have changed; one that cannot answer keeps its last state. */
void pv_inventory_settle(pv_inventory *inventory, pv_task *task);
/* Figures of hosts, datastores and networks move without events: looks again when they are old. */
void pv_inventory_settle_storage(pv_inventory *inventory, pv_task *task);

/* ---- reading, between lock and unlock ---- */

void pv_inventory_lock(pv_inventory *inventory);
void pv_inventory_unlock(pv_inventory *inventory);
uint64_t pv_inventory_version(pv_inventory *inventory);
/* In order of their numbers. */
const GPtrArray *pv_inventory_vms(pv_inventory *inventory);
const struct pv_inv_vm *pv_inventory_vm(pv_inventory *inventory, const char *moref);
/* of PV_OBJECT_HOST, PV_OBJECT_DATASTORE or PV_OBJECT_NETWORK, in order of their numbers */
const GPtrArray *pv_inventory_objects(pv_inventory *inventory, enum pv_object_kind kind);
const struct pv_inv_object *pv_inventory_object(pv_inventory *inventory, enum pv_object_kind kind,
                                                const char *moref);
const struct pv_inv_object *pv_inventory_object_named(pv_inventory *inventory, enum pv_object_kind kind,
                                                      const pv_backend *backend, const char *name);
/* The host a VM is on; NULL when its back end has told none. */
const struct pv_inv_object *pv_inventory_host_of(pv_inventory *inventory, const struct pv_inv_vm *vm);
gboolean pv_backend_is_up(const pv_backend *backend);
gboolean pv_inventory_all_up(pv_inventory *inventory);

/* ---- managed object ids ---- */

#define PV_MOREF_SIZE 32
const char *pv_moref_prefix(enum pv_object_kind kind);
/* Writes "vm-12" into buffer and returns it. */
char *pv_moref_write(enum pv_object_kind kind, int64_t number, char buffer[PV_MOREF_SIZE]);
/* The number in "vm-12"; 0 when it is no such id. */
int64_t pv_moref_number(enum pv_object_kind kind, const char *moref);

/* ---- one VM: these ask the back end, without a lock held ---- */

/* A VM held for a call: its connection stays open until it is let go. */
struct pv_inv_hold {
    pv_inventory *inventory;
    pv_backend *backend;
    struct pv_link *link;
    pv_conn *conn;
    int64_t number;
    char *id; /* the back end's */
    char *guest_os;
};
/* PV_ERR_NOT_FOUND when there is no such VM, PV_ERR_CONNECT when its back end is away. */
int pv_inventory_hold(pv_inventory *inventory, const char *moref, struct pv_inv_hold *hold, pv_error **error);
void pv_inv_hold_clear(struct pv_inv_hold *hold);
typedef struct pv_inv_hold pv_inv_hold;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pv_inv_hold, pv_inv_hold_clear)

/* The VM with these parts, from memory when it has them, else from the back end. */
int pv_inv_hold_get(struct pv_inv_hold *hold, unsigned parts, pv_task *task, pv_vm **ret_vm,
                    pv_error **error);
/* Looks at the VM again after something was done to it, so that the next answer is true. */
void pv_inv_hold_refresh(struct pv_inv_hold *hold, pv_task *task);

/* ---- new VMs ---- */

/*
 * The back end a new VM goes to: the one of host or datastore (morefs, may be NULL), else the first
 * that is up. PV_ERR_NOT_FOUND names what does not exist, PV_ERR_INVALID what does not fit together.
 */
int pv_inventory_place(pv_inventory *inventory, const char *host, const char *datastore,
                       struct pv_inv_hold *ret_place, pv_error **error);
/* Takes up a VM just made on the place's back end; guest_os may be NULL. */
int pv_inventory_adopt(struct pv_inv_hold *place, const char *id, const char *guest_os, pv_task *task,
                       int64_t *ret_number, pv_error **error);
/* A number for a snapshot of the held VM, the same as long as the snapshot exists. */
int pv_inv_hold_snapshot_number(struct pv_inv_hold *hold, const pv_snapshot *snapshot, int64_t *ret_number,
                                pv_error **error);
/* The inventory's store. */
pv_store *pv_inventory_store(pv_inventory *inventory);

#endif
