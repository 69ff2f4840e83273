/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

#define CERTIFICATE_DAYS 3650
#define CLOCK_SKEW_S     (24 * 60 * 60) /* valid since yesterday: clients' clocks may be behind */
#define SERIAL_BYTES     16

typedef struct gnutls_x509_crt_int pv_gnutls_crt;
typedef struct gnutls_x509_privkey_int pv_gnutls_key;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_gnutls_crt, gnutls_x509_crt_deinit)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_gnutls_key, gnutls_x509_privkey_deinit)

void
pv_tls_free(struct pv_tls *tls)
{
    if (!tls)
        return;
    if (tls->key)
        explicit_bzero(tls->key, strlen(tls->key));
    g_free(tls->certificate);
    g_free(tls->key);
    g_free(tls->path);
    g_free(tls->fingerprint);
    g_free(tls);
}

static int
tls_error(pv_error **error, int rc, const char *what)
{
    pv_error_set(error, PV_ERR_TLS, "cannot %s: %s", what, gnutls_strerror(rc));
    pv_error_native(error, "gnutls", gnutls_strerror_name(rc), gnutls_strerror(rc));
    return PV_ERR_TLS;
}

/* Names a client on this host may use: all of them must be in the certificate. */
static int
set_names(gnutls_x509_crt_t crt)
{
    static const unsigned char v4[] = { 127, 0, 0, 1 };
    static const unsigned char v6[16] = { [15] = 1 };
    const char *host = g_get_host_name();
    int rc;

    rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v4, sizeof v4,
                                                  GNUTLS_FSAN_APPEND);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v6, sizeof v6,
                                                  GNUTLS_FSAN_APPEND);
    if (rc >= 0 && g_strcmp0(host, "localhost") != 0 && g_str_is_ascii(host))
        rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host),
                                                  GNUTLS_FSAN_APPEND);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "polyvirt", 8);
    return rc;
}

static int
set_life(gnutls_x509_crt_t crt)
{
    unsigned char serial[SERIAL_BYTES];
    time_t now = time(NULL);
    int rc;

    rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    serial[0] &= 0x7f; /* a serial number is positive */
    if (rc >= 0)
        rc = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_activation_time(crt, now - CLOCK_SKEW_S);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_expiration_time(crt, now + (time_t)CERTIFICATE_DAYS * 24 * 60 * 60);
    return rc;
}

/* A certificate that signs itself is its own authority: clients may load it as their CA file. */
static int
fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    int rc = gnutls_x509_crt_set_version(crt, 3);

    if (rc >= 0)
        rc = set_names(crt);
    if (rc >= 0)
        rc = set_life(crt);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_key(crt, key);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN);
    if (rc >= 0)
        rc = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (rc >= 0)
        rc = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    return rc;
}

static char *
datum_take(gnutls_datum_t *datum)
{
    char *text = g_strndup((const char *)datum->data, datum->size);

    explicit_bzero(datum->data, datum->size);
    gnutls_free(datum->data);
    return text;
}

static int
make_key(struct pv_tls *tls, pv_error **error)
{
    g_autoptr(pv_gnutls_key) key = NULL;
    gnutls_datum_t pem = { 0 };
    int rc;

    rc = gnutls_x509_privkey_init(&key);
    if (rc >= 0)
        rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                          GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (rc >= 0)
        rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);
    if (rc < 0)
        return tls_error(error, rc, "make a key");
    tls->key = datum_take(&pem);
    return 0;
}

static int
make_certificate(struct pv_tls *tls, pv_error **error)
{
    g_autoptr(pv_gnutls_crt) crt = NULL;
    g_autoptr(pv_gnutls_key) key = NULL;
    gnutls_datum_t pem = { (unsigned char *)tls->key, (unsigned)strlen(tls->key) };
    int rc;

    rc = gnutls_x509_privkey_init(&key);
    if (rc >= 0)
        rc = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (rc >= 0)
        rc = gnutls_x509_crt_init(&crt);
    if (rc >= 0)
        rc = fill(crt, key);
    if (rc >= 0)
        rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
    if (rc < 0)
        return tls_error(error, rc, "make a certificate for server.key");
    tls->certificate = datum_take(&pem);
    return 0;
}

/* Written beside and renamed, so that a crash leaves no half of a file. */
static int
save(const char *path, const char *text, mode_t mode, pv_error **error)
{
    g_autoptr(GError) gerror = NULL;

    if (!g_file_set_contents_full(path, text, -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  (int)mode, &gerror))
        return pv_error_set(error, PV_ERR_FAILED, "cannot write %s: %s", path, gerror->message);
    return 0;
}

static int
load(const char *path, char **ret_text, pv_error **error)
{
    g_autoptr(GError) gerror = NULL;

    if (!g_file_get_contents(path, ret_text, NULL, &gerror))
        return pv_error_set(error, PV_ERR_FAILED, "cannot read %s: %s", path, gerror->message);
    return 0;
}

static int
take_fingerprint(struct pv_tls *tls, pv_error **error)
{
    g_autoptr(pv_gnutls_crt) crt = NULL;
    gnutls_datum_t pem = { (unsigned char *)tls->certificate, (unsigned)strlen(tls->certificate) };
    unsigned char digest[32];
    size_t size = sizeof digest;
    GString *hex;
    int rc;

    rc = gnutls_x509_crt_init(&crt);
    if (rc >= 0)
        rc = gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM);
    if (rc >= 0)
        rc = gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, digest, &size);
    if (rc < 0) {
        tls_error(error, rc, "read the certificate");
        pv_error_prefix(error, "%s: ", tls->path);
        return PV_ERR_TLS;
    }
    hex = g_string_new(NULL);
    for (size_t i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", digest[i]);
    tls->fingerprint = g_string_free(hex, FALSE);
    return 0;
}

/* A key without a certificate is one of the owner's, or a crash came between the two: it is kept. */
static int
load_or_make_key(struct pv_tls *tls, const char *path, pv_error **error)
{
    int rc;

    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return load(path, &tls->key, error);
    rc = make_key(tls, error);
    return rc < 0 ? rc : save(path, tls->key, 0600, error);
}

int
pv_tls_load(const char *dir, struct pv_tls **ret_tls, pv_error **error)
{
    g_autoptr(pv_tls) tls = g_new0(pv_tls, 1);
    g_autofree char *key_path = g_build_filename(dir, "server.key", NULL);
    int rc;

    tls->path = g_build_filename(dir, "server.crt", NULL);
    if (g_file_test(tls->path, G_FILE_TEST_EXISTS)) {
        if ((rc = load(tls->path, &tls->certificate, error)) < 0 || (rc = load(key_path, &tls->key, error)) < 0)
            return rc;
    } else if ((rc = load_or_make_key(tls, key_path, error)) < 0 || (rc = make_certificate(tls, error)) < 0 ||
               (rc = save(tls->path, tls->certificate, 0644, error)) < 0)
        return rc;
    if ((rc = take_fingerprint(tls, error)) < 0)
        return rc;
    *ret_tls = g_steal_pointer(&tls);
    return 0;
}
