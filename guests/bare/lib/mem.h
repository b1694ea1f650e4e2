/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Memory for tests: MEM_REGIONS regions of 2 MiB in guest RAM that nothing else uses. The SVSM's
 * region reaches it only with 256 GiB and more than 64 vCPUs (harness/igvm/region.c).
 * At VMPL2 every page of them is validated when a test starts, at VMPL0 none is.
 */
#include "base/types.h"

#define MEM_BASE       0x08000000ull
#define MEM_REGIONS    16
#define MEM_REGION(n)  (MEM_BASE + (n)*SIZE_2M)
#define MEM_PAGE(n, p) (MEM_REGION(n) + (p)*PAGE_SIZE)

#define MEM_NOT_RAM    0xb0000000ull     /* below 4 GiB, no RAM there: q35 with at most 2.5 GiB */
#define MEM_TOO_HIGH   0x400000000000ull /* within 47 bits, beyond any RAM */
#define MEM_SVSM       0x02000000ull     /* where the SVSM's region begins: abi/launch.h */
