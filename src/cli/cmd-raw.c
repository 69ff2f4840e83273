/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt raw`: one exchange in the endpoint's own words. */
#include "cli.h"

#include <polyvirt/raw.h>
#include <string.h>

struct raw_args {
    char *request;
    char *path;
    char *data;
};

/* A request as typed: a JSON object, a method and a path, or the name of a QMP command. */
static int
make_request(const struct raw_args *args, json_t **ret_request, pv_error **error)
{
    json_error_t why;
    json_t *data = args->data ? json_loads(args->data, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why) : NULL;

    if (args->data && !data)
        return pv_error_set(error, PV_ERR_USAGE, "--data: not JSON: %s", why.text);
    if (args->path) {
        *ret_request = json_pack("{s:s, s:s, s:o*}", "method", args->request, "path", args->path, "body", data);
    } else if (*args->request != '{') {
        *ret_request = json_pack("{s:s, s:o*}", "execute", args->request, "arguments", data);
    } else {
        json_decref(data);
        *ret_request = json_loads(args->request, JSON_REJECT_DUPLICATES, &why);
        if (!*ret_request)
            return pv_error_set(error, PV_ERR_USAGE, "the request is not JSON: %s", why.text);
    }
    return *ret_request ? 0 : pv_error_set(error, PV_ERR_USAGE, "the request is not valid UTF-8");
}

static int
ask(const struct cli_call *call, pv_conn *conn, const json_t *request, pv_error **error)
{
    if (call->globals->yes == 1 || call->globals->dry_run == 1 || pv_raw_reads(conn, request))
        return 0;
    return cli_confirm("This may change something at the endpoint. Send it?", error);
}

static int
write_reply(const struct cli_call *call, const json_t *reply, pv_error **error)
{
    gboolean compact = call->globals->output == CLI_JSON || call->globals->output == CLI_JSONL;
    char *text = json_dumps(reply, compact ? JSON_COMPACT : JSON_INDENT(2));
    g_autofree char *line = g_strdup_printf("%s\n", text ? text : "{}");

    free(text);
    return cli_output_text(line, strlen(line), error);
}

/* An answer that is a refusal. */
static gboolean
is_refusal(const json_t *reply)
{
    return json_object_get(reply, "error") || json_integer_value(json_object_get(reply, "status")) >= 400;
}

static int
exchange(const struct cli_call *call, pv_conn *conn, const json_t *request, pv_task *task, pv_error **error)
{
    json_t *reply = NULL;
    int code = ask(call, conn, request, error);

    if (code == 0 && call->globals->dry_run == 1 && !pv_raw_reads(conn, request))
        return write_reply(call, request, error);
    if (code == 0)
        code = pv_raw_call(conn, request, task, &reply, error);
    if (code == 0)
        code = write_reply(call, reply, error);
    if (code == 0 && is_refusal(reply))
        code = CLI_EXIT_FAILED;
    json_decref(reply);
    return code;
}

static int
run_raw(const struct cli_call *call, pv_task *task, pv_error **error)
{
    g_autoptr(pv_conn) conn = NULL;
    g_autoptr(GPtrArray) targets = NULL;
    json_t *request = NULL;
    int code = make_request(call->args, &request, error);

    if (code == 0)
        code = cli_open_one(call->globals, task, &targets, &conn, error);
    if (code == 0)
        code = exchange(call, conn, request, task, error);
    json_decref(request);
    return code;
}

static const struct pv_field raw_fields[] = {
    PV_FIELD(raw_args, request, PV_STRING, .flags = PV_F_REQUIRED | PV_F_POSITIONAL,
             .help = "HTTP method, QMP command, or a whole request as JSON"),
    PV_FIELD(raw_args, path, PV_STRING, .flags = PV_F_POSITIONAL, .help = "path of an HTTP request"),
    PV_FIELD(raw_args, data, PV_STRING, .help = "body or arguments, as JSON"),
    { 0 },
};
static const struct pv_desc raw_desc = { "raw", sizeof(struct raw_args), raw_fields, "what to send" };

const struct cli_verb cli_cmd_raw[] = {
    {
        .name = "raw",
        .args_desc = &raw_desc,
        .effect = PV_EFFECT_MODIFY,
        .help = "one exchange in the endpoint's own words",
        .details = "vSphere: a method and a path, with the login's session. QMP: a command. What may change "
                   "something asks first; --dry-run shows the request instead. Exit status 1 when the answer is a refusal.",
        .example = "raw GET /api/vcenter/vm",
        .run = run_raw,
    },
    { 0 },
};
