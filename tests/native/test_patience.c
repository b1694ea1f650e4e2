/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * What a wait counts: time that the waiter has lived through, and no pause of the machine.
 *
 * sources:
 */
#include "lib/patience.h"
#include "tests/native/check.h"

#define KHZ    1000ull /* a tick is a microsecond */
#define SECOND (KHZ * 1000)

TEST(it_ends_when_its_time_is_over)
{
	struct patience p = patience_begin(KHZ, 20000, 5);
	uint64_t now = 5;

	while (now < 5 + 20 * SECOND)
		CHECK(!patience_over(&p, now += KHZ));
	CHECK(patience_over(&p, now + KHZ));
}

TEST(looks_that_come_fast_are_no_reason_to_end)
{
	struct patience p = patience_begin(KHZ, 20000, 0);

	for (uint64_t now = 0; now < 1000000; now++)
		if (!CHECK(!patience_over(&p, now)))
			return;
}

/* SIGCONT after half a minute, a minute, an hour: what is waited for has not run either. */
TEST(a_pause_of_the_machine_costs_one_look)
{
	struct patience p = patience_begin(KHZ, 20000, 0);
	uint64_t now = 0;

	CHECK(!patience_over(&p, now += 30 * SECOND));
	CHECK(!patience_over(&p, now += 60 * SECOND));
	CHECK(!patience_over(&p, now += 3600 * SECOND));
	CHECK_EQ(p.spent, 3 * PATIENCE_LOOK_MS * KHZ);
}

/* A waiter that the host seldom runs looks seldom: its wait is longer, and still has an end. */
TEST(a_starved_waiter_waits_longer_but_not_for_ever)
{
	struct patience p = patience_begin(KHZ, 20000, 0);
	unsigned looks = 0;

	for (uint64_t now = SECOND; !patience_over(&p, now); now += SECOND)
		looks++;
	CHECK_EQ(looks, 200);
}

TEST(a_short_wait_survives_a_pause_as_well)
{
	struct patience p = patience_begin(KHZ, 10, 0);
	uint64_t now = 0;

	for (unsigned i = 0; i < 7; i++)
		CHECK(!patience_over(&p, now += 30 * SECOND));
	CHECK(patience_over(&p, now += 30 * SECOND));
}

TEST(a_wait_of_no_time_ends_at_once)
{
	struct patience p = patience_begin(KHZ, 0, 5);

	CHECK(!patience_over(&p, 5));
	CHECK(patience_over(&p, 6));
}

TEST(a_clock_that_goes_back_stands_still)
{
	struct patience p = patience_begin(KHZ, 1000, 10 * SECOND);

	CHECK(!patience_over(&p, SECOND));
	CHECK_EQ(p.spent, 0);
	CHECK(!patience_over(&p, SECOND + KHZ));
	CHECK_EQ(p.spent, KHZ);
}
