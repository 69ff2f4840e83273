/* SPDX-License-Identifier: Apache-2.0 */
/* Cases from a file's nodes. A mistake is told with file, line and column; a file counts whole or not. */
#include "case-priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- tables ---- */

const struct pv_enum_value suite_must_values[] = {
    { SUITE_MUST, "must", "the API requires it" },
    { SUITE_SHOULD, "should", "the API advises it" },
    { SUITE_MAY, "may", "the API allows it" },
    { 0 },
};

const struct pv_enum_value suite_level_values[] = {
    { SUITE_LEVEL_READ, "read", "changes nothing" },
    { SUITE_LEVEL_LIFECYCLE, "lifecycle", "makes, changes and removes objects of its own" },
    { SUITE_LEVEL_DISRUPTIVE, "disruptive", "changes the host itself" },
    { 0 },
};

const struct pv_enum_value suite_given_values[] = {
    { SUITE_GIVEN_VM_OFF, "vm-off", NULL },
    { SUITE_GIVEN_VM_ON, "vm-on", NULL },
    { SUITE_GIVEN_VM_PAUSED, "vm-paused", NULL },
    { SUITE_GIVEN_VM_SUSPENDED, "vm-suspended", NULL },
    { SUITE_GIVEN_VM_SNAPSHOT, "vm-snapshot", NULL },
    { 0 },
};

static const struct pv_enum_value effect_values[] = {
    { PV_EFFECT_READ, "read", NULL },
    { PV_EFFECT_CREATE, "create", NULL },
    { PV_EFFECT_MODIFY, "modify", NULL },
    { PV_EFFECT_DISRUPTIVE, "disruptive", NULL },
    { 0 },
};

#define T PV_F_TABLE
#define W PV_F_WIDE
static const struct pv_field case_fields[] = {
    PV_FIELD(suite_case, uid, PV_STRING, .title = "UID", .flags = T, .help = "permanent short id"),
    PV_FIELD(suite_case, id, PV_STRING, .title = "ID", .flags = T | PV_F_NAME, .help = "id"),
    PV_FIELD(suite_case, must, PV_ENUM, .values = suite_must_values, .flags = W, .help = "how binding the clause is"),
    PV_FIELD(suite_case, level, PV_ENUM, .values = suite_level_values, .flags = T, .help = "how far it goes"),
    PV_FIELD(suite_case, effect, PV_ENUM, .values = effect_values, .flags = W, .help = "its worst effect on its own"),
    PV_FIELD(suite_case, title, PV_STRING, .flags = T, .help = "what it checks"),
    PV_FIELD(suite_case, clause, PV_STRING, .help = "the sentence that is checked"),
    PV_FIELD(suite_case, source, PV_STRING, .flags = W, .help = "where the sentence comes from"),
    PV_FIELD(suite_case, since, PV_STRING, .help = "version of the API that has it"),
    PV_FIELD(suite_case, given, PV_ENUM, .values = suite_given_values, .help = "what it is given"),
    PV_FIELD(suite_case, drivers, PV_STRINGS, .flags = W, .help = "only on endpoints of these drivers"),
    PV_FIELD(suite_case, tags, PV_STRINGS, .flags = W, .help = "tags"),
    PV_FIELD(suite_case, needs, PV_STRINGS, .help = "operations it cannot do without"),
    PV_FIELD(suite_case, wants, PV_STRINGS, .help = "inventory it looks at"),
    PV_FIELD(suite_case, cost_vms, PV_INT, .help = "VMs of its own at most"),
    PV_FIELD(suite_case, cost_bytes, PV_INT, .unit = PV_UNIT_BYTES, .help = "room they take at most"),
    PV_FIELD(suite_case, timeout_ms, PV_INT, .unit = PV_UNIT_MILLISECONDS, .help = "its deadline"),
    PV_FIELD(suite_case, file, PV_STRING, .help = "where it stands"),
    { 0 },
};
const struct pv_desc suite_case_desc = { "case", sizeof(struct suite_case), case_fields, "a case of the suite" };

