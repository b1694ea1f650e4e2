/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/fwcfg/fwacpi.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/acpi/acpi_set.h"
#include "machine/dev/fwcfg/fwitem.h"
#include "machine/dev/pci/pciconf.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/mem.h"
#include "machine/host/mem/pool.h"

extern const uint8_t _binary_machine_dsdt_aml_start[], _binary_machine_dsdt_aml_end[];

static struct acpi_set set;

/* Below 4 GiB no BAR works where QEMU has RAM, the guest's or not. */
static uint64_t low_end(void)
{
	const struct host_range *r;

	return host_guest_ranges(&r) ? MAX(r->base + r->size, host_low_end()) : host_low_end();
}

static void make(void)
{
	struct acpi_windows w = acpi_windows_find(pciconf_pciexbar(), low_end());

	w.last_bus = pciconf_last_bus();
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
