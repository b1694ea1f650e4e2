/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/fpu.h"
#include "base/x86.h"
#include "lib/string.h"

#define CR4_PKE          BIT(22)
#define XCR0_X87         BIT(0)
#define XCR0_SSE         BIT(1)
#define XCR0_AVX         BIT(2)
#define XCR0_KNOWN       (XCR0_X87 | XCR0_SSE | XCR0_AVX)

#define CPUID1_ECX_XSAVE BIT(26)
#define CPUID1_ECX_AVX   BIT(28)
#define CPUID7_ECX_PKU   BIT(3)

static bool have_xsave, have_avx, have_pku;

/* FXSAVE's image in 64-bit form, with the header and the AVX component of XSAVE after it. */
struct fx_image {
	uint16_t fcw, fsw;
	uint8_t ftw, rsvd;
	uint16_t fop;
	uint64_t rip, dp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[16][16];
	uint8_t rsvd_1a0[96];
	uint64_t xstate_bv, xcomp_bv, rsvd_210[6];
	uint8_t ymm[256];
} PACKED;
ABI_OFFSET(struct fx_image, xmm, 160, "APM vol. 2, 11.4.4: FXSAVE");
ABI_OFFSET(struct fx_image, ymm, 576, "APM vol. 2, 11.5.10: XSAVE");
ABI_SIZE(struct fx_image, 832, "vmpl_ctx.fx");

