/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Which vCPUs an IPI reaches: APM vol. 2, 16.5 (ICR), 16.14 (x2APIC logical IDs); NMI: 8.2.3. */
#include "abi/q35.h"
#include "abi/uart.h"
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define VEC        0x81
#define SELF       (1u << 18)
#define ALL        (2u << 18)
#define OTHERS     (3u << 18)
#define LOGICAL    BIT(11)
#define NMI        (4u << 8)
#define APIC_LDR   0x0d
#define APIC_ESR   0x28
#define ESR_VECTOR BIT(5) /* send illegal vector */

static volatile uint64_t got[2], nmis[2];
static volatile bool leave, awake;

static void on_vector(struct trap_frame *t)
{
	(void)t;
	got[percpu_index()]++;
	apic_write(APIC_EOI, 0);
}

/*
 * The hypervisor of an SNP guest cannot see the IRET, so the guest says NMI Complete (GHCB), and
 * the next NMI may come from then on, within this handler. It counts after that, so a test that
 * sends one NMI for each count has one handler more on the stack for each that comes before the
 * IRET of the one before: as many as it sends, at the most.
 */
static void on_nmi(struct trap_frame *t)
{
	(void)t;
	ghcb_exit(ghcb_begin(), GHCB_EXIT_NMI_DONE, 0, 0);
	nmis[percpu_index()]++;
}

static void listen(void *arg)
{
	(void)arg;
	apic_enable();
	smp_meet();
	while (!leave)
		__asm__ volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
	apic_disable();
}

/*
 * Takes the NMIs that are still on their way: the first comes at this exit at the latest, and one
 * that waits behind it comes when its handler says NMI Complete. A later one would find the GHCB in
 * use, or none yet in the next test.
 */
static void take_nmis(void)
{
	ghcb_msr(GHCB_MSR_SEV_INFO_REQ);
	ghcb_select();
}

/* HLT with interrupts off, which is how the SVSM's idle CPUs sleep. */
static void halt_closed(void *arg)
{
	(void)arg;
	apic_enable();
	smp_meet();
	while (!leave)
		__asm__ volatile("hlt" : : : "memory");
	awake = true;
	smp_meet(); /* vCPU 0 sends no more */
	take_nmis();
	apic_disable();
}

static void begin_with(void (*other)(void *))
{
	if (!apic_enable())
		test_skip("no x2APIC");
	trap_handler_set(VEC, on_vector);
	trap_handler_set(VEC_NMI, on_nmi);
	leave = awake = false;
	smp_start();
	smp_run(other, NULL);
	smp_meet();
}

static void begin(void)
{
	begin_with(listen);
}

static void end(void)
{
	leave = true;
	CHECK(smp_wait(10));
	apic_disable();
}

/* Lets interrupts in until both vCPUs have as many as they should, or for some seconds. */
static void settle(volatile uint64_t *count, uint64_t mine, uint64_t other)
{
	struct patience p = smp_patience(5);
	uint64_t limit;

	while ((count[0] < mine || count[1] < other) && !smp_patience_over(&p))
		__asm__ volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
	limit = rdtsc() + 5000000; /* time for interrupts that should not come */
	while (rdtsc() < limit)
		__asm__ volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
}

struct ipi_row {
	const char *name;
	uint32_t low;
	uint8_t dest; /* 0: mine, 1: the other's, 2: both (logical), 3: nobody's */
	uint8_t mine, other;
};

static uint64_t destination(const struct ipi_row *r)
{
	bool logical = r->low & LOGICAL;
	uint32_t id = percpu()->apic_id;

	if (r->dest == 3)
		return logical ? 0 : 0x7777;
	if (!logical)
		return r->dest ? id + 1 : id;
	/* x2APIC logical ID: cluster in the upper half, one bit in the lower */
	return (uint64_t)(id >> 4) << 16 | (r->dest == 0   ? 1u << id
					    : r->dest == 1 ? 2u << id
							   : 3u << id);
}

