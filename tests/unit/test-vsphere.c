/* SPDX-License-Identifier: Apache-2.0 */
/* The vsphere driver against a scripted server that is odd in one way at a time. */
#include "driver.h"
#include "http-peer.h"

#include <string.h>

const struct pv_driver *const pv_drivers[] = { &pv_driver_vsphere, NULL };

#define NOT_FOUND_ROUTE                                                                                    \
    "{\"error_type\":\"NOT_FOUND\",\"messages\":[{\"args\":[],\"default_message\":\"Not found.\","         \
    "\"id\":\"com.vmware.vapi.rest.httpNotFound\"}]}"
#define NOT_FOUND_VM                                                                                       \
    "{\"error_type\":\"NOT_FOUND\",\"messages\":[{\"args\":[],\"default_message\":\"No such VM.\","        \
    "\"id\":\"com.vmware.api.vcenter.vm.not_found\"}]}"
#define ERROR_BODY(type) "{\"error_type\":\"" type "\",\"messages\":[]}"

/* How the server behaves, and what it saw. */
struct fake {
    gboolean only_rest;
    unsigned login_status;     /* 0: the right one */
    pv_task *cancel_at_login;  /* cancelled when a login has arrived, before its answer; or NULL */
    unsigned refuse_sessions;  /* answers so many calls with 401 */
    const char *refusal;       /* body of those */
    unsigned fail_calls;       /* answers so many calls with 503 */
    const char *failure;       /* body of those */
    unsigned vms, cap;
    const char *odd_state;     /* power_state of every VM */
    gboolean moving;           /* vm-0 is in every part of a list that is split */
    gboolean has_snapshots;
    const char *garbage;       /* answer to everything but the login */
    unsigned logins, logouts, starts;
    char *create_body;
};

static const char *const states[] = { "POWERED_ON", "POWERED_OFF", "SUSPENDED" };

static void
answer(struct http_exchange *exchange, unsigned status, const char *text)
{
    exchange->status = status;
    exchange->answer = g_strdup(text);
}

/* One value of a filter in the query, or NULL; enough for a test. */
static char *
filter_value(const char *path, const char *name)
{
    g_autofree char *api = g_strdup_printf("?%s=", name), *also = g_strdup_printf("&%s=", name);
    g_autofree char *rest = g_strdup_printf("filter.%s=", name);
    const char *at = strstr(path, api) ? strstr(path, api) + strlen(api)
        : strstr(path, also)           ? strstr(path, also) + strlen(also)
        : strstr(path, rest)           ? strstr(path, rest) + strlen(rest)
                                       : NULL;

    return at ? g_strndup(at, strcspn(at, "&")) : NULL;
}

static gboolean
passes(const char *path, const char *name, const char *value)
{
    g_autofree char *wanted = filter_value(path, name);

    return !wanted || strcmp(wanted, value) == 0;
}

static gboolean
is_rest(const struct http_exchange *exchange)
{
    return g_str_has_prefix(exchange->path, "/rest/");
}

static void
answer_vms(struct fake *fake, struct http_exchange *exchange)
{
    GString *out = g_string_new(is_rest(exchange) ? "{\"value\":[" : "[");
    unsigned found = 0;

    for (unsigned i = 0; i < fake->vms; i++) {
        g_autofree char *id = g_strdup_printf("vm-%u", i), *name = g_strdup_printf("web%u", i == 9 ? 8 : i);
        const char *state = fake->odd_state ? fake->odd_state : states[i % 3];

        if (!passes(exchange->path, "vms", id) || !passes(exchange->path, "names", name)
            || (!(fake->moving && i == 0)
                && (!passes(exchange->path, "power_states", state)
                    || !passes(exchange->path, "hosts", i % 2 ? "host-1" : "host-0"))))
            continue;
        g_string_append_printf(out, "%s{\"vm\":\"%s\",\"name\":\"%s\",\"power_state\":\"%s\",\"cpu_count\":2,"
                                    "\"memory_size_MiB\":256,\"brand_new\":[]}",
                               found++ ? "," : "", id, name, state);
    }
    g_string_append(out, is_rest(exchange) ? "]}" : "]");
    if (fake->cap && found > fake->cap)
        answer(exchange, 500, ERROR_BODY("UNABLE_TO_ALLOCATE_RESOURCE"));
    else
        answer(exchange, 200, out->str);
    g_string_free(out, TRUE);
}

