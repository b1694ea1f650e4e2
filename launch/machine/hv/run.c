/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The life of a vCPU on its CPU: serve what others ask of it, run its guest, act on why that came
 * back, and sleep while there is nothing to run. One CPU, one vCPU, for ever.
 */
#include "machine/hv/run.h"
#include "machine/cpu/exec/describe.h"
#include "machine/cpu/exec/enter.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/event/inject.h"
#include "machine/dev/disk/disk.h"
#include "machine/dev/uart.h"
#include "machine/host/isr.h"
#include "machine/host/lapic.h"
#include "machine/host/log.h"
#include "machine/host/time.h"
#include "machine/hv/altinj.h"
#include "machine/hv/ap.h"
#include "machine/hv/doorbell.h"
#include "machine/hostile/hostile.h"
#include "machine/hv/state/hypercall.h"
#include "machine/hv/irq.h"
#include "machine/hv/preempt.h"
#include "machine/hv/quiesce.h"
#include "machine/hv/stop.h"
#include "machine/snp/vmsa_attach.h"
#include "machine/snp/vmsa_inuse.h"
#include "base/x86.h"

#define PAUSE_GAP_US  50   /* more between two PAUSEs: it was doing something else */
#define PAUSE_SPIN_US 100  /* that long it may spin */
#define PAUSE_NAP_US  2000 /* at most */
#define LOST_LINES    32

/* With a doorbell a timer ends a HLT, whatever RFLAGS.IF, and so does any device whose vector the
 * task priority lets through. VMPL0 has those of the VMPLs it injects for beside its own. */
static bool may_be_rung(struct vcpu *v)
{
	return doorbell_used(v) && !gpa_eq(doorbell_page(v), GPA_NONE) &&
	       (hv_apic(v)->deadline || irq_devices_ring(v, v->vmpl) ||
		(v->vmpl == VMPL_SVSM && altinj_may_come(v)));
}

/* v waits for something that only another vCPU can bring: no VMSA, held, or HLT with interrupts
 * off, and nothing that has VMPL0 run again. */
static bool is_dead(struct vcpu *v)
{
	struct vmpl_ctx *ctx = vcpu_ctx(v);

	if (preempt_may_come(v))
		return false;
	if (gpa_eq(ctx->vmsa, GPA_NONE) || hv_state(v)->reset_hold[v->vmpl])
		return true;
	return hv_state(v)->halted[v->vmpl] && !may_be_rung(v) &&
	       (doorbell_used(v) || !machine_can_inject(v));
}

static void sleep(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);

	h->dead = is_dead(v);
	__atomic_fetch_add(&h->deaths, h->dead, __ATOMIC_RELEASE);
	__atomic_fetch_add(&v->rests, 1, __ATOMIC_RELEASE);
	WRITE_ONCE(v->resting, true);
	exit_cause_end(v);
	host_halt();
	WRITE_ONCE(v->resting, false);
	h->dead = false;
}

/* Sleep until any interrupt; what it was for is found by the caller's next round. One that a nap
 * took has come already: it may be the timer's, which nothing would end the sleep for again. The
 * serial port's lock may take such a nap, so its bytes leave before the look. What came for a VMPL
 * that VMPL0 injects for ends VMPL0's HLT only once VMPL0 has been told. */
static void halt(struct vcpu *v)
{
	uart_service(true);
	if (disk_busy())
		host_irq_window();
	else if (!v->napped)
		sleep(v);
	v->napped = false;
	irq_timer_poll(v);
	altinj_turn(v);
	if (hv_state(v)->halted[v->vmpl] && irq_wakes(v))
		hv_state(v)->halted[v->vmpl] = false;
}

/* A HLT that something ends at once is none: an interrupt, or the trap of TF, which is an event on
 * its way already. VMPL0 may just have made room in its page for what comes next. */
static void handle_hlt(struct vcpu *v)
{
	hv_count(v, STAT_HLT);
	altinj_turn(v);
	hv_state(v)->halted[v->vmpl] = machine_can_inject_nmi(v) && !irq_wakes(v);
}

/*
 * A guest that executes one PAUSE after the other waits for another vCPU, which may be one that the
 * host does not run. Where there are many it naps, each time as long as it has waited so far, as
 * KVM's PAUSE filter has it give way. An interrupt ends the nap.
 */
static void handle_pause(struct vcpu *v)
{
	uint64_t now = rdtsc(), us = host_tsc_khz() / 1000;

	if (now - v->pause_last > us * PAUSE_GAP_US)
		v->pause_since = now;
	if (now - v->pause_since > us * PAUSE_SPIN_US) {
		host_nap(MIN(now - v->pause_since, us * PAUSE_NAP_US));
		irq_timer_poll(v);
	}
	v->pause_last = rdtsc();
}

