/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The GHCB page of each vCPU, the MSR protocol, and the events that tests use often. */
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

static uint8_t pages[PERCPU_COUNT][PAGE_SIZE] ALIGNED(4096);
static bool page_shared[PERCPU_COUNT];

uint64_t ghcb_msr(uint64_t request)
{
	wrmsr(MSR_GHCB, request);
	vmgexit();
	return rdmsr(MSR_GHCB);
}

uint64_t ghcb_msr_psc(uint64_t gpa, unsigned op)
{
	uint64_t r = ghcb_msr((uint64_t)op << 52 | (gpa & PTE_ADDR) | GHCB_MSR_PSC_REQ);

	return (r & GHCB_MSR_INFO_MASK) == GHCB_MSR_PSC_RESP ? r >> 32 : ~0ull;
}

uint32_t ghcb_msr_cpuid(uint32_t leaf, unsigned reg)
{
	uint64_t r = ghcb_msr((uint64_t)leaf << 32 | (uint64_t)reg << 30 | GHCB_MSR_CPUID_REQ);

	return (uint32_t)(r >> 32);
}

void ghcb_terminate(unsigned set, unsigned reason)
{
	for (;;)
		ghcb_msr((uint64_t)set << 12 | (uint64_t)reason << 16 | GHCB_MSR_TERMINATE);
}

/*
 * A vCPU's GHCB page, made shared when it is first asked for. Without one the guest cannot say
 * anything, so it terminates.
 */
uint64_t ghcb_page(unsigned cpu)
{
	uint64_t at = (uint64_t)pages[cpu];

	if (!page_shared[cpu] && !vmpl_page_shared(at))
		ghcb_terminate(0, 0);
	page_shared[cpu] = true;
	return at;
}

/* Tests that change pages must leave these alone: they are shared already. */
bool ghcb_owns(uint64_t gpa)
{
	return gpa - (uint64_t)pages < sizeof(pages);
}

/* Each vCPU registers its own page before it uses it (56421, Register GHCB GPA). */
void ghcb_cpu_init(void)
{
	struct percpu *c = percpu();
	uint64_t at = ghcb_page(c->index);

	if (ghcb_msr(at | GHCB_MSR_REG_GPA_REQ) != (at | GHCB_MSR_REG_GPA_RESP))
		ghcb_terminate(1, 0);
	c->ghcb_gpa = at;
	c->ghcb = paging_shared(at);
	memset(c->ghcb, 0, PAGE_SIZE);
	ghcb_select();
}

/*
 * The MSR protocol leaves its answer in the MSR, so the page's address must be put back before the
 * next exit by page.
 */
void ghcb_select(void)
{
	wrmsr(MSR_GHCB, percpu()->ghcb_gpa);
}

/*
 * Starts a request: nothing is valid until it is marked, so an old field cannot pass for an answer.
 */
struct ghcb *ghcb_begin_again(void)
{
	struct ghcb *g = percpu()->ghcb;

	memset(g->valid, 0, sizeof(g->valid));
	g->version = GHCB_VERSION_MAX;
	g->usage = 0;
	return g;
}

struct ghcb *ghcb_begin(void)
{
	ghcb_select();
	return ghcb_begin_again();
}

/* The valid bitmap has a bit for each 8 bytes of the save area. */
void ghcb_mark(struct ghcb *g, size_t offset)
{
	g->valid[offset / 64] |= (uint8_t)(1 << (offset / 8 % 8));
}

bool ghcb_is_valid(const struct ghcb *g, size_t offset)
{
	return READ_ONCE(g->valid[offset / 64]) >> (offset / 8 % 8) & 1;
}

/* Returns the low half of SW_EXITINFO1: 0 when the hypervisor has done what was asked. */
uint32_t ghcb_exit(struct ghcb *g, uint64_t code, uint64_t info1, uint64_t info2)
{
	GHCB_SET(g, exit_code, code);
	GHCB_SET(g, exit_info1, info1);
	GHCB_SET(g, exit_info2, info2);
	vmgexit();
	return (uint32_t)READ_ONCE(g->exit_info1);
}

static uint64_t buffer_gpa(void)
{
	return percpu()->ghcb_gpa + offsetof(struct ghcb, buffer);
}

bool ghcb_out_string(uint16_t port, const void *bytes, size_t n)
{
	struct ghcb *g = ghcb_begin();

	if (n > GHCB_BUFFER_SIZE)
		return false;
	memcpy(g->buffer, bytes, n);
	GHCB_SET(g, scratch, buffer_gpa());
	return ghcb_exit(g, GHCB_EXIT_IOIO,
			 (uint64_t)port << 16 | IOIO_STR | IOIO_REP | IOIO_SZ8 | IOIO_A64, n) == 0;
}

bool ghcb_in_string(uint16_t port, void *bytes, size_t n)
{
	struct ghcb *g = ghcb_begin();

	if (n > GHCB_BUFFER_SIZE)
		return false;
	GHCB_SET(g, scratch, buffer_gpa());
	if (ghcb_exit(g, GHCB_EXIT_IOIO,
		      (uint64_t)port << 16 | IOIO_IN | IOIO_STR | IOIO_REP | IOIO_SZ8 | IOIO_A64,
		      n))
		return false;
	memcpy(bytes, g->buffer, n);
	return true;
}