static void
answer_login(struct fake *fake, struct http_exchange *exchange)
{
    const char *credentials = exchange->header(exchange, "Authorization");

    if (g_strcmp0(credentials, "Basic dTpw") != 0) {
        answer(exchange, 401, ERROR_BODY("UNAUTHENTICATED"));
        return;
    }
    fake->logins++;
    if (fake->cancel_at_login) {
        pv_task_cancel(fake->cancel_at_login);
        g_usleep(300 * 1000); /* the client has all the time to give up */
    }
    exchange->status = fake->login_status ? fake->login_status : is_rest(exchange) ? 200 : 201;
    exchange->answer = g_strdup_printf(is_rest(exchange) ? "{\"value\":\"session-%u\"}" : "\"session-%u\"",
                                       fake->logins);
}

static const struct {
    const char *request; /* "METHOD path-without-prefix", matched as a pattern */
    unsigned status;
    const char *answer;
} replies[] = {
    { "GET /vcenter/datacenter", 200,
      "[{\"datacenter\":\"dc-1\",\"name\":\"a\"},{\"datacenter\":\"dc-2\",\"name\":\"b\"}]" },
    { "GET /vcenter/folder*datacenters=dc-1", 200, "[]" },
    { "GET /vcenter/folder*datacenters=dc-2", 200,
      "[{\"folder\":\"group-v3\",\"name\":\"vm\",\"type\":\"VIRTUAL_MACHINE\"}]" },
    { "GET /vcenter/datastore*", 200,
      "[{\"datastore\":\"datastore-1\",\"name\":\"small\",\"type\":\"VMFS\",\"free_space\":1,\"capacity\":10},"
      "{\"datastore\":\"datastore-2\",\"name\":\"large\",\"type\":\"QUANTUM\",\"free_space\":9,\"capacity\":10}]" },
    { "GET /vcenter/resource-pool*", 200, "[{\"resource_pool\":\"resgroup-8\",\"name\":\"Resources\"}]" },
    { "GET /vcenter/network", 200,
      "[{\"network\":\"dvportgroup-7\",\"name\":\"lan\",\"type\":\"DISTRIBUTED_PORTGROUP\"}]" },
    { "GET /vcenter/host", 200, "[{\"host\":\"host-0\",\"name\":\"a\",\"connection_state\":\"CONNECTED\"},"
                                "{\"host\":\"host-1\",\"name\":\"b\",\"connection_state\":\"MELTING\"}]" },
    { "GET /vcenter/vm/vm-1/power", 200, "{\"state\":\"POWERED_OFF\",\"clean_power_off\":true}" },
    { "GET /vcenter/vm/vm-2/power", 200, "{\"state\":\"SUSPENDED\"}" },
    { "GET /session", 200, "{\"user\":\"u\",\"created_time\":\"2026-01-02T03:04:05.678Z\"}" },
    { "GET /appliance/system/version", 200, "{\"product\":\"VMware vCenter Server\",\"version\":\"8.0.3\"}" },
    { "GET /vcenter/vm/vm-?", 200,
      "{\"guest_OS\":\"PLAN9_64\",\"name\":\"n\",\"power_state\":\"POWERED_OFF\","
      "\"identity\":{\"instance_uuid\":\"0d3b3b2a-6d2b-4f8e-9a9c-000000000001\"},"
      "\"disks\":{\"2000\":{\"label\":\"Hard disk 1\",\"type\":\"SCSI\",\"capacity\":5,"
      "\"backing\":{\"type\":\"VMDK_FILE\",\"vmdk_file\":\"[a] b/c.vmdk\"}}},\"nics\":{}}" },
};

static void
answer_table(struct http_exchange *exchange)
{
    g_autofree char *request = g_strdup_printf("%s %s", exchange->method, strchr(exchange->path + 1, '/'));

    for (size_t i = 0; i < G_N_ELEMENTS(replies); i++)
        if (g_pattern_match_simple(replies[i].request, request)) {
            answer(exchange, replies[i].status, replies[i].answer);
            return;
        }
    answer(exchange, 404, NOT_FOUND_ROUTE);
}

