/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Restricted injection: GHCB, #HV Doorbell Page; APM vol. 2, 15.36.16. vCPU 1 runs a VMSA of VMPL0
 * with SEV_FEATURES[3], interrupts off all the time; vCPU 0 sends it IPIs.
 */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "abi/doorbell.h"
#include "abi/vmsa.h"

#define VEC_LOW  0x41
#define VEC_HIGH 0x71
#define ICR_NMI  0x4400u

enum command {
	IDLE,
	SET,   /* the doorbell page */
	TAKE,  /* what is pending */
	SPARE, /* take it, and make NoEoiRequired the EOI where it is set */
	EOI,
	HALT,
	SLEEP /* until the timer, then wake vCPU 0 */
};

static uint8_t doorbell_page[PAGE_SIZE] ALIGNED(4096);
static uint8_t stack[0x4000] ALIGNED(16);
static volatile uint64_t command, done, signals, nmis, taken_n, taken[16];
static volatile bool take_at_once;
static volatile uint8_t spared;

static volatile struct hv_doorbell *doorbell(void)
{
	return paging_shared((uint64_t)doorbell_page);
}

static void take_vectors(void)
{
	uint8_t v;

	while ((v = __atomic_exchange_n(&doorbell()->vector, 0, __ATOMIC_SEQ_CST))) {
		if (taken_n < ARRAY_LEN(taken))
			taken[taken_n++] = v;
		apic_write(APIC_EOI, 0);
	}
}

static void take(void)
{
	uint8_t flags = __atomic_fetch_and(&doorbell()->flags, 0, __ATOMIC_SEQ_CST);

	if (flags & DOORBELL_NMI)
		nmis++;
	take_vectors();
}

/* One vector, and no EOI but by the page. */
static void take_spared(void)
{
	doorbell()->flags = 0;
	taken[0] = __atomic_exchange_n(&doorbell()->vector, 0, __ATOMIC_SEQ_CST);
	taken_n = 1;
	spared = __atomic_exchange_n(&doorbell()->no_eoi_required, 0, __ATOMIC_SEQ_CST);
}

static void on_hv(struct trap_frame *t)
{
	(void)t;
	signals++;
	if (take_at_once)
		take();
}

static uint64_t request(uint64_t what, uint64_t gpa, uint32_t *error)
{
	struct ghcb *g = ghcb_begin();

	*error = ghcb_exit(g, GHCB_EXIT_HV_DOORBELL, what, gpa);
	return g->exit_info2;
}

static void set_page(void)
{
	uint64_t page = (uint64_t)doorbell_page;
	uint32_t error;

	CHECK_EQ(request(GHCB_DOORBELL_PREFERRED, 0, &error), ~0ull);
	CHECK_EQ(error, 0);
	CHECK_EQ(request(GHCB_DOORBELL_QUERY, 0, &error), ~0ull);
	request(GHCB_DOORBELL_SET, page + 8, &error);
	CHECK_NE(error, 0);
	request(GHCB_DOORBELL_SET, (uint64_t)stack & ~PAGE_MASK, &error); /* private */
	CHECK_NE(error, 0);
	request(4, page, &error);
	CHECK_NE(error, 0);
	CHECK_EQ(request(GHCB_DOORBELL_SET, page, &error), page);
	CHECK_EQ(error, 0);
	CHECK_EQ(request(GHCB_DOORBELL_QUERY, 0, &error), page);
}

/* By 2: of a nanosecond each, as the machine's timer counts (docs/fidelity.md). */
#define SLEEP_TICKS 2250000000u

static void sleep_and_wake(void)
{
	apic_write(APIC_TIMER_DIVIDE, 0);
	apic_write(APIC_LVT_TIMER, VEC_LOW);
	apic_write(APIC_TIMER_INITIAL, SLEEP_TICKS);
	__asm__ volatile("hlt" : : : "memory");
	apic_write(APIC_ICR, (uint64_t)percpu_area[0].apic_id << 32 | ICR_NMI);
}

