/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * #VC in ring 3: what CPUID hides, which instructions are answered, and that the exit code has to
 * agree with them (svsm/user/emulate.h).
 *
 * sources: svsm/user/emulate.c svsm/lib/insn/decode.c svsm/lib/insn/prefixes.c
 * sources: svsm/user/space.c tests/native/fake_user.c
 */
#include <string.h>
#include "abi/ghcb.h"
#include "base/x86.h"
#include "tests/native/check.h"
#include "tests/native/fake_user.h"
#include "user/emulate.h"

#define TEXT 0x20000000ull /* one page */
#define END  (TEXT + PAGE_SIZE)

static uint8_t text[PAGE_SIZE] ALIGNED(4096);

static struct process *start(void)
{
	static struct process p;

	p = (struct process){.name = "test"};
	CHECK(space_create(&p.space, 200));
	CHECK(space_map_image(&p.space, TEXT, text, PAGE_SIZE, SPACE_R | SPACE_X));
	fake_loaded = &p.space;
	return &p;
}

static void finish(struct process *p)
{
	space_destroy(&p->space);
	CHECK_EQ(fake_pages, 0);
}

TEST(cpuid_hides_what_needs_more_state)
{
	uint32_t r[4];

#define ASK(leaf, sub) (memset(r, 0xff, sizeof(r)), emulate_mask_cpuid(leaf, sub, r))
	ASK(1, 0);
	CHECK_EQ(r[2] & (BIT(3) | BIT(12) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) |
			 BIT(29) | BIT(31)),
		 0);
	CHECK_EQ(r[1] >> 16, 0);
	CHECK_EQ(r[3], ~0u);
	ASK(7, 0);
	/* FSGSBASE, AVX2, RTM, MPX, all of AVX-512, PT */
	CHECK_EQ(r[1] & (BIT(0) | BIT(5) | BIT(11) | BIT(14) | BIT(16) | BIT(17) | BIT(21) |
			 BIT(25) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31)),
		 0);
	CHECK_EQ(r[2], 0); /* VAES, VPCLMULQDQ, PKU, ... */
	CHECK_EQ(r[0], 0);
	ASK(7, 1);
	CHECK_EQ(r[0] | r[1] | r[2] | r[3], 0);
	ASK(0x80000001, 0);
	CHECK_EQ(r[2] & (BIT(2) | BIT(11) | BIT(16)), 0); /* SVM, XOP, FMA4 */
	static const uint32_t none[] = {3,          5,          6,          0xb,        0xd,
					0x14,       0x19,       0x24,       0x40000000, 0x40000001,
					0x8000001e, 0x8000001f, 0x80000020, 0xffffffff};
	for (unsigned i = 0; i < ARRAY_LEN(none); i++) {
		ASK(none[i], 0);
		CHECK_EQ(r[0] | r[1] | r[2] | r[3], 0);
	}
	ASK(0, 0);
	CHECK_EQ(r[0], 7);
	ASK(0x80000000, 0);
	CHECK_EQ(r[0], 0x8000001d);
}

/* A #VC with this exit code at these bytes. */
static bool take(struct process *p, uint64_t rip, const char *bytes, size_t n, uint64_t error)
{
	memset(text, 0x90, sizeof(text));
	if (rip >= TEXT && rip + n <= END)
		memcpy(text + (rip - TEXT), bytes, n);
	p->regs = (struct user_regs){
		.vector = VEC_VC, .error = error, .rip = rip, .rax = 4, .rcx = 9, .rdx = 8};
	return emulate_vc(p);
}

#define TAKE(rip, bytes, error) take(p, rip, bytes, sizeof(bytes) - 1, error)

TEST(cpuid_is_answered_where_it_stands)
{
	struct process *p = start();

	CHECK(TAKE(TEXT, "\x0f\xa2", GHCB_EXIT_CPUID));
	CHECK_EQ(p->regs.rip, TEXT + 2);
	CHECK_EQ(p->regs.rdx, 4 + 3);
	CHECK(TAKE(TEXT, "\x2e\x66\x48\x0f\xa2", GHCB_EXIT_CPUID));
	CHECK_EQ(p->regs.rip, TEXT + 5);
	CHECK(TAKE(END - 2, "\x0f\xa2", GHCB_EXIT_CPUID)); /* the page's last bytes */
	CHECK_EQ(p->regs.rip, END);
	finish(p);
}

/* The TSC is read twice around it: the answer lies between, in EDX:EAX. */
TEST(the_tsc_is_the_svsms)
{
	struct process *p = start();
	uint64_t before = rdtsc(), value;

	CHECK(TAKE(TEXT, "\x0f\x31", GHCB_EXIT_RDTSC));
	value = p->regs.rdx << 32 | p->regs.rax;
	CHECK(value >= before && value <= rdtsc());
	CHECK_EQ(p->regs.rip, TEXT + 2);
	CHECK_EQ(p->regs.rcx, 9);
	before = rdtsc();
	CHECK(TAKE(TEXT, "\x0f\x01\xf9", GHCB_EXIT_RDTSCP));
	value = p->regs.rdx << 32 | p->regs.rax;
	CHECK(value >= before && value <= rdtsc());
	CHECK_EQ(p->regs.rip, TEXT + 3);
	finish(p);
}

TEST(everything_else_is_a_fault)
{
	static const struct {
		uint64_t rip;
		const char *bytes;
		size_t n;
		uint64_t error;
	} rows[] = {
		{TEXT, "\x90", 1, GHCB_EXIT_CPUID},         /* other bytes */
		{TEXT, "\x0f\xa2", 2, GHCB_EXIT_RDTSC},     /* another code */
		{TEXT, "\x0f\x31", 2, GHCB_EXIT_RDTSCP},    /* likewise */
		{TEXT, "\xf0\x0f\xa2", 3, GHCB_EXIT_CPUID}, /* #UD */
		{END - 1, "\x0f", 1, GHCB_EXIT_CPUID},      /* half of it is not there */
		{END, "", 0, GHCB_EXIT_CPUID},
		{0xffffffff80000000, "", 0, GHCB_EXIT_CPUID},
		{~0ull, "", 0, GHCB_EXIT_CPUID},
		{TEXT, "\x0f\x32", 2, GHCB_EXIT_MSR},
		{TEXT, "\x0f\x30", 2, GHCB_EXIT_MSR},
		{TEXT, "\xec", 1, GHCB_EXIT_IOIO},
		{TEXT, "\xe6\x80", 2, GHCB_EXIT_IOIO},
		{TEXT, "\xf3\x6c", 2, GHCB_EXIT_IOIO},
		{TEXT, "\xf3\x6e", 2, GHCB_EXIT_IOIO},
		{TEXT, "\x0f\x09", 2, GHCB_EXIT_WBINVD},
		{TEXT, "\x0f\x33", 2, GHCB_EXIT_RDPMC},
		{TEXT, "\x0f\x01\xd9", 3, GHCB_EXIT_VMMCALL},
		{TEXT, "\x0f\x01\xc8", 3, GHCB_EXIT_MONITOR},
	};
	struct process *p = start();

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		check_context("row %u", i);
		CHECK(!take(p, rows[i].rip, rows[i].bytes, rows[i].n, rows[i].error));
		CHECK_EQ(p->regs.rip, rows[i].rip);
		CHECK_EQ(p->regs.rax, 4);
		CHECK_EQ(p->regs.rcx, 9);
		CHECK_EQ(p->regs.rdx, 8);
	}
	finish(p);
}
