/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Memory-mapped registers of real devices: QEMU's, which the guest drives itself. What lies in RAM
 * is not reached here, nor the local APIC and the window of MSIs, which belong to the machine's
 * CPUs, nor the IOMMU, which is the monitor's. The IOAPIC is passed through but for redirection
 * entries that would hit the monitor, the HPET but for what would write to memory, and PCI
 * configuration but for the chipset's.
 */
#include "machine/dev/mmio.h"
#include "machine/cpu/tlb.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/disk/disk.h"
#include "machine/dev/disk/register.h"
#include "machine/dev/hpet.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/dev/window.h"
#include "machine/host/lapic.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/mem.h"
#include "machine/host/percpu.h"
#include "machine/iommu/iommu.h"
#include "abi/machine.h"
#include "lib/spinlock.h"
#include "lib/vapic/vapic.h"

#define ABOVE_LEGACY  0x100000ull /* below: BIOS shadow and VGA window, absent here */
#define BELOW_4G      0x100000000ull
#define GUEST_END     BIT(MACHINE_CBIT) /* of guest physical addresses */
#define IOAPIC_BASE   0xfec00000ull
#define IOAPIC_WINDOW 0x10
#define IOAPIC_RTE    0x10 /* first redirection entry; two registers each */
#define RTE_MASKED    BIT(16)
#define MSI_END       0xfef00000ull

/* [a, a + len) lies wholly in [from, to), without a sum that could wrap. */
static bool inside(uint64_t a, unsigned len, uint64_t from, uint64_t to)
{
	return a >= from && a < to && len <= to - a;
}

/* Wherever a guest may put a BAR is passed through; not RAM (the monitor's least of all), nor what
 * would send messages past the virtual APICs. */
static bool passed_through(uint64_t a, unsigned len)
{
	if (!inside(a, len, ABOVE_LEGACY, GUEST_END))
		return false;
	if (a + len > APIC_BASE_ADDR && a < MSI_END)
		return false;
	if (a + len > IOMMU_BASE && a < IOMMU_BASE + PAGE_SIZE)
		return false;
	return !host_is_ram(hpa(a), len) && !gpa_map_touches(gpa(a), len);
}

/* The direct map of devices ends at 4 GiB. */
static volatile void *device(uint64_t a, unsigned len)
{
	return a + len <= BELOW_4G ? host_ptr(hpa(a)) : window_map(hpa(a));
}

/*
 * The access has exactly the guest's width, because a device may answer another width differently.
 */
static uint64_t phys_read(uint64_t a, unsigned len)
{
	volatile void *p = device(a, len);

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
	volatile void *p = device(a, len);

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

/* Any byte of it is the HPET's. */
static bool in_hpet(uint64_t a, unsigned len)
{
	return a + len > HPET_BASE && a < HPET_BASE + HPET_SIZE;
}

/* False: it is PCI configuration. Whoever moves that waits for the end of this, so that it cannot
 * come between. */
static bool device_write(uint64_t a, unsigned len, uint64_t value)
{
	struct vcpu *v = machine_vcpus[host_cpu() - 1];
	bool ours;

	tlb_write_begin(v);
	ours = !pciconf_at(a, len);
	if (ours)
		phys_write(a, len, value);
	tlb_write_end(v);
	return ours;
}

static void device_or_config(uint64_t a, unsigned len, uint64_t value)
{
	disk_begin();
	if (!disk_kick(a, len, value) && !device_write(a, len, value))
		pciconf_write(a, len, value, phys_write);
	disk_end();
}

uint64_t mmio_read(uint64_t a, unsigned len)
{
	return passed_through(a, len) ? phys_read(a, len) : ~0ull;
}

uint64_t disk_reg_read(uint64_t a, unsigned len)
{
	return mmio_read(a, len);
}

/* A guest may place a BAR over the platform's devices, which answer first. */
void disk_reg_write(uint64_t a, unsigned len, uint64_t value)
{
	if (!in_ioapic(a) && !in_hpet(a, len) && passed_through(a, len))
		device_write(a, len, value);
}

void mmio_write(uint64_t a, unsigned len, uint64_t value)
{
	if (in_ioapic(a))
		ioapic_write(a, len, (uint32_t)value);
	else if (in_hpet(a, len) && !hpet_write((uint32_t)(a - HPET_BASE), len, &value))
		return;
	else if (passed_through(a, len))
		device_or_config(a, len, value);
}

bool mmio_is_platform(uint64_t a)
{
	return in_ioapic(a) || (a >= HPET_BASE && a < HPET_BASE + PAGE_SIZE);
}
