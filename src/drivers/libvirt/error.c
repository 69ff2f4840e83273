/* SPDX-License-Identifier: Apache-2.0 */
/* libvirt's errors as pv_error: one table, and the few cases where the number alone does not tell. */
#include "libvirt.h"

#include <errno.h>
#include <string.h>

#define LV_MESSAGE_MAX 1000 /* longest sentence taken from libvirt, bytes */

/* number, name, what it means in a call, what it means while opening */
#define ROW(name, call, open) { VIR_ERR_##name, "VIR_ERR_" #name, PV_ERR_##call, PV_ERR_##open }
static const struct {
    int number;
    const char *name;
    enum pv_code call, open;
} numbers[] = {
    ROW(INTERNAL_ERROR, FAILED, CONNECT),
    ROW(NO_MEMORY, NO_SPACE, NO_SPACE),
    ROW(NO_SUPPORT, UNSUPPORTED, UNSUPPORTED),
    ROW(UNKNOWN_HOST, CONNECT, CONNECT),
    ROW(NO_CONNECT, CONNECT, UNSUPPORTED),
    ROW(INVALID_CONN, CONNECT, CONNECT),
    ROW(INVALID_DOMAIN, NOT_FOUND, CONNECT),
    ROW(INVALID_ARG, INVALID, USAGE),
    ROW(OPERATION_FAILED, FAILED, CONNECT),
    ROW(GET_FAILED, FAILED, CONNECT),
    ROW(POST_FAILED, FAILED, CONNECT),
    ROW(HTTP_ERROR, FAILED, CONNECT),
    ROW(SEXPR_SERIAL, FAILED, CONNECT),
    ROW(NO_XEN, UNSUPPORTED, UNSUPPORTED),
    ROW(XEN_CALL, FAILED, CONNECT),
    ROW(OS_TYPE, INVALID, CONNECT),
    ROW(NO_KERNEL, INVALID, CONNECT),
    ROW(NO_ROOT, INVALID, CONNECT),
    ROW(NO_SOURCE, INVALID, CONNECT),
    ROW(NO_TARGET, INVALID, CONNECT),
    ROW(NO_NAME, INVALID, CONNECT),
    ROW(NO_OS, INVALID, CONNECT),
    ROW(NO_DEVICE, INVALID, CONNECT),
    ROW(NO_XENSTORE, FAILED, CONNECT),
    ROW(DRIVER_FULL, FAILED, CONNECT),
    ROW(CALL_FAILED, FAILED, CONNECT),
    ROW(XML_ERROR, INVALID, INVALID),
    ROW(DOM_EXIST, EXISTS, CONNECT),
    ROW(OPERATION_DENIED, DENIED, AUTH),
    ROW(OPEN_FAILED, FAILED, CONNECT),
    ROW(READ_FAILED, FAILED, CONNECT),
    ROW(PARSE_FAILED, INVALID, INVALID),
    ROW(CONF_SYNTAX, INVALID, INVALID),
    ROW(WRITE_FAILED, FAILED, CONNECT),
    ROW(XML_DETAIL, INVALID, INVALID),
    ROW(INVALID_NETWORK, NOT_FOUND, CONNECT),
    ROW(NETWORK_EXIST, EXISTS, CONNECT),
    ROW(SYSTEM_ERROR, FAILED, CONNECT),
    ROW(RPC, FAILED, CONNECT),
    ROW(GNUTLS_ERROR, TLS, TLS),
    ROW(NO_DOMAIN, NOT_FOUND, CONNECT),
    ROW(NO_NETWORK, NOT_FOUND, CONNECT),
    ROW(INVALID_MAC, INVALID, CONNECT),
    ROW(AUTH_FAILED, AUTH, AUTH),
    ROW(INVALID_STORAGE_POOL, NOT_FOUND, CONNECT),
    ROW(INVALID_STORAGE_VOL, NOT_FOUND, CONNECT),
    ROW(NO_STORAGE_POOL, NOT_FOUND, CONNECT),
    ROW(NO_STORAGE_VOL, NOT_FOUND, CONNECT),
    ROW(INVALID_NODE_DEVICE, NOT_FOUND, CONNECT),
    ROW(NO_NODE_DEVICE, NOT_FOUND, CONNECT),
    ROW(NO_SECURITY_MODEL, UNSUPPORTED, CONNECT),
    ROW(OPERATION_INVALID, STATE, CONNECT),
    ROW(NO_INTERFACE, NOT_FOUND, CONNECT),
    ROW(INVALID_INTERFACE, NOT_FOUND, CONNECT),
    ROW(MULTIPLE_INTERFACES, INVALID, CONNECT),
    ROW(INVALID_NWFILTER, NOT_FOUND, CONNECT),
    ROW(NO_NWFILTER, NOT_FOUND, CONNECT),
    ROW(BUILD_FIREWALL, FAILED, CONNECT),
    ROW(INVALID_SECRET, NOT_FOUND, CONNECT),
    ROW(NO_SECRET, NOT_FOUND, CONNECT),
    ROW(CONFIG_UNSUPPORTED, UNSUPPORTED, UNSUPPORTED),
    ROW(OPERATION_TIMEOUT, BUSY, CONNECT),
    ROW(MIGRATE_PERSIST_FAILED, FAILED, CONNECT),
    ROW(HOOK_SCRIPT_FAILED, FAILED, CONNECT),
    ROW(INVALID_DOMAIN_SNAPSHOT, NOT_FOUND, CONNECT),
    ROW(NO_DOMAIN_SNAPSHOT, NOT_FOUND, CONNECT),
    ROW(INVALID_STREAM, FAILED, CONNECT),
    ROW(ARGUMENT_UNSUPPORTED, UNSUPPORTED, UNSUPPORTED),
    ROW(STORAGE_PROBE_FAILED, FAILED, CONNECT),
    ROW(STORAGE_POOL_BUILT, EXISTS, CONNECT),
    ROW(SNAPSHOT_REVERT_RISKY, STATE, CONNECT),
    ROW(OPERATION_ABORTED, CANCELLED, CONNECT),
    ROW(AUTH_CANCELLED, AUTH, AUTH),
    ROW(NO_DOMAIN_METADATA, NOT_FOUND, CONNECT),
    ROW(MIGRATE_UNSAFE, STATE, CONNECT),
    ROW(OVERFLOW, INVALID, CONNECT),
    ROW(BLOCK_COPY_ACTIVE, BUSY, CONNECT),
    ROW(OPERATION_UNSUPPORTED, UNSUPPORTED, UNSUPPORTED),
    ROW(SSH, FAILED, CONNECT),
    ROW(AGENT_UNRESPONSIVE, STATE, CONNECT),
    ROW(RESOURCE_BUSY, BUSY, CONNECT),
    ROW(ACCESS_DENIED, DENIED, AUTH),
    ROW(DBUS_SERVICE, FAILED, CONNECT),
    ROW(STORAGE_VOL_EXIST, EXISTS, CONNECT),
    ROW(CPU_INCOMPATIBLE, UNSUPPORTED, CONNECT),
    ROW(XML_INVALID_SCHEMA, INVALID, INVALID),
    ROW(MIGRATE_FINISH_OK, FAILED, CONNECT),
    ROW(AUTH_UNAVAILABLE, AUTH, AUTH),
    ROW(NO_SERVER, NOT_FOUND, CONNECT),
    ROW(NO_CLIENT, NOT_FOUND, CONNECT),
    ROW(AGENT_UNSYNCED, BUSY, CONNECT),
    ROW(LIBSSH, FAILED, CONNECT),
    ROW(DEVICE_MISSING, NOT_FOUND, CONNECT),
    ROW(INVALID_NWFILTER_BINDING, NOT_FOUND, CONNECT),
    ROW(NO_NWFILTER_BINDING, NOT_FOUND, CONNECT),
    ROW(INVALID_DOMAIN_CHECKPOINT, NOT_FOUND, CONNECT),
    ROW(NO_DOMAIN_CHECKPOINT, NOT_FOUND, CONNECT),
    ROW(NO_DOMAIN_BACKUP, NOT_FOUND, CONNECT),
    ROW(INVALID_NETWORK_PORT, NOT_FOUND, CONNECT),
    ROW(NETWORK_PORT_EXIST, EXISTS, CONNECT),
    ROW(NO_NETWORK_PORT, NOT_FOUND, CONNECT),
    ROW(NO_HOSTNAME, NOT_FOUND, CONNECT),
    ROW(CHECKPOINT_INCONSISTENT, STATE, CONNECT),
    ROW(MULTIPLE_DOMAINS, INVALID, CONNECT),
};
#undef ROW

