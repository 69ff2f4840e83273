/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client and its exchanges. Each pooled connection is an easy handle in a multi of its own: a
 * multi can wait on the task's cancellation beside the socket, and its cache keeps the connection.
 */
#include "http-priv.h"

#include <string.h>

#define POLL_MS        1000 /* longest wait before deadline and cancellation are looked at again */
#define LINGER_POLL_MS 50   /* the same when it was cancelled and waits for a last answer */

static struct pv_http_wire *
wire_new(void)
{
    struct pv_http_wire *wire = g_new0(struct pv_http_wire, 1);

    wire->easy = curl_easy_init();
    wire->multi = curl_multi_init();
    if (!wire->easy || !wire->multi)
        g_error("libcurl: out of memory");
    return wire;
}

static void
wire_free(struct pv_http_wire *wire)
{
    curl_easy_cleanup(wire->easy);
    curl_multi_cleanup(wire->multi);
    g_free(wire);
}

static struct pv_http_wire *
pool_take(pv_http *http)
{
    struct pv_http_wire *wire;

    g_mutex_lock(&http->lock);
    wire = g_queue_pop_head(&http->idle);
    g_mutex_unlock(&http->lock);
    return wire ? wire : wire_new();
}

/* The one used last is taken first, so that a pool that was large once falls idle and closes. */
static void
pool_give(pv_http *http, struct pv_http_wire *wire)
{
    g_mutex_lock(&http->lock);
    if (http->idle.length < PV_HTTP_POOL_MAX) {
        g_queue_push_head(&http->idle, wire);
        wire = NULL;
    }
    g_mutex_unlock(&http->lock);
    if (wire)
        wire_free(wire);
}

/* TLS libraries take a file without certificates for one that trusts nobody. */
static int
check_ca_file(const char *path, pv_error **error)
{
    g_autoptr(GMappedFile) file = NULL;
    g_autoptr(GError) failure = NULL;

    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return pv_error_set(error, PV_ERR_USAGE, "CA file \"%s\" is not a file", path);
    file = g_mapped_file_new(path, FALSE, &failure);
    if (!file)
        return pv_error_set(error, PV_ERR_USAGE, "CA file: %s", failure->message);
    if (!g_mapped_file_get_contents(file) ||
        !g_strstr_len(g_mapped_file_get_contents(file), (gssize)g_mapped_file_get_length(file), "CERTIFICATE-----"))
        return pv_error_set(error, PV_ERR_USAGE, "CA file \"%s\" holds no certificate in PEM form", path);
    return 0;
}

int
pv_http_new(const struct pv_http_options *options, pv_http **ret_http, pv_error **error)
{
    static gsize initialised;
    g_autofree char *pin = NULL;
    pv_http *http;
    int code;

    if (options->sha256 && (code = pv_http_pin_parse(options->sha256, &pin, error)) < 0)
        return code;
    if (options->ca_file && (code = check_ca_file(options->ca_file, error)) < 0)
        return code;
    if (g_once_init_enter(&initialised)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&initialised, 1);
    }
    http = g_new0(pv_http, 1);
    http->base = g_strdup(options->base);
    http->insecure = options->insecure;
    http->pin = g_steal_pointer(&pin);
    http->ca_file = g_strdup(options->ca_file);
    http->body_max = options->body_max ? options->body_max : PV_HTTP_BODY_MAX;
    g_mutex_init(&http->lock);
    g_queue_init(&http->idle);
    *ret_http = http;
    return 0;
}

void
pv_http_free(pv_http *http)
{
    if (!http)
        return;
    g_queue_clear_full(&http->idle, (GDestroyNotify)wire_free);
    g_mutex_clear(&http->lock);
    g_free(http->base);
    g_free(http->pin);
    g_free(http->ca_file);
    g_free(http);
}

void
pv_http_response_clear(struct pv_http_response *response)
{
    g_clear_pointer(&response->headers, g_hash_table_unref);
    g_clear_pointer(&response->body, g_byte_array_unref);
    g_clear_pointer(&response->request_id, g_free);
}

const char *
pv_http_header(const struct pv_http_response *response, const char *name)
{
    return g_hash_table_lookup(response->headers, name);
}