/* IOIO's SZ8, SZ16, SZ32 are the size in bytes, shifted. */
bool ghcb_out(uint16_t port, unsigned size, uint32_t value)
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, rax, value);
	return ghcb_exit(g, GHCB_EXIT_IOIO, (uint64_t)port << 16 | size << 4, 0) == 0;
}

bool ghcb_in(uint16_t port, unsigned size, uint32_t *value)
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, rax, 0);
	if (ghcb_exit(g, GHCB_EXIT_IOIO, (uint64_t)port << 16 | size << 4 | IOIO_IN, 0) ||
	    !GHCB_VALID(g, rax))
		return false;
	*value = (uint32_t)g->rax & (size == 4 ? 0xffffffffu : (1u << size * 8) - 1);
	return true;
}

bool ghcb_rdmsr(uint32_t msr, uint64_t *value)
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, rcx, msr);
	if (ghcb_exit(g, GHCB_EXIT_MSR, 0, 0) || !GHCB_VALID(g, rax) || !GHCB_VALID(g, rdx))
		return false;
	*value = g->rdx << 32 | (uint32_t)g->rax;
	return true;
}

bool ghcb_wrmsr(uint32_t msr, uint64_t value)
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, rcx, msr);
	GHCB_SET(g, rax, (uint32_t)value);
	GHCB_SET(g, rdx, value >> 32);
	return ghcb_exit(g, GHCB_EXIT_MSR, 1, 0) == 0;
}

bool ghcb_cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, rax, leaf);
	GHCB_SET(g, rcx, sub);
	if (leaf == 0xd)
		GHCB_SET(g, xcr0, 1);
	if (ghcb_exit(g, GHCB_EXIT_CPUID, 0, 0) || !GHCB_VALID(g, rax) || !GHCB_VALID(g, rbx) ||
	    !GHCB_VALID(g, rcx) || !GHCB_VALID(g, rdx))
		return false;
	r[0] = (uint32_t)g->rax;
	r[1] = (uint32_t)g->rbx;
	r[2] = (uint32_t)g->rcx;
	r[3] = (uint32_t)g->rdx;
	return true;
}

uint32_t ghcb_tsc_khz(void)
{
	uint32_t r[4];

	return ghcb_cpuid(0x40000010, 0, r) ? r[0] : 0;
}

bool ghcb_mmio_read(uint64_t gpa, unsigned size, uint64_t *value)
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, scratch, buffer_gpa());
	if (ghcb_exit(g, GHCB_EXIT_MMIO_READ, gpa, size))
		return false;
	*value = 0;
	memcpy(value, g->buffer, size);
	return true;
}

bool ghcb_mmio_write(uint64_t gpa, unsigned size, uint64_t value)
{
	struct ghcb *g = ghcb_begin();

	memcpy(g->buffer, &value, size);
	GHCB_SET(g, scratch, buffer_gpa());
	return ghcb_exit(g, GHCB_EXIT_MMIO_WRITE, gpa, size) == 0;
}

/* RAX holds the SEV_FEATURES of the new VMSA (56421, SNP AP Creation). */
uint32_t ghcb_ap_create(uint32_t apic_id, unsigned vmpl, unsigned op, uint64_t vmsa,
			uint64_t features)
{
	struct ghcb *g = ghcb_begin();

	GHCB_SET(g, rax, features);
	return ghcb_exit(g, GHCB_EXIT_AP_CREATION,
			 (uint64_t)apic_id << 32 | (uint64_t)vmpl << 16 | op, vmsa);
}

uint32_t ghcb_run_vmpl(unsigned vmpl)
{
	struct ghcb *g = ghcb_begin();

	return ghcb_exit(g, GHCB_EXIT_RUN_VMPL, vmpl, 0);
}

/*
 * A list of one entry (56421, Page State Change). The hypervisor may come back before it has done
 * the entry: then `cur` has not passed `end`, and the guest asks again, a bounded number of times.
 */
uint64_t ghcb_psc(uint64_t gpa, unsigned op, bool huge)
{
	struct ghcb *g = ghcb_begin();
	struct ghcb_psc_header h = {0};
	uint64_t entry = gpa | (uint64_t)op << 52 | (huge ? GHCB_PSC_ENTRY_2M : 0);
	uint64_t error;

	for (unsigned i = 0; i < 1000; i++) {
		memcpy(g->buffer, &h, sizeof(h));
		memcpy(g->buffer + sizeof(h), &entry, sizeof(entry));
		g = ghcb_begin();
		GHCB_SET(g, scratch, buffer_gpa());
		if (ghcb_exit(g, GHCB_EXIT_PSC, 0, 0))
			return ~0ull;
		error = g->exit_info2 >> 32;
		if (error)
			return error;
		memcpy(&h, g->buffer, sizeof(h));
		memcpy(&entry, g->buffer + sizeof(h), sizeof(entry));
		if (h.cur > h.end)
			return 0;
	}
	return ~0ull;
}
