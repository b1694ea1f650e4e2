/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * RUN_VMPL by VMPL0, refused in both protocols: of PERIOD such requests of a vCPU REFUSED in a
 * row.
 */
#include "machine/hostile/hostile.h"
#include "machine/host/smp.h"
#include "machine/hv/ghcb/ghcb_page.h"

#define PERIOD  200
#define REFUSED 12

static unsigned asked[HOST_MAX_CPUS];

static bool is_refused(const struct vcpu *v)
{
	return !v->vmpl && asked[v->index]++ % PERIOD >= PERIOD - REFUSED;
}

static unsigned refuse(const struct ghcb_call *c)
{
	return c->code == GHCB_EXIT_RUN_VMPL && is_refused(c->v) ? GHCB_ERR_INVALID_INPUT : 0;
}

static bool msr_request(struct vcpu *v, uint64_t request, uint64_t *answer)
{
	if ((request & GHCB_MSR_INFO_MASK) != GHCB_MSR_RUN_VMPL_REQ || !is_refused(v))
		return false;
	*answer = 1ull << 32 | GHCB_MSR_RUN_VMPL_RESP;
	return true;
}

HOSTILE_HOST(refuse_run_vmpl, "refuse-run-vmpl") = {
	.on = &refuse_run_vmpl_on, .refuse = refuse, .msr_request = msr_request};
