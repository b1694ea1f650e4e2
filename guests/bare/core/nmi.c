/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* NMIs from one vCPU to another at the guest's VMPL: APM vol. 2, 16.5; GHCB, NMI Complete. */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define ICR_NMI 0x4400u

static volatile uint64_t nmis, listening;
static volatile bool stop, complete, owed;

static void nmi_done(void)
{
	CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_NMI_DONE, 0, 0), 0);
}

extern const char nmi_window[], nmi_window_end[];

/* An NMI between the looks and the HLT would be slept over: its handler skips the HLT. */
static __attribute__((noinline)) void halt_if_idle(void)
{
	__asm__ volatile("nmi_window:\n\t"
			 "cmpb $0, %0\n\t"
			 "jne nmi_window_end\n\t"
			 "cmpb $0, %1\n\t"
			 "jne nmi_window_end\n\t"
			 "hlt\n"
			 "nmi_window_end:"
			 :
			 : "m"(stop), "m"(owed)
			 : "memory");
}

/*
 * What has been interrupted says NMI Complete, not the handler: the next NMI would come before this
 * one's IRET, and a sender that is quicker than the handlers would fill the stack with them.
 */
static void on_nmi(struct trap_frame *t)
{
	owed = true;
	nmis++;
	if (t->rip >= (uint64_t)nmi_window && t->rip < (uint64_t)nmi_window_end)
		t->rip = (uint64_t)nmi_window_end;
}

static void pay(void)
{
	if (!owed || !complete)
		return;
	owed = false; /* before it: the next NMI comes in that exit, and owes again */
	nmi_done();
}

/* Interrupts stay off, and NMIs come all the same. One that was the last is paid for, too. */
static void listen(void *halt)
{
	listening = 1;
	while (!stop) {
		if (halt)
			halt_if_idle();
		else
			cpu_relax();
		pay();
	}
	pay();
}

static bool come(uint64_t n, unsigned seconds)
{
	struct patience p = smp_patience(seconds);

	while (nmis < n && !smp_patience_over(&p))
		cpu_relax();
	return nmis >= n;
}

static void send(void)
{
	CHECK(apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | ICR_NMI));
}

static void begin(void *halt, bool at_once)
{
	struct patience p;

	nmis = listening = 0;
	stop = owed = false;
	complete = at_once;
	if (!apic_enable())
		test_skip("no x2APIC");
	smp_start();
	trap_handler_set(VEC_NMI, on_nmi);
	smp_run(listen, halt);
	p = smp_patience(20);
	while (!listening && !smp_dead() && !smp_patience_over(&p))
		cpu_relax();
	REQUIRE(listening);
}

static void end(const void *halt)
{
	uint64_t n = nmis;

	stop = true;
	if (halt) {
		send();
		CHECK(come(n + 1, 10)); /* none may be left for the next test */
	}
	CHECK(smp_wait(10));
	trap_handler_set(VEC_NMI, NULL);
	apic_disable();
}

static void rounds(void *halt)
{
	begin(halt, true);
	for (uint64_t i = 1; i <= 100; i++) {
		send();
		if (!CHECK(come(i, 10)))
			break;
	}
	CHECK_EQ(nmis, 100); /* each of them once */
	end(halt);
}

TEST(nmi_running, "nmi-running", "100 NMIs to a running vCPU, interrupts off there", "apm:apic:nmi")
{
	rounds(NULL);
}

TEST(nmi_halted, "nmi-halted", "100 NMIs to a halted vCPU", "apm:apic:nmi apm:hlt:wake")
{
	rounds((void *)0x1);
}

/* While one NMI is in service the next one waits, and others with it are one (8.2.3). */
TEST(nmi_blocked, "nmi-blocked", "until the guest says NMI complete the next one waits",
     "ghcb:nae:nmi-complete")
{
	uint64_t wait;

	begin(NULL, false);
	send();
	CHECK(come(1, 10));
	send();
	send();
	wait = rdtsc() + smp_ticks(1) / 20;
	while (rdtsc() < wait)
		cpu_relax();
	CHECK_EQ(nmis, 1);
	complete = true;
	CHECK(come(2, 10));
	end(NULL);
}
