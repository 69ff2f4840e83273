/* SPDX-License-Identifier: Apache-2.0 */
/* New VMs: from a specification or as a clone. Ids of the client are turned into the back end's names. */
#include "vm.h"

#include <string.h>

/* ---- placement ---- */

static int
check_fixed(const char *member, const char *given, const char *only, pv_error **error)
{
    if (!given || g_str_equal(given, only))
        return 0;
    return pv_error_set(error, PV_ERR_NOT_FOUND, "placement.%s: no such object '%s'", member, given);
}

static int
place(struct pv_request *request, const pv_vapi_placement *placement, struct pv_inv_hold *ret_hold,
      pv_error **error)
{
    static const pv_vapi_placement anywhere;
    int rc;

    if (!placement)
        placement = &anywhere;
    if ((rc = check_fixed("folder", placement->folder, PV_MOREF_VMS, error)) < 0 ||
        (rc = check_fixed("resource_pool", placement->resource_pool, PV_MOREF_POOL, error)) < 0 ||
        (rc = check_fixed("cluster", placement->cluster, PV_MOREF_CLUSTER, error)) < 0)
        return rc;
    return pv_inventory_place(request->service->inventory, placement->host, placement->datastore, ret_hold,
                              error);
}

/* The name behind a moref of this kind; the text is the caller's again. */
static int
name_of(const struct pv_inv_hold *hold, enum pv_object_kind kind, char **moref, const char *member,
        pv_error **error)
{
    const struct pv_inv_object *object;
    const char *name;

    if (!*moref)
        return 0;
    object = pv_inventory_object(hold->inventory, kind, *moref);
    if (!object || object->backend != hold->backend)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "%s: no %s has the id '%s'", member,
                            pv_moref_prefix(kind), *moref);
    name = kind == PV_OBJECT_DATASTORE ? ((const pv_datastore *)object->object)->name
           : kind == PV_OBJECT_NETWORK ? ((const pv_network *)object->object)->name
                                       : ((const pv_host *)object->object)->name;
    g_free(*moref);
    *moref = g_strdup(name);
    return 0;
}

/* ---- devices ---- */

/* An adapter without a network gets the one that is meant for that, else any that works, else the
 * emulator's own user network: the VM must start. */
static const char *
default_network(const struct pv_inv_hold *hold)
{
    const GPtrArray *objects = pv_inventory_objects(hold->inventory, PV_OBJECT_NETWORK);
    const char *any = NULL;

    for (unsigned i = 0; i < objects->len; i++) {
        const struct pv_inv_object *object = objects->pdata[i];
        const pv_network *network = object->object;

        if (object->backend != hold->backend || (network->state && !g_str_equal(network->state, "active")))
            continue;
        if (g_strcmp0(network->name, "default") == 0)
            return network->name;
        if (!any)
            any = network->name;
    }
    return any;
}

static int
fit_nics(const struct pv_inv_hold *hold, pv_vm_spec *spec, pv_error **error)
{
    for (unsigned i = 0; spec->nics && i < spec->nics->len; i++) {
        pv_nic_spec *nic = spec->nics->pdata[i];
        g_autofree char *member = g_strdup_printf("nics[%u].backing.network", i);
        int rc;

        if (nic->network) {
            if ((rc = name_of(hold, PV_OBJECT_NETWORK, &nic->network, member, error)) < 0)
                return rc;
            continue;
        }
        nic->network = g_strdup(default_network(hold));
        if (!nic->network)
            nic->type = g_strdup("user");
    }
    return 0;
}

static int
fit_disks(const struct pv_inv_hold *hold, pv_vm_spec *spec, pv_error **error)
{
    for (unsigned i = 0; spec->disks && i < spec->disks->len; i++) {
        pv_disk_spec *disk = spec->disks->pdata[i];
        g_autofree char *name = g_steal_pointer(&disk->path);
        int rc;

        if (name && (rc = pv_rest_file_path(hold->inventory, hold->backend, name, &disk->path, error)) < 0) {
            pv_error_prefix(error, "disks[%u]: ", i);
            return rc;
        }
        if (!name && !disk->datastore)
            disk->datastore = g_strdup(spec->datastore); /* a new disk goes where its VM goes */
    }
    return 0;
}

/* The cluster's folder and pool have no meaning for a back end. */
static int
fit(const struct pv_inv_hold *hold, pv_vm_spec *spec, pv_error **error)
{
    int rc;

    g_clear_pointer(&spec->folder, g_free);
    g_clear_pointer(&spec->resource_pool, g_free);
    pv_inventory_lock(hold->inventory);
    rc = name_of(hold, PV_OBJECT_HOST, &spec->host, "placement.host", error);
    if (rc == 0)
        rc = name_of(hold, PV_OBJECT_DATASTORE, &spec->datastore, "placement.datastore", error);
    if (rc == 0)
        rc = fit_nics(hold, spec, error);
    if (rc == 0)
        rc = fit_disks(hold, spec, error);
    pv_inventory_unlock(hold->inventory);
    return rc;
}

static char *
make_name(const char *guest_os)
{
    g_autofree char *low = g_ascii_strdown(guest_os, -1);

    return g_strdup_printf("%s-%06x", g_strdelimit(low, "_", '-'), g_random_int() & 0xffffff);
}

