/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A region of test memory brought back to one unvalidated 2M entry, and rights for this image. */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"

extern uint8_t image_start[], image_end[];

/* Shared and private again makes it one unvalidated 2M entry, whatever the test did. */
bool region_reset(unsigned n)
{
	return ghcb_psc(MEM_REGION(n), GHCB_PSC_SHARED, true) == 0 &&
	       ghcb_psc(MEM_REGION(n), GHCB_PSC_PRIVATE, true) == 0;
}

bool region_validate(unsigned n, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		if (pvalidate(MEM_PAGE(n, i), RMP_PG_4K, 1, NULL) != SNP_SUCCESS)
			return false;
	}
	return true;
}

/*
 * The stub runs this image's code, so its VMPL needs rights to all of the image. GHCBs are shared
 * and have no rights; smp_vmsa() may be in use.
 */
bool region_image_rights(unsigned vmpl, uint8_t rights)
{
	for (uint64_t p = (uint64_t)image_start; p < (uint64_t)image_end; p += PAGE_SIZE) {
		if (ghcb_owns(p) || p == smp_vmsa()) /* shared; perhaps in use */
			continue;
		if (rmpadjust(p, RMP_PG_4K, RMPADJUST_ATTR(vmpl, rights)) != SNP_SUCCESS)
			return false;
	}
	return true;
}
