/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The boot vCPU's first state. It is measured with the pages, and the SVSM's entry stub
 * (svsm/boot/boot.S) relies on it.
 */
#include "base/x86.h"
#include "harness/igvm/build.h"
#include "lib/vmsa.h"

/* Segment attributes in VMCB form: type, S, P; D/B and G for the flat ones */
#define ATTR_CODE32 0xc9b
#define ATTR_DATA32 0xc93

/*
 * With paging off every access is private, so the SVSM's first instructions need no C-bit. CR0 is
 * the value that KVM insists on, CR4.MCE as KVM sets it.
 */
void build_vmsa(struct vmsa *v, uint32_t rip, uint64_t sev_features)
{
	const struct vmsa_seg data = {.selector = 0x10, .attrib = ATTR_DATA32, .limit = 0xffffffff};

	vmsa_reset(v);
	v->es = v->ss = v->ds = v->fs = v->gs = data;
	v->cs = (struct vmsa_seg){.selector = 0x08, .attrib = ATTR_CODE32, .limit = 0xffffffff};
	v->cr4 = CR4_MCE;
	v->cr0 = CR0_PE | CR0_ET | CR0_NE;
	v->rip = rip;
	v->sev_features = sev_features;
}
