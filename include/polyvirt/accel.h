/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which accelerator really runs a guest on this host. That /dev/kvm can be opened says little: on
 * some nested hosts `-cpu host` aborts, on others unpaged guest code is emulated instruction by
 * instruction. So a small payload is timed under KVM and under TCG and the faster one that finishes
 * wins. The answer is kept in the user's cache folder per host, kernel and QEMU version.
 */
#ifndef POLYVIRT_ACCEL_H
#define POLYVIRT_ACCEL_H

#include <polyvirt/task.h>

G_BEGIN_DECLS

struct pv_accel {
    char *accelerator;  /**< "kvm" or "tcg": what new guests should use */
    char *reason;       /**< one sentence: why */
    char *qemu;         /**< the program that was asked */
    char *qemu_version;
    int64_t kvm_ms;     /**< wall time of the payload under KVM; unset when it did not finish */
    int64_t tcg_ms;
    char *kvm_note;     /**< why KVM did not finish: "no /dev/kvm", "aborted: …", "deadline passed" */
    char *tcg_note;
    int cached;         /**< bool: the answer was kept from an earlier time */
    int64_t measured;   /**< when */
};
extern const struct pv_desc pv_accel_desc;

/**
 * The accelerator for guests of this host. qemu: program to ask, NULL = qemu-system-x86_64 of PATH.
 * refresh: measure again. PV_ERR_NOT_FOUND when there is no QEMU, PV_ERR_FAILED when neither ran the
 * payload. Thread-safe; the first call takes up to a few seconds, later ones a cache look-up.
 */
int pv_accel_probe(const char *qemu, gboolean refresh, pv_task *task, struct pv_accel **ret_accel,
                   pv_error **error);

typedef struct pv_accel pv_accel;
void pv_accel_free(pv_accel *accel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_accel, pv_accel_free)

G_END_DECLS

#endif
