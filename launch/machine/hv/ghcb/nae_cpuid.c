/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The CPUID event: leaf and subleaf come in RAX and RCX. */
#include "machine/hv/regs/cpuid.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state/state.h"
#include "abi/ghcb.h"

static void cpuid_event(struct ghcb_call *c)
{
	uint32_t r[4];

	/* GHCB, CPUID: leaf 0xd depends on XCR0, so it has to be given. */
	if ((uint32_t)c->rax == 0xd && !ghcb_has(c, offsetof(struct ghcb, xcr0))) {
		ghcb_fail(c, GHCB_ERR_MISSING_INPUT);
		return;
	}
	hv_cpuid(c->v, c->rax, c->rcx, r);
	ghcb_set_rax(c, r[0]);
	ghcb_set_rbx(c, r[1]);
	ghcb_set_rcx(c, r[2]);
	ghcb_set_rdx(c, r[3]);
}

NAE_HANDLER(nae_cpuid) = {
	.code = GHCB_EXIT_CPUID,
	.run = cpuid_event,
	.needs = NEED_RAX | NEED_RCX,
	.stat = STAT_CPUID,
};
