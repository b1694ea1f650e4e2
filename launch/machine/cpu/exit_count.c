/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How often each exit came, for the option stats. ci/bench reads the names in the monitor's
 * log; an exit without a name is printed by its code.
 */
#include "machine/cpu/exit_count.h"
#include "machine/cpu/vcpu.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"

static const char *const names[EXIT_SLOTS] = {
	[SVM_EXIT_CR_WRITE + 0] = "cr0_write",
	[SVM_EXIT_CR_WRITE + 4] = "cr4_write",
	[SVM_EXIT_CR_WRITE + 8] = "cr8_write",
	[SVM_EXIT_DR_READ + 7] = "dr7_read",
	[SVM_EXIT_DR_WRITE + 7] = "dr7_write",
	[SVM_EXIT_EXCEPTION + 6] = "undefined",
	[SVM_EXIT_INTR] = "intr",
	[SVM_EXIT_NMI] = "nmi",
	[SVM_EXIT_SMI] = "smi",
	[SVM_EXIT_VINTR] = "window",
	[SVM_EXIT_CR0_SEL_WRITE] = "cr0_sel_write",
	[SVM_EXIT_CPUID] = "cpuid",
	[SVM_EXIT_HLT] = "hlt",
	[SVM_EXIT_IRET] = "iret",
	[SVM_EXIT_IOIO] = "ioio",
	[SVM_EXIT_MSR] = "msr",
	[SVM_EXIT_SHUTDOWN] = "shutdown",
	[SVM_EXIT_VMMCALL] = "vmmcall",
	[SVM_EXIT_WBINVD] = "wbinvd",
	[EXIT_SLOT_INVALID] = "invalid",
	[EXIT_SLOT_NPF] = "npf",
};

const char *exit_count_name(unsigned slot)
{
	return slot < EXIT_SLOTS ? names[slot] : NULL;
}

void machine_stats(void)
{
	unsigned long long forced = 0;

	for (unsigned i = 0; i < machine_vcpu_count; i++)
		forced += machine_vcpus[i]->forced_flushes;
	if (forced)
		host_log("stats: flush.forced %llu", forced);
	for (unsigned s = 0; s < EXIT_SLOTS; s++) {
		unsigned long long sum = 0;

		for (unsigned i = 0; i < machine_vcpu_count; i++)
			sum += machine_vcpus[i]->exits[s];
		if (sum && names[s])
			host_log("stats: exit.%s %llu", names[s], sum);
		else if (sum)
			host_log("stats: exit.0x%x %llu", s, sum);
	}
}
