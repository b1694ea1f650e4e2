/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/hv/regs/cpuid.h"
#include "machine/cpu/exec/counter.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/options.h"
#include "machine/hostile/hostile.h"
#include "machine/hv/psp/link.h"
#include "machine/hv/state/state.h"
#include "abi/machine.h"
#include "base/x86.h"
#include "lib/vapic/vapic.h"

/*
 * CPUID as KVM would offer it to an SNP guest on this processor (Linux 6.12, arch/x86/kvm/cpuid.c,
 * __do_cpuid_func(), with what QEMU adds), less what TCG gets wrong: no CMPXCHG16B (QEMU 7.2 spoils
 * RFLAGS), no MONITOR (idle by MWAIT never sleeps). CPUs are counted as the guest below VMPL0 knows
 * them, at each VMPL: the CPUID page, which VMPL0 hands on, is made of the same answers.
 *
 * XSAVE is there for x87 and SSE, with XSAVEOPT, but without XSAVEC and XSAVES, which TCG lacks and
 * every SNP processor has. An SVSM that saves by it finds leaf 0xd in the CPUID page. Linux and
 * OVMF as SNP guests refuse a leaf 0xd without XSAVEC (snp_cpuid_postprocess()), so the highest
 * leaf stays below it, as where QEMU is told level=0xb: Linux then has no XSAVE ("CPU feature xsave
 * disabled, no CPUID level 0xd"), and asks for the leaf no more.
 */

#define MAX_BASIC    0xb
#define XSAVE_LEAF   0xd
#define MAX_EXTENDED 0x80000021
#define MAX_KVM      0x40000010

enum reg {
	EAX,
	EBX,
	ECX,
	EDX
};

/* Leaf 1 */
#define F1_ECX_HIDE         (BIT(3) | BIT(5) | BIT(12) | BIT(13) | BIT(17) | BIT(27) | BIT(28) | BIT(29))
#define F1_ECX_X2APIC       BIT(21)
#define F1_ECX_TSC_DEADLINE BIT(24)
#define F1_ECX_XSAVE        BIT(26)
#define F1_ECX_OSXSAVE      BIT(27)
#define F1_ECX_HYPERVISOR   BIT(31)
#define F1_EDX_APIC         BIT(9)
#define F1_EDX_HTT          BIT(28)
/* Leaf 0xd: components, and the size of their area; subleaf 1 */
#define FD_XCR0         (XCR0_X87 | XCR0_SSE)
#define FD_SIZE         0x240
#define FD_EAX_XSAVEOPT BIT(0)
#define FD_EAX_XGETBV1  BIT(2)
/* Leaf 6 */
#define F6_EAX_ARAT       BIT(2)
#define F7_EBX_TSC_ADJUST BIT(1)
/* Leaf 7: INVPCID, AVX2, MPX, RDT, AVX-512, PT */
#define F7_EBX_HIDE                                                                                \
	(F7_EBX_TSC_ADJUST | BIT(2) | BIT(4) | BIT(5) | BIT(10) | BIT(11) | BIT(12) | BIT(14) |    \
	 BIT(15) | BIT(16) | BIT(17) | BIT(21) | BIT(22) | BIT(25) | BIT(26) | BIT(27) | BIT(28) | \
	 BIT(29) | BIT(30) | BIT(31))
#define F7_ECX_SHOW (BIT(2) | BIT(22)) /* UMIP, RDPID */
/* 0x80000001: SVM, XOP, SKINIT, LWP, FMA4, TOPOEXT, performance counters, MONITORX */
#define F81_ECX_HIDE                                                                               \
	(BIT(2) | BIT(3) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(13) | BIT(15) | BIT(16) |    \
	 BIT(22) | BIT(23) | BIT(24) | BIT(26) | BIT(27) | BIT(28) | BIT(29))
