/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's XML as a pv_vm. */
#include "libvirt.h"

#include <string.h>

/* The attribute in which each type of disk names its bytes. */
static const struct {
    const char *type, *attr;
} disk_sources[] = {
    { "file", "file" }, { "block", "dev" }, { "dir", "dir" }, { "network", "name" }, { "volume", "volume" },
    { "vhostuser", "path" }, { "nvme", "namespace" },
};

static char *
source_of(xmlNode *node, const char *type)
{
    for (size_t i = 0; type && i < G_N_ELEMENTS(disk_sources); i++)
        if (strcmp(disk_sources[i].type, type) == 0)
            return lv_xml_child_attr(node, "source", disk_sources[i].attr);
    return NULL;
}

static char *
disk_path(xmlNode *node, const char *type)
{
    g_autofree char *path = source_of(node, type);
    g_autofree char *pool = g_strcmp0(type, "volume") == 0 ? lv_xml_child_attr(node, "source", "pool") : NULL;

    return pool && path ? g_strdup_printf("%s/%s", pool, path) : g_steal_pointer(&path);
}

static void
parse_disk(xmlNode *node, GPtrArray *disks)
{
    pv_disk *disk = pv_disk_new();
    g_autofree char *type = lv_xml_attr(node, "type");
    xmlNode *backing = lv_xml_child(node, "backingStore");
    g_autofree char *backing_type = lv_xml_attr(backing, "type");

    g_ptr_array_add(disks, disk);
    disk->id = lv_xml_child_attr(node, "target", "dev");
    disk->bus = lv_xml_child_attr(node, "target", "bus");
    disk->label = lv_xml_child_attr(node, "alias", "name");
    disk->device = lv_xml_attr(node, "device");
    if (!disk->device)
        disk->device = g_strdup("disk");
    disk->path = disk_path(node, type);
    disk->format = lv_xml_child_attr(node, "driver", "type");
    disk->backing = source_of(backing, backing_type);
    disk->readonly = lv_xml_child(node, "readonly") != NULL;
}

static void
parse_nic(xmlNode *node, GPtrArray *nics)
{
    pv_nic *nic = pv_nic_new();
    g_autofree char *link = lv_xml_child_attr(node, "link", "state");

    g_ptr_array_add(nics, nic);
    nic->type = lv_xml_attr(node, "type");
    nic->mac = lv_xml_child_attr(node, "mac", "address");
    nic->id = lv_xml_child_attr(node, "alias", "name");
    if (!nic->id)
        nic->id = g_strdup_printf("net%u", nics->len - 1);
    nic->label = lv_xml_child_attr(node, "target", "dev");
    nic->model = lv_xml_child_attr(node, "model", "type");
    nic->network = lv_xml_child_attr(node, "source", "network");
    if (!nic->network)
        nic->network = lv_xml_child_attr(node, "source", "bridge");
    nic->connected = g_strcmp0(link, "down") != 0;
}

static void
each_device(xmlNode *devices, const char *name, void (*parse)(xmlNode *node, GPtrArray *list),
            GPtrArray *list)
{
    xmlNode *node = lv_xml_child(devices, name);

    for (; node && list->len < LV_XML_DEVICES_MAX; node = lv_xml_next(node))
        parse(node, list);
}

static void
parse_devices(xmlNode *domain, pv_vm *vm)
{
    xmlNode *devices = lv_xml_child(domain, "devices");

    vm->disks = pv_list_new(&pv_disk_desc);
    vm->nics = pv_list_new(&pv_nic_desc);
    each_device(devices, "disk", parse_disk, vm->disks);
    each_device(devices, "interface", parse_nic, vm->nics);
}

/* Ours, else what virt-install and virt-manager leave: <libosinfo:libosinfo><libosinfo:os id="…"/>. */
static char *
guest_os(xmlNode *domain)
{
    xmlNode *metadata = lv_xml_child(domain, "metadata");
    char *os = lv_xml_attr(lv_xml_child(metadata, "domain"), "guest_os");

    return os ? os : lv_xml_child_attr(lv_xml_child(metadata, "libosinfo"), "os", "id");
}

static char *
firmware(xmlNode *os)
{
    g_autofree char *chosen = lv_xml_attr(os, "firmware");
    g_autofree char *loader = lv_xml_child_attr(os, "loader", "type");

    if (g_strcmp0(chosen, "efi") == 0 || g_strcmp0(loader, "pflash") == 0)
        return g_strdup("uefi");
    return g_strdup("bios");
}

/* QEMU's two; a hypervisor of another type has no such choice. */
static char *
accelerator(xmlNode *domain)
{
    g_autofree char *type = lv_xml_attr(domain, "type");

    if (g_strcmp0(type, "kvm") == 0)
        return g_steal_pointer(&type);
    return g_strcmp0(type, "qemu") == 0 ? g_strdup("tcg") : NULL;
}

static void
parse_config(xmlNode *domain, pv_vm *vm)
{
    xmlNode *os = lv_xml_child(domain, "os");
    g_autofree char *type = lv_xml_text(os, "type");
    g_autofree char *current = lv_xml_child_attr(domain, "vcpu", "current");
    g_autofree char *most = lv_xml_text(domain, "vcpu");
    int64_t cpus = lv_xml_int(current ? current : most);
    int64_t memory = lv_xml_size(domain, "memory");

    if (cpus != PV_UNSET_INT)
        vm->cpus = cpus;
    if (memory != PV_UNSET_INT)
        vm->memory = memory;
    vm->arch = lv_xml_child_attr(os, "type", "arch");
    vm->machine = lv_xml_child_attr(os, "type", "machine");
    vm->firmware = g_strcmp0(type, "hvm") == 0 ? firmware(os) : NULL;
    vm->accelerator = accelerator(domain);
    vm->annotation = lv_xml_text(domain, "description");
    vm->guest_os = guest_os(domain);
}

static void
parse_agent(xmlNode *domain, pv_vm *vm)
{
    xmlNode *channel = lv_xml_child(lv_xml_child(domain, "devices"), "channel");

    for (; channel; channel = lv_xml_next(channel)) {
        g_autofree char *name = lv_xml_child_attr(channel, "target", "name");
        g_autofree char *state = lv_xml_child_attr(channel, "target", "state");

        if (g_strcmp0(name, LV_AGENT_CHANNEL) != 0)
            continue;
        vm->agent = g_strdup(g_strcmp0(state, "connected") == 0 ? "running" : "not-running");
        return;
    }
    vm->agent = g_strdup("absent");
}

int
lv_vm_parse(const char *xml, unsigned parts, pv_vm *vm, pv_error **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    xmlNode *domain;
    int r = lv_xml_parse(xml, "the domain's description", &doc, error);

    if (r < 0)
        return r;
    domain = xmlDocGetRootElement(doc);
    if (strcmp((const char *)domain->name, "domain") != 0)
        return pv_error_set(error, PV_ERR_PROTOCOL, "the domain's description begins with <%.40s>",
                            domain->name);
    if (parts & PV_VM_CONFIG)
        parse_config(domain, vm);
    if (parts & PV_VM_DEVICES)
        parse_devices(domain, vm);
    if (parts & PV_VM_GUEST)
        parse_agent(domain, vm);
    return 0;
}
