/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Accesses to the GHCB's MSR, which a processor of SEV-SNP makes without leaving the guest: what is
 * done together with the VMGEXIT and the RDMSR that go with them, and when it must not be.
 *
 * sources: launch/machine/snp/msr_exit.c tests/native/no_hostile.c launch/machine/cpu/exec/insn.c svsm/lib/insn/decode.c svsm/lib/insn/prefixes.c
 */
#include "machine/snp/msr_exit.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "machine/cpu/access.h"
#include "machine/cpu/exec/counter.h"
#include "machine/cpu/exec/cr.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/options.h"
#include "machine/snp/vc.h"
#include "tests/native/check.h"

#include <stdlib.h>
#include <string.h>

#define RIP     0x1000ull
#define REQUEST 0x002ull /* SEV information */
#define PAGE    0x5000ull

struct host_options host_options;
static struct vmcb vmcb;
static struct vcpu v;
static const uint8_t *code;
static unsigned code_size;
static bool mode64;

/* code lies at RIP when the guest comes out. */
unsigned guest_fetch(struct vcpu *who, uint8_t bytes[15])
{
	unsigned at = (unsigned)(vcpu_ctx(who)->vmcb->rip - RIP);
	unsigned n = at < code_size ? MIN(code_size - at, 15u) : 0;

	memcpy(bytes, code + at, n);
	return n;
}

bool guest_mode64(const struct vmcb *m)
{
	(void)m;
	return mode64;
}

void event_exception(struct vmcb *m, uint8_t vector, uint32_t error)
{
	(void)error;
	m->event_inj = EVENT_VALID | EVENT_EXCEPTION | vector;
}

int vc_raise(struct vcpu *who, uint32_t code_of_it)
{
	CHECK(who == &v);
	return 1000 + (int)code_of_it;
}

bool vmm_fast_msr(struct vcpu *who, uint32_t msr, bool write, uint64_t *value, bool *gp)
{
	(void)who, (void)write, (void)value, (void)gp;
	CHECK_EQ(msr, MSR_GUEST_TSC_FREQ);
	return false;
}

uint64_t counter_freq(const struct vmpl_ctx *c)
{
	CHECK(c == &v.ctx[0]);
	return 2597;
}

bool cr_set_efer(struct vcpu *who, uint64_t value)
{
	(void)who, (void)value;
	abort();
}

#define CODE(...)                                                                                  \
	do {                                                                                       \
		static const uint8_t bytes[] = {__VA_ARGS__};                                      \
		code = bytes;                                                                      \
		code_size = sizeof(bytes);                                                         \
	} while (0)
#define WRMSR   0x0f, 0x30
#define RDMSR   0x0f, 0x32
#define VMGEXIT 0xf3, 0x0f, 0x01, 0xd9
#define NOP     0x90

/* At CPL 0 in 64-bit mode, in front of code, RCX the GHCB's MSR. */
static void setup(void)
{
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&v, 0, sizeof(v));
	v.ctx[0].vmcb = &vmcb;
	v.ctx[0].gpr[1] = MSR_GHCB;
	vmcb.rip = RIP;
	vmcb.rflags = RFLAGS_IF;
	mode64 = true;
}

static int write_msr(uint64_t value)
{
	vmcb.exit_code = SVM_EXIT_MSR;
	vmcb.exit_info1 = 1;
	vmcb.rax = (uint32_t)value;
	v.ctx[0].gpr[2] = value >> 32;
	return msr_access(&v);
}

static void check_alone(void)
{
	CHECK_EQ(write_msr(PAGE), RESUME);
	CHECK_EQ(v.ctx[0].ghcb_msr, PAGE);
	CHECK_EQ(vmcb.rip, RIP + 2);
}

TEST(a_vmgexit_behind_a_write_is_done_with_it)
{
	setup();
	CODE(WRMSR, VMGEXIT, RDMSR);
	CHECK_EQ(write_msr(PAGE), MACHINE_VMGEXIT);
	CHECK_EQ(v.ctx[0].ghcb_msr, PAGE);
	CHECK_EQ(vmcb.rip, RIP + 6);
	CHECK_EQ(vmcb.exit_code, SVM_EXIT_VMMCALL);
	CHECK_EQ(vmcb.exit_info1, 0); /* the VMSA will show these too, and a VMGEXIT has none */
	CHECK_EQ(vmcb.exit_info2, 0);
	CHECK(!v.ctx[0].answer_due); /* the answer is in the page */
	setup();
	CHECK_EQ(write_msr(REQUEST), MACHINE_VMGEXIT);
	CHECK(v.ctx[0].answer_due);
	v.ctx[0].ghcb_msr = 0x1122334455667788;
	msr_answer(&v);
	CHECK_EQ(vmcb.rip, RIP + 8);
	CHECK_EQ(vmcb.rax, 0x55667788);
	CHECK_EQ(v.ctx[0].gpr[2], 0x11223344);
	CHECK(!v.ctx[0].answer_due);
}