int
pv_rest_vm_create(struct pv_request *request, pv_error **error)
{
    g_autoptr(pv_vapi_vm_create) body = NULL;
    g_autoptr(pv_vm_spec) spec = NULL;
    g_autoptr(pv_vm) vm = NULL;
    g_auto(pv_inv_hold) hold = { 0 };
    char moref[PV_MOREF_SIZE];
    int64_t number;
    int rc = pv_request_spec(request, &pv_vapi_vm_create_desc, (void **)&body, error);

    if (rc < 0 || (rc = pv_vapi_vm_create_to(body, &spec, error)) < 0 ||
        (rc = place(request, body->placement, &hold, error)) < 0 || (rc = fit(&hold, spec, error)) < 0)
        return rc;
    if (!spec->name)
        spec->name = make_name(spec->guest_os);
    if ((rc = pv_vm_create(hold.conn, spec, request->task, &vm, error)) < 0 ||
        (rc = pv_inventory_adopt(&hold, vm->id, body->guest_OS, request->task, &number, error)) < 0)
        return rc;
    pv_reply_id(request, pv_moref_write(PV_OBJECT_VM, number, moref));
    return 0;
}

/* ---- clone ---- */

struct cloning {
    struct pv_inv_hold hold; /* the source */
    pv_clone_spec *spec;
};

static void
cloning_free(gpointer data)
{
    struct cloning *cloning = data;

    pv_inv_hold_clear(&cloning->hold);
    pv_clone_spec_free(cloning->spec);
    g_free(cloning);
}
typedef struct cloning cloning_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cloning_t, cloning_free)

static int
clone_work(pv_task *task, void *data, char **ret_result, pv_error **error)
{
    struct cloning *cloning = data;
    g_autofree char *guest_os = g_strdup(cloning->hold.guest_os);
    g_autoptr(pv_vm) vm = NULL;
    char moref[PV_MOREF_SIZE];
    int64_t number;
    int rc = pv_vm_clone(cloning->hold.conn, cloning->hold.id, cloning->spec, task, &vm, error);

    if (rc < 0 || (rc = pv_inventory_adopt(&cloning->hold, vm->id, guest_os, task, &number, error)) < 0)
        return rc;
    *ret_result = g_strdup(pv_moref_write(PV_OBJECT_VM, number, moref));
    return 0;
}

static int
clone_as_task(struct pv_request *request, const char *source, cloning_t *cloning, pv_error **error)
{
    const struct pv_task_about about = {
        .service = "com.vmware.vcenter.VM",
        .operation = "clone$task",
        .description = "Clone virtual machine",
        .user = request->session.user,
        .target_type = "VirtualMachine",
        .target = source,
    };
    char moref[PV_MOREF_SIZE];
    int64_t number;
    int rc = pv_tasks_start(request->service->tasks, &about, PV_SERVER_LONG_CALL_MS, clone_work, cloning,
                            cloning_free, &number, error);

    if (rc == 0)
        pv_reply_task(request, pv_moref_write(PV_OBJECT_TASK, number, moref));
    return rc;
}

/* A clone stays with its source: on another back end the disks would have to be carried over. */
static int
hold_source(struct pv_request *request, const pv_vapi_vm_clone *body, cloning_t *cloning, pv_error **error)
{
    g_auto(pv_inv_hold) target = { 0 };
    pv_inventory *inventory = request->service->inventory;
    int rc;

    if (!pv_moref_number(PV_OBJECT_VM, body->source))
        return pv_rest_no_such(request, PV_VAPI_MSG_NO_VM, "Virtual machine", body->source);
    rc = pv_inventory_hold(inventory, body->source, &cloning->hold, error);
    if (rc == PV_ERR_NOT_FOUND) {
        pv_error_clear(error);
        return pv_rest_no_such(request, PV_VAPI_MSG_NO_VM, "Virtual machine", body->source);
    }
    if (rc < 0 || !body->placement || (rc = place(request, body->placement, &target, error)) < 0)
        return rc;
    if ((body->placement->host || body->placement->datastore) && target.backend != cloning->hold.backend)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "placement: a clone stays on the host of its source");
    pv_inventory_lock(inventory);
    rc = name_of(&cloning->hold, PV_OBJECT_DATASTORE, &cloning->spec->datastore, "placement.datastore",
                 error);
    pv_inventory_unlock(inventory);
    return rc;
}

int
pv_rest_vm_clone(struct pv_request *request, pv_error **error)
{
    g_autoptr(pv_vapi_vm_clone) body = NULL;
    g_autoptr(cloning_t) cloning = g_new0(cloning_t, 1);
    g_autofree char *id = NULL;
    int rc = pv_request_spec(request, &pv_vapi_vm_clone_desc, (void **)&body, error);

    if (rc < 0 || (rc = pv_vapi_vm_clone_to(body, &cloning->spec, error)) < 0 ||
        (rc = hold_source(request, body, cloning, error)) < 0)
        return rc;
    if (pv_request_flag(request, "vmw-task"))
        return clone_as_task(request, body->source, g_steal_pointer(&cloning), error);
    if ((rc = clone_work(request->task, cloning, &id, error)) < 0)
        return rc;
    pv_reply_id(request, id);
    return 0;
}
