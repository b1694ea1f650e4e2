/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What VMRUN leaves alone: x87, SSE, AVX, XCR0, PKRU, PAT, TSC_AUX and DR0 to DR3. The monitor
 * uses none of it, so a VMPL's values stay in the processor through every exit and are moved only
 * when another VMPL of the vCPU is to run. What the processor under us has of them is found once.
 */
#include "machine/cpu/fpu.h"
#include "base/x86.h"
#include "lib/string.h"

#define CR4_PKE          BIT(22)

#define CPUID1_ECX_XSAVE BIT(26)
#define CPUID1_ECX_AVX   BIT(28)
#define CPUID7_ECX_PKU   BIT(3)

static bool have_xsave, have_avx, have_pku;

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

/* On each CPU, but all are alike: what the last one finds is what the first one found. */
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

/* What XSETBV takes of a value that a guest may have put into its VMSA: known bits only, x87
 * always, and AVX only with SSE. */
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

/* XCR0 first, because XRSTOR takes only what XCR0 has on. */
void fpu_load(struct vmpl_ctx *c)
{
	c->xcr0 = xcr0_for(c->xcr0);
	if (have_xsave)
		write_xcr0(c->xcr0);
	if (c->xcr0 & XCR0_AVX)
		__asm__ volatile("xrstor64 (%0)" : : "r"(c->fx), "a"(7), "d"(0) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(c->fx) : "memory");
	if (have_pku && read_pkru() != c->pkru)
		write_pkru(c->pkru); /* costs TCG a TLB flush */
	wrmsr(MSR_PAT, fpu_pat_valid(c->pat) ? c->pat : PAT_RESET);
	wrmsr(MSR_TSC_AUX, c->tsc_aux);
	write_dr0(c->dr[0]);
	write_dr1(c->dr[1]);
	write_dr2(c->dr[2]);
	write_dr3(c->dr[3]);
}

uint32_t fpu_tsc_aux(void)
{
	return (uint32_t)rdmsr(MSR_TSC_AUX);
}

void fpu_save(struct vmpl_ctx *c)
{
	c->xcr0 = have_xsave ? read_xcr0() : XCR0_X87;
	if (c->xcr0 & XCR0_AVX)
		__asm__ volatile("xsave64 (%0)" : : "r"(c->fx), "a"(7), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(c->fx) : "memory");
	c->pkru = have_pku ? read_pkru() : 0;
	c->pat = rdmsr(MSR_PAT);
	c->tsc_aux = fpu_tsc_aux();
	c->dr[0] = read_dr0();
	c->dr[1] = read_dr1();
	c->dr[2] = read_dr2();
	c->dr[3] = read_dr3();
}
