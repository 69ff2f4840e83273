/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots. libvirt names them; the name is the id. Two kinds: internal ones lie in the qcow2 image,
 * with the memory when the VM runs; external ones leave the image as it is and go on in an overlay.
 * What the running libvirt cannot do is said in words before it is tried.
 */
#include "libvirt.h"

#include <string.h>

#define REVERT_EXTERNAL_VERSION 9009000 /* libvirt that goes back to external snapshots */

/* ---- read ---- */

static const struct {
    const char *name; /* of virDomainState in a snapshot's XML */
    int state;
} state_names[] = {
    { "running", PV_POWER_ON },      { "blocked", PV_POWER_ON },         { "paused", PV_POWER_PAUSED },
    { "shutdown", PV_POWER_STOPPING }, { "shutoff", PV_POWER_OFF },      { "crashed", PV_POWER_CRASHED },
    { "pmsuspended", PV_POWER_OTHER }, { "disk-snapshot", PV_POWER_ON }, { "nostate", PV_POWER_OTHER },
};

static int
state_of(const char *name)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(state_names); i++)
        if (strcmp(state_names[i].name, name) == 0)
            return state_names[i].state;
    return name ? PV_POWER_OTHER : 0;
}

static gboolean
has_external_disk(xmlNode *root)
{
    xmlNode *disk = lv_xml_child(lv_xml_child(root, "disks"), "disk");

    for (; disk; disk = lv_xml_next(disk)) {
        g_autofree char *where = lv_xml_attr(disk, "snapshot");

        if (g_strcmp0(where, "external") == 0)
            return TRUE;
    }
    return FALSE;
}

static int
parse_snapshot(const char *xml, pv_snapshot *snapshot, pv_error **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *state = NULL, *memory = NULL, *created = NULL;
    gboolean external;
    xmlNode *root;
    int64_t seconds;
    int r = lv_xml_parse(xml, "the snapshot's description", &doc, error);

    if (r < 0)
        return r;
    root = xmlDocGetRootElement(doc);
    snapshot->name = lv_xml_text(root, "name");
    snapshot->id = g_strdup(snapshot->name);
    snapshot->description = lv_xml_text(root, "description");
    snapshot->parent = lv_xml_text(lv_xml_child(root, "parent"), "name");
    state = lv_xml_text(root, "state");
    snapshot->state = state_of(state);
    memory = lv_xml_child_attr(root, "memory", "snapshot");
    /* test driver and old ones leave <memory> out: a running internal snapshot holds it */
    snapshot->memory = memory ? strcmp(memory, "no") != 0 && strcmp(memory, "none") != 0
                              : snapshot->state == PV_POWER_ON || snapshot->state == PV_POWER_PAUSED;
    if (g_strcmp0(state, "disk-snapshot") == 0)
        snapshot->memory = FALSE;
    external = has_external_disk(root) || g_strcmp0(memory, "external") == 0;
    snapshot->kind = g_strdup(external ? "external" : "internal");
    created = lv_xml_text(root, "creationTime");
    seconds = lv_xml_int(created);
    if (seconds != PV_UNSET_INT && seconds <= INT64_MAX / G_USEC_PER_SEC)
        snapshot->created = seconds * G_USEC_PER_SEC;
    return 0;
}

static int
add_snapshot(lv_job *job, virDomainSnapshotPtr from, pv_error **error)
{
    g_autoptr(lv_cstr) xml = virDomainSnapshotGetXMLDesc(from, 0);
    pv_snapshot *snapshot;
    int r;

    if (!xml && lv_last_number() == VIR_ERR_NO_DOMAIN_SNAPSHOT)
        return 0; /* deleted meanwhile */
    if (!xml)
        return lv_fail(error, "cannot read snapshot %s", virDomainSnapshotGetName(from));
    snapshot = pv_snapshot_new();
    g_ptr_array_add(job->list, snapshot);
    r = parse_snapshot(xml, snapshot, error);
    if (r < 0)
        return r;
    snapshot->vm = g_strdup(job->vm);
    snapshot->current = virDomainSnapshotIsCurrent(from, 0) == 1;
    return pv_task_check(job->task, error);
}

