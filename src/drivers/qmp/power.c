/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-driver.h"

#define IN(state) (1u << PV_POWER_##state)
#define HALTED    (IN(PAUSED) | IN(OTHER) | IN(CRASHED))

static int
run(pv_qmp *qmp, const char *command, pv_task *task, pv_error **error)
{
    return pv_qmp_execute(qmp, task, command, NULL, NULL, error);
}

/* The reset happens in QEMU's main loop after the reply. Under -no-reboot QEMU ends instead. */
static int
reset_and_wait(pv_qmp *qmp, pv_task *task, pv_error **error)
{
    g_autoptr(pv_qmp_watch) watch = pv_qmp_watch_new(qmp, "RESET", NULL, NULL);
    g_autoptr(pv_error) why = NULL;
    int code = run(qmp, "system_reset", task, error);

    if (code < 0)
        return code;
    code = pv_qmp_watch_wait(watch, task, NULL, &why);
    if (code == PV_ERR_CONNECT)
        return pv_error_set(error, PV_ERR_FAILED, "QEMU ended instead of restarting (is it run with -no-reboot?)");
    if (code == PV_ERR_TIMEOUT)
        return pv_error_set(error, PV_ERR_UNKNOWN, "QEMU took the reset and has not done it yet");
    return code < 0 ? pv_error_propagate(error, g_steal_pointer(&why)) : 0;
}

/* ---- the operations ---- */

static int
op_start(pv_qmp *qmp, const char *run_state, pv_task *task, pv_error **error)
{
    int code = 0;

    if (g_str_equal(run_state, "shutdown")) /* kept by -no-shutdown: needs a reset before it runs again */
        code = reset_and_wait(qmp, task, error);
    return code < 0 ? code : run(qmp, "cont", task, error);
}

static int
op_stop(pv_qmp *qmp, G_GNUC_UNUSED const char *run_state, pv_task *task, pv_error **error)
{
    return pv_qmp_quit(qmp, task, error);
}

static int
op_shutdown(pv_qmp *qmp, G_GNUC_UNUSED const char *run_state, pv_task *task, pv_error **error)
{
    return run(qmp, "system_powerdown", task, error);
}

static int
op_reset(pv_qmp *qmp, G_GNUC_UNUSED const char *run_state, pv_task *task, pv_error **error)
{
    return reset_and_wait(qmp, task, error);
}

static int
op_pause(pv_qmp *qmp, G_GNUC_UNUSED const char *run_state, pv_task *task, pv_error **error)
{
    return run(qmp, "stop", task, error);
}

static int
op_unpause(pv_qmp *qmp, G_GNUC_UNUSED const char *run_state, pv_task *task, pv_error **error)
{
    return run(qmp, "cont", task, error);
}

/* States not named refuse with PV_ERR_STATE. */
static const struct rule {
    enum pv_power_op op;
    unsigned legal, same; /* 1 << enum pv_power_state */
    int (*run)(pv_qmp *qmp, const char *run_state, pv_task *task, pv_error **error);
    const char *hint;
} rules[] = {
    { PV_POWER_OP_START, IN(OFF), IN(ON), op_start, "a paused VM goes on with unpause" },
    { PV_POWER_OP_STOP, IN(OFF) | IN(ON) | HALTED, 0, op_stop, NULL },
    { PV_POWER_OP_SHUTDOWN, IN(ON), IN(OFF), op_shutdown, "a guest that does not run cannot obey; use stop" },
    { PV_POWER_OP_RESET, IN(ON) | HALTED, 0, op_reset, NULL },
    { PV_POWER_OP_PAUSE, IN(ON), IN(PAUSED), op_pause, NULL },
    { PV_POWER_OP_UNPAUSE, IN(PAUSED), IN(ON), op_unpause, "a VM that is off goes on with start" },
};

static const struct rule *
rule_of(enum pv_power_op op)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].op == op)
            return &rules[i];
    return NULL;
}

static int
apply_rule(const struct rule *rule, pv_qmp *qmp, pv_task *task, pv_error **error)
{
    g_autofree char *run_state = NULL;
    unsigned now;
    int code = qmp_run_state(qmp, task, &run_state, error);

    if (code < 0)
        return code;
    now = 1u << qmp_power_state(run_state);
    if (rule->same & now)
        return pv_error_set(error, PV_ERR_SAME_STATE, "the VM is already %s", run_state);
    if (rule->legal & now)
        return rule->run(qmp, run_state, task, error);
    pv_error_set(error, PV_ERR_STATE, "not possible while the VM is %s", run_state);
    if (rule->hint)
        pv_error_hint(error, "%s", rule->hint);
    return PV_ERR_STATE;
}

/* Nothing listens: the machine's process has ended. There is no definition to start it from. */
static int
power_of_ended(enum pv_power_op op, pv_error **error)
{
    if (op == PV_POWER_OP_STOP || op == PV_POWER_OP_SHUTDOWN)
        return pv_error_set(error, PV_ERR_SAME_STATE, "the VM is already off: its QEMU has ended");
    if (op != PV_POWER_OP_START)
        return pv_error_set(error, PV_ERR_STATE, "the VM is off: its QEMU has ended");
    pv_error_set(error, PV_ERR_UNSUPPORTED, "QEMU has ended and this endpoint has no machine definition to start");
    pv_error_hint(error, "start QEMU again, or manage the VM through libvirt");
    return PV_ERR_UNSUPPORTED;
}

int
qmp_vm_power(void *data, const char *vm, enum pv_power_op op, pv_task *task, pv_error **error)
{
    struct qmp_conn *conn = data;
    const struct rule *rule = rule_of(op);
    g_autoptr(qmp_machine) machine = NULL;
    g_auto(qmp_visit) visit = { 0 };
    g_autoptr(pv_error) why = NULL;
    int code = qmp_machine_find(conn, vm, &machine, error);

    if (code < 0)
        return code;
    code = qmp_enter(conn, machine, task, &visit, &why);
    if (code < 0 && qmp_is_gone(code))
        return power_of_ended(op, error);
    if (code < 0)
        return pv_error_propagate(error, g_steal_pointer(&why));
    if (op == PV_POWER_OP_REBOOT)
        return qmp_guest_reboot(machine, task, error);
    return apply_rule(rule, visit.qmp, task, error);
}
