/* SPDX-License-Identifier: Apache-2.0 */
/* Cases from text: what is read, and how a mistake is told. */
#include "suite.h"

#include <string.h>

#define HEAD "suite: a/b\ncases:\n"
#define CASE HEAD "  - id: one\n    uid: x1\n    title: t\n    clause: c\n"

static GPtrArray *
parse(const char *text)
{
    GPtrArray *cases = suite_cases_new();
    g_autoptr(pv_error) error = NULL;

    if (suite_cases_parse("f.yaml", text, strlen(text), cases, &error) < 0)
        g_error("%s", error->message);
    return cases;
}

static void
refuse(const char *text, const char *message)
{
    g_autoptr(GPtrArray) cases = suite_cases_new();
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(suite_cases_parse("f.yaml", text, strlen(text), cases, &error), ==, PV_ERR_INVALID);
    if (!g_str_has_prefix(error->message, message))
        g_error("expected '%s…', got '%s'", message, error->message);
    g_assert_cmpuint(cases->len, ==, 0);
}

static void
test_a_case_is_read_with_what_follows_from_it(void)
{
    g_autoptr(GPtrArray) cases = parse(CASE "    level: lifecycle\n    given: vm-on\n    timeout: 5s\n    steps:\n"
                                            "      - { op: vm.stop, args: { vms: [\"${vm}\"] } }\n");
    const struct suite_case *test = g_ptr_array_index(cases, 0);

    g_assert_cmpstr(test->id, ==, "a/b/one");
    g_assert_cmpint(test->effect, ==, PV_EFFECT_DISRUPTIVE);
    g_assert_cmpint(test->timeout_ms, ==, 5000);
    g_assert_cmpint(test->cost_vms, ==, 1);
    g_assert_true(g_strv_contains((const char *const *)test->needs, "vm.stop"));
    g_assert_true(g_strv_contains((const char *const *)test->needs, "vm.start"));
}

static void
test_rows_make_cases(void)
{
    g_autoptr(GPtrArray) cases =
        parse(HEAD "  - id: x/$(slug)\n    title: $(slug) $(slug)\n    clause: c\n    rows:\n"
                   "      - { uid: r1, slug: p, args: { vms: [a, b] }, n: 5 }\n"
                   "      - { uid: r2, slug: q, args: {}, n: \"5\" }\n"
                   "    steps:\n      - { op: vm.list, args: $(args), expect: { /: { count: $(n) } } }\n");
    const struct suite_case *first = g_ptr_array_index(cases, 0), *second = g_ptr_array_index(cases, 1);
    const struct suite_step *step = g_ptr_array_index(first->steps, 0), *other = g_ptr_array_index(second->steps, 0);

    g_assert_cmpuint(cases->len, ==, 2);
    g_assert_cmpstr(first->id, ==, "a/b/x/p");
    g_assert_cmpstr(first->uid, ==, "r1");
    g_assert_cmpstr(first->title, ==, "p p");
    g_assert_cmpuint(json_array_size(json_object_get(step->args, "vms")), ==, 2);
    g_assert_true(json_is_integer(json_object_get(json_object_get(step->expect, "/"), "count")));
    g_assert_true(json_is_string(json_object_get(json_object_get(other->expect, "/"), "count")));
}

#define STEP "    steps:\n      - "

