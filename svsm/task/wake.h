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
 * be seen. So the NMI handler moves a RIP in between behind the HLT (cpu/sleep.h), as if it had
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
