/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the neutral model (polyvirt/model.h) and vSphere's REST shapes. pv_vapi_X_of makes the
 * shape from the model; pv_vapi_X_to fills the model from a shape. What a shape cannot say stays
 * unset on the other side; nothing is invented but what the specification demands.
 */
#ifndef PV_VAPI_MODEL_H
#define PV_VAPI_MODEL_H

#include "vapi-shapes.h"

#include <polyvirt/model.h>

G_BEGIN_DECLS

#define PV_VAPI_MIB (INT64_C(1) << 20)
/** Hardware version that machines which are not VMware's are said to have. */
#define PV_VAPI_HARDWARE_VERSION "VMX_19"
#define PV_VAPI_NAME_MAX 80 /**< longest name of a VM in an inventory, characters */

/* ---- names ---- */

/** "POWERED_ON", "POWERED_OFF", "SUSPENDED": a paused, stopping or crashed machine is still on the
 * host, so it is on, on and off. Never NULL. */
const char *pv_vapi_power_name(int state);
/** enum pv_power_state; PV_POWER_OTHER for a word of a newer release, 0 for NULL. */
int pv_vapi_power_state(const char *name);
/** Every guest_OS of the 7.0.3 and 8.0 specifications; ends with NULL. */
extern const char *const pv_vapi_guest_os_names[];
gboolean pv_vapi_guest_os_known(const char *name);
/** The guest_OS for what a machine says of its system (an own name, an osinfo id or a word as "ubuntu");
 * OTHER_64 or OTHER by arch when it says nothing useful. A literal. */
const char *pv_vapi_guest_os(const char *guest_os, const char *arch);

/* ---- model -> shapes (server; the spec ones: driver) ---- */

/** How references inside a VM are named; members may be NULL. */
struct pv_vapi_names {
    /** Moref of the network of this name, borrowed, or NULL. */
    const char *(*network)(const char *name, void *data);
    /** "[datastore] dir/file" for a path of the back end, allocated, or NULL. */
    char *(*file)(const char *path, void *data);
    void *data;
};

pv_vapi_session *pv_vapi_session_of(const pv_session *session);
pv_vapi_vm_summary *pv_vapi_vm_summary_of(const pv_vm *vm, const char *moref);
pv_vapi_vm_info *pv_vapi_vm_info_of(const pv_vm *vm, const struct pv_vapi_names *names);
pv_vapi_power *pv_vapi_power_of(const pv_vm *vm);
/** NULL when nothing is known of the guest: 503, PV_VAPI_MSG_NO_GUEST. */
pv_vapi_guest_identity *pv_vapi_guest_identity_of(const pv_vm *vm);
pv_vapi_guest_power *pv_vapi_guest_power_of(const pv_vm *vm);
pv_vapi_snapshot *pv_vapi_snapshot_of(const pv_snapshot *snapshot, const char *id, const char *parent);
pv_vapi_datastore_summary *pv_vapi_datastore_summary_of(const pv_datastore *datastore, const char *moref);
pv_vapi_datastore_info *pv_vapi_datastore_info_of(const pv_datastore *datastore);
pv_vapi_network_summary *pv_vapi_network_summary_of(const pv_network *network, const char *moref);
pv_vapi_host_summary *pv_vapi_host_summary_of(const pv_host *host, const char *moref);
/** The create body for a spec of ours; nics carry the network as given. PV_ERR_UNSUPPORTED names the
 * member that vSphere cannot do. */
int pv_vapi_vm_create_of(const pv_vm_spec *spec, pv_vapi_vm_create **ret_create, pv_error **error);
int pv_vapi_vm_clone_of(const char *source, const pv_clone_spec *spec, pv_vapi_vm_clone **ret_clone,
                        pv_error **error);
pv_vapi_snapshot_create *pv_vapi_snapshot_create_of(const pv_snapshot_spec *spec);

/* ---- shapes -> model (driver; the spec ones: server) ---- */

void pv_vapi_session_to(const pv_vapi_session *session, pv_session *ret_session);
void pv_vapi_vm_summary_to(const pv_vapi_vm_summary *summary, pv_vm *vm);
/** Adds to a VM whose id is known; its lists are replaced. */
void pv_vapi_vm_info_to(const pv_vapi_vm_info *info, pv_vm *vm);
void pv_vapi_guest_identity_to(const pv_vapi_guest_identity *identity, pv_vm *vm);
void pv_vapi_snapshot_to(const pv_vapi_snapshot *from, pv_snapshot *snapshot);
void pv_vapi_datastore_summary_to(const pv_vapi_datastore_summary *from, pv_datastore *datastore);
void pv_vapi_network_summary_to(const pv_vapi_network_summary *from, pv_network *network);
void pv_vapi_host_summary_to(const pv_vapi_host_summary *from, pv_host *host);
/**
 * Reads a create spec (checked: guest_OS known, name, sizes). Morefs of placement and networks are
 * passed on as they are: the caller translates them. name may be unset: the caller makes one up.
 * disks unset in the body: one blank disk of PV_VAPI_DISK_DEFAULT. PV_ERR_INVALID with the path,
 * PV_ERR_UNSUPPORTED for devices no back end of ours has.
 */
#define PV_VAPI_DISK_DEFAULT (INT64_C(16) << 30)
int pv_vapi_vm_create_to(const pv_vapi_vm_create *create, pv_vm_spec **ret_spec, pv_error **error);
int pv_vapi_vm_clone_to(const pv_vapi_vm_clone *clone, pv_clone_spec **ret_spec, pv_error **error);
int pv_vapi_snapshot_create_to(const pv_vapi_snapshot_create *create, pv_snapshot_spec **ret_spec,
                               pv_error **error);

G_END_DECLS

#endif
