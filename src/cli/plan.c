/* SPDX-License-Identifier: Apache-2.0 */
/* --dry-run: finds what the arguments name, by reading, and says what would be done to it. */
#include "cli.h"

#include <string.h>

#define RD (PV_F_TABLE)

static const struct pv_enum_value effect_values[] = {
    { PV_EFFECT_READ, "read", NULL },
    { PV_EFFECT_CREATE, "create", NULL },
    { PV_EFFECT_MODIFY, "modify", NULL },
    { PV_EFFECT_DISRUPTIVE, "disruptive", NULL },
    { 0, NULL, NULL },
};

static const struct pv_field plan_fields[] = {
    PV_FIELD(cli_plan, operation, PV_STRING, .flags = RD, .help = "what would be run"),
    PV_FIELD(cli_plan, effect, PV_STRING, .flags = RD, .help = "create, modify or disruptive"),
    PV_FIELD(cli_plan, target, PV_STRING, .flags = RD | PV_F_NAME, .help = "as it was named"),
    PV_FIELD(cli_plan, id, PV_STRING, .flags = RD, .help = "what the endpoint calls it"),
    PV_FIELD(cli_plan, name, PV_STRING, .flags = PV_F_WIDE, .help = "its name"),
    PV_FIELD(cli_plan, state, PV_ENUM, .values = pv_power_state_values, .flags = RD, .help = "state now"),
    PV_FIELD(cli_plan, endpoint, PV_STRING, .flags = PV_F_WIDE, .help = "URI of the endpoint"),
    PV_FIELD(cli_plan, note, PV_STRING, .flags = RD, .help = "with which arguments"),
    { 0 },
};

const struct pv_desc cli_plan_desc = { "plan", sizeof(struct cli_plan), plan_fields, "what would be done" };

/* The things an argument can name, other than VMs. */
struct named {
    unsigned flag;
    const struct pv_desc *desc;
    int (*list)(pv_conn *conn, pv_task *task, GPtrArray **ret_list, pv_error **error);
};

static const struct named named_things[] = {
    { PV_F_DATASTORE, &pv_datastore_desc, pv_datastore_list },
    { PV_F_NETWORK, &pv_network_desc, pv_network_list },
};

/* ---- walking the arguments ---- */

typedef int (*member_fn)(const struct pv_field *field, const void *object, void *data);

