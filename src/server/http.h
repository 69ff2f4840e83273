/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTPS listener: libmicrohttpd with epoll and a few threads that never wait for a back end. A
 * request that has to wait is suspended and runs on a worker. A connection that brings no whole
 * request in time is cut off, however slowly it keeps talking.
 */
#ifndef PV_SERVER_HTTP_H
#define PV_SERVER_HTTP_H

#include "service.h"
#include "tls.h"

typedef struct pv_http pv_http;

/* address: "127.0.0.1:8443", "[::1]:0", "host:port". */
int pv_http_start(struct pv_service *service, const char *address, const struct pv_tls *tls,
                  int64_t client_idle_ms, pv_http **ret_http, pv_error **error);
/* Takes no more connections, lets what is under way end for a while, closes. */
void pv_http_stop(pv_http *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_http, pv_http_stop)

unsigned pv_http_port(const pv_http *http);
/* "127.0.0.1:8443" with the port really bound. */
const char *pv_http_address(const pv_http *http);
/* Cuts off clients that are too slow; called by the housekeeper. */
void pv_http_reap(pv_http *http);

#endif