/* 0x8000001f: APM vol. 3, appendix E */
#define SEV_EAX_SEV        BIT(1)
#define SEV_EAX_ES         BIT(3)
#define SEV_EAX_SNP        BIT(4)
#define SEV_EAX_VMPL       BIT(5)
#define SEV_EAX_RMPQUERY   BIT(6)
#define SEV_EAX_SECURE_TSC BIT(8)
#define SEV_EAX_COHERENT   BIT(10)
#define SEV_EAX_RESTRICTED BIT(12) /* injection */
#define SEV_EAX_ALTERNATE  BIT(13) /* injection */
#define SEV_EAX_DEBUG_SWAP BIT(14)
#define SEV_EBX_REDUCED    (1u << 6) /* one physical address bit is the C-bit */
#define SEV_EBX_SFW_NO     BIT(31)   /* no cache-line eviction needed at validation */
/* Speculation a processor in software does not do */
#define F88_EBX_SSB_NO   BIT(26)
#define F88_EBX_BTC_NO   BIT(29)
#define F821_EAX_LFENCE  BIT(2) /* always serialising */
#define F821_EAX_SRSO_NO BIT(29)
#define F821_ECX_TSA_NO  (BIT(1) | BIT(2))
/* KVM: Linux 6.12, Documentation/virt/kvm/x86/cpuid.rst */
#define KVM_CLOCKSOURCE        BIT(0)
#define KVM_NOP_IO_DELAY       BIT(1)
#define KVM_CLOCKSOURCE2       BIT(3)
#define KVM_PV_EOI             BIT(6)
#define KVM_CLOCKSOURCE_STABLE BIT(24)
#define APIC_BUS_KHZ           1000000 /* one tick a nanosecond: apic_timer.c */

/* How many bits the APIC IDs of the guest's vCPUs take. */
static unsigned id_bits(void)
{
	uint32_t highest = machine_vcpus[machine_guest_vcpus() - 1]->apic_id;

	return highest ? 32 - __builtin_clz(highest) : 0;
}

static void leaf_1(struct vcpu *v, uint32_t r[4])
{
	const struct hv_vcpu *h = hv_states[v->index];
	const struct vmcb *m = vcpu_ctx(v)->vmcb; /* NULL before the launch */

	r[EBX] = (r[EBX] & 0xffff) | machine_guest_vcpus() << 16 | v->apic_id << 24;
	r[ECX] &= ~F1_ECX_HIDE;
	r[ECX] |= F1_ECX_X2APIC | F1_ECX_TSC_DEADLINE | F1_ECX_HYPERVISOR;
	r[EDX] &= ~(F1_EDX_HTT | F1_EDX_APIC);
	if (machine_guest_vcpus() > 1)
		r[EDX] |= F1_EDX_HTT;
	if (!h || (h->apic[v->vmpl].base & APIC_BASE_ENABLE))
		r[EDX] |= F1_EDX_APIC;
	if ((r[ECX] & F1_ECX_XSAVE) && m && (m->cr4 & CR4_OSXSAVE))
		r[ECX] |= F1_ECX_OSXSAVE;
}

/* KVM has TSC_ADJUST, and QEMU hides it from SNP guests, whose CPUID page the firmware compares
 * with a processor that lacks it: QEMU 10.0, target/i386/sev.c, sev_snp_adjust_cpuid_features(). */
static void leaf_7(uint32_t sub, uint32_t r[4])
{
	r[EAX] = 0;
	r[EBX] = sub ? 0 : r[EBX] & ~F7_EBX_HIDE;
	if (!sub && host_options.tsc_adjust)
		r[EBX] |= F7_EBX_TSC_ADJUST;
	r[ECX] = sub ? 0 : r[ECX] & F7_ECX_SHOW;
	r[EDX] = 0;
}

/* One thread a core, all cores in one package. */
static void leaf_b(struct vcpu *v, uint32_t sub, uint32_t r[4])
{
	r[EAX] = sub == 1 ? id_bits() : 0;
	r[EBX] = sub == 0 ? 1 : sub == 1 ? machine_guest_vcpus() : 0;
	r[ECX] = (sub & 0xff) | (sub < 2 ? (sub + 1) << 8 : 0);
	r[EDX] = v->apic_id;
}

static void set(uint32_t r[4], uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	r[EAX] = a;
	r[EBX] = b;
	r[ECX] = c;
	r[EDX] = d;
}

/* The area has one size, since nothing lies behind x87 and SSE. No compacted form: EBX is 0 there,
 * as KVM has it. */
static void leaf_d(uint32_t sub, uint32_t r[4])
{
	uint32_t has = r[EAX];

	if (sub == 0)
		set(r, FD_XCR0, FD_SIZE, FD_SIZE, 0);
	else
		set(r, sub == 1 ? has & (FD_EAX_XSAVEOPT | FD_EAX_XGETBV1) : 0, 0, 0, 0);
}

