/* SPDX-License-Identifier: Apache-2.0 */
/* Removes what killed runs left, by their journals alone: what no journal names is never touched. */
#include "run-priv.h"

#include <string.h>

static int
clean_one(pv_conn *conn, struct suite_own *own, gboolean dry, pv_task *task)
{
    g_autoptr(pv_error) why = NULL;
    int code = dry ? 0 : suite_own_remove(conn, own, task, &why);

    if (code < 0)
        pv_log(PV_LOG_WARNING, "suite", "%s %s: %s", own->kind, own->name, why->message);
    if (!dry) {
        g_free(own->state);
        own->state = g_strdup(code < 0 ? "left" : "gone");
    }
    return code;
}

static int
clean_left(pv_conn *conn, suite_journal *journal, const GPtrArray *left, const char *uri, gboolean dry, pv_task *task,
           GPtrArray *done, pv_error **error)
{
    int code = 0;

    for (unsigned i = 0; code == 0 && i < left->len; i++) {
        struct suite_own *own = g_ptr_array_index(left, i);

        if (g_strcmp0(own->uri, uri) != 0)
            continue; /* the same name elsewhere is another thing */
        code = pv_task_check(task, error);
        if (code == 0 && clean_one(conn, own, dry, task) == 0 && !dry)
            code = suite_journal_note(journal, own->kind, own->name, own->parent, "gone", error);
        g_ptr_array_add(done, pv_desc_copy(&suite_own_desc, own));
    }
    return code;
}

/* What a run under way made is not left over. */
static int
clean_journal(pv_conn *conn, const char *path, const char *uri, gboolean dry, pv_task *task, GPtrArray *done,
              pv_error **error)
{
    g_autoptr(suite_journal) journal = NULL;
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(pv_error) why = NULL;
    g_autofree char *run = g_path_get_dirname(path), *id = g_path_get_basename(run);
    int code = suite_journal_open(path, id, uri, &journal, &why);

    if (code == PV_ERR_BUSY)
        return 0;
    if (code == 0)
        code = suite_journal_read(path, &left, &why);
    if (code < 0)
        return pv_error_propagate(error, g_steal_pointer(&why));
    return clean_left(conn, journal, left, uri, dry, task, done, error);
}

int
suite_cleanup(pv_conn *conn, const char *folder, gboolean dry, pv_task *task, GPtrArray **ret_done, pv_error **error)
{
    g_autoptr(GPtrArray) done = pv_list_new(&suite_own_desc);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autofree char *uri = pv_redact(pv_conn_uri(conn));
    const char *name;
    int code = 0;

    while (code == 0 && dir && (name = g_dir_read_name(dir))) {
        g_autofree char *run = g_build_filename(folder, name, NULL);
        g_autofree char *path = g_build_filename(run, "journal.jsonl", NULL);

        if (g_file_test(run, G_FILE_TEST_IS_SYMLINK) || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
            continue; /* "latest" would be seen twice */
        code = clean_journal(conn, path, uri, dry, task, done, error);
    }
    if (code == 0)
        *ret_done = g_steal_pointer(&done);
    return code;
}