static void
answer_api(struct fake *fake, struct http_exchange *exchange)
{
    const char *path = strchr(exchange->path + 1, '/');
    gboolean post = strcmp(exchange->method, "POST") == 0;

    if (fake->garbage)
        answer(exchange, 200, fake->garbage);
    else if (strcmp(exchange->method, "DELETE") == 0 && strstr(path, "session")) {
        fake->logouts++;
        exchange->status = 204;
    } else if (!post && (strcmp(path, "/vcenter/vm") == 0 || g_str_has_prefix(path, "/vcenter/vm?")))
        answer_vms(fake, exchange);
    else if (post && strcmp(path, "/vcenter/vm") == 0) {
        fake->create_body = g_strdup(exchange->body);
        answer(exchange, 201, is_rest(exchange) ? "{\"value\":\"vm-77\"}" : "\"vm-77\"");
    } else if (post && strstr(path, "/power") && strstr(path, "start")) {
        fake->starts++;
        exchange->status = is_rest(exchange) ? 200 : 204;
    } else if (strstr(path, "/snapshot") && fake->has_snapshots)
        answer(exchange, 404, NOT_FOUND_VM);
    else
        answer_table(exchange);
}

static void
serve(struct http_exchange *exchange, void *data)
{
    struct fake *fake = data;
    g_autofree char *session = g_strdup_printf("session-%u", fake->logins);
    gboolean login = strcmp(exchange->method, "POST") == 0 && g_str_has_suffix(exchange->path, "/session");

    if (fake->only_rest && !is_rest(exchange))
        answer(exchange, 404, NOT_FOUND_ROUTE);
    else if (login)
        answer_login(fake, exchange);
    else if (fake->refuse_sessions > 0) {
        fake->refuse_sessions--;
        answer(exchange, 401, fake->refusal);
    } else if (g_strcmp0(exchange->header(exchange, "vmware-api-session-id"), session) != 0)
        answer(exchange, 401, ERROR_BODY("UNAUTHENTICATED"));
    else if (fake->fail_calls > 0) {
        fake->fail_calls--;
        answer(exchange, 503, fake->failure);
    } else
        answer_api(fake, exchange);
}

/* ---- opening ---- */

static char *
give_password(const char *user G_GNUC_UNUSED, const char *endpoint G_GNUC_UNUSED, void *data,
              pv_error **error G_GNUC_UNUSED)
{
    return g_strdup(data);
}

static int
try_open(struct http_peer *peer, const char *password, const char *query, pv_conn **ret_conn,
         pv_error **error)
{
    g_autofree char *uri = g_strdup_printf("vsphere://u@127.0.0.1:%d/%s", http_peer_port(peer), query);
    struct pv_open_options options = { .password = give_password, .password_data = (void *)password,
                                       .tls_sha256 = http_peer_sha256(peer) };

    return pv_open(uri, &options, NULL, ret_conn, error);
}

struct world {
    struct fake fake;
    struct http_peer *peer;
    pv_conn *conn;
};

