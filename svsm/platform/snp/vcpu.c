/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * vCPUs as VMSAs: filled, made known to the RMP, given to the hypervisor and run. Both for the
 * SVSM's own other CPUs, whose VMSAs lie in SVSM memory, and for the guest's, whose pages
 * mm/guestpage.c has checked.
 */
#include "base/x86.h"
#include "cpu/desc.h"
#include "cpu/percpu.h"
#include "cpu/wait.h"
#include "lib/vmsa.h"
#include "mm/alloc.h"
#include "mm/launch_area.h"
#include "mm/paging.h"
#include "platform/snp/features.h"
#include "platform/snp/ghcb.h"
#include "platform/snp/inject_state.h"
#include "platform/snp/snp.h"
#include "platform/snp/vcpu_state.h"

#define SEL_BOOT_CS 0x10 /* Linux, Documentation/arch/x86/boot.rst, 64-bit boot protocol */
#define SEL_BOOT_DS 0x18

/* Attributes in VMCB form: APM vol. 2, 15.5.1 */
#define ATTR_CODE64 0xa9b
#define ATTR_DATA   0xc93

uint64_t snp_sev_features(void)
{
	return rdmsr(MSR_SEV_STATUS) >> SEV_STATUS_FEATURES_SHIFT;
}

/* What the launch has chosen, and the measurement says. */
static bool alternate(void)
{
	return launch_info.flags & LAUNCH_FLAG_ALT_INJ;
}

static uint64_t guest_features(void)
{
	return features_of_guest(snp_sev_features(), launch_info.flags);
}

/* One counter for all VMSAs: the one that the launch page says (features.h). */
static void fill_tsc(struct vmsa *v)
{
	if (!(v->sev_features & SEV_FEAT_SECURE_TSC))
		return;
	v->tsc_scale = launch_info.tsc_scale;
	v->tsc_offset = launch_info.tsc_offset;
}

/* Linux's boot protocol; a bare guest starts with the same. */
static void guest_segments(struct vmsa *v)
{
	const struct vmsa_seg data = {SEL_BOOT_DS, ATTR_DATA, 0xffffffff, 0};

	v->cs = (struct vmsa_seg){SEL_BOOT_CS, ATTR_CODE64, 0xffffffff, 0};
	v->ds = v->es = v->ss = v->fs = v->gs = data;
}

/* In 64-bit mode at `entry` with flat segments. */
static void start_at(struct vmsa *v, const struct vcpu_entry *entry)
{
	guest_segments(v);
	v->efer = EFER_LME | EFER_LMA | EFER_SVME;
	v->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	v->cr3 = entry->pagetables.v | platform_cbit;
	v->cr4 = CR4_PAE;
	v->rip = entry->rip;
	v->rsp = entry->rsp;
	v->rsi = entry->rsi;
}

/* After INIT (lib/vmsa.h) EDX tells the processor's family, model and stepping: APM vol. 2, table
 * 14-1. */
static void fill(void *page, unsigned vmpl, const struct vcpu_entry *entry)
{
	struct vmsa *v = page;
	uint32_t r[4];

	vmsa_reset(v);
	v->vmpl = (uint8_t)vmpl;
	v->sev_features = guest_features();
	v->vintr_ctrl = alternate() ? VINTR_GIF : 0;
	fill_tsc(v);
	if (entry) {
		start_at(v, entry);
	} else {
		snp_cpuid(1, 0, r);
		v->rdx = r[0];
	}
}

/* The state of another CPU of the SVSM: 64-bit mode, final page tables, its own stack, entry(c)
 * with c in RDI. */
static void cpu_fill(struct vmsa *v, struct cpu *c, void (*entry)(struct cpu *c))
{
	vmsa_reset(v);
	desc_to_vmsa(c, v);
	v->efer = EFER_SVME | EFER_NXE | EFER_LMA | EFER_LME;
	v->cr0 = PAGING_CR0;
	v->cr3 = paging_root();
	v->cr4 = paging_cr4();
	v->rip = (uint64_t)entry;
	v->rdi = (uint64_t)c;
	v->vmpl = VMPL_SVSM;
	v->sev_features = snp_sev_features();
	fill_tsc(v);
}

