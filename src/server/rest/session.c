/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

#define MSG_WAIT     "polyvirt.session.wait"
#define MSG_TOO_MANY "com.vmware.vapi.endpoint.failedToLoginMaxUserSessionCountReached"

/* A browser that is tricked into a request sends the cookie along: who sends the header does not want it. */
static void
set_cookie(struct pv_request *request, const char *id)
{
    g_autofree char *cookie = NULL;

    if (request->dialect->id == PV_VAPI_API || request->headers.no_cookie)
        return;
    cookie = g_strdup_printf(PV_VAPI_SESSION_HEADER "=%s;Path=%s;Secure;HttpOnly", id,
                             request->dialect->prefix);
    pv_reply_header(request, "Set-Cookie", cookie);
}

static int
refuse_login(struct pv_request *request, const pv_error *cause, int64_t wait_ms)
{
    g_autofree char *seconds = g_strdup_printf("%" G_GINT64_FORMAT, (wait_ms + 999) / 1000);

    if (cause->code == PV_ERR_BUSY) {
        if (wait_ms)
            pv_reply_header(request, "Retry-After", seconds);
        return pv_refuse(request, PV_VAPI_SERVICE_UNAVAILABLE, wait_ms ? MSG_WAIT : MSG_TOO_MANY, NULL, "%s.",
                         cause->message);
    }
    if (cause->code != PV_ERR_AUTH) {
        pv_reply_error(request, cause);
        return cause->code;
    }
    pv_reply_header(request, "WWW-Authenticate", "Basic realm=\"VAPI endpoint\"");
    return pv_refuse(request, PV_VAPI_UNAUTHENTICATED, PV_VAPI_MSG_NO_TOKEN, NULL,
                     "Authentication required.");
}

static int
create(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    struct pv_service *service = request->service;
    g_autofree char *user = NULL;
    g_autofree char *id = NULL;
    g_autoptr(pv_error) cause = NULL;
    char *password = NULL;
    int64_t wait_ms = 0;
    int rc = pv_login_basic(request->headers.authorization, &user, &password, &cause);

    if (rc == 0)
        rc = pv_login_check(service->login, request->peer, user, password, &wait_ms, &cause);
    pv_login_wipe(password);
    if (rc == 0)
        rc = pv_sessions_create(service->sessions, user, &id, &cause);
    if (rc < 0)
        return refuse_login(request, cause, wait_ms);
    set_cookie(request, id);
    pv_reply_id(request, id);
    return 0;
}

static int
get(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    const pv_vapi_session session = { request->session.user, request->session.created,
                                      request->session.used };

    pv_reply_struct(request, &pv_vapi_session_desc, &session);
    return 0;
}

static int
delete(struct pv_request *request, G_GNUC_UNUSED pv_error **error)
{
    pv_sessions_remove(request->service->sessions, request->session.hash);
    pv_reply_void(request);
    return 0;
}

const struct pv_route pv_routes_session[] = {
    { PV_VAPI_SESSION_CREATE, create, PV_ROUTE_PUBLIC | PV_ROUTE_SLOW },
    { PV_VAPI_SESSION_GET, get, 0 },
    { PV_VAPI_SESSION_DELETE, delete, 0 },
    { 0, NULL, 0 },
};
