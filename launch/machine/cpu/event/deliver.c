/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/cpu/event/deliver.h"
#include "machine/cpu/access.h"
#include "machine/cpu/event/event.h"
#include "abi/vmsa.h"
#include "base/x86.h"

/*
 * Delivery as APM vol. 2, 8.9 describes it for 64-bit mode and 8.7 for 32-bit protected mode.
 *
 *   what comes here        why                              a fault on the way
 *   exceptions that the    no error code, or none of that   #PF is delivered in its own right, all
 *   processor under us     vector's                         others make #DF: they are contributory
 *   does not know                                           ones (8.2.9)
 *   interrupts             QEMU does not forget one that    is left to EVENTINJ after all
 *                          EVENTINJ has delivered
 *                          (docs/field-notes.md)
 *   INT3 and INT n         the frame of a fault on the way  is delivered instead, with RIP at the
 *                          would hold RIP behind them       instruction; EXT = 0 (8.4.1)
 */
enum kind {
	EXCEPTION,
	INTERRUPT,
	SOFTWARE
};

struct delivery {
	struct vcpu *v;
	struct vmcb *m;
	uint8_t vector;
	enum kind kind;
	bool failed;
	uint64_t rip;
	uint16_t cs;
	uint8_t ist;
	bool trap; /* a trap gate leaves IF alone */
	uint64_t descriptor;
	uint8_t cpl; /* of the handler */
	struct walk w;
};

#define GATE_P          BIT(47)
#define GATE_TYPE(g)    ((g) >> 40 & 0x1f)
#define GATE_TRAP       0xf /* an interrupt gate is one less */
#define GATE_DPL(g)     ((g) >> 45 & 3)
#define DESC_DPL(d)     ((d) >> 45 & 3)
#define DESC_P          BIT(47)
#define DESC_S          BIT(44)
#define DESC_CODE       BIT(43)
#define DESC_CONFORMING BIT(42)
#define DESC_ATTRIB(d)  ((uint16_t)(((d) >> 40 & 0xff) | ((d) >> 44 & 0xf00)))
#define DESC_BASE(d)    (((d) >> 16 & 0xffffff) | ((d) >> 56 & 0xff) << 24)
#define DESC_LIMIT(d)   ((uint32_t)(((d)&0xffff) | ((d) >> 32 & 0xf0000)))
#define DESC_G          BIT(55)

/* The error codes of faults about a gate of the IDT, and about a code segment: 8.4.1. */
static uint32_t idt_error(const struct delivery *d)
{
	return d->vector << 3 | 2u;
}

static uint32_t cs_error(const struct delivery *d)
{
	return d->cs & ~3u;
}

/* Always false: the delivery is over. */
static bool refuse(struct delivery *d, uint8_t vector, uint32_t error)
{
	d->failed = true;
	if (d->kind == EXCEPTION)
		event_exception(d->m, VEC_DF, 0);
	else if (d->kind == SOFTWARE)
		event_exception(d->m, vector, error);
	return false;
}

/* A memory access on the way failed. */
static int failed(struct delivery *d, enum walk_status s)
{
	d->failed = true;
	if (d->kind == INTERRUPT)
		return RESUME;
	if (d->kind == EXCEPTION && s == WALK_NOT_VALIDATED)
		return refuse(d, VEC_DF, 0), RESUME;
	return event_access(d->v, s, &d->w);
}

static enum walk_status system_read(struct delivery *d, uint64_t la, void *buf, unsigned n)
{
	return guest_read(d->v, la, buf, n, WALK_IMPLICIT, &d->w);
}

