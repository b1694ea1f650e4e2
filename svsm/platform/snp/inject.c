/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What VMPL0 and the hypervisor exchange about interrupts of a lower VMPL: its part of the doorbell
 * page, and the GHCB events of alternate injection (drafts of 2025; abi/doorbell.h and abi/ghcb.h
 * have them). The page is shared: every field is taken by one exchange and may hold anything, and
 * what is written there may be gone the next moment.
 */
#include "platform/inject.h"
#include "abi/doorbell.h"
#include "abi/vmsa.h"
#include "log/log.h"
#include "platform/snp/doorbell.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/inject_state.h"
#include "platform/snp/snp.h"

static const char *objection(void)
{
	if (!(snp_sev_features() & SEV_FEAT_RESTRICTED_INJ))
		return "the SVSM itself runs without restricted injection";
	if (!doorbell_there())
		return "there is no doorbell";
	if (!snp_offers(GHCB_HV_FEAT_EXT_INTERRUPTS))
		return "the hypervisor does not offer it";
	return NULL;
}

static bool ask(uint64_t exit_code, uint64_t info1)
{
	struct ghcb *g = ghcb_begin();
	bool done = false;

	if (!g)
		return false;
	for (unsigned n = 0; !done && n < GHCB_ATTEMPTS; n++)
		done = !ghcb_call(g, exit_code, info1, 0);
	ghcb_end(g);
	return done;
}

static bool start(uint8_t vector)
{
	return doorbell_there() && ask(GHCB_EXIT_CONFIGURE_INT_INJ, vector);
}

static bool eoi(unsigned vmpl, uint8_t vector)
{
	return ask(GHCB_EXIT_SPECIFIC_EOI, GHCB_EOI(vmpl, vector));
}

/* A fixed, physical, edge-triggered one; as in an APIC's ICR. */
static bool notify(uint32_t apic_id, uint8_t vector)
{
	return ask(GHCB_EXIT_HV_IPI, (uint64_t)apic_id << 32 | vector);
}

/* ---- the part of a VMPL in the doorbell page ---- */

static void take_machine_check(void)
{
	static bool said;

	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		log_warn("inject: the hypervisor speaks of a machine check of the guest's");
}

/* irr[] begins at vector 32, and 31 has a bit of the status. */
static void take_many(struct hv_doorbell_vmpl *d, uint32_t status, struct inject_events *e)
{
	e->irr[0] |= status & DOORBELL_VMPL_31;
	for (unsigned i = 0; i < ARRAY_LEN(d->irr); i++)
		e->irr[i + 1] |= __atomic_exchange_n(&d->irr[i], 0, __ATOMIC_SEQ_CST);
}

/*
 * The mark of the VMPL goes first: what the hypervisor adds from then on, it marks and tells again.
 * With several vectors the one in the status counts too. A vector that was put there as the only
 * one is real, wherever the later ones went.
 */
static bool events(unsigned vmpl, struct inject_events *e)
{
	struct hv_doorbell *page = doorbell_page();
	struct hv_doorbell_vmpl *d;
	uint8_t mark = (uint8_t)(1u << (vmpl - 1)), vector;
	uint32_t status;

	if (!page || !(READ_ONCE(page->per_vmpl_events) & mark))
		return false;
	__atomic_fetch_and(&page->per_vmpl_events, (uint8_t)~mark, __ATOMIC_SEQ_CST);
	d = &page->vmpl[vmpl - 1];
	status = __atomic_exchange_n(&d->status, 0, __ATOMIC_SEQ_CST);
	vector = status & DOORBELL_VMPL_VECTOR;
	*e = (struct inject_events){.nmi = status & DOORBELL_VMPL_NMI};
	if (status & DOORBELL_VMPL_LEVEL)
		e->level = vector;
	else if (vector)
		e->irr[vector / 32] |= 1u << vector % 32;
	if (status & DOORBELL_VMPL_MANY)
		take_many(d, status, e);
	if (status & DOORBELL_VMPL_MC)
		take_machine_check();
	return true;
}

/* What a hand-over adds to the status. */
static uint32_t status_of(const struct inject_apic *a)
{
	return (a->irr[0] & DOORBELL_VMPL_31) | (a->nmi ? DOORBELL_VMPL_NMI : 0);
}

/*
 * All vectors go to irr[], which counts from then on; so does one that the hypervisor has put into
 * the status meanwhile and that nobody has taken. A level-triggered one stays where it is: the
 * hypervisor looks for it there. Vectors below 31 have no place in the page.
 */
static void give(struct hv_doorbell_vmpl *d, const struct inject_apic *a)
{
	uint32_t status = __atomic_fetch_or(&d->status, DOORBELL_VMPL_MANY, __ATOMIC_SEQ_CST);
	uint32_t add = status_of(a);
	unsigned vector = status & DOORBELL_VMPL_VECTOR;

	for (unsigned i = 0; i < ARRAY_LEN(d->isr); i++)
		WRITE_ONCE(d->isr[i], a->isr[i]);
	for (unsigned i = 0; i < ARRAY_LEN(d->irr); i++)
		__atomic_fetch_or(&d->irr[i], a->irr[i + 1], __ATOMIC_SEQ_CST);
	if (vector >= 32 && !(status & DOORBELL_VMPL_LEVEL))
		__atomic_fetch_or(&d->irr[vector / 32 - 1], 1u << vector % 32, __ATOMIC_SEQ_CST);
	if (vector == 31 && !(status & DOORBELL_VMPL_LEVEL))
		add |= DOORBELL_VMPL_31;
	__atomic_fetch_or(&d->status, add, __ATOMIC_SEQ_CST);
}

/* The hypervisor has refused it. The APIC still has all of it, so one of these that the hypervisor
 * has raised meanwhile is not lost. */
static void take_back(struct hv_doorbell_vmpl *d, const struct inject_apic *a)
{
	__atomic_fetch_and(&d->status, ~status_of(a), __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < ARRAY_LEN(d->irr); i++)
		__atomic_fetch_and(&d->irr[i], ~a->irr[i + 1], __ATOMIC_SEQ_CST);
}

static bool hand_over(gpa_t page, unsigned vmpl, const struct inject_apic *a)
{
	struct hv_doorbell *doorbell = doorbell_page();
	struct hv_doorbell_vmpl *d;
	uint64_t flags;

	if (!doorbell || !inject_state_off(page, &flags))
		return false;
	d = &doorbell->vmpl[vmpl - 1];
	give(d, a);
	if (ask(GHCB_EXIT_DISABLE_ALT_INJ, GHCB_ALT_INJ_STATE(vmpl, a->tpr, flags)))
		return true;
	take_back(d, a);
	inject_state_on(page);
	return false;
}

const struct inject_ops snp_inject_ops = {
	.feature = SEV_FEAT_ALTERNATE_INJ,
	.objection = objection,
	.start = start,
	.leave = inject_state_leave,
	.enter = inject_state_enter,
	.events = events,
	.eoi = eoi,
	.notify = notify,
	.hand_over = hand_over,
};
