/* SPDX-License-Identifier: Apache-2.0 */
/* Storage pools as datastores, and their volumes. */
#include "libvirt.h"

#include <string.h>

static const char *const pool_states[] = {
    [VIR_STORAGE_POOL_INACTIVE] = "inactive",
    [VIR_STORAGE_POOL_BUILDING] = "building",
    [VIR_STORAGE_POOL_RUNNING] = "active",
    [VIR_STORAGE_POOL_DEGRADED] = "degraded",
    [VIR_STORAGE_POOL_INACCESSIBLE] = "inaccessible",
};

static const char *const volume_types[] = {
    [VIR_STORAGE_VOL_FILE] = "file",       [VIR_STORAGE_VOL_BLOCK] = "block",
    [VIR_STORAGE_VOL_DIR] = "dir",         [VIR_STORAGE_VOL_NETWORK] = "network",
    [VIR_STORAGE_VOL_NETDIR] = "netdir",   [VIR_STORAGE_VOL_PLOOP] = "ploop",
};

/* ---- pools ---- */

static int
pool_xml(virStoragePoolPtr pool, xmlDoc **ret_doc, pv_error **error)
{
    g_autoptr(lv_cstr) xml = virStoragePoolGetXMLDesc(pool, 0);

    if (!xml)
        return lv_fail(error, "cannot read pool %s", virStoragePoolGetName(pool));
    return lv_xml_parse(xml, "the pool's description", ret_doc, error);
}

static void
fill_pool_numbers(virStoragePoolPtr pool, pv_datastore *store)
{
    virStoragePoolInfo info;
    int flag;

    if (virStoragePoolGetInfo(pool, &info) == 0) {
        if (info.state >= 0 && info.state < (int)G_N_ELEMENTS(pool_states))
            store->state = g_strdup(pool_states[info.state]);
        store->accessible = info.state == VIR_STORAGE_POOL_RUNNING || info.state == VIR_STORAGE_POOL_DEGRADED;
        if (store->accessible) {
            store->capacity = (int64_t)info.capacity;
            store->allocation = (int64_t)info.allocation;
            store->free = (int64_t)info.available;
        }
    }
    if (virStoragePoolGetAutostart(pool, &flag) == 0)
        store->autostart = flag != 0;
    store->persistent = virStoragePoolIsPersistent(pool);
    if (store->persistent < 0)
        store->persistent = PV_UNSET_BOOL;
}

static void
fill_pool(virStoragePoolPtr pool, pv_datastore *store)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    g_autoptr(xmlDoc) doc = NULL;

    store->name = g_strdup(virStoragePoolGetName(pool));
    if (virStoragePoolGetUUIDString(pool, uuid) == 0) {
        store->id = g_strdup(uuid);
        store->uuid = g_strdup(uuid);
    }
    fill_pool_numbers(pool, store);
    if (pool_xml(pool, &doc, NULL) == 0) {
        xmlNode *root = xmlDocGetRootElement(doc);

        store->type = lv_xml_attr(root, "type");
        store->path = lv_xml_text(lv_xml_child(root, "target"), "path");
    }
    virResetLastError();
}

static int
list_pools(virConnectPtr handle, unsigned flags, GPtrArray **ret_pools, pv_error **error)
{
    virStoragePoolPtr *found = NULL;
    int n = virConnectListAllStoragePools(handle, &found, flags);

    if (n < 0)
        return lv_fail(error, "cannot list the storage pools");
    *ret_pools = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))virStoragePoolFree);
    for (int i = 0; i < n; i++)
        g_ptr_array_add(*ret_pools, found[i]);
    free(found);
    return 0;
}

static int
datastore_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(GPtrArray) pools = NULL;
    int r = list_pools(handle, 0, &pools, error);

    for (unsigned i = 0; r == 0 && i < pools->len; i++) {
        pv_datastore *store = pv_datastore_new();

        g_ptr_array_add(job->list, store);
        fill_pool(g_ptr_array_index(pools, i), store);
        r = pv_task_check(job->task, error);
    }
    return r;
}

static int
datastore_list(void *conn, pv_task *task, GPtrArray *datastores, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, datastore_run);

    lv_job_wants_list(job, &pv_datastore_desc);
    return lv_job_run_list(job, datastores, error);
}

const struct pv_datastore_slots lv_datastore_slots = { .list = datastore_list };

/* ---- which pool ---- */

static int
default_pool(virConnectPtr handle, virStoragePoolPtr *ret_pool, pv_error **error)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(handle, "default");
    g_autoptr(GPtrArray) pools = NULL;
    int r;

    if (pool) {
        *ret_pool = pool;
        return 0;
    }
    r = list_pools(handle, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE, &pools, error);
    if (r < 0)
        return r;
    if (pools->len == 1) {
        *ret_pool = g_ptr_array_steal_index(pools, 0);
        return 0;
    }
    pv_error_set(error, PV_ERR_NOT_FOUND, pools->len ? "no pool is named 'default', and several are active"
                                                     : "no storage pool is active");
    pv_error_hint(error, "name a datastore: see `datastore list`");
    return PV_ERR_NOT_FOUND;
}

