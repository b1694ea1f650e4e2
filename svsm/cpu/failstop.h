/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A panic on one CPU stops them all. Termination is the hypervisor's to grant, and one that does
 * not must not keep the other CPUs at work on what the SVSM itself no longer understands. So each
 * of them looks here before it enters its guest or ring 3, before it serves a call, in every wait,
 * while it spins for a lock, and in the handler of an NMI; and what it finds ends it.
 */
#include "base/types.h"

/* Index + 1 of the CPU that panicked first; 0: none has. Written once. */
extern uint32_t failstop_by;

/* This CPU panics. True: it is the first one, now or in a panic before, and reports at once. False:
 * another one reports; this one has waited for the end of that, within a bound. */
bool failstop_begin(void);
/* This CPU's report is out, or will never be. If it was the first to panic, the others may now ask
 * for the end of the guest as well. */
void failstop_reported(void);

/* Another CPU has panicked: waits for its report, within a bound, and stops for good. Returns at
 * once on a CPU that is in a panic itself. */
void failstop_stop(void);

/* Any CPU, any context, any lock held: one load. */
static inline void failstop_check(void)
{
	if (__builtin_expect(__atomic_load_n(&failstop_by, __ATOMIC_RELAXED) != 0, 0))
		failstop_stop();
}