static void
free_case(gpointer data)
{
    struct suite_case *test = data;

    if (test->steps)
        g_ptr_array_unref(test->steps);
    pv_desc_free(&suite_case_desc, test);
}
typedef struct suite_case suite_case;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(suite_case, free_case)

static void
free_step(gpointer step)
{
    suite_step_free(step);
}

GPtrArray *
suite_cases_new(void)
{
    return g_ptr_array_new_with_free_func(free_case);
}

/* ---- members ---- */

int
suite_check_keys(const struct suite_source *source, const suite_node *map, const char *const *known, pv_error **error)
{
    if (map->kind != SUITE_NODE_MAP)
        return suite_node_error(source->file, map, error, "expected a map");
    for (unsigned i = 0; i < map->items->len; i++) {
        const suite_node *item = g_ptr_array_index(map->items, i);
        const char *nearest;

        if (g_strv_contains(known, item->key))
            continue;
        nearest = pv_text_nearest(item->key, known);
        suite_node_error(source->file, item, error, "there is no '%s' here", item->key);
        if (nearest)
            pv_error_hint(error, "did you mean '%s'?", nearest);
        return PV_ERR_INVALID;
    }
    return 0;
}

int
suite_get_text(const struct suite_source *source, const suite_node *map, const char *key, char **ret_text,
               pv_error **error)
{
    const suite_node *node = suite_node_get(map, key);

    if (!node)
        return 0;
    if (node->kind != SUITE_NODE_SCALAR || !*node->text)
        return suite_node_error(source->file, node, error, "%s: expected a text", key);
    if (strstr(node->text, "$("))
        return suite_node_error(source->file, node, error, "%s: the row has no value for %s", key, node->text);
    g_free(*ret_text);
    *ret_text = g_strdup(node->text);
    return 0;
}

int
suite_get_span(const struct suite_source *source, const suite_node *map, const char *key, int64_t *ret_ms,
               pv_error **error)
{
    g_autofree char *text = NULL;
    g_autoptr(pv_error) why = NULL;
    int code = suite_get_text(source, map, key, &text, error);

    if (code < 0 || !text)
        return code;
    if (pv_duration_parse(text, ret_ms, &why) < 0)
        return suite_node_error(source->file, suite_node_get(map, key), error, "%s: %s", key, why->message);
    if (*ret_ms <= 0)
        return suite_node_error(source->file, suite_node_get(map, key), error, "%s: no time at all", key);
    return 0;
}

static int
get_enum(const struct suite_source *source, const suite_node *map, const char *key, const struct pv_enum_value *values,
         int *ret_value, pv_error **error)
{
    g_autofree char *text = NULL;
    int code = suite_get_text(source, map, key, &text, error);

    if (code < 0 || !text)
        return code;
    *ret_value = pv_enum_value(values, text);
    if (!*ret_value)
        return suite_node_error(source->file, suite_node_get(map, key), error, "%s: '%s' is none of its words", key,
                                text);
    return 0;
}

static int
get_list(const struct suite_source *source, const suite_node *map, const char *key, char ***ret_list, pv_error **error)
{
    const suite_node *node = suite_node_get(map, key);
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    if (!node)
        return 0;
    if (node->kind != SUITE_NODE_LIST)
        return suite_node_error(source->file, node, error, "%s: expected a list", key);
    for (unsigned i = 0; i < node->items->len; i++) {
        const suite_node *item = g_ptr_array_index(node->items, i);

        if (item->kind != SUITE_NODE_SCALAR || !*item->text)
            return suite_node_error(source->file, item, error, "%s: expected a list of words", key);
        g_strv_builder_add(list, item->text);
    }
    g_strfreev(*ret_list);
    *ret_list = g_strv_builder_end(list);
    return 0;
}

/* A word that is misspelt would make a case that never runs. */
int
suite_check_words(const struct suite_source *source, const suite_node *node, char *const *words,
                  const char *const *known, pv_error **error)
{
    for (; words && *words; words++) {
        const char *nearest;

        if (g_strv_contains(known, *words))
            continue;
        nearest = pv_text_nearest(*words, known);
        suite_node_error(source->file, node, error, "%s: there is no '%s'", node->key, *words);
        if (nearest)
            pv_error_hint(error, "did you mean '%s'?", nearest);
        return PV_ERR_INVALID;
    }
    return 0;
}

