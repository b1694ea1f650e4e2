/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/hv/altinj.h"
#include "machine/cpu/tlb.h"
#include "machine/hv/doorbell.h"
#include "abi/vmsa.h"
#include "lib/vapic/extint.h"

#define FIRST_VECTOR 16 /* lower ones are illegal: APM vol. 2, 16.6.1 */
#define LAST_VECTOR  255

static bool test(const uint32_t map[8], unsigned n)
{
	return __atomic_load_n(&map[n / 32], __ATOMIC_SEQ_CST) >> n % 32 & 1;
}

static void clear(uint32_t map[8], unsigned n)
{
	__atomic_fetch_and(&map[n / 32], ~(1u << n % 32), __ATOMIC_SEQ_CST);
}

void altinj_reset(struct vcpu *v, unsigned vmpl, uint64_t sev_features)
{
	struct hv_vcpu *h = hv_state(v);

	if (vmpl == VMPL_SVSM) {
		h->int_inj = 0;
		return;
	}
	h->altinj[vmpl].on = sev_features & SEV_FEAT_ALTERNATE_INJ;
}

/* A disabled APIC accepts no vector, but NMIs: APM vol. 2, 16.4.7. */
static bool has_request(const struct vapic *a)
{
	uint32_t any = 0;

	for (unsigned i = 0; i < 8 && apic_enabled(a); i++)
		any |= __atomic_load_n(&a->irr[i], __ATOMIC_RELAXED);
	return any || __atomic_load_n(&a->nmi, __ATOMIC_RELAXED);
}

bool altinj_waits(const struct vcpu *v, const struct vapic *a)
{
	return hv_state(v)->altinj[a->vmpl].on && has_request(a);
}

/* The least privileged VMPL that has a VMSA: hv/irq.c. Its task priority is VMPL0's. */
static bool takes_devices(const struct vcpu *v, unsigned vmpl)
{
	bool last = true;

	while (++vmpl < VMPL_COUNT)
		last &= gpa_eq(v->ctx[vmpl].vmsa, GPA_NONE);
	return last;
}

bool altinj_may_come(const struct vcpu *v)
{
	const struct hv_vcpu *h = hv_state(v);
	bool may = false;

	for (unsigned vmpl = 1; h->int_inj && vmpl < VMPL_COUNT; vmpl++)
		may |= h->altinj[vmpl].on && (h->apic[vmpl].deadline || takes_devices(v, vmpl));
	return may;
}

/* The request is cleared only when it is shown, so that none is lost; one that comes in between is
 * the same one, not yet taken. */
static bool show(struct hv_vcpu *h, struct vapic *a, unsigned vector, struct hv_doorbell_vmpl *d)
{
	struct hv_altinj *alt = &h->altinj[a->vmpl];
	bool level = test(a->tmr, vector);

	if (!extint_post(d, (uint8_t)vector, level))
		return false;
	clear(a->irr, vector);
	if (level)
		alt->level[vector / 32] |= 1u << vector % 32;
	return true;
}

/* The most urgent first, since there is room for one that is level-triggered. True when the page
 * shows more than before. */
static bool show_all(struct hv_vcpu *h, struct vapic *a, struct hv_doorbell_vmpl *d)
{
	bool more = __atomic_exchange_n(&a->nmi, 0, __ATOMIC_SEQ_CST);

	if (more)
		extint_post_nmi(d);
	for (unsigned n = LAST_VECTOR; n >= FIRST_VECTOR && apic_enabled(a); n--)
		if (test(a->irr, n))
			more |= show(h, a, n, d);
	return more;
}

static uint8_t event_bit(unsigned vmpl)
{
	return (uint8_t)(1u << (vmpl - 1));
}

