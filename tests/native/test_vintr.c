/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Virtual interrupts from the VMSA: APM vol. 2, 15.36.16, 15.20 (EVENTINJ), 15.21.4 (V_IRQ) and
 * 15.21.10 (V_NMI).
 *
 * sources: launch/machine/cpu/event/vintr.c launch/machine/cpu/event/inject.c
 */
#include <string.h>
#include "base/x86.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/event/vintr.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "tests/native/check.h"

static struct vmcb vmcb;
static struct vmsa vmsa;
static struct vcpu v;
static struct vmpl_ctx *const c = &v.ctx[0];
static unsigned delivered[4], deliveries, kicks, faults;
static bool cannot;

void host_log(const char *fmt, ...)
{
	(void)fmt;
}

unsigned host_cpu(void)
{
	return 1;
}

void host_kick(unsigned cpu)
{
	(void)cpu;
	kicks++;
}

bool deliver_interrupt(struct vcpu *vcpu, uint8_t vector)
{
	(void)vcpu;
	if (cannot)
		return false;
	if (deliveries < 4)
		delivered[deliveries] = vector;
	deliveries++;
	vmcb.rflags &= ~RFLAGS_IF;
	return true;
}

int deliver_exception(struct vcpu *vcpu, uint8_t vector, uint32_t error)
{
	(void)vcpu, (void)error;
	if (cannot)
		return MACHINE_SHARED;
	delivered[deliveries++ % 4] = vector;
	return RESUME;
}

void event_exception(struct vmcb *m, uint8_t vector, uint32_t error)
{
	(void)m, (void)vector, (void)error;
}

int event_fault(struct vcpu *vcpu, const char *why, uint64_t at)
{
	(void)vcpu, (void)why, (void)at;
	faults++;
	return MACHINE_FAULT;
}

static void start(uint64_t vintr, uint64_t event)
{
	memset(&v, 0, sizeof(v));
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&vmsa, 0, sizeof(vmsa));
	memset(delivered, 0, sizeof(delivered));
	deliveries = kicks = faults = 0;
	cannot = false;
	c->vmcb = &vmcb;
	c->sev_features = SEV_FEAT_SNP_ACTIVE | SEV_FEAT_ALTERNATE_INJ;
	vmsa.vintr_ctrl = vintr;
	vmsa.event_inj = event;
	vmcb.rflags = RFLAGS_IF;
	vintr_load(c, &vmsa);
}

static bool window(void)
{
	return vmcb.intercept3 & VMCB_INTERCEPT3(SVM_EXIT_VINTR);
}

#define IRQ(prio, tpr)                                                                             \
	(VINTR_IRQ | VINTR_GIF | VINTR_VECTOR(0x51) | VINTR_PRIO(prio) | (uint64_t)(tpr))

/* Every priority against every V_TPR, with and without V_IGN_TPR, V_GIF and RFLAGS.IF. */
TEST(irq_is_taken_when_the_manual_says_so)
{
	for (unsigned i = 0; i < 0x800; i++) {
		unsigned prio = i & 15, tpr = i >> 4 & 15;
		bool ignore = i & 0x100, gif = i & 0x200, on = i & 0x400;
		bool ready = gif && (ignore || prio > tpr);

		start((IRQ(prio, tpr) | (ignore ? VINTR_IGN_TPR : 0)) & ~(gif ? 0 : VINTR_GIF), 0);
		vmcb.rflags = on ? RFLAGS_IF : 0;
		CHECK_EQ(vintr_wakes(&v), ready && on);
		CHECK_EQ(vintr_enter(&v), RESUME);
		CHECK_EQ(deliveries, ready && on);
		CHECK_EQ(window(), ready && !on);
		vintr_save(c, &vmsa);
		CHECK_EQ(vmsa.vintr_ctrl & VINTR_IRQ, ready && on ? 0 : VINTR_IRQ);
		CHECK_EQ(vmsa.vintr_ctrl & VINTR_TPR_MASK, tpr);
		CHECK(!window());
	}
}

