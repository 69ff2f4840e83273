/* SPDX-License-Identifier: Apache-2.0 */
/* Each back end is a host of the one cluster (one that manages several hosts is several). */
#include "rest.h"

enum { F_HOSTS, F_NAMES, F_FOLDERS, F_DATACENTERS, F_STANDALONE, F_CLUSTERS, F_STATES };
static const char *const filter_names[] = { "hosts",    "names",           "folders", "datacenters",
                                            "standalone", "clusters", "connection_states", NULL };

static gboolean
passes(const struct pv_filters *filters, const pv_vapi_host_summary *item)
{
    return pv_filters_pass(filters, F_HOSTS, item->host) && pv_filters_pass(filters, F_NAMES, item->name) &&
           pv_filters_pass(filters, F_FOLDERS, PV_MOREF_HOSTS) &&
           pv_filters_pass(filters, F_DATACENTERS, PV_MOREF_DATACENTER) &&
           pv_filters_pass(filters, F_STANDALONE, "false") &&
           pv_filters_pass(filters, F_CLUSTERS, PV_MOREF_CLUSTER) &&
           pv_filters_pass(filters, F_STATES, item->connection_state);
}

static pv_vapi_host_summary *
summary(const struct pv_inv_object *object)
{
    char moref[PV_MOREF_SIZE];
    pv_vapi_host_summary *item =
        pv_vapi_host_summary_of(object->object, pv_moref_write(PV_OBJECT_HOST, object->number, moref));

    if (!pv_backend_is_up(object->backend)) {
        g_free(item->connection_state);
        item->connection_state = g_strdup("NOT_RESPONDING");
        g_clear_pointer(&item->power_state, g_free);
    }
    return item;
}

static int
list(struct pv_request *request, pv_error **error)
{
    pv_inventory *inventory = request->service->inventory;
    g_autoptr(GPtrArray) items = pv_list_new(&pv_vapi_host_summary_desc);
    g_auto(pv_filters) filters = { 0 };
    const GPtrArray *objects;
    int rc = pv_filters_read(request, filter_names, &filters, error);

    if (rc < 0)
        return rc;
    pv_inventory_lock(inventory);
    objects = pv_inventory_objects(inventory, PV_OBJECT_HOST);
    for (unsigned i = 0; i < objects->len; i++) {
        g_autoptr(pv_vapi_host_summary) item = summary(objects->pdata[i]);

        if (passes(&filters, item))
            g_ptr_array_add(items, g_steal_pointer(&item));
    }
    pv_inventory_unlock(inventory);
    rc = pv_rest_check_cap(request, items->len, PV_VAPI_HOST_CAP,
                           "com.vmware.api.vcenter.host.too_many_matches", "hosts");
    if (rc == 0)
        pv_reply_list(request, &pv_vapi_host_summary_desc, items);
    return rc;
}

const struct pv_route pv_routes_host[] = {
    { PV_VAPI_HOST_LIST, list, PV_ROUTE_STORAGE },
    { 0, NULL, 0 },
};
