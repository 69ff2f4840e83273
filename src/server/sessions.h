/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions, one store for all dialects. The id is a bearer secret: it is given out once, kept here and
 * on disk only as SHA-256, and never logged. Thread-safe.
 */
#ifndef PV_SERVER_SESSIONS_H
#define PV_SERVER_SESSIONS_H

#include "store.h"

typedef struct pv_sessions pv_sessions;

/* What a request may know of its session. */
struct pv_login_session {
    unsigned char hash[PV_STORE_HASH_SIZE];
    char *user;
    int64_t created, used; /* microseconds since 1970; used: before this request */
};
void pv_login_session_clear(struct pv_login_session *session);

/* Loads the sessions of an earlier run that have not been idle too long. The store must outlive it. */
int pv_sessions_new(pv_store *store, int64_t idle_ms, pv_sessions **ret_sessions, pv_error **error);
void pv_sessions_free(pv_sessions *sessions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_sessions, pv_sessions_free)

/* A new session's id, 32 hex digits. PV_ERR_BUSY when the user has too many. */
int pv_sessions_create(pv_sessions *sessions, const char *user, char **ret_id, pv_error **error);
/* True when id is alive; marks it used and, with session, tells what is known of it. */
gboolean pv_sessions_use(pv_sessions *sessions, const char *id, struct pv_login_session *session);
void pv_sessions_remove(pv_sessions *sessions, const unsigned char hash[PV_STORE_HASH_SIZE]);
/* Drops those idle too long; called by the housekeeper. */
void pv_sessions_expire(pv_sessions *sessions);

#endif
