/* SPDX-License-Identifier: Apache-2.0 */
/* XML in and out of the libvirt driver, and what it makes of foreign bytes. */
#include "libvirt.h"

#include <string.h>

static pv_vm *
parse(const char *xml, int wanted)
{
    g_autoptr(pv_error) error = NULL;
    pv_vm *vm = pv_vm_new();
    int r = lv_vm_parse(xml, PV_VM_ALL, vm, &error);

    g_assert_cmpint(r, ==, wanted);
    if (r < 0)
        g_assert_nonnull(error->message);
    return vm;
}

static void
test_broken_documents_are_refused(void)
{
    static const char *const broken[] = {
        "", "x", "<domain>", "<domain></domain><domain/>", "<network/>", "\xff\xfe\x00",
        "<!DOCTYPE domain [<!ENTITY a 'b'>]><domain><name>&a;</name></domain>",
        "<!DOCTYPE domain SYSTEM 'http://127.0.0.1:1/x.dtd'><domain/>",
        "<domain><name>\x01</name></domain>",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
        pv_vm_free(parse(broken[i], PV_ERR_PROTOCOL));
}

static void
test_an_external_entity_is_never_read(void)
{
    g_autoptr(pv_vm) vm = parse("<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
                                "<domain><description>&e;</description></domain>", PV_ERR_PROTOCOL);

    g_assert_null(vm->annotation);
}

static void
test_a_huge_document_is_refused(void)
{
    g_autofree char *huge = g_strnfill(LV_XML_MAX + 1, ' ');

    pv_vm_free(parse(huge, PV_ERR_PROTOCOL));
}

static void
test_deep_nesting_is_refused(void)
{
    g_autoptr(GString) deep = g_string_new(NULL);

    for (int i = 0; i < 10000; i++)
        g_string_append(deep, "<domain>");
    pv_vm_free(parse(deep->str, PV_ERR_PROTOCOL));
}

static void
test_nonsense_numbers_stay_unset(void)
{
    g_autoptr(pv_vm) vm = parse("<domain><memory unit='furlong'>1</memory><vcpu>-3</vcpu>"
                                "<devices><disk/><interface/></devices></domain>", 0);
    g_autoptr(pv_vm) big = parse("<domain><memory unit='EiB'>99999999999</memory>"
                                 "<vcpu>99999999999999999999</vcpu></domain>", 0);

    g_assert_cmpint(vm->memory, ==, PV_UNSET_INT);
    g_assert_cmpint(vm->cpus, ==, PV_UNSET_INT);
    g_assert_cmpuint(vm->disks->len, ==, 1);
    g_assert_cmpuint(vm->nics->len, ==, 1);
    g_assert_cmpint(big->memory, ==, PV_UNSET_INT);
    g_assert_cmpint(big->cpus, ==, PV_UNSET_INT);
}

static void
test_units_are_libvirts(void)
{
    static const struct {
        const char *xml;
        int64_t bytes;
    } rows[] = {
        { "<domain><memory>2</memory></domain>", 2 },
        { "<domain><memory unit='KiB'>2</memory></domain>", 2048 },
        { "<domain><memory unit='k'>2</memory></domain>", 2048 },
        { "<domain><memory unit='KB'>2</memory></domain>", 2000 },
        { "<domain><memory unit='GiB'>3</memory></domain>", INT64_C(3) << 30 },
        { "<domain><memory unit='b'> 7 </memory></domain>", 7 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(pv_vm) vm = parse(rows[i].xml, 0);

        g_assert_cmpint(vm->memory, ==, rows[i].bytes);
    }
}

static void
test_the_type_tells_the_accelerator(void)
{
    g_autoptr(pv_vm) kvm = parse("<domain type='kvm'/>", 0);
    g_autoptr(pv_vm) qemu = parse("<domain type='qemu'/>", 0);
    g_autoptr(pv_vm) other = parse("<domain type='xen'/>", 0);

    g_assert_cmpstr(kvm->accelerator, ==, "kvm");
    g_assert_cmpstr(qemu->accelerator, ==, "tcg");
    g_assert_cmpstr(other->accelerator, ==, NULL);
}

static void
test_the_agents_channel_tells_its_state(void)
{
    static const char *const rows[][2] = {
        { "<domain/>", "absent" },
        { "<domain><devices><channel><target name='other' state='connected'/></channel></devices></domain>",
          "absent" },
        { "<domain><devices><channel><target name='org.qemu.guest_agent.0'/></channel></devices></domain>",
          "not-running" },
        { "<domain><devices><channel><target name='x'/></channel><channel>"
          "<target name='org.qemu.guest_agent.0' state='connected'/></channel></devices></domain>",
              "running" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(pv_vm) vm = parse(rows[i][0], 0);

        g_assert_cmpstr(vm->agent, ==, rows[i][1]);
    }
}

/* ---- out ---- */

static void
add_disk(pv_vm_spec *spec, GPtrArray *images, const char *device, const char *path, gboolean made)
{
    pv_disk_spec *disk = pv_disk_spec_new();
    lv_image *image = lv_image_new();

    disk->device = g_strdup(device);
    image->path = g_strdup(path);
    image->format = g_strdup("qcow2");
    image->type = g_strdup("file");
    image->made = made;
    g_ptr_array_add(spec->disks, disk);
    g_ptr_array_add(images, image);
}

static void
test_a_domain_read_back_is_the_domain_written(void)
{
    static const char name[] = "a<b&\"'>", path[] = "/x/<&\"'>.qcow2";
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    g_autoptr(lv_note) note = lv_note_new();
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)lv_image_free);
    g_autoptr(GPtrArray) networks = g_ptr_array_new();
    struct lv_plan plan = { .spec = spec, .uuid = "11111111-1111-1111-1111-111111111111", .note = note,
                            .kind = LV_QEMU, .accelerator = "tcg", .images = images, .networks = networks };
    g_autofree char *xml = NULL;
    g_autoptr(pv_vm) vm = NULL;
    const pv_disk *disk, *drive;

    spec->name = g_strdup(name);
    spec->annotation = g_strdup("]]></description>");
    spec->cpus = 3;
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    add_disk(spec, images, NULL, path, TRUE);
    add_disk(spec, images, "cdrom", NULL, FALSE);
    spec->nics = pv_list_new(&pv_nic_spec_desc);
    g_ptr_array_add(spec->nics, pv_nic_spec_new());
    g_ptr_array_add(networks, (char *)"n<1>");
    xml = lv_domain_xml(&plan);
    vm = parse(xml, 0);
    disk = g_ptr_array_index(vm->disks, 0);
    drive = g_ptr_array_index(vm->disks, 1);
    g_assert_cmpstr(vm->annotation, ==, spec->annotation);
    g_assert_cmpint(vm->cpus, ==, 3);
    g_assert_cmpint(vm->memory, ==, INT64_C(512) << 20);
    g_assert_cmpstr(disk->path, ==, path);
    g_assert_cmpstr(disk->id, ==, "vda");
    g_assert_cmpstr(drive->path, ==, NULL);
    g_assert_cmpstr(drive->bus, ==, "sata");
    g_assert_cmpint(drive->readonly, ==, TRUE);
    g_assert_cmpstr(((const pv_nic *)g_ptr_array_index(vm->nics, 0))->network, ==, "n<1>");
    g_assert_cmpstr(vm->agent, ==, "not-running");
    g_assert_nonnull(strstr(xml, "<listen type=\"socket\"/>"));
}

static void
test_each_disk_has_a_target_of_its_own(void)
{
    static const char *const buses[] = { "scsi", "sata", "usb", "virtio", "xen", "ide" };
    static const char *const targets[] = { "sda", "sdb", "sdc", "vda", "vdb", "hda" };
    g_autoptr(pv_vm_spec) spec = pv_vm_spec_new();
    g_autoptr(lv_note) note = lv_note_new();
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)lv_image_free);
    struct lv_plan plan = { .spec = spec, .uuid = "11111111-1111-1111-1111-111111111111", .note = note,
                            .kind = LV_QEMU, .accelerator = "tcg", .images = images };
    g_autofree char *xml = NULL;
    g_autoptr(pv_vm) vm = NULL;

    spec->name = g_strdup("a");
    spec->disks = pv_list_new(&pv_disk_spec_desc);
    for (size_t i = 0; i < G_N_ELEMENTS(buses); i++) {
        add_disk(spec, images, NULL, "/x", FALSE);
        ((pv_disk_spec *)g_ptr_array_index(spec->disks, i))->bus = g_strdup(buses[i]);
    }
    xml = lv_domain_xml(&plan);
    vm = parse(xml, 0);
    g_assert_cmpuint(vm->disks->len, ==, G_N_ELEMENTS(buses));
    for (size_t i = 0; i < G_N_ELEMENTS(buses); i++)
        g_assert_cmpstr(((const pv_disk *)g_ptr_array_index(vm->disks, i))->id, ==, targets[i]);
}

