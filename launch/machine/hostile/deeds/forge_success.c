/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * From the first RUN_VMPL on every fifth request of VMPL0 is answered as done, and nothing is done.
 * A GHCB that another vCPU of the guest writes to can have the same effect.
 */
#include "machine/hostile/hostile.h"
#include "machine/host/smp.h"
#include "machine/hv/ghcb/ghcb_page.h"
#include "base/x86.h"

#define EVERY 5

static bool guest_runs;
static uint32_t asked;

static bool forged(const struct vcpu *v)
{
	return !v->vmpl && READ_ONCE(guest_runs) &&
	       __atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED) % EVERY == EVERY - 1;
}

static unsigned refuse(const struct ghcb_call *c)
{
	if (!c->v->vmpl && c->code == GHCB_EXIT_RUN_VMPL)
		WRITE_ONCE(guest_runs, true);
	return forged(c->v) ? HOSTILE_FORGE : 0;
}

static bool msr_request(struct vcpu *v, uint64_t request, uint64_t *answer)
{
	if ((request & GHCB_MSR_INFO_MASK) != GHCB_MSR_RUN_VMPL_REQ || !forged(v))
		return false;
	*answer = GHCB_MSR_RUN_VMPL_RESP;
	return true;
}

HOSTILE_HOST(forge_success, "forge-success") = {
	.on = &forge_success_on, .refuse = refuse, .msr_request = msr_request};

/* The first EOI of VMPL0 on each vCPU: the vector stays in service, and holds back all that come.
 */
static bool eoi_forged[HOST_MAX_CPUS];

static unsigned first_eoi(const struct ghcb_call *c)
{
	bool *done = &eoi_forged[c->v->index];

	if (c->v->vmpl || c->code != GHCB_EXIT_MSR || c->info1 != 1 ||
	    (uint32_t)c->rcx != MSR_X2APIC_BASE + 0xb || *done)
		return 0;
	*done = true;
	return HOSTILE_FORGE;
}

HOSTILE_HOST(forge_eoi, "forge-eoi") = {.on = &forge_eoi_on, .refuse = first_eoi};
