/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A guest's counter and its MSRs: Linux 6.12, arch/x86/kvm/x86.c, kvm_set_msr_common() and
 * kvm_get_msr_common(); RDTSC under a scale: APM vol. 3, RDTSC and RDTSCP, and vol. 2, 15.36.18.
 *
 * sources: launch/machine/cpu/exec/counter.c launch/machine/dev/clock/tsc_msr.c svsm/lib/tsc.c
 */
#include <string.h>
#include "abi/vmsa.h"
#include "base/x86.h"
#include "lib/tsc.h"
#include "machine/cpu/exec/counter.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/vmcb.h"
#include "machine/dev/clock/tsc_msr.h"
#include "machine/host/options.h"
#include "machine/host/time.h"
#include "tests/native/check.h"

#define KHZ 2596140ull
#define AUX 0xa5a5a5a5u

struct host_options host_options;
static struct vmcb vmcb;
static struct vcpu v;
static struct vapic apic;
static struct tsc_msr msr;
static uint64_t now; /* the CPU's TSC */
static bool deadline_mode;
static struct insn insn;
static uint8_t faulted; /* the vector */

uint64_t host_tsc_khz(void)
{
	return KHZ;
}

uint64_t apic_host_tsc(void)
{
	return now;
}

void apic_timer_set_deadline(struct vapic *a, uint64_t tsc)
{
	if (deadline_mode)
		a->deadline = tsc;
}

uint64_t apic_timer_deadline(const struct vapic *a)
{
	return deadline_mode ? a->deadline : 0;
}

struct insn insn_at_rip(struct vcpu *who)
{
	CHECK(who == &v);
	return insn;
}

void insn_skip(struct vmcb *m, unsigned length)
{
	m->rip += length;
}

int insn_fault(struct vcpu *who, uint8_t vector)
{
	CHECK(who == &v);
	faulted = vector;
	return RESUME;
}

uint32_t fpu_tsc_aux(void)
{
	return AUX;
}

static struct vmpl_ctx *setup(uint64_t features)
{
	struct vmpl_ctx *c = &v.ctx[2];

	memset(&vmcb, 0, sizeof(vmcb));
	v = (struct vcpu){.vmpl = 2};
	apic = (struct vapic){0};
	msr = (struct tsc_msr){0};
	host_options = (struct host_options){0};
	deadline_mode = true;
	now = 1000000;
	c->vmcb = &vmcb;
	c->sev_features = SEV_FEAT_SNP_ACTIVE | features;
	counter_set(c, TSC_SCALE_ONE, 0);
	return c;
}

TEST(rdtsc_leaves_the_guest_for_a_scale_alone)
{
	const uint32_t rdtsc = VMCB_INTERCEPT3(SVM_EXIT_RDTSC),
		       rdtscp = VMCB_INTERCEPT4(SVM_EXIT_RDTSCP);
	struct vmpl_ctx *c = setup(SEV_FEAT_SECURE_TSC);

	vmcb.intercept3 = ~0u;
	vmcb.intercept4 = ~0u;
	counter_set(c, TSC_SCALE_ONE, 99);
	CHECK_EQ(vmcb.intercept3, ~rdtsc);
	CHECK_EQ(vmcb.intercept4, ~rdtscp);
	CHECK_EQ(vmcb.tsc_offset, 99);
	counter_set(c, BIT(63) | TSC_SCALE_ONE, 98); /* 63:40 are reserved */
	CHECK_EQ(vmcb.intercept3, ~rdtsc);
	counter_set(c, TSC_SCALE_ONE + 1, 97);
	CHECK_EQ(vmcb.intercept3, ~0u);
	CHECK_EQ(vmcb.intercept4, ~0u);
	counter_set(c, TSC_SCALE_ONE, 96);
	CHECK_EQ(vmcb.intercept3, ~rdtsc);
}