static void
test_a_note_survives_its_document(void)
{
    g_autoptr(lv_note) note = lv_note_new(), back = NULL;
    g_autofree char *xml = NULL;

    note->guest_os = g_strdup("\"<&>");
    g_ptr_array_add(note->paths, g_strdup("/a'\"<b>"));
    g_ptr_array_add(note->clones, g_strdup("u"));
    xml = lv_note_xml(note);
    g_assert_cmpint(lv_note_parse(xml, &back, NULL), ==, 0);
    g_assert_cmpstr(back->guest_os, ==, note->guest_os);
    g_assert_cmpstr(g_ptr_array_index(back->paths, 0), ==, "/a'\"<b>");
    g_assert_cmpstr(g_ptr_array_index(back->clones, 0), ==, "u");
}

static const char source_xml[] =
    "<domain type='qemu'><name>old</name><uuid>22222222-2222-2222-2222-222222222222</uuid>"
    "<metadata><app:x xmlns:app='urn:other'>kept</app:x>"
    "<polyvirt:domain xmlns:polyvirt='urn:polyvirt:domain:1'><polyvirt:disk path='/old.qcow2'/>"
    "</polyvirt:domain>"
    "</metadata><os firmware='efi'><type>hvm</type><nvram>/nv/old.fd</nvram></os>"
    "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/old.qcow2'/>"
    "<backingStore type='file'><source file='/base'/></backingStore><target dev='vda'/></disk>"
    "<disk type='file' device='cdrom'><source file='/iso'/><target dev='sda'/><readonly/></disk>"
    "<interface type='user'><mac address='52:54:00:00:00:01'/></interface>"
    "<channel type='unix'><source mode='bind' path='/old.sock'/><target type='virtio' name='a'/></channel>"
    "</devices></domain>";

