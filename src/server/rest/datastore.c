/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

enum { F_DATASTORES, F_NAMES, F_TYPES, F_FOLDERS, F_DATACENTERS };
static const char *const filter_names[] = { "datastores", "names", "types", "folders", "datacenters", NULL };

static gboolean
passes(const struct pv_filters *filters, const pv_vapi_datastore_summary *item)
{
    return pv_filters_pass(filters, F_DATASTORES, item->datastore) &&
           pv_filters_pass(filters, F_NAMES, item->name) && pv_filters_pass(filters, F_TYPES, item->type) &&
           pv_filters_pass(filters, F_FOLDERS, PV_MOREF_DATASTORES) &&
           pv_filters_pass(filters, F_DATACENTERS, PV_MOREF_DATACENTER);
}

static GPtrArray *
select_items(pv_inventory *inventory, const struct pv_filters *filters)
{
    GPtrArray *list = pv_list_new(&pv_vapi_datastore_summary_desc);
    const GPtrArray *objects;
    char moref[PV_MOREF_SIZE];

    pv_inventory_lock(inventory);
    objects = pv_inventory_objects(inventory, PV_OBJECT_DATASTORE);
    for (unsigned i = 0; i < objects->len; i++) {
        const struct pv_inv_object *object = objects->pdata[i];
        g_autoptr(pv_vapi_datastore_summary) item = pv_vapi_datastore_summary_of(
            object->object, pv_moref_write(PV_OBJECT_DATASTORE, object->number, moref));

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
    rc = pv_rest_check_cap(request, items->len, PV_VAPI_DATASTORE_CAP,
                           "com.vmware.api.vcenter.datastore.too_many_matches", "datastores");
    if (rc == 0)
        pv_reply_list(request, &pv_vapi_datastore_summary_desc, items);
    return rc;
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
