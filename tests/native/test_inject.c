/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * What a hypervisor may inject: with restricted injection #HV alone (APM vol. 2, 15.36.16), else
 * what EVENTINJ can hold (15.20).
 *
 * sources: launch/machine/cpu/event/inject.c
 */
#include <string.h>
#include "abi/vmsa.h"
#include "base/x86.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "tests/native/check.h"

static struct vmcb vmcb;
static struct vcpu v;
static unsigned lines;

void host_log(const char *fmt, ...)
{
	(void)fmt;
	lines++;
}

bool deliver_interrupt(struct vcpu *vcpu, uint8_t vector)
{
	(void)vcpu, (void)vector;
	return false;
}

void event_exception(struct vmcb *m, uint8_t vector, uint32_t error)
{
	(void)error;
	m->event_inj = EVENT_VALID | EVENT_EXCEPTION | vector;
}

static void start(uint64_t features)
{
	memset(&v, 0, sizeof(v));
	memset(&vmcb, 0, sizeof(vmcb));
	v.ctx[0].vmcb = &vmcb;
	v.ctx[0].sev_features = features;
	lines = 0;
}

/* Type in bits 10:8, vector in 7:0, error code valid in 11. */
TEST(hv_alone_is_left)
{
	for (unsigned e = 0; e < 0x1000; e++) {
		uint64_t event = EVENT_VALID | e;
		bool hv = (e & 0x7ff) == (3u << 8 | 28);

		start(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ);
		vmcb.event_inj = event;
		machine_restrict(&v, 0);
		CHECK_EQ(vmcb.event_inj, hv ? event : 0);
		CHECK_EQ(lines, !hv);
		start(SEV_FEAT_SNP_ACTIVE);
		vmcb.event_inj = event;
		machine_restrict(&v, 0);
		CHECK_EQ(vmcb.event_inj, event);
	}
}

/* The processor's own exceptions are no injections, and one that waits there stays. */
TEST(what_was_there_before_stays)
{
	uint64_t pf = EVENT_VALID | EVENT_EXCEPTION | VEC_PF;

	start(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ);
	vmcb.event_inj = pf;
	machine_restrict(&v, pf);
	CHECK_EQ(vmcb.event_inj, pf);
	machine_inject_nmi(&v);
	CHECK_EQ(vmcb.event_inj, pf);
	CHECK(!machine_inject_hv(&v));
	CHECK_EQ(vmcb.event_inj, pf);
}

TEST(interrupts_and_nmis)
{
	start(SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ);
	machine_inject_nmi(&v);
	machine_inject(&v, 0x80);
	CHECK_EQ(vmcb.event_inj, 0);
	CHECK_EQ(v.refused_events, 2);
	CHECK_EQ(lines, 1);
	CHECK(machine_inject_hv(&v));
	CHECK_EQ(vmcb.event_inj, EVENT_VALID | EVENT_EXCEPTION | VEC_HV);
	start(SEV_FEAT_SNP_ACTIVE);
	machine_inject_nmi(&v);
	CHECK_EQ(vmcb.event_inj, EVENT_VALID | EVENT_NMI | VEC_NMI);
	start(SEV_FEAT_SNP_ACTIVE);
	machine_inject(&v, 0x80);
	CHECK_EQ(vmcb.event_inj, EVENT_VALID | EVENT_INTR | 0x80);
}
