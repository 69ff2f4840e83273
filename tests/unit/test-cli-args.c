/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <string.h>
#include <unistd.h>

/* ---- a small table of verbs, so that the tests do not hang on the real one ---- */

struct disk {
    int64_t size;
    char *path;
};
static const struct pv_field disk_fields[] = {
    PV_FIELD(disk, size, PV_INT, .unit = PV_UNIT_BYTES, .help = "size"),
    PV_FIELD(disk, path, PV_STRING, .help = "path"),
    { 0 },
};
static const struct pv_desc disk_desc = { "disk", sizeof(struct disk), disk_fields, "a disk" };

struct spec {
    char *name;
    int64_t memory;
    int autostart;
    char **tags;
    GPtrArray *disks;
};
static const struct pv_field spec_fields[] = {
    PV_FIELD(spec, name, PV_STRING, .flags = PV_F_REQUIRED | PV_F_POSITIONAL, .help = "name"),
    PV_FIELD(spec, memory, PV_INT, .unit = PV_UNIT_BYTES, .flags = PV_F_REQUIRED, .help = "memory"),
    PV_FIELD(spec, autostart, PV_BOOL, .help = "start with the host"),
    PV_FIELD(spec, tags, PV_STRINGS, .help = "words"),
    PV_FIELD(spec, disks, PV_LIST, .desc = &disk_desc, .help = "disks"),
    { 0 },
};
static const struct pv_desc spec_desc = { "spec", sizeof(struct spec), spec_fields, "a machine" };

struct make_args {
    struct spec *spec;
    int start;
};
static const struct pv_field make_fields[] = {
    PV_FIELD(make_args, spec, PV_STRUCT, .desc = &spec_desc, .flags = PV_F_REQUIRED, .help = "the machine"),
    PV_FIELD(make_args, start, PV_BOOL, .help = "start it"),
    { 0 },
};
static const struct pv_desc make_desc = { "make", sizeof(struct make_args), make_fields, "" };

struct stop_args {
    char **vms;
};
static const struct pv_field stop_fields[] = {
    PV_FIELD(stop_args, vms, PV_STRINGS, .flags = PV_F_REQUIRED | PV_F_POSITIONAL | PV_F_VM, .help = "VMs"),
    { 0 },
};
static const struct pv_desc stop_desc = { "stop", sizeof(struct stop_args), stop_fields, "" };

static const struct cli_verb verbs[] = {
    { .name = "vm.make", .args_desc = &make_desc, .help = "make one" },
    { .name = "vm.stop", .args_desc = &stop_desc, .help = "stop some" },
    { .name = "vm.list", .help = "list all" },
    { .name = "snapshot.list", .help = "list all" },
    { .name = "doctor", .help = "look" },
    { 0 },
};

/* Splits at '|'; the result is what the parser says. */
static int
parse(const char *line, struct cli_call **ret_call, pv_error **error)
{
    g_auto(GStrv) words = g_strsplit(line, "|", -1);

    return cli_args_parse(verbs, (int)g_strv_length(words), (const char *const *)words, ret_call, error);
}

static struct cli_call *
good(const char *line)
{
    g_autoptr(pv_error) error = NULL;
    struct cli_call *call = NULL;
    int rc = parse(line, &call, &error);

    if (error)
        g_test_message("%s: %s", line, error->message);
    g_assert_cmpint(rc, ==, 0);
    return call;
}

static void
bad(const char *line, const char *message, const char *hint)
{
    g_autoptr(pv_error) error = NULL;
    struct cli_call *call = NULL;
    int rc = parse(line, &call, &error);

    g_assert_cmpint(rc, <, 0);
    g_assert_null(call);
    g_assert_cmpint(pv_code_exit_status(error->code), ==, 2);
    if (!strstr(error->message, message))
        g_error("%s: said '%s', not '%s'", line, error->message, message);
    g_assert_null(strchr(error->message, '\n'));
    if (hint && (!error->hint || !strstr(error->hint, hint)))
        g_error("%s: hint '%s', not '%s'", line, error->hint, hint);
}

/* ---- options that all share ---- */

static void
test_shared_options_stand_anywhere(void)
{
    static const char *const lines[] = {
        "-o|json|vm|list|-c|sim:///", "vm|-ojson|-csim:///|list", "vm|list|--output=json|--connect|sim:///",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(cli_call) call = good(lines[i]);

        g_assert_cmpstr(call->verb->name, ==, "vm.list");
        g_assert_cmpint(call->globals->output, ==, CLI_JSON);
        g_assert_cmpstr(call->globals->connect[0], ==, "sim:///");
    }
}

static void
test_endpoints_repeat_and_keep_their_commas(void)
{
    g_autoptr(cli_call) call = good("-c|sim:///?fail=a,b|-c|lab|vm|list");

    g_assert_cmpuint(g_strv_length(call->globals->connect), ==, 2);
    g_assert_cmpstr(call->globals->connect[0], ==, "sim:///?fail=a,b");
}

