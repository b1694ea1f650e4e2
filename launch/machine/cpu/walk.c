/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Guest page walks in the three modes that have paging: four or five levels, PAE, and two levels
 * of 4-byte entries. The tables are the guest's and may change under the walk; each entry is read
 * once, and what is set in it (A and D) is set by a locked operation. The tables' own pages are
 * checked with the guard like any other access.
 */
#include "machine/cpu/walk.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/tlb.h"
#include "machine/host/mem/gpa_map.h"
#include "base/x86.h"

#define PTE_PAGE (PTE_ADDR & ~NPT_CBIT)

bool guest_long_mode(const struct vmcb *m)
{
	return m->efer & EFER_LMA;
}

bool guest_mode64(const struct vmcb *m)
{
	return guest_long_mode(m) && (m->cs.attrib & SEG_L);
}

bool guest_paged(const struct vmcb *m)
{
	return (m->cr0 & CR0_PG) && (m->cr4 & CR4_PAE);
}

/* With a virtual TOM the address says it (APM vol. 2, 15.36.8), else the C-bit where there is one.
 */
static bool is_private(struct vcpu *v, uint64_t address, bool otherwise)
{
	uint64_t vtom = vcpu_ctx(v)->vtom;

	return vtom ? address < vtom : otherwise;
}

/* One walk: what has been gathered from the entries so far. */
struct walker {
	struct vcpu *v;
	const struct vmcb *m;
	unsigned flags;
	bool user, write, nx;
};

/* The bits of the error code that come from the access, not from the tables: APM vol. 2, 8.4.2. */
static uint32_t fault_code(const struct walker *k, uint32_t error)
{
	bool fetch = (k->flags & WALK_FETCH) && ((k->m->efer & EFER_NXE) || (k->m->cr4 & CR4_SMEP));

	return error | (k->flags & WALK_WRITE ? (uint32_t)PF_ERR_W : 0) |
	       (k->flags & WALK_USER ? (uint32_t)PF_ERR_U : 0) | (fetch ? (uint32_t)PF_ERR_I : 0);
}

/* The guest's own fault; w->linear is the address for CR2. */
static enum walk_status page_fault(const struct walker *k, struct walk *w, uint32_t error)
{
	w->error = fault_code(k, error);
	return WALK_PAGE_FAULT;
}

enum walk_status walk_check(struct vcpu *v, const struct walk *w, uint8_t want)
{
	switch (guard_access(w->gpa, v->vmpl, w->is_private, want)) {
	case GUARD_OK:
		return WALK_OK;
	case GUARD_NOT_VALIDATED:
		return WALK_NOT_VALIDATED;
	default:
		return WALK_EXIT;
	}
}

/*
 * A page table access is private whatever the C-bit says (15.34.5). For the nested tables it is a
 * write, because it may set the A and D bits (15.25.5): so a guest that may only read a page cannot
 * set a bit in it by naming it as a table.
 */
static enum walk_status entry_at(const struct walker *k, struct walk *w, uint64_t at, void **entry)
{
	enum walk_status s;

	w->gpa = gpa(at);
	w->is_private = true;
	s = walk_check(k->v, w, RMP_R | RMP_W);
	if (s == WALK_OK)
		*entry = guest_ptr(gpa(at));
	return s;
}

/* May the access be made to the page these entries lead to? */
static bool allowed(const struct walker *k)
{
	bool ac = (k->m->rflags & RFLAGS_AC) && !(k->flags & WALK_IMPLICIT);

	if (k->flags & WALK_FETCH) {
		if (k->nx || (!(k->flags & WALK_USER) && k->user && (k->m->cr4 & CR4_SMEP)))
			return false;
	} else if (!(k->flags & WALK_USER) && k->user && (k->m->cr4 & CR4_SMAP) && !ac) {
		return false;
	}
	if ((k->flags & WALK_USER) && !k->user)
		return false;
	return !(k->flags & WALK_WRITE) || k->write ||
	       (!(k->flags & WALK_USER) && !(k->m->cr0 & CR0_WP));
}

/* A and D bits lie in the low half of an entry of either size. */
static void mark(uint32_t *entry, bool leaf, unsigned flags)
{
	uint32_t want = PTE_A | (leaf && (flags & WALK_WRITE) ? PTE_D : 0);

	if ((READ_ONCE(*entry) & want) != want)
		__atomic_fetch_or(entry, want, __ATOMIC_RELAXED);
}

