/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line is a projection of tables: the operation table (op.h) and the list of local
 * commands below become verbs; descriptors become arguments, options, help, completion and manual
 * pages. Data goes to stdout, talk to stderr.
 */
#ifndef PV_CLI_H
#define PV_CLI_H

#include <polyvirt/op.h>

/* Limits of what a person can hand over. */
#define CLI_WORDS_MAX        65536       /* words of one command line */
#define CLI_ENDPOINTS_MAX    64          /* -c given this often */
#define CLI_CONFIG_MAX       (1u << 20)  /* bytes of the config file */
#define CLI_SPEC_MAX         PV_DOC_MAX  /* bytes of --file */
#define CLI_PASSWORD_MAX     1024        /* bytes of a password */
#define CLI_COMPLETE_MS      800         /* what completion waits for an endpoint */
#define CLI_TICK_MS          100         /* how often something that moves is looked at */
#define CLI_PROGRESS_AFTER_MS 1000       /* work shorter than this shows no progress */
#define CLI_HELP_COLUMNS     80
#define CLI_TREE_DEPTH       64          /* levels of a tree that are drawn */

/* Exit statuses besides those of pv_code_exit_status. */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILED = 1,
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_CONNECT = 3,
    CLI_EXIT_NOT_FOUND = 4,
    CLI_EXIT_UNKNOWN = 6,
    CLI_EXIT_INTERRUPTED = 130,
};

/* ---- options everywhere (options.c) ---- */

enum cli_format {
    CLI_TABLE = 1,
    CLI_WIDE,
    CLI_JSON,
    CLI_JSONL,
    CLI_YAML,
    CLI_CSV,
    CLI_NAME,
};

struct cli_globals {
    char **connect;
    int output; /* enum cli_format */
    char **columns;
    int header;
    int64_t timeout; /* milliseconds */
    int readonly, dry_run, yes;
    char *trace; /* components, "" = all */
    int verbose, quiet, color, insecure;
    char *ca_file, *password_file, *password_command;
    int help, version;
};
extern const struct pv_desc cli_globals_desc;

/* ---- verbs (verbs.c) ---- */

struct cli_call;

/* Something to type: a row of the operation table, or a local command (op == NULL). */
struct cli_verb {
    const char *name; /* "vm.list", "doctor"; NULL ends a table */
    const struct pv_desc *args_desc;   /* NULL: takes none */
    const struct pv_desc *result_desc; /* what the manual lists as output fields, or NULL */
    unsigned flags;                    /* enum pv_op_flags */
    enum pv_effect effect;
    const char *help;
    const char *details;
    const char *example;
    const struct pv_op *op;
    /* Local commands: a negative pv_code with *error, else the exit status. task is cancelled by
     * SIGINT, SIGTERM and SIGHUP. */
    int (*run)(const struct cli_call *call, pv_task *task, pv_error **error);
    gboolean hidden; /* left out of help, completion and the manual */
};

/* All verbs: the operation table, then the local commands. Owned by the module. */
const struct cli_verb *cli_verbs(void);
/* Length of the noun part of a verb's name. */
size_t cli_noun_length(const char *name);
/* Does the verb belong to this noun ("vm"; for commands without a noun their whole name)? */
gboolean cli_verb_has_noun(const struct cli_verb *verb, const char *noun);
/* What follows the noun, or NULL for a command that is one word. */
const char *cli_verb_word(const struct cli_verb *verb);
/* Nouns in the order they are shown, NULL-terminated; free with g_strfreev. */
char **cli_nouns(const struct cli_verb *verbs, gboolean hidden);
/* One phrase about a noun, or NULL. */
const char *cli_noun_help(const char *noun);
/* "vm list": the name as typed; free. */
char *cli_verb_typed(const struct cli_verb *verb);

/* Of the library, "9.0.0" (cmd-version.c). */
char *cli_libvirt_version(void);

/* Local commands, one table per cmd-*.c, each ending with .name == NULL. */
extern const struct cli_verb cli_cmd_context[];
extern const struct cli_verb cli_cmd_complete[];
extern const struct cli_verb cli_cmd_help[];
extern const struct cli_verb cli_cmd_man[];
extern const struct cli_verb cli_cmd_version[];
extern const struct cli_verb cli_cmd_doctor[];
extern const struct cli_verb cli_cmd_raw[];
extern const struct cli_verb cli_cmd_serve[];
extern const struct cli_verb cli_cmd_test[];
extern const struct cli_verb cli_cmd_test_run[];
extern const struct cli_verb cli_cmd_test_report[];
extern const struct cli_verb cli_cmd_test_matrix[];

