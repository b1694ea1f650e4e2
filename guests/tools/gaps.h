/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A thread on each CPU that wants to run every millisecond, ahead of every ordinary task
 * (SCHED_FIFO): how long each CPU was not to be had. What it sees is what the guest sees: the time
 * in the SVSM, but also the host's and the monitor's.
 */
#include "base/types.h"

#define GAPS_CPUS    64
#define GAPS_BUCKETS 12 /* of gaps from 4 ms on: 4..8 ms, 8..16 ms, ... 8.192 s and more */

struct gaps {
	uint64_t longest_ns;
	uint64_t wakes;
	uint32_t histogram[GAPS_BUCKETS];
};

bool gaps_start(void); /* false: a thread cannot be had as asked for */
/* Ends the threads; how many CPUs there are results of. */
unsigned gaps_stop(struct gaps result[GAPS_CPUS]);
