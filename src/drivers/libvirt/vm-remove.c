/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting a VM that is off, with all that libvirt keeps of it and the images polyvirt made for it. */
#include "libvirt.h"

#define UNDEFINE_ALL                                                                                       \
    (VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM | \
     VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)

static int
check_off(virDomainPtr domain, pv_error **error)
{
    int state;
    int r = lv_domain_state(domain, &state, error);

    if (r < 0 || state == PV_POWER_OFF || state == PV_POWER_CRASHED || state == PV_POWER_SUSPENDED)
        return r;
    pv_error_set(error, PV_ERR_STATE, "it is %s", pv_enum_name(pv_power_state_values, state));
    pv_error_hint(error, "power it off first");
    return PV_ERR_STATE;
}

/* A linked clone's overlays stand on our images. */
static int
check_clones(virConnectPtr handle, const lv_note *note, pv_error **error)
{
    for (unsigned i = 0; i < note->clones->len; i++) {
        g_autoptr(virDomain) clone = virDomainLookupByUUIDString(handle, g_ptr_array_index(note->clones, i));

        if (!clone)
            continue;
        pv_error_set(error, PV_ERR_STATE, "its disks carry the linked clone '%s'", virDomainGetName(clone));
        pv_error_hint(error, "delete the clone first");
        return PV_ERR_STATE;
    }
    virResetLastError();
    return 0;
}

/* Every image the domain and its snapshots name: nothing else is removed, whatever a note may say. */
static GHashTable *
named_images(virDomainPtr domain)
{
    GHashTable *paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(lv_cstr) xml = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
    g_autoptr(xmlDoc) doc = NULL;
    virDomainSnapshotPtr *found = NULL;
    int n = virDomainListAllSnapshots(domain, &found, 0);

    if (xml && lv_xml_parse(xml, "the domain's description", &doc, NULL) == 0)
        lv_xml_sources(xmlDocGetRootElement(doc), paths);
    for (int i = 0; i < n; i++) {
        g_autoptr(lv_cstr) text = virDomainSnapshotGetXMLDesc(found[i], 0);
        g_autoptr(xmlDoc) snapshot = NULL;

        if (text && lv_xml_parse(text, "the snapshot's description", &snapshot, NULL) == 0)
            lv_xml_sources(xmlDocGetRootElement(snapshot), paths);
        virDomainSnapshotFree(found[i]);
    }
    free(found);
    virResetLastError();
    return paths;
}

/* Not every driver knows every flag; the dearest go last. */
static int
undefine(virDomainPtr domain, pv_error **error)
{
    static const unsigned flags[] = {
        UNDEFINE_ALL,
        UNDEFINE_ALL & ~(unsigned)VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA,
        VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA,
        VIR_DOMAIN_UNDEFINE_MANAGED_SAVE,
        0,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (virDomainUndefineFlags(domain, flags[i]) == 0)
            return 0;
        if (lv_last_number() != VIR_ERR_INVALID_ARG && lv_last_number() != VIR_ERR_NO_SUPPORT &&
            lv_last_number() != VIR_ERR_ARGUMENT_UNSUPPORTED)
            break;
    }
    if (lv_last_number() == VIR_ERR_NO_SUPPORT && virDomainUndefine(domain) == 0)
        return 0;
    return lv_fail(error, "cannot undefine it");
}

static int
remove_images(lv_job *job, virConnectPtr handle, const lv_note *note, GHashTable *named, pv_error **error)
{
    int r = 0;

    for (unsigned i = 0; i < note->paths->len; i++) {
        const char *path = g_ptr_array_index(note->paths, i);
        int s = g_hash_table_contains(named, path) ? lv_image_delete(job->conn, handle, path, error) : 0;

        if (s < 0 && r == 0) {
            r = s;
            pv_error_prefix(error, "it is undefined, but an image stays: ");
        }
    }
    return r;
}

static int
remove_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(virDomain) domain = NULL;
    g_autoptr(lv_note) note = NULL;
    g_autoptr(GHashTable) named = NULL;
    int r = lv_domain_find(handle, job->vm, &domain, error);

    if (r == 0)
        r = check_off(domain, error);
    if (r == 0)
        r = lv_note_read(domain, &note, error);
    if (r == 0)
        r = check_clones(handle, note, error);
    if (r < 0)
        return r;
    named = named_images(domain);
    r = lv_job_sends(job, error);
    if (r == 0)
        r = undefine(domain, error);
    return r < 0 ? r : remove_images(job, handle, note, named, error);
}

int
lv_vm_remove(void *conn, const char *vm, pv_task *task, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, remove_run);

    job->vm = g_strdup(vm);
    return lv_job_run(job, error);
}
