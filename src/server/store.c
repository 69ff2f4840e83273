/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define FIRST_NUMBER   10 /* below it are the fixed ids of the tree (tree.h) */
#define BUSY_MS        5000

static const char schema[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE backends (id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);"
    /* AUTOINCREMENT: a number stays used after its row is gone */
    "CREATE TABLE objects (number INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
    " backend INTEGER NOT NULL, native TEXT NOT NULL, identity TEXT, guest_os TEXT,"
    " UNIQUE (kind, backend, native));"
    "CREATE TABLE sessions (hash BLOB PRIMARY KEY, user TEXT NOT NULL, created INTEGER NOT NULL,"
    " used INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE tasks (number INTEGER PRIMARY KEY, service TEXT, operation TEXT, user TEXT,"
    " description TEXT, status TEXT NOT NULL, target_type TEXT, target TEXT, result TEXT, error TEXT,"
    " started INTEGER NOT NULL, ended INTEGER NOT NULL);";

enum statement {
    S_BACKEND_GET, S_BACKEND_ADD, S_NUMBER_GET, S_NUMBER_ADD, S_IDENTITY_SET, S_FORGET, S_OS_GET, S_OS_SET,
    S_SESSIONS, S_SESSION_PUT, S_SESSION_REMOVE,
    S_TASK_PUT, S_TASK_GET, S_TASKS, S_TASKS_ABANDON, S_TASKS_TRIM, S_TASK_NUMBERS_TRIM,
    S_COUNT
};

#define TASK_COLUMNS "number, service, operation, user, description, status, target_type, target," \
                     " result, error, started, ended"
static const char *const statements[S_COUNT] = {
    [S_BACKEND_GET] = "SELECT id FROM backends WHERE uri = ?1",
    [S_BACKEND_ADD] = "INSERT INTO backends (uri) VALUES (?1)",
    [S_NUMBER_GET] = "SELECT number, identity FROM objects WHERE kind = ?1 AND backend = ?2 AND native = ?3",
    [S_NUMBER_ADD] = "INSERT INTO objects (kind, backend, native, identity) VALUES (?1, ?2, ?3, ?4)",
    [S_IDENTITY_SET] = "UPDATE objects SET identity = ?2 WHERE number = ?1",
    [S_FORGET] = "DELETE FROM objects WHERE number = ?1",
    [S_OS_GET] = "SELECT guest_os FROM objects WHERE number = ?1",
    [S_OS_SET] = "UPDATE objects SET guest_os = ?2 WHERE number = ?1",
    [S_SESSIONS] = "SELECT hash, user, created, used FROM sessions",
    [S_SESSION_PUT] = "INSERT OR REPLACE INTO sessions (hash, user, created, used) VALUES (?1, ?2, ?3, ?4)",
    [S_SESSION_REMOVE] = "DELETE FROM sessions WHERE hash = ?1",
    [S_TASK_PUT] = "INSERT OR REPLACE INTO tasks (" TASK_COLUMNS ")"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [S_TASK_GET] = "SELECT " TASK_COLUMNS " FROM tasks WHERE number = ?1",
    [S_TASKS] = "SELECT " TASK_COLUMNS " FROM tasks ORDER BY number",
    [S_TASKS_ABANDON] = "UPDATE tasks SET status = 'FAILED', error = ?1, ended = ?2 WHERE ended = 0",
    [S_TASKS_TRIM] = "DELETE FROM tasks WHERE ended <> 0 AND number NOT IN"
                     " (SELECT number FROM tasks WHERE ended <> 0 ORDER BY number DESC LIMIT ?1)",
    [S_TASK_NUMBERS_TRIM] = "DELETE FROM objects WHERE kind = ?1"
                            " AND number NOT IN (SELECT number FROM tasks)",
};

struct pv_store {
    GRecMutex lock; /* recursive: held from begin to commit */
    sqlite3 *db;
    sqlite3_stmt *statements[S_COUNT];
    int lock_fd;
    char *path;
    char *uuid;
};

void
pv_store_close(pv_store *store)
{
    if (!store)
        return;
    for (int i = 0; i < S_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    g_rec_mutex_clear(&store->lock);
    g_free(store->path);
    g_free(store->uuid);
    g_free(store);
}

static int
store_error(pv_store *store, pv_error **error)
{
    return pv_error_set(error, PV_ERR_FAILED, "state file %s: %s", store->path, sqlite3_errmsg(store->db));
}

static int
run_sql(pv_store *store, const char *sql, pv_error **error)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return store_error(store, error);
    return 0;
}

/* ---- one statement: bind in order, step, reset ---- */

static sqlite3_stmt *
use(pv_store *store, enum statement which)
{
    sqlite3_stmt *stmt = store->statements[which];

    if (stmt) {
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
    }
    return stmt;
}

static void
bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC); /* NULL text binds NULL */
}

