/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include "server-limits.h"
#include "listen.h"
#include "route.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <polyvirt/log.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* TLS 1.2 and 1.3 with what GnuTLS calls 128 bits of security. */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/* A connection, as far as slow clients are concerned. */
struct client {
    int fd;
    gint64 since; /* monotonic; waiting for the client since then; 0: it waits for us */
};

enum phase {
    PHASE_NEW,     /* the request line is known */
    PHASE_BODY,
    PHASE_RUNNING, /* on a worker, the connection is suspended */
    PHASE_DONE,    /* the answer is in the request */
};

struct exchange {
    struct pv_http *http;
    struct pv_request *request;
    struct MHD_Connection *connection;
    enum phase phase;
    size_t received; /* bytes of the body */
};

struct pv_http {
    struct pv_service *service;
    struct MHD_Daemon *daemon;
    GThreadPool *workers;
    char *address;
    unsigned port;
    int64_t client_idle_us;
    GMutex lock;         /* guards what follows */
    GHashTable *clients; /* set of struct client */
    GHashTable *running; /* set of struct exchange: whole, not answered to the end */
    GCond idle;          /* running became empty */
    gint stopping;
};

/* ---- slow clients ---- */

static struct client *
client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* From now on it is the client that is waited for. */
static void
wait_for_client(struct exchange *exchange)
{
    struct client *client = client_of(exchange->connection);

    if (!client)
        return;
    g_mutex_lock(&exchange->http->lock);
    client->since = g_get_monotonic_time();
    g_mutex_unlock(&exchange->http->lock);
}

/* The request is whole: it is our turn, and a stop lets it end. */
static void
note_running(struct exchange *exchange)
{
    struct client *client = client_of(exchange->connection);

    g_mutex_lock(&exchange->http->lock);
    if (client)
        client->since = 0;
    g_hash_table_add(exchange->http->running, exchange);
    g_mutex_unlock(&exchange->http->lock);
}

static void
note_ended(struct exchange *exchange)
{
    pv_http *http = exchange->http;

    g_mutex_lock(&http->lock);
    if (g_hash_table_remove(http->running, exchange) && g_hash_table_size(http->running) == 0)
        g_cond_broadcast(&http->idle);
    g_mutex_unlock(&http->lock);
}

static void
on_connection(void *data, struct MHD_Connection *connection, void **context,
              enum MHD_ConnectionNotificationCode code)
{
    struct pv_http *http = data;
    const union MHD_ConnectionInfo *info;
    struct client *client = *context;

    g_mutex_lock(&http->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = client = g_new0(struct client, 1);
        client->fd = info ? info->connect_fd : -1;
        client->since = g_get_monotonic_time();
        g_hash_table_add(http->clients, client);
    } else if (client) {
        /* told before the socket is closed, so its number cannot be another's yet */
        g_hash_table_remove(http->clients, client);
        *context = NULL;
    }
    g_mutex_unlock(&http->lock);
}

void
pv_http_reap(pv_http *http)
{
    int64_t now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer key;

    g_mutex_lock(&http->lock);
    g_hash_table_iter_init(&iter, http->clients);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        struct client *client = key;

        if (client->since && now - client->since > http->client_idle_us && client->fd >= 0) {
            shutdown(client->fd, SHUT_RDWR); /* libmicrohttpd sees the end and cleans up */
            client->since = 0;
        }
    }
    g_mutex_unlock(&http->lock);
}

/* ---- receiving ---- */

static char *
header(struct MHD_Connection *connection, const char *name)
{
    return g_strdup(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

/* An id given back in a header must not make another header. */
static char *
printable(char *text)
{
    if (!text)
        return NULL;
    for (char *p = text; *p; p++)
        if (*p < 0x20 || *p == 0x7f || p - text >= PV_SERVER_OPID_MAX) {
            g_free(text);
            return NULL;
        }
    return text;
}

static void
take_headers(struct pv_request *request, struct MHD_Connection *connection)
{
    struct pv_request_headers *headers = &request->headers;

    headers->authorization = header(connection, "Authorization");
    headers->session_id = header(connection, PV_VAPI_SESSION_HEADER);
    if (!headers->session_id)
        headers->session_id =
            g_strdup(MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, PV_VAPI_SESSION_HEADER));
    headers->operation_id = printable(header(connection, "X-Request-ID"));
    headers->no_cookie = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                     PV_VAPI_NO_COOKIE_HEADER) != NULL;
}

