/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

/* ---- reading ---- */

static void
uuid_text(const guint8 u[16], char text[37])
{
    g_snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2],
               u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

static void
add_disk(pv_vm *vm, unsigned index, const pv_disk_spec *spec)
{
    pv_disk *disk = pv_disk_new();

    disk->id = g_strdup_printf("%u", 2000 + index);
    disk->label = g_strdup_printf("Hard disk %u", index + 1);
    disk->bus = g_strdup(spec && spec->bus ? spec->bus : "scsi");
    disk->device = g_strdup(spec && spec->device ? spec->device : "disk");
    disk->format = g_strdup("vmdk");
    disk->path = spec && spec->path
                     ? g_strdup(spec->path)
                     : g_strdup_printf("[%s] %s/%s-%u.vmdk", spec && spec->datastore ? spec->datastore : "datastore1",
                                       vm->name, vm->name, index);
    disk->capacity = spec && spec->size != PV_UNSET_INT ? spec->size : INT64_C(16) << 30;
    g_ptr_array_add(vm->disks, disk);
}

static void
add_nic(pv_vm *vm, const struct sim_vm *from, unsigned index, const pv_nic_spec *spec)
{
    pv_nic *nic = pv_nic_new();

    nic->id = g_strdup_printf("%u", 4000 + index);
    nic->label = g_strdup_printf("Network adapter %u", index + 1);
    nic->mac = spec && spec->mac ? g_strdup(spec->mac)
                                 : g_strdup_printf("00:50:56:%02x:%02x:%02x", (from->number >> 8) & 0x3f,
                                                   from->number & 0xff, index);
    nic->model = g_strdup(spec && spec->model ? spec->model : "vmxnet3");
    nic->type = g_strdup("network");
    nic->network = g_strdup(spec && spec->network ? spec->network : "VM Network");
    nic->connected = from->state == PV_POWER_ON;
    g_ptr_array_add(vm->nics, nic);
}

static void
fill_devices(pv_vm *vm, const struct sim_vm *from)
{
    vm->disks = pv_list_new(&pv_disk_desc);
    vm->nics = pv_list_new(&pv_nic_desc);
    for (unsigned i = 0; i < (from->disks ? from->disks->len : 1); i++)
        add_disk(vm, i, from->disks ? g_ptr_array_index(from->disks, i) : NULL);
    for (unsigned i = 0; i < (from->nics ? from->nics->len : 1); i++)
        add_nic(vm, from, i, from->nics ? g_ptr_array_index(from->nics, i) : NULL);
}

static void
fill_guest(pv_vm *vm, const struct sim_vm *from)
{
    char *addresses[2] = { NULL, NULL };

    vm->agent = g_strdup(from->state == PV_POWER_ON ? "running" : "not-running");
    if (from->state != PV_POWER_ON)
        return;
    vm->guest_hostname = g_strdup(from->name);
    vm->guest_full_name = g_strdup("Simulated Linux");
    addresses[0] = g_strdup_printf("10.%u.%u.%u", (from->number >> 16) & 0xff, (from->number >> 8) & 0xff,
                                   from->number & 0xff);
    vm->addresses = g_strdupv(addresses);
    g_free(addresses[0]);
}

static pv_vm *
describe(const struct sim_vm *from, unsigned parts)
{
    pv_vm *vm = pv_vm_new();
    char uuid[37];

    uuid_text(from->uuid, uuid);
    vm->id = g_strdup_printf("vm-%u", from->number);
    vm->name = g_strdup(from->name);
    vm->uuid = g_strdup(uuid);
    vm->state = from->state;
    if (parts & PV_VM_CONFIG) {
        vm->cpus = from->cpus;
        vm->memory = from->memory;
        vm->guest_os = g_strdup(from->guest_os ? from->guest_os : "OTHER_LINUX_64");
        vm->annotation = g_strdup(from->annotation);
        vm->arch = g_strdup("x86_64");
        vm->machine = g_strdup("q35");
        vm->firmware = g_strdup("bios");
        vm->host = g_strdup_printf("host-%u", from->host);
        vm->persistent = TRUE;
        vm->created = from->created;
        vm->started = from->started;
    }
    if (parts & PV_VM_DEVICES)
        fill_devices(vm, from);
    if (parts & PV_VM_GUEST)
        fill_guest(vm, from);
    if (parts & PV_VM_SNAPSHOTS)
        vm->snapshots = from->snapshots ? from->snapshots->len : 0;
    return vm;
}

