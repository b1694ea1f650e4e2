/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The loop around VMRUN. A vCPU enters here and comes back when its hypervisor has something to
 * do; exits that the processor settles by itself go round.
 */
#include "machine/cpu/exec/enter.h"
#include "machine/cpu/exec/cr.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/exec/exits.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/event/vintr.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/tlb.h"
#include "machine/cpu/walk.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/pool.h"
#include "machine/host/percpu.h"
#include "machine/layout.h"
#include "base/x86.h"

/* Per physical CPU: the host's own segments and system call MSRs, for VMLOAD after each exit. */
static hpa_t host_vmcbs[HOST_MAX_CPUS];

void vmrun_asm(uint64_t vmcb, uint64_t host_vmcb, uint64_t gpr[16], uint64_t cr4);

/* VMSAVE keeps what #VMEXIT does not restore: FS, GS, TR, LDTR and the system call MSRs of this
 * CPU. */
void machine_cpu_init(void)
{
	void *save = host_pages_alloc(1), *own = host_pages_alloc(1);

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, host_pa(save).v);
	fpu_cpu_init();
	host_vmcbs[host_cpu()] = host_pa(own);
	__asm__ volatile("vmsave %%rax" : : "a"(host_pa(own).v) : "memory");
}

/*
 * TCG flushes its TLB once more at VMRUN and once more at VMEXIT when one of these bits changes: so
 * the monitor follows its guest. They mean nothing to its own tables, which have no user pages. The
 * write flushes too, so vmrun_asm makes it: what the monitor touched between it and VMRUN would
 * have to be translated once more. The new CR4, or 0 when it need not change.
 */
static uint64_t follow_guest(const struct vmcb *m)
{
	const uint64_t followed = CR4_PSE | CR4_PGE | CR4_SMEP | CR4_SMAP;
	uint64_t cr4 = read_cr4();

	return (cr4 ^ m->cr4) & followed ? (cr4 & ~followed) | (m->cr4 & followed) : 0;
}

static void enter(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	struct vmcb *m = c->vmcb;
	uint8_t tpr = m->int_ctl & VMCB_V_TPR_MASK;

	cr_intercept(v);
	m->nested_cr3 = (c->vtom ? npt_vtom_root(v->vmpl) : npt_root(v->vmpl, guest_paged(m))).v;
	v->entry_rip = m->rip;
	exit_cause_end(v);
	v->entered = rdtsc();
	tlb_enter(v, m, c->flush_word);
	vmrun_asm(host_pa(m).v, host_vmcbs[host_cpu()].v, c->gpr, follow_guest(m));
	tlb_leave(v);
	cr_follow_tpr(v, tpr);
}

/* With alternate injection VMRUN may find an event to deliver, or fail for a busy VMSA. */
static int once(struct vcpu *v)
{
	bool alternate = machine_alternate(v);
	int why = alternate ? vintr_enter(v) : RESUME;

	if (why != RESUME)
		return why;
	if (vcpu_ctx(v)->answer_due)
		guard_answer(v);
	enter(v);
	why = exits_handle(v);
	if (alternate && why != RESUME)
		vintr_leave(v);
	return why;
}

enum machine_exit machine_run(struct vcpu *v)
{
	int why;

	v->fault = NULL;
	if (!vcpu_ctx(v)->loaded) {
		if (!guard_load(v))
			return (enum machine_exit)event_fault(v, "no VMSA that can be run",
							      vcpu_ctx(v)->vmsa.v);
		v->napped = true; /* no interrupt was delivered to a state that was not there */
	}
	do {
		if (v->napped) {
			v->napped = false;
			return MACHINE_INTR;
		}
		why = once(v);
	} while (why == RESUME);
	return (enum machine_exit)why;
}
