/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading VMs, with the fewest calls that give what is wanted.
 *
 * One virConnectGetAllDomainStats gives names, uuids and states of all. What a list shows besides
 * comes in bulk, too: filtered virConnectListAllDomains for autostart, persistence and saved images,
 * and the BALLOON and VCPU groups for CPUs and memory. Those two groups make QEMU's driver ask the
 * monitor of each running machine: 2.7 ms each on a 2-CPU machine, and one stopped QEMU process holds
 * the whole answer up. virDomainGetInfo knows the same without the monitor in 0.08 ms. So running
 * machines are asked one by one as long as they are few and near, in bulk when they are many or far.
 */
#include "libvirt.h"

#include <string.h>

struct row {
    virDomainPtr domain;
    pv_vm *vm; /* owned by the job's list */
    gboolean active;
};

struct rows {
    lv_job *job;
    virConnectPtr handle;
    GArray *array;       /* of struct row */
    GHashTable *by_id;   /* uuid text -> index + 1 */
    unsigned active;
};

static void
row_clear(void *data)
{
    struct row *row = data;

    virDomainFree(row->domain);
}

static struct row *
row_at(const struct rows *rows, unsigned i)
{
    return &g_array_index(rows->array, struct row, i);
}

/* virDomainGetUUIDString goes through printf sixteen times: with thousands of domains that shows. */
static int
uuid_text(virDomainPtr domain, char *text)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char uuid[VIR_UUID_BUFLEN];

    if (virDomainGetUUID(domain, uuid) < 0)
        return -1;
    for (int i = 0; i < VIR_UUID_BUFLEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *text++ = '-';
        *text++ = digits[uuid[i] >> 4];
        *text++ = digits[uuid[i] & 15];
    }
    *text = '\0';
    return 0;
}

static struct row *
row_of(const struct rows *rows, virDomainPtr domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    unsigned index;

    if (uuid_text(domain, uuid) < 0)
        return NULL;
    index = GPOINTER_TO_UINT(g_hash_table_lookup(rows->by_id, uuid));
    return index ? row_at(rows, index - 1) : NULL;
}

/* Takes ownership of domain. */
static void
add_row(struct rows *rows, virDomainPtr domain)
{
    struct row row = { .domain = domain, .vm = pv_vm_new() };
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    uuid_text(domain, uuid);
    row.vm->id = g_strdup(uuid);
    row.vm->uuid = g_strdup(uuid);
    row.vm->name = g_strdup(virDomainGetName(domain));
    g_ptr_array_add(rows->job->list, row.vm);
    g_array_append_val(rows->array, row);
    g_hash_table_insert(rows->by_id, row.vm->id, GUINT_TO_POINTER(rows->array->len));
}

static void
set_state(struct rows *rows, struct row *row, int state, int reason)
{
    row->vm->state = lv_power_state(state, FALSE);
    row->vm->native_state = lv_state_text(state, reason, FALSE);
    row->active = state != VIR_DOMAIN_SHUTOFF && state != VIR_DOMAIN_CRASHED;
    rows->active += row->active;
}

static void
row_fails(struct row *row, const char *what)
{
    g_autoptr(pv_error) error = NULL;

    if (row->vm->error)
        return;
    lv_fail(&error, "%s", what);
    row->vm->error = g_strdup(error->message);
    virResetLastError();
}

/* ---- statistics: typed parameters, which any version may extend ---- */

#define CONFIG_GROUPS (VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU)

static void
take_config(struct row *row, virDomainStatsRecordPtr record)
{
    unsigned cpus;
    unsigned long long kib;

    if (virTypedParamsGetUInt(record->params, record->nparams, "vcpu.current", &cpus) == 1)
        row->vm->cpus = cpus;
    if (virTypedParamsGetULLong(record->params, record->nparams, "balloon.maximum", &kib) == 1)
        row->vm->memory = (int64_t)kib * 1024;
}