static void
test_a_mistake_names_file_line_and_column(void)
{
    refuse("suite: [", "f.yaml:");
    refuse("", "f.yaml:1:1: the document is empty");
    refuse("suite: a\nsuite: b\n", "f.yaml:2:1: this key was given before");
    refuse("a: &x 1\n", "f.yaml:1:4: anchors and tags are not taken");
    refuse("a: *x\n", "f.yaml:1:4: aliases are not taken");
    refuse(HEAD "  - { id: one, uid: x }\n", "f.yaml:3:5: a case has an id, a uid, a title and a clause");
    refuse(CASE "    colour: red\n" STEP "op: vm.list\n", "f.yaml:7:13: there is no 'colour' here");
    refuse(CASE "    steps: []\n", "f.yaml:7:12: a case has a list of 1 to");
    refuse(CASE STEP "op: vm.lst\n", "f.yaml:8:13: there is no operation 'vm.lst'");
    refuse(CASE STEP "{ op: vm.list, args: { vmz: [] } }\n", "f.yaml:8:37: there is no 'vmz' here");
    refuse(CASE STEP "{ op: vm.list, qmp: query-status }\n", "f.yaml:8:29: a step does one thing");
    refuse(CASE STEP "{ op: vm.list, expect: { error: not-fond } }\n", "f.yaml:8:41: 'not-fond' is no error");
    refuse(CASE STEP "{ op: vm.list, expect: { /: { cont: 3 } } }\n", "f.yaml:8:45: there is no 'cont' here");
    refuse(CASE STEP "{ op: vm.list, expect: { message: \"(\" } }\n", "f.yaml:8:43: message: not a regular expression");
    refuse(CASE STEP "{ op: vm.list, expect: { status: 200 } }\n", "f.yaml:8:42: 'status': a pointer begins with '/'");
    refuse(CASE STEP "{ op: vm.list, until: soon }\n", "f.yaml:8:31: until:");
    refuse(CASE STEP "{ rest: /api/x }\n", "f.yaml:8:17: rest: a method and a path");
    refuse(CASE STEP "{ op: vm.list, capture: { a: id } }\n", "f.yaml:8:38: a: a JSON pointer begins with '/'");
    refuse(CASE "    title2: $(x)\n" STEP "op: vm.list\n", "f.yaml:7:13: there is no 'title2' here");
}

static void
test_a_case_that_only_looks_cannot_change(void)
{
    refuse(CASE STEP "{ op: vm.stop, args: { vms: [x] } }\n", "f.yaml:3:5: it changes something");
    refuse(CASE "    given: vm-off\n" STEP "op: vm.list\n", "f.yaml:3:5: it changes something");
}

static void
test_deep_nesting_is_refused(void)
{
    g_autoptr(GString) text = g_string_new("a: ");

    for (unsigned i = 0; i < 10000; i++)
        g_string_append_c(text, '[');
    refuse(text->str, "f.yaml:1:");
}

static void
refuse_bytes(const char *text, size_t len, const char *message)
{
    g_autoptr(GPtrArray) cases = suite_cases_new();
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(suite_cases_parse("f.yaml", text, len, cases, &error), ==, PV_ERR_INVALID);
    if (!g_str_has_prefix(error->message, message))
        g_error("expected '%s…', got '%s'", message, error->message);
}

#define BYTES(text) text, sizeof(text) - 1

static void
test_bytes_that_are_no_text_are_told_where_they_stand(void)
{
    refuse_bytes(BYTES("suite: a\nb: \xff\n"), "f.yaml:2:4: not valid YAML");
    refuse_bytes(BYTES("suite: a\nb: x\0y\n"), "f.yaml:2:5: not valid YAML");
    refuse_bytes(BYTES("\"sou\\0rce\": x\n"), "f.yaml:1:1: a text too long, or with a NUL");
    refuse_bytes(BYTES("a: \"x\\0y\"\n"), "f.yaml:1:4: a text too long, or with a NUL");
    refuse_bytes(BYTES("&k a: 1\n"), "f.yaml:1:1: anchors and tags are not taken");
    refuse_bytes(BYTES("!!str a: 1\n"), "f.yaml:1:1: anchors and tags are not taken");
}

#define ROWS "suite: a\ncases:\n  - id: x\n    title: t\n    clause: c\n    rows: [{ uid: r1, k: /a }]\n"

