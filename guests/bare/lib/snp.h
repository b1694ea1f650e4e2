/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The instructions of SEV-SNP by their encodings: APM vol. 3. Results are EAX as the manual has it
 * (abi/snp.h: enum snp_insn_result). None of them catches a fault: use trap.h where one may come.
 */
#include "abi/snp.h"
#include "abi/vmsa.h"
#include "base/x86.h"

/* SEV_FEATURES that a VMSA made by us must carry: those of this vCPU. */
static inline uint64_t snp_features(void)
{
	return rdmsr(MSR_SEV_STATUS) >> SEV_STATUS_FEATURES_SHIFT;
}

/* EAX; *no_change is the carry flag: the page already was in that state. */
static inline uint32_t pvalidate(uint64_t va, uint32_t size, uint32_t validate, bool *no_change)
{
	uint64_t rax = va;
	bool cf;

	__asm__ volatile(".byte 0xf2, 0x0f, 0x01, 0xff"
			 : "+a"(rax), "=@ccc"(cf)
			 : "c"(size), "d"(validate)
			 : "memory");
	if (no_change)
		*no_change = cf;
	return (uint32_t)rax;
}

static inline uint32_t rmpadjust(uint64_t va, uint64_t size, uint64_t attributes)
{
	uint64_t rax = va;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfe"
			 : "+a"(rax)
			 : "c"(size), "d"(attributes)
			 : "memory", "cc");
	return (uint32_t)rax;
}

#define RMPADJUST_ATTR(vmpl, perms) ((uint64_t)(vmpl) | (uint64_t)(perms) << 8)

/* *attributes: target VMPL in, VMPL and its rights (as RMPADJUST takes them) out; *size out. */
static inline uint32_t rmpquery(uint64_t va, uint64_t *size, uint64_t *attributes)
{
	uint64_t rax = va, rcx = 0, rdx = *attributes;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfd"
			 : "+a"(rax), "+c"(rcx), "+d"(rdx)
			 :
			 : "memory", "cc");
	*size = rcx;
	*attributes = rdx;
	return (uint32_t)rax;
}

#define INVLPGB_ALL 0xc /* RAX: all of that ASID, global ones too */

/* A guest names its own translations by ASID 0. */
static inline void invlpgb(uint64_t what, uint32_t asid)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xfe" : : "a"(what), "c"(0), "d"(asid) : "memory");
}

static inline void tlbsync(void)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xff" : : : "memory");
}

static inline void vmgexit(void)
{
	__asm__ volatile("rep; vmmcall" : : : "memory");
}
