/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

enum { F_NETWORKS, F_NAMES, F_TYPES, F_FOLDERS, F_DATACENTERS };
static const char *const filter_names[] = { "networks", "names", "types", "folders", "datacenters", NULL };

static gboolean
passes(const struct pv_filters *filters, const pv_vapi_network_summary *item)
{
    return pv_filters_pass(filters, F_NETWORKS, item->network) &&
           pv_filters_pass(filters, F_NAMES, item->name) &&
           pv_filters_pass(filters, F_TYPES, item->type) &&
           pv_filters_pass(filters, F_FOLDERS, PV_MOREF_NETWORKS) &&
           pv_filters_pass(filters, F_DATACENTERS, PV_MOREF_DATACENTER);
}

static GPtrArray *
select_items(pv_inventory *inventory, const struct pv_filters *filters)
{
    GPtrArray *list = pv_list_new(&pv_vapi_network_summary_desc);
    const GPtrArray *objects;
    char moref[PV_MOREF_SIZE];

    pv_inventory_lock(inventory);
    objects = pv_inventory_objects(inventory, PV_OBJECT_NETWORK);
    for (unsigned i = 0; i < objects->len; i++) {
        const struct pv_inv_object *object = objects->pdata[i];
        g_autoptr(pv_vapi_network_summary) item = pv_vapi_network_summary_of(
            object->object, pv_moref_write(PV_OBJECT_NETWORK, object->number, moref));

        if (passes(filters, item))
            g_ptr_array_add(list, g_steal_pointer(&item));
    }
    pv_inventory_unlock(inventory);
    return list;
}

static int
list(struct pv_request *request, pv_error **error)
{
    g_auto(pv_filters) filters = { 0 };
    g_autoptr(GPtrArray) items = NULL;
    int rc = pv_filters_read(request, filter_names, &filters, error);

    if (rc < 0)
        return rc;
    items = select_items(request->service->inventory, &filters);
    rc = pv_rest_check_cap(request, items->len, PV_VAPI_OTHER_CAP,
                           "com.vmware.api.vcenter.network.too_many_matches", "networks");
    if (rc == 0)
        pv_reply_list(request, &pv_vapi_network_summary_desc, items);
    return rc;
}

const struct pv_route pv_routes_network[] = {
    { PV_VAPI_NETWORK_LIST, list, PV_ROUTE_STORAGE },
    { 0, NULL, 0 },
};
