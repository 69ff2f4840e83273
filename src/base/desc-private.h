/* SPDX-License-Identifier: Apache-2.0 */
/* What the walkers of descriptor tables share among themselves. */
#ifndef PV_DESC_PRIVATE_H
#define PV_DESC_PRIVATE_H

#include <polyvirt/desc.h>

/* The member of a struct as an lvalue of its C type. */
#define PV_MEMBER(type, field, object) (*(type *)(void *)((char *)(object) + (field)->offset))
#define PV_MEMBER_CONST(type, field, object)                                                               \
    (*(type const *)(const void *)((const char *)(object) + (field)->offset))

#define PV_KINDS (PV_LIST + 1)

/* Longest number or time in text, with its NUL: "-9223372036854775808", 17 digits and an exponent,
 * "+292277-01-09T04:00:54.775Z". */
#define PV_NUMBER_TEXT 40

static inline gboolean
pv_kind_is_number(enum pv_kind kind)
{
    return kind == PV_INT || kind == PV_DOUBLE;
}

/* Replaces one member by a copy of the other struct's. */
void pv_field_copy(const struct pv_field *field, void *to, const void *from);

/*
 * Where a walk over a struct ends up. JSON and YAML each are one sink; the walk decides what is
 * written, the sink how.
 */
struct pv_sink {
    void (*map_begin)(void *to);
    void (*map_end)(void *to);
    void (*list_begin)(void *to);
    void (*list_end)(void *to);
    void (*key)(void *to, const char *name);
    void (*text)(void *to, const char *text);                /* a string: quoted and escaped by the sink */
    void (*literal)(void *to, const char *text, size_t len); /* number or boolean, as it stands */
};

void pv_walk_object(const struct pv_sink *sink, void *to, const struct pv_desc *desc, const void *object);
void pv_walk_list(const struct pv_sink *sink, void *to, const struct pv_desc *desc, const GPtrArray *list);

/* Numbers and times into a caller's buffer of PV_NUMBER_TEXT bytes; return the length. */
size_t pv_int_format(char *buffer, int64_t value);
size_t pv_double_format(char *buffer, double value);
size_t pv_time_format(char *buffer, int64_t usec);

/*
 * One character of text that may hold any bytes: its length in bytes, and the character, or
 * (gunichar)-1 for a byte that is no UTF-8. Not to be called at the end of the text.
 */
size_t pv_text_char(const char *text, gunichar *ret_char);
/* Bytes of safe text that fit into so many cells. */
size_t pv_text_fit(const char *text, unsigned cells);
/* Any text, safe, shortened and in quotes, for a message. */
char *pv_text_quote(const char *text);

#endif
