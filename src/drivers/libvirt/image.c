/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of disks: made, copied and removed through storage pools where they lie in one. Outside
 * of pools on this machine qemu-img does it; on another machine a pool is made for the folder for as
 * long as it takes.
 */
#include "libvirt.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_BYTES 512

lv_image *
lv_image_new(void)
{
    return g_new0(lv_image, 1);
}

void
lv_image_free(lv_image *image)
{
    if (!image)
        return;
    g_free(image->path);
    g_free(image->format);
    g_free(image->type);
    g_free(image->pool);
    g_free(image);
}

static lv_image *
image_of(const char *path, const char *format, const char *type)
{
    lv_image *image = lv_image_new();

    image->path = g_strdup(path);
    image->format = g_strdup(format);
    image->type = g_strdup(type);
    return image;
}

/* A VM may be named "../x" or "a b": the file is not. */
char *
lv_image_name(const char *vm, unsigned index, const char *format)
{
    g_autofree char *name = g_strndup(vm, LV_VOLUME_NAME_MAX);
    const char *end;

    if (!g_utf8_validate(name, -1, &end))
        *(char *)end = '\0'; /* cut within a character */
    g_strcanon(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", '_');
    if (*name == '.' || *name == '-' || !*name)
        *name = '_';
    if (index == 0)
        return g_strdup_printf("%s.%s", name, format);
    return g_strdup_printf("%s-%u.%s", name, index, format);
}

/* ---- what is there ---- */

static const struct {
    const char *format;
    size_t offset;
    const char *bytes;
    size_t len;
} magics[] = {
    { "qcow2", 0, "QFI\xfb", 4 },      { "vmdk", 0, "KDMV", 4 },  { "vmdk", 0, "# Disk DescriptorFile", 21 },
    { "vhdx", 0, "vhdxfile", 8 },      { "vpc", 0, "conectix", 8 }, { "qed", 0, "QED\0", 4 },
    { "vdi", 64, "\x7f\x10\xda\xbe", 4 },
};

const char *
lv_format_of_bytes(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
        if (len >= magics[i].offset + magics[i].len &&
            memcmp(bytes + magics[i].offset, magics[i].bytes, magics[i].len) == 0)
            return magics[i].format;
    return "raw";
}

static int
probe_file(const char *path, const char **ret_format, pv_error **error)
{
    unsigned char bytes[PROBE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len;

    if (fd < 0)
        return pv_error_set(error, PV_ERR_INVALID, "%s cannot be read to tell its format (%s): name the format",
                            path, g_strerror(errno));
    len = read(fd, bytes, sizeof(bytes));
    close(fd);
    *ret_format = lv_format_of_bytes(bytes, len > 0 ? (size_t)len : 0);
    return 0;
}

static int
local_image(const char *path, const char *format, lv_image **ret_image, pv_error **error)
{
    struct stat info;
    int r = 0;

    if (stat(path, &info) < 0)
        return pv_error_set(error, errno == ENOENT ? PV_ERR_NOT_FOUND : PV_ERR_DENIED, "%s: %s", path,
                            g_strerror(errno));
    if (S_ISDIR(info.st_mode))
        return pv_error_set(error, PV_ERR_INVALID, "%s is a folder", path);
    if (!format)
        r = probe_file(path, &format, error);
    if (r == 0)
        *ret_image = image_of(path, format, S_ISBLK(info.st_mode) ? "block" : "file");
    return r;
}

static int
volume_image(virStorageVolPtr volume, const char *format, lv_image **ret_image, pv_error **error)
{
    g_autoptr(lv_cstr) xml = virStorageVolGetXMLDesc(volume, 0);
    g_autoptr(lv_cstr) path = virStorageVolGetPath(volume);
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *own = NULL;
    virStorageVolInfo info;
    lv_image *image;
    int r;

    if (!xml || !path || virStorageVolGetInfo(volume, &info) < 0)
        return lv_fail(error, "cannot read volume %s", virStorageVolGetName(volume));
    r = lv_xml_parse(xml, "the volume's description", &doc, error);
    if (r < 0)
        return r;
    own = lv_xml_child_attr(lv_xml_child(xmlDocGetRootElement(doc), "target"), "format", "type");
    if (!format)
        format = own && strcmp(own, "unknown") != 0 && strcmp(own, "iso") != 0 ? own : "raw";
    if (info.type == VIR_STORAGE_VOL_FILE || info.type == VIR_STORAGE_VOL_BLOCK) {
        *ret_image = image_of(path, format, info.type == VIR_STORAGE_VOL_BLOCK ? "block" : "file");
        return 0;
    }
    image = image_of(virStorageVolGetName(volume), format, "volume");
    {
        g_autoptr(virStoragePool) pool = virStoragePoolLookupByVolume(volume);

        image->pool = g_strdup(pool ? virStoragePoolGetName(pool) : NULL);
    }
    *ret_image = image;
    return 0;
}

int
lv_image_at(lv_job *job, virConnectPtr handle, const char *path, const char *format, lv_image **ret_image,
            pv_error **error)
{
    g_autoptr(virStorageVol) volume = NULL;

    if (job->conn->local)
        return local_image(path, format, ret_image, error);
    volume = virStorageVolLookupByPath(handle, path);
    virResetLastError();
    if (volume)
        return volume_image(volume, format, ret_image, error);
    if (job->conn->kind == LV_TEST || format) {
        /* the test driver has no files; elsewhere who names the format knows the file */
        *ret_image = image_of(path, format ? format : "raw", "file");
        return 0;
    }
    pv_error_set(error, PV_ERR_NOT_FOUND, "%s is in no active storage pool of that host", path);
    pv_error_hint(error, "name its format if it is there all the same");
    return PV_ERR_NOT_FOUND;
}

/* ---- qemu-img ---- */

struct img {
    lv_job *job;
    GSubprocess *process;
    GString *said;
};

/* "    (12.34/100%)" and the like, one after the other. */
static void
take_progress(struct img *img, const char *bytes, gssize len)
{
    const char *open;

    g_string_append_len(img->said, bytes, len);
    open = strrchr(img->said->str, '(');
    if (open)
        pv_task_progress(img->job->task, (int64_t)g_ascii_strtod(open + 1, NULL), 100, "percent");
}

/* Reads until the end; the task's end ends the process, too. */
static int
follow(struct img *img, pv_error **error)
{
    GInputStream *out = g_subprocess_get_stdout_pipe(img->process);
    GPollableInputStream *pollable = G_POLLABLE_INPUT_STREAM(out);
    char bytes[256];

    for (;;) {
        gssize n = g_pollable_input_stream_read_nonblocking(pollable, bytes, sizeof(bytes), NULL, NULL);
        int r = pv_task_check(img->job->task, error);

        if (r < 0) {
            g_subprocess_force_exit(img->process);
            g_subprocess_wait(img->process, NULL, NULL);
            return r;
        }
        if (n == 0)
            return 0;
        if (n > 0 && img->said->len < LV_XML_MAX)
            take_progress(img, bytes, n);
        if (n < 0)
            g_usleep(20 * 1000);
    }
}

static int
qemu_img(lv_job *job, const char *const *argv, pv_error **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(GSubprocess) process =
        g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &why);
    struct img img = { job, process, said };
    enum pv_code code;
    char *line;
    int r;

    if (!process)
        return pv_error_set(error, PV_ERR_FAILED, "cannot run qemu-img: %s", why->message);
    r = follow(&img, error);
    if (r < 0)
        return r;
    if (g_subprocess_wait_check(process, NULL, &why))
        return 0;
    line = strstr(said->str, "qemu-img: ");
    g_strdelimit(g_strstrip(line ? line : said->str), "\n\r", ' ');
    code = strstr(said->str, "No space left") ? PV_ERR_NO_SPACE : PV_ERR_FAILED;
    pv_error_set(error, code, "%s", line ? line : why->message);
    pv_error_native(error, "qemu-img", NULL, said->str);
    return code;
}

/* ---- make ---- */

/* A path no file lies at yet; qemu-img would overwrite one. */
static int
check_free(const char *path, pv_error **error)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_SYMLINK))
        return pv_error_set(error, PV_ERR_EXISTS, "%s exists already", path);
    return 0;
}

