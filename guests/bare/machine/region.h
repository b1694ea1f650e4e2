/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What several tests of the suite need. At VMPL0 the regions of mem.h start assigned, unvalidated.
 */
#include "bare/lib/mem_vmpl0.h"

/* The region is one 2M RMP entry again, assigned and not validated. False when the hypervisor
 * refuses. */
bool region_reset(unsigned n);
/* Validate pages [first, first + count) of the region, 4K each. */
bool region_validate(unsigned n, unsigned first, unsigned count);

/* Rights of all private pages of this image for a VMPL. */
bool region_image_rights(unsigned vmpl, uint8_t rights);
