/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libvirt driver, private. Everything goes through libvirt's public C API, so whatever URI this
 * build of libvirt takes works here: QEMU, the test driver, Xen, LXC, ESX …, local or remote.
 *
 * libvirt's calls block and cannot be cancelled. So each slot describes its work in a struct lv_job,
 * which call.c runs on a worker thread while the caller waits with the task's deadline. A job is
 * owned by both; when the caller gives up, the worker frees it once libvirt's call returns.
 */
#ifndef PV_DRIVERS_LIBVIRT_H
#define PV_DRIVERS_LIBVIRT_H

#include "driver.h"
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <libxml/tree.h>
#include <libxml/xmlwriter.h>

/* Limits and times, all of them here. */
#define LV_XML_MAX           (8u << 20) /**< longest XML document taken from libvirt, bytes */
#define LV_XML_DEVICES_MAX   4096       /**< most disks or nics read from one domain */
#define LV_KEEPALIVE_SECONDS 5          /**< a dead peer is noticed after … */
#define LV_KEEPALIVE_COUNT   5          /**< … this many silent intervals */
#define LV_STUCK_MAX         16         /**< abandoned calls of a connection before it refuses new ones */
#define LV_GRACE_MS          250        /**< a job that is out of time may still tidy up this long */
#define LV_CLOSE_WAIT_MS     2000       /**< longest wait for libvirt to close a connection */
#define LV_REOPEN_FIRST_MS   500        /**< a subscriber's broken connection is tried again after … */
#define LV_REOPEN_LAST_MS    15000      /**< … and at most this long between two tries */
#define LV_ASIDE_MS          5000       /**< longest wait for what may hang without harm: agents, sizes */
#define LV_SINGLE_MAX        512        /**< most running domains asked one by one; see vm-list.c */
#define LV_SINGLE_NEAR_US    3000       /**< … when one call takes less than this */
#define LV_VOLUME_NAME_MAX   200        /**< longest name of a volume polyvirt makes */

/** What answers behind the connection, as far as polyvirt treats it in a special way. */
enum lv_kind {
    LV_OTHER = 0,
    LV_QEMU,
    LV_TEST,
    LV_XEN,
    LV_LXC,
    LV_ESX,
};

struct lv_conn {
    char *uri;             /**< as given */
    char *user;            /**< of the URI, or NULL */
    char *type;            /**< virConnectGetType: "QEMU", "TEST" …; set once, at the first open */
    enum lv_kind kind;
    gboolean readonly;
    gboolean local;        /**< libvirt's files are this machine's files */
    gboolean session;      /**< an ordinary user's own daemon */
    gboolean no_verify;    /**< accept any certificate */
    int64_t opened;        /**< microseconds since 1970 */
    int stuck;             /**< atomic: abandoned jobs still under way */

    GMutex open_lock;      /**< held during the RPCs of opening and (un)watching; taken before lock */
    char *secret;          /**< the password, kept for a reopen; wiped */
    GArray *watches;       /**< callbacks registered on handle (event.c) */

    GMutex lock;           /**< guards what follows; held for moments only */
    virConnectPtr handle;  /**< NULL before the first open and after a break */
    gboolean closing;
    gboolean events_on;
    gboolean reopening;    /**< a thread tries to reopen for the subscribers */
    GCond wake;            /**< closing became true */

    GMutex event_lock;     /**< held while an event is handed over, so that close can wait for it */
    void (*emit)(void *sink, pv_event *event);
    void *sink;
};
typedef struct lv_conn lv_conn;

/* The same clean-up for libvirt's handles as for our own. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomainSnapshot, virDomainSnapshotFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
typedef char lv_cstr; /* a string that libvirt allocated: plain free() */
static inline void lv_cstr_free(lv_cstr *text) { free(text); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lv_cstr, lv_cstr_free)

/* ---- error.c ---- */

