/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * #VC in the SVSM itself: which instruction and exit code agree (APM vol. 2, 15.35.5; GHCB,
 * events), and that a hypervisor which injects one at an MSR access of ours changes nothing.
 *
 * sources: svsm/platform/snp/vc.c svsm/lib/insn/decode.c svsm/lib/insn/prefixes.c
 */
#include <string.h>
#include "abi/ghcb.h"
#include "abi/vmsa.h"
#include "tests/native/check.h"
#include "cpu/frame.h"
#include "mm/image.h"
#include "log/log.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"
#include "platform/snp/vc_io.h"

/* ---- what vc.c expects: an image of a few bytes, a hypervisor that says yes to everything ---- */

__asm__(".pushsection .data\n"
	".globl kernel_text, kernel_text_end\n"
	"kernel_text: .skip 16\n"
	"kernel_text_end:\n"
	".popsection\n");

static struct ghcb page;
static unsigned asked;

struct ghcb *ghcb_begin(void)
{
	return &page;
}

void ghcb_end(struct ghcb *g)
{
	CHECK(g == &page);
}

void ghcb_mark(struct ghcb *g, size_t offset)
{
	(void)g;
	(void)offset;
}

bool ghcb_marked(const struct ghcb *g, size_t offset)
{
	(void)g;
	(void)offset;
	return true;
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	(void)g;
	(void)exit_code;
	(void)info1;
	(void)info2;
	asked++;
	return PLATFORM_OK;
}

bool vc_io(struct frame *f, const struct insn *i)
{
	(void)f;
	(void)i;
	asked++;
	return true;
}

/* A request takes four elements. */
bool vc_io_string(struct frame *f, const struct insn *i, uint64_t base)
{
	CHECK_EQ(base, 0);
	if (i->repeat)
		f->rcx = f->rcx > 4 ? f->rcx - 4 : 0;
	asked++;
	return true;
}

static uint64_t features;

uint64_t snp_sev_features(void)
{
	return features;
}

bool snp_msr_read(uint32_t msr, uint64_t *v)
{
	(void)msr;
	*v = 0;
	asked++;
	return true;
}

bool snp_msr_write(uint32_t msr, uint64_t v)
{
	(void)msr;
	(void)v;
	asked++;
	return true;
}

void snp_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	(void)sub;
	for (unsigned i = 0; i < 4; i++)
		out[i] = leaf + i;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* ---- */

static bool take(const char *insn, uint64_t error, struct frame *f)
{
	memset(kernel_text, 0x90, 16);
	memcpy(kernel_text, insn, strlen(insn));
	*f = (struct frame){
		.rip = (uint64_t)kernel_text, .error = error, .rax = 5, .rcx = 0xc0000084};
	asked = 0;
	return snp_vc(f);
}

TEST(the_exit_code_agrees_with_the_instruction)
{
	static const struct {
		const char *insn;
		uint64_t error;
		bool good, asks;
	} cases[] = {
		{"\x0f\xa2", GHCB_EXIT_CPUID, true, false},
		{"\x0f\xa2", GHCB_EXIT_MSR, false, false},
		{"\xee", GHCB_EXIT_IOIO, true, true},
		{"\xee", GHCB_EXIT_CPUID, false, false},
		{"\xe4\x60", GHCB_EXIT_IOIO, true, true},
		{"\x6c", GHCB_EXIT_IOIO, true, true},
		{"\x6e", GHCB_EXIT_IOIO, true, true},
		{"\x6e", GHCB_EXIT_MSR, false, false},
		{"\xf0\x6e", GHCB_EXIT_IOIO, false, false}, /* LOCK: #UD */
		{"\x0f\x31", GHCB_EXIT_RDTSC, true, true},
		{"\x0f\x09", GHCB_EXIT_WBINVD, true, true},
		{"\x90", GHCB_EXIT_CPUID, false, false},
	};
	struct frame f;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		check_context("case %u", i);
		CHECK_EQ(take(cases[i].insn, cases[i].error, &f), cases[i].good);
		CHECK_EQ(asked, cases[i].asks);
		CHECK_EQ(f.rip - (uint64_t)kernel_text, cases[i].good ? strlen(cases[i].insn) : 0);
	}
	CHECK(take("\x0f\xa2", GHCB_EXIT_CPUID, &f));
	CHECK_EQ(f.rdx, 8);
}

/* RIP leaves the instruction with the last access: until then the processor makes it again. */
TEST(a_repeated_instruction_goes_on)
{
	struct frame f;

	CHECK(take("\xf3\x6e", GHCB_EXIT_IOIO, &f));
	f.rcx = 9;
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(f.rip - (uint64_t)kernel_text, 0);
		CHECK(snp_vc(&f));
	}
	CHECK_EQ(f.rcx, 0);
	CHECK_EQ(f.rip - (uint64_t)kernel_text, 2);
	/* without the prefix RCX is somebody else's */
	CHECK(take("\x6e", GHCB_EXIT_IOIO, &f));
	CHECK_EQ(f.rcx, 0xc0000084);
	CHECK_EQ(f.rip - (uint64_t)kernel_text, 1);
	/* the upper half of RCX counts for nothing with address size 32 */
	memcpy(kernel_text, "\x67\xf3\x6e", 3);
	f = (struct frame){
		.rip = (uint64_t)kernel_text, .error = GHCB_EXIT_IOIO, .rcx = 1ull << 32 | 4};
	CHECK(snp_vc(&f));
	CHECK_EQ(f.rip - (uint64_t)kernel_text, 3);
}

TEST(a_secure_tsc_is_not_the_hypervisors)
{
	struct frame f;

	features = SEV_FEAT_SECURE_TSC;
	CHECK(!take("\x0f\x31", GHCB_EXIT_RDTSC, &f));
	CHECK(!take("\x0f\x01\xf9", GHCB_EXIT_RDTSCP, &f));
	CHECK_EQ(asked, 0);
	features = 0;
	CHECK(take("\x0f\x01\xf9", GHCB_EXIT_RDTSCP, &f));
	CHECK_EQ(asked, 1);
}

TEST(no_msr_of_ours_is_the_hypervisors)
{
	static const char *const insn[] = {"\x0f\x30", "\x0f\x32"};
	struct frame f, before;

	for (unsigned i = 0; i < ARRAY_LEN(insn); i++) {
		check_context("0f %02x", insn[i][1]);
		CHECK(!take(insn[i], GHCB_EXIT_MSR, &f));
		CHECK_EQ(asked, 0); /* and the hypervisor does not see the value either */
		before = (struct frame){.rip = (uint64_t)kernel_text,
					.error = GHCB_EXIT_MSR,
					.rax = 5,
					.rcx = 0xc0000084};
		CHECK_MEM(&f, &before, sizeof(f));
	}
}
