/* SPDX-License-Identifier: Apache-2.0 */
/* What QMP can say of the endpoint and the host: QEMU's version, accelerator and target. */
#include "qmp-driver.h"

/* The first VM that answers speaks for the folder; there may be none. */
static int
enter_any(struct qmp_conn *conn, pv_task *task, unsigned *ret_count, struct qmp_visit *visit, pv_error **error)
{
    g_autoptr(GPtrArray) machines = NULL;
    int code = qmp_machine_scan(conn, &machines, error);

    if (code < 0)
        return code;
    *ret_count = machines->len;
    if (!conn->folder)
        return qmp_enter(conn, machines->pdata[0], task, visit, error);
    for (unsigned i = 0; i < MIN(machines->len, QMP_INFO_TRIES); i++)
        if (qmp_enter(conn, machines->pdata[i], task, visit, NULL) == 0)
            break;
    return pv_task_is_cancelled(task) ? pv_task_check(task, error) : 0;
}

static char *
version_of(const pv_qmp *qmp)
{
    const struct pv_qmp_greeting *greeting = pv_qmp_get_greeting(qmp);

    return g_strdup_printf("%d.%d.%d", greeting->major, greeting->minor, greeting->micro);
}

static const char *
host_of(const struct qmp_conn *conn)
{
    return conn->single && conn->single->host ? conn->single->host : g_get_host_name();
}

static char *
ask_accelerator(pv_qmp *qmp, pv_task *task)
{
    json_t *answer = NULL;
    char *accelerator = NULL;

    if (pv_qmp_execute(qmp, task, "query-kvm", NULL, &answer, NULL) == 0)
        accelerator = g_strdup(json_is_true(json_object_get(answer, "enabled")) ? "kvm" : "tcg");
    json_decref(answer);
    return accelerator;
}

static char *
ask_arch(pv_qmp *qmp, pv_task *task)
{
    json_t *answer = NULL;
    char *arch = NULL;

    if (pv_qmp_execute(qmp, task, "query-target", NULL, &answer, NULL) == 0)
        arch = g_strdup(json_string_value(json_object_get(answer, "arch")));
    json_decref(answer);
    return arch;
}

static int
endpoint_info(void *data, pv_task *task, pv_endpoint *endpoint, pv_error **error)
{
    struct qmp_conn *conn = data;
    g_auto(qmp_visit) visit = { 0 };
    unsigned count = 0;
    int code = enter_any(conn, task, &count, &visit, error);

    if (code < 0)
        return code;
    endpoint->product = g_strdup("QEMU");
    endpoint->hostname = g_strdup(host_of(conn));
    endpoint->encrypted = FALSE;
    endpoint->vm_count = count;
    if (!visit.qmp)
        return 0;
    endpoint->version = version_of(visit.qmp);
    endpoint->api_version = version_of(visit.qmp);
    endpoint->build = g_strdup(pv_qmp_get_greeting(visit.qmp)->package);
    endpoint->accelerator = ask_accelerator(visit.qmp, task);
    return 0;
}

static int
host_list(void *data, pv_task *task, GPtrArray *hosts, pv_error **error)
{
    struct qmp_conn *conn = data;
    g_auto(qmp_visit) visit = { 0 };
    g_autoptr(pv_host) host = pv_host_new();
    unsigned count = 0;
    int code = enter_any(conn, task, &count, &visit, error);

    if (code < 0)
        return code;
    host->id = g_strdup(host_of(conn));
    host->name = g_strdup(host_of(conn));
    host->state = g_strdup("connected");
    host->hypervisor = g_strdup("QEMU");
    if (visit.qmp) {
        host->version = version_of(visit.qmp);
        host->library_version = version_of(visit.qmp);
        host->arch = ask_arch(visit.qmp, task);
    }
    g_ptr_array_add(hosts, g_steal_pointer(&host));
    return 0;
}

const struct pv_endpoint_slots qmp_endpoint_slots = { .info = endpoint_info };
const struct pv_host_slots qmp_host_slots = { .list = host_list };
