/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * RMP instructions on a VMSA that another vCPU runs on: APM vol. 2, 15.36.12 (VMRUN marks the page
 * in use, #VMEXIT takes the mark away) and 15.36.10 (the fault that the mark causes is retried). So
 * they end with what they were asked for, and the vCPU was out of its guest at that moment. Neither
 * instruction has a result for "in use": APM vol. 3.
 */
#include "abi/vmsa.h"
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/machine/region.h"
#include "bare/machine/vmplstub.h"
#include "lib/string.h"

#define R        12
#define SAME     (RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA) /* as smp_start() left the page */
#define EXIT_HLT 0x78
#define VEC      0x91
#define PATTERN  0x5a5a123456789abcull

static struct vmsa *other_vmsa(void)
{
	return (struct vmsa *)smp_vmsa();
}

static uint32_t adjust_same(void)
{
	return rmpadjust(smp_vmsa(), RMP_PG_4K, SAME);
}

static volatile uint64_t count;
static volatile uint8_t leave;
static uint64_t kept, kept_xmm[2];

/* Counts without an exit of its own, with a pattern in two registers. */
static void counter(void *arg)
{
	static const uint64_t xmm[2] = {PATTERN, ~PATTERN};

	(void)arg;
	__asm__ volatile("movups %[xmm], %%xmm7\n\t"
			 "mov %[pattern], %%r12\n"
			 "1:	incq %[count]\n\t"
			 "cmpb $0, %[leave]\n\t"
			 "je 1b\n\t"
			 "mov %%r12, %[kept]\n\t"
			 "movups %%xmm7, %[kept_xmm]"
			 : [count] "+m"(count), [kept] "=m"(kept), [kept_xmm] "=m"(kept_xmm)
			 : [xmm] "m"(xmm), [pattern] "r"(PATTERN), [leave] "m"(leave)
			 : "r12", "cc", "memory");
}

static bool counts_on(void)
{
	uint64_t before = count;
	struct patience p = smp_patience(10);

	while (count == before && !smp_patience_over(&p))
		cpu_relax();
	return count != before;
}

TEST(running, "inuse-running",
     "RMPADJUST and PVALIDATE of the VMSA of a running vCPU end with 0, and it runs on",
     "apm:15.36.12:in-use")
{
	bool cf;

	smp_start();
	leave = 0;
	count = 0;
	smp_run(counter, NULL);
	for (unsigned i = 0; i < 20; i++) {
		REQUIRE(counts_on());
		CHECK_EQ(adjust_same(), SNP_SUCCESS);
		REQUIRE(counts_on());
		CHECK_EQ(pvalidate(smp_vmsa(), RMP_PG_4K, 1, &cf), SNP_SUCCESS);
		CHECK(cf); /* it was validated already */
	}
	leave = 1;
	CHECK(smp_wait(10));
	CHECK_EQ(kept, PATTERN);
	CHECK_EQ(kept_xmm[0], PATTERN);
	CHECK_EQ(kept_xmm[1], ~PATTERN);
}

/* Out of the guest the page holds the state: 15.36.9. */
static bool seen_halted(void)
{
	volatile struct vmsa *v = other_vmsa();
	struct patience p = smp_patience(10);

	do {
		if (!CHECK_EQ(adjust_same(), SNP_SUCCESS))
			return false;
	} while (v->guest_exit_code != EXIT_HLT && !smp_patience_over(&p));
	return v->guest_exit_code == EXIT_HLT;
}

static void halt_for_good(void *arg)
{
	(void)arg;
	__asm__ volatile("mov %0, %%r12\n\tcli\n\thlt" : : "r"(PATTERN) : "r12");
}

TEST(halted, "inuse-halted",
     "a vCPU that halts is out of its guest: its VMSA is current, and can be taken away",
     "apm:15.36.12:in-use apm:15.36.9:exit-code")
{
	smp_start();
	smp_run(halt_for_good, NULL);
	REQUIRE(seen_halted());
	CHECK_EQ(other_vmsa()->r12, PATTERN);
	test_case("no VMSA any more");
	CHECK_EQ(rmpadjust(smp_vmsa(), RMP_PG_4K, RMPADJUST_ATTR(1, 0)), SNP_SUCCESS);
	other_vmsa()->r12 = 1;
	CHECK_EQ(other_vmsa()->r12, 1);
	test_case("and one again");
	CHECK_EQ(adjust_same(), SNP_SUCCESS);
}

static volatile uint64_t woken;

static void on_vector(struct trap_frame *t)
{
	(void)t;
	woken++;
	apic_write(APIC_EOI, 0);
}

static void halt_until_woken(void *arg)
{
	(void)arg;
	apic_enable();
	__asm__ volatile("mov %[pattern], %%r12\n\tsti\n\thlt\n\tcli\n\tmov %%r12, %[kept]"
			 : [kept] "=m"(kept)
			 : [pattern] "r"(PATTERN)
			 : "r12", "memory");
	apic_disable();
}

/* 15.36.9: VMRUN loads the state from the page, whatever lay there before. */
TEST(reloaded, "inuse-reloaded", "a vCPU that wakes up goes on with what its VMSA holds then",
     "apm:15.36.12:in-use apm:vmsa:state")
{
	if (!apic_enable())
		test_skip("no x2APIC");
	smp_start();
	trap_handler_set(VEC, on_vector);
	woken = 0;
	kept = 0;
	smp_run(halt_until_woken, NULL);
	REQUIRE(seen_halted());
	CHECK_EQ(other_vmsa()->r12, PATTERN);
	other_vmsa()->r12 = 77;
	apic_ipi(smp_apic_id(), VEC);
	CHECK(smp_wait(10));
	CHECK_EQ(woken, 1);
	CHECK_EQ(kept, 77);
	apic_disable();
}

static void race(void *arg)
{
	uint64_t *failed = arg;

	for (unsigned i = 0; smp_round(i); i++)
		*failed += rmpadjust(VMPLSTUB_VMSA(R), RMP_PG_4K, SAME) != SNP_SUCCESS;
}

/* VMPL2 of this vCPU names the VMSA of the other one, whose VMPL0 names that of this VMPL2. */
TEST(mutual, "inuse-mutual", "two vCPUs that name each other's VMSA at once both get an answer",
     "apm:15.36.12:in-use")
{
	static struct vmplstub s;
	static uint64_t failed;

	s = (struct vmplstub){
		.op = VMPLSTUB_RACE, .address = smp_vmsa(), .attributes = RMPADJUST_ATTR(3, 0)};
	failed = 0;
	smp_start();
	vmplstub_build(R, 2, &s);
	smp_race(100, 4);
	smp_run(race, &failed);
	ghcb_run_vmpl(2);
	CHECK(smp_wait(20));
	CHECK_EQ(s.runs, 1);
	CHECK_EQ(s.result, 0);
	CHECK_EQ(failed, 0);
	CHECK_GE(smp_rounds(), 10);
	vmplstub_remove(R, 2);
}

/* ---- PCPU_ID: 15.36.15 ---- */

static bool becomes_other(volatile struct vmsa *v)
{
	struct patience p = smp_patience(10);

	while (v->pcpu_id == 0 && !smp_patience_over(&p))
		cpu_relax();
	return v->pcpu_id != 0;
}

static void exits(void *arg)
{
	(void)arg;
	while (!leave)
		rdmsr(MSR_GHCB);
}

TEST(pcpu_id_running, "pcpu-id-running",
     "PCPU_ID = 0 in the VMSA of a running vCPU becomes another value at its next VMRUN",
     "apm:15.36.15:pcpu-id")
{
	volatile struct vmsa *v = other_vmsa();

	smp_start();
	CHECK_NE(v->pcpu_id, 0);
	leave = 0;
	smp_run(exits, NULL);
	for (unsigned i = 0; i < 100; i++) {
		v->pcpu_id = 0;
		REQUIRE(becomes_other(v));
	}
	leave = 1;
	CHECK(smp_wait(10));
}

TEST(pcpu_id_halted, "pcpu-id-halted",
     "PCPU_ID = 0 in the VMSA of a vCPU that halts stays 0 until it wakes up",
     "apm:15.36.15:pcpu-id")
{
	volatile struct vmsa *v = other_vmsa();

	if (!apic_enable())
		test_skip("no x2APIC");
	smp_start();
	trap_handler_set(VEC, on_vector);
	smp_run(halt_until_woken, NULL);
	REQUIRE(seen_halted());
	test_case("it is out of its guest");
	v->pcpu_id = 0;
	CHECK_EQ(adjust_same(), SNP_SUCCESS);
	CHECK_EQ(v->pcpu_id, 0);
	test_case("it is in its guest again");
	apic_ipi(smp_apic_id(), VEC);
	CHECK(smp_wait(10));
	CHECK_NE(v->pcpu_id, 0);
	apic_disable();
}

/*
 * What is written back at #VMEXIT must not undo what software wrote meanwhile. The vCPU may have an
 * exit of the host's between the two lines, so one time in fifty is enough.
 */
TEST(pcpu_id_kept, "pcpu-id-written-back", "writing the state back leaves PCPU_ID alone",
     "apm:15.36.15:pcpu-id")
{
	volatile struct vmsa *v = other_vmsa();
	unsigned kept_zero = 0;

	smp_start();
	leave = 0;
	smp_run(counter, NULL);
	for (unsigned i = 0; i < 50 && !kept_zero; i++) {
		REQUIRE(counts_on());
		v->pcpu_id = 0;
		REQUIRE_EQ(adjust_same(), SNP_SUCCESS);
		kept_zero += v->pcpu_id == 0;
	}
	CHECK_NE(kept_zero, 0);
	CHECK(becomes_other(v));
	leave = 1;
	CHECK(smp_wait(10));
}
