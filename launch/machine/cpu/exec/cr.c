/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/cr.h"
#include "lib/insn/decode.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/walk.h"
#include "machine/host/options.h"
#include "base/x86.h"

/*
 * Control registers. An exit costs so much that a guest which saves and restores all of them around
 * an exception, as edk2's does, had half of its exits here. So a write stops only where the
 * processor under us would go wrong:
 *
 *   CR0   paging on or off changes the nested root; which bits may go together QEMU does not
 *         check, and it drops the upper half. While the other bits stay as they are only the last
 *         of these is left: precise() decides.
 *   CR4   PAE without long mode changes the nested root; in long mode it must stay, which QEMU does
 *         not check. All else it refuses by itself: its CPUID bits are the guest's
 *         (launch/profiles/native.c), and cr_refused() makes #GP of that.
 *   CR8   While a virtual interrupt waits, QEMU's write calls cpu_interrupt() without the lock it
 *         needs and aborts (7.2). And a lower value may let in what waits in the APIC. A write
 *         that raises it from 0 can do neither, and is noticed at the next exit.
 */

/* Every write is judged here, the reserved bits of CR8 included: so it is in the modes that a guest
 * passes on its way up, and with the option strict. */
static bool precise(const struct vmcb *m)
{
	return host_options.strict || !guest_long_mode(m);
}

void cr_intercept(struct vcpu *v)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;
	bool waits = m->int_ctl & (VMCB_V_IRQ | VMCB_V_TPR_MASK);

	m->cr_write = precise(m) ? BIT(0) | BIT(4) | BIT(8) : waits ? BIT(8) : 0;
}

void cr_follow_tpr(struct vcpu *v, uint8_t tpr)
{
	uint8_t now = vcpu_ctx(v)->vmcb->int_ctl & VMCB_V_TPR_MASK;

	if (now != tpr)
		vmm_cr8_write(v, now);
}

#define CR0_KNOWN                                                                                  \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)

static bool cr0_valid(const struct vmcb *m, uint64_t value)
{
	bool on = (value & CR0_PG) && !(m->cr0 & CR0_PG);
	bool off = !(value & CR0_PG) && (m->cr0 & CR0_PG);

	if ((value >> 32) || ((value & CR0_PG) && !(value & CR0_PE)) ||
	    ((value & CR0_NW) && !(value & CR0_CD)))
		return false;
	if (on && (m->efer & EFER_LME))
		return (m->cr4 & CR4_PAE) && !(m->cs.attrib & SEG_L);
	return !(off && guest_mode64(m));
}

static int set_cr0(struct vcpu *v, uint64_t value, unsigned length)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	if (!cr0_valid(m, value))
		return insn_fault(v, VEC_GP);
	m->cr0 = (value & CR0_KNOWN) | CR0_ET;
	if ((value & CR0_PG) && (m->efer & EFER_LME))
		m->efer |= EFER_LMA;
	else
		m->efer &= ~EFER_LMA;
	insn_skip(m, length);
	return RESUME;
}

/* Which bits exist: APM vol. 2, 3.1.3, by the CPUID that the guest sees. */
static const struct feature {
	uint64_t bits;
	uint32_t leaf;
	uint8_t reg, bit; /* EAX 0 .. EDX 3 */
} cr4_features[] = {
	{CR4_VME | CR4_PVI, 1, 3, 1}, {CR4_DE, 1, 3, 2},       {CR4_PSE, 1, 3, 3},
	{CR4_TSD, 1, 3, 4},           {CR4_PAE, 1, 3, 6},      {CR4_MCE, 1, 3, 7},
	{CR4_PGE, 1, 3, 13},          {CR4_OSFXSR, 1, 3, 24},  {CR4_OSXMMEXCPT, 1, 3, 25},
	{CR4_FSGSBASE, 7, 1, 0},      {CR4_SMEP, 7, 1, 7},     {CR4_SMAP, 7, 1, 20},
	{CR4_UMIP, 7, 2, 2},          {CR4_OSXSAVE, 1, 2, 26},
};
static const struct feature efer_features[] = {
	{EFER_SCE, 0x80000001, 3, 11},   {EFER_NXE, 0x80000001, 3, 20},
	{EFER_FFXSR, 0x80000001, 3, 25}, {EFER_LME | EFER_LMA, 0x80000001, 3, 29},
	{EFER_TCE, 0x80000001, 2, 17},
};

