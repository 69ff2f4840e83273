/* SPDX-License-Identifier: Apache-2.0 */
/* The libvirt driver as everybody sees it, on libvirt's own test driver. */
#include <polyvirt/polyvirt.h>
#include <glib/gstdio.h>
#include <string.h>

/* Each test reads its machines from a file, so that none sees another's changes. */
static const char node[] =
    "<node>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<test:runstate>1</test:runstate>"
    "<name>on</name><uuid>11111111-1111-1111-1111-111111111111</uuid><memory unit='MiB'>64</memory>"
    "<vcpu current='2'>4</vcpu><os><type>hvm</type></os><description>notes &lt;b&gt;</description>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/x/on.qcow2'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><link state='down'/>"
    "</interface></devices></domain>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<test:runstate>5</test:runstate>"
    "<name>off</name><uuid>22222222-2222-2222-2222-222222222222</uuid><memory unit='MiB'>128</memory>"
    "<vcpu>1</vcpu><os><type>hvm</type></os></domain>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<test:runstate>5</test:runstate><test:hasmanagedsave/>"
    "<name>saved</name><uuid>33333333-3333-3333-3333-333333333333</uuid><memory unit='MiB'>256</memory>"
    "<vcpu>1</vcpu><os><type>hvm</type></os></domain>"
    "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
    "<test:runstate>3</test:runstate><test:transient/>"
    "<name>paused</name><uuid>44444444-4444-4444-4444-444444444444</uuid><memory unit='MiB'>64</memory>"
    "<vcpu>1</vcpu><os><type>hvm</type></os></domain>"
    "<network><name>nat0</name><bridge name='virbr9'/><forward/>"
    "<ip address='10.9.0.1' netmask='255.255.240.0'/></network>"
    "<network><name>lone</name><ip address='fd00::1' family='ipv6' prefix='64'/></network>"
    "<pool type='dir'><name>images</name><target><path>/x</path></target></pool>"
    "</node>";

struct rig {
    char *folder;
    char *file;
    pv_conn *conn;
};

