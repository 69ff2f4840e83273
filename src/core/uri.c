/* SPDX-License-Identifier: Apache-2.0 */
#include "driver.h"

#include <string.h>

#define URI_MAX 4096 /* bytes; no API has a longer one */

static GHashTable *
parse_query(const char *query, pv_error **error)
{
    g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) parts = g_strsplit(query ? query : "", "&", -1);

    for (char **part = parts; *part; part++) {
        char *equals = strchr(*part, '=');
        char *key, *value;

        if (!**part)
            continue;
        if (equals)
            *equals = '\0';
        key = g_uri_unescape_string(*part, NULL);
        value = g_uri_unescape_string(equals ? equals + 1 : "", NULL);
        if (!key || !value) {
            g_free(key);
            g_free(value);
            pv_error_set(error, PV_ERR_USAGE, "URI query '%s' has a broken %% escape", *part);
            return NULL;
        }
        g_hash_table_insert(table, key, value);
    }
    return g_steal_pointer(&table);
}

static int
fill_uri(struct pv_uri *uri, GUri *parsed, pv_error **error)
{
    if (g_uri_get_password(parsed)) {
        pv_error_set(error, PV_ERR_USAGE, "a password does not belong in a URI: anybody can read it there");
        pv_error_hint(error, "use the prompt, POLYVIRT_PASSWORD, --password-file or --password-command");
        return PV_ERR_USAGE;
    }
    uri->scheme = g_ascii_strdown(g_uri_get_scheme(parsed), -1);
    uri->user = g_strdup(g_uri_get_user(parsed));
    uri->host = g_strdup(g_uri_get_host(parsed));
    if (uri->host && !*uri->host)
        g_clear_pointer(&uri->host, g_free);
    uri->port = MAX(g_uri_get_port(parsed), 0);
    uri->path = g_strdup(g_uri_get_path(parsed));
    return 0;
}

int
pv_uri_parse(const char *text, struct pv_uri **ret_uri, pv_error **error)
{
    g_autoptr(GUri) parsed = NULL;
    g_autoptr(GHashTable) query = NULL;
    g_autoptr(GError) why = NULL;
    struct pv_uri *uri;

    if (strlen(text) > URI_MAX)
        return pv_error_set(error, PV_ERR_USAGE, "URI is longer than %d bytes", URI_MAX);
    parsed = g_uri_parse(text, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_QUERY, &why);
    if (!parsed) {
        g_autofree char *safe = pv_redact(text);

        return pv_error_set(error, PV_ERR_USAGE, "'%s' is not a URI: %s", safe, why->message);
    }
    query = parse_query(g_uri_get_query(parsed), error);
    if (!query)
        return PV_ERR_USAGE;
    uri = g_new0(struct pv_uri, 1);
    if (fill_uri(uri, parsed, error) < 0) {
        pv_uri_free(uri);
        return PV_ERR_USAGE;
    }
    uri->text = g_strdup(text);
    uri->query = g_steal_pointer(&query);
    *ret_uri = uri;
    return 0;
}

void
pv_uri_free(struct pv_uri *uri)
{
    if (!uri)
        return;
    g_free(uri->text);
    g_free(uri->scheme);
    g_free(uri->user);
    g_free(uri->host);
    g_free(uri->path);
    g_clear_pointer(&uri->query, g_hash_table_unref);
    g_free(uri);
}

const char *
pv_uri_get(const struct pv_uri *uri, const char *key)
{
    return g_hash_table_lookup(uri->query, key);
}

int
pv_uri_check_query(const struct pv_uri *uri, const char *const *known, pv_error **error)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, uri->query);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const char *near;

        if (g_strv_contains(known, key))
            continue;
        pv_error_set(error, PV_ERR_USAGE, "%s: unknown query parameter '%s'", uri->scheme, (char *)key);
        near = pv_text_nearest(key, known);
        if (near)
            pv_error_hint(error, "did you mean '%s'?", near);
        return PV_ERR_USAGE;
    }
    return 0;
}
