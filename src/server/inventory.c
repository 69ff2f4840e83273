/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory-private.h"

#include "server-limits.h"

#include <polyvirt/log.h>
#include <string.h>

static void
entry_free(gpointer data)
{
    struct entry *entry = data;

    pv_vm_free(entry->vm.vm);
    g_free(entry->vm.guest_os);
    g_free(entry->id);
    g_free(entry);
}

static void
object_free(gpointer data)
{
    struct pv_inv_object *object = data;

    pv_desc_free(object->desc, object->object);
    g_free(object);
}

/* ---- the keeper: looks again soon after an event, whether or not anybody asks ---- */

/* keeper_lock is held on entry and on return, not meanwhile: looking may take long, and a stop cancels it. */
static void
settle_alone(pv_inventory *inventory)
{
    g_autoptr(pv_task) task = pv_task_new("vm.list", NULL);

    pv_task_set_timeout(task, PV_SERVER_CALL_MS);
    inventory->look = task;
    g_mutex_unlock(&inventory->keeper_lock);
    pv_inventory_settle(inventory, task);
    g_mutex_lock(&inventory->keeper_lock);
    inventory->look = NULL;
}

/* Waits for an event, or for a while when a back end is away and is to be tried again. */
static void
wait_for_work(pv_inventory *inventory)
{
    if (pv_inventory_all_up(inventory))
        g_cond_wait(&inventory->keeper_cond, &inventory->keeper_lock);
    else if (!g_cond_wait_until(&inventory->keeper_cond, &inventory->keeper_lock,
                                g_get_monotonic_time() + PV_SERVER_REOPEN_MS * 1000))
        inventory->dirty = TRUE;
}

static gpointer
keeper_thread(gpointer data)
{
    pv_inventory *inventory = data;

    g_mutex_lock(&inventory->keeper_lock);
    while (!inventory->stopping) {
        if (!inventory->dirty) {
            wait_for_work(inventory);
            continue;
        }
        /* events come in bursts: one look for all of them */
        g_cond_wait_until(&inventory->keeper_cond, &inventory->keeper_lock,
                          g_get_monotonic_time() + PV_SERVER_DEBOUNCE_MS * 1000);
        inventory->dirty = FALSE;
        settle_alone(inventory);
    }
    g_mutex_unlock(&inventory->keeper_lock);
    return NULL;
}

static void
stop_keeper(pv_inventory *inventory)
{
    if (!inventory->keeper)
        return;
    g_mutex_lock(&inventory->keeper_lock);
    inventory->stopping = TRUE;
    if (inventory->look)
        pv_task_cancel(inventory->look);
    g_cond_signal(&inventory->keeper_cond);
    g_mutex_unlock(&inventory->keeper_lock);
    g_thread_join(g_steal_pointer(&inventory->keeper));
}

/* ---- life ---- */

static int
add_backend(pv_inventory *inventory, const char *uri, pv_task *task, pv_error **error)
{
    pv_backend *backend;
    int rc;

    for (unsigned i = 0; i < inventory->backends->len; i++)
        if (g_str_equal(((pv_backend *)inventory->backends->pdata[i])->uri, uri))
            return pv_error_set(error, PV_ERR_USAGE, "back end %s is named twice", uri);
    backend = pv_backend_new(inventory, uri);
    g_ptr_array_add(inventory->backends, backend);
    rc = pv_store_backend(inventory->store, uri, &backend->key, error);
    if (rc == 0)
        rc = pv_backend_open(backend, task, error);
    if (rc == 0)
        rc = pv_backend_settle(backend, TRUE, task, error);
    if (rc < 0)
        pv_error_prefix(error, "back end %s: ", uri);
    return rc;
}

