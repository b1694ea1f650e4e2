/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Alternate injection below restricted injection: as an SVSM has it. vCPU 1 runs a VMPL0 that takes
 * #HV only, and a VMPL2 that VMPL0 injects for. A device of vCPU 1 interrupts whatever VMPL2 does.
 */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/pit.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "bare/machine/vmplstub.h"
#include "abi/doorbell.h"
#include "abi/vmsa.h"

#define R      8
#define LOWER  2 /* the VMPL */
#define SIGNAL 0x40
#define DEVICE 0x61

static uint8_t doorbell_page[PAGE_SIZE] ALIGNED(4096);
static uint8_t stack[0x4000] ALIGNED(16);
static volatile uint64_t signals, returns, injected, taken, spins, halts, last;
static volatile bool ready, halting, resting, stop, stopped;

static volatile struct hv_doorbell *doorbell(void)
{
	return paging_shared((uint64_t)doorbell_page);
}

static volatile struct vmsa *vmsa(void)
{
	return (struct vmsa *)VMPLSTUB_VMSA(R);
}

void altinj_rest(volatile uint8_t *events); /* altinj_rest.S */
extern const char altinj_rested[];

/* The signal's own EOI stays with the page where it may. */
static void on_hv(struct trap_frame *t)
{
	signals++;
	if (t->rip >= (uint64_t)altinj_rest && t->rip < (uint64_t)altinj_rested)
		t->rip = (uint64_t)altinj_rested;
	__atomic_fetch_and(&doorbell()->flags, 0, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&doorbell()->vector, 0, __ATOMIC_SEQ_CST) &&
	    !__atomic_exchange_n(&doorbell()->no_eoi_required, 0, __ATOMIC_SEQ_CST))
		apic_write(APIC_EOI, 0);
}

static void on_device(struct trap_frame *t)
{
	taken++;
	last = t->rip;
}

static void lower(void *arg)
{
	(void)arg;
	ghcb_cpu_init();
	CHECK(apic_enable()); /* the host's: timer, LVT and the enable bit stay there */
	__asm__ volatile("sti" : : : "memory");
	for (;;) {
		spins++;
		if (resting)
			ghcb_msr(GHCB_MSR_RUN_VMPL_REQ);
		if (halting) {
			halts++;
			__asm__ volatile("hlt" : : : "memory");
		}
	}
}

/* What an SVSM does between two runs of its guest. */
static void inject(void)
{
	uint32_t status;

	if (!__atomic_exchange_n(&doorbell()->per_vmpl_events, 0, __ATOMIC_SEQ_CST))
		return;
	status = __atomic_exchange_n(&doorbell()->vmpl[LOWER - 1].status, 0, __ATOMIC_SEQ_CST);
	if (status != DEVICE)
		return;
	injected++;
	vmsa()->vintr_ctrl |= VINTR_IRQ | VINTR_VECTOR(DEVICE) | VINTR_PRIO(DEVICE >> 4);
}

static void upper(void *arg)
{
	(void)arg;
	ghcb_cpu_init();
	CHECK(apic_enable());
	CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_HV_DOORBELL, GHCB_DOORBELL_SET,
			   (uint64_t)doorbell_page),
		 0);
	CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_CONFIGURE_INT_INJ, SIGNAL, 0), 0);
	while (!stop) {
		ready = true;
		if (resting)
			altinj_rest(&doorbell()->per_vmpl_events);
		inject();
		ghcb_msr((uint64_t)LOWER << 32 | GHCB_MSR_RUN_VMPL_REQ);
		ghcb_select();
		returns++;
	}
	stopped = true;
	for (;;)
		cpu_relax();
}

static bool reaches(volatile uint64_t *value, uint64_t least)
{
	struct patience p = smp_patience(10);

	while (*value < least && !smp_patience_over(&p) && !smp_dead())
		cpu_relax();
	return *value >= least;
}