/* VIR_ERR_SYSTEM_ERROR carries errno. */
static const struct {
    int number;
    enum pv_code code;
} errnos[] = {
    { ENOSPC, PV_ERR_NO_SPACE }, { EDQUOT, PV_ERR_NO_SPACE }, { ENOMEM, PV_ERR_NO_SPACE },
    { EACCES, PV_ERR_DENIED },   { EPERM, PV_ERR_DENIED },    { EROFS, PV_ERR_DENIED },
    { EEXIST, PV_ERR_EXISTS },   { EBUSY, PV_ERR_BUSY },
};

/* What only the words tell, while opening: ssh and curl answer under general numbers. */
static const struct {
    const char *words;
    enum pv_code code;
    const char *hint;
} open_words[] = {
    { "ermission denied (", PV_ERR_AUTH, "let ssh log in without a question: a key, or an agent" },
    { "Host key verification failed", PV_ERR_TLS, "log in once with ssh to accept the host's key" },
    { "ertificate", PV_ERR_TLS, NULL },
    { "SSL", PV_ERR_TLS, NULL },
    { "ermission denied", PV_ERR_CONNECT, "run as root, or as a member of the group libvirt" },
    { "such file", PV_ERR_CONNECT, "is the libvirt daemon (libvirtd or virtqemud) running?" },
    { "efused", PV_ERR_CONNECT, "is the libvirt daemon running, and does it listen there?" },
};

