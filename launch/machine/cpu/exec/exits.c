/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/exits.h"
#include "machine/cpu/exec/stale.h"
#include "machine/cpu/tlb.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "abi/ghcb.h"
#include "base/x86.h"

/*
 * What becomes of each exit. APM vol. 2, 15.35.5: automatic exits go to the hypervisor; the others
 * raise #VC in the guest, with the exit code as error code.
 */

typedef int (*handler)(struct vcpu *v);

static struct vmpl_ctx *ctx(struct vcpu *v)
{
	return &v->ctx[v->vmpl];
}

/* After a HLT in an interrupt shadow the guest expects that nothing came between STI and HLT. The
 * processor may forget the shadow at the next VMRUN, so such a HLT is taken as executed now. */
static bool halt_in_shadow(struct vcpu *v)
{
	struct vmpl_ctx *c = ctx(v);
	struct insn i;

	if (c->shadow_rip != c->vmcb->rip || c->vmcb->cpl != 0)
		return false;
	i = insn_at_rip(v);
	if (i.kind != INSN_HLT)
		return false;
	insn_skip(c->vmcb, i.length);
	return true;
}

static int interrupt(struct vcpu *v)
{
	return halt_in_shadow(v) ? MACHINE_HLT : MACHINE_INTR;
}

static int window(struct vcpu *v)
{
	ctx(v)->vmcb->int_ctl &= (uint32_t) ~(VMCB_V_IRQ | VMCB_V_IGN_TPR);
	ctx(v)->vmcb->intercept3 &= ~VMCB_INTERCEPT3(SVM_EXIT_VINTR);
	return halt_in_shadow(v) ? MACHINE_HLT : MACHINE_WINDOW;
}

static int halt(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	insn_skip(ctx(v)->vmcb, i.kind == INSN_HLT ? i.length : 1);
	return MACHINE_HLT;
}

static int pause(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	insn_skip(ctx(v)->vmcb, i.kind == INSN_PAUSE ? i.length : 2);
	return MACHINE_PAUSE;
}

/* VMGEXIT is VMMCALL with an F2 or F3 prefix. */
static int vmmcall(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	if (i.kind == INSN_UNKNOWN)
		return event_fault(v, "VMMCALL or VMGEXIT that cannot be read", ctx(v)->vmcb->rip);
	if (i.kind != INSN_VMGEXIT)
		return vc_raise(v, SVM_EXIT_VMMCALL);
	insn_skip(ctx(v)->vmcb, i.length);
	return MACHINE_VMGEXIT;
}

/*
 * INVLPGB, TLBSYNC: APM vol. 3. Whatever it names, INVLPGB drops everything and is done when it
 * ends, so TLBSYNC has nothing to wait for. A guest names ASID 0, its own.
 */
static int broadcast_flush(struct vcpu *v, const struct insn *i)
{
	struct vmcb *m = ctx(v)->vmcb;

	if (m->cpl || (i->kind == INSN_INVLPGB && (uint16_t)insn_gpr(v, 2)))
		return insn_fault(v, VEC_GP);
	if (i->kind == INSN_INVLPGB)
		tlb_flush_others(); /* this CPU flushes at its next VMRUN */
	insn_skip(m, i->length);
	return RESUME;
}

static int undefined(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	switch (i.kind) {
	case INSN_PVALIDATE:
	case INSN_RMPADJUST:
	case INSN_RMPQUERY:
		return insn_rmp(v, &i);
	case INSN_INVLPGB:
	case INSN_TLBSYNC:
		return broadcast_flush(v, &i);
	default:
		return insn_fault(v, VEC_UD);
	}
}

/* VMRUN and its kind do not exist in a guest of SNP; EFER.SVME is set all the same. */
static int no_nested_svm(struct vcpu *v)
{
	return insn_fault(v, VEC_UD);
}

static int reflect(struct vcpu *v)
{
	return vc_raise(v, (uint32_t)ctx(v)->vmcb->exit_code);
}

/* #GP(0) at CPL 3 comes before the intercept; newer QEMU has it the other way round. */
static int cache_flush(struct vcpu *v)
{
	return ctx(v)->vmcb->cpl ? insn_fault(v, VEC_GP) : reflect(v);
}

/* QEMU's SMP bug shows as a page fault on the fetch of the very first instruction, then shutdown.
 */
static int shutdown(struct vcpu *v)
{
	const struct vmcb *m = ctx(v)->vmcb;
	struct walk w;

	v->fault = "triple fault";
	v->fault_at = m->rip;
	if (m->rip == v->entry_rip && (m->exit_int_info & EVENT_VECTOR) == VEC_PF &&
	    walk_linear(v, m->rip, WALK_FETCH, &w) == WALK_OK)
		v->fault = "triple fault, yet RIP is mapped: QEMU may have lost its nested paging "
			   "state (not the guest's fault)";
	return MACHINE_SHUTDOWN;
}

