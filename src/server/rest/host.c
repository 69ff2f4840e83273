/* SPDX-License-Identifier: Apache-2.0 */
/* Each back end is a host of the one cluster (one that manages several hosts is several). */
#include "rest.h"

enum { F_HOSTS, F_NAMES, F_FOLDERS, F_DATACENTERS, F_STANDALONE, F_CLUSTERS, F_STATES };
static const char *const filter_names[] = { "hosts",    "names",           "folders", "datacenters",
                                            "standalone", "clusters", "connection_states", NULL };

static gboolean
passes(const struct pv_filters *filters, const void *data)
{
    const pv_vapi_host_summary *item = data;

    return pv_filters_pass(filters, F_HOSTS, item->host) && pv_filters_pass(filters, F_NAMES, item->name) &&
           pv_filters_pass(filters, F_FOLDERS, PV_MOREF_HOSTS) &&
           pv_filters_pass(filters, F_DATACENTERS, PV_MOREF_DATACENTER) &&
           pv_filters_pass(filters, F_STANDALONE, "false") &&
           pv_filters_pass(filters, F_CLUSTERS, PV_MOREF_CLUSTER) &&
           pv_filters_pass(filters, F_STATES, item->connection_state);
}

static void *
item_of(const struct pv_inv_object *object, const char *moref)
{
    pv_vapi_host_summary *item = pv_vapi_host_summary_of(object->object, moref);

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
    static const struct pv_rest_listing listing = {
        .kind = PV_OBJECT_HOST,
        .desc = &pv_vapi_host_summary_desc,
        .filter_names = filter_names,
        .item_of = item_of,
        .passes = passes,
        .cap = PV_VAPI_HOST_CAP,
        .too_many = "com.vmware.api.vcenter.host.too_many_matches",
        .nouns = "hosts",
    };

    return pv_rest_list(request, &listing, error);
}

const struct pv_route pv_routes_host[] = {
    { PV_VAPI_HOST_LIST, list, PV_ROUTE_STORAGE },
    { 0, NULL, 0 },
};
