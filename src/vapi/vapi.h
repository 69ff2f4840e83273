/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vSphere's REST vocabulary: the dialects, the calls and the errors as tables, used by the vsphere
 * driver (client) and by the server. No I/O. The facts are those of the published vSphere Automation
 * API specifications (6.7 and 7.0.3 for /rest, 7.0.3 and 8.0.2 for /api) unless a line says otherwise.
 *
 * The three dialects:
 *  - api: `/api`, since 7.0U2: bare results and specs, HTTP's own status codes, unprefixed filters;
 *  - rest: `/rest`, 6.5 to 8.0: {"value": …} around results, {"spec": …} around specs, 200 for all;
 *  - guide: `/rest` as the user's guide tells it: as rest, but 201 and 204 as in api.
 */
#ifndef PV_VAPI_H
#define PV_VAPI_H

#include <jansson.h>
#include <polyvirt/desc.h>

G_BEGIN_DECLS

/* ---- limits ---- */

#define PV_VAPI_IDS_MAX      4    /**< ids in one path */
#define PV_VAPI_ID_MAX       256  /**< longest id in a path, bytes, decoded */
#define PV_VAPI_MESSAGES_MAX 16   /**< messages of an error body that are read */
#define PV_VAPI_VM_CAP       4000 /**< most VMs in one list answer (7.0 and later) */
#define PV_VAPI_DATASTORE_CAP 2500
#define PV_VAPI_HOST_CAP     2500
#define PV_VAPI_OTHER_CAP    1000 /**< networks, folders, clusters, datacenters, resource pools */

#define PV_VAPI_SESSION_HEADER "vmware-api-session-id"
/** Sent with the /rest login: the answer then sets no cookie. */
#define PV_VAPI_NO_COOKIE_HEADER "vmware-use-header-authn"

/* ---- dialects ---- */

enum pv_vapi_dialect_id {
    PV_VAPI_API = 1,
    PV_VAPI_REST,
    PV_VAPI_GUIDE,
    PV_VAPI_DIALECT_LAST_ = PV_VAPI_GUIDE,
};

/** What a call does, as far as its success status depends on it. */
enum pv_vapi_effect {
    PV_VAPI_GET = 1,
    PV_VAPI_CREATE,
    PV_VAPI_ACTION,        /**< POST without a result */
    PV_VAPI_ACTION_RESULT, /**< POST with a result */
    PV_VAPI_UPDATE,
    PV_VAPI_DELETE,
    PV_VAPI_TASK,          /**< the vmw-task=true form of an action: result is a task id */
    PV_VAPI_EFFECT_LAST_ = PV_VAPI_TASK,
};

struct pv_vapi_dialect {
    enum pv_vapi_dialect_id id;
    const char *name;          /**< "api", "rest", "guide" */
    const char *prefix;        /**< of every path: "/api", "/rest" */
    const char *filter_prefix; /**< of query filters: "" or "filter." */
    gboolean wraps_result;     /**< {"value": …}; nothing at all where there is no result */
    gboolean wraps_spec;       /**< {"spec": …} on input */
    gboolean map_as_list;      /**< maps are [{"key": …, "value": …}] */
    unsigned status[PV_VAPI_EFFECT_LAST_ + 1]; /**< by effect */
};

const struct pv_vapi_dialect *pv_vapi_dialect(enum pv_vapi_dialect_id id);
/** "api", "rest", "guide"; NULL for anything else. */
const struct pv_vapi_dialect *pv_vapi_dialect_named(const char *name);
/** Dialect of a request path ("/rest/vcenter/vm"), with *ret_rest at what follows the prefix
 * ("/vcenter/vm"); NULL when it is none. guide: /rest answers as the guide tells. */
const struct pv_vapi_dialect *pv_vapi_dialect_of_path(const char *path, gboolean guide,
                                                      const char **ret_rest);

/* ---- calls ---- */

