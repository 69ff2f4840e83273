/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls: puts the parts together and takes them apart again. */
#include "http.h"
#include "server-limits.h"

#include <polyvirt/server.h>

struct pv_server {
    struct pv_service service;
    pv_tls *tls;
    pv_http *http;
    char *url;
    GThread *housekeeper;
    GMutex lock;
    GCond stop;
    gboolean stopping; /* guarded by lock */
};

const struct pv_enum_value pv_server_profile_values[] = {
    { PV_SERVER_PROFILE_VCENTER, "vcenter", "as a real vCenter answers" },
    { PV_SERVER_PROFILE_GUIDE, "guide", "with the guide's status codes on the /rest session" },
    { 0, NULL, NULL },
};

static gpointer
housekeeper_thread(gpointer data)
{
    pv_server *server = data;

    g_mutex_lock(&server->lock);
    while (!server->stopping) {
        g_cond_wait_until(&server->stop, &server->lock, g_get_monotonic_time() + PV_SERVER_TICK_MS * 1000);
        g_mutex_unlock(&server->lock);
        pv_http_reap(server->http);
        pv_sessions_expire(server->service.sessions);
        g_mutex_lock(&server->lock);
    }
    g_mutex_unlock(&server->lock);
    return NULL;
}

static int
check_options(const struct pv_server_options *options, pv_error **error)
{
    if (!options->backends || !options->backends[0])
        return pv_error_set(error, PV_ERR_USAGE, "backends: at least one URI is needed");
    if (!options->state_dir || !*options->state_dir)
        return pv_error_set(error, PV_ERR_USAGE, "state_dir: a directory is needed");
    if (options->profile && !pv_enum_name(pv_server_profile_values, (int)options->profile))
        return pv_error_set(error, PV_ERR_USAGE, "profile: vcenter or guide is needed");
    if (options->session_idle_ms < 0 || options->client_idle_ms < 0)
        return pv_error_set(error, PV_ERR_USAGE, "session_idle_ms, client_idle_ms: must not be negative");
    return 0;
}

static int
start_service(pv_server *server, const struct pv_server_options *options, pv_task *task, pv_error **error)
{
    struct pv_service *service = &server->service;
    int64_t idle = options->session_idle_ms ? options->session_idle_ms : PV_SERVER_SESSION_IDLE_MS;
    int rc;

    service->guide = options->profile == PV_SERVER_PROFILE_GUIDE;
    service->started = g_get_real_time();
    if ((rc = pv_login_new(options->user, options->password, &service->login, error)) < 0 ||
        (rc = pv_store_open(options->state_dir, &service->store, error)) < 0 ||
        (rc = pv_tls_load(options->state_dir, &server->tls, error)) < 0 ||
        (rc = pv_sessions_new(service->store, idle, &service->sessions, error)) < 0 ||
        (rc = pv_tasks_new(service->store, &service->tasks, error)) < 0)
        return rc;
    return pv_inventory_new(service->store, options->backends, options->open, task, &service->inventory,
                            error);
}

int
pv_server_start(const struct pv_server_options *options, pv_task *task, pv_server **ret_server,
                pv_error **error)
{
    g_autoptr(pv_server) server = g_new0(pv_server, 1);
    const char *listen = options->listen ? options->listen : "127.0.0.1:8443";
    int rc;

    g_mutex_init(&server->lock);
    g_cond_init(&server->stop);
    if ((rc = check_options(options, error)) < 0 || (rc = start_service(server, options, task, error)) < 0 ||
        (rc = pv_http_start(&server->service, listen, server->tls,
                            options->client_idle_ms ? options->client_idle_ms : PV_SERVER_CLIENT_IDLE_MS,
                            &server->http, error)) < 0)
        return rc;
    server->url = g_strdup_printf("https://%s", pv_http_address(server->http));
    server->housekeeper = g_thread_new("pv-house", housekeeper_thread, server);
    *ret_server = g_steal_pointer(&server);
    return 0;
}

static void
stop_housekeeper(pv_server *server)
{
    if (!server->housekeeper)
        return;
    g_mutex_lock(&server->lock);
    server->stopping = TRUE;
    g_cond_signal(&server->stop);
    g_mutex_unlock(&server->lock);
    g_thread_join(server->housekeeper);
}

void
pv_server_stop(pv_server *server)
{
    if (!server)
        return;
    stop_housekeeper(server);
    pv_http_stop(server->http);
    pv_tasks_free(server->service.tasks);
    pv_inventory_free(server->service.inventory);
    pv_sessions_free(server->service.sessions);
    pv_login_free(server->service.login);
    pv_store_close(server->service.store);
    pv_tls_free(server->tls);
    g_mutex_clear(&server->lock);
    g_cond_clear(&server->stop);
    g_free(server->url);
    g_free(server);
}

unsigned
pv_server_port(const pv_server *server)
{
    return pv_http_port(server->http);
}

const char *
pv_server_url(const pv_server *server)
{
    return server->url;
}

const char *
pv_server_fingerprint(const pv_server *server)
{
    return server->tls->fingerprint;
}

const char *
pv_server_certificate(const pv_server *server)
{
    return server->tls->path;
}

int
pv_server_run(const struct pv_server_options *options, pv_server_ready_fn ready, void *data, pv_task *task,
              pv_error **error)
{
    g_autoptr(pv_server) server = NULL;
    int rc = pv_server_start(options, task, &server, error);

    if (rc < 0)
        return rc;
    if (ready)
        ready(server, data);
    while (pv_task_sleep(task, G_MAXINT, NULL) == 0)
        ;
    return 0;
}
