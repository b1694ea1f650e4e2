/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What several tests of the suite need. At VMPL0 the regions of mem.h start assigned, unvalidated. */
#include "mem.h"

/* The region is one 2M RMP entry again, assigned and not validated. False when the hypervisor
 * refuses. */
bool region_reset(unsigned n);
/* One entry of a page state change list: op GHCB_PSC_*, size 4K or 2M. SW_EXITINFO2's upper half. */
uint64_t region_psc(uint64_t gpa, unsigned op, bool huge);
/* Validate pages [first, first + count) of the region, 4K each. */
bool region_validate(unsigned n, unsigned first, unsigned count);

/* Rights of all private pages of this image for a VMPL. */
bool region_image_rights(unsigned vmpl, uint8_t rights);
