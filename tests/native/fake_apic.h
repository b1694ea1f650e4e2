/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The surroundings of the local APIC's model (apic_host_*), for its tests: a TSC that stands still
 * until a test moves it, and what the model has asked for. */
#include "lib/vapic/vapic.h"

#define FAKE_APIC_KHZ 2000000ull /* two ticks a nanosecond */

extern struct fake_apic {
	uint64_t now; /* the TSC */
	unsigned retries, logical_changes, timer_changes, level_eois;
	unsigned last_level;
	struct {
		uint32_t low, dest;
		unsigned count;
	} sent;
} fake_apic;

/* An APIC with ID 5 that software has enabled, in x2APIC or xAPIC mode. */
struct vapic fake_apic_fresh(bool x2);