/** Sets *error from libvirt's last error on this thread: `format`, a colon, and libvirt's words. */
int lv_fail(pv_error **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** The same for a connection that did not open, where other codes fit. */
int lv_fail_open(pv_error **error, const char *uri);
/** Number of libvirt's last error on this thread. */
int lv_last_number(void);
/** "VIR_ERR_NO_DOMAIN"; never NULL. */
const char *lv_error_name(int number);

/* ---- call.c ---- */

struct lv_job;
typedef int (*lv_fn)(struct lv_job *job, virConnectPtr handle, pv_error **error);

/** One piece of libvirt work: what is asked and answered, and the two sides that share it. */
struct lv_job {
    gatomicrefcount refs;
    lv_conn *conn;
    pv_task *task;
    lv_fn fn;
    gboolean bare;         /**< fn needs no handle */
    const struct pv_open_options *options; /**< first open only: valid with lock held, not abandoned */

    /* asked: copies, since the worker may outlive the caller */
    char *vm, *name;
    int number;
    gboolean flag;
    unsigned parts;
    char **ids;
    void *spec;
    const struct pv_desc *spec_desc;
    virDomainPtr domain;

    /* answered */
    GPtrArray *list;
    void *object; /**< of spec_desc; begins as a copy of spec */
    char *text;

    int sent;              /**< atomic: a request that changes something went out */
    GMutex lock;           /**< guards the rest */
    GCond done;
    gboolean finished, abandoned;
    int code;
    pv_error *error;
};
typedef struct lv_job lv_job;

lv_job *lv_job_new(void *conn, pv_task *task, lv_fn fn);
void lv_job_unref(lv_job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lv_job, lv_job_unref)
/** Makes room for a list as the answer, or for a struct, which begins as a copy of object. */
void lv_job_wants_list(lv_job *job, const struct pv_desc *desc);
void lv_job_wants_object(lv_job *job, const struct pv_desc *desc, const void *object);
/** Copies what is asked. */
void lv_job_set_spec(lv_job *job, const struct pv_desc *desc, const void *spec);

/**
 * Runs job->fn on a worker and waits until it ends, the task is cancelled or its deadline passes.
 * A call that was given up is PV_ERR_TIMEOUT or PV_ERR_CANCELLED while nothing was sent that changes
 * something, PV_ERR_UNKNOWN after.
 */
int lv_job_run(lv_job *job, pv_error **error);
/** The usual endings: run, then move the answer to where the caller wants it. */
int lv_job_run_list(lv_job *job, GPtrArray *ret_list, pv_error **error);
int lv_job_run_object(lv_job *job, void *ret_object, pv_error **error);
int lv_job_run_text(lv_job *job, char **ret_text, pv_error **error);

/**
 * To be called by fn right before each libvirt call that changes something: stops the job when the
 * caller has given up, and notes that from here on the outcome may be unknown.
 */
int lv_job_sends(lv_job *job, pv_error **error);
/** What was sent has been undone. */
void lv_job_undone(lv_job *job);
/** Starts fn(data) on a worker thread that nobody waits for. */
void lv_detach(GFunc fn, void *data);

/* ---- open.c ---- */

extern const char *const lv_schemes[];
int lv_open(const struct pv_open_args *args, void **ret_conn, pv_error **error);
void lv_close(void *conn);
lv_conn *lv_conn_ref(lv_conn *conn);
void lv_conn_unref(lv_conn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lv_conn, lv_conn_unref)
/** A reference to a handle that is alive, opened again when it broke. job may be NULL (nobody to ask
 * for a password). */
int lv_conn_acquire(lv_conn *conn, lv_job *job, virConnectPtr *ret_handle, pv_error **error);
/** True when the peer of this handle is gone. */
gboolean lv_handle_is_dead(virConnectPtr handle);
/** Forgets a dead handle. */
void lv_conn_drop(lv_conn *conn, virConnectPtr handle);

/* ---- event.c ---- */

extern const struct pv_event_slots lv_event_slots;
/** Starts the thread that runs libvirt's event loop, once; to be called before the first open. */
int lv_event_loop_start(pv_error **error);
/** Registers all callbacks on a handle; open_lock held. Those a driver lacks are passed over. */
int lv_events_register(lv_conn *conn, virConnectPtr handle, pv_error **error);
/** Takes them away again; open_lock held; the handle may be dead. */
void lv_events_unregister(lv_conn *conn, virConnectPtr handle);
/** Watches for the end of the connection; to be ended before the handle or conn goes. */
void lv_close_watch(lv_conn *conn, virConnectPtr handle);
void lv_close_unwatch(virConnectPtr handle);
/** Hands one event over, unless the connection was closed; takes ownership. */
void lv_emit(lv_conn *conn, pv_event *event);
pv_event *lv_event_new(enum pv_event_kind kind, const char *detail);

/* ---- endpoint.c: what answers, and the host below ---- */

extern const struct pv_endpoint_slots lv_endpoint_slots;
extern const struct pv_host_slots lv_host_slots;
/** "7.2.22" of libvirt's number. */
char *lv_version_text(unsigned long version);

/* ---- xml.c: reading, with every byte from outside taken as hostile ---- */

/** Parses a document: no network, no entities, bounded. what: for the error message. */
int lv_xml_parse(const char *text, const char *what, xmlDoc **ret_doc, pv_error **error);
/** The first child element of this name, or NULL; node may be NULL. */
xmlNode *lv_xml_child(xmlNode *node, const char *name);
/** The next sibling element of the same name. */
xmlNode *lv_xml_next(xmlNode *node);
/** Text of a child, attribute, attribute of a child: new strings, NULL when absent or empty. */
char *lv_xml_text(xmlNode *node, const char *child);
char *lv_xml_attr(xmlNode *node, const char *attr);
char *lv_xml_child_attr(xmlNode *node, const char *child, const char *attr);
/** A size with its unit attribute, in bytes; PV_UNSET_INT when absent or nonsense. */
int64_t lv_xml_size(xmlNode *node, const char *child);
/** Refuses text that XML cannot carry in any string member, deep, with its path in the message. */
int lv_xml_check(const struct pv_desc *desc, const void *object, pv_error **error);
/** Adds what <source file=…> and <source dev=…> name anywhere below node. */
void lv_xml_sources(xmlNode *node, GHashTable *paths);
/* Writing: begin, write with libxml2's calls, which escape every value, end. Open elements are closed. */
xmlTextWriter *lv_xml_begin(xmlBuffer **ret_buffer);
char *lv_xml_end(xmlTextWriter *writer, xmlBuffer *buffer);
/** A whole number, PV_UNSET_INT when absent or nonsense. */
int64_t lv_xml_int(const char *text);

/* ---- vm-state.c ---- */

/** The model's state and libvirt's own words for it. */
int lv_power_state(int state, gboolean saved);
char *lv_state_text(int state, int reason, gboolean saved);
/** The state of one domain, asked now. */
int lv_domain_state(virDomainPtr domain, int *ret_state, pv_error **error);

/* ---- vm-list.c ---- */

int lv_vm_list(void *conn, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error);
int lv_vm_resolve(void *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error);
/** The domain with this id; PV_ERR_NOT_FOUND. */
int lv_domain_find(virConnectPtr handle, const char *id, virDomainPtr *ret_domain, pv_error **error);

/* ---- vm-guest.c: what only the machine itself knows; what cannot be had in time stays unset ---- */

/** Capacity and allocation of the disks. */
void lv_disks_measure(lv_job *job, virDomainPtr domain, pv_vm *vm);
/** Addresses, hostname and system of a running guest. */
void lv_guest_read(lv_job *job, virDomainPtr domain, pv_vm *vm);

/* ---- vm-parse.c ---- */

#define LV_AGENT_CHANNEL   "org.qemu.guest_agent.0"

/** Fills what the domain's XML tells. parts: PV_VM_CONFIG, PV_VM_DEVICES, PV_VM_GUEST (the agent). */
int lv_vm_parse(const char *xml, unsigned parts, pv_vm *vm, pv_error **error);

/* ---- vm-power.c ---- */

int lv_vm_power(void *conn, const char *vm, enum pv_power_op op, pv_task *task, pv_error **error);

int lv_vm_create(void *conn, const pv_vm_spec *spec, pv_task *task, char **ret_id, pv_error **error);
int lv_vm_clone(void *conn, const char *vm, const pv_clone_spec *spec, pv_task *task, char **ret_id,
                pv_error **error);
int lv_vm_remove(void *conn, const char *vm, pv_task *task, pv_error **error);

/* ---- storage.c ---- */

/** A pool by uuid or name; NULL: "default", else the only active one. PV_ERR_NOT_FOUND, PV_ERR_STATE
 * when it is not active. */
int lv_pool_find(virConnectPtr handle, const char *ref, virStoragePoolPtr *ret_pool, pv_error **error);
/** True when files are what the pool holds, so that images of any format can be made in it. */
gboolean lv_pool_holds_files(virStoragePoolPtr pool);
/** The document that makes a volume; size < 0: of the backing image. */
char *lv_volume_xml(const char *name, const char *format, int64_t size, const char *backing,
                    const char *backing_format);

/* ---- image.c: the bytes of disks ---- */

struct lv_image {
    char *path;    /**< of the image, once it is made */
    char *format;  /**< "qcow2", "raw" … */
    char *type;    /**< "file", "block" or "volume" (then path is the name within pool) */
    char *pool;    /**< "volume" only */
    gboolean made; /**< polyvirt made it */
};
typedef struct lv_image lv_image;
lv_image *lv_image_new(void);
void lv_image_free(lv_image *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lv_image, lv_image_free)

/** Where a new image goes: at path, or named name in a pool (NULL: the default one). */
struct lv_place {
    const char *path;
    const char *pool;
    const char *name;
};
/** Makes an empty image or, with backing, an overlay. size < 0: as large as backing. */
int lv_image_create(lv_job *job, virConnectPtr handle, const struct lv_place *place, const char *format,
                    int64_t size, const lv_image *backing, lv_image **ret_image, pv_error **error);
/** Makes a full copy; its pool is that of the source unless place names one. */
int lv_image_copy(lv_job *job, virConnectPtr handle, const struct lv_place *place, const lv_image *source,
                  lv_image **ret_image, pv_error **error);
/** The image at path as it is; PV_ERR_NOT_FOUND. format: NULL = to be found out. */
int lv_image_at(lv_job *job, virConnectPtr handle, const char *path, const char *format, lv_image **ret_image,
                pv_error **error);
/** Removes the image at path; one that is gone is no error. */
int lv_image_delete(lv_conn *conn, virConnectPtr handle, const char *path, pv_error **error);
/** Format by the first bytes of a file. */
const char *lv_format_of_bytes(const unsigned char *bytes, size_t len);
/** A file name made of a VM's name. */
char *lv_image_name(const char *vm, unsigned index, const char *format);

/* ---- vm-note.c: what polyvirt must remember of a domain, in the domain's metadata ---- */

#define LV_METADATA_URI    "urn:polyvirt:domain:1"
#define LV_METADATA_PREFIX "polyvirt"

struct lv_note {
    char *guest_os;
    GPtrArray *paths;  /**< of char *: images polyvirt made for this domain */
    GPtrArray *clones; /**< of char *: uuids of linked clones, which need its images */
};
typedef struct lv_note lv_note;
lv_note *lv_note_new(void);
void lv_note_free(lv_note *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lv_note, lv_note_free)
/** As the element of the metadata. */
char *lv_note_xml(const lv_note *note);
int lv_note_parse(const char *xml, lv_note **ret_note, pv_error **error);
/** Of a domain; an empty one when it has none. */
int lv_note_read(virDomainPtr domain, lv_note **ret_note, pv_error **error);
int lv_note_write(virDomainPtr domain, const lv_note *note, pv_error **error);

/* ---- vm-xml.c: building ---- */

/** What a new domain is made of besides its spec. */
struct lv_plan {
    const pv_vm_spec *spec;
    const char *uuid;
    const lv_note *note;
    enum lv_kind kind;
    const char *accelerator; /**< "kvm" or "tcg" */
    GPtrArray *images;       /**< of lv_image, one for each disk of the spec */
    GPtrArray *networks;     /**< of char *: for each nic the network, NULL = no network */
};
/** The document that defines the domain; every value is escaped. */
char *lv_domain_xml(const struct lv_plan *plan);
/** A copy of an inactive domain's document under a new name and uuid, without its MAC addresses and
 * firmware variables, its disks by target ("vda") replaced by images (NULL entries: left). */
int lv_clone_xml(const char *xml, const char *name, const char *uuid, GHashTable *images, const lv_note *note,
                 char **ret_xml, pv_error **error);

/* ---- tables ---- */

extern const struct pv_vm_slots lv_vm_slots;
extern const struct pv_snapshot_slots lv_snapshot_slots;
extern const struct pv_datastore_slots lv_datastore_slots;
extern const struct pv_volume_slots lv_volume_slots;
extern const struct pv_network_slots lv_network_slots;

#endif
