/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt test report` and `test diff`: what is made of run folders. */
#include "cmd-test.h"

enum { EXIT_WORSE = 7 };

#define MARGIN_DEFAULT 50 /* percent */

/* ---- test report ---- */

enum report_format {
    REPORT_HTML = 1,
    REPORT_JUNIT,
    REPORT_TAP,
    REPORT_MARKDOWN,
    REPORT_JSON,
};

static const struct pv_enum_value report_formats[] = {
    { REPORT_HTML, "html", "one page, for people" },
    { REPORT_JUNIT, "junit", "XML, for CI systems" },
    { REPORT_TAP, "tap", "TAP 14" },
    { REPORT_MARKDOWN, "markdown", "for a pull request" },
    { REPORT_JSON, "json", "everything" },
    { 0 },
};

static void (*const writers[])(GString *out, const struct suite_run *run, const GPtrArray *results) = {
    [REPORT_HTML] = suite_report_html,         [REPORT_JUNIT] = suite_report_junit,
    [REPORT_TAP] = suite_report_tap,           [REPORT_MARKDOWN] = suite_report_markdown,
    [REPORT_JSON] = suite_report_json,
};

struct report_args {
    char *run;
    int format;
    char *out;
};

static int
write_out(const GString *text, const char *path, pv_error **error)
{
    g_autoptr(GError) why = NULL;

    if (!path)
        return cli_output_text(text->str, text->len, error);
    if (!g_file_set_contents(path, text->str, (gssize)text->len, &why))
        return pv_error_set(error, PV_ERR_FAILED, "cannot write the report: %s", why->message);
    cli_say("%s", path);
    return 0;
}

static int
run_test_report(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct report_args *args = call->args;
    g_autofree char *path = cmd_test_run_path(args->run ? args->run : "latest");
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) results = NULL;
    g_autoptr(suite_run) run = NULL;
    int code = suite_record_read(path, &run, &results, error);

    (void)task;
    if (code < 0)
        return code;
    writers[args->format ? args->format : REPORT_MARKDOWN](text, run, results);
    return write_out(text, args->out, error);
}

static const struct pv_field report_fields[] = {
    PV_FIELD(report_args, run, PV_STRING, .flags = PV_F_POSITIONAL | PV_F_FILE,
             .help = "run folder, or a run's id; default the latest"),
    PV_FIELD(report_args, format, PV_ENUM, .values = report_formats, .help = "what to make of it; default markdown"),
    PV_FIELD(report_args, out, PV_STRING, .flags = PV_F_FILE, .help = "file to write; default stdout"),
    { 0 },
};
static const struct pv_desc report_desc = { "test report", sizeof(struct report_args), report_fields, "which run" };

/* ---- test diff ---- */

struct diff_args {
    char *before, *after;
    double margin;
};

static int
run_test_diff(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct diff_args *args = call->args;
    g_autofree char *before = cmd_test_run_path(args->before), *after = cmd_test_run_path(args->after);
    g_autoptr(GPtrArray) old = NULL, new = NULL, changes = NULL;
    g_autoptr(suite_run) old_run = NULL, new_run = NULL;
    int code = cli_output_check(call->globals, &suite_change_desc, error);

    (void)task;
    if (code == 0)
        code = suite_record_read(before, &old_run, &old, error);
    if (code == 0)
        code = suite_record_read(after, &new_run, &new, error);
    if (code < 0)
        return code;
    changes = suite_diff(old, new, args->margin >= 0 ? args->margin : MARGIN_DEFAULT);
    code = cli_output_list(call->globals, &suite_change_desc, changes, 0, error);
    for (unsigned i = 0; code == 0 && i < changes->len; i++)
        if (((struct suite_change *)changes->pdata[i])->worse == TRUE)
            code = EXIT_WORSE;
    return code;
}

static const struct pv_field diff_fields[] = {
    PV_FIELD(diff_args, before, PV_STRING, .flags = PV_F_REQUIRED | PV_F_POSITIONAL | PV_F_FILE,
             .help = "the former run"),
    PV_FIELD(diff_args, after, PV_STRING, .flags = PV_F_REQUIRED | PV_F_POSITIONAL | PV_F_FILE,
             .help = "the later run"),
    PV_FIELD(diff_args, margin, PV_DOUBLE, .unit = PV_UNIT_PERCENT,
             .help = "percent by which calls may become slower; default 50"),
    { 0 },
};
static const struct pv_desc diff_desc = { "test diff", sizeof(struct diff_args), diff_fields, "which runs" };

const struct cli_verb cli_cmd_test_report[] = {
    {
        .name = "test.report",
        .args_desc = &report_desc,
        .effect = PV_EFFECT_READ,
        .help = "make a report of a run",
        .details = "The run folder holds all it takes: any report can be made at any time, also of a run that was "
                   "killed.",
        .example = "test report latest --format html --out report.html",
        .run = run_test_report,
    },
    {
        .name = "test.diff",
        .args_desc = &diff_desc,
        .result_desc = &suite_change_desc,
        .effect = PV_EFFECT_READ,
        .help = "what changed from one run to another",
        .details = "Times, ids and the like do not count. Exit status 7 when something became worse.",
        .example = "test diff 20261101T080000Z-1a2b3c latest",
        .run = run_test_diff,
    },
    { 0 },
};
