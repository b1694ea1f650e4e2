/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The reset state of a VMSA, for every one that the project makes. */
#include "lib/vmsa.h"
#include "base/x86.h"
#include "lib/string.h"

/* Attributes in VMCB form: P, S and type. */
#define ATTR_CODE 0x9b
#define ATTR_DATA 0x93
#define ATTR_LDT  0x82
#define ATTR_TSS  0x8b

#define LIMIT     0xffff

static void reset_segments(struct vmsa *v)
{
	const struct vmsa_seg data = {.attrib = ATTR_DATA, .limit = LIMIT};

	v->es = v->ss = v->ds = v->fs = v->gs = data;
	v->cs = (struct vmsa_seg){
		.selector = 0xf000, .attrib = ATTR_CODE, .limit = LIMIT, .base = 0xffff0000};
	v->gdtr = v->idtr = (struct vmsa_seg){.limit = LIMIT};
	v->ldtr = (struct vmsa_seg){.attrib = ATTR_LDT, .limit = LIMIT};
	v->tr = (struct vmsa_seg){.attrib = ATTR_TSS, .limit = LIMIT};
}

void vmsa_reset(struct vmsa *v)
{
	memset(v, 0, sizeof(*v));
	reset_segments(v);
	v->rip = 0xfff0;
	v->rflags = RFLAGS_R1;
	v->cr0 = CR0_CD | CR0_NW | CR0_ET;
	v->efer = EFER_SVME;
	v->dr6 = 0xffff0ff0;
	v->dr7 = 0x400;
	v->g_pat = PAT_RESET;
	v->xcr0 = 1;
	v->mxcsr = 0x1f80;
	v->x87_fcw = 0x37f;
	v->x87_ftw = 0;
}
