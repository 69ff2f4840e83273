/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

/* A standard stream that was closed would hand its number to the next socket. The stand-ins fail
 * the way a closed stream does: reading where one writes, writing where one reads. */
static void
fill_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _exit(CLI_EXIT_FAILED);
}

static int
print_help(const struct cli_call *call, pv_error **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    cli_help_write(out, cli_verbs(), call->noun, call->verb);
    return cli_output_text(out->str, out->len, error);
}

static int
print_version(pv_error **error)
{
    static const char text[] = "polyvirt " PV_VERSION_STRING "\n";

    return cli_output_text(text, sizeof text - 1, error);
}

/* Runs what was asked; a negative code with *error, or the exit status. */
static int
dispatch(const struct cli_call *call, pv_error **error)
{
    g_autoptr(pv_task) task = NULL;
    int status;

    if (call->globals->help == 1)
        return print_help(call, error);
    if (call->globals->version == 1)
        return print_version(error);
    task = pv_task_new(call->verb->name, NULL);
    if (!call->verb->op && call->globals->timeout != PV_UNSET_INT)
        pv_task_set_timeout(task, call->globals->timeout); /* operations have one deadline an endpoint */
    cli_signals_watch(task);
    status = call->verb->op ? cli_run_op(call, task) : call->verb->run(call, task, error);
    cli_signals_watch(NULL);
    return status;
}

int
main(int argc, char **argv)
{
    g_autoptr(cli_call) call = NULL;
    g_autoptr(pv_error) error = NULL;
    int status;

    fill_standard_streams();
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* "2.0 GiB" is written and read alike everywhere */
    /* libvirt's own library writes warnings to stderr; what matters arrives as an error of ours */
    g_setenv("LIBVIRT_DEBUG", "4", FALSE);
    signal(SIGPIPE, SIG_IGN);
    cli_signals_start();
    cli_talk_guess((const char *const *)argv);
    status = cli_args_parse(cli_verbs(), argc - 1, (const char *const *)argv + 1, &call, &error);
    if (status == 0) {
        cli_talk_setup(call->globals);
        status = dispatch(call, &error);
    }
    if (error)
        cli_error_print(error, NULL);
    if (status < 0)
        status = pv_code_exit_status((enum pv_code)status);
    return status;
}
