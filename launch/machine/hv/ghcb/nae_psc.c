/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * SNP Page State Change: a list of pages that become private or shared, in the guest's shared
 * memory.
 */
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/ghcb/psc.h"
#include "machine/hv/state/state.h"
#include "machine/snp/rmp/rmp.h"
#include "abi/ghcb.h"
#include "lib/string.h"

/* SW_EXITINFO2 of a refused list: GHCB, SNP Page State Change */
#define PSC_ERROR_HEADER (1ull << 32 | 1)
#define PSC_ERROR_ENTRY  (1ull << 32 | 2)

#define ENTRY_CUR(e)     ((e)&0xfff)
#define ENTRY_GPA(e)     gpa((e)&0x000ffffffffff000ull)
#define ENTRY_OP(e)      ((e) >> 52 & 0xf)
#define ENTRY_RSVD       (~(BIT(57) - 1))

/* Does one entry. Returns 0, or the error for SW_EXITINFO2. */
static uint64_t one(uint64_t e)
{
	int size = e & GHCB_PSC_ENTRY_2M ? RMP_PG_2M : RMP_PG_4K;
	unsigned done = ENTRY_CUR(e), pages = size == RMP_PG_2M ? PFNS_2M : 1;
	bool is_private = ENTRY_OP(e) == GHCB_PSC_PRIVATE;

	if ((e & ENTRY_RSVD) || done > pages)
		return PSC_ERROR_ENTRY;
	switch (ENTRY_OP(e)) {
	case GHCB_PSC_PRIVATE:
	case GHCB_PSC_SHARED:
		break;
	case GHCB_PSC_PSMASH: /* hints: refused ones do no harm */
		rmp_psmash(ENTRY_GPA(e));
		return 0;
	case GHCB_PSC_UNSMASH:
		return 0;
	default:
		return PSC_ERROR_ENTRY;
	}
	if (done == pages)
		return 0;
	/* A list that was interrupted in the middle of a 2M entry goes on page by page. */
	if (done == 0)
		return psc_change(ENTRY_GPA(e), size, is_private) ? PSC_ERROR_ENTRY : 0;
	for (; done < pages; done++)
		if (psc_change(gpa_add(ENTRY_GPA(e), done * PAGE_SIZE), RMP_PG_4K, is_private))
			return PSC_ERROR_ENTRY;
	return 0;
}

/* False: the list has become private, by one of its own entries or by another vCPU. */
static bool note(struct ghcb_call *c, struct ghcb_psc_header *h, uint64_t *entry, uint64_t e,
		 unsigned cur)
{
	uint64_t done = (e & ~0xfffull) | (e & GHCB_PSC_ENTRY_2M ? PFNS_2M : 1);
	uint16_t next = (uint16_t)(cur + 1);

	return ghcb_store(c, entry, &done, sizeof(done)) &&
	       ghcb_store(c, &h->cur, &next, sizeof(next));
}

/* The list stays in shared memory: each entry is read once, and cur tells how far it went. */
static uint64_t run(struct ghcb_call *c, struct ghcb_psc_header *h, uint64_t *entry, unsigned cur,
		    unsigned end)
{
	for (; cur <= end; cur++) {
		uint64_t e = READ_ONCE(entry[cur]);
		uint64_t error = one(e);

		if (error)
			return error;
		if (!note(c, h, &entry[cur], e, cur))
			return PSC_ERROR_HEADER;
	}
	return 0;
}

/* The header is copied before it is checked, but for its reserved word, which KVM's snp_begin_psc()
 * does not read either; each entry is read once when its turn comes. cur is written back after
 * each, so a guest that is told of an error knows how far the list is done. */
static void psc(struct ghcb_call *c)
{
	struct ghcb_psc_header *h = ghcb_scratch(c, sizeof(*h)), copy;
	uint64_t *entry;

	if (!h || !IS_ALIGNED(c->scratch, 8)) {
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	memcpy(&copy, h, sizeof(copy));
	if (copy.end >= GHCB_PSC_MAX_ENTRIES || copy.cur > copy.end) {
		c->out2 = PSC_ERROR_HEADER;
		return;
	}
	if (!ghcb_scratch(c, sizeof(copy) + (copy.end + 1) * sizeof(*entry))) {
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	entry = (uint64_t *)(h + 1);
	c->out2 = run(c, h, entry, copy.cur, copy.end);
}

NAE_HANDLER(nae_psc) = {
	.code = GHCB_EXIT_PSC,
	.run = psc,
	.features = GHCB_HV_FEAT_SNP,
	.needs = NEED_SCRATCH,
	.stat = STAT_PSC,
};
