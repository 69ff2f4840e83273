/* SPDX-License-Identifier: Apache-2.0 */
#include "accel-private.h"

#include <polyvirt/log.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T PV_F_TABLE
#define W PV_F_WIDE

static const struct pv_field accel_fields[] = {
    PV_FIELD(pv_accel, accelerator, PV_STRING, .flags = T | PV_F_NAME, .help = "what new guests should use"),
    PV_FIELD(pv_accel, reason, PV_STRING, .flags = T, .help = "why"),
    PV_FIELD(pv_accel, qemu, PV_STRING, .flags = W, .help = "the program that was asked"),
    PV_FIELD(pv_accel, qemu_version, PV_STRING, .flags = T, .help = "its version"),
    PV_FIELD(pv_accel, kvm_ms, PV_INT, .unit = PV_UNIT_MILLISECONDS, .flags = T | PV_F_VOLATILE,
             .help = "wall time of the payload under KVM"),
    PV_FIELD(pv_accel, tcg_ms, PV_INT, .unit = PV_UNIT_MILLISECONDS, .flags = T | PV_F_VOLATILE,
             .help = "wall time of the payload under TCG"),
    PV_FIELD(pv_accel, kvm_note, PV_STRING, .flags = W,
             .help = "why KVM did not finish, or with which CPU only"),
    PV_FIELD(pv_accel, tcg_note, PV_STRING, .flags = W, .help = "why TCG did not finish"),
    PV_FIELD(pv_accel, cached, PV_BOOL, .flags = W | PV_F_VOLATILE, .help = "kept from an earlier time"),
    PV_FIELD(pv_accel, measured, PV_TIME, .flags = W | PV_F_VOLATILE, .help = "when it was measured"),
    { 0 },
};

const struct pv_desc pv_accel_desc = {
    "accelerator", sizeof(struct pv_accel), accel_fields, "which accelerator really runs a guest here",
};

void
pv_accel_free(pv_accel *accel)
{
    pv_desc_free(&pv_accel_desc, accel);
}

/* ---- measuring ---- */

/* A cancelled probe ends here; any other failure becomes a note. */
static int
try_tcg(pv_accel *accel, pv_task *task, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int rc = pv_accel_run(accel->qemu, "tcg", NULL, PV_ACCEL_TCG_MS, task, &accel->tcg_ms, &why);

    if (rc == PV_ERR_CANCELLED)
        return pv_error_propagate(error, g_steal_pointer(&why));
    if (rc != 0)
        accel->tcg_note = g_strdup(why->message);
    return 0;
}

static int64_t
kvm_deadline(const pv_accel *accel)
{
    if (accel->tcg_ms == PV_UNSET_INT)
        return PV_ACCEL_KVM_MAX_MS;
    return CLAMP(accel->tcg_ms * PV_ACCEL_KVM_FACTOR, PV_ACCEL_KVM_MIN_MS, PV_ACCEL_KVM_MAX_MS);
}

/* With QEMU's own CPU model first, for the time; then with the host's, which some hosts abort on. */
static int
try_kvm(pv_accel *accel, pv_task *task, pv_error **error)
{
    g_autoptr(pv_error) why = NULL;
    int64_t host_ms = 0;
    int rc;

    if (access("/dev/kvm", R_OK | W_OK) != 0) {
        gboolean there = access("/dev/kvm", F_OK) == 0;

        accel->kvm_note = g_strdup(there ? "/dev/kvm may not be opened" : "no /dev/kvm");
        return 0;
    }
    rc = pv_accel_run(accel->qemu, "kvm", NULL, kvm_deadline(accel), task, &accel->kvm_ms, &why);
    if (rc == 0)
        rc = pv_accel_run(accel->qemu, "kvm", "host", kvm_deadline(accel), task, &host_ms, &why);
    if (rc == PV_ERR_CANCELLED)
        return pv_error_propagate(error, g_steal_pointer(&why));
    if (rc != 0)
        accel->kvm_note = g_strdup_printf("%s%s", accel->kvm_ms == PV_UNSET_INT ? "" : "with -cpu host: ",
                                          why->message);
    return 0;
}

