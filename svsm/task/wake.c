/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "task/wake.h"
#include "cpu/sleep.h"
#include "cpu/x2apic.h"
#include "cpu/percpu.h"
#include "platform/platform.h"

void wake_cpu(const struct cpu *c)
{
	x2apic_send_nmi(c->apic_id);
}

uint32_t wake_ready(void)
{
	struct cpu *me = percpu_this();
	uint32_t seen = READ_ONCE(me->nmi_count);

	if (seen != me->nmi_done)
		platform->nmi_done();
	me->nmi_done = seen;
	return seen;
}

void wake_sleep(uint32_t seen)
{
	sleep_unless(&percpu_this()->nmi_count, seen);
}