static void
take_state(struct rows *rows, struct row *row, virDomainStatsRecordPtr record)
{
    int state = VIR_DOMAIN_NOSTATE, reason = 0;

    virTypedParamsGetInt(record->params, record->nparams, "state.state", &state);
    virTypedParamsGetInt(record->params, record->nparams, "state.reason", &reason);
    set_state(rows, row, state, reason);
}

static int
all_by_stats(struct rows *rows)
{
    virDomainStatsRecordPtr *records = NULL;
    int n = virConnectGetAllDomainStats(rows->handle, VIR_DOMAIN_STATS_STATE, &records, 0);

    if (n < 0)
        return n;
    for (int i = 0; i < n; i++) {
        virDomainRef(records[i]->dom);
        add_row(rows, records[i]->dom);
        take_state(rows, row_at(rows, rows->array->len - 1), records[i]);
    }
    virDomainStatsRecordListFree(records);
    return 0;
}

/* For drivers without bulk statistics (Xen, LXC, ESX …), which leave no other way. */
static void
state_by_one(struct rows *rows, struct row *row)
{
    int state, reason;

    if (virDomainGetState(row->domain, &state, &reason, 0) < 0)
        row_fails(row, "cannot read its state");
    else
        set_state(rows, row, state, reason);
}

static int
all_by_list(struct rows *rows, pv_error **error)
{
    g_autofree virDomainPtr *domains = NULL;
    virDomainPtr *found = NULL;
    int n = virConnectListAllDomains(rows->handle, &found, 0);

    if (n < 0)
        return lv_fail(error, "cannot list the domains");
    for (int i = 0; i < n; i++) {
        add_row(rows, found[i]);
        state_by_one(rows, row_at(rows, rows->array->len - 1));
    }
    free(found);
    return 0;
}

static int
named(struct rows *rows, char **ids, pv_error **error)
{
    for (; *ids; ids++) {
        virDomainPtr domain;
        int r = lv_domain_find(rows->handle, *ids, &domain, error);

        if (r < 0)
            return r;
        add_row(rows, domain);
        state_by_one(rows, row_at(rows, rows->array->len - 1));
    }
    return 0;
}

/* ---- what a list shows besides ---- */

/* Calls fn for each row that passes a filter of virConnectListAllDomains. */
static gboolean
each_listed(struct rows *rows, unsigned filter, void (*fn)(struct row *row))
{
    virDomainPtr *found = NULL;
    int n = virConnectListAllDomains(rows->handle, &found, filter);

    for (int i = 0; i < n; i++) {
        struct row *row = row_of(rows, found[i]);

        if (row)
            fn(row);
        virDomainFree(found[i]);
    }
    free(found);
    virResetLastError();
    return n >= 0;
}

static void
mark_saved(struct row *row)
{
    if (row->vm->state != PV_POWER_OFF)
        return;
    row->vm->state = PV_POWER_SUSPENDED;
    g_free(row->vm->native_state);
    row->vm->native_state = lv_state_text(VIR_DOMAIN_SHUTOFF, 0, TRUE);
}

static void
mark_autostart(struct row *row)
{
    row->vm->autostart = TRUE;
}

static void
mark_transient(struct row *row)
{
    row->vm->persistent = FALSE;
}

static void
set_flags(struct rows *rows)
{
    gboolean knows_autostart = each_listed(rows, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, mark_autostart);
    gboolean knows_transient = each_listed(rows, VIR_CONNECT_LIST_DOMAINS_TRANSIENT, mark_transient);

    for (unsigned i = 0; i < rows->array->len; i++) {
        pv_vm *vm = row_at(rows, i)->vm;

        if (knows_autostart && vm->autostart == PV_UNSET_BOOL)
            vm->autostart = FALSE;
        if (knows_transient && vm->persistent == PV_UNSET_BOOL)
            vm->persistent = TRUE;
    }
}

