/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * VMSAs that come and go: AP_CREATION by a guest, INIT and SIPI by its APICs, and the AP reset
 * hold that waits for them. A vCPU's VMSAs are changed by its own CPU alone. So another CPU posts
 * a request into the vCPU's one slot, kicks it, and waits.
 */
#include "machine/hv/ap.h"
#include "machine/cpu/seen.h"
#include "machine/cpu/tlb.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/smp.h"
#include "machine/host/wait.h"
#include "machine/host_assert.h"
#include "machine/hv/altinj.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/vmpl.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_attach.h"
#include "abi/ghcb.h"
#include "base/x86.h"

/* True when the slot was in state from and this CPU has moved it on: of several that try, one
 * succeeds. */
static bool step(struct ap_request *r, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&r->state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

bool ap_runnable(struct vcpu *v)
{
	const struct hv_vcpu *h = hv_state(v);

	return !gpa_eq(vcpu_ctx(v)->vmsa, GPA_NONE) && !h->halted[v->vmpl] &&
	       !h->reset_hold[v->vmpl];
}

/* A VMPL of v gets a VMSA, and what belonged to the last one's run goes. What is the vCPU's stays:
 * the registered GHCB. */
static bool give(struct vcpu *v, const struct ap_request *r)
{
	struct hv_vcpu *h = hv_state(v);

	if (!machine_attach(v, r->vmpl, r->vmsa, r->features))
		return false;
	if (r->vmpl == VMPL_SVSM)
		altinj_withdraw(v);
	altinj_reset(v, r->vmpl, r->features);
	h->halted[r->vmpl] = h->stays_halted[r->vmpl] = false;
	h->reset_hold[r->vmpl] = false;
	h->apic[r->vmpl].nmi_blocked = false;
	apic_pv_eoi_write(&h->apic[r->vmpl], 0);
	doorbell_reset(&h->doorbell[r->vmpl], &h->apic[r->vmpl]);
	return true;
}

/* The VMPL that is current waits for nothing that its own RUN_VMPL could bring. */
static bool stands_still(struct vcpu *v)
{
	return gpa_eq(vcpu_ctx(v)->vmsa, GPA_NONE) || hv_state(v)->reset_hold[v->vmpl];
}

/*
 * coconut-svsm/linux, sev_snp_ap_creation(): the request goes to the vCPU. It replaces what the
 * VMPL runs, or starts a vCPU that has nothing to run. Where another VMPL is current that one is
 * woken, and enters the new VMSA itself. False behind give() only when another vCPU has spoilt the
 * VMSA since: ap.h.
 */
static bool create(struct vcpu *v, const struct ap_request *r)
{
	bool run = v->vmpl == r->vmpl || stands_still(v);

	if (!give(v, r))
		return false;
	if (run)
		return vmpl_run(v, r->vmpl);
	hv_state(v)->halted[v->vmpl] = false;
	return true;
}

/* "Create on INIT" leaves a VMSA that RUN_VMPL takes as well: coconut-svsm/linux,
 * __sev_run_vmpl_vmsa() and sev_snp_init_protected_guest_state(). */
static void take_waiting(struct vcpu *v, unsigned vmpl)
{
	struct ap_request *r = &hv_state(v)->on_init[vmpl];

	if (r->state == AP_POSTED && vmpl != v->vmpl && give(v, r))
		r->state = AP_FREE;
}

#define VAIN_LINES 32

/* 1,000, 10,000 and so on. */
static bool is_round(uint64_t n)
{
	uint64_t one = n;

	while (one && one % 10 == 0)
		one /= 10;
	return n >= 1000 && one == 1;
}

/* A guest that asks in vain for ever says nothing itself. */
static bool in_vain(struct vcpu *v, unsigned vmpl)
{
	static uint32_t lines;
	uint64_t n = ++hv_state(v)->run_in_vain;
	bool none = vmpl >= VMPL_COUNT || gpa_eq(v->ctx[vmpl].vmsa, GPA_NONE);

	if (is_round(n) && __atomic_fetch_add(&lines, 1, __ATOMIC_RELAXED) < VAIN_LINES)
		host_log("vCPU %u VMPL %u: RUN_VMPL(%u) has failed %llu times in a row: %s",
			 v->index, v->vmpl, vmpl, (unsigned long long)n,
			 none ? "no VMSA" : "its VMSA cannot be run");
	return false;
}

bool ap_run_vmpl(struct vcpu *v, unsigned vmpl)
{
	if (vmpl < VMPL_COUNT)
		take_waiting(v, vmpl);
	if (!vmpl_run(v, vmpl))
		return in_vain(v, vmpl);
	hv_state(v)->run_in_vain = 0;
	return true;
}

/* On v's own CPU, out of machine_run. A request that was to wait for an INIT is forgotten by the
 * next one. */
static bool apply(struct vcpu *v, const struct ap_request *r)
{
	struct ap_request *on_init = &hv_state(v)->on_init[r->vmpl];

	on_init->state = AP_FREE;
	switch (r->op) {
	case GHCB_AP_CREATE_ON_INIT:
		*on_init = *r;
		on_init->state = AP_POSTED;
		return true;
	case GHCB_AP_CREATE:
		return create(v, r);
	default:
		apic_pv_eoi_write(&hv_state(v)->apic[r->vmpl], 0);
		return machine_attach(v, r->vmpl, GPA_NONE, 0);
	}
}

/* The answer that AP reset hold has kept open since: in the MSR, or in the GHCB, which may have
 * become private meanwhile. */
static void wake(struct vcpu *v, unsigned vmpl)
{
	gpa_t page = hv_state(v)->hold_ghcb[vmpl];
	struct ghcb *g;

	hv_state(v)->reset_hold[vmpl] = false;
	if (gpa_eq(page, GPA_NONE)) {
		v->ctx[vmpl].ghcb_msr = 1ull << 12 | GHCB_MSR_AP_RESET_RESP;
		return;
	}
	tlb_write_begin(v);
	if (rmp_is_shared(page, PAGE_SIZE)) {
		g = guest_ptr(page);
		WRITE_ONCE(g->exit_info2, 1);
	}
	tlb_write_end(v);
}

/* INIT starts what AP_CREATION has laid ready for it; SIPI ends a reset hold. Neither does
 * anything else: an SNP guest's vCPU is not reset by an APIC. */
static void serve_startup(struct vcpu *v, unsigned vmpl)
{
	struct hv_vcpu *h = hv_state(v);
	uint32_t seen = __atomic_exchange_n(&h->apic[vmpl].startup, 0, __ATOMIC_SEQ_CST);
	struct ap_request r = h->on_init[vmpl];

	if ((seen & APIC_SAW_INIT) && r.state == AP_POSTED) {
		h->on_init[vmpl].state = AP_FREE;
		create(v, &r);
	} else if ((seen & APIC_SAW_SIPI) && h->reset_hold[vmpl]) {
		wake(v, vmpl);
	}
}

void ap_serve(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);
	unsigned vmpl;

	if (__atomic_load_n(&h->request.state, __ATOMIC_RELAXED) == AP_POSTED &&
	    step(&h->request, AP_POSTED, AP_SERVING)) {
		h->request.done_ok = apply(v, &h->request);
		__atomic_store_n(&h->request.state, AP_DONE, __ATOMIC_RELEASE);
	}
	for (vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
		if (__atomic_load_n(&h->apic[vmpl].startup, __ATOMIC_RELAXED))
			serve_startup(v, vmpl);
}

/*
 * The other CPU carries out a request within microseconds, if the host runs its thread. A guest
 * takes a refusal for final and goes on without that vCPU, so a loaded host gets all the time that
 * it may need.
 */
#define WAIT_MS 20000
#define KICK_MS 1 /* a kick that QEMU lost is repeated */

/* Wait until the slot of target goes from state "from" to "to", or until WAIT_MS are over. */
static bool wait_step(struct vcpu *me, struct vcpu *target, uint32_t from, uint32_t to)
{
	struct patience p = host_patience(WAIT_MS);
	uint64_t kick = rdtsc();

	while (!step(&hv_state(target)->request, from, to)) {
		if (host_patience_over(&p))
			return false;
		if (rdtsc() - kick > KICK_MS * host_tsc_khz()) {
			host_kick(vcpu_cpu(target));
			kick = rdtsc();
		}
		ap_serve(me);
		cpu_relax();
	}
	return true;
}

static bool refused(const struct vcpu *me, const struct vcpu *target, const char *what)
{
	host_log("AP creation by vCPU %u refused: %s: %s", me->index, what, seen(target).text);
	return false;
}

/* False: target has not even begun, and never will. */
static bool wait_done(struct vcpu *me, struct vcpu *target)
{
	struct ap_request *r = &hv_state(target)->request;

	if (wait_step(me, target, AP_DONE, AP_CLAIMED))
		return true;
	if (step(r, AP_POSTED, AP_FREE))
		return refused(me, target, "not begun in time");
	if (wait_step(me, target, AP_DONE, AP_CLAIMED))
		return true;
	host_fault("CPU %u has begun a change of its VMSA and does not end it: %s",
		   vcpu_cpu(target), seen(target).text);
}

static bool post(struct vcpu *me, struct vcpu *target, const struct ap_request *ask)
{
	struct ap_request *r = &hv_state(target)->request;
	bool ok;

	if (!wait_step(me, target, AP_FREE, AP_CLAIMED))
		return refused(me, target, "another request is not ended in time");
	r->op = ask->op;
	r->vmpl = ask->vmpl;
	r->vmsa = ask->vmsa;
	r->features = ask->features;
	__atomic_store_n(&r->state, AP_POSTED, __ATOMIC_RELEASE);
	host_kick(vcpu_cpu(target));
	if (!wait_done(me, target))
		return false;
	ok = r->done_ok;
	__atomic_store_n(&r->state, AP_FREE, __ATOMIC_RELEASE);
	return ok;
}

static bool acceptable(const struct vcpu *me, const struct vcpu *target, const struct ap_request *r)
{
	if (!target || r->op > GHCB_AP_DESTROY || r->vmpl >= VMPL_COUNT)
		return false;
	/* Nobody changes a more privileged VMPL, nor what it runs on itself. */
	if (r->vmpl < me->vmpl || (target == me && r->vmpl == me->vmpl))
		return false;
	return r->op == GHCB_AP_DESTROY ||
	       (IS_ALIGNED(r->vmsa.v, PAGE_SIZE) && host_guest_ram(r->vmsa, PAGE_SIZE));
}

bool ap_change(struct vcpu *me, struct vcpu *target, const struct ap_request *r)
{
	if (!acceptable(me, target, r))
		return false;
	return target == me ? apply(me, r) : post(me, target, r);
}

void ap_hold(struct vcpu *v, gpa_t ghcb)
{
	hv_state(v)->reset_hold[v->vmpl] = true;
	hv_state(v)->hold_ghcb[v->vmpl] = ghcb;
}