/* true to go on; false when *rc says what became of the delivery */
static bool read_gate64(struct delivery *d, int *rc)
{
	uint64_t g[2];
	enum walk_status s;

	*rc = RESUME;
	if (d->m->idtr.limit < d->vector * 16u + 15)
		return refuse(d, VEC_GP, idt_error(d));
	s = system_read(d, d->m->idtr.base + d->vector * 16u, g, sizeof(g));
	if (s != WALK_OK)
		return *rc = failed(d, s), false;
	if ((GATE_TYPE(g[0]) | 1) != GATE_TRAP ||
	    (d->kind == SOFTWARE && GATE_DPL(g[0]) < d->m->cpl))
		return refuse(d, VEC_GP, idt_error(d));
	if (!(g[0] & GATE_P))
		return refuse(d, VEC_NP, idt_error(d));
	d->rip = (g[0] & 0xffff) | (g[0] >> 32 & 0xffff0000) | g[1] << 32;
	d->cs = (uint16_t)(g[0] >> 16);
	d->ist = g[0] >> 32 & 7;
	d->trap = GATE_TYPE(g[0]) == GATE_TRAP;
	return true;
}

static bool read_gate32(struct delivery *d, int *rc)
{
	uint64_t g;
	enum walk_status s;

	*rc = RESUME;
	if (d->m->idtr.limit < d->vector * 8u + 7)
		return refuse(d, VEC_GP, idt_error(d));
	s = system_read(d, d->m->idtr.base + d->vector * 8u, &g, sizeof(g));
	if (s != WALK_OK)
		return *rc = failed(d, s), false;
	if (!(g & GATE_P) || (GATE_TYPE(g) | 1) != GATE_TRAP)
		return refuse(d, VEC_GP, idt_error(d));
	d->rip = (g & 0xffff) | (g >> 32 & 0xffff0000);
	d->cs = (uint16_t)(g >> 16);
	d->trap = GATE_TYPE(g) == GATE_TRAP;
	return true;
}

static bool read_code_segment(struct delivery *d, int *rc)
{
	const struct vmsa_seg *t = d->cs & 4 ? &d->m->ldtr : &d->m->gdtr;
	uint64_t at = d->cs & ~7u;
	enum walk_status s;

	*rc = RESUME;
	if (!(d->cs & ~3u) || at + 7 > t->limit)
		return refuse(d, VEC_GP, cs_error(d));
	s = system_read(d, t->base + at, &d->descriptor, 8);
	if (s != WALK_OK)
		return *rc = failed(d, s), false;
	if ((~d->descriptor & (DESC_S | DESC_CODE)) || DESC_DPL(d->descriptor) > d->m->cpl)
		return refuse(d, VEC_GP, cs_error(d));
	if (!(d->descriptor & DESC_P))
		return refuse(d, VEC_NP, cs_error(d));
	d->cpl = d->descriptor & DESC_CONFORMING ? d->m->cpl : DESC_DPL(d->descriptor);
	return true;
}

static bool stack64(struct delivery *d, uint64_t *sp, int *rc)
{
	unsigned at = d->ist ? 0x24 + 8u * (d->ist - 1u) : 4 + 8u * d->cpl;
	enum walk_status s;

	*rc = RESUME;
	*sp = d->m->rsp;
	if (d->ist || d->cpl < d->m->cpl) {
		if (at + 7 > d->m->tr.limit)
			return refuse(d, VEC_TS, d->m->tr.selector & ~3u);
		s = system_read(d, d->m->tr.base + at, sp, 8);
		if (s != WALK_OK)
			return *rc = failed(d, s), false;
	}
	*sp &= ~15ull;
	return true;
}

static void enter(struct delivery *d, uint64_t sp)
{
	struct vmcb *m = d->m;
	uint32_t limit = DESC_LIMIT(d->descriptor);

	m->cs.selector = (uint16_t)((d->cs & ~3u) | d->cpl);
	m->cs.attrib = DESC_ATTRIB(d->descriptor);
	m->cs.base = DESC_BASE(d->descriptor);
	m->cs.limit = d->descriptor & DESC_G ? limit << 12 | 0xfff : limit;
	m->rip = d->rip;
	m->rsp = sp;
	m->rflags &= ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM);
	if (!d->trap)
		m->rflags &= ~RFLAGS_IF;
	m->int_state = 0;
}

