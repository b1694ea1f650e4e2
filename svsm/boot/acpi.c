/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "boot/acpi.h"
#include "abi/native.h"
#include "boot/guest.h"
#include "kernel/alloc.h"
#include "kernel/launch_area.h"
#include "kernel/log.h"
#include "kernel/percpu.h"
#include "lib/string.h"

extern const uint8_t _binary_dsdt_aml_start[], _binary_dsdt_aml_end[];

struct header {
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
ABI_SIZE(struct header, 36, "ACPI 5.2.6: system description table header");

struct rsdp {
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
ABI_SIZE(struct rsdp, 36, "ACPI 5.2.5.3: RSDP");

struct xsdt {
	struct header h;
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
	struct header h;
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

struct madt {
	struct header h;
	uint32_t lapic_address;
	uint32_t flags;
} PACKED;

struct madt_x2apic { /* type 9: 5.2.12.12, for any APIC ID */
	uint8_t type, length;
	uint16_t rsvd;
	uint32_t apic_id, flags, uid;
} PACKED;

struct madt_lapic { /* type 0: 5.2.12.2, for APIC IDs below 255 */
	uint8_t type, length, uid, apic_id;
	uint32_t flags;
} PACKED;

struct madt_ioapic { /* type 1: 5.2.12.3 */
	uint8_t type, length, id, rsvd;
	uint32_t address, gsi_base;
} PACKED;

/* The tables under construction: a buffer that will lie at `at` in guest memory. */
struct area {
	uint8_t *buf;
	uint64_t at;
	uint64_t room, used;
};

static uint8_t checksum(const void *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)p)[i]);
	return (uint8_t)-sum;
}

static void *reserve(struct area *a, uint64_t len)
{
	uint64_t at = ALIGN_UP(a->used, 16);

	if (len > a->room || at > a->room - len)
		panic("ACPI tables do not fit");
	a->used = at + len;
	return a->buf + at;
}

static uint64_t address_of(const struct area *a, const void *p)
{
	return a->at + (uint64_t)((const uint8_t *)p - a->buf);
}

static void seal(struct header *h, const char *signature, uint8_t revision, uint64_t length)
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

static uint64_t write_dsdt(struct area *a)
{
	uint64_t len = (uint64_t)(_binary_dsdt_aml_end - _binary_dsdt_aml_start);
	void *p = reserve(a, len);

	memcpy(p, _binary_dsdt_aml_start, len);
	return address_of(a, p);
}

static struct gas port(uint64_t address)
{
	return (struct gas){1, 8, 0, 1, address};
}

/*
 * Hardware-reduced: no PM timer, no SCI, no fixed buttons. Power off goes through the sleep control
 * register, which is one byte wide and laid out as the high byte of PM1a_CNT: the same write powers
 * off a q35 and any machine with PM1a_CNT at 0x604.
 */
static uint64_t write_fadt(struct area *a, uint64_t dsdt)
{
	struct fadt *f = reserve(a, sizeof(*f));

	f->dsdt = (uint32_t)dsdt;
	f->x_dsdt = dsdt;
	f->boot_arch = FADT_LEGACY_DEVICES | FADT_NO_VGA | FADT_NO_CMOS_RTC;
	f->flags =
		FADT_WBINVD | FADT_PWR_BUTTON | FADT_SLP_BUTTON | FADT_RESET_REG | FADT_HW_REDUCED;
	f->reset_reg = port(NATIVE_RESET_PORT);
	f->reset_value = RESET_VALUE;
	f->sleep_control = port(ACPI_SLEEP_CONTROL);
	f->sleep_status = port(ACPI_SLEEP_STATUS);
	f->minor = 4;
	seal(&f->h, "FACP", 6, sizeof(*f));
	return address_of(a, f);
}

bool acpi_madt_valid(const void *table, uint64_t size)
{
	const uint8_t *t = table;
	const struct madt *m = table;

	if (size < sizeof(*m) || memcmp(m->h.signature, "APIC", 4) || m->h.length < sizeof(*m) ||
	    m->h.length > size)
		return false;
	for (uint64_t at = sizeof(*m); at < m->h.length; at += t[at + 1]) {
		if (m->h.length - at < 2 || t[at + 1] < 2 || t[at + 1] > m->h.length - at)
			return false;
	}
	return true;
}