static void restricted(void *arg)
{
	(void)arg;
	ghcb_cpu_init();
	CHECK(apic_enable());
	for (;;) {
		uint64_t c = command;

		if (c == SET)
			set_page();
		else if (c == TAKE)
			take();
		else if (c == SPARE)
			take_spared();
		else if (c == EOI)
			apic_write(APIC_EOI, 0);
		else if (c == HALT)
			__asm__ volatile("hlt" : : : "memory");
		else if (c == SLEEP)
			sleep_and_wake();
		if (c == IDLE)
			cpu_relax();
		else
			command = IDLE, done++;
	}
}

static bool becomes(volatile uint64_t *value, uint64_t want, unsigned seconds)
{
	struct patience p = smp_patience(seconds);

	while (*value != want && !smp_patience_over(&p) && !smp_dead())
		cpu_relax();
	return *value == want;
}

static bool stays(volatile uint64_t *value, uint64_t same)
{
	uint64_t end = rdtsc() + smp_ticks(1) / 40;

	while (*value == same && rdtsc() < end)
		cpu_relax();
	return *value == same;
}

static void order(enum command c)
{
	uint64_t before = done;

	command = c;
	CHECK(becomes(&done, before + 1, 10));
}

static void begin(void)
{
	uint64_t features = snp_features() | SEV_FEAT_RESTRICTED_INJ;
	struct vmsa *v = (struct vmsa *)smp_vmsa();

	if (!smp_available())
		test_skip("needs two vCPUs");
	if (!(ghcb_msr(GHCB_MSR_HV_FEATURES_REQ) >> 12 & GHCB_HV_FEAT_RESTRICTED_INJ)) {
		ghcb_select();
		test_skip("no restricted injection");
	}
	ghcb_select();
	if (!apic_enable())
		test_skip("no x2APIC");
	command = IDLE;
	done = signals = nmis = taken_n = 0;
	take_at_once = false;
	trap_count[VEC_LOW] = trap_count[VEC_HIGH] = 0;
	REQUIRE(vmpl_page_shared((uint64_t)doorbell_page));
	*(volatile uint64_t *)paging_shared((uint64_t)doorbell_page) = 0;
	trap_handler_set(VEC_HV, on_hv);
	percpu_area[1] = (struct percpu){.index = 1, .apic_id = smp_apic_id()};
	ghcb_page(1);
	smp_fill_vmsa(v, 1, VMPL_SVSM, restricted, NULL, (uint64_t)stack + sizeof(stack));
	v->sev_features = features;
	REQUIRE(vmpl_vmsa_create(smp_vmsa(), 0, smp_apic_id()));
	REQUIRE_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_CREATE, smp_vmsa(), features),
		   0);
}

static void end(void)
{
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK(vmpl_vmsa_delete(smp_vmsa()));
	CHECK(vmpl_page_private((uint64_t)doorbell_page));
	trap_handler_set(VEC_HV, NULL);
	apic_disable();
	CHECK_EQ(trap_count[VEC_LOW], 0);
	CHECK_EQ(trap_count[VEC_HIGH], 0);
	CHECK(!smp_dead());
}

TEST(doorbell_take, "doorbell-take",
     "restricted injection: IPIs come by #HV and doorbell page only",
     "ghcb:doorbell:set ghcb:doorbell:only")
{
	begin();
	order(SET);
	take_at_once = true;
	for (uint64_t i = 1; i <= 50; i++) {
		apic_ipi(smp_apic_id(), i & 1 ? VEC_LOW : VEC_HIGH);
		if (!CHECK(becomes(&signals, i, 10)))
			break;
		CHECK(becomes(&taken_n, 1, 10));
		CHECK_EQ(taken[0], i & 1 ? VEC_LOW : VEC_HIGH);
		taken_n = 0;
	}
	end();
}