TEST(the_shadow_keeps_an_irq_out_and_is_written_back)
{
	start(IRQ(5, 0) | VINTR_SHADOW, 0);
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 0);
	CHECK(window());
	vintr_save(c, &vmsa);
	CHECK_EQ(vmsa.vintr_ctrl, IRQ(5, 0) | VINTR_SHADOW);
}

TEST(nmi_comes_before_an_irq_and_is_masked)
{
	start(IRQ(5, 0) | VINTR_NMI | VINTR_NMI_ENABLE, 0);
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 1);
	CHECK_EQ(delivered[0], VEC_NMI);
	CHECK(window());
	CHECK(vmcb.intercept3 & VMCB_INTERCEPT3(SVM_EXIT_IRET));
	vintr_save(c, &vmsa);
	CHECK_EQ(vmsa.vintr_ctrl, IRQ(5, 0) | VINTR_NMI_ENABLE | VINTR_NMI_MASK);
}

/* IRET ends the mask when it has ended itself: what waits comes behind it, not before. */
TEST(an_nmi_waits_for_the_end_of_iret)
{
	start(VINTR_GIF | VINTR_NMI | VINTR_NMI_ENABLE | VINTR_NMI_MASK, 0);
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 0);
	CHECK_EQ(vintr_iret(&v), RESUME);
	CHECK(vmcb.rflags & RFLAGS_TF);
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 0);
	vmcb.dr6 = DR6_BS;
	vmcb.rflags = RFLAGS_IF; /* what IRET has loaded */
	CHECK(vintr_stepped(&v));
	CHECK_EQ(vmcb.dr6, 0);
	CHECK_EQ(vmcb.exceptions, 0);
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 1);
	CHECK(!vintr_stepped(&v));
}

TEST(an_exit_before_iret_leaves_the_mask)
{
	start(VINTR_GIF | VINTR_NMI | VINTR_NMI_ENABLE | VINTR_NMI_MASK, 0);
	CHECK_EQ(vintr_iret(&v), RESUME);
	vintr_leave(&v);
	vintr_save(c, &vmsa);
	CHECK_EQ(vmsa.vintr_ctrl, VINTR_GIF | VINTR_NMI | VINTR_NMI_ENABLE | VINTR_NMI_MASK);
	CHECK_EQ(vmcb.rflags & RFLAGS_TF, 0);
	CHECK_EQ(vmcb.exceptions, 0);
}

/* TYPE 1 and 5 to 7 are reserved; an exception has a vector below 32, and 2 is the NMI's: 15.20. */
TEST(events_that_vmrun_refuses)
{
	for (unsigned e = 0; e < 0x800; e++) {
		unsigned type = e >> 8, vector = e & 0xff;
		bool ok = type == 0 || type == 2 || type == 4 ||
			  (type == 3 && vector < 32 && vector != 2);

		start(0, EVENT_VALID | e);
		CHECK_EQ(vintr_enter(&v), ok ? RESUME : MACHINE_FAULT);
		CHECK_EQ(faults, !ok);
	}
}

TEST(an_event_that_is_not_valid_is_none)
{
	start(0, 0x51);
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 0);
	CHECK(!vintr_wakes(&v));
}

TEST(an_event_is_taken_whatever_the_flags)
{
	start(0, EVENT_VALID | 0x51);
	vmcb.rflags = 0;
	CHECK(vintr_wakes(&v));
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 1);
	vintr_save(c, &vmsa);
	CHECK_EQ(vmsa.event_inj, 0);
}

/* 15.36.16: the hypervisor's own injection is ignored. */
TEST(what_the_hypervisor_injects_is_ignored)
{
	start(VINTR_GIF, 0);
	machine_inject(&v, 0x51);
	machine_inject_nmi(&v);
	CHECK(!machine_inject_hv(&v));
	CHECK_EQ(vmcb.event_inj, 0);
	CHECK_EQ(deliveries, 0);
	vmcb.event_inj = EVENT_VALID | EVENT_EXCEPTION | VEC_HV;
	machine_restrict(&v, 0);
	CHECK_EQ(vmcb.event_inj, 0);
}

static void exit_with(uint64_t info)
{
	vmcb.exit_int_info = info;
	vmcb.event_inj = info; /* exits_handle() */
	vintr_leave(&v);
}

