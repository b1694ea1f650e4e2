/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Messages to the security processor: SNP Guest Request of the GHCB specification, and its extended
 * form, by which the host gives certificates too. They go by pages that are shared, which host and
 * guest may change at any time: the answer is copied once, and nothing is looked at before.
 * protocols/attest calls it, one CPU at a time.
 */
#include "base/x86.h"
#include "lib/string.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

#define TABLE_ORDER 2
#define TABLE_PAGES PLATFORM_CERTIFICATE_PAGES
_Static_assert(TABLE_PAGES == 1 << TABLE_ORDER, "the host wants them in one piece");

/* Made by the first message and never freed. */
static struct {
	uint8_t *request, *response, *table; /* table NULL: not made yet */
} shared;

static bool share(uint8_t *from, unsigned pages)
{
	for (unsigned i = 0; from && i < pages; i++)
		if (!snp_page_share(from + i * PAGE_SIZE))
			return false;
	return from;
}

/* A page that could not be shared is lost: nobody may use it for anything else. */
static bool make(void)
{
	uint8_t *request = alloc_page(), *response = alloc_page(),
		*table = alloc_pages(TABLE_ORDER);

	if (!share(request, 1) || !share(response, 1) || !share(table, TABLE_PAGES)) {
		log_error("snp: no shared pages for the security processor");
		return false;
	}
	shared.request = request;
	shared.response = response;
	shared.table = table;
	return true;
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

	if (!shared.table && !make())
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
