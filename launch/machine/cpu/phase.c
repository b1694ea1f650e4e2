/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The phases of a run: docs/monitor.md, "Statistics". */
#include "machine/cpu/phase.h"
#include "machine/host/log.h"

uint32_t phase_now;
static uint64_t since[PHASE_COUNT];
static const char *const names[PHASE_COUNT] = {"start", "kernel", "user"};

uint64_t phase_since(enum phase p)
{
	return READ_ONCE(since[p]);
}

const char *phase_name(enum phase p)
{
	return names[p];
}

/* Another vCPU may find the same at the same time: the first one's clock and line count. */
static void reach(enum phase p, const struct vcpu *v, unsigned cpl)
{
	uint64_t never = 0;

	if (!__atomic_compare_exchange_n(&since[p], &never, v->entered, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED))
		return;
	WRITE_ONCE(phase_now, p);
	host_log("phase: %s: VMPL %u at CPL %u on vCPU %u", names[p], v->vmpl, cpl, v->index);
}

void phase_look(const struct vcpu *v, bool user)
{
	unsigned cpl = user ? 3 : 0;

	if (v->vmpl == VMPL_SVSM) {
		if (!phase_since(PHASE_START))
			reach(PHASE_START, v, cpl);
		return;
	}
	if (!phase_since(PHASE_KERNEL))
		reach(PHASE_KERNEL, v, cpl);
	if (user && !phase_since(PHASE_USER))
		reach(PHASE_USER, v, cpl);
}