static int
list_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(virDomain) domain = NULL;
    virDomainSnapshotPtr *found = NULL;
    int r = lv_domain_find(handle, job->vm, &domain, error);
    int n;

    if (r < 0)
        return r;
    n = virDomainListAllSnapshots(domain, &found, VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL);
    if (n < 0 && lv_last_number() == VIR_ERR_INVALID_ARG) /* older than the flag */
        n = virDomainListAllSnapshots(domain, &found, 0);
    if (n < 0)
        return lv_fail(error, "cannot list the snapshots");
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = add_snapshot(job, found[i], error);
        virDomainSnapshotFree(found[i]);
    }
    free(found);
    return r;
}

static int
list(void *conn, const char *vm, pv_task *task, GPtrArray *snapshots, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, list_run);

    job->vm = g_strdup(vm);
    lv_job_wants_list(job, &pv_snapshot_desc);
    return lv_job_run_list(job, snapshots, error);
}

/* ---- change ---- */

static void
tell(lv_job *job, virDomainPtr domain, const char *what)
{
    pv_event *event;

    event = lv_event_new(PV_EVENT_SNAPSHOT, NULL); /* libvirt itself sends none */
    event->detail = g_strdup_printf("snapshot %s", what);
    event->vm = g_strdup(job->vm);
    event->vm_name = g_strdup(virDomainGetName(domain));
    lv_emit(job->conn, event);
}

static char *
snapshot_xml(const pv_snapshot_spec *spec)
{
    xmlBuffer *buffer;
    xmlTextWriter *writer = lv_xml_begin(&buffer);

    xmlTextWriterStartElement(writer, BAD_CAST "domainsnapshot");
    xmlTextWriterWriteElement(writer, BAD_CAST "name", BAD_CAST spec->name);
    if (spec->description)
        xmlTextWriterWriteElement(writer, BAD_CAST "description", BAD_CAST spec->description);
    return lv_xml_end(writer, buffer);
}

/* What libvirt would refuse, or do in another way than the person thinks. */
static int
check_create(const lv_job *job, virDomainPtr domain, int state, pv_error **error)
{
    const pv_snapshot_spec *spec = job->spec;
    gboolean runs = state == PV_POWER_ON || state == PV_POWER_PAUSED;
    g_autoptr(virDomainSnapshot) same = virDomainSnapshotLookupByName(domain, spec->name, 0);

    if (same)
        return pv_error_set(error, PV_ERR_EXISTS, "name: it has a snapshot '%s' already", spec->name);
    virResetLastError();
    if (state == PV_POWER_SUSPENDED) {
        pv_error_set(error, PV_ERR_STATE, "its memory is saved to disk: a snapshot now would not hold it");
        pv_error_hint(error, "resume it first");
        return PV_ERR_STATE;
    }
    if (spec->memory == TRUE && !runs)
        return pv_error_set(error, PV_ERR_STATE, "memory: it is %s and has none",
                            pv_enum_name(pv_power_state_values, state));
    if (spec->quiesce == TRUE && state != PV_POWER_ON)
        return pv_error_set(error, PV_ERR_STATE, "quiesce: its guest does not run");
    if (spec->quiesce == TRUE && spec->memory != FALSE) {
        pv_error_set(error, PV_ERR_INVALID,
                     "quiesce: a snapshot with memory needs none, and libvirt takes none");
        pv_error_hint(error, "without memory: --memory=false");
        return PV_ERR_INVALID;
    }
    return 0;
}

/* Both kinds on one machine: going back to an internal one would forget what the overlays hold. */
static int
check_kinds(const lv_job *job, virDomainPtr domain, gboolean external, pv_error **error)
{
    unsigned other = external ? VIR_DOMAIN_SNAPSHOT_LIST_INTERNAL : VIR_DOMAIN_SNAPSHOT_LIST_EXTERNAL;

    if (job->conn->kind != LV_QEMU || virDomainSnapshotNum(domain, other) <= 0) {
        virResetLastError();
        return 0;
    }
    pv_error_set(error, PV_ERR_STATE,
                 "it has %s snapshots, and this one would be %s: the two do not go together",
                 external ? "internal" : "external", external ? "external" : "internal");
    pv_error_hint(error, external ? "take it with memory, or while it is off"
                                  : "take it without memory, while it runs");
    return PV_ERR_STATE;
}

