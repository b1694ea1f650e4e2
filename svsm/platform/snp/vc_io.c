/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * IN, OUT, INS and OUTS for platform/snp/vc.c. The hypervisor cannot reach the memory of a string
 * form, so its data go through the buffer of the GHCB, in the order in which the port sees them.
 */
#include "platform/snp/vc_io.h"
#include "base/x86.h"
#include "mm/copy.h"
#include "mm/paging.h"
#include "platform/snp/ghcb.h"

/* APM vol. 2, 15.10.2: bits 4 to 6 and 7 to 9 each have one bit for 1, 2 or 4 bytes of data, and
 * for 2, 4 or 8 bytes of address. */
static uint64_t info(const struct insn *i, uint16_t port)
{
	bool string = i->kind == INSN_INS || i->kind == INSN_OUTS;
	bool in = i->kind == INSN_INS || i->kind == INSN_IN;

	return (uint64_t)port << 16 | (uint64_t)i->segment << 10 | (uint64_t)i->address << 6 |
	       (uint64_t)i->width << 4 | (i->repeat ? IOIO_REP : 0) | (string ? IOIO_STR : 0) |
	       (in ? IOIO_IN : 0);
}

/* IN keeps the upper part of RAX for widths below 4, as the instruction does. */
bool vc_io(struct frame *f, const struct insn *i)
{
	uint64_t mask = BIT(8 * i->width) - 1, in;
	struct ghcb *g = ghcb_begin();
	bool ok;

	if (!g)
		return false;
	GHCB_SET(g, rax, f->rax & mask);
	ok = !ghcb_call(g, GHCB_EXIT_IOIO, info(i, i->by_dx ? (uint16_t)f->rdx : i->port), 0);
	if (ok && i->kind == INSN_IN) {
		ok = GHCB_GET(g, rax, &in);
		if (ok)
			f->rax = (i->width == 4 ? 0 : f->rax & ~mask) | (in & mask);
	}
	ghcb_end(g);
	return ok;
}

/* Accesses one after the other: the first at va, each `step` behind the one before. */
struct run {
	uint64_t va, n;
	int64_t step; /* negative with RFLAGS.DF */
	unsigned width;
	bool in;
};

/* How many accesses there are from `at` up or down to the end of an area of `size` bytes. One that
 * crosses the end is on its own. */
static uint64_t accesses(const struct run *r, uint64_t at, uint64_t size)
{
	if (at + r->width > size)
		return 1;
	return r->step < 0 ? at / r->width + 1 : (size - at) / r->width;
}

/* Those that one request can make. A run ends with its page, so that a fault can only be the first
 * access's, and where the address begins anew at 0 because its size is 32 bits. */
static uint64_t run_length(const struct run *r, const struct insn *i, uint64_t index, uint64_t left)
{
	uint64_t n = MIN(left, (uint64_t)GHCB_BUFFER_SIZE / r->width);

	n = MIN(n, accesses(r, r->va & PAGE_MASK, PAGE_SIZE));
	return i->address == 8 ? n : MIN(n, accesses(r, insn_cut(i, index), BIT(32)));
}

/* Neither the guest's memory, nor ring 3's, nor a page that the hypervisor could change. */
static bool is_own(const struct run *r)
{
	uint64_t need = PTE_P | platform_cbit | (r->in ? PTE_W : 0);
	uint64_t low = r->step < 0 ? r->va - (r->n - 1) * r->width : r->va;
	uint64_t last = low + r->n * r->width - 1;

	if (low < KERNEL_BASE || last < low || last >= KERNEL_BASE + KERNEL_MAX)
		return false;
	for (uint64_t page = low & ~PAGE_MASK; page <= last; page += PAGE_SIZE)
		if ((paging_lookup(page, NULL) & (need | PTE_U)) != need)
			return false;
	return true;
}

static bool copy_some(struct ghcb *g, const struct run *r, uint64_t at, uint64_t n)
{
	void *memory = (void *)(r->va + (uint64_t)(r->step * (int64_t)at));
	uint8_t *buffer = g->buffer + at * r->width;

	return !(r->in ? fault_copy(memory, buffer, n * r->width)
		       : fault_copy(buffer, memory, n * r->width));
}

/* Downwards the order is turned round, so one at a time. */
static bool copy(struct ghcb *g, const struct run *r)
{
	if (r->step > 0)
		return copy_some(g, r, 0, r->n);
	for (uint64_t at = 0; at < r->n; at++)
		if (!copy_some(g, r, at, 1))
			return false;
	return true;
}

static bool ask(const struct run *r, uint64_t what)
{
	struct ghcb *g = ghcb_begin();
	bool ok;

	if (!g)
		return false;
	ok = r->in || copy(g, r);
	if (ok) {
		GHCB_SET(g, scratch, paging_pa(g).v + offsetof(struct ghcb, buffer));
		ok = !ghcb_call(g, GHCB_EXIT_IOIO, what, r->n) && (!r->in || copy(g, r));
	}
	ghcb_end(g);
	return ok;
}

bool vc_io_string(struct frame *f, const struct insn *i, uint64_t base)
{
	bool in = i->kind == INSN_INS;
	uint64_t *index = in ? &f->rdi : &f->rsi;
	uint64_t left = i->repeat ? insn_cut(i, f->rcx) : 1;
	struct run r = {.va = base + insn_cut(i, *index), .width = i->width, .in = in};

	if (!left)
		return true;
	r.step = f->rflags & RFLAGS_DF ? -(int64_t)i->width : i->width;
	r.n = run_length(&r, i, *index, left);
	if (!is_own(&r) || !ask(&r, info(i, (uint16_t)f->rdx)))
		return false;
	*index = insn_cut(i, *index + (uint64_t)(r.step * (int64_t)r.n));
	if (i->repeat)
		f->rcx = left - r.n;
	return true;
}
