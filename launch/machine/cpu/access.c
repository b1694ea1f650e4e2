/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Guest memory by linear address. Each page of an access is walked as the guest's own processor
 * would walk it, the guard is asked whether this VMPL may make the access, and the bytes are
 * copied through the monitor's direct map. An access touches two pages at most.
 */
#include "machine/cpu/access.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/tlb.h"
#include "machine/host/mem/gpa_map.h"
#include "base/x86.h"
#include "lib/string.h"

/* The rights that the page has to give to an access of these flags. */
static uint8_t wanted(unsigned flags)
{
	if (flags & WALK_FETCH)
		return flags & WALK_USER ? RMP_R | RMP_XU : RMP_R | RMP_XS;
	return flags & WALK_WRITE ? RMP_R | RMP_W : RMP_R;
}

/* Translate one piece and check it against the RMP; a fetch is private whatever the C-bit says. */
static enum walk_status resolve(struct vcpu *v, uint64_t la, unsigned flags, struct walk *w)
{
	enum walk_status s = walk_linear(v, la, flags, w);

	if (s != WALK_OK)
		return s;
	if (flags & WALK_FETCH)
		w->is_private = true;
	return walk_check(v, w, wanted(flags));
}

struct piece {
	uint8_t *at;
	unsigned n;
};

/* At most 4096 bytes lie in at most two pages. */
static enum walk_status pieces(struct vcpu *v, uint64_t la, unsigned n, unsigned flags,
			       struct walk *w, struct piece p[2])
{
	unsigned first = (unsigned)MIN((uint64_t)n, PAGE_SIZE - (la & PAGE_MASK));
	enum walk_status s = resolve(v, la, flags, w);

	if (s != WALK_OK)
		return s;
	p[0] = (struct piece){guest_ptr(w->gpa), first};
	p[1] = (struct piece){NULL, n - first};
	if (first == n)
		return WALK_OK;
	s = resolve(v, la + first, flags, w);
	if (s == WALK_OK)
		p[1].at = guest_ptr(w->gpa);
	return s;
}

/* A read takes no lock: a right that is taken away meanwhile is taken away a moment too late for
 * it, as on hardware. */
enum walk_status guest_read(struct vcpu *v, uint64_t la, void *buf, unsigned n, unsigned flags,
			    struct walk *w)
{
	struct piece p[2];
	enum walk_status s = pieces(v, la, n, flags, w, p);

	if (s != WALK_OK)
		return s;
	memcpy(buf, p[0].at, p[0].n);
	if (p[1].n)
		memcpy((uint8_t *)buf + p[0].n, p[1].at, p[1].n);
	return WALK_OK;
}

/* The copy of a write. pieces() has found that all of it can be made. */
static void put(const struct piece p[2], const uint8_t *buf)
{
	memcpy(p[0].at, buf, p[0].n);
	if (p[1].n)
		memcpy(p[1].at, buf + p[0].n, p[1].n);
}

/* Who takes a right away waits for the end of writes that were checked before: no lock is needed,
 * and each #VC of a guest comes here. */
enum walk_status guest_write(struct vcpu *v, uint64_t la, const void *buf, unsigned n,
			     unsigned flags, struct walk *w)
{
	struct piece p[2];
	enum walk_status s;

	tlb_write_begin(v);
	s = pieces(v, la, n, flags | WALK_WRITE, w, p);
	if (s == WALK_OK)
		put(p, buf);
	tlb_write_end(v);
	return s;
}

/* The second page may be missing: an instruction that ends in the first one needs no more, and
 * one that does not is then too short to be decoded. */
unsigned guest_fetch(struct vcpu *v, uint8_t bytes[15])
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;
	uint64_t la = guest_mode64(m) ? m->rip : (uint32_t)(m->cs.base + m->rip);
	unsigned first = (unsigned)MIN(15ull, PAGE_SIZE - (la & PAGE_MASK));
	unsigned flags = WALK_FETCH | (m->cpl == 3 ? WALK_USER : 0);
	struct walk w;

	if (guest_read(v, la, bytes, first, flags, &w) != WALK_OK)
		return 0;
	if (first < 15 &&
	    guest_read(v, la + first, bytes + first, 15 - first, flags, &w) != WALK_OK)
		return first;
	return 15;
}
