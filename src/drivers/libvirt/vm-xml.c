/* SPDX-License-Identifier: Apache-2.0 */
/* Building domain XML with libxml2's writer, which escapes every value. */
#include "libvirt.h"

#include <string.h>

#define MEMORY_DEFAULT (INT64_C(512) << 20)

/* ---- thin names for the writer ---- */

struct doc {
    xmlBuffer *buffer;
    xmlTextWriter *writer;
};

static void
doc_begin(struct doc *doc)
{
    doc->writer = lv_xml_begin(&doc->buffer);
    xmlTextWriterSetIndent(doc->writer, 1);
}

static char *
doc_end(struct doc *doc)
{
    return lv_xml_end(doc->writer, doc->buffer);
}

static void
open_element(struct doc *doc, const char *name)
{
    xmlTextWriterStartElement(doc->writer, BAD_CAST name);
}

static void
close_element(struct doc *doc)
{
    xmlTextWriterEndElement(doc->writer);
}

static void
attr(struct doc *doc, const char *name, const char *value)
{
    if (value)
        xmlTextWriterWriteAttribute(doc->writer, BAD_CAST name, BAD_CAST value);
}

static void
text(struct doc *doc, const char *name, const char *value)
{
    if (value)
        xmlTextWriterWriteElement(doc->writer, BAD_CAST name, BAD_CAST value);
}

static void
number(struct doc *doc, const char *name, const char *unit, int64_t value)
{
    open_element(doc, name);
    attr(doc, "unit", unit);
    xmlTextWriterWriteFormatString(doc->writer, "%" G_GINT64_FORMAT, (gint64)value);
    close_element(doc);
}

/* An element with attributes only: name, value pairs, NULL at the end; a NULL value leaves one out. */
static void G_GNUC_NULL_TERMINATED
empty(struct doc *doc, const char *name, ...)
{
    const char *key;
    va_list args;

    open_element(doc, name);
    va_start(args, name);
    while ((key = va_arg(args, const char *)))
        attr(doc, key, va_arg(args, const char *));
    va_end(args);
    close_element(doc);
}

static void
raw(struct doc *doc, const char *xml)
{
    xmlTextWriterWriteRaw(doc->writer, BAD_CAST xml);
}

/* ---- the machine ---- */

static void
write_os(struct doc *doc, const struct lv_plan *plan)
{
    const pv_vm_spec *spec = plan->spec;
    const char *machine = spec->machine;

    if (!machine && plan->kind == LV_QEMU)
        machine = "q35";
    open_element(doc, "os");
    if (spec->firmware && strcmp(spec->firmware, "uefi") == 0)
        attr(doc, "firmware", "efi");
    open_element(doc, "type");
    attr(doc, "machine", machine);
    xmlTextWriterWriteString(doc->writer, BAD_CAST "hvm");
    close_element(doc);
    empty(doc, "boot", "dev", "hd", NULL);
    empty(doc, "boot", "dev", "cdrom", NULL);
    close_element(doc);
}

static void
write_machine(struct doc *doc, const struct lv_plan *plan)
{
    gboolean kvm = g_strcmp0(plan->accelerator, "kvm") == 0;

    write_os(doc, plan);
    if (plan->kind == LV_TEST)
        return;
    open_element(doc, "features");
    empty(doc, "acpi", NULL);
    empty(doc, "apic", NULL);
    close_element(doc);
    if (plan->kind == LV_QEMU) /* TCG's "maximum" runs what needs a newer CPU than qemu64 */
        empty(doc, "cpu", "mode", kvm ? "host-passthrough" : "maximum", NULL);
    empty(doc, "clock", "offset", "utc", NULL);
}

/* ---- devices ---- */

/* Names of targets by bus: the guest sees them or not, libvirt wants each once. */
static const struct {
    const char *bus, *prefix;
} buses[] = {
    { "virtio", "vd" }, { "scsi", "sd" }, { "sata", "sd" }, { "usb", "sd" }, { "ide", "hd" }, { "fdc", "fd" },
};

static const char *
default_bus(const pv_disk_spec *disk, const struct lv_plan *plan)
{
    if (disk->bus)
        return disk->bus;
    if (g_strcmp0(disk->device, "cdrom") != 0)
        return "virtio";
    return g_str_has_prefix(plan->spec->machine ? plan->spec->machine : "q35", "pc") ? "ide" : "sata";
}

static const char *
prefix_of(const char *bus)
{
    for (size_t i = 0; i < G_N_ELEMENTS(buses); i++)
        if (strcmp(buses[i].bus, bus) == 0)
            return buses[i].prefix;
    return buses[0].prefix;
}

