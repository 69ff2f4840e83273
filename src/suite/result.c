/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what a run leaves behind. */
#include "suite.h"

#define T PV_F_TABLE
#define W PV_F_WIDE
#define V PV_F_VOLATILE

const struct pv_enum_value suite_verdict_values[] = {
    { SUITE_PASS, "pass", "all its expectations held" },
    { SUITE_FAIL, "fail", "an expectation did not hold" },
    { SUITE_ERROR, "error", "the case itself could not be run" },
    { SUITE_SKIP, "skip", "not run, with its reason" },
    { SUITE_UNSUPPORTED, "unsupported", "the endpoint lacks what it needs" },
    { SUITE_UNKNOWN, "unknown", "a request's outcome could not be learnt" },
    { SUITE_XFAIL, "expected-fail", "it failed as was expected" },
    { SUITE_XPASS, "unexpected-pass", "it passed though a failure was expected" },
    { 0 },
};

static const struct pv_field call_fields[] = {
    PV_FIELD(suite_call, step, PV_INT, .flags = T, .help = "step, from 1"),
    PV_FIELD(suite_call, kind, PV_STRING, .flags = T, .help = "kind of step"),
    PV_FIELD(suite_call, name, PV_STRING, .flags = T, .help = "what was called"),
    PV_FIELD(suite_call, request, PV_STRING, .max = INT32_MAX, .help = "what was sent, as JSON"),
    PV_FIELD(suite_call, reply, PV_STRING, .max = INT32_MAX, .help = "what came back, as JSON"),
    PV_FIELD(suite_call, elapsed_us, PV_INT, .title = "US", .flags = T | V, .help = "microseconds it took"),
    PV_FIELD(suite_call, reproduce, PV_STRING, .max = INT32_MAX, .help = "a line for a shell that does the same"),
    { 0 },
};
const struct pv_desc suite_call_desc = { "call", sizeof(struct suite_call), call_fields, "one call of a case" };

static const struct pv_field mismatch_fields[] = {
    PV_FIELD(suite_mismatch, step, PV_INT, .flags = T, .help = "step, from 1"),
    PV_FIELD(suite_mismatch, path, PV_STRING, .flags = T, .help = "where in the reply"),
    PV_FIELD(suite_mismatch, expected, PV_STRING, .flags = T, .help = "what was expected"),
    PV_FIELD(suite_mismatch, actual, PV_STRING, .flags = T, .help = "what came"),
    { 0 },
};
const struct pv_desc suite_mismatch_desc = {
    "mismatch", sizeof(struct suite_mismatch), mismatch_fields, "an expectation that did not hold",
};

static const struct pv_field result_fields[] = {
    PV_FIELD(suite_result, uid, PV_STRING, .title = "UID", .flags = T, .help = "permanent short id of the case"),
    PV_FIELD(suite_result, id, PV_STRING, .title = "ID", .flags = T | PV_F_NAME, .help = "id of the case"),
    PV_FIELD(suite_result, verdict, PV_ENUM, .values = suite_verdict_values, .flags = T, .help = "verdict"),
    PV_FIELD(suite_result, reason, PV_STRING, .flags = T, .help = "why, of all but pass"),
    PV_FIELD(suite_result, title, PV_STRING, .flags = W, .help = "what the case checks"),
    PV_FIELD(suite_result, clause, PV_STRING, .help = "the sentence that is checked"),
    PV_FIELD(suite_result, source, PV_STRING, .help = "where the sentence comes from"),
    PV_FIELD(suite_result, must, PV_ENUM, .values = suite_must_values, .help = "how binding the clause is"),
    PV_FIELD(suite_result, started, PV_TIME, .flags = V, .help = "when it began"),
    PV_FIELD(suite_result, elapsed_us, PV_INT, .title = "US", .flags = W | V, .help = "microseconds it took"),
    PV_FIELD(suite_result, calls, PV_LIST, .desc = &suite_call_desc, .help = "its calls"),
    PV_FIELD(suite_result, mismatches, PV_LIST, .desc = &suite_mismatch_desc, .help = "what did not fit"),
    PV_FIELD(suite_result, teardown, PV_STRING, .help = "why its teardown failed"),
    { 0 },
};
const struct pv_desc suite_result_desc = {
    "result", sizeof(struct suite_result), result_fields, "how a case ended",
};

