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
	uint64_t low = 0, high = 0;
	bool ok = false;

	for (unsigned n = 0; g && !ok && n < GHCB_ATTEMPTS; n++) {
		GHCB_SET(g, rcx, msr);
		ok = !ghcb_call(g, GHCB_EXIT_MSR, 0, 0) && GHCB_GET(g, rax, &low) &&
		     GHCB_GET(g, rdx, &high);
	}
	*v = high << 32 | (uint32_t)low;
	if (g)
		ghcb_end(g);
	return ok;
}

bool snp_msr_write(uint32_t msr, uint64_t v)
{
	struct ghcb *g = ghcb_begin();
	bool ok = false;

	for (unsigned n = 0; g && !ok && n < GHCB_ATTEMPTS; n++) {
		GHCB_SET(g, rcx, msr);
		GHCB_SET(g, rax, (uint32_t)v);
		GHCB_SET(g, rdx, v >> 32);
		ok = !ghcb_call(g, GHCB_EXIT_MSR, 1, 0);
	}
	if (g)
		ghcb_end(g);
	return ok;
}

bool snp_nmi_done(void)
{
	struct ghcb *g = ghcb_begin();
	bool ok = false;

	for (unsigned n = 0; g && !ok && n < GHCB_ATTEMPTS; n++)
		ok = !ghcb_call(g, GHCB_EXIT_NMI_DONE, 0, 0);
	if (g)
		ghcb_end(g);
	return ok;
}
