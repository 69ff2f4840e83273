/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API test-suite. Cases are data (YAML, docs/suite.md); a run walks the chosen ones on one endpoint
 * and leaves a run folder, from which every report is made. The way of a run:
 *
 *   node.c      YAML text -> nodes that know their line and column
 *   case.c      nodes -> cases, every mistake named by file, line and column
 *   select.c    which cases: id prefix, tag, level, failed before, shard, order
 *   run.c       each chosen case: what it is given, its steps, its teardown, its verdict
 *   step.c      one step: variables filled in, sent, answer kept      match.c  answer against expectation
 *   journal.c   what this run made, written before it is made         cleanup.c  removes what is left
 *   record.c    the run folder                                        report-*.c  what is made of it
 */
#ifndef PV_SUITE_H
#define PV_SUITE_H

#include <jansson.h>
#include <polyvirt/op.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Limits of what a suite file may hold. */
#define SUITE_FILE_MAX    (4u << 20) /* bytes of one file */
#define SUITE_CASES_MAX   20000      /* cases in all, rows counted */
#define SUITE_STEPS_MAX   200        /* steps of a case */
#define SUITE_DEPTH_MAX   32         /* nesting of a document */
#define SUITE_NODES_MAX   1000000    /* nodes of a document */
#define SUITE_STEP_MS     30000      /* deadline of a step that names none */
#define SUITE_CASE_MS     120000     /* and of a case */
#define SUITE_REPLY_MAX   (256u << 10) /* bytes of one answer kept in the run folder */

/* ---- nodes (node.c) ---- */

enum suite_node_kind {
    SUITE_NODE_SCALAR = 1,
    SUITE_NODE_LIST,
    SUITE_NODE_MAP,
};

/* A piece of a YAML document. Freed with the document's root. */
struct suite_node {
    enum suite_node_kind kind;
    char *key;           /* in a map, else NULL */
    char *text;          /* of a scalar */
    gboolean quoted;     /* "5" is text, 5 is a number */
    GPtrArray *items;    /* of struct suite_node: of a list or, with keys, of a map; else NULL */
    unsigned line, column; /* from 1 */
};
typedef struct suite_node suite_node;

/* name is what messages call the file. Errors: PV_ERR_INVALID with "name:line:column: …": not YAML,
 * anchors and aliases, tags, a key given twice, a limit. */