static int
list_locked(struct sim *sim, const struct pv_vm_query *query, GPtrArray *vms, pv_error **error)
{
    if (!query->ids) {
        for (unsigned i = 0; i < sim->vms->len; i++)
            g_ptr_array_add(vms, describe(g_ptr_array_index(sim->vms, i), query->parts));
        return 0;
    }
    for (const char *const *id = query->ids; *id; id++) {
        const struct sim_vm *vm = sim_find(sim, *id, error);

        if (!vm)
            return PV_ERR_NOT_FOUND;
        g_ptr_array_add(vms, describe(vm, query->parts));
    }
    return 0;
}

static int
list(void *conn, const struct pv_vm_query *query, pv_task *task, GPtrArray *vms, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "vm.list", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    code = list_locked(sim, query, vms, error);
    g_mutex_unlock(&sim->lock);
    return code;
}

/* ---- names ---- */

static const struct sim_vm *
find_uuid(const struct sim *sim, const char *ref)
{
    char uuid[37];

    for (unsigned i = 0; g_uuid_string_is_valid(ref) && i < sim->vms->len; i++) {
        const struct sim_vm *vm = g_ptr_array_index(sim->vms, i);

        uuid_text(vm->uuid, uuid);
        if (g_ascii_strcasecmp(uuid, ref) == 0)
            return vm;
    }
    return NULL;
}

static int
not_found(struct sim *sim, const char *ref, pv_error **error)
{
    g_autofree char **names = (char **)g_hash_table_get_keys_as_array(sim->by_name, NULL);
    const char *near = pv_text_nearest(ref, (const char *const *)names);

    pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id, uuid or name '%s'", ref);
    if (near)
        pv_error_hint(error, "did you mean '%s'?", near);
    return PV_ERR_NOT_FOUND;
}