/* Counted by prefix, which several buses share: used has one number for each letter it begins with. */
static char *
target_name(const char *bus, unsigned *used)
{
    const char *prefix = prefix_of(bus);
    unsigned n = used[prefix[0] - 'a']++;

    if (n < 26)
        return g_strdup_printf("%s%c", prefix, 'a' + (int)n);
    return g_strdup_printf("%s%c%c", prefix, 'a' + (int)(n / 26 - 1), 'a' + (int)(n % 26));
}

static void
write_source(struct doc *doc, const lv_image *image)
{
    if (!image->path)
        return; /* an empty drive */
    if (strcmp(image->type, "volume") == 0)
        empty(doc, "source", "pool", image->pool, "volume", image->path, NULL);
    else
        empty(doc, "source", strcmp(image->type, "block") == 0 ? "dev" : "file", image->path, NULL);
}

static void
write_disk(struct doc *doc, const struct lv_plan *plan, unsigned i, unsigned *used)
{
    const pv_disk_spec *disk = g_ptr_array_index(plan->spec->disks, i);
    const lv_image *image = g_ptr_array_index(plan->images, i);
    const char *bus = default_bus(disk, plan);
    g_autofree char *target = target_name(bus, used);

    open_element(doc, "disk");
    attr(doc, "type", image->type);
    attr(doc, "device", disk->device ? disk->device : "disk");
    if (plan->kind == LV_QEMU)
        empty(doc, "driver", "name", "qemu", "type", image->format, "discard",
              g_strcmp0(disk->device, "cdrom") == 0 ? NULL : "unmap", NULL);
    write_source(doc, image);
    empty(doc, "target", "dev", target, "bus", bus, NULL);
    if (disk->readonly == TRUE || g_strcmp0(disk->device, "cdrom") == 0)
        empty(doc, "readonly", NULL);
    close_element(doc);
}

static void
write_nic(struct doc *doc, const struct lv_plan *plan, unsigned i)
{
    const pv_nic_spec *nic = g_ptr_array_index(plan->spec->nics, i);
    const char *network = g_ptr_array_index(plan->networks, i);
    gboolean bridge = g_strcmp0(nic->type, "bridge") == 0;

    open_element(doc, "interface");
    attr(doc, "type", bridge ? "bridge" : network ? "network" : "user");
    if (nic->mac)
        empty(doc, "mac", "address", nic->mac, NULL);
    if (network)
        empty(doc, "source", bridge ? "bridge" : "network", network, NULL);
    empty(doc, "model", "type", nic->model ? nic->model : "virtio", NULL);
    close_element(doc);
}

/* A serial console, the agent's channel, randomness for the guest, and a screen behind a socket that
 * only libvirt's clients reach: a port on loopback would show it to every user of the host. */
static void
write_comforts(struct doc *doc)
{
    empty(doc, "serial", "type", "pty", NULL);
    open_element(doc, "console");
    attr(doc, "type", "pty");
    empty(doc, "target", "type", "serial", "port", "0", NULL);
    close_element(doc);
    open_element(doc, "channel");
    attr(doc, "type", "unix");
    empty(doc, "target", "type", "virtio", "name", LV_AGENT_CHANNEL, NULL);
    close_element(doc);
    open_element(doc, "rng");
    attr(doc, "model", "virtio");
    open_element(doc, "backend");
    attr(doc, "model", "random");
    xmlTextWriterWriteString(doc->writer, BAD_CAST "/dev/urandom");
    close_element(doc);
    close_element(doc);
    empty(doc, "memballoon", "model", "virtio", NULL);
    open_element(doc, "graphics");
    attr(doc, "type", "vnc");
    empty(doc, "listen", "type", "socket", NULL);
    close_element(doc);
    open_element(doc, "video");
    empty(doc, "model", "type", "vga", NULL);
    close_element(doc);
}

static void
write_devices(struct doc *doc, const struct lv_plan *plan)
{
    unsigned used[26] = { 0 };

    open_element(doc, "devices");
    for (unsigned i = 0; plan->spec->disks && i < plan->spec->disks->len; i++)
        write_disk(doc, plan, i, used);
    for (unsigned i = 0; plan->spec->nics && i < plan->spec->nics->len; i++)
        write_nic(doc, plan, i);
    if (plan->kind == LV_QEMU)
        write_comforts(doc);
    close_element(doc);
}

static const char *
domain_type(const struct lv_plan *plan)
{
    switch (plan->kind) {
    case LV_TEST:
        return "test";
    case LV_XEN:
        return "xen";
    default:
        return g_strcmp0(plan->accelerator, "kvm") == 0 ? "kvm" : "qemu";
    }
}

