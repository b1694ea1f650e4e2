/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's MADT: what the guest may know of the host's, or one of our own if the host gives
 * none or an unusable one. The host's table is hostile input, and no measurement covers it: it is
 * copied, checked, and only entries of an allow list reach the guest, in the form that their type
 * has. A kernel acts on what it finds: a Multiprocessor Wakeup structure (type 16) is an address at
 * which Linux writes its own private memory, one of type 5 moves the local APIC.
 */
#include "boot/linux/acpi.h"
#include "boot/linux/acpi_tables.h"
#include "mm/alloc.h"
#include "mm/launch_area.h"
#include "mm/memmap.h"
#include "base/assert.h"
#include "cpu/percpu.h"
#include "lib/acpi/acpi_q35.h"
#include "lib/acpi/acpi_table.h"
#include "lib/string.h"

struct madt {
	struct acpi_header h;
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

/* Each entry has at least its two bytes of header and ends inside the table, so the loop always
 * moves on. */
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

/* APIC IDs from 255 on need the x2APIC form of the entry. */
static void put_cpu(struct acpi_area *a, uint32_t apic_id, uint32_t uid)
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

#define MADT_REVISION 5
#define HAS_8259S     1

/* A MADT from the table of CPUs. Room is reserved for the longest entries, to see that it fits;
 * a->used then follows the entries that are written. */
static uint64_t make_madt(struct acpi_area *a)
{
	struct madt *m = acpi_reserve(a, sizeof(*m) + acpi_wires(NULL) +
						 percpu_count() * sizeof(struct madt_x2apic));

	a->used = acpi_address(a, m + 1) - a->at;
	for (unsigned i = 0; i < percpu_count(); i++)
		if (!percpu_get(i)->service)
			put_cpu(a, percpu_get(i)->apic_id, i);
	a->used += acpi_wires(a->buf + a->used);
	m->lapic_address = ACPI_LAPIC_ADDRESS;
	m->flags = HAS_8259S;
	acpi_seal(&m->h, "APIC", MADT_REVISION, (uint32_t)(a->at + a->used - acpi_address(a, m)));
	return acpi_address(a, m);
}

/* The length of each type that may pass; 0: it may not. ACPI 6.5, 5.2.12.2 to 5.2.12.13. Left out
 * are types that give addresses of memory (5, 16), that belong to other architectures, and all that
 * may be defined later. */
static uint8_t length_of(uint8_t type)
{
	static const uint8_t length[] = {
		[0] = sizeof(struct madt_lapic),
		[1] = sizeof(struct madt_ioapic),
		[2] = 10, /* interrupt source override */
		[3] = 8,  /* NMI source */
		[4] = 6,  /* local APIC NMI */
		[9] = sizeof(struct madt_x2apic),
		[10] = 12, /* local x2APIC NMI */
	};

	return type < ARRAY_LEN(length) ? length[type] : 0;
}

/* An enabled processor that the guest cannot use: a service CPU, or one that did not come up.
 * Disabled processors that we do not know stay. */
static bool is_usable(uint32_t apic_id, uint32_t flags)
{
	const struct cpu *c = percpu_by_apic_id(apic_id);

	return c ? !c->service : !(flags & 1);
}

/* May the entry reach the guest? Its length is that of its type. An IOAPIC in RAM is none. */
static bool is_allowed(const uint8_t *entry)
{
	const struct madt_lapic *l = (const void *)entry;
	const struct madt_x2apic *x = (const void *)entry;
	const struct madt_ioapic *io = (const void *)entry;

	if (!length_of(entry[0]) || entry[1] != length_of(entry[0]))
		return false;
	switch (entry[0]) {
	case 0:
		return is_usable(l->apic_id, l->flags);
	case 1:
		return !memmap_is_ram(gpa(io->address), 1);
	case 9:
		return is_usable(x->apic_id, x->flags);
	default:
		return true;
	}
}

/* Moves the entries that stay to the front, in place. Of the header only the flag that there are
 * 8259s is the host's. */
void acpi_madt_filter(void *table)
{
	struct madt *m = table;
	uint8_t *t = table;
	uint32_t end = m->h.length, kept = sizeof(*m), len;

	for (uint32_t at = sizeof(*m); at < end; at += len) {
		len = t[at + 1];
		if (!is_allowed(t + at))
			continue;
		memmove(t + kept, t + at, len);
		kept += len;
	}
	m->h.length = kept;
	m->lapic_address = ACPI_LAPIC_ADDRESS;
	m->flags &= HAS_8259S;
}

/* The filter works in place, so it gets a copy of the host's area. */
uint64_t acpi_write_madt(struct acpi_area *a)
{
	struct madt *m = alloc_page();
	uint64_t at;

	if (!m)
		panic("no memory for the MADT");
	memcpy(m, igvm_madt, IGVM_AREA_SIZE);
	if (acpi_madt_valid(m, IGVM_AREA_SIZE)) {
		struct madt *copy;

		acpi_madt_filter(m);
		copy = acpi_reserve(a, m->h.length);
		memcpy(copy, m, m->h.length);
		acpi_seal(&copy->h, "APIC", MADT_REVISION, m->h.length);
		at = acpi_address(a, copy);
	} else {
		at = make_madt(a);
	}
	alloc_page_free(m);
	return at;
}
