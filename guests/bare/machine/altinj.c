/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Alternate injection, the hypervisor's part: what comes for a lower VMPL is shown to VMPL0. GHCB
 * draft of 2025, extended interrupts, as COCONUT-SVSM reads the doorbell page
 * (consume_host_interrupts and handoff_to_host in its kernel/src/cpu/apic.rs). VMPL0 of this vCPU
 * has no restricted injection: it is told by an ordinary interrupt when it has them on.
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

#define R        8
#define LOWER    2 /* the VMPL */
#define SIGNAL   0x40
#define LOW      0x51
#define MIDDLE   0x61
#define HIGH     0x71
#define ICR_NMI  0x4400u
#define ICR_SELF (1u << 18)

enum op {
	INIT,  /* GHCB and x2APIC */
	OPEN,  /* interrupts on for some instructions */
	SEND,  /* ICR = argument */
	TIMER, /* wait for the APIC timer's one shot with that vector */
	EOI,
	SET_TPR,  /* = argument */
	READ_ISR, /* of all vectors from 64 to 95, and from 96 to 127 */
	CONFIGURE,
};

static uint8_t doorbell_page[PAGE_SIZE] ALIGNED(4096);
static volatile enum op op;
static volatile uint64_t argument, answer, answer2, taken_n, signals;
static volatile uint8_t taken[16];

static void timer(void)
{
	apic_write(APIC_TIMER_DIVIDE, 0);
	apic_write(APIC_LVT_TIMER, argument);
	apic_write(APIC_TIMER_INITIAL, 1000);
	for (struct patience p = smp_patience(10);
	     apic_read(APIC_TIMER_CURRENT) && !smp_patience_over(&p);)
		cpu_relax();
}

static void once(void)
{
	switch (op) {
	case INIT:
		ghcb_cpu_init();
		answer = apic_enable();
		break;
	case OPEN:
		__asm__ volatile("sti\n\tnop\n\tnop\n\tnop\n\tcli" : : : "memory");
		break;
	case SEND:
		answer = apic_write(APIC_ICR, argument);
		break;
	case TIMER:
		timer();
		break;
	case EOI:
		answer = apic_write(APIC_EOI, 0);
		break;
	case SET_TPR:
		answer = apic_write(APIC_TPR, argument);
		break;
	case READ_ISR:
		answer = apic_read(APIC_ISR + 2);
		answer2 = apic_read(APIC_ISR + 3);
		break;
	case CONFIGURE:
		answer = ghcb_exit(ghcb_begin(), argument, LOW, 0);
		break;
	}
}

static void lower(void *arg)
{
	(void)arg;
	for (;;) {
		ghcb_select();
		once();
		ghcb_msr(GHCB_MSR_RUN_VMPL_REQ);
	}
}

static void run(enum op what, uint64_t with)
{
	uint64_t r;

	op = what;
	argument = with;
	r = ghcb_msr((uint64_t)LOWER << 32 | GHCB_MSR_RUN_VMPL_REQ);
	ghcb_select();
	CHECK_EQ(r, GHCB_MSR_RUN_VMPL_RESP);
}

static void on_interrupt(struct trap_frame *t)
{
	if (taken_n < ARRAY_LEN(taken))
		taken[taken_n] = (uint8_t)t->vector;
	taken_n++;
}

static void on_signal(struct trap_frame *t)
{
	(void)t;
	signals++;
	apic_write(APIC_EOI, 0);
}

/* How often VMPL0 has been told since the last time. */
static uint64_t told(void)
{
	uint64_t n;

	__asm__ volatile("sti\n\tnop\n\tnop\n\tnop\n\tcli" : : : "memory");
	n = signals;
	signals = 0;
	return n;
}

static volatile struct hv_doorbell *doorbell(void)
{
	return paging_shared((uint64_t)doorbell_page);
}

static volatile struct hv_doorbell_vmpl *shown(void)
{
	return &doorbell()->vmpl[LOWER - 1];
}

static uint32_t event(uint64_t code, uint64_t info1)
{
	return ghcb_exit(ghcb_begin(), code, info1, 0);
}

static uint32_t set_page(uint64_t what)
{
	return ghcb_exit(ghcb_begin(), GHCB_EXIT_HV_DOORBELL, what, (uint64_t)doorbell_page);
}

