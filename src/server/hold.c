/* SPDX-License-Identifier: Apache-2.0 */
/* One VM held for a call to its back end, and placing new ones. */
#include "inventory-private.h"

#include "server-limits.h"

#include <polyvirt/log.h>

void
pv_inv_hold_clear(struct pv_inv_hold *hold)
{
    pv_link_unref(g_steal_pointer(&hold->link));
    g_clear_pointer(&hold->id, g_free);
    g_clear_pointer(&hold->guest_os, g_free);
    hold->conn = NULL;
}

static int
hold_backend(pv_inventory *inventory, pv_backend *backend, struct pv_inv_hold *hold, pv_error **error)
{
    int rc = pv_backend_use(backend, NULL, &hold->link, error);

    if (rc < 0)
        return rc;
    hold->inventory = inventory;
    hold->backend = backend;
    hold->conn = hold->link->conn;
    return 0;
}

int
pv_inventory_hold(pv_inventory *inventory, const char *moref, struct pv_inv_hold *hold, pv_error **error)
{
    const struct pv_inv_vm *vm;
    pv_backend *backend = NULL;

    pv_inventory_lock(inventory);
    vm = pv_inventory_vm(inventory, moref);
    if (vm) {
        backend = vm->backend;
        hold->number = vm->number;
        hold->id = g_strdup(((const struct entry *)vm)->id);
        hold->guest_os = g_strdup(vm->guest_os);
    }
    pv_inventory_unlock(inventory);
    if (!backend)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id '%s'", moref);
    return hold_backend(inventory, backend, hold, error);
}

/* From memory only while events would tell of a change. */
static pv_vm *
remembered(struct pv_inv_hold *hold, unsigned parts)
{
    const struct entry *entry;
    pv_vm *copy = NULL;

    if (!hold->link->event_id || !pv_backend_is_settled(hold->backend))
        return NULL;
    pv_inventory_lock(hold->inventory);
    entry = g_hash_table_lookup(hold->backend->by_id, hold->id);
    if (entry && (entry->vm.parts & parts) == parts)
        copy = pv_desc_copy(&pv_vm_desc, entry->vm.vm);
    pv_inventory_unlock(hold->inventory);
    return copy;
}

/* Addresses and the like change without an event: never remembered. */
#define REMEMBERED (PV_VM_BASIC | PV_VM_CONFIG | PV_VM_DEVICES)

static int
look(struct pv_inv_hold *hold, unsigned parts, unsigned flags, pv_task *task, pv_vm **ret_vm,
     pv_error **error)
{
    const char *const refs[] = { hold->id, NULL };
    uint64_t ticket = pv_inventory_look(hold->inventory);
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(pv_vm) copy = NULL;
    int rc = pv_vm_list(hold->conn, refs, parts, task, &list, error);

    pv_backend_note(hold->backend, rc);
    if (rc == PV_ERR_NOT_FOUND)
        pv_inventory_drop(hold->backend, ticket, hold->id);
    if (rc < 0)
        return rc;
    if (list->len != 1)
        return pv_error_set(error, PV_ERR_INTERNAL, "asked for one VM, got %u", list->len);
    copy = pv_desc_copy(&pv_vm_desc, list->pdata[0]);
    rc = pv_inventory_apply(hold->backend, ticket, g_steal_pointer(&list), parts & REMEMBERED, flags, error);
    if (rc < 0)
        return rc;
    if (copy->error)
        return pv_error_set(error, PV_ERR_FAILED, "%s", copy->error);
    if (ret_vm)
        *ret_vm = g_steal_pointer(&copy);
    return 0;
}

int
pv_inv_hold_get(struct pv_inv_hold *hold, unsigned parts, pv_task *task, pv_vm **ret_vm, pv_error **error)
{
    pv_vm *vm = remembered(hold, parts);

    if (!vm)
        return look(hold, parts | PV_VM_LIST, 0, task, ret_vm, error);
    *ret_vm = vm;
    return 0;
}

void
pv_inv_hold_refresh(struct pv_inv_hold *hold, pv_task *task)
{
    g_autoptr(pv_error) error = NULL;

    if (look(hold, PV_VM_LIST, PV_APPLY_CHANGED, task, NULL, &error) < 0 && error->code != PV_ERR_NOT_FOUND)
        pv_log(PV_LOG_WARNING, "server", "%s", error->message);
}

int
pv_inv_hold_snapshot_number(struct pv_inv_hold *hold, const pv_snapshot *snapshot, int64_t *ret_number,
                            pv_error **error)
{
    g_autofree char *native = g_strdup_printf("%s\n%s", hold->id, snapshot->id);
    g_autofree char *taken = snapshot->created == PV_UNSET_INT
                                 ? NULL
                                 : g_strdup_printf("%" G_GINT64_FORMAT, snapshot->created);

    return pv_store_number(hold->inventory->store, PV_OBJECT_SNAPSHOT, hold->backend->key, native, taken,
                           ret_number, error);
}

/* ---- new VMs ---- */

static pv_backend *
first_up(pv_inventory *inventory)
{
    for (unsigned i = 0; i < inventory->backends->len; i++)
        if (pv_backend_is_up(inventory->backends->pdata[i]))
            return inventory->backends->pdata[i];
    return inventory->backends->pdata[0];
}

static int
backend_of(pv_inventory *inventory, enum pv_object_kind kind, const char *moref, pv_backend **backend,
           pv_error **error)
{
    const struct pv_inv_object *object;

    if (!moref)
        return 0;
    object = pv_inventory_object(inventory, kind, moref);
    if (!object)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no %s has the id '%s'", pv_moref_prefix(kind), moref);
    if (*backend && *backend != object->backend)
        return pv_error_set(error, PV_ERR_INVALID, "placement: %s is not on the host given", moref);
    *backend = object->backend;
    return 0;
}

int
pv_inventory_place(pv_inventory *inventory, const char *host, const char *datastore,
                   struct pv_inv_hold *ret_place, pv_error **error)
{
    pv_backend *backend = NULL;
    int rc;

    pv_inventory_lock(inventory);
    rc = backend_of(inventory, PV_OBJECT_HOST, host, &backend, error);
    if (rc == 0)
        rc = backend_of(inventory, PV_OBJECT_DATASTORE, datastore, &backend, error);
    pv_inventory_unlock(inventory);
    if (rc < 0)
        return rc;
    return hold_backend(inventory, backend ? backend : first_up(inventory), ret_place, error);
}

int
pv_inventory_adopt(struct pv_inv_hold *place, const char *id, const char *guest_os, pv_task *task,
                   int64_t *ret_number, pv_error **error)
{
    struct entry *entry;
    int64_t number = 0;
    int rc;

    g_free(place->id);
    place->id = g_strdup(id);
    if ((rc = look(place, PV_VM_LIST, PV_APPLY_CHANGED, task, NULL, error)) < 0)
        return rc;
    g_rw_lock_writer_lock(&place->inventory->lock);
    entry = g_hash_table_lookup(place->backend->by_id, id);
    if (entry) {
        number = place->number = entry->vm.number;
        g_free(entry->vm.guest_os);
        entry->vm.guest_os = g_strdup(guest_os);
    }
    g_rw_lock_writer_unlock(&place->inventory->lock);
    if (!number)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "the new VM %s is gone already", id);
    *ret_number = number;
    return guest_os ? pv_store_set_guest_os(place->inventory->store, number, guest_os, error) : 0;
}
