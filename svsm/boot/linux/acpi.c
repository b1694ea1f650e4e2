/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The ACPI tables of a directly booted guest, except the MADT (acpi_madt.c): RSDP, XSDT, the DSDT
 * that was compiled from dsdt.asl, and those that say where a q35 has its timers and its power
 * management, which a guest with firmware gets in the same words (lib/acpi/acpi_q35.h). Built in a
 * buffer and copied out at the end.
 */
#include "boot/linux/acpi.h"
#include "boot/linux/acpi_tables.h"
#include "boot/guest.h"
#include "mm/alloc.h"
#include "base/assert.h"
#include "lib/acpi/acpi_q35.h"
#include "lib/acpi/acpi_table.h"
#include "lib/string.h"

extern const uint8_t _binary_dsdt_aml_start[], _binary_dsdt_aml_end[];

struct xsdt {
	struct acpi_header h;
	uint64_t table[3];
} PACKED;

static void *reserve_aligned(struct acpi_area *a, uint64_t len, uint64_t align)
{
	uint64_t at = ALIGN_UP(a->at + a->used, align) - a->at;

	if (len > a->room || at > a->room - len)
		panic("ACPI tables do not fit");
	a->used = at + len;
	return a->buf + at;
}

void *acpi_reserve(struct acpi_area *a, uint64_t len)
{
	return reserve_aligned(a, len, 16);
}

uint64_t acpi_address(const struct acpi_area *a, const void *p)
{
	return a->at + (uint64_t)((const uint8_t *)p - a->buf);
}

static uint64_t write_dsdt(struct acpi_area *a)
{
	uint64_t len = (uint64_t)(_binary_dsdt_aml_end - _binary_dsdt_aml_start);
	void *p = acpi_reserve(a, len);

	memcpy(p, _binary_dsdt_aml_start, len);
	return acpi_address(a, p);
}

/* FACS and FADT; power off and the power button are those of the PM1 registers. */
static uint64_t write_fadt(struct acpi_area *a, uint64_t dsdt)
{
	void *facs = reserve_aligned(a, acpi_facs(NULL), ACPI_FACS_ALIGN);
	uint8_t *f = acpi_reserve(a, acpi_fadt(NULL));
	uint64_t facs_at = acpi_address(a, facs);
	struct acpi_header *h = (void *)f;

	acpi_facs(facs);
	acpi_fadt(f);
	memcpy(f + ACPI_FADT_FACS, &facs_at, 4);
	memcpy(f + ACPI_FADT_DSDT, &dsdt, 4);
	memcpy(f + ACPI_FADT_X_DSDT, &dsdt, 8);
	h->checksum = 0;
	h->checksum = acpi_checksum(f, h->length);
	return acpi_address(a, f);
}

static uint64_t write_hpet(struct acpi_area *a)
{
	void *p = acpi_reserve(a, acpi_hpet(NULL));

	acpi_hpet(p);
	return acpi_address(a, p);
}

/* Two checksums: of the first 20 bytes (ACPI 1.0) and of all. */
static void write_rsdp(struct acpi_rsdp *r, uint64_t xsdt)
{
	memcpy(r->signature, "RSD PTR ", 8);
	memcpy(r->oem_id, "KEELSN", 6);
	r->revision = 2;
	r->length = sizeof(*r);
	r->xsdt = xsdt;
	r->checksum = acpi_checksum(r, 20);
	r->checksum_all = acpi_checksum(r, sizeof(*r));
}

/* The RSDP comes first, so its address is the area's. */
uint64_t acpi_write(gpa_t at, uint64_t room)
{
	const unsigned order = 4;
	struct acpi_area a = {alloc_pages(order), at.v, MIN(room, PAGE_SIZE << order), 0};
	struct acpi_rsdp *rsdp;
	struct xsdt *xsdt;

	if (!a.buf)
		panic("no memory for ACPI tables");
	rsdp = acpi_reserve(&a, sizeof(*rsdp));
	xsdt = acpi_reserve(&a, sizeof(*xsdt));
	xsdt->table[0] = write_fadt(&a, write_dsdt(&a));
	xsdt->table[1] = acpi_write_madt(&a);
	xsdt->table[2] = write_hpet(&a);
	acpi_seal(&xsdt->h, "XSDT", 1, sizeof(*xsdt));
	write_rsdp(rsdp, acpi_address(&a, xsdt));
	guest_put(at, a.buf, PAGE_SIZE << order);
	alloc_pages_free(a.buf, order);
	return at.v;
}
