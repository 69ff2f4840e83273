/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots inside the qcow2 images, memory with them, as QEMU's snapshot-save, -load and -delete
 * make them. QEMU keeps a name, a time and no parents, no description.
 */
#include "qmp-driver.h"

#include <string.h>

#define NAME_MAX_BYTES 255 /* QEMU's char name[256] */
#define PUT_BACK_MS    5000

/* What of the VM takes part: its writable images. */
typedef struct image_set {
    json_t *blocks;   /* query-block's answer */
    json_t *nodes;    /* node names of the writable qcow2 images, the first holds the memory */
    GPtrArray *taken; /* their "inserted" objects, borrowed from blocks */
} image_set;

static void
images_clear(image_set *images)
{
    json_decref(images->blocks);
    json_decref(images->nodes);
    g_clear_pointer(&images->taken, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(image_set, images_clear)

/* ---- images ---- */

static int
take_image(image_set *images, const json_t *block, pv_error **error)
{
    json_t *inserted = json_object_get(block, "inserted");
    const char *driver = json_string_value(json_object_get(inserted, "drv"));
    const char *node = json_string_value(json_object_get(inserted, "node-name"));

    if (!inserted || json_is_true(json_object_get(inserted, "ro")))
        return 0;
    if (g_strcmp0(driver, "qcow2") != 0 || !node) {
        pv_error_set(error, PV_ERR_UNSUPPORTED, "disk %s is writable and '%s', which cannot hold a snapshot",
                     json_string_value(json_object_get(inserted, "file")), driver ? driver : "?");
        pv_error_hint(error, "convert it to qcow2, or attach it read-only");
        return PV_ERR_UNSUPPORTED;
    }
    json_array_append_new(images->nodes, json_string(node));
    g_ptr_array_add(images->taken, inserted);
    return 0;
}

/* strict: a writable disk that cannot hold a snapshot is refused, else passed over. */
static int
images_read(pv_qmp *qmp, gboolean strict, pv_task *task, image_set *images, pv_error **error)
{
    int code = pv_qmp_execute(qmp, task, "query-block", NULL, &images->blocks, error);

    images->nodes = json_array();
    images->taken = g_ptr_array_new();
    for (size_t i = 0; code == 0 && i < json_array_size(images->blocks); i++) {
        code = take_image(images, json_array_get(images->blocks, i), strict ? error : NULL);
        if (!strict)
            code = 0;
    }
    if (code == 0 && strict && images->taken->len == 0)
        code = pv_error_set(error, PV_ERR_UNSUPPORTED, "the VM has no writable qcow2 disk to hold a snapshot");
    return code;
}

static const json_t *
snapshots_in(const json_t *inserted)
{
    return json_object_get(json_object_get(inserted, "image"), "snapshots");
}

static const json_t *
find_in(const json_t *inserted, const char *name)
{
    const json_t *list = snapshots_in(inserted);

    for (size_t i = 0; i < json_array_size(list); i++)
        if (g_strcmp0(json_string_value(json_object_get(json_array_get(list, i), "name")), name) == 0)
            return json_array_get(list, i);
    return NULL;
}

static gboolean
has_bitmap(const json_t *inserted)
{
    return json_array_size(json_object_get(inserted, "dirty-bitmaps")) > 0;
}

/* ---- list ---- */

static pv_snapshot *
row_of(const char *vm, const json_t *info)
{
    const char *name = json_string_value(json_object_get(info, "name"));
    int64_t seconds = json_integer_value(json_object_get(info, "date-sec"));
    pv_snapshot *row = pv_snapshot_new();

    row->id = g_strdup(name);
    row->name = g_strdup(name);
    row->vm = g_strdup(vm);
    if (seconds >= 0 && seconds < INT64_MAX / G_USEC_PER_SEC)
        row->created = seconds * G_USEC_PER_SEC +
                       CLAMP(json_integer_value(json_object_get(info, "date-nsec")), 0, 999999999) / 1000;
    row->memory = json_integer_value(json_object_get(info, "vm-state-size")) > 0;
    row->kind = g_strdup("internal");
    return row;
}

/* The same snapshot lies in every disk: one row, with memory if any of them holds it. */
static void
add_rows(const char *vm, const json_t *list, GHashTable *seen, GPtrArray *rows)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *info = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(info, "name"));
        pv_snapshot *row;

        if (!name || !*name)
            continue;
        row = g_hash_table_lookup(seen, name);
        if (!row) {
            row = row_of(vm, info);
            g_hash_table_insert(seen, row->name, row);
            g_ptr_array_add(rows, row);
        } else if (json_integer_value(json_object_get(info, "vm-state-size")) > 0) {
            row->memory = TRUE;
        }
    }
}

