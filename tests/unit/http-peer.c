/* SPDX-License-Identifier: Apache-2.0 */
#include "http-peer.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

struct http_peer {
    struct MHD_Daemon *daemon;
    http_peer_fn fn;
    void *data;
    GMutex lock;
    GString *log;
    unsigned connections;
    char *base, *sha256, *key_pem, *cert_pem;
    int port;
};

/* ---- a certificate for 127.0.0.1 ---- */

static char *
pem_text(gnutls_datum_t *datum)
{
    char *text = g_strndup((const char *)datum->data, datum->size);

    gnutls_free(datum->data);
    return text;
}

static void
make_certificate(struct http_peer *peer)
{
    static const unsigned char address[] = { 127, 0, 0, 1 }, serial[] = { 1 };
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t out;
    guint8 digest[32];
    size_t len = sizeof(digest);
    time_t now = time(NULL);

    gnutls_x509_privkey_init(&key);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&crt);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "test", 4);
    gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, sizeof(address), 0);
    gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
    gnutls_x509_crt_set_activation_time(crt, now - 3600);
    gnutls_x509_crt_set_expiration_time(crt, now + 86400);
    gnutls_x509_crt_set_key(crt, key);
    g_assert_cmpint(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), ==, 0);
    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out);
    peer->cert_pem = pem_text(&out);
    gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &out);
    peer->key_pem = pem_text(&out);
    gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, digest, &len);
    peer->sha256 = g_malloc0(2 * sizeof(digest) + 1);
    for (size_t i = 0; i < sizeof(digest); i++)
        g_snprintf(peer->sha256 + 2 * i, 3, "%02x", digest[i]);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

/* ---- requests ---- */

