/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The GHCB of each CPU: made shared, registered, and handed out by ghcb_begin() and ghcb_end();
 * and the GHCB MSR protocol. All of platform/snp reaches the hypervisor through here. The page is
 * shared memory, so nothing secret may be written to it, and each answer is read once.
 */
#include "platform/snp/ghcb.h"
#include "base/assert.h"
#include "base/speculation.h"
#include "base/x86.h"
#include "mm/paging.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "cpu/predictor.h"
#include "cpu/trap/hv.h"
#include "lib/string.h"
#include "platform/snp/snp.h"

void ghcb_mark(struct ghcb *g, size_t offset)
{
	unsigned bit = offset / 8;

	g->valid[bit / 8] |= 1u << bit % 8;
}

bool ghcb_marked(const struct ghcb *g, size_t offset)
{
	unsigned bit = offset / 8;

	return READ_ONCE(g->valid[bit / 8]) >> bit % 8 & 1;
}

/* For a nested user: saves the page and the MSR of the user that was interrupted. */
static void save_outer(struct ghcb_state *s, struct ghcb_saved *to)
{
	memcpy(to->page, s->page, PAGE_SIZE);
	to->msr = rdmsr(MSR_GHCB);
	wrmsr(MSR_GHCB, s->gpa.v);
}

static void restore_outer(struct ghcb_state *s, const struct ghcb_saved *from)
{
	memcpy(s->page, from->page, PAGE_SIZE);
	wrmsr(MSR_GHCB, from->msr);
}

struct ghcb *ghcb_begin(void)
{
	struct ghcb_state *s = percpu_this()->ghcb;
	uint32_t depth;

	if (!s || s->depth >= GHCB_DEPTH)
		return NULL;
	/* The depth first: whoever interrupts from here on must save the page. */
	depth = s->depth;
	WRITE_ONCE(s->depth, depth + 1);
	barrier();
	if (depth)
		save_outer(s, &s->saved[depth - 1]);
	memset(s->page->valid, 0, sizeof(s->page->valid));
	return s->page;
}

void ghcb_end(struct ghcb *g)
{
	struct ghcb_state *s = percpu_this()->ghcb;

	ASSERT(g == s->page && s->depth);
	if (s->depth > 1)
		restore_outer(s, &s->saved[s->depth - 2]);
	else /* VMGEXIT has no privilege check: one in ring 3 must not find a request here */
		memset(s->page->valid, 0, sizeof(s->page->valid));
	barrier();
	WRITE_ONCE(s->depth, s->depth - 1);
}

#define VMGEXIT ".byte 0xf3, 0x0f, 0x01, 0xd9\n"

/* Without anything in between, which is one exit for a machine in software, too. */
static uint64_t ask_by_msr(uint64_t request)
{
	uint32_t low = (uint32_t)request, high = (uint32_t)(request >> 32);

	__asm__ volatile("wrmsr\n" VMGEXIT "rdmsr"
			 : "+a"(low), "+d"(high)
			 : "c"(MSR_GHCB)
			 : "memory");
	return (uint64_t)high << 32 | low;
}

/* So many runs in a row may be called off. A hypervisor that rings without end, or a vCPU that
 * clears NoFurtherSignal for it, must not keep the guest from running. */
#define CALLED_OFF_MAX 8

/*
 * To run the guest. Where VMPL0 injects its interrupts, or its own timer is to end the run: unless
 * one has come since it looked (cpu/trap/hv.h). 0: so it is, and nothing was asked. Behind the
 * guest no return comes before the predictors are flushed: here, or by hv_run_unless().
 */
static uint64_t ask_for_run(uint64_t request)
{
	struct ghcb_state *s = percpu_this()->ghcb;
	uint64_t answer;

	if ((percpu_this()->guest.apic || hv_taken()) && s->called_off < CALLED_OFF_MAX) {
		answer = hv_run_unless(request, hv_count(), hv_seen());
	} else {
		answer = ask_by_msr(request);
		predictor_flush();
		answer = answer ?: GHCB_MSR_INFO_MASK; /* 0 is no answer to anything */
	}
	s->called_off = answer ? 0 : s->called_off + 1;
	return answer;
}

/* The MSR may hold something else: an answer that ghcb_msr_run() has left. */
static void ask_by_page(struct ghcb_state *s)
{
	s->left = false;
	__asm__ volatile("wrmsr\n" VMGEXIT
			 :
			 : "a"((uint32_t)s->gpa.v), "d"((uint32_t)(s->gpa.v >> 32)), "c"(MSR_GHCB)
			 : "memory");
}

static void fill(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	GHCB_SET(g, exit_code, exit_code);
	GHCB_SET(g, exit_info1, info1);
	GHCB_SET(g, exit_info2, info2);
	g->version = GHCB_VERSION_MAX;
	g->usage = 0;
}

/* Only the low half of SW_EXITINFO1 counts: 0 means that the hypervisor has done what was
 * asked. */
static enum platform_result answer(const struct ghcb *g)
{
	return (uint32_t)READ_ONCE(g->exit_info1) ? PLATFORM_REFUSED : PLATFORM_OK;
}

enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2)
{
	fill(g, exit_code, info1, info2);
	ask_by_page(percpu_this()->ghcb);
	speculation_barrier(); /* the guest may have trained this, and filled the return stack */
	return answer(g);
}

