/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A guest's write moves the offset of its own vCPU and VMPL, and TSC_ADJUST by as much; what other
 * vCPUs have written makes no difference. KVM looks for values that belong together only when user
 * space writes (kvm_synchronize_tsc()).
 */
#include "machine/dev/clock/tsc_msr.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "lib/tsc.h"
#include "machine/cpu/exec/counter.h"
#include "machine/host/options.h"

static void arm(struct tsc_msr *t, const struct vmpl_ctx *c, struct vapic *a)
{
	uint64_t at = t->deadline ? counter_reaches(c, apic_host_tsc(), t->deadline) : 0;

	apic_timer_set_deadline(a, at);
}

/* An armed deadline means a value of the counter, and not the moment that this was at first. */
static bool move(struct tsc_msr *t, struct vmpl_ctx *c, struct vapic *a, uint64_t by)
{
	if (!by || (c->sev_features & SEV_FEAT_SECURE_TSC))
		return false;
	c->hv_tsc_offset += by;
	counter_set(c, TSC_SCALE_ONE, c->hv_tsc_offset);
	if (apic_timer_deadline(a))
		arm(t, c, a);
	return true;
}

bool tsc_msr_write(struct tsc_msr *t, struct vmpl_ctx *c, struct vapic *a, uint64_t value)
{
	uint64_t by = value - counter_of_guest(c, apic_host_tsc());

	if (!move(t, c, a, by))
		return false;
	t->adjust += by;
	return true;
}

/* KVM drops the write where CPUID does not show the MSR. With SecureTSC it keeps the value, and the
 * counter stays (kvm_vcpu_write_tsc_offset()). */
bool tsc_msr_adjust(struct tsc_msr *t, struct vmpl_ctx *c, struct vapic *a, uint64_t value)
{
	uint64_t by = value - t->adjust;

	if (!host_options.tsc_adjust)
		return false;
	t->adjust = value;
	return move(t, c, a, by);
}

void tsc_msr_set_deadline(struct tsc_msr *t, const struct vmpl_ctx *c, struct vapic *a,
			  uint64_t value)
{
	t->deadline = value;
	arm(t, c, a);
}

uint64_t tsc_msr_deadline(const struct tsc_msr *t, const struct vapic *a)
{
	return apic_timer_deadline(a) ? t->deadline : 0;
}
