/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * CPUID for ring 3, where the instruction raises #VC. The platform's answer is cut down to what a
 * process without XSAVE state may use. The lists name what is shown, so a feature that a later
 * processor adds stays hidden.
 */
#include "user/cpuid_user.h"
#include "abi/ghcb.h"
#include "lib/string.h"
#include "platform/platform.h"

/*
 * The features that are shown. APM vol. 3, appendix E.
 *
 *   Leaf 1 ECX: SSE3, PCLMULQDQ, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, RDRAND
 *   Leaf 7 EBX: BMI1, BMI2, ERMS, RDSEED, ADX, CLFLUSHOPT, CLWB, SHA; EDX: FSRM
 *   Leaf 8000_0001 ECX: LAHF, LZCNT, SSE4A, PREFETCHW
 */
#define LEAF1_ECX                                                                                  \
	(BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | BIT(25) |    \
	 BIT(30))
#define LEAF7_EBX    (BIT(3) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(23) | BIT(24) | BIT(29))
#define LEAF7_EDX    BIT(4)
#define LEAF81_ECX   (BIT(0) | BIT(5) | BIT(6) | BIT(8))

#define BASIC_MAX    0x7
#define EXTENDED_MAX 0x8000001d

enum reg {
	EAX,
	EBX,
	ECX,
	EDX
};

static void clear(uint32_t r[4])
{
	memset(r, 0, 4 * sizeof(*r));
}

/* Leaves that are not named here read as zeros: APIC IDs, topology, XSAVE, SEV, the
 * hypervisor's. */
void cpuid_mask(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	switch (leaf) {
	case 0:
		r[EAX] = MIN(r[EAX], BASIC_MAX);
		break;
	case 1:
		r[EBX] &= 0x0000ff00; /* no APIC ID, one logical processor */
		r[ECX] &= LEAF1_ECX;
		break;
	case 7:
		if (sub)
			clear(r);
		r[EAX] = r[ECX] = 0;
		r[EBX] &= LEAF7_EBX;
		r[EDX] &= LEAF7_EDX;
		break;
	case 0x80000000:
		r[EAX] = MIN(r[EAX], EXTENDED_MAX);
		break;
	case 0x80000001:
		r[ECX] &= LEAF81_ECX;
		break;
	case 2: /* caches */
	case 4:
	case 0x80000002 ... 0x80000006: /* name, caches */
	case 0x80000008:                /* address sizes */
	case 0x8000001d:                /* caches */
		break;
	default:
		clear(r);
	}
}

/* Called by user/process_run.c for a #VC in ring 3, while the process's space is loaded. */
bool cpuid_emulate(struct process *p)
{
	static const uint8_t insn[] = {0x0f, 0xa2};
	struct user_regs *u = &p->regs;
	uint8_t bytes[sizeof(insn)];
	uint32_t r[4];

	/* A hypervisor may inject #VC anywhere: the instruction must really stand at RIP. */
	if (u->error != GHCB_EXIT_CPUID || !user_copy_in(bytes, u->rip, sizeof(bytes)) ||
	    memcmp(bytes, insn, sizeof(insn)))
		return false;
	platform->cpuid(u->rax, u->rcx, r);
	cpuid_mask(u->rax, u->rcx, r);
	u->rax = r[EAX];
	u->rbx = r[EBX];
	u->rcx = r[ECX];
	u->rdx = r[EDX];
	u->rip += sizeof(insn);
	return true;
}
