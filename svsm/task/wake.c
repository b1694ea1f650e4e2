/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How a CPU sleeps and how another one wakes it: the three steps of task/wake.h. task/sched.c is
 * the only caller beside the self-tests. The hypervisor may lose the NMI, so no caller may depend
 * on it for more than speed.
 */
#include "task/wake.h"
#include "cpu/trap/hv.h"
#include "cpu/sleep.h"
#include "cpu/timer.h"
#include "cpu/x2apic.h"
#include "cpu/percpu.h"
#include "platform/platform.h"

/* A refusal by the hypervisor is ignored: to the caller it is the same as an NMI that was lost,
 * and it sends another one. */
void wake_cpu(const struct cpu *c)
{
	x2apic_send_nmi(c->apic_id);
}

/* The timer may have been left armed; ring 3 does not wait for it any more. */
static uint32_t hv_ready(void)
{
	uint32_t seen = READ_ONCE(*hv_count());

	if (hv_take())
		timer_expired();
	return seen;
}

/* The hypervisor holds back NMIs to this CPU until it is told that the last one was handled. The
 * count is read before it is told: an NMI that comes in between makes the count differ from what
 * is returned. While it does not want to hear of it none would end a sleep, and what is returned
 * is no count that there is: wake_sleep() then returns at once. */
uint32_t wake_ready(void)
{
	struct cpu *me = percpu_this();
	uint32_t seen;

	if (hv_used)
		return hv_ready();
	seen = READ_ONCE(me->nmi_count);
	if (seen != me->nmi_done && !platform->nmi_done())
		return seen - 1;
	me->nmi_done = seen;
	return seen;
}

void wake_sleep(uint32_t seen)
{
	sleep_unless(hv_used ? hv_count() : &percpu_this()->nmi_count, seen);
}
