/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the VM resource share. */
#ifndef PV_SERVER_REST_VM_H
#define PV_SERVER_REST_VM_H

#include "rest.h"

int pv_rest_vm_list(struct pv_request *request, pv_error **error);
int pv_rest_vm_create(struct pv_request *request, pv_error **error);
int pv_rest_vm_clone(struct pv_request *request, pv_error **error);

/*
 * Files as vSphere names them, "[datastore] dir/file", and as the back end does. A client can only
 * name files below a datastore's folder: anything else is refused.
 */
char *pv_rest_file_name(pv_inventory *inventory, const pv_backend *backend, const char *path);
int pv_rest_file_path(pv_inventory *inventory, const pv_backend *backend, const char *name, char **ret_path,
                      pv_error **error);

#endif
