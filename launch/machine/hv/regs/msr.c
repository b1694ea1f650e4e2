/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/hv/regs/msr.h"
#include "machine/cpu/exec/counter.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/tlb.h"
#include "machine/dev/clock/kvmclock.h"
#include "machine/dev/mtrr.h"
#include "machine/hv/altinj.h"
#include "machine/hv/irq.h"
#include "machine/hv/state/state.h"
#include "base/x86.h"
#include "lib/vapic/vapic.h"

/* The MSRs a KVM guest on an AMD processor sees. One table for the GHCB's MSR event and for the
 * one-exit answers. Others are #GP. */

#define MSR_MCG_CAP        0x179
#define MSR_MCG_STATUS     0x17a
#define MSR_PATCH_LEVEL    0x8b
#define MSR_PATCH_LOADER   0xc0010020
#define MSR_MISC_ENABLE    0x1a0
#define MSR_DEBUGCTL       0x1d9
#define MSR_LAST_INT_TO    0x1de
#define MSR_K7_EVNTSEL0    0xc0010000
#define MSR_K7_PERFCTR3    0xc0010007
#define MSR_SYSCFG         0xc0010010
#define MSR_HWCR           0xc0010015
#define MSR_NB_CFG         0xc001001f
#define MSR_INT_PENDING    0xc0010055
#define MSR_MMIO_CONF      0xc0010058
#define MSR_VM_CR          0xc0010114
#define MSR_OSVW_LENGTH    0xc0010140
#define MSR_OSVW_STATUS    0xc0010141
#define MSR_TW_CFG         0xc0011023
#define MSR_DE_CFG         0xc0011029
#define MSR_BU_CFG2        0xc001102a
#define MSR_PLATFORM_ID    0x17
#define MSR_EBL_CR_POWERON 0x2a
#define MSR_KVM_PV_EOI     0x4b564d04

/*
 * Read as a constant; writes are accepted and dropped. Those of value 0 are the list that KVM
 * answers so, whatever the guest: Linux 6.12, arch/x86/kvm/x86.c, kvm_get_msr_common().
 */
static const struct {
	uint32_t msr;
	uint64_t value;
} constants[] = {
	{MSR_PATCH_LEVEL, 0x01000065}, /* arch/x86/kvm/svm/svm.c, __svm_vcpu_reset() */
	{MSR_PATCH_LOADER, 0},
	{MSR_MISC_ENABLE, 1}, /* fast strings: QEMU 7.2, target/i386/cpu.h, its value at reset */
	{MSR_MCG_CAP, 0},     /* no banks */
	{MSR_MCG_STATUS, 0},
	{MSR_DEBUGCTL, 0},
	{MSR_PLATFORM_ID, 0},
	{MSR_EBL_CR_POWERON, 0},
	{MSR_SYSCFG, 0},
	/* the TSC counts with P0's frequency; Linux calls it a firmware bug otherwise (6.12,
	 * arch/x86/kernel/cpu/amd.c, bsp_init_amd()) */
	{MSR_HWCR, BIT(24)},
	{MSR_NB_CFG, 0},
	{MSR_INT_PENDING, 0},
	{MSR_MMIO_CONF, 0},
	{MSR_VM_CR, BIT(4)}, /* SVMDIS: APM vol. 2, 15.30.1 */
	{MSR_OSVW_LENGTH, 0},
	{MSR_OSVW_STATUS, 0},
	{MSR_TW_CFG, 0},
	{MSR_DE_CFG, BIT(1)}, /* LFENCE serialises: KVM's value for a guest, svm.c again */
	{MSR_BU_CFG2, 0},
};

/* The same list for reads and for writes, whose value counts for nothing. */
static enum msr_result constant(uint32_t msr, uint64_t *value)
{
	unsigned i;

	*value = 0;
	if (msr > MSR_DEBUGCTL && msr <= MSR_LAST_INT_TO)
		return MSR_OK; /* last branch records: none */
	if (msr >= MSR_K7_EVNTSEL0 && msr <= MSR_K7_PERFCTR3)
		return MSR_OK; /* no counters */
	for (i = 0; i < ARRAY_LEN(constants); i++)
		if (constants[i].msr == msr) {
			*value = constants[i].value;
			return MSR_OK;
		}
	return MSR_UNKNOWN;
}

/* The x2APIC's range, which lib/vapic knows register by register. */
static bool is_apic(uint32_t msr)
{
	return msr >= MSR_X2APIC_BASE && msr <= MSR_X2APIC_BASE + 0xff;
}

static enum msr_result result(bool ok)
{
	return ok ? MSR_OK : MSR_GP;
}

