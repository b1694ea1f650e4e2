/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/host/mem/mem.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/snp/rmp.h"
#include "lib/string.h"

/* SW_EXITINFO2 of a refused list: GHCB 4.1.6 */
#define PSC_ERROR_HEADER (1ull << 32 | 1)
#define PSC_ERROR_ENTRY  (1ull << 32 | 2)

#define ENTRY_CUR(e)     ((e)&0xfff)
#define ENTRY_GPA(e)     gpa((e)&0x000ffffffffff000ull)
#define ENTRY_OP(e)      ((e) >> 52 & 0xf)
#define ENTRY_RSVD       (~(BIT(57) - 1))

static enum snp_insn_result change_4k(gpa_t g, bool private)
{
	enum snp_insn_result r;

	/* As KVM: nothing to change is no RMPUPDATE, which would cost a private page its
	 * validation. */
	if (rmp_is_shared(g, PAGE_SIZE) != private)
		return SNP_SUCCESS;
	r = rmp_update(g, RMP_PG_4K, private);
	if (r == SNP_SUCCESS)
		return r;
	/* Part of a 2M entry: break it, as KVM does, and try once more. */
	if (rmp_psmash(gpa(ALIGN_DOWN(g.v, SIZE_2M))) != SNP_SUCCESS)
		return r;
	return rmp_update(g, RMP_PG_4K, private);
}

static enum snp_insn_result change_2m(gpa_t g, bool private)
{
	bool all_shared = rmp_is_shared(g, SIZE_2M);
	unsigned i;

	if (all_shared && !private)
		return SNP_SUCCESS;
	if (all_shared == private && rmp_update(g, RMP_PG_2M, private) == SNP_SUCCESS)
		return SNP_SUCCESS;
	/* A mixture of small pages: each on its own. */
	for (i = 0; i < PFNS_2M; i++) {
		enum snp_insn_result r = change_4k(gpa_add(g, i * PAGE_SIZE), private);

		if (r != SNP_SUCCESS)
			return r;
	}
	return SNP_SUCCESS;
}

enum snp_insn_result psc_change(gpa_t g, int size, bool private)
{
	uint64_t len = size == RMP_PG_2M ? SIZE_2M : PAGE_SIZE;

	if (!IS_ALIGNED(g.v, len) || !host_guest_ram(g, len))
		return SNP_FAIL_INPUT;
	return size == RMP_PG_2M ? change_2m(g, private) : change_4k(g, private);
}

/* One entry; 0 or the error for SW_EXITINFO2. */
static uint64_t one(uint64_t e)
{
	int size = e & GHCB_PSC_ENTRY_2M ? RMP_PG_2M : RMP_PG_4K;
	unsigned done = ENTRY_CUR(e), pages = size == RMP_PG_2M ? PFNS_2M : 1;
	bool private = ENTRY_OP(e) == GHCB_PSC_PRIVATE;

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
		return psc_change(ENTRY_GPA(e), size, private) ? PSC_ERROR_ENTRY : 0;
	for (; done < pages; done++)
		if (psc_change(gpa_add(ENTRY_GPA(e), done * PAGE_SIZE), RMP_PG_4K, private))
			return PSC_ERROR_ENTRY;
	return 0;
}

/* The list stays in shared memory: each entry is read once, and cur tells how far it went. */
static uint64_t run(struct ghcb_psc_header *h, uint64_t *entry, unsigned cur, unsigned end)
{
	for (; cur <= end; cur++) {
		uint64_t e = READ_ONCE(entry[cur]);
		uint64_t error = one(e);

		if (error)
			return error;
		WRITE_ONCE(entry[cur], (e & ~0xfffull) | (e & GHCB_PSC_ENTRY_2M ? PFNS_2M : 1));
		WRITE_ONCE(h->cur, cur + 1);
	}
	return 0;
}

void nae_psc(struct ghcb_call *c)
{
	struct ghcb_psc_header *h = ghcb_scratch(c, sizeof(*h)), copy;
	uint64_t *entry;

	if (!h || !IS_ALIGNED(c->scratch, 8)) {
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	memcpy(&copy, h, sizeof(copy));
	if (copy.end >= GHCB_PSC_MAX_ENTRIES || copy.cur > copy.end || copy.rsvd) {
		c->out2 = PSC_ERROR_HEADER;
		return;
	}
	if (!ghcb_scratch(c, sizeof(copy) + (copy.end + 1) * sizeof(*entry))) {
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
		return;
	}
	entry = (uint64_t *)(h + 1);
	c->out2 = run(h, entry, copy.cur, copy.end);
}
