/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PV_CORE_ACCEL_PRIVATE_H
#define PV_CORE_ACCEL_PRIVATE_H

#include <polyvirt/accel.h>

#define PV_ACCEL_TCG_MS      20000 /* a slow host gets this long under TCG */
#define PV_ACCEL_KVM_MAX_MS  5000  /* KVM gets ten times what TCG took, within these */
#define PV_ACCEL_KVM_MIN_MS  1000
#define PV_ACCEL_KVM_FACTOR  10
#define PV_ACCEL_VERSION_MS  5000  /* `qemu --version` */
#define PV_ACCEL_OUTPUT_MAX  4096  /* bytes kept of what QEMU says */
#define PV_ACCEL_CACHE_MAX   (64u << 10)
#define PV_ACCEL_ENTRIES_MAX 16    /* hosts and QEMUs remembered */
#define PV_ACCEL_EXIT_STATUS 33    /* the payload ran to its end */

/* One trial machine. cpu NULL: QEMU's default. On success *ret_ms is the wall time; else why it did
 * not finish is the error's message: PV_ERR_TIMEOUT, PV_ERR_CANCELLED or PV_ERR_FAILED. */
int pv_accel_run(const char *qemu, const char *accelerator, const char *cpu, int64_t deadline_ms, pv_task *task,
                 int64_t *ret_ms, pv_error **error);
/* "7.2.22"; NULL when the program does not say. */
char *pv_accel_qemu_version(const char *qemu, pv_task *task);

/* What an answer depends on: this host, its kernel, the QEMU program, and whether /dev/kvm opens. */
char *pv_accel_cache_key(const char *qemu);
/* NULL when there is none, or the file is not readable. */
struct pv_accel *pv_accel_cache_get(const char *key);
/* Failing to keep an answer is no failure. */
void pv_accel_cache_put(const char *key, const struct pv_accel *accel);

#endif
