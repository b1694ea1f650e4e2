/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What the disk asks for; dev/mmio.c answers. */
#include "base/types.h"

/* One access to QEMU's devices, only where a guest may make it and no rule looks at what it writes;
 * else reads are ones, and a write is dropped. */
uint64_t disk_reg_read(uint64_t a, unsigned len);
void disk_reg_write(uint64_t a, unsigned len, uint64_t value);
