/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/snp/msr_exit.h"
#include "machine/cpu/decode.h"
#include "machine/cpu/exec/cr.h"
#include "machine/cpu/exec/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/options.h"
#include "machine/snp/vc.h"
#include "abi/vmsa.h"
#include "base/x86.h"

/*
 * MSRs that are not the guest's own. EFER and the two of SEV are the processor's; the rest a
 * hypervisor would see only through #VC, unless the fast way is on.
 */

static int complete(struct vcpu *v, bool write, uint64_t value)
{
	struct insn i = insn_at_rip(v);
	struct vmpl_ctx *c = &v->ctx[v->vmpl];

	if (!write) {
		c->vmcb->rax = (uint32_t)value;
		c->gpr[2] = value >> 32;
	}
	insn_skip(c->vmcb, i.kind == INSN_UNKNOWN ? 2 : i.length);
	return RESUME;
}

int msr_access(struct vcpu *v)
{
	struct vmpl_ctx *c = &v->ctx[v->vmpl];
	bool write = c->vmcb->exit_info1 & 1, gp = false;
	uint32_t msr = (uint32_t)c->gpr[1];
	uint64_t value = (uint32_t)c->vmcb->rax | c->gpr[2] << 32;

	switch (msr) {
	case MSR_GHCB:
		if (write)
			c->ghcb_msr = value;
		return complete(v, write, c->ghcb_msr);
	case MSR_EFER: /* only writes come here */
		return cr_set_efer(v, value) ? complete(v, true, 0) : insn_fault(v, VEC_GP);
	case MSR_SEV_STATUS:
		if (write)
			return insn_fault(v, VEC_GP);
		value = c->sev_features << SEV_STATUS_FEATURES_SHIFT;
		return complete(v, false, value | SEV_STATUS_SEV | SEV_STATUS_ES | SEV_STATUS_SNP);
	}
	if (!host_options.strict && vmm_fast_msr(v, msr, write, &value, &gp))
		return gp ? insn_fault(v, VEC_GP) : complete(v, write, value);
	return vc_raise(v, SVM_EXIT_MSR);
}
