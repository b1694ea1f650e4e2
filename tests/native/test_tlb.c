/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Flushes of other CPUs' translations: who is waited for, and what a sleeper owes its guest.
 *
 * sources: launch/machine/cpu/tlb.c launch/machine/cpu/seen.c svsm/lib/fmt.c
 */
#include "machine/cpu/tlb.h"
#include "base/x86.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/isr.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/host_assert.h"
#include "lib/spinlock.h"
#include "tests/native/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- CPU 1 flushes, CPU 2 may be in its guest; it leaves on the test's choice ---- */

static struct vcpu cpus[2];
struct vcpu *machine_vcpus[HOST_MAX_CPUS - 1] = {&cpus[0], &cpus[1],
						 [HOST_MAX_CPUS - 2] = &cpus[0]};
unsigned machine_vcpu_count = 2;
static unsigned this_cpu = 1, kicked, woken, rests;
static unsigned kicks, naps, leave_at_nap;
static uint64_t nap_ticks; /* how long a nap takes */
static char told[400];
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
	return this_cpu;
}

void host_kick(unsigned cpu)
{
	kicked = cpu;
	kicks += cpu == 2;
	if (cpu == 2 && leave_at_kick)
		tlb_leave(&cpus[1]);
}

void host_nap(uint64_t ticks)
{
	uint64_t start = rdtsc();

	(void)ticks;
	while (rdtsc() - start < nap_ticks)
		cpu_relax();
	if (++naps != leave_at_nap)
		return;
	kicked = 0;
	tlb_leave(&cpus[1]);
	woken = kicked;
}

/* lib/spinlock.h. The writer is done at the third look, one within another at the fourth. */
void spin_rest(uint64_t waited)
{
	(void)waited;
	if (++rests >= 3)
		tlb_write_end(&cpus[1]);
}

void host_fault(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(told, sizeof(told), fmt, ap);
	va_end(ap);
	longjmp(stopped, 1);
}

static void setup(void)
{
	memset(cpus, 0, sizeof(cpus));
	cpus[1].index = 1;
	kicks = naps = leave_at_nap = 0;
	nap_ticks = 0;
	told[0] = 0;
	leave_at_kick = false;
	khz = 1000000;
	word = 2;
	this_cpu = 1;
	kicked = rests = 0;
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

/* Not only the first 32 CPUs: the last one that there can be sleeps, and is told. */
TEST(every_sleeper_is_kicked_when_a_guest_is_left)
{
	setup();
	this_cpu = HOST_MAX_CPUS - 1;
	tlb_enter(&cpus[1], &m, &word);
	leave_at_nap = 1;
	tlb_flush_others();
	CHECK_EQ(naps, 1);
	CHECK_EQ(woken, HOST_MAX_CPUS - 1);
	kicked = 0;
	tlb_enter(&cpus[1], &m, &word);
	tlb_leave(&cpus[1]);
	CHECK_EQ(kicked, 0); /* nobody sleeps any more */
}

/* What takes a right away ends no sooner than a write that was checked before. */
TEST(a_write_that_has_begun_is_waited_for)
{
	setup();
	tlb_wait_writes();
	CHECK_EQ(rests, 0);
	tlb_write_begin(&cpus[1]);
	tlb_wait_writes();
	CHECK_EQ(rests, 3);
	tlb_write_begin(&cpus[0]); /* the own one: nobody waits for itself */
	tlb_wait_writes();
	CHECK_EQ(rests, 3);
	tlb_write_end(&cpus[0]);
}

/* A write walks the guest's tables, which is one of its own; its last byte is still to come then.
 */
TEST(a_write_within_a_write_does_not_end_it)
{
	setup();
	tlb_write_begin(&cpus[1]);
	tlb_write_begin(&cpus[1]);
	tlb_wait_writes();
	CHECK_EQ(rests, 4);
	tlb_wait_writes();
	CHECK_EQ(rests, 4);
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

/* Of the one that waits there is nothing to tell: of the other CPU all that is known. */
TEST(the_report_says_what_the_other_cpu_did)
{
	setup();
	khz = 100;
	cpus[1].vmpl = 2;
	cpus[1].ctx[2].vmcb = &m;
	cpus[1].entry_rip = 0xffffffff81234567;
	cpus[1].entered = rdtsc() - 30000 * khz;
	m.exit_code = 0x403;
	tlb_enter(&cpus[1], &m, &word);
	CHECK(reported());
	CHECK(strstr(told, "vCPU 1 is in its guest, VMPL 2"));
	CHECK(strstr(told, "RIP 0xffffffff81234567"));
	CHECK(strstr(told, "last exit 0x403"));
}

/* The TSC goes on while QEMU is stopped (SIGSTOP): the other CPU stood still as well. */
TEST(a_pause_of_the_machine_is_no_reason_to_give_up)
{
	setup();
	tlb_enter(&cpus[1], &m, &word);
	khz = 100;
	nap_ticks = 30000 * khz;
	leave_at_nap = 3;
	CHECK(!reported());
	CHECK_EQ(naps, 3);
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