int
lv_pool_find(virConnectPtr handle, const char *ref, virStoragePoolPtr *ret_pool, pv_error **error)
{
    g_autoptr(virStoragePool) pool = NULL;
    int r = 0;

    if (!ref)
        r = default_pool(handle, &pool, error);
    else if (g_uuid_string_is_valid(ref))
        pool = virStoragePoolLookupByUUIDString(handle, ref);
    if (r < 0)
        return r;
    if (!pool)
        pool = virStoragePoolLookupByName(handle, ref);
    if (!pool && lv_last_number() == VIR_ERR_NO_STORAGE_POOL)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no datastore has the id or name '%s'", ref);
    if (!pool)
        return lv_fail(error, "cannot look up pool %s", ref);
    if (virStoragePoolIsActive(pool) == 0) {
        pv_error_set(error, PV_ERR_STATE, "datastore %s is not active", virStoragePoolGetName(pool));
        pv_error_hint(error, "start it: virsh pool-start %s", virStoragePoolGetName(pool));
        return PV_ERR_STATE;
    }
    *ret_pool = g_steal_pointer(&pool);
    return 0;
}

gboolean
lv_pool_holds_files(virStoragePoolPtr pool)
{
    static const char *const types[] = { "dir", "fs", "netfs", "gluster", "vstorage", NULL };
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *type = NULL;

    if (pool_xml(pool, &doc, NULL) < 0)
        return FALSE;
    type = lv_xml_attr(xmlDocGetRootElement(doc), "type");
    return type && g_strv_contains(types, type);
}

/* ---- volumes ---- */

static int
fill_volume(virStorageVolPtr volume, const char *pool, pv_volume *out, pv_error **error)
{
    g_autoptr(lv_cstr) xml = virStorageVolGetXMLDesc(volume, 0);
    g_autoptr(xmlDoc) doc = NULL;
    virStorageVolInfo info;
    xmlNode *root, *target;
    int r;

    if (!xml)
        return lv_fail(error, "cannot read volume %s", virStorageVolGetName(volume));
    r = lv_xml_parse(xml, "the volume's description", &doc, error);
    if (r < 0)
        return r;
    root = xmlDocGetRootElement(doc);
    target = lv_xml_child(root, "target");
    out->id = g_strdup(virStorageVolGetKey(volume));
    out->name = g_strdup(virStorageVolGetName(volume));
    out->datastore = g_strdup(pool);
    out->path = lv_xml_text(target, "path");
    out->format = lv_xml_child_attr(target, "format", "type");
    out->backing = lv_xml_text(lv_xml_child(root, "backingStore"), "path");
    out->type = lv_xml_attr(root, "type");
    out->capacity = lv_xml_size(root, "capacity");
    out->allocation = lv_xml_size(root, "allocation");
    if (!out->type && virStorageVolGetInfo(volume, &info) == 0 && info.type >= 0 &&
        info.type < (int)G_N_ELEMENTS(volume_types))
        out->type = g_strdup(volume_types[info.type]);
    return 0;
}

static int
volumes_of(lv_job *job, virStoragePoolPtr pool, pv_error **error)
{
    virStorageVolPtr *found = NULL;
    int n = virStoragePoolListAllVolumes(pool, &found, 0);
    int r = 0;

    if (n < 0)
        return lv_fail(error, "cannot list the volumes of %s", virStoragePoolGetName(pool));
    for (int i = 0; i < n; i++) {
        pv_volume *volume = pv_volume_new();

        if (r == 0)
            r = pv_task_check(job->task, error);
        /* one that vanished meanwhile is no failure */
        if (r == 0 && fill_volume(found[i], virStoragePoolGetName(pool), volume, NULL) == 0)
            g_ptr_array_add(job->list, g_steal_pointer(&volume));
        pv_volume_free(volume);
        virStorageVolFree(found[i]);
    }
    free(found);
    return r;
}

static int
volume_list_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(GPtrArray) pools = NULL;
    g_autoptr(virStoragePool) pool = NULL;
    int r;

    if (job->name) {
        r = lv_pool_find(handle, job->name, &pool, error);
        return r < 0 ? r : volumes_of(job, pool, error);
    }
    r = list_pools(handle, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE, &pools, error);
    for (unsigned i = 0; r == 0 && i < pools->len; i++)
        r = volumes_of(job, g_ptr_array_index(pools, i), error);
    return r;
}

static int
volume_list(void *conn, const char *datastore, pv_task *task, GPtrArray *volumes, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, volume_list_run);

    job->name = g_strdup(datastore);
    lv_job_wants_list(job, &pv_volume_desc);
    return lv_job_run_list(job, volumes, error);
}

