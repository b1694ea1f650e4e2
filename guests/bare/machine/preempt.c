/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * An event for VMPL0 ends the run of a lower VMPL on the same vCPU, where VMPL0 has restricted
 * injection and a doorbell page (docs/monitor.md). vCPU 1 runs both: VMPL0 asks for VMPL2, which
 * never leaves by itself and has interrupts off; vCPU 0 watches.
 */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "bare/machine/region.h"
#include "abi/doorbell.h"
#include "abi/vmsa.h"

#define R        14
#define VMSA     MEM_PAGE(R, 1)
#define VEC      0x41
#define TPR_OVER 0x50 /* holds back VEC */
#define ICR_NMI  0x4400u

/* In ticks of the timer: of two nanoseconds each (docs/fidelity.md). */
#define SOON    1000000u    /* 2 ms */
#define IN_LONG 1125000000u /* 2.25 s: longer than the machine watches a guest that looks dead */

static uint8_t doorbell_page[PAGE_SIZE] ALIGNED(4096);
static volatile uint64_t spins, halts, nmis;
volatile uint64_t preempt_signals; /* #HVs; preempt_enter.S reads it */
static volatile bool leave;        /* VMPL2 is to come back by itself */

/* What vCPU 1 is asked for, and what it found when VMPL2's run was over. */
struct turn {
	uint32_t timer; /* ticks until VMPL0's own timer, 0: none */
	bool show;      /* leave in the page what it shows */
	uint64_t answer;
	uint8_t vector, flags;
};
static volatile struct turn turn;

static volatile struct hv_doorbell *doorbell(void)
{
	return paging_shared((uint64_t)doorbell_page);
}

void preempt_enter(void); /* preempt_enter.S */
extern const char preempt_entered[];

static void on_hv(struct trap_frame *t)
{
	preempt_signals++;
	if (t->rip >= (uint64_t)preempt_enter && t->rip < (uint64_t)preempt_entered)
		t->rip = (uint64_t)preempt_entered;
}

static void lower_spins(void *arg)
{
	(void)arg;
	for (;;) {
		while (!leave)
			spins++;
		leave = false;
		ghcb_msr(GHCB_MSR_RUN_VMPL_REQ);
	}
}

static void lower_halts(void *arg)
{
	(void)arg;
	for (;;) {
		halts++;
		__asm__ volatile("hlt" : : : "memory");
	}
}

/* ---- on vCPU 1, at VMPL0 ---- */

static void set_up(void *arg)
{
	struct ghcb *g;

	(void)arg;
	CHECK(apic_enable());
	CHECK(apic_write(APIC_TIMER_DIVIDE, 0));
	CHECK(apic_write(APIC_LVT_TIMER, VEC));
	g = ghcb_begin();
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_HV_DOORBELL, GHCB_DOORBELL_SET, (uint64_t)doorbell_page),
		 0);
}

static void take(void)
{
	turn.flags = __atomic_exchange_n(&doorbell()->flags, 0, __ATOMIC_SEQ_CST);
	turn.vector = __atomic_exchange_n(&doorbell()->vector, 0, __ATOMIC_SEQ_CST);
	if (turn.vector)
		apic_write(APIC_EOI, 0);
}

static bool run_once(void)
{
	uint64_t answer;

	if (turn.timer)
		apic_write(APIC_TIMER_INITIAL, turn.timer);
	wrmsr(MSR_GHCB, (uint64_t)VMPL_GUEST << 32 | GHCB_MSR_RUN_VMPL_REQ);
	preempt_enter();
	answer = rdmsr(MSR_GHCB);
	ghcb_select();
	if ((answer & GHCB_MSR_INFO_MASK) == GHCB_MSR_RUN_VMPL_REQ)
		return false;
	turn.answer = answer;
	return true;
}

static void run_lower(void *arg)
{
	(void)arg;
	while (!run_once()) { /* the timer came first */
		take();
		preempt_signals = 0;
	}
	if (!turn.show)
		take();
}

static void mask(void *arg)
{
	(void)arg;
	apic_write(APIC_TPR, TPR_OVER);
}

static void unmask(void *arg)
{
	(void)arg;
	apic_write(APIC_TPR, 0);
	take();
}

static void no_timer(void *arg)
{
	(void)arg;
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
	apic_write(APIC_SVR, 0);
}

