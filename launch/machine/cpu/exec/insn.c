/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/access.h"
#include "machine/cpu/event/event.h"
#include "base/x86.h"

/* Completing instructions in a guest's name. */

static enum insn_mode mode(const struct vmcb *m)
{
	if (guest_mode64(m))
		return INSN_MODE64;
	return m->cs.attrib & SEG_DB ? INSN_MODE32 : INSN_MODE16;
}

/* The processor under us gives no instruction bytes with an exit, and a next RIP with few: they
 * are fetched. */
struct insn insn_at_rip(struct vcpu *v)
{
	uint8_t bytes[INSN_MAX];
	unsigned n = guest_fetch(v, bytes);

	return decode_insn(bytes, n, mode(v->ctx[v->vmpl].vmcb));
}

struct insn insn_pair_at_rip(struct vcpu *v, struct insn *next)
{
	uint8_t bytes[INSN_MAX];
	unsigned n = guest_fetch(v, bytes);
	enum insn_mode how = mode(v->ctx[v->vmpl].vmcb);
	struct insn i = decode_insn(bytes, n, how);

	*next = i;
	if (i.length)
		*next = decode_insn(bytes + i.length, n - i.length, how);
	return i;
}

/* Does what the processor does at the end of any instruction, the trap of TF included. */
void insn_skip(struct vmcb *m, unsigned length)
{
	m->rip += length;
	if (!guest_mode64(m))
		m->rip = (uint32_t)m->rip;
	m->int_state = 0;
	m->rflags &= ~RFLAGS_RF;
	if ((m->rflags & RFLAGS_TF) && !(m->event_inj & EVENT_VALID)) {
		m->dr6 |= DR6_BS;
		event_exception(m, VEC_DB, 0);
	}
}

/* RAX and RSP are in the VMCB while the state is loaded. */
uint64_t insn_gpr(struct vcpu *v, unsigned n)
{
	struct vmpl_ctx *c = &v->ctx[v->vmpl];
	uint64_t value = n == 0 ? c->vmcb->rax : n == 4 ? c->vmcb->rsp : c->gpr[n];

	return guest_mode64(c->vmcb) ? value : (uint32_t)value;
}

/* All 64 bits: the caller has cut the value to the operand's size. */
void insn_set_gpr(struct vcpu *v, unsigned n, uint64_t value)
{
	struct vmpl_ctx *c = &v->ctx[v->vmpl];

	if (n == 0)
		c->vmcb->rax = value;
	else if (n == 4)
		c->vmcb->rsp = value;
	else
		c->gpr[n] = value;
}

int insn_fault(struct vcpu *v, uint8_t vector)
{
	event_exception(v->ctx[v->vmpl].vmcb, vector, 0);
	return RESUME;
}