static char *
peer_address(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
                                                                   MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "?";

    if (info && info->client_addr->sa_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)info->client_addr)->sin_addr, text, sizeof text);
    else if (info && info->client_addr->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)info->client_addr)->sin6_addr, text, sizeof text);
    return g_strdup(text);
}

static void *
on_uri(void *data, const char *uri, struct MHD_Connection *connection)
{
    struct pv_http *http = data;
    struct exchange *exchange = g_new0(struct exchange, 1);

    exchange->http = http;
    exchange->connection = connection;
    exchange->request = pv_request_new(http->service, uri);
    return exchange;
}

static void
on_completed(G_GNUC_UNUSED void *data, G_GNUC_UNUSED struct MHD_Connection *connection, void **context,
             G_GNUC_UNUSED enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *context;

    if (!exchange)
        return;
    wait_for_client(exchange);
    note_ended(exchange);
    pv_request_free(exchange->request);
    g_free(exchange);
    *context = NULL;
}

/* ---- answering ---- */

static struct MHD_Response *
response_of(struct pv_request *request)
{
    size_t size = request->out->len;
    char *body = g_string_free(g_steal_pointer(&request->out), FALSE);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(size, body, g_free);

    if (size)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (request->headers.operation_id)
        MHD_add_response_header(response, "X-Request-ID", request->headers.operation_id);
    for (unsigned i = 0; i + 1 < request->reply_headers->len; i += 2)
        MHD_add_response_header(response, request->reply_headers->pdata[i],
                                request->reply_headers->pdata[i + 1]);
    return response;
}

static enum MHD_Result
send_answer(struct exchange *exchange)
{
    struct pv_request *request = exchange->request;
    struct MHD_Response *response = response_of(request);
    enum MHD_Result result;

    pv_log(PV_LOG_TRACE, "server", "%s %.*s: %u", request->method, (int)strcspn(request->uri, "?"),
           request->uri, request->status);
    wait_for_client(exchange);
    if (g_atomic_int_get(&exchange->http->stopping))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(exchange->connection, request->status, response);
    MHD_destroy_response(response);
    return result;
}

static void
work(gpointer data, G_GNUC_UNUSED gpointer user_data)
{
    struct exchange *exchange = data;

    pv_route_run(exchange->request);
    exchange->phase = PHASE_DONE;
    MHD_resume_connection(exchange->connection); /* exchange is the other thread's from here */
}

static void
hand_over(struct exchange *exchange)
{
    exchange->phase = PHASE_RUNNING;
    MHD_suspend_connection(exchange->connection);
    g_thread_pool_push(exchange->http->workers, exchange, NULL);
}

static void
too_busy(struct pv_request *request)
{
    pv_refuse(request, PV_VAPI_SERVICE_UNAVAILABLE, "polyvirt.http.too_busy", NULL,
              "The server has too much to do or is about to end.");
    pv_reply_header(request, "Retry-After", "1");
}

/* The request is whole. */
static enum MHD_Result
dispatch(struct exchange *exchange)
{
    struct pv_http *http = exchange->http;
    gboolean worker = FALSE;

    note_running(exchange);
    if (!pv_route_begin(exchange->request, &worker))
        return send_answer(exchange);
    if (g_atomic_int_get(&http->stopping) || g_thread_pool_unprocessed(http->workers) > PV_SERVER_QUEUE_MAX)
        too_busy(exchange->request);
    else if (worker) {
        hand_over(exchange);
        return MHD_YES;
    } else
        pv_route_run(exchange->request);
    return send_answer(exchange);
}

/* Headers are here: refuse a body that says it is far too large before it is sent. */
static enum MHD_Result
begin(struct exchange *exchange, const char *method)
{
    struct pv_request *request = exchange->request;
    const char *length =
        MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    request->method = g_strdup(method);
    request->peer = peer_address(exchange->connection);
    take_headers(request, exchange->connection);
    exchange->phase = PHASE_BODY;
    wait_for_client(exchange);
    if (!length || g_ascii_strtoull(length, NULL, 10) <= PV_SERVER_DISCARD_MAX)
        return MHD_YES;
    request->body_too_large = TRUE;
    return dispatch(exchange);
}

/* A body that is somewhat too large is read and thrown away: a client that still sends would not see
 * the answer. */
