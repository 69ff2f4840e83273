/* SPDX-License-Identifier: Apache-2.0 */
/* A listening TCP socket from an address as people write it. */
#ifndef PV_SERVER_LISTEN_H
#define PV_SERVER_LISTEN_H

#include <polyvirt/error.h>

/* *ret_address: "127.0.0.1:8443" with the port really bound. PV_ERR_USAGE when the address makes no
 * sense, PV_ERR_EXISTS when it is taken. */
int pv_listen(const char *address, int *ret_fd, unsigned *ret_port, char **ret_address, pv_error **error);

#endif
