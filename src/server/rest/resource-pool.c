/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster's root pool, without reservations or limits: back ends have none. */
#include "rest.h"

#define NAME "Resources"

enum { F_POOLS, F_NAMES, F_PARENTS, F_DATACENTERS, F_HOSTS, F_CLUSTERS };
static const char *const filter_names[] = { "resource_pools", "names", "parent_resource_pools", "datacenters",
                                            "hosts",          "clusters", NULL };

/* Of a host: every one of the cluster's hosts lends to its pool. */
static gboolean
host_passes(pv_inventory *inventory, const struct pv_filters *filters)
{
    const GPtrArray *wanted = filters->values[F_HOSTS];
    gboolean found = !wanted;

    pv_inventory_lock(inventory);
    for (unsigned i = 0; wanted && i < wanted->len && !found; i++)
        found = pv_inventory_object(inventory, PV_OBJECT_HOST, wanted->pdata[i]) != NULL;
    pv_inventory_unlock(inventory);
    return found;
}

static int
list(struct pv_request *request, pv_error **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    pv_vapi_resource_pool_summary pool = { (char *)PV_MOREF_POOL, (char *)NAME };
    g_auto(pv_filters) filters = { 0 };
    int rc = pv_filters_read(request, filter_names, &filters, error);

    if (rc < 0)
        return rc;
    if (pv_filters_pass(&filters, F_POOLS, PV_MOREF_POOL) && pv_filters_pass(&filters, F_NAMES, NAME) &&
        pv_filters_pass(&filters, F_PARENTS, NULL) &&
        pv_filters_pass(&filters, F_DATACENTERS, PV_MOREF_DATACENTER) &&
        host_passes(request->service->inventory, &filters) &&
        pv_filters_pass(&filters, F_CLUSTERS, PV_MOREF_CLUSTER))
        g_ptr_array_add(items, &pool);
    pv_reply_list(request, &pv_vapi_resource_pool_summary_desc, items);
    return 0;
}

static pv_vapi_allocation *
unlimited(void)
{
    pv_vapi_allocation *allocation = pv_vapi_allocation_new();

    allocation->reservation = 0;
    allocation->expandable_reservation = TRUE;
    allocation->limit = -1;
    allocation->shares = pv_vapi_shares_new();
    allocation->shares->level = g_strdup("NORMAL");
    return allocation;
}

static int
get(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    g_autoptr(pv_vapi_resource_pool_info) info = NULL;

    if (!g_str_equal(request->ids[0], PV_MOREF_POOL))
        return pv_rest_no_such(request, "com.vmware.api.vcenter.resourcepool.not_found", "Resource pool",
                               request->ids[0]);
    info = pv_vapi_resource_pool_info_new();
    info->name = g_strdup(NAME);
    info->resource_pools = g_new0(char *, 1);
    info->cpu_allocation = unlimited();
    info->memory_allocation = unlimited();
    pv_reply_struct(request, &pv_vapi_resource_pool_info_desc, info);
    return 0;
}

const struct pv_route pv_routes_resource_pool[] = {
    { PV_VAPI_RESOURCE_POOL_LIST, list, 0 },
    { PV_VAPI_RESOURCE_POOL_GET, get, 0 },
    { 0, NULL, 0 },
};