char *
lv_domain_xml(const struct lv_plan *plan)
{
    const pv_vm_spec *spec = plan->spec;
    g_autofree char *note = lv_note_xml(plan->note);
    struct doc doc;

    doc_begin(&doc);
    open_element(&doc, "domain");
    attr(&doc, "type", domain_type(plan));
    text(&doc, "name", spec->name);
    text(&doc, "uuid", plan->uuid);
    text(&doc, "description", spec->annotation);
    open_element(&doc, "metadata");
    raw(&doc, note);
    close_element(&doc);
    number(&doc, "memory", "b", spec->memory == PV_UNSET_INT ? MEMORY_DEFAULT : spec->memory);
    number(&doc, "vcpu", NULL, spec->cpus == PV_UNSET_INT ? 1 : spec->cpus);
    write_machine(&doc, plan);
    write_devices(&doc, plan);
    return doc_end(&doc);
}

/* ---- a copy of a domain ---- */

static void
remove_children(xmlNode *parent, const char *name)
{
    xmlNode *node;

    while ((node = lv_xml_child(parent, name))) {
        xmlUnlinkNode(node);
        xmlFreeNode(node);
    }
}

static void
set_text(xmlNode *root, const char *name, const char *value)
{
    remove_children(root, name);
    xmlNewTextChild(root, NULL, BAD_CAST name, BAD_CAST value); /* escapes */
}

static void
point_to(xmlNode *disk, const lv_image *image)
{
    xmlNode *driver = lv_xml_child(disk, "driver"), *source;

    remove_children(disk, "source");
    remove_children(disk, "backingStore"); /* found anew */
    xmlSetProp(disk, BAD_CAST "type", BAD_CAST image->type);
    if (driver)
        xmlSetProp(driver, BAD_CAST "type", BAD_CAST image->format);
    source = xmlNewChild(disk, NULL, BAD_CAST "source", NULL);
    if (strcmp(image->type, "volume") == 0) {
        xmlSetProp(source, BAD_CAST "pool", BAD_CAST image->pool);
        xmlSetProp(source, BAD_CAST "volume", BAD_CAST image->path);
    } else {
        xmlSetProp(source, BAD_CAST(strcmp(image->type, "block") == 0 ? "dev" : "file"),
                   BAD_CAST image->path);
    }
}

static void
change_devices(xmlNode *root, GHashTable *images)
{
    xmlNode *devices = lv_xml_child(root, "devices");

    for (xmlNode *disk = lv_xml_child(devices, "disk"); disk; disk = lv_xml_next(disk)) {
        g_autofree char *target = lv_xml_child_attr(disk, "target", "dev");
        const lv_image *image = target ? g_hash_table_lookup(images, target) : NULL;

        if (image)
            point_to(disk, image);
    }
    for (xmlNode *nic = lv_xml_child(devices, "interface"); nic; nic = lv_xml_next(nic))
        remove_children(nic, "mac"); /* libvirt makes new ones */
    for (xmlNode *channel = lv_xml_child(devices, "channel"); channel; channel = lv_xml_next(channel))
        remove_children(channel, "source"); /* sockets of the old name */
}

/* Replaces our note; notes of others are copied, as virt-clone does. */
static void
change_metadata(xmlNode *root, const lv_note *note)
{
    g_autofree char *metadata = lv_note_xml(note);
    xmlNode *parent = lv_xml_child(root, "metadata"), *next, *ours = NULL;

    if (!parent)
        parent = xmlNewChild(root, NULL, BAD_CAST "metadata", NULL);
    for (xmlNode *node = parent->children; node; node = next) {
        next = node->next;
        if (!node->ns || g_strcmp0((const char *)node->ns->href, LV_METADATA_URI) != 0)
            continue;
        xmlUnlinkNode(node);
        xmlFreeNode(node);
    }
    xmlParseInNodeContext(parent, metadata, (int)strlen(metadata), XML_PARSE_NONET, &ours);
    if (ours)
        xmlAddChild(parent, ours);
}

int
lv_clone_xml(const char *xml, const char *name, const char *uuid, GHashTable *images, const lv_note *note,
             char **ret_xml, pv_error **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    xmlChar *out = NULL;
    xmlNode *root;
    int r = lv_xml_parse(xml, "the domain's description", &doc, error);

    if (r < 0)
        return r;
    root = xmlDocGetRootElement(doc);
    set_text(root, "name", name);
    set_text(root, "uuid", uuid);
    remove_children(root, "seclabel");
    remove_children(lv_xml_child(root, "os"), "nvram");
    change_devices(root, images);
    change_metadata(root, note);
    xmlDocDumpMemory(doc, &out, NULL);
    *ret_xml = g_strdup((const char *)out);
    xmlFree(out);
    return 0;
}