/* The overlays the machine goes on in are ours to remove one day. */
static int
note_overlays(virDomainPtr domain, virDomainSnapshotPtr snapshot, pv_error **error)
{
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(lv_cstr) xml = virDomainSnapshotGetXMLDesc(snapshot, 0);
    g_autoptr(xmlDoc) doc = NULL;
    g_autoptr(lv_note) note = NULL;
    GHashTableIter iter;
    void *path;
    int r = xml ? lv_xml_parse(xml, "the snapshot's description", &doc, error)
                : lv_fail(error, "cannot read the new snapshot");

    if (r == 0)
        r = lv_note_read(domain, &note, error);
    if (r < 0)
        return r;
    lv_xml_sources(lv_xml_child(xmlDocGetRootElement(doc), "disks"), paths);
    g_hash_table_iter_init(&iter, paths);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_ptr_array_add(note->paths, g_strdup(path));
    return lv_note_write(domain, note, error);
}

/* Without memory a running machine can only be caught by overlays: an external snapshot. */
static unsigned
create_flags(const pv_snapshot_spec *spec, int state)
{
    gboolean runs = state == PV_POWER_ON || state == PV_POWER_PAUSED;
    unsigned flags = VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC;

    if (runs && spec->memory == FALSE)
        flags |= VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY;
    if (spec->quiesce == TRUE)
        flags |= VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE;
    return flags;
}

static int
create_fails(unsigned flags, pv_error **error)
{
    const char *words = virGetLastErrorMessage();
    int r;

    if (lv_last_number() == VIR_ERR_AGENT_UNRESPONSIVE && (flags & VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE)) {
        r = lv_fail(error, "quiesce: the guest's agent does not answer");
        pv_error_hint(error, "install and start qemu-guest-agent in the guest, or leave quiesce out");
        return r;
    }
    if (strstr(words, "not supported for storage type raw") || strstr(words, "storage type raw")) {
        r = lv_fail(error, "internal snapshots need every writable disk to be qcow2");
        pv_error_hint(error, "convert the disk, or take one without memory while it runs");
        return r;
    }
    return lv_fail(error, "cannot take the snapshot");
}

static int
create_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    const pv_snapshot_spec *spec = job->spec;
    g_autofree char *xml = snapshot_xml(spec);
    g_autoptr(virDomain) domain = NULL;
    g_autoptr(virDomainSnapshot) snapshot = NULL;
    unsigned flags;
    int state;
    int r = lv_xml_check(&pv_snapshot_spec_desc, spec, error);

    if (r == 0)
        r = lv_domain_find(handle, job->vm, &domain, error);
    if (r == 0)
        r = lv_domain_state(domain, &state, error);
    if (r == 0)
        r = check_create(job, domain, state, error);
    if (r < 0)
        return r;
    flags = create_flags(spec, state);
    r = check_kinds(job, domain, flags & VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, error);
    if (r == 0)
        r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    snapshot = virDomainSnapshotCreateXML(domain, xml, flags);
    if (!snapshot && lv_last_number() == VIR_ERR_INVALID_ARG && job->conn->kind != LV_QEMU)
        snapshot = virDomainSnapshotCreateXML(domain, xml,
                                              flags & ~(unsigned)VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC);
    if (!snapshot)
        return create_fails(flags, error);
    job->text = g_strdup(virDomainSnapshotGetName(snapshot));
    tell(job, domain, "created");
    return flags & VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY ? note_overlays(domain, snapshot, error) : 0;
}

static int
create(void *conn, const char *vm, const pv_snapshot_spec *spec, pv_task *task, char **ret_id,
       pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, create_run);

    job->vm = g_strdup(vm);
    lv_job_set_spec(job, &pv_snapshot_spec_desc, spec);
    return lv_job_run_text(job, ret_id, error);
}

