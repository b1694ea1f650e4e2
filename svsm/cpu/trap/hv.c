/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The part of #HV that is not its entry: where the count lies, and what becomes of what the
 * platform takes out of the doorbell page. An NMI there has done its work by being counted.
 */
#include "cpu/trap/hv.h"
#include "cpu/desc.h"
#include "cpu/percpu.h"
#include "log/log.h"
#include "platform/platform.h"

uint32_t hv_used;

/* Of hv_take_before_run(). */
struct hv_cpu {
	bool taken;
	uint32_t seen;
};
static PERCPU struct hv_cpu hv;

void hv_use(void)
{
	hv_used = 1;
}

/* On top of the handler's stack, where the handler finds it without any register (desc.c). */
const uint32_t *hv_count(void)
{
	static const uint32_t never;

	return hv_used ? (const uint32_t *)percpu_this()->desc->ist[IST_HV].top : &never;
}

/* A machine check that the host reports is its word against nothing: told once. */
uint8_t hv_take(void)
{
	static bool said;
	struct platform_events e;

	if (!hv_used || !platform->events_take(&e))
		return 0;
	if (e.machine_check && !__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		log_warn("hv: CPU %u: the hypervisor speaks of a machine check",
			 percpu_this()->index);
	return e.vector;
}

uint8_t hv_take_before_run(void)
{
	*percpu_mine(&hv) = (struct hv_cpu){.taken = true, .seen = READ_ONCE(*hv_count())};
	return hv_take();
}

bool hv_taken(void)
{
	return percpu_mine(&hv)->taken;
}

/* Used up: the next run has to take again what has come by then. A count that there is not calls
 * the run off, so that a vCPU whose VMSA has just come is looked at before it runs. */
uint32_t hv_seen(void)
{
	struct hv_cpu *mine = percpu_mine(&hv);
	uint32_t seen = mine->taken ? mine->seen : READ_ONCE(*hv_count()) - 1;

	mine->taken = false;
	return seen;
}
