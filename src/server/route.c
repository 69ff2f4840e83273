/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include "server-limits.h"
#include "service.h"

#include <string.h>

#define MSG_METHOD  "polyvirt.http.method_not_allowed"
#define MSG_BODY    "polyvirt.http.body_too_large"
#define MSG_URI     "polyvirt.http.uri_too_long"

static const struct pv_route *const tables[] = {
    pv_routes_session,  pv_routes_system,      pv_routes_appliance,     pv_routes_vm,      pv_routes_vm_power,
    pv_routes_vm_guest, pv_routes_vm_snapshot, pv_routes_datastore,     pv_routes_network, pv_routes_host,
    pv_routes_folder,   pv_routes_cluster,     pv_routes_datacenter,    pv_routes_resource_pool,
    pv_routes_task,
};

static const struct pv_route *
route_of(enum pv_vapi_call_id call)
{
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const struct pv_route *route = tables[t]; route->run; route++)
            if (route->call == call)
                return route;
    return NULL;
}

static void
no_route(struct pv_request *request)
{
    pv_refuse(request, PV_VAPI_NOT_FOUND, PV_VAPI_MSG_ROUTE, NULL, "Not found.");
}

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

/* The methods a path knows: what any call that the path could be has. */
static void
known_methods(const struct pv_request *request, const char *rest, gboolean known[G_N_ELEMENTS(methods)])
{
    for (int id = 1; id <= PV_VAPI_CALL_LAST_; id++) {
        const struct pv_vapi_call *call = pv_vapi_call((enum pv_vapi_call_id)id);
        char *ids[PV_VAPI_IDS_MAX];
        gboolean path_known;

        if (pv_vapi_call_match(request->dialect, call->method, rest, call->action, ids, &path_known))
            for (size_t m = 0; m < G_N_ELEMENTS(methods); m++)
                known[m] |= strcmp(methods[m], call->method) == 0;
        pv_vapi_ids_clear(ids);
    }
    known[1] = known[0];                      /* HEAD goes where GET goes */
    known[G_N_ELEMENTS(methods) - 1] = TRUE; /* OPTIONS anywhere */
}

/* The path is known, the method or the action is not. */
static void
wrong_method(struct pv_request *request, const char *rest)
{
    g_autofree char *text = g_strdup_printf("%s is not allowed here.", request->method);
    g_autoptr(GString) allow = g_string_new(NULL);
    gboolean known[G_N_ELEMENTS(methods)] = { FALSE }, ours = FALSE;
    gboolean options = strcmp(request->method, "OPTIONS") == 0;

    known_methods(request, rest, known);
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++)
        if (known[m]) {
            g_string_append_printf(allow, "%s%s", allow->len ? ", " : "", methods[m]);
            ours |= strcmp(methods[m], request->method) == 0;
        }
    if (options)
        request->status = 204;
    else if (ours)
        no_route(request); /* it is the action that nobody knows */
    else
        pv_reply_http(request, 405, PV_VAPI_OPERATION_NOT_FOUND, MSG_METHOD, text);
    if (options || !ours)
        pv_reply_header(request, "Allow", allow->str);
}

static gboolean
find_route(struct pv_request *request)
{
    g_autofree char *path = g_strndup(request->uri, strcspn(request->uri, "?"));
    gboolean head = strcmp(request->method, "HEAD") == 0;
    const char *action = pv_request_query(request, "action"), *rest;
    const struct pv_vapi_dialect *dialect =
        pv_vapi_dialect_of_path(path, request->service->guide, &rest);
    gboolean path_known = FALSE;

    if (!action)
        action = pv_request_query(request, "~action");
    if (dialect) {
        request->dialect = dialect;
        request->call = pv_vapi_call_match(dialect, head ? "GET" : request->method, rest, action,
                                           request->ids, &path_known);
    }
    request->route = request->call ? route_of(request->call->id) : NULL;
    if (request->route)
        return TRUE;
    if (path_known && !request->call)
        wrong_method(request, rest);
    else
        no_route(request);
    return FALSE;
}

static gboolean
check_session(struct pv_request *request)
{
    if (request->route->flags & PV_ROUTE_PUBLIC)
        return TRUE;
    if (request->headers.session_id &&
        pv_sessions_use(request->service->sessions, request->headers.session_id, &request->session))
        return TRUE;
    pv_refuse(request, PV_VAPI_UNAUTHENTICATED, PV_VAPI_MSG_NO_TOKEN, NULL, "Authentication required.");
    pv_reply_header(request, "WWW-Authenticate", "Basic realm=\"VAPI endpoint\"");
    return FALSE;
}

gboolean
pv_route_begin(struct pv_request *request, gboolean *ret_worker)
{
    g_autoptr(pv_error) error = NULL;
    unsigned flags;

    if (strlen(request->uri) > PV_SERVER_URI_MAX) {
        pv_reply_http(request, 414, PV_VAPI_INVALID_REQUEST, MSG_URI, "The request's address is too long.");
        return FALSE;
    }
    if (pv_request_parse_query(request, &error) < 0) {
        pv_reply_error(request, error);
        return FALSE;
    }
    if (!find_route(request) || !check_session(request))
        return FALSE;
    if (request->body_too_large) {
        pv_reply_http(request, 413, PV_VAPI_INVALID_REQUEST, MSG_BODY, "The request's body is too large.");
        return FALSE;
    }
    flags = request->route->flags;
    request->task = pv_task_new(request->call->path, request->ids[0]);
    pv_task_set_timeout(request->task, flags & PV_ROUTE_LONG ? PV_SERVER_LONG_CALL_MS : PV_SERVER_CALL_MS);
    *ret_worker = (flags & (PV_ROUTE_SLOW | PV_ROUTE_LONG | PV_ROUTE_STORAGE)) ||
                  ((flags & PV_ROUTE_SETTLED) && !pv_inventory_is_settled(request->service->inventory));
    return TRUE;
}

void
pv_route_run(struct pv_request *request)
{
    const struct pv_route *route = request->route;
    pv_inventory *inventory = request->service->inventory;
    g_autoptr(pv_error) error = NULL;

    if (route->flags & PV_ROUTE_STORAGE)
        pv_inventory_settle_storage(inventory, request->task);
    else if (!pv_inventory_is_settled(inventory) && (route->flags & PV_ROUTE_SETTLED))
        pv_inventory_settle(inventory, request->task);
    if (route->run(request, &error) < 0 && (error || request->status == 0)) {
        if (!error)
            pv_error_set(&error, PV_ERR_INTERNAL, "the request failed without saying why");
        pv_reply_error(request, error);
    }
}