TEST(rdtsc_is_completed)
{
	struct vmpl_ctx *c = setup(SEV_FEAT_SECURE_TSC);
	static const struct {
		enum insn_kind kind;
		uint8_t length;
		uint64_t rcx, skip;
	} rows[] = {{INSN_RDTSC, 2, ~0ull, 2},
		    {INSN_RDTSC, 4, ~0ull, 4},
		    {INSN_RDTSCP, 3, AUX, 3},
		    {INSN_UNKNOWN, 0, ~0ull, 2}};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t before, t;

		insn = (struct insn){.kind = rows[i].kind, .length = rows[i].length};
		counter_set(c, TSC_SCALE_ONE / 4, 1ull << 60);
		vmcb.rip = 0x1000;
		vmcb.rax = c->gpr[1] = c->gpr[2] = ~0ull;
		before = rdtsc();
		CHECK_EQ(counter_exit(&v), RESUME);
		CHECK_EQ(vmcb.rax >> 32 | c->gpr[2] >> 32, 0);
		t = c->gpr[2] << 32 | vmcb.rax;
		CHECK(t - (1ull << 60) >= before / 4 && t - (1ull << 60) <= rdtsc() / 4);
		CHECK_EQ(c->gpr[1], rows[i].rcx);
		CHECK_EQ(vmcb.rip, 0x1000 + rows[i].skip);
	}
}

TEST(the_rate_by_msr)
{
	struct vmpl_ctx *c = setup(SEV_FEAT_SECURE_TSC);

	CHECK_EQ(counter_khz(c), KHZ);
	CHECK_EQ(counter_freq(c), 2597);
	counter_set(c, TSC_SCALE_ONE / 2, 0);
	CHECK_EQ(counter_khz(c), KHZ / 2);
	CHECK_EQ(counter_freq(c), 1299);
	counter_set(c, 0, 0);
	CHECK_EQ(counter_freq(c), 0);
}

TEST(a_write_moves_the_offset_and_adjust)
{
	struct vmpl_ctx *c = setup(0);

	CHECK(tsc_msr_write(&msr, c, &apic, 0));
	CHECK_EQ(vmcb.tsc_offset, 0 - 1000000ull);
	CHECK_EQ(counter_of_guest(c, now + 5), 5);
	CHECK_EQ(msr.adjust, 0 - 1000000ull);
	CHECK(tsc_msr_write(&msr, c, &apic, ~0ull));
	CHECK_EQ(counter_of_guest(c, now + 5), 4);
	CHECK_EQ(msr.adjust, 0 - 1000001ull);
	CHECK(tsc_msr_write(&msr, c, &apic, now));
	CHECK_EQ(vmcb.tsc_offset, 0);
	CHECK_EQ(msr.adjust, 0);
	CHECK(!tsc_msr_write(&msr, c, &apic, now));
	CHECK_EQ(c->hv_tsc_offset, 0);
}

TEST(adjust_counts_where_it_is_shown)
{
	struct vmpl_ctx *c = setup(0);

	CHECK(!tsc_msr_adjust(&msr, c, &apic, 500));
	CHECK_EQ(msr.adjust, 0);
	CHECK_EQ(vmcb.tsc_offset, 0);
	host_options.tsc_adjust = true;
	CHECK(tsc_msr_adjust(&msr, c, &apic, 500));
	CHECK_EQ(vmcb.tsc_offset, 500);
	CHECK(tsc_msr_adjust(&msr, c, &apic, 200));
	CHECK_EQ(vmcb.tsc_offset, 200);
	CHECK(tsc_msr_write(&msr, c, &apic, now + 1200));
	CHECK_EQ(msr.adjust, 1200);
	CHECK(!tsc_msr_adjust(&msr, c, &apic, 1200));
}

TEST(a_secure_counter_is_nobodys_to_move)
{
	struct vmpl_ctx *c = setup(SEV_FEAT_SECURE_TSC);

	host_options.tsc_adjust = true;
	counter_set(c, TSC_SCALE_ONE / 2, 77);
	CHECK(!tsc_msr_write(&msr, c, &apic, 5));
	CHECK(!tsc_msr_adjust(&msr, c, &apic, 5));
	CHECK_EQ(msr.adjust, 5); /* KVM keeps it: kvm_set_msr_common() */
	CHECK_EQ(vmcb.tsc_offset, 77);
	CHECK_EQ(c->tsc_scale, TSC_SCALE_ONE / 2);
	CHECK_EQ(c->hv_tsc_offset, 0);
}

