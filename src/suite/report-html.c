/* SPDX-License-Identifier: Apache-2.0 */
/* One self-contained page without scripts: what failed, what works here, areas, how long calls took. */
#include "report.h"

#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--line:#8884;--soft:#8881;--good:#2a7d3f;--bad:#c0392b;--dim:#777}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1rem}"
    "h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid "
    "var(--line);vertical-align:top;overflow-wrap:break-word}th{font-weight:600;white-space:nowrap}"
    "td.n,th.n{text-align:right;"
    "white-space:nowrap}.counts{display:flex;flex-wrap:wrap;gap:.5rem;padding:0}.counts li{list-style:none;"
    "border:1px solid var(--line);border-radius:.4rem;padding:.3rem .7rem}.counts b{font-size:1.3rem;display:block}"
    ".pass{color:var(--good)}.fail,.error,.unknown,.unexpected-pass{color:var(--bad)}.skip,.unsupported,"
    ".expected-fail{color:var(--dim)}article{border:1px solid var(--line);border-left:4px solid var(--bad);"
    "border-radius:.3rem;padding:.6rem 1rem;margin:1rem 0;break-inside:avoid}pre{background:var(--soft);padding:.5rem;"
    "overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}.wrap{overflow-x:auto}"
    "td:first-child{min-width:8rem}.wrap td:nth-child(n+3){min-width:4rem}rect{fill:#4a7fb5}"
    ".warn{border-left:4px solid #c80;padding-left:.7rem}"
    "@media print{body{max-width:none}details{display:block}}";

static void
append_tag(GString *out, const char *tag, const char *text)
{
    g_string_append_printf(out, "<%s>", tag);
    suite_append_xml(out, text ? text : "–");
    g_string_append_printf(out, "</%s>", tag);
}

static void
append_class(GString *out, const char *tag, const char *class, const char *text)
{
    g_string_append_printf(out, "<%s class=\"%s\">", tag, class);
    suite_append_xml(out, text ? text : "–");
    g_string_append_printf(out, "</%s>", tag);
}

/* ---- the head ---- */

static void
append_fact(GString *out, const char *name, const char *text)
{
    if (!text)
        return;
    g_string_append(out, "<tr>");
    append_tag(out, "th", name);
    append_tag(out, "td", text);
    g_string_append(out, "</tr>\n");
}

static void
append_facts(GString *out, const struct suite_run *run)
{
    g_autofree char *began = run->started == PV_UNSET_INT ? NULL : pv_time_text(run->started);
    g_autofree char *took = run->ended == PV_UNSET_INT ? g_strdup("it did not end by itself")
                                                       : suite_us_text(run->ended - run->started);
    g_autofree char *product = g_strjoin(" ", run->product ? run->product : "", run->version, NULL);

    g_string_append(out, "<table>");
    append_fact(out, "Endpoint", run->uri);
    append_fact(out, "Product", product);
    append_fact(out, "API", run->api_version);
    append_fact(out, "Driver", run->driver);
    append_fact(out, "Level", run->level);
    append_fact(out, "Began", began);
    append_fact(out, "Took", took);
    append_fact(out, "polyvirt", run->polyvirt);
    g_string_append(out, "</table>\n");
}

static void
append_counts(GString *out, const GPtrArray *results)
{
    unsigned counts[SUITE_XPASS + 1] = { 0 };

    for (unsigned i = 0; i < results->len; i++)
        counts[((suite_result *)results->pdata[i])->verdict]++;
    g_string_append(out, "<ul class=\"counts\">");
    for (const struct pv_enum_value *verdict = suite_verdict_values; verdict->name; verdict++)
        if (counts[verdict->value])
            g_string_append_printf(out, "<li class=\"%s\"><b>%u</b>%s</li>", verdict->name, counts[verdict->value],
                                   verdict->name);
    g_string_append(out, "</ul>\n");
}

/* ---- failures ---- */

