/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Interrupts of a vCPU. Devices raise them in the host's APIC, timers in the host's timer, other
 * vCPUs in this one's APICs; before each VMRUN the most urgent one goes into the current VMPL, or
 * a window is opened for it. This file is also what the APIC model (svsm/lib/vapic) finds of its
 * surroundings.
 */
#include "machine/hv/irq.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/event/inject.h"
#include "machine/cpu/event/vintr.h"
#include "machine/cpu/exec/vmm.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/tlb.h"
#include "machine/cpu/vmcb.h"
#include "machine/dev/uart.h"
#include "machine/host/isr.h"
#include "machine/host/lapic.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/options.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/hv/altinj.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/turn.h"
#include "base/x86.h"
#include "lib/vapic/vapic.h"

/* Devices belong to the operating system: the least privileged VMPL that has a VMSA. */
static struct vapic *device_apic(struct hv_vcpu *h)
{
	unsigned vmpl = VMPL_COUNT - 1;

	while (vmpl > 0 && gpa_eq(h->v->ctx[vmpl].vmsa, GPA_NONE))
		vmpl--;
	return &h->apic[vmpl];
}

void hv_host_interrupt(unsigned vector, bool level)
{
	unsigned cpu = host_cpu();

	/* Interrupts routed to the monitor's own CPU have no vCPU to go to. */
	if (cpu == 0 || cpu > machine_vcpu_count || !hv_states[cpu - 1]) {
		if (level)
			host_irq_eoi_level(vector);
		return;
	}
	apic_post(device_apic(hv_states[cpu - 1]), vector, level);
}

bool irq_devices_ring(struct vcpu *v, unsigned vmpl)
{
	const struct vapic *a = &hv_state(v)->apic[vmpl];

	return a == device_apic(hv_state(v)) && a->tpr >> 4 < (HOST_VECTOR_OWN >> 4) - 1;
}

static struct hv_vcpu *owner(const struct vapic *a)
{
	return hv_state(machine_vcpu_by_apic_id(a->id));
}

/*
 * The earliest deadline of the timers of all VMPLs and of what a serial port is to send; 0: there
 * is none. A VMPL that does not run now must have its interrupt in time as well. On h's own CPU.
 */
static uint64_t next_deadline(const struct hv_vcpu *h)
{
	uint64_t first = uart_due();
	unsigned i;

	for (i = 0; i < VMPL_COUNT; i++)
		if (h->apic[i].deadline && (!first || h->apic[i].deadline < first))
			first = h->apic[i].deadline;
	return first;
}

/* Called on the vCPU's own CPU, because the host's timer is that CPU's. */
static void arm(struct hv_vcpu *h, uint64_t deadline)
{
	h->timer_armed = deadline;
	if (deadline)
		host_timer_arm(deadline);
	else
		host_timer_stop();
}

void irq_timer_poll(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);
	uint64_t now = rdtsc(), first;
	unsigned i;

	for (i = 0; i < VMPL_COUNT; i++)
		apic_timer_expire(&h->apic[i], now);
	uart_service(false);
	/* Armed anew even when unchanged: the host's timer may have fired a little early. */
	first = next_deadline(h);
	if (first || h->timer_armed)
		arm(h, first);
}

/* The host's timer may be among what is taken, and its interrupt comes once only. */
void irq_take(struct vcpu *v)
{
	host_irq_window();
	irq_timer_poll(v);
}

/*
 * With -icount QEMU runs all CPUs in one thread, each until the next timer of the machine is due;
 * up to QEMU 8.0 the CPU that comes then has nothing left of the time and is passed over, so that
 * one CPU that computes can keep the next one waiting for as long as it likes. PAUSE ends a CPU's
 * time early, and the next one gets the rest.
 */
void irq_turn(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);
	uint64_t first = next_deadline(h);

	if (!host_options.turns)
		return;
	if (rdtsc() >= h->turn_ends) {
		cpu_relax();
		h->turn_ends = rdtsc() + turn_ticks(h);
	}
	arm(h, first ? MIN(first, h->turn_ends) : h->turn_ends);
}

/* Of several that waited the last one counts. */
void irq_cause(struct vcpu *v)
{
	static const struct exit_group vectors[] = {
		{0, 0, "none"}, /* a nap took it, or nothing came: the state was loaded anew */
		{VECTOR_KICK, VECTOR_KICK, "kick"},
		{VECTOR_TIMER, VECTOR_TIMER, "timer"},
		{32, HOST_VECTOR_OWN - 1, "device"},
	};
	static const struct exit_class class = EXIT_CLASS("", vectors);

	exit_cause_of(v, SVM_EXIT_INTR, &class, percpu()->taken);
	percpu()->taken = 0;
}

uint64_t apic_host_tsc_khz(void)
{
	return host_tsc_khz();
}