int
pv_inventory_new(pv_store *store, const char *const *uris, const struct pv_open_options *options,
                 pv_task *task, pv_inventory **ret_inventory, pv_error **error)
{
    g_autoptr(pv_inventory) inventory = g_new0(pv_inventory, 1);
    int rc;

    g_rw_lock_init(&inventory->lock);
    g_mutex_init(&inventory->keeper_lock);
    g_cond_init(&inventory->keeper_cond);
    inventory->store = store;
    if (options)
        inventory->options = *options;
    inventory->backends = g_ptr_array_new_with_free_func((GDestroyNotify)pv_backend_free);
    inventory->vms = g_ptr_array_new_with_free_func(entry_free);
    inventory->by_number = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (int kind = 0; kind < PV_OBJECT_VM; kind++)
        inventory->objects[kind] = g_ptr_array_new_with_free_func(object_free);
    for (; uris && *uris; uris++)
        if ((rc = add_backend(inventory, *uris, task, error)) < 0)
            return rc;
    if (inventory->backends->len == 0)
        return pv_error_set(error, PV_ERR_USAGE, "no back end is named");
    inventory->keeper = g_thread_new("pv-keeper", keeper_thread, inventory);
    *ret_inventory = g_steal_pointer(&inventory);
    return 0;
}

void
pv_inventory_free(pv_inventory *inventory)
{
    if (!inventory)
        return;
    stop_keeper(inventory);
    g_ptr_array_unref(inventory->backends); /* first: ends their events */
    g_hash_table_unref(inventory->by_number);
    g_ptr_array_unref(inventory->vms);
    for (int kind = 0; kind < PV_OBJECT_VM; kind++)
        g_ptr_array_unref(inventory->objects[kind]);
    g_rw_lock_clear(&inventory->lock);
    g_mutex_clear(&inventory->keeper_lock);
    g_cond_clear(&inventory->keeper_cond);
    g_free(inventory);
}

/* ---- settle ---- */

gboolean
pv_inventory_is_settled(pv_inventory *inventory)
{
    for (unsigned i = 0; i < inventory->backends->len; i++)
        if (!pv_backend_is_settled(inventory->backends->pdata[i]))
            return FALSE;
    return TRUE;
}

/* Who reads the log is told once, until the back end was opened anew or something else goes wrong. */
static void
tell_trouble(pv_backend *backend, const char *trouble)
{
    gboolean news, named = strstr(trouble, backend->uri) != NULL;

    g_mutex_lock(&backend->lock);
    news = g_strcmp0(backend->trouble, trouble) != 0;
    if (news) {
        g_free(backend->trouble);
        backend->trouble = g_strdup(trouble);
    }
    g_mutex_unlock(&backend->lock);
    if (news)
        pv_log(PV_LOG_WARNING, "server", "%s%s%s", named ? "" : backend->uri, named ? "" : ": ", trouble);
}

static void
settle(pv_inventory *inventory, gboolean storage, pv_task *task)
{
    for (unsigned i = 0; i < inventory->backends->len; i++) {
        pv_backend *backend = inventory->backends->pdata[i];
        g_autoptr(pv_error) error = NULL;

        if (pv_backend_settle(backend, storage, task, &error) < 0)
            tell_trouble(backend, error->message);
    }
}

void
pv_inventory_settle(pv_inventory *inventory, pv_task *task)
{
    settle(inventory, FALSE, task);
}

void
pv_inventory_settle_storage(pv_inventory *inventory, pv_task *task)
{
    settle(inventory, TRUE, task);
}

gboolean
pv_inventory_all_up(pv_inventory *inventory)
{
    for (unsigned i = 0; i < inventory->backends->len; i++)
        if (!pv_backend_is_up(inventory->backends->pdata[i]))
            return FALSE;
    return TRUE;
}

/* ---- reading ---- */

void
pv_inventory_lock(pv_inventory *inventory)
{
    g_rw_lock_reader_lock(&inventory->lock);
}

void
pv_inventory_unlock(pv_inventory *inventory)
{
    g_rw_lock_reader_unlock(&inventory->lock);
}

uint64_t
pv_inventory_version(pv_inventory *inventory)
{
    return inventory->version;
}

const GPtrArray *
pv_inventory_vms(pv_inventory *inventory)
{
    return inventory->vms;
}