/* Runs what makes the file at path; what fails leaves no part of one. */
static int
make_file(lv_job *job, const char *const *argv, const char *path, pv_error **error)
{
    int r = check_free(path, error);

    if (r == 0)
        r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    r = qemu_img(job, argv, error);
    if (r < 0)
        g_unlink(path);
    return r;
}

static int
create_local(lv_job *job, const char *path, const char *format, int64_t size, const lv_image *backing,
             pv_error **error)
{
    g_autofree char *bytes = size >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT, (gint64)size) : NULL;
    const char *argv[16];
    unsigned n = 0;

    argv[n++] = "qemu-img";
    argv[n++] = "create";
    argv[n++] = "-q";
    argv[n++] = "-f";
    argv[n++] = format;
    if (backing) {
        argv[n++] = "-b";
        argv[n++] = backing->path;
        argv[n++] = "-F";
        argv[n++] = backing->format;
    }
    argv[n++] = "--";
    argv[n++] = path;
    if (bytes)
        argv[n++] = bytes;
    argv[n] = NULL;
    return make_file(job, argv, path, error);
}

/* A pool knows what was there when it last looked: before a name is called taken it looks again. */
static gboolean
is_taken(virStoragePoolPtr pool, const char *name)
{
    g_autoptr(virStorageVol) known = virStorageVolLookupByName(pool, name), still = NULL;

    if (known) {
        virStoragePoolRefresh(pool, 0);
        still = virStorageVolLookupByName(pool, name);
    }
    virResetLastError();
    return still != NULL;
}

