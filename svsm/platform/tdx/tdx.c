/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "platform/tdx/tdx.h"
#include "platform/snp/ghcb.h"

static bool cpu_init(struct cpu *c)
{
	(void)c;
	return false;
}

static enum platform_result validate(gpa_t g, enum platform_size size, bool valid)
{
	(void)g;
	(void)size;
	(void)valid;
	return PLATFORM_UNSUPPORTED;
}

static enum platform_result adjust(gpa_t g, enum platform_size size, unsigned vmpl, uint8_t perms,
				   bool vmsa)
{
	(void)g;
	(void)size;
	(void)vmpl;
	(void)perms;
	(void)vmsa;
	return PLATFORM_UNSUPPORTED;
}

static enum platform_result flush(void)
{
	return PLATFORM_UNSUPPORTED;
}

static enum platform_result page_state(gpa_t g, uint64_t len, bool shared)
{
	(void)g;
	(void)len;
	(void)shared;
	return PLATFORM_UNSUPPORTED;
}

static enum platform_result vmsa_register(uint32_t apic_id, unsigned vmpl, gpa_t vmsa,
					  uint64_t sev_features)
{
	(void)apic_id;
	(void)vmpl;
	(void)vmsa;
	(void)sev_features;
	return PLATFORM_UNSUPPORTED;
}

static enum platform_result run_vmpl(unsigned vmpl)
{
	(void)vmpl;
	return PLATFORM_UNSUPPORTED;
}

static void halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

static bool msr_read(uint32_t msr, uint64_t *v)
{
	(void)msr;
	(void)v;
	return false;
}

static bool msr_write(uint32_t msr, uint64_t v)
{
	(void)msr;
	(void)v;
	return false;
}

static void nmi_done(void)
{
}

static void cpuid_of(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	(void)leaf;
	(void)sub;
	out[0] = out[1] = out[2] = out[3] = 0;
}

static bool console_write(const char *s, size_t len)
{
	(void)s;
	(void)len;
	return false;
}

static uint64_t sev_features(void)
{
	return 0;
}

const struct platform_ops tdx_ops = {
	.name = "TDX (not supported yet)",
	.cpu_init = cpu_init,
	.validate = validate,
	.adjust = adjust,
	.flush = flush,
	.page_state = page_state,
	.vmsa_register = vmsa_register,
	.run_vmpl = run_vmpl,
	.halt = halt,
	.msr_read = msr_read,
	.msr_write = msr_write,
	.nmi_done = nmi_done,
	.cpuid = cpuid_of,
	.console_write = console_write,
	.terminate = ghcb_msr_terminate,
	.sev_features = sev_features,
};