static void
world_open(struct world *world)
{
    pv_error *error = NULL;

    world->peer = http_peer_start(TRUE, serve, &world->fake);
    try_open(world->peer, "p", "", &world->conn, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
}

static void
world_close(struct world *world)
{
    pv_close(world->conn);
    http_peer_stop(world->peer);
    g_free(world->fake.create_body);
}

static gboolean
saw(const struct world *world, const char *request)
{
    g_autofree char *log = http_peer_log(world->peer), *line = g_strconcat(request, "\n", NULL);

    return strstr(log, line) != NULL;
}

static guint
count_vms(struct world *world)
{
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(pv_error) error = NULL;

    pv_vm_list(world->conn, NULL, PV_VM_LIST, NULL, &vms, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
    return vms->len;
}

static void
test_a_session_is_opened_used_and_closed(void)
{
    struct world world = { .fake = { .vms = 3 } };
    g_autoptr(pv_session) session = NULL;

    world_open(&world);
    g_assert_cmpuint(count_vms(&world), ==, 3);
    g_assert_cmpint(pv_session_info(world.conn, NULL, &session, NULL), ==, 0);
    g_assert_cmpstr(session->user, ==, "u");
    g_assert_cmpstr(session->id, ==, "sess…");
    g_assert_cmpuint(world.fake.logouts, ==, 0);
    pv_close(g_steal_pointer(&world.conn));
    g_assert_cmpuint(world.fake.logouts, ==, 1);
    g_assert_true(saw(&world, "DELETE /api/session"));
    world_close(&world);
}

static void
test_a_server_with_rest_only_is_spoken_to_in_rest(void)
{
    struct world world = { .fake = { .vms = 2, .only_rest = TRUE } };

    world_open(&world);
    g_assert_cmpuint(count_vms(&world), ==, 2);
    g_assert_cmpint(pv_vm_power(world.conn, "web1", PV_POWER_OP_START, NULL, NULL), ==, 0);
    g_assert_true(saw(&world, "GET /rest/vcenter/vm?filter.names=web1"));
    g_assert_true(saw(&world, "POST /rest/vcenter/vm/vm-1/power/start"));
    pv_close(g_steal_pointer(&world.conn));
    g_assert_true(saw(&world, "DELETE /rest/com/vmware/cis/session"));
    world_close(&world);
}

static void
test_any_2xx_opens_a_session(void)
{
    static const unsigned statuses[] = { 200, 201, 202 };

    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        for (int rest = 0; rest < 2; rest++) {
            struct world world = { .fake = { .login_status = statuses[i], .only_rest = rest } };

            world_open(&world);
            world_close(&world);
            g_assert_cmpuint(world.fake.logouts, ==, 1);
        }
}

static void
test_a_wrong_password_is_an_auth_error(void)
{
    struct fake fake = { 0 };
    struct http_peer *peer = http_peer_start(TRUE, serve, &fake);
    g_autoptr(pv_error) error = NULL;
    g_autofree char *log = NULL;
    pv_conn *conn = NULL;

    g_assert_cmpint(try_open(peer, "wrong", "", &conn, &error), ==, PV_ERR_AUTH);
    g_assert_nonnull(strstr(error->message, "login of u refused"));
    log = http_peer_log(peer);
    g_assert_cmpstr(log, ==, "POST /api/session\n");
    http_peer_stop(peer);
}

static void
test_a_bad_uri_is_a_usage_error(void)
{
    static const char *const uris[] = {
        "vsphere://host", "vsphere://u@", "vsphere:///x", "vsphere://u@h/path", "vsphere://u@h?dialect=soap",
        "vsphere://u@h?sha255=aa", "vsphere://u@h?sha256=aa", "vsphere://u@h?ca=/no/such/file",
    };
    struct pv_open_options options = { .password = give_password, .password_data = (void *)"p" };

    for (size_t i = 0; i < G_N_ELEMENTS(uris); i++) {
        pv_conn *conn = NULL;

        g_test_message("%s", uris[i]);
        g_assert_cmpint(pv_open(uris[i], &options, NULL, &conn, NULL), ==, PV_ERR_USAGE);
    }
}

static void
test_a_session_id_that_is_no_header_is_refused(void)
{
    struct world world = { .fake = { .vms = 1 } };
    pv_conn *conn = NULL;
    g_autoptr(pv_error) error = NULL;

    world.peer = http_peer_start(TRUE, serve, &world.fake);
    world.fake.login_status = 204; /* no body goes with it */
    g_assert_cmpint(try_open(world.peer, "p", "", &conn, &error), ==, PV_ERR_PROTOCOL);
    http_peer_stop(world.peer);
}

/* The server has opened the session by then: its id must be waited for, or nobody can close it. */
static void
test_a_login_cancelled_on_its_way_leaves_no_session(void)
{
    g_autoptr(pv_task) task = pv_task_new("test", NULL);
    struct fake fake = { .cancel_at_login = task };
    struct http_peer *peer = http_peer_start(TRUE, serve, &fake);
    g_autofree char *uri = g_strdup_printf("vsphere://u@127.0.0.1:%d", http_peer_port(peer));
    struct pv_open_options options = { .password = give_password, .password_data = (void *)"p",
                                       .tls_sha256 = http_peer_sha256(peer) };
    pv_conn *conn = NULL;

    g_assert_cmpint(pv_open(uri, &options, task, &conn, NULL), ==, PV_ERR_CANCELLED);
    g_assert_cmpuint(fake.logins, ==, 1);
    g_assert_cmpuint(fake.logouts, ==, 1);
    http_peer_stop(peer);
}

/* ---- sessions that end, servers that falter ---- */

static void
test_an_expired_session_is_opened_again(void)
{
    struct world world = { .fake = { .vms = 3 } };

    world_open(&world);
    world.fake.refuse_sessions = 1;
    world.fake.refusal = ERROR_BODY("UNAUTHENTICATED");
    g_assert_cmpuint(count_vms(&world), ==, 3);
    g_assert_cmpuint(world.fake.logins, ==, 2);
    world.fake.refuse_sessions = 1;
    g_assert_cmpint(pv_vm_power(world.conn, "web1", PV_POWER_OP_START, NULL, NULL), ==, 0);
    g_assert_cmpuint(world.fake.starts, ==, 1);
    world_close(&world);
    g_assert_cmpuint(world.fake.logouts, ==, 1);
}

static int
power_by_id(struct world *world, enum pv_power_op op, pv_error **error)
{
    g_autofree char *id = NULL;
    g_autoptr(pv_vm) vm = NULL;

    g_assert_cmpint(pv_vm_get(world->conn, "vm-1", PV_VM_BASIC, NULL, &vm, NULL), ==, 0);
    return pv_vm_power(world->conn, "vm-1", op, NULL, error);
}

/* Each power call is preceded by one that finds the VM. */
static void
arm_after_one_call(struct world *world, unsigned fail, unsigned refuse)
{
    world->fake.fail_calls = fail;
    world->fake.refuse_sessions = refuse;
}

static void
test_a_refusal_of_unknown_origin_is_not_answered_by_repeating_a_change(void)
{
    struct world world = { .fake = { .vms = 3, .refusal = "<html>gateway</html>" } };
    struct pv_uri *uri = NULL;
    struct pv_open_options options = { .password = give_password, .password_data = (void *)"p" };
    g_autofree char *text = NULL;
    g_autoptr(pv_task) task = pv_task_new("test", NULL);
    void *handle = NULL;

    world.peer = http_peer_start(TRUE, serve, &world.fake);
    options.tls_sha256 = http_peer_sha256(world.peer);
    text = g_strdup_printf("vsphere://u@127.0.0.1:%d", http_peer_port(world.peer));
    g_assert_cmpint(pv_uri_parse(text, &uri, NULL), ==, 0);
    g_assert_cmpint(pv_driver_vsphere.open(&(struct pv_open_args){ .uri = uri, .options = &options,
                                                                   .task = task },
                                           &handle, NULL), ==, PV_OPEN_OK);
    arm_after_one_call(&world, 0, 1);
    g_assert_cmpint(pv_driver_vsphere.vm->power(handle, "vm-1", PV_POWER_OP_START, task, NULL), ==,
                    PV_ERR_AUTH);
    g_assert_cmpuint(world.fake.starts, ==, 0);
    arm_after_one_call(&world, 1, 0);
    world.fake.failure = ERROR_BODY("SERVICE_UNAVAILABLE");
    g_assert_cmpint(pv_driver_vsphere.vm->power(handle, "vm-1", PV_POWER_OP_START, task, NULL), ==,
                    PV_ERR_BUSY);
    g_assert_cmpuint(world.fake.starts, ==, 0);
    arm_after_one_call(&world, 1, 0);
    world.fake.failure = ERROR_BODY("TIMED_OUT");
    g_assert_cmpint(pv_driver_vsphere.vm->power(handle, "vm-1", PV_POWER_OP_START, task, NULL), ==,
                    PV_ERR_UNKNOWN);
    pv_driver_vsphere.close(handle);
    pv_uri_free(uri);
    http_peer_stop(world.peer);
}

static void
test_a_read_survives_a_passing_fault(void)
{
    struct world world = { .fake = { .vms = 3, .failure = "busy" } };

    world_open(&world);
    world.fake.fail_calls = 2;
    g_assert_cmpuint(count_vms(&world), ==, 3);
    g_assert_cmpuint(world.fake.fail_calls, ==, 0);
    world_close(&world);
}

/* A 503 whose type is no passing one must not be repeated. */
static void
test_a_lasting_fault_is_not_repeated(void)
{
    struct world world = { .fake = { .vms = 3, .failure = ERROR_BODY("UNSUPPORTED") } };
    g_autoptr(GPtrArray) vms = NULL;

    world_open(&world);
    world.fake.fail_calls = 2;
    g_assert_cmpint(pv_vm_list(world.conn, NULL, PV_VM_LIST, NULL, &vms, NULL), ==, PV_ERR_UNSUPPORTED);
    g_assert_cmpuint(world.fake.fail_calls, ==, 1);
    world.fake.fail_calls = 0;
    world_close(&world);
}

static void
test_a_garbled_answer_is_told(void)
{
    static const char *const garbage[] = { "<html>", "{\"a\":", "", "7", "[7]", "[{\"vm\":1}]" };
    g_autoptr(pv_error) error = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(garbage); i++) {
        struct world world = { .fake = { 0 } };
        g_autoptr(GPtrArray) vms = NULL;

        world_open(&world);
        world.fake.garbage = garbage[i];
        g_assert_cmpint(pv_vm_list(world.conn, NULL, PV_VM_LIST, NULL, &vms, NULL), ==, PV_ERR_PROTOCOL);
        g_assert_null(vms);
        world_close(&world);
    }
}

/* ---- VMs ---- */

static void
test_an_unknown_power_state_is_kept_as_it_is(void)
{
    struct world world = { .fake = { .vms = 1, .odd_state = "HIBERNATED" } };
    g_autoptr(pv_vm) vm = NULL;

    world_open(&world);
    g_assert_cmpint(pv_vm_get(world.conn, "web0", PV_VM_LIST, NULL, &vm, NULL), ==, 0);
    g_assert_cmpint(vm->state, ==, PV_POWER_OTHER);
    g_assert_cmpstr(vm->native_state, ==, "HIBERNATED");
    g_assert_cmpint(vm->memory, ==, 256 << 20);
    world_close(&world);
}

static void
test_more_vms_than_the_cap_are_listed_whole(void)
{
    struct world world = { .fake = { .vms = 60, .cap = 11, .moving = TRUE } };
    g_autoptr(GPtrArray) vms = NULL;
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

    world_open(&world);
    g_assert_cmpint(pv_vm_list(world.conn, NULL, PV_VM_LIST, NULL, &vms, NULL), ==, 0);
    for (guint i = 0; i < vms->len; i++)
        g_hash_table_add(ids, ((pv_vm *)vms->pdata[i])->id);
    g_assert_cmpuint(vms->len, ==, 60);
    g_assert_cmpuint(g_hash_table_size(ids), ==, 60);
    g_assert_true(saw(&world, "GET /api/vcenter/vm?power_states=SUSPENDED&hosts=host-1"));
    world_close(&world);
}

static void
test_a_cap_that_no_split_gets_under_is_an_error(void)
{
    struct world world = { .fake = { .vms = 60, .cap = 1 } };
    g_autoptr(GPtrArray) vms = NULL;

    world_open(&world);
    g_assert_cmpint(pv_vm_list(world.conn, NULL, PV_VM_LIST, NULL, &vms, NULL), <, 0);
    world_close(&world);
}

static void
test_a_vm_is_found_by_name_id_and_uuid(void)
{
    static const struct {
        const char *ref, *id;
        int code;
    } cases[] = {
        { "web2", "vm-2", 0 },
        { "vm-2", "vm-2", 0 },
        { "0D3B3B2A-6D2B-4F8E-9A9C-000000000001", "vm-0", 0 },
        { "web8", NULL, PV_ERR_INVALID },
        { "wbe2", NULL, PV_ERR_NOT_FOUND },
        { "vm-99", NULL, PV_ERR_NOT_FOUND },
    };
    struct world world = { .fake = { .vms = 10 } };

    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(pv_vm) vm = NULL;
        g_autoptr(pv_error) error = NULL;

        g_assert_cmpint(pv_vm_get(world.conn, cases[i].ref, PV_VM_LIST, NULL, &vm, &error), ==,
                        cases[i].code);
        if (vm)
            g_assert_cmpstr(vm->id, ==, cases[i].id);
        if (strcmp(cases[i].ref, "wbe2") == 0)
            g_assert_nonnull(strstr(error->hint, "web2"));
    }
    world_close(&world);
}

