/* SPDX-License-Identifier: Apache-2.0 */
/* The runner on the simulator: verdicts, ownership, the journal, reports; and the matchers. */
#include "suite.h"

#include <glib/gstdio.h>
#include <libxml/parser.h>
#include <string.h>

/* ---- matchers ---- */

static unsigned
match(const char *expect, const char *body)
{
    g_autoptr(json_t) want = json_loads(expect, 0, NULL), reply = json_pack("{s:b}", "ok", TRUE);
    g_autoptr(GPtrArray) mismatches = pv_list_new(&suite_mismatch_desc);
    unsigned count;

    json_object_set_new(reply, "body", json_loads(body, JSON_DECODE_ANY, NULL));
    count = suite_match(want, reply, 1, mismatches);
    g_assert_cmpuint(mismatches->len, ==, count);
    return count;
}

static void
test_every_matcher_holds_and_fails(void)
{
    static const struct {
        const char *expect, *fits, *fails;
    } rows[] = {
        { "{\"/a\":5}", "{\"a\":5}", "{\"a\":6}" },
        { "{\"/a\":5}", "{\"a\":5.0}", "{}" },
        { "{\"/a/1/b\":true}", "{\"a\":[0,{\"b\":true}]}", "{\"a\":[{\"b\":true}]}" },
        { "{\"/\":{\"equals\":[1]}}", "[1]", "[1,2]" },
        { "{\"/a\":{\"not\":5}}", "{\"a\":6}", "{\"a\":5}" },
        { "{\"/a\":{\"type\":\"string\"}}", "{\"a\":\"\"}", "{\"a\":1}" },
        { "{\"/a\":{\"type\":\"number\"}}", "{\"a\":1.5}", "{\"a\":\"1\"}" },
        { "{\"/a\":{\"min\":2,\"max\":3}}", "{\"a\":3}", "{\"a\":4}" },
        { "{\"/a\":{\"min\":2}}", "{\"a\":2}", "{\"a\":1}" },
        { "{\"/a\":{\"matches\":\"^x\"}}", "{\"a\":\"xy\"}", "{\"a\":\"yx\"}" },
        { "{\"/a\":{\"one_of\":[1,2]}}", "{\"a\":2}", "{\"a\":3}" },
        { "{\"/a\":{\"present\":false}}", "{}", "{\"a\":null}" },
        { "{\"/a\":{\"present\":true}}", "{\"a\":null}", "{}" },
        { "{\"/\":{\"count\":2}}", "[1,2]", "[1]" },
        { "{\"/\":{\"count\":{\"max\":1}}}", "{\"a\":1}", "{\"a\":1,\"b\":2}" },
        { "{\"/\":{\"contains\":{\"has\":{\"a\":1}}}}", "[{},{\"a\":1}]", "[{\"a\":2}]" },
        { "{\"/\":{\"each\":{\"has\":{\"a\":1}}}}", "[{\"a\":1,\"b\":2}]", "[{\"a\":1},{}]" },
        { "{\"/\":{\"each\":{\"type\":\"string\"}}}", "[]", "{}" },
        { "{\"/\":{\"unique\":\"/a\"}}", "[{\"a\":1},{\"a\":2}]", "[{\"a\":1},{\"a\":1}]" },
        { "{\"/a\":{\"time\":true}}", "{\"a\":\"2026-01-02T03:04:05Z\"}", "{\"a\":\"yesterday\"}" },
        { "{\"/a~1b\":1}", "{\"a/b\":1}", "{\"a\":{\"b\":1}}" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (match(rows[i].expect, rows[i].fits) != 0)
            g_error("%s does not fit %s", rows[i].fits, rows[i].expect);
        if (match(rows[i].expect, rows[i].fails) == 0)
            g_error("%s fits %s", rows[i].fails, rows[i].expect);
    }
}

static void
test_long_values_that_differ_at_their_end_are_not_alike(void)
{
    g_autofree char *same = g_strnfill(1000, 'x');
    g_autofree char *body = g_strdup_printf("[{\"a\":\"%s1\"},{\"a\":\"%s2\"}]", same, same);

    g_assert_cmpuint(match("{\"/\":{\"unique\":\"/a\"}}", body), ==, 0);
}

static void
test_without_a_word_success_is_expected(void)
{
    g_autoptr(json_t) failed = json_pack("{s:b,s:s,s:s}", "ok", FALSE, "error", "not-found", "message", "no such VM");
    g_autoptr(json_t) word = json_pack("{s:s}", "error", "not-found"), other = json_pack("{s:s}", "error", "state");
    g_autoptr(json_t) list = json_pack("{s:[s,s]}", "error", "state", "not-found");

    g_assert_cmpuint(suite_match(NULL, failed, 1, NULL), ==, 1);
    g_assert_cmpuint(suite_match(word, failed, 1, NULL), ==, 0);
    g_assert_cmpuint(suite_match(list, failed, 1, NULL), ==, 0);
    g_assert_cmpuint(suite_match(other, failed, 1, NULL), ==, 1);
}

/* ---- runs ---- */

struct rig {
    pv_conn *conn;
    char *folder;
    GPtrArray *cases, *results;
    suite_run *run;
    char *path;
};

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inside = g_build_filename(path, name, NULL);

        remove_tree(inside);
    }
    g_remove(path);
}