/* One entry of 8 bytes. shift is the level's; *leaf says that it maps a page. */
static enum walk_status step(struct walker *k, struct walk *w, unsigned shift, uint64_t *table,
			     uint64_t la, bool *leaf, void **entry)
{
	enum walk_status s = entry_at(k, w, *table + (la >> shift & 511) * 8, entry);
	uint64_t e;

	if (s != WALK_OK)
		return s;
	e = READ_ONCE(*(uint64_t *)*entry);
	if (!(e & PTE_P))
		return page_fault(k, w, 0);
	*leaf = shift == PAGE_SHIFT || ((e & PTE_PS) && shift <= 30);
	if ((e & PTE_ADDR) >> 48 || ((e & PTE_NX) && !(k->m->efer & EFER_NXE)) ||
	    (shift > 30 && (e & PTE_PS)))
		return page_fault(k, w, PF_ERR_P | PF_ERR_RSVD);
	/* the third level of PAE outside long mode has no rights in its entries */
	if (guest_long_mode(k->m) || shift < 30) {
		k->user &= !!(e & PTE_U);
		k->write &= !!(e & PTE_W);
		k->nx |= !!(e & PTE_NX);
	}
	*table = e;
	return WALK_OK;
}

static enum walk_status walk_pae(struct walker *k, uint64_t la, struct walk *w)
{
	bool lma = guest_long_mode(k->m);
	unsigned shift = !lma ? 30 : k->m->cr4 & CR4_LA57 ? 48 : 39;
	uint64_t at = lma ? k->m->cr3 & PTE_PAGE : k->m->cr3 & 0xffffffe0;
	bool leaf = false;
	void *entry = NULL;

	for (;; shift -= 9) {
		enum walk_status s = step(k, w, shift, &at, la, &leaf, &entry);

		if (s != WALK_OK)
			return s;
		if (leaf)
			break;
		if (lma || shift < 30)
			mark(entry, false, k->flags);
		at &= PTE_PAGE;
	}
	if (!allowed(k))
		return page_fault(k, w, PF_ERR_P);
	mark(entry, true, k->flags);
	w->size = 1ull << shift;
	w->gpa = gpa((at & PTE_PAGE & ~(w->size - 1)) | (la & (w->size - 1)));
	w->is_private = is_private(k->v, w->gpa.v, at & NPT_CBIT);
	return WALK_OK;
}

/* Two levels of 4-byte entries: no C-bit, all private. */
static enum walk_status walk_legacy(struct walker *k, uint64_t la, struct walk *w)
{
	uint64_t at = (k->m->cr3 & 0xfffff000) + (la >> 22 & 1023) * 4;
	bool leaf;

	for (unsigned shift = 22;; shift = 12) {
		void *entry = NULL;
		enum walk_status s = entry_at(k, w, at, &entry);
		uint32_t e;

		if (s != WALK_OK)
			return s;
		e = READ_ONCE(*(uint32_t *)entry);
		if (!(e & PTE_P))
			return page_fault(k, w, 0);
		leaf = shift == 12 || ((e & PTE_PS) && (k->m->cr4 & CR4_PSE));
		k->user &= !!(e & PTE_U);
		k->write &= !!(e & PTE_W);
		if (leaf && !allowed(k))
			return page_fault(k, w, PF_ERR_P);
		mark(entry, leaf, k->flags);
		if (leaf) {
			w->size = 1ull << shift;
			w->gpa = gpa((e & 0xfffff000 & ~(w->size - 1)) | (la & (w->size - 1)));
			w->is_private = is_private(k->v, w->gpa.v, true);
			return WALK_OK;
		}
		at = (e & 0xfffff000) + (la >> 12 & 1023) * 4;
	}
}

/* An address that is not canonical has no page: a walk answers #PF, where the processor would
 * have raised #GP before it walked. */
static bool canonical(const struct vmcb *m, uint64_t la)
{
	int64_t top = (int64_t)la >> (m->cr4 & CR4_LA57 ? 56 : 47);

	return top == 0 || top == -1;
}

/* The A and D bits are a write of the monitor's, checked by the RMP like any other. */
static enum walk_status walk_tables(struct walker *k, uint64_t la, struct walk *w)
{
	enum walk_status s;

	tlb_write_begin(k->v);
	s = k->m->cr4 & CR4_PAE ? walk_pae(k, la, w) : walk_legacy(k, la, w);
	tlb_write_end(k->v);
	return s;
}

/* Without paging a linear address is the physical one, and every access is private (15.34.4). */
enum walk_status walk_linear(struct vcpu *v, uint64_t la, unsigned flags, struct walk *w)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;
	struct walker k = {.v = v, .m = m, .flags = flags, .user = true, .write = true};

	w->linear = la;
	if (!guest_long_mode(m))
		la = (uint32_t)la;
	else if (!canonical(m, la))
		return page_fault(&k, w, 0);
	if (!(m->cr0 & CR0_PG)) {
		w->gpa = gpa(la);
		w->is_private = is_private(v, la, true);
		w->size = SIZE_1G;
		return WALK_OK;
	}
	return walk_tables(&k, la, w);
}
