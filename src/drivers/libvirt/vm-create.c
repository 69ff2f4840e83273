/* SPDX-License-Identifier: Apache-2.0 */
/* Making a VM from a spec: its images, its networks, its definition; what fails leaves nothing. */
#include "libvirt.h"

#include <polyvirt/accel.h>
#include <string.h>

struct making {
    lv_job *job;
    virConnectPtr handle;
    const pv_vm_spec *spec;
    lv_note *note;
    struct lv_plan plan;
    gboolean defining; /* the definition went out */
};

/* ---- names ---- */

static int
check_names(struct making *making, pv_error **error)
{
    const pv_vm_spec *spec = making->spec;
    g_autoptr(virDomain) named = NULL, numbered = NULL;

    if (strchr(spec->name, '/'))
        return pv_error_set(error, PV_ERR_INVALID, "name: libvirt takes no '/' in a name");
    if (spec->uuid && !g_uuid_string_is_valid(spec->uuid))
        return pv_error_set(error, PV_ERR_INVALID, "uuid: '%s' is not a uuid", spec->uuid);
    named = virDomainLookupByName(making->handle, spec->name);
    if (named)
        return pv_error_set(error, PV_ERR_EXISTS, "name: there is a domain '%s' already", spec->name);
    if (spec->uuid)
        numbered = virDomainLookupByUUIDString(making->handle, spec->uuid);
    if (numbered)
        return pv_error_set(error, PV_ERR_EXISTS, "uuid: domain '%s' has it already",
                            virDomainGetName(numbered));
    virResetLastError();
    return 0;
}

static int
check_words(const pv_vm_spec *spec, pv_error **error)
{
    static const char *const formats[] = { "qcow2", "raw", "vmdk", "vdi", "vhdx", "vpc", "qed", NULL };
    static const char *const firmwares[] = { "bios", "uefi", NULL };
    static const char *const devices[] = { "disk", "cdrom", NULL };
    static const char *const nics[] = { "network", "bridge", "user", NULL };

    if (spec->firmware && !g_strv_contains(firmwares, spec->firmware))
        return pv_error_set(error, PV_ERR_INVALID, "firmware: '%s' is neither bios nor uefi", spec->firmware);
    for (unsigned i = 0; spec->disks && i < spec->disks->len; i++) {
        const pv_disk_spec *disk = g_ptr_array_index(spec->disks, i);

        if (disk->format && !g_strv_contains(formats, disk->format))
            return pv_error_set(error, PV_ERR_INVALID, "disks[%u].format: unknown format '%s'", i,
                                disk->format);
        if (disk->device && !g_strv_contains(devices, disk->device))
            return pv_error_set(error, PV_ERR_INVALID, "disks[%u].device: '%s' is neither disk nor cdrom", i,
                                disk->device);
    }
    for (unsigned i = 0; spec->nics && i < spec->nics->len; i++) {
        const pv_nic_spec *nic = g_ptr_array_index(spec->nics, i);

        if (nic->type && !g_strv_contains(nics, nic->type))
            return pv_error_set(error, PV_ERR_INVALID, "nics[%u].type: '%s' is not network, bridge or user",
                                i, nic->type);
    }
    return 0;
}

/* ---- disks ---- */

/* A disk with neither size nor backing is an image that is there, or an empty drive. */
static int
existing_image(struct making *making, const pv_disk_spec *disk, lv_image **ret_image, pv_error **error)
{
    lv_image *image;

    if (disk->path)
        return lv_image_at(making->job, making->handle, disk->path, disk->format, ret_image, error);
    if (g_strcmp0(disk->device, "cdrom") != 0)
        return pv_error_set(error, PV_ERR_INVALID, "size: a new disk needs one, an existing one its path");
    image = lv_image_new();
    image->type = g_strdup("file");
    image->format = g_strdup("raw");
    *ret_image = image;
    return 0;
}

