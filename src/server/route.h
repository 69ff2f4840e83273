/* SPDX-License-Identifier: Apache-2.0 */
/* Which function answers which call, and what must be so before it runs. */
#ifndef PV_SERVER_ROUTE_H
#define PV_SERVER_ROUTE_H

#include "request.h"

enum pv_route_flags {
    PV_ROUTE_PUBLIC = 1 << 0,  /* needs no session */
    PV_ROUTE_SLOW = 1 << 1,    /* asks a back end or hashes a password: on a worker */
    PV_ROUTE_LONG = 1 << 2,    /* SLOW with the long deadline */
    PV_ROUTE_SETTLED = 1 << 3, /* reads the inventory: on a worker only when it must look first */
    PV_ROUTE_STORAGE = 1 << 4, /* reads hosts, datastores or networks: SLOW, looks when they are old */
};

typedef int (*pv_handler_fn)(struct pv_request *request, pv_error **error);

/* One row; the call's method, paths and effect are the vocabulary's (vapi.h). */
struct pv_route {
    enum pv_vapi_call_id call;
    pv_handler_fn run;
    unsigned flags;
};

/* One table per file of rest/, each ends with .run == NULL. */
extern const struct pv_route pv_routes_session[], pv_routes_system[], pv_routes_appliance[], pv_routes_vm[],
    pv_routes_vm_power[], pv_routes_vm_guest[], pv_routes_vm_snapshot[], pv_routes_datastore[],
    pv_routes_network[], pv_routes_host[], pv_routes_folder[], pv_routes_cluster[], pv_routes_datacenter[],
    pv_routes_resource_pool[], pv_routes_task[];

/*
 * Finds the route and the session. TRUE: pv_route_run is to be called, with *ret_worker telling
 * whether on a worker; FALSE: the request is answered.
 */
gboolean pv_route_begin(struct pv_request *request, gboolean *ret_worker);
void pv_route_run(struct pv_request *request);

#endif
