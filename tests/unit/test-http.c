/* SPDX-License-Identifier: Apache-2.0 */
#include "http-peer.h"
#include "http.h"

#include <glib/gstdio.h>

#include <polyvirt/log.h>
#include <string.h>

#define DEADLINE_MS 300
#define LATE_US     (10 * G_USEC_PER_SEC)

static void
answer_hello(struct http_exchange *exchange, void *data G_GNUC_UNUSED)
{
    exchange->answer = g_strdup("\"hello\"");
    exchange->answer_header = g_strdup("X-Test: one");
}

static pv_http *
client(const struct pv_http_options *options)
{
    pv_http *http = NULL;
    pv_error *error = NULL;

    pv_http_new(options, &http, &error);
    g_assert_null(error);
    return http;
}

static int
call(pv_http *http, const char *method, const char *path, pv_task *task, struct pv_http_response *response,
     pv_error **error)
{
    struct pv_http_request request = { .method = method, .path = path,
                                       .changes = strcmp(method, "GET") != 0 };

    return pv_http_call(http, &request, task, response, error);
}

static pv_task *
short_task(void)
{
    pv_task *task = pv_task_new("test", NULL);

    pv_task_set_timeout(task, DEADLINE_MS);
    return task;
}

static void
test_an_answer_has_status_headers_and_body(void)
{
    struct http_peer *peer = http_peer_start(FALSE, answer_hello, NULL);
    g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = http_peer_base(peer) });
    g_auto(pv_http_response) response = { 0 };
    g_autoptr(pv_error) error = NULL;
    g_autofree char *log = NULL;

    g_assert_cmpint(call(http, "GET", "/a?b=c%20d", NULL, &response, &error), ==, 0);
    g_assert_cmpuint(response.status, ==, 200);
    g_assert_cmpstr(pv_http_header(&response, "x-test"), ==, "one");
    g_assert_cmpmem(response.body->data, response.body->len, "\"hello\"", 7);
    log = http_peer_log(peer);
    g_assert_cmpstr(log, ==, "GET /a?b=c%20d\n");
    http_peer_stop(peer);
}

static void
echo_headers(struct http_exchange *exchange, void *data G_GNUC_UNUSED)
{
    exchange->answer = g_strdup_printf(
        "%s|%s|%s|%s|%s", exchange->header(exchange, "User-Agent"),
            exchange->header(exchange, "X-Request-ID"),
        exchange->header(exchange, "Authorization"), exchange->header(exchange, "Content-Type"),
            exchange->body);
}

static void
test_a_request_carries_agent_id_credentials_and_body(void)
{
    struct http_peer *peer = http_peer_start(FALSE, echo_headers, NULL);
    g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = http_peer_base(peer) });
    g_auto(pv_http_response) response = { 0 };
    g_autofree char *wanted = NULL;
    struct pv_http_request request = { .method = "POST", .path = "/", .user = "u", .password = "p:q",
                                       .body = "{}", .body_len = 2, .changes = TRUE };

    g_assert_cmpint(pv_http_call(http, &request, NULL, &response, NULL), ==, 0);
    wanted = g_strdup_printf("polyvirt/0.1.0|%s|Basic dTpwOnE=|application/json|{}", response.request_id);
    g_assert_cmpmem(response.body->data, response.body->len, wanted, strlen(wanted));
    http_peer_stop(peer);
}

static void
test_credentials_do_not_stay_on_the_connection(void)
{
    struct http_peer *peer = http_peer_start(FALSE, echo_headers, NULL);
    g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = http_peer_base(peer) });
    g_auto(pv_http_response) first = { 0 }, second = { 0 };
    g_autofree char *text = NULL;
    struct pv_http_request request = { .method = "GET", .path = "/", .user = "u", .password = "p" };

    g_assert_cmpint(pv_http_call(http, &request, NULL, &first, NULL), ==, 0);
    g_assert_cmpint(call(http, "GET", "/", NULL, &second, NULL), ==, 0);
    text = g_strndup((const char *)second.body->data, second.body->len);
    g_assert_null(strstr(text, "Basic"));
    http_peer_stop(peer);
}