static const char *reason(const struct vcpu *v)
{
	return v->fault ? v->fault : "no reason given";
}

/*
 * The page becomes what the access took it for. KVM leaves with KVM_EXIT_MEMORY_FAULT for it, and
 * QEMU's kvm_convert_memory() does it. A private page is not validated then, a shared one is empty.
 */
static void convert(struct vcpu *v, bool to_private)
{
	gpa_t g = gpa_page(gpa(v->fault_at));

	hv_count(v, to_private ? STAT_TO_PRIVATE : STAT_TO_SHARED);
	if (!hypercall_convert(g, to_private))
		stop_vmpl(v, "touched the %s page 0x%llx, which cannot be made %s",
			  to_private ? "shared" : "private", (unsigned long long)g.v,
			  to_private ? "private" : "shared");
}

/* The guest finds out much later that the contents are lost, if ever: so its user is told. */
static void tell_lost(struct vcpu *v)
{
	static uint32_t lines;
	uint32_t n = __atomic_fetch_add(&lines, 1, __ATOMIC_RELAXED);

	if (n < LOST_LINES)
		host_log("vCPU %u VMPL %u: private 0x%llx becomes shared by an access, RIP 0x%llx",
			 v->index, v->vmpl, (unsigned long long)v->fault_at,
			 (unsigned long long)machine_rip(v));
	else if (n == LOST_LINES)
		host_log("more pages become shared by accesses, without a line each");
}

/* Who made the VMPL without #VC serves it: VMPL0, which waits in its RUN_VMPL. */
static void reflected(struct vcpu *v)
{
	if (v->vmpl == VMPL_SVSM || !ap_run_vmpl(v, VMPL_SVSM))
		stop_vmpl(v, "asked to have #VC 0x%llx reflected, and no VMPL above takes it",
			  (unsigned long long)vcpu_ctx(v)->reflected);
}

/* Who has the VMPL's VMSA sees to it: without a word of the hypervisor's, as VMPL0 finds the bit.
 */
static void busy(struct vcpu *v)
{
	if (v->vmpl == VMPL_SVSM || !ap_run_vmpl(v, VMPL_SVSM))
		stop_vmpl(v, "has a VMSA that is busy, and no VMPL above sees to it");
}

static void handle(struct vcpu *v, enum machine_exit why)
{
	irq_sync(v);
	switch (why) {
	case MACHINE_VMGEXIT:
		hypercall_serve(v);
		break;
	case MACHINE_HLT:
		handle_hlt(v);
		break;
	case MACHINE_INTR:
		hv_count(v, STAT_INTR);
		irq_take(v);
		irq_cause(v);
		break;
	case MACHINE_WINDOW:
		hv_count(v, STAT_WINDOW);
		break;
	case MACHINE_PAUSE:
		hv_count(v, STAT_PAUSE);
		handle_pause(v);
		break;
	case MACHINE_SHUTDOWN:
		stop_vmpl(v, "shut down: triple fault");
	case MACHINE_SHARED:
		convert(v, true);
		break;
	case MACHINE_PRIVATE:
		tell_lost(v);
		convert(v, false);
		break;
	case MACHINE_REFLECTED:
		reflected(v);
		break;
	case MACHINE_BUSY:
		busy(v);
		break;
	case MACHINE_FAULT:
		stop_vmpl(v, "could not go on: %s (0x%llx)", reason(v),
			  (unsigned long long)v->fault_at);
	case MACHINE_MMIO:
		stop_vmpl(v, "touched 0x%llx, where no private memory can be: %s",
			  (unsigned long long)v->fault_at, reason(v));
	}
}

/* Another vCPU waits for the VMSA page, or has just had it. */
static void stand_by(struct vcpu *v, uint64_t ticks)
{
	host_nap(ticks);
	irq_timer_poll(v);
}

static void run(struct vcpu *v)
{
	uint64_t event;

	irq_turn(v);
	if (machine_switch(v, v->vmpl)) { /* else machine_run says why not */
		irq_deliver(v);
		event = machine_event(v);
		hostile_before_run(v);
		machine_restrict(v, event);
	}
	handle(v, machine_run(v));
}

/* The order of a round matters: what others asked for comes first, since it may change what
 * there is to run. */
NORETURN void hv_vcpu_main(struct vcpu *v)
{
	uint64_t down;

	if (!gpa_eq(vcpu_ctx(v)->vmsa, GPA_NONE) && !machine_switch(v, v->vmpl))
		stop_vmpl(v, "has a boot VMSA that cannot be run");
	for (;;) {
		quiesce_serve(v);
		ap_serve(v);
		altinj_turn(v);
		preempt_serve(v);
		disk_turn();
		down = machine_yield(v);
		if (!ap_runnable(v))
			halt(v);
		else if (down)
			stand_by(v, down);
		else
			run(v);
	}
}
