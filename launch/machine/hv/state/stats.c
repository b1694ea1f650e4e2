/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Requests by VMPL, printed at the end of a run with the option stats. The counters are each CPU's
 * own and are summed up without a lock.
 */
#include "machine/hv/state/stats.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/exit_count.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "machine/hv/state/state.h"
#include "machine/iommu/dma.h"

static const char *const name[STAT_COUNT] = {
	[STAT_VMGEXIT] = "vmgexit",
	[STAT_HLT] = "hlt",
	[STAT_INTR] = "intr",
	[STAT_WINDOW] = "window",
	[STAT_PAUSE] = "pause",
	[STAT_MSR_PROTOCOL] = "msr_protocol",
	[STAT_CPUID] = "nae_cpuid",
	[STAT_IOIO] = "nae_ioio",
	[STAT_IOIO_FAST] = "ioio_fast",
	[STAT_MSR] = "nae_msr",
	[STAT_MSR_FAST] = "msr_fast",
	[STAT_MMIO] = "nae_mmio",
	[STAT_MMIO_FAST] = "mmio_fast",
	[STAT_PSC] = "nae_psc",
	[STAT_TO_PRIVATE] = "to_private",
	[STAT_TO_SHARED] = "to_shared",
	[STAT_RUN_VMPL] = "run_vmpl",
	[STAT_AP_CREATION] = "ap_creation",
	[STAT_OTHER] = "nae_other",
	[STAT_INJECTED] = "interrupts",
	[STAT_PV_EOI] = "pv_eoi",
	[STAT_PREEMPTED] = "preempted",
};

static void print_vmpl(unsigned vmpl)
{
	unsigned i, s;

	for (s = 0; s < STAT_COUNT; s++) {
		uint64_t sum = 0;

		for (i = 0; i < machine_vcpu_count; i++)
			sum += hv_states[i]->count[vmpl][s];
		if (sum)
			host_log("stats: hv.vmpl%u.%s %llu", vmpl, name[s],
				 (unsigned long long)sum);
	}
}

void stats_print(void)
{
	unsigned vmpl;

	if (!host_options.stats || !hv_states[0])
		return;
	machine_stats();
	exit_cause_print();
	dma_print();
	for (vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
		print_vmpl(vmpl);
}