static void leaf_sev(uint32_t r[4])
{
	set(r,
	    SEV_EAX_SEV | SEV_EAX_ES | SEV_EAX_SNP | SEV_EAX_VMPL | SEV_EAX_RMPQUERY |
		    SEV_EAX_SECURE_TSC | SEV_EAX_COHERENT | SEV_EAX_RESTRICTED | SEV_EAX_ALTERNATE |
		    SEV_EAX_DEBUG_SWAP,
	    MACHINE_CBIT | SEV_EBX_REDUCED | VMPL_COUNT << 12 | SEV_EBX_SFW_NO, 0, 0);
}

static void hypervisor(struct vcpu *v, uint32_t leaf, uint32_t r[4])
{
	set(r, 0, 0, 0, 0);
	switch (leaf) {
	case 0x40000000: /* "KVMKVMKVM\0\0\0" */
		set(r, MAX_KVM, 0x4b4d564b, 0x564b4d56, 0x4d);
		break;
	case 0x40000001:
		r[EAX] = KVM_CLOCKSOURCE | KVM_NOP_IO_DELAY | KVM_CLOCKSOURCE2 | KVM_PV_EOI |
			 KVM_CLOCKSOURCE_STABLE;
		break;
	case MAX_KVM: /* kHz of TSC and APIC bus: QEMU 7.2, target/i386/kvm/kvm.c, vmware-cpuid-freq
		       */
		set(r, (uint32_t)counter_khz(vcpu_ctx(v)), APIC_BUS_KHZ, 0, 0);
		break;
	case MACHINE_SIGNATURE_LEAF: /* "KeelsonNativ" */
		set(r, MACHINE_FEATURES_LEAF, 0x6c65654b, 0x4e6e6f73, 0x76697461);
		break;
	case MACHINE_FEATURES_LEAF:
		r[EAX] = psp_link_there() ? MACHINE_HAS_PSP : 0;
		break;
	}
}

/* Under TCG there is nothing to mitigate, and the mitigations cost some per cent of speed.
 */
static bool speculates(void)
{
	uint32_t r[4];

	cpuid(0x40000000, 0, r);
	return r[EBX] != 0x54474354; /* "TCGTCGTCGTCG": QEMU 7.2, target/i386/cpu.c */
}

static void leaf_bugs(uint32_t r[4])
{
	if (speculates())
		set(r, 0, 0, 0, 0);
	else
		set(r, F821_EAX_LFENCE | F821_EAX_SRSO_NO, 0, F821_ECX_TSA_NO, 0);
}

/* r holds what the processor under us says; what no guest here may have is taken out. */
static void extended(struct vcpu *v, uint32_t leaf, uint32_t r[4])
{
	switch (leaf) {
	case 0x80000000:
		r[EAX] = MAX_EXTENDED;
		break;
	case 0x80000001:
		r[ECX] &= ~F81_ECX_HIDE;
		break;
	case 0x80000002 ... 0x80000007:
		break; /* name, caches, invariant TSC: the processor's own */
	case 0x80000008:
		set(r, r[EAX] & 0xffff, speculates() ? 0 : F88_EBX_SSB_NO | F88_EBX_BTC_NO,
		    (machine_guest_vcpus() - 1) | id_bits() << 12, 0);
		break;
	case 0x8000001e:
		set(r, v->apic_id, v->apic_id, 0, 0);
		break;
	case 0x8000001f:
		leaf_sev(r);
		break;
	case 0x80000021:
		leaf_bugs(r);
		break;
	default:
		set(r, 0, 0, 0, 0);
	}
}

/* Leaves that are not named here are zero: the processor under us may know more than it does
 * right. */
static void basic(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	switch (leaf) {
	case 0:
		r[EAX] = MAX_BASIC;
		break;
	case 1:
		leaf_1(v, r);
		break;
	case 6:
		set(r, F6_EAX_ARAT, 0, 0, 0);
		break;
	case 7:
		leaf_7(sub, r);
		break;
	case 0xb:
		leaf_b(v, sub, r);
		break;
	case XSAVE_LEAF:
		leaf_d(sub, r);
		break;
	default:
		set(r, 0, 0, 0, 0);
	}
}

void hv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	uint32_t range = leaf >> 16;

	set(out, 0, 0, 0, 0);
	if (range == 0x4000) {
		hypervisor(v, leaf, out);
	} else if (range == 0x8000 && leaf <= MAX_EXTENDED) {
		cpuid(leaf, 0, out);
		extended(v, leaf, out);
	} else if (leaf <= MAX_BASIC || leaf == XSAVE_LEAF) {
		cpuid(leaf, sub, out);
		basic(v, leaf, sub, out);
	}
	hostile_cpuid(leaf, out);
}

void vmm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	hv_cpuid(v, leaf, sub, out);
}
