/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Reading a GHCB once, the valid bitmap, the answer: GHCB specification (56421), layout and errors.
 *
 * sources: launch/machine/hv/ghcb/ghcb_page.c
 */
#include "tests/native/check.h"
#include "abi/ghcb.h"
#include "base/x86.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/tlb.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ghcb/ghcb_page.h"

#include <string.h>

static struct ghcb page;
static bool made_private; /* by another vCPU */
static unsigned writing;

gpa_t guest_gpa(const void *p)
{
	return gpa((uint64_t)p);
}

/* cpu/tlb.h: who makes the page private waits for the end of a write that was checked before. */
void tlb_write_begin(struct vcpu *v)
{
	(void)v;
	writing++;
}

void tlb_write_end(struct vcpu *v)
{
	(void)v;
	writing--;
}

bool guard_is_shared(gpa_t g, uint64_t len)
{
	CHECK(writing);
	CHECK(g.v >= (uint64_t)&page && g.v + len <= (uint64_t)(&page + 1));
	return !made_private;
}

static void valid(unsigned offset)
{
	page.valid[offset / 64] |= 1u << (offset / 8 % 8);
}

/* What a guest always gives: usage 0, version 2, code and both infos. */
static void good(void)
{
	memset(&page, 0, sizeof(page));
	page.version = 2;
	page.exit_code = GHCB_EXIT_CPUID;
	page.exit_info1 = 0x11;
	page.exit_info2 = 0x22;
	valid(0x390);
	valid(0x398);
	valid(0x3a0);
}

static struct ghcb_call take(void)
{
	struct ghcb_call c = {0};

	ghcb_read(&c, &page);
	return c;
}

TEST(a_good_page)
{
	struct ghcb_call c;

	good();
	c = take();
	CHECK_EQ(ghcb_check(&c), 0);
	CHECK_EQ(c.code, GHCB_EXIT_CPUID);
	CHECK_EQ(c.info1, 0x11);
	CHECK_EQ(c.info2, 0x22);
}

TEST(usage_and_version)
{
	struct ghcb_call c;

	good();
	page.usage = 1;
	c = take();
	CHECK_EQ(ghcb_check(&c), GHCB_ERR_INVALID_USAGE);
	for (unsigned v = 0; v < 5; v++) {
		good();
		page.version = v;
		c = take();
		CHECK_EQ(ghcb_check(&c), 0);
	}
}

TEST(each_required_field)
{
	static const unsigned offset[] = {0x390, 0x398, 0x3a0};
	struct ghcb_call c;

	for (unsigned i = 0; i < 3; i++) {
		good();
		page.valid[offset[i] / 64] &= ~(1u << (offset[i] / 8 % 8));
		c = take();
		CHECK_EQ(ghcb_check(&c), GHCB_ERR_MISSING_INPUT);
	}
}

TEST(inputs_by_name)
{
	static const struct {
		unsigned offset, need;
	} t[] = {{0x1f8, NEED_RAX}, {0x318, NEED_RBX},     {0x308, NEED_RCX},
		 {0x310, NEED_RDX}, {0x3a8, NEED_SCRATCH}, {0xc8, NEED_CPL}};
	struct ghcb_call c;

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		good();
		c = take();
		CHECK(!ghcb_needs_met(&c, t[i].need));
		CHECK(ghcb_needs_met(&c, 0));
		good();
		valid(t[i].offset);
		c = take();
		CHECK(ghcb_needs_met(&c, t[i].need));
		for (unsigned k = 0; k < sizeof(t) / sizeof(t[0]); k++)
			CHECK_EQ(ghcb_needs_met(&c, t[k].need), k == i);
	}
}

TEST(bitmap_has_an_end)
{
	struct ghcb_call c;

	good();
	memset(page.valid, 0xff, sizeof(page.valid));
	c = take();
	CHECK(ghcb_has(&c, 0x3f8));
	CHECK(!ghcb_has(&c, 0x400));
	CHECK(!ghcb_has(&c, 0xfff8));
}

TEST(a_change_after_the_read_is_not_seen)
{
	struct ghcb_call c;

	good();
	c = take();
	page.exit_code = GHCB_EXIT_TERMINATE;
	page.rax = 99;
	CHECK_EQ(c.code, GHCB_EXIT_CPUID);
	CHECK_EQ(c.rax, 0);
}

TEST(answer_says_what_is_valid)
{
	uint8_t want[16] = {0};
	struct ghcb_call c;

	good();
	valid(0x1f8);
	valid(0x3a8);
	c = take();
	ghcb_set_rax(&c, 0x1234);
	ghcb_set_rdx(&c, 0x5678);
	ghcb_answer(&c);
	want[0x1f8 / 64] |= 1u << (0x1f8 / 8 % 8);
	want[0x310 / 64] |= 1u << (0x310 / 8 % 8);
	want[0x398 / 64] |= 1u << (0x398 / 8 % 8);
	want[0x3a0 / 64] |= 1u << (0x3a0 / 8 % 8);
	CHECK_MEM(page.valid, want, sizeof(want));
	CHECK_EQ(page.rax, 0x1234);
	CHECK_EQ(page.rdx, 0x5678);
	CHECK_EQ(page.exit_info1, 0);
	CHECK_EQ(page.exit_info2, 0);
	CHECK(c.answered);
}

/* The RMP keeps a hypervisor from private memory: APM vol. 2, 15.36.10. */
TEST(a_page_that_has_become_private_gets_no_answer)
{
	struct ghcb before;
	struct ghcb_call c;

	good();
	c = take();
	before = page;
	made_private = true;
	ghcb_set_rax(&c, 0x1234);
	ghcb_answer(&c);
	made_private = false;
	CHECK_MEM(&page, &before, sizeof(page));
	CHECK(!writing);
}

TEST(refusals_and_exceptions)
{
	struct ghcb_call c;

	good();
	c = take();
	ghcb_fail(&c, GHCB_ERR_INVALID_EVENT);
	ghcb_answer(&c);
	CHECK_EQ(page.exit_info1, 2);
	CHECK_EQ(page.exit_info2, 6);
	ghcb_exception(&c, VEC_GP, true);
	ghcb_answer(&c);
	CHECK_EQ(page.exit_info1, 1);
	CHECK_EQ(page.exit_info2, 0x80000b0d);
	ghcb_exception(&c, VEC_UD, false);
	ghcb_answer(&c);
	CHECK_EQ(page.exit_info2, 0x80000306);
}
