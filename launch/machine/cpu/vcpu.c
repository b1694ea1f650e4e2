/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/exits.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/tlb.h"
#include "machine/cpu/walk.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/pool.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/layout.h"
#include "machine/snp/rmp.h"
#include "machine/snp/vmsa_swap.h"
#include "base/x86.h"

/* The vCPUs, and the loop that runs the current VMPL of one. */

struct vcpu *machine_vcpus[HOST_MAX_CPUS - 1];
unsigned machine_vcpu_count;

/* Per physical CPU: the host's own segments and system call MSRs, for VMLOAD after each exit. */
static hpa_t host_vmcbs[HOST_MAX_CPUS];

void vmrun_asm(uint64_t vmcb, uint64_t host_vmcb, uint64_t gpr[16], uint64_t cr4);

static struct vmpl_ctx *ctx(struct vcpu *v)
{
	return &v->ctx[v->vmpl];
}

/* ---- bring-up ---- */

static void add_vcpu(unsigned index)
{
	struct vcpu *v = host_pages_alloc((sizeof(*v) + PAGE_MASK) / PAGE_SIZE);

	v->index = index;
	v->apic_id = index + 1;
	for (unsigned i = 0; i < VMPL_COUNT; i++) {
		v->ctx[i].vmsa = GPA_NONE;
		v->ctx[i].ghcb_registered = GPA_NONE;
	}
	machine_vcpus[index] = v;
}

void machine_init(void)
{
	rmp_init();
	npt_init();
	vmsa_init();
	machine_vcpu_count = host_cpus() - 1;
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		add_vcpu(i);
}

void machine_cpu_init(void)
{
	void *save = host_pages_alloc(1), *own = host_pages_alloc(1);

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, host_pa(save).v);
	fpu_cpu_init();
	host_vmcbs[host_cpu()] = host_pa(own);
	__asm__ volatile("vmsave %%rax" : : "a"(host_pa(own).v) : "memory");
}

struct vcpu *machine_vcpu_by_apic_id(uint32_t apic_id)
{
	return apic_id - 1 < machine_vcpu_count ? machine_vcpus[apic_id - 1] : NULL;
}

/* ---- VMSAs ---- */

static void unload(struct vmpl_ctx *c)
{
	if (!c->loaded)
		return;
	vmsa_save(c);
	c->loaded = false;
	rmp_vmsa_unlock(c->vmsa);
}

/* SEV_FEATURES that are modelled; VMRUN refuses those a processor does not know (15.36.16). */
#define FEATURES (SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ | SEV_FEAT_DEBUG_SWAP)

static bool fits(uint8_t vmpl, gpa_t page, uint64_t sev_features)
{
	const struct vmsa *s = host_ptr(hpa(page.v));

	return READ_ONCE(s->vmpl) == vmpl && READ_ONCE(s->sev_features) == sev_features &&
	       (sev_features & SEV_FEAT_SNP_ACTIVE) && !(sev_features & ~FEATURES) && fpu_valid(s);
}

bool machine_attach(struct vcpu *v, uint8_t vmpl, gpa_t vmsa, uint64_t sev_features)
{
	struct vmpl_ctx *c = &v->ctx[vmpl];

	if (!gpa_eq(vmsa, GPA_NONE) && !gpa_eq(vmsa, c->vmsa) &&
	    (!rmp_is_vmsa(vmsa) || !IS_ALIGNED(vmsa.v, PAGE_SIZE) ||
	     !fits(vmpl, vmsa, sev_features)))
		return false;
	unload(c);
	if (gpa_eq(vmsa, GPA_NONE)) {
		c->vmsa = vmsa;
		return true;
	}
	if (!rmp_is_vmsa(vmsa) || !fits(vmpl, vmsa, sev_features))
		return false;
	c->vmsa = vmsa;
	c->sev_features = sev_features;
	if (!c->vmcb)
		c->vmcb = host_pages_alloc(1);
	vmsa_reset_control(c, v->index * VMPL_COUNT + vmpl + 1);
	return true;
}