/* While NoFurtherSignal is set no #HV comes, but a more urgent vector still replaces the page's. */
TEST(doorbell_pending, "doorbell-pending",
     "one #HV until it is answered; the higher vector is shown first, none is lost",
     "ghcb:doorbell:no-further-signal ghcb:doorbell:priority")
{
	volatile uint64_t shown = 0;

	begin();
	apic_ipi(smp_apic_id(), VEC_LOW);
	test_case("no page yet");
	CHECK(stays(&signals, 0));
	order(SET);
	CHECK(becomes(&signals, 1, 10));
	CHECK_EQ(doorbell()->vector, VEC_LOW);
	CHECK_EQ(doorbell()->flags, DOORBELL_NO_SIGNAL);
	test_case("a higher vector");
	apic_ipi(smp_apic_id(), VEC_HIGH);
	for (struct patience p = smp_patience(10); shown != VEC_HIGH && !smp_patience_over(&p);)
		shown = doorbell()->vector;
	CHECK_EQ(shown, VEC_HIGH);
	test_case("a lower one changes nothing");
	apic_ipi(smp_apic_id(), VEC_LOW + 1);
	CHECK(stays(&signals, 1));
	CHECK_EQ(doorbell()->vector, VEC_HIGH);
	test_case("taken");
	order(TAKE);
	take_at_once = true;
	for (struct patience p = smp_patience(10); taken_n < 3 && !smp_patience_over(&p);)
		cpu_relax();
	CHECK_EQ(taken_n, 3);
	CHECK_EQ(taken[0], VEC_HIGH);
	CHECK_EQ(taken[1], VEC_LOW + 1);
	CHECK_EQ(taken[2], VEC_LOW);
	end();
}

TEST(doorbell_nmi, "doorbell-nmi", "an NMI is a flag in the page and one #HV", "ghcb:doorbell:nmi")
{
	begin();
	order(SET);
	take_at_once = true;
	for (uint64_t i = 1; i <= 5; i++) {
		apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | ICR_NMI);
		CHECK(becomes(&nmis, i, 10));
	}
	CHECK_EQ(signals, 5);
	CHECK_EQ(taken_n, 0);
	end();
}

TEST(doorbell_halt, "doorbell-halt", "#HV ends a HLT, whatever RFLAGS.IF", "ghcb:doorbell:halt")
{
	begin();
	order(SET);
	take_at_once = true;
	for (uint64_t i = 1; i <= 5; i++) {
		uint64_t before = done;

		command = HALT;
		CHECK(stays(&done, before));
		for (unsigned n = 0; n < 10 && done == before; n++) { /* one may miss the HLT */
			apic_ipi(smp_apic_id(), VEC_LOW);
			becomes(&done, before + 1, 1);
		}
		CHECK_EQ(done, before + 1);
		CHECK_GE(signals, i);
	}
	end();
}

static void spare(uint8_t vector, uint8_t byte)
{
	order(SPARE);
	CHECK_EQ(taken[0], vector);
	CHECK_EQ(spared, byte);
}

