/* SPDX-License-Identifier: Apache-2.0 */
/* sim:///?vms=1000&seed=7[&hosts=4][&delay=20][&fail=vm.start,vm.stop][&rate=50] */
#include "sim.h"

#include <string.h>

/* ---- options ---- */

struct option {
    const char *key;
    size_t offset;
    int64_t fallback, min, max;
};

static const struct option options[] = {
    { "vms", offsetof(struct sim, vm_count), 4, 0, SIM_VMS_MAX },
    { "seed", offsetof(struct sim, seed), 1, 0, INT64_MAX },
    { "hosts", offsetof(struct sim, host_count), 2, 1, SIM_HOSTS_MAX },
    { "delay", offsetof(struct sim, delay_ms), 0, 0, SIM_DELAY_MAX_MS },
    { "rate", offsetof(struct sim, rate), 100, 0, 100 },
};

static int
read_options(struct sim *sim, const struct pv_uri *uri, pv_error **error)
{
    static const char *const known[] = { "vms", "seed", "hosts", "delay", "rate", "fail", NULL };
    int code = pv_uri_check_query(uri, known, error);

    if (code < 0)
        return code;
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const struct option *option = &options[i];
        const char *text = pv_uri_get(uri, option->key);
        gint64 value = option->fallback;

        if (text && !g_ascii_string_to_signed(text, 10, option->min, option->max, &value, NULL))
            return pv_error_set(error, PV_ERR_USAGE,
                                "sim: %s must be a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ", not '%s'",
                                option->key, option->min, option->max, text);
        *(int64_t *)((char *)sim + option->offset) = value;
    }
    if (pv_uri_get(uri, "fail"))
        sim->fail = g_strsplit(pv_uri_get(uri, "fail"), ",", 64);
    return 0;
}

/* ---- life ---- */

static void
sim_close(void *conn)
{
    struct sim *sim = conn;

    g_clear_pointer(&sim->by_number, g_hash_table_unref);
    g_clear_pointer(&sim->by_name, g_hash_table_unref);
    g_clear_pointer(&sim->vms, g_ptr_array_unref);
    g_clear_pointer(&sim->volumes, g_ptr_array_unref);
    g_strfreev(sim->fail);
    g_free(sim->user);
    g_mutex_clear(&sim->lock);
    g_free(sim);
}

static int
sim_open(const struct pv_open_args *args, void **ret_conn, pv_error **error)
{
    struct sim *sim;
    int code;

    if (args->uri->host || !g_str_equal(args->uri->path, "/"))
        return pv_error_set(error, PV_ERR_USAGE, "sim: the URI is sim:///?vms=N&seed=N, not '%s'", args->uri->text);
    sim = g_new0(struct sim, 1);
    g_mutex_init(&sim->lock);
    sim->vms = g_ptr_array_new_with_free_func((GDestroyNotify)sim_vm_free);
    sim->by_number = g_hash_table_new(NULL, NULL);
    sim->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    sim->volumes = pv_list_new(&pv_volume_desc);
    sim->user = g_strdup(g_get_user_name());
    sim->opened = g_get_real_time();
    sim->emit = args->emit;
    sim->sink = args->sink;
    code = read_options(sim, args->uri, error);
    if (code < 0) {
        sim_close(sim);
        return code;
    }
    sim->random = (uint64_t)sim->seed;
    sim_populate(sim);
    *ret_conn = sim;
    return PV_OPEN_OK;
}

int
sim_enter(struct sim *sim, const char *operation, pv_task *task, pv_error **error)
{
    int code = pv_task_check(task, error);
    gboolean hit;

    if (code == 0 && sim->delay_ms)
        code = pv_task_sleep(task, sim->delay_ms, error);
    if (code < 0 || !sim->fail || !g_strv_contains((const char *const *)sim->fail, operation))
        return code;
    g_mutex_lock(&sim->lock);
    hit = (int64_t)(sim_random(sim) % 100) < sim->rate;
    g_mutex_unlock(&sim->lock);
    if (!hit)
        return 0;
    pv_error_set(error, PV_ERR_FAILED, "simulated failure of %s", operation);
    pv_error_native(error, "sim", "SimulatedFault", "asked for by the fail parameter of the URI");
    return PV_ERR_FAILED;
}

struct sim_vm *
sim_find(struct sim *sim, const char *id, pv_error **error)
{
    struct sim_vm *vm = NULL;
    guint64 number;

    if (g_str_has_prefix(id, "vm-") && id[3] != '0' &&
        g_ascii_string_to_unsigned(id + 3, 10, 1, G_MAXUINT, &number, NULL))
        vm = g_hash_table_lookup(sim->by_number, GUINT_TO_POINTER((guint)number));
    if (!vm)
        pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id '%s'", id);
    return vm;
}

void
sim_emit(struct sim *sim, enum pv_event_kind kind, const struct sim_vm *vm, const char *detail)
{
    pv_event *event;

    if (!sim->events)
        return;
    event = pv_event_new();
    event->kind = (int)kind;
    event->vm = g_strdup_printf("vm-%u", vm->number);
    event->vm_name = g_strdup(vm->name);
    event->state = vm->state;
    event->detail = g_strdup(detail);
    sim->emit(sim->sink, event);
}

/* ---- endpoint ---- */

static int
sim_info(void *conn, pv_task *task, pv_endpoint *endpoint, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "endpoint.info", task, error);

    if (code < 0)
        return code;
    endpoint->product = g_strdup("polyvirt simulator");
    endpoint->version = g_strdup(PV_VERSION_STRING);
    endpoint->api_version = g_strdup(PV_VERSION_STRING);
    endpoint->hostname = g_strdup("sim");
    endpoint->encrypted = FALSE;
    g_mutex_lock(&sim->lock);
    endpoint->vm_count = sim->vms->len;
    g_mutex_unlock(&sim->lock);
    return 0;
}

static int
sim_session(void *conn, pv_task *task, pv_session *session, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "session.info", task, error);

    if (code < 0)
        return code;
    session->id = g_strdup("sim");
    session->user = g_strdup(sim->user);
    session->created = sim->opened;
    session->last_used = g_get_real_time();
    return 0;
}

static int
sim_events(void *conn, gboolean on, G_GNUC_UNUSED pv_error **error)
{
    struct sim *sim = conn;

    g_mutex_lock(&sim->lock);
    sim->events = on;
    g_mutex_unlock(&sim->lock);
    return 0;
}

static const struct pv_endpoint_slots endpoint_slots = { .info = sim_info, .session = sim_session };
static const struct pv_event_slots event_slots = { .enable = sim_events };
static const char *const schemes[] = { "sim", NULL };

const struct pv_driver pv_driver_sim = {
    .name = "sim",
    .help = "a data centre in memory, the same for the same URI",
    .schemes = schemes,
    .open = sim_open,
    .close = sim_close,
    .endpoint = &endpoint_slots,
    .host = &sim_host_slots,
    .vm = &sim_vm_slots,
    .snapshot = &sim_snapshot_slots,
    .datastore = &sim_datastore_slots,
    .volume = &sim_volume_slots,
    .network = &sim_network_slots,
    .event = &event_slots,
};
