/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Which physical memory is RAM. */
#include "base/types.h"

#define RAM_FIRST 0x100000ull /* what QEMU has below is the machine's own */

struct host_range {
	uint64_t base, size; /* bytes, page aligned */
};

/* RAM as QEMU's etc/e820 has it, from RAM_FIRST on; ranges ascending, at most max. CPU 0. */
unsigned ram_find(struct host_range *r, unsigned max);
