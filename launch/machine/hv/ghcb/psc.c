/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A page becomes private or shared. The RMP has entries of 4K and 2M; a 4K change in the middle of
 * a large one splits it first, as KVM does.
 */
#include "machine/hv/ghcb/psc.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/snp/rmp/rmp.h"

static enum snp_insn_result change_4k(gpa_t g, bool is_private)
{
	enum snp_insn_result r;

	/* When nothing changes KVM does no RMPUPDATE, which would cost a private page its
	 * validation. Nor does this. */
	if (rmp_is_shared(g, PAGE_SIZE) != is_private)
		return SNP_SUCCESS;
	r = rmp_update(g, RMP_PG_4K, is_private);
	if (r == SNP_SUCCESS)
		return r;
	/* Part of a 2M entry: break it, as KVM does, and try once more. */
	if (rmp_psmash(gpa(ALIGN_DOWN(g.v, SIZE_2M))) != SNP_SUCCESS)
		return r;
	return rmp_update(g, RMP_PG_4K, is_private);
}

/* The page changes as one entry where the RMP has one, else 4K page by 4K page. */
static enum snp_insn_result change_2m(gpa_t g, bool is_private)
{
	bool all_shared = rmp_is_shared(g, SIZE_2M);
	unsigned i;

	if (all_shared && !is_private)
		return SNP_SUCCESS;
	if (all_shared == is_private && rmp_update(g, RMP_PG_2M, is_private) == SNP_SUCCESS)
		return SNP_SUCCESS;
	/* A mixture of small pages: each on its own. */
	for (i = 0; i < PFNS_2M; i++) {
		enum snp_insn_result r = change_4k(gpa_add(g, i * PAGE_SIZE), is_private);

		if (r != SNP_SUCCESS)
			return r;
	}
	return SNP_SUCCESS;
}

enum snp_insn_result psc_change(gpa_t g, int size, bool is_private)
{
	uint64_t len = size == RMP_PG_2M ? SIZE_2M : PAGE_SIZE;

	if (!IS_ALIGNED(g.v, len) || !host_guest_ram(g, len))
		return SNP_FAIL_INPUT;
	return size == RMP_PG_2M ? change_2m(g, is_private) : change_4k(g, is_private);
}
