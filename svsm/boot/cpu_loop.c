/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What every CPU of the SVSM does for the rest of its life. boot/main.c (boot CPU) and boot/smp.c
 * (the others) end here. It never gives up: whatever the hypervisor or the guest does, the loop
 * goes on, and costs at most time.
 */
#include "boot/cpu_loop.h"
#include "base/x86.h"
#include "cpu/failstop.h"
#include "cpu/percpu.h"
#include "cpu/timer.h"
#include "cpu/trap/hv.h"
#include "task/sched.h"
#include "platform/vcpu.h"
#include "protocols/attest/attest_ahead.h"
#include "protocols/dispatch.h"
#include "lib/lock.h"

/* The VMPL to run, 0 when this vCPU has no guest VMSA. Whatever comes next, running the guest or
 * serving its call, must not come after a panic on another CPU. */
static unsigned guest_vmpl(struct cpu *c)
{
	unsigned vmpl;

	failstop_check();
	lock_take(LOCK_VCPU, &c->guest.lock);
	vmpl = gpa_eq(c->guest.vmsa, GPA_NONE) ? 0 : c->guest.vmpl;
	lock_give(LOCK_VCPU, &c->guest.lock);
	return vmpl;
}

/* Between two runs that were refused: at first the hypervisor may be about to get the VMSA. */
#define REST_MIN_NS 50000ull
#define REST_MAX_NS 10000000ull

/*
 * The hypervisor has refused to run the guest in each of the platform's ways: it has no VMSA of
 * that VMPL yet, or says so. A HLT would last until an NMI, for ever maybe, and leave it to the
 * hypervisor whether this CPU ever asks again. So it rests for a while, by its own clock.
 */
static void rest(unsigned refused)
{
	uint64_t start = timer_now();
	uint64_t ticks = timer_ticks(MIN(REST_MIN_NS << MIN(refused, 10u), REST_MAX_NS));

	while (timer_now() - start < ticks) {
		failstop_check();
		cpu_relax();
	}
}

/*
 * While a task is ready, our timer may end the run or call it off: then it was not in vain. Who
 * comes back without a reason is run in the other way first.
 */
static enum platform_result run(unsigned vmpl, unsigned *in_vain)
{
	uint32_t events = READ_ONCE(*hv_count());
	bool shared = !*in_vain && sched_waiting() && sched_share();
	enum platform_result r = platform->vcpu->run(vmpl, (*in_vain)++);

	if (shared && !r && READ_ONCE(*hv_count()) != events)
		*in_vain = 0;
	return r;
}

/*
 * The guest's VMSA may come and go while this CPU sleeps, runs the guest, or runs a service: so it
 * is looked up anew in each round. What the hypervisor answers to a run decides only how the next
 * one is tried: each round looks whether the guest has called, because a refusal may be a lie, of
 * the hypervisor's or of a vCPU of the guest that has written it.
 */
void cpu_loop(void)
{
	struct cpu *c = percpu_this();
	unsigned in_vain = 0, refused = 0; /* runs in a row without a call, and those refused */

	for (;;) {
		unsigned vmpl = guest_vmpl(c);

		if (refused >= 2)
			rest(refused);
		if (!vmpl && c->service)
			attest_ahead();
		if (!vmpl)
			sched_idle();
		else
			refused = run(vmpl, &in_vain) ? refused + 1 : 0;
		if (guest_vmpl(c) && svsm_request(c))
			in_vain = refused = 0;
	}
}
