/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The fw_cfg device that a guest sees, QEMU's in all that a guest can tell (QEMU,
 * docs/specs/fw_cfg.rst, and hw/nvram/fw_cfg.c where that says nothing):
 *
 *   0x510        OUT of 2 bytes selects an item
 *   0x510 0x511  IN of 1 byte reads its next byte; behind its end, and where there is none, 0
 *   0x514..51b   IN reads "QEMU CFG"; OUT of 4 bytes to 0x514 and then to 0x518 gives the address
 *                of a DMA request, big-endian
 *
 * The items are the table's (fwitem.h). QEMU's own device is never given an address of the guest:
 * the machine copies, to and from shared memory only. A request that lies in private memory is
 * dropped, as the guest could not read an answer there; one whose data do is an error.
 *
 * Any CPU; a lock. A vCPU's own CPU calls for it.
 */
#include "base/addr.h"

#define FWDEV_FIRST 0x510
#define FWDEV_LAST  0x51b
#define FWDEV_DATA  0x511

bool fwdev_at(uint16_t port);
uint32_t fwdev_in(uint16_t port, unsigned size);
void fwdev_out(uint16_t port, unsigned size, uint32_t value);
/* As n reads of FWDEV_DATA. */
void fwdev_in_string(uint8_t *to, size_t n);

/* ---- What it asks for; fwguest.c answers. ---- */

/* n bytes of the guest's memory at g, n up to a page. False, and nothing was copied, where they are
 * not all shared. */
bool fwdev_guest_read(gpa_t g, void *to, size_t n);
bool fwdev_guest_write(gpa_t g, const void *from, size_t n);
