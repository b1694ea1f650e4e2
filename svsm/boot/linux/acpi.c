/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The ACPI tables of a directly booted guest, except the MADT (acpi_madt.c): RSDP, XSDT, FADT, and
 * the DSDT that was compiled from dsdt.asl. Built in a buffer and copied out at the end. The
 * machine is described as hardware-reduced, so that Linux needs none of ACPI's fixed hardware.
 */
#include "boot/linux/acpi.h"
#include "abi/q35.h"
#include "boot/linux/acpi_tables.h"
#include "boot/guest.h"
#include "mm/alloc.h"
#include "base/assert.h"
#include "lib/string.h"

extern const uint8_t _binary_dsdt_aml_start[], _binary_dsdt_aml_end[];

struct xsdt {
	struct acpi_header h;
	uint64_t table[2];
} PACKED;

struct gas {
	uint8_t space; /* 1: I/O port */
	uint8_t width;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} PACKED;

struct fadt {
	struct acpi_header h;
	uint32_t facs, dsdt;
	uint8_t rsvd_2c[109 - 44];
	uint16_t boot_arch;
	uint8_t rsvd_6f;
	uint32_t flags;
	struct gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	uint8_t rsvd_94[244 - 148];
	struct gas sleep_control, sleep_status;
	uint64_t hypervisor;
} PACKED;
ABI_OFFSET(struct fadt, boot_arch, 109, "ACPI 5.2.9: IAPC_BOOT_ARCH");
ABI_OFFSET(struct fadt, reset_reg, 116, "ACPI 5.2.9: RESET_REG");
ABI_OFFSET(struct fadt, x_dsdt, 140, "ACPI 5.2.9: X_DSDT");
ABI_OFFSET(struct fadt, sleep_control, 244, "ACPI 5.2.9: SLEEP_CONTROL_REG");
ABI_SIZE(struct fadt, 276, "ACPI 5.2.9: FADT revision 6");

#define FADT_LEGACY_DEVICES BIT(0) /* boot_arch: there are UARTs */
#define FADT_NO_VGA         BIT(2)
#define FADT_NO_CMOS_RTC    BIT(5)
#define FADT_WBINVD         BIT(0) /* flags */
#define FADT_PWR_BUTTON     BIT(4) /* set: no fixed button */
#define FADT_SLP_BUTTON     BIT(5)
#define FADT_RESET_REG      BIT(10)
#define FADT_HW_REDUCED     BIT(20)
#define RESET_VALUE         0x06 /* full reset, to 0xcf9 */

/* The byte that makes all of them sum up to 0. */
static uint8_t checksum(const void *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)p)[i]);
	return (uint8_t)-sum;
}

void *acpi_reserve(struct acpi_area *a, uint64_t len)
{
	uint64_t at = ALIGN_UP(a->used, 16);

	if (len > a->room || at > a->room - len)
		panic("ACPI tables do not fit");
	a->used = at + len;
	return a->buf + at;
}

uint64_t acpi_address(const struct acpi_area *a, const void *p)
{
	return a->at + (uint64_t)((const uint8_t *)p - a->buf);
}

/* The header of every table but the RSDP and the DSDT, whose compiler has written it. */
void acpi_seal(struct acpi_header *h, const char *signature, uint8_t revision, uint64_t length)
{
	memcpy(h->signature, signature, 4);
	h->length = (uint32_t)length;
	h->revision = revision;
	memcpy(h->oem_id, "KEELSN", 6);
	memcpy(h->oem_table, "KEELSON ", 8);
	h->oem_revision = 1;
	memcpy(h->creator, "KEEL", 4);
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, length);
}

static uint64_t write_dsdt(struct acpi_area *a)
{
	uint64_t len = (uint64_t)(_binary_dsdt_aml_end - _binary_dsdt_aml_start);
	void *p = acpi_reserve(a, len);

	memcpy(p, _binary_dsdt_aml_start, len);
	return acpi_address(a, p);
}

static struct gas port(uint64_t address)
{
	return (struct gas){1, 8, 0, 1, address};
}

/*
 * Hardware-reduced: no PM timer, no SCI, no fixed buttons. Power off goes through the sleep
 * control register. That is one byte wide and laid out as the high byte of PM1a_CNT, so the same
 * write powers off a q35 and any machine with PM1a_CNT at 0x604.
 */
static uint64_t write_fadt(struct acpi_area *a, uint64_t dsdt)
{
	struct fadt *f = acpi_reserve(a, sizeof(*f));

	f->dsdt = (uint32_t)dsdt;
	f->x_dsdt = dsdt;
	f->boot_arch = FADT_LEGACY_DEVICES | FADT_NO_VGA | FADT_NO_CMOS_RTC;
	f->flags =
		FADT_WBINVD | FADT_PWR_BUTTON | FADT_SLP_BUTTON | FADT_RESET_REG | FADT_HW_REDUCED;
	f->reset_reg = port(Q35_RESET_PORT);
	f->reset_value = RESET_VALUE;
	f->sleep_control = port(ACPI_SLEEP_CONTROL);
	f->sleep_status = port(ACPI_SLEEP_STATUS);
	f->minor = 4;
	acpi_seal(&f->h, "FACP", 6, sizeof(*f));
	return acpi_address(a, f);
}

/* Two checksums: of the first 20 bytes (ACPI 1.0) and of all. */
static void write_rsdp(struct acpi_rsdp *r, uint64_t xsdt)
{
	memcpy(r->signature, "RSD PTR ", 8);
	memcpy(r->oem_id, "KEELSN", 6);
	r->revision = 2;
	r->length = sizeof(*r);
	r->xsdt = xsdt;
	r->checksum = checksum(r, 20);
	r->checksum_all = checksum(r, sizeof(*r));
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
	acpi_seal(&xsdt->h, "XSDT", 1, sizeof(*xsdt));
	write_rsdp(rsdp, acpi_address(&a, xsdt));
	guest_put(at, a.buf, PAGE_SIZE << order);
	alloc_pages_free(a.buf, order);
	return at.v;
}