static void
set_up(struct rig *rig, const void *unused)
{
    g_autoptr(pv_error) error = NULL;
    g_autofree char *uri = NULL;

    (void)unused;
    rig->folder = g_dir_make_tmp("pv-lv-XXXXXX", NULL);
    rig->file = g_build_filename(rig->folder, "node.xml", NULL);
    g_assert_true(g_file_set_contents(rig->file, node, -1, NULL));
    uri = g_strconcat("test://", rig->file, NULL);
    pv_open(uri, NULL, NULL, &rig->conn, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
}

static void
tear_down(struct rig *rig, const void *unused)
{
    (void)unused;
    pv_close(rig->conn);
    g_remove(rig->file);
    g_remove(rig->folder);
    g_free(rig->file);
    g_free(rig->folder);
}

static pv_vm *
get(struct rig *rig, const char *ref, unsigned parts)
{
    g_autoptr(pv_error) error = NULL;
    pv_vm *vm = NULL;

    pv_vm_get(rig->conn, ref, parts, NULL, &vm, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
    return vm;
}

static void
test_a_list_tells_states_sizes_and_flags(struct rig *rig, const void *unused)
{
    static const struct {
        const char *name;
        int state, persistent;
        int64_t memory;
    } wanted[] = {
        { "off", PV_POWER_OFF, TRUE, 128 },
        { "on", PV_POWER_ON, TRUE, 64 },
        { "paused", PV_POWER_PAUSED, FALSE, 64 },
        { "saved", PV_POWER_SUSPENDED, TRUE, 256 },
    };
    g_autoptr(GPtrArray) vms = NULL;

    (void)unused;
    g_assert_cmpint(pv_vm_list(rig->conn, NULL, PV_VM_LIST, NULL, &vms, NULL), ==, 0);
    g_assert_cmpuint(vms->len, ==, G_N_ELEMENTS(wanted));
    for (unsigned i = 0; i < vms->len; i++) {
        const pv_vm *vm = g_ptr_array_index(vms, i);

        g_assert_cmpstr(vm->name, ==, wanted[i].name);
        g_assert_cmpint(vm->state, ==, wanted[i].state);
        g_assert_cmpint(vm->persistent, ==, wanted[i].persistent);
        g_assert_cmpint(vm->autostart, ==, FALSE);
        if (vm->memory != PV_UNSET_INT) /* the test driver's bulk answer has no sizes of those that are off */
            g_assert_cmpint(vm->memory, ==, wanted[i].memory << 20);
        g_assert_cmpstr(vm->error, ==, NULL);
    }
}

static void
test_a_machine_answers_to_uuid_name_and_number(struct rig *rig, const void *unused)
{
    static const char *const refs[] = { "11111111-1111-1111-1111-111111111111", "on", "1" };

    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(refs); i++) {
        g_autoptr(pv_vm) vm = get(rig, refs[i], PV_VM_BASIC);

        g_assert_cmpstr(vm->name, ==, "on");
        g_assert_cmpstr(vm->id, ==, "11111111-1111-1111-1111-111111111111");
    }
}

static void
test_an_unknown_name_is_answered_with_the_nearest(struct rig *rig, const void *unused)
{
    g_autoptr(pv_error) error = NULL;
    pv_vm *vm = NULL;

    (void)unused;
    g_assert_cmpint(pv_vm_get(rig->conn, "pausd", PV_VM_BASIC, NULL, &vm, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_nonnull(strstr(error->hint, "'paused'"));
    g_assert_cmpstr(error->native_code, ==, "VIR_ERR_NO_DOMAIN");
}

static void
test_devices_come_from_the_description(struct rig *rig, const void *unused)
{
    g_autoptr(pv_vm) vm = get(rig, "on", PV_VM_ALL);
    const pv_disk *disk = g_ptr_array_index(vm->disks, 0);
    const pv_nic *nic = g_ptr_array_index(vm->nics, 0);

    (void)unused;
    g_assert_cmpstr(vm->annotation, ==, "notes <b>");
    g_assert_cmpint(vm->cpus, ==, 2);
    g_assert_cmpint(vm->snapshots, ==, 0);
    g_assert_cmpstr(vm->agent, ==, "absent");
    g_assert_cmpstr(disk->id, ==, "vda");
    g_assert_cmpstr(disk->path, ==, "/x/on.qcow2");
    g_assert_cmpstr(disk->format, ==, "qcow2");
    g_assert_cmpstr(nic->mac, ==, "52:54:00:00:00:01");
    g_assert_cmpstr(nic->network, ==, "br0");
    g_assert_cmpint(nic->connected, ==, FALSE);
}

static void
test_networks_tell_mode_and_address(struct rig *rig, const void *unused)
{
    g_autoptr(GPtrArray) list = NULL;

    (void)unused;
    g_assert_cmpint(pv_network_list(rig->conn, NULL, &list, NULL), ==, 0);
    g_assert_cmpuint(list->len, ==, 2);
    for (unsigned i = 0; i < list->len; i++) {
        const pv_network *network = g_ptr_array_index(list, i);
        gboolean nat = g_str_equal(network->name, "nat0");

        g_assert_cmpstr(network->type, ==, nat ? "nat" : "isolated");
        g_assert_cmpstr(network->cidr, ==, nat ? "10.9.0.1/20" : "fd00::1/64");
        g_assert_cmpstr(network->state, ==, "active");
    }
}

static void
test_a_volume_lives_from_create_to_delete(struct rig *rig, const void *unused)
{
    g_autoptr(pv_volume_spec) spec = pv_volume_spec_new();
    g_autoptr(GPtrArray) list = NULL, empty = NULL;
    g_autoptr(pv_volume) made = NULL;
    g_autoptr(pv_error) error = NULL;

    (void)unused;
    spec->name = g_strdup("a<b&\"'.img");
    spec->datastore = g_strdup("images");
    spec->size = 1 << 20;
    pv_volume_create(rig->conn, spec, NULL, &made, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
    g_assert_cmpstr(made->name, ==, spec->name);
    g_assert_cmpint(made->capacity, ==, 1 << 20);
    g_assert_cmpint(pv_volume_create(rig->conn, spec, NULL, NULL, &error), ==, PV_ERR_EXISTS);
    g_assert_cmpint(pv_volume_list(rig->conn, "images", NULL, &list, NULL), ==, 0);
    g_assert_cmpuint(list->len, ==, 1);
    g_assert_cmpint(pv_volume_delete(rig->conn, "images", spec->name, NULL, NULL), ==, 0);
    g_assert_cmpint(pv_volume_list(rig->conn, NULL, NULL, &empty, NULL), ==, 0);
    g_assert_cmpuint(empty->len, ==, 0);
}

static void
test_a_pool_that_does_not_exist_is_named(struct rig *rig, const void *unused)
{
    g_autoptr(pv_error) error = NULL;
    GPtrArray *list = NULL;

    (void)unused;
    g_assert_cmpint(pv_volume_list(rig->conn, "nowhere", NULL, &list, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'nowhere'"));
    g_assert_null(list);
}

static void
snap(struct rig *rig, const char *name, const char *description)
{
    g_autoptr(pv_snapshot_spec) spec = pv_snapshot_spec_new();
    g_autoptr(pv_error) error = NULL;

    spec->name = g_strdup(name);
    spec->description = g_strdup(description);
    pv_snapshot_create(rig->conn, "on", spec, NULL, NULL, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
}

static void
test_snapshots_make_a_tree(struct rig *rig, const void *unused)
{
    g_autoptr(GPtrArray) list = NULL;
    const pv_snapshot *one, *two, *three;

    (void)unused;
    snap(rig, "s1", "first & <last>");
    snap(rig, "s2", NULL);
    g_assert_cmpint(pv_snapshot_revert(rig->conn, "on", "s1", NULL, NULL), ==, 0);
    snap(rig, "s3", NULL);
    g_assert_cmpint(pv_snapshot_list(rig->conn, "on", NULL, &list, NULL), ==, 0);
    g_assert_cmpuint(list->len, ==, 3);
    one = g_ptr_array_index(list, 0);
    two = g_ptr_array_index(list, 1);
    three = g_ptr_array_index(list, 2);
    g_assert_cmpstr(one->id, ==, "s1");
    g_assert_cmpstr(one->parent, ==, NULL);
    g_assert_cmpstr(one->description, ==, "first & <last>");
    g_assert_cmpint(one->state, ==, PV_POWER_ON);
    g_assert_cmpint(one->created, >, INT64_C(1500000000) * G_USEC_PER_SEC);
    g_assert_cmpint(one->created, <=, g_get_real_time());
    g_assert_cmpstr(two->parent, ==, "s1");
    g_assert_cmpstr(three->parent, ==, "s1");
    g_assert_cmpint(one->current + two->current + three->current, ==, 1);
}

static void
test_a_subtree_goes_with_its_root(struct rig *rig, const void *unused)
{
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(pv_error) error = NULL;

    (void)unused;
    snap(rig, "s1", NULL);
    snap(rig, "s2", NULL);
    g_assert_cmpint(pv_snapshot_delete(rig->conn, "on", "s1", TRUE, NULL, NULL), ==, 0);
    g_assert_cmpint(pv_snapshot_list(rig->conn, "on", NULL, &list, NULL), ==, 0);
    g_assert_cmpuint(list->len, ==, 0);
    g_assert_cmpint(pv_snapshot_revert(rig->conn, "on", "s2", NULL, &error), ==, PV_ERR_NOT_FOUND);
}

static void
test_memory_of_a_machine_that_is_off_is_refused(struct rig *rig, const void *unused)
{
    g_autoptr(pv_snapshot_spec) spec = pv_snapshot_spec_new();
    g_autoptr(pv_error) error = NULL;

    (void)unused;
    spec->name = g_strdup("x");
    spec->memory = TRUE;
    g_assert_cmpint(pv_snapshot_create(rig->conn, "off", spec, NULL, NULL, &error), ==, PV_ERR_STATE);
    g_assert_nonnull(strstr(error->message, "memory: "));
}

static void
test_stopping_a_suspended_machine_drops_its_memory(struct rig *rig, const void *unused)
{
    (void)unused;
    g_assert_cmpint(pv_vm_power(rig->conn, "saved", PV_POWER_OP_STOP, NULL, NULL), ==, 0);
    {
        g_autoptr(pv_vm) vm = get(rig, "saved", PV_VM_BASIC);

        g_assert_cmpint(vm->state, ==, PV_POWER_OFF);
    }
    g_assert_cmpint(pv_vm_power(rig->conn, "saved", PV_POWER_OP_RESUME, NULL, NULL), ==, PV_ERR_STATE);
}

static pv_vm_spec *
spec_named(const char *name)
{
    pv_vm_spec *spec = pv_vm_spec_new();

    spec->name = g_strdup(name);
    return spec;
}

static void
test_a_hostile_name_comes_back_as_it_was(struct rig *rig, const void *unused)
{
    static const char name[] = "a<b&\"']]>&lt;\xe4\xb8\xad\xe6\x96\x87";
    g_autoptr(pv_vm_spec) spec = spec_named(name);
    g_autoptr(pv_vm) made = NULL;
    g_autoptr(pv_error) error = NULL;

    (void)unused;
    spec->annotation = g_strdup("</description><devices/>");
    spec->guest_os = g_strdup("\"><polyvirt:disk path='/etc/passwd'/>");
    pv_vm_create(rig->conn, spec, NULL, &made, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, NULL);
    g_assert_cmpstr(made->name, ==, name);
    g_assert_cmpstr(made->annotation, ==, spec->annotation);
    g_assert_cmpstr(made->guest_os, ==, spec->guest_os);
    g_assert_cmpint(pv_vm_delete(rig->conn, name, NULL, &error), ==, 0);
}

static void
test_control_characters_are_refused_with_the_field(struct rig *rig, const void *unused)
{
    g_autoptr(pv_vm_spec) spec = spec_named("fine");
    g_autoptr(pv_error) error = NULL;
    pv_disk_spec *disk = pv_disk_spec_new();

    (void)unused;
    disk->path = g_strdup("/x\x1b[2J");
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    g_ptr_array_add(spec->disks, disk);
    g_assert_cmpint(pv_vm_create(rig->conn, spec, NULL, NULL, &error), ==, PV_ERR_INVALID);
    g_assert_nonnull(strstr(error->message, "disks[0].path: "));
}

static void
test_what_xml_or_a_folder_cannot_hold_is_refused(struct rig *rig, const void *unused)
{
    static const char *const names[] = { "../x", "/etc/x", "a/b", "x\x1b" };
    g_autoptr(pv_snapshot_spec) snapshot = pv_snapshot_spec_new();
    g_autoptr(pv_error) why = NULL;

    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(pv_volume_spec) spec = pv_volume_spec_new();
        g_autoptr(pv_error) error = NULL;

        spec->name = g_strdup(names[i]);
        spec->datastore = g_strdup("images");
        spec->size = 1 << 20;
        g_assert_cmpint(pv_volume_create(rig->conn, spec, NULL, NULL, &error), ==, PV_ERR_INVALID);
        g_assert_nonnull(strstr(error->message, "name: "));
    }
    snapshot->name = g_strdup("s");
    snapshot->description = g_strdup("x\x1b");
    g_assert_cmpint(pv_snapshot_create(rig->conn, "on", snapshot, NULL, NULL, &why), ==, PV_ERR_INVALID);
    g_assert_nonnull(strstr(why->message, "description: "));
}

static void
test_a_failed_creation_leaves_no_volume(struct rig *rig, const void *unused)
{
    g_autoptr(pv_vm_spec) spec = spec_named("half");
    g_autoptr(pv_error) error = NULL;
    g_autoptr(GPtrArray) list = NULL;
    pv_disk_spec *first = pv_disk_spec_new(), *second = pv_disk_spec_new();

    (void)unused;
    first->size = second->size = 1 << 20;
    second->datastore = g_strdup("nowhere");
    spec->datastore = g_strdup("images");
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    g_ptr_array_add(spec->disks, first);
    g_ptr_array_add(spec->disks, second);
    g_assert_cmpint(pv_vm_create(rig->conn, spec, NULL, NULL, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "disks[1]: "));
    g_assert_cmpint(pv_volume_list(rig->conn, "images", NULL, &list, NULL), ==, 0);
    g_assert_cmpuint(list->len, ==, 0);
}

static void
test_an_unknown_network_is_refused_before_anything_is_made(struct rig *rig, const void *unused)
{
    g_autoptr(pv_vm_spec) spec = spec_named("netless");
    g_autoptr(pv_error) error = NULL;
    pv_nic_spec *nic = pv_nic_spec_new();

    (void)unused;
    nic->network = g_strdup("nowhere");
    spec->nics = pv_list_new(&pv_nic_spec_desc);
    g_ptr_array_add(spec->nics, nic);
    g_assert_cmpint(pv_vm_create(rig->conn, spec, NULL, NULL, &error), ==, PV_ERR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "nics[0].network: "));
}

/* ---- URIs ---- */

static void
open_fails(const char *uri, enum pv_code code, const char *words)
{
    g_autoptr(pv_error) error = NULL;
    g_autoptr(pv_task) task = pv_task_new("endpoint.open", uri);
    pv_conn *conn = NULL;

    pv_task_set_timeout(task, 10000);
    g_assert_cmpint(pv_open(uri, NULL, task, &conn, &error), ==, code);
    g_assert_null(conn);
    if (!strstr(error->message, words))
        g_error("'%s' lacks '%s'", error->message, words);
    g_assert_null(strchr(error->message, '\n'));
}

static void
test_what_cannot_be_opened_says_why(void)
{
    open_fails("nosuch:///system", PV_ERR_USAGE, "nosuch");
    open_fails("test:///no/such/file.xml", PV_ERR_INVALID, "/no/such/file.xml");
    open_fails("hyperv://127.0.0.1/", PV_ERR_UNSUPPORTED, "hyperv");
    open_fails("qemu+unix:///system?socket=/no/such/socket", PV_ERR_CONNECT, "/no/such/socket");
    open_fails("qemu+tcp://127.0.0.1:1/system", PV_ERR_CONNECT, "refused");
}

static void
test_a_fingerprint_is_refused_not_ignored(void)
{
    struct pv_open_options options = { .tls_sha256 = "00" };
    g_autoptr(pv_error) error = NULL;
    pv_conn *conn = NULL;

    g_assert_cmpint(pv_open("test:///default", &options, NULL, &conn, &error), ==, PV_ERR_UNSUPPORTED);
}

#define ADD(name) g_test_add("/libvirt/" #name, struct rig, NULL, set_up, test_##name, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(a_list_tells_states_sizes_and_flags);
    ADD(a_machine_answers_to_uuid_name_and_number);
    ADD(an_unknown_name_is_answered_with_the_nearest);
    ADD(devices_come_from_the_description);
    ADD(networks_tell_mode_and_address);
    ADD(a_volume_lives_from_create_to_delete);
    ADD(a_pool_that_does_not_exist_is_named);
    ADD(snapshots_make_a_tree);
    ADD(a_subtree_goes_with_its_root);
    ADD(memory_of_a_machine_that_is_off_is_refused);
    ADD(stopping_a_suspended_machine_drops_its_memory);
    ADD(a_hostile_name_comes_back_as_it_was);
    ADD(control_characters_are_refused_with_the_field);
    ADD(what_xml_or_a_folder_cannot_hold_is_refused);
    ADD(a_failed_creation_leaves_no_volume);
    ADD(an_unknown_network_is_refused_before_anything_is_made);
    g_test_add_func("/libvirt/what_cannot_be_opened_says_why", test_what_cannot_be_opened_says_why);
    g_test_add_func("/libvirt/a_fingerprint_is_refused_not_ignored",
                    test_a_fingerprint_is_refused_not_ignored);
    return g_test_run();
}