bool machine_switch(struct vcpu *v, uint8_t vmpl)
{
	struct vmpl_ctx *new = &v->ctx[vmpl];

	if (new->loaded)
		return true;
	if (gpa_eq(new->vmsa, GPA_NONE) || !rmp_vmsa_lock(new->vmsa))
		return false;
	if (!fits(vmpl, new->vmsa, new->sev_features)) {
		rmp_vmsa_unlock(new->vmsa);
		return false;
	}
	unload(ctx(v));
	v->vmpl = vmpl;
	vmsa_load(new);
	new->loaded = true;
	return true;
}

/* ---- running ---- */

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
	struct vmpl_ctx *c = ctx(v);
	struct vmcb *m = c->vmcb;

	m->nested_cr3 = npt_root(v->vmpl, guest_paged(m)).v;
	v->entry_rip = m->rip;
	tlb_enter(v, m);
	vmrun_asm(host_pa(m).v, host_vmcbs[host_cpu()].v, c->gpr, follow_guest(m));
	tlb_leave(v);
}

enum machine_exit machine_run(struct vcpu *v)
{
	int why;

	v->fault = NULL;
	if (!ctx(v)->loaded && !machine_switch(v, v->vmpl))
		return (enum machine_exit)event_fault(v, "no VMSA that can be run", ctx(v)->vmsa.v);
	do {
		enter(v);
		why = exits_handle(v);
	} while (why == RESUME);
	return (enum machine_exit)why;
}

/* ---- interrupts ---- */

/* An NMI does not wait for an interrupt shadow: QEMU keeps the shadow's flag through PAUSE, so a
 * vCPU that spins with interrupts off could stay in one for ever. */
bool machine_can_inject_nmi(struct vcpu *v)
{
	return !(ctx(v)->vmcb->event_inj & EVENT_VALID);
}

bool machine_can_inject(struct vcpu *v)
{
	const struct vmcb *m = ctx(v)->vmcb;

	return machine_can_inject_nmi(v) && !(m->int_state & VMCB_INT_SHADOW) &&
	       (m->rflags & RFLAGS_IF);
}

void machine_inject(struct vcpu *v, uint8_t vector)
{
	if (!vc_interrupt(v, vector))
		ctx(v)->vmcb->event_inj = EVENT_VALID | EVENT_INTR | vector;
}

void machine_inject_nmi(struct vcpu *v)
{
	ctx(v)->vmcb->event_inj = EVENT_VALID | EVENT_NMI | VEC_NMI;
}

bool machine_inject_hv(struct vcpu *v)
{
	struct vmcb *m = ctx(v)->vmcb;

	if (m->event_inj & EVENT_VALID)
		return false;
	event_exception(m, VEC_HV, 0);
	return true;
}

/* The window is a virtual interrupt that is intercepted: it comes due when the guest would take
 * one, whatever its TPR. */
void machine_want_window(struct vcpu *v, bool on)
{
	struct vmcb *m = ctx(v)->vmcb;

	if (on) {
		m->int_ctl |= (uint32_t)(VMCB_V_IRQ | VMCB_V_IGN_TPR);
		m->intercept3 |= VMCB_INTERCEPT3(SVM_EXIT_VINTR);
	} else {
		m->int_ctl &= (uint32_t) ~(VMCB_V_IRQ | VMCB_V_IGN_TPR);
		m->intercept3 &= ~VMCB_INTERCEPT3(SVM_EXIT_VINTR);
	}
}

void machine_set_tpr(struct vcpu *v, uint8_t tpr)
{
	struct vmcb *m = ctx(v)->vmcb;

	m->int_ctl = (m->int_ctl & ~(uint32_t)VMCB_V_TPR_MASK) | (tpr & VMCB_V_TPR_MASK);
}
