/* SPDX-License-Identifier: Apache-2.0 */
/* One failure as a card for a terminal; and what all reports share. */
#include "report.h"

#include <string.h>

#define CALLS_SHOWN 6   /* the last ones: the failure is at the end */
#define TEXT_SHOWN  600 /* bytes of a request or a reply */

gboolean
suite_is_bad(int verdict)
{
    return verdict == SUITE_FAIL || verdict == SUITE_ERROR || verdict == SUITE_UNKNOWN || verdict == SUITE_XPASS;
}

char *
suite_us_text(int64_t us)
{
    if (us < 1000)
        return g_strdup_printf("%d µs", (int)us);
    if (us < 10 * G_USEC_PER_SEC)
        return g_strdup_printf("%.1f ms", (double)us / 1000);
    return g_strdup_printf("%.1f s", (double)us / G_USEC_PER_SEC);
}

char *
suite_area(const char *id)
{
    const char *slash = id ? strrchr(id, '/') : NULL;

    return slash ? g_strndup(id, (size_t)(slash - id)) : g_strdup(id ? id : "");
}

void
suite_append_xml(GString *out, const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

    for (const char *at = valid; at && *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (c == '&')
            g_string_append(out, "&amp;");
        else if (c == '<')
            g_string_append(out, "&lt;");
        else if (c == '>')
            g_string_append(out, "&gt;");
        else if (c == '"')
            g_string_append(out, "&quot;");
        else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0xfffe || c == 0xffff)
            g_string_append(out, "\xef\xbf\xbd");
        else
            g_string_append_unichar(out, c);
    }
}

/* ---- the card ---- */

static void
append_line(GString *out, const char *label, const char *text)
{
    g_autofree char *cut = text ? g_utf8_make_valid(text, (gssize)MIN(strlen(text), TEXT_SHOWN)) : NULL;
    g_autofree char *safe = cut ? pv_text_safe(cut) : NULL;

    if (safe)
        g_string_append_printf(out, "  %-10s %s%s\n", label, safe, strlen(text) > TEXT_SHOWN ? " …" : "");
}

static void
append_call(GString *out, const suite_call *call)
{
    g_autofree char *time = suite_us_text(call->elapsed_us == PV_UNSET_INT ? 0 : call->elapsed_us);
    g_autofree char *head = g_strdup_printf("%s %s  (%s)", call->kind, call->name, time);
    g_autofree char *label = g_strdup_printf("call %d", (int)call->step);

    append_line(out, label, head);
    append_line(out, "  sent", call->request);
    append_line(out, "  reply", call->reply);
}

/* Of the last call that a shell can do. */
static const char *
last_line(const GPtrArray *calls)
{
    for (unsigned i = calls ? calls->len : 0; i-- > 0;)
        if (((const suite_call *)calls->pdata[i])->reproduce)
            return ((const suite_call *)calls->pdata[i])->reproduce;
    return NULL;
}

void
suite_report_card(GString *out, const struct suite_result *result, gboolean color)
{
    const GPtrArray *calls = result->calls;
    unsigned first = calls && calls->len > CALLS_SHOWN ? calls->len - CALLS_SHOWN : 0;

    g_string_append_printf(out, "%s%s%s %s  %s\n", color ? "\033[1;31m" : "",
                           pv_enum_name(suite_verdict_values, result->verdict), color ? "\033[0m" : "", result->uid,
                           result->id);
    append_line(out, "checks", result->title);
    append_line(out, "clause", result->clause);
    append_line(out, "source", result->source);
    append_line(out, "reason", result->reason);
    for (unsigned i = 0; result->mismatches && i < result->mismatches->len; i++) {
        const suite_mismatch *mismatch = g_ptr_array_index(result->mismatches, i);

        append_line(out, "at", mismatch->path);
        append_line(out, "  expected", mismatch->expected);
        append_line(out, "  got", mismatch->actual);
    }
    for (unsigned i = first; calls && i < calls->len; i++)
        append_call(out, calls->pdata[i]);
    append_line(out, "again", last_line(calls));
    append_line(out, "left over", result->teardown);
}
