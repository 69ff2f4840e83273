/* SPDX-License-Identifier: Apache-2.0 */
/* What is not a VM: the endpoint itself, hosts, datastores, networks. */
#include "vsphere.h"

int
vs_host_list(void *handle, pv_task *task, GPtrArray *list, pv_error **error)
{
    g_autoptr(GPtrArray) found = pv_list_new(&pv_vapi_host_summary_desc);
    int code = vs_list(handle, PV_VAPI_HOST_LIST, NULL, &pv_vapi_host_summary_desc, found, task, error);

    for (guint i = 0; code == 0 && i < found->len; i++) {
        pv_host *host = pv_host_new();

        pv_vapi_host_summary_to(found->pdata[i], host);
        g_ptr_array_add(list, host);
    }
    return code;
}

int
vs_datastore_list(void *handle, pv_task *task, GPtrArray *list, pv_error **error)
{
    g_autoptr(GPtrArray) found = pv_list_new(&pv_vapi_datastore_summary_desc);
    int code = vs_list(handle, PV_VAPI_DATASTORE_LIST, NULL, &pv_vapi_datastore_summary_desc, found, task,
                       error);

    for (guint i = 0; code == 0 && i < found->len; i++) {
        pv_datastore *datastore = pv_datastore_new();

        pv_vapi_datastore_summary_to(found->pdata[i], datastore);
        g_ptr_array_add(list, datastore);
    }
    return code;
}

int
vs_network_list(void *handle, pv_task *task, GPtrArray *list, pv_error **error)
{
    g_autoptr(GPtrArray) found = pv_list_new(&pv_vapi_network_summary_desc);
    int code = vs_list(handle, PV_VAPI_NETWORK_LIST, NULL, &pv_vapi_network_summary_desc, found, task, error);

    for (guint i = 0; code == 0 && i < found->len; i++) {
        pv_network *network = pv_network_new();

        pv_vapi_network_summary_to(found->pdata[i], network);
        g_ptr_array_add(list, network);
    }
    return code;
}

/* ---- endpoint ---- */

/* Releases of the /api that this driver was written against, newest first. */
static char *releases[] = { (char *)"9.0.0.0", (char *)"8.0.3.0", (char *)"8.0.2.0", NULL };

/* 8.0.2 and later say which release of the API they speak. */
static void
ask_release(struct vs_conn *conn, pv_task *task, pv_endpoint *endpoint)
{
    pv_vapi_hello_spec spec = { releases };
    g_autoptr(GString) body = g_string_new(NULL);
    struct vs_request request = { .call = PV_VAPI_SYSTEM_HELLO, .body = body };
    g_autoptr(pv_vapi_hello) hello = NULL;
    json_t *result = NULL;

    pv_vapi_write_spec(body, conn->dialect, &pv_vapi_hello_spec_desc, &spec);
    if (vs_rest(conn, &request, task, &result, NULL) == 0 && result
        && pv_vapi_read(result, &pv_vapi_hello_desc, 0, (void **)&hello, NULL) == 0 && hello->api_release
        && *hello->api_release)
        endpoint->api_version = g_strdup(hello->api_release);
    json_decref(result);
}

/* Asking for what a server may not have, or may not show us, fails nothing. */
int
vs_endpoint_info(void *handle, pv_task *task, pv_endpoint *endpoint, pv_error **error)
{
    struct vs_conn *conn = handle;
    g_autoptr(pv_vapi_system_version) version = NULL;
    g_autoptr(GPtrArray) vms = pv_list_new(&pv_vapi_vm_summary_desc);
    int code = vs_vm_summaries(conn, NULL, vms, task, error);

    if (code < 0)
        return code;
    endpoint->dialect = g_strdup(conn->dialect->prefix);
    endpoint->hostname = g_strdup(conn->host);
    endpoint->encrypted = TRUE;
    endpoint->vm_count = vms->len;
    if (vs_get(conn, PV_VAPI_SYSTEM_VERSION, NULL, &pv_vapi_system_version_desc, (void **)&version, task,
               NULL)
        == 0) {
        endpoint->product = g_strdup(version->product);
        endpoint->version = g_strdup(version->version);
        endpoint->build = g_strdup(version->build);
    }
    ask_release(conn, task, endpoint);
    return 0;
}