static void turn(struct vcpu *v, unsigned vmpl)
{
	struct hv_vcpu *h = hv_state(v);
	struct hv_doorbell *p;
	bool more = false;

	tlb_write_begin(v);
	p = doorbell_shown(v, VMPL_SVSM);
	if (p)
		more = show_all(h, &h->apic[vmpl], &p->vmpl[vmpl - 1]);
	if (more)
		__atomic_fetch_or(&p->per_vmpl_events, event_bit(vmpl), __ATOMIC_SEQ_CST);
	tlb_write_end(v);
	if (more)
		apic_post(&h->apic[VMPL_SVSM], h->int_inj, false);
}

void altinj_turn(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);

	for (unsigned vmpl = 1; h->int_inj && vmpl < VMPL_COUNT; vmpl++)
		if (altinj_waits(v, &h->apic[vmpl]))
			turn(v, vmpl);
}

/* A vector that VMPL0 has not ended yet is level-triggered still, wherever VMPL0 has it. */
static void request(struct vapic *a, const struct hv_altinj *alt, const struct extint_taken *t)
{
	for (unsigned n = FIRST_VECTOR; n <= LAST_VECTOR; n++)
		if (test(t->irr, n))
			apic_post(a, n, n == t->level || test(alt->level, n));
	if (t->nmi)
		__atomic_store_n(&a->nmi, 1, __ATOMIC_SEQ_CST);
}

static struct extint_taken taken(struct vcpu *v, unsigned vmpl)
{
	struct extint_taken t = {.level = 0};
	struct hv_doorbell *p;

	tlb_write_begin(v);
	p = doorbell_shown(v, VMPL_SVSM);
	if (p) {
		t = extint_take(&p->vmpl[vmpl - 1]);
		__atomic_fetch_and(&p->per_vmpl_events, (uint8_t)~event_bit(vmpl),
				   __ATOMIC_SEQ_CST);
	}
	tlb_write_end(v);
	return t;
}

void altinj_withdraw(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);

	for (unsigned vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
		struct extint_taken t;

		if (!h->altinj[vmpl].on)
			continue;
		t = taken(v, vmpl);
		request(&h->apic[vmpl], &h->altinj[vmpl], &t);
	}
}

bool altinj_configure(struct vcpu *v, uint64_t vector)
{
	if (vector < FIRST_VECTOR || vector > LAST_VECTOR)
		return false;
	hv_state(v)->int_inj = (uint8_t)vector;
	return true;
}

static struct hv_altinj *lower(struct vcpu *v, uint64_t vmpl)
{
	return vmpl > VMPL_SVSM && vmpl < VMPL_COUNT ? &hv_state(v)->altinj[vmpl] : NULL;
}

static void serve_again(struct vapic *a, const struct hv_altinj *alt, const uint32_t isr[8])
{
	for (unsigned i = 0; i < 8; i++) {
		a->isr[i] = isr[i];
		__atomic_fetch_or(&a->tmr[i], isr[i] & alt->level[i], __ATOMIC_SEQ_CST);
	}
}

/* Whether it may inject now the host sees in its VMCB: RFLAGS.IF and the shadow it is told for
 * nothing. */
bool altinj_disable(struct vcpu *v, uint64_t vmpl, uint8_t tpr)
{
	struct hv_altinj *alt = lower(v, vmpl);
	struct extint_taken t;
	struct vapic *a;

	if (!alt || !alt->on)
		return false;
	a = &hv_state(v)->apic[vmpl];
	t = taken(v, (unsigned)vmpl);
	serve_again(a, alt, t.isr);
	request(a, alt, &t);
	a->tpr = tpr;
	*alt = (struct hv_altinj){.on = false};
	return true;
}

/* One that nobody waits for changes nothing, as on an APIC. */
bool altinj_eoi(struct vcpu *v, uint64_t vmpl, uint8_t vector)
{
	struct hv_altinj *alt = lower(v, vmpl);

	if (!alt)
		return false;
	if (test(alt->level, vector)) {
		clear(alt->level, vector);
		apic_host_eoi_level(&hv_state(v)->apic[vmpl], vector);
	}
	return true;
}
