/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How a second vCPU waits and begins: GHCB, AP Reset Hold by the MSR protocol and by
 * the event, and SNP AP Creation with "create on INIT".
 */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/machine/region.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "abi/vmsa.h"

#define R        10
#define ICR_INIT (5u << 8 | BIT(14))
#define ICR_SIPI (6u << 8 | BIT(14) | 0x08)

static volatile uint64_t before, after, answer;

static void wait_for(volatile uint64_t *v, uint64_t value)
{
	struct patience p = smp_patience(10);

	while (*v != value && !smp_patience_over(&p) && !smp_dead())
		cpu_relax();
}

/* Long enough for a vCPU to go on that must not. */
static void a_while(void)
{
	uint64_t limit = rdtsc() + 50000000;

	while (rdtsc() < limit)
		cpu_relax();
}

static void hold_by_event(void *arg)
{
	struct ghcb *g = ghcb_begin();

	(void)arg;
	before++;
	answer = ghcb_exit(g, GHCB_EXIT_AP_HLT_LOOP, 0, 0) ? 0 : g->exit_info2;
	after++;
}

static void hold_by_msr(void *arg)
{
	(void)arg;
	before++;
	answer = ghcb_msr(GHCB_MSR_AP_RESET_REQ);
	after++;
	ghcb_select();
}

static void send(uint32_t icr)
{
	apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | icr);
}

static void hold(void (*fn)(void *arg))
{
	before = after = answer = 0;
	smp_start();
	if (!apic_enable())
		test_skip("no x2APIC");
	smp_run(fn, NULL);
	wait_for(&before, 1);
	a_while();
	CHECK_EQ(after, 0);
	send(ICR_INIT);
	a_while();
	CHECK_EQ(after, 0);
	send(ICR_SIPI);
	wait_for(&after, 1);
	CHECK_EQ(after, 1);
	CHECK(smp_wait(10));
	apic_disable();
}

TEST(reset_hold_event, "reset-hold-event",
     "AP HLT loop: held until SIPI, then SW_EXITINFO2 is not zero", "ghcb:nae:ap-reset-hold")
{
	hold(hold_by_event);
	CHECK_NE(answer, 0);
}

TEST(reset_hold_msr, "reset-hold-msr",
     "AP reset hold by MSR: held until SIPI, the answer is not zero", "ghcb:msr:ap-reset-hold")
{
	hold(hold_by_msr);
	CHECK_EQ(answer & GHCB_MSR_INFO_MASK, GHCB_MSR_AP_RESET_RESP);
	CHECK_NE(answer >> 12, 0);
}

static volatile uint64_t began;

static void begin_here(void *arg)
{
	began = (uint64_t)arg;
	for (;;)
		__asm__ volatile("hlt");
}

/* Operation 0: the VMSA waits for an INIT. */
TEST(create_on_init, "create-on-init",
     "AP_CREATION, create on INIT: the VMSA runs after INIT, not before",
     "ghcb:ap-creation:on-init")
{
	uint64_t vmsa = MEM_PAGE(R, 1);
	uint64_t features = snp_features();

	if (!smp_available())
		test_skip("needs two vCPUs");
	if (!apic_enable())
		test_skip("no x2APIC");
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 4));
	began = 0;
	smp_fill_vmsa((struct vmsa *)vmsa, 1, 0, begin_here, (void *)0x77, MEM_PAGE(R, 4));
	REQUIRE_EQ(rmpadjust(vmsa, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), 0, GHCB_AP_CREATE_ON_INIT, vmsa, features), 0);
	a_while();
	CHECK_EQ(began, 0);
	send(ICR_INIT);
	wait_for(&began, 0x77);
	CHECK_EQ(began, 0x77);
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), 0, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK_EQ(rmpadjust(vmsa, RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	apic_disable();
	CHECK(region_reset(R));
}
