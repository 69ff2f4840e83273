/* SPDX-License-Identifier: Apache-2.0 */
/* Everything said on stderr: errors, warnings, trace lines and the one line that moves. */
#include "cli.h"

#include <polyvirt/log.h>

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    GMutex lock; /* stderr is written from several threads */
    gboolean quiet, verbose, json;
    int color; /* PV_UNSET_BOOL: as the terminal and the environment say */
    gboolean status_shown;
} talk = { .color = PV_UNSET_BOOL };

gboolean
cli_talk_quiet(void)
{
    return talk.quiet;
}

gboolean
cli_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static gboolean
env_is(const char *name, const char *off)
{
    const char *value = getenv(name);

    return value && *value && (!off || strcmp(value, off) != 0);
}

gboolean
cli_color(int fd)
{
    if (talk.color != PV_UNSET_BOOL)
        return talk.color;
    if (env_is("NO_COLOR", NULL))
        return FALSE;
    if (env_is("CLICOLOR_FORCE", "0"))
        return TRUE;
    if (g_strcmp0(getenv("CLICOLOR"), "0") == 0 || g_strcmp0(getenv("TERM"), "dumb") == 0)
        return FALSE;
    return isatty(fd);
}

/* With the lock held: takes the moving line away. */
static void
wipe_status(void)
{
    if (talk.status_shown)
        fputs("\r\033[K", stderr);
    talk.status_shown = FALSE;
}

void
cli_talk_status(const char *line)
{
    g_mutex_lock(&talk.lock);
    wipe_status();
    if (line) {
        fputs(line, stderr);
        talk.status_shown = TRUE;
    }
    fflush(stderr);
    g_mutex_unlock(&talk.lock);
}

/* One line, prefix first; text is made safe for a terminal. */
static void
put_line(const char *prefix, const char *sgr, const char *text)
{
    g_autofree char *safe = pv_text_safe(text);

    g_mutex_lock(&talk.lock);
    wipe_status();
    if (sgr && cli_color(STDERR_FILENO))
        fprintf(stderr, "\033[%sm%s\033[0m%s\n", sgr, prefix, safe);
    else
        fprintf(stderr, "%s%s\n", prefix, safe);
    fflush(stderr);
    g_mutex_unlock(&talk.lock);
}

void
cli_say(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (talk.quiet)
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    put_line("", NULL, text);
}

void
cli_warn(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (talk.quiet)
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    put_line("polyvirt: warning: ", "33", text);
}

/* ---- errors ---- */

static void
append_member(GString *out, const char *name, const char *text)
{
    if (!text)
        return;
    if (out->str[out->len - 1] != '{')
        g_string_append_c(out, ',');
    pv_json_write_string(out, name);
    g_string_append_c(out, ':');
    pv_json_write_string(out, text);
}

static void
print_json_error(const pv_error *error, const char *where)
{
    g_autoptr(GString) out = g_string_new("{\"error\":{");

    append_member(out, "code", pv_code_name(error->code));
    append_member(out, "message", error->message);
    append_member(out, "hint", error->hint);
    append_member(out, "endpoint", where);
    append_member(out, "native_source", error->native_source);
    append_member(out, "native_code", error->native_code);
    append_member(out, "native_message", error->native_message);
    g_string_append(out, "}}\n");
    g_mutex_lock(&talk.lock);
    wipe_status();
    fwrite(out->str, 1, out->len, stderr);
    fflush(stderr);
    g_mutex_unlock(&talk.lock);
}

static void
print_native(const pv_error *error)
{
    const char *source = error->native_source ? error->native_source : "";
    const char *code = error->native_code ? error->native_code : "";
    g_autofree char *text = g_strdup_printf("%s %s: %s", source, code, error->native_message);

    put_line("native: ", NULL, text);
}

void
cli_error_print(const pv_error *error, const char *where)
{
    g_autofree char *text = NULL;

    if (talk.json) {
        print_json_error(error, where);
        return;
    }
    text = where ? g_strdup_printf("%s: %s", where, error->message) : g_strdup(error->message);
    put_line("polyvirt: ", "31", text);
    if (error->hint)
        put_line("hint: ", NULL, error->hint);
    if (talk.verbose && error->native_message)
        print_native(error);
}

int
cli_exit_worst(int a, int b)
{
    static const int order[] = { CLI_EXIT_INTERRUPTED, CLI_EXIT_UNKNOWN, CLI_EXIT_FAILED,
                                 CLI_EXIT_CONNECT, CLI_EXIT_USAGE, CLI_EXIT_NOT_FOUND };

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return MAX(a, b);
}

/* ---- the library's log ---- */

static void
log_line(enum pv_log_level level, const char *component, const char *text, void *data)
{
    static const char *const prefixes[] = {
        [PV_LOG_WARNING] = "polyvirt: warning: ", [PV_LOG_NOTICE] = "note: ",
        [PV_LOG_INFO] = "polyvirt: ", [PV_LOG_TRACE] = "trace ",
    };
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *prefix = NULL;

    (void)data;
    prefix = level == PV_LOG_TRACE ? g_strdup_printf("%s%s: ", prefixes[level], component)
                                   : g_strdup(prefixes[level]);
    for (char **line = lines; *line; line++)
        if (**line || line == lines)
            put_line(prefix, level == PV_LOG_WARNING ? "33" : NULL, *line);
}

/* A command line that cannot be read may still say that errors are wanted as JSON. */
void
cli_talk_guess(const char *const *argv)
{
    for (; *argv; argv++) {
        const char *value = NULL;

        if (strcmp(*argv, "--output") == 0 || strcmp(*argv, "-o") == 0)
            value = argv[1];
        else if (g_str_has_prefix(*argv, "--output="))
            value = *argv + strlen("--output=");
        else if (g_str_has_prefix(*argv, "-o"))
            value = *argv + 2;
        if (value && (strcmp(value, "json") == 0 || strcmp(value, "jsonl") == 0))
            talk.json = TRUE;
    }
}

void
cli_talk_no_notes(const struct cli_globals *globals)
{
    if (!globals->trace && globals->verbose != 1 && globals->quiet != 1)
        pv_log_set(PV_LOG_WARNING, NULL, log_line, NULL);
}

void
cli_talk_setup(const struct cli_globals *globals)
{
    enum pv_log_level level = PV_LOG_NOTICE;

    talk.quiet = globals->quiet == 1;
    talk.verbose = globals->verbose == 1;
    talk.json = globals->output == CLI_JSON || globals->output == CLI_JSONL;
    talk.color = globals->color;
    if (globals->trace)
        level = PV_LOG_TRACE;
    else if (talk.verbose)
        level = PV_LOG_INFO;
    else if (talk.quiet)
        return;
    pv_log_set(level, globals->trace && *globals->trace ? globals->trace : NULL, log_line, NULL);
}
