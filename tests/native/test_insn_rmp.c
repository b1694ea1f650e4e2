/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * PVALIDATE and RMPADJUST that wait for a VMSA page in use: on what page they act behind the wait.
 *
 * sources: launch/machine/snp/insn_rmp.c
 */
#include "machine/snp/insn_rmp.h"
#include "base/x86.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_inuse.h"
#include "tests/native/check.h"

#include <string.h>

#define OLD 0x5000ull
#define NEW 0x6000ull

/* ---- rAX names OLD, which is in use; the wait for it ends as the test wants ---- */

static struct vcpu v;
static struct vmcb m;
static struct rmp_entry held = {.holder = 1};
static uint64_t mapped; /* 0: nothing is */
static uint64_t after;  /* what is mapped behind the wait */
static uint64_t changed;
static unsigned waits, dones;

bool vmsa_inuse_wait(struct vcpu *cpu, const struct rmp_entry *e)
{
	CHECK(cpu == &v && e == &held);
	waits++;
	mapped = after;
	return true;
}

void vmsa_inuse_done(struct vcpu *cpu)
{
	CHECK(cpu == &v);
	dones++;
}

enum walk_status walk_linear(struct vcpu *cpu, uint64_t la, unsigned flags, struct walk *w)
{
	(void)cpu, (void)la, (void)flags;
	w->gpa = gpa(mapped);
	w->is_private = true;
	w->size = PAGE_SIZE;
	return mapped ? WALK_OK : WALK_PAGE_FAULT;
}

/* The one in use comes free only when it is waited for. */
static struct rmp_result change(gpa_t g)
{
	if (g.v == OLD && !waits)
		return (struct rmp_result){.event = RMP_IN_USE, .held = &held};
	changed = g.v;
	return (struct rmp_result){.event = RMP_DONE};
}

struct rmp_result rmp_pvalidate(gpa_t g, int size, bool validate)
{
	(void)size, (void)validate;
	return change(g);
}

struct rmp_result rmp_adjust(gpa_t g, const struct rmp_adjust *a)
{
	(void)a;
	return change(g);
}

/* ---- nothing of these is asked for, or its outcome alone counts ---- */

struct rmp_result rmp_query(gpa_t g, uint8_t current, uint8_t target, struct rmp_entry *out)
{
	(void)current, (void)target, (void)out;
	return change(g);
}

bool rmp_is_shared(gpa_t g, uint64_t len)
{
	(void)g, (void)len;
	return false;
}

bool guest_mode64(const struct vmcb *vmcb)
{
	(void)vmcb;
	return true;
}

uint64_t insn_gpr(struct vcpu *cpu, unsigned n)
{
	(void)cpu, (void)n;
	return 0;
}

void insn_set_gpr(struct vcpu *cpu, unsigned n, uint64_t value)
{
	(void)cpu, (void)n, (void)value;
}

void insn_skip(struct vmcb *vmcb, unsigned length)
{
	vmcb->rip += length;
}

int insn_fault(struct vcpu *cpu, uint8_t vector)
{
	(void)cpu, (void)vector;
	return RESUME;
}

int event_access(struct vcpu *cpu, enum walk_status s, const struct walk *w)
{
	(void)cpu, (void)s, (void)w;
	return MACHINE_SHARED; /* a mark */
}

int event_fault(struct vcpu *cpu, const char *why, uint64_t at)
{
	(void)cpu, (void)why, (void)at;
	return MACHINE_FAULT;
}

int event_shared(struct vcpu *cpu, gpa_t g)
{
	(void)cpu, (void)g;
	return MACHINE_SHARED;
}

static int execute(enum insn_kind kind, uint64_t behind)
{
	struct insn i = {.kind = kind, .length = 4, .address = 8};

	memset(&m, 0, sizeof(m));
	v.ctx[0].vmcb = &m;
	mapped = OLD;
	after = behind;
	changed = 0;
	waits = dones = 0;
	return insn_rmp(&v, &i);
}

static const enum insn_kind kinds[] = {INSN_PVALIDATE, INSN_RMPADJUST};

TEST(the_same_page_behind_the_wait)
{
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		check_context("instruction %u", k);
		CHECK_EQ(execute(kinds[k], OLD), RESUME);
		CHECK_EQ(changed, OLD);
		CHECK_EQ(m.rip, 4);
		CHECK_EQ(waits, 1);
		CHECK_EQ(dones, 1);
	}
}

/* APM vol. 3, INVLPGB and TLBSYNC: once they are done no processor uses the old translation. The
 * other vCPU makes them while this one waits, and nobody waits for this one. */
TEST(another_page_behind_the_wait)
{
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		check_context("instruction %u", k);
		CHECK_EQ(execute(kinds[k], NEW), RESUME);
		CHECK_EQ(changed, NEW);
		CHECK_EQ(dones, 1);
	}
}

TEST(no_page_behind_the_wait)
{
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		check_context("instruction %u", k);
		CHECK_EQ(execute(kinds[k], 0), MACHINE_SHARED);
		CHECK_EQ(changed, 0);
		CHECK_EQ(m.rip, 0);
		CHECK_EQ(dones, 1);
	}
}
