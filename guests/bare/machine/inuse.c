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
	uint64_t before = count, end = rdtsc() + smp_ticks(10);

	while (count == before && rdtsc() < end)
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
	uint64_t end = rdtsc() + smp_ticks(10);

	do {
		if (!CHECK_EQ(adjust_same(), SNP_SUCCESS))
			return false;
	} while (v->guest_exit_code != EXIT_HLT && rdtsc() < end);
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
		*failed += rmpadjust(MEM_PAGE(R, 1), RMP_PG_4K, SAME) != SNP_SUCCESS;
}

static void stub_build(struct vmplstub *s)
{
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 8));
	smp_fill_vmsa((struct vmsa *)MEM_PAGE(R, 1), 0, 2, vmplstub_entry, s, MEM_PAGE(R, 4));
	for (unsigned i = 2; i < 9; i++)
		REQUIRE_EQ(rmpadjust(MEM_PAGE(R, i), RMP_PG_4K, RMPADJUST_ATTR(2, RMP_RWX)), 0);
	REQUIRE(region_image_rights(2, RMP_RWX));
	REQUIRE_EQ(rmpadjust(MEM_PAGE(R, 1), RMP_PG_4K, SAME), 0);
	REQUIRE_EQ(ghcb_ap_create(percpu()->apic_id, 2, GHCB_AP_CREATE, MEM_PAGE(R, 1),
				  snp_features()),
		   0);
}

static void stub_remove(void)
{
	CHECK_EQ(ghcb_ap_create(percpu()->apic_id, 2, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK_EQ(rmpadjust(MEM_PAGE(R, 1), RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_image_rights(2, 0));
	CHECK(region_reset(R));
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
	stub_build(&s);
	smp_race(100, 4);
	smp_run(race, &failed);
	ghcb_run_vmpl(2);
	CHECK(smp_wait(20));
	CHECK_EQ(s.runs, 1);
	CHECK_EQ(s.result, 0);
	CHECK_EQ(failed, 0);
	CHECK_GE(smp_rounds(), 10);
	stub_remove();
}
