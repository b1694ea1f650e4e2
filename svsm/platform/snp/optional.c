/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What the users of a hypervisor's optional features have in common: is it offered, and a page of
 * shared memory for it. Nothing that the SVSM cannot do without may depend on either.
 */
#include "lib/string.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

bool snp_offers(uint64_t feature)
{
	for (unsigned n = 0; n < GHCB_ATTEMPTS; n++) {
		uint64_t r = ghcb_msr_call(GHCB_MSR_HV_FEATURES_REQ);

		if ((r & GHCB_MSR_INFO_MASK) == GHCB_MSR_HV_FEATURES_RESP)
			return r >> 12 & feature;
	}
	return false;
}

bool snp_page_share(void *page)
{
	if (snp_pvalidate(page, RMP_PG_4K, false) ||
	    snp_page_convert(paging_pa(page), PAGE_SIZE, true))
		return false;
	paging_set(page, PAGING_SHARED);
	memset(page, 0, PAGE_SIZE);
	return true;
}