enum pv_vapi_call_id {
    PV_VAPI_SESSION_CREATE = 1,
    PV_VAPI_SESSION_GET,
    PV_VAPI_SESSION_DELETE,
    PV_VAPI_VM_LIST,
    PV_VAPI_VM_GET,
    PV_VAPI_VM_CREATE,
    PV_VAPI_VM_DELETE,
    PV_VAPI_VM_CLONE,
    PV_VAPI_POWER_GET,
    PV_VAPI_POWER_START,
    PV_VAPI_POWER_STOP,
    PV_VAPI_POWER_SUSPEND,
    PV_VAPI_POWER_RESET,
    PV_VAPI_GUEST_POWER_GET,
    PV_VAPI_GUEST_SHUTDOWN,
    PV_VAPI_GUEST_REBOOT,
    PV_VAPI_GUEST_STANDBY,
    PV_VAPI_GUEST_IDENTITY,
    PV_VAPI_SNAPSHOT_LIST,
    PV_VAPI_SNAPSHOT_CREATE,
    PV_VAPI_SNAPSHOT_GET,
    PV_VAPI_SNAPSHOT_REVERT,
    PV_VAPI_SNAPSHOT_DELETE,
    PV_VAPI_DATASTORE_LIST,
    PV_VAPI_DATASTORE_GET,
    PV_VAPI_NETWORK_LIST,
    PV_VAPI_FOLDER_LIST,
    PV_VAPI_HOST_LIST,
    PV_VAPI_CLUSTER_LIST,
    PV_VAPI_CLUSTER_GET,
    PV_VAPI_DATACENTER_LIST,
    PV_VAPI_DATACENTER_GET,
    PV_VAPI_RESOURCE_POOL_LIST,
    PV_VAPI_RESOURCE_POOL_GET,
    PV_VAPI_TASK_LIST,
    PV_VAPI_TASK_GET,
    PV_VAPI_TASK_CANCEL,
    PV_VAPI_SYSTEM_VERSION,
    PV_VAPI_SYSTEM_HELLO,
    PV_VAPI_SYSTEM_HEALTH,
    PV_VAPI_CALL_LAST_ = PV_VAPI_SYSTEM_HEALTH,
};

/** How an action is named in a request. */
enum pv_vapi_action_form {
    PV_VAPI_FORM_QUERY = 0, /**< ?action=x in every dialect */
    PV_VAPI_FORM_PATH,      /**< ?action=x in /api, …/x in /rest (and in the guide's /api) */
    PV_VAPI_FORM_TILDE,     /**< ?action=x in /api, ?~action=x in /rest (the /com/vmware services) */
};

struct pv_vapi_call {
    enum pv_vapi_call_id id;
    const char *method;
    const char *path;      /**< after the dialect's prefix; {vm} … stands for one id */
    const char *rest_path; /**< where /rest has another; NULL: the same; "" : not in /rest */
    const char *action;    /**< or NULL */
    enum pv_vapi_action_form form;
    enum pv_vapi_effect effect;
    unsigned quirks;       /**< enum pv_vapi_quirk */
};

enum pv_vapi_quirk {
    PV_VAPI_Q_REST_POST_GET = 1 << 0, /**< in /rest a POST ?~action=get (some servers take GET too) */
    PV_VAPI_Q_EXTENSION = 1 << 1,     /**< no vCenter has it: polyvirt's own, in the guide's shape */
};

const struct pv_vapi_call *pv_vapi_call(enum pv_vapi_call_id id);
/**
 * Client: method and path with query of a call, ids escaped. ids: NULL-terminated, in path order.
 * Returns an allocated path or NULL when the dialect lacks the call; *ret_method is a literal.
 */
char *pv_vapi_call_path(const struct pv_vapi_call *call, const struct pv_vapi_dialect *dialect,
                        const char *const *ids, const char **ret_method);
/**
 * Server: which call a request is. rest: path after the prefix, still escaped, without query;
 * action: value of the query's action or ~action, or NULL. Takes every form of an action in every
 * dialect, since clients mix them. On a match ids receives the decoded ids (free with
 * pv_vapi_ids_clear). *ret_path_known tells a wrong method or action from an unknown path.
 */
const struct pv_vapi_call *pv_vapi_call_match(const struct pv_vapi_dialect *dialect, const char *method,
                                              const char *rest, const char *action,
                                              char *ids[PV_VAPI_IDS_MAX], gboolean *ret_path_known);
