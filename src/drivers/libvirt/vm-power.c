/* SPDX-License-Identifier: Apache-2.0 */
/* Power: in which states each operation makes sense, and the libvirt call that does it. */
#include "libvirt.h"

#define IN(state) (1u << PV_POWER_##state)

static int
reset(virDomainPtr domain)
{
    return virDomainReset(domain, 0);
}

/* Without flags libvirt asks the agent where one answers, else presses the ACPI button. */
static int
reboot(virDomainPtr domain)
{
    return virDomainReboot(domain, 0);
}

/* A running guest is saved running, a paused one paused: that is how it comes back. */
static int
managed_save(virDomainPtr domain)
{
    return virDomainManagedSave(domain, 0);
}

static const struct rule {
    unsigned from; /* states it may be asked in */
    unsigned same; /* states in which there is nothing to do */
    int (*call)(virDomainPtr domain);
} rules[] = {
    [PV_POWER_OP_START] = { IN(OFF) | IN(SUSPENDED) | IN(CRASHED), IN(ON), virDomainCreate },
    [PV_POWER_OP_STOP] = { IN(ON) | IN(PAUSED) | IN(STOPPING) | IN(CRASHED) | IN(OTHER) | IN(SUSPENDED),
                           IN(OFF), virDomainDestroy },
    [PV_POWER_OP_SHUTDOWN] = { IN(ON), IN(OFF) | IN(STOPPING), virDomainShutdown },
    [PV_POWER_OP_RESET] = { IN(ON) | IN(PAUSED), 0, reset },
    [PV_POWER_OP_REBOOT] = { IN(ON), 0, reboot },
    [PV_POWER_OP_PAUSE] = { IN(ON), IN(PAUSED), virDomainSuspend },
    [PV_POWER_OP_UNPAUSE] = { IN(PAUSED), IN(ON), virDomainResume },
    [PV_POWER_OP_SUSPEND] = { IN(ON) | IN(PAUSED), IN(SUSPENDED), managed_save },
    [PV_POWER_OP_RESUME] = { IN(SUSPENDED), IN(ON), virDomainCreate },
};

static int
check_state(enum pv_power_op op, int state, pv_error **error)
{
    const struct rule *rule = &rules[op];
    const char *verb = pv_enum_name(pv_power_op_values, (int)op);
    const char *name = pv_enum_name(pv_power_state_values, state);

    if (rule->same & (1u << state))
        return pv_error_set(error, PV_ERR_SAME_STATE, "it is already %s", name);
    if (rule->from & (1u << state))
        return 0;
    pv_error_set(error, PV_ERR_STATE, "cannot %s: it is %s", verb, name);
    if (state == PV_POWER_PAUSED)
        pv_error_hint(error, "unpause it");
    return PV_ERR_STATE;
}

/* Somebody else may have been faster: then libvirt's refusal means what the new state says. */
static int
explain(virDomainPtr domain, enum pv_power_op op, pv_error **error)
{
    g_autoptr(pv_error) refusal = NULL;
    int state;
    int r = lv_fail(&refusal, "cannot %s", pv_enum_name(pv_power_op_values, (int)op));

    /* a guest that goes at once takes its agent along, and libvirt misses the agent's answer */
    if (op == PV_POWER_OP_SHUTDOWN && lv_domain_state(domain, &state, NULL) == 0 &&
        (rules[op].same & (1u << state)))
        return 0;
    if (r == PV_ERR_STATE && lv_domain_state(domain, &state, NULL) == 0 &&
        (r = check_state(op, state, error)) < 0) {
        pv_error_native(error, refusal->native_source, refusal->native_code, refusal->native_message);
        return r;
    }
    return pv_error_propagate(error, g_steal_pointer(&refusal));
}

/* Which accelerator a started guest runs on, for the person who waits for it to boot. */
static void
say_accelerator(const lv_job *job, virDomainPtr domain)
{
    g_autoptr(pv_vm) vm = pv_vm_new();
    g_autoptr(lv_cstr) xml = NULL;

    if (job->conn->kind != LV_QEMU || !pv_log_wants(PV_LOG_NOTICE, "libvirt"))
        return;
    xml = virDomainGetXMLDesc(domain, 0);
    if (xml && lv_vm_parse(xml, PV_VM_CONFIG, vm, NULL) == 0 && vm->accelerator)
        pv_log(PV_LOG_NOTICE, "libvirt", "%s runs on %s", virDomainGetName(domain), vm->accelerator);
    virResetLastError();
}

static int
power_run(lv_job *job, virConnectPtr handle, pv_error **error)
{
    enum pv_power_op op = (enum pv_power_op)job->number;
    g_autoptr(virDomain) domain = NULL;
    int state;
    int r = lv_domain_find(handle, job->vm, &domain, error);

    if (r == 0)
        r = lv_domain_state(domain, &state, error);
    if (r == 0)
        r = check_state(op, state, error);
    if (r == 0)
        r = lv_job_sends(job, error);
    if (r < 0)
        return r;
    if (op == PV_POWER_OP_STOP && state == PV_POWER_SUSPENDED)
        r = virDomainManagedSaveRemove(domain, 0); /* what is left of a suspended machine */
    else
        r = rules[op].call(domain);
    if (r < 0)
        return explain(domain, op, error);
    if (rules[op].call == virDomainCreate)
        say_accelerator(job, domain);
    return 0;
}

int
lv_vm_power(void *conn, const char *vm, enum pv_power_op op, pv_task *task, pv_error **error)
{
    g_autoptr(lv_job) job = lv_job_new(conn, task, power_run);

    job->vm = g_strdup(vm);
    job->number = (int)op;
    return lv_job_run(job, error);
}
