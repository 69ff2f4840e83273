/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint can do: the operation table held against its driver's slots. */
#include "conn-private.h"

#include <string.h>

struct slot_of {
    const char *operation;
    size_t noun; /* offset of the slots in struct pv_driver */
    size_t slot; /* offset of the function in the slots */
};

#define SLOT(operation_, noun_, slot_)                                                                     \
    { operation_, offsetof(struct pv_driver, noun_), offsetof(struct pv_##noun_##_slots, slot_) }

static const struct slot_of slots[] = {
    SLOT("endpoint.info", endpoint, info),      SLOT("session.info", endpoint, session),
    SLOT("host.list", host, list),              SLOT("host.get", host, list),
    SLOT("vm.list", vm, list),                  SLOT("vm.get", vm, list),
    SLOT("vm.create", vm, create),              SLOT("vm.clone", vm, clone),
    SLOT("vm.delete", vm, remove),              SLOT("vm.wait", vm, list),
    SLOT("snapshot.list", snapshot, list),      SLOT("snapshot.create", snapshot, create),
    SLOT("snapshot.revert", snapshot, revert),  SLOT("snapshot.delete", snapshot, remove),
    SLOT("datastore.list", datastore, list),    SLOT("datastore.get", datastore, list),
    SLOT("volume.list", volume, list),          SLOT("volume.create", volume, create),
    SLOT("volume.delete", volume, remove),      SLOT("network.list", network, list),
    SLOT("network.get", network, list),         SLOT("event.watch", event, enable),
};

static gboolean
driver_has(const struct pv_driver *driver, const char *operation)
{
    for (size_t i = 0; i < G_N_ELEMENTS(slots); i++) {
        const void *noun;

        if (!g_str_equal(slots[i].operation, operation))
            continue;
        noun = *(const void *const *)((const char *)driver + slots[i].noun);
        return noun && *(void *const *)((const char *)noun + slots[i].slot) != NULL;
    }
    if (g_str_has_prefix(operation, "vm.")) {
        int op = pv_enum_value(pv_power_op_values, operation + strlen("vm."));

        return op && driver->vm && (driver->vm->power_ops & (1u << op));
    }
    return g_str_equal(operation, "endpoint.capabilities");
}

static const struct pv_via *
via_of(const struct pv_driver *driver, const char *operation)
{
    for (const struct pv_via *via = driver->via; via && via->operation; via++)
        if (g_str_equal(via->operation, operation))
            return via;
    return NULL;
}

const char *
pv_conn_lacks(pv_conn *conn, const char *operation)
{
    const char *why = NULL;

    if (!driver_has(conn->driver, operation))
        return "";
    if (conn->driver->lacks && conn->driver->lacks(conn->handle, operation, &why))
        return why ? why : "";
    return NULL;
}

int
pv_conn_check(pv_conn *conn, const char *operation, pv_error **error)
{
    const struct pv_op *op = pv_op_find(operation);
    const char *lacks = pv_conn_lacks(conn, operation);

    if (lacks)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "%s is not supported by %s endpoints%s%s", operation,
                            conn->driver->name, *lacks ? ": " : "", lacks);
    if (conn->readonly && op && op->effect != PV_EFFECT_READ)
        return pv_error_set(error, PV_ERR_DENIED, "%s refused: the connection is read-only", operation);
    return 0;
}

int
pv_endpoint_capabilities(pv_conn *conn, G_GNUC_UNUSED pv_task *task, GPtrArray **ret_list,
                         G_GNUC_UNUSED pv_error **error)
{
    GPtrArray *list = pv_list_new(&pv_capability_desc);

    for (const struct pv_op *op = pv_op_table(); op->name; op++) {
        pv_capability *row = pv_capability_new();
        const char *lacks = pv_conn_lacks(conn, op->name);
        const struct pv_via *via = via_of(conn->driver, op->name);

        row->operation = g_strdup(op->name);
        row->supported = lacks == NULL;
        if (!lacks && via)
            row->via = g_strdup(via->via);
        if (lacks && *lacks)
            row->note = g_strdup(lacks);
        else if (via)
            row->note = g_strdup(via->note);
        g_ptr_array_add(list, row);
    }
    *ret_list = list;
    return 0;
}