static void
append_failure(GString *out, const suite_result *result)
{
    const char *word = pv_enum_name(suite_verdict_values, result->verdict);

    g_string_append_printf(out, "<article><b class=\"%s\">%s</b> ", word, word);
    append_tag(out, "b", result->id);
    g_string_append(out, " (");
    suite_append_xml(out, result->uid);
    g_string_append_c(out, ')');
    append_tag(out, "p", result->clause);
    append_tag(out, "p", result->reason);
    for (unsigned i = 0; result->calls && i < result->calls->len; i++) {
        const suite_call *call = g_ptr_array_index(result->calls, i);
        g_autofree char *time = suite_us_text(call->elapsed_us == PV_UNSET_INT ? 0 : call->elapsed_us);
        g_autofree char *head = g_strdup_printf("%d. %s %s (%s)", (int)call->step, call->kind, call->name, time);

        append_tag(out, "p", head);
        if (call->request)
            append_tag(out, "pre", call->request);
        if (call->reply)
            append_tag(out, "pre", call->reply);
        if (call->reproduce && i + 1 == result->calls->len) {
            g_string_append(out, "<p>Again:</p>");
            append_tag(out, "pre", call->reproduce);
        }
    }
    g_string_append(out, "</article>\n");
}

static void
append_failures(GString *out, const GPtrArray *results)
{
    gboolean begun = FALSE;

    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);

        if (!suite_is_bad(result->verdict))
            continue;
        if (!begun)
            g_string_append(out, "<h2>To look at</h2>\n");
        begun = TRUE;
        append_failure(out, result);
    }
}

/* ---- what works here ---- */

static void
append_capabilities(GString *out, const struct suite_run *run)
{
    g_string_append(out, "<h2>What works here</h2><div class=\"wrap\"><table><tr><th>operation</th><th>offered</th>"
                         "<th>by</th><th>limits</th></tr>\n");
    for (unsigned i = 0; run->capabilities && i < run->capabilities->len; i++) {
        const pv_capability *capability = g_ptr_array_index(run->capabilities, i);

        g_string_append(out, "<tr>");
        append_tag(out, "td", capability->operation);
        append_class(out, "td", capability->supported == TRUE ? "pass" : "skip",
                     capability->supported == TRUE ? "yes" : "no");
        append_tag(out, "td", capability->via);
        append_tag(out, "td", capability->note);
        g_string_append(out, "</tr>\n");
    }
    g_string_append(out, "</table></div>\n");
}

/* ---- areas and cases ---- */

/* Counts by area, each an array of SUITE_XPASS + 1; *totals is one more for all. */
static GHashTable *
count_areas(const GPtrArray *results, unsigned totals[SUITE_XPASS + 1])
{
    GHashTable *areas = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);
        g_autofree char *area = suite_area(result->id);
        unsigned *counts = g_hash_table_lookup(areas, area);

        if (!counts) {
            counts = g_new0(unsigned, SUITE_XPASS + 1);
            g_hash_table_insert(areas, g_steal_pointer(&area), counts);
        }
        counts[result->verdict]++;
        totals[result->verdict]++;
    }
    return areas;
}

static void
append_area(GString *out, const char *name, const unsigned *counts, const unsigned *totals)
{
    g_string_append(out, "<tr>");
    append_tag(out, "td", name);
    for (const struct pv_enum_value *verdict = suite_verdict_values; verdict->name; verdict++)
        if (counts[verdict->value])
            g_string_append_printf(out, "<td class=\"n %s\">%u</td>", verdict->name, counts[verdict->value]);
        else if (totals[verdict->value])
            g_string_append(out, "<td class=\"n\"></td>");
    g_string_append(out, "</tr>\n");
}

