/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making VMs. vCenter wants a folder, a datastore and a resource pool of one datacenter; what the
 * caller left open is taken from the first datacenter that has all of what was named.
 */
#include "vsphere.h"

#include <string.h>

/* ---- placement ---- */

struct kind {
    enum pv_vapi_call_id call;
    const char *key;  /* of the id in a summary */
    const char *type; /* filter, or NULL */
    const char *noun;
};
static const struct kind folder_kind = { PV_VAPI_FOLDER_LIST, "folder", "VIRTUAL_MACHINE", "folder" };
static const struct kind datastore_kind = { PV_VAPI_DATASTORE_LIST, "datastore", NULL, "datastore" };
static const struct kind host_kind = { PV_VAPI_HOST_LIST, "host", NULL, "host" };
static const struct kind pool_kind = { PV_VAPI_RESOURCE_POOL_LIST, "resource_pool", NULL, "resource pool" };

static const char *
text_of(const json_t *item, const char *key)
{
    return json_string_value(json_object_get(item, key));
}

/* The item that has this id or name; wanted NULL: the one with the most free space, or the first. */
static const json_t *
choose(const json_t *items, const char *key, const char *wanted)
{
    const json_t *best = NULL;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);

        if (!text_of(item, key))
            continue;
        if (wanted && (g_strcmp0(text_of(item, key), wanted) == 0
                       || g_strcmp0(text_of(item, "name"), wanted) == 0))
            return item;
        if (!wanted
            && (!best || json_integer_value(json_object_get(item, "free_space"))
                             > json_integer_value(json_object_get(best, "free_space"))))
            best = item;
    }
    return wanted ? NULL : best;
}

/* Replaces *id, a name or NULL, by an id within the datacenter (NULL: anywhere). NOT_FOUND leaves it. */
static int
place_one(struct vs_conn *conn, const struct kind *kind, const char *datacenter, char **id, pv_task *task,
          pv_error **error)
{
    const char *types[] = { kind->type, NULL }, *datacenters[] = { datacenter, NULL };
    struct vs_filter filters[3] = { 0 };
    struct vs_request request = { .call = kind->call, .filters = filters };
    json_t *items = NULL;
    const json_t *item;
    unsigned n = 0;
    int code;

    if (kind->type)
        filters[n++] = (struct vs_filter){ "type", types, 0 };
    if (datacenter)
        filters[n++] = (struct vs_filter){ "datacenters", datacenters, 0 };
    code = vs_rest(conn, &request, task, &items, error);
    if (code < 0)
        return code;
    item = choose(items, kind->key, *id);
    if (item) {
        g_free(*id);
        *id = g_strdup(text_of(item, kind->key));
    } else if (*id)
        code = pv_error_set(error, PV_ERR_NOT_FOUND, "%s: there is no %s '%s'", kind->key, kind->noun, *id);
    else
        code = pv_error_set(error, PV_ERR_NOT_FOUND, "%s: there is no %s to use", kind->key, kind->noun);
    json_decref(items);
    return code;
}

/* A pool is only needed where neither host nor cluster says where to run. */
static int
place_in(struct vs_conn *conn, const char *datacenter, pv_vapi_placement *placement, pv_task *task,
         pv_error **error)
{
    int code = place_one(conn, &folder_kind, datacenter, &placement->folder, task, error);

    if (code == 0)
        code = place_one(conn, &datastore_kind, datacenter, &placement->datastore, task, error);
    if (code == 0 && placement->host)
        code = place_one(conn, &host_kind, datacenter, &placement->host, task, error);
    if (code == 0 && (placement->resource_pool || (!placement->host && !placement->cluster)))
        code = place_one(conn, &pool_kind, datacenter, &placement->resource_pool, task, error);
    return code;
}

static int
place_somewhere(struct vs_conn *conn, const GPtrArray *datacenters, pv_vapi_placement **placement,
                pv_task *task, pv_error **error)
{
    pv_error *reason = NULL;

    for (guint i = 0; i < datacenters->len; i++) {
        const pv_vapi_datacenter_summary *datacenter = datacenters->pdata[i];
        g_autoptr(pv_vapi_placement) tried = pv_desc_copy(&pv_vapi_placement_desc, *placement);
        int code;

        pv_error_clear(&reason);
        code = place_in(conn, datacenter->datacenter, tried, task, &reason);
        if (code == 0) {
            pv_vapi_placement_free(*placement);
            *placement = g_steal_pointer(&tried);
            return 0;
        }
        if (code != PV_ERR_NOT_FOUND)
            break;
    }
    return pv_error_propagate(error, reason);
}