static int
snapshot_list(void *data, const char *vm, pv_task *task, GPtrArray *rows, pv_error **error)
{
    g_auto(qmp_visit) visit = { 0 };
    g_auto(image_set) images = { 0 };
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    int code = qmp_enter_id(data, vm, task, &visit, error);

    if (code == 0)
        code = images_read(visit.qmp, FALSE, task, &images, error);
    for (unsigned i = 0; code == 0 && i < images.taken->len; i++)
        add_rows(vm, snapshots_in(images.taken->pdata[i]), seen, rows);
    return code;
}

/* ---- create ---- */

static int
check_name(const char *name, pv_error **error)
{
    if (!*name || strlen(name) > NAME_MAX_BYTES)
        return pv_error_set(error, PV_ERR_INVALID, "name: a snapshot's name has 1 to %d bytes", NAME_MAX_BYTES);
    for (const char *at = name; *at; at++)
        if (g_ascii_iscntrl(*at))
            return pv_error_set(error, PV_ERR_INVALID, "name: a snapshot's name has no control characters");
    return 0;
}

static int
check_spec(const pv_snapshot_spec *spec, pv_error **error)
{
    int code = check_name(spec->name, error);

    if (code < 0)
        return code;
    if (spec->memory == FALSE)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "memory: QEMU's own snapshots always hold the memory");
    if (spec->quiesce == TRUE)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "quiesce: the memory is in the snapshot, so nothing needs flushing");
    if (spec->description)
        pv_log(PV_LOG_WARNING, "qmp", "QEMU's own snapshots keep no description: dropped");
    return 0;
}

static int
check_free(const image_set *images, const char *name, pv_error **error)
{
    for (unsigned i = 0; i < images->taken->len; i++)
        if (find_in(images->taken->pdata[i], name))
            return pv_error_set(error, PV_ERR_EXISTS, "a snapshot named '%s' exists", name);
    return 0;
}

static json_t *
job_arguments(const image_set *images, const char *name, gboolean with_memory)
{
    json_t *arguments = json_pack("{s:s,s:O}", "tag", name, "devices", images->nodes);

    if (with_memory)
        json_object_set(arguments, "vmstate", json_array_get(images->nodes, 0));
    return arguments;
}

static int
snapshot_create(void *data, const char *vm, const pv_snapshot_spec *spec, pv_task *task, char **ret_id,
                pv_error **error)
{
    g_auto(qmp_visit) visit = { 0 };
    g_auto(image_set) images = { 0 };
    int code = check_spec(spec, error);

    if (code == 0)
        code = qmp_enter_id(data, vm, task, &visit, error);
    if (code == 0)
        code = images_read(visit.qmp, TRUE, task, &images, error);
    if (code == 0)
        code = check_free(&images, spec->name, error);
    if (code == 0)
        code = qmp_job_run(visit.qmp, "snapshot-save", job_arguments(&images, spec->name, TRUE), task, error);
    if (code == 0)
        *ret_id = g_strdup(spec->name);
    return code;
}

/* ---- revert ---- */

/*
 * What QEMU would find out half way, when the first disks are reverted already. One disk with a dirty
 * bitmap is left to QEMU's judgement: it refuses before it touches anything.
 */
static int
check_revertible(image_set *images, const char *name, pv_error **error)
{
    for (unsigned i = 0; i < images->taken->len; i++) {
        const json_t *inserted = images->taken->pdata[i];
        const char *file = json_string_value(json_object_get(inserted, "file"));

        if (!find_in(inserted, name))
            return pv_error_set(error, PV_ERR_STATE, "disk %s does not hold the snapshot '%s'", file, name);
        if (images->taken->len > 1 && has_bitmap(inserted)) {
            pv_error_set(error, PV_ERR_STATE, "disk %s has a dirty bitmap, over which QEMU reverts no disk", file);
            pv_error_hint(error, "end the backup that tracks changes in it, or remove the bitmap");
            return PV_ERR_STATE;
        }
    }
    return 0;
}

/* The disk that holds the memory goes first. */
static int
find_memory(image_set *images, const char *name, const json_t **ret_info, pv_error **error)
{
    for (unsigned i = 0; i < images->taken->len; i++) {
        const json_t *info = find_in(images->taken->pdata[i], name);

        if (json_integer_value(json_object_get(info, "vm-state-size")) <= 0)
            continue;
        if (i > 0)
            json_array_insert_new(images->nodes, 0, json_incref(json_array_get(images->nodes, i)));
        if (i > 0)
            json_array_remove(images->nodes, i + 1);
        *ret_info = info;
        return 0;
    }
    pv_error_set(error, PV_ERR_STATE, "the snapshot '%s' holds no memory, so a running machine cannot go back to it",
                 name);
    pv_error_hint(error, "end QEMU and use qemu-img snapshot -a");
    return PV_ERR_STATE;
}

