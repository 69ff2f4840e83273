/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading libvirt's XML. It comes from a daemon, which passes on what guests' owners wrote and what
 * other hosts sent: so no network, no entities, a bounded size, and no value taken without a check.
 */
#include "libvirt.h"

#include <libxml/parser.h>
#include <string.h>

int
lv_xml_parse(const char *text, const char *what, xmlDoc **ret_doc, pv_error **error)
{
    size_t len = text ? strlen(text) : 0;
    g_autoptr(xmlDoc) doc = NULL;

    if (len > LV_XML_MAX)
        return pv_error_set(error, PV_ERR_PROTOCOL, "%s is longer than %u bytes", what, LV_XML_MAX);
    /* entities are neither loaded nor replaced; a document that declares any is not libvirt's */
    doc = xmlReadMemory(text, (int)len, NULL, NULL,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!doc || !xmlDocGetRootElement(doc))
        return pv_error_set(error, PV_ERR_PROTOCOL, "%s is not well-formed XML", what);
    if (doc->intSubset)
        return pv_error_set(error, PV_ERR_PROTOCOL, "%s declares a document type", what);
    *ret_doc = g_steal_pointer(&doc);
    return 0;
}

static xmlNode *
find(xmlNode *from, const char *name)
{
    for (; from; from = from->next)
        if (from->type == XML_ELEMENT_NODE && strcmp((const char *)from->name, name) == 0)
            return from;
    return NULL;
}

xmlNode *
lv_xml_child(xmlNode *node, const char *name)
{
    return node ? find(node->children, name) : NULL;
}

xmlNode *
lv_xml_next(xmlNode *node)
{
    return find(node->next, (const char *)node->name);
}

/* libxml2's string as ours. */
static char *
take(xmlChar *text)
{
    char *copy = text && *text ? g_strdup((const char *)text) : NULL;

    if (text)
        xmlFree(text);
    return copy;
}

char *
lv_xml_attr(xmlNode *node, const char *attr)
{
    return node ? take(xmlGetNoNsProp(node, (const xmlChar *)attr)) : NULL;
}

char *
lv_xml_text(xmlNode *node, const char *child)
{
    node = lv_xml_child(node, child);
    return node ? take(xmlNodeGetContent(node)) : NULL;
}

char *
lv_xml_child_attr(xmlNode *node, const char *child, const char *attr)
{
    return lv_xml_attr(lv_xml_child(node, child), attr);
}

int64_t
lv_xml_int(const char *text)
{
    gint64 value;

    if (!text || !g_ascii_string_to_signed(text, 10, 0, INT64_MAX, &value, NULL))
        return PV_UNSET_INT;
    return value;
}

/* libvirt's units: "b" and "bytes", "k" to "EiB" by 1024, "KB" to "EB" by 1000. */
static int64_t
unit_factor(const char *unit)
{
    static const char letters[] = "kmgtpe";
    const char *letter;
    int64_t factor = 1;
    int base;

    if (strcmp(unit, "b") == 0 || strcmp(unit, "bytes") == 0 || strcmp(unit, "byte") == 0)
        return 1;
    letter = strchr(letters, g_ascii_tolower(*unit));
    if (!letter)
        return 0;
    if (unit[1] == '\0' || g_ascii_strcasecmp(unit + 1, "iB") == 0)
        base = 1024;
    else if (g_ascii_strcasecmp(unit + 1, "B") == 0)
        base = 1000;
    else
        return 0;
    for (const char *step = letters; step <= letter; step++)
        factor *= base;
    return factor;
}

int64_t
lv_xml_size(xmlNode *node, const char *child)
{
    g_autofree char *text = lv_xml_text(node, child);
    g_autofree char *unit = lv_xml_child_attr(node, child, "unit");
    int64_t value, factor, bytes;

    value = lv_xml_int(text ? g_strstrip(text) : NULL);
    factor = unit ? unit_factor(unit) : 1;
    if (value == PV_UNSET_INT || factor == 0 || __builtin_mul_overflow(value, factor, &bytes))
        return PV_UNSET_INT;
    return bytes;
}

/* ---- the other way: is this text for XML at all ---- */

/* Control characters have no place in XML, not even escaped. */
static gboolean
fits(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 && !strchr("\t\n\r", *c))
            return FALSE;
    return g_utf8_validate(text, -1, NULL);
}

static int
check_list(const struct pv_field *field, GPtrArray *list, pv_error **error)
{
    for (unsigned i = 0; list && i < list->len; i++) {
        int r = lv_xml_check(field->desc, g_ptr_array_index(list, i), error);

        if (r < 0) {
            pv_error_prefix(error, "%s[%u].", field->name, i);
            return r;
        }
    }
    return 0;
}

int
lv_xml_check(const struct pv_desc *desc, const void *object, pv_error **error)
{
    int r = 0;

    for (const struct pv_field *field = desc->fields; field->name && r == 0; field++) {
        const void *member = (const char *)object + field->offset;
        const char *text = field->kind == PV_STRING ? *(char *const *)member : NULL;

        if (text && !fits(text))
            r = pv_error_set(error, PV_ERR_INVALID, "%s: control characters cannot be stored", field->name);
        else if (field->kind == PV_LIST)
            r = check_list(field, *(GPtrArray *const *)member, error);
    }
    return r;
}

void
lv_xml_sources(xmlNode *node, GHashTable *paths)
{
    for (xmlNode *child = node ? node->children : NULL; child; child = child->next) {
        char *path;

        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (strcmp((const char *)child->name, "source") == 0) {
            path = lv_xml_attr(child, "file");
            if (!path)
                path = lv_xml_attr(child, "dev");
            if (path)
                g_hash_table_add(paths, path);
        }
        lv_xml_sources(child, paths); /* the parser bounds the depth */
    }
}

/* ---- writing ---- */

xmlTextWriter *
lv_xml_begin(xmlBuffer **ret_buffer)
{
    *ret_buffer = xmlBufferCreate();
    return xmlNewTextWriterMemory(*ret_buffer, 0);
}

char *
lv_xml_end(xmlTextWriter *writer, xmlBuffer *buffer)
{
    char *xml;

    xmlTextWriterEndDocument(writer);
    xmlFreeTextWriter(writer);
    xml = g_strchomp(g_strdup((const char *)xmlBufferContent(buffer)));
    xmlBufferFree(buffer);
    return xml;
}
