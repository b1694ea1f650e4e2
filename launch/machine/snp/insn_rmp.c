/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/snp/insn_rmp.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/walk.h"
#include "machine/snp/rmp/rmp.h"
#include "machine/snp/vmsa_inuse.h"
#include "base/x86.h"

/*
 * PVALIDATE, RMPADJUST, RMPQUERY: APM vol. 3. They come as intercepted #UD, because the processor
 * under us does not know them.
 */

#define RFLAGS_PF    BIT(2)
#define RFLAGS_AF    BIT(4)
#define RFLAGS_ZF    BIT(6)
#define RFLAGS_SF    BIT(7)
#define RFLAGS_OF    BIT(11)
#define RFLAGS_ARITH (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* EAX and the flags that follow from it; CF is the instruction's own. */
static int finish(struct vcpu *v, const struct insn *i, uint32_t eax, bool carry)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	m->rax = eax;
	m->rflags &= ~RFLAGS_ARITH;
	m->rflags |= (eax ? 0 : RFLAGS_ZF) | (carry ? RFLAGS_CF : 0) |
		     (__builtin_parity(eax & 0xff) ? 0 : RFLAGS_PF);
	insn_skip(m, i->length);
	return RESUME;
}

static int conclude(struct vcpu *v, const struct insn *i, const struct rmp_result *r,
		    const struct walk *w)
{
	switch (r->event) {
	case RMP_DONE:
		return finish(v, i, r->code, r->carry);
	case RMP_NOT_VALIDATED:
		return event_access(v, WALK_NOT_VALIDATED, w);
	case RMP_IN_USE:
		if (r->held->holder == v->index)
			return event_fault(v, "RMP instruction on the VMSA that it runs on",
					   w->gpa.v);
		return MACHINE_INTR; /* RIP is at the instruction: the guest tries again */
	default:
		if (rmp_is_shared(w->gpa, 1))
			return event_shared(v, w->gpa);
		return event_fault(v, "RMP instruction on a page that is not the guest's memory",
				   w->gpa.v);
	}
}

/*
 * The page that rAX names, asked for anew behind each wait: a flush by another vCPU does not wait
 * for this one, which is not in its guest. True when *w holds it; else *rc is the outcome. A 2M
 * operation needs an aligned address and a 2M mapping; an address without C-bit is no page of the
 * guest's RMP.
 */
static bool operand(struct vcpu *v, const struct insn *i, uint32_t size, struct walk *w, int *rc)
{
	uint64_t la = insn_cut(i, insn_gpr(v, 0));
	enum walk_status s;

	if (size > RMP_PG_2M)
		return *rc = finish(v, i, SNP_FAIL_INPUT, false), false;
	if (size == RMP_PG_2M && (la & MASK_2M & ~PAGE_MASK))
		return *rc = finish(v, i, SNP_FAIL_INPUT, false), false;
	s = walk_linear(v, la & ~PAGE_MASK, 0, w);
	if (s != WALK_OK)
		return *rc = event_access(v, s, w), false;
	if (!w->is_private)
		return *rc = insn_fault(v, VEC_GP), false;
	if (size == RMP_PG_2M && w->size < SIZE_2M)
		return *rc = finish(v, i, SNP_FAIL_SIZEMISMATCH, false), false;
	return true;
}

static int pvalidate(struct vcpu *v, const struct insn *i)
{
	uint32_t size = (uint32_t)insn_gpr(v, 1), validate = (uint32_t)insn_gpr(v, 2);
	struct rmp_result r;
	struct walk w;
	int rc;

	if (v->vmpl != 0)
		return insn_fault(v, VEC_GP);
	if (validate > 1)
		return finish(v, i, SNP_FAIL_INPUT, false);
	do {
		if (!operand(v, i, size, &w, &rc))
			break;
		r = rmp_pvalidate(w.gpa, (int)size, validate);
		rc = conclude(v, i, &r, &w);
	} while (r.event == RMP_IN_USE && vmsa_inuse_wait(v, r.held));
	vmsa_inuse_done(v);
	return rc;
}

static int rmpadjust(struct vcpu *v, const struct insn *i)
{
	uint64_t rdx = insn_gpr(v, 2);
	uint32_t size = (uint32_t)insn_gpr(v, 1);
	struct rmp_adjust a = {
		.current = v->vmpl,
		.target = (uint8_t)rdx,
		.perms = (uint8_t)(rdx >> 8),
		.vmsa = rdx & RMPADJUST_VMSA,
		.size = (int)size,
	};
	struct rmp_result r;
	struct walk w;
	int rc;

	if (rdx >> 17)
		return finish(v, i, SNP_FAIL_INPUT, false);
	do {
		if (!operand(v, i, size, &w, &rc))
			break;
		r = rmp_adjust(w.gpa, &a);
		rc = conclude(v, i, &r, &w);
	} while (r.event == RMP_IN_USE && vmsa_inuse_wait(v, r.held));
	vmsa_inuse_done(v);
	return rc;
}

static int rmpquery(struct vcpu *v, const struct insn *i)
{
	uint8_t target = (uint8_t)insn_gpr(v, 2);
	struct rmp_result r;
	struct rmp_entry e;
	struct walk w;
	int rc;

	if (!operand(v, i, RMP_PG_4K, &w, &rc))
		return rc;
	r = rmp_query(w.gpa, v->vmpl, target, &e);
	if (r.event == RMP_DONE && r.code == SNP_SUCCESS) {
		insn_set_gpr(v, 1, e.state & RMP_HUGE ? RMP_PG_2M : RMP_PG_4K);
		insn_set_gpr(v, 2,
			     target | (uint64_t)e.perms[target] << 8 |
				     (e.state & RMP_VMSA ? RMPADJUST_VMSA : 0));
	}
	return conclude(v, i, &r, &w);
}

/* Called for the #UD of one of the three instructions. Its operands are in registers. */
int insn_rmp(struct vcpu *v, const struct insn *i)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	if (m->cpl != 0)
		return insn_fault(v, VEC_GP);
	switch (i->kind) {
	case INSN_PVALIDATE:
		return pvalidate(v, i);
	case INSN_RMPADJUST:
		return rmpadjust(v, i);
	default:
		return rmpquery(v, i);
	}
}
