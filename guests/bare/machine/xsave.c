/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * XSAVE for x87 and SSE: APM vol. 2, 11.5 (XSAVE/XRSTOR), vol. 3 and 4 (the instructions), vol. 3,
 * appendix E.3.8 (leaf 0xd). This image is compiled without SSE, so the registers hold what the
 * tests put there.
 */
#include "abi/cpuid_page.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define XCR0_X87  BIT(0)
#define XCR0_SSE  BIT(1)
#define XCR0_AVX  BIT(2)
#define BOTH      (XCR0_X87 | XCR0_SSE)
#define AREA_SIZE 0x240

/* The area in its standard form: what FXSAVE writes, then a header. */
struct area {
	uint16_t fcw, fsw;
	uint8_t ftw, rsvd_5;
	uint16_t fop;
	uint64_t rip, dp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint64_t xmm[16][2];
	uint8_t rsvd_1a0[96];
	uint64_t xstate_bv, xcomp_bv, rsvd_210[6];
} PACKED;
ABI_SIZE(struct area, AREA_SIZE, "APM vol. 2, 11.5.10");

static struct area saved ALIGNED(64), other ALIGNED(64);

static uint64_t xgetbv(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* ---- what may fault, for fault_call() ---- */

struct setting {
	uint32_t index;
	uint64_t value;
};

static void set(void *arg)
{
	const struct setting *s = arg;

	__asm__ volatile("xsetbv"
			 :
			 : "c"(s->index), "a"((uint32_t)s->value), "d"((uint32_t)(s->value >> 32)));
}

static void get(void *arg)
{
	*(uint64_t *)arg = xgetbv();
}

static void save(void *arg)
{
	__asm__ volatile("xsave64 (%0)" : : "r"(arg), "a"(~0u), "d"(~0u) : "memory");
}

static void save_optimized(void *arg)
{
	__asm__ volatile("xsaveopt64 (%0)" : : "r"(arg), "a"(~0u), "d"(~0u) : "memory");
}

static void restore(void *arg)
{
	__asm__ volatile("xrstor64 (%0)" : : "r"(arg), "a"(~0u), "d"(~0u) : "memory");
}

/* ---- the tests' own state ---- */

static void xsave_on(uint64_t xcr0)
{
	struct setting s = {0, xcr0};

	write_cr4(read_cr4() | CR4_OSXSAVE);
	set(&s);
}

/* As every test finds it. */
static void xsave_off(void)
{
	struct setting s = {0, XCR0_X87};

	set(&s);
	write_cr4(read_cr4() & ~CR4_OSXSAVE);
	__asm__ volatile("fninit");
}

static void put_registers(uint64_t xmm, uint16_t fcw, uint32_t mxcsr)
{
	const uint64_t v[2] = {xmm, ~xmm};

	__asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tldmxcsr %1\n\tmovups %2, %%xmm0\n\tmovups "
			 "%2, %%xmm15"
			 :
			 : "m"(fcw), "m"(mxcsr), "m"(v));
}

#define FCW_1    0x027f /* double precision, all exceptions masked */
#define FCW_2    0x0e7f
#define FCW_INIT 0x037f
#define MXCSR_1  0x3f80
#define MXCSR_2  0x9f80
#define XMM_1    0x0123456789abcdefull
#define XMM_2    0x1122334455667788ull
#define ONE_HIGH 0x3fff /* 1.0 in 80 bits: exponent, then the integer bit alone */
#define ONE_LOW  0x8000000000000000ull

static void check_saved(const struct area *a, uint64_t xmm, uint16_t fcw, uint32_t mxcsr)
{
	uint64_t low;
	uint16_t high;

	memcpy(&low, a->st[0], sizeof(low));
	memcpy(&high, a->st[0] + sizeof(low), sizeof(high));
	CHECK_EQ(a->fcw, fcw);
	CHECK_EQ(low, ONE_LOW);
	CHECK_EQ(high, ONE_HIGH);
	CHECK_EQ(a->mxcsr, mxcsr);
	CHECK_EQ(a->xmm[0][0], xmm);
	CHECK_EQ(a->xmm[15][1], ~xmm);
}

