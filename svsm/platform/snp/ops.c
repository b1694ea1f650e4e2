/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The table of SEV-SNP's operations, and those that are too small for a file of their own.
 */
#include "base/x86.h"
#include "abi/q35.h"
#include "abi/vmsa.h"
#include "lib/tsc.h"
#include "log/log.h"
#include "mm/secrets.h"
#include "platform/snp/doorbell.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

static bool cpu_init(struct cpu *c)
{
	if (!ghcb_init(c))
		return false;
	doorbell_init();
	return true;
}

static void halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

static bool has_interrupts(void)
{
	return !(snp_sev_features() & SEV_FEAT_RESTRICTED_INJ) || doorbell_there();
}

/* With SecureTSC processor and security processor tell the rate: lib/tsc.h. */
static uint64_t tsc_khz(void)
{
	uint64_t khz;

	if (!(snp_sev_features() & SEV_FEAT_SECURE_TSC))
		return 0;
	khz = tsc_rate(rdmsr(MSR_GUEST_TSC_FREQ), secrets_open()->tsc_factor);
	secrets_close();
	return khz;
}

/* The ACPI power off of a q35, by port output; if that has no effect, the protocol's termination
 * request. */
NORETURN static void power_off(void)
{
	outw(Q35_POWEROFF_PORT, Q35_POWEROFF_VALUE);
	ghcb_msr_terminate(0, 0);
}

PLATFORM(snp) = {
	.name = "SEV-SNP",
	.present = snp_present,
	.early = snp_early,
	.own_accept = snp_own_accept,
	.launch_check = snp_launch_check,
	.cpu_init = cpu_init,
	.apic_ids = snp_apic_ids,
	.cpu_start = snp_cpu_start,
	.exception = snp_vc,
	.halt = halt,
	.before_ring3 = ghcb_before_ring3,
	.nmi_done = snp_nmi_done,
	.has_interrupts = has_interrupts,
	.events_take = doorbell_take,
	.eoi_spared = doorbell_eoi_spared,
	.page_accept = snp_page_accept,
	.page_release = snp_page_release,
	.page_convert = snp_page_convert,
	.guest_rights = snp_guest_rights,
	.guest_flush = snp_guest_flush,
	.vcpu = &snp_vcpu_ops,
	.inject = &snp_inject_ops,
	.cpuid = snp_cpuid,
	.msr_read = snp_msr_read,
	.msr_write = snp_msr_write,
	.tsc_khz = tsc_khz,
	.message = snp_message,
	.port_bytes = snp_port_bytes,
	.console_write = snp_console_write,
	.terminate = ghcb_msr_terminate,
	.power_off = power_off,
};