static void
test_rows_that_do_not_fit_are_refused(void)
{
    refuse(ROWS "    steps: [{ op: vm.list, expect: { $(k): 1, /a: 2 } }]\n",
           "f.yaml:7:51: with the row's values '/a'");
    refuse(ROWS "    steps: [{ op: vm.list, args: { match: $(kk) } }]\n",
           "f.yaml:7:43: the row has no value for $(kk)");
    refuse(ROWS "    tags: [\"a-$(kk)\"]\n    steps: [{ op: vm.list }]\n",
           "f.yaml:7:12: the row has no value for $(kk)");
}

static void
test_a_dollar_in_a_regular_expression_is_no_variable(void)
{
    g_autoptr(GPtrArray) cases = parse(ROWS "    steps: [{ op: vm.list, "
                                            "expect: { /a: { matches: \"^a$(b|c)?\" } } }]\n");

    g_assert_cmpuint(cases->len, ==, 1);
}

/* A text of many marks, each a long value: it would be a gigabyte. */
static void
test_a_short_file_cannot_grow_without_end(void)
{
    g_autoptr(GString) text = g_string_new("suite: a\ncases:\n  - id: x\n    title: t\n    clause: \"");

    for (unsigned i = 0; i < 15000; i++)
        g_string_append(text, "$(v)");
    g_string_append(text, "\"\n    rows: [{ uid: r1, v: ");
    for (unsigned i = 0; i < 60000; i++)
        g_string_append_c(text, 'x');
    g_string_append(text, " }]\n    steps: [{ op: vm.list }]\n");
    refuse(text->str, "f.yaml:5:13: with the row's values it is longer than");
}

static void
test_all_that_rows_make_is_bounded(void)
{
    g_autoptr(GString) text = g_string_new("suite: a\ncases:\n  - id: $(uid)\n    title: t\n    clause: \"");

    for (unsigned i = 0; i < 60000; i++)
        g_string_append_c(text, 'x');
    g_string_append(text, "\"\n    steps: [{ op: vm.list }]\n    rows:\n");
    for (unsigned i = 0; i < 10000; i++)
        g_string_append_printf(text, "      - { uid: r%u }\n", i);
    refuse(text->str, "f.yaml:5:13: the rows of this file make more than");
}

static void
test_more_cases_than_are_taken_are_refused(void)
{
    g_autoptr(GString) text = g_string_new("suite: a\ncases:\n  - id: $(uid)\n    title: t\n    clause: c\n"
                                           "    steps: [{ op: vm.list }]\n    rows:\n");

    for (unsigned i = 0; i <= SUITE_CASES_MAX; i++)
        g_string_append_printf(text, "      - { uid: r%u }\n", i);
    refuse(text->str, "f.yaml:20008:9: more than 20000 cases");
}

static void
test_a_word_that_is_misspelt_is_refused(void)
{
    refuse(CASE "    needs: [vm.lst]\n" STEP "op: vm.list\n", "f.yaml:7:12: needs: there is no 'vm.lst'");
    refuse(CASE "    wants: [planet]\n" STEP "op: vm.list\n", "f.yaml:7:12: wants: there is no 'planet'");
    refuse(CASE "    drivers: [libvrt]\n" STEP "op: vm.list\n", "f.yaml:7:14: drivers: there is no 'libvrt'");
    refuse(CASE STEP "{ op: vm.list, expect: { /: { type: lst } } }\n", "f.yaml:8:45: type: there is no 'lst'");
    refuse(CASE "    timeout: 0s\n" STEP "op: vm.list\n", "f.yaml:7:14: timeout: no time at all");
}

static void
test_a_file_without_end_is_not_read_to_its_end(void)
{
    g_autoptr(GPtrArray) cases = suite_cases_new();
    g_autoptr(pv_error) error = NULL;

    g_assert_cmpint(suite_cases_load("/dev/zero", cases, &error), ==, PV_ERR_INVALID);
    g_assert_true(g_str_has_prefix(error->message, "/dev/zero: larger than"));
}

