/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The waits of the machine: bounded by time, by lib/patience.h. A wait begins, and each round of it
 * looks:
 *
 *	struct patience p = host_patience(WAIT_MS);
 *
 *	while (!done() && !host_patience_over(&p))
 *		cpu_relax();
 *
 * A wait that is over tells what it waited for, and what the other CPU did (machine/cpu/seen.h).
 * Any CPU, any context. Until the rate of the TSC is known (host/time.h) the fastest one is
 * assumed, and waits last up to some times longer.
 */
#include "base/x86.h"
#include "lib/patience.h"
#include "machine/host/time.h"

#define HOST_KHZ_MAX 10000000ull /* no TSC is faster */

static inline struct patience host_patience(uint64_t ms)
{
	uint64_t khz = host_tsc_khz();

	return patience_begin(khz ? khz : HOST_KHZ_MAX, ms, rdtsc());
}

static inline bool host_patience_over(struct patience *p)
{
	return patience_over(p, rdtsc());
}
