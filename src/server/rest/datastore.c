/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

enum { F_DATASTORES, F_NAMES, F_TYPES, F_FOLDERS, F_DATACENTERS };
static const char *const filter_names[] = { "datastores", "names", "types", "folders", "datacenters", NULL };

static gboolean
passes(const struct pv_filters *filters, const void *data)
{
    const pv_vapi_datastore_summary *item = data;

    return pv_filters_pass(filters, F_DATASTORES, item->datastore) &&
           pv_filters_pass(filters, F_NAMES, item->name) && pv_filters_pass(filters, F_TYPES, item->type) &&
           pv_filters_pass(filters, F_FOLDERS, PV_MOREF_DATASTORES) &&
           pv_filters_pass(filters, F_DATACENTERS, PV_MOREF_DATACENTER);
}

static void *
item_of(const struct pv_inv_object *object, const char *moref)
{
    return pv_vapi_datastore_summary_of(object->object, moref);
}

static int
list(struct pv_request *request, pv_error **error)
{
    static const struct pv_rest_listing listing = {
        .kind = PV_OBJECT_DATASTORE,
        .desc = &pv_vapi_datastore_summary_desc,
        .filter_names = filter_names,
        .item_of = item_of,
        .passes = passes,
        .cap = PV_VAPI_DATASTORE_CAP,
        .too_many = "com.vmware.api.vcenter.datastore.too_many_matches",
        .nouns = "datastores",
    };

    return pv_rest_list(request, &listing, error);
}

static int
get(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    pv_inventory *inventory = request->service->inventory;
    const struct pv_inv_object *object;
    g_autoptr(pv_vapi_datastore_info) info = NULL;

    pv_inventory_lock(inventory);
    object = pv_inventory_object(inventory, PV_OBJECT_DATASTORE, request->ids[0]);
    if (object)
        info = pv_vapi_datastore_info_of(object->object);
    pv_inventory_unlock(inventory);
    if (!info)
        return pv_rest_no_such(request, "com.vmware.api.vcenter.datastore.not_found", "Datastore",
                               request->ids[0]);
    pv_reply_struct(request, &pv_vapi_datastore_info_desc, info);
    return 0;
}

const struct pv_route pv_routes_datastore[] = {
    { PV_VAPI_DATASTORE_LIST, list, PV_ROUTE_STORAGE },
    { PV_VAPI_DATASTORE_GET, get, PV_ROUTE_STORAGE },
    { 0, NULL, 0 },
};
