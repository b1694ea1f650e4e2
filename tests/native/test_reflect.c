/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Reflect #VC, SEV_FEATURES[2] (APM vol. 2, 15.36.9 and table B-4).
 *
 * sources: launch/machine/snp/vc.c
 */
#include "tests/native/check.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/vmcb.h"
#include "machine/snp/vc.h"

#define DELIVERED 1000
#define BROKEN    1001

static struct vmcb m;
static struct vcpu cpu;

int deliver_exception(struct vcpu *v, uint8_t vector, uint32_t error)
{
	(void)v, (void)vector, (void)error;
	return DELIVERED;
}

int event_fault(struct vcpu *v, const char *reason, uint64_t at)
{
	(void)v, (void)reason, (void)at;
	return BROKEN;
}

void event_exception(struct vmcb *vmcb, uint8_t vector, uint32_t error)
{
	vmcb->event_inj = (uint64_t)error << 32 | EVENT_VALID | EVENT_EXCEPTION | vector;
}

struct insn insn_at_rip(struct vcpu *v)
{
	(void)v;
	return (struct insn){.kind = INSN_CPUID, .length = 2};
}

static void setup(uint64_t features)
{
	m = (struct vmcb){.cr0 = CR0_PE, .rip = 0x1000, .rsp = 0x2000};
	cpu = (struct vcpu){.vmpl = 2};
	cpu.ctx[2].vmcb = &m;
	cpu.ctx[2].sev_features = SEV_FEAT_SNP_ACTIVE | features;
}

/* The guest notices nothing, and who serves it learns what it was and where it goes on. */
TEST(a_reflected_vc_leaves_the_guest_as_it_was)
{
	setup(SEV_FEAT_REFLECT_VC);
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), MACHINE_REFLECTED);
	CHECK_EQ(cpu.ctx[2].reflected, SVM_EXIT_CPUID);
	CHECK_EQ(cpu.ctx[2].nrip, 0x1002);
	CHECK_EQ(m.rip, 0x1000);
	CHECK_EQ(m.rsp, 0x2000);
	CHECK_EQ(m.event_inj, 0);
	m.exit_info2 = 0x1001;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_IOIO), MACHINE_REFLECTED);
	CHECK_EQ(cpu.ctx[2].nrip, 0x1001);
	CHECK_EQ(vc_raise(&cpu, VC_NPF), MACHINE_REFLECTED);
	CHECK_EQ(cpu.ctx[2].nrip, 0);
}

TEST(real_mode_has_no_vc_and_needs_none)
{
	setup(0);
	m.cr0 = 0;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), BROKEN);
	setup(SEV_FEAT_REFLECT_VC);
	m.cr0 = 0;
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), MACHINE_REFLECTED);
}

TEST(without_the_feature_the_guest_gets_it)
{
	setup(0);
	CHECK_EQ(vc_raise(&cpu, SVM_EXIT_CPUID), DELIVERED);
	CHECK_EQ(cpu.ctx[2].reflected, 0);
}