static void
rig_clear(struct rig *rig)
{
    g_clear_pointer(&rig->cases, g_ptr_array_unref);
    g_clear_pointer(&rig->results, g_ptr_array_unref);
    suite_run_free(rig->run);
    pv_close(rig->conn);
    remove_tree(rig->folder);
    g_free(rig->folder);
    g_free(rig->path);
}
typedef struct rig rig_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(rig_t, rig_clear)

/* Runs cases of one text on a simulator of three VMs. */
static void
run(struct rig *rig, const char *steps, json_t *expectations)
{
    g_autofree char *text = g_strdup_printf("suite: t\nlevel: lifecycle\ncases:\n%s", steps);
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = pv_task_new("test.run", NULL);
    struct suite_options options = { .level = SUITE_LEVEL_LIFECYCLE, .jobs = 2, .max_vms = 4, .max_bytes = INT64_MAX,
                                     .prefix = "pvt", .expectations = expectations };

    rig->folder = g_dir_make_tmp("pv-suite-XXXXXX", NULL);
    rig->cases = suite_cases_new();
    options.folder = rig->folder;
    options.cases = rig->cases;
    if (pv_open("sim:///?vms=3&seed=1", NULL, NULL, &rig->conn, &error) < 0 ||
        suite_cases_parse("t.yaml", text, strlen(text), rig->cases, &error) < 0 ||
        suite_run_cases(rig->conn, &options, task, &rig->run, &rig->results, &rig->path, &error) < 0)
        g_error("%s", error->message);
}

#define CASE(uid, rest) "  - { id: " uid ", uid: " uid ", title: t, clause: c, " rest " }\n"
#define LEN(rig) ((rig).results->len)

static const suite_result *
result_of(const struct rig *rig, const char *uid)
{
    for (unsigned i = 0; i < rig->results->len; i++)
        if (g_str_equal(((suite_result *)rig->results->pdata[i])->uid, uid))
            return rig->results->pdata[i];
    g_error("no result of %s", uid);
}

static void
expect(const struct rig *rig, const char *uid, int verdict)
{
    const suite_result *result = result_of(rig, uid);

    if (result->verdict != verdict)
        g_error("%s: %s: %s", uid, pv_enum_name(suite_verdict_values, result->verdict), result->reason);
}

static unsigned
count_vms(pv_conn *conn)
{
    g_autoptr(GPtrArray) vms = NULL;

    g_assert_cmpint(pv_vm_list(conn, NULL, PV_VM_BASIC, NULL, &vms, NULL), ==, 0);
    return vms->len;
}

static void
test_verdicts(void)
{
    g_auto(rig_t) rig = { 0 };

    run(&rig,
        CASE("ok", "steps: [{ op: vm.list, expect: { /: { count: 3 } } }]")
        CASE("bad", "steps: [{ op: vm.list, expect: { /: { count: 99 } } }]")
        CASE("lacks", "steps: [{ rest: GET /api/vcenter/vm }]")
        CASE("wants", "wants: [vm], steps: [{ op: vm.get, args: { vm: \"${any_vm}\" }, "
                      "expect: { /id: \"${any_vm}\" } }]")
        CASE("novar", "steps: [{ op: vm.get, args: { vm: \"${nonsense}\" } }]"),
        NULL);
    expect(&rig, "ok", SUITE_PASS);
    expect(&rig, "bad", SUITE_FAIL);
    expect(&rig, "lacks", SUITE_UNSUPPORTED);
    expect(&rig, "wants", SUITE_PASS);
    expect(&rig, "novar", SUITE_ERROR);
    g_assert_cmpint(rig.run->failed, ==, 1);
    g_assert_cmpint(rig.run->errors, ==, 1);
}

static void
test_only_ones_own_is_changed(void)
{
    g_auto(rig_t) rig = { 0 };
    g_autoptr(GPtrArray) vms = NULL;

    run(&rig, CASE("take", "steps: [{ op: vm.stop, args: { vms: [vm-0001] } }]")
              CASE("drop", "steps: [{ op: vm.delete, args: { vms: [\"${any_vm}\"] } }]")
              CASE("name", "steps: [{ op: vm.create, args: { spec: { name: mine } } }]"), NULL);
    expect(&rig, "take", SUITE_ERROR);
    expect(&rig, "drop", SUITE_ERROR);
    expect(&rig, "name", SUITE_ERROR);
    g_assert_nonnull(strstr(result_of(&rig, "take")->reason, "not this run's own"));
    g_assert_cmpuint(count_vms(rig.conn), ==, 3);
}

