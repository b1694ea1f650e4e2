/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Restricted injection. What would be an interrupt is written into the guest's doorbell page, and
 * #HV tells the guest to look, unless it said that it will look anyway. A more urgent vector
 * replaces the one in the page, which goes back to IRR.
 */
#include "machine/hv/doorbell.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/tlb.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/snp/rmp/rmp.h"
#include "base/x86.h"

static struct hv_doorbell_state *state(struct vcpu *v)
{
	return &hv_state(v)->doorbell[v->vmpl];
}

/* NULL when there is none, or the guest made it private since. */
static struct hv_doorbell *page_of(const struct hv_doorbell_state *d)
{
	if (gpa_eq(d->page, GPA_NONE) || !rmp_is_shared(d->page, PAGE_SIZE))
		return NULL;
	return guest_ptr(d->page);
}

static void set_flag(struct hv_doorbell *p, uint8_t flag)
{
	__atomic_fetch_or(&p->flags, flag, __ATOMIC_RELAXED);
}

/* What is shown in the page is in neither map: when the vector is requested again before anybody
 * here knows that it was taken, it comes again. */
static void move(uint32_t map[8], unsigned vector, bool in)
{
	if (in)
		__atomic_fetch_or(&map[vector / 32], (uint32_t)BIT(vector % 32), __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_and(&map[vector / 32], (uint32_t)~BIT(vector % 32),
				   __ATOMIC_SEQ_CST);
}

void doorbell_reset(struct hv_doorbell_state *d, struct vapic *a)
{
	if (d->posted) /* nobody has taken it */
		move(a->irr, d->posted, true);
	*d = (struct hv_doorbell_state){.page = GPA_NONE};
}

/* A vector that is no longer in the page was taken. Without the page nothing was: it waits. */
static void sync_taken(struct vapic *a, struct hv_doorbell_state *d, struct hv_doorbell *p)
{
	if (!d->posted || (p && READ_ONCE(p->vector)))
		return;
	move(p ? a->isr : a->irr, d->posted, true);
	d->posted = 0;
}

/* NoEoiRequired is no longer set: the guest has cleared it in place of an EOI. */
static void sync_ended(struct vapic *a, struct hv_doorbell_state *d, struct hv_doorbell *p)
{
	if (!d->spared || d->posted || (p && READ_ONCE(p->no_eoi_required)))
		return;
	d->spared = false;
	if (p)
		apic_eoi(a);
}

void doorbell_sync(struct vcpu *v)
{
	struct hv_doorbell_state *d = state(v);
	struct hv_doorbell *p;

	if (!d->posted && !d->spared)
		return;
	p = page_of(d);
	sync_taken(hv_apic(v), d, p);
	sync_ended(hv_apic(v), d, p);
}

/*
 * The guest needs no EOI for a vector when nothing waits for it: it is edge-triggered, none is in
 * service, and no other is requested. What comes later while it is in service takes that back, so
 * that the EOI brings an exit.
 */
static bool any(const uint32_t map[8])
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits |= __atomic_load_n(&map[i], __ATOMIC_RELAXED);
	return bits;
}

static bool alone(const struct vapic *a, unsigned vector)
{
	return !any(a->irr) && !any(a->isr) &&
	       !(__atomic_load_n(&a->tmr[vector / 32], __ATOMIC_RELAXED) >> vector % 32 & 1);
}

static void spare_eoi(struct hv_doorbell_state *d, struct hv_doorbell *p, bool spare)
{
	if (spare != d->spared)
		WRITE_ONCE(p->no_eoi_required, spare);
	d->spared = spare;
}

/* True when the page shows something that it did not before. */
static bool post_nmi(struct vapic *a, struct hv_doorbell *p)
{
	if ((READ_ONCE(p->flags) & DOORBELL_NMI) ||
	    !__atomic_exchange_n(&a->nmi, 0, __ATOMIC_SEQ_CST))
		return false;
	set_flag(p, DOORBELL_NMI);
	return true;
}