void pv_vapi_ids_clear(char *ids[PV_VAPI_IDS_MAX]);
/** Key of a filter in a query: "names" -> "filter.names" in /rest. Allocated. */
char *pv_vapi_filter_key(const struct pv_vapi_dialect *dialect, const char *name);
/** Name of the filter a query key stands for: "filter.names" and the indexed "filter.names.1" of 6.x
 * in /rest, "names" in /api; NULL when it is no filter of this dialect. Allocated. */
char *pv_vapi_filter_name(const struct pv_vapi_dialect *dialect, const char *key);

/* ---- errors ---- */

enum pv_vapi_error_type {
    PV_VAPI_ALREADY_EXISTS = 1,
    PV_VAPI_ALREADY_IN_DESIRED_STATE,
    PV_VAPI_CANCELED,
    PV_VAPI_CONCURRENT_CHANGE,
    PV_VAPI_ERROR,
    PV_VAPI_FEATURE_IN_USE,
    PV_VAPI_INTERNAL_SERVER_ERROR,
    PV_VAPI_INVALID_ARGUMENT,
    PV_VAPI_INVALID_ELEMENT_CONFIGURATION,
    PV_VAPI_INVALID_ELEMENT_TYPE,
    PV_VAPI_INVALID_REQUEST,
    PV_VAPI_NOT_ALLOWED_IN_CURRENT_STATE,
    PV_VAPI_NOT_FOUND,
    PV_VAPI_OPERATION_NOT_FOUND,
    PV_VAPI_RESOURCE_BUSY,
    PV_VAPI_RESOURCE_IN_USE,
    PV_VAPI_RESOURCE_INACCESSIBLE,
    PV_VAPI_SERVICE_UNAVAILABLE,
    PV_VAPI_TIMED_OUT,
    PV_VAPI_UNABLE_TO_ALLOCATE_RESOURCE,
    PV_VAPI_UNAUTHENTICATED,
    PV_VAPI_UNAUTHORIZED,
    PV_VAPI_UNEXPECTED_INPUT,
    PV_VAPI_UNSUPPORTED,
    PV_VAPI_UNVERIFIED_PEER,
    PV_VAPI_ERROR_LAST_ = PV_VAPI_UNVERIFIED_PEER,
};

struct pv_vapi_error {
    enum pv_vapi_error_type type;
    const char *name;    /**< error_type of /api: "NOT_FOUND" */
    const char *snake;   /**< last part of /rest's type: "not_found" */
    unsigned api_status, rest_status;
    enum pv_code code;   /**< what a client makes of it */
    gboolean transient;  /**< may go away by itself: decided by type, never by status */
};

const struct pv_vapi_error *pv_vapi_error(enum pv_vapi_error_type type);
/** By "NOT_FOUND", "not_found" or "com.vmware.vapi.std.errors.not_found"; NULL: unknown. */
const struct pv_vapi_error *pv_vapi_error_named(const char *name);
/** What a server says for a code of ours. */
const struct pv_vapi_error *pv_vapi_error_for_code(enum pv_code code);
unsigned pv_vapi_error_status(const struct pv_vapi_error *error, const struct pv_vapi_dialect *dialect);

/** Ids of messages that clients look at. */
#define PV_VAPI_MSG_ROUTE     "com.vmware.vapi.rest.httpNotFound"
#define PV_VAPI_MSG_NO_TOKEN  "com.vmware.vapi.endpoint.method.authentication.required"
#define PV_VAPI_MSG_TOO_MANY  "com.vmware.api.vcenter.vm.too_many_matches"
#define PV_VAPI_MSG_NO_VM     "com.vmware.api.vcenter.vm.not_found"
#define PV_VAPI_MSG_IS_OFF    "com.vmware.api.vcenter.vm.power.already_powered_off"
#define PV_VAPI_MSG_IS_ON     "com.vmware.api.vcenter.vm.power.already_powered_on"
#define PV_VAPI_MSG_IS_SUSPENDED "com.vmware.api.vcenter.vm.power.already_suspended"
#define PV_VAPI_MSG_NO_GUEST  "com.vmware.api.vcenter.vm.guest.information_not_available"

struct pv_vapi_message {
    const char *id;
    const char *text;        /**< default_message */
    const char *const *args; /**< NULL-terminated, or NULL */
};

/** Appends an error body with its messages (n may be 0). */
void pv_vapi_error_write(GString *out, const struct pv_vapi_dialect *dialect,
                         const struct pv_vapi_error *type,
                         const struct pv_vapi_message *messages, unsigned n);
