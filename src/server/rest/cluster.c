/* SPDX-License-Identifier: Apache-2.0 */
/* One cluster holds all hosts. */
#include "rest.h"

#define NAME "Cluster"

enum { F_CLUSTERS, F_NAMES, F_FOLDERS, F_DATACENTERS };
static const char *const filter_names[] = { "clusters", "names", "folders", "datacenters", NULL };

static int
list(struct pv_request *request, pv_error **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    pv_vapi_cluster_summary cluster = { (char *)PV_MOREF_CLUSTER, (char *)NAME, FALSE, FALSE };
    g_auto(pv_filters) filters = { 0 };
    int rc = pv_filters_read(request, filter_names, &filters, error);

    if (rc < 0)
        return rc;
    if (pv_filters_pass(&filters, F_CLUSTERS, PV_MOREF_CLUSTER) && pv_filters_pass(&filters, F_NAMES, NAME) &&
        pv_filters_pass(&filters, F_FOLDERS, PV_MOREF_HOSTS) &&
        pv_filters_pass(&filters, F_DATACENTERS, PV_MOREF_DATACENTER))
        g_ptr_array_add(items, &cluster);
    pv_reply_list(request, &pv_vapi_cluster_summary_desc, items);
    return 0;
}

static int
get(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    const pv_vapi_cluster_info info = { (char *)NAME, (char *)PV_MOREF_POOL };

    if (!g_str_equal(request->ids[0], PV_MOREF_CLUSTER))
        return pv_rest_no_such(request, "com.vmware.api.vcenter.cluster.not_found", "Cluster",
                               request->ids[0]);
    pv_reply_struct(request, &pv_vapi_cluster_info_desc, &info);
    return 0;
}

const struct pv_route pv_routes_cluster[] = {
    { PV_VAPI_CLUSTER_LIST, list, 0 },
    { PV_VAPI_CLUSTER_GET, get, 0 },
    { 0, NULL, 0 },
};
