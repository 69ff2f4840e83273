/* SPDX-License-Identifier: Apache-2.0 */
/* Which API releases are spoken here: POST /api/vcenter/system?action=hello. */
#include "rest.h"

#include <string.h>

#define RELEASES_MAX 128
#define RELEASE_MAX  64

static const char *const releases[] = { "8.0.2.0", "8.0.1.0", "8.0.0.0", "7.0.3.0", NULL };

static int
check(char **wanted, pv_error **error)
{
    unsigned n = wanted ? g_strv_length(wanted) : 0;

    if (n > RELEASES_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "api_releases: has more than %d items", RELEASES_MAX);
    for (unsigned i = 0; i < n; i++)
        if (strlen(wanted[i]) > RELEASE_MAX)
            return pv_error_set(error, PV_ERR_INVALID, "api_releases[%u]: is longer than %d bytes", i,
                                RELEASE_MAX);
    return 0;
}

/* The client lists what it speaks, best first. */
static int
hello(struct pv_request *request, pv_error **error)
{
    g_autoptr(pv_vapi_hello_spec) spec = NULL;
    pv_vapi_hello answer = { (char *)"" };
    int rc = pv_request_spec(request, &pv_vapi_hello_spec_desc, (void **)&spec, error);

    if (rc < 0 || (rc = check(spec->api_releases, error)) < 0)
        return rc;
    for (char **wanted = spec->api_releases; wanted && *wanted; wanted++)
        if (g_strv_contains(releases, *wanted)) {
            answer.api_release = *wanted;
            break;
        }
    pv_reply_struct(request, &pv_vapi_hello_desc, &answer);
    return 0;
}

const struct pv_route pv_routes_system[] = {
    { PV_VAPI_SYSTEM_HELLO, hello, PV_ROUTE_PUBLIC },
    { 0, NULL, 0 },
};