enum platform_result ghcb_run(struct ghcb *g, unsigned vmpl)
{
	struct ghcb_state *s = percpu_this()->ghcb;
	uint64_t asked;

	fill(g, GHCB_EXIT_RUN_VMPL, vmpl, 0);
	asked = ask_for_run(s->gpa.v);
	s->left = !asked; /* called off, it may not have written the MSR */
	return asked ? answer(g) : PLATFORM_OK;
}

uint64_t ghcb_msr_call(uint64_t request)
{
	struct ghcb_state *s = percpu_this()->ghcb;
	uint64_t before = 0, answer;

	/* The MSR is in use from here on, which a nested user must know: so the depth counts. The
	 * page is not touched. */
	if (s) {
		before = s->depth ? rdmsr(MSR_GHCB) : s->gpa.v;
		s->left = false;
		WRITE_ONCE(s->depth, s->depth + 1);
		barrier();
	}
	answer = ask_by_msr(request);
	if (s) {
		wrmsr(MSR_GHCB, before);
		barrier();
		WRITE_ONCE(s->depth, s->depth - 1);
	}
	return answer;
}

bool ghcb_msr_page_state(gpa_t g, bool shared)
{
	uint64_t op = shared ? GHCB_PSC_SHARED : GHCB_PSC_PRIVATE;
	uint64_t r = 0;

	for (unsigned n = 0; n < GHCB_ATTEMPTS; n++) {
		r = ghcb_msr_call(GHCB_MSR_PSC_REQ | op << 52 | g.v);
		if ((r & GHCB_MSR_INFO_MASK) == GHCB_MSR_PSC_RESP && !(r >> 32))
			return true;
	}
	return false;
}

bool ghcb_msr_cpuid(uint32_t leaf, unsigned reg, uint32_t *v)
{
	uint64_t r = ghcb_msr_call(GHCB_MSR_CPUID_REQ | (uint64_t)reg << 30 | (uint64_t)leaf << 32);

	*v = (uint32_t)(r >> 32);
	return (r & GHCB_MSR_INFO_MASK) == GHCB_MSR_CPUID_RESP;
}

/* The MSR keeps the answer: to put it right costs more than whoever needs it has to pay. */
bool ghcb_msr_run(unsigned vmpl)
{
	struct ghcb_state *s = percpu_this()->ghcb;
	uint64_t r;

	WRITE_ONCE(s->depth, s->depth + 1);
	barrier();
	r = ask_for_run(GHCB_MSR_RUN_VMPL_REQ | (uint64_t)vmpl << 32);
	s->left = true; /* now: a nested use takes no notice of it, and puts the MSR back */
	barrier();
	WRITE_ONCE(s->depth, s->depth - 1);
	return !r || ((r & GHCB_MSR_INFO_MASK) == GHCB_MSR_RUN_VMPL_RESP && !(r >> 32));
}

void ghcb_before_ring3(void)
{
	struct ghcb_state *s = percpu_this()->ghcb;

	if (s->left)
		wrmsr(MSR_GHCB, s->gpa.v);
	s->left = false;
	s->ring3 = true;
}

/* Repeated for ever, because the hypervisor may let the guest go on. */
void ghcb_msr_terminate(unsigned set, unsigned reason)
{
	for (;;) {
		wrmsr(MSR_GHCB, GHCB_MSR_TERMINATE | (set & 0xf) << 12 | (reason & 0xff) << 16);
		vmgexit();
		__asm__ volatile("hlt");
	}
}

/* On failure nothing is freed: the CPU does not come up without a GHCB. */
static bool state_alloc(struct ghcb_state *s)
{
	s->page = alloc_page();
	for (unsigned i = 0; i < ARRAY_LEN(s->saved); i++)
		if (!(s->saved[i].page = alloc_page()))
			return false;
	return s->page;
}

/* Makes the page shared: invalidate it, let the hypervisor have it, map it without the C-bit. Its
 * content is then lost. */
static bool make_shared(struct ghcb_state *s)
{
	s->gpa = paging_pa(s->page);
	if (snp_pvalidate(s->page, RMP_PG_4K, false) || !ghcb_msr_page_state(s->gpa, true))
		return false;
	paging_set(s->page, PAGING_SHARED);
	memset(s->page, 0, PAGE_SIZE);
	return true;
}

/* Required under SNP before the page may be used. The hypervisor must echo the address. */
static bool register_page(const struct ghcb_state *s)
{
	for (unsigned n = 0; n < GHCB_ATTEMPTS; n++)
		if (ghcb_msr_call(GHCB_MSR_REG_GPA_REQ | s->gpa.v) ==
		    (GHCB_MSR_REG_GPA_RESP | s->gpa.v))
			return true;
	return false;
}

bool ghcb_init(struct cpu *c)
{
	struct ghcb_state *s = alloc(sizeof(*s));

	if (!s || !state_alloc(s)) {
		log_error("ghcb: no memory");
		return false;
	}
	if (!make_shared(s) || !register_page(s)) {
		log_error("ghcb: the hypervisor refused the page");
		return false;
	}
	wrmsr(MSR_GHCB, s->gpa.v);
	c->host_page = s->gpa;
	c->ghcb = s;
	return true;
}