/* ---- options of a verb (options.c) ---- */

struct cli_option {
    char *name;         /* after the dashes, or the metavar of a positional */
    char *alias;        /* another spelling that is taken too, or NULL */
    char *metavar;      /* NULL: a switch */
    char letter;        /* 0: none */
    gboolean global;
    gboolean positional;
    gboolean optional_value; /* --trace[=COMPONENTS] */
    gboolean negative;       /* help shows --no-NAME */
    const struct pv_desc *desc; /* the struct that holds the field */
    const struct pv_field *field;
    const struct pv_field *within; /* member of the arguments that holds that struct, NULL: themselves */
};

/* As pv_field_parse, but a span without a unit is in seconds: who types "--timeout 30" means no
 * milliseconds. */
int cli_field_parse(const struct pv_desc *desc, const struct pv_field *field, void *object, const char *text,
                    pv_error **error);

/* The options everywhere, then those of the verb (may be NULL), then its positionals in order;
 * each array of struct cli_option frees its items. */
GArray *cli_options_new(const struct cli_verb *verb);
/* By name or alias; *ret_no is set when it was spelled --no-NAME. */
const struct cli_option *cli_option_find(const GArray *options, const char *name, gboolean *ret_no);
const struct cli_option *cli_option_letter(const GArray *options, char letter);
gboolean cli_option_repeats(const struct cli_option *option);
/* Takes no value: --x, --no-x. */
gboolean cli_option_is_switch(const struct cli_option *option);
/* The member of args_desc that takes --file, or NULL. */
const struct pv_field *cli_verb_spec(const struct cli_verb *verb);

/* ---- parsing (args.c) ---- */

struct cli_call {
    struct cli_globals *globals;
    const struct cli_verb *verb; /* NULL: none was named */
    char *noun;                  /* NULL: none was named */
    void *args;                  /* of verb->args_desc */
};

/* argv without the program's name. Usage errors name the word that is wrong. With --help the rest
 * need not be complete. */
int cli_args_parse(const struct cli_verb *verbs, int argc, const char *const *argv,
                   struct cli_call **ret_call, pv_error **error);
void cli_call_free(struct cli_call *call);
typedef struct cli_call cli_call;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cli_call, cli_call_free)

/* ---- help and manual (help.c, man.c) ---- */

/* Help for what was named: the program, a noun or a verb. */
void cli_help_write(GString *out, const struct cli_verb *verbs, const char *noun,
                    const struct cli_verb *verb);
/* "polyvirt vm create NAME [OPTIONS]"; free. */
char *cli_synopsis(const struct cli_verb *verb);
/* What an option takes and does, in one phrase; free. */
char *cli_option_help(const struct cli_option *option);
/* "-o, --output FORMAT"; free. */
char *cli_option_usage(const struct cli_option *option);

/* ---- stderr (talk.c) ---- */

void cli_talk_setup(const struct cli_globals *globals);
/* For commands that start guests by the dozen: what each runs on is not told, unless --verbose. */
void cli_talk_no_notes(const struct cli_globals *globals);
/* Before the command line is read: argv ends with NULL. */
void cli_talk_guess(const char *const *argv);
gboolean cli_talk_quiet(void);
/* The locale shows UTF-8. */
gboolean cli_utf8(void);
/* May colours be used on this stream (1 or 2)? */
gboolean cli_color(int fd);
void cli_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
void cli_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* where: the endpoint or NULL. One JSON line with -o json and jsonl. */
void cli_error_print(const pv_error *error, const char *where);
/* Shows or (NULL) removes the one line that is overwritten in place. */
void cli_talk_status(const char *line);
/* The worse of two exit statuses: 130, 6, 1, 3, 2, 4, 0. */
int cli_exit_worst(int a, int b);

/* ---- stdout (output.c) ---- */

/* Collects everything and writes it at once, so that a failure leaves no half document. */
int cli_output_list(const struct cli_globals *globals, const struct pv_desc *desc, const GPtrArray *list,
                    unsigned op_flags, pv_error **error);
int cli_output_one(const struct cli_globals *globals, const struct pv_desc *desc, const void *object,
                   pv_error **error);
/* Plain text; a reader that went away ends the program quietly. */
int cli_output_text(const char *text, size_t len, pv_error **error);
/* Refuses --columns that desc does not have, before anything is asked of an endpoint. */
int cli_output_check(const struct cli_globals *globals, const struct pv_desc *desc, pv_error **error);
/* Copies of items in tree order by id and parent, with lines before their names (tree.c). */
GPtrArray *cli_tree_new(const struct pv_desc *desc, const GPtrArray *items, gboolean ascii);
/* Adds an endpoint member to structs of desc: the widened descriptor (free with cli_widened_free)
 * and, for each item, a new struct that takes over what the old one owned. */