int
vs_place(struct vs_conn *conn, pv_vapi_placement **placement, pv_task *task, pv_error **error)
{
    g_autoptr(GPtrArray) datacenters = pv_list_new(&pv_vapi_datacenter_summary_desc);
    int code = vs_list(conn, PV_VAPI_DATACENTER_LIST, NULL, &pv_vapi_datacenter_summary_desc, datacenters,
                       task,
                       NULL);

    if (code < 0 || datacenters->len == 0)
        return place_in(conn, NULL, *placement, task, error);
    return place_somewhere(conn, datacenters, placement, task, error);
}

static const pv_vapi_network_summary *
find_network(const GPtrArray *networks, const char *wanted)
{
    for (guint i = 0; i < networks->len; i++) {
        const pv_vapi_network_summary *network = networks->pdata[i];

        if (strcmp(network->network, wanted) == 0 || strcmp(network->name, wanted) == 0)
            return network;
    }
    return NULL;
}

static void
replace(char **to, const char *from)
{
    g_free(*to);
    *to = g_strdup(from);
}

int
vs_place_nics(struct vs_conn *conn, GPtrArray *nics, pv_task *task, pv_error **error)
{
    g_autoptr(GPtrArray) networks = NULL;
    int code;

    for (guint i = 0; nics && i < nics->len; i++) {
        pv_vapi_backing *backing = ((pv_vapi_nic *)nics->pdata[i])->backing;
        const pv_vapi_network_summary *network;

        if (!backing)
            continue;
        if (!networks) {
            networks = pv_list_new(&pv_vapi_network_summary_desc);
            code = vs_list(conn, PV_VAPI_NETWORK_LIST, NULL, &pv_vapi_network_summary_desc, networks, task,
                           error);
            if (code < 0)
                return code;
        }
        network = find_network(networks, backing->network);
        if (!network)
            return pv_error_set(error, PV_ERR_NOT_FOUND, "nics[%u].network: there is no network '%s'", i,
                                backing->network);
        replace(&backing->type, network->type);
        replace(&backing->network, network->network);
    }
    return 0;
}

/* ---- slots ---- */

int
vs_vm_create(void *handle, const pv_vm_spec *spec, pv_task *task, char **ret_id, pv_error **error)
{
    struct vs_conn *conn = handle;
    g_autoptr(pv_vapi_vm_create) create = NULL;
    g_autoptr(GString) body = g_string_new(NULL);
    struct vs_request request = { .call = PV_VAPI_VM_CREATE, .body = body };
    int code = pv_vapi_vm_create_of(spec, &create, error);

    if (code == 0)
        code = vs_place(conn, &create->placement, task, error);
    if (code == 0)
        code = vs_place_nics(conn, create->nics, task, error);
    if (code < 0)
        return code;
    pv_vapi_write_spec(body, conn->dialect, &pv_vapi_vm_create_desc, create);
    return vs_make(conn, &request, task, ret_id, error);
}

/* Starting the copy is left to the core, which does it the same way for every driver. */
int
vs_vm_clone(void *handle, const char *vm, const pv_clone_spec *spec, pv_task *task, char **ret_id,
            pv_error **error)
{
    struct vs_conn *conn = handle;
    g_autoptr(pv_vapi_vm_clone) clone = NULL;
    g_autoptr(GString) body = g_string_new(NULL);
    struct vs_request request = { .call = PV_VAPI_VM_CLONE, .body = body };
    int code = pv_vapi_vm_clone_of(vm, spec, &clone, error);

    if (code < 0)
        return code;
    clone->power_on = FALSE;
    if (clone->placement)
        code = place_one(conn, &datastore_kind, NULL, &clone->placement->datastore, task, error);
    if (code < 0)
        return code;
    pv_vapi_write_spec(body, conn->dialect, &pv_vapi_vm_clone_desc, clone);
    return vs_make(conn, &request, task, ret_id, error);
}
