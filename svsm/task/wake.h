/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * CPUs that sleep, and the NMI that wakes them: with IF=0 throughout, HLT ends for nothing else.
 *
 *	seen = wake_ready();     from here on an NMI is not missed
 *	... is there work? no ...
 *	wake_sleep(seen);        sleeps unless one came since
 *
 * Between the last look at nmi_count and the HLT an NMI would be too early to wake and too late to
 * be seen. So the NMI handler moves a RIP in between behind the HLT (wake_resume), as if it had
 * slept.
 */
#include "base/types.h"

struct cpu;

/* An NMI for that CPU, if the hypervisor is so kind: who counts on it must bear its loss. */
void wake_cpu(const struct cpu *c);
/* Tell the hypervisor that NMIs are welcome again, if one came. Gives the number of them. */
uint32_t wake_ready(void);
/* HLT, unless an NMI came after wake_ready gave `seen`. May come back for no reason. */
void wake_sleep(uint32_t seen);

/* cpu/sleep.S: HLT unless *count != seen. */
void sleep_unless(const uint32_t *count, uint32_t seen);
extern const char sleep_end[];
/* For the NMI handler: where the interrupted code shall go on. */
static inline uint64_t wake_resume(uint64_t rip)
{
	uint64_t start = (uint64_t)sleep_unless, end = (uint64_t)sleep_end;

	return rip >= start && rip < end ? end : rip;
}
