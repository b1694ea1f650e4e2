/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The table of events. Handlers come into it from their own files through the linker, so nothing
 * here knows them. A search is some thirty comparisons, next to an exit nothing.
 */
#include "machine/hv/ghcb/nae.h"
#include "machine/host_assert.h"

extern const struct nae_handler __start_nae_handlers[], __stop_nae_handlers[];

static const struct nae_handler *find(uint64_t code)
{
	for (const struct nae_handler *h = __start_nae_handlers; h < __stop_nae_handlers; h++)
		if (h->code == code)
			return h;
	return NULL;
}

/* Which of two handlers serves would be the linker's choice. */
void nae_init(void)
{
	for (const struct nae_handler *h = __start_nae_handlers; h < __stop_nae_handlers; h++)
		if (find(h->code) != h)
			host_fault("GHCB event 0x%llx has two handlers",
				   (unsigned long long)h->code);
}

void nae_dispatch(struct ghcb_call *c)
{
	const struct nae_handler *h = find(c->code);

	hv_count(c->v, h ? h->stat : STAT_OTHER);
	if (!h)
		ghcb_fail(c, GHCB_ERR_INVALID_EVENT);
	else if (ghcb_needs_met(c, h->needs))
		h->run(c);
	else
		ghcb_fail(c, GHCB_ERR_MISSING_INPUT);
}

/* A feature is offered when the handler that makes it true is linked. */
uint64_t nae_features(void)
{
	uint64_t features = 0;

	for (const struct nae_handler *h = __start_nae_handlers; h < __stop_nae_handlers; h++)
		features |= h->features;
	return features;
}
