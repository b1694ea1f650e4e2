/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The hypervisor's list of APIC IDs: GHCB (56421), APIC ID list. It writes the list into shared
 * memory, where it and the guest may change it at any time: each word is read once, and the count
 * is bounded by the page, whatever it says.
 */
#include "mm/alloc.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

#define LIST_PAGES 1
#define LIST_ROOM  ((uint32_t)(LIST_PAGES * PAGE_SIZE / sizeof(uint32_t)) - 1)

/* RAX says how many pages there are; one is enough for more CPUs than the SVSM takes. */
static bool ask(const void *page)
{
	struct ghcb *g = ghcb_begin();
	bool ok = false;

	if (!g)
		return false;
	for (unsigned n = 0; !ok && n < GHCB_ATTEMPTS; n++) {
		GHCB_SET(g, rax, LIST_PAGES);
		ok = !ghcb_call(g, GHCB_EXIT_APIC_IDS, paging_pa(page).v, 0);
	}
	ghcb_end(g);
	return ok;
}

/* The page stays shared, and is never freed. */
unsigned snp_apic_ids(uint32_t *ids, unsigned max)
{
	const uint32_t *list;
	unsigned n;

	if (!snp_offers(GHCB_HV_FEAT_APIC_ID_LIST))
		return 0;
	list = alloc_page();
	if (!list || !snp_page_share((void *)list) || !ask(list))
		return 0;
	n = MIN(READ_ONCE(list[0]), MIN(LIST_ROOM, max));
	for (unsigned i = 0; i < n; i++)
		ids[i] = READ_ONCE(list[i + 1]);
	return n;
}
