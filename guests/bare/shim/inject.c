/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Exceptions, with frames made by hand: the hypervisor may not be asked to inject one, and a VMSA's
 * EVENTINJ counts with alternate injection only. APM vol. 2, 8.9 and 8.7. In 32-bit mode the
 * handler runs at the same CPL.
 */
#include "bare/shim/shim.h"

#define GATE_P    BIT(47)
#define GATE_TRAP BIT(40) /* type 15, an interrupt gate is 14 */

static NORETURN void lost(const struct vmsa *v, uint8_t vector)
{
	shim_fail("exception %u at RIP 0x%llx, and its gate, stack or handler is not there", vector,
		  (unsigned long long)v->rip);
}

/* What of the descriptor of a code segment concerns a VMSA. */
static void load_cs(struct vmsa *v, uint16_t selector, uint8_t vector)
{
	uint64_t d;

	if (!linear_read(v, v->gdtr.base + (selector & ~7u), &d, 8) || !(d & BIT(47)))
		lost(v, vector);
	v->cs.selector = selector;
	v->cs.attrib = (uint16_t)((d >> 40 & 0xff) | (d >> 44 & 0xf00));
	v->cs.limit = ~0u;
	v->cs.base = (d >> 16 & 0xffffff) | (d >> 56) << 24;
}

static void enter(struct vmsa *v, uint64_t gate)
{
	v->rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF);
	if (!(gate & GATE_TRAP))
		v->rflags &= ~(uint64_t)RFLAGS_IF;
}

static uint64_t stack64(const struct vmsa *v, uint64_t gate, uint8_t vector)
{
	unsigned ist = gate >> 32 & 7;
	uint64_t sp = v->rsp;

	if ((ist || v->cpl) &&
	    !linear_read(v, v->tr.base + (ist ? 0x24 + 8 * (ist - 1) : 4), &sp, 8))
		lost(v, vector);
	return sp & ~15ull;
}

static void inject64(struct vmsa *v, uint8_t vector, int64_t error)
{
	uint64_t frame[6], gate[2], sp;
	unsigned at = error < 0, n = 6 - at;

	if (!linear_read(v, v->idtr.base + vector * 16u, gate, 16) || !(gate[0] & GATE_P))
		lost(v, vector);
	sp = stack64(v, gate[0], vector) - n * 8;
	frame[0] = (uint64_t)error;
	frame[1] = v->rip;
	frame[2] = v->cs.selector;
	frame[3] = v->rflags;
	frame[4] = v->rsp;
	frame[5] = v->ss.selector;
	if (!linear_write(v, sp, &frame[at], n * 8))
		lost(v, vector);
	load_cs(v, (uint16_t)(gate[0] >> 16), vector);
	if (v->cpl)
		v->ss = (struct vmsa_seg){.attrib = 0x93, .limit = ~0u};
	v->cpl = 0;
	v->rsp = sp;
	v->rip = (gate[0] & 0xffff) | (gate[0] >> 32 & 0xffff0000) | gate[1] << 32;
	enter(v, gate[0]);
}

static void inject32(struct vmsa *v, uint8_t vector, int64_t error)
{
	uint32_t frame[4] = {(uint32_t)error, (uint32_t)v->rip, v->cs.selector,
			     (uint32_t)v->rflags};
	unsigned at = error < 0, n = 4 - at;
	uint32_t sp = (uint32_t)v->rsp - n * 4;
	uint64_t gate;

	if (v->cpl || !linear_read(v, v->idtr.base + vector * 8u, &gate, 8) || !(gate & GATE_P) ||
	    !linear_write(v, (uint32_t)(v->ss.base + sp), &frame[at], n * 4))
		lost(v, vector);
	load_cs(v, (uint16_t)(gate >> 16), vector);
	v->rsp = sp;
	v->rip = (gate & 0xffff) | (gate >> 32 & 0xffff0000);
	enter(v, gate);
}

void inject(struct vmsa *v, uint8_t vector, int64_t error)
{
	if (!(v->cr0 & CR0_PE))
		lost(v, vector);
	if (v->efer & EFER_LMA)
		inject64(v, vector, error);
	else
		inject32(v, vector, error);
}
