/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt test run` and `test cleanup`: the suite against one endpoint. */
#include "cmd-test.h"

#include <string.h>

#define JOBS_DEFAULT    4
#define MAX_VMS_DEFAULT 8
#define MAX_SIZE_DEFAULT (INT64_C(16) << 30)
#define CARDS_MAX       50 /* failures shown whole; the rest is in the run folder */

enum { EXIT_LEFTOVERS = 5 };

/* ---- which cases ---- */

static gboolean
is_for(const struct suite_case *test, const char *driver)
{
    return !test->drivers || g_strv_contains((const char *const *)test->drivers, driver);
}

/* Cases for other APIs are no cases of this run. */
static GPtrArray *
drop_foreign(const GPtrArray *chosen, const char *driver)
{
    GPtrArray *kept = g_ptr_array_new();

    for (unsigned i = 0; i < chosen->len; i++)
        if (is_for(chosen->pdata[i], driver))
            g_ptr_array_add(kept, chosen->pdata[i]);
    return kept;
}

/* ---- what is said of it ---- */

static void
append_cards(GString *out, const GPtrArray *results)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);

        if ((suite_is_bad(result->verdict) || result->teardown) && shown++ < CARDS_MAX) {
            suite_report_card(out, result, cli_color(1));
            g_string_append_c(out, '\n');
        }
    }
    if (shown > CARDS_MAX)
        g_string_append_printf(out, "… and %u more\n\n", shown - CARDS_MAX);
}

/* Reasons for which cases were not run, each with how many. */
static void
append_reasons(GString *out, const GPtrArray *results)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GList) reasons = NULL;

    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);

        if (result->verdict == SUITE_SKIP || result->verdict == SUITE_UNSUPPORTED)
            g_hash_table_insert(seen, result->reason,
                                GINT_TO_POINTER(GPOINTER_TO_INT(g_hash_table_lookup(seen, result->reason)) + 1));
    }
    reasons = g_list_sort(g_hash_table_get_keys(seen), (GCompareFunc)strcmp);
    for (GList *item = reasons; item; item = item->next) {
        g_autofree char *safe = pv_text_safe(item->data);

        g_string_append_printf(out, "%5d not run: %s\n", GPOINTER_TO_INT(g_hash_table_lookup(seen, item->data)), safe);
    }
}

static void
append_summary(GString *out, const suite_run *run, const char *path)
{
    double seconds = (double)(run->ended - run->started) / G_USEC_PER_SEC;

    for (char **warning = run->warnings; warning && *warning; warning++)
        g_string_append_printf(out, "warning: %s\n", *warning);
    g_string_append_printf(out,
                           "%" G_GINT64_FORMAT " passed, %" G_GINT64_FORMAT " failed, %" G_GINT64_FORMAT
                           " errors, %" G_GINT64_FORMAT " unknown, %" G_GINT64_FORMAT " skipped, %" G_GINT64_FORMAT
                           " unsupported",
                           run->passed, run->failed, run->errors, run->unknown, run->skipped, run->unsupported);
    if (run->xfailed || run->xpassed)
        g_string_append_printf(out, ", %" G_GINT64_FORMAT " expected failures, %" G_GINT64_FORMAT " unexpected passes",
                               run->xfailed, run->xpassed);
    g_string_append_printf(out, " in %.1f s\n%s\n", seconds, path);
}

static int
write_results(const struct cli_globals *globals, const suite_run *run, const GPtrArray *results, const char *path,
              pv_error **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (globals->output == CLI_JSON) {
        suite_report_json(out, run, results);
    } else if (globals->output && globals->output != CLI_TABLE) {
        return cli_output_list(globals, &suite_result_desc, results, 0, error);
    } else {
        append_cards(out, results);
        append_reasons(out, results);
        append_summary(out, run, path);
    }
    return cli_output_text(out->str, out->len, error);
}

static int
exit_status(const suite_run *run)
{
    if (cli_interrupted())
        return CLI_EXIT_INTERRUPTED;
    if (run->failed || run->errors || run->xpassed)
        return CLI_EXIT_FAILED;
    if (run->unknown)
        return CLI_EXIT_UNKNOWN;
    if (run->leftovers)
        return EXIT_LEFTOVERS;
    return run->passed || run->xfailed ? CLI_EXIT_OK : CLI_EXIT_NOT_FOUND;
}

/* ---- test run ---- */

struct run_args {
    struct test_choice choice;
    int64_t jobs, max_vms, max_size;
    char *prefix, *use_vm, *runs, *expectations;
};

static void
warn_of_leftovers(pv_conn *conn, const char *folder, pv_task *task)
{
    g_autoptr(GPtrArray) left = NULL;

    if (suite_cleanup(conn, folder, TRUE, task, &left, NULL) == 0 && left->len)
        cli_warn("earlier runs left %u objects at this endpoint: polyvirt test cleanup removes them", left->len);
}

static int
read_expectations(const char *path, json_t **ret_json, pv_error **error)
{
    json_error_t why;

    if (!path)
        return 0;
    *ret_json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!*ret_json)
        return pv_error_set(error, PV_ERR_INVALID, "%s:%d:%d: %s", path, why.line, why.column, why.text);
    return 0;
}

static int
run_chosen(const struct cli_call *call, const struct run_args *args, pv_conn *conn, const GPtrArray *chosen,
           json_t *expectations, pv_task *task, pv_error **error)
{
    g_autofree char *folder = cmd_test_runs_folder(args->runs), *path = NULL;
    struct suite_options options = {
        .folder = folder,
        .cases = chosen,
        .level = args->choice.level ? args->choice.level : SUITE_LEVEL_READ,
        .seed = args->choice.seed == PV_UNSET_INT ? 0 : (uint64_t)args->choice.seed,
        .jobs = (unsigned)(args->jobs == PV_UNSET_INT ? JOBS_DEFAULT : args->jobs),
        .max_vms = args->max_vms == PV_UNSET_INT ? MAX_VMS_DEFAULT : args->max_vms,
        .max_bytes = args->max_size == PV_UNSET_INT ? MAX_SIZE_DEFAULT : args->max_size,
        .prefix = args->prefix ? args->prefix : "pvt",
        .use_vm = args->use_vm,
        .expectations = expectations,
    };
    g_autoptr(suite_run) run = NULL;
    g_autoptr(GPtrArray) results = NULL;
    pv_task *const tasks[] = { task, NULL };
    cli_progress *progress;
    int code;

    cli_talk_no_notes(call->globals);
    warn_of_leftovers(conn, folder, task);
    progress = cli_progress_start(tasks);
    code = suite_run_cases(conn, &options, task, &run, &results, &path, error);
    cli_progress_stop(progress);
    if (code == 0)
        code = write_results(call->globals, run, results, path, error);
    return code < 0 ? code : exit_status(run);
}

static int
run_test_run(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct run_args *args = call->args;
    g_autoptr(GPtrArray) targets = NULL, cases = NULL, chosen = NULL, fitting = NULL;
    g_autoptr(pv_conn) conn = NULL;
    g_autoptr(json_t) expectations = NULL;
    gboolean dry = call->globals->dry_run == 1;
    int code = cli_output_check(call->globals, dry ? &suite_case_desc : &suite_result_desc, error);

    if (code == 0)
        code = cmd_test_choose(&args->choice, SUITE_LEVEL_READ, &cases, &chosen, error);
    if (code == 0)
        code = read_expectations(args->expectations, &expectations, error);
    if (code == 0)
        code = cli_open_one(call->globals, task, &targets, &conn, error);
    if (code < 0)
        return code;
    fitting = drop_foreign(chosen, pv_conn_driver(conn));
    if (fitting->len == 0)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "none of the %u chosen cases is for %s endpoints", chosen->len,
                            pv_conn_driver(conn));
    if (dry)
        return cli_output_list(call->globals, &suite_case_desc, fitting, 0, error);
    return run_chosen(call, args, conn, fitting, expectations, task, error);
}

/* ---- test cleanup ---- */

struct cleanup_args {
    char *runs;
};

/* Asks, naming how many there are; none is no question. */
static int
ask_cleanup(const struct cli_call *call, pv_conn *conn, const char *folder, pv_task *task, pv_error **error)
{
    g_autoptr(GPtrArray) left = NULL;
    g_autofree char *question = NULL;
    int code;

    if (call->globals->yes == 1 || call->globals->dry_run == 1)
        return 0;
    code = suite_cleanup(conn, folder, TRUE, task, &left, error);
    if (code < 0 || left->len == 0)
        return code;
    question = g_strdup_printf("Remove %u objects that runs of the suite left?", left->len);
    return cli_confirm(question, error);
}

static int
run_test_cleanup(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct cleanup_args *args = call->args;
    g_autofree char *folder = cmd_test_runs_folder(args->runs);
    g_autoptr(GPtrArray) targets = NULL, done = NULL;
    g_autoptr(pv_conn) conn = NULL;
    gboolean dry = call->globals->dry_run == 1;
    int code = cli_output_check(call->globals, &suite_own_desc, error);

    if (code == 0)
        code = cli_open_one(call->globals, task, &targets, &conn, error);
    if (code == 0)
        code = ask_cleanup(call, conn, folder, task, error);
    if (code == 0)
        code = suite_cleanup(conn, folder, dry, task, &done, error);
    if (code == 0)
        code = cli_output_list(call->globals, &suite_own_desc, done, 0, error);
    for (unsigned i = 0; code == 0 && i < done->len; i++)
        if (g_str_equal(((struct suite_own *)done->pdata[i])->state, "left"))
            code = EXIT_LEFTOVERS;
    return code;
}

/* ---- the verbs ---- */

#define RUNS_FIELD(type)                                                                                   \
    PV_FIELD(type, runs, PV_STRING, .flags = PV_F_FILE,                                                    \
             .help = "folder of the run folders; default in the state folder")

static const struct pv_field run_fields[] = {
    CMD_TEST_CHOICE_FIELDS,
    PV_FIELD(run_args, jobs, PV_INT, .min = 1, .max = 64, .help = "cases side by side; default 4"),
    PV_FIELD(run_args, max_vms, PV_INT, .min = 1, .max = 10000, .help = "most VMs of its own at a time; default 8"),
    PV_FIELD(run_args, max_size, PV_INT, .unit = PV_UNIT_BYTES, .min = 1, .max = INT64_MAX,
             .help = "most room they may take; default 16GiB"),
    PV_FIELD(run_args, use_vm, PV_STRING, .flags = PV_F_VM,
             .help = "a VM that cases may change instead of making their own"),
    PV_FIELD(run_args, prefix, PV_STRING, .min = 1, .max = 32, .help = "what names of its own begin with; default pvt"),
    PV_FIELD(run_args, expectations, PV_STRING, .flags = PV_F_FILE,
             .help = "JSON file of uid: verdict for cases that are known to fail"),
    RUNS_FIELD(run_args),
    { 0 },
};
static const struct pv_desc run_desc = { "test run", sizeof(struct run_args), run_fields, "which cases, and how" };

static const struct pv_field cleanup_fields[] = { RUNS_FIELD(cleanup_args), { 0 } };
static const struct pv_desc cleanup_desc = {
    "test cleanup", sizeof(struct cleanup_args), cleanup_fields, "whose leavings",
};

const struct cli_verb cli_cmd_test_run[] = {
    {
        .name = "test.run",
        .args_desc = &run_desc,
        .result_desc = &suite_result_desc,
        .effect = PV_EFFECT_CREATE,
        .help = "run the API test-suite on an endpoint",
        .details = "Without --level it only looks. --level lifecycle makes VMs of its own, changes and removes "
                   "them; what it makes is journalled before it is asked for, and nothing else is ever changed. "
                   "Exit status: 0 all passed, 1 something failed, 3 cannot reach or log in, 4 nothing was run, "
                   "5 passed but objects are left, 6 an outcome is unknown. The run folder keeps every call.",
        .example = "test run neutral/vm --level lifecycle",
        .run = run_test_run,
    },
    {
        .name = "test.cleanup",
        .args_desc = &cleanup_desc,
        .result_desc = &suite_own_desc,
        .effect = PV_EFFECT_DISRUPTIVE,
        .help = "remove what killed runs left at an endpoint",
        .details = "Goes by the runs' journals: what no journal names is never touched.",
        .example = "test cleanup --dry-run",
        .run = run_test_cleanup,
    },
    { 0 },
};
