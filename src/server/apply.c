/* SPDX-License-Identifier: Apache-2.0 */
/* Putting what a back end told into the inventory. */
#include "inventory-private.h"

#include <polyvirt/log.h>

/* What each kind's neutral struct is called and by what it is known. */
static const struct kind {
    const struct pv_desc *desc;
    size_t id, name; /* offsets of char * members */
} kinds[] = {
    [PV_OBJECT_HOST] = { &pv_host_desc, offsetof(struct pv_host, id), offsetof(struct pv_host, name) },
    [PV_OBJECT_DATASTORE] = { &pv_datastore_desc, offsetof(struct pv_datastore, id),
                              offsetof(struct pv_datastore, name) },
    [PV_OBJECT_NETWORK] = { &pv_network_desc, offsetof(struct pv_network, id),
                            offsetof(struct pv_network, name) },
};

uint64_t
pv_inventory_look(pv_inventory *inventory)
{
    uint64_t look;

    g_rw_lock_writer_lock(&inventory->lock);
    look = ++inventory->ticket;
    g_rw_lock_writer_unlock(&inventory->lock);
    return look;
}

static int
by_number(gconstpointer a, gconstpointer b)
{
    /* hosts, datastores, networks and VMs all begin with their number */
    const int64_t *x = *(const int64_t *const *)a, *y = *(const int64_t *const *)b;

    return *x < *y ? -1 : *x > *y;
}

/* ---- VMs ---- */

static gboolean
lists_same(const pv_vm *a, const pv_vm *b)
{
    return a->state == b->state && a->cpus == b->cpus && a->memory == b->memory &&
           g_strcmp0(a->name, b->name) == 0;
}

/* A part that this look did not bring is unknown now: a detail asks for it again. */
static void
replace(pv_inventory *inventory, struct entry *entry, pv_vm *vm, unsigned parts, uint64_t look,
        gboolean changed)
{
    if (changed || !entry->vm.vm || !lists_same(entry->vm.vm, vm))
        entry->vm.changed = ++inventory->version;
    pv_vm_free(entry->vm.vm);
    entry->vm.vm = vm;
    entry->vm.parts = parts;
    entry->vm.ticket = look;
}

static struct entry *
add(pv_backend *backend, const pv_vm *vm, int64_t number)
{
    pv_inventory *inventory = backend->inventory;
    struct entry *entry = g_new0(struct entry, 1);

    entry->id = g_strdup(vm->id);
    entry->vm.number = number;
    entry->vm.backend = backend;
    entry->vm.guest_os = pv_store_guest_os(inventory->store, number);
    g_hash_table_insert(backend->by_id, entry->id, entry);
    g_hash_table_insert(inventory->by_number, &entry->vm.number, entry);
    g_ptr_array_add(inventory->vms, entry);
    return entry;
}

/* Numbers come from the store before the lock is taken: disks are slow, readers must not wait. */
static int
number_list(pv_backend *backend, const GPtrArray *list, int64_t **ret_numbers, pv_error **error)
{
    g_autofree int64_t *numbers = g_new0(int64_t, list->len + 1);
    pv_store *store = backend->inventory->store;
    int rc = 0, committed;

    pv_store_begin(store);
    for (unsigned i = 0; i < list->len && rc == 0; i++) {
        const pv_vm *vm = list->pdata[i];

        if (vm->id)
            rc = pv_store_number(store, PV_OBJECT_VM, backend->key, vm->id, vm->uuid, &numbers[i], error);
    }
    committed = pv_store_commit(store, error);
    if (rc < 0 || committed < 0)
        return rc < 0 ? rc : committed;
    *ret_numbers = g_steal_pointer(&numbers);
    return 0;
}

static gboolean
is_gone(const struct entry *entry, const pv_backend *backend, uint64_t look)
{
    return entry->vm.backend == backend && entry->vm.ticket < look;
}

static void
remove_entry(pv_backend *backend, struct entry *entry)
{
    pv_inventory *inventory = backend->inventory;

    g_hash_table_remove(backend->by_id, entry->id);
    g_hash_table_remove(inventory->by_number, &entry->vm.number);
    inventory->version++;
}

static void
forget(pv_backend *backend, struct entry *entry)
{
    remove_entry(backend, entry);
    g_ptr_array_remove(backend->inventory->vms, entry);
}

static void
sweep(pv_backend *backend, uint64_t look)
{
    GPtrArray *vms = backend->inventory->vms;

    for (unsigned i = vms->len; i-- > 0;) {
        struct entry *entry = vms->pdata[i];

        if (!is_gone(entry, backend, look))
            continue;
        remove_entry(backend, entry);
        g_ptr_array_remove_index(vms, i);
    }
}

