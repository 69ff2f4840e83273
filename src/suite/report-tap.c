/* SPDX-License-Identifier: Apache-2.0 */
/* TAP 14. */
#include "report.h"

#include <string.h>

/* A '#' would begin a directive, a newline a line. */
static void
append_text(GString *out, const char *text)
{
    g_autofree char *safe = pv_text_safe(text ? text : "");

    for (const char *at = safe; *at; at++) {
        if (*at == '#')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
}

static void
append_yaml(GString *out, const char *key, const char *text)
{
    if (!text)
        return;
    g_string_append_printf(out, "  %s: ", key);
    pv_json_write_string(out, text); /* JSON's strings are YAML's */
    g_string_append_c(out, '\n');
}

static void
append_diagnostics(GString *out, const suite_result *result)
{
    g_string_append(out, "  ---\n");
    append_yaml(out, "verdict", pv_enum_name(suite_verdict_values, result->verdict));
    append_yaml(out, "reason", result->reason);
    append_yaml(out, "clause", result->clause);
    if (result->mismatches && result->mismatches->len) {
        const suite_mismatch *first = g_ptr_array_index(result->mismatches, 0);

        append_yaml(out, "at", first->path);
        append_yaml(out, "expected", first->expected);
        append_yaml(out, "actual", first->actual);
    }
    g_string_append(out, "  ...\n");
}

static void
append_case(GString *out, unsigned number, const suite_result *result)
{
    g_string_append_printf(out, "%s %u - ", suite_is_bad(result->verdict) ? "not ok" : "ok", number);
    append_text(out, result->id);
    if (result->verdict == SUITE_XFAIL)
        g_string_append(out, " # TODO ");
    else if (result->verdict != SUITE_PASS && !suite_is_bad(result->verdict))
        g_string_append(out, " # SKIP ");
    if (result->verdict != SUITE_PASS && !suite_is_bad(result->verdict))
        append_text(out, result->reason);
    g_string_append_c(out, '\n');
    if (suite_is_bad(result->verdict))
        append_diagnostics(out, result);
}

void
suite_report_tap(GString *out, const struct suite_run *run, const GPtrArray *results)
{
    g_string_append_printf(out, "TAP version 14\n1..%u\n# ", results->len);
    append_text(out, run->uri);
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < results->len; i++)
        append_case(out, i + 1, results->pdata[i]);
}
