/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading VMs. A list answer has no pages and a cap (4000, earlier 1000): beyond it the server refuses.
 * Then the question is split by power state, by host, by folder, each under the one before, until every
 * part passes.
 */
#include "vsphere.h"

#include "pool.h"

#include <string.h>

/* ---- under the cap ---- */

static int list_split(struct vs_conn *conn, struct vs_filter *filters, unsigned n, unsigned level,
                      GPtrArray *summaries, pv_task *task, pv_error **error);

static int
ids_of(struct vs_conn *conn, enum pv_vapi_call_id call, const struct vs_filter *filters, const char *key,
       pv_task *task, char ***ret_ids, pv_error **error)
{
    struct vs_request request = { .call = call, .filters = filters };
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    json_t *result = NULL;
    int code = vs_rest(conn, &request, task, &result, error);

    if (code < 0)
        return code;
    for (size_t i = 0; i < json_array_size(result); i++) {
        const char *id = json_string_value(json_object_get(json_array_get(result, i), key));

        if (id)
            g_ptr_array_add(ids, g_strdup(id));
    }
    json_decref(result);
    g_ptr_array_add(ids, NULL);
    *ret_ids = (char **)g_ptr_array_free(g_steal_pointer(&ids), FALSE);
    return 0;
}

static int
split_power_states(struct vs_conn *conn G_GNUC_UNUSED, pv_task *task G_GNUC_UNUSED, char ***ret_values,
                   pv_error **error G_GNUC_UNUSED)
{
    static const char *const states[] = { "POWERED_ON", "POWERED_OFF", "SUSPENDED", NULL };

    *ret_values = g_strdupv((char **)states);
    return 0;
}

static int
split_hosts(struct vs_conn *conn, pv_task *task, char ***ret_values, pv_error **error)
{
    return ids_of(conn, PV_VAPI_HOST_LIST, NULL, "host", task, ret_values, error);
}

static int
split_folders(struct vs_conn *conn, pv_task *task, char ***ret_values, pv_error **error)
{
    static const char *const types[] = { "VIRTUAL_MACHINE", NULL };
    static const struct vs_filter filters[] = { { "type", types, 0 }, { NULL, NULL, 0 } };

    return ids_of(conn, PV_VAPI_FOLDER_LIST, filters, "folder", task, ret_values, error);
}

static const struct {
    const char *filter;
    int (*values)(struct vs_conn *conn, pv_task *task, char ***ret_values, pv_error **error);
} splits[] = {
    { "power_states", split_power_states },
    { "hosts", split_hosts },
    { "folders", split_folders },
};

static gboolean
is_too_many(const struct pv_vapi_failure *failure)
{
    return (failure->type && failure->type->type == PV_VAPI_UNABLE_TO_ALLOCATE_RESOURCE)
        || g_strcmp0(failure->message_id, PV_VAPI_MSG_TOO_MANY) == 0;
}

static int
list_parts(struct vs_conn *conn, struct vs_filter *filters, unsigned n, unsigned level, GPtrArray *summaries,
           pv_task *task, pv_error **error)
{
    g_auto(GStrv) values = NULL;
    int code = splits[level].values(conn, task, &values, error);

    for (char **value = values; code == 0 && *value; value++) {
        const char *one[] = { *value, NULL };

        filters[n] = (struct vs_filter){ splits[level].filter, one, 0 };
        code = list_split(conn, filters, n + 1, level + 1, summaries, task, error);
    }
    filters[n] = (struct vs_filter){ 0 };
    return code;
}

/* filters has room for n, one per further level, and the end. */
static int
list_split(struct vs_conn *conn, struct vs_filter *filters, unsigned n, unsigned level, GPtrArray *summaries,
           pv_task *task, pv_error **error)
{
    struct pv_vapi_failure failure = { 0 };
    struct vs_request request = { .call = PV_VAPI_VM_LIST, .filters = filters, .failure = &failure };
    json_t *result = NULL;
    pv_error *reason = NULL;
    int code;

    filters[n] = (struct vs_filter){ 0 };
    code = vs_rest(conn, &request, task, &result, &reason);
    if (code == 0) {
        code = pv_vapi_read_list(result, &pv_vapi_vm_summary_desc, 0, summaries, error);
    } else if (is_too_many(&failure) && level < G_N_ELEMENTS(splits)) {
        pv_error_clear(&reason);
        code = list_parts(conn, filters, n, level, summaries, task, error);
    } else
        pv_error_propagate(error, reason);
    pv_vapi_failure_clear(&failure);
    json_decref(result);
    return code;
}