static int
new_image(struct making *making, unsigned i, const pv_disk_spec *disk, lv_image **ret_image, pv_error **error)
{
    const char *format = disk->format ? disk->format : "qcow2";
    const char *pool = disk->datastore ? disk->datastore : making->spec->datastore;
    /* with a datastore, a path without a folder is the volume's name */
    gboolean in_pool = !disk->path || (disk->datastore && !strchr(disk->path, '/'));
    g_autofree char *name = disk->path ? g_path_get_basename(disk->path)
                                       : lv_image_name(making->spec->name, i, format);
    struct lv_place place = { in_pool ? NULL : disk->path, pool, name };
    g_autoptr(lv_image) backing = NULL;
    int r = 0;

    if (!in_pool && *disk->path != '/')
        return pv_error_set(error, PV_ERR_INVALID, "path: '%s' does not begin with '/'", disk->path);
    if (disk->backing) {
        if (strcmp(format, "raw") == 0)
            return pv_error_set(error, PV_ERR_INVALID, "format: a raw image cannot have a backing image");
        r = lv_image_at(making->job, making->handle, disk->backing, NULL, &backing, error);
        if (r < 0) {
            pv_error_prefix(error, "backing: ");
            return r;
        }
    }
    return lv_image_create(making->job, making->handle, &place, format,
                           disk->size == PV_UNSET_INT ? -1 : disk->size, backing, ret_image, error);
}

static int
make_images(struct making *making, pv_error **error)
{
    GPtrArray *disks = making->spec->disks;

    for (unsigned i = 0; disks && i < disks->len; i++) {
        const pv_disk_spec *disk = g_ptr_array_index(disks, i);
        lv_image *image = NULL;
        int r;

        if (disk->size == PV_UNSET_INT && !disk->backing)
            r = existing_image(making, disk, &image, error);
        else
            r = new_image(making, i, disk, &image, error);
        if (r < 0) {
            pv_error_prefix(error, "disks[%u]: ", i);
            return r;
        }
        g_ptr_array_add(making->plan.images, image);
        if (image->made)
            g_ptr_array_add(making->note->paths, g_strdup(image->path));
    }
    return 0;
}

/* ---- networks ---- */

static int
check_network(struct making *making, const char *name, pv_error **error)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(making->handle, name);

    if (network)
        return 0;
    if (lv_last_number() != VIR_ERR_NO_NETWORK)
        return lv_fail(error, "cannot look up network %s", name);
    pv_error_set(error, PV_ERR_NOT_FOUND, "network: there is no network '%s'", name);
    pv_error_hint(error, "see `network list`, or use type user");
    return PV_ERR_NOT_FOUND;
}

static gboolean
has_default_network(virConnectPtr handle)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(handle, "default");
    gboolean active = network && virNetworkIsActive(network) == 1;

    virResetLastError();
    return active;
}

static int
choose_network(struct making *making, const pv_nic_spec *nic, const char **ret_network, pv_error **error)
{
    *ret_network = NULL;
    if (g_strcmp0(nic->type, "user") == 0)
        return 0;
    if (g_strcmp0(nic->type, "bridge") == 0) {
        if (!nic->network)
            return pv_error_set(error, PV_ERR_INVALID, "network: type bridge needs the name of the bridge");
        *ret_network = nic->network;
        return 0;
    }
    if (nic->network) {
        *ret_network = nic->network;
        return check_network(making, nic->network, error);
    }
    if (has_default_network(making->handle))
        *ret_network = "default";
    else if (g_strcmp0(nic->type, "network") == 0)
        return check_network(making, "default", error);
    return 0;
}

static int
choose_networks(struct making *making, pv_error **error)
{
    GPtrArray *nics = making->spec->nics;

    for (unsigned i = 0; nics && i < nics->len; i++) {
        const char *network;
        int r = choose_network(making, g_ptr_array_index(nics, i), &network, error);

        if (r < 0) {
            pv_error_prefix(error, "nics[%u].", i);
            return r;
        }
        g_ptr_array_add(making->plan.networks, (char *)network);
    }
    return 0;
}

/* ---- accelerator ---- */

/* This host is measured. Only a host that cannot be is left to TCG, which runs anywhere. */
static int
measure_accelerator(struct making *making, const char **ret_accelerator, pv_error **error)
{
    g_autoptr(pv_accel) accel = NULL;
    g_autoptr(pv_error) why = NULL;
    int r = pv_accel_probe(NULL, FALSE, making->job->task, &accel, &why);

    if (r == PV_ERR_INVALID || r == PV_ERR_CANCELLED || r == PV_ERR_TIMEOUT)
        return pv_error_propagate(error, g_steal_pointer(&why));
    *ret_accelerator = r == 0 && g_strcmp0(accel->accelerator, "kvm") == 0 ? "kvm" : "tcg";
    pv_log(PV_LOG_NOTICE, "libvirt", "%s will run on %s: %s", making->spec->name, *ret_accelerator,
           r == 0 ? accel->reason : why->message);
    return 0;
}

