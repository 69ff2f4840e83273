/* SPDX-License-Identifier: Apache-2.0 */
/* What the reports share. */
#ifndef PV_SUITE_REPORT_H
#define PV_SUITE_REPORT_H

#include "suite.h"

/* "1.3 ms"; free. */
char *suite_us_text(int64_t us);
/* Text for XML and HTML: markup characters escaped, what XML 1.0 forbids replaced. NULL: nothing. */
void suite_append_xml(GString *out, const char *text);
/* The part of an id before its last '/': free. */
char *suite_area(const char *id);

#endif
