/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Messages to the security processor: SNP Guest Request of the GHCB specification, and its extended
 * form, by which the host gives certificates too. They go by pages that are shared, which host and
 * guest may change at any time: the answer is copied once, and nothing is looked at before.
 * protocols/attest calls it, one CPU at a time.
 */
#include "abi/guest_message.h"
#include "base/x86.h"
#include "lib/string.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

#define TABLE_ORDER 4
#define TABLE_PAGES PLATFORM_CERTIFICATE_PAGES
_Static_assert(TABLE_PAGES == 1 << TABLE_ORDER, "the host wants them in one piece");

/* Made by the first message and never freed. */
static struct {
	uint8_t *request, *response, *table;
	bool ready, refused;
} shared;

static bool share(uint8_t *from, unsigned pages)
{
	for (unsigned i = 0; i < pages; i++)
		if (!snp_page_share(from + i * PAGE_SIZE))
			return false;
	return true;
}

/* Private pages, each kept for the next attempt. */
static bool have_memory(void)
{
	if (!shared.request)
		shared.request = alloc_page();
	if (!shared.response)
		shared.response = alloc_page();
	if (!shared.table)
		shared.table = alloc_pages(TABLE_ORDER);
	return shared.request && shared.response && shared.table;
}

/* The host has refused a page, which is neither private nor shared now: it is not tried again. */
static bool make(void)
{
	shared.ready = share(shared.request, 1) && share(shared.response, 1) &&
		       share(shared.table, TABLE_PAGES);
	shared.refused = !shared.ready;
	if (shared.refused)
		log_error("snp: no shared pages for the security processor");
	return shared.ready;
}

/* paging_set() flushes the CPU on which it runs. This one may have used the pages while they were
 * private. */
static void flush_here(void)
{
	invlpg((uint64_t)shared.request);
	invlpg((uint64_t)shared.response);
	for (unsigned i = 0; i < TABLE_PAGES; i++)
		invlpg((uint64_t)shared.table + i * PAGE_SIZE);
}

static void fill(const struct platform_message *m)
{
	memcpy(shared.request, m->request, PAGE_SIZE);
	memset(shared.response, 0, PAGE_SIZE);
	if (m->certificates)
		memset(shared.table, 0, TABLE_PAGES * PAGE_SIZE);
}

/* One exit. An answer without SW_EXITINFO2 is none. */
static enum platform_result ask(struct ghcb *g, struct platform_message *m)
{
	uint64_t code = m->certificates ? GHCB_EXIT_EXT_GUEST_REQ : GHCB_EXIT_GUEST_REQ;
	enum platform_result r;

	if (m->certificates) {
		GHCB_SET(g, rax, paging_pa(shared.table).v);
		GHCB_SET(g, rbx, TABLE_PAGES);
	}
	r = ghcb_call(g, code, paging_pa(shared.request).v, paging_pa(shared.response).v);
	if (!GHCB_GET(g, exit_info2, &m->status))
		r = PLATFORM_REFUSED;
	if (!GHCB_GET(g, rbx, &m->pages))
		m->pages = 0;
	return r;
}

enum platform_result snp_message(struct platform_message *m)
{
	enum platform_result r = PLATFORM_REFUSED;
	struct ghcb *g;

	if (!have_memory()) {
		/* Nothing was sent, so the same message may come again. */
		m->status = VMM_ERROR_BUSY;
		return PLATFORM_OK;
	}
	if (shared.refused || (!shared.ready && !make()))
		return PLATFORM_UNSUPPORTED;
	flush_here();
	for (unsigned n = 0; r && n < GHCB_ATTEMPTS; n++) {
		fill(m);
		g = ghcb_begin();
		if (!g)
			return PLATFORM_REFUSED;
		r = ask(g, m);
		ghcb_end(g);
	}
	if (r)
		return r;
	memcpy(m->response, shared.response, PAGE_SIZE);
	if (m->certificates)
		memcpy(m->certificates, shared.table, TABLE_PAGES * PAGE_SIZE);
	return PLATFORM_OK;
}
