/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* An NMI into the SVSM's boot stub, where it asks for the C-bit and has no IDT yet. */
#include "machine/hostile/hostile.h"
#include "machine/cpu/event/inject.h"

/* The stub asks only where the GHCB MSR does not hold the answer at reset. */
static void launched(void)
{
	vcpu_ctx(machine_vcpus[0])->ghcb_msr = 0;
}

static bool msr_request(struct vcpu *v, uint64_t request, uint64_t *answer)
{
	(void)answer;
	if (!v->vmpl && (request & GHCB_MSR_INFO_MASK) == GHCB_MSR_SEV_INFO_REQ)
		machine_inject_nmi(v);
	return false;
}

HOSTILE_HOST(boot_nmi, "boot-nmi") = {
	.on = &boot_nmi_on,
	.launched = launched,
	.msr_request = msr_request,
};