TEST(another_instruction_is_left_alone)
{
	setup();
	CODE(WRMSR, NOP, VMGEXIT);
	check_alone();
	setup();
	CODE(WRMSR, 0x0f, 0x01, 0xd9); /* VMMCALL */
	check_alone();
	setup();
	CODE(WRMSR, 0xf0, VMGEXIT); /* LOCK: #UD */
	check_alone();
	setup();
	CODE(WRMSR, 0xf3, 0x0f, 0x01); /* it cannot be fetched whole */
	check_alone();
	setup();
	code_size = 2;
	check_alone();
	setup();
	code_size = 0; /* nor can the WRMSR itself, any more */
	check_alone();
}

/* What the processor does first would be lost. */
TEST(what_comes_between_comes_between)
{
	CODE(WRMSR, VMGEXIT);
	setup();
	vmcb.rflags |= RFLAGS_TF;
	check_alone();
	CHECK_EQ(vmcb.event_inj & EVENT_VECTOR, VEC_DB);
	setup();
	vmcb.event_inj = EVENT_VALID | EVENT_NMI | VEC_NMI;
	check_alone();
	setup();
	vmcb.int_ctl = VMCB_V_IRQ;
	check_alone();
	setup();
	vmcb.dr7 = 1;
	check_alone();
	setup();
	mode64 = false;
	check_alone();
	setup();
	vmcb.int_ctl = VMCB_V_IRQ; /* not with interrupts off */
	vmcb.rflags = 0;
	CHECK_EQ(write_msr(PAGE), MACHINE_VMGEXIT);
}

static void check_not_read(void)
{
	v.ctx[0].answer_due = true;
	v.ctx[0].ghcb_msr = 0x55;
	msr_answer(&v);
	CHECK_EQ(vmcb.rip, RIP);
	CHECK_EQ(vmcb.rax, 0);
	CHECK(!v.ctx[0].answer_due);
}

TEST(only_the_read_of_that_msr_is_done)
{
	CODE(NOP, RDMSR);
	setup();
	check_not_read();
	CODE(0xf0, RDMSR);
	setup();
	check_not_read();
	CODE(RDMSR);
	setup();
	v.ctx[0].gpr[1] = MSR_EFER;
	check_not_read();
	setup();
	vmcb.cpl = 3; /* #GP */
	check_not_read();
	setup();
	vmcb.event_inj = EVENT_VALID | EVENT_INTR | 0x40;
	check_not_read();
	setup();
	vmcb.int_ctl = VMCB_V_IRQ;
	check_not_read();
}

/* C001_0134 is the processor's own with SecureTSC, strict or not, and without it like any MSR that
 * the hypervisor may have: APM vol. 2, 15.36.18. */
TEST(the_rate_of_a_secure_counter)
{
	CODE(RDMSR, NOP);
	for (unsigned strict = 0; strict < 2; strict++) {
		host_options.strict = strict;
		setup();
		v.ctx[0].gpr[1] = MSR_GUEST_TSC_FREQ;
		v.ctx[0].sev_features = SEV_FEAT_SNP_ACTIVE;
		CHECK_EQ(msr_access(&v), 1000 + SVM_EXIT_MSR);
		CHECK_EQ(vmcb.rip, RIP);
		v.ctx[0].sev_features |= SEV_FEAT_SECURE_TSC;
		CHECK_EQ(msr_access(&v), RESUME);
		CHECK_EQ(vmcb.rip, RIP + 2);
		CHECK_EQ(vmcb.rax, 2597);
		CHECK_EQ(v.ctx[0].gpr[2], 0);
		vmcb.rip = RIP;
		vmcb.exit_info1 = 1;
		CHECK_EQ(msr_access(&v), RESUME);
		CHECK_EQ(vmcb.rip, RIP);
		CHECK_EQ(vmcb.event_inj, EVENT_VALID | EVENT_EXCEPTION | VEC_GP);
	}
	host_options.strict = false;
}
