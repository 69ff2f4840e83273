/* SPDX-License-Identifier: Apache-2.0 */
/* What became of an exchange that did not end well, certificates, and traces. */
#include "http-priv.h"

#include <polyvirt/log.h>
#include <string.h>

#define PIN_HEX 64 /* digits of a SHA-256 */

/* ---- certificates ---- */

int
pv_http_pin_parse(const char *text, char **ret_hex, pv_error **error)
{
    g_autoptr(GString) hex = g_string_new(NULL);

    for (const char *p = text; *p; p++) {
        if (g_ascii_isxdigit(*p))
            g_string_append_c(hex, g_ascii_tolower(*p));
        else if (*p != ':' && *p != ' ')
            break;
    }
    if (hex->len != PIN_HEX || text[strspn(text, "0123456789abcdefABCDEF: ")])
        return pv_error_set(error, PV_ERR_USAGE, "a SHA-256 fingerprint has %d hex digits, not \"%.80s\"",
                            PIN_HEX,
                            text);
    *ret_hex = g_string_free(g_steal_pointer(&hex), FALSE);
    return 0;
}

char *
pv_http_pin_text(const char *hex)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; hex[i]; i++) {
        if (i > 0 && i % 2 == 0)
            g_string_append_c(out, ':');
        g_string_append_c(out, g_ascii_toupper(hex[i]));
    }
    return g_string_free(out, FALSE);
}

/* The base64 between the PEM lines is the DER form, whose digest people compare. */
static char *
pem_sha256(const char *pem)
{
    const char *begin = strstr(pem, "-----BEGIN CERTIFICATE-----");
    const char *end = strstr(pem, "-----END CERTIFICATE-----");
    g_autofree char *base64 = NULL;
    g_autofree guchar *der = NULL;
    gsize len = 0;

    if (!begin || !end || end < begin)
        return NULL;
    begin += strlen("-----BEGIN CERTIFICATE-----");
    base64 = g_strndup(begin, (gsize)(end - begin));
    der = g_base64_decode(base64, &len);
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, der, len);
}

/* libcurl lists the server's own certificate first. */
char *
pv_http_certificate(CURL *easy)
{
    struct curl_certinfo *chain = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1)
        return NULL;
    for (const struct curl_slist *item = chain->certinfo[0]; item; item = item->next)
        if (g_str_has_prefix(item->data, "Cert:"))
            return pem_sha256(item->data);
    return NULL;
}

/* ---- errors ---- */

/* How libcurl's codes read when they end a call; all others are a broken conversation. The word is the
 * native code by which a caller tells a server that is not there from one that hung up. */
static const struct result_row {
    CURLcode result;
    enum pv_code code;
    const char *word;
} results[] = {
    { CURLE_COULDNT_RESOLVE_HOST, PV_ERR_CONNECT, PV_HTTP_UNREACHABLE },
    { CURLE_COULDNT_RESOLVE_PROXY, PV_ERR_CONNECT, PV_HTTP_UNREACHABLE },
    { CURLE_COULDNT_CONNECT, PV_ERR_CONNECT, PV_HTTP_UNREACHABLE },
    { CURLE_PROXY, PV_ERR_CONNECT, PV_HTTP_UNREACHABLE },
    { CURLE_OPERATION_TIMEDOUT, PV_ERR_CONNECT, PV_HTTP_UNREACHABLE }, /* libcurl's own: while connecting */
    { CURLE_SSL_CONNECT_ERROR, PV_ERR_TLS, NULL },
    { CURLE_PEER_FAILED_VERIFICATION, PV_ERR_TLS, NULL },
    { CURLE_SSL_CACERT_BADFILE, PV_ERR_TLS, NULL },
    { CURLE_SSL_ISSUER_ERROR, PV_ERR_TLS, NULL },
    { CURLE_SSL_INVALIDCERTSTATUS, PV_ERR_TLS, NULL },
    { CURLE_SSL_CERTPROBLEM, PV_ERR_TLS, NULL },
    { CURLE_SSL_CIPHER, PV_ERR_TLS, NULL },
    { CURLE_GOT_NOTHING, PV_ERR_CONNECT, PV_HTTP_CUT },
    { CURLE_RECV_ERROR, PV_ERR_CONNECT, PV_HTTP_CUT },
    { CURLE_SEND_ERROR, PV_ERR_CONNECT, PV_HTTP_CUT },
    { CURLE_PARTIAL_FILE, PV_ERR_CONNECT, PV_HTTP_CUT },
    { CURLE_URL_MALFORMAT, PV_ERR_USAGE, NULL },
    { CURLE_OUT_OF_MEMORY, PV_ERR_INTERNAL, NULL },
    { CURLE_FAILED_INIT, PV_ERR_INTERNAL, NULL },
};

static const struct result_row *
result_row(CURLcode result)
{
    static const struct result_row broken = { CURLE_OK, PV_ERR_PROTOCOL, NULL };

    for (size_t i = 0; i < G_N_ELEMENTS(results); i++)
        if (results[i].result == result)
            return &results[i];
    return &broken;
}

