/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt doctor`: what this host can do, found out by doing it. */
#include "cli.h"

#include <polyvirt/accel.h>

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define OPEN_MS      5000                    /* a connection that answers later is of no use */
#define ROOM_WARN    (2 * G_GINT64_CONSTANT(1073741824))
#define ROOM_FAIL    (256 * G_GINT64_CONSTANT(1048576))
#define MEMORY_WARN  G_GINT64_CONSTANT(1073741824)
#define REPORT_INDENT 23                     /* column of details and hints on a screen */

enum verdict {
    VERDICT_OK = 1,
    VERDICT_WARN,
    VERDICT_FAIL,
};

static const struct pv_enum_value verdict_values[] = {
    { VERDICT_OK, "ok", NULL },
    { VERDICT_WARN, "warn", "something will not work, or be slow" },
    { VERDICT_FAIL, "fail", "guests cannot be run here" },
    { 0, NULL, NULL },
};

struct finding {
    char *check;
    int result;
    char *detail, *hint;
};

static const struct pv_field finding_fields[] = {
    PV_FIELD(finding, check, PV_STRING, .flags = PV_F_TABLE | PV_F_NAME, .help = "what was looked at"),
    PV_FIELD(finding, result, PV_ENUM, .values = verdict_values, .flags = PV_F_TABLE,
             .help = "how it stands"),
    PV_FIELD(finding, detail, PV_STRING, .flags = PV_F_TABLE, .help = "what was found"),
    PV_FIELD(finding, hint, PV_STRING, .flags = PV_F_TABLE, .help = "what helps"),
    { 0 },
};
static const struct pv_desc finding_desc = { "finding", sizeof(struct finding), finding_fields, "a finding" };

struct doctor_args {
    int refresh;
};

struct doctor {
    GPtrArray *findings;
    pv_task *task;
    gboolean refresh;
};

static void
report(struct doctor *doctor, const char *check, enum verdict verdict, const char *hint, const char *format,
       ...)
    G_GNUC_PRINTF(5, 6);

static void
report(struct doctor *doctor, const char *check, enum verdict verdict, const char *hint, const char *format,
       ...)
{
    struct finding *finding = pv_desc_new(&finding_desc);
    va_list args;

    va_start(args, format);
    finding->detail = g_strdup_vprintf(format, args);
    va_end(args);
    finding->check = g_strdup(check);
    finding->result = (int)verdict;
    finding->hint = verdict == VERDICT_OK ? NULL : g_strdup(hint);
    g_ptr_array_add(doctor->findings, finding);
}

/* ---- libvirt ---- */

static void
check_connection(struct doctor *doctor, const char *uri)
{
    g_autoptr(pv_task) task = pv_task_child(doctor->task, "open", uri);
    g_autoptr(pv_conn) conn = NULL;
    g_autoptr(pv_endpoint) endpoint = NULL;
    g_autoptr(pv_error) error = NULL;
    struct pv_open_options options = { 0 }; /* a session has no read-only door */
    int rc;

    pv_task_set_timeout(task, OPEN_MS);
    rc = pv_open(uri, &options, task, &conn, &error);
    if (rc == 0)
        rc = pv_endpoint_info(conn, task, &endpoint, &error);
    if (rc == 0)
        report(doctor, uri, VERDICT_OK, NULL, "%s %s", endpoint->product ? endpoint->product : "answers",
               endpoint->version ? endpoint->version : "");
    else
        report(doctor, uri, VERDICT_WARN, error->hint ? error->hint : "is libvirtd running?", "%s",
               error->message);
}

static void
check_libvirt(struct doctor *doctor)
{
    g_autofree char *version = cli_libvirt_version();

    if (version)
        report(doctor, "libvirt", VERDICT_OK, NULL, "library %s", version);
    else
        report(doctor, "libvirt", VERDICT_FAIL, "install libvirt0", "the library does not tell its version");
    check_connection(doctor, "qemu:///system");
    check_connection(doctor, "qemu:///session");
}

/* ---- QEMU ---- */

static void
check_programs(struct doctor *doctor)
{
    static const struct {
        const char *program, *package, *use;
    } programs[] = {
        { "qemu-img", "qemu-utils", "makes and copies disk images" },
        { "qemu-nbd", "qemu-utils", "serves disk images" },
        { "libvirtd", "libvirt-daemon", "serves qemu:///session and qemu:///system" },
        { "ssh", "openssh-client", "carries qemu+ssh:// connections" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *path = g_find_program_in_path(programs[i].program);
        g_autofree char *sbin = path ? NULL : g_strdup_printf("/usr/sbin/%s", programs[i].program);
        g_autofree char *hint = g_strdup_printf("install %s", programs[i].package);

        if (path || g_file_test(sbin, G_FILE_TEST_IS_EXECUTABLE))
            report(doctor, programs[i].program, VERDICT_OK, NULL, "%s", path ? path : sbin);
        else
            report(doctor, programs[i].program, VERDICT_WARN, hint, "missing; it %s", programs[i].use);
    }
}

static void
check_device(struct doctor *doctor)
{
    if (access("/dev/kvm", F_OK) != 0)
        report(doctor, "/dev/kvm", VERDICT_WARN, "without it guests are emulated: slower, but they run",
               "there is none");
    else if (access("/dev/kvm", R_OK | W_OK) != 0)
        report(doctor, "/dev/kvm", VERDICT_WARN, "add yourself to the group kvm", "may not be opened");
    else
        report(doctor, "/dev/kvm", VERDICT_OK, NULL, "can be opened");
}

static void
report_trial(struct doctor *doctor, const char *check, int64_t ms, const char *note)
{
    if (ms != PV_UNSET_INT && !note)
        report(doctor, check, VERDICT_OK, NULL, "ran the boot payload in %" G_GINT64_FORMAT " ms", ms);
    else if (ms != PV_UNSET_INT)
        report(doctor, check, VERDICT_WARN, NULL, "ran the boot payload in %" G_GINT64_FORMAT " ms; %s", ms,
               note);
    else
        report(doctor, check, VERDICT_WARN, NULL, "did not run the boot payload: %s",
               note ? note : "not tried");
}

static void
check_accelerator(struct doctor *doctor)
{
    g_autoptr(pv_accel) accel = NULL;
    g_autoptr(pv_error) error = NULL;

    if (pv_accel_probe(NULL, doctor->refresh, doctor->task, &accel, &error) != 0) {
        report(doctor, error->code == PV_ERR_NOT_FOUND ? "qemu" : "accelerator", VERDICT_FAIL,
               error->hint ? error->hint : "see the detail", "%s", error->message);
        return;
    }
    if (accel->qemu_version)
        report(doctor, "qemu", VERDICT_OK, NULL, "%s %s", accel->qemu, accel->qemu_version);
    else
        report(doctor, "qemu", VERDICT_OK, NULL, "%s", accel->qemu);
    if (accel->measured != PV_UNSET_INT) {
        report_trial(doctor, "kvm", accel->kvm_ms, accel->kvm_note);
        report_trial(doctor, "tcg", accel->tcg_ms, accel->tcg_note);
    }
    report(doctor, "accelerator", VERDICT_OK, NULL, "%s: %s%s", accel->accelerator, accel->reason,
           accel->cached == 1 ? " (kept; --refresh measures again)" : "");
}

/* ---- the host ---- */

static void
check_room(struct doctor *doctor, const char *check, const char *path)
{
    struct statvfs fs;
    g_autofree char *text = NULL;
    int64_t room;

    if (statvfs(path, &fs) != 0)
        return;
    room = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    text = pv_size_text(room);
    report(doctor, check, room < ROOM_FAIL ? VERDICT_FAIL : room < ROOM_WARN ? VERDICT_WARN : VERDICT_OK,
           "disk images need room", "%s free in %s", text, path);
}

static int64_t
memory_available(void)
{
    g_autofree char *text = NULL;
    const char *line;
    long long kib = 0;

    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL))
        return PV_UNSET_INT;
    line = strstr(text, "MemAvailable:");
    return line && sscanf(line, "MemAvailable: %lld", &kib) == 1 ? kib * 1024 : PV_UNSET_INT;
}

static void
check_host(struct doctor *doctor)
{
    int64_t memory = memory_available();
    g_autofree char *text = memory == PV_UNSET_INT ? NULL : pv_size_text(memory);

    check_room(doctor, "disk", g_get_home_dir());
    check_room(doctor, "temporary disk", g_get_tmp_dir());
    if (text)
        report(doctor, "memory", memory < MEMORY_WARN ? VERDICT_WARN : VERDICT_OK, "guests need memory",
               "%s available", text);
    report(doctor, "locale", cli_utf8() ? VERDICT_OK : VERDICT_WARN, "set LC_ALL=C.UTF-8", "%s",
           cli_utf8() ? "UTF-8" : "not UTF-8: trees and names are shown in ASCII");
}

static void
check_config(struct doctor *doctor)
{
    g_autoptr(cli_config) config = NULL;
    g_autoptr(pv_error) error = NULL;

    if (cli_config_load(&config, &error) != 0)
        report(doctor, "config", VERDICT_FAIL, error->hint ? error->hint : "see polyvirt context list --help",
               "%s", error->message);
    else if (!g_file_test(config->path, G_FILE_TEST_EXISTS))
        report(doctor, "config", VERDICT_OK, NULL, "none at %s", config->path);
    else if (config->current && !cli_config_find(config, config->current))
        report(doctor, "config", VERDICT_FAIL, "polyvirt context use NAME", "%s: there is no context '%s'",
               config->path, config->current);
    else
        report(doctor, "config", VERDICT_OK, NULL, "%s: %u contexts", config->path, config->contexts->len);
}

/* ---- all of it ---- */

static void (*const checks[])(struct doctor *doctor) = {
    check_accelerator, check_device, check_libvirt, check_programs, check_host, check_config,
};

static int
worst(const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++)
        if (((struct finding *)findings->pdata[i])->result == VERDICT_FAIL)
            return CLI_EXIT_FAILED;
    return CLI_EXIT_OK;
}

/* A table on a screen cuts its cells; advice that is cut helps nobody. */
static int
write_report(const GPtrArray *findings, pv_error **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        g_autofree char *detail = pv_text_safe(finding->detail);
        g_autofree char *hint = pv_text_safe(finding->hint ? finding->hint : "");

        g_string_append_printf(out, "%-4s  %-15s  %s\n", pv_enum_name(verdict_values, finding->result),
                               finding->check, detail);
        if (*hint)
            g_string_append_printf(out, "%*shint: %s\n", REPORT_INDENT, "", hint);
    }
    return cli_output_text(out->str, out->len, error);
}

static int
write_findings(const struct cli_globals *globals, const GPtrArray *findings, pv_error **error)
{
    gboolean table = !globals->output || globals->output == CLI_TABLE;

    if (isatty(STDOUT_FILENO) && table && !globals->columns)
        return write_report(findings, error);
    return cli_output_list(globals, &finding_desc, findings, 0, error);
}

static int
run_doctor(const struct cli_call *call, pv_task *task, pv_error **error)
{
    const struct doctor_args *args = call->args;
    g_autoptr(GPtrArray) findings = pv_list_new(&finding_desc);
    struct doctor doctor = { .findings = findings, .task = task, .refresh = args->refresh == 1 };
    pv_task *const tasks[] = { task, NULL };
    cli_progress *progress;
    int rc = cli_output_check(call->globals, &finding_desc, error);

    if (rc != 0)
        return rc;
    progress = cli_progress_start(tasks);
    for (size_t i = 0; i < G_N_ELEMENTS(checks) && rc == 0; i++) {
        rc = pv_task_check(task, error);
        if (rc == 0)
            checks[i](&doctor);
    }
    cli_progress_stop(progress);
    if (rc == 0)
        rc = pv_task_check(task, error);
    if (rc == 0)
        rc = write_findings(call->globals, findings, error);
    return rc != 0 ? rc : worst(findings);
}

static const struct pv_field doctor_fields[] = {
    PV_FIELD(doctor_args, refresh, PV_BOOL, .help = "measure the accelerators again"),
    { 0 },
};
static const struct pv_desc doctor_desc = {
    "doctor", sizeof(struct doctor_args), doctor_fields, "what to check",
};

const struct cli_verb cli_cmd_doctor[] = {
    {
        .name = "doctor",
        .args_desc = &doctor_desc,
        .result_desc = &finding_desc,
        .help = "what this host can do",
        .details = "Times a small boot payload under KVM and under TCG, as /dev/kvm alone says little, and "
                   "tries the local libvirt connections. Exit status 1 when something fails; "
                   "warnings do not count.",
        .example = "doctor -o json",
        .run = run_doctor,
    },
    { 0 },
};
