/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

enum { F_NETWORKS, F_NAMES, F_TYPES, F_FOLDERS, F_DATACENTERS };
static const char *const filter_names[] = { "networks", "names", "types", "folders", "datacenters", NULL };

static gboolean
passes(const struct pv_filters *filters, const void *data)
{
    const pv_vapi_network_summary *item = data;

    return pv_filters_pass(filters, F_NETWORKS, item->network) &&
           pv_filters_pass(filters, F_NAMES, item->name) &&
           pv_filters_pass(filters, F_TYPES, item->type) &&
           pv_filters_pass(filters, F_FOLDERS, PV_MOREF_NETWORKS) &&
           pv_filters_pass(filters, F_DATACENTERS, PV_MOREF_DATACENTER);
}

static void *
item_of(const struct pv_inv_object *object, const char *moref)
{
    return pv_vapi_network_summary_of(object->object, moref);
}

static int
list(struct pv_request *request, pv_error **error)
{
    static const struct pv_rest_listing listing = {
        .kind = PV_OBJECT_NETWORK,
        .desc = &pv_vapi_network_summary_desc,
        .filter_names = filter_names,
        .item_of = item_of,
        .passes = passes,
        .cap = PV_VAPI_OTHER_CAP,
        .too_many = "com.vmware.api.vcenter.network.too_many_matches",
        .nouns = "networks",
    };

    return pv_rest_list(request, &listing, error);
}

const struct pv_route pv_routes_network[] = {
    { PV_VAPI_NETWORK_LIST, list, PV_ROUTE_STORAGE },
    { 0, NULL, 0 },
};
