/* SPDX-License-Identifier: Apache-2.0 */
/* What clients ask of the machine a vCenter runs on: its version, and whether it is well. */
#include "rest.h"

#include <polyvirt/polyvirt.h>

static int
version(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    g_autofree char *started = pv_time_text(request->service->started);
    const pv_vapi_system_version answer = {
        .version = (char *)"8.0.2.00000", /* of the API: clients decide by it what they may ask */
        .product = (char *)"polyvirt",
        .build = (char *)PV_VERSION,
        .type = (char *)"vCenter Server compatible endpoint",
        .summary = (char *)"The vSphere API over libvirt, QEMU and simulated back ends",
        .releasedate = (char *)"",
        .install_time = started,
    };

    pv_reply_struct(request, &pv_vapi_system_version_desc, &answer);
    return 0;
}

static int
health(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    static const char *const items[] = { "system", "mem", "load", "storage", "swap", "applmgmt",
                                         "database-storage", "software-packages", NULL };
    pv_inventory *inventory = request->service->inventory;

    if (!g_strv_contains(items, request->ids[0]))
        return pv_refuse(request, PV_VAPI_NOT_FOUND, PV_VAPI_MSG_ROUTE, NULL, "Not found.");
    pv_reply_id(request, pv_inventory_all_up(inventory) ? "green" : "orange");
    return 0;
}

const struct pv_route pv_routes_appliance[] = {
    { PV_VAPI_SYSTEM_VERSION, version, 0 },
    { PV_VAPI_SYSTEM_HEALTH, health, 0 },
    { 0, NULL, 0 },
};