/* A VM that moved or was switched between two parts is in both: the later answer counts. */
static void
drop_doubles(GPtrArray *summaries)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = summaries->len; i-- > 0;) {
        const pv_vapi_vm_summary *summary = summaries->pdata[i];

        if (g_hash_table_contains(seen, summary->vm))
            g_ptr_array_remove_index(summaries, i);
        else
            g_hash_table_add(seen, summary->vm);
    }
}

int
vs_vm_summaries(struct vs_conn *conn, const struct vs_filter *filters, GPtrArray *summaries, pv_task *task,
                pv_error **error)
{
    struct vs_filter own[VS_FILTERS_MAX + G_N_ELEMENTS(splits) + 1] = { 0 };
    unsigned n = 0;
    int code;

    for (; filters && filters[n].name; n++) {
        g_return_val_if_fail(n < VS_FILTERS_MAX, PV_ERR_INTERNAL);
        own[n] = filters[n];
    }
    code = list_split(conn, own, n, 0, summaries, task, error);
    drop_doubles(summaries);
    return code;
}

/* ---- details, some at once ---- */

struct detail {
    pv_vm *vm;
    int code;
    pv_error *error;
};

struct details {
    struct vs_conn *conn;
    unsigned parts;
    pv_task *task;
    struct detail *rows;
};

static int
add_info(const struct details *all, pv_vm *vm, pv_error **error)
{
    g_autoptr(pv_vapi_vm_info) info = NULL;
    int code = vs_get(all->conn, PV_VAPI_VM_GET, vm->id, &pv_vapi_vm_info_desc, (void **)&info, all->task,
                      error);

    if (code == 0)
        pv_vapi_vm_info_to(info, vm);
    return code;
}

/* Tools that do not run answer 503: then the guest is not known, and nothing is wrong. */
static void
add_guest(const struct details *all, pv_vm *vm)
{
    g_autoptr(pv_vapi_guest_identity) identity = NULL;

    if (vm->state != PV_POWER_ON)
        return;
    if (vs_get(all->conn, PV_VAPI_GUEST_IDENTITY, vm->id, &pv_vapi_guest_identity_desc, (void **)&identity,
               all->task,
               NULL) == 0)
        pv_vapi_guest_identity_to(identity, vm);
    g_free(vm->agent);
    vm->agent = g_strdup(identity ? "running" : "not-running");
}

static void
add_snapshots(const struct details *all, pv_vm *vm)
{
    g_autoptr(GPtrArray) snapshots = pv_list_new(&pv_snapshot_desc);

    if (!vs_lacks_snapshots(all->conn) && vs_snapshot_list(all->conn, vm->id, all->task, snapshots,
                                                           NULL) == 0)
        vm->snapshots = snapshots->len;
}

static void
add_details(unsigned i, void *data)
{
    const struct details *all = data;
    struct detail *row = &all->rows[i];

    if (all->parts & PV_VM_DEVICES)
        row->code = add_info(all, row->vm, &row->error);
    if (row->code == 0 && (all->parts & PV_VM_GUEST))
        add_guest(all, row->vm);
    if (row->code == 0 && (all->parts & PV_VM_SNAPSHOTS))
        add_snapshots(all, row->vm);
}

/* What ends the whole call, rather than its row: no further row would fare better. */
static gboolean
is_fatal(int code)
{
    static const int fatal[] = { PV_ERR_AUTH, PV_ERR_CONNECT, PV_ERR_TLS, PV_ERR_TIMEOUT, PV_ERR_CANCELLED };

    for (size_t i = 0; i < G_N_ELEMENTS(fatal); i++)
        if (fatal[i] == code)
            return TRUE;
    return FALSE;
}