/* ---- what libcurl calls ---- */

/* After the handshake, before the first byte of the request. Called a second time when libcurl found
 * a kept connection dead and would send again: not for us to repeat something that changes. */
static int
on_ready(void *data, char *ip G_GNUC_UNUSED, char *local_ip G_GNUC_UNUSED, int port G_GNUC_UNUSED,
         int local_port G_GNUC_UNUSED)
{
    struct pv_http_exchange *exchange = data;
    long connects = 0;

    curl_easy_getinfo(exchange->wire->easy, CURLINFO_NUM_CONNECTS, &connects);
    if (exchange->http->pin && connects > 0) {
        g_free(exchange->certificate);
        exchange->certificate = pv_http_certificate(exchange->wire->easy);
        exchange->wrong_certificate = g_strcmp0(exchange->certificate, exchange->http->pin) != 0;
        if (exchange->wrong_certificate)
            return CURL_PREREQFUNC_ABORT;
    }
    if (exchange->sent > 0 && exchange->request->changes)
        return CURL_PREREQFUNC_ABORT;
    exchange->sent++;
    return CURL_PREREQFUNC_OK;
}

/* A head begins anew at each status line: 100 Continue and a proxy's answer come before the real one. */
static size_t
on_head(char *line, size_t size, size_t n, void *data)
{
    struct pv_http_exchange *exchange = data;
    size_t len = size * n;
    const char *colon = memchr(line, ':', len);
    char *name;

    exchange->head_len += len;
    if (exchange->head_len > PV_HTTP_HEAD_MAX) {
        exchange->head_too_large = TRUE;
        return 0;
    }
    if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
        g_hash_table_remove_all(exchange->response.headers);
    else if (colon) {
        name = g_ascii_strdown(line, colon - line);
        g_hash_table_replace(exchange->response.headers, name,
                             g_strstrip(g_strndup(colon + 1, len - (size_t)(colon + 1 - line))));
    }
    return len;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *data)
{
    struct pv_http_exchange *exchange = data;
    size_t len = size * n;

    if (len > exchange->http->body_max - exchange->response.body->len) {
        exchange->body_too_large = TRUE;
        return 0;
    }
    g_byte_array_append(exchange->response.body, (const guint8 *)bytes, (guint)len);
    return len;
}

/* ---- one exchange ---- */

static struct curl_slist *
make_headers(const struct pv_http_exchange *exchange)
{
    const struct pv_http_request *request = exchange->request;
    g_autofree char *id = g_strconcat("X-Request-ID: ", exchange->response.request_id, NULL);
    const char *media = request->content_type ? request->content_type : "application/json";
    g_autofree char *type = g_strconcat("Content-Type:", request->body ? " " : NULL, media, NULL);
    struct curl_slist *list = curl_slist_append(NULL, id);

    list = curl_slist_append(list, "Accept: application/json, */*;q=0.5");
    list = curl_slist_append(list, "Expect:"); /* no round trip for a 100 Continue */
    list = curl_slist_append(list, type); /* none without a body: libcurl would name a form's */
    for (const char *const *header = request->headers; header && *header; header++)
        list = curl_slist_append(list, *header);
    return list;
}

static void
set_tls(const struct pv_http *http, CURL *easy)
{
    gboolean check = !http->insecure && !http->pin;

    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* and later */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, check ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, check ? 2L : 0L);
    if (http->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
}

static void
set_body(const struct pv_http_request *request, CURL *easy)
{
    gboolean post = strcmp(request->method, "POST") == 0;

    if (request->body || post) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    }
    if (!post && (request->body || strcmp(request->method, "GET") != 0))
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void
set_auth(const struct pv_http_request *request, CURL *easy)
{
    if (!request->user)
        return;
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password ? request->password : "");
}

static void
set_options(struct pv_http_exchange *exchange, struct curl_slist *headers)
{
    CURL *easy = exchange->wire->easy;
    g_autofree char *url = g_strconcat(exchange->http->base, exchange->request->path, NULL);

    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, PV_HTTP_USER_AGENT);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)PV_HTTP_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)PV_HTTP_CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->why);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    set_tls(exchange->http, easy);
    set_auth(exchange->request, easy);
    set_body(exchange->request, easy);
}

