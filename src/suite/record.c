/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run folder: run.json (the run, written at its start and its end), results.jsonl (a line a case),
 * journal.jsonl (journal.c). Every report is made of it, also of a run that was killed.
 */
#include "run-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESULTS_MAX (1u << 30) /* bytes of results that are read back */

struct suite_record {
    GMutex lock;
    char *path;
    int fd; /* of results.jsonl */
};

static int
fail(const char *what, const char *path, pv_error **error)
{
    int code = errno == ENOSPC ? PV_ERR_NO_SPACE : PV_ERR_FAILED;

    return pv_error_set(error, (enum pv_code)code, "cannot write the %s %s: %s", what, path, g_strerror(errno));
}

static int
write_run(const char *folder, const struct suite_run *run, pv_error **error)
{
    g_autofree char *path = g_build_filename(folder, "run.json", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) why = NULL;

    pv_json_write(text, &suite_run_desc, run, PV_WRITE_PRETTY);
    g_string_append_c(text, '\n');
    if (!g_file_set_contents_full(path, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &why))
        return pv_error_set(error, PV_ERR_FAILED, "cannot write the run: %s", why->message);
    return 0;
}

/* "latest" moves at once: a link made beside it and renamed over it. */
static void
point_latest(const char *folder, const char *id)
{
    g_autofree char *link = g_build_filename(folder, "latest", NULL);
    g_autofree char *made = g_strdup_printf("%s.%s", link, id);

    if (symlink(id, made) == 0 && rename(made, link) < 0)
        unlink(made);
}

int
suite_record_open(const char *folder, const struct suite_run *run, suite_record **ret_record, pv_error **error)
{
    g_autofree char *path = g_build_filename(folder, run->id, NULL);
    g_autofree char *results = g_build_filename(path, "results.jsonl", NULL);
    suite_record *record;
    int fd;

    if (g_mkdir_with_parents(path, 0700) < 0)
        return fail("run folder", path, error);
    if (write_run(path, run, error) < 0)
        return PV_ERR_FAILED;
    fd = open(results, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail("results", results, error);
    point_latest(folder, run->id);
    record = g_new0(suite_record, 1);
    g_mutex_init(&record->lock);
    record->path = g_steal_pointer(&path);
    record->fd = fd;
    *ret_record = record;
    return 0;
}

int
suite_record_result(suite_record *record, const struct suite_result *result, pv_error **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    int code = 0;

    pv_json_write(line, &suite_result_desc, result, 0);
    g_string_append_c(line, '\n');
    g_mutex_lock(&record->lock);
    for (size_t done = 0; code == 0 && done < line->len;) {
        ssize_t n = write(record->fd, line->str + done, line->len - done);

        if (n < 0 && errno != EINTR)
            code = fail("results of", record->path, error);
        done += n > 0 ? (size_t)n : 0;
    }
    g_mutex_unlock(&record->lock);
    return code;
}

int
suite_record_finish(suite_record *record, const struct suite_run *run, pv_error **error)
{
    return write_run(record->path, run, error);
}

const char *
suite_record_path(const suite_record *record)
{
    return record->path;
}

void
suite_record_close(suite_record *record)
{
    if (!record)
        return;
    close(record->fd);
    g_mutex_clear(&record->lock);
    g_free(record->path);
    g_free(record);
}

/* ---- reading back ---- */

static int
read_run(const char *folder, suite_run **ret_run, pv_error **error)
{
    g_autofree char *path = g_build_filename(folder, "run.json", NULL), *text = NULL;
    g_autoptr(GError) why = NULL;
    void *run = NULL;
    gsize len;
    int code;

    if (!g_file_get_contents(path, &text, &len, &why))
        return pv_error_set(error, PV_ERR_NOT_FOUND, "%s is no run folder: %s", folder, why->message);
    code = pv_json_read(text, len, &suite_run_desc, &run, error);
    if (code < 0)
        pv_error_prefix(error, "%s: ", path);
    else
        *ret_run = run;
    return code;
}

/* A last line without its end was cut by a kill. */
static int
read_results(const char *folder, GPtrArray *results, pv_error **error)
{
    g_autofree char *path = g_build_filename(folder, "results.jsonl", NULL), *text = NULL;
    g_autoptr(GError) why = NULL;
    unsigned number = 0;
    struct stat info;
    gsize len;

    if (stat(path, &info) == 0 && info.st_size > (off_t)RESULTS_MAX)
        return pv_error_set(error, PV_ERR_INVALID, "%s is larger than %u bytes", path, RESULTS_MAX);
    if (!g_file_get_contents(path, &text, &len, &why))
        return pv_error_set(error, PV_ERR_NOT_FOUND, "the run has no results: %s", why->message);
    for (char *at = text, *end; (end = memchr(at, '\n', (size_t)(text + len - at))); at = end + 1) {
        void *result = NULL;

        number++;
        if (pv_json_read(at, (size_t)(end - at), &suite_result_desc, &result, error) < 0) {
            pv_error_prefix(error, "%s:%u: ", path, number);
            return PV_ERR_INVALID;
        }
        g_ptr_array_add(results, result);
    }
    return 0;
}

int
suite_record_read(const char *path, suite_run **ret_run, GPtrArray **ret_results, pv_error **error)
{
    g_autoptr(GPtrArray) results = pv_list_new(&suite_result_desc);
    g_autoptr(suite_run) run = NULL;
    int code = read_run(path, &run, error);

    if (code == 0)
        code = read_results(path, results, error);
    if (code < 0)
        return code;
    *ret_run = g_steal_pointer(&run);
    *ret_results = g_steal_pointer(&results);
    return 0;
}