/* ---- on vCPU 0 ---- */

static void order(void (*fn)(void *arg))
{
	smp_run(fn, NULL);
	CHECK(smp_wait(10));
}

static void ask(uint32_t timer, bool show)
{
	turn.timer = timer;
	turn.show = show;
	turn.answer = turn.vector = turn.flags = 0;
	preempt_signals = 0;
	smp_run(run_lower, NULL);
}

static bool moves(volatile uint64_t *count)
{
	struct patience p = smp_patience(10);
	uint64_t before = *count;

	while (*count == before && !smp_patience_over(&p) && !smp_dead())
		cpu_relax();
	return *count != before;
}

/* VMPL2 goes on, and VMPL0 does not come back, for far longer than the timer takes. */
static void stays_below(void)
{
	uint64_t end = rdtsc() + smp_ticks(1) / 40;
	uint64_t before = preempt_signals;

	while (rdtsc() < end)
		CHECK(moves(&spins));
	CHECK_EQ(turn.answer, 0);
	CHECK_EQ(preempt_signals, before);
}

static void come_back(void)
{
	leave = true;
	CHECK(smp_wait(10));
	CHECK_EQ(turn.answer, GHCB_MSR_RUN_VMPL_RESP);
}

/* vCPU 1 at VMPL0 with these features, and its VMPL2. */
static void begin(uint64_t features, void (*lower)(void *arg))
{
	uint64_t own = snp_features();

	spins = halts = preempt_signals = nmis = leave = 0;
	smp_start_with(features);
	trap_handler_set(VEC_HV, on_hv);
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 4));
	smp_fill_vmsa((struct vmsa *)VMSA, 1, VMPL_GUEST, lower, NULL, MEM_PAGE(R, 4));
	for (unsigned i = 2; i < 5; i++)
		REQUIRE_EQ(
			rmpadjust(MEM_PAGE(R, i), RMP_PG_4K, RMPADJUST_ATTR(VMPL_GUEST, RMP_RWX)),
			0);
	REQUIRE(region_image_rights(VMPL_GUEST, RMP_RWX));
	REQUIRE(vmpl_page_shared((uint64_t)doorbell_page));
	*(volatile uint64_t *)paging_shared((uint64_t)doorbell_page) = 0;
	REQUIRE_EQ(rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	REQUIRE_EQ(ghcb_ap_create(smp_apic_id(), VMPL_GUEST, GHCB_AP_CREATE, VMSA, own), 0);
	order(set_up);
}

static void begin_restricted(void (*lower)(void *arg))
{
	begin(snp_features() | SEV_FEAT_RESTRICTED_INJ, lower);
}

/* smp_stop() is called here, so that nothing runs whose rights are taken. */
static void end(void)
{
	order(no_timer);
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), VMPL_GUEST, GHCB_AP_DESTROY, 0, 0), 0);
	smp_stop();
	CHECK(vmpl_page_private((uint64_t)doorbell_page));
	CHECK_EQ(rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_image_rights(VMPL_GUEST, 0));
	CHECK(region_reset(R));
	trap_handler_set(VEC_HV, NULL);
}

#define ROUNDS 20
#define ROUNDS_MAX                                                                                 \
	1000 /* on a slow machine the timer may come before VMPL2's first instruction              \
	      */

TEST(preempt_timer, "preempt-timer",
     "VMPL0's timer ends VMPL2's run, which goes on where it was; 20 times",
     "keelson:preempt:event")
{
	unsigned went_on = 0;

	begin_restricted(lower_spins);
	for (unsigned i = 0; went_on < ROUNDS && i < ROUNDS_MAX; i++) {
		uint64_t before = spins;

		ask(SOON, false);
		if (!CHECK(smp_wait(10)))
			break;
		CHECK_EQ(turn.answer, GHCB_MSR_RUN_VMPL_RESP);
		CHECK_EQ(turn.vector, VEC);
		CHECK_EQ(preempt_signals, 1);
		CHECK_GE(spins, before);
		went_on += spins > before;
	}
	CHECK_EQ(went_on, ROUNDS);
	end();
}

