/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * MSRs that the hypervisor keeps (the local APIC's), read and written by GHCB events of our own
 * (MSR_PROT) instead of RDMSR and WRMSR, which would raise #VC. Also the event NMI Complete. The
 * answers are the hypervisor's word.
 */
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

bool snp_msr_read(uint32_t msr, uint64_t *v)
{
	struct ghcb *g = ghcb_begin();
	bool ok;

	if (!g)
		return false;
	GHCB_SET(g, rcx, msr);
	ok = !ghcb_call(g, GHCB_EXIT_MSR, 0, 0) && GHCB_HAS(g, rax) && GHCB_HAS(g, rdx);
	*v = (uint64_t)(uint32_t)g->rdx << 32 | (uint32_t)g->rax;
	ghcb_end(g);
	return ok;
}

bool snp_msr_write(uint32_t msr, uint64_t v)
{
	struct ghcb *g = ghcb_begin();
	bool ok;

	if (!g)
		return false;
	GHCB_SET(g, rcx, msr);
	GHCB_SET(g, rax, (uint32_t)v);
	GHCB_SET(g, rdx, v >> 32);
	ok = !ghcb_call(g, GHCB_EXIT_MSR, 1, 0);
	ghcb_end(g);
	return ok;
}

void snp_nmi_done(void)
{
	struct ghcb *g = ghcb_begin();

	if (!g)
		return;
	ghcb_call(g, GHCB_EXIT_NMI_DONE, 0, 0);
	ghcb_end(g);
}
