/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/acpi/acpi_set.h"
#include "machine/dev/acpi/acpi_madt.h"
#include "lib/acpi/acpi_q35.h"
#include "lib/acpi/acpi_table.h"
#include "machine/host_assert.h"
#include "lib/string.h"

#define CMD_ALLOCATE 1u
#define CMD_POINTER  2u
#define CMD_CHECKSUM 3u
#define ZONE_HIGH    1
#define ZONE_FSEG    2

#define ALIGN_TABLE  16

enum table { /* in the order of the file */
	FACS,
	DSDT,
	FADT,
	MADT,
	HPET,
	MCFG,
	VALUES,
	XSDT,
	TABLES
};

#define XSDT_FIRST FADT /* what it points to: up to VALUES */
#define XSDT_COUNT (XSDT - XSDT_FIRST)

struct xsdt {
	struct acpi_header h;
	uint64_t table[XSDT_COUNT];
} PACKED;

static uint32_t put(const struct acpi_set *s, enum table t, void *p, const struct acpi_windows *w)
{
	switch (t) {
	case FACS:
		return acpi_facs(p);
	case DSDT:
		if (p)
			memcpy(p, s->dsdt, s->dsdt_size);
		return s->dsdt_size;
	case FADT:
		return acpi_fadt(p);
	case MADT:
		return acpi_madt(p, s->vcpus, 0);
	case HPET:
		return acpi_hpet(p);
	case MCFG:
		return acpi_mcfg(p, w);
	case VALUES:
		return acpi_values(p, w);
	default:
		return sizeof(struct xsdt);
	}
}

/* Where each table begins, and behind the last one the size of all. */
static void layout(const struct acpi_set *s, uint32_t at[TABLES + 1])
{
	static const struct acpi_windows none;

	at[0] = 0;
	for (unsigned t = 0; t < TABLES; t++)
		at[t + 1] = (uint32_t)ALIGN_UP(at[t] + put(s, t, NULL, &none), ALIGN_TABLE);
}

uint32_t acpi_set_size(const struct acpi_set *s)
{
	uint32_t at[TABLES + 1];

	layout(s, at);
	return at[TABLES];
}

/* ---- The script ---- */

static void name(char to[56], const char *from)
{
	memcpy(to, from, strlen(from));
}

static struct acpi_command *allocate(struct acpi_command *c, const char *file, uint32_t align,
				     uint8_t zone)
{
	*c = (struct acpi_command){.command = CMD_ALLOCATE};
	name(c->allocate.file, file);
	c->allocate.align = align;
	c->allocate.zone = zone;
	return c + 1;
}

/* What stands at the offset is an offset in the file of tables, and becomes an address. */
static struct acpi_command *link(struct acpi_command *c, const char *file, uint32_t offset,
				 uint8_t size)
{
	*c = (struct acpi_command){.command = CMD_POINTER};
	name(c->pointer.in, file);
	name(c->pointer.to, ACPI_SET_TABLES);
	c->pointer.offset = offset;
	c->pointer.size = size;
	return c + 1;
}

static struct acpi_command *sum(struct acpi_command *c, const char *file, uint32_t offset,
				uint32_t start, uint32_t length)
{
	*c = (struct acpi_command){.command = CMD_CHECKSUM};
	name(c->checksum.file, file);
	c->checksum.offset = offset;
	c->checksum.start = start;
	c->checksum.length = length;
	return c + 1;
}

#define SUM offsetof(struct acpi_header, checksum)

/* The XSDT is linked when the tables that it names are whole, since firmware looks at what a
 * pointer leads to. */
static void make_script(struct acpi_set *s, const uint32_t at[])
{
	struct acpi_command *c = s->script;
	uint32_t fadt = at[FADT], xsdt = at[XSDT];

	c = allocate(c, ACPI_SET_RSDP, 16, ZONE_FSEG);
	c = allocate(c, ACPI_SET_TABLES, ACPI_FACS_ALIGN, ZONE_HIGH);
	c = link(c, ACPI_SET_TABLES, fadt + ACPI_FADT_FACS, 4);
	c = link(c, ACPI_SET_TABLES, fadt + ACPI_FADT_DSDT, 4);
	c = link(c, ACPI_SET_TABLES, fadt + ACPI_FADT_X_DSDT, 8);
	c = sum(c, ACPI_SET_TABLES, fadt + SUM, fadt, acpi_fadt(NULL));
	for (uint32_t i = 0; i < XSDT_COUNT; i++)
		c = link(c, ACPI_SET_TABLES, xsdt + (uint32_t)offsetof(struct xsdt, table[i]), 8);
	c = sum(c, ACPI_SET_TABLES, xsdt + SUM, xsdt, sizeof(struct xsdt));
	c = link(c, ACPI_SET_RSDP, offsetof(struct acpi_rsdp, xsdt), 8);
	c = sum(c, ACPI_SET_RSDP, offsetof(struct acpi_rsdp, checksum), 0, 20);
	c = sum(c, ACPI_SET_RSDP, offsetof(struct acpi_rsdp, checksum_all), 0,
		sizeof(struct acpi_rsdp));
	HOST_ASSERT(c == s->script + ACPI_SET_COMMANDS);
}

/* ---- The tables ---- */

static void set_pointer(uint8_t *table, unsigned offset, uint64_t value, unsigned size)
{
	memcpy(table + offset, &value, size);
}

/* A sum that the script makes is over bytes with 0 in its place. */
static void make_xsdt(uint8_t *p, const uint32_t at[])
{
	struct xsdt x;

	for (unsigned i = 0; i < XSDT_COUNT; i++)
		x.table[i] = at[XSDT_FIRST + i];
	acpi_seal(&x.h, "XSDT", 1, sizeof(x));
	x.h.checksum = 0;
	memcpy(p, &x, sizeof(x));
}

static void make_tables(struct acpi_set *s, const uint32_t at[], const struct acpi_windows *w)
{
	uint8_t *fadt = s->tables + at[FADT];

	memset(s->tables, 0, s->size);
	for (unsigned t = 0; t < XSDT; t++)
		put(s, t, s->tables + at[t], w);
	set_pointer(fadt, ACPI_FADT_FACS, at[FACS], 4);
	set_pointer(fadt, ACPI_FADT_DSDT, at[DSDT], 4);
	set_pointer(fadt, ACPI_FADT_X_DSDT, at[DSDT], 8);
	fadt[SUM] = 0;
	make_xsdt(s->tables + at[XSDT], at);
}

void acpi_set_make(struct acpi_set *s, const struct acpi_windows *w)
{
	uint32_t at[TABLES + 1];

	layout(s, at);
	s->size = at[TABLES];
	make_tables(s, at, w);
	s->rsdp = (struct acpi_rsdp){.revision = 2, .length = sizeof(s->rsdp), .xsdt = at[XSDT]};
	memcpy(s->rsdp.signature, "RSD PTR ", sizeof(s->rsdp.signature));
	memcpy(s->rsdp.oem_id, "KEELSN", sizeof(s->rsdp.oem_id));
	make_script(s, at);
}