static uint64_t read_xcr0(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

static void write_xcr0(uint64_t v)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

static uint32_t read_pkru(void)
{
	uint32_t v, hi;

	__asm__ volatile("rdpkru" : "=a"(v), "=d"(hi) : "c"(0));
	return v;
}

static void write_pkru(uint32_t v)
{
	__asm__ volatile("wrpkru" : : "a"(v), "c"(0), "d"(0));
}

#define DR_OPS(n)                                                                                  \
	static uint64_t read_dr##n(void)                                                           \
	{                                                                                          \
		uint64_t v;                                                                        \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(v));                                  \
		return v;                                                                          \
	}                                                                                          \
	static void write_dr##n(uint64_t v)                                                        \
	{                                                                                          \
		__asm__ volatile("mov %0, %%dr" #n : : "r"(v));                                    \
	}
DR_OPS(0)
DR_OPS(1)
DR_OPS(2)
DR_OPS(3)

void fpu_cpu_init(void)
{
	uint32_t r[4];
	uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cpuid(1, 0, r);
	have_xsave = r[2] & CPUID1_ECX_XSAVE;
	have_avx = have_xsave && (r[2] & CPUID1_ECX_AVX);
	cpuid(7, 0, r);
	have_pku = r[2] & CPUID7_ECX_PKU;
	if (have_xsave)
		cr4 |= CR4_OSXSAVE;
	if (have_pku)
		cr4 |= CR4_PKE;
	write_cr4(cr4);
}

/* ---- the x87 tag word: 2 bits a register in the VMSA, 1 bit in FXSAVE ---- */

static uint8_t tags_short(uint16_t full)
{
	uint8_t tags = 0;

	for (unsigned i = 0; i < 8; i++)
		if ((full >> 2 * i & 3) != 3)
			tags |= (uint8_t)(1u << i);
	return tags;
}

static unsigned tag_of(const uint8_t *st)
{
	uint64_t mantissa;
	uint16_t exponent;

	memcpy(&mantissa, st, 8);
	memcpy(&exponent, st + 8, 2);
	exponent &= 0x7fff;
	if (exponent == 0 && mantissa == 0)
		return 1;
	return exponent == 0 || exponent == 0x7fff || !(mantissa >> 63) ? 2 : 0;
}

static uint16_t tags_full(const struct fx_image *f)
{
	unsigned top = f->fsw >> 11 & 7, full = 0;

	for (unsigned i = 0; i < 8; i++)
		full |= (f->ftw >> i & 1 ? tag_of(f->st[(i - top) & 7]) : 3u) << 2 * i;
	return (uint16_t)full;
}

/* ---- images ---- */

static void image_from_vmsa(struct fx_image *f, const struct vmsa *s)
{
	memset(f, 0, sizeof(*f));
	f->fcw = s->x87_fcw;
	f->fsw = s->x87_fsw;
	f->ftw = tags_short(s->x87_ftw);
	f->fop = s->x87_fop;
	f->rip = s->x87_rip;
	f->dp = s->x87_dp;
	f->mxcsr = s->mxcsr & 0xffff;
	for (unsigned i = 0; i < 8; i++)
		memcpy(f->st[i], s->fpreg_x87 + 10 * i, 10);
	memcpy(f->xmm, s->fpreg_xmm, sizeof(f->xmm));
	memcpy(f->ymm, s->fpreg_ymm, sizeof(f->ymm));
	f->xstate_bv = XCR0_KNOWN;
}

static void image_to_vmsa(const struct fx_image *f, struct vmsa *s, bool avx)
{
	s->x87_fcw = f->fcw;
	s->x87_fsw = f->fsw;
	s->x87_ftw = tags_full(f);
	s->x87_fop = f->fop;
	s->x87_rip = f->rip;
	s->x87_dp = f->dp;
	s->mxcsr = f->mxcsr;
	for (unsigned i = 0; i < 8; i++)
		memcpy(s->fpreg_x87 + 10 * i, f->st[i], 10);
	memcpy(s->fpreg_xmm, f->xmm, sizeof(f->xmm));
	if (avx)
		memcpy(s->fpreg_ymm, f->ymm, sizeof(f->ymm));
}

static uint64_t xcr0_for(uint64_t want)
{
	uint64_t can = XCR0_X87 | XCR0_SSE | (have_avx ? XCR0_AVX : 0);

	want = (want & can) | XCR0_X87;
	return (want & (XCR0_SSE | XCR0_AVX)) == XCR0_AVX ? XCR0_X87 : want;
}

bool fpu_pat_valid(uint64_t pat)
{
	for (unsigned i = 0; i < 64; i += 8)
		if (!(0xf3u >> (pat >> i & 7) & 1) || (pat >> i & 0xf8))
			return false;
	return true;
}

bool fpu_valid(const struct vmsa *s)
{
	return fpu_pat_valid(READ_ONCE(s->g_pat));
}

/* The VMSA page may have changed since it was found valid. */
static void load_pat(const struct vmsa *s)
{
	uint64_t pat = READ_ONCE(s->g_pat);

	wrmsr(MSR_PAT, fpu_pat_valid(pat) ? pat : PAT_RESET);
}

void fpu_load(struct vmpl_ctx *c, const struct vmsa *s)
{
	image_from_vmsa((struct fx_image *)c->fx, s);
	c->xcr0 = xcr0_for(s->xcr0);
	if (have_xsave)
		write_xcr0(c->xcr0);
	if (c->xcr0 & XCR0_AVX)
		__asm__ volatile("xrstor64 (%0)" : : "r"(c->fx), "a"(7), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(c->fx) : "memory");
	if (have_pku && read_pkru() != s->pkru)
		write_pkru(s->pkru); /* costs TCG a TLB flush */
	load_pat(s);
	wrmsr(MSR_TSC_AUX, s->tsc_aux);
	write_dr0(s->dr[0]);
	write_dr1(s->dr[1]);
	write_dr2(s->dr[2]);
	write_dr3(s->dr[3]);
}

void fpu_save(struct vmpl_ctx *c, struct vmsa *s)
{
	c->xcr0 = have_xsave ? read_xcr0() : XCR0_X87;
	if (c->xcr0 & XCR0_AVX)
		__asm__ volatile("xsave64 (%0)" : : "r"(c->fx), "a"(7), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(c->fx) : "memory");
	image_to_vmsa((struct fx_image *)c->fx, s, c->xcr0 & XCR0_AVX);
	s->xcr0 = c->xcr0;
	c->pkru = s->pkru = have_pku ? read_pkru() : 0;
	c->pat = s->g_pat = rdmsr(MSR_PAT);
	c->tsc_aux = s->tsc_aux = (uint32_t)rdmsr(MSR_TSC_AUX);
	s->dr[0] = c->dr[0] = read_dr0();
	s->dr[1] = c->dr[1] = read_dr1();
	s->dr[2] = c->dr[2] = read_dr2();
	s->dr[3] = c->dr[3] = read_dr3();
}
