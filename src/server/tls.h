/* SPDX-License-Identifier: Apache-2.0 */
/* The server's own certificate: made once, kept in the state directory. */
#ifndef PV_SERVER_TLS_H
#define PV_SERVER_TLS_H

#include <polyvirt/error.h>

struct pv_tls {
    char *certificate; /* PEM */
    char *key;         /* PEM; wiped when freed */
    char *path;        /* file of the certificate */
    char *fingerprint; /* SHA-256 of the DER, lower-case hex */
};

/* Loads DIR/server.crt and DIR/server.key. Without a certificate one is made, for the key that lies there
 * or, without one, for a new key; a key is never written over. */
int pv_tls_load(const char *dir, struct pv_tls **ret_tls, pv_error **error);
void pv_tls_free(struct pv_tls *tls);

typedef struct pv_tls pv_tls;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_tls, pv_tls_free)

#endif
