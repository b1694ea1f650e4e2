/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* CPU 0, which runs no guest, looks once a second whether any vCPU can still move, and tells what
 * devices were refused. */
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
#include "machine/layout.h"
#include "base/x86.h"

#define PERIOD_MS   1000
#define DEAD_ROUNDS 2 /* one answer may be older than what another vCPU has sent since */

static uint32_t asked[HOST_MAX_CPUS]; /* hv_vcpu.deaths when it was asked */

/* Each flag is its vCPU's own; a look at all of them is no snapshot, so one look proves nothing. */
static bool all_dead(void)
{
	unsigned i;

	for (i = 0; i < machine_vcpu_count; i++)
		if (!__atomic_load_n(&hv_states[i]->dead, __ATOMIC_RELAXED))
			return false;
	return true;
}

/*
 * A vCPU that looks dead may have been sent what it waits for, and its thread has not run since: on
 * a loaded host that may take seconds. So each is kicked, and says that it is dead by finding it
 * once more.
 */
static void ask(void)
{
	for (unsigned i = 0; i < machine_vcpu_count; i++) {
		asked[i] = __atomic_load_n(&hv_states[i]->deaths, __ATOMIC_ACQUIRE);
		host_kick(vcpu_cpu(machine_vcpus[i]));
	}
}

/* Who has not answered is kicked again: QEMU may lose a kick. */
static bool answered(void)
{
	bool all = true;

	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (__atomic_load_n(&hv_states[i]->deaths, __ATOMIC_ACQUIRE) == asked[i]) {
			host_kick(vcpu_cpu(machine_vcpus[i]));
			all = false;
		}
	return all;
}

/* One look. rounds: how often all have said so in a row. True: the guest is dead. */
static bool look(int *rounds)
{
	if (!all_dead()) {
		*rounds = -1;
		return false;
	}
	if (*rounds >= 0 && !answered())
		return false;
	++*rounds;
	ask();
	return *rounds >= DEAD_ROUNDS;
}

#define SPIN_ROUNDS 2000

/*
 * In a run that can be repeated one CPU is always awake. When all sleep, QEMU's main loop moves
 * time on to the next timer, and how far its own thread is by then is not the same in each run.
 * PAUSE gives the other CPUs their turn, and costs QEMU some microseconds: so not in each round.
 */
static void stay_awake(uint64_t until)
{
	while (rdtsc() < until && !host_irq_came()) {
		for (unsigned i = 0; i < SPIN_ROUNDS; i++)
			barrier();
		cpu_relax();
	}
}

static uint64_t ticks(uint64_t ms)
{
	return host_tsc_khz() * ms;
}

/* Asleep, or busily up, until then or an interrupt. */
static void rest(uint64_t until)
{
	if (host_options.repeat) {
		stay_awake(until);
		return;
	}
	host_timer_arm(until);
	host_halt();
}

static void tell_refused(void)
{
	if (dma_fault_report() && host_options.strict)
		stop_dma();
}

/* Until the time of the next look, or whatever else wakes this CPU, as a refused device does. With
 * the options series and quiesce it is up in between, and looks at no vCPU. */
static void sleep_until(uint64_t look)
{
	uint64_t next, sample;

	do {
		sample = series_look();
		next = sample ? MIN(sample, look) : look;
		if (host_options.quiesce)
			next = MIN(next, rdtsc() + ticks(QUIESCE_LOOK_MS));
		rest(next);
		tell_refused();
		if (host_options.quiesce)
			quiesce_look();
	} while (next < look);
}

/* A guest whose every vCPU halted with interrupts off will never move again: say so at once
 * instead of leaving it to a time-out. */
NORETURN void hv_service_main(void)
{
	int rounds = -1; /* nobody was asked */

	for (;;) {
		sleep_until(rdtsc() + ticks(PERIOD_MS));
		if (look(&rounds))
			stop_vmpl(machine_vcpus[0], "halted for good: every vCPU waits with "
						    "interrupts off");
	}
}
