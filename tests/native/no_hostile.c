/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The machine of a unit test has a host that means no harm (launch/machine/hostile/hostile.h). */
#include "machine/hostile/hostile.h"

uint32_t hostile_madt(uint8_t *at)
{
	(void)at;
	return 0;
}

unsigned hostile_ranges(void)
{
	return 0;
}

unsigned hostile_memory_map(struct igvm_memory_map_entry *e, unsigned n)
{
	(void)e;
	return n;
}

void hostile_before_run(struct vcpu *v)
{
	(void)v;
}

bool hostile_nested_fault(struct vcpu *v, gpa_t g)
{
	(void)v;
	(void)g;
	return false;
}

bool hostile_hides(gpa_t g)
{
	(void)g;
	return false;
}

bool hostile_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	(void)v;
	(void)msr;
	(void)value;
	return false;
}
