/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON document: the run, its results, and how long calls took. */
#include "report.h"

void
suite_report_json(GString *out, const struct suite_run *run, const GPtrArray *results)
{
    g_autoptr(GPtrArray) latencies = suite_latencies(results);

    g_string_append(out, "{\"run\":");
    pv_json_write(out, &suite_run_desc, run, 0);
    g_string_append(out, ",\"results\":");
    pv_json_write_list(out, &suite_result_desc, results, 0);
    g_string_append(out, ",\"latencies\":");
    pv_json_write_list(out, &suite_latency_desc, latencies, 0);
    g_string_append(out, "}\n");
}
