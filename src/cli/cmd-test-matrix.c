/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt test matrix`: cases by runs, to see endpoints or versions side by side. */
#include "cmd-test.h"

#include <string.h>

#define RUNS_MAX 32

/* A row has a column a run: its descriptor is made for the runs at hand. */
struct row {
    char *uid, *id;
    char *verdicts[RUNS_MAX];
};

struct matrix {
    unsigned runs;
    char *titles[RUNS_MAX], *keys[RUNS_MAX];
    struct pv_field fields[RUNS_MAX + 3];
    struct pv_desc desc;
    GPtrArray *rows;
    GHashTable *by_uid; /* of struct row */
};

static void
matrix_clear(struct matrix *matrix)
{
    g_clear_pointer(&matrix->rows, g_ptr_array_unref); /* by the descriptor: first */
    g_clear_pointer(&matrix->by_uid, g_hash_table_unref);
    for (unsigned i = 0; i < matrix->runs; i++) {
        g_free(matrix->titles[i]);
        g_free(matrix->keys[i]);
    }
}
typedef struct matrix matrix_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(matrix_t, matrix_clear)

static void
make_desc(struct matrix *matrix, unsigned runs)
{
    const struct pv_field fixed[] = {
        PV_FIELD(row, uid, PV_STRING, .title = "UID", .flags = PV_F_TABLE, .help = "permanent short id"),
        PV_FIELD(row, id, PV_STRING, .title = "ID", .flags = PV_F_TABLE | PV_F_NAME, .help = "case"),
    };

    memcpy(matrix->fields, fixed, sizeof fixed);
    for (unsigned i = 0; i < runs; i++)
        matrix->fields[G_N_ELEMENTS(fixed) + i] = (struct pv_field){
            .kind = PV_STRING,
            .offset = offsetof(struct row, verdicts) + i * sizeof(char *),
            .flags = PV_F_TABLE,
            .help = "verdict in this run",
        };
    matrix->desc = (struct pv_desc){ "matrix", sizeof(struct row), matrix->fields, "cases by runs" };
}

/* Two runs of one endpoint must not share a column's key. */
static void
name_column(struct matrix *matrix, const suite_run *run)
{
    struct pv_field *field = &matrix->fields[2 + matrix->runs];

    matrix->keys[matrix->runs] = g_strdup_printf("%u:%s", matrix->runs + 1, run->id);
    matrix->titles[matrix->runs] =
        g_strdup_printf("%u %s %s", matrix->runs + 1, run->driver, run->version ? run->version : "");
    field->name = matrix->keys[matrix->runs];
    field->title = matrix->titles[matrix->runs];
}

static struct row *
row_of(struct matrix *matrix, const suite_result *result)
{
    struct row *row = g_hash_table_lookup(matrix->by_uid, result->uid);

    if (row)
        return row;
    row = pv_desc_new(&matrix->desc);
    row->uid = g_strdup(result->uid);
    row->id = g_strdup(result->id);
    g_ptr_array_add(matrix->rows, row);
    g_hash_table_insert(matrix->by_uid, row->uid, row);
    return row;
}

static int
add_run(struct matrix *matrix, const char *name, pv_error **error)
{
    g_autofree char *path = cmd_test_run_path(name);
    g_autoptr(GPtrArray) results = NULL;
    g_autoptr(suite_run) run = NULL;
    int code = suite_record_read(path, &run, &results, error);

    if (code < 0)
        return code;
    name_column(matrix, run);
    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);
        char **cell = result->uid ? &row_of(matrix, result)->verdicts[matrix->runs] : NULL;

        if (cell && !*cell) /* a damaged run may name a case twice */
            *cell = g_strdup(pv_enum_name(suite_verdict_values, result->verdict));
    }
    matrix->runs++;
    return 0;
}

struct matrix_args {
    char **runs;
};

static int
run_test_matrix(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct matrix_args *args = call->args;
    unsigned runs = g_strv_length(args->runs);
    g_auto(matrix_t) matrix = { 0 };
    int code = 0;

    (void)task;
    make_desc(&matrix, runs);
    matrix.rows = pv_list_new(&matrix.desc);
    matrix.by_uid = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; code == 0 && i < runs; i++)
        code = add_run(&matrix, args->runs[i], error);
    if (code == 0)
        code = cli_output_check(call->globals, &matrix.desc, error);
    return code < 0 ? code : cli_output_list(call->globals, &matrix.desc, matrix.rows, 0, error);
}

static const struct pv_field matrix_fields[] = {
    PV_FIELD(matrix_args, runs, PV_STRINGS, .max = RUNS_MAX, .flags = PV_F_REQUIRED | PV_F_POSITIONAL | PV_F_FILE,
             .help = "run folders, or runs' ids"),
    { 0 },
};
static const struct pv_desc matrix_desc = { "test matrix", sizeof(struct matrix_args), matrix_fields, "which runs" };

const struct cli_verb cli_cmd_test_matrix[] = {
    {
        .name = "test.matrix",
        .args_desc = &matrix_desc,
        .effect = PV_EFFECT_READ,
        .help = "cases by runs: endpoints or versions side by side",
        .example = "test matrix 20261101T080000Z-1a2b3c latest",
        .run = run_test_matrix,
    },
    { 0 },
};