/* CPUs and memory of the running or of the other machines in one call. */
static void
config_in_bulk(struct rows *rows, unsigned which)
{
    virDomainStatsRecordPtr *records = NULL;
    int n;

    if (rows->job->conn->kind == LV_TEST)
        return; /* has the call, but not these groups */
    n = virConnectGetAllDomainStats(rows->handle, CONFIG_GROUPS, &records,
                                    which | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    for (int i = 0; i < n; i++) {
        struct row *row = row_of(rows, records[i]->dom);

        if (row)
            take_config(row, records[i]);
    }
    if (records)
        virDomainStatsRecordListFree(records);
    virResetLastError();
}

static int64_t
config_of_one(struct row *row)
{
    int64_t begun = g_get_monotonic_time();
    virDomainInfo info;

    if (virDomainGetInfo(row->domain, &info) < 0) {
        row_fails(row, "cannot read its CPUs and memory");
    } else {
        row->vm->cpus = info.nrVirtCpu;
        row->vm->memory = (int64_t)info.maxMem * 1024;
    }
    return g_get_monotonic_time() - begun;
}

/* Rows of one kind, active or not, one by one; false when there are too many or they are too far. */
static gboolean
config_one_by_one(struct rows *rows, gboolean active, unsigned count, gboolean no_bulk)
{
    for (unsigned i = 0; i < rows->array->len; i++) {
        struct row *row = row_at(rows, i);

        if (row->active != active || row->vm->error)
            continue;
        if (!no_bulk && count > LV_SINGLE_MAX)
            return FALSE;
        if (pv_task_check(rows->job->task, NULL) < 0)
            return TRUE;
        if (config_of_one(row) > LV_SINGLE_NEAR_US && !no_bulk && count > 1)
            return FALSE;
    }
    return TRUE;
}

static void
set_config(struct rows *rows, gboolean no_bulk)
{
    unsigned inactive = rows->array->len - rows->active;

    if (!config_one_by_one(rows, TRUE, rows->active, no_bulk))
        config_in_bulk(rows, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);
    /* a machine that is off has no monitor: in bulk it costs next to nothing */
    if (inactive > 1 && !no_bulk)
        config_in_bulk(rows, VIR_CONNECT_GET_ALL_DOMAINS_STATS_INACTIVE);
    else
        config_one_by_one(rows, FALSE, inactive, no_bulk);
    set_flags(rows);
}

/* ---- the dearer parts, for those who ask ---- */

static void
set_from_xml(struct rows *rows)
{
    for (unsigned i = 0; i < rows->array->len; i++) {
        struct row *row = row_at(rows, i);
        g_autoptr(pv_error) error = NULL;
        g_autoptr(lv_cstr) xml = NULL;

        if (row->vm->error || pv_task_check(rows->job->task, NULL) < 0)
            continue;
        xml = virDomainGetXMLDesc(row->domain, 0);
        if (!xml)
            row_fails(row, "cannot read its XML");
        else if (lv_vm_parse(xml, rows->job->parts, row->vm, &error) < 0)
            row->vm->error = g_strdup(error->message);
    }
}

static void
mark_has_snapshot(struct row *row)
{
    int n = virDomainSnapshotNum(row->domain, 0);

    if (n >= 0)
        row->vm->snapshots = n;
}

static void
set_snapshots(struct rows *rows)
{
    if (!each_listed(rows, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT, mark_has_snapshot))
        return;
    for (unsigned i = 0; i < rows->array->len; i++)
        if (row_at(rows, i)->vm->snapshots == PV_UNSET_INT)
            row_at(rows, i)->vm->snapshots = 0;
}

static void
fill(struct rows *rows, gboolean no_bulk)
{
    unsigned parts = rows->job->parts;

    if (rows->active < rows->array->len)
        each_listed(rows, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, mark_saved);
    if (parts & PV_VM_CONFIG)
        set_config(rows, no_bulk);
    if (parts & (PV_VM_DEVICES | PV_VM_GUEST))
        set_from_xml(rows);
    if (parts & PV_VM_SNAPSHOTS)
        set_snapshots(rows);
    for (unsigned i = 0; i < rows->array->len; i++) {
        struct row *row = row_at(rows, i);

        if ((parts & PV_VM_DEVICES) && !row->vm->error)
            lv_disks_measure(rows->job, row->domain, row->vm);
        if ((parts & PV_VM_GUEST) && row->active && !row->vm->error)
            lv_guest_read(rows->job, row->domain, row->vm);
    }
}

/* libvirt's own order is that of a hash table. */
static int
by_name(const void *a, const void *b)
{
    return g_strcmp0((*(const pv_vm *const *)a)->name, (*(const pv_vm *const *)b)->name);
}

static int
list_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(struct row));
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
    struct rows rows = { job, handle, array, by_id, 0 };
    gboolean no_bulk = FALSE;
    int r = 0;

    g_array_set_clear_func(array, row_clear);
    if (job->ids)
        r = named(&rows, job->ids, error);
    else if (all_by_stats(&rows) < 0) {
        no_bulk = TRUE;
        r = all_by_list(&rows, error);
    }
    if (r < 0)
        return r;
    fill(&rows, no_bulk);
    if (!job->ids)
        g_ptr_array_sort(job->list, by_name);
    return pv_task_check(job->task, error);
}

