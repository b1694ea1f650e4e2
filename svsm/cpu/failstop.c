/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How the other CPUs end when one has panicked, and which of them panics first. Called from any
 * context, like the panic itself: no lock, no memory, no answer that matters.
 */
#include "cpu/failstop.h"
#include "base/x86.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "lib/patience.h"
#include "log/log.h"
#include "platform/platform.h"

#define REPORT_MS 5000 /* another CPU's report, on a host that may not run it */

/* Not in .bss: on a page that the way of a call uses anyway (svsm.lds). */
uint32_t failstop_by SECTION(".data");
static bool reported;

/* A request for termination ends the machine of an honest host, and with it a report half done. Not
 * by cpu/wait.h, whose waits end here. */
static void wait_for_report(void)
{
	uint64_t khz = timer_khz();
	struct patience p = patience_begin(khz ? khz : TIMER_KHZ_MAX, REPORT_MS, rdtsc());

	while (!__atomic_load_n(&reported, __ATOMIC_ACQUIRE) && !patience_over(&p, rdtsc()))
		cpu_relax();
}

bool failstop_begin(void)
{
	uint32_t me = percpu_this()->index + 1, none = 0;

	if (__atomic_compare_exchange_n(&failstop_by, &none, me, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE) ||
	    none == me)
		return true;
	wait_for_report();
	return false;
}

void failstop_reported(void)
{
	if (failstop_by == percpu_this()->index + 1)
		__atomic_store_n(&reported, true, __ATOMIC_RELEASE);
}

/* From here on this CPU counts as one in a panic: what strikes it now prints one line at most. */
void failstop_stop(void)
{
	struct cpu *c = percpu_this();

	if (c->panic_depth)
		return;
	c->panic_depth++;
	wait_for_report();
	log_error("stopped, because CPU %u has panicked", failstop_by - 1);
	log_drain_last();
	platform->terminate(0, 0);
}
