/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * #VC in ring 3: user/process_run.c calls in here while the process's space is loaded. Of CPUID the
 * lists below name what is shown, so a feature that a later processor adds stays hidden.
 */
#include "user/emulate.h"
#include "abi/ghcb.h"
#include "base/x86.h"
#include "lib/insn/decode.h"
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
void emulate_mask_cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
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

/* The instruction may be the last one of its page, with no page behind it. */
static struct insn at_rip(uint64_t rip)
{
	uint64_t first = PAGE_SIZE - (rip & PAGE_MASK);
	uint8_t bytes[INSN_MAX];

	if (user_copy_in(bytes, rip, INSN_MAX))
		return decode_insn(bytes, INSN_MAX, INSN_MODE64);
	if (first < INSN_MAX && user_copy_in(bytes, rip, first))
		return decode_insn(bytes, first, INSN_MODE64);
	return (struct insn){.kind = INSN_UNKNOWN};
}

static bool answer_cpuid(struct user_regs *u)
{
	uint32_t r[4];

	platform->cpuid(u->rax, u->rcx, r);
	emulate_mask_cpuid(u->rax, u->rcx, r);
	u->rax = r[EAX];
	u->rbx = r[EBX];
	u->rcx = r[ECX];
	u->rdx = r[EDX];
	return true;
}

/* The same instruction once more, in ring 0: where the hypervisor intercepts it, this is a #VC that
 * the platform answers. */
static bool answer_tsc(struct user_regs *u, bool aux)
{
	uint32_t low, high, id;

	if (aux)
		__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(id));
	else
		__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	u->rax = low;
	u->rdx = high;
	if (aux)
		u->rcx = id;
	return true;
}

static bool answer(struct user_regs *u, enum insn_kind kind)
{
	switch (kind) {
	case INSN_CPUID:
		return u->error == GHCB_EXIT_CPUID && answer_cpuid(u);
	case INSN_RDTSC:
		return u->error == GHCB_EXIT_RDTSC && answer_tsc(u, false);
	case INSN_RDTSCP:
		return u->error == GHCB_EXIT_RDTSCP && answer_tsc(u, true);
	default:
		return false;
	}
}

bool emulate_vc(struct process *p)
{
	struct insn i = at_rip(p->regs.rip);

	if (!answer(&p->regs, i.kind))
		return false;
	p->regs.rip += i.length;
	return true;
}
