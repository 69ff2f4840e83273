/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values: a code to act on, a sentence to read, a hint, and what the other side said. */
#ifndef POLYVIRT_ERROR_H
#define POLYVIRT_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * Codes are negative so that every call can return one; 0 is success. They say what a caller may do
 * next; which server said what lies in the native detail.
 */
enum pv_code {
    PV_OK = 0,
    PV_ERR_FAILED = -1,      /**< the other side tried and failed */
    PV_ERR_USAGE = -2,       /**< the call itself makes no sense (unknown option, bad URI) */
    PV_ERR_INVALID = -3,     /**< a value is wrong; the message names the field */
    PV_ERR_NOT_FOUND = -4,   /**< the named object does not exist */
    PV_ERR_EXISTS = -5,      /**< the name is taken */
    PV_ERR_STATE = -6,       /**< not allowed in the object's present state */
    PV_ERR_SAME_STATE = -7,  /**< the object is already in the state asked for */
    PV_ERR_BUSY = -8,        /**< another job holds the object, or the monitor is taken: try later */
    PV_ERR_UNSUPPORTED = -9, /**< this driver or endpoint cannot do it */
    PV_ERR_DENIED = -10,     /**< logged in, but not permitted; also read-only connections */
    PV_ERR_AUTH = -11,       /**< login refused, or the session is no longer valid */
    PV_ERR_CONNECT = -12,    /**< cannot reach the endpoint */
    PV_ERR_TLS = -13,        /**< reached, but its certificate is not trusted */
    PV_ERR_TIMEOUT = -14,    /**< the deadline passed before anything was changed */
    PV_ERR_CANCELLED = -15,  /**< the caller gave up */
    PV_ERR_PROTOCOL = -16,   /**< the answer broke the protocol or a limit of this library */
    PV_ERR_UNKNOWN = -17,    /**< the request went out, its outcome could not be learnt */
    PV_ERR_NO_SPACE = -18,   /**< no room: disk, memory, or a quota */
    PV_ERR_INTERNAL = -19,   /**< a fault of polyvirt */
};

typedef struct pv_error {
    enum pv_code code;
    char *message;        /**< one sentence, no newline, no trailing full stop; never NULL */
    char *hint;           /**< what to try, or NULL */
    char *native_source;  /**< "libvirt", "qmp", "vsphere-rest", "http", "tls" … or NULL */
    char *native_code;    /**< the other side's own code: "VIR_ERR_NO_DOMAIN", "GenericError", "NOT_FOUND" */
    char *native_message; /**< the other side's own words, unchanged */
} pv_error;

/**
 * Sets *error (when error is not NULL; an error already set stays, the first cause wins) and returns
 * code, so that failing is one line: `return pv_error_set(error, PV_ERR_…, "…")`.
 */
int pv_error_set(struct pv_error **error, enum pv_code code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** Adds advice to an error that is set; NULL-safe. */
void pv_error_hint(struct pv_error **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** Keeps the other side's words; strings are copied, any may be NULL. */
void pv_error_native(struct pv_error **error, const char *source, const char *code, const char *message);
/** Puts context before the message of an error that is set ("vm web-1: …"). */
void pv_error_prefix(struct pv_error **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** Moves src to *dest (frees src when dest is NULL or taken); returns the code. */
int pv_error_propagate(struct pv_error **dest, struct pv_error *src);
struct pv_error *pv_error_copy(const struct pv_error *error);
void pv_error_free(struct pv_error *error);
/** Frees and resets an error that was dealt with. */
void pv_error_clear(struct pv_error **error);
/** Stable lower-case name of a code: "not-found", "same-state" …; "failed" for an unknown number. */
const char *pv_code_name(enum pv_code code);
/** The program's exit status for a code: 0, 1 failed, 2 usage, 3 cannot reach or log in, 4 nothing
 * matched, 6 outcome unknown, 130 interrupted. */
int pv_code_exit_status(enum pv_code code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_error, pv_error_free)

G_END_DECLS

#endif
