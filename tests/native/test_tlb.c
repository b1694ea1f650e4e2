/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Flushes of other CPUs' translations: who is waited for, and what a sleeper owes its guest.
 *
 * sources: launch/machine/cpu/tlb.c
 */
#include "machine/cpu/tlb.h"
#include "base/x86.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/isr.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/host_assert.h"
#include "tests/native/check.h"

#include <setjmp.h>
#include <string.h>

/* ---- CPU 1 flushes, CPU 2 may be in its guest; it leaves on the test's choice ---- */

static struct vcpu cpus[2];
struct vcpu *machine_vcpus[32] = {&cpus[0], &cpus[1]};
unsigned machine_vcpu_count = 2;
static unsigned kicks, naps, leave_at_nap;
static uint64_t khz;
static jmp_buf stopped;
static bool leave_at_kick;
static struct vmcb m;
static uint64_t word;

uint64_t host_tsc_khz(void)
{
	return khz;
}

unsigned host_cpu(void)
{
	return 1;
}

void host_kick(unsigned cpu)
{
	kicks += cpu == 2;
	if (cpu == 2 && leave_at_kick)
		tlb_leave(&cpus[1]);
}

void host_nap(uint64_t ticks)
{
	(void)ticks;
	if (++naps == leave_at_nap)
		tlb_leave(&cpus[1]);
}

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	longjmp(stopped, 1);
}

static void setup(void)
{
	memset(cpus, 0, sizeof(cpus));
	cpus[1].index = 1;
	cpus[1].apic_id = 2;
	kicks = naps = leave_at_nap = 0;
	leave_at_kick = false;
	khz = 1000000;
	word = 2;
}

TEST(who_is_out_of_its_guest_is_left_alone)
{
	setup();
	tlb_flush_others();
	CHECK_EQ(kicks, 0);
	tlb_enter(&cpus[1], &m, &word);
	CHECK_EQ(m.tlb_ctl, VMCB_TLB_FLUSH_ALL);
	tlb_leave(&cpus[1]);
	tlb_enter(&cpus[1], &m, &word);
	CHECK_EQ(m.tlb_ctl, 0);
}

TEST(who_is_in_its_guest_is_kicked)
{
	setup();
	tlb_enter(&cpus[1], &m, &word);
	leave_at_kick = true;
	tlb_flush_others();
	CHECK_EQ(kicks, 1);
	CHECK_EQ(naps, 0);
	CHECK(!cpus[0].napped);
}

/* The nap takes interrupts, and the guest that is entered next must not wait for another exit. */
TEST(a_sleeper_has_to_look_for_interrupts)
{
	setup();
	tlb_enter(&cpus[1], &m, &word);
	leave_at_nap = 3;
	tlb_flush_others();
	CHECK_EQ(naps, 3);
	CHECK_EQ(kicks, 4);
	CHECK(cpus[0].napped);
	CHECK(!cpus[1].napped);
}

static bool reported(void)
{
	if (setjmp(stopped))
		return true;
	tlb_flush_others();
	return false;
}

/* Any interrupt ends a nap, so that many of them prove nothing. */
TEST(short_naps_are_no_reason_to_give_up)
{
	setup();
	tlb_enter(&cpus[1], &m, &word);
	leave_at_nap = 50000;
	CHECK(!reported());
	CHECK_EQ(naps, 50000);
}

TEST(a_cpu_that_never_leaves_is_reported)
{
	setup();
	tlb_enter(&cpus[1], &m, &word);
	khz = 100; /* 20 s are 2,000,000 ticks */
	CHECK(reported());
}

/* APM vol. 2, 15.36.15 */
TEST(software_forces_a_flush)
{
	setup();
	tlb_enter(&cpus[1], &m, &word);
	tlb_enter(&cpus[1], &m, &word);
	CHECK_EQ(m.tlb_ctl, 0);
	CHECK_EQ(cpus[1].forced_flushes, 0);
	word = 0;
	tlb_enter(&cpus[1], &m, &word);
	CHECK_EQ(m.tlb_ctl, VMCB_TLB_FLUSH_ALL);
	CHECK_EQ(cpus[1].forced_flushes, 1);
	CHECK_EQ(word, 2);
	tlb_enter(&cpus[1], &m, &word);
	CHECK_EQ(m.tlb_ctl, 0);
}
