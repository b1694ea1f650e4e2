/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * When a vCPU's CPU goes to sleep: a halted guest must be woken by what came in a nap before.
 *
 * sources: launch/machine/hv/run.c tests/native/no_hostile.c
 */
#include "machine/cpu/exec/describe.h"
#include "machine/host/log.h"
#include "machine/hv/run.h"
#include "machine/cpu/exec/enter.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/event/inject.h"
#include "machine/dev/disk/disk.h"
#include "machine/dev/uart.h"
#include "machine/cpu/exec/describe.h"
#include "machine/host/isr.h"
#include "machine/host/log.h"
#include "machine/host/time.h"
#include "machine/hv/altinj.h"
#include "machine/hv/ap.h"
#include "machine/hv/preempt.h"
#include "machine/hv/quiesce.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/state/hypercall.h"
#include "machine/hv/irq.h"
#include "machine/hv/stop.h"
#include "machine/snp/vmsa_attach.h"
#include "machine/snp/vmsa_inuse.h"
#include "tests/native/check.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static struct vcpu cpu;
static struct hv_vcpu state;
struct hv_vcpu *hv_states[HOST_MAX_CPUS] = {&state};
static bool pending;      /* an interrupt for the guest is in its APIC */
static bool lower_waits;  /* one for a VMPL that VMPL0 injects for: VMPL0 is not told of it yet */
static bool comes;        /* that one ends the sleep */
static bool halts;        /* VMPL0 does, and has taken what kept such a one out of its page */
static bool may_come;     /* such a one may still come */
static uint64_t features; /* SEV_FEATURES of what is halted */
static bool locked;       /* another CPU has the serial port's lock for so long that we nap */
static unsigned visits;   /* that the machine's own disk still takes */
static unsigned services; /* of the serial ports by an idle CPU */
static jmp_buf over;

enum outcome {
	BEGAN,
	SLEPT,
	RAN,
	STAYED
};

/* ---- what it stands on ---- */

/* The nap takes the interrupt that would have ended the sleep. */
void uart_service(bool idle)
{
	services += idle;
	if (!locked)
		return;
	locked = false;
	pending = true;
	cpu.napped = true;
}

void host_halt(void)
{
	if (!comes)
		longjmp(over, SLEPT);
	comes = false;
	lower_waits = true;
}

bool disk_busy(void)
{
	return visits;
}

void disk_turn(void)
{
	if (visits && --visits == 0)
		comes = true; /* its message */
}

void host_irq_window(void)
{
}

/* No exit is counted: v->causes is NULL. */
void exit_cause_close(struct exit_causes *e)
{
	(void)e;
}

void irq_cause(struct vcpu *v)
{
	(void)v;
}

enum machine_exit machine_run(struct vcpu *v)
{
	(void)v;
	if (!halts)
		longjmp(over, RAN);
	halts = false;
	lower_waits = true;
	return MACHINE_HLT;
}

bool ap_runnable(struct vcpu *v)
{
	return !state.halted[v->vmpl];
}

bool irq_wakes(struct vcpu *v)
{
	(void)v;
	return pending;
}

bool machine_switch(struct vcpu *v, uint8_t vmpl)
{
	(void)v, (void)vmpl;
	return true;
}

bool machine_can_inject(struct vcpu *v)
{
	(void)v;
	return true;
}

bool machine_can_inject_nmi(struct vcpu *v)
{
	(void)v;
	return true;
}

bool ap_run_vmpl(struct vcpu *v, unsigned vmpl)
{
	(void)v, (void)vmpl;
	return false;
}

void altinj_turn(struct vcpu *v)
{
	(void)v;
	pending |= lower_waits;
	lower_waits = false;
}

void preempt_serve(struct vcpu *v)
{
	(void)v;
}

bool preempt_may_come(struct vcpu *v)
{
	(void)v;
	return false;
}

bool irq_devices_ring(struct vcpu *v, unsigned vmpl)
{
	(void)v, (void)vmpl;
	return false;
}

bool altinj_may_come(const struct vcpu *v)
{
	(void)v;
	return may_come;
}