/* Runs a statement that returns no row. */
static int
finish(pv_store *store, sqlite3_stmt *stmt, pv_error **error)
{
    int rc = sqlite3_step(stmt);

    sqlite3_reset(stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : store_error(store, error);
}

static char *
column(sqlite3_stmt *stmt, int at)
{
    return g_strdup((const char *)sqlite3_column_text(stmt, at));
}

/* ---- open ---- */

static int
take_directory(pv_store *store, const char *dir, pv_error **error)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);

    if (g_mkdir_with_parents(dir, 0700) < 0)
        return pv_error_set(error, PV_ERR_FAILED, "cannot make the state directory %s: %s", dir,
                            g_strerror(errno));
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return pv_error_set(error, PV_ERR_FAILED, "cannot open %s: %s", path, g_strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return pv_error_set(error, PV_ERR_BUSY, "the state directory %s belongs to a server that is running",
                            dir);
    return 0;
}

static int
pragma_version(pv_store *store)
{
    sqlite3_stmt *stmt = NULL;
    int version = -1;

    if (sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static int
make_schema(pv_store *store, pv_error **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *sql = NULL;
    int version = pragma_version(store);

    if (version < 0)
        return store_error(store, error);
    if (version > SCHEMA_VERSION)
        return pv_error_set(error, PV_ERR_UNSUPPORTED, "state file %s: written by a newer polyvirt",
                            store->path);
    if (version == SCHEMA_VERSION)
        return 0;
    sql = g_strdup_printf("BEGIN; %s INSERT INTO sqlite_sequence (name, seq) VALUES ('objects', %d);"
                          "INSERT INTO meta VALUES ('instance_uuid', '%s');"
                          "PRAGMA user_version = %d; COMMIT;",
                          schema, FIRST_NUMBER - 1, uuid, SCHEMA_VERSION);
    return run_sql(store, sql, error);
}

static int
prepare(pv_store *store, pv_error **error)
{
    sqlite3_stmt *stmt = NULL;

    for (int i = 0; i < S_COUNT; i++)
        if (sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i],
                               NULL) != SQLITE_OK)
            return store_error(store, error);
    if (sqlite3_prepare_v2(store->db, "SELECT value FROM meta WHERE key = 'instance_uuid'", -1, &stmt,
                           NULL) ==
            SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        store->uuid = column(stmt, 0);
    sqlite3_finalize(stmt);
    return store->uuid ? 0 : pv_error_set(error, PV_ERR_FAILED, "state file %s: not polyvirt's", store->path);
}

int
pv_store_open(const char *dir, pv_store **ret_store, pv_error **error)
{
    g_autoptr(pv_store) store = g_new0(pv_store, 1);
    int rc;

    g_rec_mutex_init(&store->lock);
    store->lock_fd = -1;
    store->path = g_build_filename(dir, "polyvirt.db", NULL);
    if ((rc = take_directory(store, dir, error)) < 0)
        return rc;
    if (sqlite3_open_v2(store->path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return store_error(store, error);
    g_chmod(store->path, 0600); /* before WAL: SQLite gives its other files the same mode */
    sqlite3_busy_timeout(store->db, BUSY_MS);
    /* WAL with NORMAL: a killed process loses nothing; a power cut may lose the last moments, never
     * the file */
    if ((rc = run_sql(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", error)) < 0 ||
        (rc = make_schema(store, error)) < 0 || (rc = prepare(store, error)) < 0)
        return rc;
    *ret_store = g_steal_pointer(&store);
    return 0;
}

const char *
pv_store_instance_uuid(const pv_store *store)
{
    return store->uuid;
}

void
pv_store_begin(pv_store *store)
{
    g_rec_mutex_lock(&store->lock);
    sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
}

int
pv_store_commit(pv_store *store, pv_error **error)
{
    int rc = run_sql(store, "COMMIT", error);

    if (rc < 0)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    g_rec_mutex_unlock(&store->lock);
    return rc;
}

/* ---- numbers ---- */

int
pv_store_backend(pv_store *store, const char *uri, int64_t *ret_backend, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_BACKEND_GET);
    int rc;

    bind_text(stmt, 1, uri);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        *ret_backend = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        return 0;
    }
    sqlite3_reset(stmt);
    stmt = use(store, S_BACKEND_ADD);
    bind_text(stmt, 1, uri);
    if ((rc = finish(store, stmt, error)) < 0)
        return rc;
    *ret_backend = sqlite3_last_insert_rowid(store->db);
    return 0;
}

static void
bind_object(sqlite3_stmt *stmt, enum pv_object_kind kind, int64_t backend, const char *native)
{
    sqlite3_bind_int(stmt, 1, (int)kind);
    sqlite3_bind_int64(stmt, 2, backend);
    bind_text(stmt, 3, native);
}

/* The stored number (0: none) and identity of an object. */
static int64_t
find_number(pv_store *store, enum pv_object_kind kind, int64_t backend, const char *native,
            char **ret_identity)
{
    sqlite3_stmt *stmt = use(store, S_NUMBER_GET);
    int64_t number = 0;

    bind_object(stmt, kind, backend, native);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        number = sqlite3_column_int64(stmt, 0);
        *ret_identity = column(stmt, 1);
    }
    sqlite3_reset(stmt);
    return number;
}

static int
set_identity(pv_store *store, int64_t number, const char *identity, pv_error **error)
{
    sqlite3_stmt *stmt = use(store, S_IDENTITY_SET);

    sqlite3_bind_int64(stmt, 1, number);
    bind_text(stmt, 2, identity);
    return finish(store, stmt, error);
}

int
pv_store_number(pv_store *store, enum pv_object_kind kind, int64_t backend, const char *native,
                const char *identity, int64_t *ret_number, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    g_autofree char *known = NULL;
    int64_t number = find_number(store, kind, backend, native, &known);
    sqlite3_stmt *stmt;
    int rc = 0;

    if (number && identity && known && !g_str_equal(identity, known)) {
        rc = pv_store_forget(store, number, error); /* another object under a name of old */
        number = 0;
    } else if (number && identity && !known)
        rc = set_identity(store, number, identity, error);
    if (rc < 0)
        return rc;
    if (!number) {
        stmt = use(store, S_NUMBER_ADD);
        bind_object(stmt, kind, backend, native);
        bind_text(stmt, 4, identity);
        if ((rc = finish(store, stmt, error)) < 0)
            return rc;
        number = sqlite3_last_insert_rowid(store->db);
    }
    *ret_number = number;
    return 0;
}

int
pv_store_forget(pv_store *store, int64_t number, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_FORGET);

    sqlite3_bind_int64(stmt, 1, number);
    return finish(store, stmt, error);
}

char *
pv_store_guest_os(pv_store *store, int64_t number)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_OS_GET);
    char *guest_os = NULL;

    sqlite3_bind_int64(stmt, 1, number);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        guest_os = column(stmt, 0);
    sqlite3_reset(stmt);
    return guest_os;
}

