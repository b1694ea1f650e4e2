/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Conversion of pages between private and shared: GHCB's SNP Page State Change. The hypervisor
 * answers in shared memory and is not trusted to answer sensibly. So only progress counts, and what
 * was asked is kept in a count of our own.
 */
#include "cpu/wait.h"
#include "log/log.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/*
 * One entry of the list for the pages from `at`: a 2M page where alignment and length allow.
 * *step: its bytes.
 */
static uint64_t entry_for(uint64_t at, uint64_t left, bool shared, uint64_t *step)
{
	uint64_t op = shared ? GHCB_PSC_SHARED : GHCB_PSC_PRIVATE;
	bool large = IS_ALIGNED(at, SIZE_2M) && left >= SIZE_2M;

	*step = large ? SIZE_2M : PAGE_SIZE;
	return at | op << 52 | (large ? GHCB_PSC_ENTRY_2M : 0);
}

/* Without an entry more done. A busy host may stop early many times in a row. */
#define IDLE_MS 20000

/* Sends a list of `count` entries. The hypervisor moves `cur` past what it has done and may stop
 * early, so the request is repeated, but not for ever. */
static enum platform_result send(struct ghcb *g, unsigned count)
{
	struct ghcb_psc_header *h = (void *)g->buffer;

	struct patience idle = svsm_patience(IDLE_MS);
	uint16_t most = 0;

	*h = (struct ghcb_psc_header){.cur = 0, .end = count - 1};
	do {
		uint64_t buffer = paging_pa(g).v + offsetof(struct ghcb, buffer);
		uint16_t cur;

		GHCB_SET(g, scratch, buffer);
		if (ghcb_call(g, GHCB_EXIT_PSC, 0, 0) || READ_ONCE(g->exit_info2))
			return PLATFORM_REFUSED;
		cur = READ_ONCE(h->cur);
		if (cur >= count)
			return PLATFORM_OK;
		h->end = count - 1;
		if (cur > most) {
			most = cur;
			idle = svsm_patience(IDLE_MS);
		}
	} while (!svsm_patience_over(&idle));
	log_warn("psc: the hypervisor has done %u of %u entries in %u s", most, count,
		 IDLE_MS / 1000);
	return PLATFORM_REFUSED;
}

/* The whole range by lists as long as the buffer takes. */
static enum platform_result by_lists(gpa_t g, uint64_t len, bool shared)
{
	enum platform_result r = PLATFORM_OK;
	struct ghcb *b = ghcb_begin();

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

/* A page that a list has changed already stays as it is. */
static enum platform_result one_by_one(gpa_t g, uint64_t len, bool shared)
{
	for (; len; len -= PAGE_SIZE, g = gpa_add(g, PAGE_SIZE))
		if (!ghcb_msr_page_state(g, shared))
			return PLATFORM_REFUSED;
	return PLATFORM_OK;
}

/*
 * Page by page where a list is refused. After a failure part of the range may be converted. Success
 * is the hypervisor's word: whether a page is private shows when it is validated.
 */
enum platform_result snp_page_convert(gpa_t g, uint64_t len, bool shared)
{
	if (!IS_ALIGNED(g.v | len, PAGE_SIZE))
		return PLATFORM_INVALID;
	return by_lists(g, len, shared) ? one_by_one(g, len, shared) : PLATFORM_OK;
}
