/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* ACPI 6.5, 5.2.12: the table that tells the guest its processors and interrupt controllers. */
#include "machine/load/make_madt.h"
#include "machine/cpu/vcpu.h"
#include "machine/hostile/hostile.h"
#include "lib/string.h"

#define LAPIC_ADDRESS  0xfee00000u
#define IOAPIC_ADDRESS 0xfec00000u
#define ISO_LEVEL_HIGH 0x000d

struct madt_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
	uint32_t lapic_address;
	uint32_t flags; /* bit 0: there are 8259s too */
} PACKED;
ABI_SIZE(struct madt_header, 44, "ACPI 5.2.12, table 5.19");

struct madt_lapic {
	uint8_t type, length, uid, apic_id;
	uint32_t flags; /* bit 0: enabled */
} PACKED;
ABI_SIZE(struct madt_lapic, 8, "ACPI 5.2.12.2");

struct madt_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} PACKED;
ABI_SIZE(struct madt_ioapic, 12, "ACPI 5.2.12.3");

struct madt_override {
	uint8_t type, length, bus, irq;
	uint32_t gsi;
	uint16_t flags;
} PACKED;
ABI_SIZE(struct madt_override, 10, "ACPI 5.2.12.5");

struct madt_nmi {
	uint8_t type, length, uid;
	uint16_t flags;
	uint8_t lint;
} PACKED;
ABI_SIZE(struct madt_nmi, 6, "ACPI 5.2.12.7");

/* As q35 wires them: the timer at pin 2, PCI's level-triggered lines as they are. */
static const struct madt_override overrides[] = {
	{2, 10, 0, 0, 2, 0},
	{2, 10, 0, 5, 5, ISO_LEVEL_HIGH},
	{2, 10, 0, 9, 9, ISO_LEVEL_HIGH},
	{2, 10, 0, 10, 10, ISO_LEVEL_HIGH},
	{2, 10, 0, 11, 11, ISO_LEVEL_HIGH},
};

static uint8_t *put(uint8_t *p, const void *data, size_t size)
{
	memcpy(p, data, size);
	return p + size;
}

/* All bytes of a table add up to zero. */
static void set_checksum(uint8_t *p, uint32_t length)
{
	struct madt_header *h = (void *)p;
	uint8_t sum = 0;

	for (uint32_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + p[i]);
	h->checksum = (uint8_t)-sum;
}

/* Names without a NUL are copied, because a compiler may warn of a string that loses its own. */
static struct madt_header header(uint32_t length)
{
	struct madt_header h = {
		.length = length,
		.revision = 5,
		.oem_revision = 1,
		.creator_revision = 1,
		.lapic_address = LAPIC_ADDRESS,
		.flags = 1,
	};

	memcpy(h.signature, "APIC", sizeof(h.signature));
	memcpy(h.oem_id, "KEELSN", sizeof(h.oem_id));
	memcpy(h.oem_table_id, "NATIVE  ", sizeof(h.oem_table_id));
	memcpy(h.creator_id, "KEEL", sizeof(h.creator_id));
	return h;
}

/* Every vCPU is enabled: which ones a guest may use is for the SVSM to say, in the table that it
 * makes. */
uint32_t make_madt(uint8_t *p)
{
	uint32_t length = (uint32_t)(sizeof(struct madt_header) + sizeof(struct madt_ioapic) +
				     sizeof(overrides) + sizeof(struct madt_nmi) +
				     machine_vcpu_count * sizeof(struct madt_lapic)) +
			  hostile_madt(NULL);
	const struct madt_header h = header(length);
	const struct madt_ioapic ioapic = {1, 12, 0, 0, IOAPIC_ADDRESS, 0};
	const struct madt_nmi nmi = {4, 6, 0xff, 0, 1};
	uint8_t *at = p;

	if (!p)
		return length;
	at = put(at, &h, sizeof(h));
	for (unsigned i = 0; i < machine_vcpu_count; i++) {
		const struct madt_lapic cpu = {0, 8, (uint8_t)i, (uint8_t)machine_vcpus[i]->apic_id,
					       1};

		at = put(at, &cpu, sizeof(cpu));
	}
	at = put(at, &ioapic, sizeof(ioapic));
	at = put(at, overrides, sizeof(overrides));
	hostile_madt(put(at, &nmi, sizeof(nmi)));
	set_checksum(p, length);
	return length;
}