int
pv_store_set_guest_os(pv_store *store, int64_t number, const char *guest_os, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_OS_SET);

    sqlite3_bind_int64(stmt, 1, number);
    bind_text(stmt, 2, guest_os);
    return finish(store, stmt, error);
}

/* ---- sessions ---- */

int
pv_store_sessions(pv_store *store, pv_store_session_fn fn, void *data, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_SESSIONS);
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct pv_stored_session session = { 0 };

        if (sqlite3_column_bytes(stmt, 0) != PV_STORE_HASH_SIZE)
            continue;
        memcpy(session.hash, sqlite3_column_blob(stmt, 0), PV_STORE_HASH_SIZE);
        session.user = column(stmt, 1);
        session.created = sqlite3_column_int64(stmt, 2);
        session.used = sqlite3_column_int64(stmt, 3);
        fn(&session, data);
        g_free(session.user);
    }
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? 0 : store_error(store, error);
}

int
pv_store_session_put(pv_store *store, const struct pv_stored_session *session, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_SESSION_PUT);

    sqlite3_bind_blob(stmt, 1, session->hash, PV_STORE_HASH_SIZE, SQLITE_STATIC);
    bind_text(stmt, 2, session->user);
    sqlite3_bind_int64(stmt, 3, session->created);
    sqlite3_bind_int64(stmt, 4, session->used);
    return finish(store, stmt, error);
}