static void start(void)
{
	uint64_t own = snp_features() | SEV_FEAT_RESTRICTED_INJ;
	uint64_t lowers = snp_features() | SEV_FEAT_ALTERNATE_INJ;
	struct vmsa *v = (struct vmsa *)smp_vmsa();

	if (!smp_available())
		test_skip("needs two vCPUs");
	if (!apic_enable())
		test_skip("no x2APIC");
	signals = returns = injected = taken = spins = halts = 0;
	ready = halting = resting = stop = stopped = false;
	trap_handler_set(VEC_HV, on_hv);
	trap_handler_set(DEVICE, on_device);
	percpu_area[1] = (struct percpu){.index = 1, .apic_id = smp_apic_id()};
	ghcb_page(1);
	vmplstub_prepare(R, LOWER, 1, lower, NULL, lowers);
	((struct vmsa *)VMPLSTUB_VMSA(R))->vintr_ctrl = VINTR_GIF;
	REQUIRE(vmpl_page_shared((uint64_t)doorbell_page));
	for (unsigned i = 0; i < sizeof(struct hv_doorbell); i++)
		((volatile uint8_t *)doorbell())[i] = 0;
	smp_fill_vmsa(v, 1, VMPL_SVSM, upper, NULL, (uint64_t)stack + sizeof(stack));
	v->sev_features = own;
	REQUIRE(vmpl_vmsa_create(smp_vmsa(), 0, smp_apic_id()));
	REQUIRE_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_CREATE, smp_vmsa(), own), 0);
	REQUIRE_EQ(ghcb_ap_create(smp_apic_id(), LOWER, GHCB_AP_CREATE, VMPLSTUB_VMSA(R), lowers),
		   0);
}

/* The device brings vCPU 1 back to VMPL0, which finds that it is to stop. */
static void finish(void)
{
	struct patience p = smp_patience(10);

	stop = true;
	pit_edge(smp_apic_id(), DEVICE);
	while (!stopped && !smp_patience_over(&p))
		cpu_relax();
	CHECK(stopped);
	pit_off();
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK(vmpl_vmsa_delete(smp_vmsa()));
	CHECK(vmpl_page_private((uint64_t)doorbell_page));
	vmplstub_remove_from(R, LOWER, smp_apic_id());
	apic_disable();
	CHECK(!smp_dead());
}

/* One may be on its way just now. */
static bool settles(volatile uint64_t *a, volatile uint64_t *b, uint64_t more)
{
	struct patience p = smp_patience(10);

	while (*a != *b + more && !smp_patience_over(&p) && !smp_dead())
		cpu_relax();
	return *a == *b + more;
}

/* QEMU's IOAPIC may hold an edge from before, so the counts are compared with each other. */
static void interrupts(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t before = taken;

		pit_edge(smp_apic_id(), DEVICE);
		if (!CHECK(reaches(&taken, before + 1)))
			break;
		CHECK(settles(&taken, &injected, 0));
		CHECK_GE(signals, injected);
	}
}

TEST(altinj_preempts, "altinj-preempts",
     "an interrupt for a running VMPL comes to VMPL0 by #HV, and from there once to that VMPL",
     "ghcb:altinj:signal ghcb:altinj:descriptor")
{
	start();
	CHECK(reaches(&spins, 1000));
	interrupts(20);
	finish();
}

TEST(altinj_halted, "altinj-halted",
     "the HLT of such a VMPL is the hypervisor's, and ends when VMPL0 injects", "ghcb:altinj:halt")
{
	start();
	halting = true;
	CHECK(reaches(&halts, 1));
	interrupts(20);
	test_case("once for each, and it sleeps in between");
	CHECK(settles(&halts, &taken, 1));
	for (uint64_t end = rdtsc() + smp_ticks(1) / 10; rdtsc() < end;)
		cpu_relax();
	CHECK(settles(&halts, &taken, 1));
	finish();
}

TEST(altinj_rests, "altinj-rests", "an interrupt for such a VMPL ends the HLT of VMPL0",
     "ghcb:altinj:signal")
{
	start();
	CHECK(reaches(&spins, 1000));
	resting = true;
	interrupts(20);
	finish();
}
