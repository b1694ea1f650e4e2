/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What whoever makes ACPI tables needs: the SVSM for a kernel that it boots, the machine for a
 * guest's firmware. ACPI 6.5. */
#include "base/types.h"

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
} PACKED;
ABI_SIZE(struct acpi_header, 36, "ACPI 5.2.6: DESCRIPTION_HEADER");

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t checksum_all;
	uint8_t rsvd[3];
} PACKED;
ABI_SIZE(struct acpi_rsdp, 36, "ACPI 5.2.5.3: RSDP");
