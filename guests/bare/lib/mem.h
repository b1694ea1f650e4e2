/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Memory for tests: MEM_REGIONS regions of 2 MiB in guest RAM that nothing else uses, from MEM_BASE
 * up. mem_vmpl0.h and mem_vmpl2.h say where that is: tests include one of these two.
 * At VMPL2 every page of them is validated when a test starts, at VMPL0 none is.
 */
#include "base/types.h"

#define MEM_REGIONS    16
#define MEM_REGION(n)  (MEM_BASE + (n)*SIZE_2M)
#define MEM_PAGE(n, p) (MEM_REGION(n) + (p)*PAGE_SIZE)

#define MEM_TOO_HIGH   0x400000000000ull /* within 47 bits, beyond any RAM */
