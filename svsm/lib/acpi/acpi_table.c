/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "lib/acpi/acpi_table.h"
#include "lib/string.h"

uint8_t acpi_checksum(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	while (n--)
		sum = (uint8_t)(sum + *b++);
	return (uint8_t)-sum;
}

void acpi_seal(struct acpi_header *h, const char *signature, uint8_t revision, uint32_t length)
{
	*h = (struct acpi_header){
		.length = length,
		.revision = revision,
		.oem_revision = 1,
		.creator_revision = 1,
	};
	memcpy(h->signature, signature, sizeof(h->signature));
	memcpy(h->oem_id, "KEELSN", sizeof(h->oem_id));
	memcpy(h->oem_table, "KEELSON ", sizeof(h->oem_table));
	memcpy(h->creator, "KEEL", sizeof(h->creator));
	h->checksum = acpi_checksum(h, length);
}
