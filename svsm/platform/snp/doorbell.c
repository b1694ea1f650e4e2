/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Restricted injection at VMPL0: the page in which the hypervisor shows what is pending, made
 * shared, registered and read. Each field is taken by one exchange: the hypervisor may show
 * something else at the same time, and neither of the two may be lost.
 */
#include "platform/snp/doorbell.h"
#include "abi/doorbell.h"
#include "abi/vmsa.h"
#include "cpu/trap/hv.h"
#include "cpu/percpu.h"
#include "log/log.h"
#include "mm/alloc.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/* Vector and flags are taken together, as one word. */
union pending {
	uint16_t word;
	struct {
		uint8_t vector, flags;
	};
};
ABI_OFFSET(struct hv_doorbell, flags, 1, "GHCB, #HV Doorbell Page: pending events");

struct doorbell_cpu {
	struct hv_doorbell *page; /* NULL: none */
};
static PERCPU struct doorbell_cpu doorbell;

static bool set(const void *page)
{
	struct ghcb *g = ghcb_begin();
	bool ok = false;

	if (!g)
		return false;
	for (unsigned n = 0; !ok && n < GHCB_ATTEMPTS; n++)
		ok = !ghcb_call(g, GHCB_EXIT_HV_DOORBELL, GHCB_DOORBELL_SET, paging_pa(page).v);
	ghcb_end(g);
	return ok;
}

/* #HV is expected before the page is registered: it may come with the answer. The page stays shared
 * whatever comes of it, and is never freed. */
static const char *start(void)
{
	void *page;

	if (!snp_offers(GHCB_HV_FEAT_RESTRICTED_INJ))
		return "the hypervisor does not offer it";
	page = alloc_page();
	if (!page)
		return "no memory";
	if (!snp_page_share(page))
		return "the page cannot be shared";
	percpu_mine(&doorbell)->page = page;
	hv_use();
	if (set(page))
		return NULL;
	percpu_mine(&doorbell)->page = NULL;
	return "the hypervisor refused the page";
}

void doorbell_init(void)
{
	const char *why;

	if (!(snp_sev_features() & SEV_FEAT_RESTRICTED_INJ))
		return;
	why = start();
	if (why)
		log_warn("doorbell: CPU %u: no interrupts: %s", percpu_this()->index, why);
}

bool doorbell_there(void)
{
	return percpu_mine(&doorbell)->page;
}

struct hv_doorbell *doorbell_page(void)
{
	return percpu_mine(&doorbell)->page;
}

/* Reading first is cheaper than an exchange, and most of the time there is nothing. */
bool doorbell_take(struct platform_events *e)
{
	struct hv_doorbell *page = percpu_mine(&doorbell)->page;
	union pending p;
	uint16_t *word;

	if (!page)
		return false;
	word = (uint16_t *)&page->vector;
	if (!READ_ONCE(*word))
		return false;
	p.word = __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);
	*e = (struct platform_events){.vector = p.vector,
				      .nmi = p.flags & DOORBELL_NMI,
				      .machine_check = p.flags & DOORBELL_MC};
	return true;
}

/* The exchange is the end of the interrupt where it gives something else than 0. */
bool doorbell_eoi_spared(void)
{
	struct hv_doorbell *page = percpu_mine(&doorbell)->page;

	return page && __atomic_exchange_n(&page->no_eoi_required, 0, __ATOMIC_SEQ_CST);
}
