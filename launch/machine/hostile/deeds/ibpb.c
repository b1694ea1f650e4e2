/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A processor with an Indirect Branch Prediction Barrier: CPUID 80000008 EBX[12] and MSR 0x49. The
 * emulated one has no predictors, so the barriers are counted and do nothing. With ibpb-refused the
 * hypervisor intercepts the MSR, as one may that does not know it.
 */
#include "machine/hostile/hostile.h"
#include "machine/host/log.h"

#define MSR_PRED_CMD 0x49
#define HAS_IBPB     BIT(12)

static uint64_t barriers;

static void cpuid_answer(uint32_t leaf, uint32_t out[4])
{
	if (leaf == 0x80000008)
		out[1] |= (uint32_t)HAS_IBPB;
}

/* Only VMPL0's count: the guest's are its own business. */
static bool msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	if (msr != MSR_PRED_CMD || value != 1)
		return false;
	if (v->vmpl == VMPL_SVSM)
		__atomic_fetch_add(&barriers, 1, __ATOMIC_RELAXED);
	return true;
}

static void ended(void)
{
	host_log("ibpb: %llu barriers of VMPL0", (unsigned long long)barriers);
}

HOSTILE_HOST(ibpb_shown, "ibpb") = {
	.on = &ibpb_shown_on,
	.cpuid = cpuid_answer,
	.msr_write = msr_write,
	.ended = ended,
};
HOSTILE_HOST(ibpb_refused, "ibpb-refused") = {.on = &ibpb_refused_on, .cpuid = cpuid_answer};