int
pv_store_session_remove(pv_store *store, const unsigned char hash[PV_STORE_HASH_SIZE], pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_SESSION_REMOVE);

    sqlite3_bind_blob(stmt, 1, hash, PV_STORE_HASH_SIZE, SQLITE_STATIC);
    return finish(store, stmt, error);
}

/* ---- tasks ---- */

void
pv_stored_task_free(struct pv_stored_task *task)
{
    if (!task)
        return;
    g_free(task->service);
    g_free(task->operation);
    g_free(task->user);
    g_free(task->description);
    g_free(task->status);
    g_free(task->target_type);
    g_free(task->target);
    g_free(task->result);
    g_free(task->error);
    g_free(task);
}

static struct pv_stored_task *
task_row(sqlite3_stmt *stmt)
{
    struct pv_stored_task *task = g_new0(struct pv_stored_task, 1);
    char **texts[] = { &task->service,     &task->operation, &task->user,   &task->description, &task->status,
                       &task->target_type, &task->target,    &task->result, &task->error };

    task->number = sqlite3_column_int64(stmt, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        *texts[i] = column(stmt, (int)i + 1);
    task->started = sqlite3_column_int64(stmt, 10);
    task->ended = sqlite3_column_int64(stmt, 11);
    return task;
}

int
pv_store_task_put(pv_store *store, const struct pv_stored_task *task, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_TASK_PUT);
    const char *texts[] = { task->service,     task->operation, task->user,   task->description, task->status,
                            task->target_type, task->target,    task->result, task->error };

    sqlite3_bind_int64(stmt, 1, task->number);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        bind_text(stmt, (int)i + 2, texts[i]);
    sqlite3_bind_int64(stmt, 11, task->started);
    sqlite3_bind_int64(stmt, 12, task->ended);
    return finish(store, stmt, error);
}

struct pv_stored_task *
pv_store_task_get(pv_store *store, int64_t number)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_TASK_GET);
    struct pv_stored_task *task = NULL;

    sqlite3_bind_int64(stmt, 1, number);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        task = task_row(stmt);
    sqlite3_reset(stmt);
    return task;
}

int
pv_store_tasks(pv_store *store, pv_store_task_fn fn, void *data, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_TASKS);
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        g_autoptr(pv_stored_task) task = task_row(stmt);

        fn(task, data);
    }
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? 0 : store_error(store, error);
}

int
pv_store_tasks_abandon(pv_store *store, const char *error_json, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_TASKS_ABANDON);

    bind_text(stmt, 1, error_json);
    sqlite3_bind_int64(stmt, 2, g_get_real_time());
    return finish(store, stmt, error);
}

int
pv_store_tasks_trim(pv_store *store, int keep, pv_error **error)
{
    g_autoptr(GRecMutexLocker) locker = g_rec_mutex_locker_new(&store->lock);
    sqlite3_stmt *stmt = use(store, S_TASKS_TRIM);
    int rc;

    sqlite3_bind_int(stmt, 1, keep);
    if ((rc = finish(store, stmt, error)) < 0)
        return rc;
    stmt = use(store, S_TASK_NUMBERS_TRIM);
    sqlite3_bind_int(stmt, 1, PV_OBJECT_TASK);
    return finish(store, stmt, error);
}
