/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Software interrupts: which bytes are one, and what becomes of a real and a stale one.
 *
 * sources: launch/machine/cpu/exec/stale.c svsm/lib/insn/prefixes.c
 */
#include "tests/native/check.h"
#include "base/x86.h"
#include "machine/cpu/access.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/stale.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"

#include <string.h>

#define RIP 0x1000ull

static struct vcpu v;
static struct vmcb m;
static uint8_t memory[15];
static unsigned lines, delivered, length_seen;
static uint8_t vector_seen;
static enum walk_status fetch, raised;
static unsigned flags_seen;

unsigned guest_fetch(struct vcpu *cpu, uint8_t bytes[15])
{
	(void)cpu;
	memcpy(bytes, memory, sizeof(memory));
	return fetch == WALK_OK ? sizeof(memory) : 0;
}

enum walk_status guest_read(struct vcpu *cpu, uint64_t la, void *buf, unsigned n, unsigned flags,
			    struct walk *w)
{
	(void)cpu, (void)buf, (void)w;
	CHECK_EQ(la, RIP);
	CHECK_EQ(n, 1);
	flags_seen = flags;
	return fetch;
}

int event_access(struct vcpu *cpu, enum walk_status s, const struct walk *w)
{
	(void)cpu, (void)w;
	raised = s;
	return s == WALK_EXIT ? MACHINE_FAULT : RESUME;
}

int deliver_software(struct vcpu *cpu, uint8_t vector, unsigned length)
{
	(void)cpu;
	delivered++;
	vector_seen = vector;
	length_seen = length;
	return MACHINE_SHARED; /* one of the outcomes */
}

enum walk_status walk_linear(struct vcpu *cpu, uint64_t la, unsigned flags, struct walk *w)
{
	(void)cpu, (void)flags;
	w->gpa = gpa(la - RIP);
	return WALK_OK;
}

bool guest_mode64(const struct vmcb *vmcb)
{
	return vmcb->efer & EFER_LMA;
}

bool host_guest_ram(gpa_t g, uint64_t len)
{
	return g.v + len <= sizeof(memory);
}

void *guest_ptr(gpa_t g)
{
	return memory + g.v;
}

void host_log(const char *fmt, ...)
{
	(void)fmt;
	lines++;
}

static int take(const char *code, unsigned n)
{
	memset(&m, 0, sizeof(m));
	memset(memory, 0x90, sizeof(memory));
	memcpy(memory, code, n);
	m.efer = EFER_LMA;
	m.rip = RIP;
	v.ctx[0].vmcb = &m;
	delivered = 0;
	raised = WALK_OK;
	stale_arm(&m);
	return stale_interrupt(&v);
}

static bool armed(void)
{
	return m.intercept3 & VMCB_INTERCEPT3(SVM_EXIT_SWINT);
}

TEST(what_is_a_software_interrupt)
{
	static const struct {
		const char *bytes;
		unsigned n;
		enum insn_mode mode;
		unsigned length;
		uint8_t vector;
	} rows[] = {
		{"\xcc", 1, INSN_MODE64, 1, 3},
		{"\xcd\x80", 2, INSN_MODE64, 2, 0x80},
		{"\xcd", 1, INSN_MODE64, 0, 0},
		{"\x48\xcc", 2, INSN_MODE64, 2, 3},
		{"\x48\xcc", 2, INSN_MODE32, 0, 0},
		{"\xf3\x66\xcd\x03", 4, INSN_MODE64, 4, 3},
		{"\x66\x90", 2, INSN_MODE64, 0, 0},
		{"\x66\x66", 2, INSN_MODE64, 0, 0},
		{"\xe9\xcc\xcc\xcc\xcc", 5, INSN_MODE64, 0, 0},
		{"", 0, INSN_MODE64, 0, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t vector = 0;

		check_context("row %u", i);
		CHECK_EQ(stale_interrupt_length((const uint8_t *)rows[i].bytes, rows[i].n,
						rows[i].mode, &vector),
			 rows[i].length);
		CHECK_EQ(vector, rows[i].vector);
	}
}

TEST(a_real_one_is_delivered)
{
	CHECK_EQ(take("\xcc", 1), MACHINE_SHARED);
	CHECK_EQ(delivered, 1);
	CHECK_EQ(vector_seen, VEC_BP);
	CHECK_EQ(length_seen, 1);
	CHECK_EQ(take("\x66\xcd\x80", 3), MACHINE_SHARED);
	CHECK_EQ(vector_seen, 0x80);
	CHECK_EQ(length_seen, 3);
	CHECK(armed());
}

TEST(a_stale_one_is_fetched_again)
{
	lines = 0;
	CHECK_EQ(take("\x66\x90", 2), RESUME);
	CHECK_EQ(delivered, 0);
	CHECK_EQ(m.rip, RIP);
	CHECK_EQ(m.event_inj, 0);
	CHECK(armed());
	CHECK_EQ(lines, 1);
	CHECK_MEM(memory, "\x66\x90", 2);
}

/* APM vol. 2, 15.36.7: without the right to execute the fetch faults, whatever QEMU does. */
TEST(one_that_may_not_be_fetched_is_no_stale_one)
{
	static const enum walk_status rows[] = {WALK_PAGE_FAULT, WALK_NOT_VALIDATED, WALK_EXIT};

	lines = 0;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		check_context("row %u", i);
		fetch = rows[i];
		CHECK_EQ(take("\xcc", 1), rows[i] == WALK_EXIT ? MACHINE_FAULT : RESUME);
		CHECK_EQ(raised, rows[i]);
		CHECK_EQ(flags_seen, WALK_FETCH);
		CHECK_EQ(delivered, 0);
		CHECK_EQ(lines, 0);
	}
	fetch = WALK_OK;
}
