/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Time at VMPL0: which source of the TSC's rate is believed, ticks and nanoseconds, and how seldom
 * the lazy timer asks the hypervisor. The TSC is the host's own: deadlines are either over or far
 * away.
 *
 * sources: svsm/cpu/timer.c svsm/cpu/x2apic.c
 */
#include <string.h>
#include "abi/vmsa.h"
#include "base/x86.h"
#include "tests/native/check.h"
#include "tests/native/gs.h"
#include "cpu/x2apic.h"
#include "log/log.h"
#include "cpu/timer.h"
#include "platform/platform.h"

#define FAR (1ull << 60)

/* ---- the hypervisor ---- */

static struct {
	uint32_t max, khz, bus_khz, f1_ecx, f15[3], f16;
	uint64_t processor_khz;
	bool doorbell; /* has_interrupts says no */
	bool spared;   /* the hypervisor needs no EOI */
	bool refuse;
	unsigned writes;
	uint64_t last[0x1000]; /* by the low bits of the MSR's number */
} hv;
static unsigned warnings;
static struct cpu cpu;

static void fake_cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	(void)sub;
	memset(r, 0, 4 * sizeof(*r));
	switch (leaf) {
	case 1:
		r[2] = hv.f1_ecx;
		break;
	case 0x15:
		memcpy(r, hv.f15, sizeof(hv.f15));
		break;
	case 0x16:
		r[0] = hv.f16;
		break;
	case 0x40000000:
		r[0] = hv.max;
		break;
	case 0x40000010:
		r[0] = hv.khz;
		r[1] = hv.bus_khz;
		break;
	}
}

static bool fake_read(uint32_t msr, uint64_t *v)
{
	CHECK_EQ(msr, MSR_APIC_BASE);
	*v = 0xfee00900;
	return !hv.refuse;
}

static bool fake_write(uint32_t msr, uint64_t v)
{
	hv.writes++;
	hv.last[msr & 0xfff] = v;
	return !hv.refuse;
}

static bool fake_has_interrupts(void)
{
	return !hv.doorbell;
}

static bool fake_eoi_spared(void)
{
	return hv.spared;
}

static uint64_t fake_tsc_khz(void)
{
	return hv.processor_khz;
}

static const struct platform_ops fake = {.cpuid = fake_cpuid,
					 .msr_read = fake_read,
					 .msr_write = fake_write,
					 .has_interrupts = fake_has_interrupts,
					 .eoi_spared = fake_eoi_spared,
					 .tsc_khz = fake_tsc_khz};
const struct platform_ops *platform = &fake;

void log_write(enum log_level level, const char *fmt, ...)
{
	(void)fmt;
	warnings += level == LOG_WARN;
}

static void restart(void)
{
	memset(&hv, 0, sizeof(hv));
	memset(&cpu, 0, sizeof(cpu));
	gs_become(&cpu);
	memset((void *)timer_this_cpu(), 0, sizeof(struct timer_cpu));
	hv.max = 0x40000010;
	hv.khz = 3000000;
	hv.f1_ecx = BIT(21) | BIT(24);
	warnings = 0;
}

/* ---- rate ---- */

