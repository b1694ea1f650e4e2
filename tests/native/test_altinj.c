/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * What the hypervisor does for a VMPL that VMPL0 injects for (GHCB draft of 2025, extended
 * interrupts): no request is lost between its APIC and VMPL0's page, whichever of them changes, and
 * a level interrupt has one end.
 *
 * sources: launch/machine/hv/altinj.c svsm/lib/vapic/extint.c svsm/lib/vapic/apic_state.c
 */
#include <string.h>
#include "abi/doorbell.h"
#include "abi/vmsa.h"
#include "machine/cpu/tlb.h"
#include "machine/hv/altinj.h"
#include "machine/hv/doorbell.h"
#include "tests/native/check.h"

#define LOWER  2
#define SIGNAL 0x40

static struct vcpu v;
static struct hv_vcpu state;
struct hv_vcpu *hv_states[HOST_MAX_CPUS] = {&state};
static struct hv_doorbell page;
static bool there;
static unsigned ended[256];

void tlb_write_begin(struct vcpu *vcpu)
{
	(void)vcpu;
}

void tlb_write_end(struct vcpu *vcpu)
{
	(void)vcpu;
}

struct hv_doorbell *doorbell_shown(struct vcpu *vcpu, unsigned vmpl)
{
	(void)vcpu;
	CHECK_EQ(vmpl, VMPL_SVSM);
	return there ? &page : NULL;
}

void apic_post(struct vapic *a, unsigned vector, bool level)
{
	apic_request(a, vector, level);
}

void apic_host_eoi_level(struct vapic *a, unsigned vector)
{
	CHECK(a == &state.apic[LOWER]);
	ended[vector]++;
}

static struct vapic *const apic = &state.apic[LOWER];
static struct hv_doorbell_vmpl *const shown = &page.vmpl[LOWER - 1];

static void start(void)
{
	memset(&state, 0, sizeof(state));
	memset(&page, 0, sizeof(page));
	memset(ended, 0, sizeof(ended));
	for (uint8_t i = 0; i < VMPL_COUNT; i++) {
		apic_reset(&state.apic[i], 0, i, true);
		state.apic[i].svr |= APIC_SVR_ENABLE;
	}
	there = true;
	altinj_reset(&v, LOWER, SEV_FEAT_SNP_ACTIVE | SEV_FEAT_ALTERNATE_INJ);
	CHECK(altinj_configure(&v, SIGNAL));
}

/* How often VMPL0 has been told. */
static bool told(void)
{
	bool yes = apic_pending(&state.apic[VMPL_SVSM]) == SIGNAL;

	if (yes)
		apic_accept(&state.apic[VMPL_SVSM], SIGNAL);
	apic_eoi(&state.apic[VMPL_SVSM]);
	return yes;
}

TEST(a_request_waits_for_page_and_vector)
{
	start();
	there = false;
	apic_request(apic, 0x51, false);
	altinj_turn(&v);
	CHECK(!told());
	CHECK(altinj_waits(&v, apic));
	there = true;
	altinj_turn(&v);
	CHECK(told());
	CHECK_EQ(shown->status, 0x51);
	CHECK_EQ(page.per_vmpl_events, 2);
	altinj_turn(&v);
	CHECK(!told());
}

/* As a software-disabled APIC: APM vol. 2, 16.4.7. NMIs pass. */
TEST(a_disabled_apic_takes_nmis_alone)
{
	start();
	apic->svr = 0xff;
	apic_request(apic, 0x51, false);
	altinj_turn(&v);
	CHECK(!told());
	apic->nmi = 1;
	altinj_turn(&v);
	CHECK(told());
	CHECK_EQ(shown->status, DOORBELL_VMPL_NMI);
}

TEST(the_host_s_priorities_keep_nothing_out)
{
	start();
	apic->tpr = 0xff;
	apic->isr[7] = 1;
	apic_request(apic, 0x51, false);
	altinj_turn(&v);
	CHECK_EQ(shown->status, 0x51);
}

TEST(one_level_at_a_time)
{
	start();
	apic_request(apic, 0x51, true);
	apic_request(apic, 0x61, true);
	altinj_turn(&v);
	CHECK(told());
	CHECK_EQ(shown->status, 0x61 | DOORBELL_VMPL_LEVEL);
	altinj_turn(&v);
	CHECK(!told());
	shown->status = 0;
	altinj_turn(&v);
	CHECK(told());
	CHECK_EQ(shown->status, 0x51 | DOORBELL_VMPL_LEVEL);
	CHECK(altinj_eoi(&v, LOWER, 0x61));
	CHECK(altinj_eoi(&v, LOWER, 0x61));
	CHECK(altinj_eoi(&v, LOWER, 0x71));
	CHECK_EQ(ended[0x61], 1);
	CHECK_EQ(ended[0x71], 0);
}

/* A level interrupt that VMPL0 has in service, or requested, is one of the host's APIC from then
 * on: its EOI there is the one that the IOAPIC waits for. */