int
lv_vm_list(void *conn, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, list_run);

    lv_job_wants_list(job, &pv_vm_desc);
    job->parts = query->parts;
    job->ids = g_strdupv((char **)query->ids);
    return lv_job_run_list(job, vms, error);
}

/* ---- by name ---- */

int
lv_domain_find(virConnectPtr handle, const char *id, virDomainPtr *ret_domain, pv_error **error)
{
    virDomainPtr domain = virDomainLookupByUUIDString(handle, id);

    if (!domain && lv_last_number() == VIR_ERR_INVALID_ARG)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "'%s' is not the uuid of a domain", id);
    if (!domain)
        return lv_fail(error, "cannot find the domain");
    *ret_domain = domain;
    return 0;
}

static virDomainPtr
look_up(virConnectPtr handle, const char *ref)
{
    virDomainPtr domain = NULL;
    guint64 number;

    if (g_uuid_string_is_valid(ref))
        domain = virDomainLookupByUUIDString(handle, ref);
    if (!domain)
        domain = virDomainLookupByName(handle, ref);
    /* the number in virsh's first column; it lasts as long as the machine runs */
    if (!domain && lv_last_number() == VIR_ERR_NO_DOMAIN &&
        g_ascii_string_to_unsigned(ref, 10, 0, G_MAXINT, &number, NULL)) {
        domain = virDomainLookupByID(handle, (int)number);
        if (!domain && lv_last_number() == VIR_ERR_NO_DOMAIN)
            virDomainLookupByName(handle, ref); /* for the error that speaks of the name */
    }
    return domain;
}

/* "did you mean": one cheap call more, on the way to a failure only. */
static void
hint_nearest(virConnectPtr handle, const char *ref, pv_error **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    virDomainPtr *found = NULL;
    int n = virConnectListAllDomains(handle, &found, 0);
    const char *near;

    for (int i = 0; i < n; i++) {
        g_ptr_array_add(names, g_strdup(virDomainGetName(found[i])));
        virDomainFree(found[i]);
    }
    free(found);
    g_ptr_array_add(names, NULL);
    near = pv_text_nearest(ref, (const char *const *)names->pdata);
    if (near)
        pv_error_hint(error, "did you mean '%s'?", near);
}

static int
resolve_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    g_autoptr(virDomain) domain = look_up(handle, job->name);
    char uuid[VIR_UUID_STRING_BUFLEN];
    int r;

    if (!domain && lv_last_number() != VIR_ERR_NO_DOMAIN)
        return lv_fail(error, "cannot look it up");
    if (!domain) {
        r = pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id, uuid or name '%s'", job->name);
        pv_error_native(error, "libvirt", "VIR_ERR_NO_DOMAIN", virGetLastErrorMessage());
        hint_nearest(handle, job->name, error);
        return r;
    }
    if (virDomainGetUUIDString(domain, uuid) < 0)
        return lv_fail(error, "cannot read its uuid");
    job->text = g_strdup(uuid);
    return 0;
}

int
lv_vm_resolve(void *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, resolve_run);

    job->name = g_strdup(ref);
    return lv_job_run_text(job, ret_id, error);
}
