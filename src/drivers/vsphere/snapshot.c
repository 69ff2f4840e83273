/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots. No vCenter has them in its REST API (none up to 9.1 does; they are in SOAP); polyvirt's
 * server has, in the guide's shape. So a path the server does not know is told from a VM it does not
 * know, and the former is said in words.
 */
#include "vsphere.h"

#include <string.h>

#define NO_SNAPSHOTS "this server's REST API has no snapshots (a vCenter has them in SOAP only)"

/* A VM that cannot exist: who has the resource says so of the VM, who has not of the path. */
static enum vs_answer
probe(struct vs_conn *conn)
{
    static const char *const ids[] = { "polyvirt-probe", NULL };
    struct pv_vapi_failure failure = { 0 };
    struct vs_request request = { .call = PV_VAPI_SNAPSHOT_LIST, .ids = ids, .failure = &failure };
    g_autoptr(pv_task) task = pv_task_new("snapshot.list", NULL);
    enum vs_answer answer = VS_NOT_ASKED;

    pv_task_set_timeout(task, VS_PROBE_MS);
    if (vs_rest(conn, &request, task, NULL, NULL) == 0 || (failure.status == 404 && !failure.no_route))
        answer = VS_YES;
    else if (failure.no_route)
        answer = VS_NO;
    pv_vapi_failure_clear(&failure);
    return answer;
}

gboolean
vs_lacks_snapshots(struct vs_conn *conn)
{
    if (g_atomic_int_get(&conn->snapshots) == VS_NOT_ASKED)
        g_atomic_int_set(&conn->snapshots, (gint)probe(conn));
    return g_atomic_int_get(&conn->snapshots) == VS_NO;
}

static int
snapshot_call(struct vs_conn *conn, struct vs_request *request, pv_task *task, json_t **ret_result,
              pv_error **error)
{
    struct pv_vapi_failure failure = { 0 };
    pv_error *reason = NULL;
    int code;

    request->failure = &failure;
    code = vs_rest(conn, request, task, ret_result, &reason);
    if (code < 0 && failure.no_route) {
        g_atomic_int_set(&conn->snapshots, VS_NO);
        pv_error_free(reason);
        code = pv_error_set(error, PV_ERR_UNSUPPORTED, NO_SNAPSHOTS);
    } else if (code < 0)
        pv_error_propagate(error, reason);
    pv_vapi_failure_clear(&failure);
    return code;
}

int
vs_snapshot_list(void *handle, const char *vm, pv_task *task, GPtrArray *snapshots, pv_error **error)
{
    const char *ids[] = { vm, NULL };
    struct vs_request request = { .call = PV_VAPI_SNAPSHOT_LIST, .ids = ids };
    g_autoptr(GPtrArray) found = pv_list_new(&pv_vapi_snapshot_desc);
    json_t *result = NULL;
    int code = snapshot_call(handle, &request, task, &result, error);

    if (code == 0)
        code = pv_vapi_read_list(result, &pv_vapi_snapshot_desc, 0, found, error);
    json_decref(result);
    for (guint i = 0; code == 0 && i < found->len; i++) {
        pv_snapshot *snapshot = pv_snapshot_new();

        pv_vapi_snapshot_to(found->pdata[i], snapshot);
        snapshot->vm = g_strdup(vm);
        g_ptr_array_add(snapshots, snapshot);
    }
    return code;
}

/* The resource is the guide's, whose body is {"spec": …} also below /api. */
int
vs_snapshot_create(void *handle, const char *vm, const pv_snapshot_spec *spec, pv_task *task, char **ret_id,
                   pv_error **error)
{
    const char *ids[] = { vm, NULL };
    g_autoptr(pv_vapi_snapshot_create) create = pv_vapi_snapshot_create_of(spec);
    g_autoptr(GString) body = g_string_new(NULL);
    struct vs_request request = { .call = PV_VAPI_SNAPSHOT_CREATE, .ids = ids, .body = body };
    json_t *result = NULL;
    int code;

    pv_vapi_write_spec(body, pv_vapi_dialect(PV_VAPI_GUIDE), &pv_vapi_snapshot_create_desc, create);
    code = snapshot_call(handle, &request, task, &result, error);
    if (code == 0 && !json_is_string(result))
        code = pv_error_set(error, PV_ERR_UNKNOWN, "the server took the snapshot but its answer holds no id");
    if (code == 0)
        *ret_id = g_strdup(json_string_value(result));
    json_decref(result);
    return code;
}

int
vs_snapshot_revert(void *handle, const char *vm, const char *snapshot, pv_task *task, pv_error **error)
{
    const char *ids[] = { vm, snapshot, NULL };
    struct vs_request request = { .call = PV_VAPI_SNAPSHOT_REVERT, .ids = ids };

    return snapshot_call(handle, &request, task, NULL, error);
}

static int
remove_one(struct vs_conn *conn, const char *vm, const char *snapshot, pv_task *task, pv_error **error)
{
    const char *ids[] = { vm, snapshot, NULL };
    struct vs_request request = { .call = PV_VAPI_SNAPSHOT_DELETE, .ids = ids };

    return snapshot_call(conn, &request, task, NULL, error);
}

/* Ids of the snapshots below one, level by level; each is taken once, so a cycle ends. */
static GPtrArray *
descendants(const GPtrArray *all, const char *top)
{
    GPtrArray *ids = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_add(seen, (gpointer)top);
    g_ptr_array_add(ids, (gpointer)top);
    for (guint i = 0; i < ids->len; i++)
        for (guint j = 0; j < all->len; j++) {
            const pv_snapshot *snapshot = all->pdata[j];

            if (g_strcmp0(snapshot->parent, ids->pdata[i]) == 0 && g_hash_table_add(seen, snapshot->id))
                g_ptr_array_add(ids, snapshot->id);
        }
    return ids;
}

/* The API removes one at a time: a subtree goes from its leaves. */
int
vs_snapshot_remove(void *handle, const char *vm, const char *snapshot, gboolean children, pv_task *task,
                   pv_error **error)
{
    g_autoptr(GPtrArray) all = NULL, ids = NULL;
    int code;

    if (!children)
        return remove_one(handle, vm, snapshot, task, error);
    all = pv_list_new(&pv_snapshot_desc);
    code = vs_snapshot_list(handle, vm, task, all, error);
    if (code < 0)
        return code;
    ids = descendants(all, snapshot);
    for (guint i = ids->len; code == 0 && i-- > 0;)
        code = remove_one(handle, vm, ids->pdata[i], task, error);
    return code;
}