TEST(ipi_destinations, "ipi-destinations",
     "physical, logical and shorthand IPIs reach those they name, once", "apm:apic:destination")
{
	static const struct ipi_row rows[] = {
		{"physical: me", VEC, 0, 1, 0},
		{"physical: the other", VEC, 1, 0, 1},
		{"physical: nobody", VEC, 3, 0, 0},
		{"logical: me", VEC | LOGICAL, 0, 1, 0},
		{"logical: the other", VEC | LOGICAL, 1, 0, 1},
		{"logical: both", VEC | LOGICAL, 2, 1, 1},
		{"logical: nobody", VEC | LOGICAL, 3, 0, 0},
		{"self", VEC | SELF, 1, 1, 0},
		{"all", VEC | ALL, 3, 1, 1},
		{"all but me", VEC | OTHERS, 3, 0, 1},
	};

	begin();
	test_case("logical ID");
	CHECK_EQ(apic_read(APIC_LDR),
		 (uint64_t)(percpu()->apic_id >> 4) << 16 | 1u << percpu()->apic_id);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		test_case("%s", rows[i].name);
		got[0] = got[1] = 0;
		apic_write(APIC_ICR, destination(&rows[i]) << 32 | BIT(14) | rows[i].low);
		settle(got, rows[i].mine, rows[i].other);
		CHECK_EQ(got[0], rows[i].mine);
		CHECK_EQ(got[1], rows[i].other);
	}
	end();
}

#define IOAPIC     0xfec00000ull
#define PIN_SERIAL 4
#define MASKED     BIT(16)

/* The serial port's interrupt, edge-triggered, to the APIC with that physical ID. */
static void route(uint32_t dest, uint32_t low)
{
	CHECK(ghcb_mmio_write(IOAPIC, 4, 0x11 + 2 * PIN_SERIAL));
	CHECK(ghcb_mmio_write(IOAPIC + 0x10, 4, dest << 24));
	CHECK(ghcb_mmio_write(IOAPIC, 4, 0x10 + 2 * PIN_SERIAL));
	CHECK(ghcb_mmio_write(IOAPIC + 0x10, 4, low));
}

/* An empty transmitter's interrupt comes when it is allowed: PC16550D, Interrupt Enable Register.
 */
static void raise_serial(void)
{
	uint32_t v;

	CHECK(ghcb_out(Q35_CONSOLE_PORT + UART_IER, 1, 0));
	CHECK(ghcb_in(Q35_CONSOLE_PORT + UART_IIR, 1, &v));
	CHECK(ghcb_out(Q35_CONSOLE_PORT + UART_IER, 1, BIT(1)));
}

TEST(device_destinations, "device-destinations",
     "a device's interrupt reaches the vCPU with the physical ID that the IOAPIC names",
     "apm:apic:destination keelson:apic-ids")
{
	static const struct {
		const char *name;
		uint32_t dest;
		uint8_t mine, other;
	} rows[] = {
		{"APIC ID 0", 0, 1, 0},
		{"APIC ID 1", 1, 0, 1},
		{"the machine's own CPU", 2, 0, 0},
		{"nobody", 0x77, 0, 0},
	};

	begin();
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		test_case("%s", rows[i].name);
		got[0] = got[1] = 0;
		route(rows[i].dest, VEC);
		raise_serial();
		settle(got, rows[i].mine, rows[i].other);
		CHECK_EQ(got[0], rows[i].mine);
		CHECK_EQ(got[1], rows[i].other);
	}
	CHECK(ghcb_out(Q35_CONSOLE_PORT + UART_IER, 1, 0));
	route(0, MASKED);
	end();
}

TEST(ipi_nmi, "ipi-nmi", "an NMI reaches a vCPU whose interrupts are off, and only that one",
     "apm:apic:nmi")
{
	begin();
	nmis[0] = nmis[1] = 0;
	for (unsigned i = 1; i <= 50; i++) {
		struct patience p = smp_patience(5);

		apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | BIT(14) | NMI);
		while (nmis[1] < i && !smp_patience_over(&p))
			cpu_relax();
		if (!CHECK_EQ(nmis[1], i))
			break;
	}
	CHECK_EQ(nmis[0], 0);
	test_case("to oneself");
	apic_write(APIC_ICR, (uint64_t)percpu()->apic_id << 32 | BIT(14) | NMI);
	for (struct patience p = smp_patience(5); !nmis[0] && !smp_patience_over(&p);)
		cpu_relax();
	CHECK_EQ(nmis[0], 1);
	end();
}

