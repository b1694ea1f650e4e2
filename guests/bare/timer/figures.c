/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How late interrupts are, in ns. On a host that counts real time the figures are the host's, and
 * only their order is judged here; where time goes by instructions they are the machine's own, the
 * same in each run, and tests/integration/test_timer.py holds them (docs/timers.md).
 */
#include "bare/timer/timer.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/percpu.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define SAMPLES 32
#define VEC_IPI 0x70

TEST(lateness_deadline, "lateness-deadline", "how long behind its deadline the handler runs",
     "keelson:timer:figures")
{
	static struct figure running, halted;

	running.count = halted.count = 0;
	timer_begin();
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t at;

		timer_settle();
		timer_mode(APIC_LVT_DEADLINE);
		at = rdtsc() + timer_ticks(300);
		CHECK(timer_deadline_set(at));
		if (i % 2) {
			while (!timer_hits(VEC_TIMER))
				__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
		} else {
			CHECK(timer_until(1, 20));
		}
		CHECK_GE(timer_tick(1), at);
		figure_add(i % 2 ? &halted : &running, timer_ns(timer_tick(1) - at));
	}
	figure_report(&running, "timer_deadline_running_ns");
	figure_report(&halted, "timer_deadline_halted_ns");
	timer_end();
}

TEST(lateness_periodic, "lateness-periodic", "how far the ticks of a period of 1 ms are apart",
     "keelson:timer:figures")
{
	static struct figure apart;

	apart.count = 0;
	timer_begin();
	timer_settle();
	timer_start(APIC_LVT_PERIODIC, 1000000);
	CHECK(timer_until(SAMPLES, 30));
	timer_stop();
	for (unsigned n = 2; n <= SAMPLES; n++)
		figure_add(&apart, timer_ns(timer_tick(n) - timer_tick(n - 1)));
	figure_report(&apart, "timer_period_1ms_ns");
	timer_end();
}

TEST(latency_self, "latency-self", "how long an IPI to oneself takes up to its handler",
     "keelson:timer:figures")
{
	static struct figure taken;

	taken.count = 0;
	timer_begin();
	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t sent;

		timer_settle();
		apic_write(APIC_TPR, 0xf0);
		apic_ipi(percpu()->apic_id, VEC_TIMER);
		CHECK_EQ(timer_hits(VEC_TIMER), 0);
		sent = rdtsc();
		apic_write(APIC_TPR, 0);
		CHECK(timer_until(1, 20));
		CHECK_GE(timer_tick(1), sent);
		figure_add(&taken, timer_ns(timer_tick(1) - sent));
	}
	figure_report(&taken, "ipi_self_ns");
	timer_end();
}

static volatile uint64_t came, came_at;
static volatile bool stop;

static void on_ipi(struct trap_frame *t)
{
	(void)t;
	came_at = rdtsc();
	came++;
	apic_write(APIC_EOI, 0);
}

/* Sleeps up to the first IPI of a pair, then runs up to the second one: so each is taken in the
 * same state, whatever went before. */
static void listen(void *arg)
{
	(void)arg;
	apic_enable();
	smp_meet();
	while (!stop) {
		if (came % 2 == 0)
			__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
		else
			/* no PAUSE: TCG keeps STI's shadow through it */
			__asm__ volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
	}
	apic_disable();
}

static void send(uint64_t n, struct figure *taken)
{
	struct patience p = smp_patience(20);
	uint64_t sent = rdtsc();

	apic_ipi(smp_apic_id(), VEC_IPI);
	while (came < n && !smp_patience_over(&p) && !smp_dead())
		cpu_relax();
	REQUIRE_EQ(came, n);
	CHECK_GE(came_at, sent);
	figure_add(taken, timer_ns(came_at - sent));
}

TEST(latency_ipi, "latency-ipi",
     "how long an IPI takes, to a halted and to a running vCPU; each comes once",
     "keelson:timer:figures apm:apic:lost")
{
	static struct figure halted, running;

	halted.count = running.count = 0;
	came = 0;
	stop = false;
	timer_begin();
	trap_handler_set(VEC_IPI, on_ipi);
	smp_start();
	smp_run(listen, NULL);
	smp_meet();
	for (unsigned i = 0; i < SAMPLES; i++) {
		timer_settle();
		send(2 * i + 1, &halted);
		timer_hold(50);
		send(2 * i + 2, &running);
	}
	figure_report(&halted, "ipi_halted_ns");
	figure_report(&running, "ipi_running_ns");
	stop = true;
	apic_ipi(smp_apic_id(), VEC_IPI);
	CHECK(smp_wait(20));
	trap_handler_set(VEC_IPI, NULL);
	timer_end();
}
