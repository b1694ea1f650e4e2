/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * CMOS RAM and the real-time clock at ports 0x70 and 0x71: QEMU's, whose date, alarm and interrupt
 * 8 are the guest's. But the registers by which QEMU tells firmware of RAM and CPUs (QEMU 7.2,
 * hw/i386/pc.c, pc_cmos_init()) tell of the guest's, and keep what they say. The shutdown status
 * stays 0. In a run that can be repeated the date cannot be set (docs/reproduce.md).
 *
 * Any CPU. The index is one for all, as on hardware; what it is read by holds for the next access
 * to the data.
 */
#include "base/types.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

/* CPU 0, once, when RAM and vCPUs are known. */
void cmos_init(void);
/* What a guest's access of one byte gives and does. */
uint8_t cmos_in(uint16_t port);
void cmos_out(uint16_t port, uint8_t value);