static const struct pv_field run_fields[] = {
    PV_FIELD(suite_run, id, PV_STRING, .title = "ID", .flags = T | PV_F_NAME | V, .help = "the run"),
    PV_FIELD(suite_run, uri, PV_STRING, .title = "URI", .flags = T, .help = "endpoint"),
    PV_FIELD(suite_run, driver, PV_STRING, .flags = T, .help = "driver that spoke to it"),
    PV_FIELD(suite_run, product, PV_STRING, .flags = T, .help = "what answered"),
    PV_FIELD(suite_run, version, PV_STRING, .flags = T, .help = "its version"),
    PV_FIELD(suite_run, api_version, PV_STRING, .help = "version of the API spoken"),
    PV_FIELD(suite_run, polyvirt, PV_STRING, .help = "version of polyvirt"),
    PV_FIELD(suite_run, level, PV_STRING, .flags = T, .help = "how far it went"),
    PV_FIELD(suite_run, seed, PV_INT, .help = "seed of the order"),
    PV_FIELD(suite_run, started, PV_TIME, .flags = W | V, .help = "when it began"),
    PV_FIELD(suite_run, ended, PV_TIME, .flags = W | V, .help = "when it ended; unset: it was killed"),
    PV_FIELD(suite_run, jobs, PV_INT, .help = "cases side by side"),
    PV_FIELD(suite_run, passed, PV_INT, .flags = T, .help = "cases that passed"),
    PV_FIELD(suite_run, failed, PV_INT, .flags = T, .help = "cases that failed"),
    PV_FIELD(suite_run, errors, PV_INT, .flags = T, .help = "cases that could not be carried through"),
    PV_FIELD(suite_run, skipped, PV_INT, .flags = T, .help = "cases not run"),
    PV_FIELD(suite_run, unsupported, PV_INT, .flags = T, .help = "cases the endpoint has not what they need for"),
    PV_FIELD(suite_run, unknown, PV_INT, .flags = T, .help = "cases whose outcome could not be learnt"),
    PV_FIELD(suite_run, xfailed, PV_INT, .flags = W, .help = "expected failures"),
    PV_FIELD(suite_run, xpassed, PV_INT, .flags = W, .help = "unexpected passes"),
    PV_FIELD(suite_run, leftovers, PV_INT, .flags = W, .help = "cases whose objects could not be removed"),
    PV_FIELD(suite_run, capabilities, PV_LIST, .desc = &pv_capability_desc, .help = "what the endpoint offers"),
    PV_FIELD(suite_run, warnings, PV_STRINGS, .help = "what the run says against itself"),
    { 0 },
};
const struct pv_desc suite_run_desc = { "run", sizeof(struct suite_run), run_fields, "a run of the suite" };

static const struct pv_field latency_fields[] = {
    PV_FIELD(suite_latency, name, PV_STRING, .flags = T | PV_F_NAME, .help = "what was called"),
    PV_FIELD(suite_latency, calls, PV_INT, .flags = T, .help = "how often"),
    PV_FIELD(suite_latency, min_us, PV_INT, .title = "MIN US", .flags = T, .help = "fastest, microseconds"),
    PV_FIELD(suite_latency, p50_us, PV_INT, .title = "P50 US", .flags = T, .help = "half were as fast"),
    PV_FIELD(suite_latency, p95_us, PV_INT, .title = "P95 US", .flags = T, .help = "95 of 100 were as fast"),
    PV_FIELD(suite_latency, p99_us, PV_INT, .title = "P99 US", .flags = T, .help = "99 of 100 were as fast"),
    PV_FIELD(suite_latency, max_us, PV_INT, .title = "MAX US", .flags = T, .help = "slowest"),
    { 0 },
};
const struct pv_desc suite_latency_desc = {
    "latency", sizeof(struct suite_latency), latency_fields, "how long calls of one name took",
};

static const struct pv_field change_fields[] = {
    PV_FIELD(suite_change, uid, PV_STRING, .title = "UID", .flags = T, .help = "case"),
    PV_FIELD(suite_change, id, PV_STRING, .title = "ID", .flags = T | PV_F_NAME, .help = "its id, or the call's name"),
    PV_FIELD(suite_change, what, PV_STRING, .flags = T, .help = "verdict, new, gone or latency"),
    PV_FIELD(suite_change, before, PV_STRING, .flags = T, .help = "in the first run"),
    PV_FIELD(suite_change, after, PV_STRING, .flags = T, .help = "in the second run"),
    PV_FIELD(suite_change, worse, PV_BOOL, .flags = T, .help = "it became worse"),
    { 0 },
};
const struct pv_desc suite_change_desc = {
    "change", sizeof(struct suite_change), change_fields, "a difference between two runs",
};
