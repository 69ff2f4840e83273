/* SPDX-License-Identifier: Apache-2.0 */
/*
 * polyvirt's note in a domain's metadata. It makes deleting exact: the images that were made for a
 * VM go with it, those a person brought stay, and a VM others were cloned from keeps its images.
 */
#include "libvirt.h"

lv_note *
lv_note_new(void)
{
    lv_note *note = g_new0(lv_note, 1);

    note->paths = g_ptr_array_new_with_free_func(g_free);
    note->clones = g_ptr_array_new_with_free_func(g_free);
    return note;
}

void
lv_note_free(lv_note *note)
{
    if (!note)
        return;
    g_free(note->guest_os);
    g_ptr_array_unref(note->paths);
    g_ptr_array_unref(note->clones);
    g_free(note);
}

static void
write_list(xmlTextWriter *writer, const char *tag, const char *key, GPtrArray *values)
{
    for (unsigned i = 0; i < values->len; i++) {
        xmlTextWriterStartElement(writer, BAD_CAST tag);
        xmlTextWriterWriteAttribute(writer, BAD_CAST key, BAD_CAST g_ptr_array_index(values, i));
        xmlTextWriterEndElement(writer);
    }
}

/* prefix: "polyvirt:" with the namespace declared, or "", which virDomainSetMetadata wants: it adds
 * the declaration itself and takes no second one. */
static char *
note_xml(const lv_note *note, const char *prefix)
{
    g_autofree char *domain = g_strconcat(prefix, "domain", NULL);
    g_autofree char *disk = g_strconcat(prefix, "disk", NULL);
    g_autofree char *clone = g_strconcat(prefix, "clone", NULL);
    xmlBuffer *buffer;
    xmlTextWriter *writer = lv_xml_begin(&buffer);

    xmlTextWriterStartElement(writer, BAD_CAST domain);
    if (*prefix)
        xmlTextWriterWriteAttribute(writer, BAD_CAST "xmlns:" LV_METADATA_PREFIX, BAD_CAST LV_METADATA_URI);
    if (note->guest_os)
        xmlTextWriterWriteAttribute(writer, BAD_CAST "guest_os", BAD_CAST note->guest_os);
    write_list(writer, disk, "path", note->paths);
    write_list(writer, clone, "uuid", note->clones);
    return lv_xml_end(writer, buffer);
}

char *
lv_note_xml(const lv_note *note)
{
    return note_xml(note, LV_METADATA_PREFIX ":");
}

static void
read_list(xmlNode *root, const char *tag, const char *key, GPtrArray *values)
{
    xmlNode *node = lv_xml_child(root, tag);

    for (; node && values->len < LV_XML_DEVICES_MAX; node = lv_xml_next(node)) {
        char *value = lv_xml_attr(node, key);

        if (value)
            g_ptr_array_add(values, value);
    }
}

int
lv_note_parse(const char *xml, lv_note **ret_note, pv_error **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    xmlNode *root;
    lv_note *note;
    int r = lv_xml_parse(xml, "polyvirt's note in the domain", &doc, error);

    if (r < 0)
        return r;
    root = xmlDocGetRootElement(doc);
    note = lv_note_new();
    note->guest_os = lv_xml_attr(root, "guest_os");
    read_list(root, "disk", "path", note->paths);
    read_list(root, "clone", "uuid", note->clones);
    *ret_note = note;
    return 0;
}

int
lv_note_read(virDomainPtr domain, lv_note **ret_note, pv_error **error)
{
    g_autoptr(lv_cstr) xml = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, LV_METADATA_URI, 0);

    if (xml)
        return lv_note_parse(xml, ret_note, error);
    switch (lv_last_number()) {
    case VIR_ERR_NO_DOMAIN_METADATA: /* not ours */
    case VIR_ERR_NO_SUPPORT:
        virResetLastError();
        *ret_note = lv_note_new();
        return 0;
    default:
        return lv_fail(error, "cannot read the domain's metadata");
    }
}

int
lv_note_write(virDomainPtr domain, const lv_note *note, pv_error **error)
{
    g_autofree char *xml = note_xml(note, "");
    unsigned flags = 0;

    if (virDomainIsPersistent(domain) == 1)
        flags |= VIR_DOMAIN_AFFECT_CONFIG;
    if (virDomainIsActive(domain) == 1)
        flags |= VIR_DOMAIN_AFFECT_LIVE;
    if (virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, xml, LV_METADATA_PREFIX, LV_METADATA_URI,
                             flags) < 0)
        return lv_fail(error, "cannot write the domain's metadata");
    return 0;
}