static int
create_in_pool(lv_job *job, virStoragePoolPtr pool, const char *name, const char *format, int64_t size,
               const lv_image *backing, lv_image **ret_image, pv_error **error)
{
    g_autofree char *xml = lv_volume_xml(name, lv_pool_holds_files(pool) ? format : NULL, size,
                                         backing ? backing->path : NULL, backing ? backing->format : NULL);
    g_autoptr(virStorageVol) volume = NULL;
    int r;

    if (is_taken(pool, name))
        return pv_error_set(error, PV_ERR_EXISTS, "datastore %s has a volume '%s' already",
                            virStoragePoolGetName(pool), name);
    r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    volume = virStorageVolCreateXML(pool, xml, 0);
    if (!volume)
        return lv_fail(error, "cannot make volume %s in %s", name, virStoragePoolGetName(pool));
    r = volume_image(volume, lv_pool_holds_files(pool) ? format : NULL, ret_image, error);
    if (r == 0)
        (*ret_image)->made = TRUE;
    return r;
}

/* The pool of a folder, made for the moment where there is none. */
static int
pool_of_folder(virConnectPtr handle, const char *folder, virStoragePoolPtr *ret_pool, gboolean *ret_ours,
               pv_error **error)
{
    virStoragePoolPtr pool = virStoragePoolLookupByTargetPath(handle, folder);
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *xml = NULL;

    *ret_ours = FALSE;
    if (!pool) {
        xml = g_markup_printf_escaped("<pool type='dir'><name>polyvirt-%s</name>"
                                      "<target><path>%s</path></target></pool>", uuid, folder);
        pool = virStoragePoolCreateXML(handle, xml, 0);
        *ret_ours = TRUE;
    }
    if (!pool)
        return lv_fail(error, "cannot reach the folder %s", folder);
    *ret_pool = pool;
    return 0;
}

static int
create_remote(lv_job *job, virConnectPtr handle, const char *path, const char *format, int64_t size,
              const lv_image *backing, lv_image **ret_image, pv_error **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(virStoragePool) pool = NULL;
    gboolean ours;
    int r = pool_of_folder(handle, folder, &pool, &ours, error);

    if (r < 0)
        return r;
    r = create_in_pool(job, pool, name, format, size, backing, ret_image, error);
    if (ours)
        virStoragePoolDestroy(pool);
    return r;
}

/* Where images go when nobody says and there is no pool: what virt-manager calls "default". */
static int
local_folder(const lv_conn *conn, char **ret_folder, pv_error **error)
{
    g_autofree char *own = g_build_filename(g_get_user_data_dir(), "libvirt", "images", NULL);
    g_autofree char *folder = g_strdup(conn->session ? own : "/var/lib/libvirt/images");

    if (g_mkdir_with_parents(folder, 0711) < 0)
        return pv_error_set(error, PV_ERR_DENIED, "cannot make the folder %s: %s", folder, g_strerror(errno));
    *ret_folder = g_steal_pointer(&folder);
    return 0;
}

int
lv_image_create(lv_job *job, virConnectPtr handle, const struct lv_place *place, const char *format,
                int64_t size, const lv_image *backing, lv_image **ret_image, pv_error **error)
{
    g_autoptr(virStoragePool) pool = NULL;
    g_autoptr(pv_error) none = NULL;
    g_autofree char *folder = NULL;
    g_autofree char *path = g_strdup(place->path);
    int r;

    if (!format)
        format = "qcow2";
    if (!path) {
        r = lv_pool_find(handle, place->pool, &pool, &none);
        if (r == 0)
            return create_in_pool(job, pool, place->name, format, size, backing, ret_image, error);
        if (place->pool || !job->conn->local)
            return pv_error_propagate(error, g_steal_pointer(&none));
        r = local_folder(job->conn, &folder, error);
        if (r < 0)
            return r;
        path = g_build_filename(folder, place->name, NULL);
    }
    if (!job->conn->local)
        return create_remote(job, handle, path, format, size, backing, ret_image, error);
    r = create_local(job, path, format, size, backing, error);
    if (r < 0)
        return r;
    *ret_image = image_of(path, format, "file");
    (*ret_image)->made = TRUE;
    return 0;
}

/* ---- copy ---- */

