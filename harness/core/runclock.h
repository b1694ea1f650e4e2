/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A clock for time-outs, which goes on only while this process runs. Whoever stops it (Ctrl-Z, a
 * paused container, a host that suspends) stops the clock; a late turn on a busy machine counts as
 * one of RUNCLOCK_STEP_MS. Who waits by it looks at least that often.
 */
#include "base/types.h"

#define RUNCLOCK_STEP_MS 1000u

struct runclock {
	uint64_t last;    /* now_ms() of the last look */
	uint64_t counted; /* ms that have counted so far */
};

/* It starts at 1, so that 0 can stand for "never". */
void runclock_start(struct runclock *c);
/* Looks, and returns the ms that have counted. Never goes back. */
uint64_t runclock_now(struct runclock *c);
/* The same for a given now_ms(); for tests. */
uint64_t runclock_at(struct runclock *c, uint64_t now);
