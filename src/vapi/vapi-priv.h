/* SPDX-License-Identifier: Apache-2.0 */
/* Shared between the files of this folder only. */
#ifndef PV_VAPI_PRIV_H
#define PV_VAPI_PRIV_H

#include "vapi.h"

/** True when a list of such items is a map: the struct is {key, value} and nothing else. */
gboolean pv_vapi_is_map(const struct pv_desc *item);

#endif
