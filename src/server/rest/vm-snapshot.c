/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of a VM: polyvirt's extension, in the shape the guide uses. No vCenter has this resource
 * in REST (its snapshots are in SOAP only), so nothing here can contradict one.
 */
#include "rest.h"

#define MSG_NO_SNAPSHOT "polyvirt.vm.snapshot.not_found"

/* The back end's snapshots with their numbers, parents first. */
struct family {
    GPtrArray *list;  /* of pv_snapshot */
    int64_t *numbers; /* beside it */
};

static void
family_clear(struct family *family)
{
    g_clear_pointer(&family->list, g_ptr_array_unref);
    g_clear_pointer(&family->numbers, g_free);
}
typedef struct family family_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(family_t, family_clear)

static int
read_family(struct pv_request *request, struct pv_inv_hold *hold, struct family *family, pv_error **error)
{
    int rc = pv_rest_hold(request, hold, error);

    if (rc < 0 || (rc = pv_snapshot_list(hold->conn, hold->id, request->task, &family->list, error)) < 0)
        return rc;
    family->numbers = g_new0(int64_t, family->list->len + 1);
    for (unsigned i = 0; i < family->list->len && rc == 0; i++)
        rc = pv_inv_hold_snapshot_number(hold, family->list->pdata[i], &family->numbers[i], error);
    return rc;
}

/* Index of a snapshot by its back end's id, or by its moref's number; -1: there is none. */
static int
find_id(const struct family *family, const char *id)
{
    for (unsigned i = 0; id && i < family->list->len; i++)
        if (g_strcmp0(((const pv_snapshot *)family->list->pdata[i])->id, id) == 0)
            return (int)i;
    return -1;
}

static int
find_moref(const struct family *family, const char *moref)
{
    int64_t number = pv_moref_number(PV_OBJECT_SNAPSHOT, moref);

    for (unsigned i = 0; number && i < family->list->len; i++)
        if (family->numbers[i] == number)
            return (int)i;
    return -1;
}

static pv_vapi_snapshot *
shape(const struct family *family, int index)
{
    const pv_snapshot *snapshot = family->list->pdata[index];
    int parent = find_id(family, snapshot->parent);
    char own[PV_MOREF_SIZE], parents[PV_MOREF_SIZE];

    return pv_vapi_snapshot_of(
        snapshot, pv_moref_write(PV_OBJECT_SNAPSHOT, family->numbers[index], own),
        parent < 0 ? NULL : pv_moref_write(PV_OBJECT_SNAPSHOT, family->numbers[parent], parents));
}

static int
list(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_auto(family_t) family = { 0 };
    g_autoptr(GPtrArray) items = pv_list_new(&pv_vapi_snapshot_desc);
    int rc = read_family(request, &hold, &family, error);

    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < family.list->len; i++)
        g_ptr_array_add(items, shape(&family, (int)i));
    pv_reply_list(request, &pv_vapi_snapshot_desc, items);
    return 0;
}

/* The snapshot in the path; *ret_index is its place in the family. */
static int
hold_snapshot(struct pv_request *request, struct pv_inv_hold *hold, struct family *family, int *ret_index,
              pv_error **error)
{
    int index, rc = read_family(request, hold, family, error);

    if (rc < 0)
        return rc;
    index = find_moref(family, request->ids[1]);
    if (index < 0)
        return pv_rest_no_such(request, MSG_NO_SNAPSHOT, "Snapshot", request->ids[1]);
    *ret_index = index;
    return 0;
}

static int
get(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_auto(family_t) family = { 0 };
    g_autoptr(pv_vapi_snapshot) item = NULL;
    int index, rc = hold_snapshot(request, &hold, &family, &index, error);

    if (rc < 0)
        return rc;
    item = shape(&family, index);
    pv_reply_struct(request, &pv_vapi_snapshot_desc, item);
    return 0;
}

/* As in vSphere, memory asked for of a VM that is off is not an error: there is none to keep. */
static int
fit_memory(struct pv_inv_hold *hold, pv_snapshot_spec *spec, pv_task *task, pv_error **error)
{
    g_autoptr(pv_vm) vm = NULL;
    int rc = 0;

    if (spec->memory != TRUE)
        return 0;
    if ((rc = pv_inv_hold_get(hold, PV_VM_BASIC, task, &vm, error)) == 0 &&
        !g_str_equal(pv_vapi_power_name(vm->state), "POWERED_ON"))
        spec->memory = FALSE;
    return rc;
}

static int
create(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_autoptr(pv_vapi_snapshot_create) body = NULL;
    g_autoptr(pv_snapshot_spec) spec = NULL;
    g_autoptr(pv_snapshot) snapshot = NULL;
    char moref[PV_MOREF_SIZE];
    int64_t number;
    int rc = pv_rest_hold(request, &hold, error);

    if (rc < 0 || (rc = pv_request_spec(request, &pv_vapi_snapshot_create_desc, (void **)&body, error)) < 0 ||
        (rc = pv_vapi_snapshot_create_to(body, &spec, error)) < 0 ||
        (rc = fit_memory(&hold, spec, request->task, error)) < 0)
        return rc;
    rc = pv_snapshot_create(hold.conn, hold.id, spec, request->task, &snapshot, error);
    pv_inv_hold_refresh(&hold, request->task);
    if (rc < 0 || (rc = pv_inv_hold_snapshot_number(&hold, snapshot, &number, error)) < 0)
        return rc;
    pv_reply_id(request, pv_moref_write(PV_OBJECT_SNAPSHOT, number, moref));
    return 0;
}

static int
revert(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_auto(family_t) family = { 0 };
    int index, rc = hold_snapshot(request, &hold, &family, &index, error);

    if (rc < 0)
        return rc;
    rc = pv_snapshot_revert(hold.conn, hold.id, ((const pv_snapshot *)family.list->pdata[index])->id,
                            request->task, error);
    pv_inv_hold_refresh(&hold, request->task);
    if (rc == 0)
        pv_reply_void(request);
    return rc;
}

static int
delete(struct pv_request *request, pv_error **error)
{
    g_auto(pv_inv_hold) hold = { 0 };
    g_auto(family_t) family = { 0 };
    int index, rc = hold_snapshot(request, &hold, &family, &index, error);

    if (rc < 0)
        return rc;
    rc = pv_snapshot_delete(hold.conn, hold.id, ((const pv_snapshot *)family.list->pdata[index])->id, FALSE,
                            request->task, error);
    pv_inv_hold_refresh(&hold, request->task);
    if (rc == 0)
        rc = pv_store_forget(request->service->store, family.numbers[index], error);
    if (rc == 0)
        pv_reply_void(request);
    return rc;
}

const struct pv_route pv_routes_vm_snapshot[] = {
    { PV_VAPI_SNAPSHOT_LIST, list, PV_ROUTE_SLOW },
    { PV_VAPI_SNAPSHOT_GET, get, PV_ROUTE_SLOW },
    { PV_VAPI_SNAPSHOT_CREATE, create, PV_ROUTE_LONG },
    { PV_VAPI_SNAPSHOT_REVERT, revert, PV_ROUTE_LONG },
    { PV_VAPI_SNAPSHOT_DELETE, delete, PV_ROUTE_LONG },
    { 0, NULL, 0 },
};
