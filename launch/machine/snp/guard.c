/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/guard.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "machine/hostile/hostile.h"
#include "machine/iommu/dma.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vc.h"
#include "machine/snp/vmsa_attach.h"
#include "machine/snp/vmsa_swap.h"

/* SEV-SNP's answers to what the processor asks (cpu/guard.h): the RMP's, for the most part. */

void guard_init(void)
{
	rmp_init();
	dma_init();
	vmsa_init();
}

enum guard_access guard_access(gpa_t g, uint8_t vmpl, bool is_private, uint8_t want)
{
	switch (rmp_access_check(g, vmpl, is_private, want)) {
	case RMP_ACCESS_OK:
		return GUARD_OK;
	case RMP_ACCESS_NOT_VALIDATED:
		return GUARD_NOT_VALIDATED;
	default:
		return GUARD_EXIT;
	}
}

bool guard_is_shared(gpa_t g, uint64_t len)
{
	return rmp_is_shared(g, len);
}

uint8_t guard_rights(gpa_t g, uint8_t vmpl, bool is_private)
{
	if (is_private && hostile_hides(g))
		return 0;
	return rmp_rule_rights(rmp_entry(g), vmpl, is_private);
}

bool guard_load(struct vcpu *v)
{
	return machine_switch(v, v->vmpl);
}

/* CR2 has the address: APM vol. 2, 15.36.10. */
int guard_not_validated(struct vcpu *v, uint64_t linear)
{
	v->ctx[v->vmpl].vmcb->cr2 = linear;
	return vc_raise(v, VC_PAGE_NOT_VALIDATED);
}

void guard_describe(gpa_t g)
{
	const struct rmp_entry *e = rmp_entry(g);

	host_log("  RMP there: %s%s%s%s%s permissions %x %x %x %x",
		 e->state & RMP_GUEST ? "" : "not guest RAM ",
		 e->state & RMP_ASSIGNED ? "assigned" : "shared",
		 e->state & RMP_VALIDATED ? " validated" : "", e->state & RMP_VMSA ? " VMSA" : "",
		 e->state & RMP_HUGE ? " 2M" : "", e->perms[0], e->perms[1], e->perms[2],
		 e->perms[3]);
}

const char *guard_page_state(gpa_t g)
{
	uint8_t s = rmp_entry(g)->state;

	if (!(s & RMP_GUEST))
		return "no RAM of the guest's";
	if (!(s & RMP_ASSIGNED))
		return "shared by now";
	if (s & RMP_VMSA)
		return "a VMSA";
	return s & RMP_VALIDATED ? "private, validated" : "private, not validated";
}
