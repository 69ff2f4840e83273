/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of a case: ${…} in what its steps send and expect. */
#include "run-priv.h"

#include <string.h>

const char *
suite_var(struct suite_scene *scene, const char *name)
{
    return json_string_value(json_object_get(scene->vars, name));
}

void
suite_var_set(struct suite_scene *scene, const char *name, const char *text)
{
    json_object_set_new(scene->vars, name, text ? json_string(text) : json_null());
}

/* ---- what this run may change ---- */

void
suite_own_add(struct suite_world *world, const char *ref)
{
    if (!ref || !*ref)
        return;
    g_mutex_lock(&world->lock);
    g_hash_table_add(world->own, g_strdup(ref));
    g_mutex_unlock(&world->lock);
}

gboolean
suite_is_own(struct suite_world *world, const char *ref)
{
    gboolean own;

    if (!ref || !*ref)
        return FALSE;
    g_mutex_lock(&world->lock);
    own = g_hash_table_contains(world->own, ref);
    g_mutex_unlock(&world->lock);
    return own || g_str_has_prefix(ref, world->tag) || g_strcmp0(ref, world->options->use_vm) == 0;
}

/* ---- some object of the endpoint ---- */

static int
first_of(int (*list)(pv_conn *, pv_task *, GPtrArray **, pv_error **), const struct pv_desc *desc, pv_conn *conn,
         pv_task *task, char **ret_text, pv_error **error)
{
    g_autoptr(GPtrArray) all = NULL;
    int code = list(conn, task, &all, error);

    if (code == 0)
        *ret_text = all->len ? pv_field_text(pv_desc_field(desc, "id"), all->pdata[0], TRUE) : g_strdup("");
    return code;
}

/* A VM that can be read, not one of the run's own: others are removed meanwhile. */
static int
first_vm(struct suite_world *world, gboolean name, pv_task *task, char **ret_text, pv_error **error)
{
    g_autoptr(GPtrArray) all = NULL;
    const pv_vm *found = NULL;
    int code = pv_vm_list(world->conn, NULL, PV_VM_BASIC, task, &all, error);

    if (code < 0)
        return code;
    for (unsigned i = 0; i < all->len && !found; i++) {
        const pv_vm *vm = g_ptr_array_index(all, i);

        if (!vm->error && vm->name && !g_str_has_prefix(vm->name, world->options->prefix))
            found = vm;
    }
    *ret_text = g_strdup(!found ? "" : name ? found->name : found->id);
    return 0;
}

static int
read_any(struct suite_world *world, const char *what, pv_task *task, char **ret_text, pv_error **error)
{
    if (g_str_equal(what, "vm") || g_str_equal(what, "vm_name"))
        return first_vm(world, g_str_equal(what, "vm_name"), task, ret_text, error);
    if (g_str_equal(what, "host"))
        return first_of(pv_host_list, &pv_host_desc, world->conn, task, ret_text, error);
    if (g_str_equal(what, "datastore"))
        return first_of(pv_datastore_list, &pv_datastore_desc, world->conn, task, ret_text, error);
    if (g_str_equal(what, "network"))
        return first_of(pv_network_list, &pv_network_desc, world->conn, task, ret_text, error);
    return pv_error_set(error, PV_ERR_INVALID, "there is no variable 'any_%s'", what);
}

int
suite_any(struct suite_world *world, const char *what, pv_task *task, char **ret_text, pv_error **error)
{
    g_autofree char *text = NULL;
    int code = 0;

    g_mutex_lock(&world->lock);
    text = g_strdup(g_hash_table_lookup(world->any, what));
    g_mutex_unlock(&world->lock);
    if (!text) {
        code = read_any(world, what, task, &text, error);
        if (code < 0)
            return code;
        g_mutex_lock(&world->lock);
        g_hash_table_insert(world->any, g_strdup(what), g_strdup(text));
        g_mutex_unlock(&world->lock);
    }
    if (!*text)
        return pv_error_set(error, PV_ERR_NOT_FOUND, "the endpoint has no %s to look at", what);
    *ret_text = g_steal_pointer(&text);
    return 0;
}

/* ---- filling in ---- */

