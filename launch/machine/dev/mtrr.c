/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The memory type range registers as a guest's BIOS left them: nothing set. Linux reads all of
 * them and may write them; the values have to come back, and nothing else comes of them.
 */
#include "machine/dev/mtrr.h"

#define MSR_MTRR_CAP    0xfe
#define MSR_MTRR_VAR0   0x200
#define MSR_MTRR_FIX64K 0x250
#define MSR_MTRR_FIX16K 0x258
#define MSR_MTRR_FIX4K  0x268
#define MSR_MTRR_DEF    0x2ff
#define MTRR_CAP_FIX    BIT(8)
#define MTRR_CAP_WC     BIT(10)

/* Where the value of an MSR is kept; NULL for one that is no MTRR, or may not be written. */
static uint64_t *slot(struct mtrr *m, uint32_t msr)
{
	if (msr >= MSR_MTRR_VAR0 && msr < MSR_MTRR_VAR0 + 2 * MTRR_VAR)
		return &m->var[msr - MSR_MTRR_VAR0];
	if (msr == MSR_MTRR_FIX64K)
		return &m->fixed[0];
	if (msr == MSR_MTRR_FIX16K || msr == MSR_MTRR_FIX16K + 1)
		return &m->fixed[1 + msr - MSR_MTRR_FIX16K];
	if (msr >= MSR_MTRR_FIX4K && msr < MSR_MTRR_FIX4K + 8)
		return &m->fixed[3 + msr - MSR_MTRR_FIX4K];
	return msr == MSR_MTRR_DEF ? &m->def : NULL;
}

bool mtrr_read(const struct mtrr *m, uint32_t msr, uint64_t *value)
{
	const uint64_t *s = slot((struct mtrr *)m, msr);

	if (msr == MSR_MTRR_CAP)
		*value = MTRR_VAR | MTRR_CAP_FIX | MTRR_CAP_WC;
	else if (s)
		*value = *s;
	return s || msr == MSR_MTRR_CAP;
}

bool mtrr_write(struct mtrr *m, uint32_t msr, uint64_t value)
{
	uint64_t *s = slot(m, msr);

	if (s)
		*s = value;
	return s;
}
