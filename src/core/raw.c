/* SPDX-License-Identifier: Apache-2.0 */
/* Raw exchanges: the checks that are the same for every wire. */
#include "conn-private.h"

#include <polyvirt/raw.h>

gboolean
pv_raw_reads(pv_conn *conn, const json_t *request)
{
    return !conn->driver->raw || conn->driver->raw->reads(request);
}

int
pv_raw_call(pv_conn *conn, const json_t *request, pv_task *task, json_t **ret_reply, pv_error **error)
{
    struct pv_call call;
    int code;

    if (!conn->driver->raw)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s endpoints have no raw exchanges", conn->driver->name);
    if (!json_is_object(request))
        return pv_error_set(error, PV_ERR_INVALID, "a raw request is an object");
    if (conn->readonly && !conn->driver->raw->reads(request))
        return pv_error_set(error, PV_ERR_DENIED, "the connection is read-only and this may change something");
    code = pv_call_begin(&call, conn, "endpoint.info", task, error);
    if (code < 0)
        return code;
    code = conn->driver->raw->call(conn->handle, request, call.task, ret_reply, error);
    return pv_call_end(&call, NULL, code, error);
}
