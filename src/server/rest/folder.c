/* SPDX-License-Identifier: Apache-2.0 */
/* The tree's folders are fixed: the root and the four below the datacenter. */
#include "rest.h"

enum { F_FOLDERS, F_NAMES, F_TYPE, F_PARENTS, F_DATACENTERS };
static const char *const filter_names[] = { "folders", "names", "type", "parent_folders", "datacenters",
                                            NULL };

static const struct folder {
    const char *folder, *name, *type, *datacenter;
} folders[] = {
    { PV_MOREF_ROOT, "Datacenters", "DATACENTER", NULL },
    { PV_MOREF_VMS, "vm", "VIRTUAL_MACHINE", PV_MOREF_DATACENTER },
    { PV_MOREF_HOSTS, "host", "HOST", PV_MOREF_DATACENTER },
    { PV_MOREF_DATASTORES, "datastore", "DATASTORE", PV_MOREF_DATACENTER },
    { PV_MOREF_NETWORKS, "network", "NETWORK", PV_MOREF_DATACENTER },
};

static gboolean
passes(const struct pv_filters *filters, const struct folder *folder)
{
    return pv_filters_pass(filters, F_FOLDERS, folder->folder) &&
           pv_filters_pass(filters, F_NAMES, folder->name) &&
           pv_filters_pass(filters, F_TYPE, folder->type) &&
           pv_filters_pass(filters, F_PARENTS, NULL) && /* no folder is in a folder */
           pv_filters_pass(filters, F_DATACENTERS, folder->datacenter);
}

static int
list(struct pv_request *request, pv_error **error)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    pv_vapi_folder_summary summaries[G_N_ELEMENTS(folders)];
    g_auto(pv_filters) filters = { 0 };
    int rc = pv_filters_read(request, filter_names, &filters, error);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        const struct folder *folder = &folders[i];

        summaries[i] = (pv_vapi_folder_summary){ (char *)folder->folder, (char *)folder->name,
                                                 (char *)folder->type };
        if (passes(&filters, folder))
            g_ptr_array_add(items, &summaries[i]);
    }
    pv_reply_list(request, &pv_vapi_folder_summary_desc, items);
    return 0;
}

const struct pv_route pv_routes_folder[] = {
    { PV_VAPI_FOLDER_LIST, list, 0 },
    { 0, NULL, 0 },
};
