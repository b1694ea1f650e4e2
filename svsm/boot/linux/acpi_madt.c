/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's MADT: the host's, without the CPUs that the guest cannot use, or one of our own if
 * the host's is unusable. The host's table is hostile input: it is copied, checked, and only then
 * changed and given to the guest.
 */
#include "boot/linux/acpi.h"
#include "boot/linux/acpi_tables.h"
#include "mm/alloc.h"
#include "mm/launch_area.h"
#include "base/assert.h"
#include "cpu/percpu.h"
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

/* A MADT from the table of CPUs, with the one IOAPIC of a q35. Room is reserved for the longest
 * entries, to see that it fits; a->used then follows the entries that are written. */
static uint64_t make_madt(struct acpi_area *a)
{
	const struct madt_ioapic io = {1, sizeof(io), 0, 0, 0xfec00000, 0};
	struct madt *m = acpi_reserve(a, sizeof(*m) + sizeof(io) +
						 percpu_count() * sizeof(struct madt_x2apic));

	a->used = acpi_address(a, m + 1) - a->at;
	for (unsigned i = 0; i < percpu_count(); i++)
		if (!percpu_get(i)->service)
			put_cpu(a, percpu_get(i)->apic_id, i);
	memcpy(a->buf + a->used, &io, sizeof(io));
	a->used += sizeof(io);
	m->lapic_address = 0xfee00000;
	acpi_seal(&m->h, "APIC", 5, a->at + a->used - acpi_address(a, m));
	return acpi_address(a, m);
}

/* True for an enabled processor that the guest cannot use: a service CPU, or one that did not come
 * up. Entries of other types, and disabled processors that we do not know, stay. */
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

/* Moves the entries that stay to the front, in place. */
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
		acpi_seal(&copy->h, "APIC", m->h.revision, m->h.length);
		at = acpi_address(a, copy);
	} else {
		at = make_madt(a);
	}
	alloc_page_free(m);
	return at;
}
