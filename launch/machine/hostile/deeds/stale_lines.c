/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A processor on which cache lines of a page can outlive its validation, and a host that has left
 * its own in every page: CPUID 8000001F EBX[31] (COHERENCY_SFW_NO) is clear. Such a processor asks
 * whoever executes PVALIDATE to touch the first and the last byte of each 4K page before anything
 * else is done with it (Linux, commit 7b306dfa326f). So each page that was validated faults until
 * both were touched. Whoever uses it otherwise before that has lost: the host's bytes are in it.
 *
 *   hidden, no byte touched  --first or last byte-->  the other one is left  --that-->  the guest's
 *            |                                                |
 *            +---- any other access: MARK in both bytes ------+
 *
 * An access that touches one byte is let through by a single step, because a nested table's entry
 * opens the whole page.
 */
#include "machine/hostile/hostile.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "machine/snp/rmp/rmp.h"
#include "base/x86.h"

#define COHERENCY_SFW_NO BIT(31)
#define FIRST            1 /* the first byte of the page was not touched yet */
#define LAST             2
#define MARK             0x5a
#define LINES            4 /* the most that are logged */

static uint8_t *state; /* FIRST | LAST of each page, under the lock of its region */
static uint64_t pages, evicted, lost;
static gpa_t stepping[HOST_MAX_CPUS]; /* the page that is open for one step; by vCPU */

static void cpuid_answer(uint32_t leaf, uint32_t out[4])
{
	if (leaf == 0x8000001f)
		out[1] &= ~(uint32_t)COHERENCY_SFW_NO;
}

static void launched(void)
{
	pages = gpa_map_end() >> PAGE_SHIFT;
	state = host_pages_alloc((unsigned)(ALIGN_UP(pages, PAGE_SIZE) >> PAGE_SHIFT));
	for (unsigned i = 0; i < HOST_MAX_CPUS; i++)
		stepping[i] = GPA_NONE;
}

static void validated(gpa_t g, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		state[gpa_pfn(g) + i] = FIRST | LAST;
}

static bool hides(gpa_t g)
{
	return state && gpa_pfn(g) < pages && READ_ONCE(state[gpa_pfn(g)]);
}

static void overwrite(const struct vcpu *v, gpa_t g)
{
	uint8_t *p = guest_ptr(gpa_page(g));

	p[0] = p[PAGE_SIZE - 1] = MARK;
	state[gpa_pfn(g)] = 0;
	if (__atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED) < LINES)
		host_log("stale lines: VMPL %u uses 0x%llx before both of its page's lines were "
			 "evicted, RIP 0x%llx",
			 v->vmpl, (unsigned long long)g.v,
			 (unsigned long long)v->ctx[v->vmpl].vmcb->rip);
}

/* Lets the guest execute one instruction with the page open. */
static void step(struct vcpu *v, gpa_t g)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	npt_alias(v->vmpl, true, g, RMP_R | RMP_W);
	stepping[v->index] = gpa_page(g);
	m->exceptions |= BIT(VEC_DB);
	m->rflags |= RFLAGS_TF;
}

/* The region's lock is held. A page walk or a fetch is no touch. */
static void touched(struct vcpu *v, gpa_t g)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;
	uint64_t at = g.v & PAGE_MASK;
	uint8_t bit = at == 0 ? FIRST : at == PAGE_SIZE - 1 ? LAST : 0;

	if (!(bit & state[gpa_pfn(g)]) || (m->exit_info1 & (NPF_WALK | NPF_I))) {
		overwrite(v, g);
	} else {
		state[gpa_pfn(g)] &= (uint8_t)~bit;
		if (!state[gpa_pfn(g)])
			__atomic_fetch_add(&evicted, 1, __ATOMIC_RELAXED);
	}
	if (state[gpa_pfn(g)])
		step(v, g);
	else
		npt_sync(gpa_page(g), 1);
}

static bool nested_fault(struct vcpu *v, gpa_t g)
{
	bool mine;

	rmp_lock(g);
	npt_fill(v->vmpl, true, g);
	mine = hides(g);
	if (mine)
		touched(v, g);
	rmp_unlock(g);
	return mine;
}

static void stepped(struct vcpu *v)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;
	gpa_t g = stepping[v->index];

	m->exceptions &= ~(uint32_t)BIT(VEC_DB);
	m->rflags &= ~RFLAGS_TF;
	if (gpa_eq(g, GPA_NONE))
		return;
	stepping[v->index] = GPA_NONE;
	rmp_lock(g);
	npt_sync(g, 1);
	rmp_unlock(g);
}

static void ended(void)
{
	host_log("stale lines: %llu pages evicted, %llu lost", (unsigned long long)evicted,
		 (unsigned long long)lost);
}

HOSTILE_HOST(stale_lines, "stale-lines") = {
	.on = &stale_lines_on,
	.cpuid = cpuid_answer,
	.launched = launched,
	.validated = validated,
	.hides = hides,
	.nested_fault = nested_fault,
	.stepped = stepped,
	.ended = ended,
};