TEST(the_rate_is_what_the_first_credible_source_says)
{
	static const struct {
		uint32_t max, hv, f15[3], f16, want;
	} t[] = {
		{0x40000010, 2596124, {2, 250, 24000000}, 3000, 2596124},
		{0x4000000f, 2596124, {2, 250, 24000000}, 0, 3000000}, /* no such leaf */
		{0x40000010, 0, {2, 250, 24000000}, 0, 3000000},
		{0x40000010, 99999, {2, 250, 24000000}, 0, 3000000},      /* 99 MHz */
		{0x40000010, 0xffffffff, {2, 250, 24000000}, 0, 3000000}, /* 4 THz */
		{0x40000010, 0, {0, 250, 24000000}, 2400, 2400000},
		{0x40000010, 0, {2, 250, 0}, 2400, 2400000},
		{0x40000010, 0, {1, 0xffffffff, 0xffffffff}, 2400, 0}, /* nonsense: assumed */
		{0, 0, {0, 0, 0}, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		check_context("%zu", i);
		restart();
		hv.max = t[i].max;
		hv.khz = t[i].hv;
		memcpy(hv.f15, t[i].f15, sizeof(hv.f15));
		hv.f16 = t[i].f16;
		timer_init_cpu();
		CHECK_EQ(timer_khz(), t[i].want ? t[i].want : 2000000);
		CHECK_EQ(warnings, !t[i].want);
		CHECK(timer_works());
	}
}

TEST(the_processor_is_believed_before_the_hypervisor)
{
	restart();
	hv.processor_khz = 2450000;
	timer_init_cpu();
	CHECK_EQ(timer_khz(), 2450000);
}

TEST(ticks_and_nanoseconds)
{
	restart();
	hv.khz = 2596124;
	timer_init_cpu();
	CHECK_EQ(timer_ticks(1000000), 2596124);
	CHECK_EQ(timer_ns(2596124), 1000000);
	CHECK_EQ(timer_ticks(10), 25);
	CHECK_EQ(timer_ns(0), 0);
	/* a century, and more than fits */
	CHECK_EQ(timer_ns(timer_ticks(3155760000000000000ull)), 3155760000000000000ull);
	CHECK_EQ(timer_ticks(UINT64_MAX), UINT64_MAX);
	for (uint64_t ns = 1; ns < 1ull << 62; ns *= 3) {
		check_context("%llu ns", (unsigned long long)ns);
		CHECK(timer_ns(timer_ticks(ns)) <= ns && timer_ns(timer_ticks(ns)) + 2 >= ns);
	}
}

TEST(uptime_never_goes_back)
{
	uint64_t before, now;

	restart();
	timer_init_cpu();
	before = timer_uptime_ns();
	for (unsigned i = 0; i < 1000; i++) {
		now = timer_uptime_ns();
		CHECK(now >= before);
		before = now;
	}
	timer_init_cpu(); /* as if the hypervisor had set the TSC back to our start */
	CHECK(timer_uptime_ns() >= before);
}

/* ---- the APIC ---- */

TEST(the_apic_is_switched_on)
{
	restart();
	timer_init_cpu();
	CHECK_EQ(hv.last[0x01b], 0xfee00d00);
	CHECK_EQ(hv.last[0x80f], 0x1ff);
	CHECK_EQ(hv.last[0x832], BIT(18) | TIMER_VECTOR);
	CHECK_EQ(hv.last[0x808], 0xe0); /* what guests aim here stays outside */
	CHECK(x2apic_send_nmi(0x12345));
	CHECK_EQ(hv.last[0x830], 0x12345ull << 32 | 0x4400);
}

TEST(no_apic_no_timer)
{
	for (unsigned i = 0; i < 2; i++) {
		check_context("%u", i);
		restart();
		hv.f1_ecx = i == 0 ? BIT(24) : hv.f1_ecx;
		hv.doorbell = i == 1;
		timer_init_cpu();
		CHECK(!timer_works());
		CHECK_EQ(warnings, 1);
		hv.writes = 0;
		timer_arm(FAR);
		CHECK_EQ(hv.writes, 0);
	}
}

TEST(slices_that_end_early_cost_nothing)
{
	restart();
	timer_init_cpu();
	hv.writes = 0;
	for (unsigned i = 0; i < 1000; i++)
		timer_arm(FAR + i);
	CHECK_EQ(hv.writes, 1);
	CHECK_EQ(hv.last[0x6e0], FAR);
	CHECK(!timer_interrupt()); /* early, or FAR is over: the last slice goes on */
	CHECK_EQ(hv.writes, 3);
	CHECK_EQ(hv.last[0x80b], 0);
	CHECK_EQ(hv.last[0x6e0], FAR + 999);
	timer_arm(FAR - 1); /* an earlier deadline is set at once */
	CHECK_EQ(hv.last[0x6e0], FAR - 1);
	CHECK_EQ(hv.writes, 4);
	CHECK_EQ(timer_this_cpu()->sets, 3);
}

TEST(a_slice_that_is_over_is_not_armed_again)
{
	restart();
	timer_init_cpu();
	timer_arm(1);
	hv.writes = 0;
	CHECK(timer_interrupt());
	CHECK_EQ(hv.writes, 1); /* EOI */
	timer_interrupt();      /* one that nothing asked for */
	CHECK_EQ(hv.writes, 2);
	timer_arm(FAR);
	CHECK_EQ(hv.last[0x6e0], FAR);
	CHECK_EQ(timer_this_cpu()->fired, 2);
}

/* The timer fired and its interrupt never came: after some slices it is armed anew, and logged
 * once. */
TEST(a_lost_interrupt_does_not_stop_the_timer)
{
	unsigned slices = 0;

	restart();
	timer_init_cpu();
	timer_arm(1);
	while (hv.last[0x6e0] != FAR && slices < 100) {
		timer_arm(FAR);
		slices++;
	}
	CHECK(slices > 2 && slices < 20);
	CHECK_EQ(warnings, 1);
}

/* A busy host may deliver late: that is no loss, however many short turns have begun since. */
TEST(a_late_interrupt_is_not_lost)
{
	uint64_t start;

	restart();
	timer_init_cpu();
	do { /* this test may itself run on a busy machine */
		hv.last[0x6e0] = 0;
		warnings = 0;
		timer_expired();
		start = timer_now();
		timer_arm(start + 1);
		for (unsigned i = 0; i < 100; i++)
			timer_arm(FAR);
	} while (timer_now() - start > timer_ticks(50000000));
	CHECK_EQ(hv.last[0x6e0], start + 1);
	CHECK_EQ(warnings, 0);
}

/* ---- refusals: docs/host-answers.md ---- */

/* Until the timer may be tried again. */
static void wait_again(void)
{
	uint64_t end = timer_now() + timer_ticks(2000000);

	while (timer_now() < end)
		cpu_relax();
}

TEST(a_refused_deadline_is_set_at_the_next_chance)
{
	restart();
	timer_init_cpu();
	hv.refuse = true;
	timer_arm(FAR);
	CHECK(!timer_works());
	hv.writes = 0;
	timer_arm(FAR); /* not at once: attempts cost exits */
	CHECK_EQ(hv.writes, 0);
	wait_again();
	timer_arm(FAR);
	CHECK_EQ(hv.writes, 1);
	CHECK(!timer_works());
	hv.refuse = false;
	wait_again();
	timer_arm(FAR + 5);
	CHECK_EQ(hv.last[0x6e0], FAR + 5);
	CHECK(timer_works());
	hv.writes = 0;
	timer_arm(FAR + 6); /* lazy as ever */
	CHECK_EQ(hv.writes, 0);
}

/* It may be refused in the middle of a turn, for which no further timer_arm() comes. */
TEST(a_deadline_refused_in_the_interrupt_is_set_from_the_next_system_call)
{
	restart();
	timer_init_cpu();
	timer_arm(FAR);
	hv.refuse = true;
	timer_interrupt(); /* early: the turn goes on */
	hv.refuse = false;
	hv.last[0x6e0] = 0;
	wait_again();
	CHECK(!timer_over());
	CHECK_EQ(hv.last[0x6e0], FAR);
	CHECK(timer_works());
}

/* APM vol. 2, 16.6.4: while a vector is in service none of its priority is delivered. */
TEST(a_refused_eoi_is_owed)
{
	restart();
	timer_init_cpu();
	timer_arm(1);
	hv.refuse = true;
	timer_interrupt();
	hv.refuse = false;
	hv.last[0x80b] = 99;
	wait_again();
	timer_arm(FAR);
	CHECK_EQ(hv.last[0x80b], 0);
	CHECK_EQ(hv.last[0x6e0], FAR);
	hv.writes = 0;
	timer_arm(1);
	CHECK_EQ(hv.writes, 1); /* once, not for each deadline */
}

TEST(an_apic_that_was_refused_is_switched_on_later)
{
	restart();
	hv.refuse = true;
	timer_init_cpu();
	CHECK(!timer_works());
	hv.refuse = false;
	wait_again();
	timer_arm(FAR);
	CHECK(timer_works());
	CHECK_EQ(hv.last[0x80f], 0x1ff);
	CHECK_EQ(hv.last[0x832], BIT(18) | TIMER_VECTOR);
	CHECK_EQ(hv.last[0x6e0], FAR);
}

/* Where no interrupt comes, the clock says that the turn is over. */
TEST(a_turn_is_over_once)
{
	restart();
	timer_init_cpu();
	CHECK(!timer_over()); /* no turn yet */
	timer_arm(FAR);
	CHECK(!timer_over());
	hv.refuse = true;
	timer_arm(timer_now());
	CHECK(timer_over());
	CHECK(!timer_over());
	restart();
	hv.f1_ecx = BIT(24); /* no APIC at all */
	timer_init_cpu();
	timer_arm(timer_now());
	CHECK(timer_over());
	CHECK(!timer_over());
}

/* As on hosts whose CPUID page has no TSC deadline: a count of bus ticks. */
TEST(one_shot_counts)
{
	restart();
	hv.f1_ecx = BIT(21);
	timer_init_cpu();
	CHECK_EQ(hv.last[0x832], TIMER_VECTOR);
	CHECK_EQ(hv.last[0x83e], 0xb);
	timer_arm(timer_now() + timer_ticks(100000000));
	CHECK(hv.last[0x838] > 1 && hv.last[0x838] <= 100000000);
	timer_arm(1);
	CHECK_EQ(hv.last[0x838], 1);
	timer_interrupt();
	timer_arm(FAR); /* the counter is too short for it: it fires early and is set anew */
	CHECK_EQ(hv.last[0x838], 1000000000);
	restart();
	hv.f1_ecx = BIT(21);
	hv.bus_khz = 25000;
	timer_init_cpu();
	timer_arm(FAR);
	CHECK_EQ(hv.last[0x838], 25000000);
}
