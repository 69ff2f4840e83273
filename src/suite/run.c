/* SPDX-License-Identifier: Apache-2.0 */
/* A run: the chosen cases side by side, each given what it needs, judged, and cleaned up after. */
#include "run-priv.h"

#include <string.h>

/* ---- verdicts ---- */

static void G_GNUC_PRINTF(3, 4)
judge(suite_result *result, enum suite_verdict verdict, const char *format, ...)
{
    va_list list;

    result->verdict = verdict;
    g_free(result->reason);
    va_start(list, format);
    result->reason = g_strdup_vprintf(format, list);
    va_end(list);
}

/* A case that could not be carried through: whose fault is it? */
static enum suite_verdict
verdict_of(int code)
{
    switch (code) {
    case PV_ERR_UNSUPPORTED:
        return SUITE_UNSUPPORTED;
    case PV_ERR_UNKNOWN:
        return SUITE_UNKNOWN;
    case PV_ERR_CANCELLED:
        return SUITE_SKIP;
    default:
        return SUITE_ERROR;
    }
}

/* What a step could not learn, or an endpoint does not offer after all, is not the endpoint's failure. */
static enum suite_verdict
verdict_of_answer(const char *error_code)
{
    if (g_strcmp0(error_code, "unknown") == 0)
        return SUITE_UNKNOWN;
    return g_strcmp0(error_code, "unsupported") == 0 ? SUITE_UNSUPPORTED : SUITE_FAIL;
}

static void
judge_mismatch(struct suite_scene *scene, unsigned number)
{
    const suite_result *result = scene->result;
    const suite_mismatch *first = g_ptr_array_index(result->mismatches, 0);
    const suite_call *call = g_ptr_array_index(result->calls, result->calls->len - 1);

    judge(scene->result, verdict_of_answer(scene->error_code), "step %u, %s: %s: expected %s, got %s", number,
          call->name, first->path, first->expected, first->actual);
}

/* ---- may it run here? ---- */

static gboolean
has_step(const struct suite_case *test, const char *operation)
{
    for (unsigned i = 0; i < test->steps->len; i++) {
        const struct suite_step *step = g_ptr_array_index(test->steps, i);

        if (step->op && g_str_equal(step->op->name, operation))
            return TRUE;
    }
    return FALSE;
}

/* What the endpoint lacks of what the case needs, or NULL. A VM that is lent makes up for an API that
 * cannot make one. */
static const pv_capability *
lacking(const struct suite_world *world, const struct suite_case *test)
{
    gboolean lent = test->given && world->options->use_vm;

    for (char **need = test->needs; need && *need; need++)
        for (unsigned i = 0; i < world->run->capabilities->len; i++) {
            const pv_capability *capability = g_ptr_array_index(world->run->capabilities, i);

            if (g_str_equal(capability->operation, *need) && capability->supported != TRUE &&
                !(lent && !has_step(test, *need)))
                return capability;
        }
    return NULL;
}

static int
check_wants(struct suite_scene *scene, pv_error **error)
{
    for (char **want = scene->test->wants; want && *want; want++) {
        g_autofree char *text = NULL;
        int code = suite_any(scene->world, *want, scene->task, &text, error);

        if (code < 0)
            return code;
    }
    return 0;
}

static gboolean
offers(const struct suite_world *world, const char *operation)
{
    for (unsigned i = 0; i < world->run->capabilities->len; i++) {
        const pv_capability *capability = g_ptr_array_index(world->run->capabilities, i);

        if (g_str_equal(capability->operation, operation))
            return capability->supported == TRUE;
    }
    return FALSE;
}

/* A lent VM that could not be started again is not stopped: an endpoint that makes no VMs has no
 * definition of it. */
static gboolean
would_lose_lent(const struct suite_world *world, const struct suite_case *test)
{
    static const char *const ends[] = { "vm.stop", "vm.shutdown", "vm.suspend", "vm.delete" };
    gboolean ending = test->given == SUITE_GIVEN_VM_OFF || test->given == SUITE_GIVEN_VM_SUSPENDED ||
                      test->given == SUITE_GIVEN_VM_SNAPSHOT;

    if (!test->given || !world->options->use_vm || offers(world, "vm.create"))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
        ending = ending || has_step(test, ends[i]);
    return ending;
}

static gboolean
looks_at_events(const struct suite_case *test)
{
    for (unsigned i = 0; i < test->steps->len; i++)
        if (((const struct suite_step *)test->steps->pdata[i])->kind == SUITE_STEP_EVENTS)
            return TRUE;
    return FALSE;
}

