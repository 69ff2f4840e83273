/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One descriptor table per struct; everything that is the same for all structs walks it: making,
 * freeing, copying, comparing, JSON and YAML in and out, tables and CSV on screen, checks of input
 * with the field's path in the message. Nobody writes a serializer per struct.
 *
 * A described struct holds only these member types:
 *   PV_BOOL int (0, 1, PV_UNSET_BOOL)      PV_INT, PV_TIME int64_t (PV_UNSET_INT)
 *   PV_DOUBLE double (NAN when unset)      PV_ENUM int (0 when unset)
 *   PV_STRING char * (NULL)                PV_STRINGS char ** (NULL-terminated; NULL)
 *   PV_STRUCT pointer (NULL)               PV_LIST GPtrArray * of structs (NULL; frees its items)
 * Unset members are left out of JSON and YAML and shown as "-" on screen: unknown is never 0.
 */
#ifndef POLYVIRT_DESC_H
#define POLYVIRT_DESC_H

#include <polyvirt/error.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

#define PV_UNSET_INT  INT64_MIN
#define PV_UNSET_BOOL (-1)

enum pv_kind {
    PV_BOOL,
    PV_INT,
    PV_DOUBLE,
    PV_STRING,
    PV_ENUM,
    PV_TIME, /**< microseconds since 1970 UTC; RFC 3339 in text */
    PV_STRINGS,
    PV_STRUCT,
    PV_LIST,
};

/** What a number counts: decides how text reads ("20GiB") and how a screen shows it. */
enum pv_unit {
    PV_UNIT_NONE,
    PV_UNIT_BYTES,   /**< input takes B, K/KiB … EiB (1024) and KB … EB (1000), as virsh does */
    PV_UNIT_MILLISECONDS,
    PV_UNIT_SECONDS, /**< input takes 90, 90s, 5m, 2h, 1d */
    PV_UNIT_MHZ,
    PV_UNIT_PERCENT,
};

enum pv_field_flags {
    PV_F_REQUIRED = 1 << 0,   /**< a spec without it is refused */
    PV_F_TABLE = 1 << 1,      /**< a column of the default table */
    PV_F_WIDE = 1 << 2,       /**< a column of the wide table too */
    PV_F_NAME = 1 << 3,       /**< what `-o name` prints */
    PV_F_POSITIONAL = 1 << 4, /**< an argument without a dash on the command line, in table order */
    PV_F_SECRET = 1 << 5,     /**< never written out: "***" */
    PV_F_VOLATILE = 1 << 6,   /**< differs between two looks at the same thing; a diff may skip it */
    PV_F_VM = 1 << 7,         /**< names a VM (completion asks the endpoint); likewise below */
    PV_F_SNAPSHOT = 1 << 8,
    PV_F_DATASTORE = 1 << 9,
    PV_F_NETWORK = 1 << 10,
    PV_F_FILE = 1 << 11,      /**< names a local file */
    PV_F_VOLUME = 1 << 12,    /**< names a volume of the datastore named before */
};

struct pv_enum_value {
    int value;        /**< never 0: 0 is unset */
    const char *name; /**< lower-case, stable */
    const char *help; /**< one phrase or NULL */
};

struct pv_desc;

struct pv_field {
    const char *name; /**< member name and stable key in JSON: snake_case; NULL ends the table */
    enum pv_kind kind;
    size_t offset;
    enum pv_unit unit;
    unsigned flags;
    int64_t min, max; /**< PV_INT: range, both 0 = any; PV_STRING: max = longest in bytes, 0 = PV_TEXT_MAX, min = 1: not empty;
                           PV_STRINGS and PV_LIST: max = most items, 0 = PV_ITEMS_MAX */
    const struct pv_enum_value *values; /**< PV_ENUM: ends with .name == NULL */
    const struct pv_desc *desc;         /**< PV_STRUCT, PV_LIST */
    const char *title;                  /**< column title, or NULL: the name in capitals */
    const char *help;                   /**< one phrase; required */
};

struct pv_desc {
    const char *name; /**< "vm", "vm_spec" … as error messages say it */
    size_t size;      /**< sizeof the struct */
    const struct pv_field *fields;
    const char *help;
};