static void make_lower(void)
{
	uint64_t features = snp_features() | SEV_FEAT_ALTERNATE_INJ;

	vmplstub_prepare(R, LOWER, 0, lower, NULL, features);
	((struct vmsa *)VMPLSTUB_VMSA(R))->vintr_ctrl = VINTR_GIF;
	REQUIRE_EQ(ghcb_ap_create(percpu()->apic_id, LOWER, GHCB_AP_CREATE, VMPLSTUB_VMSA(R),
				  features),
		   0);
	run(INIT, 0);
	REQUIRE(answer);
}

static void begin_quiet(void)
{
	if (!apic_enable())
		test_skip("no x2APIC");
	trap_handler_set(SIGNAL, on_signal);
	trap_handler_set(LOW, on_interrupt);
	trap_handler_set(MIDDLE, on_interrupt);
	trap_handler_set(HIGH, on_interrupt);
	taken_n = signals = 0;
	make_lower();
	REQUIRE(vmpl_page_shared((uint64_t)doorbell_page));
	for (unsigned i = 0; i < sizeof(struct hv_doorbell); i++)
		((volatile uint8_t *)doorbell())[i] = 0;
}

static void begin(void)
{
	begin_quiet();
	CHECK_EQ(set_page(GHCB_DOORBELL_SET), 0);
	CHECK_EQ(event(GHCB_EXIT_CONFIGURE_INT_INJ, SIGNAL), 0);
}

static void end(void)
{
	told();
	CHECK_EQ(set_page(GHCB_DOORBELL_CLEAR), 0);
	CHECK(vmpl_page_private((uint64_t)doorbell_page));
	vmplstub_remove(R, LOWER);
	apic_disable();
}

static bool no_irr(void)
{
	uint32_t any = 0;

	for (unsigned i = 0; i < 7; i++)
		any |= shown()->irr[i];
	return !any;
}

/* As an SVSM takes it: the event's bit, then the status. */
static uint32_t take(void)
{
	CHECK_EQ(__atomic_exchange_n(&doorbell()->per_vmpl_events, 0, __ATOMIC_SEQ_CST),
		 BIT(LOWER - 1));
	return __atomic_exchange_n(&shown()->status, 0, __ATOMIC_SEQ_CST);
}

static void send(uint32_t low)
{
	run(SEND, low | ICR_SELF);
	CHECK(answer);
}

TEST(altinj_one, "altinj-one",
     "an interrupt for a VMPL with alternate injection is shown to VMPL0 and not injected",
     "ghcb:altinj:descriptor apm:15.36.16:ignored")
{
	begin();
	CHECK_EQ(told(), 0);
	for (unsigned i = 0; i < 3; i++) {
		send(LOW);
		CHECK_EQ(told(), 1);
		run(OPEN, 0);
		CHECK_EQ(taken_n, 0);
		CHECK_EQ(take(), LOW);
		CHECK(no_irr());
		CHECK_EQ(told(), 0);
	}
	test_case("the same once more before it is taken");
	send(LOW);
	send(LOW);
	CHECK_EQ(take(), LOW);
	CHECK(no_irr());
	test_case("the APIC timer is the host's");
	run(TIMER, HIGH);
	CHECK_EQ(take(), HIGH);
	test_case("TPR is not: a write at the host's APIC keeps nothing out");
	run(SEND, 0x30 | ICR_SELF);
	CHECK_EQ(take(), 0x30);
	end();
}

TEST(altinj_many, "altinj-many",
     "a second vector: status says that irr[] counts, and all are there", "ghcb:altinj:many")
{
	begin();
	send(LOW);
	send(HIGH);
	CHECK(told() > 0);
	CHECK_EQ(shown()->status, DOORBELL_VMPL_MANY);
	CHECK_EQ(shown()->irr[LOW / 32 - 1], 1u << LOW % 32);
	CHECK_EQ(shown()->irr[HIGH / 32 - 1], 1u << HIGH % 32);
	send(31);
	send(255);
	CHECK_EQ(take(), DOORBELL_VMPL_MANY | DOORBELL_VMPL_31);
	CHECK_EQ(shown()->irr[6], 1u << 31);
	test_case("one alone afterwards");
	for (unsigned i = 0; i < 7; i++)
		shown()->irr[i] = 0;
	send(MIDDLE);
	CHECK_EQ(take(), MIDDLE);
	CHECK(no_irr());
	end();
}

