/* SPDX-License-Identifier: Apache-2.0 */
/* Shared between the files of the HTTP client only. */
#ifndef PV_WIRE_HTTP_PRIV_H
#define PV_WIRE_HTTP_PRIV_H

#include "http.h"

#include <curl/curl.h>

#define PV_HTTP_COMPONENT "http"
#define PV_HTTP_USER_AGENT "polyvirt/" PV_VERSION_STRING

/** One connection: an easy handle in a multi of its own, whose cache holds the open socket. */
struct pv_http_wire {
    CURL *easy;
    CURLM *multi;
};

struct pv_http {
    char *base;
    gboolean insecure;
    char *pin;     /**< lower-case hex, or NULL */
    char *ca_file;
    size_t body_max;
    GMutex lock;
    GQueue idle;   /**< of struct pv_http_wire; under lock */
};

/** State of one exchange while libcurl calls back. */
struct pv_http_exchange {
    const struct pv_http *http;
    const struct pv_http_request *request;
    struct pv_http_wire *wire;
    pv_task *task;
    char why[CURL_ERROR_SIZE];  /**< libcurl's own words */
    unsigned sent;              /**< times the request was about to go out */
    gint64 linger_until;        /**< monotonic; set when it was cancelled and still waits */
    size_t head_len;
    gboolean head_too_large, body_too_large, wrong_certificate;
    char *certificate;          /**< SHA-256 of what the server showed, hex, where known */
    struct pv_http_response response;
};

/** SHA-256 (lower-case hex) of the certificate the server showed in this transfer, or NULL. */
char *pv_http_certificate(CURL *easy);
/** "AB:CD:…" for people. */
char *pv_http_pin_text(const char *hex);
/** Sets *error for an exchange that ended with result; returns the code. */
int pv_http_fail(const struct pv_http_exchange *exchange, CURLcode result, pv_error **error);

void pv_http_trace_request(const struct pv_http_exchange *exchange);
void pv_http_trace_response(const struct pv_http_exchange *exchange);

#endif
