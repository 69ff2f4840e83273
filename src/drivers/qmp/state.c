/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-driver.h"

/* QEMU's run states. A machine that has not run yet (-S) and one that has shut down but whose process
 * stays (-no-shutdown) are off: starting them is what a person would do next. */
static const struct {
    const char *run_state;
    enum pv_power_state state;
} states[] = {
    { "running", PV_POWER_ON },
    { "paused", PV_POWER_PAUSED },
    { "prelaunch", PV_POWER_OFF },
    { "shutdown", PV_POWER_OFF },
    { "suspended", PV_POWER_OTHER }, /* the guest's own S3: not the model's "saved to disk" */
    { "save-vm", PV_POWER_PAUSED },
    { "restore-vm", PV_POWER_PAUSED },
    { "io-error", PV_POWER_PAUSED },
    { "watchdog", PV_POWER_PAUSED },
    { "debug", PV_POWER_PAUSED },
    { "postmigrate", PV_POWER_PAUSED },
    { "finish-migrate", PV_POWER_PAUSED },
    { "inmigrate", PV_POWER_OTHER },
    { "colo", PV_POWER_OTHER },
    { "guest-panicked", PV_POWER_CRASHED },
    { "internal-error", PV_POWER_CRASHED },
};

enum pv_power_state
qmp_power_state(const char *run_state)
{
    for (size_t i = 0; run_state && i < G_N_ELEMENTS(states); i++)
        if (g_str_equal(states[i].run_state, run_state))
            return states[i].state;
    return PV_POWER_OTHER;
}

int
qmp_run_state(pv_qmp *qmp, pv_task *task, char **ret_run_state, pv_error **error)
{
    json_t *status = NULL;
    const char *word;
    int code = pv_qmp_execute(qmp, task, "query-status", NULL, &status, error);

    if (code < 0)
        return code;
    word = json_string_value(json_object_get(status, "status"));
    if (word)
        *ret_run_state = g_strdup(word);
    else
        code = pv_error_set(error, PV_ERR_PROTOCOL, "query-status answered without a status");
    json_decref(status);
    return code;
}