static void
test_details_are_read_only_when_asked_for(void)
{
    struct world world = { .fake = { .vms = 10 } };
    g_autoptr(GPtrArray) vms = NULL;

    world_open(&world);
    g_assert_cmpuint(count_vms(&world), ==, 10);
    g_assert_false(saw(&world, "GET /api/vcenter/vm/vm-3"));
    g_assert_cmpint(pv_vm_list(world.conn, NULL, PV_VM_LIST | PV_VM_DEVICES, NULL, &vms, NULL), ==, 0);
    for (guint i = 0; i < vms->len; i++) {
        const pv_vm *vm = vms->pdata[i];

        g_assert_cmpstr(vm->guest_os, ==, "PLAN9_64");
        g_assert_cmpstr(((pv_disk *)vm->disks->pdata[0])->path, ==, "[a] b/c.vmdk");
    }
    world_close(&world);
}

static void
test_resume_does_not_boot_a_machine_that_is_off(void)
{
    struct world world = { .fake = { .vms = 3 } };

    world_open(&world);
    g_assert_cmpint(power_by_id(&world, PV_POWER_OP_RESUME, NULL), ==, PV_ERR_STATE);
    g_assert_cmpuint(world.fake.starts, ==, 0);
    g_assert_cmpint(pv_vm_power(world.conn, "vm-2", PV_POWER_OP_RESUME, NULL, NULL), ==, 0);
    g_assert_cmpuint(world.fake.starts, ==, 1);
    g_assert_cmpint(pv_vm_power(world.conn, "vm-2", PV_POWER_OP_PAUSE, NULL, NULL), ==, PV_ERR_UNSUPPORTED);
    world_close(&world);
}

