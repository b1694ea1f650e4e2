/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/hv/altinj.h"
#include "machine/hv/ghcb/nae.h"
#include "abi/ghcb.h"

/*
 * Alternate injection, by the GHCB draft of 2025: VMPL0 says how it is told of a lower VMPL's
 * interrupts, ends one, or gives the injection back. No other VMPL may: it would answer for the
 * interrupts of another.
 */

static void done(struct ghcb_call *c, bool ok)
{
	if (!ok)
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
}

static bool is_svsm(const struct ghcb_call *c)
{
	return c->v->vmpl == VMPL_SVSM;
}

static void configure(struct ghcb_call *c)
{
	done(c, is_svsm(c) && altinj_configure(c->v, c->info1));
}

/* vmpl<<16 | tpr<<8 | shadow<<1 | IF */
static void disable(struct ghcb_call *c)
{
	const uint64_t flags = GHCB_ALT_INJ_IF | GHCB_ALT_INJ_SHADOW;

	done(c, is_svsm(c) && !(c->info1 & 0xff & ~flags) &&
			altinj_disable(c->v, c->info1 >> 16, c->info1 >> 8 & 0xff));
}

/* vmpl<<16 | vector */
static void eoi(struct ghcb_call *c)
{
	done(c, is_svsm(c) && !(c->info1 & 0xff00) &&
			altinj_eoi(c->v, c->info1 >> 16, c->info1 & 0xff));
}

NAE_HANDLER(nae_configure_int_inj) = {
	.code = GHCB_EXIT_CONFIGURE_INT_INJ,
	.run = configure,
	.features = GHCB_HV_FEAT_EXT_INTERRUPTS,
	.stat = STAT_OTHER,
};

NAE_HANDLER(nae_disable_alt_inj) = {
	.code = GHCB_EXIT_DISABLE_ALT_INJ,
	.run = disable,
	.stat = STAT_OTHER,
};

NAE_HANDLER(nae_specific_eoi) = {
	.code = GHCB_EXIT_SPECIFIC_EOI,
	.run = eoi,
	.stat = STAT_OTHER,
};