int
pv_inventory_apply(pv_backend *backend, uint64_t look, GPtrArray *list, unsigned parts, unsigned flags,
                   pv_error **error)
{
    g_autoptr(GPtrArray) vms = list;
    g_autofree int64_t *numbers = NULL;
    pv_inventory *inventory = backend->inventory;
    gboolean grown = FALSE;
    int rc = number_list(backend, vms, &numbers, error);

    if (rc < 0)
        return rc;
    g_rw_lock_writer_lock(&inventory->lock);
    for (unsigned i = 0; i < vms->len; i++) {
        pv_vm *vm = vms->pdata[i];
        struct entry *entry = vm->id ? g_hash_table_lookup(backend->by_id, vm->id) : NULL;

        if (!vm->id || (entry && entry->vm.ticket > look))
            continue; /* something newer is known */
        if (entry && entry->vm.number != numbers[i]) {
            forget(backend, entry); /* deleted and made again under the same id */
            entry = NULL;
        }
        if (entry && vm->error) {
            entry->vm.ticket = look; /* it exists, though it cannot be read now */
            continue;
        }
        if (!entry) {
            entry = add(backend, vm, numbers[i]);
            grown = TRUE;
        }
        vms->pdata[i] = NULL;
        replace(inventory, entry, vm, parts, look, (flags & PV_APPLY_CHANGED) != 0);
    }
    if (flags & PV_APPLY_WHOLE)
        sweep(backend, look);
    if (grown)
        g_ptr_array_sort(inventory->vms, by_number);
    g_rw_lock_writer_unlock(&inventory->lock);
    return 0;
}

void
pv_inventory_drop(pv_backend *backend, uint64_t look, const char *id)
{
    pv_inventory *inventory = backend->inventory;
    struct entry *entry;

    g_rw_lock_writer_lock(&inventory->lock);
    entry = g_hash_table_lookup(backend->by_id, id);
    if (entry && entry->vm.ticket <= look)
        forget(backend, entry);
    g_rw_lock_writer_unlock(&inventory->lock);
}

/* ---- hosts, datastores, networks ---- */

static const char *
text_at(const void *object, size_t offset)
{
    return *(char *const *)((const char *)object + offset);
}

static struct pv_inv_object *
known(GPtrArray *objects, int64_t number)
{
    for (unsigned i = 0; i < objects->len; i++) {
        struct pv_inv_object *object = objects->pdata[i];

        if (object->number == number)
            return object;
    }
    return NULL;
}

static void
put(pv_backend *backend, enum pv_object_kind kind, int64_t number, void *neutral, uint64_t look)
{
    pv_inventory *inventory = backend->inventory;
    struct pv_inv_object *object = known(inventory->objects[kind], number);

    if (!object) {
        object = g_new0(struct pv_inv_object, 1);
        object->number = number;
        object->backend = backend;
        object->desc = kinds[kind].desc;
        g_ptr_array_add(inventory->objects[kind], object);
    }
    if (!object->object || pv_desc_diff(kinds[kind].desc, object->object, neutral, PV_F_VOLATILE, NULL, NULL))
        object->changed = ++inventory->version;
    pv_desc_free(kinds[kind].desc, object->object);
    object->object = neutral;
    object->ticket = look;
}

static void
drop_others(pv_backend *backend, enum pv_object_kind kind, uint64_t look)
{
    GPtrArray *objects = backend->inventory->objects[kind];

    for (unsigned i = objects->len; i-- > 0;) {
        struct pv_inv_object *object = objects->pdata[i];

        if (object->backend == backend && object->ticket < look) {
            g_ptr_array_remove_index(objects, i);
            backend->inventory->version++;
        }
    }
}

int
pv_inventory_apply_objects(pv_backend *backend, uint64_t look, enum pv_object_kind kind, GPtrArray *list,
                           pv_error **error)
{
    g_autoptr(GPtrArray) objects = list;
    g_autofree int64_t *numbers = g_new0(int64_t, list->len + 1);
    pv_inventory *inventory = backend->inventory;

    for (unsigned i = 0; i < list->len; i++) {
        const char *id = text_at(list->pdata[i], kinds[kind].id);
        int rc;

        if (!id)
            id = text_at(list->pdata[i], kinds[kind].name);
        if (id && (rc = pv_store_number(inventory->store, kind, backend->key, id, NULL, &numbers[i],
                                        error)) < 0)
            return rc;
    }
    g_rw_lock_writer_lock(&inventory->lock);
    for (unsigned i = 0; i < objects->len; i++)
        if (numbers[i]) {
            put(backend, kind, numbers[i], objects->pdata[i], look);
            objects->pdata[i] = NULL;
        }
    drop_others(backend, kind, look);
    g_ptr_array_sort(inventory->objects[kind], by_number);
    g_rw_lock_writer_unlock(&inventory->lock);
    return 0;
}
