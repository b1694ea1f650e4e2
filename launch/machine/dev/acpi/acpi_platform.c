/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/acpi/acpi_platform.h"
#include "lib/acpi/acpi_table.h"
#include "abi/machine.h"
#include "abi/q35.h"
#include "lib/string.h"

#define MIB        (1ull << 20)
#define PCI32_END  0xfec00000ull /* the IOAPIC */
#define ECAM_BUS   MIB           /* bytes a bus */

#define EXBAR_ON   BIT(0)
#define EXBAR_SIZE 1 /* two bits from here on */
#define EXBAR_BASE 0xffc000000ull

/* What is on, in 256, 128 or 64 MiB, and lies where a window can go around it. */
static bool ecam_at(uint64_t pciexbar, uint64_t low_end, uint64_t *base, uint64_t *size)
{
	unsigned code = pciexbar >> EXBAR_SIZE & 3;

	*size = 256 * MIB >> code;
	*base = pciexbar & EXBAR_BASE & ~(*size - 1);
	return (pciexbar & EXBAR_ON) && code < 3 && *base > low_end && *base + *size < PCI32_END;
}

struct acpi_windows acpi_windows_find(uint64_t pciexbar, uint64_t low_end)
{
	struct acpi_windows w = {
		.below = low_end,
		.above_end = PCI32_END - 1,
		.high = Q35_MMIO64_BASE,
		.high_end = BIT(MACHINE_CBIT) - 1,
	};
	uint64_t base, size;

	if (ecam_at(pciexbar, low_end, &base, &size)) {
		w.ecam = base;
		w.ecam_end = base + size - 1;
		w.below_end = base - 1;
		w.above = base + size;
	} else {
		w.below_end = PCI32_END - 16 * MIB - 1;
		w.above = w.below_end + 1;
	}
	return w;
}

struct mcfg {
	struct acpi_header h;
	uint64_t rsvd;
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t rsvd_38;
} PACKED;
ABI_SIZE(struct mcfg, 60, "PCI Firmware 3.0, table 4-2 and 4-3");

/* QEMU's entry names every bus that there is room for. Linux then looks for 32 devices on each of
 * them by ports 0xcf8 and 0xcfc (pcibios_fixup_peer_bridges()), which a guest of SEV-ES pays for
 * with four exits a device. */
uint32_t acpi_mcfg(void *p, const struct acpi_windows *w)
{
	struct mcfg t = {.base = w->ecam};
	uint64_t room = (w->ecam_end - w->ecam + 1) / ECAM_BUS;

	if (!p)
		return sizeof(t);
	t.last_bus = (uint8_t)MIN(room - 1, (uint64_t)w->last_bus);
	memcpy(p, &t, sizeof(t));
	acpi_seal(p, "MCFG", 1, w->ecam ? sizeof(t) : offsetof(struct mcfg, base));
	return sizeof(t);
}

/* ACPI 6.5, 20.2: Name(NAME, QWordConst) */
struct aml_name {
	uint8_t op;
	char name[4];
	uint8_t prefix;
	uint64_t value;
} PACKED;
ABI_SIZE(struct aml_name, 14, "ACPI 20.2.5.1: DefName");

#define AML_NAME  0x08
#define AML_QWORD 0x0e

uint32_t acpi_values(void *p, const struct acpi_windows *w)
{
	static const char names[][5] = {"ECMB", "ECME", "P0MB", "P0ME",
					"P1MB", "P1ME", "P2MB", "P2ME"};
	const uint64_t values[] = {w->ecam,  w->ecam_end,  w->below, w->below_end,
				   w->above, w->above_end, w->high,  w->high_end};
	uint32_t length = sizeof(struct acpi_header) + sizeof(names) / 5 * sizeof(struct aml_name);
	struct aml_name *n;

	if (!p)
		return length;
	n = (void *)((uint8_t *)p + sizeof(struct acpi_header));
	for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
		n[i] = (struct aml_name){AML_NAME, {0}, AML_QWORD, values[i]};
		memcpy(n[i].name, names[i], sizeof(n[i].name));
	}
	acpi_seal(p, "SSDT", 2, length);
	return length;
}
