/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-private.h"

#include <polyvirt/log.h>
#include <string.h>

/* ---- errors ---- */

static const struct {
    const char *class;
    enum pv_code code;
} classes[] = {
    { "CommandNotFound", PV_ERR_UNSUPPORTED },
    { "KVMMissingCap", PV_ERR_UNSUPPORTED },
    { "DeviceNotFound", PV_ERR_NOT_FOUND },
    { "DeviceNotActive", PV_ERR_STATE },
};

/* QEMU's words as part of one sentence: no line ends, no full stop, not endless. */
static char *
as_clause(const char *desc)
{
    g_autofree char *valid = g_utf8_make_valid(desc, (gssize)strnlen(desc, QMP_DESC_MAX));
    size_t len;

    g_strdelimit(g_strstrip(valid), "\r\n\t", ' ');
    len = strlen(valid);
    while (len > 0 && valid[len - 1] == '.')
        valid[--len] = '\0';
    return g_steal_pointer(&valid);
}

int
qmp_error_from_json(const json_t *fault, const char *source, const char *command, pv_error **error)
{
    const char *class = json_string_value(json_object_get(fault, "class"));
    const char *desc = json_string_value(json_object_get(fault, "desc"));
    enum pv_code code = PV_ERR_FAILED;
    g_autofree char *clause = as_clause(desc ? desc : "no reason given");

    for (size_t i = 0; class && i < G_N_ELEMENTS(classes); i++)
        if (g_str_equal(class, classes[i].class))
            code = classes[i].code;
    pv_error_set(error, code, "'%s' failed: %s", command, clause);
    pv_error_native(error, source, class, desc);
    return code;
}

/* ---- replies ---- */

static pv_qmp_call *
find_call(pv_qmp *qmp, const json_t *message)
{
    const json_t *id = json_object_get(message, "id");

    for (GList *at = qmp->calls.head; at; at = at->next) {
        pv_qmp_call *call = at->data;

        if (json_is_integer(id) && (uint64_t)json_integer_value(id) == call->id)
            return call;
    }
    /* QEMU could not parse what we sent and so has no id to give back; replies keep their order */
    if (!id && json_object_get(message, "error") && qmp->calls.head)
        return qmp->calls.head->data;
    return NULL;
}

/* A reply nobody waits for (its deadline has passed) is dropped. */
static void
take_reply(pv_qmp *qmp, const json_t *message)
{
    const json_t *fault = json_object_get(message, "error");
    pv_qmp_call *call;

    g_mutex_lock(&qmp->lock);
    call = find_call(qmp, message);
    if (!call)
        pv_log(PV_LOG_INFO, "qmp", "dropped a reply that nobody waits for");
    else if (fault)
        qmp_error_from_json(fault, "qmp", call->command, &call->error);
    else
        call->reply = json_incref(json_object_get(message, "return"));
    if (call)
        qmp_call_end(call);
    g_mutex_unlock(&qmp->lock);
}

/* ---- events ---- */

static int64_t
event_time(const json_t *message)
{
    const json_t *stamp = json_object_get(message, "timestamp");
    const json_t *seconds = json_object_get(stamp, "seconds");
    const json_t *rest = json_object_get(stamp, "microseconds");
    int64_t whole = json_integer_value(seconds);

    /* QEMU says -1 when the host's clock fails */
    if (!json_is_integer(seconds) || whole < 0 || whole > INT64_MAX / G_USEC_PER_SEC - 1)
        return PV_UNSET_INT;
    return whole * G_USEC_PER_SEC + CLAMP(json_integer_value(rest), 0, G_USEC_PER_SEC - 1);
}

static void
offer_to_watches(pv_qmp *qmp, const struct pv_qmp_event *event, json_t *message)
{
    for (guint i = 0; i < qmp->watches->len; i++) {
        pv_qmp_watch *watch = qmp->watches->pdata[i];

        if (watch->event && !g_str_equal(watch->event, event->name))
            continue;
        if (watch->match && !watch->match(event, watch->data))
            continue;
        if (watch->kept.length >= PV_QMP_WATCH_MAX)
            watch->overflowed = TRUE;
        else
            g_queue_push_tail(&watch->kept, json_incref(message));
    }
}

/* With the lock held, which is let go for the callback. */
static void
deliver(pv_qmp *qmp, const struct pv_qmp_event *event)
{
    pv_qmp_event_fn fn = qmp->event;
    void *data = qmp->event_data;

    if (!fn)
        return;
    qmp->dispatcher = g_thread_self();
    g_mutex_unlock(&qmp->lock);
    fn(event, data);
    g_mutex_lock(&qmp->lock);
    qmp->dispatcher = NULL;
    if (qmp->sleepers > 0)
        g_cond_broadcast(&qmp->changed);
}

static void
take_event(pv_qmp *qmp, const char *name, json_t *message)
{
    struct pv_qmp_event event = {
        .name = name,
        .data = json_object_get(message, "data"),
        .time = event_time(message),
    };

    g_mutex_lock(&qmp->lock);
    if (g_str_equal(name, "SHUTDOWN"))
        qmp->shutdown_seen = TRUE;
    offer_to_watches(qmp, &event, message);
    deliver(qmp, &event);
    g_mutex_unlock(&qmp->lock);
}

void
qmp_tell_end(pv_qmp *qmp)
{
    const struct pv_qmp_event end = { .time = g_get_real_time() };

    g_mutex_lock(&qmp->lock);
    if (!qmp->ended_told) {
        qmp->ended_told = TRUE;
        deliver(qmp, &end);
    }
    g_mutex_unlock(&qmp->lock);
}

/* ---- greeting ---- */

static gboolean
offers(const json_t *capabilities, const char *name)
{
    for (size_t i = 0; i < json_array_size(capabilities); i++)
        if (g_strcmp0(json_string_value(json_array_get(capabilities, i)), name) == 0)
            return TRUE;
    return FALSE;
}

/* A second greeting (QEMU was replaced behind a proxy) changes nothing. */
static void
take_greeting(pv_qmp *qmp, const json_t *greeting)
{
    const json_t *version = json_object_get(greeting, "version");
    const json_t *numbers = json_object_get(version, "qemu");
    const char *package = json_string_value(json_object_get(version, "package"));

    g_mutex_lock(&qmp->lock);
    if (!qmp->greeted) {
        qmp->greeting.major = (int)json_integer_value(json_object_get(numbers, "major"));
        qmp->greeting.minor = (int)json_integer_value(json_object_get(numbers, "minor"));
        qmp->greeting.micro = (int)json_integer_value(json_object_get(numbers, "micro"));
        qmp->greeting.package = g_strdup(package ? package : "");
        qmp->greeting.oob = offers(json_object_get(greeting, "capabilities"), "oob");
        qmp->greeted = TRUE;
    }
    g_mutex_unlock(&qmp->lock);
}

int
qmp_message(pv_qmp *qmp, json_t *message, pv_error **error)
{
    const char *event = json_string_value(json_object_get(message, "event"));
    const json_t *fault = json_object_get(message, "error");
    const json_t *greeting = json_object_get(message, "QMP");

    if (event)
        take_event(qmp, event, message);
    else if (json_is_object(greeting))
        take_greeting(qmp, greeting);
    else if (json_object_get(message, "return") || json_is_object(fault))
        take_reply(qmp, message);
    else
        return pv_error_set(error, PV_ERR_PROTOCOL, "what answers here does not speak QMP");
    return 0;
}