/* The frame, from its lowest word on. The processor pushes downwards, so the highest word that
 * cannot be written is the one that faults. */
static enum walk_status push(struct delivery *d, uint64_t sp, const uint64_t *frame, unsigned words)
{
	unsigned flags = WALK_IMPLICIT | (d->cpl == 3 ? WALK_USER : 0);
	enum walk_status s = guest_write(d->v, sp, frame, words * 8, flags, &d->w);

	if (s == WALK_OK)
		return s;
	/* every word may be written after all: another vCPU has changed the page meanwhile */
	do {
		words--;
		s = guest_write(d->v, sp + words * 8, frame + words, 8, flags, &d->w);
	} while (s == WALK_OK && words);
	return s;
}

/* back: where the handler returns to. */
static int deliver64(struct delivery *d, uint32_t error, uint64_t back)
{
	struct vmcb *m = d->m;
	uint64_t sp;
	enum walk_status s;
	int rc;

	if (!read_gate64(d, &rc) || !read_code_segment(d, &rc) || !stack64(d, &sp, &rc))
		return rc;
	uint64_t rflags = d->kind == EXCEPTION  ? m->rflags | RFLAGS_RF
			  : d->kind == SOFTWARE ? m->rflags & ~RFLAGS_RF
						: m->rflags;
	uint64_t frame[6] = {error, back, m->cs.selector, rflags, m->rsp, m->ss.selector};
	unsigned first = d->kind != EXCEPTION; /* words that are not pushed */

	sp -= sizeof(frame) - 8 * first;
	s = push(d, sp, frame + first, ARRAY_LEN(frame) - first);
	if (s != WALK_OK)
		return failed(d, s);
	if (d->cpl < m->cpl) {
		m->ss = (struct vmsa_seg){.selector = d->cpl, .attrib = (uint16_t)(d->cpl << 5)};
		m->cpl = d->cpl;
	}
	enter(d, sp);
	return RESUME;
}

/* Only to the same CPL: the 32-bit handlers there are (firmware reset code) run in ring 0. */
static int deliver32(struct delivery *d, uint32_t error)
{
	struct vmcb *m = d->m;
	uint32_t sp = (uint32_t)m->rsp - 16;
	enum walk_status s;
	int rc;

	if (!read_gate32(d, &rc) || !read_code_segment(d, &rc))
		return rc;
	if (d->cpl != m->cpl)
		return event_fault(d->v, "an exception from CPL 3 in 32-bit mode is not modelled",
				   m->rip);
	uint32_t frame[4] = {error, (uint32_t)m->rip, m->cs.selector,
			     (uint32_t)(m->rflags | RFLAGS_RF)};

	s = guest_write(d->v, (uint32_t)(m->ss.base + sp), frame, sizeof(frame), WALK_IMPLICIT,
			&d->w);
	if (s != WALK_OK)
		return failed(d, s);
	enter(d, sp);
	return RESUME;
}

int deliver_exception(struct vcpu *v, uint8_t vector, uint32_t error)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;
	struct delivery d = {.v = v, .m = m, .vector = vector, .kind = EXCEPTION};

	return guest_long_mode(m) ? deliver64(&d, error, m->rip) : deliver32(&d, error);
}

bool deliver_interrupt(struct vcpu *v, uint8_t vector)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;
	struct delivery d = {.v = v, .m = m, .vector = vector, .kind = INTERRUPT};

	if (!guest_long_mode(m))
		return false;
	deliver64(&d, 0, m->rip);
	return !d.failed;
}

int deliver_software(struct vcpu *v, uint8_t vector, unsigned length)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;
	struct delivery d = {.v = v, .m = m, .vector = vector, .kind = SOFTWARE};

	return deliver64(&d, 0, m->rip + length);
}
