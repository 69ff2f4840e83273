/* SPDX-License-Identifier: Apache-2.0 */
/* One back end: its connection, what its events say has changed, and looking at it again. */
#include "inventory-private.h"

#include "server-limits.h"

#include <polyvirt/log.h>

static void
link_end(gpointer data)
{
    struct pv_link *link = data;

    if (link->event_id)
        pv_event_unsubscribe(link->conn, link->event_id);
    pv_close(link->conn);
}

void
pv_link_unref(struct pv_link *link)
{
    if (link)
        g_atomic_rc_box_release_full(link, link_end);
}

pv_backend *
pv_backend_new(pv_inventory *inventory, const char *uri)
{
    pv_backend *backend = g_new0(pv_backend, 1);

    g_mutex_init(&backend->sync);
    g_mutex_init(&backend->lock);
    backend->inventory = inventory;
    backend->uri = g_strdup(uri);
    backend->dirty = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    backend->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    backend->all_dirty = backend->storage_dirty = TRUE;
    return backend;
}

void
pv_backend_free(pv_backend *backend)
{
    pv_link_unref(g_steal_pointer(&backend->link));
    g_hash_table_unref(backend->dirty);
    g_hash_table_unref(backend->by_id);
    g_mutex_clear(&backend->sync);
    g_mutex_clear(&backend->lock);
    g_free(backend->trouble);
    g_free(backend->uri);
    g_free(backend);
}

/* ---- events: only noted here, on the library's event thread ---- */

static void
wake_keeper(pv_inventory *inventory)
{
    g_mutex_lock(&inventory->keeper_lock);
    inventory->dirty = TRUE;
    g_cond_signal(&inventory->keeper_cond);
    g_mutex_unlock(&inventory->keeper_lock);
}

static void
note_vm(pv_backend *backend, const char *id)
{
    if (!id || g_hash_table_size(backend->dirty) >= PV_SERVER_REFRESH_MAX) {
        backend->all_dirty = TRUE;
        g_hash_table_remove_all(backend->dirty);
    } else if (!backend->all_dirty)
        g_hash_table_add(backend->dirty, g_strdup(id));
}

static void
on_event(const pv_event *event, void *data)
{
    pv_backend *backend = data;

    g_mutex_lock(&backend->lock);
    switch ((enum pv_event_kind)event->kind) {
    case PV_EVENT_CLOSED:
        backend->broken = TRUE;
        backend->all_dirty = TRUE;
        break;
    case PV_EVENT_LOST:
        backend->all_dirty = backend->storage_dirty = TRUE;
        break;
    case PV_EVENT_INVENTORY:
        backend->storage_dirty = TRUE;
        break;
    case PV_EVENT_SNAPSHOT:
    case PV_EVENT_VM_CHANGED:
    case PV_EVENT_VM_ADDED:
    case PV_EVENT_VM_REMOVED:
        note_vm(backend, event->vm);
        break;
    }
    g_mutex_unlock(&backend->lock);
    wake_keeper(backend->inventory);
}

/* ---- the connection ---- */

int
pv_backend_open(pv_backend *backend, pv_task *task, pv_error **error)
{
    g_autoptr(pv_error) no_events = NULL;
    struct pv_link *link, *other;
    g_autofree char *trouble = NULL;
    pv_conn *conn;
    unsigned event_id = 0;
    int rc = pv_open(backend->uri, &backend->inventory->options, task, &conn, error);

    if (rc < 0)
        return rc;
    if (pv_event_subscribe(conn, on_event, backend, &event_id, &no_events) < 0) {
        pv_log(PV_LOG_INFO, "server", "%s: no events (%s), lists are read again every %d ms", backend->uri,
               no_events->message, PV_SERVER_LIST_TTL_MS);
        event_id = 0;
    }
    link = g_atomic_rc_box_new0(struct pv_link);
    link->conn = conn;
    link->event_id = event_id;
    g_mutex_lock(&backend->lock);
    other = backend->link; /* an open that took long may have been overtaken by another */
    backend->link = link;
    backend->broken = FALSE;
    backend->all_dirty = backend->storage_dirty = TRUE; /* what happened meanwhile is not known */
    trouble = g_steal_pointer(&backend->trouble);
    g_mutex_unlock(&backend->lock);
    if (trouble)
        pv_log(PV_LOG_NOTICE, "server", "the back end %s is back", backend->uri);
    pv_link_unref(other);
    return 0;
}