static int
get_words(const struct suite_source *source, const suite_node *map, const char *key, const char *const *known,
          char ***ret_list, pv_error **error)
{
    const suite_node *node = suite_node_get(map, key);
    int code = get_list(source, map, key, ret_list, error);

    return code < 0 || !node ? code : suite_check_words(source, node, *ret_list, known, error);
}

const char **
suite_operation_names(void)
{
    GPtrArray *names = g_ptr_array_new();

    for (const struct pv_op *op = pv_op_table(); op->name; op++)
        g_ptr_array_add(names, (gpointer)op->name);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}

/* ---- one case ---- */

static int
read_members(const struct suite_source *source, const suite_node *node, struct suite_case *test, pv_error **error)
{
    const struct {
        const char *key;
        char **text;
    } texts[] = { { "uid", &test->uid }, { "title", &test->title }, { "clause", &test->clause },
                  { "source", &test->source }, { "since", &test->since } };
    static const char *const drivers[] = { "libvirt", "qmp", "sim", "vsphere", NULL };
    static const char *const inventory[] = { "vm", "vm_name", "host", "datastore", "network", NULL };
    g_autofree const char **operations = suite_operation_names();
    int code = 0;

    for (size_t i = 0; code == 0 && i < G_N_ELEMENTS(texts); i++)
        code = suite_get_text(source, node, texts[i].key, texts[i].text, error);
    if (code == 0)
        code = get_enum(source, node, "must", suite_must_values, &test->must, error);
    if (code == 0)
        code = get_enum(source, node, "level", suite_level_values, &test->level, error);
    if (code == 0)
        code = get_enum(source, node, "given", suite_given_values, &test->given, error);
    if (code == 0)
        code = get_list(source, node, "tags", &test->tags, error);
    if (code == 0)
        code = get_words(source, node, "drivers", drivers, &test->drivers, error);
    if (code == 0)
        code = get_words(source, node, "needs", operations, &test->needs, error);
    if (code == 0)
        code = get_words(source, node, "wants", inventory, &test->wants, error);
    return code < 0 ? code : suite_get_span(source, node, "timeout", &test->timeout_ms, error);
}

static int
read_id(const struct suite_source *source, const suite_node *node, struct suite_case *test, pv_error **error)
{
    g_autofree char *part = NULL;
    const suite_node *suite = suite_node_get(source->suite, "suite");
    int code = suite_get_text(source, node, "id", &part, error);

    if (code < 0)
        return code;
    if (!part || !test->uid || !test->title || !test->clause)
        return suite_node_error(source->file, node, error, "a case has an id, a uid, a title and a clause");
    test->id = g_strdup_printf("%s/%s", suite->text, part);
    test->file = g_strdup_printf("%s:%u", source->file, node->line);
    test->line = node->line;
    return 0;
}

static int
read_steps(const struct suite_source *source, const suite_node *node, struct suite_case *test, pv_error **error)
{
    const suite_node *steps = suite_node_get(node, "steps");
    int code = 0;

    if (!steps || steps->kind != SUITE_NODE_LIST || !steps->items->len || steps->items->len > SUITE_STEPS_MAX)
        return suite_node_error(source->file, steps ? steps : node, error, "a case has a list of 1 to %d steps",
                                SUITE_STEPS_MAX);
    test->steps = g_ptr_array_new_with_free_func(free_step);
    for (unsigned i = 0; code == 0 && i < steps->items->len; i++) {
        struct suite_step *step = NULL;

        code = suite_step_read(source, steps->items->pdata[i], &step, error);
        if (code == 0)
            g_ptr_array_add(test->steps, step);
    }
    return code;
}

/* ---- what follows from its steps ---- */

static void
add_need(GPtrArray *needs, const char *operation)
{
    if (!g_ptr_array_find_with_equal_func(needs, operation, g_str_equal, NULL))
        g_ptr_array_add(needs, g_strdup(operation));
}

