/* SPDX-License-Identifier: Apache-2.0 */
/* Trace lines of components, handed to one callback. */
#include <polyvirt/log.h>
#include <string.h>

static struct {
    enum pv_log_level level;
    GStrv only;    /* components wanted; NULL or empty: all */
    GStrv without; /* components left out */
    pv_log_fn fn;
    void *data;
} sink;

static void
split_components(const char *components, GStrv *ret_only, GStrv *ret_without)
{
    g_autoptr(GStrvBuilder) only = g_strv_builder_new();
    g_autoptr(GStrvBuilder) without = g_strv_builder_new();
    g_auto(GStrv) words = g_strsplit(components ? components : "", ",", -1);

    for (char **word = words; *word; word++) {
        g_strstrip(*word);
        if (**word == '-')
            g_strv_builder_add(without, *word + 1);
        else if (**word)
            g_strv_builder_add(only, *word);
    }
    *ret_only = g_strv_builder_end(only);
    *ret_without = g_strv_builder_end(without);
}

void
pv_log_set(enum pv_log_level level, const char *components, pv_log_fn fn, void *data)
{
    g_clear_pointer(&sink.only, g_strfreev);
    g_clear_pointer(&sink.without, g_strfreev);
    sink.level = level;
    sink.fn = fn;
    sink.data = data;
    if (fn)
        split_components(components, &sink.only, &sink.without);
}

gboolean
pv_log_wants(enum pv_log_level level, const char *component)
{
    if (!sink.fn || level > sink.level)
        return FALSE;
    if (g_strv_contains((const char *const *)sink.without, component))
        return FALSE;
    return !*sink.only || g_strv_contains((const char *const *)sink.only, component);
}

void
pv_log(enum pv_log_level level, const char *component, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (!pv_log_wants(level, component))
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    sink.fn(level, component, text, sink.data);
}