/* Of another host only libvirt can tell. */
static const char *
ask_accelerator(struct making *making)
{
    g_autoptr(lv_cstr) caps = virConnectGetDomainCapabilities(making->handle, NULL, NULL, NULL, "kvm", 0);
    const char *accelerator = caps ? "kvm" : "tcg";

    virResetLastError();
    pv_log(PV_LOG_NOTICE, "libvirt", "%s will run on %s: libvirt there %s KVM", making->spec->name, accelerator,
           caps ? "offers" : "has no");
    return accelerator;
}

static int
choose_accelerator(struct making *making, pv_error **error)
{
    const lv_conn *conn = making->job->conn;

    if (conn->kind != LV_QEMU)
        return 0;
    if (conn->local)
        return measure_accelerator(making, &making->plan.accelerator, error);
    making->plan.accelerator = ask_accelerator(making);
    return 0;
}

/* ---- all of it ---- */

static int
define(struct making *making, pv_error **error)
{
    g_autofree char *xml = lv_domain_xml(&making->plan);
    g_autoptr(virDomain) domain = NULL;
    int r = lv_job_sends(making->job, error);

    if (r < 0)
        return r;
    pv_log(PV_LOG_TRACE, "libvirt", "define %s", xml);
    making->defining = TRUE;
    domain = virDomainDefineXML(making->handle, xml);
    if (!domain)
        return lv_fail(error, "libvirt refuses the definition");
    if (making->spec->autostart == TRUE && virDomainSetAutostart(domain, TRUE) < 0) {
        r = lv_fail(error, "autostart cannot be set");
        virDomainUndefineFlags(domain, VIR_DOMAIN_UNDEFINE_NVRAM);
    }
    return r;
}

/* Nothing of a failed creation stays. */
static void
undo(struct making *making)
{
    for (unsigned i = 0; i < making->note->paths->len; i++) {
        const char *path = g_ptr_array_index(making->note->paths, i);
        g_autoptr(pv_error) error = NULL;

        if (lv_image_delete(making->job->conn, making->handle, path, &error) < 0)
            pv_log(PV_LOG_WARNING, "libvirt", "left behind: %s", error->message);
    }
    lv_job_undone(making->job);
}

static int
check_kind(const lv_conn *conn, pv_error **error)
{
    if (conn->kind == LV_QEMU || conn->kind == LV_TEST || conn->kind == LV_XEN)
        return 0;
    return pv_error_set(error, PV_ERR_UNSUPPORTED, "polyvirt does not make VMs of type %s", conn->type);
}

static int
create_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autoptr(lv_note) note = lv_note_new();
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)lv_image_free);
    g_autoptr(GPtrArray) networks = g_ptr_array_new();
    const pv_vm_spec *spec = job->spec;
    struct making making = { job, handle, spec, note,
        { .spec = spec, .uuid = spec->uuid ? spec->uuid : uuid, .note = note, .kind = job->conn->kind,
          .images = images, .networks = networks } };
    int r = check_kind(job->conn, error);

    note->guest_os = g_strdup(spec->guest_os);
    if (r == 0)
        r = lv_xml_check(&pv_vm_spec_desc, spec, error);
    if (r == 0)
        r = check_words(spec, error);
    if (r == 0)
        r = check_names(&making, error);
    if (r == 0)
        r = choose_networks(&making, error);
    if (r == 0)
        r = choose_accelerator(&making, error);
    if (r < 0)
        return r;
    r = make_images(&making, error);
    if (r == 0)
        r = define(&making, error);
    if (r < 0) {
        /* who hung up on the definition may have taken it: then its images must stay */
        if (!making.defining || !lv_handle_is_dead(handle))
            undo(&making);
        return r;
    }
    job->text = g_ascii_strdown(making.plan.uuid, -1);
    return 0;
}

int
lv_vm_create(void *conn, const pv_vm_spec *spec, pv_task *task, char **ret_id, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, create_run);

    lv_job_set_spec(job, &pv_vm_spec_desc, spec);
    return lv_job_run_text(job, ret_id, error);
}
