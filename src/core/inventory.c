/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint itself and what it has besides VMs: hosts, datastores, volumes, networks. */
#include "conn-private.h"

int
pv_endpoint_info(pv_conn *conn, pv_task *task, pv_endpoint **ret_endpoint, pv_error **error)
{
    g_autoptr(pv_endpoint) endpoint = pv_endpoint_new();
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "endpoint.info", task, error);

    if (code < 0)
        return code;
    endpoint->uri = g_strdup(conn->uri);
    endpoint->driver = g_strdup(conn->driver->name);
    endpoint->readonly = conn->readonly;
    code = conn->driver->endpoint->info(conn->handle, call.task, endpoint, error);
    if (code == 0)
        *ret_endpoint = g_steal_pointer(&endpoint);
    return pv_call_end(&call, NULL, code, error);
}

int
pv_session_info(pv_conn *conn, pv_task *task, pv_session **ret_session, pv_error **error)
{
    g_autoptr(pv_session) session = pv_session_new();
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "session.info", task, error);

    if (code < 0)
        return code;
    session->endpoint = g_strdup(conn->uri);
    code = conn->driver->endpoint->session(conn->handle, call.task, session, error);
    if (code == 0)
        *ret_session = g_steal_pointer(&session);
    return pv_call_end(&call, NULL, code, error);
}

typedef int (*list_slot)(void *handle, pv_task *task, GPtrArray *list, pv_error **error);

/* hosts, datastores and networks are read alike: all of them, one call */
static int
list_all(pv_conn *conn, const char *operation, list_slot slot, const struct pv_desc *desc, pv_task *task,
         GPtrArray **ret_list, pv_error **error)
{
    g_autoptr(GPtrArray) list = pv_list_new(desc);
    struct pv_call call;
    int code = pv_call_begin(&call, conn, operation, task, error);

    if (code < 0)
        return code;
    code = slot(conn->handle, call.task, list, error);
    if (code == 0)
        *ret_list = g_steal_pointer(&list);
    return pv_call_end(&call, NULL, code, error);
}

int
pv_host_list(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error)
{
    return list_all(conn, "host.list", conn->driver->host ? conn->driver->host->list : NULL, &pv_host_desc, task,
                    ret_list, error);
}

int
pv_datastore_list(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error)
{
    return list_all(conn, "datastore.list", conn->driver->datastore ? conn->driver->datastore->list : NULL,
                    &pv_datastore_desc, task, ret_list, error);
}

int
pv_network_list(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error)
{
    return list_all(conn, "network.list", conn->driver->network ? conn->driver->network->list : NULL,
                    &pv_network_desc, task, ret_list, error);
}

/* ---- volumes ---- */

static int
resolve_datastore(pv_conn *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error)
{
    g_autoptr(GPtrArray) stores = NULL;
    unsigned index;
    int code = pv_datastore_list(conn, task, &stores, error);

    if (code == 0)
        code = pv_list_find(stores, &pv_datastore_desc, ref, &index, error);
    if (code == 0)
        *ret_id = g_strdup(((const pv_datastore *)g_ptr_array_index(stores, index))->id);
    return code;
}

int
pv_volume_list(pv_conn *conn, const char *datastore, pv_task *task, GPtrArray **ret_list, pv_error **error)
{
    g_autoptr(GPtrArray) list = pv_list_new(&pv_volume_desc);
    g_autofree char *id = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "volume.list", task, error);

    if (code < 0)
        return code;
    if (datastore)
        code = resolve_datastore(conn, datastore, call.task, &id, error);
    if (code == 0)
        code = conn->driver->volume->list(conn->handle, id, call.task, list, error);
    if (code == 0)
        *ret_list = g_steal_pointer(&list);
    return pv_call_end(&call, NULL, code, error);
}

static int
find_volume(pv_conn *conn, const char *datastore, const char *ref, pv_task *task, pv_volume **ret_volume,
            pv_error **error)
{
    g_autoptr(GPtrArray) list = NULL;
    unsigned index;
    int code = pv_volume_list(conn, datastore, task, &list, error);

    if (code < 0)
        return code;
    code = pv_list_find(list, &pv_volume_desc, ref, &index, error);
    if (code < 0)
        pv_error_prefix(error, "datastore %s: ", datastore);
    else
        *ret_volume = g_ptr_array_steal_index(list, index);
    return code;
}

static int
create_volume(struct pv_call *call, const pv_volume_spec *spec, char **ret_id, pv_error **error)
{
    pv_conn *conn = call->conn;
    g_autoptr(pv_volume_spec) resolved = pv_desc_copy(&pv_volume_spec_desc, spec);
    char *store = NULL;
    int code = resolve_datastore(conn, spec->datastore, call->task, &store, error);

    if (code < 0)
        return code;
    g_free(resolved->datastore);
    resolved->datastore = store;
    return conn->driver->volume->create(conn->handle, resolved, call->task, ret_id, error);
}

int
pv_volume_create(pv_conn *conn, const pv_volume_spec *spec, pv_task *task, pv_volume **ret_volume, pv_error **error)
{
    g_autofree char *id = NULL;
    struct pv_call call;
    int code = pv_desc_validate(&pv_volume_spec_desc, spec, error);

    if (code == 0)
        code = pv_call_begin(&call, conn, "volume.create", task, error);
    if (code < 0)
        return code;
    code = create_volume(&call, spec, &id, error);
    code = pv_call_end(&call, spec->name, code, error);
    if (code == 0 && ret_volume)
        code = pv_call_after_made(find_volume(conn, spec->datastore, id, task, ret_volume, error), "read back", error);
    return code;
}

int
pv_volume_delete(pv_conn *conn, const char *datastore, const char *ref, pv_task *task, pv_error **error)
{
    g_autoptr(pv_volume) volume = NULL;
    g_autofree char *store = NULL;
    struct pv_call call;
    int code = pv_call_begin(&call, conn, "volume.delete", task, error);

    if (code < 0)
        return code;
    code = find_volume(conn, datastore, ref, call.task, &volume, error);
    if (code == 0)
        code = resolve_datastore(conn, datastore, call.task, &store, error);
    if (code == 0)
        code = conn->driver->volume->remove(conn->handle, store, volume->id, call.task, error);
    return pv_call_end(&call, ref, code, error);
}