TEST(the_host_takes_levels_over)
{
	start();
	apic_request(apic, 0x51, true);
	altinj_turn(&v);
	shown->status = 0;
	apic_request(apic, 0x61, true);
	altinj_turn(&v);
	shown->status =
		DOORBELL_VMPL_MANY; /* both are VMPL0's now: one requested, one in service */
	shown->irr[1] = BIT(0x51 % 32);
	shown->isr[3] = BIT(0x61 % 32);
	CHECK(altinj_disable(&v, LOWER, 0));
	CHECK_EQ(apic_eoi(apic), 0x61);
	CHECK_EQ(apic_pending(apic), 0x51);
	apic_accept(apic, 0x51);
	CHECK_EQ(apic_eoi(apic), 0x51);
	CHECK(altinj_eoi(&v, LOWER, 0x51)); /* the host's APIC has ended them: not once more */
	CHECK(altinj_eoi(&v, LOWER, 0x61));
	CHECK_EQ(ended[0x51] + ended[0x61], 0);
}

TEST(the_host_takes_what_nobody_has_taken)
{
	start();
	apic_request(apic, 0x61, true);
	apic_request(apic, 0x51, false);
	apic->nmi = 1;
	altinj_turn(&v);
	CHECK(altinj_disable(&v, LOWER, 0x20));
	CHECK(!altinj_disable(&v, LOWER, 0x20));
	CHECK_EQ(apic->tpr, 0x20);
	CHECK_EQ(apic->nmi, 1);
	CHECK_EQ(apic_pending(apic), 0x61);
	apic_accept(apic, 0x61);
	CHECK_EQ(apic_eoi(apic), 0x61);
	CHECK_EQ(apic_pending(apic), 0x51);
	CHECK_EQ(shown->status, 0);
	CHECK_EQ(page.per_vmpl_events, 0);
	altinj_turn(&v);
	CHECK_EQ(shown->status, 0);
}

TEST(a_page_that_goes_gives_all_back)
{
	start();
	apic_request(apic, 0x51, false);
	apic_request(apic, 0x61, true);
	altinj_turn(&v);
	altinj_withdraw(&v);
	CHECK_EQ(shown->status, 0);
	altinj_turn(&v);
	CHECK_EQ(shown->status, 0x61 | DOORBELL_VMPL_LEVEL | DOORBELL_VMPL_MANY);
	CHECK_EQ(shown->irr[1], BIT(0x51 % 32));
}

TEST(inputs_are_checked)
{
	start();
	CHECK(!altinj_configure(&v, 15));
	CHECK(!altinj_configure(&v, 256));
	CHECK_EQ(state.int_inj, SIGNAL);
	CHECK(!altinj_disable(&v, VMPL_SVSM, 0));
	CHECK(!altinj_disable(&v, 1, 0));
	CHECK(!altinj_disable(&v, VMPL_COUNT, 0));
	CHECK(!altinj_disable(&v, ~0ull, 0));
	CHECK(!altinj_eoi(&v, VMPL_SVSM, 0x51));
	CHECK(!altinj_eoi(&v, VMPL_COUNT, 0x51));
}

/* A timer or a device of a VMPL that VMPL0 injects for, once VMPL0 has named a vector. */
TEST(what_may_come_is_a_timer_s_or_a_device_s)
{
	for (unsigned i = 0; i < 32; i++) {
		bool on = i & 1, named = i & 2, timer = i & 4, device = i & 8, other = i & 16;

		start();
		check_context("%u", i);
		state.altinj[LOWER].on = on;
		state.int_inj = named ? SIGNAL : 0;
		apic->deadline = timer;
		state.apic[1].deadline = other; /* VMPL1 has its own injection */
		v.ctx[3].vmsa = device ? GPA_NONE : gpa(PAGE_SIZE);
		CHECK_EQ(altinj_may_come(&v), on && named && (timer || device));
	}
}

/* Its predecessor's vector and page are not the next VMPL0's. */
TEST(another_vmpl0_names_its_own_vector)
{
	start();
	altinj_reset(&v, VMPL_SVSM, SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ);
	apic_request(apic, 0x51, false);
	altinj_turn(&v);
	CHECK_EQ(shown->status, 0);
	CHECK(altinj_waits(&v, apic));
	CHECK(altinj_configure(&v, SIGNAL + 1));
	altinj_turn(&v);
	CHECK_EQ(shown->status, 0x51);
	CHECK_EQ(apic_pending(&state.apic[VMPL_SVSM]), SIGNAL + 1);
}

TEST(what_the_page_says_of_others_counts_for_nothing)
{
	start();
	altinj_reset(&v, LOWER, SEV_FEAT_SNP_ACTIVE);
	shown->status = 0x51;
	altinj_withdraw(&v);
	CHECK_EQ(apic_pending(apic), -1);
	CHECK_EQ(shown->status, 0x51);
}
