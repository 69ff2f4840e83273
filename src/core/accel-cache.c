/* SPDX-License-Identifier: Apache-2.0 */
/* Answers kept in the user's cache folder: accel.json, a list of {key, accel}. */
#include "accel-private.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

struct entry {
    char *key;
    struct pv_accel *accel;
};
static const struct pv_field entry_fields[] = {
    PV_FIELD(entry, key, PV_STRING, .flags = PV_F_REQUIRED, .help = "host, kernel and QEMU"),
    PV_FIELD(entry, accel, PV_STRUCT, .desc = &pv_accel_desc, .flags = PV_F_REQUIRED, .help = "the answer"),
    { 0 },
};
static const struct pv_desc entry_desc = { "entry", sizeof(struct entry), entry_fields, "a kept answer" };

struct cache {
    GPtrArray *entries; /* oldest first */
};
static const struct pv_field cache_fields[] = {
    PV_FIELD(cache, entries, PV_LIST, .desc = &entry_desc, .help = "kept answers"),
    { 0 },
};
static const struct pv_desc cache_desc = { "cache", sizeof(struct cache), cache_fields, "kept answers" };

static char *
cache_path(void)
{
    return g_build_filename(g_get_user_cache_dir(), "polyvirt", "accel.json", NULL);
}

char *
pv_accel_cache_key(const char *qemu)
{
    struct utsname name = { 0 };
    struct stat st = { 0 };

    if (uname(&name) != 0 || stat(qemu, &st) != 0)
        st.st_size = 0;
    return g_strdup_printf("%s %s %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " kvm:%s", name.nodename,
                           name.release, qemu, (gint64)st.st_mtime, (gint64)st.st_size,
                           access("/dev/kvm", R_OK | W_OK) == 0 ? "yes" : "no");
}

static struct cache *
load(void)
{
    g_autofree char *path = cache_path();
    g_autofree char *text = NULL;
    gsize length = 0;
    void *cache = NULL;

    if (g_file_get_contents(path, &text, &length, NULL) && length <= PV_ACCEL_CACHE_MAX)
        pv_json_read(text, length, &cache_desc, &cache, NULL);
    if (!cache)
        cache = pv_desc_new(&cache_desc);
    if (!((struct cache *)cache)->entries)
        ((struct cache *)cache)->entries = pv_list_new(&entry_desc);
    return cache;
}

struct pv_accel *
pv_accel_cache_get(const char *key)
{
    struct cache *cache = load();
    struct pv_accel *found = NULL;

    for (guint i = 0; i < cache->entries->len && !found; i++) {
        struct entry *entry = cache->entries->pdata[i];

        if (strcmp(entry->key, key) == 0 && entry->accel->accelerator)
            found = g_steal_pointer(&entry->accel);
    }
    pv_desc_free(&cache_desc, cache);
    if (found)
        found->cached = 1;
    return found;
}

static void
forget(struct cache *cache, const char *key)
{
    for (guint i = cache->entries->len; i-- > 0;)
        if (strcmp(((struct entry *)cache->entries->pdata[i])->key, key) == 0)
            g_ptr_array_remove_index(cache->entries, i);
    while (cache->entries->len >= PV_ACCEL_ENTRIES_MAX)
        g_ptr_array_remove_index(cache->entries, 0);
}

void
pv_accel_cache_put(const char *key, const struct pv_accel *accel)
{
    g_autofree char *path = cache_path();
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GString) text = g_string_new(NULL);
    struct cache *cache = load();
    struct entry *entry = pv_desc_new(&entry_desc);

    forget(cache, key);
    entry->key = g_strdup(key);
    entry->accel = pv_desc_copy(&pv_accel_desc, accel);
    g_ptr_array_add(cache->entries, entry);
    pv_json_write(text, &cache_desc, cache, PV_WRITE_PRETTY);
    g_string_append_c(text, '\n');
    if (g_mkdir_with_parents(folder, 0700) == 0)
        g_file_set_contents(path, text->str, (gssize)text->len, NULL);
    pv_desc_free(&cache_desc, cache);
}
