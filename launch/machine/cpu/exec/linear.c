/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/linear.h"
#include "machine/cpu/access.h"
#include "lib/insn/prefixes.h"
#include "machine/cpu/exec/insn.h"

/*
 * Which linear address did the instruction at RIP use? CR2 has to tell it with PAGE_NOT_VALIDATED
 * (APM vol. 2, 15.36.10), and a nested page fault gives the physical one only. Every address the
 * instruction could mean is tried: right is the one that translates to the physical address.
 */
struct search {
	struct vcpu *v;
	const struct vmcb *m;
	gpa_t g;
	bool mode64;
	uint8_t bytes[INSN_MAX];
	unsigned n, opcode; /* bytes at hand, and the opcode's offset */
	uint8_t rex;
	uint64_t segment; /* base */
};

/* Does this address translate to the one that failed, or fail at it on the way? */
static bool leads_there(const struct search *s, uint64_t linear)
{
	unsigned flags = s->m->cpl == 3 ? WALK_USER : 0;
	struct walk w;

	/* a fault in the guest's own tables fails on its way: w.gpa is then the table's entry */
	w.gpa = GPA_NONE;
	if (walk_linear(s->v, linear, flags, &w) == WALK_PAGE_FAULT)
		return false;
	return gpa_eq(w.gpa, s->g);
}

/* Of the segments only FS and GS are looked at: the others have base 0 wherever this matters. */
static void begin(struct search *s)
{
	struct insn_prefixes p;

	s->n = guest_fetch(s->v, s->bytes);
	prefixes_read(&p, s->bytes, s->n, s->mode64 ? INSN_MODE64 : INSN_MODE32);
	s->opcode = p.length;
	s->rex = p.rex;
	s->segment = p.segment == INSN_FS   ? s->m->fs.base
		     : p.segment == INSN_GS ? s->m->gs.base
					    : 0;
}

/* Sign-extended; 0 when the instruction was not fetched that far. */
static int64_t displacement(const struct search *s, unsigned at, unsigned size)
{
	uint32_t d = 0;

	if (at + size > s->n)
		return 0;
	for (unsigned i = 0; i < size; i++)
		d |= (uint32_t)s->bytes[at + i] << 8 * i;
	return size == 1 ? (int8_t)d : (int32_t)d;
}

/* The effective address of a ModRM byte at this offset, 32- or 64-bit addressing. tail is the
 * number of immediate bytes that follow, which only RIP-relative addresses care for. */
static bool modrm_address(const struct search *s, unsigned at, unsigned tail, uint64_t *ea)
{
	uint8_t modrm = at < s->n ? s->bytes[at] : 0xc0, mod = modrm >> 6, rm = modrm & 7;
	unsigned size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	uint64_t base = 0;

	if (mod == 3)
		return false;
	at++;
	if (rm == 4) {
		uint8_t sib = at < s->n ? s->bytes[at] : 0;
		unsigned index = (sib >> 3 & 7) | (s->rex & 2) << 2;

		at++;
		if (index != 4)
			base = insn_gpr(s->v, index) << (sib >> 6);
		if ((sib & 7) == 5 && mod == 0)
			size = 4;
		else
			base += insn_gpr(s->v, (sib & 7) | (s->rex & 1u) << 3);
	} else if (rm == 5 && mod == 0) {
		size = 4;
		base = s->mode64 ? s->m->rip + at + size + tail : 0;
	} else {
		base = insn_gpr(s->v, rm | (s->rex & 1u) << 3);
	}
	*ea = base + (uint64_t)displacement(s, at, size);
	return true;
}

/* The ModRM byte follows a one-, two- or three-byte opcode; which immediate follows is not
 * known, so each length that occurs is tried. */
static bool operand(const struct search *s, uint64_t *linear)
{
	static const uint8_t tails[] = {0, 1, 4};
	unsigned at = s->opcode, modrm = at + 1;

	if (at < s->n && s->bytes[at] == 0x0f)
		modrm = at + 1 < s->n && (s->bytes[at + 1] | 2) == 0x3a ? at + 3 : at + 2;
	for (unsigned i = 0; i < ARRAY_LEN(tails); i++) {
		if (!modrm_address(s, modrm, tails[i], linear))
			break;
		*linear += s->segment;
		if (leads_there(s, *linear))
			return true;
	}
	return false;
}

/* Stack and string instructions name their registers by the opcode. */
static bool implied(const struct search *s, uint64_t *linear)
{
	uint64_t rsp = insn_gpr(s->v, 4);
	const uint64_t places[] = {
		insn_gpr(s->v, 6) + s->segment, insn_gpr(s->v, 7), rsp - 8, rsp, rsp - 4, rsp + 8};

	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		*linear = places[i];
		if (leads_there(s, *linear))
			return true;
	}
	return false;
}

bool linear_find(struct vcpu *v, gpa_t g, bool fetch, uint64_t *linear)
{
	const struct vmcb *m = v->ctx[v->vmpl].vmcb;
	struct search s = {.v = v, .m = m, .g = g, .mode64 = guest_mode64(m)};

	if (fetch) { /* of RIP's page, or of the next one for an instruction that crosses */
		struct walk w = {.gpa = GPA_NONE};
		uint64_t rip = s.mode64 ? m->rip : (uint32_t)(m->cs.base + m->rip);
		bool here = walk_linear(v, rip, 0, &w) == WALK_OK &&
			    gpa_eq(gpa_page(w.gpa), gpa_page(g));

		*linear = here ? rip : (rip | PAGE_MASK) + 1;
		return true;
	}
	begin(&s);
	return operand(&s, linear) || implied(&s, linear);
}