uint64_t apic_host_tsc(void)
{
	return rdtsc();
}

void irq_timer_changed(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);
	uint64_t first = next_deadline(h);

	if (first != h->timer_armed)
		arm(h, first);
}

void apic_host_timer_changed(struct vapic *a)
{
	irq_timer_changed(owner(a)->v);
}

void apic_host_eoi_level(struct vapic *a, unsigned vector)
{
	(void)a;
	host_irq_eoi_level(vector);
}

void apic_host_retry(struct vapic *a)
{
	struct vcpu *v = owner(a)->v;

	/* The guest may go on without another exit to us: a window brings it back in time. */
	if (a != hv_apic(v))
		return;
	if (altinj_used(v)) {
		if (altinj_waits(v, a))
			host_kick(host_cpu()); /* it is VMPL0 that has to see it */
	} else if (!doorbell_used(v)) {
		if (apic_pending(a) >= 0)
			machine_want_window(v, true);
	} else if (doorbell_waits(v)) {
		host_kick(host_cpu()); /* no virtual interrupts there */
	}
}

void apic_host_logical(struct vapic *a)
{
	/* In x2APIC mode devices reach a CPU by its physical ID only: no interrupt remapping. */
	if (a == device_apic(owner(a)) && !apic_x2(a))
		host_lapic_set_logical(a->ldr, a->dfr);
}

/* True when an NMI goes in now or waits for the event before it: no interrupt may overtake it. */
static bool deliver_nmi(struct vcpu *v, struct vapic *a)
{
	if (!__atomic_load_n(&a->nmi, __ATOMIC_RELAXED) || a->nmi_blocked)
		return false;
	if (!machine_can_inject_nmi(v)) {
		host_kick(host_cpu()); /* come back as soon as the event before it is delivered */
		return true;
	}
	__atomic_store_n(&a->nmi, 0, __ATOMIC_SEQ_CST);
	a->nmi_blocked = true;
	machine_inject_nmi(v);
	return true;
}

/* The guest's byte, while it is shared memory: between tlb_write_begin() and tlb_write_end(). */
static uint8_t *pv_eoi_byte(const struct vapic *a)
{
	gpa_t g = gpa(a->pv_eoi & ~APIC_PV_EOI_ENABLE);

	return guard_is_shared(g, 1) ? guest_ptr(g) : NULL;
}

static void offer_pv_eoi(struct vcpu *v, struct vapic *a)
{
	if (!apic_pv_eoi_due(a))
		return;
	tlb_write_begin(v);
	apic_pv_eoi_offer(a, pv_eoi_byte(a));
	tlb_write_end(v);
}

void irq_sync(struct vcpu *v)
{
	struct vapic *a = hv_apic(v);

	doorbell_sync(v);
	if (!a->pv_offered)
		return;
	tlb_write_begin(v);
	if (apic_pv_eoi_sync(a, pv_eoi_byte(a)))
		hv_count(v, STAT_PV_EOI);
	tlb_write_end(v);
}

/* As KVM, which asks for memory of the guest, private or not: what is private is never written. */
bool irq_pv_eoi_write(struct vcpu *v, uint64_t value)
{
	gpa_t g = gpa(value & ~APIC_PV_EOI_ENABLE);

	if ((value & APIC_PV_EOI_ENABLE) && !host_guest_ram(g, 1))
		return false;
	return apic_pv_eoi_write(hv_apic(v), value);
}

/* With alternate injection it is the VMSA's V_TPR alone. */
void vmm_cr8_write(struct vcpu *v, uint8_t value)
{
	if (machine_alternate(v))
		return;
	irq_sync(v);
	apic_write(hv_apic(v), APIC_TPR, (uint32_t)value << 4);
}

void irq_deliver(struct vcpu *v)
{
	struct vapic *a = hv_apic(v);
	int vector = apic_pending(a);
	bool wait = vector >= 0;

	if (altinj_used(v) || machine_alternate(v))
		return;
	machine_set_tpr(v, (uint8_t)(a->tpr >> 4));
	if (doorbell_used(v)) {
		doorbell_deliver(v);
		return;
	}
	if (!deliver_nmi(v, a) && wait && machine_can_inject(v)) {
		apic_accept(a, vector);
		machine_inject(v, vector);
		hv_count(v, STAT_INJECTED);
		/* What is left is of the same class or lower: its turn comes at EOI. */
		wait = false;
	}
	machine_want_window(v, wait);
	offer_pv_eoi(v, a);
}

bool irq_wakes(struct vcpu *v)
{
	struct vapic *a = hv_apic(v);

	if (machine_alternate(v))
		return vintr_wakes(v);
	if (doorbell_used(v))
		return doorbell_wakes(v);
	if (a->nmi && !a->nmi_blocked)
		return true;
	return apic_pending(a) >= 0 && machine_can_inject(v);
}