static int
choose(pv_accel *accel, pv_error **error)
{
    gboolean kvm = accel->kvm_ms != PV_UNSET_INT, tcg = accel->tcg_ms != PV_UNSET_INT;

    if (!kvm && !tcg)
        return pv_error_set(error, PV_ERR_FAILED, "%s runs no guest: under TCG it %s, under KVM: %s",
                            accel->qemu, accel->tcg_note, accel->kvm_note);
    if (kvm && (!tcg || accel->kvm_ms <= accel->tcg_ms)) {
        accel->accelerator = g_strdup("kvm");
        accel->reason = g_strdup_printf("KVM runs a guest in %d ms", (int)accel->kvm_ms);
    } else if (kvm) {
        accel->accelerator = g_strdup("tcg");
        accel->reason = g_strdup_printf("KVM is slower than TCG here: %d against %d ms", (int)accel->kvm_ms,
                                        (int)accel->tcg_ms);
    } else {
        accel->accelerator = g_strdup("tcg");
        accel->reason = g_strdup_printf("KVM does not run a guest here (%s)", accel->kvm_note);
    }
    return 0;
}

static int
measure(const char *qemu, pv_task *task, pv_accel **ret_accel, pv_error **error)
{
    g_autoptr(pv_accel) accel = pv_desc_new(&pv_accel_desc);
    int rc;

    accel->qemu = g_strdup(qemu);
    accel->qemu_version = pv_accel_qemu_version(qemu, task);
    accel->measured = g_get_real_time();
    accel->cached = 0;
    rc = try_tcg(accel, task, error);
    if (rc == 0)
        rc = try_kvm(accel, task, error);
    if (rc == 0)
        rc = choose(accel, error);
    if (rc != 0)
        return rc;
    pv_log(PV_LOG_INFO, "core", "accelerator %s: %s", accel->accelerator, accel->reason);
    *ret_accel = g_steal_pointer(&accel);
    return 0;
}

/* ---- the answer ---- */

/* What the environment says, without looking; NULL when it says nothing. */
static int
from_environment(const char *qemu, pv_accel **ret_accel, pv_error **error)
{
    const char *value = getenv("POLYVIRT_ACCEL");
    pv_accel *accel;

    if (!value || !*value)
        return 0;
    if (strcmp(value, "kvm") != 0 && strcmp(value, "tcg") != 0)
        return pv_error_set(error, PV_ERR_INVALID, "POLYVIRT_ACCEL: 'kvm' or 'tcg' is wanted, not '%s'",
                            value);
    accel = pv_desc_new(&pv_accel_desc);
    accel->accelerator = g_strdup(value);
    accel->reason = g_strdup("POLYVIRT_ACCEL says so");
    accel->qemu = g_strdup(qemu);
    accel->cached = 0;
    *ret_accel = accel;
    return 0;
}

static int
probe_locked(const char *qemu, gboolean refresh, pv_task *task, pv_accel **ret_accel, pv_error **error)
{
    g_autofree char *key = pv_accel_cache_key(qemu);
    pv_accel *accel = NULL;
    int rc = from_environment(qemu, &accel, error);

    if (rc == 0 && !accel && !refresh)
        accel = pv_accel_cache_get(key);
    if (rc == 0 && !accel) {
        rc = measure(qemu, task, &accel, error);
        if (rc == 0)
            pv_accel_cache_put(key, accel);
    }
    if (rc == 0)
        *ret_accel = accel;
    return rc;
}

int
pv_accel_probe(const char *qemu, gboolean refresh, pv_task *task, struct pv_accel **ret_accel,
               pv_error **error)
{
    static GMutex one_at_a_time; /* two trials at once would spoil each other's time */
    g_autofree char *path = g_find_program_in_path(qemu ? qemu : "qemu-system-x86_64");
    int rc;

    if (!path) {
        pv_error_set(error, PV_ERR_NOT_FOUND, "there is no %s", qemu ? qemu : "qemu-system-x86_64 in PATH");
        pv_error_hint(error, "install qemu-system-x86");
        return PV_ERR_NOT_FOUND;
    }
    g_mutex_lock(&one_at_a_time);
    rc = probe_locked(path, refresh, task, ret_accel, error);
    g_mutex_unlock(&one_at_a_time);
    return rc;
}
