/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer, apart from any HTTP library: http.c fills it and sends what is in it.
 * A handler reads the request, writes one answer (pv_reply_…) and returns 0; or it returns a negative
 * code with *error set and the answer is made from that; or it has answered with an error already
 * (pv_refuse) and returns that code.
 */
#ifndef PV_SERVER_REQUEST_H
#define PV_SERVER_REQUEST_H

#include "sessions.h"
#include "vapi-shapes.h"

#include <polyvirt/task.h>

struct pv_service; /* service.h */
struct pv_route;   /* route.h */

/* The headers that anything here looks at; NULL when absent. */
struct pv_request_headers {
    char *authorization; /* wiped when freed */
    char *session_id;    /* vmware-api-session-id, from header or cookie */
    char *operation_id;  /* X-Request-ID */
    gboolean no_cookie;  /* vmware-use-header-authn was sent */
};

struct pv_request {
    struct pv_service *service;
    /* as received */
    char *method;
    char *uri;    /* path and query, still escaped */
    char *peer;   /* address */
    struct pv_request_headers headers;
    GByteArray *body;
    gboolean body_too_large;

    /* found by routing */
    const struct pv_vapi_dialect *dialect; /* never NULL once routed: /api's for foreign paths */
    const struct pv_vapi_call *call;
    const struct pv_route *route;
    char *ids[PV_VAPI_IDS_MAX];
    GPtrArray *query; /* key, value, key, value …, decoded */
    struct pv_login_session session;
    pv_task *task; /* deadline of what the handler does */

    /* the answer */
    unsigned status; /* 0: none yet */
    GString *out;    /* body; empty = none */
    GPtrArray *reply_headers; /* name, value, name, value … */
};

struct pv_request *pv_request_new(struct pv_service *service, const char *uri);
void pv_request_free(struct pv_request *request);

/* ---- reading ---- */

/* Splits and decodes the query. PV_ERR_INVALID names what is wrong with it. */
int pv_request_parse_query(struct pv_request *request, pv_error **error);
/* First value of a key, or NULL. */
const char *pv_request_query(const struct pv_request *request, const char *key);
gboolean pv_request_flag(const struct pv_request *request, const char *key);
/* The body's spec, by its descriptor; PV_ERR_INVALID names the member. */
int pv_request_spec(struct pv_request *request, const struct pv_desc *desc, void **ret_spec,
                    pv_error **error);

/* ---- answering: status by the call's effect and the dialect ---- */

void pv_reply_struct(struct pv_request *request, const struct pv_desc *desc, const void *object);
void pv_reply_list(struct pv_request *request, const struct pv_desc *desc, const GPtrArray *list);
void pv_reply_id(struct pv_request *request, const char *id);
void pv_reply_void(struct pv_request *request);
/* For bodies written by hand: begin opens the dialect's wrapping, end closes it. */
void pv_reply_begin(struct pv_request *request);
void pv_reply_end(struct pv_request *request);
/* As pv_reply_id with the status of the task form. */
void pv_reply_task(struct pv_request *request, const char *id);
void pv_reply_header(struct pv_request *request, const char *name, const char *value);

/* Answers with an error of this type and one message; returns the type's code for `return`. */
int pv_refuse(struct pv_request *request, enum pv_vapi_error_type type, const char *id,
              const char *const *args, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* Answers with what an error of ours means. */
void pv_reply_error(struct pv_request *request, const pv_error *error);
/* A status that is HTTP's own (405, 413, 414) with a body in the dialect. */
void pv_reply_http(struct pv_request *request, unsigned status, enum pv_vapi_error_type type, const char *id,
                   const char *text);

#endif
