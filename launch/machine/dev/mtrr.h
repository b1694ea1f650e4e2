/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* MTRRs: stored and read back. Memory types have no effect under TCG. APM vol. 2, 7.7. */
#include "base/types.h"

#define MTRR_VAR   8
#define MTRR_FIXED 11

struct mtrr {
	uint64_t def, fixed[MTRR_FIXED], var[2 * MTRR_VAR];
};

/* False when msr is none of them. */
bool mtrr_read(const struct mtrr *m, uint32_t msr, uint64_t *value);
bool mtrr_write(struct mtrr *m, uint32_t msr, uint64_t value);
