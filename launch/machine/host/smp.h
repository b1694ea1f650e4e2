/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * CPU 0 is the monitor's own, CPUs 1..N run vCPU 0..N-1. QEMU numbers its APICs like its CPUs, but
 * a guest's first one has ID 0. So each CPU n takes the ID of its vCPU, and CPU 0 the one behind
 * all: then the messages of IOAPIC and devices, which name an ID, need no translation.
 */
#include "base/types.h"

unsigned host_cpus(void);     /* all, CPU 0 included; 1 before smp_start() */
void host_kick(unsigned cpu); /* make that CPU leave its guest or its halt; asynchronous */

/* Main and IST stacks with guard pages; CPU 0 calls it for all. */
void smp_stacks_init(unsigned cpu);
uint64_t smp_stack(unsigned cpu); /* top of the main stack */
void smp_start(void);   /* bring up all CPUs and wait for them; a missing one is a fault */
void smp_release(void); /* let them go into upcall_cpu_main() */
bool smp_released(void);
