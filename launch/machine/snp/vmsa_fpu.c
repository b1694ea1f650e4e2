/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/snp/vmsa_fpu.h"
#include "machine/cpu/fpu.h"
#include "lib/string.h"

/*
 * How a VMSA holds x87 is undocumented; KVM fills one so (Linux 6.12, arch/x86/kvm/svm/sev.c,
 * sev_es_sync_vmsa): the tag word is FXSAVE's, and of ST0..ST7 there are eight low parts of 8
 * bytes, then eight high parts of 2.
 */
#define LOW_PART  8
#define HIGH_PART 2
#define HIGH      (8 * LOW_PART)

/* The whole image is written: nothing of another VMPL's is left in it. */
static void image_from(struct fpu_image *f, const struct vmsa *s)
{
	memset(f, 0, sizeof(*f));
	f->fcw = s->x87_fcw;
	f->fsw = s->x87_fsw;
	f->ftw = (uint8_t)s->x87_ftw;
	f->fop = s->x87_fop;
	f->rip = s->x87_rip;
	f->dp = s->x87_dp;
	f->mxcsr = s->mxcsr & 0xffff;
	for (unsigned i = 0; i < 8; i++) {
		memcpy(f->st[i], s->fpreg_x87 + LOW_PART * i, LOW_PART);
		memcpy(f->st[i] + LOW_PART, s->fpreg_x87 + HIGH + HIGH_PART * i, HIGH_PART);
	}
	memcpy(f->xmm, s->fpreg_xmm, sizeof(f->xmm));
	memcpy(f->ymm, s->fpreg_ymm, sizeof(f->ymm));
	f->xstate_bv = XCR0_KNOWN;
}

static void image_to(const struct fpu_image *f, struct vmsa *s, bool avx)
{
	s->x87_fcw = f->fcw;
	s->x87_fsw = f->fsw;
	s->x87_ftw = f->ftw;
	s->x87_fop = f->fop;
	s->x87_rip = f->rip;
	s->x87_dp = f->dp;
	s->mxcsr = f->mxcsr;
	for (unsigned i = 0; i < 8; i++) {
		memcpy(s->fpreg_x87 + LOW_PART * i, f->st[i], LOW_PART);
		memcpy(s->fpreg_x87 + HIGH + HIGH_PART * i, f->st[i] + LOW_PART, HIGH_PART);
	}
	memcpy(s->fpreg_xmm, f->xmm, sizeof(f->xmm));
	if (avx)
		memcpy(s->fpreg_ymm, f->ymm, sizeof(f->ymm));
}

void vmsa_fpu_from(struct vmpl_ctx *c, const struct vmsa *s)
{
	image_from((struct fpu_image *)c->fx, s);
	c->xcr0 = s->xcr0;
	c->pkru = s->pkru;
	c->pat = s->g_pat;
	c->tsc_aux = s->tsc_aux;
	memcpy(c->dr, s->dr, sizeof(c->dr));
}

void vmsa_fpu_to(const struct vmpl_ctx *c, struct vmsa *s)
{
	image_to((const struct fpu_image *)c->fx, s, c->xcr0 & XCR0_AVX);
	s->xcr0 = c->xcr0;
	s->pkru = c->pkru;
	s->g_pat = c->pat;
	s->tsc_aux = c->tsc_aux;
	memcpy(s->dr, c->dr, sizeof(s->dr));
}