static pv_vm_spec *
sample_spec(void)
{
    pv_vm_spec *spec = pv_vm_spec_new();
    pv_disk_spec *disk = pv_disk_spec_new();
    pv_nic_spec *nic = pv_nic_spec_new();

    spec->name = g_strdup("new");
    disk->size = 1 << 20;
    nic->network = g_strdup("lan");
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    spec->nics = pv_list_new(&pv_nic_spec_desc);
    g_ptr_array_add(spec->disks, disk);
    g_ptr_array_add(spec->nics, nic);
    return spec;
}

/* dc-1 has no folder for VMs: dc-2 is taken, its datastore with the most room, the network by name. */
static void
test_create_finds_a_place(void)
{
    struct world world = { .fake = { .vms = 1 } };
    g_autoptr(pv_vm_spec) spec = sample_spec();
    g_autoptr(pv_error) error = NULL;

    world_open(&world);
    pv_vm_create(world.conn, spec, NULL, NULL, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
    g_assert_cmpstr(world.fake.create_body, ==,
                    "{\"name\":\"new\",\"guest_OS\":\"OTHER_64\",\"placement\":{\"folder\":\"group-v3\","
                    "\"resource_pool\":\"resgroup-8\",\"datastore\":\"datastore-2\"},\"cpu\":{\"count\":1},"
                    "\"memory\":{\"size_MiB\":512},\"disks\":[{\"new_vmdk\":{\"capacity\":1048576}}],"
                    "\"nics\":[{\"mac_type\":\"GENERATED\",\"backing\":{\"type\":\"DISTRIBUTED_PORTGROUP\","
                    "\"network\":\"dvportgroup-7\"},\"start_connected\":true,\"allow_guest_control\":true}],"
                    "\"cdroms\":[]}");
    world_close(&world);
}

static void
test_create_in_a_place_that_is_not_there_sends_nothing(void)
{
    struct world world = { .fake = { .vms = 1 } };
    g_autoptr(pv_vm_spec) spec = sample_spec();
    g_autoptr(pv_error) error = NULL;

    spec->datastore = g_strdup("nowhere");
    world_open(&world);
    g_assert_cmpint(pv_vm_create(world.conn, spec, NULL, NULL, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "datastore"));
    g_assert_null(world.fake.create_body);
    world_close(&world);
}

/* ---- snapshots, inventory ---- */

static void
test_missing_snapshots_are_said_in_words(void)
{
    struct world world = { .fake = { .vms = 3 } };
    g_autoptr(GPtrArray) snapshots = NULL, capabilities = NULL;
    g_autoptr(pv_error) error = NULL;

    world_open(&world);
    g_assert_cmpint(pv_snapshot_list(world.conn, "web1", NULL, &snapshots, &error), ==, PV_ERR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "SOAP"));
    pv_endpoint_capabilities(world.conn, NULL, &capabilities, NULL);
    for (guint i = 0; i < capabilities->len; i++) {
        const pv_capability *row = capabilities->pdata[i];

        if (g_str_has_prefix(row->operation, "snapshot."))
            g_assert_cmpint(row->supported, ==, FALSE);
    }
    world_close(&world);
}

