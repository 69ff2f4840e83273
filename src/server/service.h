/* SPDX-License-Identifier: Apache-2.0 */
/* What every request of one server may use. */
#ifndef PV_SERVER_SERVICE_H
#define PV_SERVER_SERVICE_H

#include "inventory.h"
#include "login.h"
#include "sessions.h"
#include "tasks.h"

struct pv_service {
    pv_store *store;
    pv_inventory *inventory;
    pv_sessions *sessions;
    pv_login *login;
    pv_tasks *tasks;
    gboolean guide;  /* /rest answers as the guide tells */
    int64_t started; /* microseconds since 1970 */
};

#endif
