/* SPDX-License-Identifier: Apache-2.0 */
#include "vm.h"

#include <string.h>

/* "dir/file" of a path below a datastore's folder, or NULL. */
static const char *
below(const pv_datastore *datastore, const char *path)
{
    size_t len = datastore->path ? strlen(datastore->path) : 0;

    return len && strncmp(path, datastore->path, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

char *
pv_rest_file_name(pv_inventory *inventory, const pv_backend *backend, const char *path)
{
    const GPtrArray *objects = pv_inventory_objects(inventory, PV_OBJECT_DATASTORE);
    const pv_datastore *best = NULL;

    if (path[0] == '[')
        return g_strdup(path);
    for (unsigned i = 0; i < objects->len; i++) {
        const struct pv_inv_object *object = objects->pdata[i];
        const pv_datastore *datastore = object->object;

        if (object->backend != backend || !below(datastore, path))
            continue;
        if (!best || strlen(datastore->path) > strlen(best->path)) /* the innermost of nested folders */
            best = datastore;
    }
    return best ? g_strdup_printf("[%s] %s", best->name, below(best, path)) : NULL;
}

/* No way out of the folder: no "..", no empty or absolute part. */
static gboolean
is_inside(const char *relative)
{
    g_auto(GStrv) parts = g_strsplit(relative, "/", -1);

    for (char **part = parts; *part; part++)
        if (!**part || strcmp(*part, "..") == 0 || strcmp(*part, ".") == 0)
            return FALSE;
    return parts[0] != NULL;
}

int
pv_rest_file_path(pv_inventory *inventory, const pv_backend *backend, const char *name, char **ret_path,
                  pv_error **error)
{
    const char *end = name[0] == '[' ? strstr(name, "] ") : NULL;
    g_autofree char *datastore_name = end ? g_strndup(name + 1, (gsize)(end - name - 1)) : NULL;
    const struct pv_inv_object *object;
    const pv_datastore *datastore;

    if (!end || !is_inside(end + 2))
        return pv_error_set(error, PV_ERR_INVALID,
                            "'%s' is no file of a datastore: \"[datastore] dir/file\" is needed", name);
    object = pv_inventory_object_named(inventory, PV_OBJECT_DATASTORE, backend, datastore_name);
    if (!object)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no datastore has the name '%s'", datastore_name);
    datastore = object->object;
    if (datastore->path && datastore->path[0] == '/')
        *ret_path = g_build_filename(datastore->path, end + 2, NULL);
    else
        *ret_path = g_strdup(name); /* the back end speaks vSphere's language itself */
    return 0;
}
