/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/vcpu.h"
#include "machine/host/lapic.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/mem.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/state.h"
#include "abi/native.h"
#include "base/spinlock.h"
#include "lib/string.h"

/* GHCB 4.1.10: info1 is the address, info2 the length, SW_SCRATCH the data. */

#define ABOVE_LEGACY  0x100000ull /* below: BIOS shadow and VGA window, absent here */
#define BELOW_4G      0x100000000ull
#define IOAPIC_BASE   0xfec00000ull
#define IOAPIC_WINDOW 0x10
#define IOAPIC_RTE    0x10 /* first redirection entry; two registers each */
#define RTE_MASKED    BIT(16)
#define MSI_END       0xfef00000ull

static bool in_lapic(uint64_t a)
{
	return a >= APIC_BASE_ADDR && a < APIC_BASE_ADDR + PAGE_SIZE;
}

static bool inside(uint64_t a, unsigned len, uint64_t from, uint64_t to)
{
	return a >= from && a < to && len <= to - a;
}

/* Devices below 4G and in the 64-bit window are passed through; not RAM (the monitor's least of
 * all), nor what would send messages past the virtual APICs. */
static bool passed_through(uint64_t a, unsigned len)
{
	if (inside(a, len, NATIVE_MMIO64_BASE, NATIVE_MMIO64_END))
		return true; /* above all RAM */
	if (!inside(a, len, ABOVE_LEGACY, BELOW_4G))
		return false;
	if (a + len > APIC_BASE_ADDR && a < MSI_END)
		return false;
	return !host_is_ram(hpa(a), len);
}

static uint64_t phys_read(uint64_t a, unsigned len)
{
	volatile void *p = host_ptr(hpa(a));

	switch (len) {
	case 1:
		return *(volatile uint8_t *)p;
	case 2:
		return *(volatile uint16_t *)p;
	case 4:
		return *(volatile uint32_t *)p;
	default:
		return *(volatile uint64_t *)p;
	}
}

static bool in_ioapic(uint64_t a)
{
	return a >= IOAPIC_BASE && a < IOAPIC_BASE + PAGE_SIZE;
}

/*
 * A redirection entry with a delivery mode other than fixed or lowest priority (SMI, NMI, INIT,
 * ExtINT) or with a vector of the monitor's own would hit the monitor itself: it stays masked.
 */
static uint32_t filter_ioapic(uint32_t value)
{
	uint32_t reg = phys_read(IOAPIC_BASE, 4) & 0xff;

	if (reg < IOAPIC_RTE || (reg & 1))
		return value;
	if ((value >> 8 & 7) > APIC_LOWEST || (value & 0xff) >= HOST_VECTOR_OWN)
		return value | RTE_MASKED;
	return value;
}

static void phys_write(uint64_t a, unsigned len, uint64_t value)
{
	volatile void *p = host_ptr(hpa(a));

	switch (len) {
	case 1:
		*(volatile uint8_t *)p = value;
		break;
	case 2:
		*(volatile uint16_t *)p = value;
		break;
	case 4:
		*(volatile uint32_t *)p = value;
		break;
	default:
		*(volatile uint64_t *)p = value;
	}
}

/* The device decodes eight address bits, so its registers come again every 256 bytes; and it knows
 * accesses of 32 bits only. Locked, so that the register that is checked is the one written. */
static void ioapic_write(uint64_t a, unsigned len, uint32_t value)
{
	static struct spinlock lock;

	a = IOAPIC_BASE | (a & 0xff);
	if (len != 4)
		return;
	spin_lock(&lock);
	phys_write(a, len, a == IOAPIC_BASE + IOAPIC_WINDOW ? filter_ioapic(value) : value);
	spin_unlock(&lock);
}

/* The xAPIC page answers 32-bit accesses at multiples of 16, and only in xAPIC mode. */
static bool lapic_register(const struct vapic *a, uint64_t addr, unsigned len)
{
	return (a->base & APIC_BASE_ENABLE) && !apic_x2(a) && len == 4 && !(addr & 15);
}

static uint64_t mmio_in(struct vcpu *v, uint64_t a, unsigned len)
{
	struct vapic *apic = hv_apic(v);

	if (in_lapic(a))
		return lapic_register(apic, a, len) ? apic_read(apic, (a & PAGE_MASK) >> 4) : ~0ull;
	return passed_through(a, len) ? phys_read(a, len) : ~0ull;
}

static void mmio_out(struct vcpu *v, uint64_t a, unsigned len, uint64_t value)
{
	struct vapic *apic = hv_apic(v);

	if (in_lapic(a)) {
		if (lapic_register(apic, a, len))
			apic_write(apic, (a & PAGE_MASK) >> 4, value);
	} else if (in_ioapic(a)) {
		ioapic_write(a, len, (uint32_t)value);
	} else if (passed_through(a, len)) {
		phys_write(a, len, value);
	}
}

/* Where the data lies, or NULL with the refusal set. */
static void *data_of(struct ghcb_call *c)
{
	uint64_t len = c->info2;
	void *data;

	if ((len != 1 && len != 2 && len != 4 && len != 8) || c->info1 + len < c->info1 ||
	    host_guest_ram(gpa(c->info1), len)) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		return NULL;
	}
	data = ghcb_scratch(c, len);
	if (!data)
		ghcb_fail(c, GHCB_ERR_INVALID_SCRATCH);
	return data;
}

void nae_mmio_read(struct ghcb_call *c)
{
	void *data = data_of(c);
	uint64_t value;

	if (!data)
		return;
	value = mmio_in(c->v, c->info1, c->info2);
	memcpy(data, &value, c->info2);
}

void nae_mmio_write(struct ghcb_call *c)
{
	void *data = data_of(c);
	uint64_t value = 0;

	if (!data)
		return;
	memcpy(&value, data, c->info2);
	mmio_out(c->v, c->info1, c->info2, value);
}