static uint64_t offered(struct vcpu *v, const struct feature *f, unsigned n)
{
	uint64_t bits = 0;
	uint32_t r[4];

	for (; n; n--, f++) {
		vmm_cpuid(v, f->leaf, 0, r);
		if (r[f->reg] >> f->bit & 1)
			bits |= f->bits;
	}
	return bits;
}

/* All vCPUs are alike, so it is found out once. */
static uint64_t cr4_known(struct vcpu *v)
{
	static uint64_t known;

	if (!READ_ONCE(known))
		WRITE_ONCE(known, CR4_PCE | offered(v, cr4_features, ARRAY_LEN(cr4_features)));
	return known;
}

static int set_cr4(struct vcpu *v, uint64_t value, unsigned length)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	if ((value & ~cr4_known(v)) || (guest_long_mode(m) && !(value & CR4_PAE)))
		return insn_fault(v, VEC_GP);
	m->cr4 = value;
	insn_skip(m, length);
	return RESUME;
}

/* What is written to LMA is ignored, because it follows LME and paging (APM vol. 2, 3.1.7), and so
 * is what a guest with encrypted registers writes to SVME (15.35.10). */
bool cr_set_efer(struct vcpu *v, uint64_t value)
{
	static uint64_t known;
	const uint64_t kept = EFER_LMA | EFER_SVME;
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	if (!READ_ONCE(known))
		WRITE_ONCE(known, EFER_SVME | offered(v, efer_features, ARRAY_LEN(efer_features)));
	if ((value & ~known) || ((m->cr0 & CR0_PG) && ((value ^ m->efer) & EFER_LME)))
		return false;
	m->efer = (value & ~kept) | (m->efer & kept);
	return true;
}

static int set_cr8(struct vcpu *v, uint64_t value, unsigned length)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;

	if (value > 15)
		return insn_fault(v, VEC_GP);
	machine_set_tpr(v, (uint8_t)value);
	vmm_cr8_write(v, (uint8_t)value);
	insn_skip(m, length);
	return RESUME;
}

int cr_access(struct vcpu *v)
{
	struct vmcb *m = v->ctx[v->vmpl].vmcb;
	struct insn i = insn_at_rip(v);
	uint64_t value = insn_gpr(v, i.rm);

	if (i.kind == INSN_UNDEFINED) /* LOCK, which QEMU lets pass */
		return insn_fault(v, VEC_UD);
	if (i.kind == INSN_LMSW) /* PE can be set, not cleared */
		return set_cr0(v, (m->cr0 & ~0xeull) | (value & 0xf), i.length);
	if (i.kind == INSN_CLTS)
		return set_cr0(v, m->cr0 & ~CR0_TS, i.length);
	if (i.kind == INSN_MOV_TO_CR && i.reg == 0)
		return set_cr0(v, value, i.length);
	if (i.kind == INSN_MOV_TO_CR && i.reg == 3) /* refused: a bit beyond the address */
		return insn_fault(v, VEC_GP);
	if (i.kind == INSN_MOV_TO_CR && i.reg == 4)
		return set_cr4(v, value, i.length);
	if (i.kind == INSN_MOV_TO_CR && i.reg == 8)
		return set_cr8(v, value, i.length);
	return event_fault(v, "control register access that is not modelled", m->rip);
}

bool cr_refused(struct vcpu *v)
{
	struct insn i = insn_at_rip(v);

	return i.kind == INSN_MOV_TO_CR && (i.reg == 3 || i.reg == 4);
}
