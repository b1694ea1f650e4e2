/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Which of the vCPUs that compute runs, where all share one thread of the host's (turns.h). */
#include "machine/hv/turns.h"
#include "machine/host/isr.h"
#include "machine/host/lapic.h"
#include "machine/host/options.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/hv/irq.h"
#include "machine/hv/state/state.h"
#include "base/x86.h"

static unsigned turn; /* the vCPU that has it; CPU 0 writes, others read */

static bool computes(unsigned i)
{
	return !READ_ONCE(machine_vcpus[i]->resting);
}

/* The one behind i that computes; i itself when there is no other. */
static unsigned behind(unsigned i)
{
	for (unsigned n = 1; n < machine_vcpu_count; n++) {
		unsigned next = (i + n) % machine_vcpu_count;

		if (computes(next))
			return next;
	}
	return i;
}

/* Who is not in its guest looks at the flag before it is there. */
static void end(unsigned i)
{
	WRITE_ONCE(hv_states[i]->turn_over, true);
	if (__atomic_load_n(&machine_vcpus[i]->in_guest, __ATOMIC_SEQ_CST))
		host_turn(vcpu_cpu(machine_vcpus[i]));
}

void turns_next(void)
{
	unsigned next = behind(turn);

	WRITE_ONCE(turn, next);
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (i != next && computes(i))
			end(i);
}

/* True when one was taken that is for the vCPU; CPU 0's own are not. */
static bool interrupted(struct percpu *p)
{
	p->taken = 0;
	host_irq_window();
	return p->taken && p->taken != VECTOR_TURN;
}

/*
 * PAUSE gives what is left of a CPU's time to the next one. What came meanwhile goes first: a vCPU
 * with an interrupt runs until CPU 0 looks again, so that nothing is late for a turn's sake.
 */
void turns_wait(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);
	bool came = false;

	if (!READ_ONCE(h->turn_over))
		return;
	while (!came && READ_ONCE(turn) != v->index && computes(READ_ONCE(turn)) && !irq_wakes(v)) {
		cpu_relax();
		came = interrupted(percpu());
		if (came)
			irq_timer_poll(v);
	}
	WRITE_ONCE(h->turn_over, false);
}