static void
write_format(xmlTextWriter *writer, const char *format)
{
    if (!format)
        return;
    xmlTextWriterStartElement(writer, BAD_CAST "format");
    xmlTextWriterWriteAttribute(writer, BAD_CAST "type", BAD_CAST format);
    xmlTextWriterEndElement(writer);
}

char *
lv_volume_xml(const char *name, const char *format, int64_t size, const char *backing,
              const char *backing_format)
{
    xmlBuffer *buffer;
    xmlTextWriter *writer = lv_xml_begin(&buffer);

    xmlTextWriterStartElement(writer, BAD_CAST "volume");
    xmlTextWriterWriteElement(writer, BAD_CAST "name", BAD_CAST name);
    if (size >= 0)
        xmlTextWriterWriteFormatElement(writer, BAD_CAST "capacity", "%" G_GINT64_FORMAT, (gint64)size);
    if (format && strcmp(format, "raw") != 0) /* grown as it is written */
        xmlTextWriterWriteElement(writer, BAD_CAST "allocation", BAD_CAST "0");
    xmlTextWriterStartElement(writer, BAD_CAST "target");
    write_format(writer, format);
    xmlTextWriterEndElement(writer);
    if (backing) {
        xmlTextWriterStartElement(writer, BAD_CAST "backingStore");
        xmlTextWriterWriteElement(writer, BAD_CAST "path", BAD_CAST backing);
        write_format(writer, backing_format);
        xmlTextWriterEndElement(writer);
    }
    return lv_xml_end(writer, buffer);
}

static int
volume_create_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    const pv_volume_spec *spec = job->spec;
    struct lv_place place = { .pool = spec->datastore, .name = spec->name };
    g_autoptr(lv_image) backing = NULL, image = NULL;
    g_autoptr(virStoragePool) pool = NULL;
    g_autoptr(virStorageVol) volume = NULL;
    int r = lv_xml_check(&pv_volume_spec_desc, spec, error);

    if (r < 0)
        return r;
    if (strchr(spec->name, '/')) /* without a pool the name would be taken for a path */
        return pv_error_set(error, PV_ERR_INVALID, "name: a volume's name holds no '/'");
    if (spec->size == PV_UNSET_INT && !spec->backing)
        return pv_error_set(error, PV_ERR_INVALID, "size: a new volume needs one, or a backing image");
    if (spec->backing)
        r = lv_image_at(job, handle, spec->backing, NULL, &backing, error);
    if (r == 0)
        r = lv_image_create(job, handle, &place, spec->format, spec->size == PV_UNSET_INT ? -1 : spec->size,
                            backing, &image, error);
    if (r == 0)
        r = lv_pool_find(handle, spec->datastore, &pool, error);
    if (r < 0)
        return r;
    volume = virStorageVolLookupByName(pool, spec->name);
    if (!volume)
        return lv_fail(error, "cannot find the new volume");
    job->text = g_strdup(virStorageVolGetKey(volume));
    return 0;
}

static int
volume_create(void *conn, const pv_volume_spec *spec, pv_task *task, char **ret_id, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, volume_create_run);

    lv_job_set_spec(job, &pv_volume_spec_desc, spec);
    return lv_job_run_text(job, ret_id, error);
}

/* By name where the pool is known, else by key or path. */
static int
find_volume(virConnectPtr handle, const char *datastore, const char *ref, virStorageVolPtr *ret_volume,
            pv_error **error)
{
    g_autoptr(virStoragePool) pool = NULL;
    virStorageVolPtr volume;
    int r = datastore || *ref != '/' ? lv_pool_find(handle, datastore, &pool, error) : 0;

    if (r < 0)
        return r;
    volume = pool ? virStorageVolLookupByName(pool, ref) : NULL;
    if (!volume)
        volume = virStorageVolLookupByKey(handle, ref);
    if (!volume)
        volume = virStorageVolLookupByPath(handle, ref);
    if (!volume && lv_last_number() == VIR_ERR_NO_STORAGE_VOL)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no volume has the id, name or path '%s'", ref);
    if (!volume)
        return lv_fail(error, "cannot look up volume %s", ref);
    *ret_volume = volume;
    return 0;
}

static int
volume_remove_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(virStorageVol) volume = NULL;
    int r = find_volume(handle, job->name, job->vm, &volume, error);

    if (r == 0)
        r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    return virStorageVolDelete(volume, 0) < 0 ? lv_fail(error, "cannot delete the volume") : 0;
}

static int
volume_remove(void *conn, const char *datastore, const char *volume, pv_task *task, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, volume_remove_run);

    job->name = g_strdup(datastore);
    job->vm = g_strdup(volume);
    return lv_job_run(job, error);
}

const struct pv_volume_slots lv_volume_slots = {
    .list = volume_list,
    .create = volume_create,
    .remove = volume_remove,
};
