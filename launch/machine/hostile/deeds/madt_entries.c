/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Entries behind the host's MADT, which nobody measures. wakeup-madt: a Multiprocessor Wakeup
 * structure, by which Linux writes 14 bytes to an address of the host's choice, the local APIC's
 * address in RAM, and entries of known types with lengths that they do not have.
 * truncated-madt: an entry that ends behind the table.
 */
#include "machine/hostile/hostile.h"
#include "lib/string.h"

#define MAILBOX 0x5000000 /* the guest's RAM, in every machine that can start one */

/* ACPI 6.5, 5.2.12.19 and 5.2.12.8; then a local APIC (8 bytes in 5.2.12.2) and an x2APIC (16 in
 * 5.2.12.12). */
static const struct {
	struct {
		uint8_t type, length;
		uint16_t version;
		uint32_t rsvd;
		uint64_t mailbox;
	} PACKED wakeup;
	struct {
		uint8_t type, length;
		uint16_t rsvd;
		uint64_t address;
	} PACKED lapic_address;
	uint8_t short_lapic[4];
	uint8_t long_x2apic[20];
} PACKED wakeup = {
	.wakeup = {16, 16, 0, 0, MAILBOX},
	.lapic_address = {5, 12, 0, MAILBOX},
	.short_lapic = {0, 4, 0, 77},
	.long_x2apic = {9, 20, 0, 0, 78, 0, 0, 0, 1},
};

static const uint8_t truncated[] = {9, 16, 0, 0};

static uint32_t put(uint8_t *at, const void *entries, uint32_t length)
{
	if (at)
		memcpy(at, entries, length);
	return length;
}

static uint32_t wakeup_madt(uint8_t *at)
{
	return put(at, &wakeup, sizeof(wakeup));
}

static uint32_t truncated_madt(uint8_t *at)
{
	return put(at, truncated, sizeof(truncated));
}

HOSTILE_HOST(wakeup_host, "wakeup-madt") = {.on = &wakeup_host_on, .madt = wakeup_madt};
HOSTILE_HOST(truncated_host, "truncated-madt") = {.on = &truncated_host_on, .madt = truncated_madt};
