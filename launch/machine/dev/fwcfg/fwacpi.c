/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/fwcfg/fwacpi.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/acpi/acpi_set.h"
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/mem.h"
#include "machine/host/mem/pool.h"
#include "base/x86.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_ENABLE  BIT(31)
#define PCIEXBAR    0x60 /* of 00:00.0; 64 bits */

/* PCI Local Bus 3.0, 6.1; PCI-to-PCI Bridge 1.2, 3.2: registers of a function of bus 0 */
#define PCI_FUNCTIONS 256
#define PCI_ID        0x00
#define PCI_HEADER    0x0c /* type in bits 22:16; 1: a bridge */
#define PCI_BUSES     0x18 /* of a bridge: the highest bus behind it in bits 23:16 */
#define PCI_NONE      0xffffffffu

extern const uint8_t _binary_machine_dsdt_aml_start[], _binary_machine_dsdt_aml_end[];

static struct acpi_set set;

static uint32_t config(unsigned function, unsigned reg)
{
	outl(PCI_ADDRESS, (uint32_t)PCI_ENABLE | function << 8 | reg);
	return inl(PCI_DATA);
}

static uint64_t read_pciexbar(void)
{
	return config(0, PCIEXBAR) | (uint64_t)config(0, PCIEXBAR + 4) << 32;
}

/* As the firmware has numbered them: each bridge knows the last one behind it. */
static uint8_t read_last_bus(void)
{
	uint8_t last = 0;

	for (unsigned f = 0; f < PCI_FUNCTIONS; f++)
		if (config(f, PCI_ID) != PCI_NONE && (config(f, PCI_HEADER) >> 16 & 0x7f) == 1)
			last = MAX(last, (uint8_t)(config(f, PCI_BUSES) >> 16));
	return last;
}

/* Below 4 GiB no BAR works where QEMU has RAM, the guest's or not. */
static uint64_t low_end(void)
{
	const struct host_range *r;

	return host_guest_ranges(&r) ? MAX(r->base + r->size, host_low_end()) : host_low_end();
}

static void make(void)
{
	uint32_t kept = inl(PCI_ADDRESS); /* the guest may be about to use it */
	struct acpi_windows w = acpi_windows_find(read_pciexbar(), low_end());

	w.last_bus = read_last_bus();
	outl(PCI_ADDRESS, kept);
	acpi_set_make(&set, &w);
}

void fwacpi_show(void)
{
	set.dsdt = _binary_machine_dsdt_aml_start;
	set.dsdt_size = (uint32_t)(_binary_machine_dsdt_aml_end - _binary_machine_dsdt_aml_start);
	set.vcpus = machine_guest_vcpus();
	set.size = acpi_set_size(&set);
	set.tables = host_pages_alloc((set.size + (uint32_t)PAGE_MASK) / (uint32_t)PAGE_SIZE);
	fwitem_file_live(ACPI_SET_TABLES, set.tables, set.size, make);
	fwitem_file_live(ACPI_SET_RSDP, &set.rsdp, sizeof(set.rsdp), make);
	fwitem_file_live(ACPI_SET_SCRIPT, set.script, sizeof(set.script), make);
}
