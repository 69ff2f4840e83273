/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt test list`: which cases there are; and the choice that all verbs share. */
#include "cmd-test.h"

#include <stdio.h>
#include <string.h>

#define SHARDS_MAX 10000

static int
read_shard(const char *text, struct suite_select *select, pv_error **error)
{
    unsigned part, parts;
    char rest;

    if (!text)
        return 0;
    if (sscanf(text, "%u/%u%c", &part, &parts, &rest) != 2 || !part || part > parts || parts > SHARDS_MAX)
        return pv_error_set(error, PV_ERR_USAGE, "--shard: '%s' is not a part like 1/4", text);
    select->shard = part;
    select->shards = parts;
    return 0;
}

/* What somebody must look at again in a former run. */
static int
read_failed(const char *name, char ***ret_uids, pv_error **error)
{
    g_autofree char *path = cmd_test_run_path(name);
    g_autoptr(GStrvBuilder) uids = g_strv_builder_new();
    g_autoptr(GPtrArray) results = NULL;
    g_autoptr(suite_run) run = NULL;
    int code = suite_record_read(path, &run, &results, error);

    if (code < 0)
        return code;
    for (unsigned i = 0; i < results->len; i++) {
        const suite_result *result = g_ptr_array_index(results, i);

        if (suite_is_bad(result->verdict) && result->uid)
            g_strv_builder_add(uids, result->uid);
    }
    *ret_uids = g_strv_builder_end(uids);
    return 0;
}

static int
load_cases(char *const *files, GPtrArray *cases, pv_error **error)
{
    int code = suite_cases_builtin(cases, error);

    for (; code == 0 && files && *files; files++)
        code = suite_cases_load(*files, cases, error);
    return code < 0 ? code : suite_cases_check(cases, error);
}

int
cmd_test_choose(const struct test_choice *choice, int level, GPtrArray **ret_cases, GPtrArray **ret_chosen,
                pv_error **error)
{
    struct suite_select select = {
        .ids = choice->cases,
        .tags = choice->tag,
        .level = choice->level ? choice->level : level,
        .shuffle = choice->shuffle == TRUE,
        .seed = choice->seed == PV_UNSET_INT ? 0 : (uint64_t)choice->seed,
    };
    g_autoptr(GPtrArray) cases = suite_cases_new();
    g_auto(GStrv) failed = NULL;
    int code = load_cases(choice->suite, cases, error);

    if (code == 0)
        code = read_shard(choice->shard, &select, error);
    if (code == 0 && choice->failed_from)
        code = read_failed(choice->failed_from, &failed, error);
    select.uids = failed;
    if (code == 0)
        code = suite_select(cases, &select, ret_chosen, error);
    if (code == 0)
        *ret_cases = g_steal_pointer(&cases);
    return code;
}

char *
cmd_test_runs_folder(const char *given)
{
    return given ? g_strdup(given) : g_build_filename(g_get_user_state_dir(), "polyvirt", "runs", NULL);
}

char *
cmd_test_run_path(const char *name)
{
    g_autofree char *folder = strchr(name, '/') ? NULL : cmd_test_runs_folder(NULL);
    g_autofree char *inside = folder ? g_build_filename(folder, name, NULL) : NULL;

    return g_strdup(inside && g_file_test(inside, G_FILE_TEST_IS_DIR) ? inside : name);
}

struct list_args {
    struct test_choice choice;
};

static int
run_test_list(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct list_args *args = call->args;
    g_autoptr(GPtrArray) cases = NULL, chosen = NULL;
    int code = cli_output_check(call->globals, &suite_case_desc, error);

    (void)task;
    if (code == 0)
        code = cmd_test_choose(&args->choice, SUITE_LEVEL_DISRUPTIVE, &cases, &chosen, error);
    return code < 0 ? code : cli_output_list(call->globals, &suite_case_desc, chosen, 0, error);
}

static const struct pv_field list_fields[] = { CMD_TEST_CHOICE_FIELDS, { 0 } };
static const struct pv_desc list_desc = { "test list", sizeof(struct list_args), list_fields, "which cases" };

const struct cli_verb cli_cmd_test[] = {
    {
        .name = "test.list",
        .args_desc = &list_desc,
        .result_desc = &suite_case_desc,
        .effect = PV_EFFECT_READ,
        .help = "the cases of the API test-suite",
        .details = "Needs no endpoint. Every case has a permanent uid, the clause it checks and where that stands.",
        .example = "test list neutral/vm -o wide",
        .run = run_test_list,
    },
    { 0 },
};
