/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * MMIO in one exit: what the instruction leaves behind (APM vol. 3, MOV, MOVZX and 1.8), and every
 * case in which it must raise #VC as on a processor.
 *
 * sources: launch/machine/snp/mmio_exit.c launch/machine/cpu/exec/insn.c svsm/lib/insn/decode.c svsm/lib/insn/prefixes.c svsm/lib/insn/move.c
 */
#include "machine/snp/mmio_exit.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "machine/cpu/access.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/options.h"
#include "machine/snp/vc.h"
#include "tests/native/check.h"

#include <string.h>

#define RIP    0x1000ull
#define LINEAR 0x7000100ull /* where the register lies, and its guest physical address */
#define PLACE  0xfed00100ull
#define OLD    0xfedcba9876543210ull
#define VALUE  0x8899aabbccddeeffull
#define VC     1000

struct host_options host_options;
static struct vmcb vmcb;
static struct vcpu v;
static const uint8_t *code;
static unsigned code_size;
static bool mode64, has_no_answer;
static enum walk_status walks;
static unsigned answers;
static uint64_t given;
static unsigned given_len;

unsigned guest_fetch(struct vcpu *who, uint8_t bytes[15])
{
	CHECK(who == &v);
	memcpy(bytes, code, code_size);
	return code_size;
}

enum walk_status walk_linear(struct vcpu *who, uint64_t linear, unsigned flags, struct walk *w)
{
	CHECK(who == &v);
	CHECK_EQ(flags & ~WALK_WRITE, 0);
	w->gpa = gpa(linear - LINEAR + PLACE);
	return walks;
}

bool guest_mode64(const struct vmcb *m)
{
	CHECK(m == &vmcb);
	return mode64;
}

void event_exception(struct vmcb *m, uint8_t vector, uint32_t error)
{
	(void)error;
	m->event_inj = EVENT_VALID | EVENT_EXCEPTION | vector;
}

int vc_raise(struct vcpu *who, uint32_t error)
{
	CHECK(who == &v);
	CHECK_EQ(error, VC_NPF);
	CHECK_EQ(vmcb.rip, RIP);
	return VC;
}

bool vmm_fast_mmio(struct vcpu *who, gpa_t g, unsigned len, bool write, uint64_t *value)
{
	CHECK(who == &v);
	CHECK_EQ(g.v & ~PAGE_MASK, PLACE & ~PAGE_MASK);
	if (has_no_answer)
		return false;
	answers++;
	given_len = len;
	given = *value;
	if (!write)
		*value = VALUE;
	return true;
}

/* At CPL 0 in 64-bit mode, in front of code; RDX leads to the register. */
static void setup(void)
{
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&v, 0, sizeof(v));
	v.vmpl = 2;
	v.ctx[2].vmcb = &vmcb;
	v.ctx[2].sev_features = SEV_FEAT_SNP_ACTIVE;
	v.ctx[2].gpr[2] = LINEAR;
	v.ctx[2].gpr[9] = OLD;
	vmcb.rax = OLD;
	vmcb.rsp = LINEAR;
	vmcb.rip = RIP;
	vmcb.int_state = 1;
	vmcb.rflags = RFLAGS_RF;
	vmcb.fs.base = LINEAR;
	vmcb.gs.base = LINEAR - 0x100;
	mode64 = true;
	has_no_answer = false;
	walks = WALK_OK;
	answers = 0;
	memset(&host_options, 0, sizeof(host_options));
}

#define CODE(...)                                                                                  \
	do {                                                                                       \
		static const uint8_t bytes[] = {__VA_ARGS__};                                      \
		code = bytes;                                                                      \
		code_size = sizeof(bytes);                                                         \
	} while (0)
#define LOAD  0x8b, 0x02 /* MOV EAX, [RDX] */
#define STORE 0x89, 0x02

static int reads(void)
{
	return mmio_access(&v, gpa(PLACE), false, false);
}

static int writes(void)
{
	return mmio_access(&v, gpa(PLACE), false, true);
}

static void check_load(unsigned len, uint64_t rax)
{
	setup();
	CHECK_EQ(reads(), RESUME);
	CHECK_EQ(answers, 1);
	CHECK_EQ(given_len, len);
	CHECK_EQ(vmcb.rip, RIP + code_size);
	CHECK_EQ(vmcb.int_state, 0);
	CHECK_EQ(vmcb.rflags, 0);
	CHECK_EQ(vmcb.rax, rax);
}

TEST(what_a_load_leaves_of_the_register)
{
	CODE(LOAD);
	check_load(4, 0xccddeeff);
	CODE(0x48, LOAD);
	check_load(8, VALUE);
	CODE(0x66, LOAD);
	check_load(2, 0xfedcba987654eeff);
	CODE(0x8a, 0x02);
	check_load(1, 0xfedcba98765432ff);
	CODE(0x8a, 0x22); /* AH */
	check_load(1, 0xfedcba987654ff10);
	CODE(0x0f, 0xb6, 0x02);
	check_load(1, 0xff);
	CODE(0x66, 0x0f, 0xb6, 0x02);
	check_load(1, 0xfedcba98765400ff);
	CODE(0x0f, 0xb7, 0x02);
	check_load(2, 0xeeff);
	CODE(0x44, 0x8b, 0x0a); /* R9D */
	check_load(4, OLD);
	CHECK_EQ(v.ctx[2].gpr[9], 0xccddeeff);
	CODE(0x8b, 0x22); /* ESP */
	check_load(4, OLD);
	CHECK_EQ(vmcb.rsp, 0xccddeeff);
}

