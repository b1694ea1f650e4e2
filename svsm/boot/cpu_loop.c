/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What every CPU of the SVSM does for the rest of its life. boot/main.c (boot CPU) and boot/smp.c
 * (the others) end here. It never gives up: whatever the hypervisor or the guest does, the loop
 * goes on, and costs at most time.
 */
#include "boot/cpu_loop.h"
#include "cpu/percpu.h"
#include "task/sched.h"
#include "platform/vcpu.h"
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
 * The guest's VMSA may come and go while this CPU sleeps, runs the guest, or runs a service: so it
 * is looked up anew in each round. When platform->vcpu->run() fails, the hypervisor has no VMSA of
 * that VMPL yet. Then the CPU halts until the hypervisor wakes it, at the latest for the guest's
 * first call.
 */
void cpu_loop(void)
{
	struct cpu *c = percpu_this();

	for (;;) {
		unsigned vmpl = guest_vmpl(c);

		if (!vmpl)
			sched_idle();
		else if (platform->vcpu->run(vmpl))
			platform->halt();
		if (guest_vmpl(c))
			svsm_request(c);
	}
}