/* ---- tests ---- */

static const struct snp_cpuid_fn *page_entry(uint32_t sub)
{
	const struct snp_cpuid_page *page = vmpl_cpuid_page();

	for (uint32_t i = 0; i < page->count; i++)
		if (page->fn[i].eax_in == 0xd && page->fn[i].ecx_in == sub)
			return &page->fn[i];
	return NULL;
}

TEST(xsave_leaf, "xsave-leaf",
     "CPUID shows XSAVE and XSAVEOPT for x87 and SSE, as in the CPUID page",
     "apm:e.3.8:xsave keelson:xsave:level snp:8.17.2.6:agree")
{
	const struct snp_cpuid_fn *f;
	uint32_t r[4];

	REQUIRE(ghcb_cpuid(1, 0, r));
	CHECK_EQ(r[2] >> 26 & 1, 1);
	test_case_of("keelson:xsave:level", "highest leaf");
	REQUIRE(ghcb_cpuid(0, 0, r));
	CHECK(r[0] < 0xd);
	for (uint32_t sub = 0; sub < 4; sub++) {
		test_case_of("apm:e.3.8:xsave", "subleaf %u", sub);
		REQUIRE(ghcb_cpuid(0xd, sub, r));
		CHECK_EQ(r[0] & ~(sub == 1 ? BIT(2) : 0), sub == 0 ? BOTH : sub == 1 ? 1 : 0);
		CHECK_EQ(r[1], sub ? 0 : AREA_SIZE);
		CHECK_EQ(r[2], sub ? 0 : AREA_SIZE);
		CHECK_EQ(r[3], 0);
		test_case_of("snp:8.17.2.6:agree", "subleaf %u", sub);
		f = page_entry(sub);
		CHECK_EQ(f != NULL, sub < 2);
		if (!f)
			continue;
		CHECK_EQ(f->xcr0_in, XCR0_X87); /* as QEMU fills it in: target/i386/sev.c */
		CHECK_EQ(f->xss_in, 0);
		CHECK_EQ(f->eax, r[0]);
		CHECK_EQ(f->ebx, r[1]);
		CHECK_EQ(f->ecx, r[2]);
		CHECK_EQ(f->edx, r[3]);
	}
}

TEST(xsave_osxsave, "xsave-osxsave",
     "OSXSAVE in CPUID follows CR4, and without it there is no XSAVE", "apm:11.5:osxsave")
{
	struct setting s = {0, BOTH};
	struct fault f;
	uint64_t v;
	uint32_t r[4];

	REQUIRE(ghcb_cpuid(1, 0, r));
	CHECK_EQ(r[2] >> 27 & 1, 0);
	CHECK_EQ(fault_call(&f, set, &s), VEC_UD);
	CHECK_EQ(fault_call(&f, get, &v), VEC_UD);
	CHECK_EQ(fault_call(&f, save, &saved), VEC_UD);
	CHECK_EQ(fault_call(&f, save_optimized, &saved), VEC_UD);
	CHECK_EQ(fault_call(&f, restore, &saved), VEC_UD);
	write_cr4(read_cr4() | CR4_OSXSAVE);
	CHECK_EQ(xgetbv(), XCR0_X87); /* at reset: vol. 2, table 14-1 */
	REQUIRE(ghcb_cpuid(1, 0, r));
	CHECK_EQ(r[2] >> 27 & 1, 1);
	xsave_off();
}