/* At the first tick of the CPU at which the guest's counter is there. */
static void check_deadline(struct vmpl_ctx *c, uint64_t guest)
{
	tsc_msr_set_deadline(&msr, c, &apic, guest);
	CHECK(counter_of_guest(c, apic.deadline) - c->tsc_offset >= guest - c->tsc_offset);
	CHECK(counter_of_guest(c, apic.deadline - 1) - c->tsc_offset < guest - c->tsc_offset);
	CHECK_EQ(tsc_msr_deadline(&msr, &apic), guest);
}

TEST(a_deadline_is_by_the_guest_s_counter)
{
	static const uint64_t scales[] = {TSC_SCALE_ONE, TSC_SCALE_ONE / 3, TSC_SCALE_ONE * 7 / 2};
	static const uint64_t offsets[] = {0, 1ull << 52, 0 - (1ull << 52)};

	for (unsigned i = 0; i < ARRAY_LEN(scales); i++)
		for (unsigned k = 0; k < ARRAY_LEN(offsets); k++) {
			struct vmpl_ctx *c = setup(SEV_FEAT_SECURE_TSC);

			check_context("%u %u", i, k);
			counter_set(c, scales[i], offsets[k]);
			check_deadline(c, counter_of_guest(c, now) + 1);
			check_deadline(c, counter_of_guest(c, now) + 1000001);
			check_deadline(c, counter_of_guest(c, now) + (1ull << 40));
		}
}

/* The value is compared with the counter as one without a sign: Intel SDM vol. 3, 11.5.4.1. */
TEST(the_borders_of_a_deadline)
{
	struct vmpl_ctx *c = setup(0);

	tsc_msr_set_deadline(&msr, c, &apic, 1); /* over already */
	CHECK_EQ(apic.deadline, now);
	tsc_msr_set_deadline(&msr, c, &apic, 0);
	CHECK_EQ(apic.deadline, 0);
	CHECK_EQ(tsc_msr_deadline(&msr, &apic), 0);
	tsc_msr_set_deadline(&msr, c, &apic, ~0ull);
	CHECK_EQ(apic.deadline, UINT64_MAX);
	now = 0;
	tsc_msr_set_deadline(&msr, c, &apic, 0);
	CHECK_EQ(apic.deadline, 0);
	counter_set(c, TSC_SCALE_ONE, 500);
	tsc_msr_set_deadline(&msr, c, &apic, 500); /* 0 would be "not armed" */
	CHECK_EQ(apic.deadline, 1);
	apic.deadline = 0; /* it has gone off */
	CHECK_EQ(tsc_msr_deadline(&msr, &apic), 0);
	deadline_mode = false;
	tsc_msr_set_deadline(&msr, c, &apic, 1000);
	CHECK_EQ(tsc_msr_deadline(&msr, &apic), 0);
	c = setup(SEV_FEAT_SECURE_TSC);
	counter_set(c, 0, 7);
	tsc_msr_set_deadline(&msr, c, &apic, 8); /* a counter that stands still */
	CHECK_EQ(apic.deadline, UINT64_MAX);
}

TEST(a_deadline_moves_with_the_counter)
{
	struct vmpl_ctx *c = setup(0);

	tsc_msr_set_deadline(&msr, c, &apic, now + 5000);
	CHECK(tsc_msr_write(&msr, c, &apic, now + 4000));
	CHECK_EQ(apic.deadline, now + 1000);
	CHECK(tsc_msr_write(&msr, c, &apic, now + 6000));
	CHECK_EQ(apic.deadline, now);
	apic.deadline = 0; /* it has gone off: a write does not bring it back */
	CHECK(tsc_msr_write(&msr, c, &apic, 0));
	CHECK_EQ(apic.deadline, 0);
}

/* APM vol. 3, 1.2.5: LOCK before an instruction that does not take it is #UD. */
TEST(rdtsc_with_lock_is_undefined)
{
	struct vmpl_ctx *c = setup(SEV_FEAT_SECURE_TSC);

	counter_set(c, TSC_SCALE_ONE * 2, 0);
	insn = (struct insn){.kind = INSN_UNDEFINED, .length = 3};
	CHECK_EQ(counter_exit(&v), RESUME);
	CHECK_EQ(faulted, VEC_UD);
	CHECK_EQ(vmcb.rip, 0);
}
