/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers of this program, in the order a URI is offered to them. */
#include "driver.h"

const struct pv_driver *const pv_drivers[] = {
    &pv_driver_sim,
    &pv_driver_qmp,
    &pv_driver_vsphere,
    &pv_driver_libvirt, /* last: it takes whatever URI libvirt takes */
    NULL,
};
