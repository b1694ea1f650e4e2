/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "tests/native/fake_apic.h"

struct fake_apic fake_apic;

uint64_t apic_host_tsc_khz(void)
{
	return FAKE_APIC_KHZ;
}

uint64_t apic_host_tsc(void)
{
	return fake_apic.now;
}

void apic_host_timer_changed(struct vapic *a)
{
	(void)a;
	fake_apic.timer_changes++;
}

void apic_host_eoi_level(struct vapic *a, unsigned vector)
{
	(void)a;
	fake_apic.last_level = vector;
	fake_apic.level_eois++;
}

void apic_host_retry(struct vapic *a)
{
	(void)a;
	fake_apic.retries++;
}

void apic_host_logical(struct vapic *a)
{
	(void)a;
	fake_apic.logical_changes++;
}

void apic_ipi_send(struct vapic *a, uint32_t low, uint32_t dest)
{
	(void)a;
	fake_apic.sent.low = low;
	fake_apic.sent.dest = dest;
	fake_apic.sent.count++;
}

struct vapic fake_apic_fresh(bool x2)
{
	struct vapic a;

	apic_reset(&a, 5, 2, false);
	apic_write(&a, APIC_SVR, 0x1ff);
	if (x2)
		apic_base_write(&a, a.base | APIC_BASE_X2APIC);
	fake_apic.now = 1000000;
	return a;
}