/** Appends the body for an error of ours and returns its status. An error that a vSphere endpoint
 * made (native_source "vsphere-rest") keeps its type. id: message id, NULL = one of polyvirt's own. */
unsigned pv_vapi_error_write_pv(GString *out, const struct pv_vapi_dialect *dialect, const pv_error *error,
                                const char *id);

/** What an error answer said, read from any dialect; strings owned. */
struct pv_vapi_failure {
    unsigned status;
    const struct pv_vapi_error *type; /**< NULL: none or unknown in the body */
    char *type_name;  /**< as the body has it, or NULL */
    char *message_id; /**< of the first message, or NULL */
    char *message;    /**< texts of the messages, or NULL */
    gboolean no_route; /**< the server does not know the path, as opposed to the object in it */
};
/** Reads the body of an answer with a status of 300 and above; never fails, a foreign body gives a
 * failure by status alone. Understands /api, /rest and the 6.x localizableMessages. */
void pv_vapi_failure_read(unsigned status, const char *body, size_t len, struct pv_vapi_failure *ret_failure);
void pv_vapi_failure_clear(struct pv_vapi_failure *failure);
/** Sets *error from a failure, with the native detail, and returns the code. */
int pv_vapi_failure_set(const struct pv_vapi_failure *failure, pv_error **error);

/* ---- JSON with a dialect's rules ---- */

enum pv_vapi_read_flags {
    PV_VAPI_STRICT = 1 << 0, /**< a request's body: unknown members, unknown enum names, missing
                                  required members: PV_ERR_INVALID with the path */
};

/**
 * Appends a struct. As pv_json_write, but times always carry milliseconds as vSphere's do, and a list
 * whose items are {key, value} structs is a map: an object in /api, a list in /rest.
 */
void pv_vapi_write(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                   const void *object);
void pv_vapi_write_list(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                        const GPtrArray *list);
/** The same as a whole result body: with {"value": …} where the dialect wraps. */
void pv_vapi_write_result(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                          const void *object);
void pv_vapi_write_list_result(GString *out, const struct pv_vapi_dialect *dialect,
                               const struct pv_desc *desc,
                               const GPtrArray *list);
/** A bare id (or enum name) as a result: "vm-1" or {"value":"vm-1"}. */
void pv_vapi_write_id_result(GString *out, const struct pv_vapi_dialect *dialect, const char *id);
/** A spec as a request body: wrapped as {"spec": …} where the dialect does so. */
void pv_vapi_write_spec(GString *out, const struct pv_vapi_dialect *dialect, const struct pv_desc *desc,
                        const void *spec);

/** Parses a body: bounded (bytes, depth), duplicate keys refused. PV_ERR_INVALID with the place. */
int pv_vapi_parse(const char *text, size_t len, json_t **ret_json, pv_error **error);
/**
 * Reads one struct; takes maps in either form. Without PV_VAPI_STRICT it is meant for a peer's
 * answers: unknown members and nulls are skipped, unknown enum names read as unset; a wrong type or a
 * missing required member is PV_ERR_PROTOCOL with the path; so is a NULL json, an empty answer. Free
 * with pv_desc_free.
 */
int pv_vapi_read(const json_t *json, const struct pv_desc *desc, unsigned flags, void **ret_object,
                 pv_error **error);
/** Reads an array of structs, appending to list (made with pv_list_new of desc). */
int pv_vapi_read_list(const json_t *json, const struct pv_desc *desc, unsigned flags, GPtrArray *list,
                      pv_error **error);
/** Client: the result inside an answer of this dialect (borrowed); a lone {"value": …} is taken off in
 * /api too, some servers wrap there. */
const json_t *pv_vapi_result(const struct pv_vapi_dialect *dialect, const json_t *answer);
/** Server: the spec inside a request body (borrowed): a lone {"spec": {…}} is taken off in every
 * dialect (the guide sends it to /api), a bare one is taken as it is where the dialect does not wrap.
 * PV_ERR_INVALID otherwise. */
int pv_vapi_spec(const struct pv_vapi_dialect *dialect, const json_t *body, const json_t **ret_spec,
                 pv_error **error);

G_END_DECLS

#endif