static void
test_switches_bundle_and_negate(void)
{
    g_autoptr(cli_call) call = good("-yv|vm|list|--no-header|--no-color|--timeout|5m");

    g_assert_cmpint(call->globals->yes, ==, 1);
    g_assert_cmpint(call->globals->verbose, ==, 1);
    g_assert_cmpint(call->globals->quiet, ==, PV_UNSET_BOOL);
    g_assert_cmpint(call->globals->header, ==, 0);
    g_assert_cmpint(call->globals->color, ==, 0);
    g_assert_cmpint(call->globals->timeout, ==, 300000);
}

static void
test_a_span_without_a_unit_is_in_seconds(void)
{
    g_autoptr(cli_call) bare = good("vm|list|--timeout|30");
    g_autoptr(cli_call) exact = good("vm|list|--timeout|300ms");

    g_assert_cmpint(bare->globals->timeout, ==, 30000);
    g_assert_cmpint(exact->globals->timeout, ==, 300);
}

static void
test_trace_takes_a_value_only_with_an_equals_sign(void)
{
    g_autoptr(cli_call) all = good("--trace|vm|list");
    g_autoptr(cli_call) some = good("vm|list|--trace=http,qmp");

    g_assert_cmpstr(all->globals->trace, ==, "");
    g_assert_cmpstr(some->globals->trace, ==, "http,qmp");
}

/* ---- arguments ---- */

static const struct spec *
spec_of(const struct cli_call *call)
{
    return ((const struct make_args *)call->args)->spec;
}

static void
test_members_of_a_spec_become_options(void)
{
    g_autoptr(cli_call) call =
        good("vm|make|web|--memory|2GiB|--autostart|--disk|size=1GiB,path=/a|--disks|size=2GiB|--tag|x|--no-start");
    const struct spec *spec = spec_of(call);

    g_assert_cmpstr(spec->name, ==, "web");
    g_assert_cmpint(spec->memory, ==, G_GINT64_CONSTANT(2147483648));
    g_assert_cmpint(spec->autostart, ==, 1);
    g_assert_cmpuint(spec->disks->len, ==, 2);
    g_assert_cmpstr(((struct disk *)spec->disks->pdata[0])->path, ==, "/a");
    g_assert_cmpstr(spec->tags[0], ==, "x");
    g_assert_cmpint(((struct make_args *)call->args)->start, ==, 0);
}

static void
test_the_last_positional_takes_all_words_as_they_are(void)
{
    g_autoptr(cli_call) call = good("vm|stop|a,b|c|--|--yes");
    const struct stop_args *args = call->args;

    g_assert_cmpuint(g_strv_length(args->vms), ==, 3);
    g_assert_cmpstr(args->vms[0], ==, "a,b");
    g_assert_cmpstr(args->vms[2], ==, "--yes");
    g_assert_cmpint(call->globals->yes, ==, PV_UNSET_BOOL);
}

