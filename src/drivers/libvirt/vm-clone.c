/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a VM. A full clone gets copies of the disks, a linked one overlays; drives that are
 * read-only are shared. The source must be off: its disks would change while they are copied, and
 * must not change any more once an overlay stands on them, of which its note reminds.
 */
#include "libvirt.h"

#include <string.h>

struct cloning {
    lv_job *job;
    virConnectPtr handle;
    const pv_clone_spec *spec;
    virDomainPtr source;
    lv_note *source_note;
    lv_note *note;       /* of the clone */
    GHashTable *images;  /* target -> lv_image */
    gboolean defining;   /* the definition went out */
};

static int
check_source(struct cloning *cloning, pv_error **error)
{
    g_autoptr(virDomain) same = virDomainLookupByName(cloning->handle, cloning->spec->name);
    int state;
    int r;

    if (same)
        return pv_error_set(error, PV_ERR_EXISTS, "name: there is a domain '%s' already",
                            cloning->spec->name);
    virResetLastError();
    if (strchr(cloning->spec->name, '/'))
        return pv_error_set(error, PV_ERR_INVALID, "name: libvirt takes no '/' in a name");
    r = lv_domain_state(cloning->source, &state, error);
    if (r == 0 && state != PV_POWER_OFF && state != PV_POWER_CRASHED) {
        r = pv_error_set(error, PV_ERR_STATE, "it is %s: only a machine that is off can be cloned",
                         pv_enum_name(pv_power_state_values, state));
        pv_error_hint(error, "shut it down first");
    }
    return r;
}

static int
clone_image(struct cloning *cloning, unsigned index, const lv_image *from, lv_image **ret_image,
            pv_error **error)
{
    const pv_clone_spec *spec = cloning->spec;
    gboolean linked = spec->linked == TRUE;
    g_autofree char *name = lv_image_name(spec->name, index, linked ? "qcow2" : from->format);
    g_autofree char *beside = NULL;
    struct lv_place place = { NULL, spec->datastore, name };

    if (!linked)
        return lv_image_copy(cloning->job, cloning->handle, &place, from, ret_image, error);
    if (strcmp(from->type, "file") != 0 && strcmp(from->type, "block") != 0)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s cannot carry an overlay", from->path);
    if (!spec->datastore && strcmp(from->type, "file") == 0) { /* next to what it stands on */
        g_autofree char *folder = g_path_get_dirname(from->path);

        beside = g_build_filename(folder, name, NULL);
        place.path = beside;
    }
    return lv_image_create(cloning->job, cloning->handle, &place, "qcow2", -1, from, ret_image, error);
}

static int
clone_disk(struct cloning *cloning, unsigned index, const pv_disk *disk, pv_error **error)
{
    g_autoptr(lv_image) from = NULL, to = NULL;
    int r;

    if (!disk->path || !disk->id || disk->readonly == TRUE || strcmp(disk->device, "disk") != 0)
        return 0;
    r = lv_image_at(cloning->job, cloning->handle, disk->path, disk->format, &from, error);
    if (r == 0)
        r = clone_image(cloning, index, from, &to, error);
    if (r < 0) {
        pv_error_prefix(error, "disk %s: ", disk->id);
        return r;
    }
    g_ptr_array_add(cloning->note->paths, g_strdup(to->path));
    g_hash_table_insert(cloning->images, g_strdup(disk->id), g_steal_pointer(&to));
    return 0;
}

static int
clone_disks(struct cloning *cloning, const char *xml, pv_error **error)
{
    g_autoptr(pv_vm) vm = pv_vm_new();
    int r = lv_vm_parse(xml, PV_VM_DEVICES, vm, error);

    for (unsigned i = 0; r == 0 && i < vm->disks->len; i++)
        r = clone_disk(cloning, i, g_ptr_array_index(vm->disks, i), error);
    return r;
}

static int
define_clone(struct cloning *cloning, const char *xml, const char *uuid, pv_error **error)
{
    g_autoptr(virDomain) domain = NULL;
    g_autofree char *copy = NULL;
    int r = lv_clone_xml(xml, cloning->spec->name, uuid, cloning->images, cloning->note, &copy, error);

    if (r == 0)
        r = lv_job_sends(cloning->job, error);
    if (r < 0)
        return r;
    cloning->defining = TRUE;
    domain = virDomainDefineXML(cloning->handle, copy);
    if (!domain)
        return lv_fail(error, "libvirt refuses the definition");
    return 0;
}

/* The source must know before the overlay is used: else it could be deleted from under it. */
static int
note_link(struct cloning *cloning, const char *uuid, pv_error **error)
{
    g_ptr_array_add(cloning->source_note->clones, g_strdup(uuid));
    return lv_note_write(cloning->source, cloning->source_note, error);
}

static void
undo(struct cloning *cloning)
{
    for (unsigned i = 0; i < cloning->note->paths->len; i++)
        lv_image_delete(cloning->job->conn, cloning->handle, g_ptr_array_index(cloning->note->paths, i),
                        NULL);
    lv_job_undone(cloning->job);
}

static int
clone_all(struct cloning *cloning, pv_error **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autoptr(lv_cstr) xml = virDomainGetXMLDesc(cloning->source,
                                                 VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
    int r;

    if (!xml)
        return lv_fail(error, "cannot read its description");
    cloning->note->guest_os = g_strdup(cloning->source_note->guest_os);
    r = clone_disks(cloning, xml, error);
    if (r == 0 && cloning->spec->linked == TRUE)
        r = note_link(cloning, uuid, error);
    if (r == 0)
        r = define_clone(cloning, xml, uuid, error);
    if (r < 0 && (!cloning->defining || !lv_handle_is_dead(cloning->handle))) /* as in vm-create.c */
        undo(cloning);
    if (r == 0)
        cloning->job->text = g_steal_pointer(&uuid);
    return r;
}

static int
clone_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(virDomain) source = NULL;
    g_autoptr(lv_note) source_note = NULL, note = lv_note_new();
    g_autoptr(GHashTable) images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                         (GDestroyNotify)lv_image_free);
    struct cloning cloning = { job, handle, job->spec, NULL, NULL, note, images };
    int r = lv_xml_check(&pv_clone_spec_desc, job->spec, error);

    if (r == 0)
        r = lv_domain_find(handle, job->vm, &source, error);
    cloning.source = source;
    if (r == 0)
        r = check_source(&cloning, error);
    if (r == 0)
        r = lv_note_read(source, &source_note, error);
    cloning.source_note = source_note;
    return r < 0 ? r : clone_all(&cloning, error);
}

int
lv_vm_clone(void *conn, const char *vm, const pv_clone_spec *spec, pv_task *task, char **ret_id,
            pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, clone_run);

    job->vm = g_strdup(vm);
    lv_job_set_spec(job, &pv_clone_spec_desc, spec);
    return lv_job_run_text(job, ret_id, error);
}
