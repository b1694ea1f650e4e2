/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/load/make_madt.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/acpi/acpi_madt.h"
#include "lib/acpi/acpi_table.h"
#include "machine/hostile/hostile.h"

/* Which vCPUs a guest may use is for the SVSM to say, in the table that it makes. */
uint32_t make_madt(uint8_t *p)
{
	uint32_t more = hostile_madt(NULL), length = acpi_madt(p, machine_vcpu_count, more);
	struct acpi_header *h = (void *)p;

	if (p && more) {
		hostile_madt(p + length - more);
		h->checksum = 0;
		h->checksum = acpi_checksum(p, length);
	}
	return length;
}
