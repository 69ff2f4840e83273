/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver contract. A driver is a folder that ends in one const struct pv_driver. An empty slot
 * means unsupported: the core says so, and the capability list is read off these tables.
 *
 * What the core does once so that drivers stay naive: read-only check, support check, default
 * deadline, argument validation, error prefix, trace, resolution of names to ids. So:
 *  - `vm` arguments are ids as the driver gave them in pv_vm.id (unless a slot says otherwise);
 *  - specs are valid by their descriptors; task is never NULL, and only slow work may lack a deadline;
 *  - slots may be called from several threads at once on one connection;
 *  - a slot returns 0 or a negative pv_code with *error set; ret_ arguments untouched on failure;
 *  - list slots append to the list they are given (made with pv_list_new of the right descriptor).
 * A request that went out and whose outcome cannot be learnt is PV_ERR_UNKNOWN, never a guess.
 */
#ifndef PV_CORE_DRIVER_H
#define PV_CORE_DRIVER_H

#include <polyvirt/connection.h>
#include <jansson.h>
#include <polyvirt/log.h>

/** A URI taken apart, once, for all drivers. */
struct pv_uri {
    char *text;     /**< as given */
    char *scheme;   /**< lower case, "qemu+ssh" whole */
    char *user;     /**< decoded, or NULL */
    char *host;     /**< without brackets, or NULL */
    int port;       /**< 0: none given */
    char *path;     /**< decoded, "" when absent */
    GHashTable *query; /**< decoded key -> value; last one wins */
};
/** PV_ERR_USAGE with a sentence on what is wrong; a password in a URI is refused (it would be seen
 * by everyone in the process list). */
int pv_uri_parse(const char *text, struct pv_uri **ret_uri, pv_error **error);
void pv_uri_free(struct pv_uri *uri);
/** A query value or NULL. */
const char *pv_uri_get(const struct pv_uri *uri, const char *key);
/** Refuses a query key that is not in the NULL-terminated list, naming the nearest. */
int pv_uri_check_query(const struct pv_uri *uri, const char *const *known, pv_error **error);

/** What open answers besides errors. */
enum pv_open_result {
    PV_OPEN_OK = 0,
    PV_OPEN_DECLINED = 1, /**< not mine: the next driver is asked */
};

/** What a driver gets at open; all valid during the call only, except events. */
struct pv_open_args {
    const struct pv_uri *uri;
    const struct pv_open_options *options; /**< never NULL */
    pv_task *task;
    /** Where to send events, from any thread, after open returned OK; takes ownership of event. */
    void (*emit)(void *sink, pv_event *event);
    void *sink;
};

struct pv_vm_query {
    const char *const *ids; /**< NULL: all */
    unsigned parts;         /**< enum pv_vm_part */
};

struct pv_endpoint_slots {
    int (*info)(void *conn, pv_task *task, pv_endpoint *endpoint, pv_error **error);
    int (*session)(void *conn, pv_task *task, pv_session *session, pv_error **error);
};
struct pv_host_slots {
    int (*list)(void *conn, pv_task *task, GPtrArray *hosts, pv_error **error);
};
struct pv_vm_slots {
    /** Bulk: the cheapest calls of the API that give `parts`. A missing id: PV_ERR_NOT_FOUND. */
    int (*list)(void *conn, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error);
    /** Optional: id of the VM with this id, uuid or name without listing all. */
    int (*resolve)(void *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error);
    int (*create)(void *conn, const pv_vm_spec *spec, pv_task *task, char **ret_id, pv_error **error);
    int (*clone)(void *conn, const char *vm, const pv_clone_spec *spec, pv_task *task, char **ret_id,
                 pv_error **error);
    int (*remove)(void *conn, const char *vm, pv_task *task, pv_error **error);
    int (*power)(void *conn, const char *vm, enum pv_power_op op, pv_task *task, pv_error **error);
    unsigned power_ops; /**< 1 << enum pv_power_op: those `power` can do */
};
struct pv_snapshot_slots {
    int (*list)(void *conn, const char *vm, pv_task *task, GPtrArray *snapshots, pv_error **error);
    int (*create)(void *conn, const char *vm, const pv_snapshot_spec *spec, pv_task *task, char **ret_id,
                  pv_error **error);
    int (*revert)(void *conn, const char *vm, const char *snapshot, pv_task *task, pv_error **error);
    int (*remove)(void *conn, const char *vm, const char *snapshot, gboolean children, pv_task *task,
                  pv_error **error);
};
struct pv_datastore_slots {
    int (*list)(void *conn, pv_task *task, GPtrArray *datastores, pv_error **error);
};
struct pv_volume_slots {
    /** datastore: id or NULL for all. */
    int (*list)(void *conn, const char *datastore, pv_task *task, GPtrArray *volumes, pv_error **error);
    int (*create)(void *conn, const pv_volume_spec *spec, pv_task *task, char **ret_id, pv_error **error);
    int (*remove)(void *conn, const char *datastore, const char *volume, pv_task *task, pv_error **error);
};
struct pv_network_slots {
    int (*list)(void *conn, pv_task *task, GPtrArray *networks, pv_error **error);
};
struct pv_event_slots {
    /** Starts (on) or stops the flow into open_args.emit; called once per change, never nested. */
    int (*enable)(void *conn, gboolean on, pv_error **error);
};

struct pv_raw_slots {
    /** One exchange in the API's own words; the form is raw.h's. Only the transport fails it. */
    int (*call)(void *conn, const json_t *request, pv_task *task, json_t **ret_reply, pv_error **error);
    /** The request certainly changes nothing. */
    gboolean (*reads)(const json_t *request);
};

/** What a capability rests on: the API's own name for it, and limits in words. */
struct pv_via {
    const char *operation; /**< "vm.start" */
    const char *via;       /**< "virDomainCreate" */
    const char *note;      /**< or NULL */
};

struct pv_driver {
    const char *name;
    const char *help;
    const char *const *schemes; /**< URI schemes; "*" last = offered every URI nobody else takes */
    /** Answers PV_OPEN_OK with *ret_conn set, PV_OPEN_DECLINED, or a negative code. */
    int (*open)(const struct pv_open_args *args, void **ret_conn, pv_error **error);
    void (*close)(void *conn);
    const struct pv_endpoint_slots *endpoint;
    const struct pv_host_slots *host;
    const struct pv_vm_slots *vm;
    const struct pv_snapshot_slots *snapshot;
    const struct pv_datastore_slots *datastore;
    const struct pv_volume_slots *volume;
    const struct pv_network_slots *network;
    const struct pv_event_slots *event;
    const struct pv_raw_slots *raw;
    const struct pv_via *via; /**< ends with .operation == NULL; may be NULL */
    /** Optional: this connection lacks an operation that the tables offer; says why. */
    gboolean (*lacks)(void *conn, const char *operation, const char **ret_why);
};

/** All drivers, in the order they are asked; ends with NULL. */
extern const struct pv_driver *const pv_drivers[];
extern const struct pv_driver pv_driver_sim, pv_driver_libvirt, pv_driver_qmp, pv_driver_vsphere;

#endif
