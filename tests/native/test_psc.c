/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Pages made shared or private: GHCB (56421), SNP Page State Change, with hypervisors that stop
 * early, as they may, and such that lie.
 *
 * sources: svsm/platform/snp/psc.c
 */
#include "abi/ghcb.h"
#include "base/x86.h"
#include "cpu/timer.h"
#include "log/log.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"
#include "tests/native/check.h"

uint64_t paging_kernel_phys = KERNEL_LINKED;

#define G     0x100000ull
#define PAGES 16u

/* ---- the hypervisor's side of the list ---- */

static struct ghcb page;
static unsigned calls, at_once, idle; /* entries that a call does; calls before each that do none */
static uint64_t call_ticks;
static int back; /* where `cur` is set back to after each call; -1: it is not */

static unsigned by_msr, msr_good; /* pages asked for by the MSR protocol; so many are changed */
static bool list_refused;
static unsigned lines;

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)level, (void)fmt;
	lines++;
}

uint64_t timer_khz(void)
{
	return 1000;
}

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
	(void)g, (void)offset;
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	struct ghcb_psc_header *h = (void *)g->buffer;
	uint64_t start = rdtsc();

	(void)info1, (void)info2;
	CHECK_EQ(exit_code, GHCB_EXIT_PSC);
	CHECK(h->end < PAGES);
	while (rdtsc() - start < call_ticks)
		cpu_relax();
	if (++calls % (idle + 1) == 0)
		h->cur = (uint16_t)(h->cur + at_once);
	if (back >= 0 && h->cur > back)
		h->cur = (uint16_t)back;
	g->exit_info2 = 0;
	return list_refused ? PLATFORM_REFUSED : PLATFORM_OK;
}

bool ghcb_msr_page_state(gpa_t g, bool shared)
{
	CHECK(shared);
	CHECK_EQ(g.v, G + by_msr * PAGE_SIZE);
	return by_msr++ < msr_good;
}

static enum platform_result convert(unsigned entries, unsigned nothing)
{
	calls = by_msr = 0;
	at_once = entries;
	idle = nothing;
	return snp_page_convert(gpa(G), PAGES * PAGE_SIZE, true);
}

static void setup(void)
{
	call_ticks = 0;
	by_msr = msr_good = 0;
	list_refused = false;
	back = -1;
	lines = 0;
}

TEST(all_at_once)
{
	setup();
	CHECK_EQ(convert(PAGES, 0), PLATFORM_OK);
	CHECK_EQ(calls, 1);
}

TEST(one_by_one)
{
	setup();
	CHECK_EQ(convert(1, 0), PLATFORM_OK);
	CHECK_EQ(calls, PAGES);
}

/* It may stop for an interrupt before it has done anything, and on a busy host again and again. */
TEST(many_interruptions_are_no_refusal)
{
	setup();
	CHECK_EQ(convert(PAGES, 1999), PLATFORM_OK);
	CHECK_EQ(calls, 2000);
}

/* The TSC goes on while the host does not run the VM. */
TEST(a_pause_of_the_machine_is_no_refusal)
{
	setup();
	call_ticks = 30000 * timer_khz();
	CHECK_EQ(convert(PAGES, 2), PLATFORM_OK);
}

TEST(one_that_does_nothing_is_not_waited_for_without_end)
{
	setup();
	CHECK_EQ(convert(0, 0), PLATFORM_REFUSED);
	CHECK_EQ(lines, 1);
}

/* It takes back what it has said to be done: no progress either. */
TEST(one_that_goes_back_is_not_waited_for_without_end)
{
	setup();
	back = 3;
	CHECK_EQ(convert(2, 0), PLATFORM_REFUSED);
	back = 0;
	CHECK_EQ(convert(1, 0), PLATFORM_REFUSED);
}

/* docs/host-answers.md: what the page of the list does not bring, the MSR protocol may. */
TEST(a_refused_list_goes_page_by_page)
{
	setup();
	list_refused = true;
	msr_good = PAGES;
	CHECK_EQ(convert(0, 0), PLATFORM_OK);
	CHECK_EQ(by_msr, PAGES);
	setup();
	list_refused = true;
	msr_good = 3;
	CHECK_EQ(convert(0, 0), PLATFORM_REFUSED);
	CHECK_EQ(by_msr, 4); /* no page is asked for behind the first that is refused */
	setup();
	msr_good = PAGES;
	CHECK_EQ(convert(PAGES, 0), PLATFORM_OK);
	CHECK_EQ(by_msr, 0);
}
