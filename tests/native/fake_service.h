/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Ring 3 for tests of what stands on it: the vTPM's program runs as a function of this one, its
 * system calls are the kernel's own (user/service/service_calls.c). Defines process_*, sched_*,
 * timer_* and service_* of a service.
 */
#include "user/service/service.h"

struct fake_ring3 {
	unsigned no_key;        /* how often the host heard that the channel has none */
	uint64_t now;           /* timer_uptime_ns */
	uint64_t work;          /* ns that each request takes */
	uint64_t left;          /* of the one under way */
	bool helper;            /* there is a CPU without a guest, which works while time passes */
	bool fault, wont_start; /* at the next chance */
	bool fails_self_test;
	unsigned started, faulted, self_tests, woken;
	uint64_t lent; /* ns that callers gave */
	/* what sched_run does first: another vCPU's call */
	void (*meanwhile)(void);
};
extern struct fake_ring3 fake_ring3;

void fake_ring3_reset(void);
void fake_ring3_pass(uint64_t ns); /* the callers sleep */
