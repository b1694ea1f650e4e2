/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Which VMSA a VMPL runs on. What VMRUN would check of a VMSA is checked when it is attached, and
 * again when it is loaded, since a VMPL with the right may have written to the page in between.
 */
#include "machine/snp/vmsa_attach.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/npt.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/options.h"
#include "machine/host/mem/pool.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_swap.h"
#include "abi/vmsa.h"

/* SEV_FEATURES that are modelled; VMRUN refuses those that a processor does not know (APM vol.
 * 2, 15.36.16 and 15.36.20). */
#define FEATURES                                                                                   \
	(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_VTOM | SEV_FEAT_REFLECT_VC | SEV_FEAT_RESTRICTED_INJ |     \
	 SEV_FEAT_ALTERNATE_INJ | SEV_FEAT_DEBUG_SWAP | SEV_FEAT_SECURE_TSC)

/* Who says which interrupts a VMPL takes has one answer: APM vol. 2, 15.36.16 and 15.36.21. */
static bool is_one(uint64_t injection)
{
	return !(injection & (injection - 1));
}

static bool known(uint64_t sev_features)
{
	return (host_options.any_features || !(sev_features & ~FEATURES)) &&
	       is_one(sev_features &
		      (SEV_FEAT_RESTRICTED_INJ | SEV_FEAT_ALTERNATE_INJ | SEV_FEAT_SECURE_AVIC));
}

/* VIRTUAL_TOM counts with its feature only, and then all vCPUs of a VMPL have the same. */
static uint64_t vtom_of(const struct vmsa *s, uint64_t sev_features)
{
	return sev_features & SEV_FEAT_VTOM ? READ_ONCE(s->virtual_tom) : 0;
}

static bool fits(uint8_t vmpl, gpa_t page, uint64_t sev_features)
{
	const struct vmsa *s = guest_ptr(page);

	return READ_ONCE(s->vmpl) == vmpl && READ_ONCE(s->sev_features) == sev_features &&
	       (sev_features & SEV_FEAT_SNP_ACTIVE) && known(sev_features) &&
	       fpu_pat_valid(READ_ONCE(s->g_pat)) &&
	       (!(sev_features & SEV_FEAT_VTOM) || npt_vtom(vmpl, vtom_of(s, sev_features)));
}

bool machine_attach(struct vcpu *v, uint8_t vmpl, gpa_t vmsa, uint64_t sev_features)
{
	struct vmpl_ctx *c = &v->ctx[vmpl];

	if (!gpa_eq(vmsa, GPA_NONE) && !gpa_eq(vmsa, c->vmsa) &&
	    (!rmp_is_vmsa(vmsa) || !IS_ALIGNED(vmsa.v, PAGE_SIZE) ||
	     !fits(vmpl, vmsa, sev_features)))
		return false;
	vmsa_put_down(c);
	if (gpa_eq(vmsa, GPA_NONE)) {
		c->vmsa = vmsa;
		return true;
	}
	if (!rmp_is_vmsa(vmsa) || !fits(vmpl, vmsa, sev_features))
		return false;
	c->vmsa = vmsa;
	c->sev_features = sev_features;
	c->vtom = vtom_of(guest_ptr(vmsa), sev_features);
	if (!c->vmcb)
		c->vmcb = host_pages_alloc(1);
	vmsa_reset_control(c, v->index * VMPL_COUNT + vmpl + 1);
	return true;
}

/* Of what the VMSA was attached with an SVSM changes one bit: cleared, it lets the hypervisor
 * inject again. */
static uint64_t features_now(const struct vmpl_ctx *c)
{
	const struct vmsa *s = guest_ptr(c->vmsa);

	return (c->sev_features & ~SEV_FEAT_ALTERNATE_INJ) |
	       (READ_ONCE(s->sev_features) & SEV_FEAT_ALTERNATE_INJ);
}

/* The new state is checked before the old one is given up, so that a refusal changes nothing. */
bool machine_switch(struct vcpu *v, uint8_t vmpl)
{
	struct vmpl_ctx *next = &v->ctx[vmpl];
	uint64_t features;

	if (next->loaded)
		return true;
	if (gpa_eq(next->vmsa, GPA_NONE) || !rmp_vmsa_lock(next->vmsa, (uint8_t)v->index))
		return false;
	features = features_now(next);
	if (!fits(vmpl, next->vmsa, features)) {
		rmp_vmsa_unlock(next->vmsa);
		return false;
	}
	vmsa_put_down(vcpu_ctx(v));
	v->vmpl = vmpl;
	next->sev_features = features;
	vmsa_load(next);
	next->loaded = true;
	return true;
}
