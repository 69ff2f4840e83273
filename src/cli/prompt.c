/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the person at the terminal. Echo comes back on every way out, also when a signal ends us. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
    GMutex lock;
    int fd; /* terminal whose echo is off, or -1 */
    struct termios before;
} terminal = { .fd = -1 };

static gboolean
echo_off(int fd)
{
    struct termios silent;
    gboolean done = FALSE;

    g_mutex_lock(&terminal.lock);
    if (tcgetattr(fd, &terminal.before) == 0) {
        silent = terminal.before;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
        silent.c_lflag |= ECHONL;
        done = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
        if (done)
            terminal.fd = fd;
    }
    g_mutex_unlock(&terminal.lock);
    return done;
}

void
cli_prompt_restore(void)
{
    g_mutex_lock(&terminal.lock);
    if (terminal.fd >= 0)
        tcsetattr(terminal.fd, TCSAFLUSH, &terminal.before);
    terminal.fd = -1;
    g_mutex_unlock(&terminal.lock);
}

/* Waits for input or a signal. */
static int
wait_input(int fd, pv_error **error)
{
    struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = cli_signals_fd(), .events = POLLIN } };

    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
        if (errno != EINTR)
            return pv_error_set(error, PV_ERR_FAILED, "cannot read from the terminal: %s", g_strerror(errno));
    if (fds[1].revents)
        return pv_error_set(error, PV_ERR_CANCELLED, "interrupted");
    return 0;
}

/* A line of at most size - 1 bytes; what is longer is refused. */
static int
read_line(int fd, char *line, size_t size, pv_error **error)
{
    size_t length = 0;

    for (;;) {
        char byte;
        ssize_t got;
        int rc = wait_input(fd, error);

        if (rc != 0)
            return rc;
        got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 && length == 0)
            return pv_error_set(error, PV_ERR_CANCELLED, "no answer");
        if (got <= 0 || byte == '\n')
            break;
        if (length + 1 >= size)
            return pv_error_set(error, PV_ERR_INVALID, "the answer is longer than %zu bytes", size - 1);
        line[length++] = byte;
    }
    line[length] = '\0';
    return 0;
}

static void
ask(int fd, const char *prompt)
{
    g_autofree char *safe = pv_text_safe(prompt);

    cli_talk_status(NULL);
    if (write(fd, safe, strlen(safe)) < 0)
        return; /* the answer may still come */
}

char *
cli_prompt_secret(const char *prompt, pv_error **error)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    char line[CLI_PASSWORD_MAX + 1];
    char *secret = NULL;

    if (fd < 0 || !echo_off(fd)) {
        if (fd >= 0)
            close(fd);
        pv_error_set(error, PV_ERR_AUTH, "a password is needed and there is no terminal to ask on");
        pv_error_hint(error, "use --password-file, --password-command or POLYVIRT_PASSWORD");
        return NULL;
    }
    ask(fd, prompt);
    if (read_line(fd, line, sizeof line, error) == 0)
        secret = g_strdup(line);
    explicit_bzero(line, sizeof line);
    cli_prompt_restore();
    close(fd);
    return secret;
}

int
cli_confirm(const char *question, pv_error **error)
{
    g_autofree char *prompt = g_strdup_printf("%s [y/N] ", question);
    char line[64];
    int rc;

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        pv_error_set(error, PV_ERR_USAGE, "not done without being confirmed: %s", question);
        pv_error_hint(error, "add --yes");
        return PV_ERR_USAGE;
    }
    ask(STDERR_FILENO, prompt);
    rc = read_line(STDIN_FILENO, line, sizeof line, error);
    if (rc != 0)
        return rc;
    g_strstrip(line);
    if (g_ascii_strcasecmp(line, "y") == 0 || g_ascii_strcasecmp(line, "yes") == 0)
        return 0;
    return pv_error_set(error, PV_ERR_FAILED, "not confirmed; nothing was changed");
}

void
cli_secret_free(char *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    g_free(secret);
}
