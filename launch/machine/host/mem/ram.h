/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Which physical memory is RAM. */
#include "base/types.h"

#define RAM_HOLE_START 0xa0000ull /* the VGA window of QEMU's own map */
#define RAM_HOLE_END   0xc0000ull

struct host_range {
	uint64_t base, size; /* bytes, page aligned */
};

/* RAM as QEMU's etc/e820 has it, hole below 1 MiB cut out; ranges ascending, at most max. CPU 0. */
unsigned ram_find(struct host_range *r, unsigned max);
