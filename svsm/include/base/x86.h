/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* x86 instructions and register bits that more than one image uses. AMD APM vol. 2 and 3. */
#include "base/types.h"

#define CR0_PE             BIT(0)
#define CR0_MP             BIT(1)
#define CR0_EM             BIT(2)
#define CR0_TS             BIT(3)
#define CR0_ET             BIT(4)
#define CR0_NE             BIT(5)
#define CR0_WP             BIT(16)
#define CR0_AM             BIT(18)
#define CR0_NW             BIT(29)
#define CR0_CD             BIT(30)
#define CR0_PG             BIT(31)

#define CR4_VME            BIT(0)
#define CR4_PVI            BIT(1)
#define CR4_TSD            BIT(2)
#define CR4_DE             BIT(3)
#define CR4_PSE            BIT(4)
#define CR4_PAE            BIT(5)
#define CR4_MCE            BIT(6)
#define CR4_PGE            BIT(7)
#define CR4_PCE            BIT(8)
#define CR4_OSFXSR         BIT(9)
#define CR4_OSXMMEXCPT     BIT(10)
#define CR4_UMIP           BIT(11)
#define CR4_LA57           BIT(12)
#define CR4_FSGSBASE       BIT(16)
#define CR4_PCIDE          BIT(17)
#define CR4_OSXSAVE        BIT(18)
#define CR4_SMEP           BIT(20)
#define CR4_SMAP           BIT(21)

#define RFLAGS_CF          BIT(0)
#define RFLAGS_R1          BIT(1)
#define RFLAGS_TF          BIT(8)
#define RFLAGS_IF          BIT(9)
#define RFLAGS_DF          BIT(10)
#define RFLAGS_NT          BIT(14)
#define RFLAGS_RF          BIT(16)
#define RFLAGS_VM          BIT(17)
#define RFLAGS_AC          BIT(18)

#define DR6_BS             BIT(14) /* a single step */
#define DR7_ENABLED        0xffu   /* local and global, of DR0 to DR3 */
#define PTE_P              BIT(0)
#define PTE_W              BIT(1)
#define PTE_U              BIT(2)
#define PTE_A              BIT(5)
#define PTE_D              BIT(6)
#define PTE_PS             BIT(7)
#define PTE_G              BIT(8)
#define PTE_NX             BIT(63)
#define PTE_ADDR           0x000ffffffffff000ull

#define EFER_SCE           BIT(0)
#define EFER_LME           BIT(8)
#define EFER_LMA           BIT(10)
#define EFER_NXE           BIT(11)
#define EFER_SVME          BIT(12)
#define EFER_FFXSR         BIT(14)
#define EFER_TCE           BIT(15)

#define MSR_TSC            0x10
#define MSR_TSC_ADJUST     0x3b
#define MSR_APIC_BASE      0x1b
#define MSR_SYSENTER_CS    0x174
#define MSR_SYSENTER_ESP   0x175
#define MSR_SYSENTER_EIP   0x176
#define MSR_PAT            0x277
#define PAT_RESET          0x0007040600070406ull /* APM vol. 2, 7.8.2 */
#define MSR_TSC_DEADLINE   0x6e0
#define MSR_X2APIC_BASE    0x800
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX        0xc0000103
#define MSR_VM_HSAVE_PA    0xc0010117
#define MSR_GUEST_TSC_FREQ 0xc0010134 /* SecureTSC: MHz */
#define MSR_GHCB           0xc0010130
#define MSR_SEV_STATUS     0xc0010131

enum x86_vector {
	VEC_DE = 0,
	VEC_DB = 1,
	VEC_NMI = 2,
	VEC_BP = 3,
	VEC_OF = 4,
	VEC_BR = 5,
	VEC_UD = 6,
	VEC_NM = 7,
	VEC_DF = 8,
	VEC_TS = 10,
	VEC_NP = 11,
	VEC_SS = 12,
	VEC_GP = 13,
	VEC_PF = 14,
	VEC_MF = 16,
	VEC_AC = 17,
	VEC_MC = 18,
	VEC_XF = 19,
	VEC_VE = 20,
	VEC_CP = 21,
	VEC_HV = 28,
	VEC_VC = 29,
	VEC_SX = 30,
};

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
			 : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

#define X86_PORT_OPS(name, type)                                                                   \
	static inline type in##name(uint16_t port)                                                 \
	{                                                                                          \
		type v;                                                                            \
		__asm__ volatile("in" #name " %1, %0" : "=a"(v) : "Nd"(port));                     \
		return v;                                                                          \
	}                                                                                          \
	static inline void out##name(uint16_t port, type v)                                        \
	{                                                                                          \
		__asm__ volatile("out" #name " %0, %1" : : "a"(v), "Nd"(port));                    \
	}

X86_PORT_OPS(b, uint8_t)
X86_PORT_OPS(w, uint16_t)
X86_PORT_OPS(l, uint32_t)

#define X86_CR_OPS(n)                                                                              \
	static inline uint64_t read_cr##n(void)                                                    \
	{                                                                                          \
		uint64_t v;                                                                        \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory");                     \
		return v;                                                                          \
	}                                                                                          \
	static inline void write_cr##n(uint64_t v)                                                 \
	{                                                                                          \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory");                         \
	}

X86_CR_OPS(0)
X86_CR_OPS(2)
X86_CR_OPS(3)
X86_CR_OPS(4)

static inline void invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void sti(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void barrier(void)
{
	__asm__ volatile("" : : : "memory");
}