/* True when the call is to end here: out of time, or cancelled and not to linger. */
static gboolean
is_over(struct pv_http_exchange *exchange)
{
    gint64 now = g_get_monotonic_time();

    if (pv_task_check(exchange->task, NULL) == 0)
        return FALSE;
    if (exchange->linger_until == 0 && exchange->sent > 0 && pv_task_is_cancelled(exchange->task))
        exchange->linger_until = now + exchange->request->linger_ms * 1000;
    return now >= exchange->linger_until || pv_task_remaining_ms(exchange->task) == 0;
}

/* Waits for the socket, the cancellation or the deadline, whichever is first. */
static void
wait_once(struct pv_http_exchange *exchange)
{
    GCancellable *cancellable = exchange->linger_until ? NULL : pv_task_cancellable(exchange->task);
    int fd = cancellable ? g_cancellable_get_fd(cancellable) : -1;
    struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };
    int64_t left = pv_task_remaining_ms(exchange->task), most = exchange->linger_until ? LINGER_POLL_MS
        : POLL_MS;

    if (left < 0 || left > most)
        left = most;
    curl_multi_poll(exchange->wire->multi, fd >= 0 ? &extra : NULL, fd >= 0 ? 1 : 0, (int)left, NULL);
    if (fd >= 0)
        g_cancellable_release_fd(cancellable);
}

/* Runs until the end or until the task says stop, which reads as an operation timed out. */
static CURLcode
perform(struct pv_http_exchange *exchange)
{
    CURLM *multi = exchange->wire->multi;
    int running = 1, left;
    CURLMsg *message;

    while (running) {
        if (is_over(exchange))
            return CURLE_OPERATION_TIMEDOUT;
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        if (running)
            wait_once(exchange);
    }
    message = curl_multi_info_read(multi, &left);
    return message ? message->data.result : CURLE_FAILED_INIT;
}

static int
run(struct pv_http_exchange *exchange, pv_error **error)
{
    struct curl_slist *headers = make_headers(exchange);
    CURL *easy = exchange->wire->easy;
    long status = 0;
    CURLcode result;
    int code = 0;

    set_options(exchange, headers);
    pv_http_trace_request(exchange);
    curl_multi_add_handle(exchange->wire->multi, easy);
    result = perform(exchange);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    exchange->response.status = (unsigned)status;
    if (result != CURLE_OK && !exchange->certificate)
        exchange->certificate = pv_http_certificate(easy);
    curl_multi_remove_handle(exchange->wire->multi, easy);
    if (result != CURLE_OK)
        code = pv_http_fail(exchange, result, error);
    curl_easy_reset(easy); /* keeps the connection; password and body go */
    curl_slist_free_all(headers);
    return code;
}

static int
check_redirect(const struct pv_http_exchange *exchange, pv_error **error)
{
    const char *to = pv_http_header(&exchange->response, "location");
    g_autofree char *safe = to ? pv_text_safe(to) : NULL;

    if (exchange->response.status < 300 || exchange->response.status >= 400)
        return 0;
    pv_error_set(error, PV_ERR_PROTOCOL, "the server redirects to \"%s\"", safe ? safe : "");
    pv_error_hint(error, "name that server in the URI");
    return PV_ERR_PROTOCOL;
}

int
pv_http_call(pv_http *http, const struct pv_http_request *request, pv_task *task,
             struct pv_http_response *ret_response, pv_error **error)
{
    struct pv_http_exchange exchange = { .http = http, .request = request, .task = task };
    int code = pv_task_check(task, error);

    if (code < 0)
        return code;
    exchange.response.headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    exchange.response.body = g_byte_array_new();
    exchange.response.request_id = g_uuid_string_random();
    exchange.wire = pool_take(http);
    code = run(&exchange, error);
    pv_http_trace_response(&exchange);
    if (code == 0)
        code = check_redirect(&exchange, error);
    pool_give(http, exchange.wire);
    g_free(exchange.certificate);
    if (code < 0)
        pv_http_response_clear(&exchange.response);
    else
        *ret_response = exchange.response;
    return code;
}
