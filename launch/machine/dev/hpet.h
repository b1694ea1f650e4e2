/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The HPET is QEMU's, but for one thing: a timer that signals by a message writes 32 bits of its
 * choice to any address, behind no IOMMU (QEMU 7.2, hw/timer/hpet.c, update_irq()), although its
 * capabilities do not offer it. So the enabling bit and the message stay 0. Portable.
 */
#include "base/types.h"

#define HPET_BASE 0xfed00000ull
#define HPET_SIZE 0x400

/* A write of len bytes at an offset of the registers: false when it is dropped, else *value is what
 * may be written. The device knows accesses of 4 bytes, and newer ones of 8, at multiples of it. */
bool hpet_write(uint32_t offset, unsigned len, uint64_t *value);
