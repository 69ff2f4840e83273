/* SPDX-License-Identifier: Apache-2.0 */
/* The calls both sides know: how a request names each, and which call a request is. */
#include "vapi.h"

#include <string.h>

#define SESSION_REST "/com/vmware/cis/session"
#define FORM(form_) PV_VAPI_FORM_##form_

static const struct pv_vapi_call calls[] = {
    { PV_VAPI_SESSION_CREATE, "POST", "/session", SESSION_REST, NULL, 0, PV_VAPI_CREATE, 0 },
    { PV_VAPI_SESSION_GET, "GET", "/session", SESSION_REST, NULL, 0, PV_VAPI_GET, PV_VAPI_Q_REST_POST_GET },
    { PV_VAPI_SESSION_DELETE, "DELETE", "/session", SESSION_REST, NULL, 0, PV_VAPI_DELETE, 0 },

    { PV_VAPI_VM_LIST, "GET", "/vcenter/vm", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_VM_GET, "GET", "/vcenter/vm/{vm}", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_VM_CREATE, "POST", "/vcenter/vm", NULL, NULL, 0, PV_VAPI_CREATE, 0 },
    { PV_VAPI_VM_DELETE, "DELETE", "/vcenter/vm/{vm}", NULL, NULL, 0, PV_VAPI_DELETE, 0 },
    { PV_VAPI_VM_CLONE, "POST", "/vcenter/vm", NULL, "clone", FORM(QUERY), PV_VAPI_ACTION_RESULT, 0 },

    { PV_VAPI_POWER_GET, "GET", "/vcenter/vm/{vm}/power", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_POWER_START, "POST", "/vcenter/vm/{vm}/power", NULL, "start", FORM(PATH), PV_VAPI_ACTION, 0 },
    { PV_VAPI_POWER_STOP, "POST", "/vcenter/vm/{vm}/power", NULL, "stop", FORM(PATH), PV_VAPI_ACTION, 0 },
    { PV_VAPI_POWER_SUSPEND, "POST", "/vcenter/vm/{vm}/power", NULL, "suspend", FORM(PATH), PV_VAPI_ACTION,
      0 },
    { PV_VAPI_POWER_RESET, "POST", "/vcenter/vm/{vm}/power", NULL, "reset", FORM(PATH), PV_VAPI_ACTION, 0 },

    { PV_VAPI_GUEST_POWER_GET, "GET", "/vcenter/vm/{vm}/guest/power", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_GUEST_SHUTDOWN, "POST", "/vcenter/vm/{vm}/guest/power", NULL, "shutdown", FORM(QUERY),
      PV_VAPI_ACTION, 0 },
    { PV_VAPI_GUEST_REBOOT, "POST", "/vcenter/vm/{vm}/guest/power", NULL, "reboot", FORM(QUERY),
      PV_VAPI_ACTION,
      0 },
    { PV_VAPI_GUEST_STANDBY, "POST", "/vcenter/vm/{vm}/guest/power", NULL, "standby", FORM(QUERY),
      PV_VAPI_ACTION, 0 },
    { PV_VAPI_GUEST_IDENTITY, "GET", "/vcenter/vm/{vm}/guest/identity", NULL, NULL, 0, PV_VAPI_GET, 0 },

    { PV_VAPI_SNAPSHOT_LIST, "GET", "/vcenter/vm/{vm}/snapshot", NULL, NULL, 0, PV_VAPI_GET,
      PV_VAPI_Q_EXTENSION },
    { PV_VAPI_SNAPSHOT_CREATE, "POST", "/vcenter/vm/{vm}/snapshot", NULL, NULL, 0, PV_VAPI_CREATE,
      PV_VAPI_Q_EXTENSION },
    { PV_VAPI_SNAPSHOT_GET, "GET", "/vcenter/vm/{vm}/snapshot/{snapshot}", NULL, NULL, 0, PV_VAPI_GET,
      PV_VAPI_Q_EXTENSION },
    { PV_VAPI_SNAPSHOT_REVERT, "POST", "/vcenter/vm/{vm}/snapshot/{snapshot}", NULL, "revert", FORM(QUERY),
      PV_VAPI_ACTION, PV_VAPI_Q_EXTENSION },
    { PV_VAPI_SNAPSHOT_DELETE, "DELETE", "/vcenter/vm/{vm}/snapshot/{snapshot}", NULL, NULL, 0,
      PV_VAPI_DELETE,
      PV_VAPI_Q_EXTENSION },

    { PV_VAPI_DATASTORE_LIST, "GET", "/vcenter/datastore", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_DATASTORE_GET, "GET", "/vcenter/datastore/{datastore}", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_NETWORK_LIST, "GET", "/vcenter/network", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_FOLDER_LIST, "GET", "/vcenter/folder", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_HOST_LIST, "GET", "/vcenter/host", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_CLUSTER_LIST, "GET", "/vcenter/cluster", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_CLUSTER_GET, "GET", "/vcenter/cluster/{cluster}", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_DATACENTER_LIST, "GET", "/vcenter/datacenter", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_DATACENTER_GET, "GET", "/vcenter/datacenter/{datacenter}", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_RESOURCE_POOL_LIST, "GET", "/vcenter/resource-pool", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_RESOURCE_POOL_GET, "GET", "/vcenter/resource-pool/{resource_pool}", NULL, NULL, 0, PV_VAPI_GET,
      0 },

    /* /rest lists tasks by GET with filter_spec; /api's own form is an action, which is not served. */
    { PV_VAPI_TASK_LIST, "GET", "/cis/tasks", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_TASK_GET, "GET", "/cis/tasks/{task}", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_TASK_CANCEL, "POST", "/cis/tasks/{task}", NULL, "cancel", FORM(QUERY), PV_VAPI_ACTION, 0 },

    { PV_VAPI_SYSTEM_VERSION, "GET", "/appliance/system/version", NULL, NULL, 0, PV_VAPI_GET, 0 },
    { PV_VAPI_SYSTEM_HELLO, "POST", "/vcenter/system", "", "hello", FORM(QUERY), PV_VAPI_ACTION_RESULT, 0 },
    { PV_VAPI_SYSTEM_HEALTH, "GET", "/appliance/health/{item}", NULL, NULL, 0, PV_VAPI_GET, 0 },
};