/*
 * A page for a VMSA, never one at a 2 MiB boundary: some processors take the lock on such a page
 * for one on the whole 2 MiB (SNP erratum 1467 family).
 */
static struct vmsa *vmsa_alloc(void)
{
	void *p = alloc_page(), *q;

	if (!p || !IS_ALIGNED((uint64_t)p, SIZE_2M))
		return p;
	q = vmsa_alloc(); /* the last page of one block, maybe, and this the first of the next */
	alloc_page_free(p);
	return q;
}

#define START_MS 100 /* a hypervisor that is busy may refuse at first */

/* SNP AP Creation: info1 holds APIC ID, VMPL and what to do, info2 the VMSA, RAX the
 * SEV_FEATURES. */
static enum platform_result start(uint32_t apic_id, unsigned vmpl, gpa_t page)
{
	uint64_t who = (uint64_t)apic_id << 32 | vmpl << 16;
	uint64_t features = vmpl == VMPL_SVSM ? snp_sev_features() : guest_features();
	struct patience p = svsm_patience(START_MS);
	struct ghcb *g = ghcb_begin();
	enum platform_result r;

	if (!g)
		return PLATFORM_REFUSED;
	do {
		GHCB_SET(g, rax, features);
		r = ghcb_call(g, GHCB_EXIT_AP_CREATION, who | GHCB_AP_CREATE, page.v);
	} while (r && !svsm_patience_over(&p));
	ghcb_end(g);
	return r;
}

/* The VMSA page stays allocated whatever happens: once given to the hypervisor it may be run at
 * any time. */
const char *snp_cpu_start(struct cpu *c, void (*entry)(struct cpu *c))
{
	struct vmsa *v = vmsa_alloc();

	if (!v)
		return "no memory";
	cpu_fill(v, c, entry);
	c->own_vmsa = paging_pa(v);
	if (snp_make_vmsa(c->own_vmsa, 1, 0))
		return "RMPADJUST failed";
	if (start(c->apic_id, VMPL_SVSM, c->own_vmsa))
		return "the hypervisor refused AP_CREATION";
	return NULL;
}

static bool prepare(gpa_t page)
{
	return vcpu_state_prepare(page) && (!alternate() || inject_state_blank(page));
}

/* The guest may read its VMSA: Linux takes SEV_FEATURES for AP_CREATION from there. */
static enum platform_result create(gpa_t page, unsigned vmpl)
{
	return snp_make_vmsa(page, vmpl, RMP_R);
}

static enum platform_result remove(gpa_t page, unsigned vmpl)
{
	return snp_guest_rights(page, PLATFORM_4K, vmpl, 0);
}

static enum platform_result run_by_page(unsigned vmpl)
{
	struct ghcb *g = ghcb_begin();
	enum platform_result r;

	if (!g)
		return PLATFORM_REFUSED;
	r = ghcb_run(g, vmpl);
	ghcb_end(g);
	return r;
}

/*
 * Run VMPL: comes back when the guest calls, or whenever the hypervisor likes.
 * protocols/dispatch.c finds out which. By the MSR protocol, because another vCPU of the guest can
 * write to the page, and turn request and answer into others. Where ring 3 has run the MSR names
 * the page already, and the page is the cheaper way: that vCPU could have spoilt the requests of
 * that turn as well. After a run in vain the next one goes the other way.
 */
static enum platform_result run(unsigned vmpl, unsigned in_vain)
{
	struct ghcb_state *s = percpu_this()->ghcb;

	s->by_page = in_vain ? !s->by_page : s->ring3;
	s->ring3 = false;
	if (s->by_page)
		return run_by_page(vmpl);
	return ghcb_msr_run(vmpl) ? PLATFORM_OK : PLATFORM_REFUSED;
}

const struct vcpu_ops snp_vcpu_ops = {
	.fill = fill,
	.features = vcpu_state_features,
	.fits = vcpu_state_fits,
	.prepare = prepare,
	.create = create,
	.remove = remove,
	.start = start,
	.run = run,
	.stop = vcpu_state_stop,
	.stopped = vcpu_state_stopped,
	.resume = vcpu_state_resume,
	.called = vcpu_state_called,
	.call_in = vcpu_state_call_in,
	.call_out = vcpu_state_call_out,
	.flush = vcpu_state_flush,
	.flushed = vcpu_state_flushed,
};
