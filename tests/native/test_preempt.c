/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * When VMPL0 runs again in the place of a lower VMPL: for what its page does not show yet, and only
 * where it would be told (docs/monitor.md).
 *
 * sources: launch/machine/hv/preempt.c launch/machine/hv/doorbell.c svsm/lib/vapic/apic_state.c
 */
#include <string.h>
#include "abi/vmsa.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/tlb.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/hv/altinj.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/irq.h"
#include "machine/hv/preempt.h"
#include "machine/hv/vmpl.h"
#include "machine/snp/rmp/rmp.h"
#include "tests/native/check.h"

#define LOWER 2
#define VEC   0x41

static struct vcpu v;
static struct hv_vcpu state;
struct hv_vcpu *hv_states[HOST_MAX_CPUS] = {&state};
static struct hv_doorbell page;
static bool shared, may_come, devices_ring;
static struct vapic *const apic = &state.apic[VMPL_SVSM];

bool rmp_is_shared(gpa_t g, uint64_t len)
{
	(void)g, (void)len;
	return shared;
}

void *guest_ptr(gpa_t g)
{
	(void)g;
	return &page;
}

bool vmpl_run(struct vcpu *who, unsigned vmpl)
{
	who->vmpl = (uint8_t)vmpl;
	return true;
}

bool irq_devices_ring(struct vcpu *who, unsigned vmpl)
{
	(void)who;
	CHECK_EQ(vmpl, VMPL_SVSM);
	return devices_ring;
}

bool altinj_may_come(const struct vcpu *who)
{
	(void)who;
	return may_come;
}

unsigned host_cpu(void)
{
	return 1;
}

void host_kick(unsigned cpu)
{
	(void)cpu;
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
	return true;
}

static void start(void)
{
	memset(&v, 0, sizeof(v));
	memset(&state, 0, sizeof(state));
	memset(&page, 0, sizeof(page));
	state.v = &v;
	v.vmpl = LOWER;
	v.ctx[VMPL_SVSM].sev_features = SEV_FEAT_SNP_ACTIVE | SEV_FEAT_RESTRICTED_INJ;
	apic_reset(apic, 0, VMPL_SVSM, true);
	apic->svr |= APIC_SVR_ENABLE;
	state.doorbell[VMPL_SVSM].page = gpa(PAGE_SIZE);
	shared = true;
	may_come = devices_ring = false;
}

static bool preempted(void)
{
	preempt_serve(&v);
	return v.vmpl == VMPL_SVSM;
}

TEST(what_is_new_preempts)
{
	start();
	CHECK(!preempted());
	apic_request(apic, VEC, false);
	CHECK(preempted());
	CHECK_EQ(state.count[LOWER][STAT_PREEMPTED], 1);
	start();
	apic->nmi = 1;
	CHECK(preempted());
}

TEST(what_the_page_shows_does_not)
{
	start();
	state.doorbell[VMPL_SVSM].posted = VEC;
	apic_request(apic, VEC, false);
	CHECK(!preempted());
	apic_request(apic, VEC + 0x10, false);
	CHECK(preempted());
	start();
	page.flags = DOORBELL_NMI;
	apic->nmi = 1;
	CHECK(!preempted());
}

/* Each of these keeps it from being told; a later change of that is what lets it be. */
TEST(vmpl0_that_is_not_told_is_not_run)
{
	for (unsigned i = 0; i < 5; i++) {
		start();
		check_context("%u", i);
		apic_request(apic, VEC, false);
		if (i == 0)
			v.ctx[VMPL_SVSM].sev_features = SEV_FEAT_SNP_ACTIVE;
		else if (i == 1)
			v.ctx[VMPL_SVSM].vmsa = GPA_NONE;
		else if (i == 2)
			state.reset_hold[VMPL_SVSM] = true;
		else if (i == 3)
			shared = false;
		else
			apic->tpr = 0xff;
		CHECK(!preempted());
	}
}

TEST(a_halt_goes_on_behind_it)
{
	start();
	state.halted[LOWER] = true;
	apic_request(apic, VEC, false);
	CHECK(preempted());
	CHECK(state.stays_halted[LOWER]);
}

TEST(what_may_still_come)
{
	start();
	CHECK(!preempt_may_come(&v));
	apic->deadline = 1;
	CHECK(preempt_may_come(&v));
	state.reset_hold[VMPL_SVSM] = true;
	CHECK(!preempt_may_come(&v));
	start();
	devices_ring = true;
	CHECK(preempt_may_come(&v));
	start();
	may_come = true;
	CHECK(preempt_may_come(&v));
	state.doorbell[VMPL_SVSM].page = GPA_NONE;
	CHECK(!preempt_may_come(&v));
}
