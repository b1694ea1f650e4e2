/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * How long a wait may last. A clock goes on while the host does not run the one who waits, or has
 * stopped the whole machine (Ctrl-Z, a paused container, a suspended laptop), and then what is
 * waited for stands still as well. So a waiter counts what it has lived through: between two looks
 * PATIENCE_LOOK_MS at most, and never more than an eighth of the bound. A pause of any length costs
 * one look, and a pause alone ends none. A wait of 0 ms ends with the first tick.
 *
 * Time is in ticks of a clock that the caller reads (the TSC), at the rate that the caller gives. A
 * clock that was set back counts as one that stood still. A struct patience belongs to the one who
 * waits: no lock. machine/host/wait.h and cpu/wait.h are what the machine and the SVSM call.
 */
#include "base/types.h"

#define PATIENCE_LOOK_MS 100

struct patience {
	uint64_t limit; /* ticks that the wait may last, */
	uint64_t look;  /* of which one look counts so many at most */
	uint64_t spent;
	uint64_t last; /* the clock at the last look */
};

/* A wait of ms begins at `now`; khz: ticks a millisecond. Their product must fit 64 bits. */
static inline struct patience patience_begin(uint64_t khz, uint64_t ms, uint64_t now)
{
	uint64_t limit = khz * ms;

	return (struct patience){
		.limit = limit, .look = MIN(khz * PATIENCE_LOOK_MS, limit / 8 + 1), .last = now};
}

/* A look at `now`. True: the wait has lasted longer than it may. */
static inline bool patience_over(struct patience *p, uint64_t now)
{
	int64_t passed = (int64_t)(now - p->last);

	p->last = now;
	if (passed > 0)
		p->spent += MIN((uint64_t)passed, p->look);
	return p->spent > p->limit;
}
