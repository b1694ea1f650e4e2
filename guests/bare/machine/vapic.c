/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The virtual local APIC: APM vol. 2, chapter 16; its registers reached by GHCB events. */
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define VEC_TIMER 0x60
#define VEC_IPI   0x70
#define VEC_LOW   0x40
#define XAPIC     0xfee00000ull

static volatile uint64_t hits[256], order[16];
static volatile unsigned order_n;

static void on_interrupt(struct trap_frame *t)
{
	hits[t->vector]++;
	if (order_n < ARRAY_LEN(order))
		order[order_n++] = t->vector;
	apic_write(APIC_EOI, 0);
}

static void begin(void)
{
	for (unsigned i = 0; i < 256; i++)
		hits[i] = 0;
	order_n = 0;
	if (!apic_enable())
		test_skip("no x2APIC");
	trap_handler_set(VEC_TIMER, on_interrupt);
	trap_handler_set(VEC_IPI, on_interrupt);
	trap_handler_set(VEC_LOW, on_interrupt);
}

static void end(void)
{
	cli();
	apic_disable();
	trap_handler_set(VEC_TIMER, NULL);
	trap_handler_set(VEC_IPI, NULL);
	trap_handler_set(VEC_LOW, NULL);
}

/* Interrupts on until hits[vector] reaches count or the time is over. */
static bool wait_hits(uint8_t vector, uint64_t count, unsigned seconds)
{
	struct patience p = smp_patience(seconds);

	sti();
	while (hits[vector] < count && !smp_patience_over(&p))
		cpu_relax();
	cli();
	return hits[vector] >= count;
}

TEST(apic_registers, "apic-registers", "x2APIC: ID, version, TPR, SVR; reserved MSRs give #GP",
     "apm:apic:registers apm:apic:reserved")
{
	begin();
	CHECK_EQ(apic_read(APIC_ID), percpu()->apic_id);
	CHECK_EQ(apic_read(APIC_VERSION) & 0xf0, 0x10);
	CHECK_GE(apic_read(APIC_VERSION) >> 16 & 0xff, 3);
	CHECK(apic_write(APIC_TPR, 0x20));
	CHECK_EQ(apic_read(APIC_TPR), 0x20);
	CHECK(apic_write(APIC_TPR, 0));
	CHECK_EQ(apic_read(APIC_SVR) & 0x1ff, 0x1ff);
	CHECK(!apic_write(APIC_ID, 1));
	CHECK(!apic_write(0x04, 0));
	CHECK(!apic_write(APIC_TPR, 0x100));
	end();
}

static volatile uint64_t other_id;

static void tell_id(void *arg)
{
	(void)arg;
	other_id = ghcb_msr_cpuid(1, 1) >> 24;
	ghcb_select();
}

/* QEMU, hw/i386/x86.c, x86_cpu_apic_id_from_index(), with one thread a core and one package:
 * software takes the boot processor for ID 0. */
TEST(apic_ids, "apic-id",
     "the boot processor's APIC ID is 0, the next one's 1, wherever it is told", "keelson:apic-ids")
{
	uint64_t v = ~0ull;
	uint32_t r[4];

	CHECK_EQ(ghcb_msr_cpuid(1, 1) >> 24, 0);
	ghcb_select();
	CHECK(ghcb_cpuid(0xb, 0, r));
	CHECK_EQ(r[3], 0);
	CHECK(ghcb_cpuid(0x8000001e, 0, r));
	CHECK_EQ(r[0], 0);
	CHECK(ghcb_mmio_read(XAPIC + 0x20, 4, &v));
	CHECK_EQ(v >> 24, 0);
	smp_start();
	other_id = ~0ull;
	smp_run(tell_id, NULL);
	CHECK(smp_wait(10));
	CHECK_EQ(other_id, 1);
}

TEST(apic_xapic, "apic-xapic", "xAPIC by MMIO events: ID, version and TPR", "apm:apic:xapic")
{
	uint64_t v = 0;

	CHECK(ghcb_mmio_read(XAPIC + 0x20, 4, &v));
	CHECK_EQ(v >> 24, percpu()->apic_id);
	CHECK(ghcb_mmio_read(XAPIC + 0x30, 4, &v));
	CHECK_EQ(v & 0xf0, 0x10);
	CHECK(ghcb_mmio_write(XAPIC + 0x80, 4, 0x30));
	CHECK(ghcb_mmio_read(XAPIC + 0x80, 4, &v));
	CHECK_EQ(v, 0x30);
	CHECK(ghcb_mmio_write(XAPIC + 0x80, 4, 0));
}

