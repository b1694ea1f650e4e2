/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What an exit was about, from the VMCB alone: MSR, port, CPUID leaf, page. The GHCB says more of a
 * VMGEXIT, and whoever reads it names it (hv/ghcb/ghcb_cause.c). docs/performance.md tells where
 * each comes from.
 */
#include "machine/snp/cause.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/mem/gpa_map.h"
#include "abi/ghcb.h"
#include "base/x86.h"

#define X2APIC(reg) (MSR_X2APIC_BASE + (reg) / 16)
#define ONE(n)      (n), (n)

static const struct exit_group msrs[] = {
	{ONE(MSR_GHCB), "ghcb"},
	{ONE(X2APIC(0xb0)), "eoi"},
	{ONE(X2APIC(0x300)), "icr"},
	{ONE(MSR_TSC_DEADLINE), "tsc_deadline"},
	{ONE(X2APIC(0x80)), "tpr"},
	{X2APIC(0x100), X2APIC(0x270), "isr_tmr_irr"},
	{X2APIC(0x320), X2APIC(0x370), "lvt"},
	{ONE(MSR_APIC_BASE), "apic_base"},
	{ONE(MSR_EFER), "efer"},
	{ONE(MSR_SEV_STATUS), "sev_status"},
	{ONE(0xc001f000), "svsm_caa"}, /* 58019, 4: Linux answers itself, in its #VC handler */
	{0x4b564d00, 0x4b564d01, "kvmclock"}, /* Linux, Documentation/virt/kvm/x86/msr.rst */
	{ONE(0x4b564d04), "pv_eoi"},
	{0x200, 0x26f, "mtrr"},
	{0xc0010000, 0xc0010007, "pmu"},
};
static const struct exit_class msr_read = EXIT_CLASS("read_", msrs);
static const struct exit_class msr_write = EXIT_CLASS("write_", msrs);

static const struct exit_group ports[] = {
	{0x20, 0x21, "pic"},           {0xa0, 0xa1, "pic2"},       {0x40, 0x43, "pit"},
	{0x60, 0x64, "kbd"},           {0x70, 0x71, "rtc"},        {0x80, 0x80, "delay"},
	{0x2f8, 0x2ff, "com2"},        {0x3f8, 0x3ff, "com1"},     {0x402, 0x402, "svsm_log"},
	{0x4d0, 0x4d1, "elcr"},        {0x510, 0x51b, "fw_cfg"},   {0x600, 0x67f, "acpi"},
	{0xcf8, 0xcf8, "pci_address"}, {0xcfc, 0xcff, "pci_data"},
};
static const struct exit_class port_in = EXIT_CLASS("in_", ports);
static const struct exit_class port_out = EXIT_CLASS("out_", ports);

static const struct exit_class cpuid_leaf = {.prefix = "leaf_"};

/* By page number. */
static const struct exit_group mmio_pages[] = {
	{ONE(0xfec00), "ioapic"},  {ONE(0xfed00), "hpet"},
	{ONE(0xfee00), "lapic"},   {0xb0000, 0xbffff, "pci_config"},
	{0xc0000, 0xfebff, "pci"}, {0x100000, 0xffffffff, "pci64"},
};
static const struct exit_class mmio = EXIT_CLASS("mmio_", mmio_pages);

enum touch {
	TOUCH_READ,
	TOUCH_WRITE,
	TOUCH_FETCH,
	TOUCH_WALK
};
static const struct exit_group touches[] = {
	{ONE(TOUCH_READ), "read"},
	{ONE(TOUCH_WRITE), "write"},
	{ONE(TOUCH_FETCH), "fetch"},
	{ONE(TOUCH_WALK), "walk"},
};
static const struct exit_class private_ram = EXIT_CLASS("private_", touches);
static const struct exit_class shared_ram = EXIT_CLASS("shared_", touches);

/* An instruction's kind, and in bit 8 whether it works on a 2M page. */
#define INSN_2M BIT(8)
static const struct exit_group insns[] = {
	{ONE(INSN_UNKNOWN), "other"},
	{ONE(INSN_PVALIDATE), "pvalidate_4k"},
	{ONE(INSN_PVALIDATE | INSN_2M), "pvalidate_2m"},
	{ONE(INSN_RMPADJUST), "rmpadjust_4k"},
	{ONE(INSN_RMPADJUST | INSN_2M), "rmpadjust_2m"},
	{ONE(INSN_RMPQUERY), "rmpquery"},
	{ONE(INSN_INVLPGB), "invlpgb"},
	{ONE(INSN_TLBSYNC), "tlbsync"},
};
static const struct exit_class instruction = EXIT_CLASS("", insns);

static enum touch touch(uint64_t info1)
{
	if (info1 & NPF_WALK)
		return TOUCH_WALK;
	if (info1 & NPF_I)
		return TOUCH_FETCH;
	return info1 & NPF_W ? TOUCH_WRITE : TOUCH_READ;
}

static void nested_fault(struct vcpu *v, const struct vmcb *m)
{
	gpa_t g = gpa_page(gpa(m->exit_info2 & ~NPT_CBIT));

	if (!host_guest_ram(g, PAGE_SIZE))
		exit_cause(v, &mmio, (uint32_t)(g.v / PAGE_SIZE));
	else
		exit_cause(v, m->exit_info2 & NPT_CBIT ? &private_ram : &shared_ram,
			   touch(m->exit_info1));
}

void guard_cause(struct vcpu *v)
{
	const struct vmpl_ctx *c = vcpu_ctx(v);
	const struct vmcb *m = c->vmcb;

	switch (m->exit_code) {
	case SVM_EXIT_MSR:
		exit_cause(v, m->exit_info1 & 1 ? &msr_write : &msr_read, (uint32_t)c->gpr[1]);
		break;
	case SVM_EXIT_IOIO:
		exit_cause(v, m->exit_info1 & IOIO_IN ? &port_in : &port_out,
			   IOIO_PORT(m->exit_info1));
		break;
	case SVM_EXIT_CPUID:
		exit_cause(v, &cpuid_leaf, (uint32_t)m->rax);
		break;
	case SVM_EXIT_NPF:
		nested_fault(v, m);
		break;
	}
}

void cause_insn(struct vcpu *v, const struct insn *i)
{
	bool sized = i->kind == INSN_PVALIDATE || i->kind == INSN_RMPADJUST;
	uint32_t huge = sized && (uint32_t)insn_gpr(v, 1) ? INSN_2M : 0;

	exit_cause(v, &instruction, (uint32_t)i->kind | huge);
}