uint32_t quiesce_asked;

void quiesce_stay(struct vcpu *v)
{
	(void)v;
	longjmp(over, STAYED);
}

void ap_serve(struct vcpu *v)
{
	(void)v;
}

uint64_t vmsa_inuse_yield(struct vcpu *v)
{
	(void)v;
	return 0;
}

void irq_timer_poll(struct vcpu *v)
{
	(void)v;
}

void irq_turn(struct vcpu *v)
{
	(void)v;
}

void irq_deliver(struct vcpu *v)
{
	(void)v;
}

uint64_t host_tsc_khz(void)
{
	return 1000000;
}

/* ---- not reached: no exit comes back ---- */

void host_nap(uint64_t ticks)
{
	(void)ticks;
	abort();
}

void irq_take(struct vcpu *v)
{
	(void)v;
	abort();
}

void irq_sync(struct vcpu *v)
{
	(void)v;
}

uint64_t machine_event(const struct vcpu *v)
{
	(void)v;
	return 0;
}

void machine_restrict(struct vcpu *v, uint64_t before)
{
	(void)v, (void)before;
}

gpa_t doorbell_page(struct vcpu *v)
{
	(void)v;
	return gpa(0x1000);
}

void hypercall_serve(struct vcpu *v)
{
	(void)v;
	abort();
}

bool hypercall_convert(gpa_t g, bool is_private)
{
	(void)g, (void)is_private;
	abort();
}

uint64_t machine_rip(struct vcpu *v)
{
	(void)v;
	abort();
}

void host_log(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

void stop_vmpl(struct vcpu *v, const char *fmt, ...)
{
	(void)v, (void)fmt;
	abort();
}

/* What the CPU of a halted guest does first. */
static int first_act(bool lock_is_taken)
{
	int what;

	memset(&cpu, 0, sizeof(cpu));
	memset(&state, 0, sizeof(state));
	state.halted[0] = !halts;
	cpu.ctx[0].sev_features = features;
	pending = lower_waits = false;
	locked = lock_is_taken;
	services = 0;
	what = setjmp(over);
	if (what == BEGAN)
		hv_vcpu_main(&cpu);
	return what;
}

TEST(a_halted_guest_without_interrupts_sleeps)
{
	CHECK_EQ(first_act(false), SLEPT);
	CHECK_EQ(services, 1); /* its bytes do not wait for the line: uart.h */
}

TEST(what_came_while_the_serial_port_was_locked_wakes_the_guest)
{
	CHECK_EQ(first_act(true), RAN);
	CHECK_EQ(services, 1);
}

/* Nobody else would finish what the disk has to do for it. */
TEST(a_halted_guest_stays_up_for_the_disk)
{
	visits = 2;
	CHECK_EQ(first_act(false), RAN);
	CHECK_EQ(visits, 0);
}

/* Its signal is VMPL0's only when the lower VMPL's request has been turned to it. */
TEST(what_comes_for_a_lower_vmpl_wakes_the_one_that_injects_for_it)
{
	comes = true;
	CHECK_EQ(first_act(false), RAN);
}

TEST(what_waited_for_room_in_the_page_ends_the_hlt_at_once)
{
	halts = true;
	CHECK_EQ(first_act(false), RAN);
}

/* Whether it is halted or has something to run. */
TEST(a_machine_that_is_to_be_saved_enters_no_guest)
{
	quiesce_asked = 1;
	for (unsigned i = 0; i < 2; i++) {
		halts = i;
		CHECK_EQ(first_act(false), STAYED);
		CHECK_EQ(services, 0);
	}
	quiesce_asked = 0;
	halts = false;
	CHECK_EQ(first_act(false), SLEPT);
}

/* Who is dead may be ended: hv/watch.c. */
TEST(what_may_come_for_a_lower_vmpl_keeps_vmpl0_alive)
{
	features = SEV_FEAT_RESTRICTED_INJ;
	for (unsigned i = 0; i < 2; i++) {
		may_come = i;
		CHECK_EQ(first_act(false), SLEPT);
		CHECK_EQ(state.dead, !may_come);
	}
	features = 0;
}