/* PAT is the guest's own (vmsa_swap.c); this answer is for one that asks all the same. */
enum msr_result msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	struct hv_vcpu *h = hv_state(v);
	struct vapic *a = hv_apic(v);

	if (is_apic(msr))
		return result(apic_msr_read(a, msr - MSR_X2APIC_BASE, value));
	switch (msr) {
	case MSR_TSC_DEADLINE:
		*value = tsc_msr_deadline(&h->tsc[v->vmpl], a);
		return MSR_OK;
	case MSR_APIC_BASE:
		*value = a->base;
		return MSR_OK;
	case MSR_TSC:
		*value = counter_of_guest(vcpu_ctx(v), rdtsc());
		return MSR_OK;
	case MSR_TSC_ADJUST:
		*value = h->tsc[v->vmpl].adjust;
		return MSR_OK;
	case MSR_PAT:
		*value = vcpu_ctx(v)->pat;
		return MSR_OK;
	case MSR_KVM_SYSTEM_TIME:
	case MSR_KVM_SYSTEM_TIME_OLD:
		*value = h->clock[v->vmpl].system_time;
		return MSR_OK;
	case MSR_KVM_WALL_CLOCK:
	case MSR_KVM_WALL_CLOCK_OLD:
		*value = h->clock[v->vmpl].wall_clock;
		return MSR_OK;
	case MSR_KVM_PV_EOI:
		*value = a->pv_eoi;
		return MSR_OK;
	default:
		return mtrr_read(&h->mtrr, msr, value) ? MSR_OK : constant(msr, value);
	}
}

static struct kvmclock *clock(struct vcpu *v)
{
	return &hv_state(v)->clock[v->vmpl];
}

/* The page stays shared until it is written. */
static void show_time(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);

	tlb_write_begin(v);
	kvmclock_show_time(clock(v), counter_of_guest(c, KVMCLOCK_ZERO), counter_khz(c));
	tlb_write_end(v);
}

static void show_date(struct vcpu *v)
{
	tlb_write_begin(v);
	kvmclock_show_date(clock(v));
	tlb_write_end(v);
}

/* The MSRs of the counter. The clock's page follows a counter that moved, or the guest's time would
 * jump. */
static void set_tsc(struct vcpu *v,
		    bool (*set)(struct tsc_msr *t, struct vmpl_ctx *c, struct vapic *a,
				uint64_t value),
		    uint64_t value)
{
	if (set(&hv_state(v)->tsc[v->vmpl], vcpu_ctx(v), hv_apic(v), value))
		show_time(v);
}

enum msr_result msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	struct hv_vcpu *h = hv_state(v);
	struct vapic *a = hv_apic(v);
	uint64_t ignored;

	if (is_apic(msr))
		return result(apic_msr_write(a, msr - MSR_X2APIC_BASE, value));
	switch (msr) {
	case MSR_TSC_DEADLINE:
		tsc_msr_set_deadline(&h->tsc[v->vmpl], vcpu_ctx(v), a, value);
		return MSR_OK;
	case MSR_APIC_BASE:
		return result(apic_base_write(a, value));
	case MSR_TSC:
		set_tsc(v, tsc_msr_write, value);
		return MSR_OK;
	case MSR_TSC_ADJUST:
		set_tsc(v, tsc_msr_adjust, value);
		return MSR_OK;
	case MSR_PAT:
		if (!fpu_pat_valid(value))
			return MSR_GP;
		vcpu_ctx(v)->pat = value;
		return MSR_OK;
	case MSR_KVM_SYSTEM_TIME:
	case MSR_KVM_SYSTEM_TIME_OLD:
		clock(v)->system_time = value;
		show_time(v);
		return MSR_OK;
	case MSR_KVM_WALL_CLOCK:
	case MSR_KVM_WALL_CLOCK_OLD:
		clock(v)->wall_clock = value;
		show_date(v);
		return MSR_OK;
	case MSR_KVM_PV_EOI:
		return result(irq_pv_eoi_write(v, value));
	default:
		return mtrr_write(&h->mtrr, msr, value) ? MSR_OK : constant(msr, &ignored);
	}
}

/* Which registers are VMPL0's, and which the host's, a guest with alternate injection sorts out in
 * its #VC. */
static bool is_for_vc(const struct vcpu *v, uint32_t msr)
{
	return is_apic(msr) && altinj_used(v);
}

/*
 * The processor calls this in the middle of the exit. It spares the guest the #VC that a processor
 * would raise, and the VMGEXIT that the guest would make of it.
 */
bool vmm_fast_msr(struct vcpu *v, uint32_t msr, bool write, uint64_t *value, bool *gp)
{
	enum msr_result r;

	if (is_for_vc(v, msr))
		return false;
	irq_sync(v);
	r = write ? msr_write(v, msr, *value) : msr_read(v, msr, value);
	if (r == MSR_UNKNOWN)
		return false; /* the guest's own #VC handler decides, then the GHCB says #GP */
	hv_count(v, STAT_MSR_FAST);
	*gp = r == MSR_GP;
	return true;
}