static void
test_a_clone_shares_nothing_that_must_differ(void)
{
    g_autoptr(GHashTable) images = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                                         (GDestroyNotify)lv_image_free);
    g_autoptr(lv_note) note = lv_note_new();
    lv_image *image = lv_image_new();
    g_autofree char *xml = NULL;

    image->path = g_strdup("/new<&>.qcow2");
    image->format = g_strdup("qcow2");
    image->type = g_strdup("file");
    g_hash_table_insert(images, (char *)"vda", image);
    g_ptr_array_add(note->paths, g_strdup(image->path));
    g_assert_cmpint(lv_clone_xml(source_xml, "n<&w", "33333333-3333-3333-3333-333333333333", images, note,
                                 &xml, NULL),
                    ==, 0);
    for (const char *const *gone = (const char *const[]){ "old", "22222222", "/nv/", "52:54:00", "/base",
                                                          NULL }; *gone;
         gone++)
        if (strstr(xml, *gone))
            g_error("'%s' is still in %s", *gone, xml);
    for (const char *const *kept = (const char *const[]){ "n&lt;&amp;w", "33333333", "/iso", "kept",
                                                          "/new&lt;&amp;&gt;.qcow2", NULL }; *kept; kept++)
        if (!strstr(xml, *kept))
            g_error("'%s' is missing in %s", *kept, xml);
}

static void
test_names_become_safe_file_names(void)
{
    static const char *const rows[][2] = {
        { "web", "web.qcow2" }, { "../../etc/x", "_._.._etc_x.qcow2" }, { "-rf", "_rf.qcow2" },
        { "a b\n", "a_b_.qcow2" }, { ".", "_.qcow2" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = lv_image_name(rows[i][0], 0, "qcow2");

        g_assert_null(strchr(name, '/'));
        if (i != 1)
            g_assert_cmpstr(name, ==, rows[i][1]);
    }
}

static void
test_formats_are_told_by_their_first_bytes(void)
{
    static const unsigned char qcow2[] = "QFI\xfb\0\0\0\3", cut[] = "QFI", vhdx[] = "vhdxfile";

    g_assert_cmpstr(lv_format_of_bytes(qcow2, 8), ==, "qcow2");
    g_assert_cmpstr(lv_format_of_bytes(cut, 3), ==, "raw");
    g_assert_cmpstr(lv_format_of_bytes(vhdx, 8), ==, "vhdx");
    g_assert_cmpstr(lv_format_of_bytes(cut, 0), ==, "raw");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/libvirt-xml/broken-documents-are-refused", test_broken_documents_are_refused);
    g_test_add_func("/libvirt-xml/an-external-entity-is-never-read", test_an_external_entity_is_never_read);
    g_test_add_func("/libvirt-xml/a-huge-document-is-refused", test_a_huge_document_is_refused);
    g_test_add_func("/libvirt-xml/deep-nesting-is-refused", test_deep_nesting_is_refused);
    g_test_add_func("/libvirt-xml/nonsense-numbers-stay-unset", test_nonsense_numbers_stay_unset);
    g_test_add_func("/libvirt-xml/units-are-libvirts", test_units_are_libvirts);
    g_test_add_func("/libvirt-xml/the-type-tells-the-accelerator", test_the_type_tells_the_accelerator);
    g_test_add_func("/libvirt-xml/the-agents-channel-tells-its-state",
                    test_the_agents_channel_tells_its_state);
    g_test_add_func("/libvirt-xml/a-domain-read-back-is-the-domain-written",
                    test_a_domain_read_back_is_the_domain_written);
    g_test_add_func("/libvirt-xml/each-disk-has-a-target-of-its-own", test_each_disk_has_a_target_of_its_own);
    g_test_add_func("/libvirt-xml/a-note-survives-its-document", test_a_note_survives_its_document);
    g_test_add_func("/libvirt-xml/a-clone-shares-nothing-that-must-differ",
                    test_a_clone_shares_nothing_that_must_differ);
    g_test_add_func("/libvirt-xml/names-become-safe-file-names", test_names_become_safe_file_names);
    g_test_add_func("/libvirt-xml/formats-are-told-by-their-first-bytes",
                    test_formats_are_told_by_their_first_bytes);
    return g_test_run();
}