static void
test_connections_are_kept_alive(void)
{
    struct http_peer *peer = http_peer_start(TRUE, answer_hello, NULL);
    g_autoptr(pv_http) http =
        client(&(struct pv_http_options){ .base = http_peer_base(peer), .sha256 = http_peer_sha256(peer) });

    for (int i = 0; i < 5; i++) {
        g_auto(pv_http_response) response = { 0 };

        g_assert_cmpint(call(http, i % 2 ? "POST" : "GET", "/", NULL, &response, NULL), ==, 0);
    }
    g_assert_cmpuint(http_peer_connections(peer), ==, 1);
    http_peer_stop(peer);
}

static void
answer_empty(struct http_exchange *exchange, void *data G_GNUC_UNUSED)
{
    exchange->status = 204;
}

static void
test_an_empty_answer_is_an_answer(void)
{
    struct http_peer *peer = http_peer_start(FALSE, answer_empty, NULL);
    g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = http_peer_base(peer) });
    g_auto(pv_http_response) response = { 0 };

    g_assert_cmpint(call(http, "POST", "/x", NULL, &response, NULL), ==, 0);
    g_assert_cmpuint(response.status, ==, 204);
    g_assert_cmpuint(response.body->len, ==, 0);
    http_peer_stop(peer);
}

/* ---- certificates ---- */

static int
tls_call(const struct http_peer *peer, struct pv_http_options options, pv_error **error)
{
    g_autoptr(pv_http) http = NULL;
    g_auto(pv_http_response) response = { 0 };

    options.base = http_peer_base(peer);
    http = client(&options);
    return call(http, "GET", "/", NULL, &response, error);
}

static void
test_an_unknown_certificate_is_refused_and_shown(void)
{
    struct http_peer *peer = http_peer_start(TRUE, answer_hello, NULL);
    g_autoptr(pv_error) error = NULL;
    g_autofree char *log = NULL;

    g_assert_cmpint(tls_call(peer, (struct pv_http_options){ 0 }, &error), ==, PV_ERR_TLS);
    g_assert_nonnull(strstr(error->hint, http_peer_sha256(peer)));
    log = http_peer_log(peer);
    g_assert_cmpstr(log, ==, "");
    http_peer_stop(peer);
}

static void
test_the_pinned_certificate_is_accepted(void)
{
    struct http_peer *peer = http_peer_start(TRUE, answer_hello, NULL);
    g_autofree char *upper = g_ascii_strup(http_peer_sha256(peer), -1);
    g_autofree char *colons = g_strdup_printf("%.2s:%s", upper, upper + 2);

    g_assert_cmpint(tls_call(peer, (struct pv_http_options){ .sha256 = colons }, NULL), ==, 0);
    http_peer_stop(peer);
}

static void
test_another_certificate_than_the_pinned_gets_no_request(void)
{
    struct http_peer *peer = http_peer_start(TRUE, answer_hello, NULL);
    g_autofree char *other = g_strnfill(64, 'a');
    g_autoptr(pv_error) error = NULL;
    g_autofree char *log = NULL, *shown = g_ascii_strup(http_peer_sha256(peer), 2);

    g_assert_cmpint(tls_call(peer, (struct pv_http_options){ .sha256 = other }, &error), ==, PV_ERR_TLS);
    g_assert_nonnull(strstr(error->message, "pinned"));
    g_assert_nonnull(strstr(error->hint, shown));
    log = http_peer_log(peer);
    g_assert_cmpstr(log, ==, "");
    http_peer_stop(peer);
}

/* insecure must not weaken a pin that was given as well. */
static void
test_a_pin_counts_though_insecure_was_said(void)
{
    struct http_peer *peer = http_peer_start(TRUE, answer_hello, NULL);
    g_autofree char *other = g_strnfill(64, 'a');

    g_assert_cmpint(tls_call(peer, (struct pv_http_options){ .insecure = TRUE, .sha256 = other }, NULL), ==,
                    PV_ERR_TLS);
    g_assert_cmpint(tls_call(peer, (struct pv_http_options){ .insecure = TRUE }, NULL), ==, 0);
    http_peer_stop(peer);
}