static void
add_given_needs(GPtrArray *needs, int given)
{
    if (given)
        add_need(needs, "vm.create");
    if (given == SUITE_GIVEN_VM_ON || given == SUITE_GIVEN_VM_PAUSED || given == SUITE_GIVEN_VM_SUSPENDED)
        add_need(needs, "vm.start");
    if (given == SUITE_GIVEN_VM_PAUSED)
        add_need(needs, "vm.pause");
    if (given == SUITE_GIVEN_VM_SUSPENDED)
        add_need(needs, "vm.suspend");
    if (given == SUITE_GIVEN_VM_SNAPSHOT)
        add_need(needs, "snapshot.create");
}

#define COST_BYTES (INT64_C(128) << 20) /* of a VM as given.c makes it: memory and disk */

static void
derive(struct suite_case *test)
{
    g_autoptr(GPtrArray) needs = g_ptr_array_new();
    int64_t made = test->given ? 1 : 0;

    for (char **need = test->needs; need && *need; need++)
        add_need(needs, *need);
    add_given_needs(needs, test->given);
    test->effect = test->given ? PV_EFFECT_CREATE : PV_EFFECT_READ;
    for (unsigned i = 0; i < test->steps->len; i++) {
        const struct suite_step *step = g_ptr_array_index(test->steps, i);

        if (step->op)
            add_need(needs, step->op->name);
        if (step->op && (int)step->op->effect > test->effect)
            test->effect = (int)step->op->effect;
        made += step->owns || (step->op && step->op->effect == PV_EFFECT_CREATE &&
                               g_str_has_prefix(step->op->name, "vm."));
    }
    g_ptr_array_add(needs, NULL);
    g_strfreev(test->needs);
    test->needs = (char **)g_ptr_array_free(g_steal_pointer(&needs), FALSE);
    test->cost_vms = made;
    test->cost_bytes = made * COST_BYTES;
}

/* A case that is said to look only must not be able to do more. */
static int
check_level(const struct suite_source *source, const suite_node *node, const struct suite_case *test, pv_error **error)
{
    if (test->level == SUITE_LEVEL_READ && (test->given || test->effect != PV_EFFECT_READ))
        return suite_node_error(source->file, node, error, "it changes something: its level is lifecycle");
    return 0;
}

static int
read_case(const struct suite_source *source, const suite_node *node, GPtrArray *cases, pv_error **error)
{
    static const char *const keys[] = { "id", "uid", "title", "clause", "source", "since", "must", "level", "given",
                                        "tags", "drivers", "needs", "wants", "timeout", "steps", NULL };
    g_autoptr(suite_case) test = pv_desc_new(&suite_case_desc);
    int code = suite_check_keys(source, node, keys, error);

    if (code == 0 && cases->len >= SUITE_CASES_MAX)
        code = suite_node_error(source->file, node, error, "more than %d cases", SUITE_CASES_MAX);

    test->must = SUITE_MUST;
    test->level = SUITE_LEVEL_READ;
    test->timeout_ms = 0;
    if (code == 0)
        code = read_members(source, source->suite, test, error); /* the file's defaults first */
    if (code == 0)
        code = read_members(source, node, test, error);
    if (code == 0)
        code = read_id(source, node, test, error);
    if (code == 0)
        code = read_steps(source, node, test, error);
    if (code < 0)
        return code;
    derive(test);
    if (!test->tags)
        test->tags = g_new0(char *, 1);
    code = check_level(source, node, test, error);
    if (code == 0)
        g_ptr_array_add(cases, g_steal_pointer(&test));
    return code;
}

/* ---- rows ---- */

/* The case of one row: without "rows", with the row's uid. */
static int
case_of_row(const struct suite_source *source, const suite_node *node, const suite_node *row, suite_node **ret_case,
            pv_error **error)
{
    const suite_node *uid = suite_node_get(row, "uid");
    g_autoptr(suite_node) copy = NULL;
    suite_node *own = NULL;
    int code;

    source->fill->row = row;
    code = suite_row_fill(source->fill, node, NULL, "rows", &copy, error);
    source->fill->row = NULL;
    if (code == 0 && uid && !suite_node_get(copy, "uid"))
        code = suite_row_fill(source->fill, uid, "uid", NULL, &own, error);
    if (code < 0)
        return code;
    if (own)
        g_ptr_array_add(copy->items, own);
    copy->line = row->line;
    copy->column = row->column;
    *ret_case = g_steal_pointer(&copy);
    return 0;
}