TEST(apic_self_ipi, "apic-self-ipi", "an IPI to oneself waits for IF and comes once",
     "apm:apic:self-ipi")
{
	begin();
	apic_write(APIC_SELF_IPI, VEC_IPI);
	CHECK_EQ(hits[VEC_IPI], 0);
	CHECK_EQ(apic_read(APIC_IRR + VEC_IPI / 32) >> VEC_IPI % 32 & 1, 1);
	CHECK(wait_hits(VEC_IPI, 1, 10));
	wait_hits(VEC_IPI, 2, 0);
	CHECK_EQ(hits[VEC_IPI], 1);
	CHECK_EQ(apic_read(APIC_IRR + VEC_IPI / 32) >> VEC_IPI % 32 & 1, 0);
	CHECK_EQ(apic_read(APIC_ISR + VEC_IPI / 32) >> VEC_IPI % 32 & 1, 0);
	apic_ipi(percpu()->apic_id, VEC_IPI);
	CHECK(wait_hits(VEC_IPI, 2, 10));
	end();
}

/* Of two vectors the higher comes first (16.6.3). TPR holds back its class and below (16.6.4). */
TEST(apic_priority, "apic-priority", "the higher vector first; TPR holds back its class and below",
     "apm:apic:priority apm:apic:tpr")
{
	begin();
	apic_write(APIC_SELF_IPI, VEC_LOW);
	apic_write(APIC_SELF_IPI, VEC_IPI);
	CHECK(wait_hits(VEC_LOW, 1, 10));
	CHECK_EQ(order_n, 2);
	CHECK_EQ(order[0], VEC_IPI);
	CHECK_EQ(order[1], VEC_LOW);
	apic_write(APIC_TPR, VEC_LOW);
	apic_write(APIC_SELF_IPI, VEC_LOW);
	apic_write(APIC_SELF_IPI, VEC_IPI);
	CHECK(wait_hits(VEC_IPI, 2, 10));
	CHECK_EQ(hits[VEC_LOW], 1);
	apic_write(APIC_TPR, 0);
	CHECK(wait_hits(VEC_LOW, 2, 10));
	end();
}

static void timer_start(uint32_t mode, uint32_t count)
{
	apic_write(APIC_TIMER_DIVIDE, 0xb); /* by 1 */
	apic_write(APIC_LVT_TIMER, mode | VEC_TIMER);
	apic_write(APIC_TIMER_INITIAL, count);
}

TEST(timer_oneshot, "timer-oneshot", "the one-shot timer fires once and counts down to 0",
     "apm:apic:timer-oneshot")
{
	begin();
	timer_start(0, 1000000);
	CHECK_LE(apic_read(APIC_TIMER_CURRENT), 1000000);
	CHECK(wait_hits(VEC_TIMER, 1, 20));
	CHECK_EQ(apic_read(APIC_TIMER_CURRENT), 0);
	wait_hits(VEC_TIMER, 2, 1);
	CHECK_EQ(hits[VEC_TIMER], 1);
	end();
}

TEST(timer_periodic, "timer-periodic", "the periodic timer goes on until it is masked",
     "apm:apic:timer-periodic")
{
	uint64_t n;

	begin();
	timer_start(APIC_LVT_PERIODIC, 2000000);
	CHECK(wait_hits(VEC_TIMER, 5, 30));
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VEC_TIMER);
	apic_write(APIC_TIMER_INITIAL, 0);
	wait_hits(VEC_TIMER, ~0ull, 0); /* one may be pending */
	n = hits[VEC_TIMER];
	wait_hits(VEC_TIMER, n + 2, 1);
	CHECK_LE(hits[VEC_TIMER], n + 1);
	end();
}

TEST(timer_deadline, "timer-deadline",
     "TSC deadline: fires when the TSC is there, not before; 0 disarms", "apm:apic:timer-deadline")
{
	uint64_t deadline, v;

	if (!(ghcb_msr_cpuid(1, 2) >> 24 & 1))
		test_skip("CPUID offers no TSC deadline timer");
	begin();
	apic_write(APIC_LVT_TIMER, APIC_LVT_DEADLINE | VEC_TIMER);
	deadline = rdtsc() + 20000000;
	CHECK(ghcb_wrmsr(MSR_TSC_DEADLINE, deadline));
	sti();
	while (!hits[VEC_TIMER] && rdtsc() < deadline)
		cpu_relax();
	cli();
	if (rdtsc() < deadline)
		CHECK_EQ(hits[VEC_TIMER], 0);
	CHECK(wait_hits(VEC_TIMER, 1, 20));
	CHECK(ghcb_rdmsr(MSR_TSC_DEADLINE, &v));
	CHECK_EQ(v, 0);
	CHECK(ghcb_wrmsr(MSR_TSC_DEADLINE, rdtsc() + 4000000000ull));
	CHECK(ghcb_wrmsr(MSR_TSC_DEADLINE, 0));
	wait_hits(VEC_TIMER, 2, 1);
	CHECK_EQ(hits[VEC_TIMER], 1);
	end();
}

