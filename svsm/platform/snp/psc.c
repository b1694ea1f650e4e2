/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/*
 * The list of GHCB's SNP Page State Change. The hypervisor moves `cur` past what it has done; it is
 * not trusted to move forward, so the rounds are bounded and what was asked is kept in entries we
 * count ourselves.
 */
static uint64_t entry_for(uint64_t at, uint64_t left, bool shared, uint64_t *step)
{
	uint64_t op = shared ? GHCB_PSC_SHARED : GHCB_PSC_PRIVATE;
	bool large = IS_ALIGNED(at, SIZE_2M) && left >= SIZE_2M;

	*step = large ? SIZE_2M : PAGE_SIZE;
	return at | op << 52 | (large ? GHCB_PSC_ENTRY_2M : 0);
}

static enum platform_result send(struct ghcb *g, unsigned count)
{
	struct ghcb_psc_header *h = (void *)g->buffer;

	*h = (struct ghcb_psc_header){.cur = 0, .end = count - 1};
	for (unsigned round = 0; round < 2 * GHCB_PSC_MAX_ENTRIES; round++) {
		uint64_t buffer = paging_pa(g).v + offsetof(struct ghcb, buffer);
		uint16_t cur;

		GHCB_SET(g, scratch, buffer);
		if (ghcb_call(g, GHCB_EXIT_PSC, 0, 0) || READ_ONCE(g->exit_info2))
			return PLATFORM_REFUSED;
		cur = READ_ONCE(h->cur);
		if (cur >= count)
			return PLATFORM_OK;
		h->end = count - 1;
	}
	return PLATFORM_REFUSED;
}

enum platform_result snp_page_convert(gpa_t g, uint64_t len, bool shared)
{
	enum platform_result r = PLATFORM_OK;
	struct ghcb *b;

	if (!IS_ALIGNED(g.v | len, PAGE_SIZE))
		return PLATFORM_INVALID;
	b = ghcb_begin();
	if (!b)
		return PLATFORM_REFUSED;
	while (len && !r) {
		uint64_t *entry = (uint64_t *)(b->buffer + sizeof(struct ghcb_psc_header));
		unsigned n = 0;

		for (; len && n < GHCB_PSC_MAX_ENTRIES; n++) {
			uint64_t step;

			entry[n] = entry_for(g.v, len, shared, &step);
			g = gpa_add(g, step);
			len -= step;
		}
		r = send(b, n);
	}
	ghcb_end(b);
	return r;
}