static const char *
find_header(const struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result
append_query(void *data, enum MHD_ValueKind kind G_GNUC_UNUSED, const char *key, const char *value)
{
    GString *path = data;

    g_string_append_printf(path, "%c%s%s%s", strchr(path->str, '?') ? '&' : '?', key, value ? "=" : "",
                           value ? value : "");
    return MHD_YES;
}

static enum MHD_Result
send_answer(struct MHD_Connection *connection, struct http_exchange *exchange)
{
    const char *text = exchange->answer ? exchange->answer : "";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (exchange->answer_header) {
        g_auto(GStrv) parts = g_strsplit(exchange->answer_header, ": ", 2);

        MHD_add_response_header(response, parts[0], parts[1]);
    }
    result = MHD_queue_response(connection, exchange->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version G_GNUC_UNUSED, const char *bytes, size_t *n_bytes, void **state)
{
    struct http_peer *peer = data;
    GString *body = *state;
    g_autoptr(GString) path = NULL;
    struct http_exchange exchange = { .method = method, .header = find_header, .connection = connection,
                                      .status = 200 };
    enum MHD_Result result;

    if (!body) {
        *state = g_string_new(NULL);
        return MHD_YES;
    }
    if (*n_bytes > 0) {
        g_string_append_len(body, bytes, (gssize)*n_bytes);
        *n_bytes = 0;
        return MHD_YES;
    }
    path = g_string_new(url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, append_query, path);
    exchange.path = path->str;
    exchange.body = body->str;
    g_mutex_lock(&peer->lock);
    g_string_append_printf(peer->log, "%s %s\n", method, path->str);
    peer->fn(&exchange, peer->data);
    g_mutex_unlock(&peer->lock);
    result = send_answer(connection, &exchange);
    g_free(exchange.answer);
    g_free(exchange.answer_header);
    return result;
}

static void
on_done(void *data G_GNUC_UNUSED, struct MHD_Connection *connection G_GNUC_UNUSED, void **state,
        enum MHD_RequestTerminationCode how G_GNUC_UNUSED)
{
    if (*state)
        g_string_free(*state, TRUE);
    *state = NULL;
}

static void
on_connection(void *data, struct MHD_Connection *connection G_GNUC_UNUSED, void **state G_GNUC_UNUSED,
              enum MHD_ConnectionNotificationCode what)
{
    struct http_peer *peer = data;

    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        g_atomic_int_inc((gint *)&peer->connections);
}

/* Paths arrive as they were sent, so that tests see the escapes. */
static size_t
keep_escapes(void *data G_GNUC_UNUSED, struct MHD_Connection *connection G_GNUC_UNUSED, char *text)
{
    return strlen(text);
}

struct http_peer *
http_peer_start(gboolean tls, http_peer_fn fn, void *data)
{
    struct http_peer *peer = g_new0(struct http_peer, 1);
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | (tls ? MHD_USE_TLS
            : 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    peer->fn = fn;
    peer->data = data;
    peer->log = g_string_new(NULL);
    g_mutex_init(&peer->lock);
    if (tls)
        make_certificate(peer);
    peer->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, peer, MHD_OPTION_SOCK_ADDR, &address,
                                    MHD_OPTION_NOTIFY_COMPLETED, on_done, peer, MHD_OPTION_NOTIFY_CONNECTION,
                                    on_connection, peer, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, peer,
                                    tls ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, peer->key_pem,
                                    MHD_OPTION_HTTPS_MEM_CERT, peer->cert_pem, MHD_OPTION_END);
    g_assert_nonnull(peer->daemon);
    peer->port = MHD_get_daemon_info(peer->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    peer->base = g_strdup_printf("%s://127.0.0.1:%d", tls ? "https" : "http", peer->port);
    return peer;
}

const char *
http_peer_base(const struct http_peer *peer)
{
    return peer->base;
}

int
http_peer_port(const struct http_peer *peer)
{
    return peer->port;
}

const char *
http_peer_sha256(const struct http_peer *peer)
{
    return peer->sha256;
}

const char *
http_peer_pem(const struct http_peer *peer)
{
    return peer->cert_pem;
}

char *
http_peer_log(struct http_peer *peer)
{
    char *copy;

    g_mutex_lock(&peer->lock);
    copy = g_strdup(peer->log->str);
    g_mutex_unlock(&peer->lock);
    return copy;
}

unsigned
http_peer_connections(struct http_peer *peer)
{
    return (unsigned)g_atomic_int_get((gint *)&peer->connections);
}

void
http_peer_stop(struct http_peer *peer)
{
    MHD_stop_daemon(peer->daemon);
    g_string_free(peer->log, TRUE);
    g_mutex_clear(&peer->lock);
    g_free(peer->base);
    g_free(peer->sha256);
    g_free(peer->key_pem);
    g_free(peer->cert_pem);
    g_free(peer);
}

/* ---- raw ---- */

struct raw_peer {
    GSocketListener *listener;
    GCancellable *stop;
    GThread *thread;
    char *bytes, *base;
    enum raw_end end;
    gint requests;
};

/* Reads up to the end of a request's head; false when the client went away. */
static gboolean
read_head(GSocketConnection *connection, GCancellable *stop)
{
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    g_autoptr(GString) head = g_string_new(NULL);
    char chunk[1024];

    while (!strstr(head->str, "\r\n\r\n")) {
        gssize n = g_input_stream_read(in, chunk, sizeof(chunk), stop, NULL);

        if (n <= 0)
            return FALSE;
        g_string_append_len(head, chunk, n);
    }
    return TRUE;
}

static void
serve_connection(struct raw_peer *peer, GSocketConnection *connection)
{
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    char byte;

    if (!read_head(connection, peer->stop))
        return;
    g_atomic_int_inc(&peer->requests);
    g_output_stream_write_all(out, peer->bytes, strlen(peer->bytes), NULL, peer->stop, NULL);
    if (peer->end == RAW_HOLD)
        g_input_stream_read(in, &byte, 1, peer->stop, NULL);
    else if (peer->end == RAW_DROP && read_head(connection, peer->stop))
        g_atomic_int_inc(&peer->requests);
}

static void *
serve_raw(void *data)
{
    struct raw_peer *peer = data;

    while (!g_cancellable_is_cancelled(peer->stop)) {
        g_autoptr(GSocketConnection) connection =
            g_socket_listener_accept(peer->listener, NULL, peer->stop, NULL);

        if (connection)
            serve_connection(peer, connection);
    }
    return NULL;
}

struct raw_peer *
raw_peer_start(const char *bytes, enum raw_end end)
{
    struct raw_peer *peer = g_new0(struct raw_peer, 1);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) bound = NULL;

    peer->listener = g_socket_listener_new();
    peer->stop = g_cancellable_new();
    peer->bytes = g_strdup(bytes);
    peer->end = end;
    g_assert_true(g_socket_listener_add_address(peer->listener, any, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP,
                                                NULL, &bound, NULL));
    peer->base = g_strdup_printf("http://127.0.0.1:%d",
                                 g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    peer->thread = g_thread_new("raw-peer", serve_raw, peer);
    return peer;
}

const char *
raw_peer_base(const struct raw_peer *peer)
{
    return peer->base;
}

unsigned
raw_peer_requests(struct raw_peer *peer)
{
    return (unsigned)g_atomic_int_get(&peer->requests);
}

void
raw_peer_stop(struct raw_peer *peer)
{
    g_cancellable_cancel(peer->stop);
    g_thread_join(peer->thread);
    g_object_unref(peer->listener);
    g_object_unref(peer->stop);
    g_free(peer->bytes);
    g_free(peer->base);
    g_free(peer);
}
