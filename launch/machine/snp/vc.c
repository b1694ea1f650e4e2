/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * #VC: which event it may interrupt, and in which mode it can be delivered. deliver.c builds its
 * frame.
 */
#include "machine/snp/vc.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/vmcb.h"
#include "abi/vmsa.h"
#include "base/x86.h"

/* The RIP behind the instruction; 0 where the processor does not know it: not for nested faults. */
static uint64_t next_rip(struct vcpu *v, uint32_t error)
{
	const struct vmcb *m = vcpu_ctx(v)->vmcb;
	struct insn i = {.kind = INSN_UNKNOWN};

	if (error == SVM_EXIT_IOIO)
		return m->exit_info2;
	if (error != VC_NPF && error != VC_PAGE_NOT_VALIDATED)
		i = insn_at_rip(v);
	return i.length ? m->rip + i.length : 0;
}

/*
 * Reflect #VC, SEV_FEATURES[2]: the guest does not get the exception, but leaves for the
 * hypervisor, and its VMSA says why (APM vol. 2, 15.36.9 and table B-4, GUEST_EXITCODE and its
 * neighbours). It is for a VMPL that knows nothing of SEV-SNP.
 */
static int leave(struct vcpu *v, uint32_t error)
{
	vcpu_ctx(v)->reflected = error;
	vcpu_ctx(v)->nrip = next_rip(v, error);
	return MACHINE_REFLECTED;
}

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
	if (vcpu_ctx(v)->sev_features & SEV_FEAT_REFLECT_VC)
		return leave(v, error);
	if (!(m->cr0 & CR0_PE))
		return event_fault(v, "#VC in real mode", error);
	return deliver_exception(v, VEC_VC, error);
}