struct pv_desc *cli_widened_new(const struct pv_desc *desc);
void *cli_widened_take(const struct pv_desc *widened, const struct pv_desc *desc, void *object,
                       const char *endpoint);
void cli_widened_free(struct pv_desc *widened);

/* ---- signals (signals.c) ---- */

/* Before any thread is made. The first SIGINT, SIGTERM or SIGHUP cancels the watched task, the
 * second ends the program at once. */
void cli_signals_start(void);
void cli_signals_watch(pv_task *task);
gboolean cli_interrupted(void);
/* Readable once a signal came: for polling beside a terminal. */
int cli_signals_fd(void);
/* For children: signals as the shell gave them to us. */
void cli_signals_reset_child(void *unused);

/* ---- asking a person (prompt.c, password.c) ---- */

/* Reads a line from the controlling terminal without echo. */
char *cli_prompt_secret(const char *prompt, pv_error **error);
/* Restores the terminal; safe to call at any time, from any thread. */
void cli_prompt_restore(void);
/* PV_ERR_USAGE when there is nobody to ask, PV_ERR_FAILED when the answer is no. */
int cli_confirm(const char *question, pv_error **error);
void cli_secret_free(char *secret);

/* Where passwords come from, in order; members may be NULL. */
struct cli_password {
    char *file;
    char *command;
    char *text; /* written in the config file */
    pv_task *task;      /* whose deadline starts anew once the password is there, or NULL */
    int64_t timeout_ms; /* that deadline */
};
/* pv_password_fn over a struct cli_password. */
char *cli_password_get(const char *user, const char *endpoint, void *data, pv_error **error);

/* ---- contexts and endpoints (context.c, target.c) ---- */

struct cli_context {
    char *name, *uri, *password_file, *password_command, *password, *tls_sha256, *ca_file;
    int insecure, readonly;
    int64_t timeout; /* milliseconds */
    int current;
};
extern const struct pv_desc cli_context_desc;

struct cli_config {
    char *path;
    char *current;
    GPtrArray *contexts; /* of struct cli_context, in the file's order */
};

/* No file gives an empty config. Errors name the file, line and field. */
int cli_config_load(struct cli_config **ret_config, pv_error **error);
/* Makes a context the current one; the rest of the file stays as written. */
int cli_config_use(const struct cli_config *config, const char *name, pv_error **error);
const struct cli_context *cli_config_find(const struct cli_config *config, const char *name);
char *cli_config_path(void);
void cli_config_free(struct cli_config *config);
typedef struct cli_config cli_config;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cli_config, cli_config_free)

/* One endpoint as the command line, the environment and the config file say it. */
struct cli_target {
    char *label; /* what the person called it */
    char *uri;
    struct cli_password password;
    char *tls_sha256, *ca_file;
    struct pv_open_options options; /* points into this struct */
};
/* GPtrArray of struct cli_target, at least one. */
int cli_targets_new(const struct cli_globals *globals, GPtrArray **ret_targets, pv_error **error);
/* Opens one; the deadline is the task's. target must outlive the connection. */
int cli_target_open(struct cli_target *target, pv_task *task, pv_conn **ret_conn, pv_error **error);
/* The one endpoint a local command works on; *ret_targets must outlive the connection. */
int cli_open_one(const struct cli_globals *globals, pv_task *task, GPtrArray **ret_targets, pv_conn **ret_conn,
                 pv_error **error);

/* ---- running (run.c, plan.c, progress.c) ---- */

/* Runs a row of the operation table on all endpoints; returns the exit status. */
int cli_run_op(const struct cli_call *call, pv_task *task);
/* What --dry-run shows: appends struct cli_plan. */
struct cli_plan {
    char *operation, *effect, *target, *id, *name;
    int state;
    char *endpoint, *note;
};
extern const struct pv_desc cli_plan_desc;
int cli_plan_make(const struct pv_op *op, const void *args, pv_conn *conn, pv_task *task,
                  GPtrArray **ret_plan, pv_error **error);
/* "web-1, web-2": the targets named in the arguments, or NULL; free. */
char *cli_args_targets(const struct pv_desc *desc, const void *args);

typedef struct cli_progress cli_progress;
/* Shows how the tasks (NULL-terminated) stand, once a second has passed; tasks must outlive it. */
cli_progress *cli_progress_start(pv_task *const *tasks);
void cli_progress_stop(cli_progress *progress);

#endif
