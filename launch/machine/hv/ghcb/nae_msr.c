/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The MSR event: RCX names the MSR, info1 says whether it is written, RDX:RAX holds the value.
 * What is no MSR of hv/regs/msr.c is a #GP that the guest is asked to raise.
 */
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/regs/msr.h"
#include "machine/hv/state/state.h"
#include "abi/ghcb.h"
#include "base/x86.h"

/* EDX:EAX, as the instruction would have left them. */
static void rdmsr_event(struct ghcb_call *c)
{
	uint64_t value = 0;

	if (msr_read(c->v, c->rcx, &value) != MSR_OK) {
		ghcb_exception(c, VEC_GP, true);
		return;
	}
	ghcb_set_rax(c, (uint32_t)value);
	ghcb_set_rdx(c, value >> 32);
}

static void wrmsr_event(struct ghcb_call *c)
{
	if (!ghcb_needs_met(c, NEED_RAX | NEED_RDX))
		ghcb_fail(c, GHCB_ERR_MISSING_INPUT);
	else if (msr_write(c->v, c->rcx, c->rdx << 32 | (uint32_t)c->rax) != MSR_OK)
		ghcb_exception(c, VEC_GP, true);
}

static void msr_event(struct ghcb_call *c)
{
	if (c->info1 > 1)
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
	else if (c->info1)
		wrmsr_event(c);
	else
		rdmsr_event(c);
}

NAE_HANDLER(nae_msr) = {
	.code = GHCB_EXIT_MSR,
	.run = msr_event,
	.needs = NEED_RCX,
	.stat = STAT_MSR,
};
