/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "machine/host/host.h"

/* Main and IST stacks with guard pages; CPU 0 calls it for all. */
void smp_stacks_init(unsigned cpu);
uint64_t smp_stack(unsigned cpu); /* top of the main stack */
void smp_start(void);   /* bring up all CPUs and wait for them; a missing one is a fault */
void smp_release(void); /* let them go into their guests */
bool smp_released(void);