/* Every member that is set, nested specs' too (but not lists of structs). */
static int
each_member(const struct pv_desc *desc, const void *object, member_fn fn, void *data)
{
    for (const struct pv_field *field = desc ? desc->fields : NULL; field && field->name; field++) {
        int rc = 0;

        if (!pv_field_is_set(field, object))
            continue;
        if (field->kind == PV_STRUCT)
            rc = each_member(field->desc, G_STRUCT_MEMBER(void *, object, field->offset), fn, data);
        else
            rc = fn(field, object, data);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int
append_target(const struct pv_field *field, const void *object, void *data)
{
    GString *out = data;

    if (!(field->flags & PV_F_POSITIONAL))
        return 0;
    if (field->kind == PV_STRINGS) {
        for (char **text = G_STRUCT_MEMBER(char **, object, field->offset); *text; text++)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", *text);
    } else {
        g_autofree char *text = pv_field_text(field, object, TRUE);

        g_string_append_printf(out, "%s%s", out->len ? ", " : "", text);
    }
    return 0;
}

char *
cli_args_targets(const struct pv_desc *desc, const void *args)
{
    GString *out = g_string_new(NULL);

    each_member(desc, args, append_target, out);
    return g_string_free(out, out->len == 0);
}

static int
append_note(const struct pv_field *field, const void *object, void *data)
{
    GString *out = data;
    g_autofree char *text = NULL;

    if (field->flags & (PV_F_POSITIONAL | PV_F_SECRET))
        return 0;
    if (field->kind == PV_LIST)
        text = g_strdup_printf("%u", G_STRUCT_MEMBER(GPtrArray *, object, field->offset)->len);
    else
        text = pv_field_text(field, object, FALSE);
    g_string_append_printf(out, "%s%s=%s", out->len ? " " : "", field->name, text);
    return 0;
}

/* ---- resolving ---- */

struct planner {
    const struct pv_op *op;
    pv_conn *conn;
    pv_task *task;
    GPtrArray *plan;
    pv_error **error;
    const char *vm;        /* the VM a snapshot belongs to */
    const char *datastore; /* the one a volume lies in */
    const char *note;
};

static struct cli_plan *
add_row(const struct planner *planner, const char *target)
{
    struct cli_plan *row = pv_desc_new(&cli_plan_desc);

    row->operation = g_strdup(planner->op->name);
    row->effect = g_strdup(pv_enum_name(effect_values, (int)planner->op->effect));
    row->target = g_strdup(target);
    row->endpoint = g_strdup(pv_conn_uri(planner->conn));
    row->note = *planner->note ? g_strdup(planner->note) : NULL;
    g_ptr_array_add(planner->plan, row);
    return row;
}

static int
plan_vms(struct planner *planner, const char *const *refs)
{
    g_autoptr(GPtrArray) vms = NULL;
    int rc = pv_vm_list(planner->conn, refs, PV_VM_BASIC, planner->task, &vms, planner->error);

    for (guint i = 0; rc == 0 && i < vms->len; i++) {
        const struct pv_vm *vm = vms->pdata[i];
        struct cli_plan *row = add_row(planner, refs[i]);

        row->id = g_strdup(vm->id);
        row->name = g_strdup(vm->name);
        row->state = vm->state;
    }
    return rc;
}

static int
check_snapshot(const struct planner *planner, const char *ref)
{
    g_autoptr(GPtrArray) list = NULL;
    unsigned index;
    int rc;

    if (!planner->vm)
        return 0;
    rc = pv_snapshot_list(planner->conn, planner->vm, planner->task, &list, planner->error);
    return rc != 0 ? rc : pv_list_find(list, &pv_snapshot_desc, ref, &index, planner->error);
}

static int
check_volume(const struct planner *planner, const char *ref)
{
    g_autoptr(GPtrArray) list = NULL;
    unsigned index;
    int rc = pv_volume_list(planner->conn, planner->datastore, planner->task, &list, planner->error);

    return rc != 0 ? rc : pv_list_find(list, &pv_volume_desc, ref, &index, planner->error);
}

static int
check_named(const struct planner *planner, const struct pv_field *field, const char *ref)
{
    for (size_t i = 0; i < G_N_ELEMENTS(named_things); i++) {
        const struct named *named = &named_things[i];
        g_autoptr(GPtrArray) list = NULL;
        unsigned index;
        int rc;

        if (!(field->flags & named->flag))
            continue;
        rc = named->list(planner->conn, planner->task, &list, planner->error);
        return rc != 0 ? rc : pv_list_find(list, named->desc, ref, &index, planner->error);
    }
    return 0;
}

static int resolve_member(const struct pv_field *field, const void *object, void *data);

/* Each disk's datastore, each adapter's network; another type of adapter names something else there. */
static int
resolve_items(struct planner *planner, const struct pv_desc *desc, const GPtrArray *items)
{
    int rc = 0;

    for (guint i = 0; rc == 0 && i < items->len; i++) {
        const struct pv_nic_spec *nic = desc == &pv_nic_spec_desc ? items->pdata[i] : NULL;

        if (!nic || !nic->type || strcmp(nic->type, "network") == 0)
            rc = each_member(desc, items->pdata[i], resolve_member, planner);
    }
    return rc;
}

static int
resolve_member(const struct pv_field *field, const void *object, void *data)
{
    struct planner *planner = data;
    const char *text;

    if (field->kind == PV_STRINGS && (field->flags & PV_F_VM))
        return plan_vms(planner, G_STRUCT_MEMBER(const char *const *, object, field->offset));
    if (field->kind == PV_LIST)
        return resolve_items(planner, field->desc, G_STRUCT_MEMBER(GPtrArray *, object, field->offset));
    if (field->kind != PV_STRING)
        return 0;
    text = G_STRUCT_MEMBER(const char *, object, field->offset);
    if (field->flags & PV_F_VM) {
        const char *refs[] = { text, NULL };

        planner->vm = text;
        return plan_vms(planner, refs);
    }
    if (field->flags & PV_F_SNAPSHOT)
        return check_snapshot(planner, text);
    if (field->flags & PV_F_VOLUME)
        return check_volume(planner, text);
    if (field->flags & PV_F_DATASTORE)
        planner->datastore = text;
    return check_named(planner, field, text);
}

static int
check_free(const struct planner *planner, const struct pv_desc *desc, const GPtrArray *list, const char *noun,
           const char *name)
{
    const struct pv_field *field = pv_desc_field(desc, "name");

    for (guint i = 0; i < list->len; i++)
        if (g_strcmp0(G_STRUCT_MEMBER(char *, list->pdata[i], field->offset), name) == 0)
            return pv_error_set(planner->error, PV_ERR_EXISTS, "there is a %s '%s' already", noun, name);
    return 0;
}

static int
check_vm_free(const struct planner *planner, const char *name)
{
    g_autoptr(GPtrArray) list = NULL;
    int rc = pv_vm_list(planner->conn, NULL, PV_VM_BASIC, planner->task, &list, planner->error);

    return rc != 0 ? rc : check_free(planner, &pv_vm_desc, list, "VM", name);
}

static int
check_volume_free(const struct planner *planner, const pv_volume_spec *spec)
{
    g_autoptr(GPtrArray) list = NULL;
    int rc = pv_volume_list(planner->conn, spec->datastore, planner->task, &list, planner->error);

    return rc != 0 ? rc : check_free(planner, &pv_volume_desc, list, "volume", spec->name);
}

/* What is to be made needs a name of its own; in a folder that is named, only the endpoint can tell.
 * Of snapshots some endpoints keep several of one name. */
static int
check_new(const struct planner *planner, const void *args)
{
    const struct pv_field *field = planner->op->args_desc ? pv_desc_field(planner->op->args_desc, "spec") : NULL;
    const void *spec = field ? G_STRUCT_MEMBER(const void *, args, field->offset) : NULL;

    if (!spec)
        return 0;
    if (field->desc == &pv_vm_spec_desc && !((const pv_vm_spec *)spec)->folder)
        return check_vm_free(planner, ((const pv_vm_spec *)spec)->name);
    if (field->desc == &pv_clone_spec_desc)
        return check_vm_free(planner, ((const pv_clone_spec *)spec)->name);
    if (field->desc == &pv_volume_spec_desc)
        return check_volume_free(planner, spec);
    return 0;
}

static int
check_supported(const struct planner *planner)
{
    g_autoptr(GPtrArray) list = NULL;
    int rc = pv_endpoint_capabilities(planner->conn, planner->task, &list, planner->error);

    for (guint i = 0; rc == 0 && i < list->len; i++) {
        const struct pv_capability *capability = list->pdata[i];

        if (strcmp(capability->operation, planner->op->name) == 0 && capability->supported == 0)
            return pv_error_set(planner->error, PV_ERR_UNSUPPORTED, "%s: the %s driver cannot do it%s%s",
                                planner->op->name, pv_conn_driver(planner->conn),
                                capability->note ? ": " : "", capability->note ? capability->note : "");
    }
    return rc;
}

int
cli_plan_make(const struct pv_op *op, const void *args, pv_conn *conn, pv_task *task, GPtrArray **ret_plan,
              pv_error **error)
{
    g_autoptr(GPtrArray) plan = pv_list_new(&cli_plan_desc);
    g_autoptr(GString) note = g_string_new(NULL);
    struct planner planner = { .op = op, .conn = conn, .task = task, .plan = plan, .error = error };
    int rc;

    each_member(op->args_desc, args, append_note, note);
    planner.note = note->str;
    rc = check_supported(&planner);
    if (rc == 0)
        rc = each_member(op->args_desc, args, resolve_member, &planner);
    if (rc == 0)
        rc = check_new(&planner, args);
    if (rc != 0)
        return rc;
    if (plan->len == 0) {
        g_autofree char *targets = cli_args_targets(op->args_desc, args);

        add_row(&planner, targets);
    }
    *ret_plan = g_steal_pointer(&plan);
    return 0;
}
