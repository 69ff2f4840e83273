/* SPDX-License-Identifier: Apache-2.0 */
/* Names for completion, asked of the endpoint on a thread that is left behind when it is slow. */
#include "complete.h"

struct lookup {
    gint refs;
    GMutex lock;
    GCond done;
    gboolean ended;
    GPtrArray *targets;
    pv_task *task;
    const struct pv_field *field;
    char *vm;
    GPtrArray *names; /* of char * */
};

static void
unref_lookup(struct lookup *lookup)
{
    if (!g_atomic_int_dec_and_test(&lookup->refs))
        return;
    g_ptr_array_unref(lookup->targets);
    g_ptr_array_unref(lookup->names);
    pv_task_unref(lookup->task);
    g_mutex_clear(&lookup->lock);
    g_cond_clear(&lookup->done);
    g_free(lookup->vm);
    g_free(lookup);
}

static int
list_items(const struct lookup *lookup, pv_conn *conn, const struct pv_desc **ret_desc, GPtrArray **ret_list)
{
    unsigned flags = lookup->field->flags;

    if (flags & PV_F_VM) {
        *ret_desc = &pv_vm_desc;
        return pv_vm_list(conn, NULL, PV_VM_BASIC, lookup->task, ret_list, NULL);
    }
    if (flags & PV_F_DATASTORE) {
        *ret_desc = &pv_datastore_desc;
        return pv_datastore_list(conn, lookup->task, ret_list, NULL);
    }
    if (flags & PV_F_NETWORK) {
        *ret_desc = &pv_network_desc;
        return pv_network_list(conn, lookup->task, ret_list, NULL);
    }
    if (!(flags & PV_F_SNAPSHOT) || !lookup->vm)
        return PV_ERR_UNSUPPORTED;
    *ret_desc = &pv_snapshot_desc;
    return pv_snapshot_list(conn, lookup->vm, lookup->task, ret_list, NULL);
}

static void
collect(struct lookup *lookup, pv_conn *conn)
{
    const struct pv_desc *desc = NULL;
    g_autoptr(GPtrArray) list = NULL;
    const struct pv_field *name;

    if (list_items(lookup, conn, &desc, &list) != 0)
        return;
    name = pv_desc_field(desc, "name");
    for (guint i = 0; i < list->len; i++) {
        const char *text = G_STRUCT_MEMBER(char *, list->pdata[i], name->offset);

        if (text)
            g_ptr_array_add(lookup->names, g_strdup(text));
    }
}

static gpointer
look_up(gpointer data)
{
    struct lookup *lookup = data;
    struct cli_target *target = lookup->targets->pdata[0];
    pv_conn *conn = NULL;

    /* nobody is asked for a password, and no command that might ask is run, while someone types */
    if (!target->password.file)
        target->options.password = NULL;
    if (pv_open(target->uri, &target->options, lookup->task, &conn, NULL) == 0)
        collect(lookup, conn);
    pv_close(conn);
    g_mutex_lock(&lookup->lock);
    lookup->ended = TRUE;
    g_cond_signal(&lookup->done);
    g_mutex_unlock(&lookup->lock);
    unref_lookup(lookup);
    return NULL;
}

static gboolean
wait_for(struct lookup *lookup)
{
    gint64 until = g_get_monotonic_time() + CLI_COMPLETE_MS * G_TIME_SPAN_MILLISECOND;
    gboolean ended;

    g_mutex_lock(&lookup->lock);
    while (!lookup->ended && g_cond_wait_until(&lookup->done, &lookup->lock, until))
        ;
    ended = lookup->ended;
    g_mutex_unlock(&lookup->lock);
    return ended;
}

void
cli_complete_names(struct complete *complete, const struct pv_field *field, const char *prefix)
{
    struct lookup *lookup;

    if (!(field->flags & (PV_F_VM | PV_F_SNAPSHOT | PV_F_DATASTORE | PV_F_NETWORK)))
        return;
    lookup = g_new0(struct lookup, 1);
    lookup->refs = 2;
    lookup->field = field;
    lookup->vm = g_strdup(complete->vm);
    lookup->names = g_ptr_array_new_with_free_func(g_free);
    lookup->task = pv_task_new("complete", NULL);
    pv_task_set_timeout(lookup->task, CLI_COMPLETE_MS);
    g_mutex_init(&lookup->lock);
    g_cond_init(&lookup->done);
    if (cli_targets_new(complete->call->globals, &lookup->targets, NULL) != 0) {
        lookup->targets = g_ptr_array_new();
        lookup->refs = 1;
    } else {
        g_thread_unref(g_thread_new("complete", look_up, lookup));
        if (wait_for(lookup))
            for (guint i = 0; i < lookup->names->len; i++)
                cli_complete_add(complete, prefix, lookup->names->pdata[i], NULL);
    }
    unref_lookup(lookup);
}
