/* SPDX-License-Identifier: Apache-2.0 */
/* The config file: named endpoints and which of them is the current one. */
#include "cli.h"
#include "file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

static const struct pv_field context_fields[] = {
    PV_FIELD(cli_context, current, PV_BOOL, .flags = PV_F_TABLE, .help = "the one that is used without -c"),
    PV_FIELD(cli_context, name, PV_STRING, .flags = PV_F_TABLE | PV_F_NAME, .help = "what -c takes"),
    PV_FIELD(cli_context, uri, PV_STRING, .flags = PV_F_TABLE, .help = "endpoint, or alias in libvirt"),
    PV_FIELD(cli_context, password_file, PV_STRING, .flags = PV_F_WIDE | PV_F_FILE,
             .help = "file whose first line is the password"),
    PV_FIELD(cli_context, password_command, PV_STRING, .flags = PV_F_WIDE,
             .help = "shell command that prints the password"),
    PV_FIELD(cli_context, password, PV_STRING, .flags = PV_F_SECRET, .help = "the password itself"),
    PV_FIELD(cli_context, tls_sha256, PV_STRING, .flags = PV_F_WIDE,
             .help = "accept exactly this certificate"),
    PV_FIELD(cli_context, ca_file, PV_STRING, .flags = PV_F_WIDE | PV_F_FILE,
             .help = "PEM file of trusted CAs"),
    PV_FIELD(cli_context, insecure, PV_BOOL, .flags = PV_F_WIDE, .help = "accept any certificate"),
    PV_FIELD(cli_context, readonly, PV_BOOL, .flags = PV_F_WIDE, .help = "refuse changes"),
    PV_FIELD(cli_context, timeout, PV_INT, .unit = PV_UNIT_MILLISECONDS, .flags = PV_F_WIDE,
             .help = "deadline of calls"),
    { 0 },
};

const struct pv_desc cli_context_desc = {
    "context", sizeof(struct cli_context), context_fields, "a named endpoint of the config file",
};

char *
cli_config_path(void)
{
    const char *path = getenv("POLYVIRT_CONFIG");

    if (path && *path)
        return g_strdup(path);
    return g_build_filename(g_get_user_config_dir(), "polyvirt", "config.yaml", NULL);
}

/* ---- reading ---- */

struct reader {
    struct cli_config *config;
    yaml_document_t *document;
    gboolean secret; /* a password stands in the file */
};

