/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The table of vCPUs. It is made once, before the guests run, and never changes. */
#include "machine/cpu/vcpu.h"
#include "machine/host/mem/pool.h"
#include "machine/host/smp.h"
#include "machine/layout.h"

struct vcpu *machine_vcpus[HOST_MAX_CPUS - 1];
unsigned machine_vcpu_count;

static void add_vcpu(unsigned index)
{
	struct vcpu *v = host_pages_alloc((sizeof(*v) + PAGE_MASK) / PAGE_SIZE);

	v->index = index;
	v->apic_id = index + 1;
	for (unsigned i = 0; i < VMPL_COUNT; i++)
		v->ctx[i].vmsa = GPA_NONE;
	machine_vcpus[index] = v;
}

void machine_init(void)
{
	machine_vcpu_count = host_cpus() - 1;
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		add_vcpu(i);
}

struct vcpu *machine_vcpu_by_apic_id(uint32_t apic_id)
{
	return apic_id - 1 < machine_vcpu_count ? machine_vcpus[apic_id - 1] : NULL;
}