static int
fail_certificate(const struct pv_http_exchange *exchange, pv_error **error)
{
    g_autofree char *shown = exchange->certificate ? pv_http_pin_text(exchange->certificate) : NULL;

    if (exchange->wrong_certificate) {
        pv_error_set(error, PV_ERR_TLS, "the certificate of %s is not the pinned one", exchange->http->base);
        pv_error_hint(error, "it has SHA-256 %s: pin that only if the certificate was changed on purpose",
                      shown ? shown : "(not learnt)");
        return PV_ERR_TLS;
    }
    pv_error_set(error, PV_ERR_TLS, "the certificate of %s is not trusted", exchange->http->base);
    pv_error_native(error, "tls", NULL, exchange->why);
    if (exchange->certificate)
        pv_error_hint(error, "compare its SHA-256 with the server's own and pin it: ?sha256=%s",
                      exchange->certificate);
    return PV_ERR_TLS;
}

/* What the task or our own limits say comes before what libcurl makes of it. */
static int
fail_reason(const struct pv_http_exchange *exchange, CURLcode result, pv_error **error)
{
    const char *words = exchange->why[0] ? exchange->why : curl_easy_strerror(result);
    int code = pv_task_check(exchange->task, error);
    const struct result_row *row;

    if (code < 0)
        return code;
    if (exchange->wrong_certificate || result == CURLE_PEER_FAILED_VERIFICATION)
        return fail_certificate(exchange, error);
    if (exchange->body_too_large)
        return pv_error_set(error, PV_ERR_PROTOCOL, "the answer is larger than %zu bytes",
                            exchange->http->body_max);
    if (exchange->head_too_large)
        return pv_error_set(error, PV_ERR_PROTOCOL, "the head of the answer is larger than %d bytes",
                            PV_HTTP_HEAD_MAX);
    row = result_row(result);
    pv_error_set(error, row->code, "%s: %s", exchange->http->base, words);
    pv_error_native(error, row->code == PV_ERR_TLS ? "tls" : "http", row->word, words);
    return row->code;
}

int
pv_http_fail(const struct pv_http_exchange *exchange, CURLcode result, pv_error **error)
{
    pv_error *reason = NULL;
    int code = fail_reason(exchange, result, &reason);

    if (exchange->sent == 0 || !exchange->request->changes || exchange->wrong_certificate)
        return pv_error_propagate(error, reason);
    code = pv_error_set(error, PV_ERR_UNKNOWN, "%s %s went out and no whole answer came back: %s",
                        exchange->request->method, exchange->request->path, reason->message);
    pv_error_native(error, "http", pv_code_name(reason->code), reason->message);
    pv_error_hint(error, "look at the object before trying again");
    pv_error_free(reason);
    return code;
}

/* ---- traces ---- */

static void
append_body(GString *out, const struct pv_http_request *request, const char *body, size_t len)
{
    if (len == 0)
        return;
    if (request->secret) {
        g_string_append_printf(out, "\n(%zu bytes, not shown)", len);
        return;
    }
    g_string_append_c(out, '\n');
    g_string_append_len(out, body, (gssize)MIN(len, (size_t)PV_HTTP_TRACE_MAX));
    if (len > PV_HTTP_TRACE_MAX)
        g_string_append_printf(out, "… (%zu bytes)", len);
}

static void
trace(const GString *text)
{
    g_autofree char *valid = g_utf8_make_valid(text->str, (gssize)text->len);
    g_autofree char *redacted = pv_redact(valid);

    pv_log(PV_LOG_TRACE, PV_HTTP_COMPONENT, "%s", redacted);
}

void
pv_http_trace_request(const struct pv_http_exchange *exchange)
{
    const struct pv_http_request *request = exchange->request;
    g_autoptr(GString) text = NULL;

    if (!pv_log_wants(PV_LOG_TRACE, PV_HTTP_COMPONENT))
        return;
    text = g_string_new(NULL);
    g_string_append_printf(text, "> %s %s%s\nX-Request-ID: %s", request->method, exchange->http->base,
                           request->path, exchange->response.request_id);
    for (const char *const *header = request->headers; header && *header; header++)
        g_string_append_printf(text, "\n%s", *header);
    if (request->user)
        g_string_append(text, "\nAuthorization: Basic");
    append_body(text, request, request->body, request->body_len);
    trace(text);
}

void
pv_http_trace_response(const struct pv_http_exchange *exchange)
{
    const struct pv_http_response *response = &exchange->response;
    g_autoptr(GString) text = NULL;
    GHashTableIter iter;
    gpointer name, value;

    if (!pv_log_wants(PV_LOG_TRACE, PV_HTTP_COMPONENT))
        return;
    text = g_string_new(NULL);
    g_string_append_printf(text, "< %u (%s)", response->status, response->request_id);
    g_hash_table_iter_init(&iter, response->headers);
    while (g_hash_table_iter_next(&iter, &name, &value))
        g_string_append_printf(text, "\n%s: %s", (char *)name, (char *)value);
    append_body(text, exchange->request, (const char *)response->body->data, response->body->len);
    trace(text);
}