static void
test_a_ca_file_without_certificates_is_told(void)
{
    static const char *const texts[] = { "", "geheim\n" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *file = NULL;
        g_autoptr(pv_error) error = NULL;
        pv_http *http = NULL;
        int fd = g_file_open_tmp("pv-ca-XXXXXX", &file, NULL);

        g_assert_cmpint(write(fd, texts[i], strlen(texts[i])), ==, (ssize_t)strlen(texts[i]));
        close(fd);
        g_assert_cmpint(pv_http_new(&(struct pv_http_options){ .base = "https://h", .ca_file = file }, &http, &error),
                        ==, PV_ERR_USAGE);
        g_assert_nonnull(strstr(error->message, "holds no certificate"));
        unlink(file);
    }
}

static void
test_a_ca_file_vouches_for_the_certificate(void)
{
    struct http_peer *peer = http_peer_start(TRUE, answer_hello, NULL);
    g_autofree char *file = NULL;
    int fd = g_file_open_tmp("ca-XXXXXX.pem", &file, NULL);
    g_autoptr(pv_error) error = NULL;

    g_assert_true(g_file_set_contents(file, http_peer_pem(peer), -1, NULL));
    tls_call(peer, (struct pv_http_options){ .ca_file = file }, &error);
    g_assert_null(error);
    g_close(fd, NULL);
    g_unlink(file);
    http_peer_stop(peer);
}

static void
test_a_wrong_fingerprint_is_a_usage_error(void)
{
    static const char *const wrong[] = { "", "12", "zz", "SHA256:aa", NULL };

    for (const char *const *text = wrong; *text; text++) {
        g_autofree char *hex = NULL;

        g_assert_cmpint(pv_http_pin_parse(*text, &hex, NULL), ==, PV_ERR_USAGE);
        g_assert_null(hex);
    }
}

/* ---- servers that misbehave ---- */

static void
raw_case(const char *bytes, enum raw_end end, const char *method, int code)
{
    struct raw_peer *peer = raw_peer_start(bytes, end);
    g_autoptr(pv_http) http =
        client(&(struct pv_http_options){ .base = raw_peer_base(peer), .body_max = 1000 });
    g_auto(pv_http_response) response = { 0 };
    g_autoptr(pv_task) task = short_task();
    g_autoptr(pv_error) error = NULL;
    gint64 began = g_get_monotonic_time();

    g_assert_cmpint(call(http, method, "/", task, &response, &error), ==, code);
    g_assert_cmpint(error->code, ==, code);
    g_assert_null(strchr(error->message, '\n'));
    g_assert_cmpint(g_get_monotonic_time() - began, <, LATE_US);
    g_assert_null(response.body);
    raw_peer_stop(peer);
}

static void
test_a_silent_server_ends_at_the_deadline(void)
{
    raw_case("", RAW_HOLD, "GET", PV_ERR_TIMEOUT);
    raw_case("", RAW_HOLD, "POST", PV_ERR_UNKNOWN);
}

static void
test_a_cut_answer_is_told(void)
{
    raw_case("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RAW_CLOSE, "GET", PV_ERR_CONNECT);
    raw_case("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", RAW_CLOSE, "POST", PV_ERR_UNKNOWN);
    raw_case("", RAW_CLOSE, "GET", PV_ERR_CONNECT);
    raw_case("", RAW_CLOSE, "POST", PV_ERR_UNKNOWN);
}

static void
test_an_endless_answer_is_bounded(void)
{
    g_autofree char *large = g_strnfill(2000, 'x');
    g_autofree char *body = g_strdup_printf("HTTP/1.1 200 OK\r\n\r\n%s", large);
    g_autofree char *junk = g_strnfill(PV_HTTP_HEAD_MAX, 'h');
    g_autofree char *head = g_strdup_printf("HTTP/1.1 200 OK\r\nX: %.60000s\r\nY: %.60000s\r\n\r\n", junk,
                                            junk);

    raw_case(body, RAW_CLOSE, "GET", PV_ERR_PROTOCOL);
    raw_case(head, RAW_CLOSE, "GET", PV_ERR_PROTOCOL);
    raw_case(body, RAW_CLOSE, "POST", PV_ERR_UNKNOWN);
}

static void
test_garbage_is_a_protocol_error(void)
{
    raw_case("SSH-2.0-OpenSSH_9.2\r\n", RAW_CLOSE, "GET", PV_ERR_PROTOCOL);
    raw_case("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", RAW_CLOSE, "GET",
             PV_ERR_PROTOCOL);
}

static void
test_a_redirect_is_not_followed(void)
{
    raw_case("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", RAW_CLOSE,
             "GET",
             PV_ERR_PROTOCOL);
}

/* A server that closes a kept connection in answer to a request may have carried it out. */
static void
test_a_change_is_not_sent_again_on_a_new_connection(void)
{
    static const struct {
        const char *method;
        int code;
        unsigned requests;
    } cases[] = { { "POST", PV_ERR_UNKNOWN, 2 }, { "GET", 0, 3 } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct raw_peer *peer = raw_peer_start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RAW_DROP);
        g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = raw_peer_base(peer) });
        g_auto(pv_http_response) first = { 0 }, second = { 0 };

        g_assert_cmpint(call(http, cases[i].method, "/", NULL, &first, NULL), ==, 0);
        g_assert_cmpint(call(http, cases[i].method, "/", NULL, &second, NULL), ==, cases[i].code);
        g_assert_cmpuint(raw_peer_requests(peer), ==, cases[i].requests);
        raw_peer_stop(peer);
    }
}

