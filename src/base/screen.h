/* SPDX-License-Identifier: Apache-2.0 */
/* What tables and cards share. */
#ifndef PV_SCREEN_H
#define PV_SCREEN_H

#include <polyvirt/desc.h>

/* pv_table_write with blanks before each line. */
void pv_table_write_indented(GString *out, const struct pv_desc *desc, const GPtrArray *list,
                             const char *const *names, unsigned flags, unsigned max_width, unsigned indent);

#endif
