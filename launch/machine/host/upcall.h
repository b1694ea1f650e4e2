/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the bare machine asks of the monitor on it: start/upcall.c answers, so that host/ knows
 * nothing of guests. Interrupts are off in all of them.
 */
#include "base/types.h"

/* CPU 1 and above, once, on its own stack, when smp_release() was called. */
NORETURN void upcall_cpu_main(unsigned cpu);
/* A hardware interrupt below HOST_VECTOR_OWN on the CPU that took it, not CPU 0. A level one stays
 * in service until host_irq_eoi_level(); an edge one is acknowledged already. */
void upcall_interrupt(unsigned vector, bool level);
/* This CPU took a nap in the middle of something else: its guest's interrupts and timers have still
 * to be looked at. */
void upcall_napped(void);
/* The state of that CPU's guest to the log, if it has one: for reports of a fault or an NMI. */
void upcall_describe(unsigned cpu);
/* The same where the run goes on, with what that guest does next: for this CPU, at an NMI. */
void upcall_where(void);
/* The run ends here, all other CPUs stand still: what devices still hold back goes out. */
void upcall_end(void);
