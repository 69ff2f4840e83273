/* SPDX-License-Identifier: Apache-2.0 */
/* Where a password comes from: a file, a command, the config file, the environment, a person. */
#include "cli.h"
#include "file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The first line is the password; the rest of the text is wiped. */
static char *
first_line(char *text, const char *source, pv_error **error)
{
    char *line = g_strndup(text, strcspn(text, "\r\n"));

    cli_secret_free(text);
    if (*line)
        return line;
    g_free(line);
    pv_error_set(error, PV_ERR_AUTH, "%s holds no password", source);
    return NULL;
}

static void
warn_readable(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)))
        cli_warn("%s can be read by others; chmod 600 it", path);
}

static char *
from_file(const char *path, pv_error **error)
{
    g_autofree char *source = g_strdup_printf("password file %s", path);
    char *text = NULL;
    size_t len = 0;

    warn_readable(path);
    if (cli_file_read(path, CLI_PASSWORD_MAX, &text, &len, error) != 0) {
        pv_error_prefix(error, "password file ");
        return NULL;
    }
    return first_line(text, source, error);
}

struct command {
    GMainLoop *loop;
    GSubprocess *process;
    GCancellable *cancellable;
    GBytes *out;
    GError *failure;
    int64_t limit_ms;
    gint64 deadline; /* monotonic */
    gboolean late;
};

static void
command_done(GObject *object, GAsyncResult *result, gpointer data)
{
    struct command *command = data;

    g_subprocess_communicate_finish(G_SUBPROCESS(object), result, &command->out, NULL, &command->failure);
    g_main_loop_quit(command->loop);
}

/* Gives up on a command that is late or no longer wanted; what it started may still hold the pipe. */
static gboolean
command_tick(gpointer data)
{
    struct command *command = data;

    command->late = g_get_monotonic_time() > command->deadline;
    if (!command->late && !cli_interrupted())
        return G_SOURCE_CONTINUE;
    g_subprocess_force_exit(command->process);
    g_cancellable_cancel(command->cancellable);
    return G_SOURCE_REMOVE;
}

static void
run_loop(struct command *command)
{
    GMainContext *context = g_main_context_new();
    g_autoptr(GSource) tick = g_timeout_source_new(CLI_TICK_MS);

    g_main_context_push_thread_default(context);
    command->loop = g_main_loop_new(context, FALSE);
    command->cancellable = g_cancellable_new();
    command->deadline = g_get_monotonic_time() + command->limit_ms * G_TIME_SPAN_MILLISECOND;
    g_source_set_callback(tick, command_tick, command, NULL);
    g_source_attach(tick, context);
    g_subprocess_communicate_async(command->process, NULL, command->cancellable, command_done, command);
    g_main_loop_run(command->loop);
    g_source_destroy(tick);
    g_clear_object(&command->cancellable);
    g_clear_pointer(&command->loop, g_main_loop_unref);
    g_main_context_pop_thread_default(context);
    g_main_context_unref(context);
}

static int
command_result(struct command *command, pv_error **error)
{
    if (cli_interrupted())
        return pv_error_set(error, PV_ERR_CANCELLED, "interrupted");
    if (command->late) {
        pv_error_set(error, PV_ERR_AUTH, "the password command did not end within %g s", (double)command->limit_ms / 1000);
        pv_error_hint(error, "--timeout gives it more time");
        return PV_ERR_AUTH;
    }
    if (command->failure)
        return pv_error_set(error, PV_ERR_AUTH, "the password command failed: %s", command->failure->message);
    if (!g_subprocess_get_if_exited(command->process))
        return pv_error_set(error, PV_ERR_AUTH, "the password command was ended by signal %d",
                            g_subprocess_get_term_sig(command->process));
    if (g_subprocess_get_exit_status(command->process) != 0)
        return pv_error_set(error, PV_ERR_AUTH, "the password command failed with status %d",
                            g_subprocess_get_exit_status(command->process));
    if (!command->out || g_bytes_get_size(command->out) > CLI_PASSWORD_MAX)
        return pv_error_set(error, PV_ERR_AUTH, "the password command wrote more than %d bytes",
                            CLI_PASSWORD_MAX);
    return 0;
}

/* An empty GBytes has no data at all. */
static char *
take_text(GBytes *bytes)
{
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);

    return length > 0 ? g_strndup(data, length) : g_strdup("");
}

static char *
from_command(const char *shell, int64_t limit_ms, pv_error **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDIN_INHERIT);
    g_autoptr(GError) failure = NULL;
    struct command command = { .limit_ms = limit_ms > 0 ? limit_ms : PV_TIMEOUT_DEFAULT_MS };
    char *text = NULL;
    const char *const argv[] = { "/bin/sh", "-c", shell, NULL };

    g_subprocess_launcher_set_child_setup(launcher, cli_signals_reset_child, NULL, NULL);
    command.process = g_subprocess_launcher_spawnv(launcher, argv, &failure);
    if (!command.process) {
        pv_error_set(error, PV_ERR_AUTH, "the password command cannot start: %s", failure->message);
        return NULL;
    }
    run_loop(&command);
    if (command_result(&command, error) == 0)
        text = take_text(command.out);
    g_clear_pointer(&command.out, g_bytes_unref);
    g_clear_error(&command.failure);
    g_object_unref(command.process);
    return text ? first_line(text, "the password command's output", error) : NULL;
}

static char *
from_person(const char *user, const char *endpoint, pv_error **error)
{
    static GMutex one_at_a_time;
    g_autofree char *prompt = user ? g_strdup_printf("Password of %s at %s: ", user, endpoint)
                                   : g_strdup_printf("Password for %s: ", endpoint);
    char *secret;

    g_mutex_lock(&one_at_a_time);
    secret = cli_prompt_secret(prompt, error);
    g_mutex_unlock(&one_at_a_time);
    return secret;
}

static char *
from_anywhere(const struct cli_password *source, const char *user, const char *endpoint, pv_error **error)
{
    const char *environment = getenv("POLYVIRT_PASSWORD");

    if (source->file)
        return from_file(source->file, error);
    if (source->command)
        return from_command(source->command, source->timeout_ms, error);
    if (source->text)
        return g_strdup(source->text);
    if (environment)
        return g_strdup(environment);
    return from_person(user, endpoint, error);
}

char *
cli_password_get(const char *user, const char *endpoint, void *data, pv_error **error)
{
    const struct cli_password *source = data;
    char *secret = from_anywhere(source, user, endpoint, error);

    /* the time a person took to type is not the endpoint's */
    if (secret && source->task)
        pv_task_set_timeout(source->task, source->timeout_ms);
    return secret;
}