/* The guest leaves for OUTs alone, 1 ms of them each time, so the timer is due during one of them
 * more often than not. The byte goes to the POST code's port, which no device answers. */
TEST(timer_busy, "timer-busy", "the one-shot timer fires while the guest writes to ports, 40 times",
     "apm:apic:timer-oneshot")
{
	begin();
	for (unsigned i = 1; i <= 40; i++) {
		struct patience p = smp_patience(5);

		timer_start(0, 1000000);
		sti();
		while (hits[VEC_TIMER] < i && !smp_patience_over(&p))
			CHECK(ghcb_out(0x80, 1, i));
		cli();
		CHECK_EQ(hits[VEC_TIMER], i);
	}
	end();
}

/* STI lets interrupts in after the HLT has begun, so that one which waits must end the HLT. */
TEST(hlt_wake, "hlt-wake", "HLT sleeps until the timer interrupt, 200 times",
     "apm:hlt:wake apm:15.35.4:automatic")
{
	begin();
	for (unsigned i = 1; i <= 200; i++) {
		timer_start(0, 100000);
		while (hits[VEC_TIMER] < i)
			__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
	}
	CHECK_EQ(hits[VEC_TIMER], 200);
	end();
}

static volatile uint64_t traps, trap_rip;

static void on_trap(struct trap_frame *t)
{
	traps++;
	trap_rip = t->rip;
	t->rflags &= ~RFLAGS_TF;
}

/* The instruction behind POPF is the first that is stepped, and it is the HLT. */
TEST(hlt_trap, "hlt-trap", "single-stepping traps behind a HLT with interrupts off", "apm:hlt:step")
{
	uint64_t behind;

	traps = 0;
	trap_handler_set(VEC_DB, on_trap);
	cli();
	__asm__ volatile("lea 1f(%%rip), %[behind]\n\t"
			 "pushfq\n\t"
			 "orl %[tf], (%%rsp)\n\t"
			 "popfq\n\t"
			 "hlt\n"
			 "1:\tnop"
			 : [behind] "=&r"(behind)
			 : [tf] "i"(RFLAGS_TF)
			 : "memory", "cc");
	trap_handler_set(VEC_DB, NULL);
	CHECK_EQ(traps, 1);
	CHECK_EQ(trap_rip, behind);
}

static volatile uint64_t ap_hits;
static volatile bool ap_stop;

static void on_ap_interrupt(struct trap_frame *t)
{
	(void)t;
	ap_hits++;
	apic_write(APIC_EOI, 0);
}

static void ap_listen(void *halt)
{
	apic_enable();
	smp_meet();
	while (!ap_stop) {
		if (halt)
			__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
		else
			/* no PAUSE: TCG keeps STI's shadow through it, and no interrupt comes */
			__asm__ volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
	}
	apic_disable();
}

static void ipi_rounds(bool halt, unsigned rounds)
{
	uint64_t stop_at;
	unsigned i;

	ap_hits = 0;
	ap_stop = false;
	begin();
	trap_handler_set(VEC_IPI, on_ap_interrupt);
	smp_start();
	smp_run(ap_listen, halt ? (void *)0x1 : NULL);
	smp_meet();
	stop_at = rdtsc() + smp_ticks(4) / 2;
	for (i = 1; i <= rounds && (i <= 20 || rdtsc() < stop_at); i++) {
		struct patience p = smp_patience(10);

		apic_ipi(smp_apic_id(), VEC_IPI);
		while (ap_hits < i && !smp_patience_over(&p) && !smp_dead())
			cpu_relax();
		if (!CHECK_EQ(ap_hits, i))
			break;
	}
	CHECK_EQ(ap_hits, i - 1);
	test_log("%u IPIs", i - 1);
	ap_stop = true;
	apic_ipi(smp_apic_id(), VEC_IPI);
	CHECK(smp_wait(10));
	end();
}

TEST(ipi_running, "ipi-running", "up to 2,000 IPIs to a running vCPU, none lost", "apm:apic:lost")
{
	ipi_rounds(false, 2000);
}

TEST(ipi_halted, "ipi-halted", "up to 2,000 IPIs to a halted vCPU, none lost",
     "apm:apic:lost apm:hlt:wake")
{
	ipi_rounds(true, 2000);
}
