/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

/* AP_CREATION, GHCB 4.1.9: info1 = APIC ID, VMPL and what to do; info2 = VMSA; RAX = SEV_FEATURES.
 */
enum platform_result snp_vmsa_register(uint32_t apic_id, unsigned vmpl, gpa_t vmsa,
				       uint64_t sev_features)
{
	uint64_t who = (uint64_t)apic_id << 32 | vmpl << 16;
	struct ghcb *g = ghcb_begin();
	enum platform_result r;

	if (!g)
		return PLATFORM_REFUSED;
	GHCB_SET(g, rax, sev_features);
	r = ghcb_call(g, GHCB_EXIT_AP_CREATION, who | GHCB_AP_CREATE, vmsa.v);
	ghcb_end(g);
	return r;
}

enum platform_result snp_run_vmpl(unsigned vmpl)
{
	struct ghcb *g = ghcb_begin();
	enum platform_result r;

	if (!g)
		return PLATFORM_REFUSED;
	r = ghcb_call(g, GHCB_EXIT_RUN_VMPL, vmpl, 0);
	ghcb_end(g);
	return r;
}
