/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges in an endpoint's own words: what the neutral calls have no name for, and what a test must
 * see as it stands on the wire. Apart from polyvirt.h: it needs <jansson.h>.
 *
 * vsphere: {"method": "GET", "path": "/api/vcenter/vm?names=a", "body": any JSON, "headers": {…}, "auth": …}
 *     auth: "session" (default: the connection's session id), "basic" (its user and password), "none".
 *     Instead of "body": "text", bytes that need not be JSON, with "content_type".
 *     -> {"status": 200, "headers": {lower-case name: value}, "body": JSON, or a string when it is none}
 * qmp: {"execute": "query-status", "arguments": {…}, "vm": "NAME"}; "vm" is needed for a folder of monitors
 *     -> {"return": …} or {"error": {"class": "CommandNotFound", "desc": "…"}}
 */
#ifndef POLYVIRT_RAW_H
#define POLYVIRT_RAW_H

#include <jansson.h>
#include <polyvirt/connection.h>

G_BEGIN_DECLS

#define PV_RAW_HEADERS_MAX 64 /**< most headers of a request */

/**
 * One exchange. An error that the endpoint answers is a reply. Errors: PV_ERR_UNSUPPORTED (this driver
 * has no words of its own), PV_ERR_INVALID (the request's form, the message names the member),
 * PV_ERR_DENIED (it may change something and the connection is read-only), and those of the transport
 * (PV_ERR_UNKNOWN: a change went out and was not answered). *ret_reply: one reference.
 */
int pv_raw_call(pv_conn *conn, const json_t *request, pv_task *task, json_t **ret_reply, pv_error **error);
/** TRUE when the request certainly changes nothing: GET and OPTIONS, query-*, qom-get, qom-list; and any
 * request where there are no raw exchanges, as it is not sent. */
gboolean pv_raw_reads(pv_conn *conn, const json_t *request);

G_END_DECLS

#endif