static struct pv_link *
link_now(pv_backend *backend, gboolean *ret_may_try)
{
    struct pv_link *link = NULL, *dead = NULL;
    int64_t now = g_get_monotonic_time();

    g_mutex_lock(&backend->lock);
    if (backend->broken)
        dead = g_steal_pointer(&backend->link);
    backend->broken = FALSE;
    if (backend->link)
        link = g_atomic_rc_box_acquire(backend->link);
    *ret_may_try = !link && now - backend->tried >= (int64_t)PV_SERVER_REOPEN_MS * 1000;
    if (*ret_may_try)
        backend->tried = now;
    g_mutex_unlock(&backend->lock);
    pv_link_unref(dead);
    return link;
}

int
pv_backend_use(pv_backend *backend, pv_task *task, struct pv_link **ret_link, pv_error **error)
{
    gboolean may_try;
    struct pv_link *link = link_now(backend, &may_try);

    if (!link && may_try && pv_backend_open(backend, task, error) == 0)
        link = link_now(backend, &may_try);
    if (!link) {
        pv_error_clear(error);
        return pv_error_set(error, PV_ERR_CONNECT, "the back end %s is away", backend->uri);
    }
    *ret_link = link;
    return 0;
}

void
pv_backend_note(pv_backend *backend, int code)
{
    if (code != PV_ERR_CONNECT)
        return;
    g_mutex_lock(&backend->lock);
    backend->broken = TRUE;
    backend->all_dirty = TRUE;
    g_mutex_unlock(&backend->lock);
}

gboolean
pv_backend_is_up(const pv_backend *backend)
{
    pv_backend *b = (pv_backend *)backend;
    gboolean up;

    g_mutex_lock(&b->lock);
    up = b->link && !b->broken;
    g_mutex_unlock(&b->lock);
    return up;
}

/* ---- looking again ---- */

static gboolean
is_old(int64_t listed, int64_t ttl_ms)
{
    return g_get_monotonic_time() - listed >= ttl_ms * 1000;
}

static gboolean
needs_list(const pv_backend *backend)
{
    gboolean blind = !backend->link || backend->broken || !backend->link->event_id;

    return backend->all_dirty || (blind && is_old(backend->listed, PV_SERVER_LIST_TTL_MS));
}

gboolean
pv_backend_is_settled(pv_backend *backend)
{
    gboolean settled;

    g_mutex_lock(&backend->lock);
    settled = !needs_list(backend) && g_hash_table_size(backend->dirty) == 0;
    g_mutex_unlock(&backend->lock);
    return settled;
}

struct look {
    gboolean whole, storage;
    char **ids; /* VMs to look at; NULL: none */
};

/* Takes the marks off before looking: what changes while we look is marked anew. */
static void
take_marks(pv_backend *backend, gboolean storage, struct look *look)
{
    g_mutex_lock(&backend->lock);
    look->whole = needs_list(backend);
    look->storage = backend->storage_dirty ||
                    (storage && is_old(backend->storage_listed, PV_SERVER_STORAGE_TTL_MS));
    if (!look->whole && g_hash_table_size(backend->dirty)) {
        guint n;

        look->ids = (char **)g_hash_table_get_keys_as_array(backend->dirty, &n);
        g_hash_table_steal_all(backend->dirty);
    } else
        g_hash_table_remove_all(backend->dirty);
    backend->all_dirty = FALSE;
    if (look->storage)
        backend->storage_dirty = FALSE;
    g_mutex_unlock(&backend->lock);
}

/* A look that failed leaves its marks: the next reader tries again. */
static void
put_marks_back(pv_backend *backend, const struct look *look)
{
    g_mutex_lock(&backend->lock);
    backend->all_dirty |= look->whole || look->ids;
    backend->storage_dirty |= look->storage;
    g_mutex_unlock(&backend->lock);
}

static void
note_time(pv_backend *backend, int64_t *member)
{
    g_mutex_lock(&backend->lock);
    *member = g_get_monotonic_time();
    g_mutex_unlock(&backend->lock);
}

