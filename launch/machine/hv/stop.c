/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Every end of a run that a guest brings about. Each prints what a user needs to find the cause,
 * then one line, and QEMU's exit status says which VMPL was at fault.
 */
#include <stdarg.h>
#include "machine/hv/stop.h"
#include "machine/cpu/exec/describe.h"
#include "machine/host/exit.h"
#include "machine/host/options.h"
#include "machine/hostile/hostile.h"
#include "machine/iommu/dma_fault.h"
#include "machine/hv/state/stats.h"
#include "machine/snp/rmp/rmp_map.h"
#include "abi/ghcb.h"
#include "abi/machine.h"
#include "lib/fmt.h"

#define LINE 160

/* VMPL0 is the SVSM; whatever runs below it is the guest. */
static enum machine_end panic_code(const struct vcpu *v)
{
	return v->vmpl == VMPL_SVSM ? MACHINE_END_SVSM_PANIC : MACHINE_END_GUEST_PANIC;
}

static void last_words(void)
{
	stats_print();
	rmp_map_print();
	dma_fault_end();
	hostile_ended();
}

NORETURN void stop_vmpl(struct vcpu *v, const char *fmt, ...)
{
	char what[LINE];
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	machine_describe(v);
	last_words();
	host_exit(panic_code(v), "vCPU %u VMPL %u %s, RIP 0x%llx CPL %u", v->index, v->vmpl, what,
		  (unsigned long long)machine_rip(v), machine_cpl(v));
}

/* GHCB 2.3.1, table 5 (set 0), Linux's own (set 1: 6.12, arch/x86/include/asm/sev-common.h), and
 * the SVSM's (set 2: abi/ghcb.h). */
static const char *reason_text(unsigned set, unsigned reason)
{
	static const char *const general[] = {
		"general request",
		"no common GHCB protocol version",
		"SNP features not supported",
	};
	static const char *const linux_own[] = {
		"GHCB registration failed", "page state change failed",
		"PVALIDATE failed",         "not VMPL0",
		"bad CPUID page",           "CPUID differs from the hypervisor's",
		"bad secrets page",         "no SVSM, and not VMPL0",
		"SVSM, but at VMPL0",       "bad calling area",
	};
	static const char *const keelson[] = {
		[GHCB_TERM_NO_RANDOM] = "no random numbers from the processor",
	};

	if (set == GHCB_TERM_SET_KEELSON && reason < ARRAY_LEN(keelson) && keelson[reason])
		return keelson[reason];
	if (set == 0 && reason < ARRAY_LEN(general))
		return general[reason];
	if (set == 1 && reason < ARRAY_LEN(linux_own))
		return linux_own[reason];
	return "its own code";
}

NORETURN void stop_terminated(struct vcpu *v, unsigned set, unsigned reason)
{
	stop_vmpl(v, "terminated: set %u reason %u (%s)", set, reason, reason_text(set, reason));
}

/* It is the guest's fault, whose devices do what its drivers say. */
NORETURN void stop_dma(void)
{
	last_words();
	host_exit(MACHINE_END_GUEST_PANIC, "%s", dma_fault_first());
}

/* A strict run does not end well when a device was refused at the last moment. */
static void judge_devices(void)
{
	if (host_options.strict && dma_fault_report())
		stop_dma();
}

/* The one end that is no failure. */
NORETURN void stop_power_off(struct vcpu *v)
{
	judge_devices();
	last_words();
	host_exit(MACHINE_END_OFF, "vCPU %u VMPL %u asked for power off", v->index, v->vmpl);
}

NORETURN void stop_reset(struct vcpu *v, const char *how)
{
	judge_devices();
	last_words();
	host_exit(MACHINE_END_RESET, "vCPU %u VMPL %u asked for a reset (%s)", v->index, v->vmpl,
		  how);
}
