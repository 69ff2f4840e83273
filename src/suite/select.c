/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the cases are run, and in what order. */
#include "suite.h"

#include <string.h>

/* "qmp/block" means all below it, "*" anything; a uid means its case. */
static gboolean
fits_id(const struct suite_case *test, const char *id)
{
    size_t len = strlen(id);

    if (g_str_equal(test->uid, id) || g_str_equal(test->id, id))
        return TRUE;
    if (strpbrk(id, "*?"))
        return g_pattern_match_simple(id, test->id);
    return len && strncmp(test->id, id, len) == 0 && (id[len - 1] == '/' || test->id[len] == '/');
}

static gboolean
fits_any(const struct suite_case *test, char *const *ids)
{
    if (!ids || !*ids)
        return TRUE;
    for (; *ids; ids++)
        if (fits_id(test, *ids))
            return TRUE;
    return FALSE;
}

static gboolean
has_tag(const struct suite_case *test, char *const *tags)
{
    if (!tags || !*tags)
        return TRUE;
    for (; *tags; tags++)
        if (g_strv_contains((const char *const *)test->tags, *tags))
            return TRUE;
    return FALSE;
}

static gboolean
fits(const struct suite_case *test, const struct suite_select *select)
{
    return test->level <= select->level && fits_any(test, select->ids) && has_tag(test, select->tags) &&
           (!select->uids || g_strv_contains((const char *const *)select->uids, test->uid));
}

/* A word that no case answers to is a typing error, not an empty choice. */
static int
check_ids(const GPtrArray *cases, char *const *ids, pv_error **error)
{
    for (; ids && *ids; ids++) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        gboolean found = FALSE;
        const char *nearest;

        for (unsigned i = 0; i < cases->len && !found; i++) {
            const struct suite_case *test = g_ptr_array_index(cases, i);

            found = fits_id(test, *ids);
            g_ptr_array_add(names, test->id);
        }
        if (found)
            continue;
        g_ptr_array_add(names, NULL);
        nearest = pv_text_nearest(*ids, (const char *const *)names->pdata);
        pv_error_set(error, PV_ERR_NOT_FOUND, "no case is called '%s'", *ids);
        if (nearest)
            pv_error_hint(error, "did you mean '%s'?", nearest);
        return PV_ERR_NOT_FOUND;
    }
    return 0;
}

static void
shuffle(GPtrArray *list, uint64_t seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed_array((guint32[]){ (guint32)seed, (guint32)(seed >> 32) }, 2);

    for (unsigned i = list->len; i > 1; i--) {
        unsigned j = (unsigned)g_rand_int_range(random, 0, (gint32)i);
        gpointer item = list->pdata[i - 1];

        list->pdata[i - 1] = list->pdata[j];
        list->pdata[j] = item;
    }
}

int
suite_select(const GPtrArray *cases, const struct suite_select *select, GPtrArray **ret_chosen, pv_error **error)
{
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    unsigned number = 0;
    int code = check_ids(cases, select->ids, error);

    if (code < 0)
        return code;
    for (unsigned i = 0; i < cases->len; i++) {
        struct suite_case *test = g_ptr_array_index(cases, i);

        if (fits(test, select) && (!select->shards || number++ % select->shards == select->shard - 1))
            g_ptr_array_add(chosen, test);
    }
    if (chosen->len == 0)
        return pv_error_set(error, PV_ERR_NOT_FOUND,
                            "no case is left of this choice: look at --level, --tag and --shard");
    if (select->shuffle)
        shuffle(chosen, select->seed);
    *ret_chosen = g_steal_pointer(&chosen);
    return 0;
}