static void
test_the_programs_own_cases_are_sound(void)
{
    g_autoptr(GPtrArray) cases = suite_cases_new();
    g_autoptr(pv_error) error = NULL;

    if (suite_cases_builtin(cases, &error) < 0 || suite_cases_check(cases, &error) < 0)
        g_error("%s", error->message);
    g_assert_cmpuint(cases->len, >=, 300);
}

static void
test_two_cases_of_one_uid_are_refused(void)
{
    g_autoptr(GPtrArray) cases = parse(CASE STEP "op: vm.list\n");
    g_autoptr(pv_error) error = NULL;
    const char *again = HEAD "  - { id: two, uid: x1, title: t, clause: c, steps: [{ op: vm.list }] }\n";

    g_assert_cmpint(suite_cases_parse("g.yaml", again, strlen(again), cases, NULL), ==, 0);
    g_assert_cmpint(suite_cases_check(cases, &error), ==, PV_ERR_INVALID);
    g_assert_cmpstr(error->message, ==, "g.yaml:3: 'x1' is a case of f.yaml:3 already");
}

/* ---- selection ---- */

static void
choose(const struct suite_select *select, const char *wanted)
{
    g_autoptr(GPtrArray) cases = parse(HEAD "  - { id: p/one, uid: u1, title: t, clause: c, tags: [red], "
                                            "steps: [{ op: vm.list }] }\n"
                                            "  - { id: p/two, uid: u2, title: t, clause: c, level: lifecycle, "
                                            "steps: [{ op: vm.list }] }\n"
                                            "  - { id: pp, uid: u3, title: t, clause: c, steps: [{ op: vm.list }] }\n");
    g_autoptr(GPtrArray) chosen = NULL;
    g_autoptr(GString) got = g_string_new(NULL);

    if (suite_select(cases, select, &chosen, NULL) < 0)
        g_string_assign(got, "none");
    for (unsigned i = 0; chosen && i < chosen->len; i++)
        g_string_append_printf(got, "%s%s", i ? " " : "", ((struct suite_case *)chosen->pdata[i])->uid);
    g_assert_cmpstr(got->str, ==, wanted);
}

#define WORDS(...) (char *[]){ (char *)__VA_ARGS__, NULL }

static void
test_cases_are_chosen(void)
{
    choose(&(struct suite_select){ .level = SUITE_LEVEL_DISRUPTIVE }, "u1 u2 u3");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_READ }, "u1 u3");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_DISRUPTIVE, .ids = WORDS("a/b/p") }, "u1 u2");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_DISRUPTIVE, .ids = WORDS("a/b/*o") }, "u2");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_DISRUPTIVE, .ids = WORDS("u3") }, "u3");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_DISRUPTIVE, .tags = WORDS("red") }, "u1");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_DISRUPTIVE, .shard = 2, .shards = 2 }, "u2");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_READ, .ids = WORDS("a/b/p/two") }, "none");
    choose(&(struct suite_select){ .level = SUITE_LEVEL_DISRUPTIVE, .ids = WORDS("a/b/nonsense") }, "none");
}

#define ADD(name) g_test_add_func("/suite-case/" #name, test_##name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(a_case_is_read_with_what_follows_from_it);
    ADD(rows_make_cases);
    ADD(a_mistake_names_file_line_and_column);
    ADD(a_case_that_only_looks_cannot_change);
    ADD(deep_nesting_is_refused);
    ADD(bytes_that_are_no_text_are_told_where_they_stand);
    ADD(rows_that_do_not_fit_are_refused);
    ADD(a_dollar_in_a_regular_expression_is_no_variable);
    ADD(a_short_file_cannot_grow_without_end);
    ADD(all_that_rows_make_is_bounded);
    ADD(more_cases_than_are_taken_are_refused);
    ADD(a_word_that_is_misspelt_is_refused);
    ADD(a_file_without_end_is_not_read_to_its_end);
    ADD(the_programs_own_cases_are_sound);
    ADD(two_cases_of_one_uid_are_refused);
    ADD(cases_are_chosen);
    return g_test_run();
}