static void
test_a_refused_connection_and_an_unknown_host_cannot_be_reached(void)
{
    struct raw_peer *peer = raw_peer_start("", RAW_CLOSE);
    g_autofree char *base = g_strdup(raw_peer_base(peer));
    g_autoptr(pv_http) refused = client(&(struct pv_http_options){ .base = base });
    g_autoptr(pv_http) unknown = client(&(struct pv_http_options){ .base = "https://nowhere.invalid" });
    struct pv_http_response response;

    raw_peer_stop(peer);
    g_assert_cmpint(call(refused, "POST", "/", NULL, &response, NULL), ==, PV_ERR_CONNECT);
    g_assert_cmpint(call(unknown, "POST", "/", NULL, &response, NULL), ==, PV_ERR_CONNECT);
}

static void
test_a_plain_server_is_no_tls_server(void)
{
    struct raw_peer *peer = raw_peer_start("HTTP/1.1 400 Bad Request\r\n\r\n", RAW_CLOSE);
    g_autofree char *base = g_strdup_printf("https%s", strchr(raw_peer_base(peer), ':'));
    g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = base });
    g_autoptr(pv_task) task = short_task();
    struct pv_http_response response;

    g_assert_cmpint(call(http, "GET", "/", task, &response, NULL), <, 0);
    raw_peer_stop(peer);
}

static void *
cancel_soon(void *data)
{
    g_usleep(400 * 1000);
    pv_task_cancel(data);
    return NULL;
}

static void
test_cancelling_ends_a_call_at_once(void)
{
    struct raw_peer *peer = raw_peer_start("", RAW_HOLD);
    g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = raw_peer_base(peer) });
    g_autoptr(pv_task) task = pv_task_new("test", NULL);
    GThread *thread = g_thread_new("cancel", cancel_soon, task);
    struct pv_http_response response;
    gint64 began = g_get_monotonic_time();

    g_assert_cmpint(call(http, "GET", "/", task, &response, NULL), ==, PV_ERR_CANCELLED);
    g_assert_cmpint(g_get_monotonic_time() - began, <, G_USEC_PER_SEC * 7 / 10);
    g_thread_join(thread);
    raw_peer_stop(peer);
}

/* ---- threads, traces ---- */

#define THREADS 8
#define CALLS   20

static void *
call_often(void *data)
{
    for (int i = 0; i < CALLS; i++) {
        g_auto(pv_http_response) response = { 0 };

        g_assert_cmpint(call(data, "GET", "/", NULL, &response, NULL), ==, 0);
    }
    return NULL;
}

static void
test_several_threads_share_a_client(void)
{
    struct http_peer *peer = http_peer_start(TRUE, answer_hello, NULL);
    g_autoptr(pv_http) http =
        client(&(struct pv_http_options){ .base = http_peer_base(peer), .sha256 = http_peer_sha256(peer) });
    GThread *threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("call", call_often, http);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(http_peer_connections(peer), <=, THREADS);
    http_peer_stop(peer);
}

static void
keep_line(enum pv_log_level level G_GNUC_UNUSED, const char *component G_GNUC_UNUSED, const char *text,
          void *data)
{
    g_string_append_printf(data, "%s\n", text);
}