/* Ten thousand machines are not listed to find one. */
static int
resolve(void *conn, const char *ref, pv_task *task, char **ret_id, pv_error **error)
{
    struct sim *sim = conn;
    const struct sim_vm *vm;
    int code = pv_task_check(task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    vm = sim_find(sim, ref, NULL);
    if (!vm)
        vm = find_uuid(sim, ref);
    if (!vm)
        vm = g_hash_table_lookup(sim->by_name, ref);
    if (vm)
        *ret_id = g_strdup_printf("vm-%u", vm->number);
    else
        code = not_found(sim, ref, error);
    g_mutex_unlock(&sim->lock);
    return code;
}

/* ---- changing ---- */

static void
take_spec(struct sim_vm *vm, const pv_vm_spec *spec)
{
    const pv_vm_spec *copy = pv_desc_copy(&pv_vm_spec_desc, spec);

    vm->cpus = spec->cpus != PV_UNSET_INT ? spec->cpus : vm->cpus;
    vm->memory = spec->memory != PV_UNSET_INT ? spec->memory : vm->memory;
    vm->guest_os = g_strdup(spec->guest_os);
    vm->annotation = g_strdup(spec->annotation);
    vm->disks = copy->disks ? g_ptr_array_ref(copy->disks) : NULL;
    vm->nics = copy->nics ? g_ptr_array_ref(copy->nics) : NULL;
    pv_vm_spec_free((pv_vm_spec *)copy);
}

static int
add_named(struct sim *sim, const char *name, struct sim_vm **ret_vm, pv_error **error)
{
    if (g_hash_table_contains(sim->by_name, name))
        return pv_error_set(error, PV_ERR_EXISTS, "a VM named '%s' exists already", name);
    if (sim->vms->len >= SIM_VMS_MAX)
        return pv_error_set(error, PV_ERR_NO_SPACE, "the simulator holds no more than %d VMs", SIM_VMS_MAX);
    *ret_vm = sim_add_vm(sim, name);
    (*ret_vm)->created = g_get_real_time();
    return 0;
}

static int
create(void *conn, const pv_vm_spec *spec, pv_task *task, char **ret_id, pv_error **error)
{
    struct sim *sim = conn;
    struct sim_vm *vm;
    int code = sim_enter(sim, "vm.create", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    code = add_named(sim, spec->name, &vm, error);
    if (code == 0) {
        take_spec(vm, spec);
        *ret_id = g_strdup_printf("vm-%u", vm->number);
        sim_emit(sim, PV_EVENT_VM_ADDED, vm, "created");
    }
    g_mutex_unlock(&sim->lock);
    return code;
}

static int
clone_locked(struct sim *sim, const char *id, const pv_clone_spec *spec, char **ret_id, pv_error **error)
{
    const struct sim_vm *source = sim_find(sim, id, error);
    struct sim_vm *vm;
    int code;

    if (!source)
        return PV_ERR_NOT_FOUND;
    code = add_named(sim, spec->name, &vm, error);
    if (code < 0)
        return code;
    vm->cpus = source->cpus;
    vm->memory = source->memory;
    vm->guest_os = g_strdup(source->guest_os);
    vm->annotation = g_strdup(source->annotation);
    if (source->disks)
        vm->disks = g_ptr_array_ref(source->disks); /* specs are never changed */
    *ret_id = g_strdup_printf("vm-%u", vm->number);
    sim_emit(sim, PV_EVENT_VM_ADDED, vm, "cloned");
    return 0;
}

static int
clone_vm(void *conn, const char *id, const pv_clone_spec *spec, pv_task *task, char **ret_id, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "vm.clone", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    code = clone_locked(sim, id, spec, ret_id, error);
    g_mutex_unlock(&sim->lock);
    return code;
}

static int
remove_locked(struct sim *sim, const char *id, pv_error **error)
{
    struct sim_vm *vm = sim_find(sim, id, error);

    if (!vm)
        return PV_ERR_NOT_FOUND;
    if (vm->state == PV_POWER_ON || vm->state == PV_POWER_PAUSED) {
        pv_error_set(error, PV_ERR_STATE, "it is %s", pv_enum_name(pv_power_state_values, vm->state));
        pv_error_hint(error, "power it off first");
        return PV_ERR_STATE;
    }
    sim_emit(sim, PV_EVENT_VM_REMOVED, vm, "removed");
    sim_drop_vm(sim, vm);
    return 0;
}

static int
remove_vm(void *conn, const char *id, pv_task *task, pv_error **error)
{
    struct sim *sim = conn;
    int code = sim_enter(sim, "vm.delete", task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    code = remove_locked(sim, id, error);
    g_mutex_unlock(&sim->lock);
    return code;
}

/* ---- the power state machine ---- */

#define IN(state) (1u << PV_POWER_##state)

static const struct rule {
    unsigned from; /* states it may be asked in */
    unsigned same; /* states in which there is nothing to do */
    int to;
} rules[] = {
    [PV_POWER_OP_START] = { IN(OFF) | IN(SUSPENDED) | IN(CRASHED), IN(ON), PV_POWER_ON },
    [PV_POWER_OP_STOP] = { IN(ON) | IN(PAUSED) | IN(SUSPENDED) | IN(CRASHED), IN(OFF), PV_POWER_OFF },
    [PV_POWER_OP_SHUTDOWN] = { IN(ON), IN(OFF), PV_POWER_OFF },
    [PV_POWER_OP_RESET] = { IN(ON) | IN(PAUSED), 0, PV_POWER_ON },
    [PV_POWER_OP_REBOOT] = { IN(ON), 0, PV_POWER_ON },
    [PV_POWER_OP_PAUSE] = { IN(ON), IN(PAUSED), PV_POWER_PAUSED },
    [PV_POWER_OP_UNPAUSE] = { IN(PAUSED), IN(ON), PV_POWER_ON },
    [PV_POWER_OP_SUSPEND] = { IN(ON) | IN(PAUSED), IN(SUSPENDED), PV_POWER_SUSPENDED },
    [PV_POWER_OP_RESUME] = { IN(SUSPENDED), IN(ON), PV_POWER_ON },
};

static int
power_locked(struct sim *sim, const char *id, enum pv_power_op op, pv_error **error)
{
    const struct rule *rule = &rules[op];
    const char *verb = pv_enum_name(pv_power_op_values, (int)op);
    struct sim_vm *vm = sim_find(sim, id, error);
    const char *state;

    if (!vm)
        return PV_ERR_NOT_FOUND;
    state = pv_enum_name(pv_power_state_values, vm->state);
    if (rule->same & (1u << vm->state))
        return pv_error_set(error, PV_ERR_SAME_STATE, "it is already %s", state);
    if (!(rule->from & (1u << vm->state)))
        return pv_error_set(error, PV_ERR_STATE, "cannot %s: it is %s", verb, state);
    vm->state = rule->to;
    if (rule->to == PV_POWER_ON && op != PV_POWER_OP_UNPAUSE)
        vm->started = g_get_real_time();
    sim_emit(sim, PV_EVENT_VM_CHANGED, vm, verb);
    return 0;
}

static int
power(void *conn, const char *id, enum pv_power_op op, pv_task *task, pv_error **error)
{
    struct sim *sim = conn;
    g_autofree char *operation = g_strconcat("vm.", pv_enum_name(pv_power_op_values, (int)op), NULL);
    int code = sim_enter(sim, operation, task, error);

    if (code < 0)
        return code;
    g_mutex_lock(&sim->lock);
    code = power_locked(sim, id, op, error);
    g_mutex_unlock(&sim->lock);
    return code;
}

const struct pv_vm_slots sim_vm_slots = {
    .list = list,
    .resolve = resolve,
    .create = create,
    .clone = clone_vm,
    .remove = remove_vm,
    .power = power,
    .power_ops = ((1u << (PV_POWER_OP_LAST_ + 1)) - 1) & ~1u,
};
