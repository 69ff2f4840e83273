/* SPDX-License-Identifier: Apache-2.0 */
/* How long calls took, by what was called. */
#include "report.h"

#include <string.h>

/* Ids in a path would make every call one of its own: "vm-42", a UUID, a number become "{}". */
static gboolean
is_id(const char *part)
{
    return strpbrk(part, "0123456789") != NULL && strlen(part) > 1 && !g_str_has_prefix(part, "v1");
}

static char *
call_key(const suite_call *call)
{
    g_auto(GStrv) halves = g_strsplit(call->name, "?", 2);
    g_auto(GStrv) parts = g_strsplit(halves[0] ? halves[0] : "", "/", -1);
    g_autofree char *joined = NULL;

    for (char **part = parts; g_strcmp0(call->kind, "rest") == 0 && *part; part++)
        if (is_id(*part)) {
            g_free(*part);
            *part = g_strdup("{}");
        }
    joined = g_strjoinv("/", parts);
    return g_strdup_printf("%s %s", call->kind, joined);
}

static gint
by_number(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* Nearest rank. */
static int64_t
percentile(const GArray *sorted, unsigned percent)
{
    unsigned rank = (sorted->len * percent + 99) / 100;

    return g_array_index(sorted, int64_t, rank ? rank - 1 : 0);
}

static struct suite_latency *
sum_up(const char *name, GArray *times)
{
    struct suite_latency *latency = pv_desc_new(&suite_latency_desc);

    g_array_sort(times, by_number);
    latency->name = g_strdup(name);
    latency->calls = times->len;
    latency->min_us = g_array_index(times, int64_t, 0);
    latency->p50_us = percentile(times, 50);
    latency->p95_us = percentile(times, 95);
    latency->p99_us = percentile(times, 99);
    latency->max_us = g_array_index(times, int64_t, times->len - 1);
    return latency;
}

static void
collect(GHashTable *groups, const suite_result *result)
{
    for (unsigned i = 0; result->calls && i < result->calls->len; i++) {
        const suite_call *call = g_ptr_array_index(result->calls, i);
        g_autofree char *key = NULL;
        GArray *times;

        if (call->elapsed_us == PV_UNSET_INT || g_strcmp0(call->kind, "events") == 0)
            continue;
        key = call_key(call);
        times = g_hash_table_lookup(groups, key);
        if (!times) {
            times = g_array_new(FALSE, FALSE, sizeof(int64_t));
            g_hash_table_insert(groups, g_steal_pointer(&key), times);
        }
        g_array_append_val(times, call->elapsed_us);
    }
}

static gint
slowest_first(gconstpointer a, gconstpointer b)
{
    const struct suite_latency *x = *(struct suite_latency *const *)a, *y = *(struct suite_latency *const *)b;

    return x->p95_us > y->p95_us ? -1 : x->p95_us < y->p95_us;
}

GPtrArray *
suite_latencies(const GPtrArray *results)
{
    g_autoptr(GHashTable) groups =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    GPtrArray *list = pv_list_new(&suite_latency_desc);
    GHashTableIter iter;
    gpointer name, times;

    for (unsigned i = 0; i < results->len; i++)
        collect(groups, results->pdata[i]);
    g_hash_table_iter_init(&iter, groups);
    while (g_hash_table_iter_next(&iter, &name, &times))
        g_ptr_array_add(list, sum_up(name, times));
    g_ptr_array_sort(list, slowest_first);
    return list;
}
