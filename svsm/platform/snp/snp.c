/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "base/x86.h"
#include "abi/vmsa.h"
#include "cpu/exception.h"
#include "log/log.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/snp.h"

static bool cpu_init(struct cpu *c)
{
	return ghcb_init(c);
}

static void halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

static uint64_t sev_features(void)
{
	return rdmsr(MSR_SEV_STATUS) >> SEV_STATUS_FEATURES_SHIFT;
}

const struct platform_ops snp_ops = {
	.name = "SEV-SNP",
	.cpu_init = cpu_init,
	.validate = snp_validate,
	.adjust = snp_adjust,
	.flush = snp_flush,
	.page_state = snp_page_state,
	.vmsa_register = snp_vmsa_register,
	.run_vmpl = snp_run_vmpl,
	.halt = halt,
	.msr_read = snp_msr_read,
	.msr_write = snp_msr_write,
	.nmi_done = snp_nmi_done,
	.cpuid = snp_cpuid,
	.console_write = snp_console_write,
	.terminate = ghcb_msr_terminate,
	.sev_features = sev_features,
};
