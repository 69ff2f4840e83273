/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of an HTTP client in tests: a server in this process on a loopback port, answering
 * from a function, or a raw one that plays bytes at whoever connects.
 */
#ifndef PV_TEST_HTTP_PEER_H
#define PV_TEST_HTTP_PEER_H

#include <gio/gio.h>

struct http_peer;

/** What came, and what goes back (strings are freed by the peer). */
struct http_exchange {
    const char *method;
    char *path;          /* with query */
    char *body;          /* never NULL */
    const char *(*header)(const struct http_exchange *exchange, const char *name);
    void *connection;
    unsigned status;     /* out; 200 */
    char *answer;        /* out; NULL = empty */
    char *answer_header; /* out: "Name: value" or NULL */
};
typedef void (*http_peer_fn)(struct http_exchange *exchange, void *data);

/** tls: with a certificate made for it. Calls fn on its own threads, one at a time. */
struct http_peer *http_peer_start(gboolean tls, http_peer_fn fn, void *data);
/** "http://127.0.0.1:port" or https. */
const char *http_peer_base(const struct http_peer *peer);
int http_peer_port(const struct http_peer *peer);
/** SHA-256 of its certificate, hex; its PEM. */
const char *http_peer_sha256(const struct http_peer *peer);
const char *http_peer_pem(const struct http_peer *peer);
/** "GET /x" lines of all requests so far; free with g_free. */
char *http_peer_log(struct http_peer *peer);
unsigned http_peer_connections(struct http_peer *peer);
void http_peer_stop(struct http_peer *peer);

/** What a raw peer does after it has read a request's head and written its bytes. */
enum raw_end {
    RAW_CLOSE,
    RAW_HOLD, /**< stays silent until it is stopped */
    RAW_DROP, /**< reads one more request on the same connection and closes without an answer */
};
struct raw_peer *raw_peer_start(const char *bytes, enum raw_end end);
const char *raw_peer_base(const struct raw_peer *peer);
unsigned raw_peer_requests(struct raw_peer *peer);
void raw_peer_stop(struct raw_peer *peer);

#endif
