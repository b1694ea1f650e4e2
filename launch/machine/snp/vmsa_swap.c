/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A VMPL's state between its VMSA page and the processor. On hardware VMRUN and #VMEXIT move all
 * of it; here the part that SVM knows goes through the VMCB, general registers through struct
 * vmpl_ctx, and the rest by cpu/fpu.h. It is moved only when a vCPU changes its VMPL or gives up
 * the page.
 */
#include "machine/snp/vmsa_swap.h"
#include "machine/cpu/exec/counter.h"
#include "machine/cpu/exec/stale.h"
#include "machine/cpu/event/vintr.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_fpu.h"
#include "abi/machine.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "lib/string.h"
#include "lib/tsc.h"

static uint8_t *msr_map, *io_map;

/* The map has two bits an MSR, in three ranges of 0x2000: APM vol. 2, 15.11. */
static void allow_msr(uint32_t msr, bool read, bool write)
{
	uint32_t bit = msr < 0x2000                  ? msr
		       : msr - 0xc0000000u < 0x2000u ? 0x2000 + (msr - 0xc0000000u)
						     : 0x4000 + (msr - 0xc0010000u);

	bit *= 2;
	msr_map[bit / 8] &= (uint8_t) ~((read ? 1u : 0u) << bit % 8 | (write ? 2u : 0u) << bit % 8);
}

/*
 * The guest owns these registers through its VMSA, so accesses to them are not intercepted: APM
 * vol. 2, 15.35.4.
 */
void vmsa_init(void)
{
	static const uint32_t own[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR,         MSR_LSTAR,
		MSR_CSTAR,   MSR_SFMASK,  MSR_SYSENTER_CS,    MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
		MSR_PAT,     MSR_TSC_AUX,
	};

	msr_map = host_pages_alloc(2);
	io_map = host_pages_alloc(3);
	memset(msr_map, 0xff, 2 * PAGE_SIZE);
	memset(io_map, 0xff, 3 * PAGE_SIZE);
	for (unsigned i = 0; i < ARRAY_LEN(own); i++)
		allow_msr(own[i], true, true);
	allow_msr(MSR_EFER, true, false); /* cr_set_efer() */
}

#define CROWD 8 /* more vCPUs than that give way at PAUSE: hv/run.c; fewer spin: it is faster */

#define INTERCEPT3                                                                                 \
	(VMCB_INTERCEPT3(SVM_EXIT_INTR) | VMCB_INTERCEPT3(SVM_EXIT_NMI) |                          \
	 VMCB_INTERCEPT3(SVM_EXIT_SMI) | VMCB_INTERCEPT3(SVM_EXIT_CR0_SEL_WRITE) |                 \
	 VMCB_INTERCEPT3(SVM_EXIT_RDPMC) | VMCB_INTERCEPT3(SVM_EXIT_CPUID) |                       \
	 VMCB_INTERCEPT3(SVM_EXIT_INVD) | VMCB_INTERCEPT3(SVM_EXIT_HLT) |                          \
	 VMCB_INTERCEPT3(SVM_EXIT_INVLPGA) | VMCB_INTERCEPT3(SVM_EXIT_IOIO) |                      \
	 VMCB_INTERCEPT3(SVM_EXIT_MSR) | VMCB_INTERCEPT3(SVM_EXIT_SHUTDOWN))
#define INTERCEPT4                                                                                 \
	(VMCB_INTERCEPT4(SVM_EXIT_VMRUN) | VMCB_INTERCEPT4(SVM_EXIT_VMMCALL) |                     \
	 VMCB_INTERCEPT4(SVM_EXIT_VMLOAD) | VMCB_INTERCEPT4(SVM_EXIT_VMSAVE) |                     \
	 VMCB_INTERCEPT4(SVM_EXIT_STGI) | VMCB_INTERCEPT4(SVM_EXIT_CLGI) |                         \
	 VMCB_INTERCEPT4(SVM_EXIT_SKINIT) | VMCB_INTERCEPT4(SVM_EXIT_WBINVD) |                     \
	 VMCB_INTERCEPT4(SVM_EXIT_MONITOR) | VMCB_INTERCEPT4(SVM_EXIT_MWAIT) |                     \
	 VMCB_INTERCEPT4(SVM_EXIT_MWAIT_COND))

/* A VMPL with another VMSA is another guest to the VMCB: nothing of the old one is kept. The GHCB
 * MSR is the vCPU's and stays, as KVM keeps control.ghcb_gpa. */
void vmsa_reset_control(struct vmpl_ctx *c, uint32_t asid)
{
	struct vmcb *m = c->vmcb;

	memset(m, 0, sizeof(*m));
	m->intercept3 = INTERCEPT3;
	m->intercept4 = INTERCEPT4;
	if (machine_vcpu_count > CROWD)
		m->intercept3 |= VMCB_INTERCEPT3(SVM_EXIT_PAUSE);
	m->exceptions = BIT(VEC_UD); /* where PVALIDATE and its kind come out */
	if (!(c->sev_features & SEV_FEAT_DEBUG_SWAP))
		m->dr_read = m->dr_write = BIT(7);
	m->msrpm = host_pa(msr_map).v;
	m->iopm = host_pa(io_map).v;
	m->asid = asid;
	m->nested_ctl = VMCB_NP_ENABLE;
	m->int_ctl = VMCB_V_INTR_MASKING;
	stale_arm(m);
	c->answer_due = false;
	c->shadow_rip = ~0ull;
}

