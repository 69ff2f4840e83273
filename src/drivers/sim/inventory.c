/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts, datastores, volumes, networks of the simulator: few, fixed, and what volume.create adds. */
#include "sim.h"

#define STORE_CAPACITY (INT64_C(4) << 40)

static int
host_list(void *conn, pv_task *task, GPtrArray *hosts, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "host.list", task, error);

    for (int64_t i = 1; code == 0 && i <= sim->host_count; i++) {
        pv_host *host = pv_host_new();

        host->id = g_strdup_printf("host-%" G_GINT64_FORMAT, i);
        host->name = g_strdup_printf("sim-host-%" G_GINT64_FORMAT, i);
        host->state = g_strdup("connected");
        host->hypervisor = g_strdup("simulator");
        host->version = g_strdup(PV_VERSION_STRING);
        host->arch = g_strdup("x86_64");
        host->cpus = 32;
        host->sockets = 2;
        host->cores_per_socket = 8;
        host->threads_per_core = 2;
        host->numa_nodes = 2;
        host->mhz = 2400;
        host->memory = INT64_C(256) << 30;
        g_ptr_array_add(hosts, host);
    }
    return code;
}

static int
datastore_list(void *conn, pv_task *task, GPtrArray *stores, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "datastore.list", task, error);

    for (int i = 1; code == 0 && i <= 2; i++) {
        pv_datastore *store = pv_datastore_new();

        store->id = g_strdup_printf("datastore-%d", i);
        store->name = g_strdup_printf("datastore%d", i);
        store->type = g_strdup("dir");
        store->path = g_strdup_printf("/sim/datastore%d", i);
        store->state = g_strdup("active");
        store->capacity = STORE_CAPACITY;
        store->free = STORE_CAPACITY / 2;
        store->allocation = STORE_CAPACITY / 2;
        store->accessible = store->persistent = TRUE;
        g_ptr_array_add(stores, store);
    }
    return code;
}

static int
network_list(void *conn, pv_task *task, GPtrArray *networks, pv_error **error)
{
    static const char *const names[] = { "VM Network", "test-network" };
    struct sim *sim = conn;
    int code = sim_enter(sim, "network.list", task, error);

    for (unsigned i = 0; code == 0 && i < G_N_ELEMENTS(names); i++) {
        pv_network *network = pv_network_new();

        network->id = g_strdup_printf("network-%u", i + 1);
        network->name = g_strdup(names[i]);
        network->type = g_strdup("isolated");
        network->state = g_strdup("active");
        network->autostart = network->persistent = TRUE;
        g_ptr_array_add(networks, network);
    }
    return code;
}

/* ---- volumes ---- */

static int
volume_list(void *conn, const char *datastore, pv_task *task, GPtrArray *volumes, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "volume.list", task, error);

    g_mutex_lock(&sim->lock);
    for (unsigned i = 0; code == 0 && i < sim->volumes->len; i++) {
        const pv_volume *volume = g_ptr_array_index(sim->volumes, i);

        if (!datastore || g_str_equal(volume->datastore, datastore))
            g_ptr_array_add(volumes, pv_desc_copy(&pv_volume_desc, volume));
    }
    g_mutex_unlock(&sim->lock);
    return code;
}

static gboolean
find_volume(struct sim *sim, const char *id, unsigned *ret_index)
{
    for (unsigned i = 0; i < sim->volumes->len; i++)
        if (g_str_equal(((pv_volume *)g_ptr_array_index(sim->volumes, i))->id, id)) {
            *ret_index = i;
            return TRUE;
        }
    return FALSE;
}

static int
volume_create(void *conn, const pv_volume_spec *spec, pv_task *task, char **ret_id, pv_error **error)
{
    struct sim *sim = conn;
    g_autoptr(pv_volume) volume = pv_volume_new();
    unsigned index;
    int code = sim_enter(sim, "volume.create", task, error);

    if (code < 0)
        return code;
    volume->id = g_strdup_printf("/sim/%s/%s", spec->datastore, spec->name);
    volume->path = g_strdup(volume->id);
    volume->name = g_strdup(spec->name);
    volume->datastore = g_strdup(spec->datastore);
    volume->type = g_strdup("file");
    volume->format = g_strdup(spec->format ? spec->format : "qcow2");
    volume->backing = g_strdup(spec->backing);
    volume->capacity = spec->size;
    volume->allocation = 0;
    g_mutex_lock(&sim->lock);
    if (find_volume(sim, volume->id, &index)) {
        code = pv_error_set(error, PV_ERR_EXISTS, "a volume of that name exists already");
    } else {
        *ret_id = g_strdup(volume->id);
        g_ptr_array_add(sim->volumes, g_steal_pointer(&volume));
    }
    g_mutex_unlock(&sim->lock);
    return code;
}

static int
volume_remove(void *conn, G_GNUC_UNUSED const char *datastore, const char *id, pv_task *task, pv_error **error)
{
    struct sim *sim = conn;
    unsigned index;
    int code = sim_enter(sim, "volume.delete", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    if (find_volume(sim, id, &index))
        g_ptr_array_remove_index(sim->volumes, index);
    else
        code = pv_error_set(error, PV_ERR_NOT_FOUND, "no volume has the key '%s'", id);
    g_mutex_unlock(&sim->lock);
    return code;
}

const struct pv_host_slots sim_host_slots = { .list = host_list };
const struct pv_datastore_slots sim_datastore_slots = { .list = datastore_list };
const struct pv_network_slots sim_network_slots = { .list = network_list };
const struct pv_volume_slots sim_volume_slots = {
    .list = volume_list,
    .create = volume_create,
    .remove = volume_remove,
};
