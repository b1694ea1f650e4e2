/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * IBPB and the return stack. A hypervisor can intercept the MSR and refuse it. Then the barrier
 * cannot be had; it is tried again each time, because an answer of the host is no property of the
 * machine.
 */
#include "cpu/predictor.h"
#include "base/speculation.h"
#include "log/log.h"
#include "mm/copy.h"
#include "platform/platform.h"

#define MSR_PRED_CMD 0x49
#define IBPB         1
#define HAS_IBPB     BIT(12) /* CPUID 80000008, EBX */

static bool present;

void predictor_init(void)
{
	uint32_t r[4];

	platform->cpuid(0x80000008, 0, r);
	present = r[1] & HAS_IBPB;
}

/* False: the hypervisor has refused it. */
static bool barrier_msr(void)
{
	uint64_t rax = IBPB;

	__asm__ volatile("1: wrmsr\n"
			 "2:\n" FAULT_ENTRY
			 : "+a"(rax)
			 : "c"(MSR_PRED_CMD), "d"(0)
			 : "memory");
	return rax == IBPB;
}

/* 32 entries, the depth of the return stack of Zen 3 and later: returns that have no call of ours
 * stop at INT3. Not every processor's IBPB empties it (CPUID 80000008 EBX[30]). */
static void fill_return_stack(void)
{
	__asm__ volatile(".rept 32\n"
			 "call 3f\n"
			 "int3\n"
			 "3:\n"
			 ".endr\n"
			 "addq $256, %%rsp\n"
			 :
			 :
			 : "memory", "cc");
}

/* A return that is predicted although the barrier is there stops at the LFENCE. */
void predictor_flush(void)
{
	static bool said;

	if (!present) {
		speculation_barrier();
		return;
	}
	fill_return_stack();
	if (!barrier_msr() && !said) {
		said = true;
		log_warn("predictor: the hypervisor refuses IBPB");
	}
}