static void
test_a_vm_without_snapshots_is_not_a_server_without_them(void)
{
    struct world world = { .fake = { .vms = 3, .has_snapshots = TRUE } };
    g_autoptr(GPtrArray) snapshots = NULL;

    world_open(&world);
    g_assert_cmpint(pv_snapshot_list(world.conn, "web1", NULL, &snapshots, NULL), ==, PV_ERR_NOT_FOUND);
    world_close(&world);
}

static void
test_inventory_of_a_newer_server_is_read(void)
{
    struct world world = { .fake = { .vms = 3 } };
    g_autoptr(GPtrArray) datastores = NULL, networks = NULL, hosts = NULL;
    g_autoptr(pv_endpoint) endpoint = NULL;

    world_open(&world);
    g_assert_cmpint(pv_datastore_list(world.conn, NULL, &datastores, NULL), ==, 0);
    g_assert_cmpint(pv_network_list(world.conn, NULL, &networks, NULL), ==, 0);
    g_assert_cmpint(pv_host_list(world.conn, NULL, &hosts, NULL), ==, 0);
    g_assert_cmpint(pv_endpoint_info(world.conn, NULL, &endpoint, NULL), ==, 0);
    g_assert_cmpstr(((pv_datastore *)datastores->pdata[1])->type, ==, "QUANTUM");
    g_assert_cmpint(((pv_datastore *)datastores->pdata[1])->allocation, ==, 1);
    g_assert_cmpstr(((pv_network *)networks->pdata[0])->type, ==, "DISTRIBUTED_PORTGROUP");
    g_assert_cmpstr(((pv_host *)hosts->pdata[1])->state, ==, "melting");
    g_assert_cmpstr(endpoint->version, ==, "8.0.3");
    g_assert_cmpstr(endpoint->dialect, ==, "/api");
    g_assert_cmpint(endpoint->vm_count, ==, 3);
    world_close(&world);
}