static gboolean
may_run(struct suite_scene *scene)
{
    const pv_capability *lacks = lacking(scene->world, scene->test);
    const struct suite_options *options = scene->world->options;
    g_autoptr(pv_error) why = NULL;
    int code;

    if (lacks) {
        judge(scene->result, SUITE_UNSUPPORTED, "%s%s%s", lacks->operation, lacks->note ? ": " : " is not offered",
              lacks->note ? lacks->note : "");
        return FALSE;
    }
    if (would_lose_lent(scene->world, scene->test)) {
        judge(scene->result, SUITE_SKIP, "the VM that is lent could not be started again");
        return FALSE;
    }
    if (scene->world->no_events && looks_at_events(scene->test)) {
        judge(scene->result, SUITE_UNSUPPORTED, "%s", scene->world->no_events);
        return FALSE;
    }
    if (scene->test->cost_vms > options->max_vms || scene->test->cost_bytes > options->max_bytes) {
        judge(scene->result, SUITE_SKIP, "it needs more VMs or room than the run may use");
        return FALSE;
    }
    code = check_wants(scene, &why);
    if (code == 0)
        return TRUE;
    judge(scene->result, code == PV_ERR_NOT_FOUND ? SUITE_SKIP : verdict_of(code), "%s", why->message);
    return FALSE;
}

/* ---- the budget ---- */

static void
take_room(struct suite_world *world, const struct suite_case *test)
{
    g_mutex_lock(&world->lock);
    while (world->vms + test->cost_vms > world->options->max_vms ||
           world->bytes + test->cost_bytes > world->options->max_bytes)
        g_cond_wait(&world->room, &world->lock);
    world->vms += test->cost_vms;
    world->bytes += test->cost_bytes;
    g_mutex_unlock(&world->lock);
}

static void
give_room_back(struct suite_world *world, const struct suite_case *test)
{
    g_mutex_lock(&world->lock);
    world->vms -= test->cost_vms;
    world->bytes -= test->cost_bytes;
    g_cond_broadcast(&world->room);
    g_mutex_unlock(&world->lock);
}

/* ---- one case ---- */

static void
run_steps(struct suite_scene *scene)
{
    g_autoptr(pv_error) why = NULL;
    int code = suite_give(scene, &why);

    if (code < 0) {
        judge(scene->result, verdict_of(code), "%s", why->message);
        return;
    }
    for (unsigned i = 0; i < scene->test->steps->len; i++) {
        const struct suite_step *step = g_ptr_array_index(scene->test->steps, i);

        code = suite_step_run(scene, step, i + 1, &why);
        if (code < 0) {
            judge(scene->result, verdict_of(code), "step %u, %s: %s", i + 1, step->name,
                  why ? why->message : "it could not be sent");
            return;
        }
        if (scene->result->mismatches->len) {
            judge_mismatch(scene, i + 1);
            return;
        }
    }
    scene->result->verdict = SUITE_PASS;
}

static void
expect_failure(struct suite_world *world, suite_result *result)
{
    const char *word = json_string_value(json_object_get(world->options->expectations, result->uid));

    if (!word || result->verdict == SUITE_SKIP || result->verdict == SUITE_UNSUPPORTED)
        return;
    if (result->verdict == SUITE_PASS && !g_str_equal(word, "pass"))
        judge(result, SUITE_XPASS, "it passes, though '%s' was expected", word);
    else if (g_strcmp0(word, pv_enum_name(suite_verdict_values, result->verdict)) == 0 && result->verdict != SUITE_PASS)
        result->verdict = SUITE_XFAIL;
}

static void
set_scene(struct suite_scene *scene, struct suite_world *world, const struct suite_case *test)
{
    scene->world = world;
    scene->test = test;
    scene->vars = json_object();
    scene->made = pv_list_new(&suite_own_desc);
    scene->task = pv_task_child(world->task, "test.case", test->id);
    pv_task_set_timeout(scene->task, test->timeout_ms ? test->timeout_ms : SUITE_CASE_MS);
    scene->result = suite_result_new();
    scene->result->uid = g_strdup(test->uid);
    scene->result->id = g_strdup(test->id);
    scene->result->title = g_strdup(test->title);
    scene->result->clause = g_strdup(test->clause);
    scene->result->source = g_strdup(test->source);
    scene->result->must = test->must;
    scene->result->started = g_get_real_time();
    scene->result->calls = pv_list_new(&suite_call_desc);
    scene->result->mismatches = pv_list_new(&suite_mismatch_desc);
    g_mutex_lock(&world->lock);
    scene->first_event = world->events->len;
    g_mutex_unlock(&world->lock);
}

