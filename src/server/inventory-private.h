/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the inventory share. */
#ifndef PV_SERVER_INVENTORY_PRIVATE_H
#define PV_SERVER_INVENTORY_PRIVATE_H

#include "inventory.h"

/* An open connection; lives until the last call on it ends. g_atomic_rc_box. */
struct pv_link {
    pv_conn *conn;
    unsigned event_id; /* 0: the endpoint sends no events */
};
void pv_link_unref(struct pv_link *link);

struct pv_backend {
    pv_inventory *inventory;
    char *uri;
    int64_t key; /* of the store */
    GMutex sync; /* held while looking at the back end as a whole */

    GMutex lock; /* guards what follows; nothing is called with it held */
    struct pv_link *link;     /* NULL while the back end is away */
    gboolean broken;          /* the link ended: to be replaced */
    gboolean all_dirty;       /* anything may have changed */
    gboolean storage_dirty;
    GHashTable *dirty;        /* ids of VMs that may have changed */
    int64_t listed;           /* monotonic time of the last whole list */
    int64_t storage_listed;
    int64_t tried;            /* monotonic time of the last try to open */
    char *trouble;            /* what the log was told since it was opened, or NULL */

    GHashTable *by_id;        /* id -> struct entry; guarded by the inventory's lock */
};

/* A VM with its key; what readers see is its first member. */
struct entry {
    struct pv_inv_vm vm;
    char *id;
};

struct pv_inventory {
    pv_store *store;
    struct pv_open_options options;
    GPtrArray *backends;

    GRWLock lock; /* guards what follows */
    uint64_t version;
    uint64_t ticket;
    GPtrArray *vms;        /* of struct pv_inv_vm, in order of number; owns the entries */
    GHashTable *by_number; /* number -> the same */
    GPtrArray *objects[PV_OBJECT_VM]; /* by enum pv_object_kind */

    GMutex keeper_lock;
    GCond keeper_cond;
    GThread *keeper;
    gboolean dirty, stopping; /* guarded by keeper_lock */
    pv_task *look;            /* what the keeper does just now, or NULL; the same */
};

/* ---- backend.c ---- */

pv_backend *pv_backend_new(pv_inventory *inventory, const char *uri);
void pv_backend_free(pv_backend *backend);
int pv_backend_open(pv_backend *backend, pv_task *task, pv_error **error);
/* The link with a reference, opened again when it broke; PV_ERR_CONNECT while the back end is away. */
int pv_backend_use(pv_backend *backend, pv_task *task, struct pv_link **ret_link, pv_error **error);
/* Marks the link to be replaced when code says that it is dead. */
void pv_backend_note(pv_backend *backend, int code);
gboolean pv_backend_is_settled(pv_backend *backend);
/* Brings VMs (and, with storage, the rest) up to date. */
int pv_backend_settle(pv_backend *backend, gboolean storage, pv_task *task, pv_error **error);

/* ---- apply.c: what a look at a back end found ---- */

/* Begins a look: what is seen later than this look began wins over what it brings. */
uint64_t pv_inventory_look(pv_inventory *inventory);
enum pv_apply_flags {
    PV_APPLY_WHOLE = 1 << 0,   /* every VM that is not in the list is gone */
    PV_APPLY_CHANGED = 1 << 1, /* something happened to these, even where what is listed is the same */
};
/* list: of pv_vm, taken over. */
int pv_inventory_apply(pv_backend *backend, uint64_t look, GPtrArray *list, unsigned parts, unsigned flags,
                       pv_error **error);
void pv_inventory_drop(pv_backend *backend, uint64_t look, const char *id);
/* list: of kind's neutral struct, taken over. */
int pv_inventory_apply_objects(pv_backend *backend, uint64_t look, enum pv_object_kind kind, GPtrArray *list,
                               pv_error **error);

#endif
