/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A guest's VMSA with alternate injection: VINTR_CTRL, EVENT_INJ and GUEST_EXITINTINFO (APM vol. 2,
 * 15.36.16, 15.20, 15.21). The caller has stopped the VMSA, so the processor does not write these
 * fields meanwhile. VMPLs below 0 cannot write the page at all.
 *
 * Maskable interrupts are always queued as virtual ones (V_IRQ): the processor then takes them as
 * soon as RFLAGS.IF, the interrupt shadow and V_TPR allow it, and an exit before that leaves V_IRQ
 * set. EVENT_INJ is for NMIs and for what an exit has cut short.
 */
#include "platform/snp/inject_state.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/guest_mem.h"

#define FIELD(page, name) gpa_add(page, offsetof(struct vmsa, name))

/* EVENTINJ and EXITINTINFO: APM vol. 2, 15.20 */
#define EVENT_VECTOR(e) ((uint8_t)(e))
#define EVENT_TYPE(e)   ((e)&7ull << 8)
#define EVENT_TYPE_INTR (0ull << 8)
#define EVENT_TYPE_NMI  (2ull << 8)
#define EVENT_VALID     BIT(31)
#define EVENT_NMI       (EVENT_VALID | EVENT_TYPE_NMI | 2)

/* What the processor keeps in VINTR_CTRL besides what is set anew for each run. */
#define VINTR_KEPT (VINTR_TPR_MASK | VINTR_SHADOW | VINTR_NMI | VINTR_NMI_MASK | VINTR_NMI_ENABLE)

/* The priority's class lies in bits 3:0 of V_TPR, as in CR8. */
#define TPR_OF(vintr)  ((uint8_t)((vintr) << 4))
#define VINTR_TPR(tpr) ((uint64_t)(tpr) >> 4)

/*
 * An event in EVENT_INJ was not delivered: the vCPU did not run, or an exit came in between. What
 * is decided anew before each run goes back; anything else stays, to happen first.
 */
static uint64_t undelivered(uint64_t event, struct inject_state *s)
{
	if (!(event & EVENT_VALID))
		return 0;
	switch (EVENT_TYPE(event)) {
	case EVENT_TYPE_INTR:
		s->vector = EVENT_VECTOR(event);
		return 0;
	case EVENT_TYPE_NMI:
		s->nmi = true;
		return 0;
	default:
		return event;
	}
}

bool inject_state_leave(gpa_t page, struct inject_state *s)
{
	uint64_t vintr, cut, event, left;

	if (!guest_read64(FIELD(page, vintr_ctrl), &vintr) ||
	    !guest_read64(FIELD(page, guest_exit_int_info), &cut) ||
	    !guest_read64(FIELD(page, event_inj), &event))
		return false;
	*s = (struct inject_state){.tpr = TPR_OF(vintr)};
	if (vintr & VINTR_IRQ)
		s->vector = (uint8_t)((vintr & VINTR_VECTOR_MASK) / VINTR_VECTOR(1));
	left = undelivered(cut & EVENT_VALID ? cut : event, s);
	return (left == event || guest_write64(FIELD(page, event_inj), left)) &&
	       (!cut || guest_write64(FIELD(page, guest_exit_int_info), 0)) &&
	       guest_write64(FIELD(page, vintr_ctrl), (vintr & VINTR_KEPT) | VINTR_GIF);
}

/* VGIF is set, since nobody else sets it and without it nothing is taken; BUSY is clear, since
 * leave() has seen to what it stands for. */
bool inject_state_enter(gpa_t page, struct inject_state *s)
{
	uint64_t vintr, event;

	if (!guest_read64(FIELD(page, vintr_ctrl), &vintr) ||
	    !guest_read64(FIELD(page, event_inj), &event))
		return false;
	vintr = (vintr & VINTR_KEPT & ~VINTR_TPR_MASK) | VINTR_GIF | VINTR_TPR(s->tpr);
	if (s->vector)
		vintr |= VINTR_IRQ | VINTR_PRIO(s->vector >> 4) | VINTR_VECTOR(s->vector);
	s->nmi = s->nmi && !(event & EVENT_VALID);
	return guest_write64(FIELD(page, vintr_ctrl), vintr) &&
	       (!s->nmi || guest_write64(FIELD(page, event_inj), EVENT_NMI));
}

bool inject_state_blank(gpa_t page)
{
	uint64_t vintr;

	return guest_read64(FIELD(page, vintr_ctrl), &vintr) &&
	       guest_write64(FIELD(page, vintr_ctrl), (vintr & VINTR_TPR_MASK) | VINTR_GIF) &&
	       guest_write64(FIELD(page, guest_exit_int_info), 0) &&
	       guest_write64(FIELD(page, event_inj), 0);
}

bool inject_state_off(gpa_t page, uint64_t *flags)
{
	uint64_t rflags, vintr;

	if (!guest_read64(FIELD(page, rflags), &rflags) ||
	    !guest_read64(FIELD(page, vintr_ctrl), &vintr) ||
	    !guest_clear64(FIELD(page, sev_features), SEV_FEAT_ALTERNATE_INJ))
		return false;
	*flags = (rflags & RFLAGS_IF ? GHCB_ALT_INJ_IF : 0) |
		 (vintr & VINTR_SHADOW ? GHCB_ALT_INJ_SHADOW : 0);
	return true;
}

void inject_state_on(gpa_t page)
{
	guest_set64(FIELD(page, sev_features), SEV_FEAT_ALTERNATE_INJ);
}