static void
clear_scene(struct suite_scene *scene)
{
    json_decref(scene->vars);
    g_free(scene->error_code);
    g_ptr_array_unref(scene->made);
    pv_task_unref(scene->task);
}

static void
tear_down(struct suite_scene *scene)
{
    g_autoptr(pv_error) why = NULL;

    int code = suite_own_remove_all(scene, &why);

    if (suite_give_back(scene, &why) < 0 || code < 0)
        scene->result->teardown = g_strdup(why ? why->message : "failed");
}

static void
hand_in(struct suite_world *world, unsigned index, suite_result *result)
{
    g_autoptr(pv_error) why = NULL;

    if (suite_record_result(world->record, result, &why) < 0)
        pv_log(PV_LOG_WARNING, "suite", "%s", why->message);
    g_mutex_lock(&world->lock);
    world->results->pdata[index] = result;
    world->done++;
    pv_task_progress(world->task, world->done, world->options->cases->len, "cases");
    if (world->options->ended)
        world->options->ended(result, world->done, world->options->cases->len, world->options->data);
    g_mutex_unlock(&world->lock);
}

static void
run_case(unsigned index, void *data)
{
    struct suite_world *world = data;
    const struct suite_case *test = g_ptr_array_index(world->options->cases, index);
    struct suite_scene scene = { 0 };
    int64_t begun = g_get_monotonic_time();

    if (pv_task_check(world->task, NULL) < 0)
        return;
    set_scene(&scene, world, test);
    if (may_run(&scene)) {
        take_room(world, test);
        run_steps(&scene);
        tear_down(&scene);
        give_room_back(world, test);
    }
    expect_failure(world, scene.result);
    scene.result->elapsed_us = g_get_monotonic_time() - begun;
    hand_in(world, index, scene.result);
    clear_scene(&scene);
}

/* ---- side by side ---- */

struct crew {
    struct suite_world *world;
    gint next;
};

static gpointer
work(gpointer data)
{
    struct crew *crew = data;
    unsigned index;

    while ((index = (unsigned)g_atomic_int_add(&crew->next, 1)) < crew->world->options->cases->len)
        run_case(index, crew->world);
    return NULL;
}

/* A VM that is lent serves one case at a time. */
static void
run_all(struct suite_world *world)
{
    unsigned jobs = world->options->use_vm ? 1 : CLAMP(world->options->jobs, 1, SUITE_JOBS_MAX);
    g_autofree GThread **threads = g_new0(GThread *, jobs);
    struct crew crew = { world, 0 };

    for (unsigned i = 1; i < jobs; i++)
        threads[i] = g_thread_new("suite", work, &crew);
    work(&crew);
    for (unsigned i = 1; i < jobs; i++)
        g_thread_join(threads[i]);
}

/* ---- the run ---- */

static void
on_event(const pv_event *event, void *data)
{
    struct suite_world *world = data;

    g_mutex_lock(&world->lock);
    if (event->kind == PV_EVENT_LOST)
        world->events_lost = TRUE;
    if (world->events->len < SUITE_EVENTS_MAX)
        g_ptr_array_add(world->events, pv_desc_copy(&pv_event_desc, event));
    else
        world->events_lost = TRUE;
    g_mutex_unlock(&world->lock);
}

/* An endpoint without events is told once; its event cases say why they are not run. */
static unsigned
watch_events(struct suite_world *world)
{
    g_autoptr(pv_error) why = NULL;
    gboolean wanted = FALSE;
    unsigned id = 0;

    for (unsigned i = 0; i < world->options->cases->len && !wanted; i++)
        wanted = looks_at_events(world->options->cases->pdata[i]);
    if (wanted && pv_event_subscribe(world->conn, on_event, world, &id, &why) < 0)
        world->no_events = g_strdup(why->message);
    return id;
}

static suite_run *
describe(pv_conn *conn, const struct suite_options *options, pv_task *task, pv_error **error)
{
    g_autoptr(suite_run) run = suite_run_new();
    g_autoptr(pv_endpoint) endpoint = NULL;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%SZ");

    if (pv_endpoint_info(conn, task, &endpoint, error) < 0 ||
        pv_endpoint_capabilities(conn, task, &run->capabilities, error) < 0)
        return NULL;
    run->id = g_strdup_printf("%s-%06x", stamp, g_random_int() & 0xffffff);
    run->uri = pv_redact(pv_conn_uri(conn));
    run->driver = g_strdup(pv_conn_driver(conn));
    run->product = g_strdup(endpoint->product);
    run->version = g_strdup(endpoint->version);
    run->api_version = g_strdup(endpoint->api_version);
    run->polyvirt = g_strdup(PV_VERSION_STRING);
    run->level = g_strdup(pv_enum_name(suite_level_values, options->level));
    run->seed = (int64_t)options->seed;
    run->jobs = options->jobs;
    run->started = g_get_real_time();
    return g_steal_pointer(&run);
}