static void
test_all_that_was_made_is_removed(void)
{
    g_auto(rig_t) rig = { 0 };
    g_autofree char *journal = NULL;
    g_autoptr(GPtrArray) left = NULL;

    run(&rig, CASE("given", "given: vm-on, steps: [{ op: vm.list, expect: { /: { count: { min: 4 } } } }]")
              CASE("fails", "given: vm-paused, steps: [{ op: vm.list, expect: { /: { count: 99 } } }]")
              CASE("makes", "steps: [{ op: vm.create, args: { spec: { name: \"${name}\" } } }]"), NULL);
    expect(&rig, "given", SUITE_PASS);
    expect(&rig, "fails", SUITE_FAIL);
    expect(&rig, "makes", SUITE_PASS);
    g_assert_cmpuint(count_vms(rig.conn), ==, 3);
    journal = g_build_filename(rig.path, "journal.jsonl", NULL);
    g_assert_cmpint(suite_journal_read(journal, &left, NULL), ==, 0);
    g_assert_cmpuint(left->len, ==, 0);
}

static void
test_captures_carry_values_with_their_type(void)
{
    g_auto(rig_t) rig = { 0 };

    run(&rig, CASE("cap", "wants: [vm], steps: [{ op: vm.get, args: { vm: \"${any_vm}\" }, capture: { c: /cpus } }, "
                          "{ op: vm.get, args: { vm: \"${any_vm}\" }, expect: { /cpus: \"${c}\" } }]")
              CASE("none", "wants: [vm], steps: [{ op: vm.get, args: { vm: \"${any_vm}\" }, "
                           "capture: { c: /nothing } }]"), NULL);
    expect(&rig, "cap", SUITE_PASS);
    expect(&rig, "none", SUITE_ERROR);
}

static void
test_expectations_turn_known_failures(void)
{
    g_auto(rig_t) rig = { 0 };
    g_autoptr(json_t) known = json_pack("{s:s, s:s}", "bad", "fail", "good", "fail");

    run(&rig, CASE("bad", "steps: [{ op: vm.list, expect: { /: { count: 99 } } }]")
              CASE("good", "steps: [{ op: vm.list }]"), known);
    expect(&rig, "bad", SUITE_XFAIL);
    expect(&rig, "good", SUITE_XPASS);
}

/* ---- the journal ---- */

static void
test_a_journal_tells_what_is_left(void)
{
    g_autofree char *folder = g_dir_make_tmp("pv-suite-XXXXXX", NULL), *path = g_build_filename(folder, "j", NULL);
    g_autoptr(suite_journal) journal = NULL, second = NULL;
    g_autoptr(GPtrArray) left = NULL;
    FILE *file;

    g_assert_cmpint(suite_journal_open(path, "run", "sim:///", &journal, NULL), ==, 0);
    g_assert_cmpint(suite_journal_open(path, "run", "sim:///", &second, NULL), ==, PV_ERR_BUSY);
    g_assert_cmpint(suite_journal_note(journal, "vm", "a", NULL, "intended", NULL), ==, 0);
    g_assert_cmpint(suite_journal_note(journal, "vm", "b", NULL, "intended", NULL), ==, 0);
    g_assert_cmpint(suite_journal_note(journal, "vm", "b", NULL, "made", NULL), ==, 0);
    g_assert_cmpint(suite_journal_note(journal, "vm", "a", NULL, "gone", NULL), ==, 0);
    g_assert_true(suite_journal_owns(journal, "vm", "b"));
    g_assert_false(suite_journal_owns(journal, "vm", "a"));
    file = fopen(path, "a");
    fputs("{\"kind\":\"vm\",\"name\":\"cut", file);
    fclose(file);
    g_assert_cmpint(suite_journal_read(path, &left, NULL), ==, 0);
    g_assert_cmpuint(left->len, ==, 1);
    g_assert_cmpstr(((struct suite_own *)left->pdata[0])->name, ==, "b");
    remove_tree(folder);
}

/* ---- records and reports ---- */

#define EVIL "</td><script>|`\"&\x01"

static void
fill_evil(suite_result *result)
{
    g_free(result->id);
    g_free(result->reason);
    result->id = g_strdup("x/" EVIL);
    result->reason = g_strdup(EVIL);
}