static void check_store(unsigned len, uint64_t value)
{
	setup();
	CHECK_EQ(writes(), MACHINE_INTR); /* the hypervisor looks for what it has raised */
	CHECK_EQ(answers, 1);
	CHECK_EQ(given_len, len);
	CHECK_EQ(given, value);
	CHECK_EQ(vmcb.rip, RIP + code_size);
	CHECK_EQ(vmcb.rax, OLD);
}

TEST(what_a_store_writes)
{
	CODE(STORE);
	check_store(4, 0x76543210);
	CODE(0x48, STORE);
	check_store(8, OLD);
	CODE(0x66, STORE);
	check_store(2, 0x3210);
	CODE(0x88, 0x02);
	check_store(1, 0x10);
	CODE(0x88, 0x22); /* AH */
	check_store(1, 0x32);
	CODE(0x44, 0x89, 0x0a); /* R9D */
	check_store(4, 0x76543210);
	CODE(0xc7, 0x02, 0xfe, 0xff, 0xff, 0xff);
	check_store(4, 0xfffffffe);
	CODE(0x48, 0xc7, 0x02, 0xfe, 0xff, 0xff, 0xff);
	check_store(8, -2ull);
}

/* Each address form of APM vol. 3, 1.4 leads to the register. */
TEST(where_the_operand_lies)
{
	CODE(0x8b, 0x04, 0x24); /* RSP */
	check_load(4, 0xccddeeff);
	CODE(0x8b, 0x05, 0xfa, 0xf0, 0xff, 0x06); /* RIP, from behind the instruction */
	check_load(4, 0xccddeeff);
	CODE(0x64, 0x8b, 0x04, 0x25, 0, 0, 0, 0); /* FS:[0] */
	check_load(4, 0xccddeeff);
	CODE(0x65, 0xa1, 0, 1, 0, 0, 0, 0, 0, 0); /* GS:[0x100] */
	check_load(4, 0xccddeeff);
	CODE(0x8b, 0x44, 0x2a, 0x00); /* RDX + RBP */
	check_load(4, 0xccddeeff);
	CODE(0x8b, 0x04, 0xed, 0x00, 0x01, 0x00, 0x07); /* 8 * RBP + disp32 */
	check_load(4, 0xccddeeff);
	CODE(0x67, LOAD); /* EDX */
	setup();
	v.ctx[2].gpr[2] |= 0x1234ull << 32;
	CHECK_EQ(reads(), RESUME);
}

static void check_vc(int result)
{
	CHECK_EQ(result, VC);
	CHECK_EQ(answers, 0);
	CHECK_EQ(vmcb.rax, OLD);
	CHECK_EQ(vmcb.int_state, 1);
	setup();
}

TEST(as_on_a_processor)
{
	CODE(LOAD);
	setup();
	host_options.strict = true;
	check_vc(reads());
	v.ctx[2].sev_features |= SEV_FEAT_REFLECT_VC;
	check_vc(reads());
	check_vc(mmio_access(&v, gpa(PLACE), true, false)); /* with the C-bit */
	vmcb.cpl = 3;
	check_vc(reads());
	mode64 = false;
	check_vc(reads());
	vmcb.event_inj = EVENT_VALID | EVENT_INTR | 0x40; /* its own delivery met this */
	check_vc(reads());
	has_no_answer = true;
	check_vc(reads());
	CODE(0x01, 0x02); /* ADD */
	check_vc(writes());
	CODE(0xf0, STORE);
	check_vc(writes());
	code_size = 0;
	check_vc(reads());
}

/* Another vCPU may have changed the instruction or the tables, or the access began elsewhere. */
TEST(only_the_access_that_failed)
{
	CODE(LOAD);
	setup();
	check_vc(writes());
	CODE(STORE);
	check_vc(reads());
	walks = WALK_PAGE_FAULT;
	check_vc(writes());
	v.ctx[2].gpr[2] = LINEAR + 4;
	check_vc(writes());
	v.ctx[2].gpr[2] = LINEAR - 0x102; /* the access crosses into the page */
	check_vc(mmio_access(&v, gpa(PLACE - 0x100), false, true));
	v.ctx[2].gpr[2] = LINEAR + 0xefd; /* and out of it */
	check_vc(mmio_access(&v, gpa(PLACE + 0xefd), false, true));
	v.ctx[2].gpr[2] = LINEAR + 0xefc;
	CHECK_EQ(mmio_access(&v, gpa(PLACE + 0xefc), false, true), MACHINE_INTR);
}

TEST(a_single_step_ends_behind_it)
{
	CODE(LOAD);
	setup();
	vmcb.rflags = RFLAGS_TF;
	CHECK_EQ(reads(), RESUME);
	CHECK_EQ(vmcb.rip, RIP + 2);
	CHECK_EQ(vmcb.event_inj & EVENT_VECTOR, VEC_DB);
	CHECK(vmcb.dr6 & DR6_BS);
}