int
lv_last_number(void)
{
    virErrorPtr last = virGetLastError();

    return last ? last->code : VIR_ERR_OK;
}

const char *
lv_error_name(int number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i].number == number)
            return numbers[i].name;
    return "VIR_ERR_OTHER";
}

/* One line without the full stop. */
static char *
sentence(const char *words)
{
    g_autofree char *valid = NULL;
    char *line;

    if (!words || !*words)
        return g_strdup("libvirt gave no reason");
    valid = g_utf8_make_valid(words, strnlen(words, LV_MESSAGE_MAX));
    line = g_strstrip(g_strdelimit(g_steal_pointer(&valid), "\n\r\t", ' '));
    while (g_str_has_suffix(line, "."))
        line[strlen(line) - 1] = '\0';
    return line;
}

static enum pv_code
code_of(const virError *last, gboolean opening)
{
    if (last->code == VIR_ERR_SYSTEM_ERROR && !opening)
        for (size_t i = 0; i < G_N_ELEMENTS(errnos); i++)
            if (errnos[i].number == last->int1)
                return errnos[i].code;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i].number == last->code)
            return opening ? numbers[i].open : numbers[i].call;
    return opening ? PV_ERR_CONNECT : PV_ERR_FAILED;
}

static int
fail(pv_error **error, enum pv_code code, const virError *last, const char *what)
{
    g_autofree char *words = sentence(last->message);

    pv_error_set(error, code, "%s: %s", what, words);
    pv_error_native(error, "libvirt", lv_error_name(last->code), last->message);
    return code;
}

int
lv_fail(pv_error **error, const char *format, ...)
{
    static const virError none = { .code = VIR_ERR_INTERNAL_ERROR };
    const virError *last = virGetLastError();
    g_autofree char *what = NULL;
    enum pv_code code;
    va_list args;

    if (!last)
        last = &none;
    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    code = fail(error, code_of(last, FALSE), last, what);
    if (last->code == VIR_ERR_OPERATION_TIMEOUT || last->code == VIR_ERR_RESOURCE_BUSY)
        pv_error_hint(error, "another job holds the VM: wait for it, or look with `virsh domjobinfo`");
    if (last->code == VIR_ERR_AGENT_UNRESPONSIVE)
        pv_error_hint(error, "is qemu-guest-agent running in the guest?");
    return code;
}

int
lv_fail_open(pv_error **error, const char *uri)
{
    static const virError none = { .code = VIR_ERR_INTERNAL_ERROR };
    const virError *last = virGetLastError();
    g_autofree char *what = g_strdup_printf("cannot open %s", uri);
    enum pv_code code;
    const char *hint = NULL;

    if (!last)
        last = &none;
    code = code_of(last, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(open_words) && code == PV_ERR_CONNECT && last->message; i++) {
        if (!strstr(last->message, open_words[i].words))
            continue;
        code = open_words[i].code;
        hint = open_words[i].hint;
        break;
    }
    fail(error, code, last, what);
    if (code == PV_ERR_UNSUPPORTED)
        hint = "this build of libvirt lacks that driver: install the package that brings it, or go through "
               "a host that has it";
    if (hint)
        pv_error_hint(error, "%s", hint);
    return code;
}
