/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit's XML: what CI systems read. */
#include "report.h"

static void
append_attribute(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, " %s=\"", name);
    suite_append_xml(out, text);
    g_string_append_c(out, '"');
}

static void
append_seconds(GString *out, const char *name, int64_t us)
{
    g_string_append_printf(out, " %s=\"%.6f\"", name, us == PV_UNSET_INT ? 0.0 : (double)us / G_USEC_PER_SEC);
}

static const char *
element(int verdict)
{
    if (verdict == SUITE_FAIL || verdict == SUITE_XPASS)
        return "failure";
    if (verdict == SUITE_ERROR || verdict == SUITE_UNKNOWN)
        return "error";
    return verdict == SUITE_PASS ? NULL : "skipped";
}

static void
append_case(GString *out, const suite_result *result)
{
    const char *inner = element(result->verdict);
    g_autofree char *area = suite_area(result->id);

    g_string_append(out, "  <testcase");
    append_attribute(out, "classname", area);
    append_attribute(out, "name", result->id);
    append_seconds(out, "time", result->elapsed_us);
    g_string_append_c(out, '>');
    if (inner) {
        g_string_append_printf(out, "<%s", inner);
        append_attribute(out, "message", result->reason);
        g_string_append_c(out, '>');
        if (suite_is_bad(result->verdict)) {
            g_autoptr(GString) card = g_string_new(NULL);

            suite_report_card(card, result, FALSE);
            suite_append_xml(out, card->str);
        }
        g_string_append_printf(out, "</%s>", inner);
    }
    g_string_append(out, "</testcase>\n");
}

void
suite_report_junit(GString *out, const struct suite_run *run, const GPtrArray *results)
{
    unsigned failures = 0, errors = 0, skipped = 0;

    for (unsigned i = 0; i < results->len; i++) {
        const char *inner = element(((suite_result *)results->pdata[i])->verdict);

        failures += g_strcmp0(inner, "failure") == 0;
        errors += g_strcmp0(inner, "error") == 0;
        skipped += g_strcmp0(inner, "skipped") == 0;
    }
    g_string_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites><testsuite");
    append_attribute(out, "name", run->uri);
    g_string_append_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", results->len, failures,
                           errors, skipped);
    append_seconds(out, "time", run->ended == PV_UNSET_INT ? 0 : run->ended - run->started);
    g_string_append(out, ">\n");
    for (unsigned i = 0; i < results->len; i++)
        append_case(out, results->pdata[i]);
    g_string_append(out, "</testsuite></testsuites>\n");
}
