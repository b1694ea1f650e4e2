/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The clocks of the platform, read one after the other. */
#include "base/types.h"

enum clock {
	CLOCK_TSC,
	CLOCK_KVM,  /* kvmclock */
	CLOCK_PM,   /* ACPI PM timer: ACPI 6.5, 4.8.3.3 */
	CLOCK_HPET, /* its main counter: IA-PC HPET 1.0a, 2.3.7 */
	CLOCK_COUNT,
};

/* Asks for kvmclock on this vCPU; the boot vCPU sets the HPET going as well. False: one of the
 * clocks is not there. */
bool clocks_begin(void);
void clocks_end(void);

/* A clock's counter and its width; the TSC's and kvmclock's are 64 bits wide. */
uint64_t clock_read(enum clock c);
/* What it has counted between two readings, in ns, for minutes at most; the counter may
 * have wrapped once. */
uint64_t clock_ns(enum clock c, uint64_t from, uint64_t to);
uint64_t clock_mask(enum clock c);
const char *clock_name(enum clock c);
