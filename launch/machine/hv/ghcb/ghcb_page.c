/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Reading a GHCB and writing the answer. The page is shared memory, so another vCPU may change it
 * at any time: every field is read once, into struct ghcb_call, and from then on the page is only
 * written.
 */
#include "machine/hv/ghcb/ghcb_page.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/tlb.h"
#include "machine/host/mem/gpa_map.h"
#include "base/x86.h"
#include "lib/string.h"

#define OFF(field) offsetof(struct ghcb, field)

bool ghcb_store(const struct ghcb_call *c, void *to, const void *from, size_t n)
{
	bool shared;

	tlb_write_begin(c->v);
	shared = guard_is_shared(guest_gpa(to), n);
	if (shared)
		memcpy(to, from, n);
	tlb_write_end(c->v);
	return shared;
}

void ghcb_read(struct ghcb_call *c, struct ghcb *page)
{
	static const uint8_t none[sizeof(page->valid)];

	c->page = page;
	c->usage = READ_ONCE(page->usage);
	memcpy(c->valid, page->valid, sizeof(c->valid));
	c->code = READ_ONCE(page->exit_code);
	c->info1 = READ_ONCE(page->exit_info1);
	c->info2 = READ_ONCE(page->exit_info2);
	c->scratch = READ_ONCE(page->scratch);
	c->rax = READ_ONCE(page->rax);
	c->rbx = READ_ONCE(page->rbx);
	c->rcx = READ_ONCE(page->rcx);
	c->rdx = READ_ONCE(page->rdx);
	c->xcr0 = READ_ONCE(page->xcr0);
	c->dr7 = READ_ONCE(page->dr7);
	c->cpl = READ_ONCE(page->cpl);
	c->out1 = GHCB_RESULT_OK;
	c->out2 = 0;
	c->answered = false;
	ghcb_store(c, page->valid, none, sizeof(none));
}

/* The bitmap has a bit for each 8 bytes of the save area: one for each field that a request can
 * need. */
bool ghcb_has(const struct ghcb_call *c, unsigned offset)
{
	unsigned n = offset / 8;

	return n < 128 && (c->valid[n / 8] >> (n % 8) & 1);
}

bool ghcb_needs_met(const struct ghcb_call *c, unsigned needs)
{
	return (!(needs & NEED_RAX) || ghcb_has(c, OFF(rax))) &&
	       (!(needs & NEED_RBX) || ghcb_has(c, OFF(rbx))) &&
	       (!(needs & NEED_RCX) || ghcb_has(c, OFF(rcx))) &&
	       (!(needs & NEED_RDX) || ghcb_has(c, OFF(rdx))) &&
	       (!(needs & NEED_SCRATCH) || ghcb_has(c, OFF(scratch))) &&
	       (!(needs & NEED_CPL) || ghcb_has(c, OFF(cpl)));
}

/* As KVM's sev_es_validate_vmgexit(), it does not look at the version: edk2 leaves that 0. */
unsigned ghcb_check(const struct ghcb_call *c)
{
	if (c->usage != 0)
		return GHCB_ERR_INVALID_USAGE;
	if (!ghcb_has(c, OFF(exit_code)) || !ghcb_has(c, OFF(exit_info1)) ||
	    !ghcb_has(c, OFF(exit_info2)))
		return GHCB_ERR_MISSING_INPUT;
	return 0;
}

/* ghcb_read() has cleared the bitmap, so what is set afterwards is the answer's. Field and bit lie
 * in one page: one check is good for both. */
static void put(struct ghcb_call *c, unsigned offset, uint64_t v)
{
	uint8_t *byte = &c->page->valid[offset / 64];
	uint64_t *field = (uint64_t *)((uint8_t *)c->page + offset);

	tlb_write_begin(c->v);
	if (guard_is_shared(guest_gpa(c->page), PAGE_SIZE)) {
		WRITE_ONCE(*field, v);
		WRITE_ONCE(*byte, READ_ONCE(*byte) | (uint8_t)(1u << (offset / 8 % 8)));
	}
	tlb_write_end(c->v);
}

void ghcb_set_rax(struct ghcb_call *c, uint64_t v)
{
	put(c, OFF(rax), v);
}

void ghcb_set_rbx(struct ghcb_call *c, uint64_t v)
{
	put(c, OFF(rbx), v);
}

void ghcb_set_rcx(struct ghcb_call *c, uint64_t v)
{
	put(c, OFF(rcx), v);
}

void ghcb_set_rdx(struct ghcb_call *c, uint64_t v)
{
	put(c, OFF(rdx), v);
}

/* The guest finds GHCB_RESULT_MALFORMED in SW_EXITINFO1 and the reason in SW_EXITINFO2. */
void ghcb_fail(struct ghcb_call *c, unsigned reason)
{
	c->out1 = GHCB_RESULT_MALFORMED;
	c->out2 = reason;
}

void ghcb_exception(struct ghcb_call *c, uint8_t vector, bool has_error)
{
	/* EVENTINJ form: vector, type 3 (exception), EV, V; the error code is always 0 here. */
	c->out1 = GHCB_RESULT_EXCEPTION;
	c->out2 = BIT(31) | (has_error ? BIT(11) : 0) | 3u << 8 | vector;
}

/* The answer stands in the page before the guest runs again; nothing of it is read back. */
void ghcb_answer(struct ghcb_call *c)
{
	tlb_write_begin(c->v);
	put(c, OFF(exit_info1), c->out1);
	put(c, OFF(exit_info2), c->out2);
	tlb_write_end(c->v);
	c->answered = true;
}