static int
read_row(const struct suite_source *source, const suite_node *node, const suite_node *row, GPtrArray *cases,
         pv_error **error)
{
    g_autoptr(suite_node) filled = NULL;
    int code;

    if (row->kind != SUITE_NODE_MAP)
        return suite_node_error(source->file, row, error, "a row is a map");
    code = case_of_row(source, node, row, &filled, error);
    return code < 0 ? code : read_case(source, filled, cases, error);
}

static int
read_rows(const struct suite_source *source, const suite_node *node, const suite_node *rows, GPtrArray *cases,
          pv_error **error)
{
    int code = 0;

    if (rows->kind != SUITE_NODE_LIST || !rows->items->len)
        return suite_node_error(source->file, rows, error, "rows: expected a list");
    for (unsigned i = 0; code == 0 && i < rows->items->len; i++)
        code = read_row(source, node, rows->items->pdata[i], cases, error);
    return code;
}

/* ---- a file ---- */

static int
read_suite(const struct suite_source *source, GPtrArray *cases, pv_error **error)
{
    static const char *const keys[] = { "suite", "source", "level", "given", "drivers", "tags", "cases", NULL };
    const suite_node *list = suite_node_get(source->suite, "cases"), *name = suite_node_get(source->suite, "suite");
    int code = suite_check_keys(source, source->suite, keys, error);

    if (code < 0)
        return code;
    if (!name || name->kind != SUITE_NODE_SCALAR || !*name->text || !list || list->kind != SUITE_NODE_LIST)
        return suite_node_error(source->file, source->suite, error, "a file has a suite and a list of cases");
    for (unsigned i = 0; code == 0 && i < list->items->len; i++) {
        const suite_node *node = g_ptr_array_index(list->items, i), *rows = suite_node_get(node, "rows");

        code = rows ? read_rows(source, node, rows, cases, error) : read_case(source, node, cases, error);
    }
    return code;
}

int
suite_cases_parse(const char *name, const char *text, size_t len, GPtrArray *cases, pv_error **error)
{
    struct suite_fill fill = { .file = name };
    g_autoptr(suite_node) root = NULL;
    unsigned before = cases->len;
    int code = suite_node_parse(name, text, len, &root, error);

    if (code == 0)
        code = read_suite(&(struct suite_source){ name, root, &fill }, cases, error);
    if (code < 0)
        g_ptr_array_set_size(cases, (int)before);
    return code;
}

/* At most one byte more than is taken: a device or a huge file costs no more than that. */
static int
read_file(const char *path, GString *text, pv_error **error)
{
    FILE *file = fopen(path, "rbe");
    int code = 0;
    char *room;

    if (!file)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "cannot read the suite file %s: %s", path, g_strerror(errno));
    room = g_malloc(SUITE_FILE_MAX + 1);
    g_string_append_len(text, room, (gssize)fread(room, 1, SUITE_FILE_MAX + 1, file));
    g_free(room);
    if (ferror(file))
        code = pv_error_set(error, PV_ERR_FAILED, "cannot read the suite file %s: %s", path, g_strerror(errno));
    fclose(file);
    return code;
}

int
suite_cases_load(const char *path, GPtrArray *cases, pv_error **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int code = read_file(path, text, error);

    return code < 0 ? code : suite_cases_parse(path, text->str, text->len, cases, error);
}

int
suite_cases_check(const GPtrArray *cases, pv_error **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < cases->len; i++) {
        struct suite_case *test = g_ptr_array_index(cases, i);
        const struct suite_case *id = g_hash_table_lookup(seen, test->id), *uid = g_hash_table_lookup(seen, test->uid);

        if (id || uid)
            return pv_error_set(error, PV_ERR_INVALID, "%s: '%s' is a case of %s already", test->file,
                                id ? test->id : test->uid, (id ? id : uid)->file);
        g_hash_table_insert(seen, test->id, test);
        g_hash_table_insert(seen, test->uid, test);
    }
    return 0;
}