TEST(xsetbv_rules, "xsetbv-rules", "XSETBV of a value that leaf 0xd does not allow raises #GP(0)",
     "apm:xsetbv:gp")
{
	static const uint64_t good[] = {XCR0_X87, BOTH}, bad[] = {0, XCR0_SSE, XCR0_AVX};
	struct fault f;

	write_cr4(read_cr4() | CR4_OSXSAVE);
	for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
		test_case("0x%llx", (unsigned long long)good[i]);
		CHECK_EQ(fault_call(&f, set, &(struct setting){0, good[i]}), FAULT_NONE);
		CHECK_EQ(xgetbv(), good[i]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		test_case("0x%llx", (unsigned long long)bad[i]);
		CHECK_EQ(fault_call(&f, set, &(struct setting){0, bad[i]}), VEC_GP);
		CHECK_EQ(f.error, 0);
		CHECK_EQ(xgetbv(), BOTH);
	}
	for (unsigned bit = 2; bit < 64; bit++) {
		test_case("bit %u", bit);
		CHECK_EQ(fault_call(&f, set, &(struct setting){0, BOTH | BIT(bit)}), VEC_GP);
		CHECK_EQ(xgetbv(), BOTH);
	}
	test_case("another register");
	CHECK_EQ(fault_call(&f, set, &(struct setting){1, BOTH}), VEC_GP);
	xsave_off();
}

TEST(xsave_roundtrip, "xsave-roundtrip",
     "XSAVE and XSAVEOPT save x87 and SSE, XRSTOR brings them back", "apm:11.5:xsave")
{
	static void (*const ways[])(void *) = {save, save_optimized};

	xsave_on(BOTH);
	for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
		test_case(i ? "XSAVEOPT" : "XSAVE");
		memset(&saved, 0, sizeof(saved));
		memset(&other, 0, sizeof(other));
		put_registers(XMM_1, FCW_1, MXCSR_1);
		ways[i](&saved);
		check_saved(&saved, XMM_1, FCW_1, MXCSR_1);
		CHECK_EQ(saved.xstate_bv, BOTH);
		CHECK_EQ(saved.xcomp_bv, 0);
		put_registers(XMM_2, FCW_2, MXCSR_2);
		restore(&saved);
		save(&other);
		check_saved(&other, XMM_1, FCW_1, MXCSR_1);
	}
	xsave_off();
}

TEST(xrstor_init, "xrstor-init", "XRSTOR of a component whose bit is clear gives its reset state",
     "apm:11.5:init")
{
	xsave_on(BOTH);
	memset(&saved, 0, sizeof(saved));
	put_registers(XMM_1, FCW_1, MXCSR_1);
	save(&saved);
	saved.xstate_bv = 0;
	restore(&saved);
	memset(&other, 0xff, sizeof(other));
	__asm__ volatile("fxsave64 %0" : "=m"(other));
	CHECK_EQ(other.fcw, FCW_INIT);
	CHECK_EQ(other.ftw, 0); /* all empty */
	CHECK_EQ(other.xmm[0][0] | other.xmm[0][1], 0);
	CHECK_EQ(other.xmm[15][0] | other.xmm[15][1], 0);
	xsave_off();
}

/* XRSTOR without compaction: vol. 4, XRSTOR, exceptions. */
TEST(xrstor_rules, "xrstor-rules",
     "XRSTOR of a header that the processor does not know raises #GP(0)", "apm:xrstor:gp")
{
	struct fault f;

	xsave_on(BOTH);
	memset(&saved, 0, sizeof(saved));
	save(&saved);
	test_case("a component that XCR0 has off");
	other = saved;
	other.xstate_bv |= XCR0_AVX;
	CHECK_EQ(fault_call(&f, restore, &other), VEC_GP);
	test_case("the compacted form");
	other = saved;
	other.xcomp_bv = BIT(63) | BOTH;
	CHECK_EQ(fault_call(&f, restore, &other), VEC_GP);
	test_case("not aligned");
	CHECK_EQ(fault_call(&f, restore, (uint8_t *)&saved + 8), VEC_GP);
	CHECK_EQ(fault_call(&f, save, (uint8_t *)&saved + 8), VEC_GP);
	xsave_off();
}
