/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "lib/insn/decode.h"
#include "machine/cpu/exec/counter.h"
#include "machine/cpu/exec/cr.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/exits.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/exec/stale.h"
#include "machine/cpu/event/vintr.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/tlb.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/options.h"
#include "machine/hostile/hostile.h"
#include "machine/snp/cause.h"
#include "machine/snp/insn_rmp.h"
#include "machine/snp/msr_exit.h"
#include "machine/snp/npf.h"
#include "machine/snp/vc.h"
#include "abi/ghcb.h"
#include "abi/vmsa.h"
#include "base/x86.h"

/*
 * What becomes of each exit. APM vol. 2, 15.35.4 and 15.35.5: automatic exits go to the hypervisor;
 * the others raise #VC in the guest, with the exit code as error code.
 */

/* VMGEXIT is VMMCALL with an F2 or F3 prefix. */
static int vmmcall(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	if (i.kind == INSN_UNDEFINED)
		return insn_fault(v, VEC_UD);
	if (!i.length)
		return event_fault(v, "VMMCALL or VMGEXIT that cannot be read",
				   vcpu_ctx(v)->vmcb->rip);
	if (i.kind != INSN_VMGEXIT)
		return vc_raise(v, SVM_EXIT_VMMCALL);
	return msr_vmgexit(v, i.length);
}

/*
 * INVLPGB, TLBSYNC: APM vol. 3. Whatever it names, INVLPGB drops everything and is done when it
 * ends, so TLBSYNC has nothing to wait for. A guest names ASID 0, its own. A hypervisor may allow
 * its guests neither.
 */
static int broadcast_flush(struct vcpu *v, const struct insn *i)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;

	if (host_options.no_invlpgb)
		return insn_fault(v, VEC_UD);
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

	cause_insn(v, &i);
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

void guard_answer(struct vcpu *v)
{
	msr_answer(v);
}

/* VMRUN and its kind do not exist in a guest of SNP; EFER.SVME is set all the same. */
static int no_nested_svm(struct vcpu *v)
{
	return insn_fault(v, VEC_UD);
}

/* A non-automatic exit: the error code of #VC is the exit code. */
static int reflect(struct vcpu *v)
{
	return vc_raise(v, (uint32_t)vcpu_ctx(v)->vmcb->exit_code);
}

/* What IN leaves in RAX: 32 bits are zero-extended, fewer leave the rest as it was. */
static uint64_t merged(uint64_t rax, uint32_t info, uint32_t value)
{
	if (info & IOIO_SZ32)
		return value;
	return info & IOIO_SZ16 ? (rax & ~0xffffull) | (uint16_t)value
				: (rax & ~0xffull) | (uint8_t)value;
}

/* An OUT may have raised an interrupt: the hypervisor looks before the guest goes on. EXITINFO2 is
 * the RIP behind the instruction. */
static int ioio(struct vcpu *v)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;
	uint32_t info = (uint32_t)m->exit_info1, value = (uint32_t)m->rax;

	if (!host_options.fast_ioio || host_options.strict ||
	    (vcpu_ctx(v)->sev_features & SEV_FEAT_REFLECT_VC) || !vmm_fast_ioio(v, info, &value))
		return reflect(v);
	if (info & IOIO_IN)
		m->rax = merged(m->rax, info, value);
	insn_skip(m, (unsigned)(m->exit_info2 - m->rip));
	return info & IOIO_IN ? RESUME : MACHINE_INTR;
}

/* #GP(0) at CPL 3 comes before the intercept; newer QEMU has it the other way round. */
static int cache_flush(struct vcpu *v)
{
	return vcpu_ctx(v)->vmcb->cpl ? insn_fault(v, VEC_GP) : reflect(v);
}

/* Only a hostile host intercepts #DB, and the step over an IRET. */
static int debug_exception(struct vcpu *v)
{
	if (!vintr_stepped(v))
		hostile_stepped(v);
	return RESUME;
}

guard_exit *const guard_exits[EXIT_SLOTS] = {
	[SVM_EXIT_CR_WRITE + 0] = cr_access,
	[SVM_EXIT_CR_WRITE + 4] = cr_access,
	[SVM_EXIT_CR_WRITE + 8] = cr_access,
	[SVM_EXIT_DR_READ + 7] = reflect,
	[SVM_EXIT_DR_WRITE + 7] = reflect,
	[SVM_EXIT_EXCEPTION + VEC_DB] = debug_exception,
	[SVM_EXIT_EXCEPTION + VEC_UD] = undefined,
	[SVM_EXIT_INTR] = exits_interrupt,
	[SVM_EXIT_NMI] = exits_interrupt,
	[SVM_EXIT_SMI] = exits_interrupt,
	[SVM_EXIT_VINTR] = exits_window,
	[SVM_EXIT_CR0_SEL_WRITE] = cr_access,
	[SVM_EXIT_RDTSC] = counter_exit,
	[SVM_EXIT_RDTSCP] = counter_exit,
	[SVM_EXIT_RDPMC] = reflect,
	[SVM_EXIT_CPUID] = reflect,
	[SVM_EXIT_IRET] = vintr_iret,
	[SVM_EXIT_SWINT] = stale_interrupt,
	[SVM_EXIT_INVD] = cache_flush,
	[SVM_EXIT_PAUSE] = exits_pause,
	[SVM_EXIT_HLT] = exits_halt,
	[SVM_EXIT_INVLPGA] = no_nested_svm,
	[SVM_EXIT_IOIO] = ioio,
	[SVM_EXIT_MSR] = msr_access,
	[SVM_EXIT_SHUTDOWN] = exits_shutdown,
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
	[EXIT_SLOT_NPF] = npf_handle,
};
