/* SPDX-License-Identifier: Apache-2.0 */
#include "rest.h"

#include <string.h>

int
pv_rest_no_such(struct pv_request *request, const char *message_id, const char *noun, const char *moref)
{
    g_autofree char *identifier =
        g_strdup_printf("%s:%s", moref, pv_store_instance_uuid(request->service->store));
    const char *const args[] = { identifier, NULL };

    return pv_refuse(request, PV_VAPI_NOT_FOUND, message_id, args, "%s with identifier '%s' does not exist.",
                     noun, identifier);
}

int
pv_rest_hold(struct pv_request *request, struct pv_inv_hold *hold, pv_error **error)
{
    const char *moref = request->ids[0];
    pv_inventory *inventory = request->service->inventory;
    gboolean known;

    pv_inventory_lock(inventory);
    known = pv_inventory_vm(inventory, moref) != NULL;
    pv_inventory_unlock(inventory);
    if (!known)
        return pv_rest_no_such(request, PV_VAPI_MSG_NO_VM, "Virtual machine", moref);
    return pv_inventory_hold(inventory, moref, hold, error);
}

int
pv_rest_power(struct pv_request *request, enum pv_power_op op, struct pv_inv_hold *hold, pv_error **error)
{
    int rc = pv_rest_hold(request, hold, error);

    if (rc < 0)
        return rc;
    rc = pv_vm_power(hold->conn, hold->id, op, request->task, error);
    pv_inv_hold_refresh(hold, request->task);
    if (rc == 0)
        pv_reply_void(request);
    return rc;
}

/* ---- filters ---- */

static int
member_index(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static gboolean
is_control(const char *key)
{
    static const char *const keys[] = { "action", "~action", "vmw-task", NULL };

    return g_strv_contains(keys, key);
}

static int
read_item(struct pv_request *request, const char *key, const char *value, struct pv_filters *filters,
          pv_error **error)
{
    g_autofree char *name = pv_vapi_filter_name(request->dialect, key);
    int index = name ? member_index(filters->names, name) : -1;

    if (index < 0)
        return pv_error_set(error, PV_ERR_INVALID, "%s: is no filter of this list", key);
    if (!*value)
        return 0; /* an empty member is an unset one */
    if (!filters->values[index])
        filters->values[index] = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(filters->values[index], g_strdup(value));
    return 0;
}

int
pv_filters_read(struct pv_request *request, const char *const *names, struct pv_filters *ret_filters,
                pv_error **error)
{
    const GPtrArray *query = request->query;
    int rc;

    ret_filters->names = names;
    for (unsigned i = 0; i + 1 < query->len; i += 2)
        if (!is_control(query->pdata[i]) &&
            (rc = read_item(request, query->pdata[i], query->pdata[i + 1], ret_filters, error)) < 0)
            return rc;
    return 0;
}

void
pv_filters_clear(struct pv_filters *filters)
{
    for (unsigned i = 0; i < PV_FILTERS_MAX; i++)
        g_clear_pointer(&filters->values[i], g_ptr_array_unref);
}

gboolean
pv_filters_pass(const struct pv_filters *filters, unsigned member, const char *value)
{
    const GPtrArray *values = filters->values[member];

    for (unsigned i = 0; values && i < values->len; i++)
        if (g_strcmp0(values->pdata[i], value) == 0)
            return TRUE;
    return !values;
}

int
pv_rest_check_cap(struct pv_request *request, unsigned count, unsigned cap, const char *message_id,
                  const char *nouns)
{
    if (count <= cap)
        return 0;
    return pv_refuse(request, PV_VAPI_UNABLE_TO_ALLOCATE_RESOURCE, message_id, NULL,
                     "Too many %s. Add more filter criteria to reduce the number.", nouns);
}

/* ---- lists ---- */

static GPtrArray *
select_items(pv_inventory *inventory, const struct pv_rest_listing *listing, const struct pv_filters *filters)
{
    GPtrArray *list = pv_list_new(listing->desc);
    const GPtrArray *objects;
    char moref[PV_MOREF_SIZE];

    pv_inventory_lock(inventory);
    objects = pv_inventory_objects(inventory, listing->kind);
    for (unsigned i = 0; i < objects->len; i++) {
        const struct pv_inv_object *object = objects->pdata[i];
        void *item = listing->item_of(object, pv_moref_write(listing->kind, object->number, moref));

        if (listing->passes(filters, item))
            g_ptr_array_add(list, item);
        else
            pv_desc_free(listing->desc, item);
    }
    pv_inventory_unlock(inventory);
    return list;
}

int
pv_rest_list(struct pv_request *request, const struct pv_rest_listing *listing, pv_error **error)
{
    g_auto(pv_filters) filters = { 0 };
    g_autoptr(GPtrArray) items = NULL;
    int rc = pv_filters_read(request, listing->filter_names, &filters, error);

    if (rc < 0)
        return rc;
    items = select_items(request->service->inventory, listing, &filters);
    rc = pv_rest_check_cap(request, items->len, listing->cap, listing->too_many, listing->nouns);
    if (rc == 0)
        pv_reply_list(request, listing->desc, items);
    return rc;
}