static int
find_snapshot(virConnectPtr handle, const lv_job *job, virDomainPtr *ret_domain,
              virDomainSnapshotPtr *ret_snapshot, pv_snapshot *ret_what, pv_error **error)
{
    g_autoptr(virDomain) domain = NULL;
    g_autoptr(virDomainSnapshot) snapshot = NULL;
    g_autoptr(lv_cstr) xml = NULL;
    int r = lv_domain_find(handle, job->vm, &domain, error);

    if (r < 0)
        return r;
    snapshot = virDomainSnapshotLookupByName(domain, job->name, 0);
    if (!snapshot && lv_last_number() == VIR_ERR_NO_DOMAIN_SNAPSHOT)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "it has no snapshot '%s'", job->name);
    xml = snapshot ? virDomainSnapshotGetXMLDesc(snapshot, 0) : NULL;
    if (!xml)
        return lv_fail(error, "cannot read snapshot %s", job->name);
    r = parse_snapshot(xml, ret_what, error);
    if (r < 0)
        return r;
    *ret_domain = g_steal_pointer(&domain);
    *ret_snapshot = g_steal_pointer(&snapshot);
    return 0;
}

static int
revert_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(virDomain) domain = NULL;
    g_autoptr(virDomainSnapshot) snapshot = NULL;
    g_autoptr(pv_snapshot) what = pv_snapshot_new();
    unsigned long version = 0;
    int r = find_snapshot(handle, job, &domain, &snapshot, what, error);

    if (r < 0)
        return r;
    virConnectGetLibVersion(handle, &version);
    if (strcmp(what->kind, "external") == 0 && version < REVERT_EXTERNAL_VERSION &&
        job->conn->kind == LV_QEMU) {
        pv_error_set(error, PV_ERR_UNSUPPORTED,
                     "snapshot %s is external, and libvirt %lu.%lu cannot go back to one",
                     job->name, version / 1000000, version / 1000 % 1000);
        pv_error_hint(error,
                      "libvirt 9.9 can; a snapshot with memory, or of a machine that is off, is internal");
        return PV_ERR_UNSUPPORTED;
    }
    r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    if (virDomainRevertToSnapshot(snapshot, 0) < 0 &&
        (lv_last_number() != VIR_ERR_SNAPSHOT_REVERT_RISKY ||
         virDomainRevertToSnapshot(snapshot, VIR_DOMAIN_SNAPSHOT_REVERT_FORCE) < 0))
        return lv_fail(error, "cannot go back to snapshot %s", job->name);
    tell(job, domain, "reverted");
    return 0;
}

static int
revert(void *conn, const char *vm, const char *snapshot, pv_task *task, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, revert_run);

    job->vm = g_strdup(vm);
    job->name = g_strdup(snapshot);
    return lv_job_run(job, error);
}

static int
remove_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(virDomain) domain = NULL;
    g_autoptr(virDomainSnapshot) snapshot = NULL;
    g_autoptr(pv_snapshot) what = pv_snapshot_new();
    int r = find_snapshot(handle, job, &domain, &snapshot, what, error);

    if (r < 0)
        return r;
    if (strcmp(what->kind, "external") == 0 && virDomainSnapshotNumChildren(snapshot, 0) > 0) {
        pv_error_set(error, PV_ERR_UNSUPPORTED,
                     "snapshot %s is external and has children: libvirt cannot delete it",
                     job->name);
        pv_error_hint(error, "delete its children first, the youngest first");
        return PV_ERR_UNSUPPORTED;
    }
    r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    if (virDomainSnapshotDelete(snapshot, job->flag ? VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN : 0) < 0)
        return lv_fail(error, "cannot delete snapshot %s", job->name);
    tell(job, domain, "deleted");
    return 0;
}

static int
remove_snapshot(void *conn, const char *vm, const char *snapshot, gboolean children, pv_task *task,
                pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, remove_run);

    job->vm = g_strdup(vm);
    job->name = g_strdup(snapshot);
    job->flag = children;
    return lv_job_run(job, error);
}

const struct pv_snapshot_slots lv_snapshot_slots = {
    .list = list,
    .create = create,
    .revert = revert,
    .remove = remove_snapshot,
};
