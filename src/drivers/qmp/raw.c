/* SPDX-License-Identifier: Apache-2.0 */
/* A QMP command as the caller wrote it. */
#include "qmp-driver.h"

#include <polyvirt/raw.h>
#include <string.h>

static gboolean
raw_reads(const json_t *request)
{
    static const char *const looks[] = { "qom-get", "qom-list", "qom-list-types", "qom-list-properties",
                                         "device-list-properties", NULL };
    const char *name = json_string_value(json_object_get(request, "execute"));

    return name && (g_str_has_prefix(name, "query-") || g_strv_contains(looks, name));
}

static int
check_request(const struct qmp_conn *conn, const json_t *request, pv_error **error)
{
    static const char *const members[] = { "execute", "arguments", "vm", NULL };
    const json_t *arguments = json_object_get(request, "arguments"), *value;
    const char *key;

    json_object_foreach((json_t *)request, key, value)
        if (!g_strv_contains(members, key))
            return pv_error_set(error, PV_ERR_INVALID, "%s: a raw QMP request has execute, arguments and vm", key);
    if (!json_is_string(json_object_get(request, "execute")))
        return pv_error_set(error, PV_ERR_INVALID, "execute: the name of a QMP command");
    if (arguments && !json_is_object(arguments))
        return pv_error_set(error, PV_ERR_INVALID, "arguments: expected an object");
    if (conn->folder && !json_is_string(json_object_get(request, "vm")))
        return pv_error_set(error, PV_ERR_INVALID, "vm: in a folder of monitors the request names one");
    return 0;
}

static int
enter(struct qmp_conn *conn, const json_t *request, pv_task *task, qmp_visit *visit, pv_error **error)
{
    const char *name = json_string_value(json_object_get(request, "vm"));
    g_autofree char *id = NULL;
    int code;

    if (!name)
        return qmp_enter(conn, conn->single, task, visit, error);
    code = qmp_vm_resolve(conn, name, task, &id, error);
    return code < 0 ? code : qmp_enter_id(conn, id, task, visit, error);
}

/* What QEMU answered is a reply, also when it is an error; what went wrong on the way is not. */
static gboolean
is_answer(const pv_error *why)
{
    return why->native_source && g_str_equal(why->native_source, "qmp") && why->native_code &&
           why->code != PV_ERR_UNKNOWN;
}

static int
raw_call(void *handle, const json_t *request, pv_task *task, json_t **ret_reply, pv_error **error)
{
    struct qmp_conn *conn = handle;
    g_auto(qmp_visit) visit = { 0 };
    g_autoptr(pv_error) why = NULL;
    json_t *answer = NULL;
    int code = check_request(conn, request, error);

    if (code == 0)
        code = enter(conn, request, task, &visit, error);
    if (code < 0)
        return code;
    code = pv_qmp_execute(visit.qmp, task, json_string_value(json_object_get(request, "execute")),
                          json_object_get(request, "arguments"), &answer, &why);
    if (code < 0 && !is_answer(why))
        return pv_error_propagate(error, g_steal_pointer(&why));
    if (code < 0)
        *ret_reply = json_pack("{s:{s:s, s:s*}}", "error", "class", why->native_code, "desc", why->native_message);
    else
        *ret_reply = json_pack("{s:o*}", "return", answer);
    return 0;
}

const struct pv_raw_slots qmp_raw_slots = { .call = raw_call, .reads = raw_reads };