/** Row of a descriptor table: PV_FIELD(pv_vm, cpus, PV_INT, .flags = PV_F_TABLE, .help = "…"). */
#define PV_FIELD(type, member, kind_, ...)                                                                 \
    { .name = #member, .kind = (kind_), .offset = offsetof(struct type, member), __VA_ARGS__ }

/* ---- life ---- */

/** A new struct with every member unset; free with pv_desc_free. */
void *pv_desc_new(const struct pv_desc *desc);
/** Frees a struct and all it owns; NULL-safe. */
void pv_desc_free(const struct pv_desc *desc, void *object);
/** Frees what the members own and leaves every member unset. */
void pv_desc_clear(const struct pv_desc *desc, void *object);
void *pv_desc_copy(const struct pv_desc *desc, const void *object);
/** A list that frees its items by desc. */
GPtrArray *pv_list_new(const struct pv_desc *desc);
const struct pv_field *pv_desc_field(const struct pv_desc *desc, const char *name);
/** True when the member holds a value. */
gboolean pv_field_is_set(const struct pv_field *field, const void *object);
/** Name of an enum value, or NULL when it is unset or not in the table. */
const char *pv_enum_name(const struct pv_enum_value *values, int value);
/** Value of a name (case ignored, '-' equals '_'), 0 when there is none. */
int pv_enum_value(const struct pv_enum_value *values, const char *name);

/**
 * Calls back for each member that differs, with its path ("disks[1].capacity"). skip: flags of the
 * fields to pass over (PV_F_VOLATILE). Returns the number of differences.
 */
typedef void (*pv_diff_cb)(const char *path, const char *before, const char *after, void *data);
unsigned pv_desc_diff(const struct pv_desc *desc, const void *a, const void *b, unsigned skip, pv_diff_cb cb,
                      void *data);

/* ---- out ---- */

enum pv_write_flags {
    PV_WRITE_PRETTY = 1 << 0,    /**< JSON: indented */
    PV_WRITE_WIDE = 1 << 1,      /**< table: the wide columns too */
    PV_WRITE_NO_HEADER = 1 << 2, /**< table, CSV */
    PV_WRITE_ASCII = 1 << 3,     /**< tree lines without box characters */
};

/** Appends one struct as a JSON object, straight from the members; strings that are not UTF-8 are
 * written with U+FFFD for the bad bytes. */
void pv_json_write(GString *out, const struct pv_desc *desc, const void *object, unsigned flags);
void pv_json_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list, unsigned flags);
/** Appends a JSON string with its quotes. */
void pv_json_write_string(GString *out, const char *text);
void pv_yaml_write(GString *out, const struct pv_desc *desc, const void *object);
void pv_yaml_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list);
/** RFC 4180, one row per item, fields of kind STRUCT and LIST as JSON. */
void pv_csv_write_list(GString *out, const struct pv_desc *desc, const GPtrArray *list, unsigned flags);
/**
 * A table with aligned columns. Widths are screen cells (CJK counts two), control and invalid bytes
 * are shown as \xNN so that no name can send escapes to a terminal. columns: names in order, or NULL
 * for those flagged PV_F_TABLE. max_width: cells of the terminal, 0 = unlimited; the widest text
 * column is cut with "…" when the table would not fit.
 */
void pv_table_write(GString *out, const struct pv_desc *desc, const GPtrArray *list, const char *const *columns,
                    unsigned flags, unsigned max_width);
/** One struct as "Title: value" lines; lists of structs as indented tables below. */
void pv_card_write(GString *out, const struct pv_desc *desc, const void *object, unsigned flags, unsigned max_width);
/** One member as text for people ("2.0 GiB") or, with raw, as it stands in CSV ("2147483648"). */
char *pv_field_text(const struct pv_field *field, const void *object, gboolean raw);
/** Text made safe for a terminal (see pv_table_write) and its width in cells. */
char *pv_text_safe(const char *text);
unsigned pv_text_cells(const char *text);

/* ---- in ---- */

#define PV_TEXT_MAX  65536 /**< longest string accepted in a document, bytes */
#define PV_ITEMS_MAX 65536 /**< most items of a list */
#define PV_DOC_MAX   (16u << 20) /**< largest document accepted, bytes */
#define PV_DEPTH_MAX 32    /**< deepest nesting of a document */

/**
 * Reads one struct from a JSON or YAML document (len bytes, need not end with NUL). Unknown members,
 * wrong types, values out of range and missing required members are refused with PV_ERR_INVALID and
 * a message that starts with the path ("disks[1].capacity: …") and, for an unknown member, names the
 * nearest known one. *ret_object is untouched on failure; free with pv_desc_free.
 */
int pv_json_read(const char *text, size_t len, const struct pv_desc *desc, void **ret_object, pv_error **error);
int pv_yaml_read(const char *text, size_t len, const struct pv_desc *desc, void **ret_object, pv_error **error);
/**
 * Sets one member from text as a person types it: "2GiB", "on", "5m", an enum name; PV_STRINGS
 * splits at commas and appends; PV_LIST and PV_STRUCT take "key=value,key=value" (a comma in a value
 * is doubled, as QEMU options do) and append an item.
 */
int pv_field_parse(const struct pv_desc *desc, const struct pv_field *field, void *object, const char *text,
                   pv_error **error);
/** Checks required members and ranges, deep. */
int pv_desc_validate(const struct pv_desc *desc, const void *object, pv_error **error);

/* ---- numbers and times as people write them ---- */

/** "20GiB", "512M", "1.5g", "1000" -> bytes; PV_ERR_INVALID on anything else or beyond int64. */
int pv_size_parse(const char *text, int64_t *ret_bytes, pv_error **error);
/** "90", "90s", "5m", "2h", "1d" -> milliseconds. */
int pv_duration_parse(const char *text, int64_t *ret_ms, pv_error **error);
/** 2147483648 -> "2.0 GiB". */
char *pv_size_text(int64_t bytes);
/** Microseconds since 1970 -> "2026-11-22T20:35:00.123Z" (milliseconds kept when not 0). */
char *pv_time_text(int64_t usec);
int pv_time_parse(const char *text, int64_t *ret_usec, pv_error **error);
/** The nearest of names to text by edit distance, or NULL when none is near: "did you mean". */
const char *pv_text_nearest(const char *text, const char *const *names);

G_END_DECLS

#endif