static int
copy_local(lv_job *job, const lv_image *source, const char *path, pv_error **error)
{
    const char *argv[] = { "qemu-img", "convert", "-p", "-f", source->format, "-O", source->format, "--",
                           source->path, path, NULL };

    return make_file(job, argv, path, error);
}

/* The folder a local copy goes to: the pool's, else the source's own. */
static char *
folder_for_copy(virConnectPtr handle, const struct lv_place *place, const lv_image *source)
{
    g_autoptr(virStoragePool) pool = NULL;
    g_autoptr(lv_cstr) xml = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    char *folder = NULL;

    if (!place->pool)
        return g_path_get_dirname(source->path);
    if (lv_pool_find(handle, place->pool, &pool, NULL) == 0 && lv_pool_holds_files(pool))
        xml = virStoragePoolGetXMLDesc(pool, 0);
    if (xml && lv_xml_parse(xml, "the pool's description", &doc, NULL) == 0)
        folder = lv_xml_text(lv_xml_child(xmlDocGetRootElement(doc), "target"), "path");
    return folder;
}

/* A pool does not see what others put into its folder until it is told to look. */
static void
refresh_pool_of(virConnectPtr handle, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByTargetPath(handle, folder);

    if (pool)
        virStoragePoolRefresh(pool, 0);
    virResetLastError();
}

static int
copy_by_libvirt(lv_job *job, virConnectPtr handle, const struct lv_place *place, const lv_image *source,
                lv_image **ret_image, pv_error **error)
{
    g_autoptr(virStorageVol) from = virStorageVolLookupByPath(handle, source->path), to = NULL;
    g_autoptr(virStoragePool) pool = NULL;
    g_autofree char *xml = NULL;
    virStorageVolInfo info;
    int r;

    if (!from || virStorageVolGetInfo(from, &info) < 0)
        return lv_fail(error, "cannot copy %s, which is in no active storage pool", source->path);
    if (place->pool) {
        r = lv_pool_find(handle, place->pool, &pool, error);
        if (r < 0)
            return r;
    } else {
        pool = virStoragePoolLookupByVolume(from);
    }
    if (!pool)
        return lv_fail(error, "cannot find the pool of %s", source->path);
    xml = lv_volume_xml(place->name, lv_pool_holds_files(pool) ? source->format : NULL,
                        (int64_t)info.capacity, NULL, NULL);
    r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    to = virStorageVolCreateXMLFrom(pool, xml, from, 0);
    if (!to)
        return lv_fail(error, "cannot copy %s", source->path);
    r = volume_image(to, NULL, ret_image, error);
    if (r == 0)
        (*ret_image)->made = TRUE;
    return r;
}

int
lv_image_copy(lv_job *job, virConnectPtr handle, const struct lv_place *place, const lv_image *source,
              lv_image **ret_image, pv_error **error)
{
    g_autofree char *folder = NULL;
    g_autofree char *path = NULL;
    int r;

    if (job->conn->local && strcmp(source->type, "file") == 0)
        folder = folder_for_copy(handle, place, source);
    if (!folder)
        return copy_by_libvirt(job, handle, place, source, ret_image, error);
    path = g_build_filename(folder, place->name, NULL);
    r = copy_local(job, source, path, error);
    if (r < 0)
        return r;
    refresh_pool_of(handle, path);
    *ret_image = image_of(path, source->format, "file");
    (*ret_image)->made = TRUE;
    return 0;
}

/* ---- remove ---- */

static int
delete_remote(virConnectPtr handle, const char *path, pv_error **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(virStoragePool) pool = NULL;
    g_autoptr(virStorageVol) volume = NULL;
    gboolean ours;
    int r = pool_of_folder(handle, folder, &pool, &ours, error);

    if (r < 0)
        return r;
    volume = virStorageVolLookupByName(pool, name);
    if (volume && virStorageVolDelete(volume, 0) < 0)
        r = lv_fail(error, "cannot remove %s", path);
    if (ours)
        virStoragePoolDestroy(pool);
    return r;
}

int
lv_image_delete(lv_conn *conn, virConnectPtr handle, const char *path, pv_error **error)
{
    g_autoptr(virStorageVol) volume = virStorageVolLookupByPath(handle, path);

    virResetLastError();
    if (volume && virStorageVolDelete(volume, 0) == 0)
        return 0;
    if (volume && !conn->local)
        return lv_fail(error, "cannot remove %s", path);
    if (!conn->local)
        return delete_remote(handle, path, error);
    if (g_unlink(path) < 0 && errno != ENOENT)
        return pv_error_set(error, errno == EACCES || errno == EPERM ? PV_ERR_DENIED : PV_ERR_FAILED,
                            "cannot remove %s: %s", path, g_strerror(errno));
    refresh_pool_of(handle, path);
    return 0;
}
