/* SPDX-License-Identifier: Apache-2.0 */
#include "qmp-driver.h"

#include <string.h>

#define MONITOR_SUFFIX ".qmp"
#define AGENT_SUFFIX   ".qga"

/* "dir/100.qmp" and "dir/100" -> "dir/100.qga" when there is such a socket. */
static char *
sibling_agent(const char *path)
{
    g_autofree char *stem = g_strdup(path);
    char *dot = strrchr(stem, '.');
    g_autofree char *agent = NULL;

    if (dot && !strchr(dot, '/'))
        *dot = '\0';
    agent = g_strconcat(stem, AGENT_SUFFIX, NULL);
    return g_file_test(agent, G_FILE_TEST_EXISTS) ? g_steal_pointer(&agent) : NULL;
}

struct qmp_machine *
qmp_machine_new(const char *id, const char *path, const char *host, int port)
{
    struct qmp_machine *machine = g_new0(struct qmp_machine, 1);

    machine->id = g_strdup(id);
    machine->path = g_strdup(path);
    machine->host = g_strdup(host);
    machine->address.transport = path ? PV_QMP_UNIX : PV_QMP_TCP;
    machine->address.path = machine->path;
    machine->address.host = machine->host;
    machine->address.port = (uint16_t)port;
    machine->address.fd = -1;
    if (path)
        machine->agent = sibling_agent(path);
    return machine;
}

void
qmp_machine_free(struct qmp_machine *machine)
{
    if (!machine)
        return;
    g_free(machine->id);
    g_free(machine->path);
    g_free(machine->host);
    g_free(machine->agent);
    g_free(machine);
}

static struct qmp_machine *
machine_copy(const struct qmp_machine *machine)
{
    struct qmp_machine *copy = qmp_machine_new(machine->id, machine->path, machine->host, machine->address.port);

    g_free(copy->agent);
    copy->agent = g_strdup(machine->agent);
    return copy;
}

/* ---- finding ---- */

/* "100" before "99a" before "b": numbers by value, as people count their VMs. */
static int
by_id(gconstpointer a, gconstpointer b)
{
    const char *one = (*(struct qmp_machine *const *)a)->id, *two = (*(struct qmp_machine *const *)b)->id;
    guint64 x = g_ascii_strtoull(one, NULL, 10), y = g_ascii_strtoull(two, NULL, 10);

    return x != y && x && y ? (x > y) - (x < y) : strcmp(one, two);
}

static void
add_socket(struct qmp_conn *conn, const char *file, GPtrArray *machines)
{
    g_autofree char *path = NULL, *id = NULL;

    if (!g_str_has_suffix(file, MONITOR_SUFFIX) || strlen(file) == strlen(MONITOR_SUFFIX))
        return;
    path = g_build_filename(conn->path, file, NULL);
    id = g_strndup(file, strlen(file) - strlen(MONITOR_SUFFIX));
    if (!g_utf8_validate(id, -1, NULL))
        return;
    g_ptr_array_add(machines, qmp_machine_new(id, path, NULL, 0));
}

int
qmp_machine_scan(struct qmp_conn *conn, GPtrArray **ret_machines, pv_error **error)
{
    g_autoptr(GPtrArray) machines = g_ptr_array_new_with_free_func((GDestroyNotify)qmp_machine_free);
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *file;

    if (!conn->folder) {
        g_ptr_array_add(machines, machine_copy(conn->single));
        *ret_machines = g_steal_pointer(&machines);
        return 0;
    }
    dir = g_dir_open(conn->path, 0, &why);
    if (!dir)
        return pv_error_set(error, PV_ERR_CONNECT, "cannot read the folder: %s", why->message);
    while ((file = g_dir_read_name(dir))) {
        add_socket(conn, file, machines);
        if (machines->len > QMP_FOLDER_MAX)
            return pv_error_set(error, PV_ERR_PROTOCOL, "%s holds more than %d monitor sockets", conn->path,
                                QMP_FOLDER_MAX);
    }
    g_ptr_array_sort(machines, by_id);
    *ret_machines = g_steal_pointer(&machines);
    return 0;
}

int
qmp_machine_find(struct qmp_conn *conn, const char *id, struct qmp_machine **ret_machine, pv_error **error)
{
    g_autofree char *file = NULL, *path = NULL;

    if (!conn->folder && g_str_equal(conn->single->id, id)) {
        *ret_machine = machine_copy(conn->single);
        return 0;
    }
    file = g_strconcat(id, MONITOR_SUFFIX, NULL);
    path = conn->folder ? g_build_filename(conn->path, file, NULL) : NULL;
    if (!path || !*id || strchr(id, '/') || !g_file_test(path, G_FILE_TEST_EXISTS))
        return pv_error_set(error, PV_ERR_NOT_FOUND, "no VM has the id '%s'", id);
    *ret_machine = qmp_machine_new(id, path, NULL, 0);
    return 0;
}
