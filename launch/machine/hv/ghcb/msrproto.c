/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/hv/ghcb/msrproto.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ap.h"
#include "machine/hv/regs/cpuid.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/ghcb/psc.h"
#include "machine/hostile/hostile.h"
#include "machine/hv/stop.h"
#include "abi/ghcb.h"
#include "abi/machine.h"

/* The GHCB MSR protocol: requests in the low 12 bits of the MSR itself, answers in the same place.
 */

#define PFN_BITS(m) ((m) & ~GHCB_MSR_INFO_MASK)

/* The range of GHCB versions, and the C-bit's position, with which every guest begins. */
static uint64_t sev_info(void)
{
	return (uint64_t)GHCB_VERSION_MAX << 48 | (uint64_t)GHCB_VERSION_MIN << 32 |
	       (uint64_t)MACHINE_CBIT << 24 | GHCB_MSR_SEV_INFO_RESP;
}

void msrproto_reset(struct vcpu *v)
{
	for (unsigned i = 0; i < VMPL_COUNT; i++)
		v->ctx[i].ghcb_msr = sev_info();
}

/* A guest that has no GHCB yet reads CPUID this way: one register at a time, and subleaf 0 only. */
static uint64_t cpuid_reg(struct vcpu *v, uint64_t m)
{
	unsigned reg = m >> 30 & 3;
	uint32_t r[4];

	hv_count(v, STAT_CPUID);
	hv_cpuid(v, m >> 32, 0, r);
	return (uint64_t)r[reg] << 32 | (uint64_t)reg << 30 | GHCB_MSR_CPUID_RESP;
}

/* Each VMPL of a vCPU has one page. A new registration replaces the old one. */
static uint64_t register_gpa(struct vcpu *v, uint64_t m)
{
	gpa_t g = gpa(PFN_BITS(m));

	/* The page may be made shared later, but it has to be memory. */
	if (!host_guest_ram(g, PAGE_SIZE))
		return PFN_BITS(~0ull) | GHCB_MSR_REG_GPA_RESP;
	hv_state(v)->ghcb_registered[v->vmpl] = g;
	return g.v | GHCB_MSR_REG_GPA_RESP;
}

/*
 * Changes one 4K page. The answer's upper half is an error code; the GHCB specification gives none
 * a meaning but 0.
 */
static uint64_t psc(struct vcpu *v, uint64_t m)
{
	gpa_t g = gpa(m & 0x000ffffffffff000ull);
	unsigned op = m >> 52 & 0xf;
	uint64_t error = 1;

	hv_count(v, STAT_PSC);
	if ((op == GHCB_PSC_PRIVATE || op == GHCB_PSC_SHARED) &&
	    psc_change(g, RMP_PG_4K, op == GHCB_PSC_PRIVATE) == SNP_SUCCESS)
		error = 0;
	return error << 32 | GHCB_MSR_PSC_RESP;
}

/* Requests that stay at this VMPL. What no guest may ask ends the run: the protocol has no
 * answer for it. */
static uint64_t answer(struct vcpu *v, uint64_t m)
{
	switch (m & GHCB_MSR_INFO_MASK) {
	case GHCB_MSR_SEV_INFO_REQ:
		return sev_info();
	case GHCB_MSR_CPUID_REQ:
		return cpuid_reg(v, m);
	case GHCB_MSR_PREF_GPA_REQ:
		return PFN_BITS(~0ull) | GHCB_MSR_PREF_GPA_RESP; /* none preferred */
	case GHCB_MSR_REG_GPA_REQ:
		return register_gpa(v, m);
	case GHCB_MSR_PSC_REQ:
		return psc(v, m);
	case GHCB_MSR_HV_FEATURES_REQ:
		return nae_features() << 12 | GHCB_MSR_HV_FEATURES_RESP;
	case GHCB_MSR_TERMINATE:
		stop_terminated(v, m >> 12 & 0xf, m >> 16 & 0xff);
	default:
		stop_vmpl(v, "broke the GHCB MSR protocol: request 0x%llx", (unsigned long long)m);
	}
}

/* Two requests may leave this VMPL, so their answer has to be in the MSR before they are carried
 * out. */
void msrproto_vmgexit(struct vcpu *v, uint64_t m)
{
	struct vmpl_ctx *ctx = vcpu_ctx(v);

	if (hostile_msr_request(v, m, &ctx->ghcb_msr))
		return;
	switch (m & GHCB_MSR_INFO_MASK) {
	case GHCB_MSR_RUN_VMPL_REQ:
		/* Answered first: the VMPL that asks sees it when it runs again. */
		hv_count(v, STAT_RUN_VMPL);
		ctx->ghcb_msr = GHCB_MSR_RUN_VMPL_RESP;
		if (!ap_run_vmpl(v, m >> 32 & 0xff))
			ctx->ghcb_msr = 1ull << 32 | GHCB_MSR_RUN_VMPL_RESP;
		break;
	case GHCB_MSR_AP_RESET_REQ:
		ctx->ghcb_msr = GHCB_MSR_AP_RESET_RESP;
		ap_hold(v, GPA_NONE);
		break;
	default:
		ctx->ghcb_msr = answer(v, m);
	}
	if (vcpu_traced(v))
		host_log("vcpu %u vmpl %u msr protocol 0x%llx -> 0x%llx", v->index, v->vmpl,
			 (unsigned long long)m, (unsigned long long)ctx->ghcb_msr);
}