TEST(preempt_ipi, "preempt-ipi", "so do an interrupt and an NMI that another vCPU sends",
     "keelson:preempt:event")
{
	static const uint32_t icr[] = {BIT(14) | VEC, ICR_NMI};

	begin_restricted(lower_spins);
	CHECK(apic_enable());
	for (unsigned i = 0; i < 20; i++) {
		uint32_t what = icr[i % 2];

		ask(0, false);
		CHECK(moves(&spins));
		apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | what);
		if (!CHECK(smp_wait(10)))
			break;
		CHECK_EQ(turn.answer, GHCB_MSR_RUN_VMPL_RESP);
		CHECK_EQ(turn.vector, what == ICR_NMI ? 0 : VEC);
		CHECK_EQ(turn.flags & DOORBELL_NMI, what == ICR_NMI ? DOORBELL_NMI : 0);
		CHECK_EQ(preempt_signals, 1);
	}
	apic_disable();
	end();
}

TEST(preempt_halted, "preempt-halted",
     "VMPL0's timer ends the rest of a halted VMPL2, whose HLT goes on with the next RUN_VMPL",
     "keelson:preempt:halted")
{
	begin_restricted(lower_halts);
	for (unsigned i = 0; i < 5; i++) {
		ask(SOON, false);
		if (!CHECK(smp_wait(10)))
			break;
		CHECK_EQ(turn.answer, GHCB_MSR_RUN_VMPL_RESP);
		CHECK_EQ(turn.vector, VEC);
		CHECK_EQ(halts, 1);
	}
	end();
}

TEST(preempt_masked, "preempt-masked",
     "what VMPL0's task priority holds back does not preempt, and is not lost",
     "keelson:preempt:masked")
{
	begin_restricted(lower_spins);
	order(mask);
	ask(SOON, false);
	stays_below();
	come_back();
	CHECK_EQ(turn.vector, 0);
	CHECK_EQ(preempt_signals, 0);
	order(unmask);
	CHECK_EQ(turn.vector, VEC);
	CHECK_EQ(preempt_signals, 1);
	end();
}

TEST(preempt_shown, "preempt-shown",
     "what VMPL0's page shows already does not preempt again: VMPL2 gets on",
     "keelson:preempt:shown")
{
	begin_restricted(lower_spins);
	ask(SOON, true);
	CHECK(smp_wait(10));
	CHECK_EQ(doorbell()->vector, VEC);
	ask(SOON, false);
	stays_below();
	come_back();
	CHECK_EQ(turn.vector, VEC);
	end();
}

static void on_vector(struct trap_frame *t)
{
	(void)t;
	preempt_signals++;
	apic_write(APIC_EOI, 0);
}

static void interrupts_on(void *arg)
{
	(void)arg;
	__asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
}

TEST(preempt_unrestricted, "preempt-unrestricted",
     "without restricted injection at VMPL0 nothing preempts, and the interrupt waits for VMPL0",
     "keelson:preempt:unrestricted")
{
	begin(snp_features(), lower_spins);
	trap_handler_set(VEC, on_vector);
	ask(SOON, true);
	stays_below();
	come_back();
	CHECK_EQ(preempt_signals, 0);
	order(interrupts_on);
	CHECK_EQ(preempt_signals, 1);
	trap_handler_set(VEC, NULL);
	end();
}

static void on_nmi(struct trap_frame *t)
{
	(void)t;
	ghcb_exit(ghcb_begin(), GHCB_EXIT_NMI_DONE, 0, 0);
	nmis++;
}

static void run_and_wake(void *arg)
{
	run_lower(arg);
	apic_write(APIC_ICR, (uint64_t)percpu_area[0].apic_id << 32 | ICR_NMI);
}

/* Both vCPUs halt with interrupts off for longer than the machine watches a guest that looks dead:
 * VMPL0's timer still wakes one of them, which wakes the other. */
TEST(preempt_alone, "preempt-alone",
     "a HLT that VMPL0's timer will interrupt is no end of the run, though all others wait",
     "keelson:preempt:halted")
{
	begin_restricted(lower_halts);
	CHECK(apic_enable());
	trap_handler_set(VEC_NMI, on_nmi);
	turn.timer = IN_LONG;
	turn.show = false;
	smp_run(run_and_wake, NULL);
	while (!nmis)
		__asm__ volatile("cli\n\thlt" : : : "memory");
	CHECK_EQ(nmis, 1);
	CHECK(smp_wait(10));
	CHECK_EQ(turn.vector, VEC);
	trap_handler_set(VEC_NMI, NULL);
	apic_disable();
	end();
}
