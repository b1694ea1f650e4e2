/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * APIC IDs from a MADT. boot/smp.c starts CPUs by this list, so an entry that is not understood
 * must not end up in it. The table is the host's and hostile: bytes are read one by one, and only
 * inside the length that the header gives.
 */
#include "lib/madt.h"
#include "lib/string.h"

#define HEADER       44 /* ACPI header, local APIC address, flags */
#define LOCAL_APIC   0
#define LOCAL_X2APIC 9
#define ENABLED      BIT(0)

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The APIC ID of one structure; false when it is not an enabled processor. A length that is not its
 * type's makes it none: the guest would not get such an entry either (boot/linux/acpi_madt.c). */
static bool apic_id_of(const uint8_t *e, uint8_t len, uint32_t *id)
{
	if (e[0] == LOCAL_APIC && len == 8) {
		*id = e[3];
		return le32(e + 4) & ENABLED;
	}
	if (e[0] == LOCAL_X2APIC && len == 16) {
		*id = le32(e + 4);
		return le32(e + 8) & ENABLED;
	}
	return false;
}

static bool known(const uint32_t *ids, unsigned n, uint32_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* A table that is malformed anywhere gives no CPU at all, because its other entries are no more
 * credible. */
unsigned madt_apic_ids(const void *table, size_t size, uint32_t *ids, unsigned max)
{
	const uint8_t *t = table;
	unsigned n = 0;
	size_t end;

	if (size < HEADER || memcmp(t, "APIC", 4))
		return 0;
	end = le32(t + 4);
	if (end < HEADER || end > size)
		return 0;
	for (size_t at = HEADER; at + 2 <= end && n < max; at += t[at + 1]) {
		uint8_t len = t[at + 1];
		uint32_t id;

		if (len < 2 || len > end - at)
			return 0;
		if (apic_id_of(t + at, len, &id) && !known(ids, n, id))
			ids[n++] = id;
	}
	return n;
}
