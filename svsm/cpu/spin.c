/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What a CPU of the SVSM does while another one holds the lock that it waits for. */
#include "base/x86.h"
#include "cpu/failstop.h"
#include "lib/spinlock.h"

/* It cannot sleep, because interrupts are off; PAUSE tells a hypervisor that this CPU waits, and
 * one that runs more CPUs than it has cores lets others go on. The holder may have panicked, or
 * have stopped because another CPU has. */
void spin_rest(uint64_t waited)
{
	(void)waited;
	failstop_check();
	cpu_relax();
}