/* Only the verdicts that came have a column. */
static void
append_areas(GString *out, const GPtrArray *results)
{
    unsigned totals[SUITE_XPASS + 1] = { 0 };
    g_autoptr(GHashTable) areas = count_areas(results, totals);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(areas), (GCompareFunc)strcmp);

    g_string_append(out, "<h2>Areas</h2><div class=\"wrap\"><table><tr><th>area</th>");
    for (const struct pv_enum_value *verdict = suite_verdict_values; verdict->name; verdict++)
        if (totals[verdict->value])
            g_string_append_printf(out, "<th class=\"n\">%s</th>", verdict->name);
    g_string_append(out, "</tr>\n");
    for (GList *name = names; name; name = name->next)
        append_area(out, name->data, g_hash_table_lookup(areas, name->data), totals);
    g_string_append(out, "</table></div>\n");
}

static void
append_cases(GString *out, const GPtrArray *results)
{
    g_string_append(out, "<h2>Cases</h2><div class=\"wrap\"><table><tr><th>case</th><th>verdict</th><th>checks</th>"
                         "<th class=\"n\">took</th></tr>\n");
    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);
        const char *word = pv_enum_name(suite_verdict_values, result->verdict);
        g_autofree char *took = suite_us_text(result->elapsed_us == PV_UNSET_INT ? 0 : result->elapsed_us);

        g_string_append(out, "<tr>");
        append_tag(out, "td", result->id);
        append_class(out, "td", word, word);
        append_tag(out, "td", result->reason && result->verdict != SUITE_PASS ? result->reason : result->title);
        append_class(out, "td", "n", took);
        g_string_append(out, "</tr>\n");
    }
    g_string_append(out, "</table></div>\n");
}

/* ---- latency ---- */

#define BAR_WIDTH 120

static void
append_latency(GString *out, const struct suite_latency *latency, int64_t longest)
{
    const int64_t figures[] = { latency->p50_us, latency->p95_us, latency->p99_us, latency->max_us };

    g_string_append(out, "<tr>");
    append_tag(out, "td", latency->name);
    g_string_append_printf(out, "<td class=\"n\">%" G_GINT64_FORMAT "</td>", latency->calls);
    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++) {
        g_autofree char *text = suite_us_text(figures[i]);

        append_class(out, "td", "n", text);
    }
    g_string_append_printf(out,
                           "<td><svg width=\"%d\" height=\"10\" role=\"img\"><rect width=\"%d\" height=\"10\"/></svg>"
                           "</td></tr>\n",
                           BAR_WIDTH, longest > 0 ? (int)(latency->p95_us * BAR_WIDTH / longest) : 0);
}

static void
append_latencies(GString *out, const GPtrArray *results)
{
    g_autoptr(GPtrArray) list = suite_latencies(results);
    int64_t longest = list->len ? ((struct suite_latency *)list->pdata[0])->p95_us : 0;

    g_string_append(out, "<h2>How long calls took</h2><div class=\"wrap\"><table><tr><th>call</th>"
                         "<th class=\"n\">calls</th><th class=\"n\">p50</th><th class=\"n\">p95</th>"
                         "<th class=\"n\">p99</th><th class=\"n\">max</th>"
                         "<th>p95</th></tr>\n");
    for (unsigned i = 0; i < list->len; i++)
        append_latency(out, list->pdata[i], longest);
    g_string_append(out, "</table></div>\n");
}

void
suite_report_html(GString *out, const struct suite_run *run, const GPtrArray *results)
{
    g_string_append(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    suite_append_xml(out, run->uri);
    g_string_append_printf(out, "</title><style>%s</style></head><body>\n", style);
    append_tag(out, "h1", run->uri);
    append_counts(out, results);
    for (char **warning = run->warnings; warning && *warning; warning++)
        append_class(out, "p", "warn", *warning);
    append_facts(out, run);
    append_failures(out, results);
    append_areas(out, results);
    append_capabilities(out, run);
    append_latencies(out, results);
    append_cases(out, results);
    g_string_append(out, "</body></html>\n");
}