/* KVM's paravirtual EOI has the same rule; here there is no other word on it than the page's. */
TEST(doorbell_eoi, "doorbell-eoi",
     "NoEoiRequired is set when nothing else waits, and clearing it is the EOI",
     "ghcb:doorbell:no-eoi")
{
	begin();
	order(SET);
	for (uint64_t i = 1; i <= 5; i++) { /* without an EOI the second one would never come */
		apic_ipi(smp_apic_id(), VEC_LOW);
		REQUIRE(becomes(&signals, i, 10));
		spare(VEC_LOW, 1);
	}
	test_case("two wait");
	apic_ipi(smp_apic_id(), VEC_LOW);
	REQUIRE(becomes(&signals, 6, 10));
	apic_ipi(smp_apic_id(), VEC_HIGH);
	for (struct patience p = smp_patience(10);
	     doorbell()->vector != VEC_HIGH && !smp_patience_over(&p);)
		cpu_relax();
	spare(VEC_HIGH, 0);
	CHECK(stays(&signals, 6));
	order(EOI);
	CHECK(becomes(&signals, 7, 10));
	spare(VEC_LOW, 1);
	test_case("another comes while it is in service");
	apic_ipi(smp_apic_id(), VEC_LOW);
	REQUIRE(becomes(&signals, 8, 10));
	doorbell()->flags = 0;
	CHECK_EQ(__atomic_exchange_n(&doorbell()->vector, 0, __ATOMIC_SEQ_CST), VEC_LOW);
	apic_ipi(smp_apic_id(), VEC_LOW + 1);
	for (struct patience p = smp_patience(10);
	     doorbell()->no_eoi_required && !smp_patience_over(&p);)
		cpu_relax();
	CHECK_EQ(doorbell()->no_eoi_required, 0);
	CHECK(stays(&signals, 8));
	order(EOI);
	CHECK(becomes(&signals, 9, 10));
	spare(VEC_LOW + 1, 1);
	end();
}

static void on_nmi(struct trap_frame *t)
{
	(void)t;
	ghcb_exit(ghcb_begin(), GHCB_EXIT_NMI_DONE, 0, 0);
	nmis++;
}

/* Both vCPUs halt with interrupts off for longer than the machine watches a guest that looks dead:
 * one can still be woken by its timer, and wakes the other. */
TEST(doorbell_alone, "doorbell-alone",
     "a HLT that a timer's #HV will end is no end of the run, though all others wait for an NMI",
     "ghcb:doorbell:halt")
{
	begin();
	order(SET);
	take_at_once = true;
	trap_handler_set(VEC_NMI, on_nmi);
	command = SLEEP;
	__asm__ volatile("cli\n\thlt" : : : "memory");
	CHECK_EQ(nmis, 1);
	CHECK_EQ(taken[0], VEC_LOW);
	CHECK(becomes(&command, IDLE, 10));
	trap_handler_set(VEC_NMI, NULL);
	end();
}

TEST(ipi_event, "ipi-event", "the HV IPI event sends what the ICR would", "ghcb:nae:hv-ipi")
{
	begin();
	order(SET);
	take_at_once = true;
	CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_HV_IPI,
			   (uint64_t)smp_apic_id() << 32 | BIT(14) | VEC_LOW, 0),
		 0);
	CHECK(becomes(&taken_n, 1, 10));
	CHECK_EQ(taken[0], VEC_LOW);
	end();
}

TEST(apic_ids, "apic-ids", "the APIC ID list event: size, contents, bad buffers",
     "ghcb:nae:apic-ids")
{
	volatile uint32_t *list = paging_shared((uint64_t)doorbell_page);
	struct ghcb *g = ghcb_begin();

	REQUIRE(vmpl_page_shared((uint64_t)doorbell_page));
	test_case("how many pages");
	GHCB_SET(g, rax, 0);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_APIC_IDS, 0, 0), 0);
	CHECK_EQ(g->rax, 1);
	test_case("the list");
	GHCB_SET(ghcb_begin(), rax, 1);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_APIC_IDS, (uint64_t)doorbell_page, 0), 0);
	CHECK_EQ(list[0], vmpl_vcpus());
	for (unsigned i = 0; i < list[0] && i < 32; i++)
		CHECK_EQ(list[i + 1], percpu_area[0].apic_id + i);
	test_case("a private buffer");
	GHCB_SET(ghcb_begin(), rax, 1);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_APIC_IDS, (uint64_t)stack & ~PAGE_MASK, 0), 2);
	test_case("an unaligned one");
	GHCB_SET(ghcb_begin(), rax, 1);
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_APIC_IDS, (uint64_t)doorbell_page + 4, 0), 2);
	test_case("no RAX");
	ghcb_begin();
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_APIC_IDS, (uint64_t)doorbell_page, 0), 2);
	CHECK(vmpl_page_private((uint64_t)doorbell_page));
}
