/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's table: which slot does what, by which call of libvirt, and what some hypervisors lack. */
#include "libvirt.h"

const struct pv_vm_slots lv_vm_slots = {
    .list = lv_vm_list,
    .resolve = lv_vm_resolve,
    .power = lv_vm_power,
    .power_ops = ((1u << (PV_POWER_OP_LAST_ + 1)) - 1) & ~1u,
};

const struct pv_driver pv_driver_libvirt = {
    .name = "libvirt",
    .help = "QEMU, Xen, LXC … through libvirt, by any URI libvirt takes",
    .schemes = lv_schemes,
    .open = lv_open,
    .close = lv_close,
    .endpoint = &lv_endpoint_slots,
    .host = &lv_host_slots,
    .vm = &lv_vm_slots,
    .event = &lv_event_slots,
};
