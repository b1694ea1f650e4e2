/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* How much RAM the guest has, where it lies for the guest, and which of QEMU's it is. CPU 0. */
#include "machine/host/mem/ram.h"

/* MACHINE_FW_MEM: bytes of the guest's RAM below and above 4 GiB. False: the harness does not say,
 * and the guest gets what is left. */
bool guest_ram_wanted(uint64_t *below, uint64_t *above);
/* Into the map goes RAM that is left over, n ascending ranges: as much as is wanted, or all. The
 * pool is there. Ends the run when it is too little. */
void guest_ram_lay(const struct host_range *left, unsigned n);
/* The guest's RAM as the platform tells it, ascending: below and above 4 GiB. */
unsigned host_guest_ranges(const struct host_range **r);
