/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Control registers: which writes a guest is stopped at, and what becomes of a CR8 that it wrote
 * without. APM vol. 2, 15.8 and 15.21.1 (intercepts of CRn, V_TPR), 3.1.3 (CR4).
 *
 * sources: launch/machine/cpu/exec/cr.c
 */
#include <string.h>
#include "base/x86.h"
#include "lib/insn/decode.h"
#include "machine/cpu/exec/cr.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vmcb.h"
#include "machine/cpu/walk.h"
#include "machine/host/options.h"
#include "tests/native/check.h"

#define CR(n) (1u << (n))

struct host_options host_options;

static struct vmcb m;
static struct vcpu v;
static struct insn next;
static uint64_t operand;
static unsigned tpr_writes, faults;
static uint8_t tpr, fault;

bool guest_long_mode(const struct vmcb *vmcb)
{
	return vmcb->efer & EFER_LMA;
}

bool guest_mode64(const struct vmcb *vmcb)
{
	return guest_long_mode(vmcb);
}

struct insn insn_at_rip(struct vcpu *vcpu)
{
	(void)vcpu;
	return next;
}

uint64_t insn_gpr(struct vcpu *vcpu, unsigned n)
{
	(void)vcpu, (void)n;
	return operand;
}

void insn_skip(struct vmcb *vmcb, unsigned length)
{
	vmcb->rip += length;
}

int insn_fault(struct vcpu *vcpu, uint8_t vector)
{
	(void)vcpu;
	fault = vector;
	faults++;
	return RESUME;
}

int event_fault(struct vcpu *vcpu, const char *why, uint64_t at)
{
	(void)vcpu, (void)why, (void)at;
	return MACHINE_FAULT;
}

/* Every feature of CR4 but those of leaf 7, ECX: no LA57, no PKE. */
void vmm_cpuid(struct vcpu *vcpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	(void)vcpu, (void)sub;
	memset(out, 0xff, 16);
	if (leaf == 7)
		out[2] = 0;
}

void machine_set_tpr(struct vcpu *vcpu, uint8_t value)
{
	(void)vcpu;
	m.int_ctl = (m.int_ctl & ~(uint32_t)VMCB_V_TPR_MASK) | value;
}

void vmm_cr8_write(struct vcpu *vcpu, uint8_t value)
{
	(void)vcpu;
	tpr_writes++;
	tpr = value;
}

/* A guest in 64-bit mode, as edk2's DXE and Linux are. */
static void start(bool strict)
{
	memset(&m, 0, sizeof(m));
	memset(&v, 0, sizeof(v));
	v.ctx[0].vmcb = &m;
	m.cr0 = CR0_PG | CR0_PE | CR0_ET | CR0_NE;
	m.cr4 = CR4_PAE;
	m.efer = EFER_LME | EFER_LMA;
	m.rip = 0x1000;
	host_options.strict = strict;
	tpr_writes = faults = 0;
}

static void write_of(unsigned reg, uint64_t value)
{
	next = (struct insn){.kind = INSN_MOV_TO_CR, .reg = (uint8_t)reg, .length = 3};
	operand = value;
	CHECK_EQ(cr_access(&v), RESUME);
}

TEST(nothing_stops_a_guest_in_long_mode)
{
	start(false);
	cr_intercept(&v);
	CHECK_EQ(m.cr_write, 0);
	CHECK_EQ(m.cr_read, 0);
}

/* QEMU checks neither PAE nor CR0, and the root of the nested tables follows both. */
TEST(on_the_way_up_all_stop)
{
	start(false);
	m.efer = EFER_LME;
	cr_intercept(&v);
	CHECK_EQ(m.cr_write, CR(0) | CR(4) | CR(8));
}

TEST(strict_judges_every_write)
{
	start(true);
	cr_intercept(&v);
	CHECK_EQ(m.cr_write, CR(0) | CR(4) | CR(8));
}

/* QEMU 7.2 aborts at a CR8 write beside V_IRQ; a lower TPR lets in what waits. */
TEST(cr8_stops_while_something_may_wait)
{
	start(false);
	m.int_ctl = VMCB_V_IRQ;
	cr_intercept(&v);
	CHECK_EQ(m.cr_write, CR(8));
	m.int_ctl = 5;
	cr_intercept(&v);
	CHECK_EQ(m.cr_write, CR(8));
	m.int_ctl = VMCB_V_INTR_MASKING;
	cr_intercept(&v);
	CHECK_EQ(m.cr_write, 0);
}

/* V_TPR after #VMEXIT is what the guest wrote: 15.21.1. */
TEST(a_cr8_without_an_exit_reaches_the_apic)
{
	start(false);
	cr_follow_tpr(&v, 0);
	CHECK_EQ(tpr_writes, 0);
	m.int_ctl = VMCB_V_INTR_MASKING | 9;
	cr_follow_tpr(&v, 0);
	CHECK_EQ(tpr_writes, 1);
	CHECK_EQ(tpr, 9);
	cr_follow_tpr(&v, 9);
	CHECK_EQ(tpr_writes, 1);
}

TEST(a_cr8_with_an_exit_is_written_once)
{
	start(false);
	m.int_ctl = 9;
	write_of(8, 3);
	CHECK_EQ(tpr_writes, 1);
	CHECK_EQ(tpr, 3);
	CHECK_EQ(m.int_ctl, 3);
	CHECK_EQ(m.rip, 0x1003);
	write_of(8, 16);
	CHECK_EQ(faults, 1);
	CHECK_EQ(fault, VEC_GP);
	CHECK_EQ(tpr_writes, 1);
}

/* What QEMU has refused comes here: a bit of CR3 beyond the address, one of CR4 that does not
 * exist. */
TEST(what_was_refused_faults)
{
	start(false);
	write_of(3, 1ull << 52);
	CHECK_EQ(faults, 1);
	write_of(4, CR4_PAE | CR4_LA57);
	CHECK_EQ(faults, 2);
	write_of(4, 0);
	CHECK_EQ(faults, 3);
	CHECK_EQ(fault, VEC_GP);
	CHECK_EQ(m.cr4, CR4_PAE);
	CHECK_EQ(m.rip, 0x1000);
}

TEST(what_may_be_written_is)
{
	start(false);
	write_of(0, m.cr0 | CR0_WP);
	CHECK_EQ(m.cr0, CR0_PG | CR0_PE | CR0_ET | CR0_NE | CR0_WP);
	write_of(4, CR4_PAE | CR4_PGE);
	CHECK_EQ(m.cr4, CR4_PAE | CR4_PGE);
	CHECK_EQ(faults, 0);
	CHECK_EQ(m.rip, 0x1006);
}

/* LOCK CLTS and LOCK LMSW, which QEMU lets pass up to the intercept: APM vol. 3, 1.2.5. */
TEST(an_undefined_form_is_undefined)
{
	start(false);
	m.cr0 |= CR0_TS;
	next = (struct insn){.kind = INSN_UNDEFINED, .length = 3};
	CHECK_EQ(cr_access(&v), RESUME);
	CHECK_EQ(faults, 1);
	CHECK_EQ(fault, VEC_UD);
	CHECK_EQ(m.cr0 & CR0_TS, CR0_TS);
	CHECK_EQ(m.rip, 0x1000);
}
