/* SPDX-License-Identifier: Apache-2.0 */
/* What the simulated data centre holds: all of it follows from the seed. */
#include "sim.h"

/* SplitMix64 (Steele, Lea, Flood 2014): repeatable on every machine */
uint64_t
sim_random(struct sim *sim)
{
    uint64_t z = sim->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* a fixed day, so that two runs say the same: 2026-01-01 */
int64_t
sim_epoch(void)
{
    return INT64_C(1767225600) * G_USEC_PER_SEC;
}

static void
make_uuid(struct sim *sim, guint8 uuid[16])
{
    for (int i = 0; i < 16; i += 8) {
        uint64_t bits = sim_random(sim);

        for (int k = 0; k < 8; k++)
            uuid[i + k] = (guint8)(bits >> (8 * k));
    }
    uuid[6] = (guint8)((uuid[6] & 0x0f) | 0x40); /* version 4, variant 1: RFC 4122 */
    uuid[8] = (guint8)((uuid[8] & 0x3f) | 0x80);
}

struct sim_vm *
sim_add_vm(struct sim *sim, const char *name)
{
    struct sim_vm *vm = g_new0(struct sim_vm, 1);

    vm->number = ++sim->last_vm;
    vm->name = g_strdup(name);
    vm->host = (unsigned)(sim_random(sim) % (uint64_t)sim->host_count) + 1;
    vm->state = PV_POWER_OFF;
    vm->cpus = 1;
    vm->memory = INT64_C(512) << 20;
    vm->created = sim_epoch();
    vm->started = PV_UNSET_INT;
    make_uuid(sim, vm->uuid);
    g_ptr_array_add(sim->vms, vm);
    g_hash_table_insert(sim->by_number, GUINT_TO_POINTER(vm->number), vm);
    g_hash_table_insert(sim->by_name, vm->name, vm);
    return vm;
}

void
sim_drop_vm(struct sim *sim, struct sim_vm *vm)
{
    g_hash_table_remove(sim->by_number, GUINT_TO_POINTER(vm->number));
    g_hash_table_remove(sim->by_name, vm->name);
    g_ptr_array_remove(sim->vms, vm);
}

void
sim_populate(struct sim *sim)
{
    static const int states[] = { PV_POWER_ON, PV_POWER_ON, PV_POWER_ON, PV_POWER_OFF, PV_POWER_OFF };

    for (int64_t i = 0; i < sim->vm_count; i++) {
        g_autofree char *name = g_strdup_printf("vm-%04" G_GINT64_FORMAT, i + 1);
        struct sim_vm *vm = sim_add_vm(sim, name);

        /* the first two are always one on and one off: tests and demos need them */
        vm->state = i == 0 ? PV_POWER_ON : i == 1 ? PV_POWER_OFF : states[sim_random(sim) % G_N_ELEMENTS(states)];
        vm->cpus = INT64_C(1) << (sim_random(sim) % 4);
        vm->memory = INT64_C(512) << (20 + sim_random(sim) % 6);
        if (vm->state == PV_POWER_ON)
            vm->started = sim_epoch();
    }
}

void
sim_snapshot_free(struct sim_snapshot *snapshot)
{
    g_free(snapshot->name);
    g_free(snapshot->description);
    g_free(snapshot);
}

void
sim_vm_free(struct sim_vm *vm)
{
    g_free(vm->name);
    g_free(vm->guest_os);
    g_free(vm->annotation);
    g_clear_pointer(&vm->disks, g_ptr_array_unref);
    g_clear_pointer(&vm->nics, g_ptr_array_unref);
    g_clear_pointer(&vm->snapshots, g_ptr_array_unref);
    g_free(vm);
}