static int
fault(const struct reader *reader, const yaml_node_t *node, pv_error **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static int
fault(const struct reader *reader, const yaml_node_t *node, pv_error **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return pv_error_set(error, PV_ERR_INVALID, "%s:%zu: %s", reader->config->path, node->start_mark.line + 1,
                        text);
}

static const char *
scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static yaml_node_pair_t *
pairs_of(const yaml_node_t *mapping)
{
    return mapping->data.mapping.pairs.start;
}

static yaml_node_pair_t *
pairs_end(const yaml_node_t *mapping)
{
    return mapping->data.mapping.pairs.top;
}

static char *
known_names(const struct pv_desc *desc)
{
    GString *out = g_string_new(NULL);

    for (const struct pv_field *field = desc->fields; field->name; field++)
        if (strcmp(field->name, "name") != 0 && strcmp(field->name, "current") != 0)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", field->name);
    return g_string_free(out, FALSE);
}

static int
read_member(struct reader *reader, struct cli_context *context, const yaml_node_t *key,
            const yaml_node_t *value, pv_error **error)
{
    const char *name = scalar(key);
    const struct pv_field *field = name ? pv_desc_field(&cli_context_desc, name) : NULL;
    g_autoptr(pv_error) inner = NULL;

    if (!field || strcmp(name, "name") == 0 || strcmp(name, "current") == 0) {
        g_autofree char *known = known_names(&cli_context_desc);

        fault(reader, key, error, "contexts.%s: there is no field '%s'", context->name, name ? name : "?");
        pv_error_hint(error, "fields: %s", known);
        return PV_ERR_INVALID;
    }
    if (!scalar(value))
        return fault(reader, value, error, "contexts.%s.%s: a single value is wanted", context->name, name);
    if (cli_field_parse(&cli_context_desc, field, context, scalar(value), &inner) != 0)
        return fault(reader, value, error, "contexts.%s.%s", context->name, inner->message);
    if (field->flags & PV_F_SECRET)
        reader->secret = TRUE;
    return 0;
}

static int
read_context(struct reader *reader, const yaml_node_t *key, const yaml_node_t *value, pv_error **error)
{
    struct cli_context *context;
    int rc = 0;

    if (!scalar(key) || !*scalar(key) || strchr(scalar(key), ':'))
        return fault(reader, key, error, "contexts: a context's name is a word without ':'");
    if (value->type != YAML_MAPPING_NODE)
        return fault(reader, value, error, "contexts.%s: a mapping with 'uri' is wanted", scalar(key));
    if (cli_config_find(reader->config, scalar(key)))
        return fault(reader, key, error, "contexts.%s: named twice", scalar(key));
    context = pv_desc_new(&cli_context_desc);
    g_ptr_array_add(reader->config->contexts, context);
    context->name = g_strdup(scalar(key));
    for (yaml_node_pair_t *pair = pairs_of(value); pair < pairs_end(value); pair++) {
        rc = read_member(reader, context, yaml_document_get_node(reader->document, pair->key),
                         yaml_document_get_node(reader->document, pair->value), error);
        if (rc != 0)
            return rc;
    }
    if (!context->uri)
        return fault(reader, key, error, "contexts.%s.uri: missing", context->name);
    return 0;
}

static int
read_contexts(struct reader *reader, const yaml_node_t *node, pv_error **error)
{
    int rc = 0;

    if (node->type != YAML_MAPPING_NODE)
        return fault(reader, node, error, "contexts: a mapping of names to endpoints is wanted");
    for (yaml_node_pair_t *pair = pairs_of(node); rc == 0 && pair < pairs_end(node); pair++)
        rc = read_context(reader, yaml_document_get_node(reader->document, pair->key),
                          yaml_document_get_node(reader->document, pair->value), error);
    return rc;
}

static int
read_top(struct reader *reader, const yaml_node_t *key, const yaml_node_t *value, pv_error **error)
{
    if (g_strcmp0(scalar(key), "contexts") == 0)
        return read_contexts(reader, value, error);
    if (g_strcmp0(scalar(key), "current") == 0) {
        if (!scalar(value))
            return fault(reader, value, error, "current: the name of a context is wanted");
        g_free(reader->config->current);
        reader->config->current = g_strdup(scalar(value));
        return 0;
    }
    return fault(reader, key, error, "there is no field '%s'; known are current, contexts",
                 scalar(key) ? scalar(key) : "?");
}

static int
read_root(struct reader *reader, pv_error **error)
{
    const yaml_node_t *root = yaml_document_get_root_node(reader->document);
    int rc = 0;

    if (!root || (scalar(root) && !*scalar(root)))
        return 0; /* an empty file */
    if (root->type != YAML_MAPPING_NODE)
        return fault(reader, root, error, "a mapping with 'current' and 'contexts' is wanted");
    for (yaml_node_pair_t *pair = pairs_of(root); rc == 0 && pair < pairs_end(root); pair++)
        rc = read_top(reader, yaml_document_get_node(reader->document, pair->key),
                      yaml_document_get_node(reader->document, pair->value), error);
    return rc;
}

static int
load_document(const char *path, const char *text, size_t len, yaml_document_t *document, pv_error **error)
{
    yaml_parser_t parser;
    int rc = 0;

    if (!yaml_parser_initialize(&parser))
        return pv_error_set(error, PV_ERR_INTERNAL, "%s: no memory for a YAML parser", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    if (!yaml_parser_load(&parser, document))
        rc = pv_error_set(error, PV_ERR_INVALID, "%s:%zu: %s", path, parser.problem_mark.line + 1,
                          parser.problem ? parser.problem : "not YAML");
    yaml_parser_delete(&parser);
    return rc;
}

static void
mark_current(struct cli_config *config)
{
    for (guint i = 0; i < config->contexts->len; i++) {
        struct cli_context *context = config->contexts->pdata[i];

        context->current = g_strcmp0(context->name, config->current) == 0;
    }
}

static void
warn_readable(const struct reader *reader)
{
    struct stat st;

    if (reader->secret && stat(reader->config->path, &st) == 0 && (st.st_mode & (S_IRGRP | S_IROTH)))
        cli_warn("%s holds a password and can be read by others; chmod 600 it", reader->config->path);
}

int
cli_config_load(struct cli_config **ret_config, pv_error **error)
{
    g_autoptr(cli_config) config = g_new0(struct cli_config, 1);
    yaml_document_t document;
    struct reader reader = { .config = config, .document = &document };
    g_autofree char *text = NULL;
    size_t len = 0;
    int rc;

    config->path = cli_config_path();
    config->contexts = pv_list_new(&cli_context_desc);
    if (g_file_test(config->path, G_FILE_TEST_EXISTS)) {
        rc = cli_file_read(config->path, CLI_CONFIG_MAX, &text, &len, error);
        if (rc == 0)
            rc = load_document(config->path, text, len, &document, error);
        if (rc != 0)
            return rc;
        rc = read_root(&reader, error);
        yaml_document_delete(&document);
        if (rc != 0)
            return rc;
        mark_current(config);
        warn_readable(&reader);
    }
    *ret_config = g_steal_pointer(&config);
    return 0;
}

const struct cli_context *
cli_config_find(const struct cli_config *config, const char *name)
{
    for (guint i = 0; i < config->contexts->len; i++) {
        const struct cli_context *context = config->contexts->pdata[i];

        if (g_strcmp0(context->name, name) == 0)
            return context;
    }
    return NULL;
}

void
cli_config_free(struct cli_config *config)
{
    if (!config)
        return;
    g_clear_pointer(&config->contexts, g_ptr_array_unref);
    g_free(config->current);
    g_free(config->path);
    g_free(config);
}

/* ---- choosing ---- */

/* Bytes of the value of the top-level key "current", or FALSE when there is none. */
static gboolean
find_current(yaml_document_t *document, size_t *ret_start, size_t *ret_end)
{
    const yaml_node_t *root = yaml_document_get_root_node(document);

    if (!root || root->type != YAML_MAPPING_NODE)
        return FALSE;
    for (yaml_node_pair_t *pair = pairs_of(root); pair < pairs_end(root); pair++) {
        const yaml_node_t *value = yaml_document_get_node(document, pair->value);

        if (g_strcmp0(scalar(yaml_document_get_node(document, pair->key)), "current") == 0) {
            *ret_start = value->start_mark.index;
            *ret_end = value->end_mark.index;
            return TRUE;
        }
    }
    return FALSE;
}

/* libyaml counts characters, the file bytes. */
static size_t
byte_offset(const char *text, size_t characters)
{
    return (size_t)(g_utf8_offset_to_pointer(text, (glong)characters) - text);
}

static char *
with_current(const char *text, size_t len, const char *path, const char *name, pv_error **error)
{
    yaml_document_t document;
    size_t start = 0, end = 0;
    gboolean found;
    g_autoptr(GString) value = g_string_new(NULL);

    if (load_document(path, text, len, &document, error) != 0)
        return NULL;
    found = find_current(&document, &start, &end);
    yaml_document_delete(&document);
    pv_json_write_string(value, name); /* a JSON string is a YAML scalar too */
    if (!found)
        return g_strdup_printf("current: %s\n%s", value->str, text);
    start = byte_offset(text, start);
    end = byte_offset(text, end);
    return g_strdup_printf("%.*s%s%s%s", (int)start, text, start > 0 && text[start - 1] == ':' ? " " : "",
                           value->str, text + end);
}

int
cli_config_use(const struct cli_config *config, const char *name, pv_error **error)
{
    g_autofree char *text = NULL;
    g_autofree char *changed = NULL;
    g_autofree char *target = NULL;
    g_autoptr(GError) failure = NULL;
    char *real;
    struct stat st;
    size_t len = 0;
    int rc = cli_file_read(config->path, CLI_CONFIG_MAX, &text, &len, error);

    if (rc != 0)
        return rc;
    changed = with_current(text, len, config->path, name, error);
    if (!changed)
        return (*error)->code;
    real = realpath(config->path, NULL); /* a link stays a link */
    target = g_strdup(real ? real : config->path);
    free(real);
    if (stat(target, &st) != 0)
        st.st_mode = 0600;
    if (!g_file_set_contents_full(target, changed, -1, G_FILE_SET_CONTENTS_CONSISTENT, st.st_mode & 0777,
                                  &failure))
        return pv_error_set(error, PV_ERR_FAILED, "%s", failure->message);
    return 0;
}
