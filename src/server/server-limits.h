/* SPDX-License-Identifier: Apache-2.0 */
/* Every size, count and time the server allows, in one place. */
#ifndef PV_SERVER_LIMITS_H
#define PV_SERVER_LIMITS_H

/* ---- one request ---- */
#define PV_SERVER_BODY_MAX     (1u << 20) /* bytes of a request body */
#define PV_SERVER_DISCARD_MAX  (8u << 20) /* a larger one is read and refused up to this, then cut off */
#define PV_SERVER_URI_MAX      8192       /* bytes of path and query together */
#define PV_SERVER_MEMORY_MAX   (96u << 10) /* bytes of request line, query and headers of one connection */
#define PV_SERVER_QUERY_MAX    512        /* name=value items of a query */
#define PV_SERVER_OPID_MAX     128        /* bytes of X-Request-ID given back */

/* ---- connections and work ---- */
#define PV_SERVER_CONNECTIONS_MAX 4096
#define PV_SERVER_THREADS_MAX     8        /* threads that talk HTTP; as many as processors, no more */
#define PV_SERVER_WORKERS         16       /* threads that wait for back ends */
#define PV_SERVER_QUEUE_MAX       1024     /* requests waiting for a worker; beyond it 503 */
#define PV_SERVER_CLIENT_IDLE_MS  60000    /* a whole request must arrive within this */
#define PV_SERVER_DRAIN_MS        10000    /* how long a stop lets requests end */
#define PV_SERVER_TICK_MS         250      /* the housekeeper's round */
#define PV_SERVER_CALL_MS         120000   /* deadline of a call to a back end */
#define PV_SERVER_LONG_CALL_MS    900000   /* the same for snapshots, clones and creation */

/* ---- sessions ---- */
#define PV_SERVER_SESSION_IDLE_MS (30 * 60 * 1000)
#define PV_SERVER_SESSIONS_MAX    550      /* of one user; vCenter's endpoint has the same */
#define PV_SERVER_TOUCH_MS        5000     /* how stale last_accessed_time on disk may be */
#define PV_SERVER_USER_MAX        256      /* bytes of a user name */
#define PV_SERVER_PASSWORD_MAX    1024
#define PV_SERVER_ARGON_OPS       2        /* argon2id passes and memory: 19 MiB, about 20 ms */
#define PV_SERVER_ARGON_MEMORY    (19u << 20)
#define PV_SERVER_LOGIN_FREE      5        /* failures in a row that cost nothing */
#define PV_SERVER_LOGIN_WAIT_MS   1000     /* the first wait after them; doubles … */
#define PV_SERVER_LOGIN_WAIT_MAX_MS 30000  /* … up to this */
#define PV_SERVER_LOGIN_PEERS_MAX 4096     /* addresses remembered */

/* ---- inventory ---- */
#define PV_SERVER_DEBOUNCE_MS     20       /* events are collected so long before the back end is asked */
#define PV_SERVER_LIST_TTL_MS     1000     /* age of a list from a back end without events */
#define PV_SERVER_STORAGE_TTL_MS  2000     /* age of datastore and network figures */
#define PV_SERVER_REOPEN_MS       2000     /* between two tries to open a back end that went away */
#define PV_SERVER_REFRESH_MAX     64       /* more changed VMs than this: list them all */
#define PV_SERVER_TASKS_RUNNING_MAX 32
#define PV_SERVER_TASKS_MAX       10000    /* finished tasks kept … */
#define PV_SERVER_TASKS_TRIM      100      /* … and so many more between two times that old ones are dropped */

#endif
