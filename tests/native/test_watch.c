/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A guest that will never move again, and one that the host only does not run; and a device that
 * was refused something.
 *
 * sources: launch/machine/hv/watch.c
 */
#include "machine/hv/watch.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/isr.h"
#include "machine/host/options.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/iommu/dma_fault.h"
#include "machine/hv/quiesce.h"
#include "machine/hv/state/series.h"
#include "machine/hv/state/state.h"
#include "machine/hv/stop.h"
#include "tests/native/check.h"

#include <setjmp.h>
#include <string.h>

static struct vcpu cpus[2];
static struct hv_vcpu states[2];
struct vcpu *machine_vcpus[32] = {&cpus[0], &cpus[1]};
struct hv_vcpu *hv_states[32] = {&states[0], &states[1]};
unsigned machine_vcpu_count = 2;
static unsigned seconds, most; /* the watch's periods, and after how many the test ends */
static bool held[2];           /* the host does not run that vCPU's thread */
static bool moves;             /* vCPU 1 goes on once it is kicked */
static bool refused;           /* a device was */
struct host_options host_options;
static unsigned looks; /* whether the host wants to save the machine */
static jmp_buf over;

/* A guest is dead when all vCPUs have said so three times in a row (DEAD_ROUNDS): so many periods.
 */
#define DEAD_SECONDS 3

/* When the next sample is due: samples alone are no reason to look. */
static unsigned samples_between, samples_taken;

uint64_t series_look(void)
{
	if (!samples_between)
		return 0;
	return ++samples_taken % (samples_between + 1) ? 1 : ~0ull;
}

void quiesce_look(void)
{
	looks++;
}

bool dma_fault_report(void)
{
	return refused;
}

void stop_dma(void)
{
	longjmp(over, 3);
}

uint64_t host_tsc_khz(void)
{
	return 1000;
}

void host_timer_arm(uint64_t deadline)
{
	(void)deadline;
}

void host_halt(void)
{
	if (++seconds > most)
		longjmp(over, 1);
}

static unsigned windows; /* until an interrupt comes */

/* Only a CPU that stays awake asks. */
bool host_irq_came(void)
{
	CHECK(host_options.repeat);
	if (++seconds > most)
		longjmp(over, 1);
	return !windows || !--windows;
}

/* A vCPU that is kicked looks once more whether there is anything to do: hv/run.c. */
void host_kick(unsigned cpu)
{
	struct hv_vcpu *h = &states[cpu - 1];

	if (held[cpu - 1])
		return;
	h->dead = !(moves && cpu == 2);
	h->deaths += h->dead;
}

void stop_vmpl(struct vcpu *v, const char *fmt, ...)
{
	(void)v, (void)fmt;
	longjmp(over, 2);
}

/* How the watch has ended the run, WATCHING: it has not. */
enum end {
	WATCHING = 1,
	DEAD,
	REFUSED
};

static enum end ended_by(unsigned periods)
{
	int end;

	seconds = 0;
	most = periods;
	end = setjmp(over);
	if (!end)
		hv_service_main();
	return (enum end)end;
}

static bool ended(unsigned periods)
{
	return ended_by(periods) != WATCHING;
}

static void setup(bool dead0, bool dead1)
{
	memset(states, 0, sizeof(states));
	memset(held, 0, sizeof(held));
	moves = refused = false;
	host_options.strict = host_options.quiesce = false;
	looks = samples_taken = 0;
	cpus[1].index = 1;
	states[0].dead = dead0;
	states[1].dead = dead1;
}

TEST(a_guest_whose_vcpus_all_wait_for_nothing_is_ended_within_seconds)
{
	setup(true, true);
	CHECK(ended(10));
}

TEST(a_guest_that_runs_goes_on)
{
	setup(true, false);
	CHECK(!ended(100));
}

/* What woke it has come already; only its thread has not run since, on a loaded host. */
TEST(a_vcpu_that_the_host_does_not_run_is_not_dead)
{
	setup(true, true);
	held[1] = true;
	CHECK(!ended(100));
	held[1] = false;
	CHECK(ended(10));
}

/* The periods are made of short sleeps then. */
TEST(a_machine_that_may_be_saved_is_watched_as_any_other)
{
	setup(true, true);
	CHECK(ended(10) && !looks);
	setup(true, true);
	host_options.quiesce = true;
	CHECK_EQ((int)ended_by(-1u), (int)DEAD);
	CHECK(looks > 0);
}

TEST(a_vcpu_that_goes_on_when_it_is_kicked_is_not_dead)
{
	setup(true, true);
	moves = true;
	CHECK(!ended(100));
}

TEST(a_refused_device_ends_a_strict_run_and_no_other)
{
	setup(false, false);
	refused = true;
	CHECK_EQ(ended_by(10), WATCHING);
	host_options.strict = true;
	CHECK_EQ(ended_by(10), REFUSED);
	refused = false;
	CHECK_EQ(ended_by(10), WATCHING);
}

/* Its interrupt is what wakes the CPU, whatever the time of the next look. */
TEST(a_refused_device_is_told_at_once)
{
	setup(false, false);
	refused = host_options.strict = true;
	host_options.quiesce = true;
	CHECK_EQ(ended_by(1), REFUSED);
	host_options.quiesce = false;
	samples_between = 4;
	CHECK_EQ(ended_by(1), REFUSED);
	samples_between = 0;
	host_options.repeat = true;
	windows = 2;
	CHECK_EQ(ended_by(2), REFUSED);
	host_options.repeat = false;
}

/* With four samples in a second, each of which wakes this CPU, a dead guest takes as many seconds.
 */
TEST(samples_of_exits_are_no_looks)
{
	setup(true, true);
	samples_between = 4;
	CHECK(!ended(5 * DEAD_SECONDS - 1));
	setup(true, true);
	CHECK(ended(5 * DEAD_SECONDS));
	samples_between = 0;
}