/* "name", "name2" …: a name of the run's own, the same one each time in a case. */
static char *
own_name(struct suite_scene *scene, const char *variable)
{
    return g_strdup_printf("%s-%s%s%s", scene->world->tag, scene->test->uid, variable[4] ? "-" : "", variable + 4);
}

static gboolean
is_name(const char *variable)
{
    return g_str_has_prefix(variable, "name") && strspn(variable + 4, "0123456789") == strlen(variable + 4);
}

/* Variables that come to be when they are first asked for. */
static int
make_var(struct suite_scene *scene, const char *name, pv_error **error)
{
    g_autofree char *text = NULL;
    int code = 0;

    if (is_name(name)) {
        text = own_name(scene, name);
    } else if (g_str_equal(name, "absent")) {
        text = g_strdup_printf("%s-%s-absent", scene->world->tag, scene->test->uid);
    } else if (g_str_equal(name, "uuid")) {
        text = g_uuid_string_random();
        suite_own_add(scene->world, text);
    } else if (g_str_has_prefix(name, "any_")) {
        code = suite_any(scene->world, name + strlen("any_"), scene->task, &text, error);
    } else {
        code = pv_error_set(error, PV_ERR_INVALID, "there is no variable '%s'", name);
    }
    if (code == 0)
        suite_var_set(scene, name, text);
    return code;
}

static const json_t *
get_var(struct suite_scene *scene, const char *name, pv_error **error)
{
    const json_t *value = json_object_get(scene->vars, name);

    if (!value && make_var(scene, name, error) < 0)
        return NULL;
    return value ? value : json_object_get(scene->vars, name);
}

/* The name in a text that is "${name}" and nothing else, or NULL. */
static char *
only_variable(const char *text)
{
    const char *end = g_str_has_prefix(text, "${") ? strchr(text, '}') : NULL;

    return end && !end[1] ? g_strndup(text + 2, (size_t)(end - text - 2)) : NULL;
}

static int
append_var(struct suite_scene *scene, GString *out, const char *name, pv_error **error)
{
    const json_t *value = get_var(scene, name, error);
    char *dump;

    if (!value)
        return PV_ERR_INVALID;
    if (json_is_string(value)) {
        g_string_append(out, json_string_value(value));
        return 0;
    }
    dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    g_string_append(out, dump ? dump : "");
    free(dump);
    return 0;
}

char *
suite_fill_text(struct suite_scene *scene, const char *text, pv_error **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (const char *at = text; *at;) {
        const char *mark = strstr(at, "${"), *end = mark ? strchr(mark, '}') : NULL;
        g_autofree char *name = end ? g_strndup(mark + 2, (size_t)(end - mark - 2)) : NULL;

        if (!name) {
            g_string_append(out, at);
            break;
        }
        g_string_append_len(out, at, mark - at);
        if (append_var(scene, out, name, error) < 0)
            return NULL;
        at = end + 1;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static json_t *
fill_string(struct suite_scene *scene, const char *text, pv_error **error)
{
    g_autofree char *name = only_variable(text);
    g_autofree char *filled = NULL;

    if (name) {
        const json_t *value = get_var(scene, name, error);

        return value ? json_deep_copy(value) : NULL;
    }
    filled = suite_fill_text(scene, text, error);
    return filled ? json_string(filled) : NULL;
}

static json_t *
fill_list(struct suite_scene *scene, const json_t *list, pv_error **error)
{
    json_t *filled = json_array();
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        if (json_array_append_new(filled, suite_fill(scene, item, error)) < 0) {
            json_decref(filled);
            return NULL;
        }
    return filled;
}

static json_t *
fill_object(struct suite_scene *scene, const json_t *object, pv_error **error)
{
    json_t *filled = json_object();
    const json_t *member;
    const char *key;

    json_object_foreach((json_t *)object, key, member) {
        g_autofree char *name = suite_fill_text(scene, key, error);

        if (!name || json_object_set_new(filled, name, suite_fill(scene, member, error)) < 0) {
            json_decref(filled);
            return NULL;
        }
    }
    return filled;
}

json_t *
suite_fill(struct suite_scene *scene, const json_t *value, pv_error **error)
{
    if (json_is_string(value))
        return fill_string(scene, json_string_value(value), error);
    if (json_is_array(value))
        return fill_list(scene, value, error);
    if (json_is_object(value))
        return fill_object(scene, value, error);
    return json_deep_copy(value);
}