static void put_cpu(struct area *a, uint32_t apic_id, uint32_t uid)
{
	if (apic_id < 255) {
		struct madt_lapic e = {0, sizeof(e), (uint8_t)uid, (uint8_t)apic_id, 1};

		memcpy(a->buf + a->used, &e, sizeof(e));
		a->used += sizeof(e);
	} else {
		struct madt_x2apic e = {9, sizeof(e), 0, apic_id, 1, uid};

		memcpy(a->buf + a->used, &e, sizeof(e));
		a->used += sizeof(e);
	}
}

static uint64_t make_madt(struct area *a)
{
	const struct madt_ioapic io = {1, sizeof(io), 0, 0, 0xfec00000, 0};
	struct madt *m =
		reserve(a, sizeof(*m) + sizeof(io) + percpu_count() * sizeof(struct madt_x2apic));

	a->used = address_of(a, m + 1) - a->at;
	for (unsigned i = 0; i < percpu_count(); i++)
		if (!percpu_get(i)->service)
			put_cpu(a, percpu_get(i)->apic_id, i);
	memcpy(a->buf + a->used, &io, sizeof(io));
	a->used += sizeof(io);
	m->lapic_address = 0xfee00000;
	seal(&m->h, "APIC", 5, a->at + a->used - address_of(a, m));
	return address_of(a, m);
}

/* A processor that the guest cannot use: a service CPU, or one that did not come up. */
static bool is_hidden(const uint8_t *entry)
{
	const struct madt_lapic *l = (const void *)entry;
	const struct madt_x2apic *x = (const void *)entry;
	const struct cpu *c;
	uint32_t enabled;

	if (l->type == 0 && l->length >= sizeof(*l)) {
		c = percpu_by_apic_id(l->apic_id);
		enabled = l->flags & 1;
	} else if (x->type == 9 && x->length >= sizeof(*x)) {
		c = percpu_by_apic_id(x->apic_id);
		enabled = x->flags & 1;
	} else {
		return false;
	}
	return c ? c->service : enabled;
}

void acpi_madt_filter(void *table)
{
	struct madt *m = table;
	uint8_t *t = table;
	uint32_t end = m->h.length, kept = sizeof(*m), len;

	for (uint32_t at = sizeof(*m); at < end; at += len) {
		len = t[at + 1];
		if (is_hidden(t + at))
			continue;
		memmove(t + kept, t + at, len);
		kept += len;
	}
	m->h.length = kept;
}

static uint64_t write_madt(struct area *a)
{
	struct madt *m = alloc_page();
	uint64_t at;

	if (!m)
		panic("no memory for the MADT");
	memcpy(m, igvm_madt, IGVM_AREA_SIZE);
	if (acpi_madt_valid(m, IGVM_AREA_SIZE)) {
		struct madt *copy;

		acpi_madt_filter(m);
		copy = reserve(a, m->h.length);
		memcpy(copy, m, m->h.length);
		seal(&copy->h, "APIC", m->h.revision, m->h.length);
		at = address_of(a, copy);
	} else {
		at = make_madt(a);
	}
	alloc_page_free(m);
	return at;
}

static void write_rsdp(struct rsdp *r, uint64_t xsdt)
{
	memcpy(r->signature, "RSD PTR ", 8);
	memcpy(r->oem_id, "KEELSN", 6);
	r->revision = 2;
	r->length = sizeof(*r);
	r->xsdt = xsdt;
	r->checksum = checksum(r, 20);
	r->checksum_all = checksum(r, sizeof(*r));
}

uint64_t acpi_write(gpa_t at, uint64_t room)
{
	const unsigned order = 4;
	struct area a = {alloc_pages(order), at.v, MIN(room, PAGE_SIZE << order), 0};
	struct rsdp *rsdp;
	struct xsdt *xsdt;

	if (!a.buf)
		panic("no memory for ACPI tables");
	rsdp = reserve(&a, sizeof(*rsdp));
	xsdt = reserve(&a, sizeof(*xsdt));
	xsdt->table[0] = write_fadt(&a, write_dsdt(&a));
	xsdt->table[1] = write_madt(&a);
	seal(&xsdt->h, "XSDT", 1, sizeof(*xsdt));
	write_rsdp(rsdp, address_of(&a, xsdt));
	guest_put(at, a.buf, PAGE_SIZE << order);
	alloc_pages_free(a.buf, order);
	return at.v;
}
