/* SPDX-License-Identifier: Apache-2.0 */
/* libvirt's states and reasons, in the model's terms and in libvirt's own words. */
#include "libvirt.h"

#define REASONS_MAX 16

static const struct {
    const char *name; /* as virsh says it */
    int power;
    const char *reasons[REASONS_MAX];
} states[] = {
    [VIR_DOMAIN_NOSTATE] = { "no state", PV_POWER_OTHER },
    [VIR_DOMAIN_RUNNING] = { "running", PV_POWER_ON,
        { NULL, "booted", "migrated", "restored", "from snapshot", "unpaused", "migration canceled",
          "save canceled", "event wakeup", "crashed", "post-copy", "post-copy failed" } },
    [VIR_DOMAIN_BLOCKED] = { "idle", PV_POWER_ON },
    [VIR_DOMAIN_PAUSED] = { "paused", PV_POWER_PAUSED,
        { NULL, "user", "migrating", "saving", "dumping", "I/O error", "watchdog", "from snapshot",
          "shutting down", "creating snapshot", "crashed", "starting up", "post-copy",
          "post-copy failed", "api error" } },
    [VIR_DOMAIN_SHUTDOWN] = { "in shutdown", PV_POWER_STOPPING, { NULL, "user" } },
    [VIR_DOMAIN_SHUTOFF] = { "shut off", PV_POWER_OFF,
        { NULL, "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from snapshot",
          "daemon" } },
    [VIR_DOMAIN_CRASHED] = { "crashed", PV_POWER_CRASHED, { NULL, "panicked" } },
    /* the guest's own sleep: its memory is kept, its CPUs stand, and only a wake-up goes on */
    [VIR_DOMAIN_PMSUSPENDED] = { "pmsuspended", PV_POWER_OTHER },
};

int
lv_power_state(int state, gboolean saved)
{
    if (saved && state == VIR_DOMAIN_SHUTOFF)
        return PV_POWER_SUSPENDED;
    return state >= 0 && state < (int)G_N_ELEMENTS(states) ? states[state].power : PV_POWER_OTHER;
}

char *
lv_state_text(int state, int reason, gboolean saved)
{
    const char *why;

    if (state < 0 || state >= (int)G_N_ELEMENTS(states))
        return g_strdup_printf("state %d", state);
    why = reason >= 0 && reason < REASONS_MAX ? states[state].reasons[reason] : NULL;
    if (saved && state == VIR_DOMAIN_SHUTOFF)
        why = "saved";
    return why ? g_strdup_printf("%s (%s)", states[state].name, why) : g_strdup(states[state].name);
}

int
lv_domain_state(virDomainPtr domain, int *ret_state, pv_error **error)
{
    int state, reason, saved = 0;

    if (virDomainGetState(domain, &state, &reason, 0) < 0)
        return lv_fail(error, "cannot read its state");
    if (state == VIR_DOMAIN_SHUTOFF)
        saved = virDomainHasManagedSaveImage(domain, 0) == 1; /* -1: a driver that has none */
    virResetLastError();
    *ret_state = lv_power_state(state, saved);
    return 0;
}
