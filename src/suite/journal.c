/* SPDX-License-Identifier: Apache-2.0 */
/* What a run made, written down before it is made: a killed run's leavings can be found. JSON lines. */
#include "run-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define JOURNAL_MAX (64u << 20) /* bytes of a journal that is read */

struct suite_journal {
    GMutex lock;
    int fd;
    char *run, *uri;
    GHashTable *owned; /* "kind name" of what is intended or made */
};

static const struct pv_field own_fields[] = {
    PV_FIELD(suite_own, kind, PV_STRING, .flags = PV_F_TABLE, .help = "what it is"),
    PV_FIELD(suite_own, name, PV_STRING, .flags = PV_F_TABLE | PV_F_NAME, .help = "its name"),
    PV_FIELD(suite_own, parent, PV_STRING, .flags = PV_F_TABLE, .help = "where it lies"),
    PV_FIELD(suite_own, state, PV_STRING, .flags = PV_F_TABLE, .help = "intended, made, gone or left"),
    PV_FIELD(suite_own, run, PV_STRING, .flags = PV_F_TABLE, .help = "the run that made it"),
    PV_FIELD(suite_own, uri, PV_STRING, .title = "ENDPOINT", .flags = PV_F_WIDE, .help = "endpoint it is on"),
    PV_FIELD(suite_own, time, PV_TIME, .flags = PV_F_WIDE, .help = "when that was written"),
    { 0 },
};
const struct pv_desc suite_own_desc = { "own", sizeof(struct suite_own), own_fields, "what a run of the suite made" };

int
suite_journal_open(const char *path, const char *run, const char *uri, suite_journal **ret_journal, pv_error **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    suite_journal *journal;

    if (fd < 0)
        return pv_error_set(error, PV_ERR_FAILED, "cannot write the journal %s: %s", path, g_strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return pv_error_set(error, PV_ERR_BUSY, "the run of %s is under way", path);
    }
    journal = g_new0(suite_journal, 1);
    g_mutex_init(&journal->lock);
    journal->fd = fd;
    journal->run = g_strdup(run);
    journal->uri = pv_redact(uri);
    journal->owned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    *ret_journal = journal;
    return 0;
}

void
suite_journal_close(suite_journal *journal)
{
    if (!journal)
        return;
    close(journal->fd);
    g_mutex_clear(&journal->lock);
    g_free(journal->run);
    g_free(journal->uri);
    g_hash_table_unref(journal->owned);
    g_free(journal);
}

static int
write_line(suite_journal *journal, const GString *line, pv_error **error)
{
    for (size_t done = 0; done < line->len;) {
        ssize_t n = write(journal->fd, line->str + done, line->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return pv_error_set(error, errno == ENOSPC ? PV_ERR_NO_SPACE : PV_ERR_FAILED,
                                "the journal cannot be written: %s", g_strerror(errno));
        done += (size_t)n;
    }
    if (fdatasync(journal->fd) < 0)
        return pv_error_set(error, PV_ERR_FAILED, "the journal cannot be synced: %s", g_strerror(errno));
    return 0;
}

int
suite_journal_note(suite_journal *journal, const char *kind, const char *name, const char *parent, const char *state,
                   pv_error **error)
{
    struct suite_own own = { journal->run, (char *)kind, (char *)name, (char *)parent, journal->uri, (char *)state,
                             g_get_real_time() };
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *key = g_strdup_printf("%s %s", kind, name);
    int code;

    pv_json_write(line, &suite_own_desc, &own, 0);
    g_string_append_c(line, '\n');
    g_mutex_lock(&journal->lock);
    code = write_line(journal, line, error);
    if (code == 0 && g_str_equal(state, "gone"))
        g_hash_table_remove(journal->owned, key);
    else if (code == 0)
        g_hash_table_add(journal->owned, g_steal_pointer(&key));
    g_mutex_unlock(&journal->lock);
    return code;
}

gboolean
suite_journal_owns(suite_journal *journal, const char *kind, const char *name)
{
    g_autofree char *key = g_strdup_printf("%s %s", kind, name);
    gboolean owns;

    g_mutex_lock(&journal->lock);
    owns = g_hash_table_contains(journal->owned, key);
    g_mutex_unlock(&journal->lock);
    return owns;
}

/* ---- reading ---- */

static void
take_line(const char *line, size_t len, GPtrArray *order, GHashTable *last)
{
    void *object = NULL;
    struct suite_own *own;
    char *key;

    if (len == 0 || pv_json_read(line, len, &suite_own_desc, &object, NULL) < 0)
        return;
    own = object;
    if (!own->kind || !own->name || !own->state) {
        pv_desc_free(&suite_own_desc, own);
        return;
    }
    key = g_strdup_printf("%s %s", own->kind, own->name);
    g_ptr_array_add(order, own);
    g_hash_table_replace(last, key, own);
}

int
suite_journal_read(const char *path, GPtrArray **ret_left, pv_error **error)
{
    g_autoptr(GPtrArray) order = pv_list_new(&suite_own_desc), left = pv_list_new(&suite_own_desc);
    g_autoptr(GHashTable) last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GError) why = NULL;
    g_autofree char *text = NULL;
    gsize len;

    if (!g_file_get_contents(path, &text, &len, &why))
        return pv_error_set(error, PV_ERR_FAILED, "cannot read the journal %s: %s", path, why->message);
    if (len > JOURNAL_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "the journal %s is larger than %u bytes", path, JOURNAL_MAX);
    for (const char *at = text, *end; at < text + len; at = end + 1) {
        end = memchr(at, '\n', (size_t)(text + len - at));
        if (!end)
            break; /* the line a kill cut: what it says had not been asked for yet */
        take_line(at, (size_t)(end - at), order, last);
    }
    for (unsigned i = order->len; i-- > 0;) {
        struct suite_own *own = g_ptr_array_index(order, i);
        g_autofree char *key = g_strdup_printf("%s %s", own->kind, own->name);

        if (g_hash_table_lookup(last, key) == own && !g_str_equal(own->state, "gone"))
            g_ptr_array_add(left, pv_desc_copy(&suite_own_desc, own));
    }
    *ret_left = g_steal_pointer(&left);
    return 0;
}
