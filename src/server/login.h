/* SPDX-License-Identifier: Apache-2.0 */
/* Who may log in: one account, its password known only as an argon2id hash, guesses slowed down. */
#ifndef PV_SERVER_LOGIN_H
#define PV_SERVER_LOGIN_H

#include <polyvirt/error.h>
#include <stdint.h>

typedef struct pv_login pv_login;

int pv_login_new(const char *user, const char *password, pv_login **ret_login, pv_error **error);
void pv_login_free(pv_login *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_login, pv_login_free)

/*
 * Checks credentials. peer: the client's address, by which failures are counted (IPv6: by
 * its /64). PV_ERR_AUTH when
 * they are wrong; PV_ERR_BUSY, with nothing looked at, while the peer has to wait after too many
 * failures (*ret_wait_ms then says how long). Takes tens of milliseconds, and one at a time.
 */
int pv_login_check(pv_login *login, const char *peer, const char *user, const char *password,
                   int64_t *ret_wait_ms, pv_error **error);

/* User and password of an "Authorization: Basic …" value; free both, the password by
 * pv_login_wipe. PV_ERR_AUTH when it is something else. */
int pv_login_basic(const char *header, char **ret_user, char **ret_password, pv_error **error);
void pv_login_wipe(char *secret);

#endif
