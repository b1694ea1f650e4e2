/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * #HV into VMPL0 under restricted injection, the one event that is left to a host: at any moment,
 * with anything in the doorbell page, which every vCPU of the guest could write as well. The storm
 * honours one thing, that no #HV comes into the handler of another: so it leaves the page alone
 * while one is on its way or in its handler, or an honest host could send the next. "hv-nested"
 * and "hv-in-copy" do not.
 */
#include "machine/hostile/hostile.h"
#include "abi/doorbell.h"
#include "base/x86.h"
#include "lib/string.h"
#include "machine/cpu/access.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/exec/describe.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/tlb.h"
#include "machine/cpu/vmcb.h"
#include "machine/cpu/walk.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/time.h"
#include "machine/hostile/deeds/dice.h"
#include "machine/hostile/deeds/ist.h"
#include "machine/hv/doorbell.h"
#include "machine/snp/rmp/rmp.h"

#define HV_IST   5      /* svsm/cpu/desc.h */
#define HV_STACK 0x3000 /* bytes, svsm/cpu/desc.c */
#define STORM_US 40     /* the most between two chances */
#define TIMER    0xf0   /* svsm/cpu/vectors.h */

static uint32_t seed = 4711;
static uint32_t rung, in_ring0, with_user_gs; /* atomic */

/* Inside tlb_write_begin() and tlb_write_end(). NULL: there is no page. */
static struct hv_doorbell *page_of(struct vcpu *v)
{
	gpa_t g = doorbell_page(v);

	return !gpa_eq(g, GPA_NONE) && rmp_is_shared(g, PAGE_SIZE) ? guest_ptr(g) : NULL;
}

/* True when #HV is to be raised. Half of them are honest: the page stays as it is, but for the flag
 * that keeps an honest host from raising the next. */
static bool forge(struct vcpu *v)
{
	uint32_t r = dice_draw(&seed);
	struct hv_doorbell *p;
	bool ring;

	tlb_write_begin(v);
	p = page_of(v);
	ring = p && r >> 4 & 1;
	if (p && r % 2) {
		WRITE_ONCE(p->vector, r & BIT(1) ? (uint8_t)(r >> 8) : r & BIT(2) ? TIMER : 0);
		WRITE_ONCE(p->flags, (uint8_t)(r >> 16));
		WRITE_ONCE(p->no_eoi_required, (uint8_t)(r >> 3 & 1));
	}
	if (ring)
		__atomic_fetch_or(&p->flags, DOORBELL_NO_SIGNAL, __ATOMIC_RELAXED);
	tlb_write_end(v);
	return ring;
}

/* A line for 64, 128, 256 ... of them, or nobody would know that there were any. */
static void count(struct vcpu *v)
{
	uint32_t n = __atomic_add_fetch(&rung, 1, __ATOMIC_RELAXED);

	if (!machine_cpl(v)) {
		__atomic_add_fetch(&in_ring0, 1, __ATOMIC_RELAXED);
		if (!(vcpu_ctx(v)->vmcb->gs.base >> 63))
			__atomic_add_fetch(&with_user_gs, 1, __ATOMIC_RELAXED);
	}
	if (n >= 64 && !(n & (n - 1)))
		host_log("hostile: %u #HVs, %u in ring 0, %u there with the user's GS", n, in_ring0,
			 with_user_gs);
}

/* The timer brings the CPU back soon; hv/irq.c arms it anew for whom it was meant. */
static void storm(struct vcpu *v)
{
	if (v->vmpl || !doorbell_used(v))
		return;
	host_timer_arm(rdtsc() +
		       host_tsc_khz() * STORM_US / 1000 * (dice_draw(&seed) & 0xff) / 256);
	if (!ist_in_use(v, HV_IST, HV_STACK) && machine_can_inject_nmi(v) && forge(v) &&
	    machine_inject_hv(v))
		count(v);
}

/* The first frame is built here, and the second #HV strikes the first instruction of the handler.
 * Once, in ring 3 or in ring 0, as it comes. */
static void nested(struct vcpu *v)
{
	static bool done;
	bool there;

	tlb_write_begin(v);
	there = !v->vmpl && page_of(v);
	tlb_write_end(v);
	if (done || !there || !machine_can_inject_nmi(v) || dice_draw(&seed) % 64)
		return;
	done = deliver_interrupt(v, VEC_HV) && machine_inject_hv(v);
	host_log("hostile: a #HV into the handler of another");
}

/* Ring 3's frame is on its way into struct user_regs, by the one REP MOVSQ of svsm/user/user.S. */
static bool copies_frame(struct vcpu *v)
{
	static const uint8_t rep_movsq[] = {0xf3, 0x48, 0xa5};
	uint8_t code[sizeof(rep_movsq)] = {0};
	struct walk w;

	return guest_read(v, machine_rip(v), code, sizeof(code), WALK_IMPLICIT, &w) == WALK_OK &&
	       !memcmp(code, rep_movsq, sizeof(code));
}

static void step(struct vcpu *v, bool on)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;

	m->exceptions = (m->exceptions & ~(uint32_t)BIT(VEC_DB)) | (on ? BIT(VEC_DB) : 0);
	m->rflags = (m->rflags & ~RFLAGS_TF) | (on ? RFLAGS_TF : 0);
}

static uint32_t stepping; /* index + 1 of the vCPU whose frame is waited for, atomic */

/* Nobody else's #HV comes in between. False: there is no page. */
static bool silence(struct vcpu *v)
{
	struct hv_doorbell *p;

	tlb_write_begin(v);
	p = v->vmpl ? NULL : page_of(v);
	if (p)
		__atomic_fetch_or(&p->flags, DOORBELL_NO_SIGNAL, __ATOMIC_RELAXED);
	tlb_write_end(v);
	return p;
}

/* The first #HV comes in ring 3. From there to the copy of its frame it is single steps, which no
 * guest sees: #DB is intercepted. */
static void in_copy(struct vcpu *v)
{
	uint32_t none = 0;

	if (v->vmpl || !doorbell_used(v) || stepping)
		return;
	host_timer_arm(rdtsc() + host_tsc_khz() / 10); /* an exit of ring 3 */
	if (machine_cpl(v) != 3 || !machine_can_inject_nmi(v) || !silence(v) ||
	    !__atomic_compare_exchange_n(&stepping, &none, v->index + 1, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return;
	if (deliver_interrupt(v, VEC_HV))
		step(v, true);
}

/* The second one strikes when some words have been copied and others have not. */
static void in_copy_stepped(struct vcpu *v)
{
	static unsigned words;

	if (stepping != v->index + 1 || !copies_frame(v) || ++words != 4)
		return;
	step(v, false);
	machine_inject_hv(v);
	host_log("hostile: a #HV into the copy of another's frame");
}

HOSTILE_HOST(hv_storm, "hv-storm") = {.on = &hv_storm_on, .before_run = storm};
HOSTILE_HOST(hv_nested, "hv-nested") = {.on = &hv_nested_on, .before_run = nested};
HOSTILE_HOST(hv_in_copy, "hv-in-copy") = {
	.on = &hv_in_copy_on,
	.before_run = in_copy,
	.stepped = in_copy_stepped,
};
