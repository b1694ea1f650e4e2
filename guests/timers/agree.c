/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The clocks against each other, on all CPUs. */
#include <cpuid.h>
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "timers/clocks.h"
#include "tools/external.h"

#define STEPS 600
#define LEAF_KHZ                                                                                   \
	0x40000010 /* EAX: the rate of the TSC, as Linux takes it (vmware.c, kvmclock.c)           \
		    */
#define PPM 100

/* One reading of all: the TSC on either side tells how far apart they may be. */
struct reading {
	uint64_t tsc, monotonic, raw, tsc_after;
};

static struct reading take(void)
{
	struct reading r;

	r.tsc = clocks_tsc();
	r.monotonic = clocks_now(CLOCK_MONOTONIC);
	r.raw = clocks_now(CLOCK_MONOTONIC_RAW);
	r.tsc_after = clocks_tsc();
	return r;
}

static uint64_t tsc_khz(void)
{
	unsigned a = 0, b, c, d;

	__cpuid(LEAF_KHZ, a, b, c, d);
	return a;
}

/* Nothing goes back, whatever CPU the next reading is on. */
static unsigned back(const struct reading *a, const struct reading *b)
{
	return (b->tsc < a->tsc_after) + (b->monotonic < a->monotonic) + (b->raw < a->raw);
}

/* Has so much time passed, give or take the width of both readings? */
static bool fits(uint64_t ns, const struct reading *a, const struct reading *b, uint64_t khz)
{
	uint64_t most = (b->tsc_after - a->tsc) * 1000000 / khz,
		 least = (b->tsc - a->tsc_after) * 1000000 / khz;

	return ns + ns * PPM / 1000000 >= least && ns <= most + most * PPM / 1000000;
}

EXTERNAL_TEST(agree, "clocks-agree",
	      "MONOTONIC, MONOTONIC_RAW and the TSC go on together, whatever CPU is asked")
{
	struct reading first = take(), last = first, now = first;
	uint64_t khz = tsc_khz();
	unsigned went_back = 0;

	for (unsigned i = 0; i < STEPS; i++) {
		CHECK(cpus_pin(i % cpus_online()));
		for (unsigned k = 0; k < 20; k++, last = now) {
			now = take();
			went_back += back(&last, &now);
		}
		if (i % 10 == 0)
			clocks_sleep_until(clocks_now(CLOCK_MONOTONIC) + NS_A_MS);
	}
	CHECK_EQ(went_back, 0);
	CHECK(khz > 100000 && khz < 10000000);
	CHECK(fits(now.monotonic - first.monotonic, &first, &now, khz));
	CHECK(fits(now.raw - first.raw, &first, &now, khz));
	external_info("tsc_khz", "%llu", (unsigned long long)khz);
}

/* clock_settime(2), timerfd_create(2): absolute timers of the realtime clock follow it, one with
 * TFD_TIMER_CANCEL_ON_SET is cancelled, and the monotonic clock does not care. */
EXTERNAL_TEST(set, "settimeofday",
	      "the time of day is set forward and back; only its own timers notice")
{
	const uint64_t ahead = 1000 * NS_A_SECOND;
	uint64_t began = clocks_now(CLOCK_MONOTONIC), day = clocks_now(CLOCK_REALTIME), n;
	struct itimerspec t = {.it_value = clocks_spec(day + ahead / 2)};
	int follows = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC),
	    cancelled = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	struct timespec later = clocks_spec(day + ahead);

	CHECK_EQ(timerfd_settime(follows, TFD_TIMER_ABSTIME, &t, NULL), 0);
	CHECK_EQ(timerfd_settime(cancelled, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, NULL),
		 0);
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &later), 0);
	CHECK_EQ(read(follows, &n, sizeof(n)), sizeof(n));
	CHECK_EQ(n, 1);
	CHECK(read(cancelled, &n, sizeof(n)) < 0 && errno == ECANCELED);
	CHECK(clocks_now(CLOCK_REALTIME) >= day + ahead);
	CHECK(clocks_now(CLOCK_MONOTONIC) - began < ahead / 2);
	later = clocks_spec(day + (clocks_now(CLOCK_MONOTONIC) - began));
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &later), 0);
	CHECK(clocks_now(CLOCK_REALTIME) < day + ahead / 2);
	close(follows);
	close(cancelled);
}