/*
 * QEMU stops the machine before it loads, and when loading fails it leaves it stopped. Where nothing
 * was touched, the machine goes on; where the memory may be half loaded, going on would ruin the disks.
 */
static void
put_back(pv_qmp *qmp, gboolean was_running, pv_error **error)
{
    g_autoptr(pv_task) task = pv_task_new("snapshot.revert", NULL);
    g_autofree char *run_state = NULL;
    g_auto(image_set) images = { 0 };

    pv_task_set_timeout(task, PUT_BACK_MS);
    if (!was_running || qmp_run_state(qmp, task, &run_state, NULL) < 0 || g_str_equal(run_state, "running"))
        return;
    if (images_read(qmp, FALSE, task, &images, NULL) == 0 && images.taken->len == 1 &&
        has_bitmap(images.taken->pdata[0]) && pv_qmp_execute(qmp, task, "cont", NULL, NULL, NULL) == 0) {
        pv_error_hint(error, "nothing was changed and the VM runs as before; remove the dirty bitmap first");
        return;
    }
    pv_error_hint(error, "the VM stays stopped (%s): its disks may have been reverted and its memory half loaded; "
                  "revert to another snapshot, or reset it", run_state);
}

/*
 * QEMU goes on by itself when the machine ran before. A machine that stood still goes on too, as the
 * one in the snapshot did, unless that had never run. (QEMU does not tell whether it was paused.)
 */
static int
go_on(pv_qmp *qmp, const json_t *info, pv_task *task, pv_error **error)
{
    gboolean had_run = json_integer_value(json_object_get(info, "vm-clock-sec")) > 0 ||
                       json_integer_value(json_object_get(info, "vm-clock-nsec")) > 0;

    return had_run ? pv_qmp_execute(qmp, task, "cont", NULL, NULL, error) : 0;
}

static int
revert_with(pv_qmp *qmp, image_set *images, const char *name, pv_task *task, pv_error **error)
{
    g_autofree char *run_state = NULL;
    const json_t *info = NULL;
    gboolean was_running;
    int code = check_revertible(images, name, error);

    if (code == 0)
        code = find_memory(images, name, &info, error);
    if (code == 0)
        code = qmp_run_state(qmp, task, &run_state, error);
    if (code < 0)
        return code;
    was_running = g_str_equal(run_state, "running");
    code = qmp_job_run(qmp, "snapshot-load", job_arguments(images, name, TRUE), task, error);
    if (code == 0)
        return was_running ? 0 : go_on(qmp, info, task, error);
    if (code == PV_ERR_FAILED)
        put_back(qmp, was_running, error);
    return code;
}

static int
snapshot_revert(void *data, const char *vm, const char *snapshot, pv_task *task, pv_error **error)
{
    g_auto(qmp_visit) visit = { 0 };
    g_auto(image_set) images = { 0 };
    int code = qmp_enter_id(data, vm, task, &visit, error);

    if (code == 0)
        code = images_read(visit.qmp, TRUE, task, &images, error);
    return code < 0 ? code : revert_with(visit.qmp, &images, snapshot, task, error);
}

/* ---- delete ---- */

/* Only the disks that hold it: QEMU fails over one that does not. There are no children. */
static int
snapshot_remove(void *data, const char *vm, const char *snapshot, G_GNUC_UNUSED gboolean children, pv_task *task,
                pv_error **error)
{
    g_auto(qmp_visit) visit = { 0 };
    g_auto(image_set) images = { 0 };
    int code = qmp_enter_id(data, vm, task, &visit, error);

    if (code == 0)
        code = images_read(visit.qmp, FALSE, task, &images, error);
    if (code < 0)
        return code;
    for (unsigned i = images.taken->len; i-- > 0;)
        if (!find_in(images.taken->pdata[i], snapshot))
            json_array_remove(images.nodes, i);
    if (json_array_size(images.nodes) == 0)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no snapshot is named '%s'", snapshot);
    return qmp_job_run(visit.qmp, "snapshot-delete", job_arguments(&images, snapshot, FALSE), task, error);
}

const struct pv_snapshot_slots qmp_snapshot_slots = {
    .list = snapshot_list,
    .create = snapshot_create,
    .revert = snapshot_revert,
    .remove = snapshot_remove,
};
