/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * CPUs that sleep, and the NMI that wakes them. VMPL0's kernel runs with IF=0, so nothing else
 * ends a HLT; where interrupts come by #HV (cpu/trap/hv.h) the NMI does too, and so does the timer.
 *
 *	seen = wake_ready();     from here on an NMI is not missed
 *	... is there work? no ...
 *	wake_sleep(seen);        sleeps unless an NMI came since
 *
 * An NMI between wake_sleep's comparison and its HLT would be too late to be seen and too early to
 * end the HLT. So the NMI handler moves a RIP that lies in between to the instruction after the
 * HLT (cpu/sleep.h).
 */
#include "base/types.h"

struct cpu;

/* Send an NMI to that CPU. The hypervisor may drop it: the caller must be able to bear the
 * loss. */
void wake_cpu(const struct cpu *c);
/* Tell the hypervisor that this CPU can take another NMI, if one came. Returns how many have come
 * so far. */
uint32_t wake_ready(void);
/* HLT, unless an NMI came after wake_ready() gave `seen`. May return for no reason. */
void wake_sleep(uint32_t seen);
