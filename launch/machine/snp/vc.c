/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * #VC: which event it may interrupt, and in which mode it can be delivered. deliver.c builds its
 * frame.
 */
#include "machine/snp/vc.h"
#include "machine/cpu/exec/deliver.h"
#include "machine/cpu/exec/event.h"
#include "machine/cpu/vmcb.h"
#include "base/x86.h"

/* Called for every exit that SEV-SNP reflects, right after it, before anything of the guest has
 * changed. */
int vc_raise(struct vcpu *v, uint32_t error)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	if (m->event_inj & EVENT_VALID) {
		/* the event's own delivery met this: two contributory exceptions, or one that no
		 * healthy guest can come to */
		if ((m->event_inj & EVENT_TYPE_MASK) != EVENT_EXCEPTION)
			return event_fault(v, "#VC while an interrupt was being delivered", error);
		event_exception(m, VEC_DF, 0);
		return RESUME;
	}
	if (!(m->cr0 & CR0_PE))
		return event_fault(v, "#VC in real mode", error);
	return deliver_exception(v, VEC_VC, error);
}
