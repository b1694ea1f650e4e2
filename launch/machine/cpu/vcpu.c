/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The table of vCPUs. It is made once, before the guests run, and never changes. */
#include "machine/cpu/vcpu.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/pool.h"
#include "machine/host/options.h"
#include "machine/host/smp.h"
#include "machine/layout.h"
#include "abi/machine.h"
#include "lib/tsc.h"

struct vcpu *machine_vcpus[HOST_MAX_CPUS - 1];
unsigned machine_vcpu_count;
static unsigned service_count;

static void add_vcpu(unsigned index)
{
	struct vcpu *v = host_pages_alloc((sizeof(*v) + PAGE_MASK) / PAGE_SIZE);

	v->index = index;
	v->apic_id = index;
	v->trace_left = host_options.trace ? VCPU_TRACE_ALL : 0;
	for (unsigned i = 0; i < VMPL_COUNT; i++)
		v->ctx[i] = (struct vmpl_ctx){.vmsa = GPA_NONE, .tsc_scale = TSC_SCALE_ONE};
	machine_vcpus[index] = v;
}

/* What the harness says (MACHINE_FW_SERVICE_CPUS); without a number, none. */
static unsigned read_service_count(void)
{
	static char text[8];
	struct fwcfg_file f;
	unsigned n = 0;

	if (!fwcfg_find(MACHINE_FW_SERVICE_CPUS, &f) || f.size >= sizeof(text) ||
	    !fwcfg_read(&f, 0, host_pa(text), f.size))
		return 0;
	for (const char *p = text; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (unsigned)(*p - '0');
	return n;
}

unsigned machine_guest_vcpus(void)
{
	return machine_vcpu_count - service_count;
}

void machine_init(void)
{
	machine_vcpu_count = host_cpus() - 1;
	service_count = MIN(read_service_count(), machine_vcpu_count - 1);
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		add_vcpu(i);
}

struct vcpu *machine_vcpu_by_apic_id(uint32_t apic_id)
{
	return apic_id < machine_vcpu_count ? machine_vcpus[apic_id] : NULL;
}
