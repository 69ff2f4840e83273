/* SPDX-License-Identifier: Apache-2.0 */
/* `polyvirt version`: this program and what it stands on. */
#include "cli.h"

#include <curl/curl.h>
#include <libvirt/libvirt.h>
#include <string.h>

struct version {
    char *polyvirt, *libvirt, *curl, *tls, *glib, *qemu;
};

static const struct pv_field version_fields[] = {
    PV_FIELD(version, polyvirt, PV_STRING, .title = "polyvirt", .flags = PV_F_TABLE | PV_F_NAME,
             .help = "this program"),
    PV_FIELD(version, libvirt, PV_STRING, .title = "libvirt", .flags = PV_F_TABLE,
             .help = "libvirt's client library"),
    PV_FIELD(version, curl, PV_STRING, .title = "libcurl", .flags = PV_F_TABLE, .help = "libcurl"),
    PV_FIELD(version, tls, PV_STRING, .title = "TLS", .flags = PV_F_TABLE,
             .help = "the TLS library behind libcurl"),
    PV_FIELD(version, glib, PV_STRING, .title = "GLib", .flags = PV_F_TABLE, .help = "GLib"),
    PV_FIELD(version, qemu, PV_STRING, .title = "QEMU", .flags = PV_F_TABLE,
             .help = "qemu-system-x86_64 of PATH, when there is one"),
    { 0 },
};
static const struct pv_desc version_desc = { "version", sizeof(struct version), version_fields, "versions" };

char *
cli_libvirt_version(void)
{
    unsigned long number = 0;

    if (virGetVersion(&number, NULL, NULL) != 0)
        return NULL;
    return g_strdup_printf("%lu.%lu.%lu", number / 1000000, number / 1000 % 1000, number % 1000);
}

/* "QEMU emulator version 7.2.22 (Debian …)" -> "7.2.22"; NULL when it does not run. */
static char *
qemu_version(const char *program)
{
    const char *argv[] = { program, "--version", NULL };
    g_autofree char *out = NULL;
    const char *version;
    int status = 0;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                      cli_signals_reset_child, NULL, &out, NULL, &status, NULL))
        return NULL;
    version = out ? strstr(out, "version ") : NULL;
    return version ? g_strndup(version + 8, strcspn(version + 8, " \n")) : NULL;
}

static int
run_version(const struct cli_call *call, pv_task *task, pv_error **error)
{
    struct version *version = pv_desc_new(&version_desc);
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    int rc;

    (void)task;
    version->polyvirt = g_strdup(PV_VERSION_STRING);
    version->libvirt = cli_libvirt_version();
    version->curl = g_strdup(curl->version);
    version->tls = g_strdup(curl->ssl_version);
    version->glib = g_strdup_printf("%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);
    version->qemu = qemu_version("qemu-system-x86_64");
    rc = cli_output_check(call->globals, &version_desc, error);
    if (rc == 0)
        rc = cli_output_one(call->globals, &version_desc, version, error);
    pv_desc_free(&version_desc, version);
    return rc;
}

const struct cli_verb cli_cmd_version[] = {
    {
        .name = "version",
        .result_desc = &version_desc,
        .flags = PV_OP_ONE,
        .help = "versions of polyvirt and of what it stands on",
        .example = "version -o json",
        .run = run_version,
    },
    { 0 },
};
