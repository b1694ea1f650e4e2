/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Where a payload at VMPL0 has the memory of mem.h: the native machine's is always the same. */
#include "bare/lib/mem.h"

#define MEM_BASE    0x08000000ull
#define MEM_NOT_RAM 0xb0000000ull /* below 4 GiB, no RAM there: q35 with at most 2.5 GiB */
