/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include "server-limits.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>

struct peer {
    unsigned failures;    /* in a row */
    int64_t blocked_till; /* monotonic microseconds */
};

struct pv_login {
    GMutex lock; /* also keeps the memory of several checks from adding up */
    char *user;
    char hash[crypto_pwhash_STRBYTES];
    GHashTable *peers; /* peer_key -> struct peer */
};

int
pv_login_new(const char *user, const char *password, pv_login **ret_login, pv_error **error)
{
    g_autoptr(pv_login) login = NULL;

    if (!user || !*user || strlen(user) > PV_SERVER_USER_MAX || strchr(user, ':'))
        return pv_error_set(error, PV_ERR_USAGE, "user: a name of 1 to %d bytes without ':' is needed",
                            PV_SERVER_USER_MAX);
    if (!password || !*password || strlen(password) > PV_SERVER_PASSWORD_MAX)
        return pv_error_set(error, PV_ERR_USAGE, "password: 1 to %d bytes are needed",
                            PV_SERVER_PASSWORD_MAX);
    if (sodium_init() < 0)
        return pv_error_set(error, PV_ERR_INTERNAL, "libsodium does not start");
    login = g_new0(struct pv_login, 1);
    g_mutex_init(&login->lock);
    login->user = g_strdup(user);
    login->peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (crypto_pwhash_str(login->hash, password, strlen(password), PV_SERVER_ARGON_OPS,
                          PV_SERVER_ARGON_MEMORY) < 0)
        return pv_error_set(error, PV_ERR_NO_SPACE, "not enough memory to hash the password");
    *ret_login = g_steal_pointer(&login);
    return 0;
}

void
pv_login_free(pv_login *login)
{
    if (!login)
        return;
    g_hash_table_unref(login->peers);
    g_mutex_clear(&login->lock);
    sodium_memzero(login->hash, sizeof login->hash);
    g_free(login->user);
    g_free(login);
}

/* Compared by hash, so that neither length nor place of a difference shows in the time. */
static gboolean
same_text(const char *a, const char *b)
{
    unsigned char ha[crypto_generichash_BYTES], hb[crypto_generichash_BYTES];

    crypto_generichash(ha, sizeof ha, (const unsigned char *)a, strlen(a), NULL, 0);
    crypto_generichash(hb, sizeof hb, (const unsigned char *)b, strlen(b), NULL, 0);
    return sodium_memcmp(ha, hb, sizeof ha) == 0;
}

/* Who has one IPv6 address has the /64 around it and could guess from each of them anew. */
static char *
peer_key(const char *address)
{
    char prefix[INET6_ADDRSTRLEN];
    struct in6_addr in6;

    if (inet_pton(AF_INET6, address, &in6) != 1 || IN6_IS_ADDR_V4MAPPED(&in6))
        return g_strdup(address);
    memset(&in6.s6_addr[8], 0, 8);
    inet_ntop(AF_INET6, &in6, prefix, sizeof prefix);
    return g_strconcat(prefix, "/64", NULL);
}

static struct peer *
peer_of(pv_login *login, const char *key)
{
    struct peer *peer = g_hash_table_lookup(login->peers, key);

    if (peer)
        return peer;
    /* a table full of addresses is an attack: forgetting all is cheaper than growing */
    if (g_hash_table_size(login->peers) >= PV_SERVER_LOGIN_PEERS_MAX)
        g_hash_table_remove_all(login->peers);
    peer = g_new0(struct peer, 1);
    g_hash_table_insert(login->peers, g_strdup(key), peer);
    return peer;
}

static void
count_failure(struct peer *peer)
{
    int64_t wait = PV_SERVER_LOGIN_WAIT_MS;

    peer->failures++;
    if (peer->failures < PV_SERVER_LOGIN_FREE)
        return;
    for (unsigned i = PV_SERVER_LOGIN_FREE; i < peer->failures && wait < PV_SERVER_LOGIN_WAIT_MAX_MS; i++)
        wait *= 2;
    peer->blocked_till = g_get_monotonic_time() + MIN(wait, PV_SERVER_LOGIN_WAIT_MAX_MS) * 1000;
}

int
pv_login_check(pv_login *login, const char *peer_address, const char *user, const char *password,
               int64_t *ret_wait_ms, pv_error **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&login->lock);
    g_autofree char *key = peer_key(peer_address);
    struct peer *peer = peer_of(login, key);
    int64_t now = g_get_monotonic_time();
    gboolean user_ok, password_ok;

    if (peer->blocked_till > now) {
        *ret_wait_ms = (peer->blocked_till - now) / 1000 + 1;
        return pv_error_set(error, PV_ERR_BUSY, "too many failed logins: try again in %" G_GINT64_FORMAT " s",
                            (*ret_wait_ms + 999) / 1000);
    }
    user_ok = same_text(login->user, user);
    password_ok = strlen(password) <= PV_SERVER_PASSWORD_MAX &&
                  crypto_pwhash_str_verify(login->hash, password, strlen(password)) == 0;
    if (user_ok && password_ok) {
        g_hash_table_remove(login->peers, key);
        return 0;
    }
    count_failure(peer);
    return pv_error_set(error, PV_ERR_AUTH, "user name or password is wrong");
}

int
pv_login_basic(const char *header, char **ret_user, char **ret_password, pv_error **error)
{
    g_autofree guchar *text = NULL;
    gsize size = 0;
    guchar *colon;

    if (!header || g_ascii_strncasecmp(header, "Basic ", 6) != 0)
        return pv_error_set(error, PV_ERR_AUTH, "an Authorization header of type Basic is needed");
    text = g_base64_decode(header + 6, &size);
    colon = size ? memchr(text, ':', size) : NULL;
    if (!colon || memchr(text, '\0', size) || !g_utf8_validate((const char *)text, (gssize)size, NULL)) {
        explicit_bzero(text, size);
        return pv_error_set(error, PV_ERR_AUTH, "the Authorization header is malformed");
    }
    *ret_user = g_strndup((const char *)text, (gsize)(colon - text));
    *ret_password = g_strndup((const char *)colon + 1, size - (gsize)(colon + 1 - text));
    explicit_bzero(text, size);
    return 0;
}

void
pv_login_wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}