static char *
make_file(const char *text)
{
    char *path = NULL;
    int fd = g_file_open_tmp("polyvirt-spec-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void
test_options_override_the_file(void)
{
    g_autofree char *path = make_file("name: web\nmemory: 1GiB\nautostart: true\ndisks:\n- size: 1GiB\n- size: 2GiB\n");
    g_autofree char *line = g_strdup_printf("vm|make|--memory|3GiB|--file|%s|--disk|size=5GiB", path);
    g_autoptr(cli_call) call = good(line);
    const struct spec *spec = spec_of(call);

    g_assert_cmpstr(spec->name, ==, "web");
    g_assert_cmpint(spec->memory, ==, G_GINT64_CONSTANT(3221225472));
    g_assert_cmpint(spec->autostart, ==, 1);
    g_assert_cmpuint(spec->disks->len, ==, 1);
    unlink(path);
}

static void
test_what_a_file_leaves_out_options_may_give(void)
{
    g_autofree char *path = make_file("{\"memory\": 1073741824}");
    g_autofree char *line = g_strdup_printf("vm|make|web|-f|%s", path);
    g_autoptr(cli_call) call = good(line);

    g_assert_cmpstr(spec_of(call)->name, ==, "web");
    unlink(path);
}

static void
test_a_bad_file_is_named_with_the_field(void)
{
    g_autofree char *path = make_file("name: web\nmemorie: 1GiB\n");
    g_autofree char *line = g_strdup_printf("vm|make|-f|%s", path);

    bad(line, "memorie", NULL);
    bad(line, path, NULL);
    bad("vm|make|-f|/nonexistent/spec.yaml", "/nonexistent/spec.yaml", NULL);
    unlink(path);
}

/* ---- mistakes ---- */

static void
test_mistakes_name_the_word_and_the_nearest(void)
{
    bad("", "no command", "polyvirt --help");
    bad("vmm|list", "'vmm'", "did you mean 'vm'");
    bad("list", "'list'", "did you mean 'vm list'");
    bad("vm", "vm needs a verb", "polyvirt vm --help");
    bad("vm|lisst", "'lisst'", "did you mean 'vm list'");
    bad("vm|list|extra", "unexpected argument 'extra'", "polyvirt vm list --help");
    bad("vm|stop", "VM is missing", "polyvirt vm stop --help");
    bad("vm|make|web", "--memory is missing", NULL);
    bad("vm|list|--ouput|json", "--ouput", "did you mean --output");
    bad("vm|list|-x", "-x", NULL);
    bad("vm|list|-o", "needs a value", NULL);
    bad("vm|list|--output", "needs a value", NULL);
    bad("vm|list|-o|xml", "xml", NULL);
    bad("vm|make|web|--memory|lots", "memory", NULL);
    bad("vm|make|web|--memory|1GiB|--disk|sise=1", "sise", NULL);
    bad("--memory|1GiB|vm|make", "before the verb", NULL);
    bad("vm|list|--no-yes=1", "takes no value", NULL);
    bad("vm|list\x1b[31m", "\\x1b", NULL);
}

static void
test_help_needs_nothing_else(void)
{
    g_autoptr(cli_call) program = good("--help");
    g_autoptr(cli_call) noun = good("vm|-h");
    g_autoptr(cli_call) verb = good("vm|make|--help");

    g_assert_null(program->noun);
    g_assert_cmpstr(noun->noun, ==, "vm");
    g_assert_null(noun->verb);
    g_assert_cmpstr(verb->verb->name, ==, "vm.make");
}

/* ---- the real table ---- */

static void
check_names_are_unique(const struct cli_verb *verb)
{
    g_autoptr(GArray) options = cli_options_new(verb);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < options->len; i++) {
        const struct cli_option *option = &g_array_index(options, struct cli_option, i);

        if (!g_hash_table_add(seen, option->name) || (option->alias && !g_hash_table_add(seen, option->alias)))
            g_error("%s: --%s is there twice", verb->name, option->name);
        if (!option->field->help || !*option->field->help)
            g_error("%s: --%s has no help", verb->name, option->name);
    }
}

static void
test_no_verb_has_an_option_twice_or_without_help(void)
{
    for (const struct cli_verb *verb = cli_verbs(); verb->name; verb++) {
        g_assert_nonnull(verb->help);
        check_names_are_unique(verb);
    }
}

static void
test_every_example_parses(void)
{
    for (const struct cli_verb *verb = cli_verbs(); verb->name; verb++) {
        g_auto(GStrv) words = NULL;
        g_autoptr(cli_call) call = NULL;
        g_autoptr(pv_error) error = NULL;
        g_autofree char *plain = verb->example ? g_strndup(verb->example, strcspn(verb->example, ">")) : NULL;
        int count = 0;

        if (!plain)
            continue;
        g_assert_true(g_shell_parse_argv(plain, &count, &words, NULL));
        if (cli_args_parse(cli_verbs(), count, (const char *const *)words, &call, &error) != 0)
            g_error("%s: the example does not parse: %s", verb->name, error->message);
        g_assert_true(call->verb == verb);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli-args/shared-options-stand-anywhere", test_shared_options_stand_anywhere);
    g_test_add_func("/cli-args/endpoints-repeat-and-keep-their-commas", test_endpoints_repeat_and_keep_their_commas);
    g_test_add_func("/cli-args/switches-bundle-and-negate", test_switches_bundle_and_negate);
    g_test_add_func("/cli-args/a-span-without-a-unit-is-in-seconds", test_a_span_without_a_unit_is_in_seconds);
    g_test_add_func("/cli-args/trace-takes-a-value-only-with-an-equals-sign",
                    test_trace_takes_a_value_only_with_an_equals_sign);
    g_test_add_func("/cli-args/members-of-a-spec-become-options", test_members_of_a_spec_become_options);
    g_test_add_func("/cli-args/the-last-positional-takes-all-words-as-they-are",
                    test_the_last_positional_takes_all_words_as_they_are);
    g_test_add_func("/cli-args/options-override-the-file", test_options_override_the_file);
    g_test_add_func("/cli-args/what-a-file-leaves-out-options-may-give", test_what_a_file_leaves_out_options_may_give);
    g_test_add_func("/cli-args/a-bad-file-is-named-with-the-field", test_a_bad_file_is_named_with_the_field);
    g_test_add_func("/cli-args/mistakes-name-the-word-and-the-nearest", test_mistakes_name_the_word_and_the_nearest);
    g_test_add_func("/cli-args/help-needs-nothing-else", test_help_needs_nothing_else);
    g_test_add_func("/cli-args/no-verb-has-an-option-twice-or-without-help",
                    test_no_verb_has_an_option_twice_or_without_help);
    g_test_add_func("/cli-args/every-example-parses", test_every_example_parses);
    return g_test_run();
}
