/* SPDX-License-Identifier: Apache-2.0 */
/* What changed from one run to another: verdicts by the cases' permanent ids, and how long calls take. */
#include "report.h"

#define LATENCY_CALLS_MIN 5     /* fewer calls say nothing */
#define LATENCY_DELTA_US  20000 /* a smaller change is noise, whatever its percentage */

static void
add_change(GPtrArray *changes, const char *uid, const char *id, const char *what, const char *before,
           const char *after, gboolean worse)
{
    struct suite_change *change = pv_desc_new(&suite_change_desc);

    change->uid = g_strdup(uid);
    change->id = g_strdup(id);
    change->what = g_strdup(what);
    change->before = g_strdup(before);
    change->after = g_strdup(after);
    change->worse = worse;
    g_ptr_array_add(changes, change);
}

static GHashTable *
by_uid(const GPtrArray *results)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < results->len; i++) {
        suite_result *result = g_ptr_array_index(results, i);

        if (result->uid)
            g_hash_table_insert(table, result->uid, result);
    }
    return table;
}

static const char *
word(const suite_result *result)
{
    return pv_enum_name(suite_verdict_values, result->verdict);
}

static void
diff_verdicts(const GPtrArray *before, const GPtrArray *after, GPtrArray *changes)
{
    g_autoptr(GHashTable) old = by_uid(before), new = by_uid(after);

    for (unsigned i = 0; i < after->len; i++) {
        const suite_result *now = g_ptr_array_index(after, i), *then;

        then = now->uid ? g_hash_table_lookup(old, now->uid) : NULL;
        if (!then)
            add_change(changes, now->uid, now->id, "new", NULL, word(now), suite_is_bad(now->verdict));
        else if (then->verdict != now->verdict)
            add_change(changes, now->uid, now->id, "verdict", word(then), word(now),
                       suite_is_bad(now->verdict) || then->verdict == SUITE_PASS);
    }
    for (unsigned i = 0; i < before->len; i++) {
        const suite_result *then = g_ptr_array_index(before, i);

        if (then->uid && !g_hash_table_contains(new, then->uid))
            add_change(changes, then->uid, then->id, "gone", word(then), NULL, then->verdict == SUITE_PASS);
    }
}

static const struct suite_latency *
find_latency(const GPtrArray *list, const char *name)
{
    for (unsigned i = 0; i < list->len; i++)
        if (g_str_equal(((struct suite_latency *)list->pdata[i])->name, name))
            return list->pdata[i];
    return NULL;
}

static void
diff_latency(const GPtrArray *before, const GPtrArray *after, double margin, GPtrArray *changes)
{
    g_autoptr(GPtrArray) old = suite_latencies(before), new = suite_latencies(after);

    for (unsigned i = 0; i < new->len; i++) {
        const struct suite_latency *now = g_ptr_array_index(new, i), *then = find_latency(old, now->name);
        g_autofree char *was = NULL, *is = NULL;
        int64_t delta;

        if (!then || then->calls < LATENCY_CALLS_MIN || now->calls < LATENCY_CALLS_MIN)
            continue;
        delta = now->p95_us - then->p95_us;
        if (ABS(delta) < LATENCY_DELTA_US || (double)ABS(delta) * 100 < margin * (double)then->p95_us)
            continue;
        was = suite_us_text(then->p95_us);
        is = suite_us_text(now->p95_us);
        add_change(changes, NULL, now->name, "latency", was, is, delta > 0);
    }
}

static gint
worse_first(gconstpointer a, gconstpointer b)
{
    const struct suite_change *x = *(struct suite_change *const *)a, *y = *(struct suite_change *const *)b;

    return x->worse != y->worse ? y->worse - x->worse : g_strcmp0(x->id, y->id);
}

GPtrArray *
suite_diff(const GPtrArray *before, const GPtrArray *after, double margin)
{
    GPtrArray *changes = pv_list_new(&suite_change_desc);

    diff_verdicts(before, after, changes);
    diff_latency(before, after, margin, changes);
    g_ptr_array_sort(changes, worse_first);
    return changes;
}
