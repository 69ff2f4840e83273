/* SPDX-License-Identifier: Apache-2.0 */
/* How documents become structs: both readers make a JSON tree, one decoder fills the struct from it. */
#ifndef PV_DECODE_H
#define PV_DECODE_H

#include <jansson.h>
#include <polyvirt/desc.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Most values a document may hold: a tree takes some hundred bytes for a value of two. */
#define PV_VALUES_MAX (1u << 20)

/* Fills a new struct from the tree and validates it. */
int pv_decode_document(const struct pv_desc *desc, json_t *tree, void **ret_object, pv_error **error);

/* Paths in messages: each call appends, the caller truncates to the length that it had. */
void pv_path_add_name(GString *path, const char *name);
void pv_path_add_index(GString *path, size_t index);

/* Checks one member, deep; path names it. */
int pv_validate_field(GString *path, const struct pv_field *field, const void *object, pv_error **error);

/* Longest list that a field takes. */
size_t pv_field_max_items(const struct pv_field *field);
/* A number in text by the unit of its field. */
int pv_unit_parse(enum pv_unit unit, const char *text, int64_t *ret_value, pv_error **error);
/* "… is not one of on, off, paused", with a hint at the nearest. */
int pv_enum_refuse(const struct pv_field *field, const char *text, pv_error **error);
/* "… is no member of desc", with the nearest. */
int pv_member_refuse(const char *path, const struct pv_desc *desc, const char *name, pv_error **error);

#endif
