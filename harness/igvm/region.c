/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The size of the SVSM's memory: its image and services, then what grows with the machine. */
#include "harness/igvm/region.h"
#include "base/addr.h"

#define FIXED (15ull << 20) /* image, services, the TPM's objects, the boot CPU */
#define PER_GIB                                                                                    \
	((256ull + 4) << 10)     /* a byte of state for each page; 8 bytes of tables for 2 MiB */
#define PER_CPU (64 * PAGE_SIZE) /* stacks, GHCB, descriptors, a task: 37 pages were counted */

uint64_t region_size(uint64_t mem, unsigned cpus)
{
	return ALIGN_UP(FIXED + (mem * PER_GIB >> 10) + cpus * PER_CPU, SIZE_2M);
}
