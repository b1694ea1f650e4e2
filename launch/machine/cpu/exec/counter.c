/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/cpu/exec/counter.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/exec/insn.h"
#include "machine/cpu/fpu.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/time.h"
#include "base/x86.h"
#include "lib/tsc.h"

#define RDTSC_LENGTH 2 /* without a prefix, where it cannot be fetched */

void counter_set(struct vmpl_ctx *c, uint64_t scale, uint64_t offset)
{
	struct vmcb *m = c->vmcb;

	c->tsc_scale = scale & TSC_SCALE_MASK;
	c->tsc_offset = offset;
	m->tsc_offset = offset;
	m->intercept3 &= ~VMCB_INTERCEPT3(SVM_EXIT_RDTSC);
	m->intercept4 &= ~VMCB_INTERCEPT4(SVM_EXIT_RDTSCP);
	if (c->tsc_scale == TSC_SCALE_ONE)
		return;
	m->intercept3 |= VMCB_INTERCEPT3(SVM_EXIT_RDTSC);
	m->intercept4 |= VMCB_INTERCEPT4(SVM_EXIT_RDTSCP);
}

uint64_t counter_of_guest(const struct vmpl_ctx *c, uint64_t host)
{
	return tsc_scaled(host, c->tsc_scale) + c->tsc_offset;
}

/* From the counter's own zero, not from now on, so that rounding is the counter's. A moment too far
 * ahead for that is as good as never. */
uint64_t counter_reaches(const struct vmpl_ctx *c, uint64_t now, uint64_t guest)
{
	uint64_t here = counter_of_guest(c, now), at;

	if (guest <= here)
		return MAX(now, 1ull);
	if (__builtin_add_overflow(tsc_scaled(now, c->tsc_scale), guest - here, &at))
		return UINT64_MAX;
	return MAX(tsc_unscaled(at, c->tsc_scale), 1ull);
}

uint64_t counter_khz(const struct vmpl_ctx *c)
{
	return tsc_scaled(host_tsc_khz(), c->tsc_scale);
}

uint64_t counter_freq(const struct vmpl_ctx *c)
{
	uint64_t freq;
	uint32_t factor;

	tsc_rate_split(counter_khz(c), &freq, &factor);
	return freq & TSC_FREQ_MASK;
}

int counter_exit(struct vcpu *v)
{
	struct vmpl_ctx *c = vcpu_ctx(v);
	struct insn i = insn_at_rip(v);
	uint64_t t = counter_of_guest(c, rdtsc());

	if (i.kind == INSN_UNDEFINED) /* LOCK, which QEMU lets pass */
		return insn_fault(v, VEC_UD);
	c->vmcb->rax = (uint32_t)t;
	c->gpr[2] = t >> 32;
	if (i.kind == INSN_RDTSCP)
		c->gpr[1] = fpu_tsc_aux();
	insn_skip(c->vmcb, i.kind == INSN_UNKNOWN ? RDTSC_LENGTH : i.length);
	return RESUME;
}
