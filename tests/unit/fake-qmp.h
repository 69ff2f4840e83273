/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of a QMP connection, as a script on a thread: it says what a test wants it to say,
 * byte by byte if need be. */
#ifndef FAKE_QMP_H
#define FAKE_QMP_H

#include "json-stream.h"

#include <errno.h>
#include <polyvirt/qmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAKE_GREETING                                                                                      \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"fake\"}, " \
    "\"capabilities\": [\"oob\"]}}\r\n"

struct fake {
    int fd;       /* its end */
    int client;   /* the end the client gets */
    GThread *thread;
    void (*script)(struct fake *fake);
    struct pv_json_stream in;
};

static inline void
fake_raw(struct fake *fake, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fake->fd, text, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        text += sent;
        len -= (size_t)sent;
    }
}

static inline void
fake_say(struct fake *fake, const char *text)
{
    fake_raw(fake, text, strlen(text));
}

/* The next command: its name (allocated) and its id; NULL when the client is gone. */
static inline char *
fake_hear(struct fake *fake, json_int_t *ret_id)
{
    const char *text;
    size_t len, room;
    json_t *message = NULL;
    char *name;
    int got;

    while ((got = pv_json_stream_next(&fake->in, &text, &len, NULL)) == 0) {
        char *into = pv_json_stream_room(&fake->in, &room);
        ssize_t read = recv(fake->fd, into, room, 0);

        if (read <= 0)
            return NULL;
        pv_json_stream_added(&fake->in, (size_t)read);
    }
    g_assert_cmpint(got, ==, 1);
    g_assert_cmpint(pv_json_stream_parse(text, len, &message, NULL), ==, 0);
    name = g_strdup(json_string_value(json_object_get(message, "execute")));
    if (ret_id)
        *ret_id = json_integer_value(json_object_get(message, "id"));
    json_decref(message);
    return name;
}

/* Hears one command and checks its name. */
static inline json_int_t
fake_expect(struct fake *fake, const char *want)
{
    json_int_t id = 0;
    g_autofree char *name = fake_hear(fake, &id);

    g_assert_cmpstr(name, ==, want);
    return id;
}

/* format with the id as its only argument. */
static inline void G_GNUC_PRINTF(2, 0)
fake_say_id(struct fake *fake, const char *format, json_int_t id)
{
    g_autofree char *text = g_strdup_printf(format, (long long)id);

    fake_say(fake, text);
}

#define FAKE_OK(id_) fake_say_id(fake, "{\"return\": {}, \"id\": %lld}\r\n", (id_))

static inline void
fake_greet(struct fake *fake)
{
    fake_say(fake, FAKE_GREETING);
    FAKE_OK(fake_expect(fake, "qmp_capabilities"));
}

/* Waits until the client closes. */
static inline void
fake_linger(struct fake *fake)
{
    char bytes[4096];

    while (recv(fake->fd, bytes, sizeof bytes, 0) > 0)
        ;
}

static inline gpointer
fake_run(gpointer data)
{
    struct fake *fake = data;

    fake->script(fake);
    shutdown(fake->fd, SHUT_RDWR);
    close(fake->fd);
    return NULL;
}

static inline void
fake_start(struct fake *fake, void (*script)(struct fake *fake))
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    *fake = (struct fake){ .fd = pair[0], .client = pair[1], .script = script };
    pv_json_stream_init(&fake->in, 1u << 20, 64);
    fake->thread = g_thread_new("fake-qmp", fake_run, fake);
}

static inline void
fake_stop(struct fake *fake)
{
    g_thread_join(fake->thread);
    pv_json_stream_clear(&fake->in);
}

static inline pv_task *
task_of(int64_t ms)
{
    pv_task *task = pv_task_new("test", NULL);

    pv_task_set_timeout(task, ms);
    return task;
}

#endif
