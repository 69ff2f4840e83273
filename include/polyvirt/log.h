/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library never prints: it hands trace lines of its components to one callback. A component is a
 * wire or a driver: "http", "qmp", "libvirt", "vsphere", "sim", "server", "core".
 */
#ifndef POLYVIRT_LOG_H
#define POLYVIRT_LOG_H

#include <glib.h>

G_BEGIN_DECLS

enum pv_log_level {
    PV_LOG_WARNING = 1, /**< something a person may want to know though the call goes on */
    PV_LOG_NOTICE,      /**< a choice made for the person: which accelerator a guest runs on */
    PV_LOG_INFO,
    PV_LOG_TRACE,       /**< what goes over the wire, secrets redacted */
};

typedef void (*pv_log_fn)(enum pv_log_level level, const char *component, const char *text, void *data);

/** Installs the sink (NULL: none). components: comma-separated names or NULL for all; a component
 * prefixed with '-' is left out. Not to be changed while calls are under way. */
void pv_log_set(enum pv_log_level level, const char *components, pv_log_fn fn, void *data);
/** Cheap test before formatting something long. */
gboolean pv_log_wants(enum pv_log_level level, const char *component);
void pv_log(enum pv_log_level level, const char *component, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** Hides the values of secrets in a wire text: passwords, session ids, Authorization and cookies, in
 * JSON, XML and header form, in queries and in URIs. A secret that stands alone without a name, like
 * the body of POST /api/session or the <key> of a SOAP UserSession, cannot be known: who traces such
 * a reply hides it himself. Returns an allocated copy. */
char *pv_redact(const char *text);

G_END_DECLS

#endif
