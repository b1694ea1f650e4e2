/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Interrupts and exceptions of host mode. Interrupts are off but in the windows of irq_open() and
 * irq_sleep(), so an interrupt comes only where one is expected; what comes anywhere else is an
 * NMI or a fault. The APIC takes the interrupts of the guest's devices too, and hands them up.
 */
#include "machine/host/isr.h"
#include "machine/host/desc.h"
#include "machine/host/fault.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "machine/host/park.h"
#include "machine/host/percpu.h"
#include "machine/host/time.h"
#include "machine/host/upcall.h"
#include "base/x86.h"
#include "lib/spinlock.h"

void irq_open(void);
void irq_sleep(void);
void entry_dispatch(struct trap_frame *f);

/* Kick, timer and error: to have come is all that a kick does. */
static void own_vector(unsigned vector)
{
	if (vector == VECTOR_SPURIOUS && !lapic_in_service(vector))
		return; /* the real one needs no EOI */
	if (vector == VECTOR_TIMER)
		time_fired();
	lapic_eoi();
}

/* A level interrupt stays in service until its guest is done with it (host_irq_eoi_level). */
static void guest_vector(unsigned vector)
{
	struct percpu *p = percpu();
	bool level = lapic_is_level(vector) && p->levels < LEVEL_MAX;

	if (level) {
		p->level[p->levels].vector = (uint8_t)vector;
		p->level[p->levels++].done = false;
	} else {
		lapic_eoi();
	}
	if (p->cpu) /* a guest may aim a device at CPU 0: that reaches nobody */
		upcall_interrupt(vector, level);
}

/* EOI ends the highest vector in service, which is the one taken last: answer in that order. */
void host_irq_eoi_level(unsigned vector)
{
	struct percpu *p = percpu();

	for (unsigned i = 0; i < p->levels; i++) {
		if (p->level[i].vector == vector)
			p->level[i].done = true;
	}
	while (p->levels && p->level[p->levels - 1].done) {
		p->levels--;
		lapic_eoi();
	}
}

/* A device of a guest's can send them, too, as many as it likes (docs/fidelity.md). */
#define NMIS_TOLD 64

static bool worth_telling(void)
{
	static uint32_t count;
	uint32_t n = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);

	if (n == NMIS_TOLD)
		host_log("NMI: more of them are not told");
	return n < NMIS_TOLD;
}

/* QMP inject-nmi, by a person or by the harness at a time-out: tell where this CPU and its guest
 * are, and go on. */
static void nmi(const struct trap_frame *f)
{
	if (park_asked()) {
		if (!log_writing())
			park();
		return; /* at the end of its line */
	}
	if (!worth_telling())
		return;
	host_log("NMI: this CPU was here");
	fault_backtrace(f->rip, f->rbp);
	upcall_where();
}

/* Called from entry.S, on this CPU's stack or an IST stack, interrupts off. */
void entry_dispatch(struct trap_frame *f)
{
	if (f->vector >= 32) {
		percpu()->taken = (unsigned)f->vector;
		if (f->vector >= HOST_VECTOR_OWN)
			own_vector((unsigned)f->vector);
		else
			guest_vector((unsigned)f->vector);
		return;
	}
	/* GS may be the guest's if this came right after VMRUN. */
	desc_set_gs(lapic_cpu());
	if (lapic_in_service((unsigned)f->vector))
		lapic_eoi(); /* a device was told to send an exception's vector: drop it */
	else if (f->vector == VEC_NMI)
		nmi(f);
	else
		fault_exception(f);
}

/* Interrupts that #VMEXIT has announced are taken here, all that are pending. */
void host_irq_window(void)
{
	irq_open();
}

bool host_irq_came(void)
{
	percpu()->taken = 0;
	irq_open();
	return percpu()->taken;
}

/* An interrupt that came before is taken at once: nothing is missed between a check and the
 * sleep, as long as the check is made with interrupts off. */
void host_halt(void)
{
	irq_sleep();
}

/* The timer may be armed for the guest: the earlier of the two ends the sleep, and the guest's
 * is armed again. One that is over by then is not, or it would end each sleep that comes next at
 * once. */
void host_nap(uint64_t ticks)
{
	uint64_t armed = percpu()->deadline, end = rdtsc() + ticks;

	if (!armed || (int64_t)(end - armed) < 0)
		host_timer_arm(end);
	host_halt();
	if (armed && (int64_t)(armed - rdtsc()) > 0)
		host_timer_arm(armed);
	else
		host_timer_stop();
}

#define SPIN_US 50
#define REST_US 2000 /* at most: nobody kicks who waits for a lock */

/*
 * How a CPU of the monitor waits for a lock (lib/spinlock.h): for as long as a holder that runs
 * usually takes, it spins; then it sleeps, each time as long as it has waited so far, because the
 * holder's thread may be one that the host does not run, and so many spinning ones keep it so. No
 * PAUSE: under QEMU it takes the lock that kicks and halts need. It may be the CPU of a guest,
 * which has then to look at what the sleep took.
 */
void spin_rest(uint64_t waited)
{
	uint64_t us = host_tsc_khz() / 1000;

	if (waited <= us * SPIN_US)
		return;
	host_nap(MIN(waited, us * REST_US));
	upcall_napped();
}
