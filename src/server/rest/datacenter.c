/* SPDX-License-Identifier: Apache-2.0 */
/* One datacenter holds everything. */
#include "rest.h"

#define NAME "Datacenter"

enum { F_DATACENTERS, F_NAMES, F_FOLDERS };
static const char *const filter_names[] = { "datacenters", "names", "folders", NULL };

static int
list(struct pv_request *request, pv_error **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    pv_vapi_datacenter_summary datacenter = { (char *)PV_MOREF_DATACENTER, (char *)NAME };
    g_auto(pv_filters) filters = { 0 };
    int rc = pv_filters_read(request, filter_names, &filters, error);

    if (rc < 0)
        return rc;
    if (pv_filters_pass(&filters, F_DATACENTERS, PV_MOREF_DATACENTER) &&
        pv_filters_pass(&filters, F_NAMES, NAME) && pv_filters_pass(&filters, F_FOLDERS, PV_MOREF_ROOT))
        g_ptr_array_add(items, &datacenter);
    pv_reply_list(request, &pv_vapi_datacenter_summary_desc, items);
    return 0;
}

static int
get(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    const pv_vapi_datacenter_info info = {
        .name = (char *)NAME,
        .datastore_folder = (char *)PV_MOREF_DATASTORES,
        .host_folder = (char *)PV_MOREF_HOSTS,
        .network_folder = (char *)PV_MOREF_NETWORKS,
        .vm_folder = (char *)PV_MOREF_VMS,
    };

    if (!g_str_equal(request->ids[0], PV_MOREF_DATACENTER))
        return pv_rest_no_such(request, "com.vmware.api.vcenter.datacenter.not_found", "Datacenter",
                               request->ids[0]);
    pv_reply_struct(request, &pv_vapi_datacenter_info_desc, &info);
    return 0;
}

const struct pv_route pv_routes_datacenter[] = {
    { PV_VAPI_DATACENTER_LIST, list, 0 },
    { PV_VAPI_DATACENTER_GET, get, 0 },
    { 0, NULL, 0 },
};
