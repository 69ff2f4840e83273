/* SPDX-License-Identifier: Apache-2.0 */
/* Markdown for a pull request: the counts, what failed, what was not run. */
#include "report.h"

#include <string.h>

/* Inside a table cell nothing may end it, and nothing is markup. */
static void
append_cell(GString *out, const char *text)
{
    g_autofree char *safe = pv_text_safe(text ? text : "-");

    for (const char *at = safe; *at; at++) {
        if (strchr("\\`*_{}[]<>#|&", *at))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *at);
    }
}

static void
append_row(GString *out, const suite_result *result)
{
    g_string_append(out, "| ");
    append_cell(out, pv_enum_name(suite_verdict_values, result->verdict));
    g_string_append(out, " | ");
    append_cell(out, result->id);
    g_string_append(out, " | ");
    append_cell(out, result->reason);
    g_string_append(out, " |\n");
}

static void
append_part(GString *out, const char *title, const GPtrArray *results, gboolean bad)
{
    gboolean begun = FALSE;

    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);

        if (suite_is_bad(result->verdict) != bad || result->verdict == SUITE_PASS)
            continue;
        if (!begun)
            g_string_append_printf(out, "\n### %s\n\n| verdict | case | why |\n|---|---|---|\n", title);
        begun = TRUE;
        append_row(out, result);
    }
}

void
suite_report_markdown(GString *out, const struct suite_run *run, const GPtrArray *results)
{
    unsigned counts[SUITE_XPASS + 1] = { 0 };

    for (unsigned i = 0; i < results->len; i++)
        counts[((suite_result *)results->pdata[i])->verdict]++;
    g_string_append(out, "## API suite: ");
    append_cell(out, run->uri);
    g_string_append(out, "\n\n");
    append_cell(out, run->product);
    g_string_append_c(out, ' ');
    append_cell(out, run->version);
    g_string_append(out, "\n\n|");
    for (const struct pv_enum_value *verdict = suite_verdict_values; verdict->name; verdict++)
        g_string_append_printf(out, " %s |", verdict->name);
    g_string_append(out, "\n|");
    for (const struct pv_enum_value *verdict = suite_verdict_values; verdict->name; verdict++)
        g_string_append(out, "---:|");
    g_string_append(out, "\n|");
    for (const struct pv_enum_value *verdict = suite_verdict_values; verdict->name; verdict++)
        g_string_append_printf(out, " %u |", counts[verdict->value]);
    g_string_append_c(out, '\n');
    append_part(out, "To look at", results, TRUE);
    append_part(out, "Not run, or as expected", results, FALSE);
}
