/* SPDX-License-Identifier: Apache-2.0 */
/* A struct with a member of every kind, for the tests of the descriptor walkers. */
#ifndef PV_TEST_SAMPLE_H
#define PV_TEST_SAMPLE_H

#include <math.h>
#include <polyvirt/desc.h>

enum { SAMPLE_ON = 1, SAMPLE_OFF, SAMPLE_HALF_OPEN };

struct part {
    char *label;
    int64_t size;
    int readonly;
    GPtrArray *parts; /* of struct part: nesting without end */
};

struct sample {
    char *name;
    int flag;
    int64_t count, memory, timeout, created;
    double load;
    int state;
    char **tags;
    struct part *main;
    GPtrArray *disks; /* of struct part */
    char *password;
    int64_t uptime;
};

static const struct pv_enum_value sample_states[] = {
    { SAMPLE_ON, "on", NULL },
    { SAMPLE_OFF, "off", NULL },
    { SAMPLE_HALF_OPEN, "half_open", NULL },
    { 0, NULL, NULL },
};

static const struct pv_desc part_desc;

static const struct pv_field part_fields[] = {
    PV_FIELD(part, label, PV_STRING, .flags = PV_F_TABLE | PV_F_NAME | PV_F_REQUIRED, .max = 16,
             .help = "label"),
    PV_FIELD(part, size, PV_INT, .unit = PV_UNIT_BYTES, .flags = PV_F_TABLE, .help = "size"),
    PV_FIELD(part, readonly, PV_BOOL, .flags = PV_F_TABLE, .help = "read-only"),
    PV_FIELD(part, parts, PV_LIST, .desc = &part_desc, .help = "inner parts"),
    { .name = NULL },
};

static const struct pv_desc part_desc = { "part", sizeof(struct part), part_fields, "a part" };

static const struct pv_field sample_fields[] = {
    PV_FIELD(sample, name, PV_STRING, .flags = PV_F_REQUIRED | PV_F_TABLE | PV_F_NAME, .help = "name"),
    PV_FIELD(sample, flag, PV_BOOL, .flags = PV_F_TABLE, .help = "a truth"),
    PV_FIELD(sample, count, PV_INT, .flags = PV_F_TABLE, .min = 1, .max = 1000, .help = "a number"),
    PV_FIELD(sample, memory, PV_INT, .unit = PV_UNIT_BYTES, .flags = PV_F_TABLE, .help = "bytes"),
    PV_FIELD(sample, timeout, PV_INT, .unit = PV_UNIT_MILLISECONDS, .help = "a time span"),
    PV_FIELD(sample, created, PV_TIME, .flags = PV_F_WIDE, .help = "a time"),
    PV_FIELD(sample, load, PV_DOUBLE, .unit = PV_UNIT_PERCENT, .flags = PV_F_WIDE | PV_F_VOLATILE,
             .help = "real"),
    PV_FIELD(sample, state, PV_ENUM, .values = sample_states, .flags = PV_F_TABLE, .help = "a state"),
    PV_FIELD(sample, tags, PV_STRINGS, .max = 8, .flags = PV_F_TABLE, .title = "LABELS", .help = "words"),
    PV_FIELD(sample, main, PV_STRUCT, .desc = &part_desc, .flags = PV_F_WIDE, .help = "one part"),
    PV_FIELD(sample, disks, PV_LIST, .desc = &part_desc, .max = 4, .flags = PV_F_TABLE, .help = "parts"),
    PV_FIELD(sample, password, PV_STRING, .flags = PV_F_SECRET, .help = "a secret"),
    PV_FIELD(sample, uptime, PV_INT, .unit = PV_UNIT_SECONDS, .help = "a time span"),
    { .name = NULL },
};

static const struct pv_desc sample_desc = { "sample", sizeof(struct sample), sample_fields, "a sample" };

typedef struct sample sample;
typedef struct part part;

static inline void
sample_free(sample *object)
{
    pv_desc_free(&sample_desc, object);
}

static inline void
part_free(part *object)
{
    pv_desc_free(&part_desc, object);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sample, sample_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(part, part_free)

static inline part *
part_make(const char *label, int64_t size)
{
    part *made = pv_desc_new(&part_desc);

    made->label = g_strdup(label);
    made->size = size;
    return made;
}

/* A sample with every member set but the secret. */
static inline sample *
sample_make(void)
{
    static const char *const tags[] = { "red", "blue, dark", NULL };
    sample *made = pv_desc_new(&sample_desc);

    made->name = g_strdup("web-1");
    made->flag = TRUE;
    made->count = 42;
    made->memory = INT64_C(2) << 30;
    made->timeout = 1500;
    made->created = INT64_C(1795379700123000); /* 2026-11-22T20:35:00.123Z */
    made->load = 12.5;
    made->state = SAMPLE_HALF_OPEN;
    made->tags = g_strdupv((char **)tags);
    made->main = part_make("root", 512);
    made->disks = pv_list_new(&part_desc);
    g_ptr_array_add(made->disks, part_make("vda", 1024));
    g_ptr_array_add(made->disks, part_make("vdb", PV_UNSET_INT));
    ((part *)made->disks->pdata[1])->readonly = FALSE;
    made->uptime = 90;
    return made;
}

/* What is tried, in the test's log on one line. */
static inline void
say(const char *text)
{
    g_autofree char *cut = g_strndup(text, 100), *escaped = g_strescape(cut, NULL);

    g_test_message("%s", escaped);
}

#endif
