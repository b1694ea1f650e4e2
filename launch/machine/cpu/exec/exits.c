/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/cpu/exec/exits.h"
#include "machine/cpu/exec/cr.h"
#include "lib/insn/decode.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/exit_count.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/exec/stale.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/phase.h"
#include "machine/cpu/trail.h"
#include "machine/cpu/walk.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "base/x86.h"

/* After a HLT in an interrupt shadow the guest expects that nothing came between STI and HLT. The
 * processor may forget the shadow at the next VMRUN, so such a HLT is taken as executed now. */
static bool halt_in_shadow(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	struct insn i;

	if (c->shadow_rip != c->vmcb->rip || c->vmcb->cpl != 0)
		return false;
	i = insn_at_rip(v);
	if (i.kind != INSN_HLT)
		return false;
	insn_skip(c->vmcb, i.length);
	c->vmcb->exit_code = SVM_EXIT_HLT; /* what the VMSA will show */
	return true;
}

int exits_interrupt(struct vcpu *v)
{
	return halt_in_shadow(v) ? MACHINE_HLT : MACHINE_INTR;
}

int exits_window(struct vcpu *v)
{
	vcpu_ctx(v)->vmcb->int_ctl &= (uint32_t) ~(VMCB_V_IRQ | VMCB_V_IGN_TPR);
	vcpu_ctx(v)->vmcb->intercept3 &= ~VMCB_INTERCEPT3(SVM_EXIT_VINTR);
	if (halt_in_shadow(v))
		return MACHINE_HLT;
	/* what the window was for is the processor's own business there */
	return machine_alternate(v) ? RESUME : MACHINE_WINDOW;
}

int exits_halt(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	insn_skip(vcpu_ctx(v)->vmcb, i.kind == INSN_HLT ? i.length : 1);
	return MACHINE_HLT;
}

int exits_pause(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	insn_skip(vcpu_ctx(v)->vmcb, i.kind == INSN_PAUSE ? i.length : 2);
	return MACHINE_PAUSE;
}

/* QEMU's SMP bug shows as a page fault on the fetch of the very first instruction, then shutdown.
 */
int exits_shutdown(struct vcpu *v)
{
	const struct vmcb *m = vcpu_ctx(v)->vmcb;
	struct walk w;

	v->fault = "triple fault";
	v->fault_at = m->rip;
	if (m->rip == v->entry_rip && (m->exit_int_info & EVENT_VECTOR) == VEC_PF &&
	    walk_linear(v, m->rip, WALK_FETCH, &w) == WALK_OK)
		v->fault = "triple fault, yet RIP is mapped: QEMU may have lost its nested paging "
			   "state (not the guest's fault)";
	return MACHINE_SHUTDOWN;
}

static unsigned slot(uint64_t code)
{
	if (code == SVM_EXIT_NPF)
		return EXIT_SLOT_NPF;
	return code < EXIT_SLOT_INVALID ? (unsigned)code : EXIT_SLOT_INVALID;
}

/*
 * An event whose delivery the exit cut short is delivered again at the next VMRUN. Not so a
 * software interrupt, which is never injected: RIP still stands at its instruction, which makes it
 * again.
 */
static uint64_t cut_short(const struct vmcb *m)
{
	uint64_t e = m->exit_int_info, type = e & EVENT_TYPE_MASK;
	uint8_t vector = e & EVENT_VECTOR;
	bool soft = type == EVENT_SOFT ||
		    (type == EVENT_EXCEPTION && (vector == VEC_BP || vector == VEC_OF));

	return (e & EVENT_VALID) && !soft ? e : 0;
}

static void trace(struct vcpu *v)
{
	const struct vmcb *m = vcpu_ctx(v)->vmcb;
	const char *name = exit_count_name(slot(m->exit_code));

	host_log("trace: vcpu%u vmpl%u exit 0x%llx %s info 0x%llx 0x%llx rip 0x%llx rax 0x%llx "
		 "rcx 0x%llx",
		 v->index, v->vmpl, (unsigned long long)m->exit_code, name ? name : "?",
		 (unsigned long long)m->exit_info1, (unsigned long long)m->exit_info2,
		 (unsigned long long)m->rip, (unsigned long long)m->rax,
		 (unsigned long long)vcpu_ctx(v)->gpr[1]);
}

int exits_handle(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	struct vmcb *m = c->vmcb;
	unsigned s = slot(m->exit_code);

	v->exits[s]++;
	if (host_options.repeat)
		trail_exit(v, m->exit_code, m->rip, rdtsc());
	phase_follow(v, m->cpl == 3);
	exit_cause_begin(v, s);
	if (vcpu_traced(v))
		trace(v);
	m->event_inj = cut_short(m);
	stale_arm(m);
	if (m->int_state & VMCB_INT_SHADOW)
		c->shadow_rip = m->rip;
	else if (c->shadow_rip != m->rip)
		c->shadow_rip = ~0ull;
	if (s != EXIT_SLOT_NPF && s != SVM_EXIT_INTR)
		v->npf_same = 0;
	if (s == EXIT_SLOT_INVALID && cr_refused(v))
		return cr_access(v);
	if (s == EXIT_SLOT_INVALID)
		return event_fault(v, "VMRUN refused the state", v->entry_rip);
	if (!guard_exits[s])
		return event_fault(v, "exit that was not asked for", m->exit_code);
	return guard_exits[s](v);
}
