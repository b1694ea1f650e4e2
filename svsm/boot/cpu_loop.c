/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "boot/cpu_loop.h"
#include "cpu/percpu.h"
#include "task/sched.h"
#include "platform/platform.h"
#include "protocols/dispatch.h"
#include "lib/lock.h"

/* The VMPL to run, 0 when this vCPU has no guest VMSA. */
static unsigned guest_vmpl(struct cpu *c)
{
	unsigned vmpl;

	lock_take(LOCK_VCPU, &c->guest.lock);
	vmpl = gpa_eq(c->guest.vmsa, GPA_NONE) ? 0 : c->guest.vmpl;
	lock_give(LOCK_VCPU, &c->guest.lock);
	return vmpl;
}

/*
 * The guest's VMSA may come and go while this CPU sleeps, runs it, or runs a service. When the
 * hypervisor cannot run it (not handed over yet), sleep: it wakes us, at the latest with the
 * guest's first call.
 */
void cpu_loop(void)
{
	struct cpu *c = percpu_this();

	for (;;) {
		unsigned vmpl = guest_vmpl(c);

		if (!vmpl)
			sched_idle();
		else if (platform->vcpu_run(vmpl))
			platform->halt();
		if (guest_vmpl(c))
			svsm_request(c);
	}
}