#define AT(reg) offsetof(struct vmsa, reg)

/* A VMSA has the general registers in another order than an instruction's encoding, with a gap
 * for RSP. */
static uint64_t *gpr_slot(struct vmsa *s, unsigned i)
{
	static const uint16_t at[16] = {AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp),
					AT(rsi), AT(rdi), AT(r8),  AT(r9),  AT(r10), AT(r11),
					AT(r12), AT(r13), AT(r14), AT(r15)};

	return (uint64_t *)((uint8_t *)s + at[i]);
}

/* VMCB and VMSA have one layout here: ES..TR, RAX..CR2. */
#define SEGMENTS_SIZE 0xa0
#define SYSCALL_FROM  0x1f8
#define SYSCALL_SIZE  (0x248 - SYSCALL_FROM)

/*
 * The page may change while it is read. So each field is read once, and VMRUN refuses what is not
 * valid.
 */
static void load_vmcb(struct vmcb *m, const struct vmsa *s)
{
	memcpy(m->save_area, s, SEGMENTS_SIZE);
	memcpy(m->save_area + SYSCALL_FROM, (const uint8_t *)s + SYSCALL_FROM, SYSCALL_SIZE);
	m->cpl = s->cpl;
	m->efer = s->efer;
	m->cr0 = s->cr0;
	m->cr3 = s->cr3;
	m->cr4 = s->cr4;
	m->dr6 = s->dr6;
	m->dr7 = s->dr7;
	m->rflags = s->rflags | RFLAGS_R1;
	m->rip = s->rip;
	m->rsp = s->rsp;
	m->g_pat = s->g_pat;
	m->dbgctl = s->dbgctl;
}

static void save_vmcb(const struct vmcb *m, struct vmsa *s)
{
	memcpy(s, m->save_area, SEGMENTS_SIZE);
	memcpy((uint8_t *)s + SYSCALL_FROM, m->save_area + SYSCALL_FROM, SYSCALL_SIZE);
	s->cpl = m->cpl;
	s->efer = m->efer;
	s->cr0 = m->cr0;
	s->cr3 = m->cr3;
	s->cr4 = m->cr4;
	s->dr6 = m->dr6;
	s->dr7 = m->dr7;
	s->rflags = m->rflags;
	s->rip = m->rip;
	s->rsp = m->rsp;
	s->dbgctl = m->dbgctl;
	/* QEMU takes VMGEXIT for VMMCALL; no VMMCALL of a guest ever leaves its VMPL. */
	s->guest_exit_code = m->exit_code == SVM_EXIT_VMMCALL ? SVM_EXIT_VMGEXIT : m->exit_code;
	s->guest_exit_info_1 = m->exit_info1;
	s->guest_exit_info_2 = m->exit_info2;
	s->guest_exit_int_info = m->exit_int_info;
}

/* What another VMPL is to make of the #VC that this one did not get. */
static void save_reflected(const struct vmpl_ctx *c, struct vmsa *s)
{
	if (!c->reflected)
		return;
	s->guest_exit_code = c->reflected;
	s->guest_nrip = c->nrip;
}

/* With SecureTSC the counter is as the VMSA says, whatever the hypervisor has set: APM vol. 2,
 * 15.36.18. */
static void load_counter(struct vmpl_ctx *c, const struct vmsa *s)
{
	if (c->sev_features & SEV_FEAT_SECURE_TSC)
		counter_set(c, READ_ONCE(s->tsc_scale), READ_ONCE(s->tsc_offset));
	else
		counter_set(c, TSC_SCALE_ONE, c->hv_tsc_offset);
}

void vmsa_load(struct vmpl_ctx *c)
{
	struct vmsa *s = guest_ptr(c->vmsa);

	c->flush_word = (uint64_t *)((uint8_t *)s + AT(pcpu_id));
	vmsa_fpu_from(c, s);
	fpu_load(c);
	load_vmcb(c->vmcb, s);
	if (c->sev_features & SEV_FEAT_ALTERNATE_INJ)
		vintr_load(c, s);
	load_counter(c, s);
	for (unsigned i = 0; i < 16; i++)
		c->gpr[i] = *gpr_slot(s, i);
	c->reflected = 0;
}

void vmsa_save(struct vmpl_ctx *c)
{
	struct vmsa *s = guest_ptr(c->vmsa);

	save_vmcb(c->vmcb, s);
	save_reflected(c, s);
	if (c->sev_features & SEV_FEAT_ALTERNATE_INJ)
		vintr_save(c, s);
	c->gpr[0] = c->vmcb->rax;
	c->gpr[4] = c->vmcb->rsp;
	for (unsigned i = 0; i < 16; i++)
		*gpr_slot(s, i) = c->gpr[i];
	fpu_save(c);
	vmsa_fpu_to(c, s);
}

void vmsa_put_down(struct vmpl_ctx *c)
{
	if (!c->loaded)
		return;
	vmsa_save(c);
	c->loaded = false;
	rmp_vmsa_unlock(c->vmsa);
}
