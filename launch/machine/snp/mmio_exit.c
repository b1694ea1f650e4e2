/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/snp/mmio_exit.h"
#include "lib/insn/move.h"
#include "machine/cpu/access.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/options.h"
#include "machine/snp/vc.h"
#include "abi/vmsa.h"

/*
 * Memory-mapped I/O. It raises #VC, and the guest asks by GHCB: two exits. The hypervisor may
 * answer the registers that it chooses in the first one, unless the machine is strict; then the
 * instruction is completed here. That is done for a plain MOV in 64-bit mode at CPL 0, and only
 * where its operand is the byte that failed: not for an access that began in the page before, nor
 * for an instruction that was changed meanwhile.
 */

static bool may_be_fast(struct vcpu *v, bool is_private)
{
	const struct vmpl_ctx *c = vcpu_ctx(v);
	const struct vmcb *m = c->vmcb;

	return !host_options.strict && !(c->sev_features & SEV_FEAT_REFLECT_VC) && !is_private &&
	       guest_mode64(m) && !m->cpl && !(m->event_inj & EVENT_VALID);
}

static uint64_t linear_address(struct vcpu *v, const struct insn_move *i)
{
	const struct vmcb *m = vcpu_ctx(v)->vmcb;
	uint64_t at = (uint64_t)i->displacement, segment = 0;

	if (i->base == INSN_RIP)
		at += m->rip + i->length;
	else if (i->base != INSN_NO_REG)
		at += insn_gpr(v, i->base);
	if (i->index != INSN_NO_REG)
		at += insn_gpr(v, i->index) << i->scale;
	if (i->segment == INSN_FS)
		segment = m->fs.base;
	else if (i->segment == INSN_GS)
		segment = m->gs.base;
	return segment + (i->address == 8 ? at : (uint32_t)at);
}

/* Was it this operand that failed, and all of it in one page? */
static bool fits(struct vcpu *v, const struct insn_move *i, gpa_t g, bool write)
{
	struct walk w;

	if (!i->length || i->store != write || (g.v & PAGE_MASK) + i->width > PAGE_SIZE)
		return false;
	return walk_linear(v, linear_address(v, i), write ? WALK_WRITE : 0, &w) == WALK_OK &&
	       gpa_eq(w.gpa, g);
}

static uint64_t low(uint64_t value, unsigned bytes)
{
	return bytes == 8 ? value : value & (BIT(8 * bytes) - 1);
}

static uint64_t stored(struct vcpu *v, const struct insn_move *i)
{
	uint64_t value;

	if (i->is_immediate)
		return i->immediate;
	value = insn_gpr(v, i->reg);
	return low(i->high ? value >> 8 : value, i->width);
}

/* 32 bits are zero-extended, fewer leave the rest of the register as it was: APM vol. 3, 1.8. */
static void load(struct vcpu *v, const struct insn_move *i, uint64_t value)
{
	unsigned shift = i->high ? 8 : 0;
	uint64_t old = insn_gpr(v, i->reg), mask = low(~0ull, i->reg_width) << shift;

	value = low(value, i->width) << shift;
	insn_set_gpr(v, i->reg, i->reg_width < 4 ? (old & ~mask) | value : value);
}

static bool answered(struct vcpu *v, gpa_t g, bool write)
{
	uint8_t bytes[INSN_MAX];
	unsigned n = guest_fetch(v, bytes);
	struct insn_move i = decode_move(bytes, n);
	uint64_t value = 0;

	if (!fits(v, &i, g, write))
		return false;
	if (write)
		value = stored(v, &i);
	if (!vmm_fast_mmio(v, g, i.width, write, &value))
		return false;
	if (!write)
		load(v, &i, value);
	insn_skip(vcpu_ctx(v)->vmcb, i.length);
	return true;
}

/* A write may have raised an interrupt: the hypervisor looks before the guest goes on. */
int mmio_access(struct vcpu *v, gpa_t g, bool is_private, bool write)
{
	if (!may_be_fast(v, is_private) || !answered(v, g, write))
		return vc_raise(v, VC_NPF);
	return write ? MACHINE_INTR : RESUME;
}
