/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Exceptions through EVENTINJ, and what a failed access to guest memory comes to: an exception in
 * the guest, a page that the hypervisor has to convert, or the end of the run.
 */
#include "machine/cpu/event/event.h"
#include "machine/cpu/guard.h"
#include "machine/host/options.h"
#include "base/x86.h"

/* The vectors that push an error code: APM vol. 2, 8.2 */
#define HAS_ERROR                                                                                  \
	(BIT(VEC_DF) | BIT(VEC_TS) | BIT(VEC_NP) | BIT(VEC_SS) | BIT(VEC_GP) | BIT(VEC_PF) |       \
	 BIT(VEC_AC))

void event_exception(struct vmcb *m, uint8_t vector, uint32_t error)
{
	uint64_t e = EVENT_VALID | EVENT_EXCEPTION | vector;

	if (HAS_ERROR & BIT(vector))
		e |= EVENT_HAS_ERROR | EVENT_ERROR(error);
	m->event_inj = e;
}

/* The last of the vCPU's exits: the hypervisor prints why and where. */
int event_fault(struct vcpu *v, const char *why, uint64_t at)
{
	v->fault = why;
	v->fault_at = at;
	return MACHINE_FAULT;
}

int event_shared(struct vcpu *v, gpa_t g)
{
	v->fault_at = g.v;
	return MACHINE_SHARED;
}

int event_private(struct vcpu *v, gpa_t g)
{
	if (host_options.strict)
		return event_fault(v, "nested page fault: shared access to a private page", g.v);
	v->fault_at = g.v;
	return MACHINE_PRIVATE;
}

/* Would a private access meet private memory there, whatever its rights? */
static bool is_assigned(const struct vcpu *v, gpa_t g)
{
	return guard_access(g, v->vmpl, true, 0) != GUARD_EXIT;
}

int event_access(struct vcpu *v, enum walk_status s, const struct walk *w)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	switch (s) {
	case WALK_OK:
		return RESUME;
	case WALK_PAGE_FAULT:
		m->cr2 = w->linear;
		event_exception(m, VEC_PF, w->error);
		return RESUME;
	case WALK_NOT_VALIDATED:
		return guard_not_validated(v, w->linear);
	case WALK_EXIT:
		/* a shared access to a shared page would not have failed */
		if (guard_is_shared(w->gpa, 1))
			return event_shared(v, w->gpa);
		if (!w->is_private && is_assigned(v, w->gpa))
			return event_private(v, w->gpa);
		break;
	}
	return event_fault(v, "nested page fault: a page that this VMPL may not access so",
			   w->gpa.v);
}
