/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual networks. */
#include "libvirt.h"

#include <stdio.h>
#include <string.h>

/* "255.255.255.0" -> 24; -1 when it is no netmask. */
static int
prefix_of_mask(const char *mask)
{
    unsigned byte[4];
    uint32_t bits;
    int prefix;

    if (!mask || sscanf(mask, "%3u.%3u.%3u.%3u", &byte[0], &byte[1], &byte[2], &byte[3]) != 4 ||
        byte[0] > 255 || byte[1] > 255 || byte[2] > 255 || byte[3] > 255)
        return -1;
    bits = byte[0] << 24 | byte[1] << 16 | byte[2] << 8 | byte[3];
    prefix = __builtin_popcount(bits);
    return bits == (prefix ? UINT32_MAX << (32 - prefix) : 0) ? prefix : -1;
}

static char *
cidr(xmlNode *root)
{
    xmlNode *ip = lv_xml_child(root, "ip");
    g_autofree char *address = lv_xml_attr(ip, "address");
    g_autofree char *mask = lv_xml_attr(ip, "netmask");
    g_autofree char *prefix = lv_xml_attr(ip, "prefix");
    int64_t bits = prefix ? lv_xml_int(prefix) : prefix_of_mask(mask);

    if (!address || bits < 0 || bits > 128)
        return g_steal_pointer(&address);
    return g_strdup_printf("%s/%d", address, (int)bits);
}

/* <forward/> without a mode is NAT, none at all an isolated network. */
static char *
type_of(xmlNode *root)
{
    xmlNode *forward = lv_xml_child(root, "forward");
    char *mode = lv_xml_attr(forward, "mode");

    return mode ? mode : g_strdup(forward ? "nat" : "isolated");
}

static void
fill_network(virNetworkPtr from, pv_network *network)
{
    g_autoptr(lv_cstr) xml = virNetworkGetXMLDesc(from, 0);
    char uuid[VIR_UUID_STRING_BUFLEN];
    g_autoptr(xmlDoc) doc = NULL;
    int active = virNetworkIsActive(from), flag;

    network->name = g_strdup(virNetworkGetName(from));
    if (virNetworkGetUUIDString(from, uuid) == 0) {
        network->id = g_strdup(uuid);
        network->uuid = g_strdup(uuid);
    }
    if (active >= 0)
        network->state = g_strdup(active ? "active" : "inactive");
    if (virNetworkGetAutostart(from, &flag) == 0)
        network->autostart = flag != 0;
    network->persistent = virNetworkIsPersistent(from);
    if (network->persistent < 0)
        network->persistent = PV_UNSET_BOOL;
    if (xml && lv_xml_parse(xml, "the network's description", &doc, NULL) == 0) {
        xmlNode *root = xmlDocGetRootElement(doc);

        network->type = type_of(root);
        network->bridge = lv_xml_child_attr(root, "bridge", "name");
        network->cidr = cidr(root);
    }
    virResetLastError();
}

static int
network_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    virNetworkPtr *found = NULL;
    int n = virConnectListAllNetworks(handle, &found, 0);

    if (n < 0)
        return lv_fail(error, "cannot list the networks");
    for (int i = 0; i < n; i++) {
        pv_network *network = pv_network_new();

        g_ptr_array_add(job->list, network);
        fill_network(found[i], network);
        virNetworkFree(found[i]);
    }
    free(found);
    return pv_task_check(job->task, error);
}

static int
network_list(void *conn, pv_task *task, GPtrArray *networks, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, network_run);

    lv_job_wants_list(job, &pv_network_desc);
    return lv_job_run_list(job, networks, error);
}

const struct pv_network_slots lv_network_slots = { .list = network_list };