static void send_nmi(void)
{
	apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | BIT(14) | NMI);
}

TEST(ipi_nmi_halted, "ipi-nmi-halted", "an NMI ends HLT with interrupts off; other vectors do not",
     "apm:apic:nmi apm:hlt:wake")
{
	struct patience p;

	nmis[1] = got[1] = 0;
	begin_with(halt_closed);
	for (uint64_t i = 1; i <= 200; i++) {
		apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | VEC);
		send_nmi();
		p = smp_patience(10);
		while (nmis[1] < i && !smp_patience_over(&p))
			cpu_relax();
		if (!CHECK_EQ(nmis[1], i))
			break;
	}
	CHECK_EQ(got[1], 0);
	leave = true;
	/* An NMI between the look at `leave` and the HLT does not end the HLT: send more. */
	for (p = smp_patience(10); !awake && !smp_patience_over(&p);) {
		uint64_t before = nmis[1];

		send_nmi();
		while (nmis[1] == before && !awake && !smp_patience_over(&p))
			cpu_relax();
	}
	smp_meet();
	end();
}

TEST(ipi_illegal, "ipi-illegal-vector", "vectors below 16 are not sent, and ESR says so",
     "apm:apic:illegal-vector")
{
	begin();
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ICR, (uint64_t)percpu()->apic_id << 32 | BIT(14) | 8);
	apic_write(APIC_ESR, 0);
	CHECK_EQ(apic_read(APIC_ESR) & ESR_VECTOR, ESR_VECTOR);
	CHECK_EQ(apic_read(APIC_IRR) & 0xffff, 0);
	end();
}

#define ALT_MOV_CR8 BIT(4) /* CPUID 8000_0001 ECX: vol. 3, MOV CRn */

/* CR8 is TPR[7:4] (16.6.4), and a write of it raises no #VC. */
TEST(cr8, "cr8", "CR8 and TPR are one register; CR8 holds back what is not above it",
     "apm:apic:cr8")
{
	struct fault f;
	uint64_t v;

	begin();
	got[0] = 0;
	__asm__ volatile("mov %0, %%cr8" : : "r"((uint64_t)(VEC >> 4)));
	CHECK_EQ(apic_read(APIC_TPR), VEC & 0xf0);
	apic_write(APIC_SELF_IPI, VEC);
	settle(got, 0, 0);
	CHECK_EQ(got[0], 0);
	__asm__ volatile("mov %0, %%cr8" : : "r"((uint64_t)(VEC >> 4) - 1));
	settle(got, 1, 0);
	CHECK_EQ(got[0], 1);
	test_case("CR8 above 15");
	if (FAULT_CATCH(&f)) {
		__asm__ volatile("mov %0, %%cr8" : : "r"(0x10ull));
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_GP);
	apic_write(APIC_TPR, 0x30);
	__asm__ volatile("mov %%cr8, %0" : "=r"(v));
	CHECK_EQ(v, 3);
	test_case("by LOCK MOV CR0");
	if (ghcb_msr_cpuid(0x80000001, 2) & ALT_MOV_CR8) {
		__asm__ volatile(".byte 0xf0, 0x0f, 0x20, 0xc0" : "=a"(v));
		CHECK_EQ(v, 3);
		__asm__ volatile(".byte 0xf0, 0x0f, 0x22, 0xc0" : : "a"(2ull));
		__asm__ volatile("mov %%cr8, %0" : "=r"(v));
		CHECK_EQ(v, 2);
	}
	ghcb_select();
	__asm__ volatile("mov %0, %%cr8" : : "r"(0ull));
	CHECK_EQ(apic_read(APIC_TPR), 0);
	end();
}
