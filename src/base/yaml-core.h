/* SPDX-License-Identifier: Apache-2.0 */
/* The core schema of YAML 1.2: what a scalar without quotes means. */
#ifndef PV_YAML_CORE_H
#define PV_YAML_CORE_H

#include <jansson.h>

/* null, a boolean, a number or a string; NULL when it is a number that none can hold. */
json_t *pv_yaml_core_value(const char *text);

#endif
