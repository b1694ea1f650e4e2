/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The waits of the SVSM: bounded by time, by lib/patience.h. A wait begins, and each round looks:
 *
 *	struct patience p = svsm_patience(WAIT_MS);
 *
 *	while (!done() && !svsm_patience_over(&p))
 *		cpu_relax();
 *
 * Any CPU, any context. The TSC and its rate are the hypervisor's (cpu/timer.h), so a wait is as
 * long as it likes: what must not be given up for the hypervisor's sake must not depend on one.
 * Until the rate is known the fastest one is assumed, and waits last up to some times longer. A
 * wait does not outlast another CPU's panic.
 */
#include "base/x86.h"
#include "cpu/failstop.h"
#include "cpu/timer.h"
#include "lib/patience.h"

static inline struct patience svsm_patience(uint64_t ms)
{
	uint64_t khz = timer_khz();

	return patience_begin(khz ? khz : TIMER_KHZ_MAX, ms, rdtsc());
}

static inline bool svsm_patience_over(struct patience *p)
{
	failstop_check();
	return patience_over(p, rdtsc());
}