static int
list_whole(pv_backend *backend, pv_conn *conn, pv_task *task, pv_error **error)
{
    uint64_t look = pv_inventory_look(backend->inventory);
    GPtrArray *list = NULL;
    int rc = pv_vm_list(conn, NULL, PV_VM_LIST, task, &list, error);

    if (rc == 0)
        rc = pv_inventory_apply(backend, look, list, PV_VM_LIST, PV_APPLY_WHOLE, error);
    if (rc == 0)
        note_time(backend, &backend->listed);
    return rc;
}

static int
look_at_one(pv_backend *backend, pv_conn *conn, const char *id, pv_task *task, pv_error **error)
{
    const char *const refs[] = { id, NULL };
    g_autoptr(pv_error) cause = NULL;
    uint64_t look = pv_inventory_look(backend->inventory);
    GPtrArray *list = NULL;
    int rc = pv_vm_list(conn, refs, PV_VM_LIST, task, &list, &cause);

    if (rc == 0)
        return pv_inventory_apply(backend, look, list, PV_VM_LIST, PV_APPLY_CHANGED, error);
    if (rc != PV_ERR_NOT_FOUND)
        return pv_error_propagate(error, g_steal_pointer(&cause));
    pv_inventory_drop(backend, look, id);
    return 0;
}

/* All in one call; when one of them is gone that call fails, and each is looked at for itself. */
static int
look_at_some(pv_backend *backend, pv_conn *conn, char **ids, pv_task *task, pv_error **error)
{
    uint64_t look = pv_inventory_look(backend->inventory);
    GPtrArray *list = NULL;

    if (pv_vm_list(conn, (const char *const *)ids, PV_VM_LIST, task, &list, NULL) == 0)
        return pv_inventory_apply(backend, look, list, PV_VM_LIST, PV_APPLY_CHANGED, error);
    for (char **id = ids; *id; id++) {
        int rc = look_at_one(backend, conn, *id, task, error);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int
list_storage(pv_backend *backend, pv_conn *conn, pv_task *task, pv_error **error)
{
    static int (*const lists[])(pv_conn *, pv_task *, GPtrArray **, pv_error **) = {
        [PV_OBJECT_HOST] = pv_host_list,
        [PV_OBJECT_DATASTORE] = pv_datastore_list,
        [PV_OBJECT_NETWORK] = pv_network_list,
    };

    for (int kind = PV_OBJECT_HOST; kind <= PV_OBJECT_NETWORK; kind++) {
        g_autoptr(pv_error) cause = NULL;
        uint64_t look = pv_inventory_look(backend->inventory);
        GPtrArray *list = NULL;
        int rc = lists[kind](conn, task, &list, &cause);

        if (rc == PV_ERR_UNSUPPORTED)
            continue; /* this API has no such things */
        if (rc < 0)
            return pv_error_propagate(error, g_steal_pointer(&cause));
        rc = pv_inventory_apply_objects(backend, look, (enum pv_object_kind)kind, list, error);
        if (rc < 0)
            return rc;
    }
    note_time(backend, &backend->storage_listed);
    return 0;
}

static int
look_now(pv_backend *backend, const struct look *look, pv_task *task, pv_error **error)
{
    struct pv_link *link;
    int rc = pv_backend_use(backend, task, &link, error);

    if (rc < 0)
        return rc;
    if (look->whole)
        rc = list_whole(backend, link->conn, task, error);
    else if (look->ids)
        rc = look_at_some(backend, link->conn, look->ids, task, error);
    if (rc == 0 && look->storage)
        rc = list_storage(backend, link->conn, task, error);
    pv_backend_note(backend, rc);
    pv_link_unref(link);
    return rc;
}

int
pv_backend_settle(pv_backend *backend, gboolean storage, pv_task *task, pv_error **error)
{
    struct look look = { 0 };
    int rc = 0;

    g_mutex_lock(&backend->sync);
    take_marks(backend, storage, &look);
    if (look.whole || look.ids || look.storage)
        rc = look_now(backend, &look, task, error);
    if (rc < 0)
        put_marks_back(backend, &look);
    g_mutex_unlock(&backend->sync);
    g_strfreev(look.ids);
    return rc;
}