/* Self IPIs of an NMI: coconut-svsm/svsm, commit 42726717. */
TEST(altinj_nmi, "altinj-nmi", "an NMI is a flag in status; no NMI complete is asked for",
     "ghcb:altinj:nmi")
{
	begin();
	for (unsigned i = 0; i < 3; i++) {
		send(ICR_NMI);
		CHECK_EQ(told(), 1);
		CHECK_EQ(take(), DOORBELL_VMPL_NMI);
	}
	send(ICR_NMI);
	send(LOW);
	CHECK_EQ(take(), DOORBELL_VMPL_NMI | LOW);
	end();
}

/* A device's interrupt takes its time on the way to this vCPU. */
static bool arrives(void)
{
	struct patience p = smp_patience(10);

	do
		run(OPEN, 0);
	while (!shown()->status && !smp_patience_over(&p));
	return shown()->status;
}

static bool nothing_comes(void)
{
	for (uint64_t end = rdtsc() + smp_ticks(1) / 40; rdtsc() < end;)
		run(OPEN, 0);
	return !shown()->status;
}

/* The PIT holds its line at the IOAPIC until it is programmed anew. */
TEST(altinj_level, "altinj-level",
     "a level interrupt is marked, and comes again only behind SPECIFIC_EOI", "ghcb:altinj:level")
{
	begin();
	pit_level(percpu()->apic_id, MIDDLE);
	CHECK(pit_fires());
	CHECK(arrives());
	CHECK_EQ(take(), DOORBELL_VMPL_LEVEL | MIDDLE);
	test_case("no EOI, or another's");
	CHECK(nothing_comes());
	run(EOI, 0);
	CHECK_EQ(event(GHCB_EXIT_SPECIFIC_EOI, GHCB_EOI(LOWER, LOW)), 0);
	CHECK(nothing_comes());
	for (unsigned i = 0; i < 3; i++) {
		test_case("its EOI, with the line still held");
		CHECK_EQ(event(GHCB_EXIT_SPECIFIC_EOI, GHCB_EOI(LOWER, MIDDLE)), 0);
		CHECK(arrives());
		send(LOW);
		CHECK_EQ(take(), DOORBELL_VMPL_LEVEL | DOORBELL_VMPL_MANY | MIDDLE);
		CHECK_EQ(shown()->irr[LOW / 32 - 1], 1u << LOW % 32);
		shown()->irr[LOW / 32 - 1] = 0;
	}
	test_case("the line falls");
	pit_off();
	CHECK_EQ(event(GHCB_EXIT_SPECIFIC_EOI, GHCB_EOI(LOWER, MIDDLE)), 0);
	CHECK(nothing_comes());
	CHECK_EQ(taken_n, 0);
	end();
}

TEST(altinj_early, "altinj-early",
     "what comes before VMPL0 has a page and a vector, or while it changes the page, is not lost",
     "ghcb:altinj:configure")
{
	begin_quiet();
	send(LOW);
	CHECK_EQ(set_page(GHCB_DOORBELL_SET), 0);
	CHECK_EQ(event(GHCB_EXIT_CONFIGURE_INT_INJ, SIGNAL), 0);
	CHECK_EQ(told(), 1);
	CHECK_EQ(shown()->status, LOW);
	test_case("the page is given once more");
	send(HIGH);
	CHECK_EQ(set_page(GHCB_DOORBELL_SET), 0);
	CHECK_EQ(take(), DOORBELL_VMPL_MANY);
	CHECK_EQ(shown()->irr[LOW / 32 - 1], 1u << LOW % 32);
	CHECK_EQ(shown()->irr[HIGH / 32 - 1], 1u << HIGH % 32);
	CHECK_EQ(taken_n, 0);
	end();
}

struct input {
	const char *name;
	uint64_t code, info1;
};

