/* SPDX-License-Identifier: Apache-2.0 */
/* The library's public headers, one noun each. <polyvirt/qmp.h> is apart: it needs <jansson.h>. */
#ifndef POLYVIRT_POLYVIRT_H
#define POLYVIRT_POLYVIRT_H

#include <polyvirt/accel.h>
#include <polyvirt/connection.h>
#include <polyvirt/desc.h>
#include <polyvirt/error.h>
#include <polyvirt/log.h>
#include <polyvirt/model.h>
#include <polyvirt/op.h>
#include <polyvirt/server.h>
#include <polyvirt/task.h>

#define PV_VERSION "0.1.0" /**< of these headers */

#endif