static const handler handlers[MACHINE_EXIT_SLOTS] = {
	[SVM_EXIT_CR_READ + 0] = cr_access,
	[SVM_EXIT_CR_READ + 3] = cr_access,
	[SVM_EXIT_CR_WRITE + 0] = cr_access,
	[SVM_EXIT_CR_WRITE + 3] = cr_access,
	[SVM_EXIT_CR_WRITE + 8] = cr_access,
	[SVM_EXIT_CR0_SEL_WRITE] = cr_access,
	[SVM_EXIT_DR_READ + 7] = reflect,
	[SVM_EXIT_DR_WRITE + 7] = reflect,
	[SVM_EXIT_EXCEPTION + VEC_UD] = undefined,
	[SVM_EXIT_INTR] = interrupt,
	[SVM_EXIT_NMI] = interrupt,
	[SVM_EXIT_VINTR] = window,
	[SVM_EXIT_RDTSC] = reflect,
	[SVM_EXIT_RDTSCP] = reflect,
	[SVM_EXIT_RDPMC] = reflect,
	[SVM_EXIT_CPUID] = reflect,
	[SVM_EXIT_SWINT] = stale_interrupt,
	[SVM_EXIT_INVD] = cache_flush,
	[SVM_EXIT_PAUSE] = pause,
	[SVM_EXIT_HLT] = halt,
	[SVM_EXIT_INVLPGA] = no_nested_svm,
	[SVM_EXIT_IOIO] = reflect,
	[SVM_EXIT_MSR] = msr_access,
	[SVM_EXIT_SHUTDOWN] = shutdown,
	[SVM_EXIT_VMRUN] = no_nested_svm,
	[SVM_EXIT_VMMCALL] = vmmcall,
	[SVM_EXIT_VMLOAD] = no_nested_svm,
	[SVM_EXIT_VMSAVE] = no_nested_svm,
	[SVM_EXIT_STGI] = no_nested_svm,
	[SVM_EXIT_CLGI] = no_nested_svm,
	[SVM_EXIT_SKINIT] = no_nested_svm,
	[SVM_EXIT_WBINVD] = cache_flush,
	[SVM_EXIT_MONITOR] = reflect,
	[SVM_EXIT_MWAIT] = reflect,
	[SVM_EXIT_MWAIT_COND] = reflect,
	[MACHINE_EXIT_NPF] = npf_handle,
};

static unsigned slot(uint64_t code)
{
	if (code == SVM_EXIT_NPF)
		return MACHINE_EXIT_NPF;
	return code < MACHINE_EXIT_INVALID ? (unsigned)code : MACHINE_EXIT_INVALID;
}

/*
 * An event whose delivery the exit cut short is delivered again at the next VMRUN. Not so a
 * software interrupt: RIP still stands at its instruction, which makes it again, unless
 * stale_interrupt injected it.
 */
static uint64_t cut_short(struct vmpl_ctx *c)
{
	uint64_t e = c->vmcb->exit_int_info;
	uint8_t vector = e & EVENT_VECTOR;
	bool soft =
		(e & EVENT_TYPE_MASK) == EVENT_SOFT || ((e & EVENT_TYPE_MASK) == EVENT_EXCEPTION &&
							(vector == VEC_BP || vector == VEC_OF));

	if (!(e & EVENT_VALID)) {
		c->soft_rip = ~0ull;
		return 0;
	}
	return soft && c->soft_rip != c->vmcb->rip ? 0 : e;
}

static void trace(struct vcpu *v)
{
	const struct vmcb *m = ctx(v)->vmcb;

	host_log("trace: vcpu%u vmpl%u exit 0x%llx info 0x%llx 0x%llx rip 0x%llx rax 0x%llx "
		 "rcx 0x%llx",
		 v->index, v->vmpl, (unsigned long long)m->exit_code,
		 (unsigned long long)m->exit_info1, (unsigned long long)m->exit_info2,
		 (unsigned long long)m->rip, (unsigned long long)m->rax,
		 (unsigned long long)ctx(v)->gpr[1]);
}

int exits_handle(struct vcpu *v)
{
	struct vmpl_ctx *c = ctx(v);
	struct vmcb *m = c->vmcb;
	unsigned s = slot(m->exit_code);

	v->exits[s]++;
	if (host_options.trace)
		trace(v);
	m->event_inj = cut_short(c);
	stale_arm(m);
	if (m->int_state & VMCB_INT_SHADOW)
		c->shadow_rip = m->rip;
	else if (c->shadow_rip != m->rip)
		c->shadow_rip = ~0ull;
	if (s == MACHINE_EXIT_INVALID)
		return event_fault(v, "VMRUN refused the state", v->entry_rip);
	if (!handlers[s])
		return event_fault(v, "exit that was not asked for", m->exit_code);
	return handlers[s](v);
}
