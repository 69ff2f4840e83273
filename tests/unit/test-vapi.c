/* SPDX-License-Identifier: Apache-2.0 */
#include "vapi-model.h"

#include <string.h>

static const struct pv_vapi_dialect *
api(void)
{
    return pv_vapi_dialect(PV_VAPI_API);
}

static const struct pv_vapi_dialect *
rest(void)
{
    return pv_vapi_dialect(PV_VAPI_REST);
}

static json_t *
parse(const char *text)
{
    json_t *json = NULL;

    g_assert_cmpint(pv_vapi_parse(text, strlen(text), &json, NULL), ==, 0);
    return json;
}

/* ---- dialects and calls ---- */

static void
test_a_path_names_its_dialect(void)
{
    const char *after = NULL;

    g_assert_true(pv_vapi_dialect_of_path("/api/vcenter/vm", FALSE, &after) == api());
    g_assert_cmpstr(after, ==, "/vcenter/vm");
    g_assert_true(pv_vapi_dialect_of_path("/rest/vcenter/vm", FALSE, &after) == rest());
    g_assert_true(pv_vapi_dialect_of_path("/rest/vcenter/vm", TRUE,
                                          &after) == pv_vapi_dialect(PV_VAPI_GUIDE));
    g_assert_null(pv_vapi_dialect_of_path("/apis/x", FALSE, &after));
    g_assert_null(pv_vapi_dialect_of_path("/api", FALSE, &after));
    for (int id = 1; id <= PV_VAPI_DIALECT_LAST_; id++)
        g_assert_true(pv_vapi_dialect_named(pv_vapi_dialect(id)->name) == pv_vapi_dialect(id));
}

static void
test_statuses_are_those_of_the_dialect(void)
{
    for (int effect = 1; effect <= PV_VAPI_EFFECT_LAST_; effect++)
        g_assert_cmpuint(rest()->status[effect], ==, 200);
    g_assert_cmpuint(api()->status[PV_VAPI_CREATE], ==, 201);
    g_assert_cmpuint(api()->status[PV_VAPI_ACTION], ==, 204);
    g_assert_cmpuint(api()->status[PV_VAPI_TASK], ==, 202);
    g_assert_cmpuint(pv_vapi_dialect(PV_VAPI_GUIDE)->status[PV_VAPI_CREATE], ==, 201);
    g_assert_cmpuint(pv_vapi_dialect(PV_VAPI_GUIDE)->status[PV_VAPI_DELETE], ==, 204);
}

/* What the client writes, the server understands, with the ids intact. */
static void
test_every_call_is_recognised_in_every_dialect(void)
{
    static const char *const ids[] = { "vm-1/ä?", "snapshot 2", NULL };

    for (int d = 1; d <= PV_VAPI_DIALECT_LAST_; d++) {
        const struct pv_vapi_dialect *dialect = pv_vapi_dialect(d);

        for (int c = 1; c <= PV_VAPI_CALL_LAST_; c++) {
            const char *method = NULL, *after = NULL;
            g_autofree char *path = pv_vapi_call_path(pv_vapi_call(c), dialect, ids, &method);
            char *got[PV_VAPI_IDS_MAX], *query, *action = NULL;
            gboolean known;

            if (!path)
                continue;
            if ((query = strchr(path, '?'))) {
                *query = '\0';
                action = strchr(query + 1, '=') + 1;
            }
            g_assert_nonnull(pv_vapi_dialect_of_path(path, FALSE, &after));
            g_assert_true(pv_vapi_call_match(dialect, method, after, action, got, &known) == pv_vapi_call(c));
            if (strchr(pv_vapi_call(c)->path, '{'))
                g_assert_cmpstr(got[0], ==, ids[0]);
            pv_vapi_ids_clear(got);
        }
    }
}

struct match_case {
    enum pv_vapi_dialect_id dialect;
    const char *method, *path, *action;
    int call; /* 0: none */
    gboolean known;
};

