/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blocking HTTP client for one server, on libcurl. Safe for several threads: each call takes an idle
 * connection from the client's pool or opens a new one, and gives it back alive. Deadline and
 * cancellation come from the task. Redirects are not followed. The environment's proxies are used.
 *
 * Every call carries its own X-Request-ID. Trace lines (component "http") show heads and bodies with
 * secrets taken out.
 */
#ifndef PV_WIRE_HTTP_H
#define PV_WIRE_HTTP_H

#include <polyvirt/task.h>

G_BEGIN_DECLS

#define PV_HTTP_BODY_MAX       (64u << 20) /**< largest answer taken when the client names no other */
#define PV_HTTP_HEAD_MAX       65536       /**< largest head of an answer, bytes */
#define PV_HTTP_CONNECT_MS     30000       /**< longest time to reach a server, whatever the deadline */
#define PV_HTTP_IDLE_S         15          /**< a connection idle for longer is not used again */
#define PV_HTTP_POOL_MAX       16          /**< idle connections kept */
#define PV_HTTP_TRACE_MAX      4096        /**< bytes of a body shown in a trace */

/** native_code of PV_ERR_CONNECT: there was no way to the server, or it hung up on a request. */
#define PV_HTTP_UNREACHABLE "unreachable"
#define PV_HTTP_CUT         "cut"

typedef struct pv_http pv_http;
typedef struct pv_http_response pv_http_response;

struct pv_http_options {
    const char *base;    /**< "https://host:port", no path */
    gboolean insecure;   /**< accept any certificate */
    const char *sha256;  /**< accept exactly this certificate (SHA-256 of its DER form), or NULL */
    const char *ca_file; /**< PEM, instead of the system's; NULL: the system's */
    size_t body_max;     /**< 0: PV_HTTP_BODY_MAX */
};

struct pv_http_request {
    const char *method;
    const char *path;                 /**< with query, escaped: "/api/vcenter/vm?names=a" */
    const char *const *headers;       /**< "Name: value", NULL-terminated, or NULL */
    const char *user, *password;      /**< Basic authentication, or NULL */
    const char *body;                 /**< or NULL */
    size_t body_len;
    const char *content_type;         /**< of body; NULL: application/json */
    gboolean changes;                 /**< it changes something: a cut after it went out is PV_ERR_UNKNOWN */
    /** A cancelled call whose request went out waits so long for its answer: for what the caller must
     * undo, such as a login. */
    int64_t linger_ms;
    gboolean secret;                  /**< bodies of both directions are kept out of traces */
};

struct pv_http_response {
    unsigned status;
    GHashTable *headers; /**< lower-case name -> value; the last one counts */
    GByteArray *body;    /**< never NULL after success; not NUL-terminated */
    char *request_id;    /**< what the call sent as X-Request-ID */
};

/** PV_ERR_USAGE when an option makes no sense (fingerprint, CA file). */
int pv_http_new(const struct pv_http_options *options, pv_http **ret_http, pv_error **error);
/** NULL-safe; no call may be under way. */
void pv_http_free(pv_http *http);

/**
 * One exchange; any status of 200 to 299 and from 400 up is an answer, not an error. Errors:
 * PV_ERR_CONNECT (no way to the server, or it hung up on a request that changes nothing), PV_ERR_TLS,
 * PV_ERR_TIMEOUT and PV_ERR_CANCELLED (nothing was changed), PV_ERR_PROTOCOL (not HTTP, too large, a
 * redirect), PV_ERR_UNKNOWN (a changing request went out and no whole answer came back).
 */
int pv_http_call(pv_http *http, const struct pv_http_request *request, pv_task *task,
                 struct pv_http_response *ret_response, pv_error **error);
void pv_http_response_clear(struct pv_http_response *response);
/** Value of a header by its name in lower case, or NULL. */
const char *pv_http_header(const struct pv_http_response *response, const char *name);

/** 64 hex digits, colons and blanks between them allowed, any case -> lower-case hex without colons;
 * PV_ERR_USAGE otherwise. */
int pv_http_pin_parse(const char *text, char **ret_hex, pv_error **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_http, pv_http_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pv_http_response, pv_http_response_clear)

G_END_DECLS

#endif
