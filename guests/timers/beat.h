/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Beats: on each CPU a thread with a timer of 1 kHz, whose count is held against the clock at each
 * wake. timerfd_create(2) says how many expirations a read tells: all since the last one. So the
 * sum is what has passed of the clock, whatever the host did meanwhile: not one more, which would
 * have come before its time, and not one fewer, which would be lost.
 */
#include "base/types.h"

#define BEAT_CPUS 16

struct beat {
	uint64_t expired, wakes;
	uint64_t early, lost; /* wakes at which the count was too high, or too low */
};

/* On every CPU that is online. False after a failure has been reported. */
bool beats_start(void);
/* Waits until each has expired that often, ends them and checks them; says how it went by an INFO
 * KEY_cpuN each. */
void beats_stop(const char *key, uint64_t at_least);
/* The same on the calling thread's CPU until so many have expired. */
struct beat beat_here(uint64_t count);
