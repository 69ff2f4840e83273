/* SPDX-License-Identifier: Apache-2.0 */
#include "sessions.h"

#include "server-limits.h"

#include <errno.h>
#include <polyvirt/log.h>
#include <string.h>
#include <sys/random.h>

#define ID_BYTES 16

struct entry {
    struct pv_stored_session stored; /* .hash is the key of the table */
    int64_t written;                 /* .used as it stands on disk */
};

struct pv_sessions {
    GMutex lock;
    pv_store *store;
    int64_t idle_us;
    GHashTable *table; /* hash -> struct entry */
};

static guint
hash_of_key(gconstpointer key)
{
    guint value;

    memcpy(&value, key, sizeof value); /* SHA-256 is as good a hash as any */
    return value;
}

static gboolean
same_key(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, PV_STORE_HASH_SIZE) == 0;
}

static void
entry_free(gpointer data)
{
    struct entry *entry = data;

    g_free(entry->stored.user);
    g_free(entry);
}

void
pv_login_session_clear(struct pv_login_session *session)
{
    g_clear_pointer(&session->user, g_free);
}

static void
digest(const char *id, unsigned char hash[PV_STORE_HASH_SIZE])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = PV_STORE_HASH_SIZE;

    g_checksum_update(checksum, (const guchar *)id, -1);
    g_checksum_get_digest(checksum, hash, &size);
}

static gboolean
is_idle(const pv_sessions *sessions, const struct entry *entry, int64_t now)
{
    return now - entry->stored.used > sessions->idle_us;
}

static void
add(pv_sessions *sessions, const struct pv_stored_session *stored)
{
    struct entry *entry = g_new0(struct entry, 1);

    entry->stored = *stored;
    entry->stored.user = g_strdup(stored->user);
    entry->written = stored->used;
    g_hash_table_replace(sessions->table, entry->stored.hash, entry);
}

static void
load_one(const struct pv_stored_session *stored, void *data)
{
    add(data, stored);
}

int
pv_sessions_new(pv_store *store, int64_t idle_ms, pv_sessions **ret_sessions, pv_error **error)
{
    g_autoptr(pv_sessions) sessions = g_new0(struct pv_sessions, 1);
    int rc;

    g_mutex_init(&sessions->lock);
    sessions->store = store;
    sessions->idle_us = idle_ms * 1000;
    sessions->table = g_hash_table_new_full(hash_of_key, same_key, NULL, entry_free);
    if ((rc = pv_store_sessions(store, load_one, sessions, error)) < 0)
        return rc;
    pv_sessions_expire(sessions);
    *ret_sessions = g_steal_pointer(&sessions);
    return 0;
}

void
pv_sessions_free(pv_sessions *sessions)
{
    if (!sessions)
        return;
    g_hash_table_unref(sessions->table);
    g_mutex_clear(&sessions->lock);
    g_free(sessions);
}

static unsigned
count_of_user(pv_sessions *sessions, const char *user)
{
    GHashTableIter iter;
    gpointer value;
    unsigned count = 0;

    g_hash_table_iter_init(&iter, sessions->table);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        count += strcmp(((struct entry *)value)->stored.user, user) == 0;
    return count;
}

static int
random_id(char **ret_id, pv_error **error)
{
    unsigned char bytes[ID_BYTES];
    char *id;

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return pv_error_set(error, PV_ERR_INTERNAL, "no random bytes: %s", g_strerror(errno));
    id = g_malloc(2 * ID_BYTES + 1);
    for (size_t i = 0; i < sizeof bytes; i++)
        g_snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    *ret_id = id;
    return 0;
}

int
pv_sessions_create(pv_sessions *sessions, const char *user, char **ret_id, pv_error **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);
    struct pv_stored_session stored = { .user = (char *)user };
    g_autofree char *id = NULL;
    int rc;

    if (count_of_user(sessions, user) >= PV_SERVER_SESSIONS_MAX)
        return pv_error_set(error, PV_ERR_BUSY, "user %s has %d sessions already", user,
                            PV_SERVER_SESSIONS_MAX);
    if ((rc = random_id(&id, error)) < 0)
        return rc;
    digest(id, stored.hash);
    stored.created = stored.used = g_get_real_time();
    if ((rc = pv_store_session_put(sessions->store, &stored, error)) < 0)
        return rc;
    add(sessions, &stored);
    *ret_id = g_steal_pointer(&id);
    return 0;
}

/* Each use moves last_accessed_time, but not each use is worth a write to disk. */
static void
touch(pv_sessions *sessions, struct entry *entry, int64_t now)
{
    g_autoptr(pv_error) error = NULL;

    entry->stored.used = now;
    if (now - entry->written < (int64_t)PV_SERVER_TOUCH_MS * 1000)
        return;
    entry->written = now;
    if (pv_store_session_put(sessions->store, &entry->stored, &error) < 0)
        pv_log(PV_LOG_WARNING, "server", "%s", error->message);
}

gboolean
pv_sessions_use(pv_sessions *sessions, const char *id, struct pv_login_session *session)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);
    unsigned char hash[PV_STORE_HASH_SIZE];
    int64_t now = g_get_real_time();
    struct entry *entry;

    digest(id, hash);
    entry = g_hash_table_lookup(sessions->table, hash);
    if (!entry || is_idle(sessions, entry, now))
        return FALSE;
    if (session) {
        memcpy(session->hash, hash, sizeof hash);
        session->user = g_strdup(entry->stored.user);
        session->created = entry->stored.created;
        session->used = entry->stored.used;
    }
    touch(sessions, entry, now);
    return TRUE;
}

static void
remove_stored(pv_sessions *sessions, const unsigned char hash[PV_STORE_HASH_SIZE])
{
    g_autoptr(pv_error) error = NULL;

    if (pv_store_session_remove(sessions->store, hash, &error) < 0)
        pv_log(PV_LOG_WARNING, "server", "%s", error->message);
}

void
pv_sessions_remove(pv_sessions *sessions, const unsigned char hash[PV_STORE_HASH_SIZE])
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);

    if (g_hash_table_remove(sessions->table, hash))
        remove_stored(sessions, hash);
}

void
pv_sessions_expire(pv_sessions *sessions)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&sessions->lock);
    int64_t now = g_get_real_time();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, sessions->table);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct entry *entry = value;

        if (!is_idle(sessions, entry, now))
            continue;
        remove_stored(sessions, entry->stored.hash);
        g_hash_table_iter_remove(&iter);
    }
}