const struct pv_inv_vm *
pv_inventory_vm(pv_inventory *inventory, const char *moref)
{
    int64_t number = pv_moref_number(PV_OBJECT_VM, moref);

    return number ? g_hash_table_lookup(inventory->by_number, &number) : NULL;
}

const GPtrArray *
pv_inventory_objects(pv_inventory *inventory, enum pv_object_kind kind)
{
    return inventory->objects[kind];
}

const struct pv_inv_object *
pv_inventory_object(pv_inventory *inventory, enum pv_object_kind kind, const char *moref)
{
    int64_t number = pv_moref_number(kind, moref);
    const GPtrArray *objects = inventory->objects[kind];

    for (unsigned i = 0; number && i < objects->len; i++) {
        const struct pv_inv_object *object = objects->pdata[i];

        if (object->number == number)
            return object;
    }
    return NULL;
}

static const char *
name_of(enum pv_object_kind kind, const struct pv_inv_object *object)
{
    switch (kind) {
    case PV_OBJECT_HOST:
        return ((const pv_host *)object->object)->name;
    case PV_OBJECT_DATASTORE:
        return ((const pv_datastore *)object->object)->name;
    case PV_OBJECT_NETWORK:
        return ((const pv_network *)object->object)->name;
    default:
        return NULL;
    }
}

const struct pv_inv_object *
pv_inventory_object_named(pv_inventory *inventory, enum pv_object_kind kind, const pv_backend *backend,
                          const char *name)
{
    const GPtrArray *objects = inventory->objects[kind];

    for (unsigned i = 0; name && i < objects->len; i++) {
        const struct pv_inv_object *object = objects->pdata[i];

        if (object->backend == backend && g_strcmp0(name_of(kind, object), name) == 0)
            return object;
    }
    return NULL;
}

const struct pv_inv_object *
pv_inventory_host_of(pv_inventory *inventory, const struct pv_inv_vm *vm)
{
    const GPtrArray *hosts = inventory->objects[PV_OBJECT_HOST];
    const struct pv_inv_object *first = NULL;

    for (unsigned i = 0; i < hosts->len; i++) {
        const struct pv_inv_object *object = hosts->pdata[i];
        const pv_host *host = object->object;

        if (object->backend != vm->backend)
            continue;
        if (vm->vm->host && (g_strcmp0(host->name, vm->vm->host) == 0 ||
                             g_strcmp0(host->id, vm->vm->host) == 0))
            return object;
        if (!first)
            first = object;
    }
    return first;
}

pv_store *
pv_inventory_store(pv_inventory *inventory)
{
    return inventory->store;
}

/* ---- managed object ids ---- */

static const char *const prefixes[] = {
    [PV_OBJECT_HOST] = "host",
    [PV_OBJECT_DATASTORE] = "datastore",
    [PV_OBJECT_NETWORK] = "network",
    [PV_OBJECT_VM] = "vm",
    [PV_OBJECT_SNAPSHOT] = "snapshot",
    [PV_OBJECT_TASK] = "task",
};

const char *
pv_moref_prefix(enum pv_object_kind kind)
{
    return prefixes[kind];
}

char *
pv_moref_write(enum pv_object_kind kind, int64_t number, char buffer[PV_MOREF_SIZE])
{
    g_snprintf(buffer, PV_MOREF_SIZE, "%s-%" G_GINT64_FORMAT, prefixes[kind], number);
    return buffer;
}

int64_t
pv_moref_number(enum pv_object_kind kind, const char *moref)
{
    size_t prefix = strlen(prefixes[kind]);
    guint64 number;

    if (strncmp(moref, prefixes[kind], prefix) != 0 || moref[prefix] != '-' ||
        moref[prefix + 1] < '1' || moref[prefix + 1] > '9' || /* one spelling of each number */
        !g_ascii_string_to_unsigned(moref + prefix + 1, 10, 1, G_MAXINT64, &number, NULL))
        return 0;
    return (int64_t)number;
}
