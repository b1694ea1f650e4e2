/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Emulation is switched on at boot, or not at all: by the launch, once for the VM and then on each
 * CPU that the guest may use.
 */
#include "apic/guest_apic_state.h"
#include "base/assert.h"
#include "cpu/vectors.h"
#include "log/log.h"
#include "lib/string.h"
#include "mm/launch_area.h"
#include "platform/inject.h"

PERCPU struct guest_apic guest_apic;

static bool wanted(void)
{
	return launch_info.flags & LAUNCH_FLAG_ALT_INJ;
}

void guest_apic_init(void)
{
	const char *why = "this platform has none";

	if (!wanted())
		return;
	if (platform->inject)
		why = platform->inject->objection();
	if (why)
		panic("the launch asks for alternate injection: %s", why);
	if (!guest_apic_init_cpu())
		panic("the hypervisor refused alternate injection");
	log_info("apic: the guest's local APICs are the SVSM's");
}

/* x2APIC and enabled, since nothing here can make it anything else. */
void guest_apic_reset(struct guest_apic *g, const struct cpu *c)
{
	apic_reset(&g->a, c->apic_id, VMPL_GUEST, !c->index);
	g->a.base |= APIC_BASE_X2APIC;
	g->a.svr |= APIC_SVR_ENABLE;
	memset(g->held, 0, sizeof(g->held));
	g->icr = 0;
	g->queued = 0;
	g->lazy = g->nmi = false;
}

bool guest_apic_init_cpu(void)
{
	struct cpu *c = percpu_this();

	if (!wanted() || c->service)
		return true;
	if (!platform->inject->start(NOTIFY_VECTOR)) {
		log_error("apic: CPU %u: the hypervisor refused alternate injection", c->index);
		return false;
	}
	guest_apic_reset(percpu_mine(&guest_apic), c);
	__atomic_store_n(&c->guest.apic, true, __ATOMIC_SEQ_CST);
	return true;
}
