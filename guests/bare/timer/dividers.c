/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The divider: APM vol. 2, 16.4.1, and KVM's update_target_expiration() for one that is written
 * while the timer counts. How far the count has fallen is compared with the TSC, which is read
 * before and behind each access: what lies between the two readings bounds it from both sides,
 * however long the host took.
 */
#include "bare/timer/timer.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"

#define COUNT   0x40000000u
#define ROUNDED 2 /* ticks: both ends of a span are whole ones */

static const struct {
	uint32_t tdcr;
	unsigned by;
} dividers[] = {{0xb, 1}, {0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {0xa, 128}};

/* When an access may have had its effect: the TSC before and behind it. */
struct moment {
	uint64_t from, to;
};

static struct moment moment_write(unsigned reg, uint64_t value)
{
	struct moment m = {.from = rdtsc()};

	CHECK(apic_write(reg, value));
	m.to = rdtsc();
	return m;
}

static struct moment moment_read(unsigned reg, uint64_t *value)
{
	struct moment m = {.from = rdtsc()};

	*value = apic_read(reg);
	m.to = rdtsc();
	return m;
}

static uint64_t at_least(struct moment a, struct moment b, unsigned by)
{
	return timer_ns(b.from - a.to) / by;
}

static uint64_t at_most(struct moment a, struct moment b, unsigned by)
{
	return timer_ns(b.to - a.from) / by;
}

TEST(dividers_each, "dividers", "each divider, 1 to 128: the count falls at its pace",
     "apm:apic:timer-divide")
{
	timer_begin();
	timer_mode(APIC_LVT_MASKED);
	for (unsigned i = 0; i < ARRAY_LEN(dividers); i++) {
		unsigned by = dividers[i].by;
		struct moment start, end;
		uint64_t count, fell;

		test_case("by %u", by);
		CHECK(apic_write(APIC_TDCR, dividers[i].tdcr));
		CHECK_EQ(apic_read(APIC_TDCR), dividers[i].tdcr);
		start = moment_write(APIC_TMICT, COUNT);
		timer_hold(1000);
		end = moment_read(APIC_TMCCT, &count);
		fell = COUNT - count;
		CHECK_GE(fell + ROUNDED, at_least(start, end, by));
		CHECK_LE(fell, at_most(start, end, by) + ROUNDED);
	}
	timer_end();
}

/* The interrupt comes when the count divided so is over: never before. */
TEST(dividers_fire, "dividers-fire", "with each divider the timer fires behind its time, once",
     "apm:apic:timer-divide")
{
	uint64_t n = 0;

	timer_begin();
	timer_mode(0);
	for (unsigned i = 0; i < ARRAY_LEN(dividers); i++) {
		uint64_t start;

		test_case("by %u", dividers[i].by);
		apic_write(APIC_TDCR, dividers[i].tdcr);
		start = rdtsc();
		apic_write(APIC_TMICT, 640000 / dividers[i].by);
		CHECK(timer_until(++n, 20));
		CHECK_GE(timer_tick(n) - start + 1, timer_ticks(640));
	}
	timer_pass(1000);
	CHECK_EQ(timer_hits(VEC_TIMER), n);
	timer_end();
}

TEST(divider_running, "divider-running",
     "a divider written while the timer counts: the count goes on from where it is",
     "keelson:timer:divide-running")
{
	timer_begin();
	timer_mode(APIC_LVT_MASKED);
	for (unsigned i = 0; i < ARRAY_LEN(dividers); i++) {
		unsigned first = dividers[i].by, next = (i + 3) % ARRAY_LEN(dividers);
		unsigned by = dividers[next].by;
		struct moment start, change, end;
		uint64_t count, fell;

		test_case("from %u to %u", first, by);
		apic_write(APIC_TDCR, dividers[i].tdcr);
		start = moment_write(APIC_TMICT, COUNT);
		timer_hold(500);
		change = moment_write(APIC_TDCR, dividers[next].tdcr);
		timer_hold(500);
		end = moment_read(APIC_TMCCT, &count);
		fell = COUNT - count;
		CHECK_GE(fell + 2 * ROUNDED,
			 at_least(start, change, first) + at_least(change, end, by));
		CHECK_LE(fell,
			 at_most(start, change, first) + at_most(change, end, by) + 2 * ROUNDED);
	}
	timer_end();
}
