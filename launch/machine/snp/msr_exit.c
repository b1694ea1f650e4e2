/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/snp/msr_exit.h"
#include "lib/insn/decode.h"
#include "machine/cpu/exec/counter.h"
#include "machine/cpu/exec/cr.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/options.h"
#include "machine/hostile/hostile.h"
#include "machine/snp/vc.h"
#include "abi/ghcb.h"
#include "abi/vmsa.h"
#include "base/x86.h"

/*
 * MSRs that are not the guest's own. EFER and the two of SEV are the processor's; the rest a
 * hypervisor would see only through #VC, unless the fast way is on.
 */

/* Of VMGEXIT with its one prefix, and of RDMSR and WRMSR without any: a compiler makes no other. */
#define VMGEXIT_LENGTH 4
#define RDMSR_LENGTH   2

static void read_done(struct vmpl_ctx *c, uint64_t value, unsigned length)
{
	c->vmcb->rax = (uint32_t)value;
	c->gpr[2] = value >> 32;
	insn_skip(c->vmcb, length);
}

static int complete(struct vcpu *v, bool write, uint64_t value)
{
	struct insn i = insn_at_rip(v);
	unsigned length = i.length ? i.length : RDMSR_LENGTH;

	if (write)
		insn_skip(vcpu_ctx(v)->vmcb, length);
	else
		read_done(vcpu_ctx(v), value, length);
	return RESUME;
}

/*
 * Does the processor begin the next instruction at once? Not behind an event or a trap, nor where
 * an interrupt is due or a breakpoint may be. Rare modes are left to the long way.
 */
static bool goes_on(const struct vmcb *m)
{
	bool interrupt = (m->int_ctl & VMCB_V_IRQ) && (m->rflags & RFLAGS_IF);

	return guest_mode64(m) && !m->cpl && !(m->event_inj & EVENT_VALID) && !interrupt &&
	       !(m->dr7 & DR7_ENABLED);
}

int msr_vmgexit(struct vcpu *v, unsigned length)
{
	struct vmpl_ctx *c = vcpu_ctx(v);

	insn_skip(c->vmcb, length);
	c->vmcb->exit_code = SVM_EXIT_VMMCALL; /* what the VMSA will show, and not the WRMSR's */
	c->vmcb->exit_info1 = c->vmcb->exit_info2 = 0;
	c->answer_due = c->ghcb_msr & GHCB_MSR_INFO_MASK;
	return MACHINE_VMGEXIT;
}

/*
 * A processor of SEV-SNP does not leave the guest for the GHCB's MSR, ours has to. An exit costs so
 * much more than a look at the instruction behind it that the VMGEXIT there is done with it, and
 * below the RDMSR that fetches the answer.
 */
static int ghcb_write(struct vcpu *v, uint64_t value)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	struct insn next, i = insn_pair_at_rip(v, &next);

	c->ghcb_msr = value;
	insn_skip(c->vmcb, i.length ? i.length : RDMSR_LENGTH);
	if (next.kind != INSN_VMGEXIT || next.length != VMGEXIT_LENGTH || !goes_on(c->vmcb))
		return RESUME;
	return msr_vmgexit(v, next.length);
}

void msr_answer(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	struct insn i;

	c->answer_due = false;
	if ((uint32_t)c->gpr[1] != MSR_GHCB || !goes_on(c->vmcb))
		return;
	i = insn_at_rip(v);
	if (i.kind == INSN_RDMSR && i.length == RDMSR_LENGTH)
		read_done(c, c->ghcb_msr, i.length);
}

int msr_access(struct vcpu *v)
{
	struct vmpl_ctx *c = &v->ctx[v->vmpl];
	bool write = c->vmcb->exit_info1 & 1, gp = false;
	uint32_t msr = (uint32_t)c->gpr[1];
	uint64_t value = (uint32_t)c->vmcb->rax | c->gpr[2] << 32;

	switch (msr) {
	case MSR_GHCB:
		return write ? ghcb_write(v, value) : complete(v, false, c->ghcb_msr);
	case MSR_EFER: /* only writes come here */
		return cr_set_efer(v, value) ? complete(v, true, 0) : insn_fault(v, VEC_GP);
	case MSR_SEV_STATUS:
		if (write)
			return insn_fault(v, VEC_GP);
		value = c->sev_features << SEV_STATUS_FEATURES_SHIFT;
		return complete(v, false, value | SEV_STATUS_SEV | SEV_STATUS_ES | SEV_STATUS_SNP);
	case MSR_GUEST_TSC_FREQ: /* read-only, and there with SecureTSC only */
		if (!(c->sev_features & SEV_FEAT_SECURE_TSC))
			break;
		return write ? insn_fault(v, VEC_GP) : complete(v, false, counter_freq(c));
	}
	if (!host_options.strict && !(c->sev_features & SEV_FEAT_REFLECT_VC) &&
	    vmm_fast_msr(v, msr, write, &value, &gp))
		return gp ? insn_fault(v, VEC_GP) : complete(v, write, value);
	if (write && hostile_msr_write(v, msr, value))
		return complete(v, true, 0);
	return vc_raise(v, SVM_EXIT_MSR);
}
