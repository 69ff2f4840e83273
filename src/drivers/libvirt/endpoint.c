/* SPDX-License-Identifier: Apache-2.0 */
/* What answers at the other end, and the host it runs on. */
#include "libvirt.h"

#include <polyvirt/accel.h>

char *
lv_version_text(unsigned long version)
{
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

static char *
library_version(virConnectPtr handle)
{
    unsigned long version;

    return virConnectGetLibVersion(handle, &version) < 0 ? NULL : lv_version_text(version);
}

static char *
hypervisor_version(virConnectPtr handle)
{
    unsigned long version;

    /* 0: the hypervisor has no number, as LXC */
    return virConnectGetVersion(handle, &version) < 0 || !version ? NULL : lv_version_text(version);
}

static char *
hostname(virConnectPtr handle)
{
    g_autoptr(lv_cstr) name = virConnectGetHostname(handle);

    return g_strdup(name);
}

/* Only for guests of this machine does this side decide it. */
static char *
accelerator(lv_job *job)
{
    g_autoptr(pv_task) task = pv_task_child(job->task, "host.accelerator", NULL);
    g_autoptr(pv_accel) accel = NULL;

    if (!job->conn->local || job->conn->kind != LV_QEMU)
        return NULL;
    pv_task_set_timeout(task, LV_ASIDE_MS);
    if (pv_accel_probe(NULL, FALSE, task, &accel, NULL) < 0)
        return NULL;
    return g_strdup(accel->accelerator);
}

static int
info_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    pv_endpoint *endpoint = job->object;
    int count = virConnectListAllDomains(handle, NULL, 0);

    if (count < 0)
        return lv_fail(error, "cannot count the domains");
    endpoint->vm_count = count;
    endpoint->product = g_strdup(job->conn->type);
    endpoint->version = hypervisor_version(handle);
    endpoint->api_version = library_version(handle);
    endpoint->hostname = hostname(handle);
    endpoint->accelerator = accelerator(job);
    endpoint->encrypted = virConnectIsEncrypted(handle) == 1;
    return 0;
}

static int
info(void *conn, pv_task *task, pv_endpoint *endpoint, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, info_run);

    lv_job_wants_object(job, &pv_endpoint_desc, endpoint);
    return lv_job_run_object(job, endpoint, error);
}

static int
session_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    const lv_conn *conn = job->conn;
    pv_session *session = job->object;
    g_autoptr(lv_cstr) uri = virConnectGetURI(handle);

    (void)error;
    session->id = g_strdup(conn->session ? "session" : "system");
    session->user = g_strdup(conn->user ? conn->user : g_get_user_name());
    g_free(session->endpoint);
    session->endpoint = g_strdup(uri ? uri : conn->uri);
    session->created = conn->opened;
    session->last_used = g_get_real_time();
    return 0;
}

static int
session(void *conn, pv_task *task, pv_session *session, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, session_run);

    lv_job_wants_object(job, &pv_session_desc, session);
    return lv_job_run_object(job, session, error);
}

const struct pv_endpoint_slots lv_endpoint_slots = { .info = info, .session = session };

/* ---- host: libvirt shows one, the one it runs on ---- */

static int
host_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    pv_host *host = pv_host_new();
    virNodeInfo node;

    g_ptr_array_add(job->list, host);
    if (virNodeGetInfo(handle, &node) < 0)
        return lv_fail(error, "cannot read the host");
    host->name = hostname(handle);
    host->id = g_strdup(host->name ? host->name : "localhost");
    host->state = g_strdup("connected");
    host->hypervisor = g_strdup(job->conn->type);
    host->version = hypervisor_version(handle);
    host->library_version = library_version(handle);
    host->arch = g_strndup(node.model, sizeof(node.model));
    host->cpus = node.cpus;
    host->mhz = node.mhz ? (int64_t)node.mhz : PV_UNSET_INT;
    host->numa_nodes = node.nodes;
    host->sockets = node.sockets;
    host->cores_per_socket = node.cores;
    host->threads_per_core = node.threads;
    host->memory = (int64_t)node.memory * 1024;
    host->memory_free = (int64_t)virNodeGetFreeMemory(handle);
    if (host->memory_free == 0) /* an error, or a driver that does not know */
        host->memory_free = PV_UNSET_INT;
    return 0;
}

static int
host_list(void *conn, pv_task *task, GPtrArray *hosts, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, host_run);

    lv_job_wants_list(job, &pv_host_desc);
    return lv_job_run_list(job, hosts, error);
}

const struct pv_host_slots lv_host_slots = { .list = host_list };