/* named: the rows were asked for by id, so that one that is gone fails the call. */
static int
settle(struct detail *row, gboolean named, pv_error **error)
{
    pv_error *why = g_steal_pointer(&row->error);

    if (row->code == 0)
        return 0;
    if (is_fatal(row->code) || (named && row->code == PV_ERR_NOT_FOUND))
        return pv_error_propagate(error, why);
    row->vm->error = g_strdup(why->message);
    pv_error_free(why);
    return 0;
}

static int
fill_details(struct vs_conn *conn, unsigned parts, gboolean named, GPtrArray *vms, guint from, pv_task *task,
             pv_error **error)
{
    unsigned n = vms->len - from;
    g_autofree struct detail *rows = g_new0(struct detail, n);
    struct details all = { conn, parts, task, rows };
    int code = 0;

    if (!(parts & (PV_VM_DEVICES | PV_VM_GUEST | PV_VM_SNAPSHOTS)))
        return 0;
    for (unsigned i = 0; i < n; i++)
        rows[i].vm = vms->pdata[from + i];
    pv_pool_for_each(n, VS_PARALLEL, add_details, &all);
    for (unsigned i = 0; i < n; i++) {
        if (code == 0)
            code = settle(&rows[i], named, error);
        pv_error_clear(&rows[i].error);
    }
    return code;
}

/* ---- the slot ---- */

static void
append_vms(GPtrArray *summaries, GPtrArray *vms)
{
    for (guint i = 0; i < summaries->len; i++) {
        pv_vm *vm = pv_vm_new();

        pv_vapi_vm_summary_to(summaries->pdata[i], vm);
        g_ptr_array_add(vms, vm);
    }
}

static int
fetch_named(struct vs_conn *conn, const char *const *ids, GHashTable *by_id, pv_task *task, pv_error **error)
{
    int code = 0;

    for (; *ids && code == 0;) {
        unsigned n = MIN(g_strv_length((char **)ids), VS_IDS_PER_CALL);
        struct vs_filter filters[] = { { "vms", ids, n }, { NULL, NULL, 0 } };
        g_autoptr(GPtrArray) summaries = pv_list_new(&pv_vapi_vm_summary_desc);

        code = vs_vm_summaries(conn, filters, summaries, task, error);
        for (guint i = 0; code == 0 && i < summaries->len; i++) {
            pv_vm *vm = pv_vm_new();

            pv_vapi_vm_summary_to(summaries->pdata[i], vm);
            g_hash_table_replace(by_id, vm->id, vm);
        }
        ids += n;
    }
    return code;
}

/* In the order asked for; an id may be asked for twice. */
static int
list_named(struct vs_conn *conn, const char *const *ids, GPtrArray *vms, pv_task *task, pv_error **error)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                                        (GDestroyNotify)pv_vm_free);
    int code = fetch_named(conn, ids, by_id, task, error);

    for (; code == 0 && *ids; ids++) {
        const pv_vm *vm = g_hash_table_lookup(by_id, *ids);

        if (!vm)
            return pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id '%s'", *ids);
        g_ptr_array_add(vms, pv_desc_copy(&pv_vm_desc, vm));
    }
    return code;
}

static int
list_basic(struct vs_conn *conn, const struct pv_vm_query *query, GPtrArray *vms, pv_task *task,
           pv_error **error)
{
    g_autoptr(GPtrArray) summaries = NULL;
    int code;

    if (query->ids)
        return list_named(conn, query->ids, vms, task, error);
    summaries = pv_list_new(&pv_vapi_vm_summary_desc);
    code = vs_vm_summaries(conn, NULL, summaries, task, error);
    if (code == 0)
        append_vms(summaries, vms);
    return code;
}

/* VMs named by id whose details are wanted need no list: the details hold all it says. */
int
vs_vm_list(void *handle, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error)
{
    guint from = vms->len;
    int code = 0;

    if (query->ids && (query->parts & PV_VM_DEVICES)) {
        for (const char *const *id = query->ids; *id; id++) {
            pv_vm *vm = pv_vm_new();

            vm->id = g_strdup(*id);
            g_ptr_array_add(vms, vm);
        }
    } else
        code = list_basic(handle, query, vms, task, error);
    if (code == 0)
        code = fill_details(handle, query->parts, query->ids != NULL, vms, from, task, error);
    return code;
}
