/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the hypervisor keeps for each vCPU, made after the launch and before any vCPU runs. */
#include "machine/hv/state/state.h"
#include "machine/cpu/exit_cause.h"
#include "machine/dev/cmos.h"
#include "machine/dev/disk/disk.h"
#include "machine/dev/fwcfg/fwshow.h"
#include "machine/dev/uart.h"
#include "machine/dev/window.h"
#include "machine/host/mem/pool.h"
#include "machine/hostile/hostile.h"
#include "machine/hv/state/hypercall.h"
#include "machine/layout.h"

struct hv_vcpu *hv_states[HOST_MAX_CPUS];

void hv_init(void)
{
	unsigned i, vmpl;

	kvmclock_init();
	uart_init();
	window_init();
	cmos_init();
	fwshow_init();
	disk_init();
	hypercall_init();
	for (i = 0; i < machine_vcpu_count; i++) {
		struct vcpu *v = machine_vcpus[i];
		struct hv_vcpu *h = host_pages_alloc((sizeof(*h) + PAGE_MASK) / PAGE_SIZE);

		h->v = v;
		exit_cause_init(v);
		for (vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
			apic_reset(&h->apic[vmpl], v->apic_id, vmpl, i == 0);
			h->hold_ghcb[vmpl] = GPA_NONE;
			h->doorbell[vmpl].page = GPA_NONE;
			h->ghcb_registered[vmpl] = GPA_NONE;
		}
		hv_states[i] = h;
	}
	hostile_launched();
}