static const struct input refused[] = {
	{"a vector below 16", GHCB_EXIT_CONFIGURE_INT_INJ, 15},
	{"a vector above 255", GHCB_EXIT_CONFIGURE_INT_INJ, 256},
	{"EOI for VMPL0", GHCB_EXIT_SPECIFIC_EOI, GHCB_EOI(0, LOW)},
	{"EOI for VMPL4", GHCB_EXIT_SPECIFIC_EOI, GHCB_EOI(4, LOW)},
	{"EOI with a reserved bit", GHCB_EXIT_SPECIFIC_EOI, GHCB_EOI(LOWER, 0x100)},
	{"disable for VMPL0", GHCB_EXIT_DISABLE_ALT_INJ, GHCB_ALT_INJ_STATE(0, 0, 0)},
	{"disable where it is not on", GHCB_EXIT_DISABLE_ALT_INJ, GHCB_ALT_INJ_STATE(1, 0, 0)},
	{"disable for VMPL4", GHCB_EXIT_DISABLE_ALT_INJ, GHCB_ALT_INJ_STATE(4, 0, 0)},
	{"disable with a reserved bit", GHCB_EXIT_DISABLE_ALT_INJ, GHCB_ALT_INJ_STATE(2, 0, 4)},
};

TEST(altinj_refused, "altinj-refused",
     "the events refuse what is not valid, and every VMPL but 0; nothing changes then",
     "ghcb:altinj:vmpl0 ghcb:altinj:input")
{
	begin();
	CHECK(ghcb_msr(GHCB_MSR_HV_FEATURES_REQ) >> 12 & GHCB_HV_FEAT_EXT_INTERRUPTS);
	ghcb_select();
	for (unsigned i = 0; i < ARRAY_LEN(refused); i++) {
		test_case("%s", refused[i].name);
		CHECK_EQ(event(refused[i].code, refused[i].info1), 2);
	}
	test_case("from VMPL2");
	run(CONFIGURE, GHCB_EXIT_CONFIGURE_INT_INJ);
	CHECK_EQ(answer, 2);
	send(MIDDLE);
	CHECK_EQ(told(), 1);
	CHECK_EQ(take(), MIDDLE);
	end();
}

/*
 * The host takes over what VMPL0 has in service and what is requested, there and here. In the order
 * of their classes each one comes once, and only behind the EOI of a higher one.
 */
TEST(altinj_disable, "altinj-disable",
     "DISABLE_ALT_INJ: the host's APIC has ISR and IRR of the descriptor, and injects from then on",
     "ghcb:altinj:disable")
{
	volatile struct vmsa *v = (struct vmsa *)VMPLSTUB_VMSA(R);

	begin();
	send(LOW);
	shown()->status |= DOORBELL_VMPL_MANY;
	shown()->irr[LOW / 32 - 1] |= 1u << LOW % 32;
	shown()->irr[HIGH / 32 - 1] |= 1u << HIGH % 32;
	shown()->isr[MIDDLE / 32] = 1u << MIDDLE % 32;
	v->sev_features &= ~SEV_FEAT_ALTERNATE_INJ;
	CHECK_EQ(event(GHCB_EXIT_DISABLE_ALT_INJ, GHCB_ALT_INJ_STATE(LOWER, 0x50, 0)), 0);
	CHECK_EQ(event(GHCB_EXIT_DISABLE_ALT_INJ, GHCB_ALT_INJ_STATE(LOWER, 0, 0)), 2);
	run(READ_ISR, 0);
	CHECK_EQ(answer, 0);
	CHECK_EQ(answer2, 1u << MIDDLE % 32);
	CHECK_EQ(taken_n, 0);
	run(OPEN, 0);
	CHECK_EQ(taken_n, 1);
	CHECK_EQ(taken[0], HIGH);
	run(EOI, 0);
	run(OPEN, 0);
	CHECK_EQ(taken_n, 1);
	run(EOI, 0); /* of MIDDLE */
	run(OPEN, 0);
	CHECK_EQ(taken_n, 1);
	run(SET_TPR, 0); /* it was the state's */
	run(OPEN, 0);
	CHECK_EQ(taken_n, 2);
	CHECK_EQ(taken[1], LOW);
	run(EOI, 0);
	test_case("from now on");
	send(MIDDLE);
	run(OPEN, 0);
	CHECK_EQ(taken_n, 3);
	CHECK_EQ(taken[2], MIDDLE);
	CHECK_EQ(shown()->status, 0);
	CHECK(no_irr());
	run(EOI, 0);
	end();
}
