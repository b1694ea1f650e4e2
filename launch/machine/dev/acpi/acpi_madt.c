/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/acpi/acpi_madt.h"
#include "machine/cpu/vcpu.h"
#include "lib/acpi/acpi_q35.h"
#include "lib/acpi/acpi_table.h"
#include "lib/string.h"

#define REVISION 5

struct madt_header {
	struct acpi_header h;
	uint32_t lapic_address;
	uint32_t flags; /* bit 0: there are 8259s too */
} PACKED;
ABI_SIZE(struct madt_header, 44, "ACPI 5.2.12, table 5.19");

struct madt_lapic {
	uint8_t type, length, uid, apic_id;
	uint32_t flags; /* bit 0: enabled */
} PACKED;
ABI_SIZE(struct madt_lapic, 8, "ACPI 5.2.12.2");

struct madt_nmi {
	uint8_t type, length, uid;
	uint16_t flags;
	uint8_t lint;
} PACKED;
ABI_SIZE(struct madt_nmi, 6, "ACPI 5.2.12.7");

static uint8_t *put(uint8_t *p, const void *data, size_t size)
{
	memcpy(p, data, size);
	return p + size;
}

static uint8_t *put_vcpus(uint8_t *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct madt_lapic cpu = {0, 8, (uint8_t)i, (uint8_t)machine_vcpus[i]->apic_id,
					       1};

		p = put(p, &cpu, sizeof(cpu));
	}
	return p;
}

uint32_t acpi_madt(void *p, unsigned n, uint32_t more)
{
	static const struct madt_nmi nmi = {4, 6, 0xff, 0, 1};
	const struct madt_header h = {.lapic_address = ACPI_LAPIC_ADDRESS, .flags = 1};
	uint32_t length = (uint32_t)(sizeof(h) + n * sizeof(struct madt_lapic) + sizeof(nmi)) +
			  acpi_wires(NULL) + more;
	uint8_t *at = p;

	if (!p)
		return length;
	at = put_vcpus(put(at, &h, sizeof(h)), n);
	at += acpi_wires(at);
	memset(put(at, &nmi, sizeof(nmi)), 0, more);
	acpi_seal(p, "APIC", REVISION, length);
	return length;
}