static enum MHD_Result
receive(struct exchange *exchange, const char *bytes, size_t *size)
{
    struct pv_request *request = exchange->request;

    exchange->received += *size;
    if (exchange->received > PV_SERVER_DISCARD_MAX)
        return MHD_NO;
    if (exchange->received > PV_SERVER_BODY_MAX) {
        request->body_too_large = TRUE;
        g_byte_array_set_size(request->body, 0);
    } else
        g_byte_array_append(request->body, (const guint8 *)bytes, (guint)*size);
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result
on_request(G_GNUC_UNUSED void *data, G_GNUC_UNUSED struct MHD_Connection *connection,
           G_GNUC_UNUSED const char *url,
           const char *method, G_GNUC_UNUSED const char *version, const char *upload, size_t *upload_size,
           void **context)
{
    struct exchange *exchange = *context;

    switch (exchange->phase) {
    case PHASE_NEW:
        return begin(exchange, method);
    case PHASE_BODY:
        return *upload_size ? receive(exchange, upload, upload_size) : dispatch(exchange);
    case PHASE_RUNNING:
        return MHD_YES;
    case PHASE_DONE:
        break;
    }
    return send_answer(exchange);
}

/* Paths and queries are decoded by whom they concern: "%2F" is no separator, "%00" no end. */
static size_t
keep_escapes(G_GNUC_UNUSED void *data, G_GNUC_UNUSED struct MHD_Connection *connection, char *text)
{
    return strlen(text);
}

static void
on_log(G_GNUC_UNUSED void *data, const char *format, va_list args)
{
    g_autofree char *text = NULL;

    if (!pv_log_wants(PV_LOG_TRACE, "server"))
        return;
    text = g_strdup_vprintf(format, args);
    pv_log(PV_LOG_TRACE, "server", "%s", g_strchomp(text));
}

/* ---- life ---- */

static struct MHD_Daemon *
start_daemon(pv_http *http, int fd, const struct pv_tls *tls)
{
    unsigned threads = MIN(g_get_num_processors(), PV_SERVER_THREADS_MAX);
    unsigned idle_s = (unsigned)((http->client_idle_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, http,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_HTTPS_MEM_KEY, tls->key,
        MHD_OPTION_HTTPS_MEM_CERT, tls->certificate,
        MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
        MHD_OPTION_THREAD_POOL_SIZE, MAX(threads, 2u),
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)PV_SERVER_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)PV_SERVER_MEMORY_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, http,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
        MHD_OPTION_END);
}

int
pv_http_start(struct pv_service *service, const char *address, const struct pv_tls *tls,
              int64_t client_idle_ms, pv_http **ret_http, pv_error **error)
{
    g_autoptr(pv_http) http = g_new0(pv_http, 1);
    int fd, rc;

    g_mutex_init(&http->lock);
    g_cond_init(&http->idle);
    http->running = g_hash_table_new(NULL, NULL);
    http->clients = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    http->service = service;
    http->client_idle_us = client_idle_ms * 1000;
    rc = pv_listen(address, &fd, &http->port, &http->address, error);
    if (rc < 0)
        return rc;
    http->workers = g_thread_pool_new(work, http, PV_SERVER_WORKERS, FALSE, NULL);
    http->daemon = start_daemon(http, fd, tls);
    if (!http->daemon) {
        close(fd);
        return pv_error_set(error, PV_ERR_INTERNAL, "the HTTP server does not start on %s", http->address);
    }
    *ret_http = g_steal_pointer(&http);
    return 0;
}

/* Lets requests end, then cancels those that still wait for a back end. */
static void
drain(pv_http *http)
{
    int64_t end = g_get_monotonic_time() + (int64_t)PV_SERVER_DRAIN_MS * 1000;
    GHashTableIter iter;
    gpointer key;

    g_mutex_lock(&http->lock);
    while (g_hash_table_size(http->running) && g_cond_wait_until(&http->idle, &http->lock, end))
        ;
    g_hash_table_iter_init(&iter, http->running);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        pv_task *task = ((struct exchange *)key)->request->task;

        if (task)
            pv_task_cancel(task);
    }
    g_mutex_unlock(&http->lock);
}

void
pv_http_stop(pv_http *http)
{
    MHD_socket fd = MHD_INVALID_SOCKET;

    if (!http)
        return;
    g_atomic_int_set(&http->stopping, 1);
    if (http->daemon)
        fd = MHD_quiesce_daemon(http->daemon);
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
    drain(http);
    if (http->workers)
        g_thread_pool_free(http->workers, FALSE, TRUE);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    g_hash_table_unref(http->clients);
    g_hash_table_unref(http->running);
    g_cond_clear(&http->idle);
    g_mutex_clear(&http->lock);
    g_free(http->address);
    g_free(http);
}

unsigned
pv_http_port(const pv_http *http)
{
    return http->port;
}

const char *
pv_http_address(const pv_http *http)
{
    return http->address;
}