int suite_node_parse(const char *name, const char *text, size_t len, suite_node **ret_root, pv_error **error);
void suite_node_free(suite_node *node);
const suite_node *suite_node_get(const suite_node *map, const char *key); /* NULL: there is none */
/* As JSON by YAML's core schema (null, booleans, numbers, text); a new reference. */
json_t *suite_node_json(const suite_node *node);
/* Sets PV_ERR_INVALID "file:line:column: …" and returns it. */
int suite_node_error(const char *file, const suite_node *node, pv_error **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(suite_node, suite_node_free)

/* ---- cases (case.c) ---- */

enum suite_must {
    SUITE_MUST = 1,
    SUITE_SHOULD,
    SUITE_MAY,
};
extern const struct pv_enum_value suite_must_values[];

/* How far a run may go. */
enum suite_level {
    SUITE_LEVEL_READ = 1,   /* changes nothing */
    SUITE_LEVEL_LIFECYCLE,  /* makes, changes and removes objects of its own */
    SUITE_LEVEL_DISRUPTIVE, /* changes the host itself, or ends what others may use */
};
extern const struct pv_enum_value suite_level_values[];

/* What a case is given before its first step, and what is taken away after its last. */
enum suite_given {
    SUITE_GIVEN_VM_OFF = 1, /* ${vm} (id) and ${vm_name}: a VM of its own */
    SUITE_GIVEN_VM_ON,
    SUITE_GIVEN_VM_PAUSED,
    SUITE_GIVEN_VM_SUSPENDED,
    SUITE_GIVEN_VM_SNAPSHOT, /* off, with one snapshot: ${snapshot} (id), ${snapshot_name} */
};
extern const struct pv_enum_value suite_given_values[];

enum suite_step_kind {
    SUITE_STEP_OP = 1,  /* a row of the operation table */
    SUITE_STEP_REST,    /* a raw HTTP exchange with a vSphere endpoint */
    SUITE_STEP_QMP,     /* a raw QMP command */
    SUITE_STEP_EVENTS,  /* what the event stream told since the case began */
};
extern const struct pv_enum_value suite_step_kind_values[];

struct suite_step {
    enum suite_step_kind kind;
    char *name;        /* "vm.start"; "GET /api/vcenter/vm"; "query-status" */
    const struct pv_op *op; /* SUITE_STEP_OP */
    json_t *args;      /* object or NULL, variables not yet filled in */
    json_t *expect;    /* object or NULL (then: it succeeds); see match.c */
    json_t *capture;   /* object: variable -> JSON pointer into the reply, or NULL */
    char *owns;        /* name of the VM that a raw step makes: journalled before it is sent, or NULL */
    char *target;      /* the own object a raw step changes, or NULL */
    int64_t until_ms;  /* > 0: repeat until the expectation holds, so long at most */
    int64_t timeout_ms;
    unsigned line;     /* in the file */
};

struct suite_case {
    char *id;          /* "neutral/vm/start/from-off" */
    char *uid;         /* permanent short id: stays when the case is renamed */
    char *title;       /* one phrase */
    char *clause;      /* the sentence that is checked */
    char *source;      /* where the sentence comes from */
    char *since;       /* version of the API that has it, or NULL */
    int must;          /* enum suite_must */
    int effect;        /* enum pv_effect: the worst of its steps */
    int level;         /* enum suite_level */
    int given;         /* enum suite_given, 0: nothing */
    char **tags;       /* never NULL */
    char **drivers;    /* only on these; NULL: on all */
    char **needs;      /* operations it cannot do without (the steps' own are added) */
    char **wants;      /* inventory it looks at: "vm", "host", "datastore", "network": skipped where there is none */
    int64_t cost_vms, cost_bytes; /* at most at any time */
    int64_t timeout_ms;
    GPtrArray *steps;  /* of struct suite_step */
    char *file;        /* where it stands, with line */
    unsigned line;
};
extern const struct pv_desc suite_case_desc; /* the members `test list` shows */

/* Reads one file's cases and appends them to cases (made by suite_cases_new); all or nothing. */
int suite_cases_parse(const char *name, const char *text, size_t len, GPtrArray *cases, pv_error **error);
int suite_cases_load(const char *path, GPtrArray *cases, pv_error **error);
/* The cases that are part of the program. */
int suite_cases_builtin(GPtrArray *cases, pv_error **error);
GPtrArray *suite_cases_new(void);
/* Refuses two cases of one id or uid. */
int suite_cases_check(const GPtrArray *cases, pv_error **error);

/* ---- selection (select.c) ---- */

struct suite_select {
    char **ids;       /* id prefixes ("qmp/block"), uids, or globs with '*'; NULL: all */
    char **tags;      /* any of */
    int level;        /* enum suite_level: this and below */
    char **uids;      /* only these (failed before); NULL: all */
    unsigned shard, shards; /* 1 of 4; 0: all */
    gboolean shuffle;
    uint64_t seed;    /* of the order */
};
/* A new array that borrows the cases; PV_ERR_NOT_FOUND when nothing is left, or when an id matches nothing
 * (with the nearest). */
int suite_select(const GPtrArray *cases, const struct suite_select *select, GPtrArray **ret_chosen,
                 pv_error **error);

/* ---- the journal (journal.c) ---- */

/* One line a state change, each written and synced before the next request goes out. */
struct suite_own {
    char *run;     /* id of the run */
    char *kind;    /* "vm", "volume", "snapshot" */
    char *name;
    char *parent;  /* volume: the datastore; snapshot: the VM */
    char *uri;     /* endpoint, without secrets */
    char *state;   /* "intended", "made", "gone" */
    int64_t time;
};
extern const struct pv_desc suite_own_desc;

typedef struct suite_journal suite_journal;
/* PV_ERR_BUSY: the run that writes it is under way. */
int suite_journal_open(const char *path, const char *run, const char *uri, suite_journal **ret_journal,
                       pv_error **error);
void suite_journal_close(suite_journal *journal);
/* To be called before the request that makes it goes out; thread-safe. */
int suite_journal_note(suite_journal *journal, const char *kind, const char *name, const char *parent,
                       const char *state, pv_error **error);
/* Of the run so far: is this VM (by name) this run's own? */
gboolean suite_journal_owns(suite_journal *journal, const char *kind, const char *name);
/* What a journal says is not gone: GPtrArray of struct suite_own, newest first. A cut last line is passed over. */
int suite_journal_read(const char *path, GPtrArray **ret_left, pv_error **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(suite_journal, suite_journal_close)

/* ---- results ---- */

enum suite_verdict {
    SUITE_PASS = 1,
    SUITE_FAIL,
    SUITE_ERROR,       /* the case itself could not be run */
    SUITE_SKIP,        /* with its reason */
    SUITE_UNSUPPORTED, /* the endpoint lacks what it needs */
    SUITE_UNKNOWN,     /* a request's outcome could not be learnt */
    SUITE_XFAIL,       /* failed as the expectation file says */
    SUITE_XPASS,       /* passed although the expectation file says it fails */
};
extern const struct pv_enum_value suite_verdict_values[];

/* One call of a step, as it went over the wire (secrets taken out). */
struct suite_call {
    int64_t step;      /* from 1 */
    char *kind;        /* "op", "rest" … */
    char *name;        /* as suite_step.name, variables filled in */
    char *request;     /* JSON text or NULL */
    char *reply;       /* JSON text, cut at SUITE_REPLY_MAX, or NULL */
    int64_t elapsed_us;
    char *reproduce;   /* one line for a shell, or NULL */
};
extern const struct pv_desc suite_call_desc;

/* What did not fit. */
struct suite_mismatch {
    int64_t step;
    char *path;     /* JSON pointer into the reply, or "error", "status" */
    char *expected; /* in words */
    char *actual;
};
extern const struct pv_desc suite_mismatch_desc;

struct suite_result {
    char *uid, *id, *title, *clause, *source;
    int must;        /* enum suite_must */
    int verdict;     /* enum suite_verdict */
    char *reason;    /* of all but pass: one sentence */
    int64_t started; /* microseconds since 1970 */
    int64_t elapsed_us;
    GPtrArray *calls;      /* of struct suite_call */
    GPtrArray *mismatches; /* of struct suite_mismatch */
    char *teardown;  /* why the teardown failed, or NULL */
};
extern const struct pv_desc suite_result_desc;
PV_MODEL_AUTOPTR(suite_result)
PV_MODEL_AUTOPTR(suite_call)
PV_MODEL_AUTOPTR(suite_mismatch)

/* ---- the run folder (record.c) ---- */

/* What a run was: run.json, written at its start and again at its end. */
struct suite_run {
    char *id;          /* "20261127T053012Z-3f2a" */
    char *uri, *driver, *product, *version, *api_version;
    char *polyvirt;    /* version of the program */
    char *level;
    int64_t seed;
    int64_t started, ended; /* ended unset: the run was killed */
    int64_t jobs;
    int64_t passed, failed, errors, skipped, unsupported, unknown, xfailed, xpassed;
    int64_t leftovers; /* objects that could not be removed */
    GPtrArray *capabilities; /* of pv_capability */
    char **warnings;   /* the run's doubts about itself */
};
extern const struct pv_desc suite_run_desc;
PV_MODEL_AUTOPTR(suite_run)

typedef struct suite_record suite_record;
/* Makes folder/<id> (0700) and points folder/latest at it. */
int suite_record_open(const char *folder, const struct suite_run *run, suite_record **ret_record, pv_error **error);
/* Appends one JSON line to results.jsonl; thread-safe. */
int suite_record_result(suite_record *record, const struct suite_result *result, pv_error **error);
int suite_record_finish(suite_record *record, const struct suite_run *run, pv_error **error);
const char *suite_record_path(const suite_record *record);
void suite_record_close(suite_record *record);
/* Reads a run folder back; results is a list of struct suite_result. A run that was killed is read as far
 * as it goes. */
int suite_record_read(const char *path, suite_run **ret_run, GPtrArray **ret_results, pv_error **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(suite_record, suite_record_close)

/* ---- reports (report-*.c): each appends to out ---- */

void suite_report_junit(GString *out, const struct suite_run *run, const GPtrArray *results);
void suite_report_tap(GString *out, const struct suite_run *run, const GPtrArray *results);
void suite_report_markdown(GString *out, const struct suite_run *run, const GPtrArray *results);
void suite_report_json(GString *out, const struct suite_run *run, const GPtrArray *results);
void suite_report_html(GString *out, const struct suite_run *run, const GPtrArray *results);
/* One failure as a card for a terminal: clause, what was expected and what came, numbered calls, a line
 * that reproduces it. */
void suite_report_card(GString *out, const struct suite_result *result, gboolean color);
/* fail, error, unknown, unexpected pass: what somebody must look at. */
gboolean suite_is_bad(int verdict);

/* Latency of one operation over a run. */
struct suite_latency {
    char *name; /* "op vm.start", "rest GET /api/vcenter/vm" (ids in paths become {}) */
    int64_t calls, min_us, p50_us, p95_us, p99_us, max_us;
};
extern const struct pv_desc suite_latency_desc;
GPtrArray *suite_latencies(const GPtrArray *results); /* list of struct suite_latency, slowest p95 first */

/* ---- comparing runs (diff.c) ---- */

struct suite_change {
    char *uid, *id;
    char *what;   /* "verdict", "new", "gone", "latency" */
    char *before, *after;
    int worse;    /* bool */
};
extern const struct pv_desc suite_change_desc;
/* margin: percent by which p95 may grow before it is told. List of struct suite_change, worse ones first. */
GPtrArray *suite_diff(const GPtrArray *before, const GPtrArray *after, double margin);

/* ---- running (run.c) ---- */

struct suite_options {
    const char *folder;    /* where run folders go */
    const GPtrArray *cases; /* chosen ones, of struct suite_case */
    int level;             /* enum suite_level */
    uint64_t seed;
    unsigned jobs;         /* cases side by side */
    int64_t max_vms, max_bytes; /* at any time, of its own */
    const char *prefix;    /* of the names of what it makes; default "pvt" */
    const char *use_vm;    /* a VM the run may use instead of making its own, or NULL */
    json_t *expectations;  /* uid -> verdict word, or NULL */
    /* Called from the running threads, one at a time: a case ended. */
    void (*ended)(const struct suite_result *result, unsigned done, unsigned total, void *data);
    void *data;
};
/* Runs until all is done or the task ends; the teardown runs in every case. *ret_run and *ret_results also
 * when cases failed; a negative code only when the run itself could not be (then nothing is left). */
int suite_run_cases(pv_conn *conn, const struct suite_options *options, pv_task *task, suite_run **ret_run,
                    GPtrArray **ret_results, char **ret_path, pv_error **error);
/* Removes what the journals of a runs' folder say is left at this endpoint: list of struct suite_own, each
 * with state "gone", or "left" and why in the log. dry: says only what it would remove. */
int suite_cleanup(pv_conn *conn, const char *folder, gboolean dry, pv_task *task, GPtrArray **ret_done,
                  pv_error **error);

/* ---- matching (match.c) ---- */

/* Appends a struct suite_mismatch for each part of expect that reply does not meet; returns how many. */
unsigned suite_match(const json_t *expect, const json_t *reply, int64_t step, GPtrArray *mismatches);

#endif