static void
test_a_trace_shows_no_secret(void)
{
    struct http_peer *peer = http_peer_start(FALSE, answer_hello, NULL);
    g_autoptr(pv_http) http = client(&(struct pv_http_options){ .base = http_peer_base(peer) });
    g_auto(pv_http_response) response = { 0 };
    g_autoptr(GString) log = g_string_new(NULL);
    static const char *const headers[] = { "vmware-api-session-id: deadbeefdeadbeef", NULL };
    struct pv_http_request request = { .method = "POST", .path = "/s", .user = "someone",
                                       .password = "geheim",
                                       .headers = headers, .secret = TRUE };

    pv_log_set(PV_LOG_TRACE, "http", keep_line, log);
    g_assert_cmpint(pv_http_call(http, &request, NULL, &response, NULL), ==, 0);
    pv_log_set(PV_LOG_WARNING, NULL, NULL, NULL);
    g_assert_nonnull(strstr(log->str, "> POST"));
    g_assert_nonnull(strstr(log->str, "< 200"));
    g_assert_null(strstr(log->str, "geheim"));
    g_assert_null(strstr(log->str, "c29tZW9uZT"));
    g_assert_null(strstr(log->str, "deadbeef"));
    g_assert_null(strstr(log->str, "hello"));
    http_peer_stop(peer);
}

int
main(int argc, char **argv)
{
    g_unsetenv("http_proxy");
    g_unsetenv("https_proxy");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/an-answer-has-status-headers-and-body",
                    test_an_answer_has_status_headers_and_body);
    g_test_add_func("/http/a-request-carries-agent-id-credentials-and-body",
                    test_a_request_carries_agent_id_credentials_and_body);
    g_test_add_func("/http/credentials-do-not-stay-on-the-connection",
                    test_credentials_do_not_stay_on_the_connection);
    g_test_add_func("/http/connections-are-kept-alive", test_connections_are_kept_alive);
    g_test_add_func("/http/an-empty-answer-is-an-answer", test_an_empty_answer_is_an_answer);
    g_test_add_func("/http/an-unknown-certificate-is-refused-and-shown",
                    test_an_unknown_certificate_is_refused_and_shown);
    g_test_add_func("/http/the-pinned-certificate-is-accepted", test_the_pinned_certificate_is_accepted);
    g_test_add_func("/http/another-certificate-than-the-pinned-gets-no-request",
                    test_another_certificate_than_the_pinned_gets_no_request);
    g_test_add_func("/http/a-pin-counts-though-insecure-was-said",
                    test_a_pin_counts_though_insecure_was_said);
    g_test_add_func("/http/a-ca-file-without-certificates-is-told",
                    test_a_ca_file_without_certificates_is_told);
    g_test_add_func("/http/a-ca-file-vouches-for-the-certificate",
                    test_a_ca_file_vouches_for_the_certificate);
    g_test_add_func("/http/a-wrong-fingerprint-is-a-usage-error", test_a_wrong_fingerprint_is_a_usage_error);
    g_test_add_func("/http/a-silent-server-ends-at-the-deadline", test_a_silent_server_ends_at_the_deadline);
    g_test_add_func("/http/a-cut-answer-is-told", test_a_cut_answer_is_told);
    g_test_add_func("/http/an-endless-answer-is-bounded", test_an_endless_answer_is_bounded);
    g_test_add_func("/http/garbage-is-a-protocol-error", test_garbage_is_a_protocol_error);
    g_test_add_func("/http/a-redirect-is-not-followed", test_a_redirect_is_not_followed);
    g_test_add_func("/http/a-change-is-not-sent-again-on-a-new-connection",
                    test_a_change_is_not_sent_again_on_a_new_connection);
    g_test_add_func("/http/a-refused-connection-and-an-unknown-host-cannot-be-reached",
                    test_a_refused_connection_and_an_unknown_host_cannot_be_reached);
    g_test_add_func("/http/a-plain-server-is-no-tls-server", test_a_plain_server_is_no_tls_server);
    g_test_add_func("/http/cancelling-ends-a-call-at-once", test_cancelling_ends_a_call_at_once);
    g_test_add_func("/http/several-threads-share-a-client", test_several_threads_share_a_client);
    g_test_add_func("/http/a-trace-shows-no-secret", test_a_trace_shows_no_secret);
    return g_test_run();
}
