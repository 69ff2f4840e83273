/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vSphere API served over HTTPS from any endpoints this library can open: each back end is a host
 * of one cluster. TLS is always on; the certificate is the server's own, made on first start. Ids,
 * sessions and tasks live in the state directory and survive a kill -9.
 */
#ifndef POLYVIRT_SERVER_H
#define POLYVIRT_SERVER_H

#include <polyvirt/connection.h>

G_BEGIN_DECLS

/** Whom the answers take after. */
enum pv_server_profile {
    PV_SERVER_PROFILE_VCENTER = 1, /**< status codes and bodies as a vCenter 8 gives them */
    PV_SERVER_PROFILE_GUIDE,       /**< 201 and 204 on the /rest session, for code written after the guide */
};
extern const struct pv_enum_value pv_server_profile_values[];

struct pv_server_options {
    const char *const *backends;        /**< URIs, at least one; NULL-terminated */
    const struct pv_open_options *open; /**< how to open them; NULL = defaults */
    const char *listen; /**< "127.0.0.1:8443" (when NULL), "[::1]:0", "host:port"; port 0 = any free */
    const char *user;   /**< who may log in; required */
    const char *password;  /**< kept only as an argon2id hash; required, not empty */
    const char *state_dir; /**< made (0700) when missing; one server at a time; required */
    enum pv_server_profile profile; /**< 0 = PV_SERVER_PROFILE_VCENTER */
    int64_t session_idle_ms; /**< a session unused for so long is gone; 0 = 30 minutes */
    int64_t client_idle_ms;  /**< a client that sends no whole request for so long is cut off; 0 = 1 minute */
};

typedef struct pv_server pv_server;

/**
 * Opens the back ends and listens; returns when requests are answered. Errors: PV_ERR_USAGE (an
 * option is missing or makes no sense), PV_ERR_EXISTS (address in use), PV_ERR_BUSY (the state
 * directory belongs to a running server), those of pv_open with the back end's URI in front.
 */
int pv_server_start(const struct pv_server_options *options, pv_task *task, pv_server **ret_server,
                    pv_error **error);
/** Takes no more requests, lets those under way end (for a while), closes the back ends; NULL-safe. */
void pv_server_stop(pv_server *server);
/** The port really bound. */
unsigned pv_server_port(const pv_server *server);
/** "https://127.0.0.1:8443"; owned by the server. */
const char *pv_server_url(const pv_server *server);
/** SHA-256 of the certificate, 64 lower-case hex digits; owned by the server. */
const char *pv_server_fingerprint(const pv_server *server);
/** Path of the certificate (PEM), for clients' CA options; owned by the server. */
const char *pv_server_certificate(const pv_server *server);

/** Called once when the server answers, on the calling thread. */
typedef void (*pv_server_ready_fn)(pv_server *server, void *data);
/**
 * Starts, calls ready (may be NULL), serves until the task is cancelled or out of time and stops
 * again. Returns 0 after such an orderly end.
 */
int pv_server_run(const struct pv_server_options *options, pv_server_ready_fn ready, void *data,
                  pv_task *task, pv_error **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pv_server, pv_server_stop)

G_END_DECLS

#endif
