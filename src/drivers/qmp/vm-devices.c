/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-driver.h"

#include <string.h>

/* ---- disks ---- */

/* The bus by QEMU's names: "virtio0", "ide2-cd0" of -drive, ".../virtio-backend" of -device. */
static const struct {
    const char *prefix, *bus;
} buses[] = {
    { "virtio", "virtio" }, { "ide", "ide" },       { "scsi", "scsi" },   { "sd", "sd" },
    { "floppy", "floppy" }, { "pflash", "pflash" }, { "nvme", "nvme" },
};

static const char *
bus_of(const char *name)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(buses); i++)
        if (g_str_has_prefix(name, buses[i].prefix))
            return buses[i].bus;
    return NULL;
}

/* Last component of "/machine/peripheral/vd1/virtio-backend" that names the device: "vd1". */
static char *
device_of(const char *qdev)
{
    g_autofree char *path = g_strdup(qdev ? qdev : "");
    char *slash;

    if (g_str_has_suffix(path, "/virtio-backend"))
        path[strlen(path) - strlen("/virtio-backend")] = '\0';
    slash = strrchr(path, '/');
    return g_strdup(slash ? slash + 1 : path);
}

static void
read_image(const json_t *inserted, pv_disk *disk)
{
    const json_t *image = json_object_get(inserted, "image");
    const json_t *capacity = json_object_get(image, "virtual-size"), *taken = json_object_get(image, "actual-size");

    disk->path = g_strdup(json_string_value(json_object_get(inserted, "file")));
    disk->format = g_strdup(json_string_value(json_object_get(inserted, "drv")));
    disk->backing = g_strdup(json_string_value(json_object_get(inserted, "backing_file")));
    disk->readonly = json_is_true(json_object_get(inserted, "ro"));
    if (json_is_integer(capacity))
        disk->capacity = json_integer_value(capacity);
    if (json_is_integer(taken))
        disk->allocation = json_integer_value(taken);
}

static pv_disk *
read_disk(const json_t *block)
{
    const char *name = json_string_value(json_object_get(block, "device"));
    const char *qdev = json_string_value(json_object_get(block, "qdev"));
    const json_t *inserted = json_object_get(block, "inserted");
    g_autofree char *device = device_of(qdev);
    gboolean removable = json_is_true(json_object_get(block, "removable"));
    const char *bus = bus_of(name);
    pv_disk *disk;

    if (!inserted && !qdev)
        return NULL; /* a drive of the machine type that nothing is attached to */
    disk = pv_disk_new();
    disk->id = g_strdup(name && *name ? name : device);
    disk->label = g_steal_pointer(&device);
    if (!bus && qdev && g_str_has_suffix(qdev, "/virtio-backend"))
        bus = "virtio";
    disk->bus = g_strdup(bus);
    disk->device = g_strdup(g_strcmp0(bus, "floppy") == 0 ? "floppy" : removable ? "cdrom" : "disk");
    if (inserted)
        read_image(inserted, disk);
    return disk;
}

void
qmp_read_disks(const json_t *blocks, pv_vm *vm)
{
    vm->disks = pv_list_new(&pv_disk_desc);
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        pv_disk *disk = read_disk(json_array_get(blocks, i));

        if (disk)
            g_ptr_array_add(vm->disks, disk);
    }
}

/* ---- network cards: no query command lists them all, the object tree does ---- */

#define NICS_MAX 256

static const char *const containers[] = { "/machine/peripheral", "/machine/peripheral-anon", "/machine/unattached" };

static const struct {
    const char *prefix; /* of QEMU's type */
    const char *model;
} models[] = {
    { "virtio-net", "virtio" }, { "e1000e", "e1000e" },   { "e1000", "e1000" }, { "rtl8139", "rtl8139" },
    { "vmxnet3", "vmxnet3" },   { "ne2k", "ne2k" },       { "pcnet", "pcnet" }, { "i8255", "i8255x" },
    { "igb", "igb" },           { "usb-net", "usb-net" }, { "tulip", "tulip" },
};

/* The model behind "child<virtio-net-pci>", or NULL: virtio-net-device is the inside of one. */
static const char *
model_of(const char *type)
{
    if (!type || !g_str_has_prefix(type, "child<") || g_str_has_suffix(type, "-device>"))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        if (g_str_has_prefix(type + strlen("child<"), models[i].prefix))
            return models[i].model;
    return NULL;
}

/* A property's text, or NULL with 0 when the device lacks it. */
static int
qom_text(pv_qmp *qmp, const char *path, const char *property, pv_task *task, char **ret_text, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    json_t *arguments = json_pack("{s:s,s:s}", "path", path, "property", property);
    json_t *value = NULL;
    int code = pv_qmp_execute(qmp, task, "qom-get", arguments, &value, &why);

    json_decref(arguments);
    if (code < 0 && !why->native_source)
        return pv_error_propagate(error, g_steal_pointer(&why));
    if (code == 0)
        *ret_text = g_strdup(json_string_value(value));
    json_decref(value);
    return 0;
}

static int
read_nic(pv_qmp *qmp, const char *container, const char *child, const char *model, pv_task *task, pv_vm *vm,
         pv_error **error)
{
    g_autofree char *path = g_strconcat(container, "/", child, NULL);
    g_autoptr(pv_nic) nic = pv_nic_new();
    int code = qom_text(qmp, path, "mac", task, &nic->mac, error);

    if (code == 0)
        code = qom_text(qmp, path, "netdev", task, &nic->label, error);
    if (code < 0 || !nic->mac || vm->nics->len >= NICS_MAX)
        return code;
    nic->id = g_strdup(child);
    nic->model = g_strdup(model);
    g_ptr_array_add(vm->nics, g_steal_pointer(&nic));
    return 0;
}

static int
read_container(pv_qmp *qmp, const char *container, pv_task *task, pv_vm *vm, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    json_t *arguments = json_pack("{s:s}", "path", container);
    json_t *children = NULL;
    int code = pv_qmp_execute(qmp, task, "qom-list", arguments, &children, &why);

    json_decref(arguments);
    if (code < 0) /* a machine without this container has no cards in it */
        return why->native_source ? 0 : pv_error_propagate(error, g_steal_pointer(&why));
    for (size_t i = 0; i < json_array_size(children) && code == 0; i++) {
        const json_t *child = json_array_get(children, i);
        const char *name = json_string_value(json_object_get(child, "name"));
        const char *model = model_of(json_string_value(json_object_get(child, "type")));

        if (name && model)
            code = read_nic(qmp, container, name, model, task, vm, error);
    }
    json_decref(children);
    return code;
}

int
qmp_read_nics(pv_qmp *qmp, pv_task *task, pv_vm *vm, pv_error **error)
{
    int code = 0;

    vm->nics = pv_list_new(&pv_nic_desc);
    for (size_t i = 0; i < G_N_ELEMENTS(containers) && code == 0; i++)
        code = read_container(qmp, containers[i], task, vm, error);
    return code;
}