#define ADD(name) g_test_add_func("/vsphere/" #name, test_##name)

int
main(int argc, char **argv)
{
    g_unsetenv("https_proxy");
    g_unsetenv("HTTPS_PROXY");
    g_test_init(&argc, &argv, NULL);
    ADD(a_session_is_opened_used_and_closed);
    ADD(a_server_with_rest_only_is_spoken_to_in_rest);
    ADD(any_2xx_opens_a_session);
    ADD(a_wrong_password_is_an_auth_error);
    ADD(a_bad_uri_is_a_usage_error);
    ADD(a_session_id_that_is_no_header_is_refused);
    ADD(a_login_cancelled_on_its_way_leaves_no_session);
    ADD(an_expired_session_is_opened_again);
    ADD(a_refusal_of_unknown_origin_is_not_answered_by_repeating_a_change);
    ADD(a_read_survives_a_passing_fault);
    ADD(a_lasting_fault_is_not_repeated);
    ADD(a_garbled_answer_is_told);
    ADD(an_unknown_power_state_is_kept_as_it_is);
    ADD(more_vms_than_the_cap_are_listed_whole);
    ADD(a_cap_that_no_split_gets_under_is_an_error);
    ADD(a_vm_is_found_by_name_id_and_uuid);
    ADD(details_are_read_only_when_asked_for);
    ADD(resume_does_not_boot_a_machine_that_is_off);
    ADD(create_finds_a_place);
    ADD(create_in_a_place_that_is_not_there_sends_nothing);
    ADD(missing_snapshots_are_said_in_words);
    ADD(a_vm_without_snapshots_is_not_a_server_without_them);
    ADD(inventory_of_a_newer_server_is_read);
    return g_test_run();
}
