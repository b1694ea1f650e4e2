/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "abi/vmsa.h"
#include "base/x86.h"
#include "boot/guest.h"
#include "mm/alloc.h"
#include "mm/guestpage.h"
#include "base/assert.h"
#include "mm/pagestate.h"
#include "cpu/percpu.h"
#include "task/vmsa_registry.h"
#include "platform/platform.h"

#define SEL_BOOT_CS 0x10 /* Linux, Documentation/arch/x86/boot.rst, 64-bit boot protocol */
#define SEL_BOOT_DS 0x18

/* Attributes in VMCB form: APM vol. 2, 15.5.1 */
#define ATTR_CODE64 0xa9b
#define ATTR_DATA   0xc93
#define ATTR_LDT    0x082
#define ATTR_TSS    0x08b

#define PAT_RESET   0x0007040600070406ull

static void fill_segments(struct vmsa *v)
{
	const struct vmsa_seg data = {SEL_BOOT_DS, ATTR_DATA, 0xffffffff, 0};

	v->cs = (struct vmsa_seg){SEL_BOOT_CS, ATTR_CODE64, 0xffffffff, 0};
	v->ds = v->es = v->ss = v->fs = v->gs = data;
	v->ldtr = (struct vmsa_seg){0, ATTR_LDT, 0xffff, 0};
	v->tr = (struct vmsa_seg){0, ATTR_TSS, 0xffff, 0};
}

static void fill(struct vmsa *v, const struct guest_layout *l, unsigned vmpl)
{
	fill_segments(v);
	v->vmpl = (uint8_t)vmpl;
	v->efer = EFER_LME | EFER_LMA | EFER_SVME;
	v->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	v->cr3 = l->pagetables.v | platform_cbit;
	v->cr4 = CR4_PAE;
	v->dr6 = 0xffff0ff0;
	v->dr7 = 0x400;
	v->rflags = RFLAGS_R1;
	v->rsp = l->stack_top.v;
	v->g_pat = PAT_RESET;
	v->sev_features = platform->sev_features();
	v->xcr0 = 1;
	v->mxcsr = 0x1f80;
	v->x87_fcw = 0x37f;
	v->x87_ftw = 0xffff;
}

/* The same steps as CREATE_VCPU, for a VMSA of our own making. */
static enum platform_result make(const struct guest_layout *l, const struct vmsa *v)
{
	enum platform_result r = guestpage_seal(l->vmsa);

	if (r != PLATFORM_OK)
		return r;
	guest_put(l->vmsa, v, sizeof(*v));
	r = guestpage_make_vmsa(l->vmsa);
	if (r == PLATFORM_OK)
		pagestate_set(l->caa, PAGE_CAA);
	return r;
}

void guest_vmsa_start(const struct guest_layout *l, unsigned vmpl, uint64_t rip, uint64_t rsi)
{
	struct cpu *c = percpu_this();
	struct vmsa *v = alloc_page();
	struct pages_locked held;
	enum platform_result r;

	if (!v)
		panic("no memory for the guest's VMSA");
	fill(v, l, vmpl);
	v->rip = rip;
	v->rsi = rsi;
	held = pagestate_lock2(l->vmsa, l->caa);
	r = make(l, v);
	if (r == PLATFORM_OK && !vmsa_registry_add(c, l->vmsa, l->caa, (uint8_t)vmpl))
		r = PLATFORM_INVALID;
	pagestate_unlock(held);
	if (r == PLATFORM_OK)
		r = platform->vmsa_register(c->apic_id, vmpl, l->vmsa, v->sev_features);
	if (r != PLATFORM_OK)
		panic("the guest's VMSA at %#lx: %s", (unsigned long)l->vmsa.v,
		      platform_result_name(r));
	alloc_page_free(v);
}
