/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <string.h>

#include "boot/linux/acpi.h"
#include "tests/native/check.h"
#include "tests/native/check_acpi.h"

static const uint8_t *ram;

static uint8_t sum(const void *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + ((const uint8_t *)p)[len]);
	return s;
}

static uint64_t read64(uint64_t at)
{
	uint64_t v;

	memcpy(&v, &ram[at], sizeof(v));
	return v;
}

static uint32_t read32(uint64_t at)
{
	return (uint32_t)read64(at);
}

/* ACPI 6.5, 5.2.9: fixed hardware, and where a q35 has it (QEMU 7.2, hw/isa/lpc_ich9.c and
 * hw/acpi/ich9.c); flags of what is not there: hardware-reduced (20), no fixed power button (4),
 * and of IAPC_BOOT_ARCH no CMOS clock (5). 5.2.10: the FACS lies at a multiple of 64. */
static void check_fadt(uint64_t fadt)
{
	uint32_t facs = read32(fadt + 36);

	CHECK_EQ(facs % 64, 0);
	CHECK_MEM(&ram[facs], "FACS\x40\0\0\0", 8);
	CHECK_EQ(read32(fadt + 40), read64(fadt + 140));
	CHECK_EQ(read32(fadt + 44) >> 16, 9); /* SCI */
	CHECK_EQ(read32(fadt + 56), 0x600);   /* PM1a event, control, PM timer */
	CHECK_EQ(read32(fadt + 64), 0x604);
	CHECK_EQ(read32(fadt + 76), 0x608);
	CHECK_EQ(ram[fadt + 91], 4);
	CHECK_EQ(read32(fadt + 109) >> 5 & 1, 0);
	CHECK_EQ(read32(fadt + 112) & (BIT(20) | BIT(4)), 0);
}

/* RSDP to XSDT to FADT, MADT and HPET, each whole; the MADT made from our vCPUs. */
void check_acpi(const uint8_t *guest, uint64_t rsdp)
{
	uint64_t xsdt, fadt, madt, hpet;

	ram = guest;
	xsdt = read64(rsdp + 24);
	fadt = read64(xsdt + 36);
	madt = read64(xsdt + 44);
	hpet = read64(xsdt + 52);

	CHECK_MEM(&ram[rsdp], "RSD PTR ", 8);
	CHECK_EQ(sum(&ram[rsdp], 20), 0);
	CHECK_EQ(sum(&ram[rsdp], 36), 0);
	CHECK_MEM(&ram[xsdt], "XSDT", 4);
	CHECK_EQ(sum(&ram[xsdt], read32(xsdt + 4)), 0);
	CHECK_MEM(&ram[fadt], "FACP", 4);
	CHECK_EQ(sum(&ram[fadt], read32(fadt + 4)), 0);
	CHECK_MEM(&ram[read64(fadt + 140)], "DSDT", 4);
	check_fadt(fadt);
	CHECK_MEM(&ram[hpet], "HPET", 4);
	CHECK_EQ(sum(&ram[hpet], read32(hpet + 4)), 0);
	CHECK_EQ(read64(hpet + 44), 0xfed00000); /* IA-PC HPET 1.0a, 3.2.4: base address */
	CHECK_MEM(&ram[madt], "APIC", 4);
	CHECK_EQ(sum(&ram[madt], read32(madt + 4)), 0);
	CHECK(acpi_madt_valid(&ram[madt], read32(madt + 4)));
	/* APIC, x2APIC, IOAPIC, five lines of a q35 that are not as ISA's */
	CHECK_EQ(read32(madt + 4), 44 + 8 + 16 + 12 + 5 * 10);
	CHECK_EQ(ram[madt + 47], 1);
	CHECK_EQ(read32(madt + 52 + 4), 300);
}