/* True for a vector where there was none; one that replaces another needs no new signal. */
static bool post_vector(struct vapic *a, struct hv_doorbell_state *d, struct hv_doorbell *p)
{
	bool first = !d->posted;
	int vector;

	if (!first) /* requested again while it is still shown: once is enough */
		move(a->irr, d->posted, false);
	vector = apic_pending(a);
	if (d->spared && any(a->irr))
		spare_eoi(d, p, false);
	if (vector < 0 || vector <= d->posted)
		return false;
	move(a->irr, vector, false);
	if (!first)
		move(a->irr, d->posted, true);
	d->posted = (uint8_t)vector;
	spare_eoi(d, p, alone(a, d->posted));
	WRITE_ONCE(p->vector, d->posted);
	return first;
}

/* d->due stays set when an event is in the way: the signal is tried again before the next VMRUN. */
static void signal(struct vcpu *v, struct hv_doorbell_state *d, struct hv_doorbell *p)
{
	if (READ_ONCE(p->flags) & DOORBELL_NO_SIGNAL) {
		d->due = false;
		return;
	}
	if (!machine_inject_hv(v)) {
		host_kick(host_cpu()); /* come back when the event before it is delivered */
		return;
	}
	hv_count(v, STAT_INJECTED);
	set_flag(p, DOORBELL_NO_SIGNAL);
	d->due = false;
}

static void deliver(struct vcpu *v, struct hv_doorbell_state *d, struct hv_doorbell *p)
{
	struct vapic *a = hv_apic(v);

	d->due |= post_nmi(a, p);
	d->due |= post_vector(a, d, p);
	if (d->due)
		signal(v, d, p);
}

void doorbell_deliver(struct vcpu *v)
{
	struct hv_doorbell_state *d = state(v);
	struct hv_doorbell *p;

	doorbell_sync(v);
	tlb_write_begin(v);
	p = page_of(d);
	if (p)
		deliver(v, d, p);
	tlb_write_end(v);
}

/* The hypervisor of an SNP guest cannot see RFLAGS.IF: whatever is pending ends the HLT. */
bool doorbell_wakes(struct vcpu *v)
{
	struct hv_doorbell *p = page_of(state(v));
	struct vapic *a = hv_apic(v);

	doorbell_sync(v);
	return p && (a->nmi || (READ_ONCE(p->flags) & DOORBELL_NMI) || state(v)->posted ||
		     apic_pending(a) >= 0);
}

bool doorbell_has_news(struct vcpu *v, unsigned vmpl)
{
	const struct hv_doorbell_state *d = &hv_state(v)->doorbell[vmpl];
	const struct vapic *a = &hv_state(v)->apic[vmpl];
	bool vector = apic_pending(a) > d->posted;
	bool nmi = __atomic_load_n(&a->nmi, __ATOMIC_RELAXED);
	const struct hv_doorbell *p = vector || nmi ? page_of(d) : NULL;

	return p && (vector || !(READ_ONCE(p->flags) & DOORBELL_NMI));
}

bool doorbell_waits(struct vcpu *v)
{
	struct vapic *a = hv_apic(v);

	return apic_pending(a) >= 0 || (state(v)->spared && any(a->irr));
}

struct hv_doorbell *doorbell_shown(struct vcpu *v, unsigned vmpl)
{
	return page_of(&hv_state(v)->doorbell[vmpl]);
}

gpa_t doorbell_page(struct vcpu *v)
{
	return state(v)->page;
}

bool doorbell_set(struct vcpu *v, gpa_t g)
{
	struct hv_doorbell_state *d = state(v);

	doorbell_clear(v);
	if (!IS_ALIGNED(g.v, PAGE_SIZE) || !rmp_is_shared(g, PAGE_SIZE))
		return false;
	d->page = g;
	return true;
}

void doorbell_clear(struct vcpu *v)
{
	doorbell_reset(state(v), hv_apic(v));
}