static void
test_requests_are_recognised(void)
{
    static const struct match_case cases[] = {
        { PV_VAPI_API, "POST", "/vcenter/vm/vm-1/power", "start", PV_VAPI_POWER_START, TRUE },
        { PV_VAPI_API, "POST", "/vcenter/vm/vm-1/power/start", NULL, PV_VAPI_POWER_START, TRUE },
        { PV_VAPI_REST, "POST", "/vcenter/vm/vm-1/power", "stop", PV_VAPI_POWER_STOP, TRUE },
        { PV_VAPI_REST, "POST", "/vcenter/vm/vm-1/power/stop", NULL, PV_VAPI_POWER_STOP, TRUE },
        { PV_VAPI_REST, "POST", "/com/vmware/cis/session", "get", PV_VAPI_SESSION_GET, TRUE },
        { PV_VAPI_REST, "GET", "/com/vmware/cis/session", NULL, PV_VAPI_SESSION_GET, TRUE },
        { PV_VAPI_REST, "POST", "/com/vmware/cis/session", NULL, PV_VAPI_SESSION_CREATE, TRUE },
        { PV_VAPI_API, "POST", "/com/vmware/cis/session", NULL, 0, FALSE },
        { PV_VAPI_API, "GET", "/vcenter/vm/vm-1/power/start", NULL, 0, TRUE },
        { PV_VAPI_API, "POST", "/vcenter/vm/vm-1/power", "explode", 0, TRUE },
        { PV_VAPI_API, "PUT", "/vcenter/vm", NULL, 0, TRUE },
        { PV_VAPI_API, "GET", "/vcenter/vm/", NULL, 0, FALSE },
        { PV_VAPI_API, "GET", "/vcenter/vm/vm-1/nothing", NULL, 0, FALSE },
        { PV_VAPI_API, "GET", "/vcenter/vm/%ff", NULL, 0, FALSE },
        { PV_VAPI_API, "GET", "/vcenter/vm/%00", NULL, 0, FALSE },
        { PV_VAPI_API, "GET", "", NULL, 0, FALSE },
        { PV_VAPI_API, "POST", "/vcenter/vm/vm-1/snapshot/s-1", "revert", PV_VAPI_SNAPSHOT_REVERT, TRUE },
        { PV_VAPI_API, "POST", "/vcenter/vm", "clone", PV_VAPI_VM_CLONE, TRUE },
        { PV_VAPI_API, "POST", "/vcenter/vm", NULL, PV_VAPI_VM_CREATE, TRUE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *ids[PV_VAPI_IDS_MAX];
        gboolean known;
        const struct pv_vapi_call *call = pv_vapi_call_match(pv_vapi_dialect(cases[i].dialect),
                                                             cases[i].method,
                                                             cases[i].path, cases[i].action, ids, &known);

        g_test_message("%s %s %s", cases[i].method, cases[i].path, cases[i].action);
        g_assert_cmpint(call ? (int)call->id : 0, ==, cases[i].call);
        g_assert_cmpint(known, ==, cases[i].known);
        pv_vapi_ids_clear(ids);
    }
}

static void
test_filters_have_their_dialects_names(void)
{
    static const struct {
        int dialect;
        const char *key, *name;
    } cases[] = {
        { PV_VAPI_REST, "filter.names", "names" },   { PV_VAPI_REST, "filter.names.1", "names" },
        { PV_VAPI_REST, "filter.names.x", NULL },    { PV_VAPI_REST, "names", NULL },
        { PV_VAPI_API, "names", "names" },           { PV_VAPI_API, "filter.names", NULL },
        { PV_VAPI_API, "names.1", NULL },            { PV_VAPI_REST, "filter.", NULL },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = pv_vapi_filter_name(pv_vapi_dialect(cases[i].dialect), cases[i].key);

        g_assert_cmpstr(name, ==, cases[i].name);
    }
    for (int d = 1; d <= PV_VAPI_DIALECT_LAST_; d++) {
        g_autofree char *key = pv_vapi_filter_key(pv_vapi_dialect(d), "names");
        g_autofree char *name = pv_vapi_filter_name(pv_vapi_dialect(d), key);

        g_assert_cmpstr(name, ==, "names");
    }
}

/* ---- errors ---- */

static void
test_every_error_type_survives_the_wire(void)
{
    for (int d = 1; d <= PV_VAPI_DIALECT_LAST_; d++)
        for (int t = 1; t <= PV_VAPI_ERROR_LAST_; t++) {
            const struct pv_vapi_error *type = pv_vapi_error(t);
            const char *const args[] = { "vm-1", NULL };
            struct pv_vapi_message messages[] = { { "a.b", "First.", args }, { "c.d", "Second.", NULL } };
            g_autoptr(GString) body = g_string_new(NULL);
            struct pv_vapi_failure failure;
            g_autoptr(pv_error) error = NULL;
            unsigned status = pv_vapi_error_status(type, pv_vapi_dialect(d));

            g_assert_cmpint(type->type, ==, t);
            g_assert_cmpuint(status, >=, 400);
            pv_vapi_error_write(body, pv_vapi_dialect(d), type, messages, 2);
            pv_vapi_failure_read(status, body->str, body->len, &failure);
            g_assert_true(failure.type == type);
            g_assert_cmpstr(failure.message_id, ==, "a.b");
            g_assert_cmpint(pv_vapi_failure_set(&failure, &error), ==, type->code);
            g_assert_cmpstr(error->message, ==, "First. Second");
            g_assert_cmpstr(error->native_code, ==, type->name);
            g_assert_cmpstr(error->native_message, ==, "First. Second.");
            pv_vapi_failure_clear(&failure);
        }
}

/* A server of ours in front of any driver: the client gets the code the driver gave, where the API can
 * say it. */
static void
test_our_codes_survive_the_wire(void)
{
    for (int code = PV_ERR_FAILED; code >= PV_ERR_INTERNAL; code--) {
        g_autoptr(GString) body = g_string_new(NULL);
        g_autoptr(pv_error) error = NULL, back = NULL;
        struct pv_vapi_failure failure;
        unsigned status;
        int got;

        pv_error_set(&error, code, "words");
        status = pv_vapi_error_write_pv(body, api(), error, NULL);
        pv_vapi_failure_read(status, body->str, body->len, &failure);
        got = pv_vapi_failure_set(&failure, &back);
        if (code == PV_ERR_USAGE)
            g_assert_cmpint(got, ==, PV_ERR_INVALID);
        else if (code == PV_ERR_CONNECT || code == PV_ERR_TLS)
            g_assert_cmpint(got, ==, PV_ERR_BUSY);
        else if (code == PV_ERR_PROTOCOL || code == PV_ERR_INTERNAL)
            g_assert_cmpint(got, ==, PV_ERR_FAILED);
        else if (code == PV_ERR_UNKNOWN)
            g_assert_cmpint(got, ==, PV_ERR_TIMEOUT);
        else
            g_assert_cmpint(got, ==, code);
        pv_vapi_failure_clear(&failure);
    }
}

static void
test_statuses_that_differ_between_the_dialects(void)
{
    static const struct {
        int type;
        unsigned api, rest;
    } cases[] = {
        { PV_VAPI_CONCURRENT_CHANGE, 409, 400 },  { PV_VAPI_ERROR, 500, 400 },
        { PV_VAPI_RESOURCE_BUSY, 500, 400 },      { PV_VAPI_RESOURCE_INACCESSIBLE, 500, 400 },
        { PV_VAPI_UNABLE_TO_ALLOCATE_RESOURCE, 500, 400 }, { PV_VAPI_TIMED_OUT, 500, 504 },
        { PV_VAPI_NOT_FOUND, 404, 404 },          { PV_VAPI_ALREADY_IN_DESIRED_STATE, 400, 400 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpuint(pv_vapi_error_status(pv_vapi_error(cases[i].type), api()), ==, cases[i].api);
        g_assert_cmpuint(pv_vapi_error_status(pv_vapi_error(cases[i].type), rest()), ==, cases[i].rest);
    }
}

struct failure_case {
    unsigned status;
    const char *body;
    int code;
    gboolean no_route;
};

static void
test_foreign_error_bodies_are_understood(void)
{
    static const struct failure_case cases[] = {
        { 404, "", PV_ERR_UNSUPPORTED, TRUE },
        { 404, "<html>nginx</html>", PV_ERR_UNSUPPORTED, TRUE },
        { 404, "{\"name\":\"x\",\"localizableMessages\":[{\"id\":\"com.vmware.vapi.rest.httpNotFound\","
               "\"defaultMessage\":\"Not found.\"}],\"majorErrorCode\":404}", PV_ERR_UNSUPPORTED, TRUE },
        { 404, "{\"error_type\":\"NOT_FOUND\",\"messages\":[{\"id\":\"com.vmware.vapi.rest.httpNotFound\","
               "\"default_message\":\"Not found.\",\"args\":[]}]}", PV_ERR_UNSUPPORTED, TRUE },
        { 404, "{\"error_type\":\"NOT_FOUND\",\"messages\":[]}", PV_ERR_NOT_FOUND, FALSE },
        { 401, "", PV_ERR_AUTH, FALSE },
        { 503, "{\"error_type\":\"BRAND_NEW\",\"messages\":[]}", PV_ERR_BUSY, FALSE },
        { 500, "[1,2", PV_ERR_FAILED, FALSE },
        { 500, "{\"error_type\":7,\"messages\":{\"a\":1}}", PV_ERR_FAILED, FALSE },
        { 400, "{\"type\":\"com.vmware.vapi.std.errors.already_exists\",\"value\":{\"messages\":[]}}",
          PV_ERR_EXISTS, FALSE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct pv_vapi_failure failure;
        g_autoptr(pv_error) error = NULL;

        g_test_message("%u %s", cases[i].status, cases[i].body);
        pv_vapi_failure_read(cases[i].status, cases[i].body, strlen(cases[i].body), &failure);
        g_assert_cmpint(failure.no_route, ==, cases[i].no_route);
        g_assert_cmpint(pv_vapi_failure_set(&failure, &error), ==, cases[i].code);
        g_assert_cmpint(error->message[0], !=, '\0');
        pv_vapi_failure_clear(&failure);
    }
}

/* ---- shapes ---- */

static pv_vm *
sample_vm(void)
{
    pv_vm *vm = pv_vm_new();
    pv_disk *disk = pv_disk_new(), *cd = pv_disk_new();
    pv_nic *nic = pv_nic_new();

    vm->name = g_strdup("web \"1\"");
    vm->uuid = g_strdup("0f0e");
    vm->state = PV_POWER_PAUSED;
    vm->cpus = 2;
    vm->memory = 512 * PV_VAPI_MIB;
    vm->arch = g_strdup("x86_64");
    vm->firmware = g_strdup("uefi");
    disk->bus = g_strdup("virtio");
    disk->path = g_strdup("/pool/a.qcow2");
    disk->capacity = 1 << 20;
    cd->device = g_strdup("cdrom");
    cd->bus = g_strdup("sata");
    nic->model = g_strdup("virtio");
    nic->mac = g_strdup("52:54:00:00:00:01");
    nic->network = g_strdup("default");
    vm->disks = pv_list_new(&pv_disk_desc);
    vm->nics = pv_list_new(&pv_nic_desc);
    g_ptr_array_add(vm->disks, disk);
    g_ptr_array_add(vm->disks, cd);
    g_ptr_array_add(vm->nics, nic);
    return vm;
}

static const char *
network_moref(const char *name, void *data G_GNUC_UNUSED)
{
    return strcmp(name, "default") == 0 ? "network-7" : NULL;
}

static char *
datastore_path(const char *path, void *data G_GNUC_UNUSED)
{
    return g_strconcat("[pool] ", strrchr(path, '/') + 1, NULL);
}

static const struct pv_vapi_names sample_names = { network_moref, datastore_path, NULL };

static void
test_maps_are_objects_in_api_and_lists_in_rest(void)
{
    g_autoptr(pv_vm) vm = sample_vm();
    g_autoptr(pv_vapi_vm_info) info = pv_vapi_vm_info_of(vm, &sample_names);
    g_autoptr(GString) out = g_string_new(NULL);
    json_t *json;

    pv_vapi_write_result(out, api(), &pv_vapi_vm_info_desc, info);
    json = parse(out->str);
    g_assert_nonnull(json_object_get(json_object_get(json, "disks"), "2000"));
    g_assert_nonnull(json_object_get(json_object_get(json, "nics"), "4000"));
    g_assert_true(json_is_object(json_object_get(json, "floppies")));
    json_decref(json);

    g_string_truncate(out, 0);
    pv_vapi_write_result(out, rest(), &pv_vapi_vm_info_desc, info);
    json = parse(out->str);
    g_assert_cmpstr(json_string_value(json_object_get(
                        json_array_get(json_object_get(json_object_get(json, "value"), "disks"), 0), "key")),
                    ==, "2000");
    json_decref(json);
}

static void
test_a_vm_survives_both_dialects(void)
{
    for (int d = 1; d <= PV_VAPI_DIALECT_LAST_; d++) {
        g_autoptr(pv_vm) vm = sample_vm(), back = pv_vm_new();
        g_autoptr(pv_vapi_vm_info) info = pv_vapi_vm_info_of(vm, &sample_names);
        g_autoptr(GString) out = g_string_new(NULL);
        pv_vapi_vm_info *got = NULL;
        json_t *json;

        pv_vapi_write_result(out, pv_vapi_dialect(d), &pv_vapi_vm_info_desc, info);
        json = parse(out->str);
        g_assert_cmpint(pv_vapi_read(pv_vapi_result(pv_vapi_dialect(d), json), &pv_vapi_vm_info_desc, 0,
                                     (void **)&got, NULL), ==, 0);
        pv_vapi_vm_info_to(got, back);
        g_assert_cmpstr(back->name, ==, "web \"1\"");
        g_assert_cmpint(back->state, ==, PV_POWER_ON);
        g_assert_cmpstr(back->firmware, ==, "uefi");
        g_assert_cmpint(back->memory, ==, vm->memory);
        g_assert_cmpuint(back->disks->len, ==, 2);
        g_assert_cmpstr(((pv_disk *)back->disks->pdata[0])->path, ==, "[pool] a.qcow2");
        g_assert_cmpstr(((pv_disk *)back->disks->pdata[1])->device, ==, "cdrom");
        g_assert_cmpstr(((pv_nic *)back->nics->pdata[0])->network, ==, "default");
        g_assert_cmpstr(((pv_nic *)back->nics->pdata[0])->mac, ==, "52:54:00:00:00:01");
        json_decref(json);
        pv_vapi_vm_info_free(got);
    }
}

static void
test_times_carry_milliseconds(void)
{
    g_autoptr(pv_vapi_session) session = pv_vapi_session_new();
    g_autoptr(GString) out = g_string_new(NULL);

    session->user = g_strdup("u");
    session->created_time = 1000000;
    session->last_accessed_time = 1234567;
    pv_vapi_write_result(out, api(), &pv_vapi_session_desc, session);
    g_assert_cmpstr(out->str, ==, "{\"user\":\"u\",\"created_time\":\"1970-01-01T00:00:01.000Z\","
                                  "\"last_accessed_time\":\"1970-01-01T00:00:01.234Z\"}");
}

/* ---- bodies that come in ---- */

struct body_case {
    const char *body;
    const char *message; /* how the complaint begins; NULL: accepted */
};

static void
test_a_create_body_is_checked_with_its_path(void)
{
    static const struct body_case cases[] = {
        { "{\"guest_OS\":\"UBUNTU_64\"}", NULL },
        { "{\"spec\":{\"guest_OS\":\"UBUNTU_64\",\"cpu\":{\"count\":2},\"memory\":{\"size_MiB\":2048},"
          "\"disks\":[{\"type\":\"SCSI\",\"scsi\":{\"bus\":0,\"unit\":0},\"new_vmdk\":{\"capacity\":1}}],"
          "\"nics\":[{\"type\":\"VMXNET3\",\"start_connected\":true}]}}", NULL },
        { "{}", "guest_OS: is missing" },
        { "[]", "the body must be an object" },
        { "{\"guest_OS\":\"PLAN9\"}", "guest_OS: has no value \"PLAN9\"" },
        { "{\"guest_OS\":\"DOS\",\"guest_os\":1}", "guest_os: unknown member, did you mean \"guest_OS\"" },
        { "{\"guest_OS\":\"DOS\",\"cpu\":{\"count\":\"2\"}}",
          "cpu.count: must be a whole number, not a string" },
        { "{\"guest_OS\":\"DOS\",\"cpu\":{\"count\":0}}", "cpu.count: must be from 1 to 1024, not 0" },
        { "{\"guest_OS\":\"DOS\",\"disks\":[{\"new_vmdk\":{\"capacity\":-5}}]}",
          "disks[0].new_vmdk.capacity: must be above 0" },
        { "{\"guest_OS\":\"DOS\",\"disks\":[{}]}", "disks[0]: needs either backing or new_vmdk" },
        { "{\"guest_OS\":\"DOS\",\"disks\":[{\"new_vmdk\":{}},7]}",
          "disks[1]: must be an object, not a number" },
        { "{\"guest_OS\":\"DOS\",\"disks\":[{\"new_vmdk\":{\"capacty\":1}}]}",
          "disks[0].new_vmdk.capacty: unknown member, did you mean \"capacity\"" },
        { "{\"guest_OS\":\"DOS\",\"nics\":[{\"type\":\"NE2000\"}]}",
          "nics[0].type: has no value \"NE2000\"" },
        { "{\"guest_OS\":\"DOS\",\"floppies\":[{}]}", "floppies: cannot be made here" },
        { "{\"guest_OS\":\"DOS\",\"name\":\"\"}", "name: is empty" },
        { "{\"guest_OS\":\"DOS\",\"name\":null}", NULL },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(pv_error) error = NULL;
        g_autoptr(pv_vm_spec) spec = NULL;
        g_autoptr(pv_vapi_vm_create) create = NULL;
        json_t *json = parse(cases[i].body);
        const json_t *inner = NULL;

        if (pv_vapi_spec(api(), json, &inner, &error) == 0
            && pv_vapi_read(inner, &pv_vapi_vm_create_desc, PV_VAPI_STRICT, (void **)&create, &error) == 0)
            pv_vapi_vm_create_to(create, &spec, &error);
        g_assert_cmpstr(error ? error->message : NULL, ==, cases[i].message);
        g_assert_true(!!spec == !cases[i].message);
        json_decref(json);
    }
}

static void
test_rest_wants_the_spec_wrapped(void)
{
    json_t *json = parse("{\"guest_OS\":\"DOS\"}");
    const json_t *spec = NULL;

    g_assert_cmpint(pv_vapi_spec(rest(), json, &spec, NULL), ==, PV_ERR_INVALID);
    json_decref(json);
}

static void
test_a_create_spec_survives_the_wire(void)
{
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new(), back = NULL;
    g_autoptr(pv_vapi_vm_create) create = NULL, got = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    pv_disk_spec *disk = pv_disk_spec_new();
    pv_nic_spec *nic = pv_nic_spec_new();
    const json_t *inner = NULL;
    json_t *json;

    spec->name = g_strdup("a");
    spec->cpus = 3;
    spec->memory = 100 * PV_VAPI_MIB;
    spec->firmware = g_strdup("uefi");
    spec->guest_os = g_strdup("debian12");
    disk->size = 5 << 20;
    disk->bus = g_strdup("virtio");
    nic->model = g_strdup("e1000");
    nic->network = g_strdup("network-7");
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    spec->nics = pv_list_new(&pv_nic_spec_desc);
    g_ptr_array_add(spec->disks, disk);
    g_ptr_array_add(spec->nics, nic);
    g_assert_cmpint(pv_vapi_vm_create_of(spec, &create, NULL), ==, 0);
    pv_vapi_write_spec(out, rest(), &pv_vapi_vm_create_desc, create);
    json = parse(out->str);
    g_assert_cmpint(pv_vapi_spec(rest(), json, &inner, NULL), ==, 0);
    g_assert_cmpint(pv_vapi_read(inner, &pv_vapi_vm_create_desc, PV_VAPI_STRICT, (void **)&got, NULL), ==, 0);
    g_assert_cmpint(pv_vapi_vm_create_to(got, &back, NULL), ==, 0);
    g_assert_cmpstr(back->name, ==, "a");
    g_assert_cmpint(back->cpus, ==, 3);
    g_assert_cmpint(back->memory, ==, spec->memory);
    g_assert_cmpstr(back->firmware, ==, "uefi");
    g_assert_cmpstr(back->guest_os, ==, "DEBIAN_11_64");
    g_assert_cmpint(((pv_disk_spec *)back->disks->pdata[0])->size, ==, 5 << 20);
    g_assert_cmpstr(((pv_disk_spec *)back->disks->pdata[0])->bus, ==, "virtio");
    g_assert_cmpstr(((pv_nic_spec *)back->nics->pdata[0])->network, ==, "network-7");
    json_decref(json);
}

static void
test_an_answer_of_a_newer_peer_is_read(void)
{
    json_t *json = parse("[{\"vm\":\"vm-1\",\"name\":\"a\",\"power_state\":\"HIBERNATED\",\"moon_phase\":{\"x\":[1]},"
                         "\"cpu_count\":null}]");
    g_autoptr(GPtrArray) list = pv_list_new(&pv_vapi_vm_summary_desc);
    g_autoptr(pv_vm) vm = pv_vm_new();

    g_assert_cmpint(pv_vapi_read_list(json, &pv_vapi_vm_summary_desc, 0, list, NULL), ==, 0);
    pv_vapi_vm_summary_to(list->pdata[0], vm);
    g_assert_cmpint(vm->state, ==, PV_POWER_OTHER);
    g_assert_cmpstr(vm->native_state, ==, "HIBERNATED");
    g_assert_cmpint(vm->cpus, ==, PV_UNSET_INT);
    json_decref(json);
}

static void
test_a_broken_answer_is_a_protocol_error_with_its_path(void)
{
    static const struct body_case cases[] = {
        { "[{\"vm\":7,\"name\":\"a\",\"power_state\":\"POWERED_ON\"}]",
          "[0].vm: must be a string, not a number" },
        { "[{\"name\":\"a\",\"power_state\":\"POWERED_ON\"}]", "[0].vm: is missing" },
        { "{\"vm\":\"x\"}", "must be a list, not an object" },
        { "[{\"vm\":\"v\",\"name\":\"a\",\"power_state\":\"X\",\"cpu_count\":1.5}]",
          "[0].cpu_count: must be a whole number, not a number" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *json = parse(cases[i].body);
        g_autoptr(GPtrArray) list = pv_list_new(&pv_vapi_vm_summary_desc);
        g_autoptr(pv_error) error = NULL;

        g_assert_cmpint(pv_vapi_read_list(json, &pv_vapi_vm_summary_desc, 0, list, &error), ==,
                        PV_ERR_PROTOCOL);
        g_assert_cmpstr(error->message, ==, cases[i].message);
        json_decref(json);
    }
}

static void
test_hostile_documents_are_bounded(void)
{
    g_autofree char *deep = g_strnfill(100000, '['), *opens = g_strnfill(PV_DEPTH_MAX + 1, '[');
    g_autofree char *closes = g_strnfill(PV_DEPTH_MAX + 1, ']'), *just = g_strconcat(opens, closes, NULL);
    static const char *const bad[] = { "", "{", "{\"a\":1,\"a\":2}", "\"\\u0000\"", "\xff", "1 2", "nul" };
    json_t *json = NULL;

    g_assert_cmpint(pv_vapi_parse(deep, strlen(deep), &json, NULL), ==, PV_ERR_INVALID);
    g_assert_cmpint(pv_vapi_parse(just, strlen(just), &json, NULL), ==, PV_ERR_INVALID);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpint(pv_vapi_parse(bad[i], strlen(bad[i]), &json, NULL), ==, PV_ERR_INVALID);
    g_assert_null(json);
}

static void
test_names_of_power_and_guests(void)
{
    g_assert_cmpint(pv_vapi_power_state(pv_vapi_power_name(PV_POWER_SUSPENDED)), ==, PV_POWER_SUSPENDED);
    g_assert_cmpstr(pv_vapi_power_name(PV_POWER_PAUSED), ==, "POWERED_ON");
    g_assert_cmpstr(pv_vapi_power_name(PV_POWER_CRASHED), ==, "POWERED_OFF");
    g_assert_cmpint(pv_vapi_power_state("DREAMING"), ==, PV_POWER_OTHER);
    g_assert_cmpstr(pv_vapi_guest_os("http://ubuntu.com/ubuntu/22.04", "x86_64"), ==, "UBUNTU_64");
    g_assert_cmpstr(pv_vapi_guest_os(NULL, "i686"), ==, "OTHER");
    g_assert_cmpstr(pv_vapi_guest_os("rhel_8_64", NULL), ==, "RHEL_8_64");
    for (const char *const *name = pv_vapi_guest_os_names; *name; name++)
        g_assert_cmpstr(pv_vapi_guest_os(*name, NULL), ==, *name);
}

/* Every described member must be readable back: a wrong offset or kind shows here. */
static void
test_every_member_of_the_large_shapes_round_trips(void)
{
    static const char text[] =
        "{\"guest_OS\":\"DOS\",\"name\":\"n\",\"power_state\":\"SUSPENDED\",\"instant_clone_frozen\":false,"
        "\"identity\":{\"name\":\"n\",\"bios_uuid\":\"b\",\"instance_uuid\":\"i\"},"
        "\"hardware\":{\"version\":\"VMX_19\",\"upgrade_policy\":\"NEVER\",\"upgrade_version\":\"VMX_20\","
        "\"upgrade_status\":\"NONE\"},\"boot\":{\"type\":\"EFI\",\"efi_legacy_boot\":true,"
        "\"network_protocol\":\"IPV4\",\"delay\":1,\"retry\":true,\"retry_delay\":2,\"enter_setup_mode\":false},"
        "\"boot_devices\":[{\"type\":\"DISK\",\"nic\":\"4000\",\"disks\":[\"2000\"]}],"
        "\"cpu\":{\"count\":1,\"cores_per_socket\":1,\"hot_add_enabled\":true,\"hot_remove_enabled\":false},"
        "\"memory\":{\"size_MiB\":4,\"hot_add_enabled\":true,\"hot_add_increment_size_MiB\":5,"
        "\"hot_add_limit_MiB\":6},\"disks\":{\"2000\":{\"label\":\"l\",\"type\":\"IDE\",\"ide\":{\"primary\":true,"
        "\"master\":false},\"scsi\":{\"bus\":1,\"unit\":2},\"sata\":{\"bus\":1,\"unit\":2},"
        "\"nvme\":{\"bus\":1,\"unit\":2},\"backing\":{\"type\":\"VMDK_FILE\",\"vmdk_file\":\"f\"},\"capacity\":9}},"
        "\"nics\":{\"4000\":{\"label\":\"l\",\"type\":\"E1000\",\"upt_compatibility_enabled\":true,"
        "\"mac_type\":\"MANUAL\",\"mac_address\":\"m\",\"pci_slot_number\":3,\"wake_on_lan_enabled\":true,"
        "\"backing\":{\"type\":\"DISTRIBUTED_PORTGROUP\",\"network\":\"n\",\"network_name\":\"nn\","
        "\"distributed_switch_uuid\":\"d\",\"distributed_port\":\"p\",\"connection_cookie\":4},"
        "\"state\":\"CONNECTED\",\"start_connected\":true,\"allow_guest_control\":false}},\"cdroms\":{},"
        "\"floppies\":{},\"parallel_ports\":{},\"serial_ports\":{\"9000\":{\"label\":\"s\",\"yield_on_poll\":true,"
        "\"backing\":{\"type\":\"NETWORK_SERVER\",\"network_location\":\"x\"},\"state\":\"CONNECTED\","
        "\"start_connected\":true,\"allow_guest_control\":true}},\"sata_adapters\":{\"15000\":{\"label\":\"l\","
        "\"type\":\"AHCI\",\"bus\":0,\"pci_slot_number\":4}},\"scsi_adapters\":{\"1000\":{\"label\":\"l\","
        "\"type\":\"PVSCSI\",\"scsi\":{\"bus\":0,\"unit\":7},\"sharing\":\"NONE\"}},\"nvme_adapters\":{}}";
    json_t *json = parse(text), *again;
    pv_vapi_vm_info *info = NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    g_assert_cmpint(pv_vapi_read(json, &pv_vapi_vm_info_desc, PV_VAPI_STRICT, (void **)&info, NULL), ==, 0);
    pv_vapi_write(out, api(), &pv_vapi_vm_info_desc, info);
    again = parse(out->str);
    g_assert_true(json_equal(json, again));
    json_decref(again);
    json_decref(json);
    pv_vapi_vm_info_free(info);
}

#define ADD(name) g_test_add_func("/vapi/" #name, test_##name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(a_path_names_its_dialect);
    ADD(statuses_are_those_of_the_dialect);
    ADD(every_call_is_recognised_in_every_dialect);
    ADD(requests_are_recognised);
    ADD(filters_have_their_dialects_names);
    ADD(every_error_type_survives_the_wire);
    ADD(our_codes_survive_the_wire);
    ADD(statuses_that_differ_between_the_dialects);
    ADD(foreign_error_bodies_are_understood);
    ADD(maps_are_objects_in_api_and_lists_in_rest);
    ADD(a_vm_survives_both_dialects);
    ADD(times_carry_milliseconds);
    ADD(a_create_body_is_checked_with_its_path);
    ADD(rest_wants_the_spec_wrapped);
    ADD(a_create_spec_survives_the_wire);
    ADD(an_answer_of_a_newer_peer_is_read);
    ADD(a_broken_answer_is_a_protocol_error_with_its_path);
    ADD(hostile_documents_are_bounded);
    ADD(names_of_power_and_guests);
    ADD(every_member_of_the_large_shapes_round_trips);
    return g_test_run();
}
