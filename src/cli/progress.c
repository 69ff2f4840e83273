/* SPDX-License-Identifier: Apache-2.0 */
/* One line on stderr that shows how work stands, for terminals only, after the first second. */
#include "cli.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_CELLS    20
#define TARGET_CELLS 24 /* of the target's name, so that the figures keep their room */

struct cli_progress {
    pv_task *const *tasks;
    GThread *thread;
    GMutex lock;
    GCond changed;
    gboolean ended;
    gint64 started; /* monotonic */
    unsigned turn;
};

/* The first that still runs, and how many more do. */
static pv_task *
running(const struct cli_progress *progress, guint *ret_others)
{
    pv_task *first = NULL;

    *ret_others = 0;
    for (guint i = 0; progress->tasks[i]; i++) {
        enum pv_task_state state = pv_task_state(progress->tasks[i]);

        if (state != PV_TASK_RUNNING && state != PV_TASK_QUEUED)
            continue;
        if (first)
            ++*ret_others;
        else
            first = progress->tasks[i];
    }
    return first;
}

/* As much of text as fits into so many cells. */
static char *
cut(const char *text, unsigned cells)
{
    g_autoptr(GString) out = g_string_new(NULL);
    unsigned used = 0;

    for (const char *at = text; *at;) {
        const char *next = g_utf8_next_char(at);
        g_autofree char *one = g_strndup(at, (gsize)(next - at));

        used += pv_text_cells(one);
        if (used > cells)
            break;
        g_string_append(out, one);
        at = next;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *
short_target(const char *target)
{
    g_autofree char *safe = pv_text_safe(target);

    if (pv_text_cells(safe) > TARGET_CELLS) {
        g_autofree char *begin = cut(safe, TARGET_CELLS - 3);

        return g_strconcat(begin, "...", NULL);
    }
    return g_steal_pointer(&safe);
}

static void
append_bar(GString *line, double percent)
{
    gboolean utf8 = cli_utf8();
    int full = (int)(percent / 100 * BAR_CELLS);

    g_string_append(line, " [");
    for (int i = 0; i < BAR_CELLS; i++)
        g_string_append(line, i < full ? (utf8 ? "━" : "#") : (utf8 ? "·" : "-"));
    g_string_append_printf(line, "] %3.0f%%", percent);
}

/* "1.2 GiB of 2.0 GiB, 35 MiB/s" or "3 of 7 steps". */
static void
append_amount(GString *line, const struct pv_task_info *info, double seconds)
{
    gboolean bytes = g_strcmp0(info->unit, "bytes") == 0;
    g_autofree char *done = NULL;
    g_autofree char *total = NULL;

    if (info->done == PV_UNSET_INT || (!bytes && info->total == PV_UNSET_INT && info->done <= 0))
        return;
    done = bytes ? pv_size_text(info->done) : g_strdup_printf("%" G_GINT64_FORMAT, info->done);
    if (info->total != PV_UNSET_INT)
        total = bytes ? pv_size_text(info->total) : g_strdup_printf("%" G_GINT64_FORMAT, info->total);
    g_string_append_printf(line, "  %s%s%s", done, total ? " of " : "", total ? total : "");
    if (!bytes && info->unit)
        g_string_append_printf(line, " %s", info->unit);
    if (bytes && seconds > 0 && info->done > 0) {
        g_autofree char *rate = pv_size_text((int64_t)((double)info->done / seconds));

        g_string_append_printf(line, ", %s/s", rate);
    }
}

static unsigned
screen_cells(void)
{
    struct winsize size;

    /* asked each time, so that a resized window needs no signal */
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79;
}

static char *
make_line(struct cli_progress *progress)
{
    static const char *const dots[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" };
    static const char *const ascii[] = { "|", "/", "-", "\\" };
    double seconds = (double)(g_get_monotonic_time() - progress->started) / G_USEC_PER_SEC;
    g_autoptr(GString) line = g_string_new(NULL);
    struct pv_task_info *info;
    g_autofree char *target = NULL;
    guint others = 0;
    pv_task *task = running(progress, &others);

    if (!task)
        return NULL;
    info = pv_task_get_info(task);
    target = info->target ? short_target(info->target) : NULL;
    g_string_append_printf(line, "%s %s%s%s",
                           cli_utf8() ? dots[progress->turn % G_N_ELEMENTS(dots)]
                                      : ascii[progress->turn % G_N_ELEMENTS(ascii)],
                           info->operation, target ? " " : "", target ? target : "");
    if (others > 0)
        g_string_append_printf(line, " (and %u more)", others);
    if (!isnan(info->progress))
        append_bar(line, info->progress);
    append_amount(line, info, seconds);
    g_string_append_printf(line, "  %d:%02d", (int)seconds / 60, (int)seconds % 60);
    progress->turn++;
    pv_desc_free(&pv_task_info_desc, info);
    return cut(line->str, screen_cells());
}

static gpointer
show(gpointer data)
{
    struct cli_progress *progress = data;
    gint64 next = progress->started + CLI_PROGRESS_AFTER_MS * G_TIME_SPAN_MILLISECOND;

    g_mutex_lock(&progress->lock);
    while (!progress->ended) {
        if (!g_cond_wait_until(&progress->changed, &progress->lock, next)) {
            g_autofree char *line = make_line(progress);

            cli_talk_status(line);
            next = g_get_monotonic_time() + CLI_TICK_MS * G_TIME_SPAN_MILLISECOND;
        }
    }
    g_mutex_unlock(&progress->lock);
    cli_talk_status(NULL);
    return NULL;
}

cli_progress *
cli_progress_start(pv_task *const *tasks)
{
    cli_progress *progress;

    if (cli_talk_quiet() || !isatty(STDERR_FILENO))
        return NULL;
    progress = g_new0(cli_progress, 1);
    progress->tasks = tasks;
    progress->started = g_get_monotonic_time();
    g_mutex_init(&progress->lock);
    g_cond_init(&progress->changed);
    progress->thread = g_thread_new("progress", show, progress);
    return progress;
}

void
cli_progress_stop(cli_progress *progress)
{
    if (!progress)
        return;
    g_mutex_lock(&progress->lock);
    progress->ended = TRUE;
    g_cond_signal(&progress->changed);
    g_mutex_unlock(&progress->lock);
    g_thread_join(progress->thread);
    g_mutex_clear(&progress->lock);
    g_cond_clear(&progress->changed);
    g_free(progress);
}
