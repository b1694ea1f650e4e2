/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Faults that others have met in public, each with a test that would find it here. */
#include "bare/timer/timer.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/percpu.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define ICR_NMI  0x4400u
#define ICR_SELF 0x40000u
#define RESTARTS 10

/* firecracker issue 4099, kata-containers issue 13798: after a restore the deadline was written
 * before the mode that it needs, and was lost without a word. The write is dropped, as hardware
 * does; behind the mode it counts. */
TEST(restore_order, "lost-deadline-restore-order",
     "a deadline written before its mode is none; written again behind it, it fires",
     "apm:apic:timer-deadline keelson:timer:mode-switch")
{
	timer_begin();
	for (unsigned i = 1; i <= 10; i++) {
		timer_mode(0);
		CHECK(timer_deadline_set(1));
		timer_mode(APIC_LVT_DEADLINE);
		CHECK_EQ(timer_deadline(), 0);
		timer_pass(200);
		CHECK_EQ(timer_hits(VEC_TIMER), i - 1);
		CHECK(timer_deadline_set(rdtsc() + timer_ticks(100)));
		CHECK(timer_until(i, 20));
	}
	timer_end();
}

static volatile uint64_t nmis;

/* It comes in the middle of the GHCB request that sent it, so it leaves the GHCB alone. */
static void on_nmi(struct trap_frame *t)
{
	(void)t;
	nmis++;
}

static bool nmi_came(uint64_t n)
{
	struct patience p = smp_patience(20);

	while (nmis < n && !smp_patience_over(&p))
		cpu_relax();
	return nmis >= n;
}

/* COCONUT commit 42726717: an NMI to oneself was sent as a vector. */
TEST(nmi_self, "nmi-self", "an NMI to oneself, by ID and by shorthand, comes once, as an NMI",
     "apm:apic:nmi")
{
	uint64_t n = 0;

	timer_begin();
	nmis = 0;
	trap_handler_set(VEC_NMI, on_nmi);
	for (unsigned i = 0; i < 20; i++) {
		uint64_t to = i % 2 ? ICR_SELF : (uint64_t)percpu()->apic_id << 32;

		CHECK(apic_write(APIC_ICR, to | ICR_NMI | (i & 2 ? VEC_HIGH : 0)));
		CHECK(nmi_came(++n));
		CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_NMI_DONE, 0, 0), 0);
		timer_pass(50);
		CHECK_EQ(nmis, n);
	}
	CHECK_EQ(timer_hits(VEC_HIGH), 0); /* ICR's vector says nothing for an NMI */
	trap_handler_set(VEC_NMI, NULL);
	timer_end();
}

static volatile uint64_t ran;

static void run_once(void *arg)
{
	(void)arg;
	ran++;
}

/* edk2 issue 13164: a processor whose start was lost was waited for without end. smp_start() fails
 * the test when the vCPU does not come. */
TEST(start_lost, "ap-start-lost",
     "a second vCPU starts each time, 10 times, and runs what it is given", "apm:apic:lost")
{
	ran = 0;
	for (unsigned i = 1; i <= RESTARTS; i++) {
		smp_start();
		smp_run(run_once, NULL);
		CHECK(smp_wait(20));
		CHECK_EQ(ran, i);
		smp_stop();
	}
}
