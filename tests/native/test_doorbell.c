/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The hypervisor's side of restricted injection: GHCB (56421), #HV Doorbell Page. NoEoiRequired
 * says that nothing waits for the EOI, so it must not be seen while something does; and a vector
 * that nobody has taken is still requested, whatever becomes of its page.
 *
 * sources: launch/machine/hv/doorbell.c launch/machine/hv/irq.c launch/machine/hv/turn.c svsm/lib/vapic/apic.c svsm/lib/vapic/apic_state.c
 * sources: svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
 * sources: launch/machine/hv/altinj.c svsm/lib/vapic/extint.c
 */
#include "machine/hv/doorbell.h"
#include "abi/doorbell.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/event/vintr.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/tlb.h"
#include "machine/dev/uart.h"
#include "machine/host/isr.h"
#include "machine/host/lapic.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/options.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/hv/irq.h"
#include "machine/snp/rmp/rmp.h"
#include "tests/native/check.h"

#include <string.h>

#define LOW  0x41
#define HIGH 0x71
#define PAGE 0x5000ull

struct host_options host_options;
static struct vcpu v;
static struct hv_vcpu state;
struct hv_vcpu *hv_states[32] = {&state};

struct vcpu *machine_vcpu_by_apic_id(uint32_t apic_id)
{
	return apic_id ? NULL : &v;
}

unsigned machine_vcpu_count = 1;
static struct hv_doorbell page;
static bool shared;
static unsigned signals, kicks;

unsigned host_cpu(void)
{
	return 1;
}

void host_kick(unsigned cpu)
{
	kicks += cpu == 1;
}

bool rmp_is_shared(gpa_t g, uint64_t len)
{
	return shared && g.v == PAGE && len == PAGE_SIZE;
}

bool guard_is_shared(gpa_t g, uint64_t len)
{
	return rmp_is_shared(g, len);
}

void *guest_ptr(gpa_t g)
{
	(void)g;
	return &page;
}

bool host_guest_ram(gpa_t g, uint64_t len)
{
	(void)g, (void)len;
	return true;
}

void tlb_write_begin(struct vcpu *who)
{
	(void)who;
}

void tlb_write_end(struct vcpu *who)
{
	(void)who;
}

bool machine_inject_hv(struct vcpu *who)
{
	(void)who;
	signals++;
	return true;
}

/* With a doorbell nothing else is injected, and no window is opened. */
bool vintr_wakes(struct vcpu *who)
{
	(void)who;
	return false;
}

bool machine_can_inject(struct vcpu *who)
{
	(void)who;
	return false;
}

bool machine_can_inject_nmi(struct vcpu *who)
{
	return machine_can_inject(who);
}

void machine_inject(struct vcpu *who, uint8_t vector)
{
	(void)who, (void)vector;
	CHECK(false);
}

void machine_inject_nmi(struct vcpu *who)
{
	machine_inject(who, 2);
}

void machine_want_window(struct vcpu *who, bool on)
{
	(void)who, (void)on;
	CHECK(false);
}

void machine_set_tpr(struct vcpu *who, uint8_t tpr)
{
	(void)who, (void)tpr;
}

unsigned exit_cause_slot(const struct exit_causes *e)
{
	(void)e;
	return 0;
}

void exit_cause_name(struct exit_causes *e, const struct exit_class *class, uint32_t what)
{
	(void)e, (void)class, (void)what;
}

uint64_t uart_due(void)
{
	return 0;
}

void uart_service(bool idle)
{
	(void)idle;
}

void host_irq_window(void)
{
}

void host_irq_eoi_level(unsigned vector)
{
	(void)vector;
}

void host_lapic_set_logical(uint32_t ldr, uint32_t dfr)
{
	(void)ldr, (void)dfr;
}

uint64_t host_tsc_khz(void)
{
	return 1000000;
}

void host_timer_arm(uint64_t deadline)
{
	(void)deadline;
}

void host_timer_stop(void)
{
}

/* Only to oneself here. */
void apic_ipi_send(struct vapic *a, uint32_t low, uint32_t dest)
{
	(void)dest;
	apic_post(a, low & 0xff, false);
	apic_host_retry(a);
}

static struct vapic *begin(void)
{
	struct vapic *a = &state.apic[0];

	memset(&page, 0, sizeof(page));
	memset(&v, 0, sizeof(v));
	memset(&state, 0, sizeof(state));
	state.v = &v;
	v.ctx[0].sev_features = SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ;
	shared = true;
	apic_reset(a, 0, 0, true);
	a->base |= APIC_BASE_X2APIC;
	a->svr = 0x1ff;
	doorbell_reset(&state.doorbell[0], a);
	CHECK(doorbell_set(&v, gpa(PAGE)));
	signals = kicks = 0;
	return a;
}

static void post(struct vapic *a, uint8_t vector)
{
	apic_post(a, vector, false);
	irq_deliver(&v);
}

static uint8_t take(void)
{
	uint8_t vector = page.vector;

	page.vector = page.flags = 0;
	return vector;
}

/* An exit that the monitor answers on the spot (hv/regs/msr.c), unless it is kicked out of the
 * guest. */
static void fast_write(struct vapic *a, unsigned reg, uint64_t value)
{
	unsigned before = kicks;

	irq_sync(&v);
	CHECK(apic_msr_write(a, reg, value));
	if (kicks != before) {
		irq_sync(&v);
		irq_deliver(&v);
	}
}

TEST(an_ipi_to_oneself_takes_no_eoi_required_back)
{
	static const unsigned regs[] = {APIC_SELF_IPI, APIC_ICR};

	for (unsigned i = 0; i < ARRAY_LEN(regs); i++) {
		struct vapic *a = begin();

		post(a, HIGH);
		CHECK_EQ(page.no_eoi_required, 1);
		CHECK_EQ(take(), HIGH);
		fast_write(a, regs[i], LOW);
		check_context("register 0x%x", regs[i]);
		CHECK_EQ(page.no_eoi_required, 0);
		fast_write(a, APIC_EOI, 0);
		CHECK_EQ(take(), LOW);
		CHECK_EQ(signals, 2);
		CHECK_EQ(page.no_eoi_required, 1);
	}
}

TEST(no_kick_where_nothing_waits)
{
	struct vapic *a = begin();

	post(a, HIGH);
	CHECK_EQ(take(), HIGH);
	fast_write(a, APIC_EOI, 0);
	fast_write(a, APIC_TPR, 0x20);
	CHECK_EQ(kicks, 0);
}

static bool requested(const struct vapic *a, uint8_t vector)
{
	return a->irr[vector / 32] >> vector % 32 & 1;
}

TEST(a_vector_that_nobody_took_outlives_its_page)
{
	struct vapic *a = begin();

	post(a, LOW);
	CHECK_EQ(page.vector, LOW);
	check_context("cleared by the guest");
	doorbell_clear(&v);
	CHECK(requested(a, LOW));
	check_context("a new VMSA");
	CHECK(doorbell_set(&v, gpa(PAGE)));
	irq_deliver(&v);
	CHECK(!requested(a, LOW));
	doorbell_reset(&state.doorbell[0], a);
	CHECK(requested(a, LOW));
	check_context("one that was taken");
	page.vector = 0;
	CHECK(doorbell_set(&v, gpa(PAGE)));
	irq_deliver(&v);
	CHECK_EQ(take(), LOW);
	irq_sync(&v);
	doorbell_reset(&state.doorbell[0], a);
	CHECK(!requested(a, LOW));
}
