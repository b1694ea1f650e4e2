/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * VMGEXIT. A request in the GHCB MSR itself is the MSR protocol's; else the MSR names a page,
 * which is read once, checked, served and answered. This is what a guest of SEV-SNP has of
 * hv/state/hypercall.h.
 */
#include "machine/hv/ghcb/ghcb.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/hv/ghcb/ghcb_cause.h"
#include "machine/hv/ghcb/msrproto.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/ghcb/psc.h"
#include "machine/hostile/hostile.h"
#include "machine/hv/state/hypercall.h"
#include "machine/hv/state/state.h"
#include "machine/hv/stop.h"
#include "machine/snp/rmp/rmp.h"

/*
 * The page must be shared memory. On hardware the hypervisor maps a private one without an error
 * and reads ciphertext; ending the run says more.
 */
static struct ghcb *map(struct vcpu *v, gpa_t g)
{
	if (!rmp_is_shared(g, PAGE_SIZE))
		stop_vmpl(v, "VMGEXIT with a GHCB at 0x%llx, which is not shared memory",
			  (unsigned long long)g.v);
	return guest_ptr(g);
}

/* A call says that it is done until something else is put there. */
static void fail(struct ghcb_call *c, unsigned reason)
{
	if (reason != HOSTILE_FORGE)
		ghcb_fail(c, reason);
}

/* Refusals come before the event is looked at, the registration of the page first. */
static void run(struct ghcb_call *c)
{
	unsigned reason = ghcb_check(c);

	/* Register GHCB GPA: an SNP guest uses only the GPA it registered. */
	if (!gpa_eq(hv_state(c->v)->ghcb_registered[c->v->vmpl], c->gpa))
		ghcb_fail(c, GHCB_ERR_NOT_REGISTERED);
	else if (reason || (reason = hostile_refuse(c)))
		fail(c, reason);
	else
		nae_dispatch(c);
}

void hypercall_init(void)
{
	nae_init();
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		msrproto_reset(machine_vcpus[i]);
}

void hypercall_serve(struct vcpu *v)
{
	uint64_t msr = vcpu_ctx(v)->ghcb_msr;
	unsigned vmpl = v->vmpl;
	struct ghcb_call c = {.v = v, .gpa = gpa(msr)};

	hv_count(v, STAT_VMGEXIT);
	if (msr & GHCB_MSR_INFO_MASK) {
		hv_count(v, STAT_MSR_PROTOCOL);
		exit_cause(v, &cause_protocol, (uint32_t)(msr & GHCB_MSR_INFO_MASK));
		msrproto_vmgexit(v, msr);
		return;
	}
	ghcb_read(&c, map(v, c.gpa));
	exit_cause(v, &cause_event, (uint32_t)c.code);
	run(&c);
	if (vcpu_traced(v))
		host_log("vcpu %u vmpl %u ghcb 0x%llx info 0x%llx 0x%llx -> 0x%llx 0x%llx",
			 v->index, v->vmpl, (unsigned long long)c.code, (unsigned long long)c.info1,
			 (unsigned long long)c.info2, (unsigned long long)c.out1,
			 (unsigned long long)c.out2);
	if (!c.answered)
		ghcb_answer(&c);
	hostile_answered(v, vmpl, c.page);
}

void *ghcb_scratch(const struct ghcb_call *c, uint64_t len)
{
	uint64_t start = c->gpa.v + offsetof(struct ghcb, buffer);
	uint64_t end = start + GHCB_BUFFER_SIZE;

	if (c->scratch >= start && c->scratch < end && len <= end - c->scratch)
		return (uint8_t *)c->page + (c->scratch - c->gpa.v);
	/* Inside the page but outside the buffer would let the guest overwrite its own request. */
	if (c->scratch < c->gpa.v + PAGE_SIZE && c->scratch + len > c->gpa.v)
		return NULL;
	if (c->scratch + len < c->scratch || !rmp_is_shared(gpa(c->scratch), len))
		return NULL;
	return guest_ptr(gpa(c->scratch));
}

bool hypercall_convert(gpa_t g, bool is_private)
{
	return psc_change(g, RMP_PG_4K, is_private) == SNP_SUCCESS;
}