static void
test_a_run_is_read_back_as_it_was(void)
{
    g_auto(rig_t) rig = { 0 };
    g_autoptr(GPtrArray) results = NULL, changes = NULL;
    g_autoptr(suite_run) read = NULL;
    g_autofree char *latest = NULL, *file = NULL;
    FILE *out;

    run(&rig, CASE("bad", "steps: [{ op: vm.list, expect: { /: { count: 99 } } }]"), NULL);
    file = g_build_filename(rig.path, "results.jsonl", NULL);
    out = fopen(file, "a");
    fputs("{\"uid\":\"cut", out);
    fclose(out);
    latest = g_build_filename(rig.folder, "latest", NULL);
    g_assert_cmpint(suite_record_read(latest, &read, &results, NULL), ==, 0);
    g_assert_cmpuint(pv_desc_diff(&suite_run_desc, rig.run, read, PV_F_VOLATILE, NULL, NULL), ==, 0);
    g_assert_cmpuint(results->len, ==, 1);
    g_assert_cmpuint(pv_desc_diff(&suite_result_desc, rig.results->pdata[0], results->pdata[0], PV_F_VOLATILE, NULL,
                                  NULL), ==, 0);
    changes = suite_diff(rig.results, results, 50);
    g_assert_cmpuint(changes->len, ==, 0);
}

static void
test_reports_survive_hostile_names(void)
{
    g_auto(rig_t) rig = { 0 };
    g_autoptr(GString) junit = g_string_new(NULL), html = g_string_new(NULL), tap = g_string_new(NULL),
                       markdown = g_string_new(NULL), json = g_string_new(NULL);
    g_autoptr(json_t) tree = NULL;
    xmlDoc *doc;

    run(&rig, CASE("bad", "steps: [{ op: vm.list, expect: { /: { count: 99 } } }]")
              CASE("ok", "steps: [{ op: vm.list }]"), NULL);
    fill_evil(rig.results->pdata[0]);
    suite_report_junit(junit, rig.run, rig.results);
    suite_report_html(html, rig.run, rig.results);
    suite_report_tap(tap, rig.run, rig.results);
    suite_report_markdown(markdown, rig.run, rig.results);
    suite_report_json(json, rig.run, rig.results);
    doc = xmlReadMemory(junit->str, (int)junit->len, "junit", NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    g_assert_nonnull(doc);
    xmlFreeDoc(doc);
    g_assert_null(strstr(html->str, "<script>"));
    g_assert_nonnull(strstr(html->str, "&lt;script&gt;"));
    g_assert_true(g_str_has_prefix(tap->str, "TAP version 14\n1..2\n"));
    g_assert_null(strstr(markdown->str, "<script>"));
    tree = json_loadb(json->str, json->len, 0, NULL);
    g_assert_cmpuint(json_array_size(json_object_get(tree, "results")), ==, 2);
}

static void
test_a_diff_tells_what_became_worse(void)
{
    g_auto(rig_t) rig = { 0 };
    g_autoptr(GPtrArray) before = pv_list_new(&suite_result_desc), changes = NULL;
    const struct suite_change *change;

    run(&rig, CASE("bad", "steps: [{ op: vm.list, expect: { /: { count: 99 } } }]"), NULL);
    g_ptr_array_add(before, pv_desc_copy(&suite_result_desc, rig.results->pdata[0]));
    ((suite_result *)before->pdata[0])->verdict = SUITE_PASS;
    changes = suite_diff(before, rig.results, 50);
    g_assert_cmpuint(changes->len, ==, 1);
    change = changes->pdata[0];
    g_assert_cmpstr(change->what, ==, "verdict");
    g_assert_cmpstr(change->before, ==, "pass");
    g_assert_cmpstr(change->after, ==, "fail");
    g_assert_cmpint(change->worse, ==, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/suite/every-matcher-holds-and-fails", test_every_matcher_holds_and_fails);
    g_test_add_func("/suite/long-values-that-differ-at-their-end-are-not-alike",
                    test_long_values_that_differ_at_their_end_are_not_alike);
    g_test_add_func("/suite/without-a-word-success-is-expected", test_without_a_word_success_is_expected);
    g_test_add_func("/suite/verdicts", test_verdicts);
    g_test_add_func("/suite/only-ones-own-is-changed", test_only_ones_own_is_changed);
    g_test_add_func("/suite/all-that-was-made-is-removed", test_all_that_was_made_is_removed);
    g_test_add_func("/suite/captures-carry-values-with-their-type", test_captures_carry_values_with_their_type);
    g_test_add_func("/suite/expectations-turn-known-failures", test_expectations_turn_known_failures);
    g_test_add_func("/suite/a-journal-tells-what-is-left", test_a_journal_tells_what_is_left);
    g_test_add_func("/suite/a-run-is-read-back-as-it-was", test_a_run_is_read_back_as_it_was);
    g_test_add_func("/suite/reports-survive-hostile-names", test_reports_survive_hostile_names);
    g_test_add_func("/suite/a-diff-tells-what-became-worse", test_a_diff_tells_what_became_worse);
    return g_test_run();
}