static void
count(suite_run *run, const suite_result *result)
{
    int64_t *const counters[] = {
        [SUITE_PASS] = &run->passed,   [SUITE_FAIL] = &run->failed,       [SUITE_ERROR] = &run->errors,
        [SUITE_SKIP] = &run->skipped,  [SUITE_UNSUPPORTED] = &run->unsupported, [SUITE_UNKNOWN] = &run->unknown,
        [SUITE_XFAIL] = &run->xfailed, [SUITE_XPASS] = &run->xpassed,
    };

    ++*counters[result->verdict];
    run->leftovers += result->teardown != NULL;
}

static void
zero_counts(suite_run *run)
{
    run->passed = run->failed = run->errors = run->skipped = run->unsupported = run->unknown = 0;
    run->xfailed = run->xpassed = run->leftovers = 0;
}

/* What the run must say against itself. */
static char **
doubts(const struct suite_world *world, unsigned ran)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    const suite_run *run = world->run;
    unsigned planned = world->options->cases->len;

    if (ran < planned)
        g_ptr_array_add(list, g_strdup_printf("the run was ended before %u of %u cases", planned - ran, planned));
    if (ran && run->skipped + run->unsupported == ran)
        g_ptr_array_add(list, g_strdup("not one case could be run: this endpoint offers none of what they need"));
    if (run->errors && run->errors * 2 > ran)
        g_ptr_array_add(list, g_strdup("most cases could not be carried through: is the login allowed to do this?"));
    if (world->events_lost)
        g_ptr_array_add(list, g_strdup("events were lost: what the event cases say is not certain"));
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

static void
sum_up(struct suite_world *world, GPtrArray *ran)
{
    suite_run *run = world->run;

    zero_counts(run);
    for (unsigned i = 0; i < world->results->len; i++)
        if (world->results->pdata[i]) {
            count(run, world->results->pdata[i]);
            g_ptr_array_add(ran, world->results->pdata[i]);
        }
    run->ended = g_get_real_time();
    run->warnings = doubts(world, ran->len);
}

static int
open_world(struct suite_world *world, pv_conn *conn, const struct suite_options *options, pv_task *task,
           pv_error **error)
{
    g_autofree char *path = NULL;
    int code;

    g_mutex_init(&world->lock);
    g_cond_init(&world->room);
    world->conn = conn;
    world->options = options;
    world->task = task;
    world->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    world->any = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    world->events = pv_list_new(&pv_event_desc);
    world->results = g_ptr_array_new();
    g_ptr_array_set_size(world->results, (int)options->cases->len);
    world->run = describe(conn, options, task, error);
    if (!world->run)
        return PV_ERR_FAILED;
    world->tag = g_strdup_printf("%s-%s", options->prefix, strrchr(world->run->id, '-') + 1);
    code = suite_record_open(options->folder, world->run, &world->record, error);
    if (code < 0)
        return code;
    path = g_build_filename(suite_record_path(world->record), "journal.jsonl", NULL);
    return suite_journal_open(path, world->run->id, world->run->uri, &world->journal, error);
}

static void
close_world(struct suite_world *world)
{
    suite_journal_close(world->journal);
    suite_record_close(world->record);
    suite_run_free(world->run);
    g_free(world->tag);
    g_free(world->no_events);
    g_hash_table_unref(world->own);
    g_hash_table_unref(world->any);
    g_ptr_array_unref(world->events);
    g_ptr_array_unref(world->results);
    g_mutex_clear(&world->lock);
    g_cond_clear(&world->room);
}

int
suite_run_cases(pv_conn *conn, const struct suite_options *options, pv_task *task, suite_run **ret_run,
                GPtrArray **ret_results, char **ret_path, pv_error **error)
{
    struct suite_world world = { 0 };
    GPtrArray *ran = NULL;
    unsigned watch = 0;
    int code = open_world(&world, conn, options, task, error);

    if (code == 0) {
        watch = watch_events(&world);
        run_all(&world);
        if (watch)
            pv_event_unsubscribe(conn, watch);
        ran = pv_list_new(&suite_result_desc);
        sum_up(&world, ran);
        code = suite_record_finish(world.record, world.run, error);
    }
    if (code == 0) {
        *ret_path = g_strdup(suite_record_path(world.record));
        *ret_run = g_steal_pointer(&world.run);
        *ret_results = g_steal_pointer(&ran);
    }
    g_clear_pointer(&ran, g_ptr_array_unref);
    close_world(&world);
    return code;
}
