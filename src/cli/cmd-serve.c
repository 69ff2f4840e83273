/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt serve`: the vSphere API over HTTPS, from any back ends. */
#include "cli.h"

#include <polyvirt/server.h>
#include <sys/resource.h>

struct serve_args {
    char **backend;
    char *listen, *user, *state;
    int profile;
    int64_t session_idle, client_idle; /* milliseconds */
};

/* What is printed once the server answers. */
struct serve_info {
    char *url, *user, *profile, *sha256, *certificate;
    int64_t port, pid;
};

static const struct pv_field info_fields[] = {
    PV_FIELD(serve_info, url, PV_STRING, .flags = PV_F_TABLE | PV_F_NAME, .help = "where it listens"),
    PV_FIELD(serve_info, port, PV_INT, .flags = PV_F_TABLE, .help = "the port really bound"),
    PV_FIELD(serve_info, user, PV_STRING, .flags = PV_F_TABLE, .help = "who may log in"),
    PV_FIELD(serve_info, profile, PV_STRING, .flags = PV_F_TABLE, .help = "whom the answers take after"),
    PV_FIELD(serve_info, sha256, PV_STRING, .flags = PV_F_TABLE, .title = "SHA-256",
             .help = "fingerprint of the certificate, as ?sha256= takes it"),
    PV_FIELD(serve_info, certificate, PV_STRING, .flags = PV_F_TABLE,
             .help = "its file, as --ca-file takes it"),
    PV_FIELD(serve_info, pid, PV_INT, .flags = PV_F_TABLE, .help = "process id"),
    { 0 },
};
static const struct pv_desc info_desc = { "serve_info", sizeof(struct serve_info), info_fields,
                                          "a running server" };

struct serving {
    const struct cli_call *call;
    pv_task *task;
    pv_error *error;
};

static void
print_info(pv_server *server, void *data)
{
    struct serving *serving = data;
    const struct serve_args *args = serving->call->args;
    struct serve_info *info = pv_desc_new(&info_desc);
    int profile = args->profile ? args->profile : PV_SERVER_PROFILE_VCENTER;

    info->url = g_strdup(pv_server_url(server));
    info->port = pv_server_port(server);
    info->user = g_strdup(args->user);
    info->profile = g_strdup(pv_enum_name(pv_server_profile_values, profile));
    info->sha256 = g_strdup(pv_server_fingerprint(server));
    info->certificate = g_strdup(pv_server_certificate(server));
    info->pid = getpid();
    if (cli_output_one(serving->call->globals, &info_desc, info, &serving->error) < 0)
        pv_task_cancel(serving->task); /* nobody learnt where it listens */
    pv_desc_free(&info_desc, info);
}

/* Each client is a file descriptor; many systems allow 1024 unless asked for more. */
static void
raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int
serve(const struct cli_call *call, struct pv_server_options *options, pv_task *task, pv_error **error)
{
    struct serving serving = { call, task, NULL };
    int rc = pv_server_run(options, print_info, &serving, task, error);

    return serving.error ? pv_error_propagate(error, serving.error) : rc;
}

static int
run_serve(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct serve_args *args = call->args;
    const struct cli_globals *globals = call->globals;
    struct cli_password own = { .file = globals->password_file, .command = globals->password_command,
                                .timeout_ms = globals->timeout };
    struct cli_password others = { 0 };
    const struct pv_open_options open = {
        .password = cli_password_get,
        .password_data = &others,
        .readonly = globals->readonly == 1,
        .insecure = globals->insecure == 1,
        .ca_file = globals->ca_file,
    };
    struct pv_server_options options = {
        .backends = (const char *const *)args->backend,
        .open = &open,
        .listen = args->listen,
        .user = args->user,
        .state_dir = args->state,
        .profile = (enum pv_server_profile)args->profile,
        .session_idle_ms = args->session_idle == PV_UNSET_INT ? 0 : args->session_idle,
        .client_idle_ms = args->client_idle == PV_UNSET_INT ? 0 : args->client_idle,
    };
    char *password = cli_password_get(args->user, "the server", &own, error);
    int rc;

    if (!password)
        return error && *error ? (int)(*error)->code : PV_ERR_AUTH;
    options.password = password;
    raise_file_limit();
    rc = serve(call, &options, task, error);
    cli_secret_free(password);
    return rc;
}

static const struct pv_field serve_fields[] = {
    PV_FIELD(serve_args, backend, PV_STRINGS, .flags = PV_F_REQUIRED,
             .help = "URI whose VMs are served; may be given several times, each is a host"),
    PV_FIELD(serve_args, listen, PV_STRING,
             .help = "HOST:PORT, 127.0.0.1:8443 when not given; port 0: any free one"),
    PV_FIELD(serve_args, user, PV_STRING, .flags = PV_F_REQUIRED,
             .help = "who may log in, with the password of --password-file"),
    PV_FIELD(serve_args, state, PV_STRING, .flags = PV_F_REQUIRED | PV_F_FILE,
             .help = "folder for ids, sessions, tasks and the certificate"),
    PV_FIELD(serve_args, profile, PV_ENUM, .values = pv_server_profile_values,
             .help = "whom the answers take after, vcenter when not given"),
    PV_FIELD(serve_args, session_idle, PV_INT, .unit = PV_UNIT_MILLISECONDS,
             .help = "a session unused for so long is gone; 30m when not given"),
    PV_FIELD(serve_args, client_idle, PV_INT, .unit = PV_UNIT_MILLISECONDS,
             .help = "a client that sends no whole request for so long is cut off; 1m when not given"),
    { 0 },
};
static const struct pv_desc serve_desc = { "serve", sizeof(struct serve_args), serve_fields,
                                           "what to serve" };

const struct cli_verb cli_cmd_serve[] = {
    {
        .name = "serve",
        .args_desc = &serve_desc,
        .result_desc = &info_desc,
        .flags = PV_OP_ONE,
        .help = "serve the vSphere API from libvirt, QEMU or the simulator",
        .details = "TLS is always on. The certificate is made on first start and kept in the state folder. "
                   "Prints where it listens once it answers, then runs until it is interrupted; requests "
                   "under way end first. --password-file names the password of --user; POLYVIRT_PASSWORD works "
                   "too.",
        .example = "serve --backend qemu:///system --user admin --password-file pw --state /var/lib/polyvirt",
        .run = run_serve,
    },
    { 0 },
};