const struct pv_vapi_call *
pv_vapi_call(enum pv_vapi_call_id id)
{
    G_STATIC_ASSERT(G_N_ELEMENTS(calls) == PV_VAPI_CALL_LAST_);
    g_return_val_if_fail(id >= 1 && id <= PV_VAPI_CALL_LAST_, NULL);
    return &calls[id - 1];
}

static const char *
call_template(const struct pv_vapi_call *call, const struct pv_vapi_dialect *dialect)
{
    return dialect->id != PV_VAPI_API && call->rest_path ? call->rest_path : call->path;
}

static void
append_ids(GString *out, const char *template, const char *const *ids)
{
    for (const char *p = template; *p; p++) {
        if (*p != '{') {
            g_string_append_c(out, *p);
            continue;
        }
        if (ids && *ids)
            g_string_append_uri_escaped(out, *ids++, NULL, FALSE);
        p = strchr(p, '}');
    }
}

char *
pv_vapi_call_path(const struct pv_vapi_call *call, const struct pv_vapi_dialect *dialect,
                  const char *const *ids,
                  const char **ret_method)
{
    const char *template = call_template(call, dialect);
    gboolean rest = dialect->id != PV_VAPI_API;
    g_autoptr(GString) out = g_string_new(dialect->prefix);

    if (!*template)
        return NULL;
    append_ids(out, template, ids);
    if (call->action && rest && call->form == PV_VAPI_FORM_PATH)
        g_string_append_printf(out, "/%s", call->action);
    else if (call->action)
        g_string_append_printf(out, "?%saction=%s", rest && call->form == PV_VAPI_FORM_TILDE ? "~" : "",
                               call->action);
    *ret_method = call->method;
    if (rest && (call->quirks & PV_VAPI_Q_REST_POST_GET)) {
        g_string_append(out, "?~action=get");
        *ret_method = "POST";
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- which call a request is ---- */

void
pv_vapi_ids_clear(char *ids[PV_VAPI_IDS_MAX])
{
    for (unsigned i = 0; i < PV_VAPI_IDS_MAX; i++)
        g_clear_pointer(&ids[i], g_free);
}

/* An id as one decoded segment; NULL when it is empty, too long or badly escaped. */
static char *
decode_id(const char *segment)
{
    g_autofree char *id = g_uri_unescape_string(segment, NULL);

    if (!id || !*id || strlen(id) > PV_VAPI_ID_MAX || !g_utf8_validate(id, -1, NULL))
        return NULL;
    return g_steal_pointer(&id);
}

/* Compares a path with a template and a last segment, segment by segment. */
static gboolean
match_template(char **segments, const char *template, const char *tail, char *ids[PV_VAPI_IDS_MAX])
{
    unsigned n_ids = 0;
    size_t len;

    for (const char *p = template; *p; p += len, segments++) {
        p++;
        len = strcspn(p, "/");
        if (!*segments)
            return FALSE;
        if (*p == '{') {
            if (n_ids == PV_VAPI_IDS_MAX || !(ids[n_ids++] = decode_id(*segments)))
                return FALSE;
        } else if (strncmp(*segments, p, len) != 0 || (*segments)[len])
            return FALSE;
    }
    if (!tail)
        return !*segments;
    return *segments && strcmp(*segments, tail) == 0 && !segments[1];
}

/* A path that fits, with the action in the query or, for the power calls, as its last segment. */
static gboolean
match_path(const struct pv_vapi_call *call, const struct pv_vapi_dialect *dialect, char **segments,
           const char **action, char *ids[PV_VAPI_IDS_MAX])
{
    const char *template = call_template(call, dialect);

    if (!*template)
        return FALSE;
    if (match_template(segments, template, NULL, ids))
        return TRUE;
    pv_vapi_ids_clear(ids);
    if (call->form == PV_VAPI_FORM_PATH && !*action && match_template(segments, template, call->action,
                                                                      ids)) {
        *action = call->action;
        return TRUE;
    }
    pv_vapi_ids_clear(ids);
    return FALSE;
}

static gboolean
match_method(const struct pv_vapi_call *call, const struct pv_vapi_dialect *dialect, const char *method,
             const char *action)
{
    if (dialect->id != PV_VAPI_API && (call->quirks & PV_VAPI_Q_REST_POST_GET)
        && g_strcmp0(action, "get") == 0)
        return strcmp(method, "POST") == 0;
    return strcmp(method, call->method) == 0 && g_strcmp0(action, call->action) == 0;
}

const struct pv_vapi_call *
pv_vapi_call_match(const struct pv_vapi_dialect *dialect, const char *method, const char *rest,
                   const char *action, char *ids[PV_VAPI_IDS_MAX], gboolean *ret_path_known)
{
    g_auto(GStrv) segments = NULL;

    *ret_path_known = FALSE;
    memset(ids, 0, sizeof(ids[0]) * PV_VAPI_IDS_MAX);
    if (rest[0] != '/')
        return NULL;
    segments = g_strsplit(rest + 1, "/", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        const char *said = action;

        if (!match_path(&calls[i], dialect, segments, &said, ids))
            continue;
        *ret_path_known = TRUE;
        if (match_method(&calls[i], dialect, method, said))
            return &calls[i];
        pv_vapi_ids_clear(ids);
    }
    return NULL;
}
