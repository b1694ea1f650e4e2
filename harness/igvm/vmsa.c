/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "base/x86.h"
#include "harness/igvm/build.h"

/* Segment attributes in VMCB form: type, S, P; D/B and G for the flat ones */
#define ATTR_CODE32 0xc9b
#define ATTR_DATA32 0xc93
#define ATTR_LDT    0x082
#define ATTR_TSS    0x08b

#define PAT_RESET   0x0007040600070406ull
#define DR6_RESET   0xffff0ff0ull
#define DR7_RESET   0x400ull
#define MXCSR_INIT  0x1f80
#define FCW_INIT    0x37f

/*
 * With paging off every access is private, so the SVSM's first instructions need no C-bit. CR0 is
 * the value that KVM insists on, CR4.MCE as KVM sets it. APM vol. 2, table B-4.
 */
void build_vmsa(struct vmsa *v, uint32_t rip)
{
	const struct vmsa_seg data = {.selector = 0x10, .attrib = ATTR_DATA32, .limit = 0xffffffff};

	*v = (struct vmsa){
		.es = data,
		.ss = data,
		.ds = data,
		.fs = data,
		.gs = data,
		.cs = {.selector = 0x08, .attrib = ATTR_CODE32, .limit = 0xffffffff},
		.gdtr = {.limit = 0xffff},
		.idtr = {.limit = 0xffff},
		.ldtr = {.attrib = ATTR_LDT, .limit = 0xffff},
		.tr = {.attrib = ATTR_TSS, .limit = 0xffff},
		.efer = EFER_SVME,
		.cr4 = CR4_MCE,
		.cr0 = CR0_PE | CR0_ET | CR0_NE,
		.dr7 = DR7_RESET,
		.dr6 = DR6_RESET,
		.rflags = RFLAGS_R1,
		.rip = rip,
		.g_pat = PAT_RESET,
		.sev_features = SEV_FEAT_SNP_ACTIVE,
		.xcr0 = 1,
		.mxcsr = MXCSR_INIT,
		.x87_fcw = FCW_INIT,
	};
}
