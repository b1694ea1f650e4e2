/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "region.h"
#include "ghcb.h"
#include "snp.h"
#include "lib/string.h"

extern uint8_t image_start[], image_end[];

uint64_t region_psc(uint64_t gpa, unsigned op, bool huge)
{
	struct ghcb *g = ghcb_begin();
	struct ghcb_psc_header h = {0};
	uint64_t entry = gpa | (uint64_t)op << 52 | (huge ? GHCB_PSC_ENTRY_2M : 0);

	for (unsigned i = 0; i < 1000; i++) {
		memcpy(g->buffer, &h, sizeof(h));
		memcpy(g->buffer + sizeof(h), &entry, sizeof(entry));
		g = ghcb_begin();
		GHCB_SET(g, scratch, percpu()->ghcb_gpa + offsetof(struct ghcb, buffer));
		if (ghcb_exit(g, GHCB_EXIT_PSC, 0, 0))
			return ~0ull;
		if (g->exit_info2 >> 32)
			return g->exit_info2 >> 32;
		memcpy(&h, g->buffer, sizeof(h));
		memcpy(&entry, g->buffer + sizeof(h), sizeof(entry));
		if (h.cur > h.end)
			return 0;
	}
	return ~0ull;
}

bool region_reset(unsigned n)
{
	return region_psc(MEM_REGION(n), GHCB_PSC_SHARED, true) == 0 &&
	       region_psc(MEM_REGION(n), GHCB_PSC_PRIVATE, true) == 0;
}

bool region_validate(unsigned n, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		if (pvalidate(MEM_PAGE(n, i), RMP_PG_4K, 1, NULL) != SNP_SUCCESS)
			return false;
	}
	return true;
}

bool region_image_rights(unsigned vmpl, uint8_t rights)
{
	for (uint64_t p = (uint64_t)image_start; p < (uint64_t)image_end; p += PAGE_SIZE) {
		if (ghcb_owns(p))
			continue;
		if (rmpadjust(p, RMP_PG_4K, RMPADJUST_ATTR(vmpl, rights)) != SNP_SUCCESS)
			return false;
	}
	return true;
}
