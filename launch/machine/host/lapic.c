/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The local APIC under a CPU. QEMU gives it and its registers as memory; the monitor keeps xAPIC
 * mode, since host_lapic_set_logical() needs it: logical mode as a guest's xAPIC has it exists
 * only there.
 */
#include "machine/host/lapic.h"
#include "machine/host/mem/direct.h"
#include "machine/layout.h"
#include "base/x86.h"

_Static_assert(HOST_MAX_CPUS <= 255, "xAPIC IDs have 8 bits, and 255 means all CPUs");

#define LAPIC_PA  0xfee00000
#define IOAPIC_PA 0xfec00000

/* APM vol. 2, table 16-2 */
enum {
	REG_ID = 0x20,
	REG_TPR = 0x80,
	REG_EOI = 0xb0,
	REG_LDR = 0xd0,
	REG_DFR = 0xe0,
	REG_SVR = 0xf0,
	REG_ISR = 0x100,
	REG_TMR = 0x180,
	REG_ESR = 0x280,
	REG_ICR_LOW = 0x300,
	REG_ICR_HIGH = 0x310,
	REG_LVT_TIMER = 0x320,
	REG_LVT_THERMAL = 0x330,
	REG_LVT_PERF = 0x340,
	REG_LVT_LINT0 = 0x350,
	REG_LVT_LINT1 = 0x360,
	REG_LVT_ERROR = 0x370,
	REG_TIMER_INITIAL = 0x380,
	REG_TIMER_CURRENT = 0x390,
	REG_TIMER_DIVIDE = 0x3e0,
};

#define LVT_MASKED      BIT(16)
#define MODE_BITS       (7u << 8)
#define MODE_LOWEST     (1u << 8)
#define MODE_SMI        (2u << 8)
#define MODE_NMI        (4u << 8)
#define MODE_INIT       (5u << 8)
#define MODE_STARTUP    (6u << 8)
#define ICR_LOGICAL     BIT(11)
#define ICR_ASSERT      BIT(14)
#define ICR_ALL_OTHERS  (3u << 18)
#define SVR_ENABLE      BIT(8)
#define DIVIDE_BY_1     0xb
#define VECTOR_LEAST    16 /* APM vol. 2, 16.4.1: lower ones are illegal */

#define MESSAGE_BASE    0xfee00000u
#define MESSAGE_LOGICAL BIT(2)

static uint32_t get(unsigned reg)
{
	return *(volatile uint32_t *)((char *)host_ptr(hpa(LAPIC_PA)) + reg);
}

static void set(unsigned reg, uint32_t v)
{
	*(volatile uint32_t *)((char *)host_ptr(hpa(LAPIC_PA)) + reg) = v;
}

/* TPR stays 0: a guest's priorities are its virtual APIC's business. */
void lapic_init(void)
{
	set(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	set(REG_TPR, 0);
	set(REG_DFR, 0xffffffff);
	set(REG_LDR, 0);
	set(REG_LVT_TIMER, VECTOR_TIMER); /* one-shot; silent while its count is 0 */
	set(REG_LVT_THERMAL, LVT_MASKED);
	set(REG_LVT_PERF, LVT_MASKED);
	set(REG_LVT_LINT0, LVT_MASKED);
	set(REG_LVT_LINT1, MODE_NMI); /* QMP inject-nmi: "where are you?" */
	set(REG_LVT_ERROR, LVT_MASKED | VECTOR_ERROR);
	set(REG_TIMER_DIVIDE, DIVIDE_BY_1);
	set(REG_TIMER_INITIAL, 0);
	set(REG_ESR, 0);
}

/*
 * The firmware may have left interrupts routed to CPU 0, which nobody takes. From here on only what
 * the guest programs counts.
 */
void lapic_mask_others(void)
{
	volatile uint32_t *select = host_ptr(hpa(IOAPIC_PA));
	volatile uint32_t *window = host_ptr(hpa(IOAPIC_PA + 0x10));
	unsigned entries;

	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	*select = 1;
	entries = (*window >> 16 & 0xff) + 1;
	for (unsigned i = 0; i < entries; i++) {
		*select = 0x10 + 2 * i;
		*window = LVT_MASKED;
	}
}

/* CPUID tells it, whatever lapic_set_id() has made of the APIC's. */
unsigned lapic_cpu(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	return r[1] >> 24;
}

void lapic_set_id(uint32_t id)
{
	set(REG_ID, id << 24);
}

void lapic_eoi(void)
{
	set(REG_EOI, 0);
}

/* ISR and TMR are eight registers of 32 bits, 16 bytes apart. */
static bool bit_of(unsigned reg, unsigned vector)
{
	return get(reg + vector / 32 * 0x10) >> vector % 32 & 1;
}

bool lapic_in_service(unsigned vector)
{
	return bit_of(REG_ISR, vector);
}

bool lapic_is_level(unsigned vector)
{
	return bit_of(REG_TMR, vector);
}

/* Two writes that nothing may come between; interrupts are off, and an NMI sends nothing. */
static void send(uint32_t target, uint32_t command)
{
	set(REG_ICR_HIGH, target << 24);
	set(REG_ICR_LOW, command);
}

void lapic_ipi(uint32_t id, uint8_t vector)
{
	send(id, ICR_ASSERT | vector);
}

void lapic_nmi(uint32_t id)
{
	send(id, ICR_ASSERT | MODE_NMI);
}

/* Both bits mean the same in message and command: a logical destination; and so do mode and vector.
 */
bool lapic_message(uint32_t address, uint32_t data)
{
	uint32_t vector = data & 0xff, mode = data & MODE_BITS;

	if (address >> 20 != MESSAGE_BASE >> 20 || mode > MODE_LOWEST || vector < VECTOR_LEAST ||
	    vector >= HOST_VECTOR_OWN)
		return false;
	send(address >> 12 & 0xff,
	     ICR_ASSERT | (address & MESSAGE_LOGICAL ? ICR_LOGICAL : 0) | mode | vector);
	return true;
}

void lapic_smi(uint32_t id)
{
	send(id, ICR_ASSERT | MODE_SMI);
}

void lapic_init_others(void)
{
	send(0, ICR_ALL_OTHERS | ICR_ASSERT | MODE_INIT);
}

void lapic_sipi_others(uint8_t page)
{
	send(0, ICR_ALL_OTHERS | ICR_ASSERT | MODE_STARTUP | page);
}

/* Writing the initial count starts the timer. */
void lapic_timer_set(uint32_t count)
{
	set(REG_TIMER_INITIAL, count);
}

uint32_t lapic_timer_read(void)
{
	return get(REG_TIMER_CURRENT);
}

void host_lapic_set_logical(uint32_t ldr, uint32_t dfr)
{
	set(REG_DFR, dfr | 0x0fffffff);
	set(REG_LDR, ldr & 0xff000000);
}
