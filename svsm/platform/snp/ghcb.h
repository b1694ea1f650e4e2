/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The way to the hypervisor: one GHCB page per CPU, and the GHCB MSR protocol (56421).
 *
 * The page is shared memory: the hypervisor reads and writes it at any time, and so can the guest,
 * because VMPLs do not protect shared pages. No secret goes into it (a log line is none), an
 * answer is read once (GHCB_GET), and no answer may lead to a panic once the guest runs.
 *
 * Nor is an answer a property of the machine (docs/host-answers.md). A request that is refused is
 * made GHCB_ATTEMPTS times, each time written anew, and then by the MSR protocol where that can
 * ask the same: its answers lie in no memory. What still fails is tried again later.
 *
 * Nesting. An exception may strike while a GHCB is half built or its answer half read, and the
 * handler may need the hypervisor too (a #VC for CPUID, a log line, a panic). So every use is
 * bracketed:
 *
 *	struct ghcb *g = ghcb_begin();    depth 0: the page is ours
 *	...                               depth 1..3: first the page and the MSR are saved
 *	ghcb_call(g, exit, info1, info2)
 *	ghcb_end(g)                       what was saved is restored, byte for byte
 *
 * ghcb_msr_call() counts as a use, because it changes the MSR under a GHCB that is being built. A
 * CPU registers one page only; saved pages are private memory.
 */
#include "abi/ghcb.h"
#include "platform/platform.h"

#define GHCB_DEPTH    4 /* work; #VC or #PF in it; NMI or #DF in that; a panic in that */

#define GHCB_ATTEMPTS 3

struct ghcb_saved {
	uint64_t msr;
	void *page; /* private */
};

struct ghcb_state {
	struct ghcb *page; /* shared with the hypervisor */
	gpa_t gpa;
	uint32_t depth;      /* uses that are open now */
	bool left;           /* outside of a use the MSR may hold what a run has left there */
	bool ring3;          /* ring 3 has run since the guest did */
	bool by_page;        /* how the guest was run the last time (vcpu.c) */
	uint32_t called_off; /* runs of it in a row that #HV has called off */
	struct ghcb_saved saved[GHCB_DEPTH - 1];
};

/* Allocate c's page, make it shared, register it. False after a log line: no memory, or the
 * hypervisor refused. */
bool ghcb_init(struct cpu *c);

/* Begin a use. NULL: nested too deeply, or this CPU has no page yet. The valid bitmap is
 * cleared. */
struct ghcb *ghcb_begin(void);
void ghcb_end(struct ghcb *g);

/* Set a field and mark it valid; is a field of the answer marked valid? */
#define GHCB_SET(g, field, v)                                                                      \
	do {                                                                                       \
		(g)->field = (v);                                                                  \
		ghcb_mark(g, offsetof(struct ghcb, field));                                        \
	} while (0)
#define GHCB_HAS(g, field) ghcb_marked(g, offsetof(struct ghcb, field))
/* A field of the answer, read once into *v. False: the answer does not mark it valid. */
#define GHCB_GET(g, field, v) (*(v) = READ_ONCE((g)->field), GHCB_HAS(g, field))
void ghcb_mark(struct ghcb *g, size_t offset);
bool ghcb_marked(const struct ghcb *g, size_t offset);

/* Fill in exit code and information, VMGEXIT, read the answer: PLATFORM_OK or PLATFORM_REFUSED.
 * The caller has set the fields that this exit needs with GHCB_SET. */
enum platform_result ghcb_call(struct ghcb *g, uint64_t exit_code, uint64_t info1, uint64_t info2);

/* Run that VMPL, as ghcb_msr_run() does it. */
enum platform_result ghcb_run(struct ghcb *g, unsigned vmpl);

/* One request of the MSR protocol; returns what the MSR then holds. Works before
 * ghcb_init(), too. */
uint64_t ghcb_msr_call(uint64_t request);
/* Requests that the MSR protocol can make as well as a page. False: refused. */
bool ghcb_msr_page_state(gpa_t g, bool shared);                /* one 4K page */
bool ghcb_msr_cpuid(uint32_t leaf, unsigned reg, uint32_t *v); /* subleaf 0; reg 0..3: EAX..EDX */
/* Comes back when the hypervisor runs VMPL0 again, or at once when VMPL0 has something to
 * look at that ends a run: the guest's interrupts, or its own timer. */
bool ghcb_msr_run(unsigned vmpl);
/* VMGEXIT has no privilege check. Before ring 3 runs, the MSR has to name the page, and no field
 * there is valid: one by ring 3 then is a request that every hypervisor refuses. */
void ghcb_before_ring3(void);
NORETURN void ghcb_msr_terminate(unsigned set, unsigned reason);

static inline void vmgexit(void)
{
	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xd9" : : : "memory");
}