TEST(a_delivery_cut_short_makes_the_vmsa_busy)
{
	start(VINTR_GIF, EVENT_VALID | 0x51);
	cannot = true;
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(vmcb.event_inj, EVENT_VALID | 0x51);
	exit_with(EVENT_VALID | 0x51);
	CHECK_EQ(vintr_enter(&v), MACHINE_BUSY);
	vintr_save(c, &vmsa);
	CHECK_EQ(vmsa.vintr_ctrl, VINTR_GIF | VINTR_BUSY);
	CHECK_EQ(vmsa.event_inj, 0);
}

TEST(an_exit_in_between_does_not)
{
	start(VINTR_GIF, 0);
	exit_with(0);
	CHECK_EQ(vintr_enter(&v), RESUME);
	vmcb.event_inj = EVENT_VALID | EVENT_EXCEPTION | VEC_DB; /* the trap of TF behind a HLT */
	vintr_leave(&v);
	CHECK_EQ(vintr_enter(&v), RESUME);
}

/* #VC is delivered by hand; what keeps its frame from being written is an exit as any other. */
TEST(an_exception_cut_short)
{
	uint64_t vc = EVENT_VALID | EVENT_EXCEPTION | EVENT_HAS_ERROR | VEC_VC | EVENT_ERROR(0x72);

	start(VINTR_GIF, vc);
	cannot = true;
	CHECK_EQ(vintr_enter(&v), MACHINE_SHARED);
	CHECK_EQ(vmcb.exit_int_info, vc);
	CHECK_EQ(vintr_enter(&v), MACHINE_BUSY);
}

/* A VMRUN that fails writes nothing: what the last exit left stays. */
TEST(a_vmsa_that_was_not_entered_is_not_changed)
{
	start(0, 0);
	vmsa.guest_exit_code = 0x400;
	vmsa.guest_exit_info_1 = 5;
	vmsa.guest_exit_int_info = EVENT_VALID | 0x51;
	vintr_load(c, &vmsa);
	CHECK_EQ(vmcb.exit_code, 0x400);
	CHECK_EQ(vmcb.exit_info1, 5);
	CHECK_EQ(vmcb.exit_int_info, EVENT_VALID | 0x51);
}

/* The state may be put down without an exit: the machine has taken interrupts in between. */
TEST(a_step_that_was_not_made_is_not_written_back)
{
	start(IRQ(5, 0) | VINTR_NMI | VINTR_NMI_ENABLE | VINTR_NMI_MASK, 0);
	CHECK_EQ(vintr_iret(&v), RESUME);
	CHECK_EQ(vintr_enter(&v), RESUME); /* neither of the two comes before IRET */
	CHECK_EQ(deliveries, 0);
	vintr_save(c, &vmsa);
	CHECK_EQ(vmsa.vintr_ctrl, IRQ(5, 0) | VINTR_NMI | VINTR_NMI_ENABLE | VINTR_NMI_MASK);
	CHECK_EQ(vmcb.rflags & RFLAGS_TF, 0);
	CHECK_EQ(vmcb.exceptions, 0);
}

/* The VMCB may run without the feature next. */
TEST(nothing_stays_in_the_vmcb)
{
	start(VINTR_GIF, EVENT_VALID | EVENT_EXCEPTION | VEC_UD);
	vintr_save(c, &vmsa);
	CHECK_EQ(vmsa.event_inj, EVENT_VALID | EVENT_EXCEPTION | VEC_UD);
	CHECK_EQ(vmcb.event_inj, 0);
}

TEST(an_nmi_behind_another_event_is_looked_at_again)
{
	start(VINTR_GIF | VINTR_NMI | VINTR_NMI_ENABLE, EVENT_VALID | EVENT_EXCEPTION | VEC_UD);
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(deliveries, 0);
	CHECK_EQ(kicks, 1);
	vmcb.event_inj = 0;
	CHECK_EQ(vintr_enter(&v), RESUME);
	CHECK_EQ(delivered[0], VEC_NMI);
	CHECK_EQ(kicks, 1);
}
